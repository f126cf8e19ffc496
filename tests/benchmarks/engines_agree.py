"""Do both engines say the same of thousands of random experiments, to the last row? And what have those had?

``python tests/benchmarks/engines_agree.py 0 1000`` compares those of :mod:`detailed_experiments` with these numbers,
about three in a second, and prints each that differs, at last a table of what was compared how often. With files, such
as ``experiments/*.toml experiments/questions/*.toml``, it compares those, which takes some minutes. It exits with 1
where there is a difference. ``tests/differential/test_eventful_experiments.py`` compares some in each run.
"""

import argparse
import signal
import sys
import time
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from both_engines import differences
from detailed_experiments import detailed_tables

import lambdasim as ls
from lambdasim.engine.compiled import supports
from lambdasim.scenario import planned

PATIENCE_S = 300
"""Processor time that the comparison of one experiment may take."""
NAMED = ("functions", "sources", "downstream", "version", "alias", "weights", "warmer", "alarm", "slo")
"""Tables whose keys are names."""


def kinds(tables: Mapping[str, Any]) -> set[tuple[str, str]]:
    """Return the tables that an experiment has, each with each of its keys; sources and such with their types."""
    return set(_kinds(tables, "experiment"))


def _kinds(table: Mapping[str, Any], name: str) -> Iterator[tuple[str, str]]:
    of = table.get("type", table.get("executor"))
    name = f"{name} {of}" if isinstance(of, str) else name
    yield name, ""
    for key, value in table.items():
        yield name, "" if key in ("type", "executor") else _unnamed(key)
        parts = value if isinstance(value, list | tuple) else [value]
        parts = [one for part in parts if isinstance(part, dict) for one in (part.values() if key in NAMED else [part])]
        for part in parts:
            if isinstance(part, dict):
                yield from _kinds(part, key)


def _unnamed(path: str) -> str:
    """Return what a change sets, without the names in its path."""
    first, _, rest = path.partition(".")
    return f"{first}.{rest.partition('.')[2]}" if first in ("source", "function", "downstream") and rest else path


def table(counts: Mapping[tuple[str, str], int]) -> str:
    """Return how many experiments had each kind, and each of its keys."""
    lines = ["| what | experiments | with |", "|---|---|---|"]
    for name in sorted({name for name, _ in counts}):
        own = sorted(((n, key) for (of, key), n in counts.items() if of == name and key), reverse=True)
        lines.append(f"| {name} | {counts[name, '']:,} | {', '.join(f'{key} {n:,}' for n, key in own)} |")
    return "\n".join(lines)


def compare(first: int, end: int) -> tuple[list[str], Counter[tuple[str, str]], Counter[str]]:
    """Compare experiments with numbers from ``first`` to below ``end``.

    Returns what differs, how many of those compared had what, and why others were not.
    """
    found: list[str] = []
    had: Counter[tuple[str, str]] = Counter()
    left_out: Counter[str] = Counter()
    begin = time.monotonic()
    for number in range(first, end):
        tables = detailed_tables(number)
        signal.setitimer(signal.ITIMER_VIRTUAL, PATIENCE_S)
        try:
            exp = ls.Experiment(**tables)
        except ls.InputError as error:  # few parts that were drawn each by itself do not go together
            left_out[f"no experiment: {error.problems[0].path}"] += 1
            continue
        try:
            is_supported, why = supports(planned(exp.config, number)[0])
            if is_supported:
                had.update(kinds(tables))
                differ = differences(exp)
            else:
                left_out[why.partition("'")[0] + why.rpartition("'")[2]] += 1
                differ = []
        except Exception as error:  # of which each is one to look into
            differ = [f"{type(error).__name__}: {error}"]
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        if differ:
            found.append(f"{number}: {', '.join(differ)}")
            print(found[-1], flush=True)
        if number % 100 == 99:
            compared = had["experiment", ""]
            took_s = time.monotonic() - begin
            print(f"to {number}: {compared:,} compared, {len(found)} differ, {took_s:,.0f} s", flush=True)
    return found, had, left_out


def compare_files(files: Sequence[str]) -> int:
    """Compare one replication of the experiments of files; return how many differ."""
    found = 0
    for file in files:
        begin = time.monotonic()
        exp = ls.load_experiment(file).with_({"simulation.replications": 1})
        differ = differences(exp)
        found += len(differ) > 0
        print(f"{file}: {', '.join(differ) or 'the same'}, {time.monotonic() - begin:,.0f} s", flush=True)
    return found


def main() -> None:
    """Compare what the command line says, and print it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("what", nargs="+", metavar="NUMBER NUMBER | FILE")
    what = parser.parse_args().what
    warnings.simplefilter("ignore")
    if not all(map(str.isdecimal, what)):
        sys.exit(1 if compare_files(what) else 0)
    first, end = map(int, what)
    signal.signal(signal.SIGVTALRM, _too_long)
    found, had, left_out = compare(first, end)
    print(f"\n{table(had)}\n")
    for why, count in left_out.most_common():
        print(f"{count:,} left out: {why}")
    print(f"{had['experiment', '']:,} compared, {len(found)} differ")
    sys.exit(1 if found else 0)


def _too_long(*_: object) -> None:
    raise TimeoutError(f"takes longer than {PATIENCE_S} s")


if __name__ == "__main__":
    main()

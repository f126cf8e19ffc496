"""``calibrated.toml`` and the files beside it: an experiment that runs as it is, each value with what it rests on."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np

from lambdasim.calibration.laws import Fit, Floats
from lambdasim.calibration.model import FunctionModel
from lambdasim.calibration.observed import Observed, rfc3339, runs
from lambdasim.config.eras import NEWEST, preset
from lambdasim.config.toml_writer import write_key, write_value
from lambdasim.plan import CHUNK_ROWS
from lambdasim.report.words import counted

MOST_EVENTS: Final = 200_000
"""With more invocations the traffic is counted by the second."""
DEFAULT_CONCURRENCY: Final = 1_000


@dataclass(slots=True)
class Written:
    """The files of a calibration by name."""

    toml: str
    files: dict[str, str] = field(default_factory=dict)
    """CSV files that ``toml`` names."""


def written(
    models: Sequence[FunctionModel],
    name: str,
    rests_on: Sequence[str],
    traffic: Sequence[Observed] | None = None,
    era: str | None = None,
) -> Written:
    """Return the experiment that some models make together, under their own traffic or another of their functions.

    ``era`` is the account's, else that of the most invocations.
    """
    result = Written("")
    lines = [*(f"# {line}" for line in rests_on), "", f"name = {write_value(name)}"]
    seen = [model.seen for model in models] if traffic is None else traffic
    timed = [one for one in seen if one.timed]
    origin_ns = min((int(one.arrivals_ns()[0]) for one in timed), default=0) // 10**9 * 10**9
    if timed:
        start = datetime.fromtimestamp(origin_ns // 10**9, UTC).replace(tzinfo=None)
        lines += ["", "[simulation]", f"start = {start.isoformat()}Z"]
    lines += _account(seen, timed, era)
    for model in models:
        lines += ["", f"[{write_key('function', model.name)}]", *_function(model, result.files)]
    lines += _loads(seen, timed, origin_ns, result.files)
    result.toml = "\n".join(lines) + "\n"
    return result


def _account(seen: Sequence[Observed], timed: Sequence[Observed], given: str | None) -> list[str]:
    """Return the tables ``account`` and ``billing``."""
    lines = []
    dated = Counter[str]()
    for one in timed:
        dated.update(one.eras())
    era = given or (dated.most_common(1)[0][0] if dated else NEWEST)
    if given is not None:
        lines.append(_line("era", era, "as it was asked for"))
    elif dated:
        share = f" of {dated[era]:,} of {dated.total():,} invocations" if len(dated) > 1 else ""
        lines.append(_line("era", era, f"by the dates{share}: it decides what a log does not tell"))
    together = sum(int(one.concurrency()["max"]) for one in timed)
    if together > DEFAULT_CONCURRENCY:
        quota = -(-together // 1000) * 1000
        lines.append(f"concurrency = {quota}  # {together:,} ran at once; the quota is not in a log")
    billing = [
        _line(key, value, "as the Billed Durations of the log are")
        for key, value in _billed([one.billing() for one in seen]).items()
        if value != (preset(("billing", key), era) or _OF_TODAY[key])
    ]
    return [*(["", "[account]", *lines] if lines else []), *(["", "[billing]", *billing] if billing else [])]


_OF_TODAY: Final = {"init_policy": "2025-08", "rounding": "1ms"}


def _billed(found: Sequence[dict[str, Any]]) -> dict[str, str]:
    """Return keys of ``billing`` as most functions were billed that show it."""
    inits = Counter("2025-08" if of["init_billed"] else "legacy" for of in found if of["init_billed"] is not None)
    steps = Counter(f"{of['rounded_to_ms']}ms" for of in found if of["rounded_to_ms"] is not None)
    most = {"init_policy": inits.most_common(1), "rounding": steps.most_common(1)}
    return {key: one[0][0] for key, one in most.items() if one}


def _line(key: str, value: Any, why: str) -> str:
    return f"{write_key(key)} = {write_value(value)}  # {why}"


def _function(model: FunctionModel, files: dict[str, str]) -> list[str]:
    seen = model.seen
    lines = [_line("memory", f"{model.memory_mb} MB", "Memory Size" if seen.memory_mb else "unknown: the least")]
    known = seen.timeout_s() is not None
    lines.append(_line("timeout", f"{model.timeout_s}s", "reached in the log" if known else "unknown: the longest"))
    law = model.duration
    if law is None:
        lines.append(_line("duration", "constant(100ms)", "a guess: no invocation shows one"))
    elif text := model.duration_text():
        lines.append(_line("duration", text, _rests_on(law)))
    else:
        table = _empirical(model.name, "duration", model.duration_values(), files)
        lines.append(_line("duration", table, _rests_on(law)))
    if model.init is None:
        lines.append(_line("init", "constant(300ms)", "a guess: no cold start shows one"))
    else:
        init = model.init.text or _empirical(model.name, "init", model.init.values, files)
        lines.append(_line("init", init, _rests_on(model.init)))
    shares = model.shares
    if shares["error"]:
        lines.append(_line("errors", _share(shares["error"]), "handlers that returned an error"))
    if shares["crash"]:
        lines.append(_line("crashes", _share(shares["crash"]), "Status: error"))
    if len(model.used_mb) and 0 < model.used_mb[-1] <= model.memory_mb:
        lines.append(_line("memory_used", f"constant({int(model.used_mb[-1])} MB)", "the highest Max Memory Used"))
    if model.cpu is not None:
        lines.append(_line("cpu_share", model.cpu.share, model.cpu.source))
        lines.append(_line("duration_memory", f"{model.memory_mb} MB", "where the duration was measured"))
    if model.idle.known:
        rests_on = f"{model.idle.pauses:,} pauses and {model.idle.ends:,} ends of streams"
        lines.append(_line("idle_timeout", model.idle.raw(), rests_on))
    if model.reuse["law"]:
        lines.append(_line("reuse", model.reuse["law"], f"{model.reuse['choices']:,} choices seen"))
    return lines


def _rests_on(law: Fit) -> str:
    return f"{counted(law.samples, 'value')}, KS {law.ks:.4f}: {law.why}"


def _share(share: float) -> float:
    return float(f"{share:.6g}")


def _empirical(name: str, what: str, values: Floats, files: dict[str, str]) -> dict[str, str]:
    file = f"{what}-{file_part(name)}.csv"
    column = f"{what}Ms"
    files[file] = column + "\n" + "".join(f"{value:.6g}\n" for value in values.tolist())
    return {"dist": "empirical", "file": file, "column": column, "unit": "ms"}


def file_part(name: str) -> str:
    """Return a function's name as a part of a file's."""
    return "".join(letter if letter.isascii() and (letter.isalnum() or letter in "-_") else "-" for letter in name)


def _loads(seen: Sequence[Observed], timed: Sequence[Observed], origin_ns: int, files: dict[str, str]) -> list[str]:
    lines: list[str] = []
    if timed:
        form = _traffic(timed, origin_ns, files)
        lines += [
            "",
            f"# As the log has it, from {rfc3339(origin_ns)} on. To vary it: scale, speed, from and until.",
            "[[load]]",
        ]
        if len(timed) == 1:
            lines.append(f"target = {write_value(timed[0].name)}")
        else:
            lines.append('name = "as-logged"')
        lines.append(f"trace = {write_value({'file': 'arrivals.csv', 'format': form})}")
    for one in seen:
        if not one.timed:
            lines += ["", "# A placeholder: the log has no times.", "[[load]]", f"target = {write_value(one.name)}"]
            lines += ['executor = "constant-arrival-rate"', 'rate = "1/s"', 'duration = "1h"']
    return lines


def _traffic(timed: Sequence[Observed], origin_ns: int, files: dict[str, str]) -> str:
    """Write ``arrivals.csv``; return its format."""
    names = [_cell(one.name) for one in timed]
    several = len(timed) > 1
    if sum(len(one.timed_rows()) for one in timed) <= MOST_EVENTS:
        arrivals = [one.arrivals_ns() - origin_ns for one in timed]
        which = np.repeat(np.arange(len(timed)), [len(times) for times in arrivals])
        times = np.concatenate(arrivals)
        order = np.argsort(times, kind="stable")
        rows = zip((times[order] / 1e9).tolist(), which[order].tolist(), strict=True)
        body = "".join(f"{time:.6f},{names[who]}\n" if several else f"{time:.6f}\n" for time, who in rows)
        files["arrivals.csv"] = ("time,function\n" if several else "time\n") + body
        return "events"
    found = [runs((one.arrivals_ns() - origin_ns) // 10**9) for one in timed]
    seconds, counts = (np.concatenate(parts) for parts in zip(*found, strict=True))
    which = np.repeat(np.arange(len(timed)), [len(own) for own, _ in found])
    order = np.argsort(seconds, kind="stable")
    text = ["time,count,function\n" if several else "time,count\n"]
    for low in range(0, len(order), CHUNK_ROWS):
        some = order[low : low + CHUNK_ROWS]
        bins = zip(seconds[some].tolist(), counts[some].tolist(), which[some].tolist(), strict=True)
        text.append("".join(
            f"{second},{count},{names[who]}\n" if several else f"{second},{count}\n" for second, count, who in bins
        ))  # fmt: skip
    files["arrivals.csv"] = "".join(text)
    return "counts"


def _cell(text: str) -> str:
    quoted = text.replace('"', '""')
    return f'"{quoted}"' if any(mark in text for mark in ',"\n') else text

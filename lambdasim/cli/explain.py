"""``lambdasim explain``: what a key of an experiment file means, with its unit, its default and what that rests on.

A metric is explained too, for whoever writes an objective asks for both in the same words.
"""

import json
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lambdasim.cli.arguments import Parser
from lambdasim.cli.exit_code import ExitCode
from lambdasim.cli.output import emit, text_width
from lambdasim.errors import InputError, Problem

if TYPE_CHECKING:
    from lambdasim.config.reference import Key
    from lambdasim.report.metric_reference import MetricWords

EPILOG = """\
Paths are those of --set: function.memory or function.checkout.memory, load.rate,
account.concurrency; a key of a source with its type: source.sqs.visibility_timeout.
A metric, such as checkout.latency or account.cost.monthly, is explained too.
Without a path every key is listed; with --format md that is a page of reference.
"""


def main(arguments: Sequence[str]) -> int:
    """Print what keys and metrics mean. Raises :class:`lambdasim.errors.InputError` for a path that is neither."""
    parser = Parser("explain", "Say what a key of an experiment file means.", EPILOG)
    parser.add_argument("paths", nargs="*", metavar="PATH", help="such as function.provisioned.concurrency")
    parser.add_argument("--format", choices=("text", "json", "md"), default="text", help="what stdout carries")
    options = parser.read(arguments)
    from lambdasim.config.reference import explained, reference

    metrics = {} if options.format == "md" else _metrics(options.paths)
    keys: list[Key] = [] if options.paths else list(reference().values())
    problems: list[Problem] = []
    for path in options.paths:
        try:
            keys += explained(path) if path not in metrics else ()
        except InputError as error:
            problems += error.problems
    if keys or metrics:
        _emit(options.format, keys, metrics, whole=not options.paths)
    if problems:
        raise InputError(problems)
    return ExitCode.DONE


def _emit(form: str, keys: Sequence["Key"], metrics: Mapping[str, "MetricWords"], *, whole: bool) -> None:
    if form == "json":
        documents = [*(key.to_dict() for key in keys), *(words.to_dict() for words in metrics.values())]
        emit(json.dumps(documents if len(documents) > 1 else documents[0], indent=2, ensure_ascii=False))
    elif form == "md":
        from lambdasim.report.reference import reference_markdown

        emit(reference_markdown(keys, whole=whole))
    elif not whole:
        told = [_lines(key, text_width()) for key in keys]
        told += [_metric_lines(path, words, text_width()) for path, words in metrics.items()]
        emit("\n\n".join("\n".join(lines) for lines in told))
    else:
        wide = max(len(key.path) for key in keys)
        emit("\n".join(textwrap.shorten(f"{key.path:<{wide}}  {key.meaning}", text_width() + wide) for key in keys))


def _metrics(paths: Sequence[str]) -> dict[str, "MetricWords"]:
    """Return the metrics among paths that are no keys."""
    from lambdasim.config.reference import explained
    from lambdasim.report.metric_reference import metric_called

    found = {}
    for path in paths:
        try:
            explained(path)
        except InputError:
            if (words := metric_called(path)) is not None:
                found[path] = words
    return found


def _metric_lines(path: str, words: "MetricWords", width: int) -> Iterator[str]:
    yield path
    yield "  A metric, for objectives, optimize and compare; not a key."
    rows = {"of": ", ".join(words.of), "unit": words.unit, **words.meanings}
    subjects = {meaning.partition(": ")[0] for meaning in words.meanings.values()}
    if len(words.meanings) > 1 and len(subjects) == 1:  # each statistic of the same
        rows = {"of": rows["of"], "means": subjects.pop(), "values": ", ".join(words.meanings)}
    yield from _rows(rows, width)
    yield "  example"
    yield textwrap.indent(words.example, " " * 4)


def _rows(rows: Mapping[str, str], width: int) -> Iterator[str]:
    how: dict[str, Any] = {"subsequent_indent": " " * 12, "break_on_hyphens": False, "break_long_words": False}
    for name, words in rows.items():
        if words:
            yield textwrap.fill(words, width, initial_indent=f"  {name:<10}", **how)


def _lines(key: "Key", width: int) -> Iterator[str]:
    from lambdasim.config.reference import inner_keys

    yield key.path
    yield textwrap.fill(key.meaning.replace("``", ""), width, initial_indent="  ", subsequent_indent="  ")
    default = key.default or ("none: it is needed" if key.required else "")
    rows = {"type": key.type, "unit": key.unit, "default": default}
    if key.evidence is not None and key.evidence.kind != "neutral":
        rows["rests on"] = f"{key.evidence.kind}: {key.evidence.source}"
        between = {} if key.evidence.by_type else key.evidence.range
        sides = [str(v) if str(v).replace("-", " ") == side else f"{side} {v}" for side, v in between.items()]
        rows["range"] = ", ".join(sides)
    rows["eras"] = "; ".join(f"{era}: {value}" for era, value in key.eras.items())
    rows["AWS"] = key.page
    rows["keys"] = ", ".join(inner_keys(key.path))
    yield from _rows(rows, width)
    if key.example:
        yield "  example"
        yield textwrap.indent(key.example, " " * 4)

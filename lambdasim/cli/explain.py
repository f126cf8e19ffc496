"""``lambdasim explain``: what a key of an experiment file means, with its unit, its default and what that rests on."""

import json
import textwrap
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from lambdasim.cli.arguments import Parser
from lambdasim.cli.exit_code import ExitCode
from lambdasim.cli.output import emit, text_width

if TYPE_CHECKING:
    from lambdasim.config.reference import Key

EPILOG = """\
Paths are those of --set: function.memory or function.checkout.memory, load.rate,
account.concurrency; a key of a source with its type: source.sqs.visibility_timeout.
Without a path every key is listed; with --format md that is a page of reference.
"""


def main(arguments: Sequence[str]) -> int:
    """Print what the keys mean. Raises :class:`lambdasim.errors.InputError` for a path that is no key."""
    parser = Parser("explain", "Say what a key of an experiment file means.", EPILOG)
    parser.add_argument("paths", nargs="*", metavar="PATH", help="such as function.provisioned.concurrency")
    parser.add_argument("--format", choices=("text", "json", "md"), default="text", help="what stdout carries")
    options = parser.read(arguments)
    from lambdasim.config.reference import explained, reference

    keys = [key for path in options.paths for key in explained(path)] or list(reference().values())
    if options.format == "json":
        documents = [key.to_dict() for key in keys]
        emit(json.dumps(documents if len(documents) > 1 else documents[0], indent=2, ensure_ascii=False))
    elif options.format == "md":
        from lambdasim.report.reference import reference_markdown

        emit(reference_markdown(keys, whole=not options.paths))
    elif options.paths:
        emit("\n\n".join("\n".join(_lines(key, text_width())) for key in keys))
    else:
        wide = max(len(key.path) for key in keys)
        emit("\n".join(textwrap.shorten(f"{key.path:<{wide}}  {key.meaning}", text_width() + wide) for key in keys))
    return ExitCode.DONE


def _lines(key: "Key", width: int) -> Iterator[str]:
    from lambdasim.config.reference import inner_keys

    yield key.path
    yield textwrap.fill(key.meaning.replace("``", ""), width, initial_indent="  ", subsequent_indent="  ")
    default = key.default or ("none: it is needed" if key.required else "")
    rows = {"type": key.type, "unit": key.unit, "default": default}
    if key.evidence is not None and key.evidence.kind != "neutral":
        rows["rests on"] = f"{key.evidence.kind}: {key.evidence.source}"
        sides = [f"{side} {value}" for side, value in key.evidence.range.items() if not key.evidence.by_type]
        rows["range"] = ", ".join(sides)
    rows["eras"] = "; ".join(f"{era}: {value}" for era, value in key.eras.items())
    rows["AWS"] = key.page
    rows["keys"] = ", ".join(inner_keys(key.path))
    how: dict[str, Any] = {"subsequent_indent": " " * 12, "break_on_hyphens": False, "break_long_words": False}
    for name, words in rows.items():
        if words:
            yield textwrap.fill(words, width, initial_indent=f"  {name:<10}", **how)
    if key.example:
        yield "  example"
        yield textwrap.indent(key.example, " " * 4)

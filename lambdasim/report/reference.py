"""The reference as one page of Markdown: every key, metric, field of the summary and exit code.

Made from the keys and metrics themselves. Knows no experiment.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from lambdasim.config.measurable import OF_KINDS, SCOPES, Metric
from lambdasim.config.reference import Key
from lambdasim.report.summary_fields import summary_fields
from lambdasim.report.text import escaped

EXIT_CODES: Final = {
    0: "done, every objective met",
    1: "a bug in lambdasim",
    2: "bad usage, a bad file, or a missing extra",
    3: "ran, but incomplete or undecided",
    99: "an objective was missed",
    130: "interrupted; what had finished is kept",
}


def reference_markdown(keys: Sequence[Key], *, whole: bool) -> str:
    """Return the page of some keys; of the ``whole`` reference with metrics and exit codes too."""
    parts = ["# Reference", "", "Made by `lambdasim explain --format md`.", ""] if whole else []
    if whole:
        parts += ["## Keys", ""]
    for key in keys:
        parts += [*_key(key), ""]
    if whole:
        parts += [*_metrics(), "", *_summary(), "", *_codes(), ""]
    return "\n".join(parts)


def _key(key: Key) -> Iterator[str]:
    yield f"### `{key.path}`"
    yield ""
    yield key.meaning.replace("``", "`")
    default = (
        "needed" if key.required else f"default `{key.default}`" if key.default is not None else "not set by default"
    )
    yield ""
    yield "; ".join([escaped(key.type), *([f"in {key.unit}"] if key.unit else []), default]) + "."
    if key.evidence is not None and key.evidence.kind != "neutral":
        yield f"The default is {key.evidence.kind}: {escaped(key.evidence.source)}."
    if key.page:
        yield f"AWS: <{key.page}>."
    if key.example:
        yield ""
        yield "```toml"
        yield key.example
        yield "```"


def _metrics() -> Iterator[str]:
    yield "## Metrics"
    yield ""
    yield "What can be an objective, be minimized or be compared. Times are in ms, amounts in USD, rates from 0 to 1;"
    yield "the path is that of `summary.json`."
    scopes = {
        "a function": SCOPES["function"],
        "a version, such as `checkout:2`": SCOPES["version"],
        "an alias, such as `checkout:live`": SCOPES["alias"],
        "the account": SCOPES["account"],
        "a load or a source": SCOPES["source"],
    }
    for who, metrics in (scopes | {f"a source of the kind {kind}": of for kind, of in OF_KINDS.items()}).items():
        yield ""
        yield f"### Of {who}"
        yield ""
        yield "| metric | statistics | in `summary.json` |"
        yield "|---|---|---|"
        yield from (_metric(name, metric) for name, metric in metrics.items())


def _metric(name: str, metric: Metric) -> str:
    places = ", ".join(f"`{'.'.join(keys)}`" for keys in metric.where.values())
    return f"| `{name}` | {', '.join(metric.where)} | {places} |"


def _summary() -> Iterator[str]:
    yield "## Fields of `summary.json`"
    yield ""
    yield "NAME stands for a name of the file's, `[]` for each of a list. With several replications a number is"
    yield '`{"mean", "ci": [low, high]}`.'
    yield ""
    yield "| field | meaning |"
    yield "|---|---|"
    yield from (f"| `{path}` | {meaning} |" for path, meaning in summary_fields().items())


def _codes() -> Iterator[str]:
    yield "## Exit codes"
    yield ""
    yield "| code | meaning |"
    yield "|---:|---|"
    yield from (f"| {code} | {meaning} |" for code, meaning in EXIT_CODES.items())

"""What a calibration found, as a few lines for a terminal."""

import textwrap
from collections.abc import Iterator

from lambdasim.calibration.calibrate import Calibration
from lambdasim.calibration.model import FunctionModel
from lambdasim.report.words import counted, milliseconds, percent, printable


def text(found: Calibration, width: int) -> str:
    """Return the laws, rates and doubts of each function, and what was held out, in lines of ``width`` columns."""
    lines = [_folded(line, width) for model in found.models for line in _function(model)]
    if found.holdout is not None:
        lines += ["", _folded(f"Held out: {found.holdout['verdict']}", width)]
        for one in found.holdout["metrics"]:
            bias = "" if one["bias"] is None else f"{one['bias']:+.1%}"
            lines.append(
                f"  {one['path']:<32} {one['measured']:>12.5g} {one['simulated']:>12.5g} {bias:>8}  {one['word']}"
            )
    return "\n".join(lines).lstrip("\n")


def _folded(line: str, width: int) -> str:
    """Return a line in several where it is too long, those after the first set in."""
    begin = len(line) - len(line.lstrip()) + 2
    return textwrap.fill(line, width, subsequent_indent=" " * begin, break_on_hyphens=False, break_long_words=False)


def _function(model: FunctionModel) -> Iterator[str]:
    fit = model.to_json()
    cold = f"cold {percent(fit['cold_start_rate'])}, errors {percent(fit['error_rate'])}"
    late = f"time-outs {percent(fit['timeout_rate'])}"
    yield ""
    yield f"{printable(model.name)}: {counted(fit['invocations'], 'invocation')}, {cold}, {late}"
    for what, law in (("duration", model.duration), ("init", model.init)):
        if law is not None:
            percentiles = f"p50 {milliseconds(law.p50_ms)}, p99 {milliseconds(law.p99_ms)}"
            yield f"  {what:<9}{law.text or 'empirical'}"
            yield f"  {'':<9}{percentiles}, KS {law.ks:.4f}, {counted(law.samples, 'value')}"
    for note in fit["notes"]:
        yield f"  note: {note}"

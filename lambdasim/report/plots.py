"""``result.plot``: every figure of a run by its name, and all of them as files.

Does not know how a figure is drawn; loads matplotlib when the first one is asked for.
"""

import csv
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from lambdasim.report.series import Reported, Series
from lambdasim.report.table import Table

if TYPE_CHECKING:
    from lambdasim.report.figures.canvas import Chart


class Plots:
    """The figures of one result; each method returns a matplotlib ``Figure`` that shows itself in a notebook."""

    def __init__(self, result: Reported) -> None:
        self._result = result

    def concurrency(self) -> "Chart":
        """Demand against capacity: concurrency used and claimed, with the limits (executions, over time)."""
        return self._draw("concurrency")

    def latency(self) -> "Chart":
        """What callers waited over time: p50, p95 and p99 per function (ms, logarithmic), with the SLOs."""
        return self._draw("latency")

    def throttles(self) -> "Chart":
        """Throttled requests per period by reason and by function."""
        return self._draw("throttles")

    def cold_starts(self) -> "Chart":
        """Cold starts per period by function, and their share of the invocations."""
        return self._draw("cold_starts")

    def environments(self) -> "Chart":
        """Execution environments over time: busy, initialising and idle, per function."""
        return self._draw("environments")

    def cost(self) -> "Chart":
        """How the cost built up (USD), and the bill's items, which sum to the total."""
        return self._draw("cost")

    def latency_ccdf(self) -> "Chart":
        """The share of requests that waited longer than a time (ms), after a warm and after a cold start."""
        return self._draw("latency_ccdf")

    def queues(self) -> "Chart":
        """Backlog of each queue (messages, over time) and the age of its oldest message (s)."""
        return self._draw("queues")

    def iterator_age(self) -> "Chart":
        """How old the records of each stream were when they were read (ms, over time)."""
        return self._draw("iterator_age")

    def answers(self) -> "Chart":
        """What callers of each source were answered per period: successes, 4xx and 5xx."""
        return self._draw("answers")

    def provisioned(self) -> "Chart":
        """Provisioned concurrency over time: ready, in use, and the invocations that spilled over."""
        return self._draw("provisioned")

    def async_age(self) -> "Chart":
        """How old asynchronous events were when they were handled (ms, over time), how many waited or were lost."""
        return self._draw("async_age")

    def connections(self) -> "Chart":
        """Connections to each downstream over time, with their limit, and the invocations refused one."""
        return self._draw("connections")

    def held(self) -> "Chart":
        """The memory that environments held, busy, initialising and idle (GB-seconds of the whole run)."""
        return self._draw("held")

    def timeline(self) -> "Chart":
        """Each environment of a small run: init, invocations, idle time, its end; throttles as marks."""
        return self._draw("timeline")

    def _draw(self, name: str) -> "Chart":
        from lambdasim.report.figures import FIGURES, ROW_FIGURES, SOURCE_FIGURES

        return (FIGURES | SOURCE_FIGURES | ROW_FIGURES)[name].draw(self._result)


class Drawn(NamedTuple):
    """A figure as an SVG document, and what it shows along time as JSON (see :mod:`lambdasim.report.readings`)."""

    svg: str
    readings: str


def drawn(result: Reported, directory: Path | None = None) -> dict[str, Drawn]:
    """Return each figure there is something to draw for, by name.

    With a ``directory`` each is saved there as SVG, with its data beside it as CSV. A figure without data says so in a
    sentence, its CSV then has no columns but the time; one of a kind that the run has not is left out. Raises OSError
    when the directory cannot be written.
    """
    from lambdasim.report.figures import figures_of
    from lambdasim.report.readings import readings

    found, series = {}, Series.of(result)  # held, so that all figures share what they work out
    for name, plot in figures_of(series.result).items():
        found[name] = Drawn(plot.draw(result).svg(), readings(result, plot))
        if directory is not None:
            directory.mkdir(parents=True, exist_ok=True)
            (directory / f"{name}.svg").write_text(found[name].svg, encoding="utf-8")
            _write_table(plot.data(result), directory / f"{name}.csv")
    return found


def _write_table(table: Table, path: Path) -> None:
    """Write the columns as CSV."""
    texts = [
        ["" if value != value else f"{value:.10g}" if isinstance(value, float) else value for value in column.tolist()]
        for column in (table.index, *table.columns.values())
    ]
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow((table.name, *table.columns))
        writer.writerows(zip(*texts, strict=True))

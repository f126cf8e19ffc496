"""How far a simulation has come, on stderr: a bar on a terminal, a line now and then anywhere else.

Knows the numbers of :class:`lambdasim.experiment.Progress` and nothing of who counts them.
"""

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, TextIO

from lambdasim.cli.output import complain

if TYPE_CHECKING:
    from lambdasim.experiment import Progress
    from lambdasim.planning.points import PointProgress

REDRAW_S: Final = 0.1
MOST_COLUMNS: Final = 90
"""Of what is told beside a bar."""
LINE_EVERY_S: Final = 30.0
"""Without a terminal: often enough that a log shows life, seldom enough to stay readable."""


@contextmanager
def shown_progress(
    label: str, *, quiet: bool, words: "Callable[[Any], str] | None" = None
) -> Iterator[Callable[[Any], None]]:
    """Yield what a simulation is to call with its progress; shows it on stderr in the way that fits there.

    ``words`` says what is told beside the bar, by default :func:`numbers`; a progress has its ``fraction``.
    """
    words = words or numbers
    if quiet or sys.stderr is None:
        yield lambda _progress: None
    elif draws_bars(sys.stderr):
        with _bar(label, words) as draw:
            yield draw
    else:
        yield _line_now_and_then(label, words)


def draws_bars(stream: TextIO) -> bool:
    """Return whether ``stream`` is a terminal that can move its cursor."""
    unknown = "" if os.name == "posix" else "windows"
    return stream.isatty() and os.environ.get("TERM", unknown) not in ("", "dumb", "unknown")


def numbers(progress: "Progress") -> str:
    """Return the fraction, the speed and the time left, as far as it is known, in at most 32 characters."""
    left = "" if progress.eta_s is None else f"  {_clock(progress.eta_s)} left"
    return f"{_percent(progress.fraction)}  {_short(progress.rate)} inv/s{left}"


def point_numbers(progress: "PointProgress") -> str:
    """Return how many points are done, the time left and the best so far."""
    left = "" if progress.eta_s is None else f"  {_clock(progress.eta_s)} left"
    best = f"  best: {progress.best}" if progress.best else ""
    return f"{progress.done} of about {progress.total} points{left}{best}"[:MOST_COLUMNS]


@contextmanager
def _bar(label: str, words: Callable[[Any], str]) -> Iterator[Callable[[Any], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn
    from rich.progress import Progress as Bar

    console = Console(file=sys.stderr, color_system=None if os.environ.get("NO_COLOR") else "auto", highlight=False)
    columns = [BarColumn(bar_width=None), TextColumn("{task.fields[numbers]}", markup=False)]
    if console.width >= 70:
        columns.insert(0, TextColumn("{task.description}", markup=False))
    drawn = 0.0
    with Bar(*columns, console=console, expand=True, auto_refresh=False, transient=True) as bar:
        task = bar.add_task(label[:30], total=1.0, numbers="")

        def draw(progress: Any) -> None:
            nonlocal drawn
            now = time.monotonic()
            if now - drawn >= REDRAW_S or progress.fraction >= 1.0:
                drawn = now
                bar.update(task, completed=progress.fraction, numbers=words(progress), refresh=True)

        yield draw


def _line_now_and_then(label: str, words: Callable[[Any], str]) -> Callable[[Any], None]:
    said = time.monotonic()

    def say(progress: Any) -> None:
        nonlocal said
        now = time.monotonic()
        if now - said >= LINE_EVERY_S:
            said = now
            complain(f"{label}: {words(progress)}")

    return say


def _percent(fraction: float) -> str:
    return f"{int(100 * fraction):3d}%"


def _short(count: float) -> str:
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if count >= size:
            return f"{count / size:.1f}{letter}"
    return f"{count:.0f}"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"

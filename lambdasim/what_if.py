"""``whatif``: an experiment in a notebook, with a slider for each value that one wonders about.

Each move simulates the experiment again with the same random numbers, so that what changes is the move's doing. A run
that takes longer than a move may is cut, and says so.
"""

import time
import tomllib
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Final

from lambdasim.config.overrides import split_path
from lambdasim.config.resolved import resolved_toml
from lambdasim.errors import InputError, Interrupted, MissingExtra
from lambdasim.experiment import Experiment
from lambdasim.pace import Progress
from lambdasim.result import Result
from lambdasim.units import format_duration, format_memory, format_rate, parse_duration, parse_memory, parse_rate

MOVE_S: Final = 0.7
"""A move simulates no longer; what follows takes about as long again."""
FACTORS: Final = (0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 3.0, 4.0)
"""What a value is multiplied by."""
MEMORIES_MB: Final = (128, 256, 512, 768, 1024, 1536, 1769, 2048, 3008, 4096, 6144, 8192, 10240)


class WhatIf:
    """An experiment under changes, each simulated once. ``choices`` are the values on offer, by path."""

    def __init__(self, experiment: Experiment, paths: Sequence[str]) -> None:
        self._experiment = experiment.with_({"simulation.replications": 1})
        self._known: dict[str, Result] = {}
        tree = tomllib.loads(resolved_toml(experiment.config))
        self.own = {path: _own(tree, path) for path in paths}
        """The experiment's own values."""
        self.choices = {path: choices(path, value) for path, value in self.own.items()}

    def at(self, values: Mapping[str, Any]) -> Result:
        """Return the result with other values; a longer run is cut, and marked as interrupted.

        Raises ``InputError`` for values that cannot be together.
        """
        key = repr(sorted(values.items()))
        if key not in self._known:
            self._known[key] = self._simulated(values)
        return self._known[key]

    def _simulated(self, values: Mapping[str, Any]) -> Result:
        changed, began = self._experiment.with_(values), time.perf_counter()

        def until_late(_: Progress) -> None:
            if time.perf_counter() - began > MOVE_S:
                raise Interrupted("a move has no more time")

        try:
            return changed.run(progress=until_late)
        except Interrupted as stop:
            partial: Result = stop.partial
            return partial


def whatif(experiment: Experiment, *paths: str) -> Any:
    """Return sliders over a result, for a notebook: ``whatif(exp, "function.api.memory", "load.launch.rate")``.

    A slider offers a quarter to four times the experiment's own value, of memory the usual sizes. Each move simulates
    again with the same random numbers, for less than a second: of a longer run what was simulated by then is shown.
    Raises ``InputError`` for a path that leads to no number, and ``MissingExtra`` without ipywidgets.
    """
    try:
        import ipywidgets
    except ImportError:
        raise MissingExtra.single("This needs ipywidgets: pip install '.[notebook]'") from None
    if not paths:
        raise InputError.single("name at least one value, such as 'function.api.memory'")
    tried = WhatIf(experiment, paths)
    wide = {"style": {"description_width": "initial"}, "layout": {"width": "60em"}}
    sliders = {
        path: ipywidgets.SelectionSlider(
            options=offered, value=tried.own[path], description=path, continuous_update=False, **wide
        )
        for path, offered in tried.choices.items()
    }
    shown = ipywidgets.HTML()

    def moved(_change: Any = None) -> None:
        try:
            shown.value = tried.at({path: slider.value for path, slider in sliders.items()})._repr_html_()
        except InputError as error:
            shown.value = f"<p>{escape(str(error))}</p>"

    for slider in sliders.values():
        slider.observe(moved, names="value")
    moved()
    return ipywidgets.VBox([*sliders.values(), shown])


def choices(path: str, own: Any) -> list[Any]:
    """Return the values that a slider offers beside the experiment's ``own``, as a file writes them, ascending."""
    if isinstance(own, bool):
        return [False, True]
    if isinstance(own, int):
        return sorted({own, *(round(own * factor) for factor in FACTORS), *((0, 1, 2) if own < 2 else ())})
    if isinstance(own, float):
        return sorted({own, *(round(own * factor, 6) for factor in FACTORS)})
    if isinstance(own, str):
        for parse, write, sizes in (
            (parse_memory, format_memory, MEMORIES_MB),
            (parse_rate, format_rate, None),
            (parse_duration, format_duration, None),
        ):
            try:
                value: Any = parse(own)
            except ValueError:
                continue
            scaled = (type(value)(value * factor) for factor in FACTORS)
            return list(
                dict.fromkeys(own if one == value else write(one) for one in sorted({value, *(sizes or scaled)}))
            )
    raise InputError.single(f"is {own!r}, and a slider needs a number or a quantity", path=path)


def _own(tree: Any, path: str) -> Any:
    """Return the value at a dotted path of a resolved experiment; a load goes by its name or its number."""
    value = tree
    for key in split_path(path):
        if isinstance(value, list):
            names = [one.get("name") for one in value if isinstance(one, dict)]
            key = str(names.index(key)) if key in names else key
            value = value[int(key)] if key.isdecimal() and int(key) < len(value) else None
        else:
            value = value.get(key) if isinstance(value, dict) else None
    if value is None:
        raise InputError.single("leads to no value of the experiment; give it one in its file first", path=path)
    return value

"""Stand-ins for an experiment and its result, so that the command line is tested without simulating."""

import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

import lambdasim
from lambdasim.errors import Interrupted
from lambdasim.saving import whole_folder


@dataclass
class FakeResult:
    summary: dict[str, Any]
    requests_simulated: int = 9

    def save(self, folder: Path, *, figures: bool = True) -> None:
        complete = not self.summary.get("incomplete", False)
        with whole_folder(folder, {"lambdasim": "0", "complete": complete}) as aside:
            (aside / "summary.json").write_text(json.dumps(self.summary, indent=2) + "\n", encoding="utf-8")
            (aside / "summary.md").write_text(f"# {self.summary['name']}\n", encoding="utf-8")


@dataclass
class FakeExperiment:
    """Reports four steps of progress, doing ``during`` before each, and returns ``summary``."""

    name: str = "fake"
    summary: dict[str, Any] = field(default_factory=dict)
    during: Callable[[int], None] = lambda step: None
    keeps_partial: bool = True
    engine: str = "auto"
    overrides: list[tuple[str, str]] = field(default_factory=list)

    @property
    def config(self) -> Any:
        return SimpleNamespace(
            name=self.name,
            output=SimpleNamespace(dir="runs", period=60 * 10**9, requests="none", sample_size=None, series="all"),
            simulation=SimpleNamespace(duration=None, engine=self.engine),
            load=[SimpleNamespace(start_time=0, duration=600 * 10**9)],
            function={"api": None},
        )

    def expected_requests(self) -> int:
        return 9

    def run(self, *, progress: Callable[[Any], None], **how: Any) -> FakeResult:
        self.others = how.get("others")
        summary = {"name": self.name, "verdict": "All is well: ±0", "success": True, **self.summary}
        for step in range(4):
            self.during(step)
            try:
                progress(SimpleNamespace(fraction=step / 4, simulated_s=1.0, invocations=9, rate=1234.5, eta_s=61.0))
            except Interrupted as stop:
                partial = FakeResult({**summary, "incomplete": True}) if self.keeps_partial else None
                stop.partial = partial
                raise
        return FakeResult(summary)


class FakeFiles:
    """What ``load_experiment`` finds under each name."""

    def __init__(self) -> None:
        self.known: dict[str, FakeExperiment | Exception] = {}

    def add(self, file: str, **what: Any) -> FakeExperiment:
        experiment = FakeExperiment(**what)
        self.known[file] = experiment
        return experiment

    def load(self, file: str, overrides: Sequence[tuple[str, str]] = ()) -> FakeExperiment:
        found = self.known[file]
        if isinstance(found, Exception):
            raise found
        found.overrides = list(overrides)
        return found


@pytest.fixture
def environment() -> dict[str, str]:
    """The environment for processes that tests start: they find the same package as the tests."""
    chosen = ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "TERM")
    kept = {name: value for name, value in os.environ.items() if name not in chosen}
    return {**kept, "PYTHONPATH": str(Path(lambdasim.__file__).parents[1])}


def install(fakes: FakeFiles) -> None:
    """Put the fakes in the place of the real module, for good: for scripts that tests start."""
    experiment = ModuleType("lambdasim.experiment")
    experiment.load_experiment = fakes.load  # type: ignore[attr-defined]
    text = ModuleType("lambdasim.report.text")
    text.summary_text = lambda result, **_how: f"{result.summary['verdict']}\nand more"  # type: ignore[attr-defined]
    sys.modules.update({"lambdasim.experiment": experiment, "lambdasim.report.text": text})


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeFiles:
    """Let the commands find what a test adds; the working folder is empty."""
    fakes = FakeFiles()
    for name in ("lambdasim.experiment", "lambdasim.report.text"):
        monkeypatch.setitem(sys.modules, name, ModuleType("to be put back afterwards"))
    install(fakes)
    monkeypatch.chdir(tmp_path)
    return fakes

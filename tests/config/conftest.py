"""Experiments that the tests of ``config`` vary."""

from collections.abc import Callable
from pathlib import Path

import pytest

from lambdasim.config import LoadedExperiment, load_config
from lambdasim.errors import InputError

MINIMAL = """\
# Will my API survive 300 requests/s on Lambda defaults?
[function.api]
memory   = "1024 MB"
duration = "lognormal(p50=80ms, p99=600ms)"     # handler time when warm
init     = "lognormal(p50=450ms, p99=1.2s)"     # extra time on a cold start

[[load]]
target   = "api"
executor = "constant-arrival-rate"
rate     = "300/s"
duration = "1h"
"""

Load = Callable[..., LoadedExperiment]
Messages = Callable[..., list[str]]


@pytest.fixture
def minimal() -> str:
    """The minimal experiment of the documentation."""
    return MINIMAL


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    """Load a text as the file ``e.toml`` of an empty folder, which is the working directory."""
    monkeypatch.chdir(tmp_path)

    def load_text(text: str, *overrides: tuple[str, str]) -> LoadedExperiment:
        Path("e.toml").write_text(text, encoding="utf-8")
        return load_config("e.toml", overrides)

    return load_text


@pytest.fixture
def messages(load: Load) -> Messages:
    """Return the lines of the error that a text gives; none when it is right."""

    def messages_of(text: str, *overrides: tuple[str, str]) -> list[str]:
        try:
            load(text, *overrides)
        except InputError as error:
            return str(error).splitlines()
        return []

    return messages_of

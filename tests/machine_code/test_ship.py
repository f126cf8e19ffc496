"""Whoever builds a wheel with machine code and has no compiler that links is told so, in a line, and at once."""

import os
from pathlib import Path

import pytest

ship = pytest.importorskip("lambdasim.machine_code.ship")


@pytest.mark.parametrize(
    ("compiler", "said"),
    [
        ("/nowhere/cc", "the C compiler /nowhere/cc does not run: No such file or directory"),
        ("false", "the C compiler false does not link: exit code 1"),
    ],
)
def test_a_compiler_that_does_not_link_is_named_before_anything_is_compiled(
    compiler: str, said: str, monkeypatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CC", compiler)
    monkeypatch.setattr(ship, "only_link", lambda: None)  # which is for a process of its own
    monkeypatch.setattr(ship, "compiled", lambda *_: pytest.fail("something is compiled"))
    with pytest.raises(SystemExit) as told:
        ship.main(tmp_path)
    assert told.value.code == said
    assert not os.listdir(tmp_path)

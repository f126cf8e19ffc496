"""Methods that dataclasses write are kept between processes, and are what Python would compile."""

import dataclasses
import marshal
import sys
from typing import Any

import pytest

from lambdasim.cli import kept_methods
from lambdasim.cli.kept_methods import KeptMethods
from lambdasim.machine_code import cache


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("LAMBDASIM_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(dataclasses, "exec", exec, raising=False)


def loaded() -> tuple[Any, KeptMethods]:
    """A dataclass that is made as a process would that has just begun."""
    methods = KeptMethods()
    methods.install()

    @dataclasses.dataclass(frozen=True, slots=True)
    class Point:
        x: int
        y: int = 2

    methods.keep()
    return Point, methods


def test_a_second_process_compiles_nothing(monkeypatch) -> None:
    first, _ = loaded()

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("compiled again")

    monkeypatch.setattr(kept_methods, "compile", refuse, raising=False)
    second, _ = loaded()
    for point in (first, second):
        assert repr(point(1)).endswith("Point(x=1, y=2)")
        assert point(1) == point(1, 2) != point(2)
        assert hash(point(1)) == hash(point(1))
        with pytest.raises(dataclasses.FrozenInstanceError):
            point(1).x = 3


@pytest.mark.parametrize("content", [b"", b"cut", marshal.dumps([1])[:-1], marshal.dumps("another")])
def test_what_is_damaged_is_made_again(content) -> None:
    _, methods = loaded()
    cache.write(methods._path, content)
    point, _ = loaded()
    assert point(1).y == 2
    assert len(marshal.loads(cache.read(methods._path))) > 3
    methods._path.write_bytes(b"not whole")
    assert loaded()[0](1).y == 2


def test_nothing_is_written_where_no_bytecode_is_or_nobody_may(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    assert not loaded()[1]._path.exists()
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setenv("LAMBDASIM_CACHE_DIR", str(tmp_path / "file" / "in"))
    (tmp_path / "file").write_text("")
    assert loaded()[0](1).y == 2


def test_of_very_many_those_are_kept_that_were_used_last(monkeypatch) -> None:
    _, methods = loaded()
    kept = marshal.loads(cache.read(methods._path))
    cache.write(methods._path, marshal.dumps({b"of an earlier version": next(iter(kept.values()))}))
    monkeypatch.setattr(kept_methods, "MOST", len(kept))
    loaded()
    assert marshal.loads(cache.read(methods._path)).keys() == kept.keys()

"""Where the rows of a run are gathered, and what is said when there is no room for them."""

import gc
import pickle
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from faults import small_disk

import lambdasim as ls
from lambdasim.cli.app import main
from lambdasim.saving import LEFTOVERS

EXPERIMENT = """
[function.api]
duration = "constant(80ms)"
init = "constant(300ms)"
[[load]]
target = "api"
executor = "poisson"
rate = "100/s"
duration = "2min"
[output]
requests = "all"
"""


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "logged.toml"
    path.write_text(EXPERIMENT)
    return str(path)


@pytest.fixture
def little_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The system's temporary folder, with room for a tenth of the rows."""
    with small_disk(tmp_path / "disk", 32 * 1024) as disk:
        monkeypatch.setattr(tempfile, "tempdir", str(disk))
        yield disk


def test_rows_are_gathered_where_the_results_go(file: str, little_room: Path, tmp_path: Path) -> None:
    assert main(["run", file, "--out", str(tmp_path / "here"), "--quiet"]) == 0
    assert len(pd.read_parquet(tmp_path / "here" / "requests.parquet")) > 10_000
    gc.collect()  # the log goes with its result
    assert not list((tmp_path / "here").glob(LEFTOVERS))
    assert not list(little_room.iterdir())


def test_rows_that_the_temporary_folder_cannot_hold_are_the_users_to_place(file: str, little_room: Path) -> None:
    with pytest.raises(ls.InputError) as caught:
        ls.load_experiment(file).run()
    assert str(caught.value) == (
        "cannot keep the rows that output.requests asks for: No space left on device; let TMPDIR, now "
        f'{little_room}, be a folder with more room, or ask for fewer: output.requests = "sample(100000)"'
    )
    assert not list(little_room.iterdir())


def test_rows_that_the_results_folder_cannot_hold_end_the_run(file: str, tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.setattr("lambdasim.cli.folder.RunFolder.require_space", lambda *_: None)
    with small_disk(tmp_path / "disk", 64 * 1024) as disk:
        arguments = ["run", file, "--out", str(disk / "here"), "--quiet"]
        assert main(arguments) == 2
        assert f"let --out, now {disk / 'here'}, be a folder with more room" in capsys.readouterr().err
        assert list(disk.iterdir()) == []


def test_a_log_that_went_to_another_process_is_the_same(file: str, tmp_path: Path) -> None:
    log = ls.load_experiment(file).run(scratch=tmp_path)._outcomes[0].requests
    sent = pickle.loads(pickle.dumps(pickle.loads(pickle.dumps(log))))
    pd.testing.assert_frame_equal(sent.frame(), log.frame())
    for number, one in enumerate((log, sent)):
        one.save(tmp_path / f"{number}.parquet")
    assert (tmp_path / "0.parquet").read_bytes() == (tmp_path / "1.parquet").read_bytes()

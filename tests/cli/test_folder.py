"""Where a run may write, and what is found out before it starts."""

import shutil
from collections import namedtuple
from pathlib import Path

import pytest

from lambdasim.cli.folder import RunFolder, file_name
from lambdasim.errors import InputError

Usage = namedtuple("Usage", "total used free")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("checkout-launch-day", "checkout-launch-day"),
        ("../../etc/passwd", "etc-passwd"),
        ("Was kostet das?", "Was-kostet-das"),
        ("..", "run"),
        ("日本", "run"),
        ("a" * 300, "a" * 60),
    ],
)
def test_any_name_becomes_one_path_component(name: str, expected: str) -> None:
    assert file_name(name) == expected


def test_fresh_folders_are_numbered_past_anything_that_exists(tmp_path: Path) -> None:
    (tmp_path / "x-1").write_text("a file")
    assert RunFolder.fresh(tmp_path, "x").path.name == "x-2"
    assert RunFolder.fresh(tmp_path, "x").path.name == "x-3"


def test_a_file_in_place_of_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for attempt in (
        lambda: RunFolder.fresh(tmp_path / "file", "x"),
        lambda: RunFolder.at(tmp_path / "file"),
        lambda: RunFolder.at(tmp_path / "file" / "below"),
    ):
        with pytest.raises(InputError, match="file"):
            attempt()


@pytest.mark.parametrize("manifest", ["", "[]", '{"name": "other"}', "\x00"])
def test_a_manifest_of_another_program_is_no_earlier_run(tmp_path: Path, manifest: str) -> None:
    (tmp_path / "manifest.json").write_text(manifest)
    with pytest.raises(InputError, match="no earlier run"):
        RunFolder.at(tmp_path)


def test_too_little_space_is_found_before_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: Usage(10**9, 10**9 - 1000, 1000))
    with pytest.raises(InputError, match=r"about 2\.0 MB are needed and 0\.0 MB are free"):
        RunFolder.at(tmp_path).require_space(2_000_000)


def test_a_limit_that_only_writing_shows_is_found_before_the_run(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, hard))
    try:
        with pytest.raises(InputError, match=r"cannot write results to .*File too large"):
            RunFolder.at(tmp_path).require_space(2_000_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(tmp_path.iterdir()) == []


def test_the_probe_leaves_nothing(tmp_path: Path) -> None:
    RunFolder.at(tmp_path).require_space(3_000_000)
    assert list(tmp_path.iterdir()) == []


def test_only_a_folder_that_was_made_and_not_used_is_removed_again(tmp_path: Path) -> None:
    made = RunFolder.fresh(tmp_path, "x")
    found = RunFolder.at(made.path)
    found.discard_if_unused()
    assert made.path.exists()
    made.discard_if_unused()
    assert not made.path.exists()

"""What is written is whole or absent, whenever the writer is killed and whenever the disk is full."""

import json
import shutil
from collections.abc import Mapping
from contextlib import suppress
from itertools import count
from pathlib import Path

import pytest
from faults import killed_at, small_disk

import lambdasim as ls
from lambdasim.cli.app import main
from lambdasim.cli.folder import RunFolder
from lambdasim.saving import LEFTOVERS, holds_run, whole_folder, write_whole

EXPERIMENT = """
[function.api]
duration = "lognormal(p50=80ms, p99=600ms)"
init = "constant(300ms)"
[[load]]
target = "api"
executor = "constant-arrival-rate"
rate = "5/s"
duration = "2min"
[output]
requests = "all"
[sweep.over]
"function.api.memory" = ["512 MB", "1 GB"]
"""


def contents(folder: Path) -> dict[str, bytes]:
    """The files of a folder, leftovers of the killed aside."""
    files = (file for file in sorted(folder.rglob("*")) if file.is_file())
    named = {str(file.relative_to(folder)): file.read_bytes() for file in files}
    return {name: content for name, content in named.items() if not name.startswith(LEFTOVERS[:-1])}


def is_whole(folder: Path) -> bool:
    return json.loads((folder / "manifest.json").read_bytes())["complete"]


def require_no_halves(folder: Path, *kinds: Mapping[str, bytes]) -> None:
    """Require of a folder whose writer was killed that it is one of ``kinds``, or says that it is not whole."""
    found = contents(folder)
    if "manifest.json" in found and is_whole(folder):
        assert found in kinds
        return
    for name, content in found.items():
        assert name == "manifest.json" or content in [kind.get(name) for kind in kinds], name
    RunFolder.at(folder)  # the same command takes it
    assert not list(folder.glob(LEFTOVERS))


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> ls.Result:
    file = tmp_path_factory.mktemp("results") / "small.toml"
    file.write_text(EXPERIMENT)
    return ls.load_experiment(file).run()


def test_a_run_that_is_killed_at_any_change_of_its_save_leaves_no_halves(result: ls.Result, tmp_path: Path) -> None:
    result.save(tmp_path / "whole", figures=False)
    whole = contents(tmp_path / "whole")
    assert len(whole) > 7
    for change in count(1):
        folder = tmp_path / f"at-{change}"
        folder.mkdir()
        if not killed_at(change, lambda to=folder: result.save(to, figures=False)):
            break
        require_no_halves(folder, whole)
        result.save(folder, figures=False)
        assert contents(folder) == whole
    assert change > 20


def test_figures_are_whole_or_absent_as_well(result: ls.Result, tmp_path: Path) -> None:
    result.save(tmp_path / "whole")
    whole = contents(tmp_path / "whole")
    for change in count(3, 11):
        folder = tmp_path / f"at-{change}"
        folder.mkdir()
        if not killed_at(change, lambda to=folder: result.save(to)):
            break
        require_no_halves(folder, whole)
    assert change > 30


def test_an_earlier_run_stays_whole_until_the_new_one_is(result: ls.Result, tmp_path: Path) -> None:
    result.save(tmp_path / "new", figures=False)
    new = contents(tmp_path / "new") | {"notes.txt": b"mine"}
    folder = tmp_path / "here"
    (folder / "figures").mkdir(parents=True)
    (folder / "notes.txt").write_text("mine")
    old = {"manifest.json": {"lambdasim": "0", "complete": True}, "summary.json": {}, "points.csv": {}}
    untouched = 0
    for change in count(1):
        for name, value in old.items():
            (folder / name).write_text(json.dumps(value))
        before = contents(folder)
        if not killed_at(change, lambda: result.save(folder, figures=False)):
            break
        after = contents(folder)
        untouched += after == before
        assert after in (before, new) or not is_whole(folder)
        assert RunFolder.at(folder).path == folder
        for name in after.keys() - before.keys():
            (folder / name).unlink()
    result.save(folder, figures=False)
    assert untouched > 10
    assert contents(folder) == new


@pytest.mark.parametrize("own", [(), ("figures/mine.txt",)])
def test_a_run_without_figures_leaves_no_folder_for_them(own: tuple, result: ls.Result, tmp_path: Path) -> None:
    result.save(tmp_path)
    for name in own:
        (tmp_path / name).write_text("mine")
    result.save(tmp_path, figures=False)
    assert {str(file.relative_to(tmp_path)) for file in tmp_path.glob("figures/*")} == {*own}
    assert (tmp_path / "figures").exists() == bool(own)


@pytest.mark.parametrize("command", ["run", "sweep", "compare"])
def test_the_same_command_goes_on_after_a_kill(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("small.toml").write_text(EXPERIMENT)
    arguments = [command, "small.toml", "--quiet", "--jobs", "1", "--format", "json"]
    if command == "compare":
        arguments += ["--set-b", "function.api.memory='2 GB'", "--replications", "2"]

    def told() -> object:
        assert main([*arguments, "--out", "here"]) == 0
        document = json.loads(capsys.readouterr().out)
        for part in (document, document.get("before", {}), document.get("after", {})):
            part.pop("wall_s", None)
            part.pop("simulations", None)
        return document

    assert main([*arguments, "--out", "whole"]) == 0
    capsys.readouterr()
    expected = told()
    for change in (1, 3, 8, 20, 40, 70):
        if not killed_at(change, lambda: main([*arguments, "--out", "again"])):
            break
        assert change < 8 or "complete" in json.loads(Path("again/manifest.json").read_bytes())
        assert not Path("again").exists() or RunFolder.at(Path("again"))
    assert change >= 40
    assert main([*arguments, "--out", "again"]) == 0
    capsys.readouterr()
    assert told() == expected
    assert contents(Path("again")).keys() == contents(Path("whole")).keys()


@pytest.mark.parametrize("kilobytes", [4, 12, 24, 40, 56])
def test_a_full_disk_leaves_no_halves(result: ls.Result, tmp_path: Path, kilobytes: int) -> None:
    result.save(tmp_path / "whole", figures=False)
    whole = contents(tmp_path / "whole")
    assert sum(map(len, whole.values())) > 57_000
    with small_disk(tmp_path / "disk", kilobytes * 1024) as disk:
        with pytest.raises(OSError, match="No space left on device"):
            result.save(disk / "here", figures=False)
        require_no_halves(disk / "here", whole)


def test_a_full_disk_leaves_an_earlier_run_as_it_was(result: ls.Result, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 4 * 2**20) as disk:
        result.save(disk / "here", figures=False)
        whole = contents(disk / "here")
        for left in (0, 4096, 50_000):
            (disk / "filler").write_bytes(bytes(shutil.disk_usage(disk).free - left))
            with pytest.raises(OSError, match="No space left on device"):
                result.save(disk / "here", figures=False)
            assert contents(disk / "here") == whole
            (disk / "filler").unlink()


def test_a_writer_that_fails_leaves_nothing_but_word_of_it(tmp_path: Path) -> None:
    with suppress(KeyError), whole_folder(tmp_path / "new", {"complete": True}) as aside:
        (aside / "summary.json").write_text("{}")
        raise KeyError
    assert list(contents(tmp_path / "new")) == ["manifest.json"]
    assert holds_run(tmp_path / "new")
    assert not is_whole(tmp_path / "new")


def test_a_file_that_cannot_be_replaced_stays(tmp_path: Path) -> None:
    (tmp_path / "file" / "inside").mkdir(parents=True)
    with pytest.raises(OSError, match="file"):
        write_whole(tmp_path / "file", "text")
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


def test_a_file_of_the_users_called_manifest_is_no_run(tmp_path: Path) -> None:
    for text in ("", "[]", '{"name": "other"}', "\x00"):
        (tmp_path / "manifest.json").write_text(text)
        assert not holds_run(tmp_path)


def test_ctrl_c_while_a_file_is_written_leaves_no_half_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_whole(tmp_path / "file", "text")
    assert list(tmp_path.iterdir()) == []

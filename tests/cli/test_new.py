"""``new``: the starter experiment."""

import re
import tomllib
from pathlib import Path

import pytest

from lambdasim.cli import main
from lambdasim.cli.new import starter


def test_it_writes_a_file_and_says_what_comes_next(tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["new", "shop"]) == 0
    out, err = capsys.readouterr()
    assert out == "shop.toml\n"
    assert "lambdasim run shop.toml" in err
    assert tomllib.loads(Path("shop.toml").read_text())["name"] == "shop"


@pytest.mark.parametrize(
    ("arguments", "file", "name"),
    [
        ([], "experiment.toml", "experiment"),
        (["shop.toml"], "shop.toml", "shop"),
        (["--out", "other.toml"], "other.toml", "other"),
        (["shop", "--out", "other.toml"], "other.toml", "shop"),
    ],
)
def test_names_and_files(tmp_path: Path, monkeypatch, arguments: list[str], file: str, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["new", *arguments]) == 0
    assert tomllib.loads(Path(file).read_text())["name"] == name


def test_it_never_overwrites(tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    Path("shop.toml").write_text("mine")
    assert main(["new", "shop"]) == 2
    assert "not overwritten" in capsys.readouterr().err
    assert Path("shop.toml").read_text() == "mine"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(["--out", "no/such/folder.toml"], "cannot write"), (['a"b'], "cannot name"), (["a/b"], "cannot name")],
)
def test_bad_names_and_places_are_told(tmp_path: Path, monkeypatch, capsys, arguments: list[str], words: str) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["new", *arguments]) == 2
    assert words in capsys.readouterr().err


KEY = re.compile(r'(?:#: )?"?[\w.]+"? *= .*')


def test_every_key_of_the_starter_is_explained_on_its_line() -> None:
    keys = [line for line in starter("x", "x.toml").splitlines() if KEY.fullmatch(line)]
    assert len(keys) > 40
    assert [line for line in keys if "# " not in line[3:]] == []


@pytest.mark.parametrize("further_keys", [False, True])
def test_the_starter_passes_check(tmp_path: Path, capsys, further_keys: bool) -> None:
    text = starter("x", "x.toml")
    (tmp_path / "x.toml").write_text(text.replace("#: ", "") if further_keys else text)
    assert main(["check", str(tmp_path / "x.toml")]) == 0

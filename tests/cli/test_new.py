"""``new``: the starter experiment."""

import json
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from lambdasim.cli import main
from lambdasim.cli import questions as asked
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
        (["plans/shop.toml"], "plans/shop.toml", "shop"),
        (["plans/shop.toml", "--question", "9"], "plans/shop.toml", "shop"),
        (["--out", "other.toml"], "other.toml", "other"),
        (["shop", "--out", "other.toml"], "other.toml", "shop"),
    ],
)
def test_names_and_files(tmp_path: Path, monkeypatch, arguments: list[str], file: str, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    Path("plans").mkdir()
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


def test_a_question_is_copied_under_its_new_name_and_path(tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["new", "shop", "--question", "9"]) == 0
    out, err = capsys.readouterr()
    assert out == "shop.toml\n"
    assert err == "Next: lambdasim check shop.toml; lambdasim run shop.toml\n"
    text = Path("shop.toml").read_text()
    assert text.startswith("# Will SQS and reserved concurrency push good messages to the dead-letter queue?\n")
    assert text.splitlines()[1] == "# lambdasim run shop.toml"
    assert "experiments/" not in text
    assert tomllib.loads(text)["name"] == "shop"


def test_a_question_keeps_its_name_unless_another_is_given(tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["new", "--question", "1"]) == 0
    assert "lambdasim capacity 01-which-quota.toml --over account.concurrency" in capsys.readouterr().err
    assert tomllib.loads(Path("01-which-quota.toml").read_text())["name"] == "01-which-quota"
    assert main(["new", "--question", "1"]) == 2
    assert "not overwritten" in capsys.readouterr().err


@pytest.mark.parametrize("number", ["20", "99"])
def test_an_unknown_question_is_answered_with_those_that_there_are(number: str, capsys) -> None:
    assert main(["new", "--question", number]) == 2
    told = capsys.readouterr().err
    assert told.startswith(f"there is no question {number}; the questions are:\n")
    assert "   6  Is provisioned concurrency worth the money, and where does it break even?\n" in told


@pytest.mark.parametrize("number", ["0", "-1", "one"])
def test_what_is_no_number_of_a_question(number: str, capsys) -> None:
    assert main(["new", f"--question={number}"]) == 2
    assert "is not a whole number of at least 1" in capsys.readouterr().err


def test_the_help_lists_the_questions(capsys) -> None:
    assert main(["new", "--help"]) == 0
    assert "  14  Will Lambda exhaust my database connections?\n" in capsys.readouterr().out


def test_an_installed_package_reads_the_copy_that_its_wheel_carries(tmp_path: Path, monkeypatch) -> None:
    copied = tmp_path / "lambdasim" / "questions"
    copied.mkdir(parents=True)
    (copied / "01-mine.toml").write_text("# Mine?\n# lambdasim run experiments/questions/01-mine.toml\n")
    (copied / "README.md").write_text("no question")
    monkeypatch.setattr(asked, "__file__", str(tmp_path / "lambdasim" / "cli" / "questions.py"))
    monkeypatch.setattr(asked, "files", lambda package: tmp_path / package)
    assert [(one.number, one.title, one.command_for("x.toml")) for one in asked.questions()] == [
        (1, "Mine?", "lambdasim run x.toml")
    ]


@pytest.mark.parametrize("arguments", [[], ["--question", "11"], ["--question", "3"]])
def test_editors_find_the_schema(tmp_path: Path, monkeypatch, arguments: list[str]) -> None:
    """The line stands in the opening comment, and the schema beside the file. Tombi reads both, where it is there."""
    monkeypatch.chdir(tmp_path)
    assert main(["new", "shop", *arguments]) == 0
    lines = Path("shop.toml").read_text().splitlines()
    place = lines.index("#:schema lambdasim.schema.json")
    assert all(line.startswith("#") for line in lines[:place])
    assert json.loads(Path("lambdasim.schema.json").read_text())["title"] == "lambdasim experiment"
    if (tombi := shutil.which("tombi")) is not None:
        found = subprocess.run([tombi, "lint", "--offline", "shop.toml"], capture_output=True, text=True, check=False)
        assert found.returncode == 0, found.stderr


def test_another_file_of_the_schemas_name_is_left_alone(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("lambdasim.schema.json").write_text('{"title": "mine"}')
    assert main(["new", "shop"]) == 0
    assert Path("lambdasim.schema.json").read_text() == '{"title": "mine"}'

"""``doctor`` and ``schema``."""

import json
from importlib import import_module
from pathlib import Path

import pytest

from lambdasim.cli import doctor, main
from lambdasim.machine_code import shipped


def test_a_machine_with_everything_is_healthy(capsys) -> None:
    assert main(["doctor"]) == 0
    out = capsys.readouterr().out
    assert "numpy" in out
    assert "prices" in out
    assert out.endswith("Everything that a run needs is here.\n")


def test_what_is_missing_is_named_and_fails(monkeypatch, capsys) -> None:
    monkeypatch.setattr(doctor, "NEEDED", ("numpy", "no-such-package"))
    assert main(["doctor", "--format", "json"]) == 2
    report = json.loads(capsys.readouterr().out)
    assert report["healthy"] is False
    missing = [finding for finding in report["findings"] if finding["state"] == "missing"]
    assert missing == [{"part": "packages", "name": "no-such-package", "state": "missing", "detail": "not installed"}]


def test_numba_that_cannot_be_loaded_is_marked(monkeypatch, capsys) -> None:
    def refuse(name: str) -> object:
        if name == "numba":
            raise ImportError("Numba needs NumPy 2.3 or less")
        return import_module(name)

    monkeypatch.setattr(doctor, "import_module", refuse)
    monkeypatch.setattr(shipped, "loops", lambda: None)
    assert main(["doctor"]) == 0
    words = "the package numba cannot be loaded (Numba needs NumPy 2.3 or less)"
    assert f"- compiled             the compiled engine cannot run this: {words}" in capsys.readouterr().out


def test_a_folder_that_cannot_be_written_is_marked(tmp_path, monkeypatch, capsys) -> None:
    def refuse(**_options: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(doctor.tempfile, "TemporaryFile", refuse)
    assert main(["doctor"]) == 0
    assert f"- results              {Path.cwd()}: Permission denied" in capsys.readouterr().out


def test_a_working_folder_that_was_removed_is_no_traceback(tmp_path, monkeypatch, capsys) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert main(["doctor"]) == 0
    assert "- results              .: No such file or directory" in capsys.readouterr().out


def test_the_schema_describes_the_file(capsys) -> None:
    assert main(["schema"]) == 0
    schema = json.loads(capsys.readouterr().out)
    assert {"function", "load", "slo"} <= set(schema["properties"])
    jsonschema = pytest.importorskip("jsonschema")
    jsonschema.Draft202012Validator.check_schema(schema)

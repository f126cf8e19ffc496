"""``run``: what it prints, where it writes, and how it ends."""

import json
import os
import shutil
import signal
from pathlib import Path
from types import SimpleNamespace

import pytest

from lambdasim.cli import main, run
from lambdasim.errors import InputError, Problem


def test_text_opens_with_the_verdict_and_results_go_to_a_fresh_folder(files, capsys) -> None:
    files.add("a.toml", name="shop")
    assert main(["run", "a.toml"]) == 0
    assert main(["run", "a.toml"]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("All is well")
    assert err == ""
    assert sorted(path.name for path in Path("runs").iterdir()) == ["shop-1", "shop-2"]


@pytest.mark.parametrize(("form", "file"), [("json", "summary.json"), ("md", "summary.md")])
def test_stdout_is_the_file_of_that_format(files, capsys, form: str, file: str) -> None:
    files.add("a.toml")
    assert main(["run", "a.toml", "--out", "here", "--format", form, "--quiet"]) == 0
    out, err = capsys.readouterr()
    assert out == (Path("here") / file).read_text(encoding="utf-8")
    assert err == ""


def test_all_functions_are_told_on_demand(tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    function = '[function.f{0}]\nduration = "constant(5ms)"\ninit = "constant(5ms)"\n'
    load = '[[load]]\ntarget = "f{0}"\nexecutor = "poisson"\nrate = "5/s"\nduration = "1s"\n'
    Path("many.toml").write_text("".join((function + load).format(n) for n in range(12)))
    for options, told in (([], 10), (["--all"], 12)):
        assert main(["run", "many.toml", "--engine", "simpy", "--no-figures", "--quiet", *options]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert len([line for line in lines if line.startswith("f") and line[1].isdigit()]) == told


@pytest.mark.parametrize(
    ("installed", "engines", "others"),
    [(False, ["auto"] * 3, 18), (False, ["simpy", "compiled", "auto"], 18), (False, ["simpy"] * 3, 0),
     (True, ["auto"] * 3, 0)],
)  # fmt: skip
def test_requests_of_all_files_count_for_the_engine_of_each(files, installed, engines, others, monkeypatch) -> None:
    monkeypatch.setattr("lambdasim.engine.compiled.is_installed", lambda: installed)
    added = [files.add(f"{name}.toml", name=name, engine=one) for name, one in zip("abc", engines, strict=True)]
    assert main(["run", "a.toml", "b.toml", "c.toml"]) == 0
    assert [one.others for one in added] == [others] * 3
    assert main(["run", "a.toml"]) == 0
    assert added[0].others == 0


def test_where_the_results_are_is_a_note_on_stderr(files, capsys) -> None:
    files.add("a.toml")
    assert main(["run", "a.toml", "--out", "here", "--format", "json"]) == 0
    assert capsys.readouterr().err == "results: here\n"


def test_a_full_disk_is_reported_before_the_simulation(files, monkeypatch, capsys) -> None:
    simulated: list[int] = []
    files.add("a.toml", during=simulated.append)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: SimpleNamespace(free=1000))
    assert main(["run", "a.toml"]) == 2
    assert "cannot write results to" in capsys.readouterr().err
    assert simulated == []
    assert list(Path("runs").iterdir()) == []


def test_an_unwritable_folder_is_reported_before_the_simulation(files, capsys) -> None:
    simulated: list[int] = []
    files.add("a.toml", during=simulated.append)
    Path("file").write_text("")
    assert main(["run", "a.toml", "--out", "file/below"]) == 2
    assert capsys.readouterr().err.startswith("cannot write results to file/below: Not a directory")
    assert simulated == []


def test_several_files_give_a_json_array_and_a_folder_each(files, capsys) -> None:
    files.add("a.toml", name="one")
    files.add("b.toml", name="two", summary={"success": False})
    assert main(["run", "a.toml", "--format", "json", "b.toml", "--out", "both"]) == 99
    assert [document["name"] for document in json.loads(capsys.readouterr().out)] == ["one", "two"]
    assert Path("both/one/summary.json").exists()
    assert Path("both/two/summary.json").exists()


def test_several_files_give_one_text_after_the_other(files, capsys) -> None:
    files.add("a.toml", name="one")
    files.add("b.toml", name="two")
    assert main(["run", "a.toml", "b.toml"]) == 0
    assert capsys.readouterr().out.count("All is well") == 2


def test_two_experiments_of_one_name_cannot_share_a_folder(files, capsys) -> None:
    files.add("a.toml", name="same")
    files.add("b.toml", name="same")
    assert main(["run", "a.toml", "b.toml", "--out", "both"]) == 2
    assert "one at a time" in capsys.readouterr().err
    assert not Path("both/same").exists()


def test_options_become_overrides_and_the_dedicated_ones_win(files) -> None:
    experiment = files.add("a.toml")
    options = ["--seed", "7", "--set", "simulation.seed=1", "--engine", "simpy", "--replications", "3"]
    assert main(["run", "a.toml", *options, "--set", "function.api.memory = 1 GB"]) == 0
    assert experiment.overrides == [
        ("simulation.seed", "1"),
        ("function.api.memory", "1 GB"),
        ("simulation.seed", "7"),
        ("simulation.replications", "3"),
        ("simulation.engine", "simpy"),
    ]


@pytest.mark.parametrize(
    ("summary", "code"),
    [
        ({"success": True}, 0),
        ({"success": False}, 99),
        ({"success": True, "incomplete": True}, 3),
        ({"success": False, "incomplete": True}, 99),
    ],
)
def test_the_exit_code_tells_how_it_went(files, summary, code: int) -> None:
    files.add("a.toml", summary=summary)
    assert main(["run", "a.toml"]) == code


def test_the_problems_of_all_files_are_told_before_anything_runs(files, capsys) -> None:
    files.add("good.toml")
    files.known["bad.toml"] = InputError([Problem("bad.toml", 3, "load.0.rate", "no unit")])
    files.known["worse.toml"] = InputError(
        [Problem("worse.toml", 1, "x", "unknown key"), Problem(None, None, None, "z")]
    )
    assert main(["run", "good.toml", "bad.toml", "worse.toml"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == ["bad.toml:3: load.0.rate: no unit", "worse.toml:1: x: unknown key", "z"]
    assert not Path("runs").exists()


def test_input_found_bad_during_a_run_leaves_no_empty_folder_and_keeps_earlier_results(files, capsys) -> None:
    def fail(step: int) -> None:
        raise InputError.single("truncated", file="trace.csv", line=9)

    files.add("a.toml", name="one")
    files.add("b.toml", name="two", during=fail)
    assert main(["run", "a.toml", "b.toml"]) == 2
    out, err = capsys.readouterr()
    assert "trace.csv:9: truncated" in err
    assert out.startswith("All is well")
    assert [path.name for path in Path("runs").iterdir()] == ["one-1"]


def test_a_bug_leaves_its_traceback_in_the_folder(files, capsys) -> None:
    def fail(step: int) -> None:
        raise KeyError("environment")

    files.add("a.toml", during=fail)
    assert main(["run", "a.toml", "--out", "here"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "KeyError: 'environment'" in err
    assert "report it" in err
    assert "Traceback" not in err
    assert "Traceback" in Path("here/crash.txt").read_text()
    files.add("a.toml")
    assert main(["run", "a.toml", "--out", "here"]) == 0
    assert not Path("here/crash.txt").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_keeps_what_was_simulated(files, capfd, number: int) -> None:
    files.add("a.toml", name="one", during=lambda step: os.kill(os.getpid(), number) if step == 2 else None)
    files.add("b.toml", name="two")
    assert main(["run", "a.toml", "b.toml", "--format", "json"]) == 130
    out, err = capfd.readouterr()
    assert [document["incomplete"] for document in json.loads(out)] == [True]
    assert "marked incomplete" in err
    assert json.loads(Path("runs/one-1/manifest.json").read_text())["complete"] is False
    assert not Path("runs/two-1").exists()


def test_a_signal_before_anything_was_simulated_still_leaves_word(files, capfd) -> None:
    files.add("a.toml", during=lambda step: os.kill(os.getpid(), signal.SIGINT), keeps_partial=False)
    assert main(["run", "a.toml"]) == 130
    out, err = capfd.readouterr()
    assert out == ""
    assert err.endswith("\ninterrupted before anything was simulated\n")
    assert json.loads(Path("runs/fake-1/manifest.json").read_text())["complete"] is False


def test_a_folder_says_that_it_is_not_whole_until_it_is(files, capsys) -> None:
    seen: list[object] = []

    def look(step: int) -> None:
        seen.extend(json.loads(Path(name, "manifest.json").read_text())["complete"] for name in ("out/one", "out/two"))

    files.add("a.toml", name="one", during=lambda step: look(step) if step == 1 else None)
    files.add("b.toml", name="two")
    assert main(["run", "a.toml", "b.toml", "--out", "out"]) == 0
    assert seen == [False, False]
    seen.clear()
    assert main(["run", "a.toml", "b.toml", "--out", "out"]) == 0
    assert seen == [True, True]  # the earlier runs, untouched


def test_a_signal_while_the_results_are_written_leaves_a_whole_run(files, monkeypatch, capfd) -> None:
    files.add("a.toml", name="one")
    save = run.save

    def interrupted(*arguments: object, **named: object) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        save(*arguments, **named)

    monkeypatch.setattr(run, "save", interrupted)
    assert main(["run", "a.toml"]) == 130
    assert "interrupted; the run is whole, and kept" in capfd.readouterr().err
    assert json.loads(Path("runs/one-1/manifest.json").read_text())["complete"] is True


def test_signal_handlers_are_put_back(files) -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    files.add("a.toml")
    main(["run", "a.toml"])
    assert before == (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM))


def test_a_run_replaces_an_earlier_one_but_no_other_folder(files, capsys) -> None:
    files.add("a.toml", name="one")
    assert main(["run", "a.toml", "--out", "here"]) == 0
    Path("here/report.html").write_text("old")
    Path("here/notes.txt").write_text("mine")
    assert main(["run", "a.toml", "--out", "here"]) == 0
    assert not Path("here/report.html").exists()
    assert Path("here/notes.txt").exists()
    Path("mine").mkdir()
    Path("mine/thesis.txt").write_text("x")
    assert main(["run", "a.toml", "--out", "mine"]) == 2
    assert "mine is not empty" in capsys.readouterr().err
    assert [path.name for path in Path("mine").iterdir()] == ["thesis.txt"]


def test_a_run_that_fails_leaves_the_earlier_one_as_it_was(files) -> None:
    def fail(step: int) -> None:
        raise RuntimeError

    files.add("a.toml")
    assert main(["run", "a.toml", "--out", "here"]) == 0
    files.add("a.toml", during=fail)
    assert main(["run", "a.toml", "--out", "here"]) == 1
    assert Path("here/summary.json").exists()


def test_warnings_of_the_library_are_lines_on_stderr(files, capsys) -> None:
    import warnings

    files.add("a.toml", during=lambda step: warnings.warn("the warm-up is longer than the load", stacklevel=1))
    assert main(["run", "a.toml"]) == 0
    assert capsys.readouterr().err == "warning: the warm-up is longer than the load\n"

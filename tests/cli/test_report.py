"""``report``: makes the page of a run again, or says why it cannot."""

from pathlib import Path

import pytest

from lambdasim.cli import main
from lambdasim.experiment import load_experiment

EXPERIMENT = """
[function.api]
duration = "constant(10ms)"
init     = "constant(100ms)"
[[load]]
target   = "api"
executor = "constant-arrival-rate"
rate     = "1/s"
duration = "1min"
"""


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("a.toml").write_text(EXPERIMENT)
    load_experiment("a.toml").run().save("one")
    return tmp_path


def test_the_page_is_written_anew_and_its_path_printed(runs, capsys) -> None:
    page = Path("one/report.html").read_bytes()
    Path("one/report.html").unlink()
    assert main(["report", "one"]) == 0
    out, err = capsys.readouterr()
    assert (out, err) == ("one/report.html\n", "")
    assert Path("one/report.html").read_bytes() == page


AGAIN = 'run it again without --no-figures, or with output.series = "all"'


@pytest.mark.parametrize(("series", "kept"), [("account", "the series of the account alone"), ("none", "no series")])
def test_figures_that_cannot_be_drawn_are_told_with_what_brings_them(series: str, kept: str, runs, capsys) -> None:
    run = load_experiment("a.toml", [("output.series", series)]).run()
    run.save("bare", figures=False)
    run.save("drawn")
    assert main(["report", "bare", "drawn"]) == 0
    Path("drawn/figures/cost.svg").unlink()
    Path("drawn/figures/held.svg").unlink()
    assert main(["report", "drawn"]) == 0
    assert capsys.readouterr().err.splitlines() == [
        f"bare: all figures are missing, as the run kept {kept}; {AGAIN}",
        f"drawn: the figures do not tell the values at the pointer, as the run kept {kept}; run it again with "
        'output.series = "all"',
        f"drawn: the figures held, cost are missing, as the run kept {kept}; {AGAIN}",
    ]


def test_figures_are_missing_where_the_series_are_gone(runs, capsys) -> None:
    load_experiment("a.toml").run().save("bare", figures=False)
    Path("bare/timeseries.csv").unlink()
    assert main(["report", "bare"]) == 0
    assert capsys.readouterr().err == (
        f"bare: all figures are missing, as timeseries.csv is no longer there; {AGAIN}\n"
    )


def test_folders_that_hold_no_run_do_not_keep_others_from_theirs(runs, capsys) -> None:
    Path("empty").mkdir()
    Path("one/report.html").unlink()
    assert main(["report", "empty", "nowhere", "one"]) == 2
    out, err = capsys.readouterr()
    assert out == "one/report.html\n"
    assert err.splitlines() == [
        "empty: this is not the folder of a run, for it has no manifest.json",
        "nowhere: there is no such folder; give the folder of a run",
    ]
    assert list(Path("empty").iterdir()) == []


@pytest.mark.parametrize(("command", "page"), [("calibrate", "fit.html"), ("validate", "validation.html or ")])
def test_folders_of_other_commands_have_a_page_of_their_own(command: str, page: str, runs, capsys) -> None:
    Path("other").mkdir()
    Path("other/manifest.json").write_text(f'{{"lambdasim": "0.1.0", "complete": true, "command": "{command}"}}')
    assert main(["report", "other"]) == 2
    (told,) = capsys.readouterr().err.splitlines()
    assert told.startswith(f"other: this is the folder of lambdasim {command}, whose page is {page}")


def test_a_page_that_cannot_be_written_is_said(runs, capsys) -> None:
    Path("one/report.html").unlink()
    Path("one/report.html").mkdir()
    assert main(["report", "one"]) == 2
    assert capsys.readouterr().err == "cannot write one/report.html: Is a directory\n"


def test_a_run_is_needed(capsys) -> None:
    assert main(["report"]) == 2
    assert "RUN" in capsys.readouterr().err

"""``compare``: what it prints, what it leaves and how it ends."""

import json
from pathlib import Path

import pytest
from support import SHOP

from lambdasim.cli import main
from lambdasim.engine import ADVICE

WITH_OBJECTIVE = f"""{SHOP}
[slo]
"api.latency" = ["p50 < 80ms"]
"""


@pytest.fixture(autouse=True)
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "shop.toml"
    file.write_text(WITH_OBJECTIVE)
    (tmp_path / "slow.toml").write_text(WITH_OBJECTIVE.replace("100ms", "200ms"))
    return file


def test_one_file_and_a_change(capsys) -> None:
    assert main(["compare", "shop.toml", "--set-b", "function.api.memory=1 GB", "--jobs", "1", "--quiet"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("The run's cost rises by $")
    assert "function.api.memory: 512 MB -> 1024 MB" in out
    assert "10 pairs of replications" in out
    assert [path.name for path in Path("runs").iterdir()] == ["shop-against-itself-1"]


def test_two_files_keep_both_runs_and_b_decides_the_exit_code(capsys) -> None:
    options = ["--replications", "3", "--seed", "9", "--out", "here", "--jobs", "1", "--format", "json"]
    assert main(["compare", "shop.toml", "slow.toml", *options]) == 99
    out, err = capsys.readouterr()
    document = json.loads(out)
    assert out == Path("here/comparison.json").read_text()
    assert document["changes"] == [
        {"path": "function.api.duration", "before": "exponential(mean=100ms)", "after": "exponential(mean=200ms)"}
    ]
    assert (document["seed"], document["replications"]) == (9, 3)
    assert document["before"]["success"]
    assert not document["after"]["success"]
    assert err in ("results: here\n", f"{ADVICE}\nresults: here\n")  # as the installation carries machine code or not
    for side in ("before", "after"):
        summary = json.loads(Path(f"here/{side}/summary.json").read_text())
        assert summary["verdict"] == document[side]["verdict"]
        assert summary["replications"] == 3
    assert main(["compare", "slow.toml", "shop.toml", *options]) == 0, "an earlier comparison is replaced"


def test_the_second_is_run_with_the_seed_and_the_number_of_the_first(capsys) -> None:
    Path("slow.toml").write_text(WITH_OBJECTIVE + "[simulation]\nseed = 5\nreplications = 7\n")
    assert main(["compare", "shop.toml", "slow.toml", "--jobs", "1", "--format", "json", "--quiet"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["seed"], document["replications"]) == (0, 10)
    assert document["verdict"].startswith("Nothing differs")


def test_markdown_is_the_file_of_that_format(capsys) -> None:
    options = ["--replications", "2", "--jobs", "1", "--format", "md", "--out", "here", "--quiet"]
    assert main(["compare", "shop.toml", "slow.toml", *options]) == 99
    assert capsys.readouterr().out == Path("here/comparison.md").read_text()


def test_a_precision_that_the_first_did_not_reach_is_exit_code_3(capsys) -> None:
    rule = 'simulation.replications={ min = 2, max = 3, until = "api.latency.mean ±0.001%" }'
    change = ["--set-b", "function.api.memory=1 GB"]
    assert main(["compare", "shop.toml", *change, "--set", rule, "--jobs", "1", "--quiet"]) == 3
    assert "3 pairs" in capsys.readouterr().out


def test_without_figures_none_is_left_of_an_earlier_comparison_either(capsys) -> None:
    options = ["--replications", "2", "--jobs", "1", "--out", "here", "--quiet", "--set-b", "function.api.memory=1 GB"]
    main(["compare", "shop.toml", *options])
    assert len(list(Path("here").rglob("figures"))) == 3
    main(["compare", "shop.toml", *options, "--no-figures"])
    assert not list(Path("here").rglob("figures"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["shop.toml"], "compare takes two experiment files, or one with --set-b"),
        (["shop.toml", "slow.toml", "shop.toml"], "compare takes two experiment files"),
        (["shop.toml", "--set-b", "function.apii.memory=1 GB"], "no function is named 'apii'; did you mean 'api'?"),
        (["shop.toml", "none.toml"], "none.toml"),
        (["shop.toml", "--set-b", "nonsense"], "is not PATH=VALUE"),
    ],
)
def test_bad_usage_is_told_before_anything_runs(arguments: list[str], message: str, capsys) -> None:
    assert main(["compare", *arguments]) == 2
    assert message in capsys.readouterr().err
    assert not Path("runs").exists()


def test_an_interruption_compares_the_pairs_that_are_finished(monkeypatch, capfd) -> None:
    import os
    import signal

    import lambdasim.cli.run as run

    simulations = 0
    simulate = run.shown_progress

    def interrupting(label: str, *, quiet: bool):
        from contextlib import contextmanager

        @contextmanager
        def shown():
            nonlocal simulations
            simulations += 1
            with simulate(label, quiet=quiet) as show:

                def progressed(progress) -> None:
                    show(progress)
                    if simulations == 2 and progress.fraction > 0.5:
                        os.kill(os.getpid(), signal.SIGINT)

                yield progressed

        return shown()

    monkeypatch.setattr(run, "shown_progress", interrupting)
    options = ["--replications", "8", "--out", "here", "--jobs", "1"]
    assert main(["compare", "shop.toml", "slow.toml", *options]) == 130
    out, err = capfd.readouterr()
    assert "4 finished pairs are compared" in err
    assert "4 pairs of replications" in out
    assert json.loads(Path("here/manifest.json").read_text())["complete"] is False

"""``run`` with several replications: on many processes, on a cluster, until a precision is reached."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from dask_cluster import dask_cluster
from support import SHOP

from lambdasim.cli import main


@pytest.fixture(autouse=True)
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("shop.toml").write_text(SHOP)


def known(text: str) -> dict[str, object]:
    return {key: value for key, value in json.loads(text).items() if key != "wall_s"}


def test_the_summary_is_the_same_on_any_number_of_processes(monkeypatch, capsys) -> None:
    monkeypatch.setattr("lambdasim.planning.replicate.TRIAL_S", 0.0)  # processes are worth their start
    run = ["run", "shop.toml", "--replications", "4", "--format", "json", "--quiet", "--jobs"]
    assert main([*run, "1"]) == 0
    alone = known(capsys.readouterr().out)
    assert main([*run, "2"]) == 0
    assert known(capsys.readouterr().out) == alone
    assert alone["replications"] == 4


def test_a_precision_that_is_not_reached_is_exit_code_3_and_says_what_was(capsys) -> None:
    rule = 'simulation.replications={ min = 2, max = 3, until = "api.latency.p99 ±0.01%" }'
    assert main(["run", "shop.toml", "--set", rule, "--out", "here"]) == 3
    out = " ".join(capsys.readouterr().out.split())
    assert "Not as precise as asked: after 3 replications api.latency.p99 is known to ±" in out
    summary = json.loads(Path("here/summary.json").read_text())
    assert summary["precision"]["reached"] is False
    assert json.loads(Path("here/manifest.json").read_text())["complete"] is True
    assert main(["check", "here/resolved.toml"]) == 0, "the rule is written so that it reads back"


def test_a_precision_that_is_reached_is_no_reason_for_a_word(capsys) -> None:
    rule = 'simulation.replications={ max = 3, until = "api.latency.p99 +-99%" }'
    assert main(["run", "shop.toml", "--set", rule]) == 0
    assert "precise" not in capsys.readouterr().out


@pytest.mark.parametrize("command", ["run", "check"])
def test_a_rule_that_nothing_measures_is_an_error(command: str, capsys) -> None:
    rule = 'simulation.replications={ min = 2, max = 3, until = "api.latenzy.p99 ±5%" }'
    assert main([command, "shop.toml", "--set", rule]) == 2
    assert "did you mean 'latency'?" in capsys.readouterr().err


@pytest.mark.filterwarnings("default")
def test_a_cluster_gives_the_same_summary(tmp_path: Path, capsys) -> None:
    pytest.importorskip("distributed", reason="needs the extra 'cluster' (dask.distributed)")
    run = ["run", "shop.toml", "--replications", "4", "--format", "json", "--quiet"]
    assert main([*run, "--jobs", "1"]) == 0
    alone = known(capsys.readouterr().out)
    with dask_cluster(tmp_path, workers=2) as dask:
        assert main([*run, "--cluster", dask.address]) == 0
    assert known(capsys.readouterr().out) == alone


@pytest.mark.filterwarnings("default")
def test_a_cluster_that_does_not_answer_is_bad_input_and_leaves_nothing(monkeypatch, capsys) -> None:
    pytest.importorskip("distributed", reason="needs the extra 'cluster' (dask.distributed)")
    monkeypatch.setattr("lambdasim.cli.executor.CLUSTER_S", 0.5)
    assert main(["run", "shop.toml", "--cluster", "tcp://127.0.0.1:1"]) == 2
    err = capsys.readouterr().err
    assert "the cluster at tcp://127.0.0.1:1 cannot be used: no answer within 0.5 s" in err
    assert not Path("runs").exists()


def test_jobs_are_not_for_clusters(capsys) -> None:
    assert main(["run", "shop.toml", "--cluster", "tcp://127.0.0.1:1", "--jobs", "2"]) == 2
    assert "--jobs is for this machine" in capsys.readouterr().err


@pytest.mark.skipif(os.name != "posix", reason="Ctrl-C as a signal")
def test_ctrl_c_keeps_the_finished_replications_and_ends_all_processes(environment: dict[str, str]) -> None:
    Path("shop.toml").write_text(SHOP.replace('"10s"', '"200s"'))
    Path("owner.py").write_text(TALKATIVE)
    process = subprocess.Popen(
        [sys.executable, "owner.py"], env=environment, start_new_session=True, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    for line in process.stderr:
        if (told := re.search(r"(\d+)%", line)) and int(told[1]) >= 1:
            break  # of 300, so three are finished
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the workers too
    process.communicate()
    assert process.returncode == 130
    summary = json.loads(Path("here/summary.json").read_text())
    assert summary["incomplete"]
    assert 3 <= summary["replications"] < 300
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and group_lives(process.pid):
        time.sleep(0.05)
    assert not group_lives(process.pid)


TALKATIVE = """
import sys
from lambdasim.cli import main, progress
if __name__ == "__main__":
    progress.LINE_EVERY_S = 0.0
    run = ["run", "shop.toml", "--replications", "300", "--jobs", "2", "--out", "here", "--format", "json"]
    sys.exit(main(run))
"""


def group_lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True

"""Real traffic through the ``run`` command: the public traces of Azure Functions of 2019 and 2021, where they are."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import lambdasim

DATA = Path(__file__).parents[3] / "shared" / "data"
OF_2019, OF_2021 = DATA / "trace-azure2019-invitro1250", DATA / "trace-azure2021-first998"

TEMPLATE = """
[account]
concurrency = {concurrency}

[function."*"]
runtime  = "python3.13"
memory   = "512 MB"
timeout  = "900s"
duration = "constant(1s)"

[[load]]
trace = {{ {trace} }}

[output]
requests = "{requests}"
"""


def needs(folder: Path) -> pytest.MarkDecorator:
    return pytest.mark.skipif(not folder.is_dir(), reason=f"{folder.name} is not in ../shared/data beside the checkout")


def run(folder: Path, text: str) -> dict[str, dict]:
    """Run an experiment in a process of its own; return the functions of its summary."""
    file, out = folder / "experiment.toml", folder / "run"
    file.write_text(text, encoding="utf-8")
    environment = os.environ | {"PYTHONPATH": str(Path(lambdasim.__file__).parents[1])}
    command = [sys.executable, "-m", "lambdasim", "run", str(file), "--out", str(out), "--format", "json"]
    process = subprocess.run(command, env=environment, capture_output=True, encoding="utf-8", check=False)
    assert process.returncode == 0, process.stderr
    assert json.loads((out / "manifest.json").read_text())["complete"]
    functions = json.loads(process.stdout)["functions"]
    for one in functions.values():
        assert one["requests"] == one["invocations"] + one["throttled_requests"]
        assert one["in_flight"] == 0
    return functions


@needs(OF_2019)
def test_an_hour_of_2019(tmp_path: Path) -> None:
    """Every minute of every function, at a quota that does not suffice; durations and memory are the trace's."""
    files = {"file": "invocations_per_minute", "durations": "durations_ms", "memory": "memory_mb"}
    trace = ", ".join(f'{key} = "{OF_2019 / name}.csv.gz"' for key, name in files.items())
    functions = run(
        tmp_path,
        TEMPLATE.format(concurrency=2_000, trace=f'{trace}, format = "azure2019", until = "1h"', requests="none"),
    )
    counts = pd.read_csv(OF_2019 / "invocations_per_minute.csv.gz", index_col="function").iloc[:, :60]
    assert {name: one["requests"] for name, one in functions.items()} == counts.sum(axis=1).to_dict()

    series = pd.read_csv(tmp_path / "run" / "timeseries.csv")
    attempts = series[series.metric.isin(["Invocations", "Throttles"]) & series.function.notna()]
    each = attempts.pivot_table(index="function", columns="time", values="value", aggfunc="sum", fill_value=0)
    expected = counts[counts.sum(axis=1) > 0].sort_index()
    assert list(each.index) == list(expected.index)
    np.testing.assert_array_equal(each.to_numpy(), expected.to_numpy())
    assert 0 < attempts[attempts.metric == "Throttles"].value.sum() < 0.1 * counts.to_numpy().sum()


@needs(OF_2021)
def test_the_beginning_of_2021(tmp_path: Path) -> None:
    """Every invocation at its time and with its duration."""
    trace = f'file = "{OF_2021 / "invocations.csv"}", format = "azure2021"'
    functions = run(tmp_path, TEMPLATE.format(concurrency=1_000, trace=trace, requests="all"))
    recorded = pd.read_csv(OF_2021 / "invocations.csv")
    assert recorded.func.nunique() == (recorded.app + recorded.func).nunique()  # so that names need no app
    assert {name: one["requests"] for name, one in functions.items()} == recorded.func.value_counts().to_dict()

    replayed = pd.read_parquet(tmp_path / "run" / "requests.parquet").sort_values(["arrival_ns", "sequence"])
    recorded = recorded.sort_values("start_s", kind="stable")
    assert list(replayed.function) == list(recorded.func)
    assert set(replayed.status) == {"success"}
    np.testing.assert_array_equal(replayed.arrival_ns, (recorded.start_s * 1e9).round())
    np.testing.assert_array_equal((replayed.duration_ms * 1e6).round(), (recorded.duration_s * 1e9).round())

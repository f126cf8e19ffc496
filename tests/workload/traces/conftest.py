"""Fixtures that write small trace files and replay them."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from lambdasim.config.traffic import LoadConfig
from lambdasim.errors import InputError
from lambdasim.workload.trace import open_trace


@pytest.fixture
def write(tmp_path):
    """Write text or bytes to a file, gzipped when its name says so, and return its path."""

    def write_file(content, name="trace.csv"):
        path = tmp_path / name
        data = content.encode() if isinstance(content, str) else content
        path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
        return str(path)

    return write_file


@pytest.fixture
def open_load(write):
    """Open a trace that is given as a path or by its content, with the target ``api``."""

    def load(content, *, name="trace.csv", seed=1, target="api", start_time="0s", **trace):
        path = str(content) if isinstance(content, Path) else write(content, name)
        config = LoadConfig(name="load", target=target, start_time=start_time, trace={"file": path, **trace})
        return open_trace(config, target, seed)

    return load


@pytest.fixture
def refusal(open_load, tmp_path):
    """Return what is said about a trace that cannot be used, without the directory."""

    def message(content, **trace):
        with pytest.raises(InputError) as caught:
            open_load(content, **trace)
        return str(caught.value).replace(f"{tmp_path}/", "")

    return message


@pytest.fixture
def rows():
    """Return all arrivals of a load as (ns, function name) pairs."""

    def collect(load):
        blocks = list(load.blocks())
        times = np.concatenate([block.arrival_ns for block in blocks]) if blocks else np.zeros(0, np.int64)
        assert (np.diff(times) >= 0).all()
        functions = [load.functions[index] for block in blocks for index in block.function]
        return list(zip(times.tolist(), functions, strict=True))

    return collect

"""A dask cluster over loopback for tests: a real scheduler and real worker processes, gone when the test is."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import lambdasim

START_S = 30.0


@dataclass(frozen=True, slots=True)
class DaskCluster:
    """Where its scheduler listens, and its processes."""

    address: str
    scheduler: subprocess.Popen[bytes]
    workers: list[subprocess.Popen[bytes]]
    add_worker: Callable[[Path], object]
    """Start one more, which has the lambdasim in this folder."""


@contextmanager
def dask_cluster(folder: Path, workers: int) -> Iterator[DaskCluster]:
    """Start a scheduler and so many workers of one thread; end them all."""
    ours = Path(lambdasim.__file__).parents[1]
    started: list[subprocess.Popen[bytes]] = []

    def start(program: str, *arguments: str, root: Path = ours) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(root), str(Path(__file__).parent)))}
        code = f"from distributed.cli.{program} import main; main()"
        command = [sys.executable, "-W", "ignore", "-c", code, *arguments]
        started.append(subprocess.Popen(command, stderr=subprocess.DEVNULL, env=environment, cwd=folder))
        return started[-1]

    try:
        known = folder / "scheduler.json"
        here = ("--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(known))
        scheduler = start("dask_scheduler", *here)
        address = _address(known)
        options = ("--nthreads", "1", "--no-nanny", "--no-dashboard", "--local-directory", str(folder))

        def add_worker(root: Path = ours) -> subprocess.Popen[bytes]:
            return start("dask_worker", address, *options, root=root)

        yield DaskCluster(address, scheduler, [add_worker() for _ in range(workers)], add_worker)
    finally:
        for process in started:
            process.kill()  # dask would take its time
        for process in started:
            process.wait()


def _address(file: Path) -> str:
    until = time.monotonic() + START_S
    while time.monotonic() < until:
        try:
            address: str = json.loads(file.read_text())["address"]
            return address
        except (OSError, ValueError):
            time.sleep(0.05)
    raise TimeoutError("the dask scheduler did not start")

"""``--jobs`` and ``--cluster``: who simulates."""

import argparse
import logging
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from typing import Final

from lambdasim.cli.arguments import Parser, whole
from lambdasim.errors import InputError

CLUSTER_S: Final = 8.0
"""How long a cluster may take to answer: with the start of the program, a word comes within 10 s."""


def add_executor_options(parser: Parser) -> None:
    """Add the options."""
    parser.add_argument("--jobs", type=whole(1), metavar="N", help="processes at once, default: one for each core")
    parser.add_argument("--cluster", metavar="ADDRESS", help="dask scheduler to simulate on, such as tcp://host:8786")


def add_threads_option(parser: Parser) -> None:
    """Add ``--threads``, for commands that may make a single long simulation."""
    words = "threads of one simulation, default: as many as help, or one for each of several processes"
    parser.add_argument("--threads", type=whole(1), metavar="N", help=words)


@contextmanager
def chosen_executor(options: argparse.Namespace) -> Iterator[Executor | None]:
    """Yield who simulates what can be done at once; None: this process. Raises :class:`InputError`."""
    from lambdasim.planning.executors import cluster_executor, local_executor

    if options.cluster is None:
        if options.jobs == 1:
            yield None
            return
        with local_executor(options.jobs) as pool:  # which starts no process before the first task
            yield pool
        return
    if options.jobs is not None:
        raise InputError.single("--jobs is for this machine; a cluster uses all of its workers with --cluster")
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what goes wrong there is told in our words
    with cluster_executor(options.cluster, CLUSTER_S) as cluster:
        yield cluster

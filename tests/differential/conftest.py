"""Mutants take minutes: a run of the suite tries some of them, ``LAMBDASIM_MUTANTS=all`` tries every one."""

import os
from zlib import crc32

import pytest

PART = 6
"""One mutant in so many is tried by default, always the same ones."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if os.environ.get("LAMBDASIM_MUTANTS") == "all" or any("::" in argument for argument in config.args):
        return
    left_out = [item for item in items if item.name.startswith("test_mutant_is_caught[") and _is_left_out(item)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in set(left_out)]


def _is_left_out(item: pytest.Item) -> bool:
    return crc32(item.nodeid.rpartition("/")[2].encode()) % PART != 0

"""Advice is worked out by passes over an experiment's tables, not by one for each function."""

from collections.abc import Iterator
from typing import Any

import pytest

from lambdasim.config.advice import advice
from lambdasim.experiment import Experiment

FUNCTION = {"duration": "constant(1s)", "init": "constant(1s)"}
QUEUE = {"type": "sqs", "maximum_concurrency": 2, "visibility_timeout": "6min", "max_receive_count": 5}


class Passes(dict[str, Any]):
    """A table of tables that counts how often it is gone through."""

    count = 0

    def __iter__(self) -> Iterator[str]:
        self.count += 1
        return super().__iter__()

    def items(self) -> Any:
        self.count += 1
        return super().items()

    def values(self) -> Any:
        self.count += 1
        return super().values()


@pytest.mark.parametrize("table", ["function", "source"])
def test_more_functions_take_no_more_passes(table: str) -> None:
    def passes(functions: int) -> int:
        scaling = {"min": 1, "max": 2, "target_utilization": 0.7}
        names = [f"f{number}" for number in range(functions)]
        reserved = [{"reserved_concurrency": 3}, {}]
        config = Experiment(
            account={"concurrency": 10_000},
            functions={
                name: FUNCTION | {"provisioned": {"concurrency": 1, "autoscaling": scaling}} | reserved[number % 2]
                for number, name in enumerate(names)
            },
            sources={f"q{name}": QUEUE | {"function": name} for name in names},
            loads=[{"target": f"q{name}", "executor": "poisson", "rate": "1/s", "duration": "1s"} for name in names],
        ).config
        counted = Passes(getattr(config, table))
        assert advice(config.model_copy(update={table: counted})) == []
        return counted.count

    assert passes(2) == passes(20) > 0

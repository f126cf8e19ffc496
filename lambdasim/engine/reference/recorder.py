"""Where the SimPy engine writes its records: rows of integers, handed over chunk by chunk."""

from array import array

import numpy as np

from lambdasim.model.environment import Environment
from lambdasim.records import (
    DELIVERY_COLUMNS,
    ENVIRONMENT_COLUMNS,
    INVOCATION_COLUMNS,
    SAMPLE_COLUMNS,
    EndReason,
    RecordChunk,
    RecordTable,
)


class Recorder:
    """Rows since the last :meth:`take`.

    ``invocation``, ``environment``, ``delivery`` and ``sample`` add one row, in the columns' order.
    """

    __slots__ = (
        "_deliveries",
        "_environments",
        "_invocations",
        "_samples",
        "delivery",
        "environment",
        "invocation",
        "sample",
    )

    def __init__(self) -> None:
        self._renew()

    def _renew(self) -> None:
        self._invocations = array("q")
        self._environments = array("q")
        self._deliveries = array("q")
        self._samples = array("q")
        self.delivery = self._deliveries.extend
        self.sample = self._samples.extend
        self.invocation = self._invocations.extend
        self.environment = self._environments.extend

    def deliveries_from(self, first: int) -> RecordTable:
        """Return the rows of deliveries from the ``first`` on, which :meth:`take` returns again."""
        return _table(DELIVERY_COLUMNS, self._deliveries[first * len(DELIVERY_COLUMNS) :])

    def take(self) -> RecordChunk:
        """Hand over all rows written so far and forget them."""
        chunk = RecordChunk(
            _table(INVOCATION_COLUMNS, self._invocations),
            _table(ENVIRONMENT_COLUMNS, self._environments),
            _table(DELIVERY_COLUMNS, self._deliveries),
            _table(SAMPLE_COLUMNS, self._samples),
        )
        self._renew()
        return chunk

    def ended(self, function: int, environment: Environment, at_ns: int, of_lifetime: bool) -> None:
        """Write an environment's row as it ends."""
        early = EndReason.GIVEN_UP if environment.provisioned else EndReason.IDLE
        reason = EndReason.LIFETIME if of_lifetime else early
        self._life(function, environment, at_ns, EndReason.LOST if environment.is_lost else reason)

    def survived(self, function: int, environment: Environment) -> None:
        """Write the row of an environment that outlives the simulation."""
        self._life(function, environment, -1, EndReason.ALIVE)

    def _life(self, function: int, environment: Environment, destroyed_ns: int, reason: int) -> None:
        self.environment(
            (
                environment.number,
                function,
                environment.provisioned,
                environment.created_ns,
                environment.initialised_ns,
                destroyed_ns,
                reason,
                environment.invocations,
                environment.init_ns,
            )
        )


def _table(columns: tuple[str, ...], rows: "array[int]") -> RecordTable:
    flat = np.frombuffer(rows, dtype=np.int64) if rows else np.empty(0, dtype=np.int64)
    return RecordTable(columns, flat.reshape(-1, len(columns)))

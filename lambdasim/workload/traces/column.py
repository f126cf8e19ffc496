"""One column of a batch of a trace file: its cells checked and turned into int64 arrays.

Cells come as text (CSV) or typed (Parquet); both obey the same rules. A cell that does not is reported with the
file, its line, the column and what is expected there.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from lambdasim.errors import InputError
from lambdasim.model.events import NEVER_NS
from lambdasim.workload.block import NOT_GIVEN, Int64

if TYPE_CHECKING:
    from lambdasim.workload.traces.file import TraceFile

_LARGEST_COUNT: Final = 2**53
_LONGEST_NAME: Final = 256
_FLAGS: Final = {"0": 0, "0.0": 0, "false": 0, "1": 1, "1.0": 1, "true": 1, "": NOT_GIVEN}


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """The cells of one column in consecutive rows."""

    file: "TraceFile"
    name: str
    first_row: int
    values: Any
    """A ``pyarrow.Array``; one of texts is always of type ``string``."""

    def slice(self, low: int, high: int) -> "Column":
        """Return the cells ``low`` to ``high`` - 1."""
        return Column(self.file, self.name, self.first_row + low, self.values.slice(low, high - low))

    def error(self, message: str, index: int) -> InputError:
        """Return the error to raise about cell ``index``."""
        return self.file.error(message, column=self.name, row=self.first_row + index)

    def text(self, index: int) -> str:
        """Return a cell as it is shown in a message."""
        try:
            value = self.values[index].as_py()
        except (OverflowError, ValueError):  # a date that Python has no object for
            return "this date"
        return "" if value is None else str(value).strip()[:60]

    def names(self) -> tuple[list[str], Int64]:
        """Return the different names in the column, and for each row the index of its name; no cell may be empty."""
        import pyarrow

        coded = self.cast(pyarrow.string(), "a name").dictionary_encode()
        names = [name.strip() for name in coded.dictionary.to_pylist()]
        if coded.null_count or "" in names:
            empty = [not self.text(index) for index in range(len(coded))].index(True)
            raise self.error("is empty; name a function", empty)
        odd = [code for code, name in enumerate(names) if len(name) > _LONGEST_NAME or not name.isprintable()]
        if odd:
            row = int(np.argmax(numbers_of(coded.indices) == odd[0]))
            rule = f"a name has up to {_LONGEST_NAME} printable characters; is a quote missing?"
            raise self.error(f"{names[odd[0]][:60]!r} is not a name: {rule}", row)
        return names, numbers_of(coded.indices).astype(np.int64)

    def ns(self, unit_ns: int) -> Int64:
        """Return times of ``unit_ns`` each as ns; no cell may be empty.

        Whole numbers are exact; others are read as doubles and rounded to ns.
        """
        numbers = self._numbers()
        if numbers.dtype.kind != "f":
            return self._limited(self._times(numbers, unit_ns))
        with np.errstate(over="ignore"):  # infinity is refused like any other time that is too long
            return self._limited(numbers * unit_ns)

    def given_ns(self, unit_ns: int) -> Int64:
        """Return the same, with ``NOT_GIVEN`` for empty cells."""
        given = self._given()
        if not given.any():
            return np.full(len(given), NOT_GIVEN)
        times = Column(self.file, self.name, self.first_row, self._filled(given)).ns(unit_ns)
        times[~given] = NOT_GIVEN
        return times

    def counts(self) -> Int64:
        """Return whole numbers; ``94.0`` is one; no cell may be empty."""
        numbers = self._numbers()
        wrong = ~(numbers >= 0) | (numbers > _LARGEST_COUNT)
        if numbers.dtype.kind == "f":
            wrong |= numbers != np.floor(numbers)
        if wrong.any():
            index = int(np.argmax(wrong))
            raise self.error(f"'{self.text(index)}' is not a count; give a whole number from 0 to 2^53", index)
        return numbers.astype(np.int64)

    def amounts(self) -> NDArray[np.float64]:
        """Return numbers from 0 up; no cell may be empty."""
        numbers = self._numbers().astype(np.float64)
        wrong = ~((numbers >= 0) & np.isfinite(numbers))
        if wrong.any():
            index = int(np.argmax(wrong))
            raise self.error(f"'{self.text(index)}' is not a number from 0 up", index)
        return numbers

    def flags(self) -> Int64:
        """Return 1 for ``1`` and ``true``, 0 for ``0`` and ``false``, ``NOT_GIVEN`` for an empty cell."""
        import pyarrow

        coded = self.cast(pyarrow.string(), "0 or 1").fill_null("").dictionary_encode()
        words = [word.strip().lower() for word in coded.dictionary.to_pylist()]
        unknown = [code for code, word in enumerate(words) if word not in _FLAGS]
        codes = numbers_of(coded.indices)
        if unknown:
            index = int(np.argmax(np.isin(codes, unknown)))
            raise self.error(f"'{self.text(index)}' is not 0, 1, true or false", index)
        flags: Int64 = np.array([_FLAGS[word] for word in words], np.int64)[codes]
        return flags

    def cast(self, arrow_type: Any, expected: str) -> Any:
        """Return the cells as a pyarrow array of another type; spaces around a text do not matter."""
        import pyarrow
        from pyarrow import compute

        try:
            return self.values.cast(arrow_type)
        except (pyarrow.ArrowInvalid, pyarrow.ArrowNotImplementedError):
            cells = self.values
        if pyarrow.types.is_string(cells.type):
            cells = compute.utf8_trim_whitespace(cells)
        low, high = 0, len(cells)  # cells below low are good, those below high are not
        while low < high:
            middle = (low + high) // 2
            try:
                cells[low : middle + 1].cast(arrow_type)
                low = middle + 1
            except (pyarrow.ArrowInvalid, pyarrow.ArrowNotImplementedError):
                high = middle
        if low < len(cells):
            raise self.error(f"'{self.text(low)}' is not {expected}" if self.text(low) else "is empty", low)
        return cells.cast(arrow_type)

    def _numbers(self) -> NDArray[Any]:
        """Return int64 when all cells are whole numbers, else float64."""
        import pyarrow
        from pyarrow import compute

        types = pyarrow.types
        if self.values.null_count:
            empty = int(np.argmax(self.values.is_null().to_numpy(zero_copy_only=False)))
            raise self.error("is empty", empty)
        if types.is_integer(self.values.type) and self.values.type != pyarrow.uint64():
            return numbers_of(self.values.cast(pyarrow.int64()))
        if types.is_string(self.values.type) and compute.all(compute.ascii_is_decimal(self.values)).as_py():
            try:
                return numbers_of(self.values.cast(pyarrow.int64()))
            except pyarrow.ArrowInvalid:
                pass
        return numbers_of(self.cast(pyarrow.float64(), "a number"))

    def _times(self, numbers: Int64, unit_ns: int) -> Int64:
        """Multiply without overflow: what is too long becomes the first time that is, what is negative -1."""
        limited = np.clip(numbers, -1, NEVER_NS // unit_ns)
        return np.where(limited == NEVER_NS // unit_ns, NEVER_NS, limited * unit_ns)

    def _limited(self, times: NDArray[Any]) -> Int64:
        wrong = ~((times >= 0) & (times < NEVER_NS))
        if wrong.any():
            index = int(np.argmax(wrong))
            text = self.text(index)
            if times[index] < 0:
                raise self.error(f"'{text}' is negative; give zero or more", index)
            raise self.error(f"'{text}' is not a time, or one beyond 146 years (2^62 ns)", index)
        return np.rint(times).astype(np.int64) if times.dtype.kind == "f" else times

    def _given(self) -> NDArray[np.bool_]:
        import pyarrow
        from pyarrow import compute

        given = self.values.is_valid()
        if pyarrow.types.is_string(self.values.type):
            blank = compute.equal(compute.utf8_trim_whitespace(self.values.fill_null("")), "")
            given = compute.and_not(given, blank)
        return given.to_numpy(zero_copy_only=False)  # type: ignore[no-any-return]

    def _filled(self, given: NDArray[np.bool_]) -> Any:
        """Return the cells with zeros where none is given."""
        import pyarrow
        from pyarrow import compute

        zero = pyarrow.scalar(0).cast(self.values.type)
        return self.values if given.all() else compute.if_else(given, self.values, zero)


def numbers_of(array: Any) -> NDArray[Any]:
    """Return pyarrow's array of numbers, none of them missing, as numpy's; ``to_numpy`` would load pandas for it."""
    kind = np.dtype(array.type.to_pandas_dtype())
    if not len(array):
        return np.zeros(0, kind)
    return np.frombuffer(array.buffers()[1], kind, array.offset + len(array))[array.offset :]

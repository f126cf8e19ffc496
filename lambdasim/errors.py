"""The errors lambdasim raises on purpose. Their text is meant for a person and is complete without a traceback."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with what the user gave, and where."""

    file: str | None
    line: int | None
    path: str | None
    """Dotted path of the key, such as ``function.api.timeout``."""
    message: str

    def __str__(self) -> str:
        """Return ``file:line: path: message``, without the parts that are not known."""
        place = self.file or ""
        if self.line is not None:
            place = f"{place}:{self.line}" if place else f"line {self.line}"
        return ": ".join(part for part in (place, self.path, self.message) if part)


class LambdasimError(Exception):
    """Base of all errors below; ``exit_code`` is what the command line returns."""

    exit_code: ClassVar[int] = 1


class InputError(LambdasimError):
    """A file, key, value or argument that cannot be used; holds every problem found, in the order to show them."""

    exit_code: ClassVar[int] = 2

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))

    def __reduce__(self) -> tuple[Any, ...]:
        """Return how to make an equal error in another process."""
        return type(self), (self.problems,)

    @classmethod
    def single(
        cls, message: str, *, file: str | None = None, line: int | None = None, path: str | None = None
    ) -> "InputError":
        """Return the error that holds one problem."""
        return cls([Problem(file, line, path, message)])


class MissingExtra(InputError):
    """A feature needs a package that is not installed."""


class Interrupted(LambdasimError):
    """The user stopped the run (Ctrl-C or SIGTERM); ``partial`` is the result so far, if there is one."""

    exit_code: ClassVar[int] = 130

    def __init__(self, message: str, *, partial: Any = None) -> None:
        self.partial = partial
        super().__init__(message)

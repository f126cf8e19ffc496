"""Sentences that keep the values they tell: people read the words, checks read the values by their names.

``say("{throttle_rate:percent} of {name}'s requests were throttled", throttle_rate=0.042, name="api")`` is a string like
any other, and its one clause knows that ``throttle_rate`` is 0.042. Standard library only.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from string import Formatter
from typing import Any, Final

from lambdasim.report.words import count, milliseconds, number, percent, significant, span

FORMATS: Final[Mapping[str, Callable[[Any], str]]] = {
    "percent": percent,
    "count": count,
    "ms": milliseconds,
    "number": lambda value: significant(number(value)),
    "span": lambda value: span(number(value)),
}
"""How a value is written, by what stands after the colon of its field."""


@dataclass(frozen=True, slots=True)
class Worded:
    """A value whose words only its teller knows, such as an amount in the bill's currency."""

    value: Any
    words: str

    def __str__(self) -> str:
        return self.words


@dataclass(frozen=True, slots=True)
class Clause:
    """A template and the values of its fields, as they are in the summary or the data."""

    template: str
    values: Mapping[str, Any]


class Sentence(str):
    """Words that know their clauses; added to other words it remains one."""

    __slots__ = ("clauses",)

    clauses: tuple[Clause, ...]

    def __new__(cls, words: str = "", clauses: tuple[Clause, ...] = ()) -> "Sentence":
        sentence = super().__new__(cls, words)
        sentence.clauses = clauses
        return sentence

    def __add__(self, after: str) -> "Sentence":
        return Sentence(super().__add__(after), self.clauses + clauses_of(after))

    def __radd__(self, before: str) -> "Sentence":
        return Sentence(before.__add__(str(self)), clauses_of(before) + self.clauses)


def clauses_of(words: str) -> tuple[Clause, ...]:
    """Return the clauses of a sentence; plain words have none."""
    return words.clauses if isinstance(words, Sentence) else ()


def say(template: str, **values: Any) -> Sentence:
    """Return the sentence of a template and its values, of which those that are sentences bring their own clauses."""
    told = {name: value.value if isinstance(value, Worded) else value for name, value in values.items()}
    own = {name: value for name, value in told.items() if not isinstance(value, Sentence)}
    inner = tuple(clause for value in told.values() if isinstance(value, Sentence) for clause in value.clauses)
    return Sentence(_WRITER.vformat(template, (), values), (Clause(template, own), *inner))


class _Writer(Formatter):
    def format_field(self, value: Any, spec: str) -> str:
        return FORMATS[spec](value) if spec in FORMATS else str(format(str(value), spec))


_WRITER: Final = _Writer()

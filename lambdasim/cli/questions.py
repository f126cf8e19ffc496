"""The questions: experiments that each answer one, with the command in their second line.

They are the files of ``experiments/questions``: in a checkout read there, in an installed package from the copy that
its wheel carries. Knows how they open and nothing of what they simulate.
"""

from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from lambdasim.errors import InputError


@dataclass(frozen=True, slots=True)
class Question:
    """One question: its number, its words, and the file that answers it."""

    number: int
    title: str
    file: str
    """Name of the file, as ``01-which-quota.toml``."""
    text: str
    """What the file holds."""

    @property
    def command(self) -> str:
        """What is typed to answer it, with the path that the file has in a checkout."""
        return self.text.splitlines()[1].removeprefix("# ")

    def command_for(self, path: str) -> str:
        """Return what is typed to answer it with a copy of the file at ``path``."""
        return self.command.replace(f"experiments/questions/{self.file}", path)

    def copy_at(self, path: str) -> str:
        """Return the text of a copy at ``path``, whose commands name that path."""
        return self.text.replace(f"experiments/questions/{self.file}", path)


def questions() -> list[Question]:
    """Return every question, by number."""
    found = []
    for entry in sorted(_folder().iterdir(), key=lambda entry: entry.name):
        number = entry.name.partition("-")[0]
        if entry.name.endswith(".toml") and number.isdecimal():
            text = entry.read_text(encoding="utf-8")
            found.append(Question(int(number), text.partition("\n")[0].removeprefix("# "), entry.name, text))
    return found


def question(number: int) -> Question:
    """Return one question; raises :class:`lambdasim.errors.InputError`, which names those that there are."""
    known = questions()
    found = next((one for one in known if one.number == number), None)
    if found is None:
        raise InputError.single(f"there is no question {number}; the questions are:\n{listed(known)}")
    return found


def listed(known: list[Question]) -> str:
    """Return the questions as lines of number and title."""
    return "\n".join(f"  {one.number:>2}  {one.title}" for one in known)


def _folder() -> Traversable:
    checkout = Path(__file__).parents[2] / "experiments" / "questions"
    return checkout if checkout.is_dir() else files("lambdasim") / "questions"

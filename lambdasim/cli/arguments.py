"""Parsing of a command's arguments, and the options that commands share.

On top of the standard parser: options may stand between files, nothing may be abbreviated, a wrong word is
answered with the nearest right one, and every mistake is an :class:`InputError`.
"""

import argparse
import difflib
import re
from collections.abc import Callable, Iterable, Sequence
from typing import NoReturn

from lambdasim.cli.output import emit
from lambdasim.errors import InputError


class Parser(argparse.ArgumentParser):
    """The parser of one command."""

    def __init__(self, command: str, purpose: str, epilog: str | None = None) -> None:
        super().__init__(
            prog=f"lambdasim {command}",
            description=purpose,
            epilog=epilog,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )

    def read(self, arguments: Sequence[str]) -> argparse.Namespace:
        """Return the values of ``arguments``; raises :class:`InputError`. ``--help`` prints and leaves."""
        return self.parse_intermixed_args(arguments)

    def print_help(self, file: object = None) -> None:
        """Write the help to stdout; a reader who has gone away is no error."""
        emit(self.format_help())

    def error(self, message: str) -> NoReturn:
        """Raise :class:`InputError` with the message, the nearest known word and where to read more."""
        unknown = re.search(r"unrecognized arguments: (-[^\s=]+)", message)
        choice = re.search(r"invalid choice: '(.*)' \(choose from (.*)\)", message)
        hint = ""
        if unknown:
            hint = did_you_mean(unknown[1], self._option_string_actions)
        elif choice:
            hint = did_you_mean(choice[1], re.findall(r"[\w-]+", choice[2]))
        raise InputError.single(f"{self.prog}: {message}{hint}\nSee {self.prog} --help.")


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ``"; did you mean 'x'?"`` for the nearest of ``known``, or nothing when none is near."""
    near = difflib.get_close_matches(word, list(known), n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


def override(text: str) -> tuple[str, str]:
    """Split ``PATH=VALUE`` of ``--set``."""
    path, equals, value = text.partition("=")
    if not equals or not path.strip():
        raise argparse.ArgumentTypeError(f"{text!r} is not PATH=VALUE, such as function.api.memory='512 MB'")
    return path.strip(), value.strip()


def add_experiment_options(parser: Parser, files: str | int = "+") -> None:
    """Add the files and what may change their values: the options of every command that reads experiments.

    ``files`` is how many there are, as the standard parser's ``nargs``.
    """
    parser.add_argument("files", nargs=files, metavar="FILE", help="experiment file (TOML)")
    parser.add_argument(
        "--set",
        dest="overrides",
        type=override,
        action="append",
        default=[],
        metavar="PATH=VALUE",
        help="change a value of the file, such as function.api.memory='512 MB'; repeatable",
    )
    parser.add_argument("--seed", type=whole(0), metavar="N", help="seed of all randomness, default: the file's")
    parser.add_argument("--replications", type=whole(1), metavar="N", help="independent repetitions")
    parser.add_argument("--engine", choices=("auto", "simpy", "compiled"), help="who simulates, default: the file's")


def add_figures_option(parser: Parser) -> None:
    """Add ``--no-figures``, of the commands that save results."""
    parser.add_argument(
        "--no-figures", dest="figures", action="store_false", help="draw none; lambdasim report draws them later"
    )


def overrides_of(options: argparse.Namespace) -> list[tuple[str, str]]:
    """Return every change to the file as ``(path, value)``; the dedicated options come last and win."""
    dedicated = {name: getattr(options, name) for name in ("seed", "replications", "engine")}
    changes: list[tuple[str, str]] = list(options.overrides)
    changes.extend((f"simulation.{name}", str(value)) for name, value in dedicated.items() if value is not None)
    return changes


def whole(least: int) -> Callable[[str], int]:
    """Return what reads a whole number that is at least ``least``."""

    def read(text: str) -> int:
        if not text.isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least {least}")
        return int(text)

    return read

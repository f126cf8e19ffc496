"""``lambdasim new``: a commented experiment file to start from."""

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from lambdasim.cli.arguments import Parser
from lambdasim.cli.exit_code import ExitCode
from lambdasim.cli.output import complain, emit
from lambdasim.errors import InputError


def main(arguments: Sequence[str]) -> int:
    """Write the file, print its path; never overwrites. Raises :class:`lambdasim.errors.InputError`."""
    parser = Parser("new", "Write a commented experiment file to start from; never overwrites one.")
    parser.add_argument("name", nargs="?", metavar="NAME", help="name of the experiment, default: experiment")
    parser.add_argument("--out", type=Path, metavar="FILE", help="file to write, default: NAME.toml")
    options = parser.read(arguments)
    name = (options.name or (options.out.stem if options.out else "experiment")).removesuffix(".toml")
    if not name or not all(letter.isprintable() and letter not in '"\\{}/' for letter in name):
        raise InputError.single(f"{name!r} cannot name an experiment; use letters, digits, '-' and '_'")
    path = options.out or Path(f"{name}.toml")
    try:
        with path.open("x", encoding="utf-8") as stream:
            stream.write(starter(name, str(path)))
    except FileExistsError as error:
        raise InputError.single(f"{path} exists and is not overwritten; choose another NAME or --out") from error
    except OSError as error:
        raise InputError.single(f"cannot write {path}: {error.strerror}") from error
    emit(str(path))
    complain(f"Next: lambdasim check {path}; lambdasim run {path}")
    return ExitCode.DONE


def starter(name: str, file: str) -> str:
    """Return the text of the starter experiment called ``name``, to be kept in ``file``."""
    template = files("lambdasim.cli") / "templates" / "starter.toml"
    return template.read_text(encoding="utf-8").format(name=name, file=file)

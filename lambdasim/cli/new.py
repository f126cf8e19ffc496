"""``lambdasim new``: a commented experiment file to start from, the starter or the file of a question."""

import argparse
import json
import os
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Final

from lambdasim.cli.arguments import Parser, whole
from lambdasim.cli.exit_code import ExitCode
from lambdasim.cli.output import complain, emit
from lambdasim.cli.questions import listed, question, questions
from lambdasim.errors import InputError
from lambdasim.saving import write_whole

SCHEMA: Final = "lambdasim.schema.json"
"""The schema that editors complete and check experiment files with, written beside them."""


def main(arguments: Sequence[str]) -> int:
    """Write the file and its schema, print its path; never overwrites. Raises :class:`lambdasim.errors.InputError`."""
    asked = questions()
    epilog = f"questions, each with the command that answers it in its file:\n{listed(asked)}\n"
    parser = Parser("new", "Write a commented experiment file to start from; never overwrites one.", epilog)
    parser.add_argument(
        "name", nargs="?", metavar="NAME", help="name of the experiment, or its file, default: experiment"
    )
    parser.add_argument("--out", type=Path, metavar="FILE", help="file to write, default: NAME.toml")
    parser.add_argument("--question", type=whole(1), metavar="N", help="start from the file that answers question N")
    options = parser.read(arguments)
    name, path, text, following = _chosen(options)
    if not name or not all(letter.isprintable() and letter not in '"\\{}/' for letter in name):
        raise InputError.single(f"{name!r} cannot name an experiment; use letters, digits, '-' and '_'")
    if os.path.lexists(path):
        raise InputError.single(f"{path} exists and is not overwritten; choose another NAME or --out")
    try:
        write_whole(path, with_schema(text))
    except OSError as error:
        raise InputError.single(f"cannot write {path}: {error.strerror}") from error
    _write_schema(path.parent / SCHEMA)
    emit(str(path))
    complain(f"Next: lambdasim check {path}; {following}")
    return ExitCode.DONE


def with_schema(text: str) -> str:
    """Return a file whose opening comment ends with the line that tells editors (Taplo, Tombi) where its schema is."""
    lines = text.splitlines(keepends=True)
    end = next((number for number, line in enumerate(lines) if not line.startswith("#")), len(lines))
    return "".join([*lines[:end], f"#:schema {SCHEMA}\n", *lines[end:]])


def _write_schema(path: Path) -> None:
    """Write the schema beside the file; another's is left as it is, and so is a folder that takes no more files."""
    from lambdasim.config.json_schema import TITLE, schema_json

    try:
        if path.exists() and json.loads(path.read_bytes()).get("title") != TITLE:
            return
        write_whole(path, json.dumps(schema_json(), indent=2, ensure_ascii=False) + "\n")
    except (OSError, ValueError, AttributeError):
        complain(f"Editors find no schema: {path} cannot be written; lambdasim schema prints it.")


def _chosen(options: argparse.Namespace) -> tuple[str, Path, str, str]:
    """Return the name, the file, its text, and the command to go on with."""
    is_file = (options.name or "").endswith(".toml")
    out = options.out or (Path(options.name) if is_file else None)
    given = Path(options.name).stem if is_file else options.name or (out.stem if out else None)
    if options.question is None:
        name = given or "experiment"
        path = out or Path(f"{name}.toml")
        return name, path, starter(name, str(path)), f"lambdasim run {path}"
    one = question(options.question)
    stem = one.file.removesuffix(".toml")
    name = given or stem
    path = out or Path(f"{name}.toml")
    text = one.copy_at(str(path)).replace(f'"{stem}"', f'"{name}"', 1)
    return name, path, text, one.command_for(str(path))


def starter(name: str, file: str) -> str:
    """Return the text of the starter experiment called ``name``, to be kept in ``file``."""
    template = files("lambdasim.cli") / "templates" / "starter.toml"
    return template.read_text(encoding="utf-8").format(name=name, file=file)

"""``lambdasim export``: what a run left, in the format of another tool."""

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from lambdasim.cli.arguments import Parser
from lambdasim.cli.exit_code import ExitCode
from lambdasim.cli.output import emit
from lambdasim.errors import InputError
from lambdasim.export import FORMATS


def main(arguments: Sequence[str]) -> int:
    """Write one file and print its path. Raises :class:`lambdasim.errors.InputError` for what cannot be exported."""
    listed = "\n".join(f"  {name:<10}{of.purpose}" for name, of in FORMATS.items())
    epilog = f"formats:\n{listed}\n\nA file whose name ends with .gz is compressed. Needs output.requests.\n"
    parser = Parser("export", "Write what a run left in the format of another tool.", epilog)
    parser.add_argument("format", choices=FORMATS, metavar="FORMAT", help=f"one of {', '.join(FORMATS)}")
    parser.add_argument("run", type=Path, metavar="RUN", help="folder of a run")
    parser.add_argument("--out", type=Path, metavar="FILE", required=True, help="file to write, in place of one there")
    options = parser.read(arguments)
    try:
        import_module(FORMATS[options.format].module).write(options.run, options.out)
    except OSError as error:
        raise InputError.single(f"cannot write {options.out}: {error.strerror}") from error
    emit(str(options.out))
    return ExitCode.DONE

"""What is typed becomes a command, and what a command ends with becomes an exit code.

Knows the names of the commands and nothing of what they do. The parser is the standard library's: measured in
2026-11, a typer program of two empty commands takes 60 ms more for ``--help``, of the 300 ms that it may take.
"""

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Final

from lambdasim.cli.arguments import did_you_mean
from lambdasim.cli.exit_code import ExitCode
from lambdasim.cli.output import complain, emit, report_bug, tolerate_any_encoding
from lambdasim.cli.process import start_lean
from lambdasim.errors import InputError, Interrupted

COMMANDS: Final = {
    "run": "simulate experiments and write what happened",
    "compare": "say what a change does, under the same random numbers",
    "sweep": "simulate every point of a design over some values",
    "capacity": "find the largest load, or the smallest quota, that meets the SLOs",
    "optimize": "find the cheapest configuration that meets the SLOs",
    "sensitivity": "see which assumptions about AWS matter",
    "calibrate": "make a model of functions from their logs",
    "validate": "set predictions beside published measurements, or beside a log of yours",
    "check": "validate experiment files; show defaults and a back-of-the-envelope",
    "explain": "say what a key of an experiment file means",
    "export": "write what a run left in the format of another tool",
    "report": "make the report.html of a run again, from the files it left",
    "new": "write a commented experiment file to start from",
    "schema": "print the JSON schema of experiment files",
    "doctor": "show versions, engines, folders and data dates",
}

HELP: Final = """\
usage: lambdasim COMMAND [ARGUMENTS]

Simulate how AWS Lambda scales, throttles and bills an experiment.

commands:
{commands}

options:
  -h, --help  show this help; after a command, the command's
  --version   show the version

exit codes: 0 done and every SLO met, 1 a bug in lambdasim, 2 bad usage or input,
3 ran but incomplete or undecided, 99 an SLO was missed, 130 interrupted
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line ``argv`` (default: the process's own, without the program's name); return the exit code.

    Results go to stdout, everything else to stderr. No exception leaves this function.
    """
    tolerate_any_encoding()
    if argv is not None:
        return _answered(list(argv))
    methods = start_lean()
    try:
        return _answered(sys.argv[1:])
    finally:
        methods.keep()


def _answered(arguments: list[str]) -> int:
    try:
        return _dispatch(arguments)
    except SystemExit:
        return ExitCode.DONE  # the parser leaves so after --help
    except (InputError, Interrupted) as error:
        complain(str(error))
        return error.exit_code
    except KeyboardInterrupt:
        complain("interrupted")
        return ExitCode.INTERRUPTED
    except Exception as error:
        return report_bug(error)


def _dispatch(arguments: list[str]) -> int:
    if not arguments:
        complain(_help())
        return ExitCode.BAD_INPUT
    command, *rest = arguments
    if command in ("-h", "--help", "help"):
        emit(_help())
        return ExitCode.DONE
    if command == "--version":
        from lambdasim import __version__

        emit(f"lambdasim {__version__}")
        return ExitCode.DONE
    if command not in COMMANDS:
        kind = "option" if command.startswith("-") else "command"
        known = ["--help", "--version"] if kind == "option" else list(COMMANDS)
        near = did_you_mean(command, known)
        raise InputError.single(f"lambdasim: there is no {kind} {command!r}{near}\nSee lambdasim --help.")
    exit_code: int = import_module(f"lambdasim.cli.{command}").main(rest)
    return exit_code


def _help() -> str:
    return HELP.format(commands="\n".join(f"  {name:<11}  {purpose}" for name, purpose in COMMANDS.items())).rstrip()

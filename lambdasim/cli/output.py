"""Where a command's words go: results to stdout, everything else to stderr.

Survives what the other end may do: a pipe closed early, a stream that was closed from the start, a terminal
that knows few characters.
"""

import io
import logging
import os
import shutil
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from lambdasim.cli.exit_code import ExitCode
from lambdasim.errors import InputError
from lambdasim.saving import write_whole

WARNING: Final = "warning: "
"""What a line begins with that tells of something wrong which keeps nobody from going on."""


def tolerate_any_encoding() -> None:
    """Let the streams write ``?`` for what they cannot encode, rather than fail."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def text_width() -> int:
    """Return how many columns a text on stdout may take: those of the terminal, else 80."""
    return max(40, shutil.get_terminal_size().columns) if sys.stdout is not None and sys.stdout.isatty() else 80


def text_encoding() -> str:
    """Return the encoding of stdout."""
    return getattr(sys.stdout, "encoding", None) or "utf-8"


def emit(text: str) -> None:
    """Write a result to stdout, ended by one newline.

    A reader who has gone away (``| head``) is no error. Raises :class:`InputError` when stdout cannot be written.
    """
    if sys.stdout is None:
        return
    try:
        sys.stdout.write(text if text.endswith("\n") else text + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        _drop_stdout()
    except OSError as error:
        _drop_stdout()
        raise InputError.single(f"cannot write to stdout: {error.strerror}") from error


def complain(text: str) -> None:
    """Write a line for the person at the keyboard to stderr."""
    with suppress(OSError, AttributeError):
        sys.stderr.write(text + "\n")
        sys.stderr.flush()


@contextmanager
def warnings_as_lines() -> Iterator[None]:
    """While open, show each distinct warning of the library as one line on stderr, without its place in the code."""
    with warnings.catch_warnings():
        warnings.simplefilter("default", UserWarning)
        warnings.showwarning = lambda message, *_args, **_named: complain(f"{WARNING}{message}")
        yield


@contextmanager
def notes_as_lines(*, quiet: bool) -> Iterator[None]:
    """While open, show what the library notes in its log, or warns of there, as lines on stderr, each once."""
    said: set[str] = set()

    class Lines(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            line = f"{WARNING if record.levelno >= logging.WARNING else ''}{record.getMessage()}"
            if line not in said:
                said.add(line)
                complain(line)

    log, handler = logging.getLogger("lambdasim"), Lines()
    level = log.level
    log.setLevel(logging.WARNING if quiet else logging.INFO)
    log.addHandler(handler)
    try:
        yield
    finally:
        log.removeHandler(handler)
        log.setLevel(level)


def report_bug(error: BaseException, folder: Path | None = None) -> int:
    """Say that ``error`` is our fault; its traceback goes to ``crash.txt`` in ``folder``, else to stderr."""
    import platform
    import traceback

    details = (
        f"lambdasim on Python {platform.python_version()}, {platform.platform()}\n"
        f"arguments: {sys.argv[1:]}\n\n{''.join(traceback.format_exception(error))}"
    )
    where = "The traceback is above"
    try:
        if folder is None:
            raise OSError
        write_whole(folder / "crash.txt", details)
        where = f"The traceback is in {folder / 'crash.txt'}"
    except OSError:
        complain(details)
    complain(f"lambdasim failed: {type(error).__name__}: {error}")
    complain(f"This is a bug in lambdasim, not in your files. {where}; please report it with the experiment.")
    return ExitCode.BUG


def _drop_stdout() -> None:
    """Point stdout at nothing, so that the interpreter's last flush does not fail either."""
    with suppress(OSError, AttributeError, io.UnsupportedOperation):
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, sys.stdout.fileno())
        os.close(nothing)

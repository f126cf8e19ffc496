"""Commands, options and exit codes before any experiment is read."""

import io
import logging
import os
import subprocess
import sys
import warnings

import pytest

from lambdasim import __main__, __version__
from lambdasim.cli import app, main, output
from lambdasim.errors import InputError


def test_help_names_every_command_and_exit_code(capsys) -> None:
    assert main(["--help"]) == 0
    out = capsys.readouterr().out
    assert all(f"  {command} " in out for command in app.COMMANDS)
    assert all(str(code) in out for code in (0, 1, 2, 3, 99, 130))


@pytest.mark.parametrize("command", app.COMMANDS)
def test_every_command_has_help(command: str, capsys) -> None:
    assert main([command, "--help"]) == 0
    assert f"usage: lambdasim {command}" in capsys.readouterr().out


def test_version(capsys) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("lambdasim ")


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        ([], "usage: lambdasim COMMAND"),
        (["rum"], "there is no command 'rum'; did you mean 'run'?"),
        (["--versoin"], "there is no option '--versoin'; did you mean '--version'?"),
        (["run"], "required: FILE"),
        (["run", "a.toml", "--replicatoins", "3"], "did you mean '--replications'?"),
        (["run", "a.toml", "--rep", "3"], "unrecognized arguments: --rep"),
        (["run", "a.toml", "--engine", "simpi"], "did you mean 'simpy'?"),
        (["run", "a.toml", "--format", "jsn"], "did you mean 'json'?"),
        (["run", "a.toml", "--seed", "-1"], "--seed"),
        (["run", "a.toml", "--seed", "1.5"], "'1.5' is not a whole number of at least 0"),
        (["run", "a.toml", "--replications", "0"], "'0' is not a whole number of at least 1"),
        (["run", "a.toml", "--set", "memory"], "'memory' is not PATH=VALUE"),
        (["run", "a.toml", "--set", "=5"], "'=5' is not PATH=VALUE"),
        (["doctor", "extra"], "unrecognized arguments: extra"),
    ],
)
def test_bad_usage_is_exit_code_2_with_a_hint_on_stderr(argv: list[str], words: str, capsys) -> None:
    assert main(argv) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert words in err
    assert "Traceback" not in err


@pytest.mark.parametrize("quiet", [False, True])
def test_what_the_library_says_is_a_line_each_and_warnings_are_told_apart(quiet: bool, capsys) -> None:
    log = logging.getLogger("lambdasim")
    with output.warnings_as_lines(), output.notes_as_lines(quiet=quiet):
        for _ in range(2):
            log.info("compiling")
            log.warning("%s is damaged, and is made again", "a file")
        warnings.warn("a warm-up is short", UserWarning, stacklevel=1)
    said = ["warning: a file is damaged, and is made again", "warning: a warm-up is short"]
    assert capsys.readouterr().err.splitlines() == ([] if quiet else ["compiling"]) + said


@pytest.mark.parametrize(
    ("command", "place"),
    [
        (["doctor"], "lambdasim.cli.doctor.examine"),
        (["doctor", "--bench"], "lambdasim.cli.doctor.measure"),
        (["validate"], "lambdasim.cli.validate._how_sure"),
        (["calibrate", "log", "--out", "here"], "lambdasim.calibration.calibrate.calibrate"),
    ],
)
def test_commands_without_progress_tell_warnings_alone(command, place: str, monkeypatch, capsys, tmp_path) -> None:
    def says(*_arguments: object, **_named: object) -> object:
        logging.getLogger("lambdasim").info("a note")
        logging.getLogger("lambdasim").warning("a library is left aside")
        raise InputError.single("enough")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(place, says)
    assert main(command) == 2
    assert capsys.readouterr().err == "warning: a library is left aside\nenough\n"


def test_a_bug_outside_a_run_prints_its_traceback_and_asks_for_a_report(monkeypatch, capsys) -> None:
    def fail(_arguments: list[str]) -> int:
        raise ZeroDivisionError("oops")

    monkeypatch.setattr(app, "_dispatch", fail)
    assert main(["run"]) == 1
    err = capsys.readouterr().err
    assert "Traceback" in err
    assert "report it" in err


def test_ctrl_c_outside_a_simulation_is_130(monkeypatch, capsys) -> None:
    def stop(_arguments: list[str]) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(app, "_dispatch", stop)
    assert main(["check"]) == 130
    assert capsys.readouterr().err == "interrupted\n"


def test_ctrl_c_while_the_program_is_loaded_is_130(monkeypatch) -> None:
    class Stopped:
        def __getattr__(self, _name: str) -> object:
            raise KeyboardInterrupt

    monkeypatch.setitem(sys.modules, "lambdasim.cli", Stopped())
    assert __main__.main() == 130


PROGRAM = """
import atexit, sys
from lambdasim.__main__ import program

class Loaded:
    def __del__(self):
        print("taken apart")

loaded, sys.argv = Loaded(), ["lambdasim", *sys.argv[1:]]
if "{when}" == "later":
    sys.modules["lambdasim.cli.new"] = type(sys)("new")
    def main(arguments):
        atexit.register(print, "what is registered later comes first", end="")
        {end}
    sys.modules["lambdasim.cli.new"].main = main
program()
"""


@pytest.mark.parametrize(
    ("when", "end", "arguments", "code", "out"),
    [
        ("", "", ["--version"], 0, f"lambdasim {__version__}\n"),
        ("", "", ["no-command"], 2, ""),
        ("later", "return 99", ["new"], 99, "what is registered later comes first"),
        ("later", "raise GeneratorExit", ["new"], 1, "what is registered later comes firsttaken apart\n"),
    ],
    ids=["done", "bad input", "an SLO missed", "an error that nobody catches"],
)
def test_the_program_ends_at_once_with_its_exit_code(when, end, arguments, code, out) -> None:
    program = PROGRAM.format(when=when, end=end)
    done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (code, out)


def test_characters_that_a_terminal_does_not_know_are_replaced(monkeypatch) -> None:
    narrow = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", narrow)
    output.tolerate_any_encoding()
    output.emit("±5 %")
    assert narrow.buffer.getvalue() == b"?5 %\n"


def _shell(command: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    line = command.replace("lambdasim", f"'{sys.executable}' -m lambdasim")
    return subprocess.run(["bash", "-c", line], env=environment, capture_output=True, text=True, timeout=60)


@pytest.mark.skipif(os.name == "nt", reason="needs a POSIX shell")
@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("lambdasim --help | true; exit ${PIPESTATUS[0]}", 0),
        ("lambdasim --help >&-", 0),
        ("lambdasim --help 2>&-", 0),
        ("lambdasim --help <&-", 0),
        ("lambdasim rum 2>&-", 2),
    ],
)
def test_closed_streams_are_survived_quietly(command: str, code: int, environment) -> None:
    done = _shell(command, environment)
    assert (done.returncode, done.stderr) == (code, "")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk_behind_stdout_is_told(environment) -> None:
    done = _shell("lambdasim --help >/dev/full", environment)
    assert (done.returncode, done.stderr) == (2, "cannot write to stdout: No space left on device\n")

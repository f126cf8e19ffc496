"""Bars on real terminals of several kinds, and signals to a real process."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

pty = pytest.importorskip("pty")

SCRIPT = """
import sys, time
sys.path.insert(0, sys.argv.pop(1))
from conftest import FakeFiles, install
from lambdasim.cli import main
files = FakeFiles()
def during(step):
    if {pause} > 1:
        print("simulating", file=sys.stderr, flush=True)
    time.sleep({pause})
files.add("a.toml", name="a-name-much-longer-than-a-narrow-terminal", during=during)
install(files)
sys.exit(main(sys.argv[1:]))
"""


def _command(pause: float, *arguments: str) -> list[str]:
    here = str(Path(__file__).parent)
    return [sys.executable, "-c", SCRIPT.replace("{pause}", str(pause)), here, "run", "a.toml", *arguments]


def _on_a_terminal(folder: Path, columns: int, environment: dict[str, str], *arguments: str) -> tuple[str, str]:
    """Run with stderr on a terminal; return what it showed, and stdout."""
    import fcntl
    import struct
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    process = subprocess.Popen(
        _command(0.12, *arguments),
        cwd=folder,
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=theirs,
        env={"TERM": "xterm-256color", **environment},
    )
    os.close(theirs)
    shown = b""
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:  # how Linux tells that the other end has closed
            break
        if not part:
            break
        shown += part
    os.close(ours)
    assert process.stdout is not None
    with process.stdout as stream:
        out = stream.read()
    assert process.wait(timeout=30) == 0
    return shown.decode(), out.decode()


@pytest.mark.parametrize("columns", [40, 100])
def test_a_terminal_shows_a_bar_with_fraction_speed_and_time_left(tmp_path: Path, environment, columns: int) -> None:
    shown, out = _on_a_terminal(tmp_path, columns, environment)
    assert "50%" in shown
    assert "1.2k inv/s" in shown
    assert "1:01 left" in shown
    assert "\x1b[3" in shown
    bars = [re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", line) for line in re.split(r"[\r\n]", shown) if "inv/s" in line]
    assert max(len(bar) for bar in bars) <= columns
    assert out.startswith("All is well")
    assert "\x1b" not in out


def test_no_color_keeps_the_bar_and_drops_every_style(tmp_path: Path, environment) -> None:
    shown, _ = _on_a_terminal(tmp_path, 80, environment | {"NO_COLOR": "1"})
    assert "inv/s" in shown
    assert re.search(r"\x1b\[[0-9;]*m", shown) is None


@pytest.mark.parametrize(("arguments", "term"), [([], "dumb"), (["--quiet"], "xterm")])
def test_dumb_terminals_and_quiet_show_no_bar(tmp_path: Path, environment, arguments: list[str], term: str) -> None:
    shown, _ = _on_a_terminal(tmp_path, 80, environment | {"TERM": term}, *arguments)
    assert "inv/s" not in shown
    assert "\x1b" not in shown


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_second_signal_leaves_at_once(tmp_path: Path, environment, number: int) -> None:
    process = subprocess.Popen(
        _command(60), cwd=tmp_path, env=environment, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL
    )
    assert process.stderr is not None
    try:
        while b"simulating" not in process.stderr.readline():
            assert process.poll() is None
        process.send_signal(number)
        while b"once more" not in process.stderr.readline():
            assert process.poll() is None
        process.send_signal(number)
        assert process.wait(timeout=10) == 130
    finally:
        process.kill()
        process.wait()
        process.stderr.close()

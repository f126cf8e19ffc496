"""The words of the progress display."""

import io
from types import SimpleNamespace

import pytest

from lambdasim.cli import progress


@pytest.mark.parametrize(
    ("fraction", "rate", "eta_s", "words"),
    [
        (0.0, 0.0, None, "  0%  0 inv/s"),
        (0.999, 999.4, 59.6, " 99%  999 inv/s  1:00 left"),
        (1.0, 1_234_567.0, 0.0, "100%  1.2M inv/s  0:00 left"),
        (0.5, 2.5e9, 360_000.0, " 50%  2.5G inv/s  100:00:00 left"),
    ],
)
def test_numbers_are_short(fraction: float, rate: float, eta_s: float | None, words: str) -> None:
    assert progress.numbers(SimpleNamespace(fraction=fraction, rate=rate, eta_s=eta_s)) == words
    assert len(words) <= 32


def test_a_log_gets_a_line_now_and_then(monkeypatch, capsys) -> None:
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    with progress.shown_progress("shop", quiet=False) as show:
        for second in range(65):
            now[0] = float(second)
            show(SimpleNamespace(fraction=second / 65, rate=10.0, eta_s=65.0 - second))
    assert capsys.readouterr().err.splitlines() == [
        "shop:  46%  10 inv/s  0:35 left",
        "shop:  92%  10 inv/s  0:05 left",
    ]


def test_a_stream_that_is_no_terminal_draws_no_bars(monkeypatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    assert not progress.draws_bars(io.StringIO())

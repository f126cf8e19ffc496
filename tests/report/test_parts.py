"""What a report says of restores, warmers and pools, where there are any."""

from pathlib import Path

from lambdasim import load_experiment
from lambdasim.report.parts import parts
from lambdasim.report.text import summary_text

TEXT = """
[simulation]
duration = "1h"
[function.api]
runtime = "java21"
snapstart = true
memory = "1024 MB"
duration = "constant(100ms)"
uses = [{ downstream = "db" }]
[function.api.cold_start]
restore = "constant(400ms)"
first_restores = 1.0
[function.net]
init = "constant(1s)"
duration = "constant(100ms)"
idle_timeout = "constant(10min)"
max_lifetime = "none"
[function.net.cold_start]
proactive = 1.0
[downstream.db]
type = "database"
max_connections = 1
pool = {}
[warmer.pings]
function = "net"
environments = 2
[[load]]
target = "api"
executor = "constant-arrival-rate"
process = "deterministic"
rate = "1/s"
duration = "10s"
[[load]]
name = "two-at-once"
target = "api"
executor = "constant-arrival-rate"
process = "deterministic"
rate = "1/s"
duration = "10s"
"""


def test_what_a_run_has_is_told(tmp_path: Path) -> None:
    file = tmp_path / "parts.toml"
    file.write_text(TEXT)
    result = load_experiment(file).run()
    assert [str(sentence) for sentence in parts(result.summary, result.config)] == [
        "api: 2 cold starts were restores, 400 ms on average and 400 ms at p99.",
        "net: 2 environments were initialised before their requests came.",
        "Warmer pings: 24 pings, 0 of them cold starts, for about $0.0000073.",
        "Connections to db: 1 at most, 0.000556 on average; 0 refused.",
        "db: 9 transactions waited for a connection, 100 ms on average and 100 ms at most.",
    ]
    text = summary_text(result, width=200)
    assert all(str(sentence) in text for sentence in parts(result.summary, result.config))


def test_nothing_is_said_of_what_there_is_not(tmp_path: Path) -> None:
    file = tmp_path / "plain.toml"
    file.write_text(
        '[function.f]\ninit = "constant(1s)"\nduration = "constant(1s)"\n'
        '[[load]]\ntarget = "f"\nexecutor = "poisson"\nrate = "1/s"\nduration = "1min"\n'
    )
    result = load_experiment(file).run()
    assert list(parts(result.summary, result.config)) == []

"""Files from end to end: what is read, what is refused, and how it is said."""

import json
import os
import re
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from lambdasim.config import config_from_dict, load_config, with_values
from lambdasim.config.distribution import Distribution
from lambdasim.config.eras import IDLE_2025
from lambdasim.config.families import parse_distribution
from lambdasim.config.schema import (
    Account,
    FunctionConfig,
    IdlePolicy,
    LoadConfig,
    Provisioned,
    Scaling,
    Simulation,
    Stage,
    Trace,
)
from lambdasim.config.toml_writer import to_toml
from lambdasim.errors import InputError

S = 10**9

BAD = """\
# the example of the documentation
[function.api]
reserved_concurency = 10
timeout = 30
duration = "lognorml(p50=80ms, p99=600ms)"
init = "constant(1s)"
[[load]]
target = "apii"
executor = "constant-arrival-rate"
rate = "300/s"
duration = "1h"
"""


def test_all_problems_of_a_file_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("bad.toml").write_text(BAD)
    with pytest.raises(InputError) as caught:
        load_config("bad.toml")
    assert str(caught.value) == (
        "bad.toml:3: function.api.reserved_concurency: unknown key; did you mean 'reserved_concurrency'?\n"
        "bad.toml:4: function.api.timeout: 30 needs a number and a unit, such as '80ms', '1.5s' or '10min'\n"
        "bad.toml:5: function.api.duration: unknown distribution 'lognorml'; did you mean 'lognormal'?\n"
        "bad.toml:8: load.0.target: no function or source is named 'apii'; did you mean 'api'?"
    )


def test_minimal(load, minimal) -> None:
    loaded = load(minimal)
    assert (loaded.source_text, loaded.file, loaded.config.name) == (minimal, "e.toml", "e")
    assert loaded.config.simulation == Simulation()
    assert loaded.config.account == Account()
    function = loaded.config.function["api"]
    assert (function.memory, function.timeout, function.ephemeral_storage) == (1024, 3 * S, 512)
    assert function.duration == parse_distribution("lognormal(p50=80ms, p99=600ms)")
    assert function.idle_timeout == IdlePolicy(**IDLE_2025)
    [only] = loaded.config.load
    assert (only.name, only.target, only.executor) == ("api", "api", "constant-arrival-rate")
    assert (only.rate, only.duration, only.process, only.process_cv) == (300.0, 3600 * S, "poisson", 1.0)


RICH = """\
name = "rich"
question = "Does\\n it hold?"
version = 1
[simulation]
duration = "6h"
warmup = "10min"
seed = 42
replications = 20
engine = "simpy"
start = 2026-11-27T08:00:00+01:00
[account]
region = "eu-west-1"
concurrency = 2000
scaling = { policy = "legacy-burst", per_minute = 400 }
free_tier = true
[billing]
init_policy = "legacy"
[function.a]
runtime = "python3.13"
architecture = "arm64"
duration = "constant(80ms)"
cpu_share = "60%"
memory_used = "uniform(80 MB, 90 MB)"
reserved_concurrency = 120
idle_timeout = { lone = "constant(5min)", surplus = "half-life(380s)" }
max_lifetime = "none"
[function.a.provisioned]
concurrency = 20
requested_at = "1min"
[source.http]
type = "invoke"
function = "a"
client = { retries = 2, backoff = "exponential(base=100ms, max=2s, jitter=full)" }
[[load]]
target = "http"
executor = "ramping-arrival-rate"
process = "gamma(cv=2)"
stages = [{ duration = "30s", target = "900/s" }]
[[load]]
target = "http"
executor = "diurnal"
rate = "10/s"
peak = "20/s"
duration = "2d"
client = { mode = "standard", clients = 3 }
[[load]]
target = "a"
trace = { file = "e.toml", format = "counts", from = "1h", bin = "1min", scale = 1.4 }
[[load]]
target = "a"
executor = "bursty"
rates = ["1/s", "100/s"]
sojourns = ["10s", "1s"]
duration = "1h"
[[load]]
target = "a"
executor = "constant-vus"
vus = 3
think_time = "exponential(1s)"
duration = "1h"
[slo]
"a.latency" = ["p50 < 120ms", "p99 < 800ms"]
[output]
requests = "sample( 1000 )"
"""


def test_rich(load, tmp_path) -> None:
    config = load(RICH).config
    assert (config.name, config.asked, config.simulation.replications) == ("rich", "Does it hold?", 20)
    assert config.simulation.start == datetime(2026, 11, 27, 8, tzinfo=timezone(timedelta(hours=1)))
    assert config.account.scaling == Scaling(policy="legacy-burst", per_minute=400, refill="step", burst=3000)
    function = config.function["a"]
    assert function.cpu_share == 0.6
    assert function.memory_used == Distribution("uniform", (80.0, 90.0))
    assert function.provisioned == Provisioned.model_validate({"concurrency": 20, "requested_at": "60s"})
    assert function.idle_timeout == IdlePolicy(Distribution("constant", (300e9,)), Distribution("half-life", (380e9,)))
    assert function.max_lifetime == "none"
    ramp, day, trace, bursty, users = config.load
    assert [load.name for load in config.load] == ["http", "http-2", "a", "a-2", "a-3"]
    assert (ramp.process, ramp.process_cv) == ("gamma(cv=2.0)", 2.0)
    assert ramp.stages == (Stage.model_validate({"duration": "30s", "target": "900/s"}),)
    assert (day.period, day.peak_at, day.client and day.client.clients) == (86400 * S, 43200 * S, 3)
    expected = {"file": str(tmp_path / "e.toml"), "format": "counts", "from": "1h", "bin": "1min", "scale": 1.4}
    assert trace.trace == Trace.model_validate(expected)
    assert (bursty.rates, bursty.sojourns) == ((1.0, 100.0), (10 * S, S))
    assert (users.vus, users.think_time) == (3, Distribution("exponential", (1e9,)))
    client = config.source["http"].client
    assert client is not None
    assert client.backoff is not None
    assert (client.retries, client.backoff.base, client.backoff.max, client.backoff.jitter) == (
        2,
        S // 10,
        2 * S,
        "full",
    )
    assert [expression.threshold for expression in config.slo["a.latency"]] == [120.0, 800.0]
    assert (config.output.requests, config.output.sample_size) == ("sample(1000)", 1000)


def test_a_start_without_offset_is_utc(load, minimal) -> None:
    config = load(minimal, ("simulation.start", "2026-11-27T08:00:00")).config
    assert config.simulation.start == datetime(2026, 11, 27, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "e.toml: is empty; 'lambdasim new' writes a commented example"),
        (b" \n", "e.toml: is empty; 'lambdasim new' writes a commented example"),
        (b"a = 1\nb = \xff\xfe", "e.toml:2: is not text in UTF-8, as TOML files are"),
        (b"a = 1\nb = \n", "e.toml:2: is not valid TOML: Invalid value"),
        (b"[function.api\n", "e.toml:1: is not valid TOML: Expected ']' at the end of a table declaration"),
        (b"a = 1\na = 2\n", "e.toml:2: is not valid TOML: this key has a value already; take one of the two out"),
        (
            b"[a.b]\nc = 1\n[a.b]\n",
            "e.toml:3: is not valid TOML: the table [a.b] is there already, or part of one in braces; put its keys "
            "together, or give one of the two another name",
        ),
        (
            b"a = { b = 1 }\na.c = 2\n",
            "e.toml:2: is not valid TOML: a is complete where it is first written, and takes no more keys here; write "
            "them there",
        ),
        (b"start = 2026-02-30T00:00:00Z\n", "e.toml:1: is not valid TOML: Invalid date or datetime"),
        (b"a = " + b"[" * 5000, "e.toml: is nested too deeply"),
        (b"a = " + b"[" * 21 + b"]" * 21, "e.toml: is nested more than 20 deep"),
        (b".".join([b"a"] * 3000) + b" = 1", "e.toml: is nested more than 20 deep"),
        (b"a = 1 #" + b"x" * 10_000_000, "e.toml: is larger than 10 MB, too large for an experiment file"),
    ],
)
def test_unreadable(content: bytes, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("e.toml").write_bytes(content)
    with pytest.raises(InputError) as caught:
        load_config("e.toml")
    assert str(caught.value) == message


def test_a_number_of_many_digits_is_no_traceback(tmp_path: Path) -> None:
    file = tmp_path / "e.toml"
    file.write_text("version = " + "9" * 5000)
    with pytest.raises(InputError, match=r"e\.toml:1: is not valid TOML: a whole number has more than 4300 digits"):
        load_config(file)


def test_missing_file_and_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        load_config(tmp_path / "none.toml")
    assert str(caught.value) == f"{tmp_path}/none.toml: there is no such file"
    with pytest.raises(InputError) as caught:
        load_config(tmp_path)
    assert str(caught.value) == f"{tmp_path}: is a folder, not a file"
    with pytest.raises(InputError, match="cannot be read: embedded null byte"):
        load_config("a\0b")


def test_a_pipe_is_not_waited_for(load, minimal, messages, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    why = "is a pipe, a device or a socket; save what it gives as a file"
    for file in (str(tmp_path / "pipe"), "/dev/zero"):
        with pytest.raises(InputError) as caught:
            load_config(file)
        assert str(caught.value) == f"{file}: {why}"
    assert messages('extends = "pipe"') == [f"e.toml:1: extends: 'pipe' {why}"]
    load_times = 'duration = { dist = "empirical", file = "pipe", column = "a", unit = "s" }'
    text = re.sub("duration = .*", load_times, minimal, count=1)
    assert messages(text) == [f"e.toml:4: function.api.duration.file: '{tmp_path}/pipe' {why}"]


def test_windows_text(load, minimal) -> None:
    assert load("\ufeff" + minimal.replace("\n", "\r\n")).config == load(minimal).config


def test_extends(load, minimal, messages) -> None:
    os.mkdir("family")
    Path("family/base.toml").write_text(minimal + '[function.other]\nduration = "constant(1s)"\ntimeout = 7\n')
    child = 'extends = "family/base.toml"\n[function.api]\nmemory = "2 GB"\n[function.other]\ninit = "constant(1s)"\n'
    assert messages(child) == [
        "family/base.toml:14: function.other.timeout: 7 needs a number and a unit, such as '80ms', '1.5s' or '10min'"
    ]
    loaded = load(child + 'timeout = "7s"\n[[load]]\ntarget="other"\nexecutor="poisson"\nrate="1/s"\nduration="1s"\n')
    assert {name: f.memory for name, f in loaded.config.function.items()} == {"api": 2048, "other": 128}
    assert loaded.config.function["other"].timeout == 7 * S
    assert [one.target for one in loaded.config.load] == ["other"], "arrays are replaced, not joined"
    assert messages(
        child + 'timeout = 8\n[[load]]\ntarget="nobody"\nexecutor="poisson"\nrate="1/s"\nduration="1s"\n'
    ) == [
        "e.toml:6: function.other.timeout: 8 needs a number and a unit, such as '80ms', '1.5s' or '10min'",
        "e.toml:8: load.0.target: no function or source is named 'nobody'; there are: api, other",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('\nextends = "e.toml"', "e.toml:2: extends: 'e.toml' extends this file in turn"),
        ('extends = "a\\u0000"', "e.toml:1: extends: 'a\\x00' is not the name of one file"),
        ("extends = 3", "e.toml:1: extends: 3 is not the name of one file"),
        ('extends = "none.toml"', "e.toml:1: extends: there is no file 'none.toml'"),
    ],
)
def test_extends_refused(text: str, message: str, messages) -> None:
    assert messages(text) == [message]


def test_extends_in_a_circle(load, messages) -> None:
    os.mkdir("sub")
    Path("sub/b.toml").write_text('extends = "../e.toml"')
    assert messages('extends = "sub/b.toml"') == ["sub/b.toml:1: extends: '../e.toml' extends this file in turn"]


def test_files_are_relative_to_the_file_that_names_them(load, minimal) -> None:
    os.mkdir("family")
    Path("family/t.csv").write_text("time\n")
    Path("family/d.csv").write_text("ms\n")
    table = '{ dist = "empirical", file = "d.csv", column = "ms", unit = "ms" }'
    base = f'[function.trace]\nmemory = "1 GB"\nduration = {table}\ninit = "constant(1s)"\n'
    Path("family/base.toml").write_text(
        base + '[[load]]\ntarget = "trace"\ntrace = { file = "t.csv", format = "events" }\n'
    )
    config = load('extends = "family/base.toml"').config
    assert config.load[0].trace is not None
    assert config.load[0].trace.file == os.path.abspath("family/t.csv")
    assert config.function["trace"].duration.file == os.path.abspath("family/d.csv")
    assert config.function["trace"].memory == 1024


def test_an_experiment_from_python(minimal, load) -> None:
    function = {
        "memory": "1024 MB",
        "duration": "lognormal(p50=80ms, p99=600ms)",
        "init": "lognormal(p50=450ms, p99=1.2s)",
    }
    arrivals = {"target": "api", "executor": "constant-arrival-rate", "rate": "300/s", "duration": "1h"}
    expected = load(minimal).config
    plain = config_from_dict({"name": "e", "function": {"api": function}, "load": [arrivals], "question": None})
    assert plain.config == expected
    assert (plain.source_text, plain.file, plain.config.asked) == (None, None, None)
    models = config_from_dict(
        {
            "name": "e",
            "function": {"api": FunctionConfig(**function)},
            "load": (LoadConfig(**arrivals),),
            "simulation": Simulation(),
        }
    )
    assert models.config == expected
    assert load(to_toml(models.raw)).config == expected


def test_problems_of_an_experiment_from_python() -> None:
    with pytest.raises(InputError) as caught:
        config_from_dict({"function": {"api": {"timeout": 30}}, "load": []})
    assert str(caught.value).splitlines() == [
        "function.api.timeout: 30 needs a number and a unit, such as '80ms', '1.5s' or '10min'",
        'function.api.duration: is missing; for example duration = "lognormal(p50=80ms, p99=600ms)"',
        "there is no load; add a table [[load]]",
        'function.api: a cold start needs init or runtime; give init = "lognormal(p50=450ms, p99=1.2s)", '
        'or runtime = "python3.13" for its usual cold start',
    ]
    with pytest.raises(InputError, match="an experiment cannot hold a object"):
        config_from_dict({"function": object()})
    with pytest.raises(InputError, match="3 is not a key: keys are texts"):
        config_from_dict({3: 4})  # type: ignore[dict-item]


def test_a_model_made_in_python_says_what_is_wrong_with_it() -> None:
    with pytest.raises(InputError) as caught:
        FunctionConfig(timeout=30, memori="1 GB", provisioned={"concurrency": -1})
    assert str(caught.value).splitlines() == [
        "timeout: 30 needs a number and a unit, such as '80ms', '1.5s' or '10min'",
        'duration: is missing; for example duration = "lognormal(p50=80ms, p99=600ms)"',
        "provisioned.concurrency: -1 is outside 0 to 1000000 (this simulator's own limit)",
        "memori: unknown key; did you mean 'memory'?",
    ]


def test_with_values(load, minimal) -> None:
    loaded = load(minimal)
    changed = with_values(loaded, {"function.api.provisioned.concurrency": 40, "load.0.rate": "7/s"})
    assert changed.config.function["api"].provisioned == Provisioned(concurrency=40)
    assert changed.config.load[0].rate == 7.0
    assert changed.config.name == "e"
    assert loaded.config.function["api"].provisioned is None
    with pytest.raises(InputError) as caught:
        with_values(loaded, {"function.api.timeout": "2000s"})
    assert str(caught.value) == (
        "function.api.timeout: '2000s' is above 15min (AWS's timeouts, 1 to 900 s: DG:gettingstarted-limits)"
    )


def test_importing_is_cheap() -> None:
    import subprocess

    program = "import sys, lambdasim.config, json; print(json.dumps(sorted({n.split('.')[0] for n in sys.modules})))"
    loaded = json.loads(
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    )
    assert not {"numpy", "pandas", "scipy", "matplotlib", "simpy", "pyarrow", "rich"} & set(loaded)

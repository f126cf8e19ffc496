"""Every rule on the values of an experiment: one table of what is given and what is said."""

import pytest

FUNCTION = """\
[function.api]
duration = "constant(80ms)"
init = "constant(1s)"
"""
LOAD = """\
[[load]]
target = "api"
executor = "poisson"
rate = "1/s"
duration = "1h"
"""

FUNCTION_KEYS = [
    (
        'memory = "64 MB"',
        "memory",
        "'64 MB' is outside 128 MB to 10240 MB (AWS's limits of memory: DG:gettingstarted-limits)",
    ),
    (
        'memory = "11 GB"',
        "memory",
        "'11 GB' is outside 128 MB to 10240 MB (AWS's limits of memory: DG:gettingstarted-limits)",
    ),
    ("memory = 1024", "memory", "1024 needs a number and a unit, such as '512 MB' or '2 GB'"),
    (
        'timeout = "901s"',
        "timeout",
        "'901s' is above 15min (AWS's timeouts, 1 to 900 s: DG:gettingstarted-limits)",
    ),
    (
        'timeout = "0s"',
        "timeout",
        "'0s' is too short; the shortest is 1s",
    ),
    ('timeout = "-1s"', "timeout", "'-1s' is negative; give zero or more, such as '80ms', '1.5s' or '10min'"),
    ("timeout = nan", "timeout", "nan is not a quantity; give a number and a unit, such as '80ms', '1.5s' or '10min'"),
    ('timeout = "300000d"', "timeout", "'300000d' is longer than 292 years, more than 64-bit nanoseconds can hold"),
    (
        'ephemeral_storage = "256 MB"',
        "ephemeral_storage",
        "'256 MB' is outside 512 MB to 10240 MB (AWS's limits of /tmp: DG:gettingstarted-limits)",
    ),
    ("errors = 1.5", "errors", "1.5 is outside 0 to 1 (0% to 100%)"),
    ("errors = nan", "errors", "nan is not a fraction; give a number from 0 to 1 or a text such as '2%'"),
    ("errors = 0.6\ncrashes = 0.5", "errors", "errors and crashes add up to 1.1, above 1"),
    ('cpu_share = "half"', "cpu_share", "'half' is not a fraction; give a number from 0 to 1 or a text such as '2%'"),
    ("threads = 0", "threads", "0 is outside 1 to 64"),
    ("threads = 1.5", "threads", "1.5 is not a whole number"),
    ("threads = true", "threads", "True is not a whole number"),
    (
        "reserved_concurrency = -1",
        "reserved_concurrency",
        "-1 is outside 0 to 1000000 (this simulator's own limit)",
    ),
    (
        "reserved_concurrency = 901",
        "reserved_concurrency",
        "reserved concurrency adds up to 901 with this "
        "function, above 900: AWS keeps 100 of the account's 1000 unreserved (DG:configuration-concurrency)",
    ),
    (
        "provisioned = { concurrency = 11 }\nreserved_concurrency = 10",
        "provisioned.concurrency",
        "11 is above the function's reserved concurrency of 10, which AWS refuses (DG:provisioned-concurrency)",
    ),
    (
        "provisioned = { concurrency = 901 }",
        "provisioned.concurrency",
        "provisioned concurrency of functions without reserved concurrency adds up to 901 "
        "with this function, above 900 "
        "(1000 of the account - 0 reserved - 100 that AWS keeps unreserved: DG:provisioned-concurrency)",
    ),
    ("provisioned = 20", "provisioned", "20 is not a table"),
    (
        'provisioned = { concurrency = 1, preparation = "constant(1s)" }',
        "provisioned.preparation",
        "has no effect without requested_at, autoscaling or a schedule; take it out",
    ),
    ("provisioned = {}", "provisioned.concurrency", "is missing"),
    ('package = "zipp"', "package", "unknown value 'zipp'; did you mean 'zip'?"),
    ('architecture = "riscv"', "architecture", "unknown value 'riscv'; the values are: x86_64, arm64"),
    ("runtime = 3", "runtime", "3 is not a text in quotes"),
    ("suppressed_init_slowdown = 0.5", "suppressed_init_slowdown", "0.5 is outside 1 to 100"),
    ("suppressed_init_slowdown = nan", "suppressed_init_slowdown", "nan is not a number"),
    ("suppressed_init_slowdown = inf", "suppressed_init_slowdown", "inf is outside 1 to 100"),
    (
        'idle_timeout = { lone = "constant(1s)" }',
        "idle_timeout",
        "a table of idle timeouts takes lone and surplus, and expiry, or dist, file, column and unit",
    ),
    (
        'idle_timeout = { lone = "constant(1s)", surplus = "constant(1s)", expiry = "thirds" }',
        "idle_timeout",
        "unknown expiry 'thirds'; give one of 'each', 'together', 'halves'",
    ),
    (
        'idle_timeout = { lone = "constant(1s)", surplus = 3 }',
        "idle_timeout",
        "3 is not a distribution; give one such as 'lognormal(p50=80ms, p99=600ms)'",
    ),
    (
        'max_lifetime = "never"',
        "max_lifetime",
        "'never' is not a distribution; give one such as 'lognormal(p50=80ms, p99=600ms)'",
    ),
    (
        'placement = { dist = "empirical", file = "/none.csv", column = "a", unit = "ms" }',
        "placement.file",
        "there is no file '/none.csv'",
    ),
    (
        "async = { maximum_retry_attempts = 3 }",
        "async.maximum_retry_attempts",
        "3 is outside 0 to 2 (AWS's limits: DG:invocation-async-error-handling)",
    ),
    (
        'async = { backoff = "exponential(base=0ms, max=1s)" }',
        "async.backoff",
        "base must be at least 1ms, or a throttled event would not wait",
    ),
    (
        'async = { maximum_event_age = "30s" }',
        "async.maximum_event_age",
        "'30s' is too short; the shortest is 1min",
    ),
    (
        'async = { maximum_event_age = "7h" }',
        "async.maximum_event_age",
        "'7h' is above 6h (AWS's limits: API PutFunctionEventInvokeConfig)",
    ),
]


@pytest.mark.parametrize(("line", "key", "message"), FUNCTION_KEYS)
def test_function(line: str, key: str, message: str, messages) -> None:
    assert messages(FUNCTION + line + "\n" + LOAD) == [f"e.toml:4: function.api.{key}: {message}"]


def test_a_limit_itself_is_allowed(load) -> None:
    lines = 'memory = "10240 MB"\ntimeout = "900s"\nephemeral_storage = "10240 MB"\nreserved_concurrency = 900\n'
    function = load(FUNCTION + lines + LOAD).config.function["api"]
    assert (function.memory, function.timeout, function.ephemeral_storage) == (10240, 900 * 10**9, 10240)
    assert function.reserved_concurrency == 900


def test_a_cold_start_needs_init_or_runtime(messages, load) -> None:
    bare = '[function.api]\nduration = "constant(80ms)"\n'
    assert messages(bare + LOAD) == [
        "e.toml:1: function.api: a cold start needs init or runtime; "
        'give init = "lognormal(p50=450ms, p99=1.2s)", or runtime = "python3.13" for its usual cold start'
    ]
    assert load(bare + 'runtime = "python3.13"\n' + LOAD).config.function["api"].init is None


def _functions(*lines: str) -> str:
    return "".join(f'[function.f{i}]\nduration="constant(1s)"\ninit="constant(1s)"\n{x}\n' for i, x in enumerate(lines))


POOLS = [
    (1000, ["reserved_concurrency = 500", "reserved_concurrency = 400"], None),
    (
        1000,
        ["reserved_concurrency = 500", "reserved_concurrency = 401"],
        "e.toml:8: function.f1.reserved_concurrency: reserved concurrency adds up to 901 with this "
        "function, above 900: AWS keeps 100 of the account's 1000 unreserved (DG:configuration-concurrency)",
    ),
    (
        10,
        ["reserved_concurrency = 1"],
        "e.toml:4: function.f0.reserved_concurrency: nothing can be reserved: "
        "AWS keeps 100 of the account's 10 unreserved (DG:configuration-concurrency)",
    ),
    (10, ["reserved_concurrency = 0"], None),
    (100, ["reserved_concurrency = 0", "provisioned = { concurrency = 0 }"], None),
    (1000, ["reserved_concurrency = 400", "provisioned = { concurrency = 500 }"], None),
    (1000, ["reserved_concurrency = 900\nprovisioned = { concurrency = 900 }"], None),
    (
        1000,
        ["reserved_concurrency = 400", "provisioned = { concurrency = 300 }", "provisioned = { concurrency = 201 }"],
        "e.toml:12: function.f2.provisioned.concurrency: provisioned concurrency of functions without reserved "
        "concurrency adds up to 501 with this function, above 500 "
        "(1000 of the account - 400 reserved - 100 that AWS keeps unreserved: DG:provisioned-concurrency)",
    ),
]


@pytest.mark.parametrize(("concurrency", "functions", "message"), POOLS)
def test_pools(concurrency: int, functions: list[str], message: str | None, messages) -> None:
    text = _functions(*functions) + LOAD.replace("api", "f0") + f"[account]\nconcurrency = {concurrency}\n"
    assert messages(text) == ([message] if message else [])


def test_the_template_is_not_counted(messages) -> None:
    base = '[function."*"]\nduration="constant(1s)"\ninit="constant(1s)"\nreserved_concurrency=2000\n'
    text = FUNCTION + "reserved_concurrency=5\n" + base + LOAD
    assert messages(text) == []


BODY = '\nduration = "constant(1s)"\ninit = "constant(1s)"'
ELSEWHERE = [
    ("[simulation]\nseeds = 3", "simulation.seeds", "unknown key; did you mean 'seed'?"),
    ("[simulation]\nseed = -1", "simulation.seed", "-1 is outside 0 to 9223372036854775807"),
    ("[simulation]\nreplications = 0", "simulation.replications", "0 is outside 1 to 10000"),
    (
        "[simulation]\nreplications = { min = 5 }",
        "simulation.replications",
        'max is missing; for example { min = 5, max = 40, until = "checkout.latency.p99 ±5%" }',
    ),
    ("[simulation]\nconfidence = 95", "simulation.confidence", "95 is outside 0.5 to 0.9999"),
    ('[simulation]\nengine = "compile"', "simulation.engine", "unknown value 'compile'; did you mean 'compiled'?"),
    ("[simulation]\nstart = 1850-01-01", "simulation.start", "1850-01-01T00:00:00 is outside the years 2000 to 2199"),
    (
        '[simulation]\nstart = "soon"',
        "simulation.start",
        "'soon' is not a date and time such as 2026-11-27T08:00:00Z",
    ),
    (
        "[simulation]\nstart = 12:00:00",
        "simulation.start",
        "datetime.time(12, 0) is not a date and time such as 2026-11-27T08:00:00Z",
    ),
    (
        '[simulation]\nduration = "2000d"',
        "simulation.duration",
        "'2000d' is longer than 1830d, five years, the longest that this simulator accepts",
    ),
    (
        '[simulation]\nwarmup = "1h"\nduration = "1h"',
        "simulation.warmup",
        "must be shorter than the simulation's duration",
    ),
    ("[account]\nconcurrency = 0", "account.concurrency", "0 is outside 1 to 1000000 (this simulator's own limit)"),
    ('[account]\nregion = "eu-west-9"', "account.region", "unknown Region 'eu-west-9'; did you mean 'eu-west-3'?"),
    ('[account]\nfree_tier = "yes"', "account.free_tier", "'yes' is neither true nor false"),
    (
        "[account]\nscaling = { burst = 3000 }",
        "account.scaling.burst",
        "has no effect with the policy 'per-function'; take it out",
    ),
    (
        '[account]\nscaling = { policy = "legacy-burst", per = "10s" }',
        "account.scaling.per",
        "has no effect with the policy 'legacy-burst'; take it out",
    ),
    ('[billing]\ninit_policy = "2025"', "billing.init_policy", "unknown value '2025'; did you mean '2025-08'?"),
    (
        '[output]\nrequests = "sample(0)"',
        "output.requests",
        "'sample(0)' is not 'none', 'all' or a sample such as 'sample(100000)'",
    ),
    ('[output]\nperiod = "1ms"', "output.period", "'1ms' is too short; the shortest is 10ms"),
    ("[function.account]" + BODY, "function.account", "this name stands for the whole account; choose another"),
    (
        '[function."a.b"]' + BODY,
        'function."a.b"',
        "a function's name has 1 to 64 letters, digits, '-' and '_', as AWS's function names",
    ),
    (
        '[source.api]\ntype = "invoke"\nfunction = "api"',
        "source.api",
        "a function has this name too; a target would be ambiguous",
    ),
    (
        '[source.s]\ntype = "invoke"\nfunction = "apo"',
        "source.s.function",
        "no function is named 'apo'; did you mean 'api'?",
    ),
    (
        '[source.s]\ntype = "s4"\nfunction = "api"',
        "source.s.type",
        "unknown value 's4'; the values are: invoke, apigateway-rest, apigateway-http, alb, function-url, "
        "async-invoke, s3, sns, eventbridge, schedule, map, sqs, sqs-fifo, kinesis, dynamodb, kafka, mq, documentdb",
    ),
    (
        '[source.s]\ntype = "s3"\nfunction = "api"\npayload = "2 MB"',
        "source.s.payload",
        "'2 MB' is outside 0 B to 1 MB (AWS's limit of asynchronous events: DG:gettingstarted-limits)",
    ),
    ("[sources]\n", "sources", "unknown key; did you mean 'source'?"),
    (
        '[slo]\n"apo.latency" = ["p99 < 1s"]',
        'slo."apo.latency"',
        "no function, source or load is named 'apo'; did you mean 'api'?",
    ),
    ('[slo]\n"api.latency" = "p99 < 1s"', 'slo."api.latency"', 'is not a list of objectives such as ["p99 < 800ms"]'),
    (
        '[slo]\n"api.latency" = ["p99 < 1s",\n "p9 < 1s"]',
        'slo."api.latency".1',
        "no statistic 'p9' here; did you mean 'p99'?",
    ),
]


@pytest.mark.parametrize(("lines", "path", "message"), ELSEWHERE)
def test_elsewhere(lines: str, path: str, message: str, messages) -> None:
    [line] = messages(FUNCTION + LOAD + lines + "\n")
    place, _, rest = line.partition(": ")
    assert rest == f"{path}: {message}"
    assert place.startswith("e.toml:")


def test_version(messages) -> None:
    assert messages("version = 2\n" + FUNCTION + LOAD) == [
        "e.toml:1: version: 2 is outside 1 to 1 (the version of the file format that this program reads)"
    ]


LOADS = [
    ('executor = "constant"', "executor", "unknown value 'constant'; did you mean 'constant-vus'?"),
    ('executor = "poisson"\nduration = "1h"', "rate", "is missing; the executor 'poisson' needs rate, duration"),
    (
        'executor = "poisson"\nduration = "1h"\nrate = "1000000000000/s"',
        "rate",
        "'1000000000000/s' is above 1000000/s, the highest rate this simulator accepts (its own limit: "
        "AWS's quota is 10 requests per second for each of the account's concurrency, 10000/s by default)",
    ),
    (
        'executor = "poisson"\nduration = "1h"\nrate = 300',
        "rate",
        "300 needs a number and a unit, such as '300/s', '5/min' or '2/h'",
    ),
    (
        'executor = "poisson"\nduration = "1h"\nrate = "-3/s"',
        "rate",
        "'-3/s' is negative; give zero or more, such as '300/s', '5/min' or '2/h'",
    ),
    ('executor = "poisson"\nduration = "0s"\nrate = "1/s"', "duration", "'0s' is too short; the shortest is 1ns"),
    (
        'executor = "poisson"\nduration = "1h"\nrate = "1/s"\nvus = 3',
        "vus",
        "has no effect with the executor 'poisson'; take it out",
    ),
    (
        'executor = "poisson"\nduration = "1h"\nrate = "1/s"\nprocess = "poisson"',
        "process",
        "has no effect with the executor 'poisson'; take it out",
    ),
    (
        'executor = "constant-arrival-rate"\nduration = "1h"\nrate = "1/s"\nprocess = "gamma(cv=0)"',
        "process",
        "'gamma(cv=0)' is not a process: poisson, deterministic or gamma(cv=0.01 to 100)",
    ),
    ('executor = "ramping-arrival-rate"\nstages = []', "stages", "needs at least one stage that lasts longer than 0s"),
    (
        'executor = "ramping-arrival-rate"\nstages = [{ duration = "1s" }]',
        "stages.0.target",
        'is missing; for example target = "300/s"',
    ),
    ('executor = "ramping-arrival-rate"\nstages = "1s"', "stages", "'1s' is not a list in brackets"),
    (
        'executor = "diurnal"\nrate = "10/s"\npeak = "21/s"\nduration = "1d"',
        "peak",
        "must lie between rate, the mean of the day, and twice that",
    ),
    (
        'executor = "diurnal"\nrate = "10/s"\npeak = "9/s"\nduration = "1d"',
        "peak",
        "must lie between rate, the mean of the day, and twice that",
    ),
    (
        'executor = "diurnal"\nrate = "10/s"\npeak = "12/s"\nduration = "1d"\npeak_at = "25h"',
        "peak_at",
        "is after the end of the period",
    ),
    (
        'executor = "bursty"\nrates = ["1/s", "2/s"]\nsojourns = ["1s"]\nduration = "1h"',
        "sojourns",
        "has 1 elements, but rates has 2",
    ),
    (
        'executor = "bursty"\nrates = ["1/s"]\nsojourns = ["1s"]\nduration = "1h"',
        "rates",
        "needs two or more states; for one use the executor 'poisson'",
    ),
    (
        'executor = "bursty"\nrates = ["1/s", 3]\nsojourns = ["1s", "1s"]\nduration = "1h"',
        "rates.1",
        "3 needs a number and a unit, such as '300/s', '5/min' or '2/h'",
    ),
    (
        'executor = "spike"\nrate = "1/s"\nspike_rate = "9/s"\nspike_at = "50s"\nspike_duration = "20s"\n'
        'duration = "1min"',
        "spike_duration",
        "the spike ends after the load does",
    ),
    (
        'executor = "constant-vus"\nvus = 0\nduration = "1h"',
        "vus",
        "0 is outside 1 to 100000 (this simulator's own limit)",
    ),
    ('trace = { file = "none.csv", format = "events" }', "trace.file", "there is no file '{folder}/none.csv'"),
    ('trace = { file = ".", format = "events" }', "trace.file", "'{folder}' is a folder, not a file"),
    (
        'trace = { file = "/dev/null", format = "events" }',
        "trace.file",
        "'/dev/null' is a pipe, a device or a socket; save what it gives as a file",
    ),
    ('trace = { file = "a\\u0000b", format = "events" }', "trace.file", "'a\\x00b' cannot be read: embedded null byte"),
    (
        'executor = "constant-vus"\nvus = 1\nduration = "1h"\n'
        'think_time = { dist = "empirical", file = "none.csv", column = "a", unit = "s" }',
        "think_time.file",
        "there is no file '{folder}/none.csv'",
    ),
    (
        'trace = { file = "e.toml", format = "azure2021", unit = "ms" }',
        "trace.unit",
        "has no effect with the format 'azure2021'; take it out",
    ),
    ('trace = { file = "e.toml" }', "trace.format", "is missing"),
    ('trace = { file = "e.toml", format = "event" }', "trace.format", "unknown value 'event'; did you mean 'events'?"),
    (
        'trace = { file = "e.toml", format = "reports", unit = "ms" }',
        "trace.unit",
        "has no effect with the format 'reports'; take it out",
    ),
    (
        'trace = { file = "e.toml", format = "counts", columns = { duration = "d" } }',
        "trace.columns.duration",
        "is no such column of the format 'counts'; these are: time, count, function",
    ),
    (
        'trace = { file = "e.toml", format = "events", units = { duration = "unix-ms" } }',
        "trace.units.duration",
        "is how long something takes, and not since when; give such as 'ms'",
    ),
    (
        'trace = { file = "e.toml", format = "events", bin = "1min" }',
        "trace.bin",
        "has no effect with the format 'events'; take it out",
    ),
    (
        'trace = { file = "e.toml", format = "events", from = "1h", until = "1h" }',
        "trace.until",
        "must be after 'from'",
    ),
    ('trace = { file = "e.toml", format = "events", scale = -1 }', "trace.scale", "-1 is outside 1e-06 to 1e+06"),
    (
        'trace = { file = "e.toml", format = "events" }\nrate = "1/s"',
        "rate",
        "has no effect beside a trace; take it out",
    ),
    (
        'trace = { file = "e.toml", format = "events" }\nexecutor = "poisson"',
        "executor",
        "a load has an executor or a trace, not both",
    ),
    (
        "executor = 'poisson'\nper = { source = 'api', on = 'success' }",
        "per",
        "a load follows others, or has an executor or a trace of its own, not both",
    ),
]

GOOD = 'executor = "poisson"\nrate = "1/s"\nduration = "1h"\n'
CLIENTS = [
    ("client = {}", "client", 'needs either mode, an SDK\'s retry mode such as "standard", or retries with a backoff'),
    (
        'client = { mode = "legacy", retries = 3 }',
        "client",
        'needs either mode, an SDK\'s retry mode such as "standard", or retries with a backoff',
    ),
    (
        "client = { retries = 2 }",
        "client.backoff",
        'is missing; for example backoff = "exponential(base=100ms, max=2s, jitter=full)"',
    ),
    (
        'client = { mode = "legacy", backoff = "exponential(base=1s, max=2s)" }',
        "client.backoff",
        "the mode 'legacy' brings its own; give retries instead of mode",
    ),
    (
        'client = { retries = 2, backoff = "exponential(base=3s, max=2s)" }',
        "client.backoff",
        "backoff: max (2s) is below base (3s)",
    ),
    (
        'client = { retries = 2, backoff = "linear(1s)" }',
        "client.backoff",
        "'linear(1s)' is not a backoff such as 'exponential(base=100ms, max=2s, jitter=full)'",
    ),
    (
        'client = { retries = 2, backoff = "exponential(base=1s, max=2s, jitter=some)" }',
        "client.backoff",
        "backoff: jitter=some is not 'full' or 'none'",
    ),
    (
        'client = { mode = "adaptive" }',
        "client.mode",
        "retry mode 'adaptive' is not simulated by this version; 'none', 'legacy', 'standard' and 'standard-2020' are",
    ),
]


@pytest.mark.parametrize(("lines", "key", "message"), LOADS + [(GOOD + line, key, text) for line, key, text in CLIENTS])
def test_load(lines: str, key: str, message: str, messages, tmp_path) -> None:
    [line] = messages(FUNCTION + '[[load]]\ntarget = "api"\n' + lines + "\n")
    assert (
        line.partition(": ")[2]
        == f"load.0.{key}: {message.format(folder=tmp_path) if 'folder}' in message else message}"
    )


def test_a_load_without_anything(messages) -> None:
    assert messages(FUNCTION + "[[load]]\n") == [
        "e.toml:4: load.0: needs an executor, a trace, or per to follow others; the executors are: "
        "constant-arrival-rate, poisson, ramping-arrival-rate, diurnal, bursty, spike, constant-vus",
        "e.toml:4: load.0.target: is missing; name the function or source to call",
    ]


def test_an_objective_of_a_wrong_load_is_not_wrong_too(messages) -> None:
    text = FUNCTION + LOAD.replace("1/s", "1").replace("target", 'name = "day"\ntarget')
    assert messages(text + '[slo]\n"day.latency" = ["p99 < 1s"]\n') == [
        "e.toml:8: load.day.rate: 1 needs a number and a unit, such as '300/s', '5/min' or '2/h'"
    ]


def test_load_names(load, messages) -> None:
    unnamed = FUNCTION + LOAD + LOAD + LOAD.replace("target", 'name = "api-2"\ntarget')
    assert [one.name for one in load(unnamed).config.load] == ["api", "api-3", "api-2"]
    twice = FUNCTION + 2 * LOAD.replace("target", 'name = "x"\ntarget')
    assert messages(twice) == ["e.toml:11: load.1.name: another load is named 'x' too"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (LOAD.replace('"api"', '"x"') , ["e.toml: there is no function; add a table [function.NAME]",
                 "e.toml:2: load.0.target: no function or source is named 'x'; there are: none"]),
        ("function = 3\n" + LOAD, ["e.toml:1: function: is not a table; write [function.NAME]",
                 "e.toml:3: load.0.target: no function or source is named 'api'; there are: none"]),
        (FUNCTION + "[load]\n", ["e.toml:4: load: is not an array of tables; write [[load]] with two brackets"]),
        (FUNCTION + LOAD + "[change]\n",
                ["e.toml:9: change: is not an array of tables; write [[change]] with two brackets"]),
        (FUNCTION, ["e.toml: there is no load; add a table [[load]]"]),
        ("slo = 3\n" + FUNCTION + LOAD,
                ['e.toml:1: slo: is not a table; write [slo] and "NAME.latency" = ["p99 < 800ms"]']),
        (FUNCTION + LOAD + '[slo]\napi.latency = ["p99 < 1s"]\n',
            ['e.toml:10: slo.api: is a table; write the whole name in quotes: "api.latency" = [...]']),
        (FUNCTION + LOAD + '[output]\ndir = "a\\u0000"\n',
            ["e.toml:10: output.dir: 'a\\x00' is not the name of a folder, such as 'runs'"]),
        ("load = [3]\n" + FUNCTION, ["e.toml:1: load.0: 3 is not a table"]),
        ("function.api = 3\n" + LOAD, ["e.toml:1: function.api: 3 is not a table"]),
        ("account = 3\n" + FUNCTION + LOAD, ["e.toml:1: account: 3 is not a table"]),
    ],
)  # fmt: skip
def test_wrong_shapes(text: str, expected: list[str], messages) -> None:
    assert messages(text) == expected

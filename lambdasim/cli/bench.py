"""``lambdasim doctor --bench``: how fast this machine simulates, in scenarios of its own.

CPU time of whole runs, drawing, engine and metrics together; ratios mean more than times on a shared machine.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from lambdasim.cli.measurement import Goal, Measurement
from lambdasim.cli.questions import questions
from lambdasim.errors import InputError

if TYPE_CHECKING:
    from lambdasim.experiment import Experiment

FUNCTION = {
    "memory": "1024 MB",
    "timeout": "1min",
    "duration": "lognormal(mean=200ms, cv=0.5)",
    "init": "lognormal(p50=300ms, p99=900ms)",
    "idle_timeout": "uniform(5min, 7min)",
    "max_lifetime": "none",
}


FIRST_RUN = """
import time
from lambdasim.cli.bench import one_function
for _ in range(2):
    begin = time.perf_counter()
    result = one_function(60).run(engine="compiled")
    print(time.perf_counter() - begin)
print(result.requests_simulated)
"""


MEMORY = """
import sys
from lambdasim.cli.bench import one_function
result = one_function(int(sys.argv[1])).run(engine="compiled")
with open("/proc/self/status") as lines:  # resource.getrusage would count the process that this one came from
    print(next(line.split()[1] for line in lines if line.startswith("VmHWM")), result.requests_simulated)
"""


def measure() -> Iterator[Measurement]:
    """Yield a measurement after each scenario; the compiled ones are left out when it cannot run here."""
    simpy = _timed("one-function", one_function(60), "simpy", "Poisson 1,000/s, 200 ms, limit 1,000")
    yield simpy
    try:
        _timed("", one_function(1), "compiled", "")  # compiles, or loads what was compiled
    except InputError:
        return
    one = _timed("a short run", one_function(60), "compiled", "")
    yield replace(one, note=f"{simpy.us_per_request / one.us_per_request:.0f} x simpy's rate")
    yield _first_run()
    fast = _timed("one-function", one_function(10_000), "compiled", "")
    yield replace(fast, note=f"{simpy.us_per_request / fast.us_per_request:.0f} x simpy's rate")
    yield _on_threads()
    for scenario, experiment, note in (
        ("account", many_functions(10_000), "1,000 functions, Zipf rates, limit reached"),
        ("surge", surge(), "100,000 environments at once"),
        ("all requests", one_function(1_000, output={"requests": "all"}), "with one Parquet row each"),
    ):
        one = _timed(scenario, experiment, "compiled", note)
        share = fast.us_per_request / one.us_per_request
        goals = (Goal("rate / one-function's", share, 0.7, least=True),) if scenario == "account" else ()
        yield replace(one, note=f"{note}; {share:.0%} of one-function's rate", goals=goals)
    yield shipped()
    yield points()
    yield saving()
    yield whole_process()
    if Path("/proc/self/status").exists():  # on Linux
        yield memory()
    for family, experiment_of in FAMILIES.items():
        slow = _timed(family, experiment_of(20_000), "simpy", "")
        _timed("", experiment_of(1_000), "compiled", "")  # compiles, or loads what was compiled
        one = _timed(family, experiment_of(1_000_000), "compiled", "")
        yield replace(one, note=f"{slow.us_per_request / one.us_per_request:.0f} x simpy's rate")


def shipped(most: int = 100) -> Measurement:
    """Time the experiments that come with lambdasim, at most so many of them, on both engines.

    Each is one run; what a first run loads or compiles is not counted. The compiled engine is what ``auto`` takes where
    the installation carries its code.
    """
    from lambdasim.experiment import load_experiment

    spent_s, requests, asked = {"compiled": 0.0, "simpy": 0.0}, 0, questions()[:most]
    with tempfile.TemporaryDirectory() as folder:
        for one in asked:
            file = Path(folder) / one.file
            file.write_text(one.text, encoding="utf-8")
            experiment = load_experiment(file).with_({"simulation.replications": 1})
            experiment.run(engine="compiled", threads=1)
            for engine in spent_s:
                begin = time.process_time()
                result = experiment.run(engine=engine, threads=1)
                spent_s[engine] += time.process_time() - begin
            requests += result.requests_simulated
    share = spent_s["compiled"] / spent_s["simpy"]
    note = f"{len(asked)} shipped experiments, 1/{1 / share:.1f} of simpy's time"
    goals = (Goal("auto with code at hand / simpy", share, 1 / 15),)
    return Measurement("shipped", "compiled", requests, spent_s["compiled"] / requests * 1e6, note, goals)


def points(count: int = 50, seconds: int = 10) -> Measurement:
    """Time a sweep, and its simulations alone."""
    from lambdasim.simulate import simulate

    over = {"account.concurrency": {"from": 900, "to": 899 + count, "step": 1}}
    tables: dict[str, Any] = {"simulation": {"engine": "compiled"}, "slo": {"f.latency": ["p99 < 1s"]}}
    swept = one_function(seconds, sweep={"over": over}, **tables)
    config = one_function(seconds, **tables).config
    begin = time.process_time()
    for seed in range(count):
        simulate(config, seed, keep_requests=False)
    alone_s, begin = time.process_time() - begin, time.process_time()
    swept.sweep()
    swept_s, requests = time.process_time() - begin, count * 1_000 * seconds
    note = f"{count} points of a sweep, {swept_s / alone_s:.1f} of their simulations"
    goals = (Goal("points / their simulations", swept_s / alone_s, 3),)
    return Measurement("points", "compiled", requests, swept_s / requests * 1e6, note, goals)


def saving(seconds: int = 3_000, functions: int = 1_000) -> Measurement:
    """Time a run of many functions and the saving of its files, without figures."""
    experiment = many_functions(seconds, functions).with_({"simulation.engine": "compiled"})
    begin = time.process_time()
    result = experiment.run(threads=1)
    ran_s, begin = time.process_time() - begin, time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        result.save(Path(folder) / "run", figures=False)
    saved_s, requests = time.process_time() - begin, result.requests_simulated
    note = f"files of {functions:,} functions without figures, {saved_s / ran_s:.2f} of running"
    goals = (Goal("saving / running", saved_s / ran_s, 0.7),)
    return Measurement("saving", "compiled", requests, saved_s / requests * 1e6, note, goals)


def whole_process(seconds: int = 60) -> Measurement:
    """Time a process of the command line with all its figures, by the clock on the wall."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "experiment.toml"
        file.write_text(one_function(seconds).to_toml(), encoding="utf-8")
        command = ["-m", "lambdasim", "run", str(file), "--engine", "compiled", "--quiet"]
        all_s, bare_s, numpy_s = (
            min(_wall_s(arguments) for _ in range(2))
            for arguments in (
                [*command, "--out", str(Path(folder) / "figures")],
                [*command, "--out", str(Path(folder) / "none"), "--no-figures"],
                ["-c", "import numpy"],
            )
        )
    note = f"wall, {all_s / numpy_s:.1f} times that of import numpy, {bare_s / numpy_s:.1f} times without figures"
    goals = (Goal("process / import numpy", all_s / numpy_s, 12), Goal("without figures", bare_s / numpy_s, 6))
    return Measurement("process", "compiled", 1_000 * seconds, all_s / seconds / 1e3 * 1e6, note, goals)


def memory(seconds: int = 10_000) -> Measurement:
    """Measure the most memory of a process that simulates one function."""
    begin = time.perf_counter()
    command = [sys.executable, "-W", "ignore", "-c", MEMORY, str(seconds)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    spent_s, (peak_kb, requests) = time.perf_counter() - begin, map(int, done.stdout.split())
    peak_gb = peak_kb * 1_024 / 1e9
    note, goals = f"wall of a whole process, which takes {peak_gb:.2f} GB at most", (Goal("GB", peak_gb, 0.3),)
    return Measurement("memory", "compiled", requests, spent_s / requests * 1e6, note, goals)


def _wall_s(arguments: Sequence[str]) -> float:
    begin = time.perf_counter()
    subprocess.run([sys.executable, "-W", "ignore", *arguments], capture_output=True, check=True)
    return time.perf_counter() - begin


def one_function(seconds: int, **tables: Any) -> "Experiment":
    """Return a function under a steady load of 1,000/s."""
    from lambdasim.experiment import Experiment

    load = {"target": "f", "executor": "constant-arrival-rate", "rate": "1000/s", "duration": f"{seconds}s"}
    return Experiment(functions={"f": FUNCTION}, loads=[load], **tables)


def many_functions(seconds: int, functions: int = 1_000, rate: int = 1_000) -> "Experiment":
    """Return functions that share requests per second by Zipf's law, and a limit that their peaks reach."""
    from lambdasim.experiment import Experiment

    names = [f"f{rank}" for rank in range(1, functions + 1)]
    total = sum(1 / rank for rank in range(1, functions + 1))
    loads = [
        {
            "target": name,
            "executor": "constant-arrival-rate",
            "rate": f"{rate / rank / total:.6f}/s",
            "duration": f"{seconds}s",
        }
        for rank, name in enumerate(names, 1)
    ]
    account = {"concurrency": 225 * rate // 1_000}
    return Experiment(functions=dict.fromkeys(names, FUNCTION), loads=loads, account=account)


def surge() -> "Experiment":
    """Return a burst that creates 100,000 environments under raised limits, and ten minutes of traffic after it."""
    from lambdasim.experiment import Experiment

    load = {
        "target": "f", "executor": "spike", "process": "deterministic", "rate": "1000/s", "spike_rate": "1000000/s",
        "spike_at": "1s", "spike_duration": "100ms", "duration": "10min",
    }  # fmt: skip
    account = {"concurrency": 200_000, "scaling": {"environments": 200_000}}
    return Experiment(functions={"f": FUNCTION}, loads=[load], account=account)


def gateway(requests: int) -> "Experiment":
    """Return a function behind an HTTP API whose clients wait for an answer."""
    return _through_web(requests, {})


def retries(requests: int) -> "Experiment":
    """Return the same with clients who wait too short a time, and try again under a limit that this reaches."""
    return _through_web(requests, {"mode": "standard", "timeout": "250ms"}, concurrency=180)


def users(requests: int) -> "Experiment":
    """Return 300 virtual users of a function, who think for 100 ms."""
    from lambdasim.experiment import Experiment

    load = {"target": "f", "executor": "constant-vus", "vus": 300, "think_time": "constant(100ms)",
            "duration": f"{requests}ms"}  # fmt: skip
    return Experiment(functions={"f": FUNCTION}, loads=[load])


def follower(requests: int) -> "Experiment":
    """Return a function that is asked directly, and another one after each of its invocations."""
    from lambdasim.experiment import Experiment

    loads = [_load("f", requests), {"name": "next", "target": "g", "per": {"source": "f"}}]
    return Experiment(functions={"f": FUNCTION, "g": FUNCTION}, loads=loads, account={"concurrency": 5_000})


def pipeline(requests: int) -> "Experiment":
    """Return an HTTP API whose function sends a message to a queue after each request."""
    return _pipeline(requests, {})


def longer_pipeline(requests: int) -> "Experiment":
    """Return the same, where each batch of messages sends a record to a stream."""
    return _pipeline(requests, {"records": {"type": "kinesis", "function": "h", "shards": 10, "batch_size": 100}})


def caller(requests: int) -> "Experiment":
    """Return a function whose handler calls another one."""
    from lambdasim.experiment import Experiment

    functions = {"f": FUNCTION | {"calls": [{"function": "g"}]}, "g": FUNCTION}
    return Experiment(functions=functions, loads=[_load("f", requests)], account={"concurrency": 5_000})


def database(requests: int) -> "Experiment":
    """Return a function whose environments connect to a database with fewer connections than they would need."""
    from lambdasim.experiment import Experiment

    functions = {"f": FUNCTION | {"uses": [{"downstream": "db"}]}}
    downstream = {"db": {"type": "database", "max_connections": 200, "error_after": "100ms"}}
    return Experiment(functions=functions, downstream=downstream, loads=[_load("f", requests)])


def pool(requests: int) -> "Experiment":
    """Return a function whose handlers borrow connections of a pool, for which some of them wait."""
    from lambdasim.experiment import Experiment

    functions = {"f": FUNCTION | {"uses": [{"downstream": "db", "share": 0.6}]}}
    downstream = {"db": {"type": "database", "max_connections": 200, "contention": 0.1, "pool": {"share": 0.75}}}
    return Experiment(functions=functions, downstream=downstream, loads=[_load("f", requests)])


def stream(requests: int) -> "Experiment":
    """Return a function that processes the records of ten shards of Kinesis, about a hundred at a time."""
    from lambdasim.experiment import Experiment

    source = {"type": "kinesis", "function": "f", "shards": 10, "batch_size": 100}
    return Experiment(functions={"f": FUNCTION}, sources={"s": source}, loads=[_load("s", requests)])


def small_batches(requests: int) -> "Experiment":
    """Return the same with batches of five, ten lanes a shard, and records that fail and split their batches."""
    from lambdasim.experiment import Experiment

    source = {
        "type": "kinesis", "function": "f", "shards": 10, "batch_size": 5, "parallelization_factor": 10,
        "record_errors": "1%", "bisect_batch_on_function_error": True, "maximum_retry_attempts": 2,
    }  # fmt: skip
    return Experiment(functions={"f": FUNCTION}, sources={"s": source}, loads=[_load("s", requests)])


def fifo(requests: int) -> "Experiment":
    """Return a function that processes the messages of a FIFO queue in a thousand groups."""
    from lambdasim.experiment import Experiment

    source = {"type": "sqs-fifo", "function": "f", "groups": 1_000, "visibility_timeout": "6min"}
    return Experiment(functions={"f": FUNCTION}, sources={"q": source}, loads=[_load("q", requests)])


FAMILIES: Final[dict[str, Callable[[int], "Experiment"]]] = {
    "gateway": gateway,
    "clients that retry": retries,
    "virtual users": users,
    "follower": follower,
    "HTTP to queue": pipeline,
    "HTTP to queue to stream": longer_pipeline,
    "handler that calls": caller,
    "database": database,
    "database with a pool": pool,
    "stream": stream,
    "stream of small batches": small_batches,
    "FIFO queue": fifo,
}
"""Experiments of about so many requests each, by what they show."""


def _load(target: str, requests: int) -> dict[str, Any]:
    return {"target": target, "executor": "constant-arrival-rate", "rate": "1000/s", "duration": f"{requests}ms"}


def _pipeline(requests: int, more: dict[str, Any]) -> "Experiment":
    from lambdasim.experiment import Experiment

    jobs = {"type": "sqs", "function": "g", "visibility_timeout": "6min"}
    sources = {"web": {"type": "apigateway-http", "function": "f"}, "jobs": jobs, **more}
    loads = [_load("web", requests), {"name": "messages", "target": "jobs", "per": {"source": "web"}}]
    loads += [{"name": f"to-{name}", "target": name, "per": {"source": "jobs"}} for name in more]
    functions = dict.fromkeys(("f", "g", "h")[: 2 + len(more)], FUNCTION)
    return Experiment(functions=functions, sources=sources, loads=loads, account={"concurrency": 5_000})


def _through_web(requests: int, client: dict[str, str], **account: Any) -> "Experiment":
    from lambdasim.experiment import Experiment

    source = {"type": "apigateway-http", "function": "f"} | ({"client": client} if client else {})
    return Experiment(
        functions={"f": FUNCTION}, sources={"web": source}, loads=[_load("web", requests)], account=account
    )


def _first_run() -> Measurement:
    """Time the first compiled run of a process in which nothing is kept, and the second."""
    from lambdasim.engine.compiled import is_installed

    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "LAMBDASIM_CACHE_DIR": folder}
        command = [sys.executable, "-W", "ignore", "-c", FIRST_RUN]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    first_s, second_s, requests = map(float, done.stdout.split())
    note = f"wall, with nothing kept: {first_s:.1f} s for the first run, {second_s:.2f} s for the second"
    goal = Goal("first run beyond the second, s", first_s - second_s, 1.2 if is_installed() else 8)
    return Measurement("first run", "compiled", int(requests), first_s / requests * 1e6, note, (goal,))


def _on_threads() -> Measurement:
    """Time a long run on as many threads as help, and on one, by the clock on the wall."""
    walls_s = []
    for threads in (None, 1):
        begin = time.perf_counter()
        result = one_function(10_000).run(engine="compiled", threads=threads)
        walls_s.append(time.perf_counter() - begin)
    requests, (all_s, one_s) = result.requests_simulated, walls_s
    note, goals = f"wall, {all_s / one_s:.2f} of one's", (Goal("wall / one thread's, two cores", all_s / one_s, 0.67),)
    return Measurement("on threads", "compiled", requests, all_s / requests * 1e6, note, goals)


def _timed(scenario: str, experiment: "Experiment", engine: str, note: str) -> Measurement:
    experiment = experiment.with_({"simulation.engine": engine})
    begin = time.process_time()
    result = experiment.run(threads=1)
    requests = int(result.summary["account"]["requests"])
    return Measurement(scenario, engine, requests, (time.process_time() - begin) / requests * 1e6, note)

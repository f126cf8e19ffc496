"""Random small experiments, by number: every kind of source, client and limit, and loads from nothing to far too much.

Experiment ``n`` is the same on every machine. None has more than about 2,000 requests.
"""

from random import Random
from typing import Any

import lambdasim as ls

RecordTable = dict[str, Any]

GATEWAYS = ("apigateway-rest", "apigateway-http", "alb", "function-url")
EVENTS = ("async-invoke", "s3", "sns", "eventbridge")
QUEUES = ("sqs", "sqs-fifo")
STREAMS = ("kinesis", "dynamodb", "kafka", "mq", "documentdb")
KINDS = (*GATEWAYS, "invoke", *EVENTS, "schedule", "map", *QUEUES, "sqs", *STREAMS)
"""What a function is asked through."""


def random_experiment(number: int) -> ls.Experiment:
    """Return the experiment of a number, whose seed is that number too."""
    return ls.Experiment(**random_tables(number))


def random_tables(number: int) -> RecordTable:
    """Return the tables of the experiment of a number."""
    random = Random(number)
    # every kind comes up in any twenty numbers in a row
    kinds = [KINDS[number % len(KINDS)], random.choice((*KINDS, "none"))][: random.choice((1, 1, 2))]
    if random.random() < 0.15:
        kinds[0] = "none"
    functions, sources, loads = {}, {}, []
    concurrency = random.choice((25, 120, 1000, 1000))  # of which AWS keeps 100 unreserved
    for name, kind in zip(("checkout", "worker"), kinds, strict=False):
        functions[name] = _function(random, kind, concurrency)
        if kind != "none":
            sources[f"of-{name}"] = _source(random, kind, name)
        if kind != "schedule":
            loads.append(_load(random, name if kind == "none" else f"of-{name}"))
    if kinds[0] in ("none", *EVENTS) and random.random() < 0.3:
        functions["checkout"]["calls"] = [
            {"function": "helper", "client": {"mode": random.choice(("none", "standard"))}}
        ]
        functions["helper"] = _function(random, "none", concurrency)
    tables: RecordTable = {
        "account": _account(random, concurrency),
        "simulation": _simulation(random, kinds, loads),
        "billing": random.choice(({}, {}, {"repeats": "3/day"}, {"sources": False})),
        "output": {"period": random.choice(("1s", "10s", "1min", "1min"))},
    }
    if random.random() < 0.3:
        tables["slo"] = _objectives(random, sources)
    return {"name": f"random-{number}", "functions": functions, "sources": sources, "loads": loads, **tables}


def _function(random: Random, kind: str, concurrency: int) -> RecordTable:
    one_of = random.choice
    of: RecordTable = {
        "memory": one_of(("128 MB", "1024 MB", "1769 MB")),
        "timeout": one_of(("1s", "5s", "60s")),
        "duration": one_of(
            (
                "constant(20ms)",
                "constant(20ms)",
                "lognormal(p50=80ms, p99=600ms)",
                "exponential(mean=300ms)",
                "exponential(mean=2s)",
            )
        ),
        "init": one_of(("constant(0s)", "lognormal(p50=450ms, p99=1.2s)")),
        "errors": one_of((0, 0, 0, 0.001, 0.05, 0.5, 1)),
        "idle_timeout": one_of(("constant(5min)", "constant(2s)")),
    }
    if random.random() < 0.4 and concurrency > 100:
        of["reserved_concurrency"] = one_of((0, 1, 2, 5))
    if random.random() < 0.3 and concurrency > 100 and of.get("reserved_concurrency", 5) == 5:
        of["provisioned"] = {"concurrency": one_of((1, 3, 5))}
    if random.random() < 0.2 and of["errors"] < 1:
        of["crashes"] = 0.02
    if kind in EVENTS:
        of["async"] = {"maximum_retry_attempts": one_of((0, 2)), "maximum_event_age": one_of(("60s", "6h"))}
    return of


def _source(random: Random, kind: str, function: str) -> RecordTable:
    one_of = random.choice
    of: RecordTable = {"type": kind, "function": function}
    if kind in (*GATEWAYS, "invoke"):
        of |= {} if random.random() < 0.5 else {"client": _client(random)}
        if kind.startswith("apigateway") and random.random() < 0.4:
            of |= {"rate_limit": one_of(("1/s", "10/s")), "burst_limit": one_of((1, 20))}
    elif kind == "schedule":
        of |= {"expression": "rate(1 minute)", "schedules": one_of((1, 100))}
    elif kind == "map":
        of |= {"items": one_of((1, 7)), "maximum_concurrency": one_of((1, 40))}
    elif kind in QUEUES:
        of |= {"batch_size": one_of((1, 10)), "max_receive_count": one_of((1, 3)), "visibility_timeout": "60s",
               "retention": one_of(("60s", "96h"))}  # fmt: skip
        of |= {"partial_batch_response": one_of((True, False)), "poison": one_of((0, 0, 0.02))}
        if kind == "sqs":
            of |= one_of(({}, {"maximum_concurrency": 2}, {"provisioned_pollers": {"minimum": 2, "maximum": 20}}))
    elif kind in STREAMS:
        of |= {"batch_size": one_of((1, 10, 100)), "poison": one_of((0, 0, 0.02))}
        if kind == "mq":
            of["engine"] = one_of(("activemq", "rabbitmq"))
        if kind in ("kinesis", "dynamodb"):
            of |= {"shards": one_of((1, 3))}
        if kind in ("kinesis", "dynamodb"):
            of |= {"maximum_retry_attempts": one_of((0, 2)), "bisect_batch_on_function_error": one_of((True, False))}
    return of


def _client(random: Random) -> RecordTable:
    return random.choice(
        ({"retries": 2, "backoff": "exponential(base=100ms, max=2s, jitter=full)"}, {"mode": "standard"},
         {"mode": "none"}, {"mode": "legacy", "timeout": "1s"})
    )  # fmt: skip


def _load(random: Random, target: str) -> RecordTable:
    """Nothing, a trickle, a stream or a storm, in an instant or over minutes."""
    rate, lasting = random.choice(
        (("0.001/s", "61s"), ("1/s", "2s"), ("2/s", "2min"), ("10/s", "70s"), ("20/s", "61s"), ("500/s", "2s"),
         ("1000/s", "1s"))
    )  # fmt: skip
    load: RecordTable = {"target": target, "executor": "constant-arrival-rate", "rate": rate, "duration": lasting}
    load["process"] = random.choice(("poisson", "deterministic"))
    if random.random() < 0.2:
        load["start_time"] = "30s"
    if random.random() < 0.1 and not target.startswith("of-"):
        return {"target": target, "executor": "constant-vus", "vus": 3, "duration": "30s", "think_time": "constant(1s)"}
    return load


def _account(random: Random, concurrency: int) -> RecordTable:
    return {
        "concurrency": concurrency,
        "region": random.choice(("us-east-1", "us-east-1", "eu-west-1")),
        "free_tier": random.random() < 0.2,
    }


def _simulation(random: Random, kinds: list[str], loads: list[RecordTable]) -> RecordTable:
    of: RecordTable = {"seed": 0, "replications": random.choice((1, 1, 1, 1, 3, 6))}
    endless = bool({"schedule", *STREAMS} & set(kinds))
    if endless or random.random() < 0.3:
        of["duration"] = random.choice(("20s", "90s", "5min"))
    if random.random() < 0.3 and not any(load["duration"] in ("1s", "2s") for load in loads):
        of["warmup"] = random.choice(("5s", "10s"))
    return of


def _objectives(random: Random, sources: dict[str, RecordTable]) -> RecordTable:
    every = {
        "checkout.latency": random.choice(("p99 < 800ms", "p50 < 100ms", "max < 3s")),
        "checkout.throttles": random.choice(("rate < 1%", "count == 0")),
        "checkout.cold_starts": "rate < 5%",
        "account.errors": "rate <= 1%",
        "account.concurrency": "max < 30",
        "account.cost": "mean < 0.001 USD",
        "checkout.requests": "count > 10",
    }
    chosen = random.sample(sorted(every), 2)
    found = {path: [every[path]] for path in chosen}
    kind = sources.get("of-checkout", {}).get("type")
    if kind in (*QUEUES, *EVENTS):
        found["of-checkout.age"] = ["max < 30s"]
        found["of-checkout.dead_lettered"] = ["rate < 0.1%"]
    if kind in GATEWAYS:
        found["of-checkout.answers.4xx"] = ["rate < 5%"]
    return found

"""Random experiments in which any key may have a value of its own: those of :mod:`eventful_experiments` in detail.

Experiment ``n`` is the same on every machine. The details are drawn of a stream of their own.
"""

from random import Random
from typing import Any

from eventful_experiments import eventful_tables
from random_experiments import EVENTS, GATEWAYS, QUEUES

import lambdasim as ls

RecordTable = dict[str, Any]

RECORDS = ("kinesis", "dynamodb")
RAMPS = [
    {"duration": "5s", "target": "30/s"},
    {"duration": "0s", "target": "1/s"},
    {"duration": "9s", "target": "20/s"},
]
STOPPED = ("async-invoke", "s3", "sns", *QUEUES)
"""Sources of which AWS stops what goes round."""
SHORT, LONG = "exponential(base=100ms, max=1s, jitter=full)", "exponential(base=1s, max=9s, jitter=none)"
RARELY = 0.12
"""The chance of most details."""


def detailed_experiment(number: int) -> ls.Experiment:
    """Return the experiment of a number, whose seed is that number too."""
    return ls.Experiment(**detailed_tables(number))


def detailed_tables(number: int) -> RecordTable:
    """Return the tables of the experiment of a number."""
    tables = eventful_tables(number)
    random = Random(f"details {number}")
    tables["name"] = f"detailed-{number}"
    tables["simulation"] |= {"seed": number, "replications": 1}
    _account(random, tables["account"])
    for name, function in tables["functions"].items():
        _function(random, function)
        if name in ("checkout", "worker", "after"):
            own = {s["type"] for s in tables["sources"].values() if s["function"].partition(":")[0] == name}
            _events(random, function, own)
        for version in function.get("version", {}).values():
            _some(random, version, {"memory": ("256 MB",), "init": ("constant(90ms)",), "timeout": ("3s",)})
    _provisioned(random, tables)
    for source in tables["sources"].values():
        _source(random, source)
    for downstream in tables.get("downstream", {}).values():
        if "pool" in downstream:
            _some(random, downstream["pool"], {"connections": (1,)}, 0.3)
    for warmer in tables.get("warmer", {}).values():
        _some(random, warmer, {"duration": ("1ms", "3s")})
    tables["loads"] = [_load(random, load, tables) for load in tables["loads"]]
    if "warmup" not in tables["simulation"]:
        _some(random, tables["simulation"], {"duration": ("17s", "31s")})
    _round(random, tables)
    _changes(random, tables)
    return tables


def _some(random: Random, table: RecordTable, choices: dict[str, tuple[Any, ...]], chance: float = RARELY) -> None:
    """Give some of the keys, each by that chance, one of their values."""
    for key, values in choices.items():
        if random.random() < chance:
            table[key] = random.choice(values)


def _account(random: Random, account: RecordTable) -> None:
    scalings: tuple[RecordTable, ...] = (
        {"environments": 3, "per": "5s"},
        {"environments": 20, "per": "1s", "refill": "step"},
        {"policy": "legacy-burst", "burst": 5, "per_minute": 60},
        {"policy": "legacy-burst", "burst": 30, "per_minute": 1, "refill": "continuous"},
    )
    _some(
        random,
        account,
        {
            "scaling": scalings,
            "request_meter": ("second",),
            "api_gateway": ({"rate_limit": "5/s", "burst_limit": 3}, {"rate_limit": "100/s", "burst_limit": 1}),
            "era": ("2019-01", "2019-08", "2020", "2021", "2025"),
        },
    )


def _function(random: Random, function: RecordTable) -> None:
    """Let a function start, run and end otherwise."""
    _some(
        random,
        function,
        {
            "placement": ("constant(50ms)", "exponential(mean=100ms)"),
            "suppressed_init_slowdown": (2,),
            "memory_used": ("lognormal(p50=90 MB, p99=140 MB)",),
            "max_lifetime": ("constant(15s)", "exponential(mean=20s)"),
            "reuse": ("least-recent", "random", "newest-created"),
            "per_record": ("10ms", "100ms"),
            "idle_timeout": ("exponential(mean=4s)", "uniform(500ms, 9s)", "constant(0s)"),
            "cpu_share": (0.5, 1.0),
            "init": ("constant(11s)", "exponential(mean=5s)"),
            "recursive_loop": ("allow",),
        },
    )
    own: RecordTable = {}
    _some(
        random,
        own,
        {
            "package_size": ("20 MB",),
            "extensions": (2,),
            "first_invocation": ("100ms", "2s"),
            "proactive": (0.3, 1.0),
        },
    )
    if "provisioned" not in function and "version" not in function and random.random() < RARELY:
        function |= {"runtime": "java21", "snapstart": True}
        own.pop("proactive", None)
        _some(
            random,
            own,
            {"restore_billed": (0.0, 1.0), "first_restores": (3.0,), "restore": ("exponential(mean=6s)",)},
            0.4,
        )
    if own:
        function["cold_start"] = own


def _events(random: Random, function: RecordTable, kinds: set[str]) -> None:
    """Let events that invoke a function be processed otherwise."""
    if not kinds & {*EVENTS, "schedule"}:
        return
    own = function.setdefault("async", {})
    _some(
        random,
        own,
        {
            "dequeue_latency": ("0s", "1s"),
            "backoff": (SHORT, LONG),
            "duplicates": (0.3,),
        },
        0.3,
    )
    if "on_failure" not in own:
        _some(random, own, {"dead_letter_queue": ("letters",)}, 0.3)
    if {"on_failure", "on_success", "dead_letter_queue"} & own.keys():
        _some(random, own, {"delivery_failures": (0.3, 1.0)}, 0.3)


def _provisioned(random: Random, tables: RecordTable) -> None:
    """Let provisioned concurrency come late, or follow what there is."""
    for name, function in tables["functions"].items():
        for holder in (function, *function.get("version", {}).values()):
            own = holder.get("provisioned")
            if own is None:
                continue
            _some(random, own, {"requested_at": ("3s", "10s")}, 0.3)
            if random.random() < 0.3 and not _is_set(tables, f"{name}.provisioned"):
                own["autoscaling"] = {
                    "min": 1,
                    "max": 5,
                    "target_utilization": random.choice((0.1, 0.7)),
                    "high_alarm_datapoints": 1,
                    "low_alarm_datapoints": random.choice((1, 2)),
                    "metric_delay": random.choice(("0s", "5s")),
                    "missing_data": random.choice(("missing", "breaching")),
                }
                tables["simulation"].setdefault("duration", "5min")
            elif random.random() < 0.2 and not _is_set(tables, f"{name}.provisioned"):
                own["schedule"] = [{"rate": "1 minute", **random.choice(({"min": 4, "max": 5}, {"min": 0, "max": 1}))}]
            if len(own) > 1:
                _some(random, own, {"preparation": ("constant(5s)", "uniform(0s, 20s)")}, 0.5)


def _is_set(tables: RecordTable, path: str) -> bool:
    return any(path in key for change in tables.get("change", ()) for key in change.get("set", {}))


def _client(random: Random, is_sources: bool) -> RecordTable:
    one_of = random.choice
    client: RecordTable = one_of(
        (
            {"retries": one_of((1, 4)), "backoff": one_of((SHORT, LONG))},
            {"mode": one_of(("legacy", "standard", "standard-2020"))},
        )
    )
    if "mode" in client:
        _some(random, client, {"max_attempts": (1, 2, 5)}, 0.3)
    elif is_sources:
        _some(random, client, {"retry_on": (["429"], ["5xx"], ["429", "timeout"])}, 0.3)
    _some(random, client, {"clients": (2, 5)}, 0.3)
    return client


def _source(random: Random, source: RecordTable) -> None:
    """Let a source be set otherwise."""
    kind = source["type"]
    if kind in (*GATEWAYS, "invoke"):
        if random.random() < 0.4:
            source["client"] = _client(random, True)
        _some(random, source, {"latency": ("constant(0s)", "exponential(mean=50ms)")})
        if "client" in source and "timeout" not in source["client"]:
            _some(random, source["client"], {"timeout": ("200ms", "3s")}, 0.4)
        if kind == "invoke" and "timeout" not in source.get("client", {}):
            _some(random, source, {"timeout": ("100ms", "2s")})
        if kind != "invoke":
            _some(random, source, {"throttle_status": (429, 503), "error_status": (400, 500)})
        if kind.startswith("apigateway"):
            _some(random, source, {"timeout": ("100ms", "2s"), "timeout_status": (500,)}, 0.3)
    elif kind in EVENTS:
        _some(random, source, {"latency": ("constant(0s)", "exponential(mean=2s)"), "payload": ("200 KB",)}, 0.3)
        if kind == "async-invoke":
            _some(random, source, {"rate_limit": ("1/s", "30/s")}, 0.3)
    elif kind == "schedule":
        _some(random, source, {"flexible_window": ("1min",), "latency": ("constant(0s)",)}, 0.3)
    elif kind in QUEUES:
        _queue(random, source)
    elif kind in RECORDS:
        _stream(random, source)


def _queue(random: Random, source: RecordTable) -> None:
    one_of = random.choice
    _some(
        random,
        source,
        {
            "delay": ("1s", "10s"),
            "latency": ("constant(1s)", "exponential(mean=500ms)"),
            "receive_latency": ("20ms", "1s"),
            "payload": ("200 KB",),
            "on_throttle": ("give-up",),
            "backoff": (SHORT, LONG),
            "record_errors": (0.05, 0.5),
            "enabled": (False,),
        },
    )
    if source.get("on_throttle") == "give-up":
        _some(random, source, {"throttle_tries": (2, 5)}, 0.5)
    if source["type"] == "sqs-fifo":
        _some(random, source, {"groups": (1, 3, 50), "look_ahead": (5, 100), "maximum_concurrency": (2, 9)}, 0.5)
        if "max_receive_count" in source:
            _some(random, source, {"dead_letter_queue": ("letters",)})
        if source.get("groups", 1) > 1:
            _some(random, source, {"group_skew": (1.0,)}, 0.5)
        return
    _some(random, source, {"batching_window": ("1s", "5s"), "duplicates": (0.2,)}, 0.25)
    if "batching_window" in source:
        source |= {"windows": one_of(("per-poller", "shared")), "extends_visibility": one_of((True, False))}
    if "provisioned_pollers" not in source:
        scaling: RecordTable = {}
        _some(
            random,
            scaling,
            {
                "initial": (1, 9),
                "per_minute": (6, 600),
                "maximum": (10, 30),
                "growth": ("step",),
                "error_decrease": (0.0, 0.5),
                "floor": (1, 10),
                "policy": ("legacy",),
            },
        )
        if scaling:
            source["scaling"] = scaling


def _stream(random: Random, source: RecordTable) -> None:
    _some(
        random,
        source,
        {
            "batching_window": ("1s", "10s"),
            "tumbling_window": ("5s", "30s"),
            "maximum_record_age": ("60s",),
            "partial_batch_response": (True,),
            "partition_keys": (1, 3, 50),
            "payload": ("30 KB", "200 KB"),
            "record_errors": (0.05, 0.5),
            "backoff": (SHORT, LONG),
            "disabled": (
                [{"from": "2s", "until": "9s"}],
                [{"from": "0s", "until": "1s"}, {"from": "5s", "until": "20s"}],
            ),
            "enabled": (False,),
        },
        0.2,
    )
    if "partition_keys" in source:
        _some(random, source, {"skew": (0.5, 2.0)}, 0.5)
    if source["type"] == "kinesis":
        _some(random, source, {"write_limit": (False,), "enhanced_fan_out": (True,)}, 0.2)
        if source.get("enhanced_fan_out"):
            _some(random, source, {"push_latency": ("0s", "2s")}, 0.5)


def _load(random: Random, load: RecordTable, tables: RecordTable) -> RecordTable:
    """Let a load come otherwise."""
    if load.get("executor") != "constant-arrival-rate":
        return load
    one_of, lasting = random.choice, load["duration"]
    _some(random, load, {"process": ("gamma(cv=0.3)", "gamma(cv=3)")}, 0.2)
    source = tables["sources"].get(load["target"], {})
    if source.get("type") in (*GATEWAYS, "invoke", None) and random.random() < 0.2:
        load["client"] = _client(random, source.get("type") in GATEWAYS)
    if random.random() < 0.6:
        return load
    is_warmed_up = "warmup" in tables["simulation"]
    kept = {key: value for key, value in load.items() if key in ("name", "target", "client", "start_time", "process")}
    of: RecordTable = one_of(
        (
            {"executor": "ramping-arrival-rate", "stages": RAMPS},
            {"executor": "diurnal", "rate": "8/s", "peak": "15/s", "period": "20s", "duration": lasting},
            {"executor": "bursty", "rates": ["0/s", "60/s"], "sojourns": ["5s", "2s"], "duration": lasting},
            {"executor": "spike", "rate": "2/s", "spike_rate": "300/s", "spike_at": "500ms", "spike_duration": "300ms",
             "duration": lasting},
            {"executor": "constant-vus", "vus": one_of((1, 20)), "duration": "12s" if is_warmed_up else "2s",
             "think_time": one_of(("constant(0s)", "exponential(mean=1s)"))},
        )
    )  # fmt: skip
    if of["executor"] in ("bursty", "constant-vus"):
        kept.pop("process", None)
    if of["executor"] == "constant-vus" and source.get("type") not in (*GATEWAYS, "invoke", None):
        return load
    return kept | of


def _round(random: Random, tables: RecordTable) -> None:
    """Let what follows lead back to where it came from."""
    follows = [load for load in tables["loads"] if "per" in load]
    if not follows or random.random() > 0.25:
        return
    per: RecordTable = {"source": follows[0]["name"], "on": "any", "count": random.choice((1, 0.5))}
    for load in follows:
        load["per"]["count"] = min(load["per"]["count"], 1)
    target = random.choice([load["target"] for load in tables["loads"] if "per" not in load] or [follows[0]["target"]])
    stops = tables["sources"].get(target, {}).get("type") in STOPPED and not any(
        "recursive_loop" in function for function in tables["functions"].values()
    )
    _some(random, per, {"max_rounds": (1, 2, 5)}, 0.5 if stops else 1)
    tables["loads"].append({"name": "comes-round", "target": target, "per": per})


def _changes(random: Random, tables: RecordTable) -> None:
    """Let rates change, and alarms roll deployments back."""
    sets: list[RecordTable] = [
        {f"source.{name}.{key}": value}
        for name, source in tables["sources"].items()
        if "rate_limit" in source and source["type"].startswith("apigateway")
        for key, value in (("rate_limit", random.choice(("1/s", "50/s"))), ("burst_limit", random.choice((1, 9))))
    ]
    sets += [
        {f"downstream.{name}.{key}": value}
        for name, own in tables.get("downstream", {}).items()
        if "rate" in own
        for key, value in (("rate", random.choice(("2/s", "50/s"))), ("burst", random.choice((1, 9))))
    ]
    sets += [
        {f"account.scaling.{key}": random.choice((1, 50))}
        for key in ("environments", "burst", "per_minute")
        if key in tables["account"].get("scaling", {})
    ]
    sets += [
        {f"source.{name}.provisioned_pollers.minimum": random.choice((2, 10))}
        for name, source in tables["sources"].items()
        if "provisioned_pollers" in source
    ]
    if sets and random.random() < 0.6:
        change: RecordTable = {"time": random.choice(("1s", "10s")), "set": random.choice(sets)}
        _some(random, change, {"until": ("20s",)}, 0.5)
        tables["change"] = [*tables.get("change", ()), change]
        tables["simulation"].setdefault("duration", "90s")
    for change in tables.get("change", ()):
        deploy = change.get("deploy")
        if deploy is not None and deploy["strategy"] != "AllAtOnce" and random.random() < 0.5:
            tables["alarm"] = {"alert": {"metric": "checkout.errors", "expression": "rate > 1%"}}
            deploy["alarm"] = "alert"
    if "version" not in tables["functions"]["checkout"] and random.random() < RARELY:
        update: RecordTable = {"memory": "512 MB", "duration": "constant(15ms)"}
        own = {"time": "5s", "deploy": {"function": "checkout", "set": update}}
        tables["change"] = [*tables.get("change", ()), own]
        tables["simulation"].setdefault("duration", "90s")

"""Random experiments in which much acts on each other: those of :mod:`random_experiments`, and beside them databases,
calls, what follows, versions, and what changes or breaks meanwhile.

Experiment ``n`` is the same on every machine. All that is beside is drawn of a stream of its own.
"""

from random import Random
from typing import Any

from random_experiments import EVENTS, QUEUES, STREAMS, random_tables

import lambdasim as ls

RecordTable = dict[str, Any]

MAPPED = (*QUEUES, *STREAMS)


def eventful_experiment(number: int) -> ls.Experiment:
    """Return the experiment of a number, whose seed is that number too."""
    return ls.Experiment(**eventful_tables(number))


def eventful_tables(number: int) -> RecordTable:
    """Return the tables of the experiment of a number."""
    tables = random_tables(number)
    random = Random(f"eventful {number}")
    tables["name"] = f"eventful-{number}"
    if random.random() < 0.6:
        tables["downstream"] = _downstreams(random, tables["functions"])
    if random.random() < 0.5:
        _calls(random, tables["functions"])
    if random.random() < 0.6:
        _links(random, tables)
    if random.random() < 0.4:
        _versions(random, tables)
    if random.random() < 0.15:
        tables["warmer"] = {"ping": {"function": "checkout", "environments": 2, "every": "7s"}}
        tables["simulation"].setdefault("duration", "90s")
    if random.random() < 0.6:
        tables["change"] = _changes(random, tables)
    _mappings(Random(f"mappings {number}"), tables)
    _moves(Random(f"moves {number}"), tables)
    return tables


def _downstreams(random: Random, functions: RecordTable) -> RecordTable:
    """Draw one or two downstreams, and let functions use them."""
    one_of = random.choice
    found: RecordTable = {}
    for name in ("orders", "rates")[: one_of((1, 1, 2))]:
        of: RecordTable = {"type": one_of(("database", "database", "api"))}
        if of["type"] == "api":
            of |= {"rate": one_of(("1/s", "20/s")), "burst": one_of((1, 30))}
        elif random.random() < 0.9:
            of["max_connections"] = one_of((1, 3, 20))
            of |= one_of(({}, {}, {"contention": one_of((0.5, 3.0))}))
            if random.random() < 0.5:
                of["pool"] = {"borrow_timeout": one_of(("0s", "100ms", "2s", "120s")), "pinned": one_of((0, 0, 0.1, 1))}
        if "max_connections" in of:
            of |= one_of(({}, {}, {"connection_rate": one_of(("1/s", "20/s"))}))
        of |= one_of(({}, {"error_after": "20ms"}))
        of |= one_of(({}, {"slowdowns": [{"from": "5s", "until": "20s", "factor": one_of((0.5, 4.0))}]}))
        found[name] = of
    for function in functions.values():
        uses = [name for name in found if random.random() < 0.7]
        function["uses"] = [_use(random, name, found[name]) for name in uses]
    return found


def _use(random: Random, name: str, downstream: RecordTable) -> RecordTable:
    use: RecordTable = {"downstream": name, "share": random.choice((1.0, 0.4, 0.0))}
    if downstream["type"] == "api":
        use["calls"] = random.choice((0, 1, 3))
    elif "max_connections" in downstream and "pool" not in downstream:
        use["connects"] = random.choice(("handler", "init"))
    return use


def _calls(random: Random, functions: RecordTable) -> None:
    """Let the first function call the last one, and perhaps another one that calls it too."""
    if "helper" not in functions:
        functions["helper"] = {"duration": "constant(30ms)", "init": "constant(100ms)", "timeout": "2s"}
    for name in ("checkout", "worker"):
        if name in functions and random.random() < 0.7:
            call: RecordTable = {"function": "helper", "count": random.choice((1, 0.5, 2.3))}
            call["must_succeed"] = random.choice((True, True, False))
            functions[name]["calls"] = [call]


def _links(random: Random, tables: RecordTable) -> None:
    """Let loads follow what there is, and queues take what was given up."""
    functions, sources = tables["functions"], tables["sources"]
    functions["after"] = {
        "duration": random.choice(("constant(10ms)", "exponential(mean=200ms)")),
        "init": "constant(50ms)",
        "errors": random.choice((0, 0.1)),
    }
    kind = random.choice(("none", "sqs", "sqs-fifo", "kinesis", "dynamodb", "async-invoke", "apigateway-http"))
    if kind != "none":
        sources["of-after"] = {"type": kind, "function": "after"}
        if kind in ("kinesis", "dynamodb"):
            tables["simulation"].setdefault("duration", "90s")
    target = "after" if kind == "none" else "of-after"
    owners = [name for name in (*functions, *sources) if not name.endswith("after")]
    for number in range(random.choice((1, 1, 2))):
        per = {"source": random.choice(owners), "on": random.choice(("success", "failure", "any"))}
        per["count"] = random.choice((1, 1, 0.5, 1.7))
        tables["loads"].append({"name": f"follows-{number}", "target": target, "per": per})
    for name in ("checkout", "worker"):
        source = sources.get(f"of-{name}", {})
        if source.get("type") in EVENTS and random.random() < 0.7:
            to = random.choice(("on_failure", "on_success"))
            functions[name]["async"][to] = target if kind in ("none", "sqs", "async-invoke") else "after"
        elif source.get("type") == kind and kind in QUEUES:
            source["dead_letter_queue"] = target
        elif source.get("type") in ("kinesis", "dynamodb") and kind == "sqs":
            source["on_failure"] = target


def _versions(random: Random, tables: RecordTable) -> None:
    """Publish two versions of the first function behind an alias, and let all that called it call that."""
    own = tables["functions"]["checkout"]
    own["version"] = {
        "1": {},
        "2": {"duration": random.choice(("constant(35ms)", "exponential(mean=100ms)")), "errors": 0.02},
    }
    first = random.choice((1.0, 0.75, 0.0))
    own["alias"] = {"live": {"weights": {"1": first, "2": 1 - first}}}
    if (provisioned := own.pop("provisioned", None)) is not None:
        own["version"]["1"]["provisioned"] = provisioned
    for source in tables["sources"].values():
        if source["function"] == "checkout":
            source["function"] = "checkout:live"
    for load in tables["loads"]:
        if load["target"] == "checkout":
            load["target"] = "checkout:live"


def _mappings(random: Random, tables: RecordTable) -> None:
    """Let streams be read in lanes, and settings of mappings change, alone or together."""
    one_of = random.choice
    changes = []
    for name, source in tables["sources"].items():
        kind = source["type"]
        settings: list[RecordTable] = [{"batch_size": one_of((1, 7, 10))}, {"enabled": one_of((True, False))}]
        if kind in ("kinesis", "dynamodb"):
            source |= one_of(({}, {"parallelization_factor": one_of((2, 10))}))
            settings += [{"parallelization_factor": one_of((1, 2, 10))}] * 4
            settings += [{"maximum_retry_attempts": one_of((0, 1, 5))}, {"maximum_record_age": "60s"}]
            settings += [{"bisect_batch_on_function_error": one_of((True, False))}, {"batching_window": "2s"}]
        elif kind in QUEUES:
            settings += [
                {"partial_batch_response": one_of((True, False))},
                {"visibility_timeout": one_of(("60s", "2min"))},
            ]
            if kind == "sqs":
                settings.append({"batching_window": one_of(("1s", "5s"))})
        else:
            continue
        for _ in range(one_of((0, 1, 1, 3))):
            values = {f"source.{name}.{key}": value for key, value in one_of(settings).items()}
            changes.append({"time": one_of(("0s", "1s", "7s", "15s")), "set": values})
    if changes:
        tables["simulation"].setdefault("duration", "90s")
        tables["change"] = [*tables.get("change", ()), *changes]


def _moves(random: Random, tables: RecordTable) -> None:
    """Let mappings lead to other functions for good or for a while, and what is given up go elsewhere or nowhere."""
    one_of = random.choice
    functions, sources = tables["functions"], tables["sources"]
    to = [*functions, *(["checkout:live", "checkout:2"] if "alias" in functions["checkout"] else [])]
    changes = []
    for name, source in sources.items():
        kind = source["type"]
        settings: list[RecordTable] = []
        if kind in (*QUEUES, "kinesis", "dynamodb") and name != "of-after":  # which may close a loop without end
            settings += [{"function": one_of(to)}] * 2
        if kind in QUEUES:
            settings += [{"max_receive_count": one_of((1, 2, 5, "none"))}, {"max_receive_count": 3}]
        elif kind in ("kinesis", "dynamodb"):
            settings.append({"on_failure": one_of(("none", "outside"))})
        for _ in range(one_of((0, 0, 1, 2)) if settings else 0):
            values = {f"source.{name}.{key}": value for key, value in one_of(settings).items()}
            changes.append({"time": one_of(("0s", "1s", "7s", "15s")), "set": values})
            if random.random() < 0.3:
                changes[-1]["until"] = one_of(("18s", "40s"))
    for name in functions:
        if sources.get(f"of-{name}", {}).get("type") in EVENTS and random.random() < 0.5:
            key, to = one_of(("on_failure", "on_success")), ["none", "outside", *{"after"}.intersection(functions)]
            changes.append({"time": one_of(("1s", "7s")), "set": {f"function.{name}.async.{key}": one_of(to)}})
    if changes:
        tables["simulation"].setdefault("duration", "90s")
        tables["change"] = [*tables.get("change", ()), *changes]


def _changes(random: Random, tables: RecordTable) -> list[RecordTable]:
    """Draw up to three changes of what there is."""
    one_of = random.choice
    functions, sources = tables["functions"], tables["sources"]
    own = functions["checkout"]
    kinds = {name: source["type"] for name, source in sources.items()}
    tables["account"]["concurrency"] = max(tables["account"]["concurrency"], 120)
    sets: list[RecordTable] = [{"account.concurrency": one_of((110, 500, 2_000))}]
    if own.get("reserved_concurrency") is not None:
        sets.append({"function.checkout.reserved_concurrency": one_of((5, 6, "none"))})
    if "provisioned" in own:
        sets.append({"function.checkout.provisioned.concurrency": one_of((0, 2, 5))})
    sets += [{f"source.{name}.enabled": False} for name, kind in kinds.items() if kind in QUEUES]
    sets += [
        {f"source.{name}.maximum_concurrency": one_of((2, 3, 40))}
        for name, kind in kinds.items()
        if kind == "sqs" and "provisioned_pollers" not in sources[name]
    ]
    downstreams = tables.get("downstream", {})
    sets += [
        {f"downstream.{name}.max_connections": one_of((1, 2, 30))}
        for name, of in downstreams.items()
        if "max_connections" in of
    ] * 2
    faults: list[RecordTable] = [
        {"function": "checkout", "errors": one_of((0.2, 1.0))},
        {"lambda_errors": one_of((0.05, 0.5))},
        {"environments_lost": one_of((0.33, 1.0))},
    ]
    faults += [{"source": name, "disabled": True} for name, kind in kinds.items() if kind in MAPPED]
    faults += [{"source": name, "record_errors": 0.2} for name, kind in kinds.items() if kind in MAPPED]
    faults += [{"downstream": name, "slowdown": one_of((0.5, 3.0))} for name in downstreams]
    faults += [{"downstream": name, "down": True} for name in downstreams]
    found: list[RecordTable] = []
    for number in range(one_of((1, 2, 3))):
        change: RecordTable = {"name": f"c{number}", "time": one_of(("0s", "1s", "7s", "15s"))}
        if "alias" in own and number == 0 and random.random() < 0.7:
            steps = one_of(("AllAtOnce", {"canary": 0.2, "after": "10s"}, {"linear": 0.3, "every": "5s"}))
            target = "2" if own["alias"]["live"]["weights"]["1"] else "1"
            own["alias"]["live"]["weights"] = {"1": 1.0 * (target == "2"), "2": 1.0 * (target == "1")}
            change["deploy"] = {"alias": "checkout:live", "version": target, "strategy": steps}
        elif random.random() < 0.5:
            change["set"] = one_of(sets)
        else:
            change["fault"] = one_of(faults)
        if "deploy" not in change and "environments_lost" not in change.get("fault", {}) and random.random() < 0.6:
            change["until"] = one_of(("18s", "40s"))
        found.append(change)
    tables["simulation"].setdefault("duration", "90s")
    return found

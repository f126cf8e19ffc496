"""What each field of ``summary.json`` of a run means, for the reference. A test compares it with real summaries.

In a path NAME stands for a name of the file's, REASON for one of AWS's reasons of throttles, and ``[]`` for each of a
list. With several replications a number is ``{"mean", "ci": [low, high]}``.
"""

from collections.abc import Iterator
from typing import Final

_TIMES: Final = {
    "mean": "mean", "p50": "median", "p90": "90th percentile", "p95": "95th percentile", "p99": "99th percentile",
    "p99.9": "99.9th percentile", "max": "maximum",
}  # fmt: skip
_REQUESTS: Final = {
    "requests": "requests that arrived",
    "invocations": "invocations that ran",
    "throttles": "attempts answered with 429",
    "throttles_by_reason.REASON": "of them for one of AWS's reasons",
    "throttled_requests": "requests that no attempt of ran",
    "throttle_rate": "throttles over all attempts",
    "retries": "attempts after the first",
    "in_flight": "still running when the simulation was cut",
    "errors": "invocations that failed, timeouts and crashes included",
    "error_rate": "errors over invocations",
    "timeouts": "invocations that reached the function's timeout",
    "timeout_rate": "timeouts over invocations",
    "crashes": "invocations whose runtime exited",
    "out_of_memory": "invocations that were out of memory",
    "cold_starts": "invocations that waited for an init",
    "cold_start_rate": "cold starts over invocations",
}
_COST: Final = {
    "cost.total": "cost of the run (USD)",
    "cost.monthly": "cost of a month; null where the run is too short to be one and `billing.repeats` is not given",
    "cost.uncertain": "what of the total is at uncertain prices",
    "cost.uncertain_monthly": "what of the month is",
}
_MEASURED: Final = {
    "latency": "what callers waited for requests that ran, retries, queueing and init included (ms)",
    "duration": "CloudWatch's Duration: the handler without the init (ms)",
    "init_duration": "Init Duration of cold starts (ms)",
}
_ACCOUNT: Final = {
    "concurrency.max": "most executions at once",
    "concurrency.mean": "mean while the loads last",
    "claimed_concurrency.max": "most that was used or set aside",
    "unreserved_concurrency.max": "most executions on what nobody reserved",
    "environments.created": "execution environments that were created",
    "environments.mean": "mean number of them while the loads last",
    "drain.s": "how long the run lasted after its loads (s)",
    "drain.concurrency": "mean concurrency in that time",
}
_FUNCTION: Final = {
    "concurrency.max": "most executions at once",
    "concurrency.mean": "mean while the loads last",
    "environments.created": "execution environments that were created",
    "environments.max": "most at once",
    "environments.mean": "mean while the loads last",
    "billed_duration_ms": "billed duration (ms)",
    "gb_seconds": "billed GB-seconds",
    "provisioned.invocations": "invocations on provisioned concurrency",
    "provisioned.spillover": "invocations on demand while it was ready",
    "provisioned.utilization_max": "most of it in use, 0 to 1",
    "provisioned.allocated.max": "most that was ready",
    "provisioned.allocated.mean": "mean that was ready",
    "async.received": "asynchronous events taken in",
    "async.dropped": "events given up",
    "async.age.mean": "mean age of events when handled (ms)",
    "async.age.max": "greatest of them",
    "async.retries": "deliveries after the first",
    "async.dead_lettered": "events sent to the dead-letter queue",
    "async.destination_failures": "events that no destination took",
}
_SOURCE: Final = {
    "type": "its type",
    "received": "events that it took in",
    "delivered": "deliveries that were made",
    "processed": "events that were processed",
    "failed": "deliveries that failed",
    "throttled": "deliveries that were throttled",
    "timed_out": "deliveries that timed out",
    "refused": "events that were refused",
    "exhausted": "events whose retries were used up",
    "aged_out": "events that got too old",
    "filtered": "events that a filter left out",
    "in_process": "events in process when the run ended",
    "processing.max": "most events in process",
    "processing.mean": "mean while the loads last",
    "waiting": "events that could be delivered when the run ended",
    "hidden": "events that could not be delivered yet when it ended",
    "dead_lettered": "events sent to a dead-letter queue",
    "dead_lettered_rate": "of all received",
    "destination_failures": "events that no destination took",
    "dropped": "events given up",
    "dropped_rate": "of all received",
    "backlog.max": "most events waiting",
    "backlog.mean": "mean while the loads last",
    "age_of_oldest.max": "greatest age of the oldest waiting event (ms)",
    "drained_s": "when nothing waited any more (s); null where something still does",
    "answers.STATUS": "answers with an HTTP status",
    "answers_4xx": "answers with 4xx",
    "answers_4xx_rate": "of all answers",
    "answers_5xx": "answers with 5xx",
    "answers_5xx_rate": "of all answers",
    "empty_receives": "polls that found nothing",
    "api_requests": "billable requests to the source's API",
    "refusals": "requests that the source refused",
    **{f"{name}.{end}": f"{told}, {word}" for name, told in (
        ("pollers", "pollers"), ("offset_lag", "records that no poller has committed"),
        ("connections", "connections held"),
    ) for end, word in (("max", "most"), ("mean", "mean"))},
}  # fmt: skip
_LINE: Final = {
    "function": "who is charged: a function or a source",
    "item": "what for",
    "quantity": "how much",
    "unit": "of what",
    "unit_price": "price of one",
    "usd": "amount",
    "source": "where the price is from",
    "date": "when it was published",
    "certainty": "how sure the price is",
}
_TOP: Final = {
    "name": "name of the experiment",
    "question": "what it is to answer",
    "verdict": "the answer in a sentence",
    "success": "whether every objective was met; null where that is undecided",
    "engine.used": "engine that simulated: simpy or compiled",
    "engine.reason": "why that one",
    "seed": "seed of all randomness",
    "replications": "independent runs",
    "simulated_s": "simulated time (s)",
    "wall_s": "time that took (s), without compiling",
    "incomplete": "true where the run was interrupted",
    "one_run": "true where all replications are the same run, for nothing is drawn by chance",
    "notes[]": "what a reader should know",
    "policies[]": "policies of the user's own",
    "slo[].path": "what an objective is on",
    "slo[].expression": "what is allowed",
    "slo[].observed": "what was observed",
    "slo[].success": "whether it was met; null where that is undecided",
    "slo[].verdict": "met, missed or undecided",
    "slo[].bound": "of several runs the bound that decides: of the number, or of the share of runs that keep it",
    "slo[].may_miss": "where runs leave a rate undecided: at most this share of them misses it",
    "state.word": "steady, falling behind or overloaded; null where too little came or loads that grow are never level",
    "state.of": "who does not keep up",
    "state.how": "how it shows: throttled, refuses, gives up (events) or waits (more and more)",
    "state.test": "the test that shows it",
    "state.p": "its probability where the run kept up; of several runs that show it the median",
    "state.runs": "of several, how many runs show it",
    "happened[].time_s": "start of the period in which something happened (s)",
    "happened[].time": "the same as a reader wants it",
    "happened[].of": "to whom",
    "happened[].what": "what",
    "functions.NAME.versions": "the keys of a function for each of its versions, where it has any",
    "functions.NAME.restore_duration": "what restores took (ms): mean, percentiles and max, where there is SnapStart",
    "downstreams.NAME.connections.max": "most connections held to a downstream",
    "downstreams.NAME.connections.mean": "mean while the loads last",
    "downstreams.NAME.refusals": "invocations that it refused",
    "cost.total": "cost of the run (USD)",
    "cost.monthly": "cost of a month, or null",
    "cost.uncertain": "what of the total is at uncertain prices",
    "cost.uncertain_monthly": "what of the month is",
    "cost.currency": "currency of all amounts",
    "cost.region": "Region of the prices",
    "cost.period_s": "how often a month holds the run, as the time from one to the next (s)",
    "cost.longer_s.NAME": "the same of a function whose own work takes longer, where there is one (s)",
    "cost.prices_effective": "from when on the prices hold",
    "cost.sources": "whether other AWS services are on the bill",
    "cost.notes[]": "what the bill leaves out or rests on",
    "cost.month": "the lines of a month; null where there is none",
    "changes[]": "what changed during the run: `time_s`, `what`, `name`, `status` and what belongs to each kind",
    "answer": "what `[answer]` asks for: `asks`, and the keys of that kind of answer",
    "what_to_change[]": "alternatives that were tried: `set`, `slo` (before, after), `success`, `cost_monthly`",
}


def summary_fields() -> dict[str, str]:
    """Return the meaning of each field by its path."""
    return dict(_fields())


def _fields() -> Iterator[tuple[str, str]]:
    yield from _TOP.items()
    for scope, own in (("account", _ACCOUNT), ("functions.NAME", _FUNCTION), ("sources.NAME", _SOURCE)):
        timed = dict(_MEASURED)
        if scope == "sources.NAME":
            timed = {"latency": _MEASURED["latency"], "age": "age of events when they left (ms)",
                     "iterator_age": "age of records when they were read (ms)",
                     "executions": "whole executions of a map (ms)"}  # fmt: skip
        for name, meaning in (_REQUESTS | own | _COST).items():
            yield f"{scope}.{name}", meaning
        for name, meaning in timed.items():
            for statistic, word in _TIMES.items():
                yield f"{scope}.{name}.{statistic}", f"{meaning}: {word}"
    for lines in ("cost.lines[]", "cost.month[]"):
        for name, meaning in _LINE.items():
            yield f"{lines}.{name}", meaning

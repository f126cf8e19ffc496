"""Plans of one standard queue for its oracle, and what the SimPy engine and the oracle tell of them."""

from dataclasses import dataclass, replace
from typing import Any

from by_hand import MS, Event, Hand, function, simulate
from hypothesis import strategies as st
from queue_oracle import QueueOracle

from lambdasim.model.aliases import Lead
from lambdasim.model.control import Change, Control
from lambdasim.model.polling import PollingSpec
from lambdasim.model.spec import AccountSpec
from lambdasim.model.sqs import SETTINGS, SqsSpec

KEYS = {"sqs-poison": 77, "sqs-record": 99, "sqs-backoff": 5, "sqs-duplicate": 123}
QUARTER = 1 << 22
S = 1_000 * MS

default = st.builds(
    SqsSpec,
    st.just("jobs"),
    st.just(0),
    batch_size=st.sampled_from([1, 3, 10, 25]),
    duplicates_q24=st.sampled_from([0, 0, QUARTER]),
    payload=st.sampled_from([0, 1, 1_000, 70_000, 3 << 20, 7 << 20]),
    window_ns=st.sampled_from([0, S, 50 * S]),
    shares_window=st.booleans(),
    visibility_ns=st.sampled_from([2 * S, 30 * S]),
    max_receives=st.sampled_from([0, 1, 3]),
    partial=st.booleans(),
    retention_ns=st.sampled_from([60 * S, 200 * S]),
    delay_ns=st.sampled_from([0, S]),
    receive_ns=st.sampled_from([0, S]),
    poison_q24=st.sampled_from([0, QUARTER]),
    record_errors_q24=st.sampled_from([0, QUARTER]),
    throttle_tries=st.sampled_from([0, 0, 1, 2]),
    polling=st.sampled_from(
        [
            PollingSpec(every_ns=S),
            PollingSpec(initial=1, maximum=1, floor=1),
            PollingSpec(initial=2, maximum=6, floor=2, every_ns=S),
            PollingSpec(initial=1, maximum=9, amount=4, every_ns=60 * S, floor=1),
            PollingSpec(initial=1, maximum=12, amount=5, every_ns=S, floor=3, decrease_ppm=300_000),
        ]
    ),
)

provisioned = st.builds(
    replace,
    default,
    per_poller=st.just(2),
    polling=st.builds(
        PollingSpec,
        initial=st.sampled_from([2, 4]),
        maximum=st.sampled_from([4, 12]),
        amount=st.sampled_from([2, 4]),
        unit=st.just(2),
        every_ns=st.sampled_from([S, 20 * S]),
        floor=st.just(2),
        decrease_ppm=st.sampled_from([27_000, 500_000, 750_000]),
    ),
)
"""Pollers of two concurrent invocations each."""
specs = default | provisioned


@dataclass(frozen=True)
class QueuePlan:
    """One queue, when its messages come and what its batches take, in s; ``limit`` is the account's concurrency."""

    spec: SqsSpec
    times: list[int]
    limit: int
    takes: list[int]
    outcomes: list[int]
    switches: tuple[tuple[int, int], ...] = ()
    """When the mapping is disabled (0) or enabled (1)."""
    settings: tuple[tuple[int, str, int], ...] = ()
    """When a setting of the mapping is another: its name in the law, and what it is from then on."""
    moves: tuple[int, ...] = ()
    """When the mapping leads to the other one of two functions."""


PLANS = st.builds(
    QueuePlan,
    specs,
    st.lists(st.sampled_from([0, 1, 2, 5, 30, 31, 60, 61, 90, 300]), min_size=1, max_size=24),
    st.sampled_from([1, 2, 20]),
    st.lists(st.sampled_from([0, 1, 2, 20, 40]), min_size=1, max_size=12),
    st.lists(st.sampled_from([0, 0, 0, 1]), max_size=12).map(lambda outcomes: [*outcomes, 0]),
    # it is enabled in the end, for no oracle tells how long nothing goes on
    st.lists(st.tuples(st.sampled_from([0, 1, 2, 5, 31, 61, 90, 120]), st.integers(0, 1)), max_size=4).map(
        lambda switches: (*sorted(switches, key=lambda switch: switch[0]), (130, 1)) if switches else ()
    ),
    settings=st.lists(
        st.tuples(st.sampled_from([1, 5, 31, 60]), st.just("max_receives"), st.sampled_from([0, 1, 2])),
        max_size=2, unique_by=lambda setting: setting[0],
    ).map(tuple),
    moves=st.lists(st.sampled_from([0, 1, 2, 5, 30, 31, 60, 61]), max_size=3, unique=True).map(
        lambda moves: tuple(sorted(moves))
    ),
)  # fmt: skip

KINDS = {name: kind for kind, name in SETTINGS.items()}
DELIVERY = ("event", "attempt", "sent_ns", "available_ns", "delivered_ns", "ended_ns", "outcome", "fate", "destination")
INVOCATION = ("function", "attempt", "arrival_ns", "end_ns", "status", "final")


def _number(batch: int) -> int:
    return batch if batch < 0 else batch & (1 << 44) - 1


def queue_by_engine(plan: QueuePlan) -> dict[str, Any]:
    """Return the records of the engine."""
    account = AccountSpec(concurrency=plan.limit, functions=(function(), function()), sources=(plan.spec,))
    leads = tuple(Lead(at * S, number % 2, -1, number % 2) for number, at in enumerate((0, *plan.moves)))
    hand = Hand(1, [1_000 * take for take in plan.takes], plan.outcomes, keys=KEYS, leads=leads if plan.moves else ())
    control = [Change(at * S, Control.MAPPING_ENABLED, 0, on) for at, on in plan.switches]
    control += [Change(at * S, KINDS[name], 0, value) for at, name, value in plan.settings]
    control += [Change(lead.from_ns, Control.MAPPING_FUNCTION, 0, n) for n, lead in enumerate(leads) if n]
    log = simulate(account, [Event(1_000 * at) for at in sorted(plan.times)], drawn=[hand], control=control)
    samples = [
        [(row["time_ns"], row["value"]) for row in log.samples if row["metric"] == metric] for metric in (0, 3, 4)
    ]
    return {
        "deliveries": sorted((*(row[name] for name in DELIVERY), _number(row["batch"])) for row in log.deliveries),
        "invocations": sorted(
            (_number(row["request"]), *(row[name] for name in INVOCATION)) for row in log.invocations
        ),
        "levels": samples[0],
        "empty": samples[1],
        "requests": samples[2],
    }


def queue_by_oracle(plan: QueuePlan) -> dict[str, Any]:
    """Return those of the oracle."""
    oracle = QueueOracle(plan.spec, plan.limit, [take * S for take in plan.takes], plan.outcomes, KEYS)
    settings = [(at * S, name, value) for at, name, value in plan.settings]
    switches = [(at * S, on) for at, on in plan.switches]
    oracle.run([at * S for at in sorted(plan.times)], switches, settings, [at * S for at in plan.moves])
    return {
        "deliveries": sorted(oracle.deliveries),
        "invocations": sorted(oracle.invocations),
        "levels": oracle.levels,
        "empty": sorted(pair for pair in oracle.empty.items() if pair[1]),
        "requests": sorted(pair for pair in oracle.requests.items() if pair[1]),
    }

"""Cases of asynchronous events beside direct requests, on coarse grids."""

from dataclasses import dataclass, replace

import numpy as np
from by_hand import Hand, plan_of
from hypothesis import strategies as st
from strategies import Case, cases

from lambdasim.model.asynchronous import AsynchronousSource, AsynchronousSpec
from lambdasim.model.control import Change, Control, in_order
from lambdasim.model.events import NEVER_NS, Status
from lambdasim.model.spec import AccountSpec, FunctionSpec
from lambdasim.plan import PLAN_COLUMNS, PlanChunk

JITTER_KEYS = (11, 0xDEADBEEFCAFEF00D, 3, 4, 5)
KEYS = {"async-backoff": 7, "async-outcome": 0xFEEDFACECAFEBEEF, "async-duplicate": 9, "async-destination": 13}
S = 1_000_000_000
HALF = 1 << 23


@dataclass(frozen=True)
class EventCase:
    """A case of which some rows go to sources."""

    case: Case
    source: tuple[int, ...]
    delay_ns: tuple[int, ...]

    def chunks(self):
        """Yield the plan, cut where the case is, with the columns of events."""
        ordered = sorted(self.case.rows, key=lambda r: (r["arrival_ns"], r["request"]))
        begin = 0
        for until in [*sorted(set(self.case.cuts_ns)), NEVER_NS]:
            places = [i for i, r in enumerate(ordered) if begin <= r["arrival_ns"] < until]
            columns = {c: np.array([ordered[i][c] for i in places], dtype=np.int64) for c in PLAN_COLUMNS}
            for name, values in (("source", self.source), ("delay_ns", self.delay_ns)):
                columns[name] = np.array([values[i % len(values)] for i in places], dtype=np.int64)
            function = [s.function for s in self.case.spec.sources]
            sent = columns["source"] >= 0
            columns["function"][sent] = np.array(function)[columns["source"][sent]]
            yield PlanChunk(until_ns=until, **columns)
            begin = until


@st.composite
def event_cases(draw) -> EventCase:
    """Draw a case with asynchronous sources; times are seconds or tenths of them, as the retries' minutes are whole."""
    case = draw(cases().filter(lambda case: case.ends_ns >= S))
    tick = case.ends_ns // 22

    def spec() -> AsynchronousSpec:
        return AsynchronousSpec(
            max_retries=draw(st.integers(0, 2)),
            max_age_ns=draw(st.sampled_from([3 * tick, 60 * S, 61 * S, 200 * S])),
            dequeue_ns=draw(st.integers(0, 2)) * tick,
            backoff_base_ns=draw(st.integers(1, 3)) * tick,
            backoff_cap_ns=draw(st.integers(3, 8)) * tick,
            destinations=draw(st.integers(0, 1)),
            delivery_failures_q24=draw(st.sampled_from([0, HALF])),
            duplicates_q24=draw(st.sampled_from([0, HALF])),
        )

    functions = tuple(
        f._replace(asynchronous=spec(), errors_q24=draw(st.sampled_from([0, HALF])), crashes_q24=HALF // 2)
        for f in case.spec.functions
    )
    count = draw(st.integers(1, 3))
    sources = tuple(AsynchronousSource(f"s{i}", draw(st.integers(0, len(functions) - 1))) for i in range(count))
    horizon_ns = case.horizon_ns if case.horizon_ns == NEVER_NS else case.horizon_ns * draw(st.sampled_from([1, 8]))
    rows = [
        Change(draw(st.integers(0, 30)) * tick, Control.EVENT_DESTINATIONS, draw(st.integers(0, count - 1)), number)
        for number in draw(st.lists(st.integers(0, 2), max_size=3))
    ]
    case = replace(
        case,
        spec=replace(case.spec, functions=functions, sources=sources),
        control=in_order([*case.control, *rows]),
        horizon_ns=horizon_ns,
    )
    return EventCase(
        case,
        tuple(draw(st.lists(st.integers(-1, count - 1), min_size=1, max_size=6))),
        tuple(n * tick for n in draw(st.lists(st.integers(0, 3), min_size=1, max_size=5))),
    )


def a_retry_meets_a_request() -> EventCase:
    """Return a case in which a failed event is tried again when a request of a lower number comes; one has room."""
    return _meeting(AsynchronousSpec(dequeue_ns=0), Status.ERROR, 61)


def an_event_meets_a_request() -> EventCase:
    """Return a case in which an event is tried for the first time then."""
    return _meeting(AsynchronousSpec(dequeue_ns=S), Status.SUCCESS, 1)


def _meeting(events: AsynchronousSpec, outcome: int, request_s: int) -> EventCase:
    function = FunctionSpec("f", timeout_ns=10 * S, asynchronous=events)
    spec = AccountSpec(1, (function,), sources=(AsynchronousSource("s", 0),))
    drawn = dict.fromkeys(PLAN_COLUMNS, 0) | {
        "duration_ns": S, "idle_timeout_ns": 9 * S, "surplus_idle_timeout_ns": 9 * S, "lifetime_ns": NEVER_NS,
    }  # fmt: skip
    event = drawn | {"request": 1, "outcome": int(outcome)}
    request = drawn | {"request": 0, "arrival_ns": request_s * S}
    return EventCase(Case(spec, [event, request], (), 1, NEVER_NS, [], request_s * S), (0, -1), (0,))


def records(engine_class, events: EventCase):
    """Return all rows that an engine writes, sorted, and the end of the simulation."""
    case = events.case
    engine = engine_class(
        plan_of(
            case.spec,
            jitter_keys=JITTER_KEYS[: case.loads + len(case.spec.sources)],
            control=case.control,
            horizon_ns=case.horizon_ns,
            drawn=[
                Hand(case.loads + i, function=own.function, keys={k: v + i for k, v in KEYS.items()})
                for i, own in enumerate(case.spec.sources)
            ],
        )
    )
    chunks = [engine.advance(chunk) for chunk in events.chunks()]
    chunks.append(engine.finish(case.ends_ns))
    tables = ("invocations", "environments", "deliveries")
    rows = [sorted(row for chunk in chunks for row in getattr(chunk, table).rows.tolist()) for table in tables]
    return *rows, engine.ended_ns

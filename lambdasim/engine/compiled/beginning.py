"""The beginning of a simulation: the arrays of a plan at time 0, and what there is to be room for.

What the arrays are, :mod:`~lambdasim.engine.compiled.state` declares. numpy only.
"""

from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lambdasim.engine.compiled.aliases import initial_aliases, initial_leads, route, versions_of
from lambdasim.engine.compiled.calls import initial_gateways
from lambdasim.engine.compiled.chains import initial_chains, sent_at_once
from lambdasim.engine.compiled.crowds import SENDS, beginnings, initial_crowds
from lambdasim.engine.compiled.holds import initial_holds
from lambdasim.engine.compiled.queues import DRAWN, DRAWN_AT_ONCE, SAMPLE, initial_queues
from lambdasim.engine.compiled.shards import initial_streams
from lambdasim.engine.compiled.state import (
    ACCOUNT,
    AWAITED,
    BUCKET,
    CALLS,
    CHANGE,
    CLIENT,
    DELIVERIES,
    ENDED,
    ENVIRONMENTS,
    EXPIRIES,
    FIRST_OF_DAY,
    FUNCTION,
    GROUPS,
    HEAP_MARGIN,
    HELD,
    INVOCATIONS,
    LOOP,
    LOSS,
    MADE,
    MESSAGES,
    NO_CALENDAR,
    OF_CALL,
    OF_EVENT,
    OF_FIFO,
    OF_LANE,
    OF_QUEUE,
    OF_USER,
    OUTLET,
    POOL,
    RATE,
    RECEIPTS,
    RECORDS,
    ROOM,
    SAMPLES,
    SOURCE,
    TIMER,
    TIMERS,
    WAITING,
    State,
    heap,
)
from lambdasim.engine.compiled.structs import Records, aligned, alike, declared, records_of
from lambdasim.model.account import AccountState
from lambdasim.model.asynchronous import AsynchronousSource, calls_of
from lambdasim.model.client import ClientState
from lambdasim.model.control import Change, Control
from lambdasim.model.events import NEVER_NS, RANK_SHIFT, EventRank, Expiry, request_key
from lambdasim.model.function import FunctionState
from lambdasim.model.gateway import GatewaySource
from lambdasim.model.links import Trigger
from lambdasim.model.spec import NO_RETRY, AccountSpec
from lambdasim.model.sqs import SqsSpec
from lambdasim.model.sqs_fifo import FifoSpec
from lambdasim.model.streams import StreamSpec
from lambdasim.plan import Plan, Series
from lambdasim.records import SourceMetric

FIRST: Final = 1_024
"""Room for so many in the beginning."""

SURGE: Final = 1 << 17
"""For so many environments at most there is room in the beginning; memory that is not touched costs nothing."""


def initial(plan: Plan) -> State:
    """Return the state at time 0, with no room for anything that grows."""
    spec, made = plan.account, plan.made_by("source")
    account = AccountState(spec)
    functions, rates = _functions(spec, account)
    clients, tokens = _clients(plan)

    pools = aligned(2 * len(functions), POOL)
    pools[:] = 0
    pools["first"] = pools["last"] = pools["queued_ns"] = -1
    pools["strikes_ns"] = NEVER_NS
    buckets = records_of(BUCKET, [account.scaling_bucket()], [spec.scaling])
    loop = np.zeros(1, LOOP)
    loop["horizon_ns"] = plan.horizon_ns
    loop["undrawn"] = loop["kept"] = -1
    loop["day_shift"], loop["last_day"], loop["first_ns"] = NO_CALENDAR, -1, NEVER_NS
    queues = initial_queues(spec, made, heap, HEAP_MARGIN, plan.control)
    queues.queues["owes"] = [
        sent_at_once(spec, Trigger.DEAD_LETTER, subject=source) for source in queues.queues["source"]
    ]
    streams = initial_streams(spec, made, plan.control)
    samples = _first_samples(queues.queues)
    timers, timer_heap = _first_timers(plan)
    loop["timer_heap"] = len(timers)
    none = np.zeros(0, np.int64)
    control, provisioned_init_ns = with_changes(_no_change(), none, plan.control)
    sources = _sources(spec, made)
    return State(
        loop=loop,
        rooms=_rooms(spec, functions, queues.queues, streams.streams, samples, timers),
        account=_account(spec, account),
        losses=records_of(LOSS, spec.losses),
        functions=functions,
        pools=pools,
        rates=rates,
        buckets=buckets.repeat(len(functions) if spec.scaling.per_function else 1),
        clients=clients,
        tokens=tokens,
        control=control,
        days=np.full(1, -1, FIRST_OF_DAY),
        months=none,
        years=none,
        provisioned_init_ns=provisioned_init_ns,
        sources=sources,
        leads=initial_leads(sources, made),
        outlets=_outlets(sources, plan.control),
        number_of=_numbers(spec),
        **initial_aliases(spec.aliases)._asdict(),
        drawn=np.zeros(sum(_draws(spec, made)) * DRAWN_AT_ONCE, DRAWN),
        **queues._asdict(),
        **streams._asdict(),
        **initial_gateways(spec, account, made)._asdict(),
        **initial_crowds(plan)._asdict(),
        **initial_chains(plan)._asdict(),
        **initial_holds(plan)._asdict(),
        **{name: own.made(0) for name, own in declared(State).items() if own.room >= 0}
        | {"samples": samples, "timers": timers, "timer_heap": timer_heap},
    )


def _rooms(
    spec: AccountSpec, functions: Records, queues: Records, streams: Records, samples: Records, timers: Records
) -> Records:
    """Return what there is room for, and how much one event may need."""
    rooms = np.zeros(max(own.room for own in declared(State).values()) + 1, ROOM)
    rooms["free"], rooms["first"] = -1, FIRST
    rooms["first"][[ENVIRONMENTS, EXPIRIES]] = max(min(spec.concurrency, SURGE), FIRST)
    for room, rows in ((SAMPLES, samples), (TIMERS, timers)):
        rooms["capacity"][room] = rooms["used"][room] = len(rows)
    rooms["most"][[INVOCATIONS, ENDED, EXPIRIES, ENVIRONMENTS, WAITING]] = 1
    if (functions["expiry"] >= Expiry.TOGETHER).any():
        rooms["most"][EXPIRIES] = 2  # an environment falls idle, and a clock starts
    rooms["most"][SAMPLES] = 6  # a row of the control table, if nothing else
    rooms["most"][TIMERS] = 1 if len(timers) else 0  # of a virtual user
    if spec.sources:  # an event and its duplicate, each refused and then given up; a call and what it leaves behind
        rooms["most"][[WAITING, TIMERS, DELIVERIES, CALLS]] = 2, 3, 4, 2
    if len(queues):
        messages, pollers = max(queues["largest"]), max(queues["pollers"])
        # a receipt's messages come back and are too old, or a batch ends; `owed` has those that can be received
        rooms["most"][[DELIVERIES, MESSAGES, GROUPS]] = 4 * messages + 4, messages + 2, 1
        # batches in their windows receive in turn; a poller has a timer, and so has what it receives
        rooms["most"][[RECEIPTS, TIMERS, SAMPLES]] = 2 * pollers + 8, 2 * pollers + 8, 32
    if len(streams):
        # a batch ends or is throttled; `owed` has a row of each record. All lanes go on as a mapping is enabled, or
        # has another parallelization factor
        most, lanes = rooms["most"], int(max(streams["shards"] * streams["most_lanes"]))
        most[RECORDS] = 1
        most[DELIVERIES] = max(int(most[DELIVERIES]), int(max(streams["largest"])) + 4)
        most[TIMERS] = max(int(most[TIMERS]), lanes + 2)
        most[SAMPLES] = max(int(most[SAMPLES]), 6)
    if functions["has_blocking_calls"].any():
        most = rooms["most"]
        most[[HELD, MADE]] = 1
        # a handler waits for a call, until its timeout; one that has ended is followed; who waited for its connections
        most[TIMERS] += 3 + len(spec.downstreams)
        most[DELIVERIES] = max(int(most[DELIVERIES]), 1)
        # an environment may be connected to all downstreams, and another one in its place; of a pool somebody waits,
        # borrows, gives back and is refused
        most[SAMPLES] = max(int(most[SAMPLES]), 5) + 2 * len(spec.downstreams) + 1
        most[SAMPLES] += 4 * max(len(function.uses) for function in spec.functions)
    if spec.links:  # an end leads on, or each message of a batch; AWS stops an event; `owed` has dead letters
        most, messages = rooms["most"], int(max(*queues["largest"], *streams["largest"], 0, 0))
        most[[WAITING, DELIVERIES, AWAITED]] = np.maximum(most[[WAITING, DELIVERIES, AWAITED]], [1, 1, 2])
        most[TIMERS] += 2 + 2 * sent_at_once(spec) + messages * sent_at_once(spec, Trigger.LOAD)  # an event comes twice
    return rooms


def _draws(spec: AccountSpec, made: Sequence[Series]) -> list[int]:
    """Return for how many versions each source has rows of what it makes by itself."""
    return [
        versions_of(series, spec.aliases) if isinstance(own, SqsSpec | FifoSpec | StreamSpec) else 0
        for own, series in zip(spec.sources, made, strict=True)
    ]


def _account(spec: AccountSpec, account: AccountState) -> Records:
    records = records_of(ACCOUNT, [account])
    records["service_key"] = spec.service_key
    return records


def _numbers(spec: AccountSpec) -> NDArray[np.int64]:
    """Return the number of each source among those of its family."""
    found: dict[type, int] = {}
    numbers = []
    for source in spec.sources:
        family = SqsSpec if isinstance(source, FifoSpec) else type(source)
        numbers.append(found.setdefault(family, 0))
        found[family] += 1
    return np.array(numbers, np.int64)


def _first_samples(queues: Records) -> Records:
    """Return the levels of pollers at time 0."""
    queues = queues[queues["is_fifo"] == 0]
    samples = np.zeros(len(queues), SAMPLE)
    samples["source"], samples["metric"] = queues["source"], SourceMetric.POLLERS
    samples["value"] = queues["target"] // np.maximum(queues["per_poller"], 1)
    return samples


def _first_timers(plan: Plan) -> tuple[Records, Records]:
    """Return the timers of virtual users who are going to send their first requests, and their heap."""
    first = beginnings(plan.closed_loops)
    timers, entries = np.zeros(len(first), TIMER), heap(len(first))
    for slot, (at_ns, key, user) in enumerate(first):
        timers[slot] = int(EventRank.ARRIVAL) << RANK_SHIFT | key, OF_USER, user, SENDS, -1
        entries[slot] = at_ns, slot
    return timers, entries


def _sources(spec: AccountSpec, made: Sequence[Series]) -> Records:
    functions = [spec.functions[own.function].asynchronous for own in spec.sources]
    callers = [
        own if isinstance(own, AsynchronousSource) else AsynchronousSource(own.name, own.function)
        for own in spec.sources
    ]
    sources = records_of(SOURCE, functions, callers, [calls_of(own) for own in callers])
    kinds = {
        SqsSpec: OF_QUEUE, FifoSpec: OF_FIFO, StreamSpec: OF_LANE, AsynchronousSource: OF_EVENT, GatewaySource: OF_CALL,
    }  # fmt: skip
    sources["kind"] = [kinds[type(own)] for own in spec.sources]
    draws = np.array(_draws(spec, made), np.int64)
    sources["first_drawn"], sources["block"] = (np.cumsum(draws) - draws) * DRAWN_AT_ONCE, -1
    for source, requests in zip(sources, made, strict=True):
        source["first_key"] = request_key(requests.load, 0)
        source["function"] = requests.function
        route(source, requests, spec.aliases)
        for kind in ("backoff", "outcome", "duplicate", "destination"):
            source[f"{kind}_key"] = requests.key(f"async-{kind}")
    return sources


def _outlets(sources: Records, control: Sequence[Change]) -> Records:
    """Return how many destinations events have from a time on; their sources are told which are theirs."""
    rows = sorted((c for c in control if c.kind == Control.EVENT_DESTINATIONS), key=lambda c: (c.subject, c.at_ns))
    for number, row in enumerate(rows):
        source = sources[row.subject]
        source["first_outlet"] = number if not source["outlets"] else source["first_outlet"]
        source["outlets"] += 1
    return np.array([(row.at_ns, row.value) for row in rows], OUTLET)


def _functions(spec: AccountSpec, account: AccountState) -> tuple[Records, Records]:
    """Return all versions of all functions, and the rates of the account and of each of them."""
    distinct, places = alike(map(itemgetter(slice(1, None)), spec.functions))  # all but their names
    states: list[FunctionState] = []
    for index in distinct:
        first = spec.functions[index].version_of
        states.append(FunctionState(index, account, _nobody, states[places[first]] if first >= 0 else None))
    specs = [spec.functions[index] for index in distinct]
    own = records_of(FUNCTION, [state.shared for state in states], states, specs)
    for part in ("uses", "calls"):
        own[part] = [len(getattr(one, part)) for one in specs]
    functions = aligned(len(places), FUNCTION)
    own.take(places, out=functions, mode="clip")  # much faster than own[places] where records are long
    first_versions = np.array([one.version_of for one in spec.functions])
    functions["first"] = np.where(first_versions < 0, np.arange(len(places)), first_versions)
    order = np.argsort(functions["first"], kind="stable")  # the versions of each function, one after the other
    after, firsts = np.roll(order, -1), functions["first"][order]
    functions["sibling"][order] = np.where(functions["first"][after] == firsts, after, firsts)
    functions["bucket"] = functions["first"] * spec.scaling.per_function
    for part in ("uses", "calls"):
        functions[f"first_{part.removesuffix('s')}"] = np.cumsum(functions[part]) - functions[part]
    rates = [(state.shared.reserved_rate, state.provisioned_rate) for state in states]
    of_functions = records_of(RATE, [rate for pair in rates for rate in pair]).reshape(-1, 2)
    return functions, np.concatenate((records_of(RATE, [account.rate]), of_functions.take(places, axis=0).ravel()))


def _clients(plan: Plan) -> tuple[Records, NDArray[np.int64]]:
    """Return the callers of all series, and the retry tokens of their processes."""
    spec = plan.account
    specs = (*spec.clients, *[NO_RETRY] * (len(plan.series) - len(spec.clients)))
    distinct, places = alike(map(id, specs))
    callers = [ClientState(specs[number]) for number in distinct]
    clients = records_of(CLIENT, [caller.spec for caller in callers], callers).take(places)
    clients["tokens"] = np.cumsum(clients["processes"]) - clients["processes"]
    may_retry = [bool(spec.sources) or own.max_attempts > 1 for own in specs]  # by a source, if not by themselves
    pairs = zip(plan.series, may_retry, strict=True)
    clients["jitter_key"] = [series.key("client-jitter") if retries else 0 for series, retries in pairs]
    clients["crowd"] = -1
    for number, users in enumerate(plan.closed_loops):
        clients["crowd"][users.load] = number
    return clients, np.array([left for place in places.tolist() for left in callers[place].tokens], np.int64)


def _nobody(*_: object) -> None:
    """Hear of no end."""


def _no_change() -> Records:
    """Return a control table with nothing but the row behind the last one, which never comes."""
    return np.array([(NEVER_NS, 0, 0, 0, 0)], CHANGE)


def with_changes(
    control: Records, init_ns: NDArray[np.int64], changes: Iterable[Change]
) -> tuple[Records, NDArray[np.int64]]:
    """Return a control table with more rows, and the Init Durations of its provisioned concurrency with theirs."""
    rows, inits = [], init_ns.tolist()
    for change in changes:
        rows.append((change.at_ns, change.kind, change.subject, change.value, len(inits)))
        inits += change.init_ns
    table = np.concatenate((control[:-1], np.array(rows, CHANGE), control[-1:]))
    order = np.lexsort((table["subject"], table["kind"], table["at_ns"]))
    return table[order], np.array(inits, np.int64)

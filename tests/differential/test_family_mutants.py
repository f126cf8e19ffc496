"""Would the differential tests of gateways, virtual users and links notice? Small errors in the flow that only the
compiled engine has. Python runs it, as for the other mutants.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from interpreted import TIGHT, interpreter, without_a_place
from mixed_cases import mixed_cases
from oracle_cases import Crowd, Draws, SourceCase, told_by_engine
from oracle_plans import ALL, S, gateway_cases, user_cases
from oracles.world import Request

from lambdasim.model.asynchronous import AsynchronousSource, AsynchronousSpec
from lambdasim.model.control import Change, Control
from lambdasim.model.events import NEVER_NS
from lambdasim.model.gateway import ANSWERS, GatewayKind, GatewaySource, RateSpec
from lambdasim.model.links import After, LinkSpec, Trigger
from lambdasim.model.polling import PollingSpec
from lambdasim.model.spec import NO_RETRY, AccountSpec, ClientSpec, FunctionSpec
from lambdasim.model.sqs import SqsSpec

FEW_AHEAD = (
    *TIGHT,
    ("crowds", "DRAWN_AT_ONCE: Final = 4_096", "DRAWN_AT_ONCE: Final = 4"),
    ("crowds", "ITERATIONS: Final = 64", "ITERATIONS: Final = 2"),
    ("chains", "LINK_ROWS: Final = 1_024", "LINK_ROWS: Final = 3"),
)

MUTANTS = {
    "a link that sends on": ("control", "state.links[index].is_enabled = value", "pass"),
    "an answer at the instant of a timeout comes too late": ("gateways", "end_ns > latest_ns", "end_ns >= latest_ns"),
    "a client that hears as it retries": ("gateways", "at_ns, GIVE_UP, own.request", "at_ns, RETRY, own.request"),
    "a client that hears before its time": ("gateways", "quota > 0 or trouble(own.answer) >= 0", "quota > 0"),
    "a refund before its time": ("gateways", "quota > 0 or trouble(own.answer)", "quota < 0 or trouble(own.answer)"),
    "a retry as an arrival": ("gateways", "now + delay_ns, RETRY,", "now + delay_ns, ARRIVAL,"),
    "a retry at the horizon": ("gateways", "now + delay_ns >= state", "now + delay_ns > state"),
    "what is heard at the horizon": (
        "gateways",
        "at_ns >= state.loop[0].horizon_ns",
        "at_ns > state.loop[0].horizon_ns",
    ),
    "a late arrival as a retry": ("gateways", "arrives_ns, ARRIVAL,", "arrives_ns, RETRY,"),
    "a late arrival at the horizon": ("gateways", "elif arrives_ns >= horizon_ns", "elif arrives_ns > horizon_ns"),
    "who gave up hears again": ("gateways", "is_forsaken = 1", "is_forsaken = 0"),
    "what nobody waits for never arrives": ("gateways", "if arrives_ns < horizon_ns", "if arrives_ns < 0"),
    "later attempts are there at once": ("gateways", "if own.delay_ns == 0", "if own.delay_ns == 0 or own.attempt > 0"),
    "patience that begins with the first attempt": (
        "gateways",
        "latest_ns: int = own.available_ns + longest",
        "latest_ns: int = own.arrival_ns + longest",
    ),
    "the client of a load of which nothing is said": ("gateways", "if client.is_default", "if client.is_default > 1"),
    "the jitter of another load": (
        "gateways",
        "state.clients[own.request >> LOAD_SHIFT].jitter_key",
        "client.jitter_key",
    ),
    "an attempt without a number of its own": ("gateways", "source.made += 1", "pass"),
    "the cause of an earlier retry": ("gateways", "own.last = wrong", "pass"),
    "one quota for all processes": (
        "client",
        "process = client.tokens + sequence % client.processes\n    left",
        "process = client.tokens\n    left",
    ),
    "the rate of the first stage for all": ("gateways", "limits[1 + own.source]", "limits[1]"),
    "a client that still has an answer": ("gateways", "REMAINS, NO_ANSWER)", "REMAINS, own.answer)"),
    "nobody waits for an attempt in flight": (
        "gateways",
        "STILL_WAITING if own.delivered_ns < 0",
        "STILL_WAITING if True",
    ),
    "a batch of an attempt before": (
        "gateways",
        "own.delivered_ns, own.batch = now, -1, -1",
        "own.delivered_ns = now, -1",
    ),
    "an answer to another user": ("gateways", "(own.request & SEQUENCE_MASK) % crowd.vus", "0"),
    "a first request as a later one": (
        "beginning",
        "int(EventRank.ARRIVAL) << RANK",
        "int(EventRank.THINK_END) << RANK",
    ),
    "a later request as a first one": ("users", "at_ns, THINK_END,", "at_ns, EventRank.ARRIVAL,"),
    "a user's retry as a next request": ("users", "again_ns, RETRY,", "again_ns, THINK_END,"),
    "an event that somebody waits for": ("users", "kind != OF_CALL", "kind == OF_CALL"),
    "an answer while it runs": ("users", "answered(state, place, known_ns)", "answered(state, place, now)"),
    "rows drawn too late": ("users", "user.iteration == user.known", "False"),
    "the same request again": ("users", "user.iteration % crowd.ahead", "0"),
    "a request that all users send": (
        "users",
        "request_key(crowd.load, user.iteration * crowd.vus + user.number)",
        "request_key(crowd.load, user.iteration * crowd.vus)",
    ),
    "a first attempt that was long ago": ("users", "user.attempt, user.first_ns = 0, now", "user.attempt = 0"),
    "what follows a failure follows any end": ("links", "if status < 0 or rules.follows", "if True or rules.follows"),
    "what follows comes after all of its instant": ("following", "end_ns, INVOKE_END,", "end_ns, VISIBLE,"),
    "one count for all that is sent": ("links", "link.triggered += 1", "pass"),
    "what follows as a retry": ("links", "now, ARRIVAL, key, OF_LINK, index, 1 +", "now, 6, key, OF_LINK, index, 1 +"),
    "a batch deeper than its messages": (
        "sqs",
        "found = max(found, state.messages[at].chain_depth)",
        "found += 1 + state.messages[at].chain_depth",
    ),
    "a message that failed by itself": ("links", "or message.is_failing else", "else"),
    "events drawn too late": ("links", "link.arrived // LINK_ROWS != link.block", "False"),
    "nothing follows a dead letter": (
        "messages",
        "links.dead_letter(state, queue.source, message.chain_depth, now)",
        "pass",
    ),
    "no room for dead letters": ("messages", "state.rooms[TIMERS].owed += count * queue.owes", "pass"),
    "nothing follows a refused event": (
        "events",
        "links.given_up(state, spec.function, event.chain_depth, now)",
        "pass",
    ),
    "nothing follows an old event": (
        "events",
        "follow_given_up(state, spec.function, event.request, event.chain_depth, ended_ns)",
        "pass",
    ),
    "nothing follows an event": (
        "events",
        "ASYNC_SUCCESS if fate == DONE else ASYNC_FAILURE if gone == DELIVERED",
        "-1 if True",
    ),
    "nothing follows a gateway": ("gateways", "follow(state, request, granted, end_ns, status, NOTHING)", "pass"),
    "nothing follows a request": ("asking", "follow(state, request, slot, end_ns, status, NOTHING)", "pass"),
    "nothing follows a batch": ("sqs", "links.batch_ended(state, poller_slot, status, now)", "pass"),
    "nothing follows a stopped event": (
        "links",
        "triggered(state, ASYNC_FAILURE, link.function, ANY_STATUS, NEVER_NS, now)",
        "pass",
    ),
    "nothing follows a stopped message": (
        "links",
        "triggered(state, DEAD_LETTER, link.source, ANY_STATUS, NEVER_NS, now)",
        "pass",
    ),
    "a message that is too deep": ("messages", "-1, -1, chain_depth", "-1, -1, chain_depth + 1"),
    "a call that is too deep": ("gateways", "= 0, request.chain_depth", "= 0, request.chain_depth + 1"),
    "an event that waits too deep": (
        "invocation",
        "request.delay_ns, request.chain_depth",
        "request.delay_ns, request.chain_depth + 1",
    ),
}


def directed() -> list[SourceCase]:
    """Return plans for what seldom happens in others, most of them of an HTTP API; times are seconds."""

    def call(at: int, number: int, outcome: int = 0, source: int = 0, delay: int = 0) -> Any:
        return at * S, Request(0, number, 0, S, 0, NEVER_NS, outcome, source, delay * S)

    def case(*events: Any, limit: int = 50, horizon_ns: int = NEVER_NS, **client: Any) -> SourceCase:
        own = ClientSpec(base_ns=S, full_jitter=False, **client)
        web = GatewaySource("web", 0, GatewayKind.HTTP, ANSWERS[GatewayKind.HTTP])
        spec = AccountSpec(limit, (FunctionSpec("f", timeout_ns=100 * S),), clients=(own,), sources=(web,))
        return SourceCase(spec, events, (Draws(1),), jitter_keys=(0, 0), horizon_ns=horizon_ns)

    none = AccountSpec(1, (FunctionSpec("f", timeout_ns=100 * S),))
    user, other = Crowd(Draws(0, takes=(S,)), start_ns=S, stop_ns=2 * S), Request(1, 0, 0, S, 0, NEVER_NS, 0, -1, 0)
    again = replace(user, draws=Draws(1, takes=(S,)), start_ns=0)
    others = tuple((at * S, Request(0, at, 0, S, 0, NEVER_NS, 0, -1, 0)) for at in (0, 1))
    retries = replace(none, clients=(NO_RETRY, ClientSpec(max_attempts=2, base_ns=S, full_jitter=False)))
    tokens = {"quota": 7, "retry_cost": 1, "error_cost": 3}
    return [
        # two users whose requests differ, each of two iterations
        SourceCase(
            replace(none, concurrency=2),
            (),
            crowds=(Crowd(Draws(0, takes=(S, 2 * S)), vus=2, stop_ns=2 * S),),
        ),
        SourceCase(none, ((S, other),), crowds=(user,), jitter_keys=(0, 0)),  # one of a later load meets a first one
        SourceCase(  # what follows meets the next request of a user
            replace(none, concurrency=2, links=(LinkSpec(2, Trigger.LOAD, (0,)),)),
            ((0, Request(0, 0, 0, 2 * S, 0, NEVER_NS, 0, -1, 0)), (S, Request(0, 1, 0, 9 * S, 0, NEVER_NS, 0, -1, 0))),
            crowds=(Crowd(Draws(1, takes=(S,)), stop_ns=3 * S, thinks=(S,)),),
            followers=(Draws(2, takes=(5 * S,)),),
            jitter_keys=(0, 0, 0),
        ),
        SourceCase(retries, others, crowds=(again,), jitter_keys=(0, 0)),  # a user's retry meets a request
        case(call(0, 1, outcome=1), call(2, 0, source=-1), limit=1, max_attempts=2),  # a retry meets a request
        case(call(1, 0, delay=1), horizon_ns=2 * S),
        case(call(0, 0, delay=2), timeout_ns=S),
        case(call(0, 0, outcome=1), horizon_ns=2 * S, max_attempts=2),  # its retry would be at the horizon
        case(call(0, 0, outcome=1), *(call(9, number, outcome=1) for number in (1, 2, 3)), max_attempts=2, **tokens),
        case(*(call(9 * at, 2 * at + 1, outcome=1) for at in (0, 1, 2)), max_attempts=2, processes=2, **tokens),
    ]


def two_stages() -> SourceCase:
    """Return a plan of two APIs whose stages have different rates."""
    web = GatewaySource("web", 0, GatewayKind.HTTP, ANSWERS[GatewayKind.HTTP], stage=RateSpec(9, S, 9))
    limited = replace(web, name="limited", stage=RateSpec(1, S, 1))
    spec = AccountSpec(50, (FunctionSpec("f", timeout_ns=100 * S),), sources=(web, limited))
    events = tuple((0, Request(0, number, 0, S, 0, NEVER_NS, 0, 1, 0)) for number in (0, 1))
    return SourceCase(spec, events, (Draws(1), Draws(2)), jitter_keys=(0, 0, 0))


def followed() -> list[SourceCase]:
    """Return plans of what follows from a queue's message or an asynchronous event: a request of another function."""

    def case(source: Any, *links: LinkSpec, outcome: int = 0, times: int = 1, **more: Any) -> SourceCase:
        """Events of the source; if two links are given, what the first of them sends after a request."""
        others, sent = FunctionSpec("g", timeout_ns=100 * S), [Draws(link.load, function=1) for link in links]
        if len(links) > 1:
            sent[0] = Draws(links[0].load, source=0)
        return SourceCase(
            AccountSpec(50, (FunctionSpec("f", timeout_ns=100 * S, **more), others), sources=(source,), links=links),
            tuple((0, Request(0, n, 0, S, 0, NEVER_NS, outcome, -1 if len(links) > 1 else 0, 0)) for n in range(times)),
            (Draws(1, takes=(S,), outcomes=(outcome,)),),
            followers=tuple(sent),
            jitter_keys=(0,) * (2 + len(links)),
            horizon_ns=100 * S,
        )

    queue, events = SqsSpec("q", 0), AsynchronousSource("e", 0)
    kept, loses = replace(queue, max_receives=1), AsynchronousSpec(max_retries=1, max_age_ns=9 * S, destinations=1)
    to_source = LinkSpec(2, Trigger.LOAD, (0,), loops=True, longest_loop=1)  # AWS stops what it sends
    return [
        case(queue, LinkSpec(2, Trigger.FUNCTION, (0,), loops=True, most_hops=1)),  # after the first batch only
        case(queue, LinkSpec(2, Trigger.FUNCTION, (0,), loops=True, most_hops=1), times=2),  # of two messages
        case(queue, LinkSpec(2, Trigger.LOAD, (0,), loops=True, most_hops=1)),  # after the first message only
        case(replace(queue, partial=True, poison_q24=ALL), LinkSpec(2, Trigger.LOAD, (0,), After.FAILURE)),
        case(kept, LinkSpec(2, Trigger.DEAD_LETTER, (0,)), outcome=1),
        case(events, LinkSpec(2, Trigger.ASYNC_FAILURE, (0,)), asynchronous=loses, reserved=0),
        case(events, LinkSpec(2, Trigger.ASYNC_FAILURE, (0,)), asynchronous=loses, outcome=1),
        case(events, LinkSpec(2, Trigger.ASYNC_FAILURE, (0,)), asynchronous=replace(loses, max_retries=0), outcome=1),
        case(events, LinkSpec(2, Trigger.ASYNC_SUCCESS, (0,))),
        case(events, to_source, LinkSpec(3, Trigger.ASYNC_FAILURE, (0,)), asynchronous=loses),
        case(kept, to_source, LinkSpec(3, Trigger.DEAD_LETTER, (0,))),
        # sixty messages whose receives are used up at once
        replace(
            case(replace(kept, batch_size=1, visibility_ns=60 * S, polling=PollingSpec(initial=2, maximum=2, floor=2)),
                 LinkSpec(2, Trigger.DEAD_LETTER, (0,)), outcome=1, times=60),
            control=(Change(40 * S, Control.MAPPING_ENABLED, 0, 0), Change(100 * S, Control.MAPPING_ENABLED, 0, 1)),
            horizon_ns=200 * S,
        ),
    ]  # fmt: skip


@pytest.fixture(scope="module")
def known() -> list[tuple[SourceCase, Any]]:
    """Plans, with the SimPy engine's records of them."""
    found: list[SourceCase] = []

    @given(gateway_cases(), user_cases(), mixed_cases(), mixed_cases(least_links=1))
    @settings(max_examples=100, database=None, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
    def collect(gateways: SourceCase, users: SourceCase, mixed: SourceCase, links: SourceCase) -> None:
        found.extend((gateways, users, mixed, links))

    collect()
    rare = (*directed(), two_stages(), *followed())
    return [(case, told_by_engine(case)) for case in (*rare, *reversed(found))]  # the first drawn are small


@pytest.fixture
def interpreted(tmp_path) -> Iterator[Any]:
    with interpreter(tmp_path) as engine:
        yield engine


def test_every_mutant_has_its_place() -> None:
    """Those too that a run of the suite leaves out."""
    assert without_a_place(MUTANTS) == []


def test_the_loop_as_python_runs_it(interpreted, known) -> None:
    engine = interpreted(*FEW_AHEAD)
    for case, expected in known[:100]:
        assert told_by_engine(case, engine) == expected


@pytest.mark.parametrize("mutant", MUTANTS)
def test_mutant_is_caught(mutant: str, interpreted, known) -> None:
    engine = interpreted(*FEW_AHEAD, MUTANTS[mutant])
    for case, expected in known:
        try:
            if told_by_engine(case, engine) != expected:
                return
        except (IndexError, KeyError, OverflowError, RecursionError, ValueError):
            return
    pytest.fail(f"{mutant}: nobody notices")

"""Would the differential tests of handlers that wait for others notice? Small errors in the flow that only the compiled
engine has. Python runs it, as for the other mutants.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from interpreted import TIGHT, interpreter, without_a_place
from mixed_cases import mixed_cases
from oracle_cases import Draws, SourceCase, told_by_engine
from oracle_plans import S, handler_cases
from oracles.world import Request

from lambdasim.model.asynchronous import AsynchronousSource, AsynchronousSpec
from lambdasim.model.batches import BatchSpec
from lambdasim.model.calls import CallSpec
from lambdasim.model.control import Change, Control, provisioned
from lambdasim.model.downstream import DownstreamSpec, Slowdown, UseSpec
from lambdasim.model.events import NEVER_NS
from lambdasim.model.gateway import ANSWERS, GatewayKind, GatewaySource
from lambdasim.model.links import After, LinkSpec, Trigger
from lambdasim.model.losses import Loss
from lambdasim.model.spec import AccountSpec, ClientSpec, FunctionSpec
from lambdasim.model.sqs import SqsSpec
from lambdasim.model.sqs_fifo import FifoSpec
from lambdasim.model.streams import StreamSpec

FEW_AHEAD = (
    *TIGHT,
    ("crowds", "DRAWN_AT_ONCE: Final = 4_096", "DRAWN_AT_ONCE: Final = 4"),
    ("crowds", "ITERATIONS: Final = 64", "ITERATIONS: Final = 2"),
    ("chains", "LINK_ROWS: Final = 1_024", "LINK_ROWS: Final = 3"),
    ("holds", "CALLED_ROWS: Final = 1_024", "CALLED_ROWS: Final = 2"),
)

MUTANTS = {
    "a handler that begins before its environment is initialised": (
        "holding",
        "row.arrival_ns + row.placement_ns + row.init_ns",
        "row.arrival_ns",
    ),
    "a place among arrivals for what begins": ("holding", "begins_ns, INIT_END,", "begins_ns, EventRank.ARRIVAL,"),
    "a timeout that counts from the arrival": ("handlers", "own.began_ns = now", "own.began_ns = row.arrival_ns"),
    "an answer to who no longer waits": ("handlers", "state.called[own.called].holder = -1", "pass"),
    "a handler that is late and succeeds": ("handlers", "own.began_ns, own.stopped)", "own.began_ns, SUCCESS)"),
    "a timeout of an answered call": ("handlers", "timers.withdraw(state, own.timer)", "pass"),
    "calls that always succeed": ("handlers", "calls.answered(call, own.answer)", "SUCCESS"),
    "a downstream for who runs out of time": ("handlers", "if status != TIMEOUT:", "if True:"),
    "a refusal that is no error": ("handlers", "downstream.fail_ns, ERROR", "downstream.fail_ns, status"),
    "another downstream after a refusal": ("handlers", "return downstream.fail_ns, ERROR", "status = ERROR"),
    "the windows of the first downstream": ("handlers", "state.windows[downstream.first_window :", "state.windows[0 :"),
    "the windows of the first downstream before a transaction": (
        "databases",
        "first_window : downstream.first_window + downstream.windows]\n        own.own_ns = used_ns",
        "first_window * 0 : downstream.first_window + downstream.windows]\n        own.own_ns = used_ns",
    ),
    "the windows of the first downstream in a transaction": (
        "databases",
        "first_window : downstream.first_window + downstream.windows]\n    slow_ns",
        "first_window * 0 : downstream.first_window + downstream.windows]\n    slow_ns",
    ),
    "calls after an error": ("working", "status != SUCCESS or function.calls", "function.calls"),
    "the calls of the first function": ("working", "function.first_call - 1, 0", "-1, 0"),
    "as many calls for each request": ("handlers", "np.uint64(row.request)", "np.uint64(0)"),
    "the call before": ("handlers", "state.callees[number]", "state.callees[number - (number > 0)]"),
    "the same request again": ("handlers", "call.made += 1", "pass"),
    "calls that lead from nowhere": ("handlers", "number, 0, holder, chain_depth", "number, 0, holder, 0"),
    "rows drawn too late": ("handlers", "call.arrived // CALLED_ROWS != call.block", "False"),
    "rows that never advance": ("handlers", "call.arrived += 1", "pass"),
    "a call that arrives before its time": (
        "handlers",
        "own.arrival_ns, own.function, own.pick = now,",
        "own.arrival_ns, own.function, own.pick = 0,",
    ),
    "a call's retry as an arrival": ("handlers", "again_ns, RETRY,", "again_ns, ARRIVAL,"),
    "a first attempt for ever": ("handlers", "own.attempt += 1", "pass"),
    "a throttled call that succeeds": ("handlers", "tell(state, slot, THROTTLED, now)", "tell(state, slot, 0, now)"),
    "a quota that calls never get back": ("handlers", "own.attempt, THROTTLE)", "0, THROTTLE)"),
    "nobody follows calls": ("handlers", "links.call_ended(state, slot, status, now)", "pass"),
    "an answer after arrivals": (
        "handlers",
        "timers.arm(state, now, INVOKE_END,",
        "timers.arm(state, now, ARRIVAL + 1,",
    ),
    "a connection twice": ("connections", "environment.connected |= 1 << downstream.bit", "pass"),
    "one more connection": ("connections", "may_connect(downstream, downstream.held)", "may_connect(downstream, 0)"),
    "connections that are lost": ("connections", "downstream.held -= 1", "pass"),
    "connections of who has none": ("connections", "    environment.connected = 0", "    pass"),
    "a refusal that nobody counts": ("connections", "sample(state, -1 - index, REFUSALS, now, 1)", "pass"),
    "no connection by init": ("connections", "if use.connects_in_init and", "if False and"),
    "all connect by init": ("connections", "if use.connects_in_init and", "if"),
    "a connection beyond the end": ("pool", "    if environment.connected:\n", "    if False:\n"),
    "a connection beyond a reset": ("function", "if environment.needs_init and environment.connected:", "if False:"),
    "a reset that anybody is": (
        "function",
        "if environment.needs_init and environment.connected:",
        "if environment.connected:",
    ),
    "a slowdown that is missed": ("control", "state.downstreams[index].permille = value", "pass"),
    "a downstream that never goes down": ("control", "state.downstreams[index].is_down = value", "pass"),
    "a size that is missed": ("control", "connections.resize(state, index, value, now)", "pass"),
    "who is down and serves": ("connections", "downstream.is_down or", ""),
    "a database that is down and serves": ("databases", "if downstream.is_down:", "if False:"),
    "a larger pool that lets nobody in": (
        "connections",
        "connections = connections\n    let_in(state, downstream, now)",
        "connections = connections",
    ),
    "a connection that nobody is given": (
        "connections",
        "borrowed -= 1\n    let_in(state, downstream, at_ns)",
        "borrowed -= 1",
    ),
    "a connection that stays borrowed": ("connections", "    downstream.borrowed -= 1\n", ""),
    "who came last is let in": ("connections", "slot = downstream.first_waiting", "slot = downstream.last_waiting"),
    "who is let in is not counted": ("connections", "        downstream.borrowed += 1\n", ""),
    "a patience that goes on": ("connections", "timers.withdraw(state, state.held[slot].timer)", "pass"),
    "who waits forgets who was before": ("connections", "own.after = last, -1", "own.after = -1, -1"),
    "who leaves takes those before along": ("connections", "state.held[own.before].after = own.after", "pass"),
    "a pinned connection that nobody gets back": (
        "connections",
        "            give_back(state, index, at_ns)\n",
        "            pass\n",
    ),
    "nobody takes turns": ("databases", "            return True\n", "            return False\n"),
    "nobody waits": ("databases", "if database.may_borrow(downstream, downstream):", "if True:"),
    "who borrows is not counted": ("databases", "downstream.borrowed += 1", "pass"),
    "a patience without end": ("databases", "min(downstream.borrow_ns, own.stops_ns - now)", "own.stops_ns - now"),
    "a patience beyond the stop": (
        "databases",
        "min(downstream.borrow_ns, own.stops_ns - now)",
        "downstream.borrow_ns",
    ),
    "who gives up still waits": ("databases", "    connections.leave(state, downstream, slot)\n", ""),
    "a wait since the handler began": ("databases", "own.since_ns = now", "own.since_ns = own.began_ns"),
    "a stop that is a refusal": (
        "databases",
        "    if now >= own.stops_ns:\n        return works(state, slot, 0, own.stopped, now)\n    connections.refused",
        "    connections.refused",
    ),
    "a pinned session that asks again": (
        "databases",
        "if environment.connected >> downstream.bit & 1:",
        "if False:",
    ),
    "nobody is pinned": ("databases", "environment.connected |= 1 << downstream.bit", "pass"),
    "all give back": ("databases", "and not environment.connected >> downstream.bit & 1", ""),
    "connections that open at once": ("databases", "if wait_ns == 0:", "if True:"),
    "all connections open": ("databases", "if downstream.held > held else 0", ""),
    "a connection that opens beyond the stop": (
        "databases",
        "min(now + wait_ns, state.held[slot].stops_ns)",
        "now + wait_ns",
    ),
    "a transaction beyond the stop": ("databases", "min(now + takes_ns, own.stops_ns)", "now + takes_ns"),
    "a transaction that is cut and ends well": (
        "databases",
        "own.is_cut = takes_ns > own.stops_ns - now",
        "own.is_cut = False",
    ),
    "at work for ever": ("databases", "downstream.busy -= 1", "pass"),
    "a transaction that is worked twice": ("databases", "own.own_ns -= spent_ns", "pass"),
    "who is stopped keeps the connection": (
        "databases",
        "        leaves(state, slot, use.downstream, now)\n",
        "",
    ),
    "a handler that no loss reaches": ("handlers", "if is_cut(loss, now, NEVER_NS,", "if is_cut(loss, now, now,"),
    "a loss that ends an init and begins a handler": ("invocation", "status, is_held = LOST, False", "status = LOST"),
    "a loss of what is not known": ("invocation", "(0 if is_held else duration_ns)", "duration_ns"),
    "batches of streams that nobody follows": ("batches", "links.lane_ended(state, number, status, now)", "pass"),
    "records that nobody follows": (
        "batches",
        "links.record_ended(state, slot, SUCCESS if place < done else ERROR, now)",
        "pass",
    ),
    "records that all fail": ("batches", "SUCCESS if place < done else ERROR, now", "ERROR, now"),
    "a batch that is no deeper than its first record": (
        "batches",
        "found = max(found, state.records[slot].chain_depth)",
        "found = state.records[first].chain_depth",
    ),
    "records that leave without a letter": ("batches", "size > 0 and destination", "size > 1 and destination"),
    "a letter of what goes nowhere": ("batches", "and destination != NOWHERE", ""),
    "a batch of a stream from nowhere": (
        "links",
        "lane.function, status, lane.chain_depth",
        "lane.function, status, 0",
    ),
    "a record from nowhere": ("links", "status, record.chain_depth, now", "status, 0, now"),
    "a stopped message without a letter": ("links", "elif kind in (OF_QUEUE, OF_FIFO):", "elif kind == OF_QUEUE:"),
    "an answer by itself": ("invocation", "state.environments[granted].answer = status", "pass"),
    "an answer that comes when it may": ("gateways", "if end_ns <= latest_ns:", "if end_ns < latest_ns:"),
    "an answer after the last": ("gateways", "if end_ns <= latest_ns:", "if True:"),
    "a client that hears twice": ("gateways", "        timers.withdraw(state, own.timer)\n", ""),
    "a client that never hears": ("gateways", "elif latest_ns >= state.loop[0].horizon_ns:", "elif False:"),
    "an answer of an attempt before": ("gateways", "state.held[own.held].kind = NOBODY", "pass"),
    "a client that waits for ever": (
        "gateways",
        "own.timer = timers.arm(state, known_ns, GIVE_UP, own.request, OF_CALL, place, IS_HEARD)",
        "pass",
    ),
    "an event that is tried once": (
        "events",
        "is_final(state, state.waiting[held.actor], held.end_ns, held.status)",
        "1",
    ),
    "an event that began as it ended": (
        "events",
        "held.actor, row.arrival_ns, held.end_ns",
        "held.actor, now, held.end_ns",
    ),
    "a batch that is tried once": (
        "batches",
        "is_final(state, state.lanes[held.actor], held.end_ns, held.status)",
        "1",
    ),
    "a user who hears too early": (
        "families",
        "users.answered(state, own.actor, own.end_ns)",
        "users.answered(state, own.actor, now)",
    ),
    "ends of events twice": ("families", "ENDS_BY_THEMSELVES = (OF_EVENT, ", "ENDS_BY_THEMSELVES = ("),
    "ends of batches twice": ("families", "OF_LANE, OF_POLLER, OF_CALLED)\n", "OF_LANE, OF_CALLED)\n"),
    "ends of calls twice": ("families", "OF_LANE, OF_POLLER, OF_CALLED)\n", "OF_LANE, OF_POLLER)\n"),
    "nobody follows who was held": ("families", "follow_held(state, slot, NOTHING)", "pass"),
    "events that are forgotten in flight": ("families", "events.remains(state, slot)", "pass"),
    "clients that are forgotten in flight": ("families", "gateways.remains(state, held.actor)", "pass"),
    "a batch that leads from nowhere": ("sqs", "deepest(state, poller.first) if len(state.links) > 0 else 0", "0"),
    "an end of another load": ("following", "row.request >> LOAD_SHIFT, own.source", "0, own.source"),
    "an end of no source": ("following", "row.request >> LOAD_SHIFT, own.source", "row.request >> LOAD_SHIFT, -1"),
    "an end that leads from nowhere": ("following", "own.status, own.chain_depth, trigger", "own.status, 0, trigger"),
}


def directed() -> list[SourceCase]:
    """Return plans of what chance seldom draws."""

    def request(number: int, takes: int = S, outcome: int = 0, source: int = -1, init: int = 0) -> Request:
        return Request(0, number, 0, takes, init, NEVER_NS, outcome, source, 0)

    def case(spec: AccountSpec, *events: tuple[int, Request], called: Any = (), **more: Any) -> SourceCase:
        count = len(spec.sources)
        draws = tuple(Draws(1 + number, takes=(S,), outcomes=more.get("outcomes", (0,))) for number in range(count))
        to, leads_to = more.get("to", 0), more.get("leads_to", -1)
        followers = tuple(Draws(1 + count + n, to, takes=(S,), source=leads_to) for n in range(len(spec.links)))
        loads = 1 + count + len(followers)
        called = tuple(replace(one, load=loads + number) for number, one in enumerate(called))
        own = {name: more[name] for name in ("horizon_ns", "control") if name in more}
        return SourceCase(spec, events, draws, followers, called, jitter_keys=(0,) * (loads + len(called)), **own)

    calls, other = FunctionSpec("f", timeout_ns=9 * S, calls=(CallSpec(0),)), FunctionSpec("g", timeout_ns=90 * S)
    database = DownstreamSpec("db", connections=1, fail_ns=S)
    uses = FunctionSpec("f", timeout_ns=9 * S, uses=(UseSpec(0),))
    opens = uses._replace(uses=(UseSpec(0, connects_in_init=True),))
    events, stream = AsynchronousSource("e", 0), StreamSpec("s", 0, BatchSpec(2, max_retries=1))
    tried = AsynchronousSpec(max_retries=1, max_age_ns=900 * S)
    triggers = ((Trigger.FUNCTION, 0), (Trigger.FUNCTION, 1), (Trigger.SOURCE, 0), (Trigger.LOAD, 3))
    loop: Any = {"loops": True, "most_hops": 2}
    quota = ClientSpec(max_attempts=2, base_ns=S, full_jitter=False, quota=2, retry_cost=2)
    dear = replace(quota, quota=4, retry_cost=4)
    web = GatewaySource("w", 0, GatewayKind.HTTP, ANSWERS[GatewayKind.HTTP], timeout_ns=3 * S)
    pool = replace(database, has_pool=True, pool_share_ppm=10**6, borrow_ns=90 * S)
    turns = replace(database, connections=6, connect_per_ns=2 * S, contention_permille=1_000)
    pinned = replace(pool, pinned_q24=1 << 24)
    slow = replace(database, slowdowns=(Slowdown(0, 9 * S, 2_000),))
    other_uses = uses._replace(name="g", timeout_ns=3 * S, uses=(UseSpec(0, permille=500),))

    def used(below: DownstreamSpec, *takes: int, idle: int = NEVER_NS, last: int = 20, **more: Any) -> SourceCase:
        """Return requests of so many s at once, of functions in turn, and one of 1 s after 20 s, or when it is said."""
        init = more.pop("init", 0)
        asked = [(0, replace(request(n, own * S, init=init), function=n % 2, idle=idle)) for n, own in enumerate(takes)]
        losses = (Loss(5 * S, 1 << 24, 1),) if more.pop("lost", False) else ()
        account = AccountSpec(9, (uses, other_uses), downstreams=(below,), losses=losses)
        return case(account, *asked, (last * S, request(len(takes))), **more)

    def row(kind: Control, at: int, value: int) -> tuple[Change, ...]:
        return (Change(at * S, kind, 0, value),)

    lost = row(Control.ENVIRONMENTS_LOST, 5, 1 << 24)
    return [
        # four wait for each other; two of them give up, or are stopped, or wait too long
        *(used(replace(pool, borrow_ns=patience * S), *takes)
          for patience in (0, 2, 3, 90) for takes in ((2, 3, 1, 1), (4, 4, 4, 4), (20, 1, 1, 3))),
        *(used(pinned, *takes, idle=idle) for takes in ((1, 1), (3, 2, 1)) for idle in (S, 3 * S, NEVER_NS)),
        *(used(own, *takes) for own in (turns, replace(turns, has_pool=True, pool_connections=3, borrow_ns=3 * S))
          for takes in ((1, 1, 1), (4, 4, 4, 4, 4, 4), (3, 9, 9))),
        *(used(own, 2, 4, 4, 4, control=row(*change)) for own in (database, pool, turns)
          for change in ((Control.CONNECTIONS, 1, 3), (Control.CONNECTIONS, 1, 1), (Control.DOWN, 1, 1))),
        *(used(own, 8, 8, 3, control=lost, lost=True) for own in (pool, pinned, turns, database)),
        used(database, 1, 1, init=7 * S, control=lost, lost=True),
        # one who waits between others is stopped; one who is connected asks while others are being connected
        used(pool, 6, 1, 1, 1, 1),
        used(turns, 1, 1, 1, last=2),
        # the first of three downstreams is slow; others are used, without a pool, through one, or both
        *(case(AccountSpec(9, (uses._replace(uses=tuple(UseSpec(number, permille=500) for number in own)),),
                           downstreams=(slow, DownstreamSpec("api"), pool)), (0, request(0)))
          for own in ((1,), (2,), (1, 2))),
        # two pools, one after the other, of which the second is the smaller
        case(AccountSpec(9, (uses._replace(uses=(UseSpec(0, permille=500), UseSpec(1, permille=500))),),
                         downstreams=(replace(pool, connections=3), pool)),
             *((0, request(number, 2 * S)) for number in range(4))),
        # one that is lost as it calls, as it is initialised, and as what it calls is
        *(case(AccountSpec(9, (calls, other), losses=(Loss(5 * S, 1 << 24, 1),)),
               (0, request(0, takes * S, init=init * S)),
               called=(Draws(0, 1, takes=(8 * S,)),), control=lost)
          for takes, init in ((1, 0), (1, 7), (1, 4), (7, 0))),
        # a stream and a FIFO queue whose batches and records are followed, and whose dead letters come round
        *(case(AccountSpec(9, (FunctionSpec("f", timeout_ns=9 * S), other), sources=(source,),
                           links=(LinkSpec(2, trigger, (subject,), loops=True, most_hops=3, after=after),)),
               *((at * S, request(number, source=0)) for number, at in enumerate((0, 0, 1))),
               to=to, outcomes=outcomes, horizon_ns=99 * S, leads_to=leads_to)
          for source in (StreamSpec("s", 0, BatchSpec(2, max_retries=0, has_destination=True)),
                         StreamSpec("s", 0, BatchSpec(2, max_retries=0)),
                         FifoSpec(SqsSpec("q", 0, max_receives=1, visibility_ns=S), groups=2))
          for trigger, subject, after in (
              (Trigger.LOAD, 0, After.SUCCESS), (Trigger.SOURCE, 0, After.ANY), (Trigger.DEAD_LETTER, 0, After.ANY),
              (Trigger.LOAD, 2, After.ANY))
          for outcomes in ((0,), (1,)) for to, leads_to in ((1, -1), (0, 0))
          if subject == 0 or leads_to == 0),
        case(AccountSpec(9, (FunctionSpec("f", timeout_ns=9 * S), other), sources=(StreamSpec("s", 0, BatchSpec(2)),),
                         links=(LinkSpec(2, Trigger.LOAD, (0,), loops=True, most_hops=3),
                                LinkSpec(3, Trigger.LOAD, (2,), loops=True, most_hops=1))),
             (0, request(0, source=0)), to=0, horizon_ns=99 * S, leads_to=0),
        case(AccountSpec(9, (FunctionSpec("f", timeout_ns=9 * S), other),
                         sources=(FifoSpec(SqsSpec("q", 0, max_receives=1, visibility_ns=S), groups=2),),
                         links=(LinkSpec(2, Trigger.SOURCE, (0,), loops=True, longest_loop=2, after=After.ANY),
                                LinkSpec(3, Trigger.DEAD_LETTER, (0,), loops=True, most_hops=2))),
             (0, request(0, source=0)), to=0, horizon_ns=99 * S, leads_to=0),
        # a call of a call, throttled at first, twice
        case(
            AccountSpec(2, (calls, other), clients=(ClientSpec(), quota)),
            *((at * S, request(number)) for number, at in enumerate((0, 1, 9, 10))),
            called=(Draws(0, 1, takes=(S,)),),
        ),
        # two calls of what serves one, twice: the second has its tokens back in time
        case(
            AccountSpec(9, (calls, other._replace(reserved=1)), clients=(ClientSpec(), dear)),
            *((at * S, request(number)) for number, at in enumerate((0, 0, 9, 9))),
            called=(Draws(0, 1, takes=(S, 2 * S)),),
        ),
        # a call tried again as a request arrives at what serves one
        case(
            AccountSpec(9, (calls, other._replace(reserved=1)), clients=(ClientSpec(), replace(quota, quota=0))),
            *((at * S, replace(request(number), function=function))
              for number, (at, function) in enumerate(((0, 0), (1, 0), (3, 1)))),
            called=(Draws(0, 1, takes=(2 * S,)),),
        ),
        # what runs out of time uses nothing
        case(AccountSpec(9, (uses,), downstreams=(replace(database, calls=1, burst=1),)),
             (0, request(0, 20 * S)), (S, request(1)), (2 * S, request(2))),
        # an environment that is reset gives its connection back, one that is not keeps it
        case(AccountSpec(9, (uses,), downstreams=(database,)),
             (0, request(0, outcome=2)), (2 * S, request(1, 3 * S)), (3 * S, request(2)), (9 * S, request(3)),
             (9 * S, request(4))),
        case(AccountSpec(9, (opens,), downstreams=(database,)), (3 * S, request(0)), (3 * S, request(1)),
             control=provisioned(0, 0, S, (0, 0))),
        case(AccountSpec(9, (uses,), downstreams=(database,)), (3 * S, request(0)), (3 * S, request(1)),
             control=provisioned(0, 0, S, (0, 0))),
        # what is in flight
        case(AccountSpec(9, (calls, other), sources=(events,)), (0, request(0, source=0)),
             called=(Draws(0, 1, (9 * S,)),), horizon_ns=4 * S),
        case(AccountSpec(9, (calls, other), sources=(replace(web, timeout_ns=NEVER_NS),)), (0, request(0, source=0)),
             called=(Draws(0, 1, (9 * S,)),), horizon_ns=4 * S),
        # a client that hears at the last moment, one after it, one at the horizon
        *(case(AccountSpec(9, (calls, other), sources=(web,)), (0, request(0, source=0)),
               called=(Draws(0, 1, (takes * S,)),), horizon_ns=horizon * S)
          for takes, horizon in ((2, 90), (3, 90), (3, 3), (9, 11), (5, 5))),
        case(AccountSpec(9, (uses,), sources=(web,), downstreams=(database,)), (0, request(0, 8 * S, source=0)),
             horizon_ns=3 * S),
        # tried again
        case(AccountSpec(9, (uses._replace(asynchronous=tried),), sources=(events,), downstreams=(database,)),
             (0, request(0, outcome=1, source=0))),
        case(AccountSpec(9, (uses,), sources=(stream,), downstreams=(database,)), (0, request(0, source=0)),
             outcomes=(1,)),
        # what follows: of a batch, of a call, and how deep it is
        *(case(AccountSpec(9, (calls, other), sources=(source,),
                           links=(LinkSpec(2, trigger, (subject,), **loop),)),
               (0, request(0, source=0)), called=(Draws(0, 1, (S,)),), to=1, horizon_ns=99 * S)
          for source in (SqsSpec("q", 0), events, web)
          for trigger, subject in triggers),
        case(AccountSpec(9, (calls, other), links=(LinkSpec(1, Trigger.LOAD, (0,), **loop),)), (0, request(0)),
             called=(Draws(0, 1, (S,)),), to=1, horizon_ns=99 * S),
        # a call of who uses a downstream is followed once
        case(AccountSpec(9, (calls, uses._replace(name="g")), links=(LinkSpec(1, Trigger.FUNCTION, (1,), **loop),),
                         downstreams=(database,)), (0, request(0)), called=(Draws(0, 1, (S,)),),
             horizon_ns=99 * S),
        # a message that comes round, whose handler calls: the call comes after as many
        replace(
            case(AccountSpec(9, (calls, other), sources=(SqsSpec("q", 0),),
                             links=(LinkSpec(2, Trigger.FUNCTION, (1,), loops=True, most_hops=3),)),
                 (0, request(0, source=0)), called=(Draws(0, 1, (S,)),), horizon_ns=99 * S),
            followers=(Draws(2, 0, (S,), source=0),),
        ),
        case(AccountSpec(9, (uses,), sources=(SqsSpec("q", 0, max_receives=2, visibility_ns=S),),
                         downstreams=(database,)), (0, request(0, source=0)), outcomes=(1,)),
    ]  # fmt: skip


@pytest.fixture(scope="module")
def known() -> list[tuple[SourceCase, Any]]:
    """Plans, with the SimPy engine's records of them."""
    found: list[SourceCase] = []

    @given(
        handler_cases(),
        mixed_cases(with_handlers=True),
        mixed_cases(with_handlers=True, least_links=1),
        mixed_cases(with_handlers=True, with_streams=True),
    )
    @settings(max_examples=50, database=None, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
    def collect(handlers: SourceCase, mixed: SourceCase, links: SourceCase, streams: SourceCase) -> None:
        found.extend((handlers, mixed, links, streams))

    collect()
    return [(case, told_by_engine(case)) for case in (*directed(), *reversed(found))]  # the first drawn are small


@pytest.fixture
def interpreted(tmp_path) -> Iterator[Any]:
    with interpreter(tmp_path) as engine:
        yield engine


def test_every_mutant_has_its_place() -> None:
    """Those too that a run of the suite leaves out."""
    assert without_a_place(MUTANTS) == []


def test_the_loop_as_python_runs_it(interpreted, known) -> None:
    engine = interpreted(*FEW_AHEAD)
    for case, expected in known[:160]:
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

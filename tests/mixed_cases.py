"""Plans of several families at once, on a grid on which nearly everything coincides, for the compiled engine."""

from dataclasses import replace
from random import Random
from typing import Any

from hypothesis import strategies as st
from oracle_cases import Crowd, Draws, SourceCase
from oracle_plans import (
    ALL,
    HALF,
    SEEDS,
    S,
    asynchronous_specs,
    clients,
    draws,
    ends,
    events,
    few,
    fifo_specs,
    functions,
    gateways,
    handlers,
    jitter_keys,
    limits,
)
from queue_cases import queue_specs, stream_specs
from small import only_small

from lambdasim.model.asynchronous import AsynchronousSource
from lambdasim.model.control import Change, Control, in_order, provisioned
from lambdasim.model.downstream import DownstreamSpec
from lambdasim.model.events import NEVER_NS, Expiry, Reuse
from lambdasim.model.gateway import RateSpec
from lambdasim.model.links import After, LinkSpec, Trigger
from lambdasim.model.losses import Loss
from lambdasim.model.spec import AccountSpec


@only_small
@st.composite
def mixed_cases(
    draw: st.DrawFn, with_streams: bool = False, least_links: int = 0, with_handlers: bool = False
) -> SourceCase:
    """Draw gateways, queues, events and users of two functions, whose limits change, and what follows from them;
    perhaps with streams and FIFO queues, and functions that use downstreams and of which the first calls the other."""
    tick = draw(few(S // 10, S))
    own = draw(asynchronous_specs(tick))
    more: Any = {"asynchronous": own}
    if with_handlers:  # whose ends may follow arrivals of their instant, and so expiries: here that can be told
        more["expiry"] = draw(few(Expiry.ONE_TIMEOUT, *Expiry))
        more["reuse"] = draw(few(Reuse.MOST_RECENT, Reuse.MOST_RECENT, Reuse.RANDOM))
    specs = (draw(functions(tick, **more)), draw(functions(tick, "g", **more)))
    families = (
        st.builds(AsynchronousSource, st.just("s"), st.integers(0, 1)),
        st.integers(0, 1).flatmap(lambda function: queue_specs("s", function, tick)),
        gateways(tick, "s"),
        gateways(tick, "s"),
    )
    if with_streams:
        families += (st.integers(0, 1).flatmap(lambda function: stream_specs("s", function, tick)),) * 3
        families += (fifo_specs(tick, "s"),)
    count = draw(st.integers(1, 3))
    sources = tuple(draw(st.sampled_from(families).flatmap(lambda family: family)) for _ in range(count))
    to = [source.function for source in sources]
    crowds = []
    for load in range(1, 1 + draw(st.integers(0, 2))):
        source = draw(st.integers(-1, count - 1))
        drawn = draw(draws(load, tick, to[source] if source >= 0 else draw(st.integers(0, 1)), source))
        crowds.append(
            Crowd(
                replace(drawn, delays=draw(few((0,), (0,), (0, tick)))),
                vus=draw(st.integers(1, 3)),
                start_ns=draw(st.integers(0, 3)) * tick,
                stop_ns=draw(st.integers(4, 20)) * tick,
                thinks=tuple(n * tick for n in draw(st.lists(st.integers(0, 3), min_size=1, max_size=3))),
            )
        )
    first = 1 + len(crowds)
    links, followers = [], []
    for load in range(first + count, first + count + max(draw(few(0, 0, 1, 2, 3)), least_links)):
        source = draw(st.integers(-1, count - 1))
        links.append(draw(_links(load, first + count, count)))
        followers.append(
            draw(draws(load, tick, to[source] if source >= 0 else draw(st.integers(0, 1)), source, slow=3))
        )
    loads = first + count + len(links)
    downstreams: tuple[DownstreamSpec, ...] = ()
    called: tuple[Draws, ...] = ()
    if with_handlers:
        specs, downstreams, called = draw(handlers(specs, tick, loads))
        loads += len(called)
    control = _changes(Random(draw(SEEDS)), tick, count, downstreams) if draw(st.booleans()) else []
    switched = [number for number in range(len(links)) if draw(few(True, False, False))]
    ways = {number: (draw(st.integers(0, 20)) * tick, draw(st.integers(0, 1))) for number in switched}
    control += [Change(at_ns, Control.LINK_ENABLED, number, on) for number, (at_ns, on) in ways.items()]
    losses: tuple[Loss, ...] = ()
    if with_handlers and draw(few(False, False, True)):
        at_ns = sorted(draw(st.lists(st.integers(1, 20), min_size=1, max_size=2)))
        losses = tuple(Loss(at * tick, draw(few(HALF, ALL)), draw(SEEDS)) for at in at_ns)
        control += [Change(own.at_ns, Control.ENVIRONMENTS_LOST, n, own.share_q24) for n, own in enumerate(losses)]
    found = draw(events(tick, ((-1, 0), (-1, 1), *((i, to[i]) for i in range(count))), most=25))
    cuts = sorted({at + more for at, _ in found for more in (0, 1)})
    return SourceCase(
        AccountSpec(
            draw(limits()),
            specs,
            clients=tuple(draw(clients(tick)) for _ in range(loads)),
            links=tuple(links),
            sources=sources,
            downstreams=downstreams,
            losses=losses,
            api_gateway=draw(few(RateSpec(1_000, tick, 1_000), RateSpec(1, tick, 2))),
            whole_seconds=draw(st.booleans()),
        ),
        found,
        tuple(draw(draws(first + i, tick, to[i], i)) for i in range(count)),
        followers=tuple(replace(one, delays=draw(few((0,), (0,), (0, tick)))) for one in followers),
        called=called,
        crowds=tuple(crowds),
        control=in_order(control),
        jitter_keys=jitter_keys(draw(SEEDS), loads),
        **draw(ends(tick)) | ({"cuts_ns": tuple(cuts)} if draw(few(False, False, True)) else {}),
    )


@st.composite
def _links(draw: st.DrawFn, load: int, others: int, sources: int) -> LinkSpec:
    """Draw what follows from ends and dead letters. Without loops it follows the open load, which ends."""
    loops = draw(few(True, True, False))
    trigger = draw(st.sampled_from(Trigger)) if loops else Trigger.LOAD
    last = {Trigger.LOAD: others, Trigger.SOURCE: sources, Trigger.DEAD_LETTER: sources}.get(trigger, 2) - 1
    stops = draw(st.booleans())
    return LinkSpec(
        load,
        trigger,
        tuple(sorted(draw(st.sets(st.integers(0, last), min_size=1, max_size=2)))) if loops else (0,),
        after=draw(few(After.ANY, After.SUCCESS, After.FAILURE)),
        base_count=draw(few(0, 1, 1, 2)),
        extra_probability_q24=draw(few(0, HALF)),
        loops=loops,
        longest_loop=draw(st.integers(1, 2)) if loops and stops else 0,
        most_hops=draw(few(1, 2)) if loops and not stops else NEVER_NS,
    )


def _changes(random: Random, tick: int, sources: int, downstreams: tuple[DownstreamSpec, ...]) -> list[Change]:
    """Draw rows of the control table."""
    rows: list[Any] = []
    for index, downstream in enumerate(downstreams):
        rows.append(Change(random.randint(0, 20) * tick, Control.SLOWDOWN, index, random.choice((500, 1_000, 3_000))))
        for at, is_down in zip(random.sample(range(20), 2), (1, 0), strict=True) if random.random() < 0.2 else ():
            rows.append(Change(at * tick, Control.DOWN, index, is_down))
        for _ in range(random.randint(0, 2) if downstream.connections else 0):
            rows.append(Change(random.randint(0, 20) * tick, Control.CONNECTIONS, index, random.choice((1, 2, 4))))
        if random.random() < 0.5:
            kind = random.choice((Control.DOWNSTREAM_RATE, Control.DOWNSTREAM_BURST))
            rows.append(Change(random.randint(0, 20) * tick, kind, index, random.randint(1, 4)))
    for _ in range(random.randint(1, 4)):
        at_ns, function = random.randint(0, 20) * tick, random.randint(0, 1)
        kind = random.choice(
            (Control.ACCOUNT_CONCURRENCY, Control.RESERVED_CONCURRENCY, Control.MAPPING_ENABLED, Control.RATE_LIMIT,
             Control.BURST_LIMIT, None)
        )  # fmt: skip
        if kind is None:
            rows += provisioned(function, at_ns, at_ns + random.randint(0, 3) * tick, (0, tick))
        elif kind in (Control.RATE_LIMIT, Control.BURST_LIMIT):
            rows.append(Change(at_ns, kind, random.randint(0, sources), random.randint(1, 4)))
        elif kind == Control.MAPPING_ENABLED:
            rows.append(Change(at_ns, kind, random.randrange(sources), random.randint(0, 1)))
        else:
            rows.append(
                Change(at_ns, kind, 0 if kind == Control.ACCOUNT_CONCURRENCY else function, random.randint(1, 3))
            )
    return rows

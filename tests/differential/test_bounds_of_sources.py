"""The law of queues, groups, pollers, links and calls against its definition, as far as ``supports`` lets numbers grow.

As in ``test_bounds.py``, each function runs as Python and compiled from the same source.
"""

from dataclasses import dataclass, replace

import pytest
from hypothesis import assume
from hypothesis import strategies as st

from lambdasim.engine.compiled import LONGEST_TIMEOUT_NS
from lambdasim.model import calls, database, downstream, links, pollers, polling, sqs, sqs_fifo
from lambdasim.model.bucket import Bucket
from lambdasim.model.calls import CallSpec
from lambdasim.model.database import DatabaseState
from lambdasim.model.downstream import DownstreamSpec, Slowdown, UseSpec
from lambdasim.model.links import After, LinkSpec, Trigger
from lambdasim.model.pollers import PollerSpec
from lambdasim.model.polling import PollingSpec, PollingState
from lambdasim.model.sqs import SqsSpec
from lambdasim.model.sqs_fifo import FifoSpec
from tests.bounds import BITS, NEVER, TIMES, S, both_ways, of, upto

pytest.importorskip("numba")

LONG = upto(NEVER // 4 - 1)
"""Times of a queue, as far as they are supported."""
COUNTS = upto(2**24)
PAYLOADS = upto(2**20, 1)
"""Bytes of a message: AWS takes 1 MiB at most."""


@dataclass(slots=True)
class Received:
    attempt: int
    sent_ns: int
    available_ns: int


@of(TIMES, LONG, LONG, upto(2**20), upto(1_000), upto(2**20))
def test_what_a_receive_finds(now, retention_ns, sent_ns, attempt, max_receives, delay_ns) -> None:
    queue = SqsSpec("q", 0, retention_ns=retention_ns, max_receives=max_receives)
    message = Received(attempt, sent_ns, sent_ns + delay_ns)
    is_old = now - sent_ns >= retention_ns
    assert both_ways(sqs.is_too_old, queue, sent_ns, now) == is_old
    is_exhausted = max_receives > 0 and attempt >= max_receives
    assert both_ways(sqs.found, queue, message, now) == (1 if is_old else 2 if is_exhausted else 0)
    left_ns = sent_ns + max(retention_ns, delay_ns)
    assert both_ways(sqs.aged_out_ns, queue, message) == left_ns
    assert both_ways(sqs.stopped, queue) == (1 if max_receives else 0)


@of(TIMES, upto(2**31, 1), LONG, LONG, st.booleans(), BITS, upto(2**20), TIMES)
def test_throttled_batches(now, throttles, base_ns, cap_ns, has_jitter, jitter, tries, visible_ns) -> None:
    queue = SqsSpec(
        "q", 0, backoff_base_ns=base_ns, backoff_cap_ns=cap_ns, backoff_jitter=has_jitter, throttle_tries=tries
    )
    delay_ns = min(base_ns * 2 ** min(throttles - 1, 64), cap_ns) if base_ns else 0
    if has_jitter:
        delay_ns = delay_ns // 2 + delay_ns * jitter // 2**24
    again_ns = both_ways(sqs.throttled_again_ns, queue, now, throttles, jitter)
    assert again_ns == now + max(delay_ns, 1)
    given_up = both_ways(sqs.is_given_up, queue, throttles, again_ns, visible_ns)
    assert given_up == ((tries > 0 and throttles >= tries) or again_ns >= visible_ns)
    goes_on_ns = now if tries else max(now, visible_ns)
    assert both_ways(sqs.gave_up_ns, queue, now, visible_ns) == goes_on_ns


@of(LONG, LONG, upto(LONGEST_TIMEOUT_NS - 1), COUNTS, upto(10_000, 1))
def test_visibility_and_windows(visibility_ns, window_ns, timeout_ns, messages, limit) -> None:
    together_ns = window_ns + timeout_ns
    effective_ns = together_ns + 30 * S if window_ns and together_ns > visibility_ns else visibility_ns
    assert both_ways(sqs.effective_visibility_ns, visibility_ns, window_ns, timeout_ns) == effective_ns
    queue = SqsSpec("q", 0, window_ns=window_ns)
    assert both_ways(sqs.gathers, queue, messages, limit) == (window_ns > 0 and messages < limit)


@of(COUNTS, PAYLOADS, upto(1_000), upto(2**20), st.just(-1) | TIMES, TIMES)
def test_requests_and_busy_pollers(messages, payload, per_poller, poller, since_ns, now) -> None:
    queue = SqsSpec("q", 0, payload=payload, per_poller=per_poller)
    receives = max(1, -(-messages // 10))
    assert both_ways(sqs.receives, messages) == receives
    chunks = -(-messages * payload // 65_536)
    assert both_ways(sqs.receive_requests, queue, messages) == max(receives, chunks)
    fetched_ns = max(receives * S // 10, messages * payload * 1_000)
    assert both_ways(sqs.poller_busy_ns, queue, messages) == fetched_ns
    speaks = since_ns >= 0 and not (per_poller and poller % per_poller)
    waits = (now - since_ns) // (20 * S) if speaks and now >= since_ns else 0
    if now >= since_ns:
        assert both_ways(sqs.empty_receives, queue, poller, since_ns, now) == waits


@of(COUNTS, COUNTS, upto(10_000, 1), COUNTS, COUNTS, BITS, upto(2**24), st.booleans(), upto(5))
def test_pollers_of_queues(backlog, coming, limit, poller, target, u24, duplicates_q24, partial, status) -> None:
    is_wanted = both_ways(sqs.is_wanted, backlog, coming, limit)
    assert is_wanted == (backlog > coming * limit)
    assert both_ways(sqs.receives_again, poller, target, is_wanted) == (is_wanted and target > poller)
    queue = SqsSpec("q", 0, duplicates_q24=duplicates_q24, partial=partial)
    assert both_ways(sqs.is_delivered_twice, queue, u24) == (u24 < duplicates_q24)
    assert both_ways(sqs.slows_polling, queue, status) == (status > 0 and not partial)
    assert both_ways(sqs.settles_late, target, target + 1, partial) == partial
    assert not both_ways(sqs.settles_late, target, target, partial)


@of(COUNTS, COUNTS, upto(1_000, 1), upto(1_000, 1), COUNTS, upto(1_000_000), upto(2**30))
def test_concurrency_of_mappings(target, maximum, unit, amount, floor, decrease_ppm, owed) -> None:
    spec = PollingSpec(maximum=maximum, unit=unit, amount=amount, floor=floor, decrease_ppm=decrease_ppm)
    state = PollingState(target, owed=owed % (unit * 10**6), maximum_now=maximum)
    assert both_ways(polling.may_grow, state) == (target < maximum)
    assert both_ways(polling.grown, spec, state) == min(maximum, target + amount)
    debt = state.owed + max(target - floor, 0) * decrease_ppm
    taken = debt // (unit * 10**6) * unit
    assert both_ways(polling.failed, spec, state) == max(min(floor, target), target - taken)
    assert state.owed == debt - taken * 10**6


@of(COUNTS, COUNTS, COUNTS, COUNTS, upto(1_000, 1), TIMES, st.just(-1) | TIMES, st.booleans())
def test_reviews(target, initial, busy, more, unit, now, review_ns, has_backlog) -> None:
    spec = PollingSpec(initial=initial, unit=unit)
    state = PollingState(target, busy, busy + more, review_ns=review_ns, rests_at=initial)
    assert both_ways(polling.is_reviewed, state) == (target != initial)
    due_ns = review_ns if review_ns >= now else now + 60 * S
    assert both_ways(polling.next_review_ns, state, now) == due_ns
    used = -(-(busy + more) // unit) * unit
    after = target if has_backlog else max(initial, min(target, used))
    assert both_ways(polling.reviewed, spec, state, now, has_backlog) == after
    assert (state.peak, state.review_ns) == (busy, -1 if after == initial else now + 60 * S)
    both_ways(polling.began, state)
    assert (state.busy, state.peak) == (busy + 1, busy + 1)
    both_ways(polling.ended, state)
    assert (state.busy, state.peak) == (busy, busy + 1)
    for per_poller in (0, 1, unit):
        assert both_ways(polling.pollers, target, per_poller) == (target // per_poller if per_poller else target)


@of(COUNTS, upto(2**20, 1), upto(NEVER - 1), BITS, upto(120_000, 1), COUNTS, st.data())
def test_message_groups(maximum, groups, event, u24, look_ahead, messages, data) -> None:
    fifo = FifoSpec(SqsSpec("q", 0), maximum=maximum, look_ahead=look_ahead)
    assert both_ways(sqs_fifo.sees, fifo, messages) == (messages < look_ahead)
    assert both_ways(sqs_fifo.may_begin, fifo, messages) == (messages < maximum)
    assert both_ways(sqs_fifo.group_of, fifo, (0,), event, u24) == event
    bounds = tuple(sorted(data.draw(st.lists(upto(2**24), min_size=1, max_size=5))))
    shared = replace(fifo, groups=len(bounds))
    drawn = next((i for i, bound in enumerate(bounds) if u24 < bound), len(bounds) - 1)
    assert both_ways(sqs_fifo.group_of, shared, bounds, event, u24) == drawn
    assert sqs_fifo.group_of(replace(fifo, groups=groups), (), event, u24) == u24 * groups // 2**24


@of(st.booleans(), st.booleans(), st.booleans(), COUNTS, upto(2**20))
def test_ends_of_messages_in_groups(has_failed, is_failing, is_stopped, waiting, poller) -> None:
    outcome = 1 if has_failed else 5 if is_stopped else 1 if is_failing else 0
    assert both_ways(sqs_fifo.outcome, has_failed, is_failing, is_stopped) == outcome
    assert both_ways(sqs_fifo.settles, has_failed) != has_failed
    assert both_ways(sqs_fifo.is_open, waiting, poller) == (waiting > 0 and not poller)
    assert both_ways(sqs_fifo.polls_at_rest, poller, is_failing) == (is_failing and poller <= 4)


@of(COUNTS, upto(100, 1), upto(10_000, 1), COUNTS, COUNTS, st.booleans(), TIMES, TIMES, st.data())
def test_pollers_of_topics(lag, invokes, batch, before, busy, was_throttled, now, waited_ns, data) -> None:
    minimum, maximum = sorted((data.draw(upto(2_000, 1)), data.draw(upto(2_000, 1))))
    count = data.draw(upto(maximum, minimum))
    spec = PollerSpec(minimum, minimum, maximum, invokes, batch)
    held = count * invokes * batch
    lag = data.draw(st.just(lag) | upto(held + 1, held - 1) | upto(held // 2 + 1, held // 2))
    wanted = both_ways(pollers.wanted, spec, count, lag, before, was_throttled)
    if was_throttled:
        assert wanted == max(count // 2, minimum)
    elif lag > held and lag >= before:
        assert wanted == min(2 * count, maximum)
    else:
        assert wanted == (max(minimum, count - 1) if lag * 2 < held else count)
    assert both_ways(pollers.has_room, spec, busy) == (busy < invokes)
    assert both_ways(pollers.poller_of, lag, count) == lag % count
    look_ns = both_ways(pollers.next_look_ns, now)
    assert look_ns % (60 * S) == 0
    assert now < look_ns <= now + 60 * S
    looked_ns, now = sorted((now, waited_ns))
    looks = now // (60 * S) - looked_ns // (60 * S)
    rested = both_ways(pollers.rested, spec, count, looked_ns, now)
    assert rested == max(minimum, count - looks)


@of(upto(NEVER), upto(NEVER, 1), upto(16), st.booleans(), COUNTS, BITS, upto(2**24), upto(5))
def test_links(depth, most_hops, longest, loops, base, u24, extra_q24, status) -> None:
    link = LinkSpec(
        0, Trigger.FUNCTION, (0,), base_count=base, extra_probability_q24=extra_q24, loops=loops, longest_loop=longest,
        most_hops=most_hops,
    )  # fmt: skip
    assert both_ways(links.goes_on, link, depth) == (not loops or depth < most_hops)
    assert both_ways(links.next_depth, link, depth) == (depth + 1 if loops else 0)
    assert both_ways(links.is_stopped, link, depth) == (longest > 0 and depth >= longest)
    assert both_ways(links.count, link, u24) == base + (u24 < extra_q24)
    for after, follows in ((After.ANY, True), (After.SUCCESS, status == 0), (After.FAILURE, status > 0)):
        assert both_ways(links.follows, replace(link, after=after), status) == follows


@of(upto(LONGEST_TIMEOUT_NS - 1), TIMES, upto(LONGEST_TIMEOUT_NS - 1), TIMES, upto(5), BITS, upto(2**24), COUNTS)
def test_calls(timeout_ns, began_ns, waited_ns, duration_ns, status, u24, extra_q24, base) -> None:
    call = CallSpec(0, base, extra_q24, must_succeed=False)
    assert both_ways(calls.times, call, u24) == base + (u24 < extra_q24)
    stops = (waited_ns, 7) if waited_ns < began_ns + timeout_ns else (began_ns + timeout_ns, 4)
    assert both_ways(calls.stops, timeout_ns, began_ns, waited_ns) == stops
    assert both_ways(calls.answered, call, status) == 0
    assert both_ways(calls.answered, replace(call, must_succeed=True), status) == (status > 0)
    ended = (timeout_ns, 4) if timeout_ns < duration_ns else (duration_ns, status)
    assert both_ways(calls.ended_by, timeout_ns, 4, duration_ns, status) == ended


WINDOWS = st.lists(st.tuples(LONG, LONG, upto(2**40)), min_size=1, max_size=3)


@of(upto(LONGEST_TIMEOUT_NS - 1), upto(1_000), WINDOWS, upto(2**40), LONG)
def test_slow_downstreams(duration_ns, share, windows, permille, now) -> None:
    slowdowns = tuple(Slowdown(min(a, b), max(a, b), factor) for a, b, factor in windows)
    longest_ns = duration_ns
    for factor in (*(window.permille for window in slowdowns), permille):
        assume(longest_ns * max(factor, 1_000) < NEVER)
        longest_ns = longest_ns * max(factor, 1_000) // 1_000
    slowed_ns = duration_ns
    for window in slowdowns:
        slowed_ns = slowed_ns * (window.permille if window.from_ns <= now < window.until_ns else 1_000) // 1_000
    slowed_ns = slowed_ns * permille // 1_000
    assert both_ways(downstream.slowed_ns, slowdowns, permille, now, duration_ns) == slowed_ns
    use, spent_ns = UseSpec(0, permille=share), duration_ns * share // 1_000
    rest_ns = duration_ns - spent_ns
    spent_slowed_ns = downstream.slowed_ns(slowdowns, permille, now, spent_ns)
    taken_ns = both_ways(downstream.used_ns, use, slowdowns, permille, now, duration_ns)
    assert taken_ns == rest_ns + spent_slowed_ns


@of(upto(10**7), upto(10**7), upto(10**6), COUNTS, COUNTS, upto(LONGEST_TIMEOUT_NS - 1), upto(10**6))
def test_pools(connections, own, share_ppm, borrowed, busy, time_ns, contention) -> None:
    assume(time_ns * (1_000 + contention) < NEVER)
    spec = DownstreamSpec("db", connections, has_pool=True, pool_connections=own, pool_share_ppm=share_ppm)
    size = own or connections * share_ppm // 10**6
    assert both_ways(database.pool_size, spec) == size
    assert both_ways(database.may_borrow, spec, DatabaseState(borrowed)) == (borrowed < size)
    at_work = DatabaseState(busy=busy)
    more_ns = time_ns * (contention * min(busy + 1, size) // size) // 1_000 if size else 0
    assert both_ways(database.begin, replace(spec, contention_permille=contention), at_work, time_ns) == (
        time_ns + more_ns
    )
    assert at_work.busy == busy + 1


@of(upto(NEVER - 1), upto(NEVER), LONG, COUNTS, COUNTS)
def test_connections_that_take_turns(per_ns, free_ns, now, borrowed, opened) -> None:
    spec, state = DownstreamSpec("db", connect_per_ns=per_ns), DatabaseState(borrowed, opened, free_ns)
    open_ns = max(now, free_ns) if per_ns and borrowed > opened else now
    assert both_ways(database.borrowed_ns, spec, state, now) == open_ns - now
    assert state.opened == max(borrowed, opened)
    assert state.free_ns == (min(open_ns + per_ns, NEVER) if per_ns and borrowed > opened else free_ns)


@of(COUNTS, COUNTS, upto(2**20, 1), upto(2**20, 1), upto(2**20, 1), LONG)
def test_limits_of_downstreams(connections, held, calls_, burst, made, now) -> None:
    spec = DownstreamSpec("db", connections, calls_, S, burst)
    assert both_ways(downstream.may_connect, spec, held) == (held < connections)
    bucket = Bucket(burst, S)
    passes = both_ways(downstream.passes, spec, bucket, now, made)
    assert passes == (made <= burst)
    assert bucket.credit == (burst - made * passes) * S
    assert both_ways(downstream.passes, replace(spec, calls=0), bucket, now, made)

"""The law's formulas against their definitions in integers without bounds, as far as ``supports`` lets numbers grow.

Each runs twice: as Python, and compiled from the same source, where a number that leaves 64 bits would turn negative.
"""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import example
from hypothesis import strategies as st

from lambdasim.config.families import MAX_TIME_NS
from lambdasim.engine.compiled import LONGEST_TIMEOUT_NS
from lambdasim.model import (
    asynchronous,
    batches,
    bucket,
    client,
    environment,
    function,
    gateway,
    request_rate,
    rules,
    streams,
    users,
)
from lambdasim.model import start as beginning
from lambdasim.model.account import AccountState
from lambdasim.model.asynchronous import AsynchronousSpec
from lambdasim.model.batches import BatchSpec
from lambdasim.model.bucket import Bucket
from lambdasim.model.client import ClientState
from lambdasim.model.environment import Environment
from lambdasim.model.function import FunctionState
from lambdasim.model.gateway import Answers, GatewayKind, GatewaySource, RateSpec
from lambdasim.model.request_rate import RequestRate
from lambdasim.model.spec import AccountSpec, ClientSpec, FunctionSpec, ScalingSpec
from lambdasim.model.streams import ShardState, StreamSpec
from tests.bounds import BITS, NEVER, TIMES, S, both_ways, compiled, of, upto

pytest.importorskip("numba")


@of(TIMES, upto(2**30))
def test_repeated_init(init_ns: int, permille: int) -> None:
    ours, exact = both_ways(rules.repeated_init_ns, init_ns, permille), init_ns * permille // 1_000
    assert ours == exact or min(ours, exact) > LONGEST_TIMEOUT_NS


@of(st.data(), upto(NEVER - 1, 1), upto(NEVER - 1, 1))
def test_refill(data, full: int, amount: int) -> None:
    per_ns = data.draw(upto(full, 1))
    capacity = full // per_ns
    credit = data.draw(upto(capacity * per_ns))
    until_full_ns = (capacity * per_ns - credit) // amount
    elapsed_ns = data.draw(TIMES | upto(until_full_ns + 2, max(until_full_ns - 1, 0)))
    refilled = both_ways(rules.bucket_refilled, credit, elapsed_ns, capacity, amount, per_ns)
    assert refilled == min(capacity * per_ns, credit + elapsed_ns * amount)


@of(st.data(), upto(NEVER - 1, 1), upto(NEVER - 1, 1), st.booleans(), st.lists(TIMES, min_size=1, max_size=6))
def test_permissions(data, full: int, amount: int, continuous: bool, times_ns: list[int]) -> None:
    per_ns = data.draw(upto(full, 1))
    capacity = full // per_ns
    spec, state = ScalingSpec(capacity, amount, per_ns, continuous), Bucket(capacity, per_ns)
    credit, last_ns = capacity * per_ns, 0
    for now in sorted(times_ns):
        periods_ns = now - last_ns if continuous else (now // per_ns - last_ns // per_ns) * per_ns
        credit, last_ns = min(capacity * per_ns, credit + periods_ns * amount), now
        assert both_ways(function.may_scale, spec, state, now) == (credit >= per_ns)
        credit -= per_ns * (credit >= per_ns)


@of(TIMES, upto(100), upto(NEVER - 1, 1), upto(2**20, 1))
def test_taken(now: int, tokens: int, amount: int, capacity: int) -> None:
    state = Bucket(capacity, S)
    assert both_ways(bucket.taken, state, now, tokens, capacity, amount, S) == (tokens <= capacity)
    assert state.credit == (capacity - tokens * (tokens <= capacity)) * S


@example(127, 1, NEVER)
@of(upto(127), TIMES, upto(NEVER))
def test_backoff(retry: int, base_ns: int, cap_ns: int) -> None:
    assert both_ways(rules.backoff_ns, retry, base_ns, cap_ns) == min(base_ns * 2**retry, cap_ns)


@of(upto(NEVER), BITS)
def test_jitter(delay_ns: int, jitter: int) -> None:
    assert both_ways(rules.jittered_ns, delay_ns, jitter) == delay_ns * jitter // 2**24
    assert both_ways(rules.spread_ns, delay_ns, jitter) == delay_ns // 2 + delay_ns * jitter // 2**24


@of(upto(2**64 - 1), upto(2**64 - 1))
def test_draws(key: int, index: int) -> None:
    z = (key + index * 0x9E3779B97F4A7C15) % 2**64
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 % 2**64
    z = (z ^ z >> 27) * 0x94D049BB133111EB % 2**64
    drawn = (z ^ z >> 31) // 2**40
    assert rules.jitter24(key, index) == drawn
    assert compiled(rules.jitter24)(np.uint64(key), np.uint64(index)) == drawn


@of(st.data(), upto(2**24), upto(5))
def test_outcomes(data, errors: int, first: int) -> None:
    crashes = data.draw(upto(2**24 - errors))
    near = {0, errors - 1, errors, 2**24 - crashes - 1, 2**24 - crashes, 2**24 - 1}
    for u in (u for u in near if 0 <= u < 2**24):
        by_chance = "error" if u < errors else "crash" if u >= 2**24 - crashes else "success"
        assert both_ways(rules.outcome, u, errors, crashes) == {"success": 0, "error": 1, "crash": 2}[by_chance]
        again = 3 if first == 3 else {"success": 0, "error": 1, "crash": 2}[by_chance]
        assert both_ways(rules.repeated_outcome, first, u, errors, crashes) == again
        assert both_ways(asynchronous.outcome, first, 1, u, errors, crashes) == again
        assert both_ways(asynchronous.outcome, first, 0, u, errors, crashes) == first


@of(upto(2**24 - 1), st.lists(TIMES, min_size=1, max_size=6), st.booleans())
def test_request_rates(concurrency: int, times_ns: list[int], whole_seconds: bool) -> None:
    rate = RequestRate(concurrency, whole_seconds)
    for now in sorted(times_ns):
        assert both_ways(request_rate.allows, rate, now) == (concurrency > 0)
        assert rate.since_ns == (now // S * S if whole_seconds else now)
        rate.admitted += 1


@of(TIMES, upto(NEVER), TIMES)
def test_lives(now: int, lifetime_ns: int, idle_timeout_ns: int) -> None:
    life = Environment(0, 0, 0, provisioned=False)
    both_ways(environment.begin, life, 7, now, lifetime_ns)
    assert (life.number, life.created_ns, life.ends_ns) == (7, now, now + lifetime_ns)
    assert both_ways(environment.falls_idle, life, now, idle_timeout_ns) == (lifetime_ns > 0)
    assert life.expires_ns == (now + min(idle_timeout_ns, lifetime_ns) if lifetime_ns else -1)
    assert both_ways(environment.of_lifetime, life, now + idle_timeout_ns) == (idle_timeout_ns >= lifetime_ns)


@of(upto(LONGEST_TIMEOUT_NS - 1), TIMES, TIMES, upto(2**30), st.booleans())
def test_service(timeout_ns: int, init_ns: int, duration_ns: int, permille: int, needs_init: bool) -> None:
    spec = FunctionSpec("f", timeout_ns, init_limit_ns=10 * S, suppressed_init_permille=permille)
    life = Environment(0, 0, NEVER, provisioned=False)
    life.invocations, life.needs_init = 1, needs_init
    start, placement_ns, init_phase_ns, took_ns, status = both_ways(
        beginning.serve, spec, Restores(0), life, 0, 5, 6, init_ns, duration_ns, 1, 0
    )
    again = needs_init or init_ns > 10 * S
    exact = duration_ns + again * (init_ns * permille // 1_000)
    assert (took_ns, status) == ((timeout_ns, 4) if exact > timeout_ns else (exact, 1))
    assert (placement_ns, init_phase_ns) == ((0, 0) if needs_init else (6, min(init_ns, 10 * S)))
    assert start == (4 if needs_init else 3 if again else 2)


@dataclass
class Restores:
    """The restores of a version."""

    slower_q24: int
    restores: int = 0


@of(TIMES, TIMES, upto(MAX_TIME_NS), upto(9 << 24), upto(2**24), upto(20))
def test_restores(usual_ns: int, duration_ns: int, first_ns: int, slower: int, billed: int, before: int) -> None:
    spec = FunctionSpec("f", LONGEST_TIMEOUT_NS - 1, snapstart=True, restore_billed_q24=billed, first_ns=first_ns)
    life, version = Environment(0, 0, NEVER, provisioned=False), Restores(slower, before)
    life.invocations = 1
    served = both_ways(beginning.serve, spec, version, life, 0, 5, 6, usual_ns, duration_ns, 1, 0)
    slower = slower if before < 10 else slower * 15_958_982 // 2**24
    usual_ns = min(usual_ns, 2**57)
    restore_ns = usual_ns + usual_ns * slower // 2**24
    hooks_ns = restore_ns * billed // 2**24
    if hooks_ns > 10 * S:
        assert served == (5, 6, restore_ns - hooks_ns + 10 * S, 0, 4)
    else:
        took_ns = duration_ns + first_ns
        ended = (LONGEST_TIMEOUT_NS - 1, 4) if took_ns >= LONGEST_TIMEOUT_NS else (took_ns, 1)
        assert served == (5, 6, restore_ns, *ended)
        assert both_ways(rules.billed_restored_ms, took_ns, restore_ns, billed) == -(-took_ns // 10**6) - (
            -hooks_ns // 10**6
        )
    assert life.initialised_ns == 5 + 6 + served[2]


AGES = upto(NEVER // 2 - 1)


@of(TIMES, AGES, TIMES, AGES, AGES, upto(128, 1), BITS)
def test_asynchronous_times(sent_ns, max_age_ns, at_ns, base_ns, cap_ns, throttles, jitter) -> None:
    spec = AsynchronousSpec(max_age_ns=max_age_ns, backoff_base_ns=base_ns, backoff_cap_ns=cap_ns)
    assert both_ways(asynchronous.is_too_old, spec, sent_ns, at_ns) == (at_ns - sent_ns >= max_age_ns)
    assert both_ways(asynchronous.leaves_ns, spec, sent_ns, at_ns) == max(sent_ns + max_age_ns, at_ns)
    delay_ns = min(base_ns * 2 ** (throttles - 1), cap_ns)
    spread_ns = delay_ns // 2 + delay_ns * jitter // 2**24
    assert both_ways(asynchronous.throttle_delay_ns, spec, throttles, jitter) == spread_ns


@of(upto(5), upto(3, 1), upto(2), TIMES, AGES, TIMES, upto(NEVER))
def test_what_follows_an_attempt(status, failures, max_retries, sent_ns, max_age_ns, end_ns, horizon_ns) -> None:
    spec = AsynchronousSpec(max_retries=max_retries, max_age_ns=max_age_ns)
    fate = 1 if status == 0 else 0 if failures <= max_retries else 2
    assert both_ways(asynchronous.fate, spec, status, failures) == fate
    again_ns = end_ns + {1: 60, 2: 120, 3: 0}[failures] * S
    follows = fate == 0 and again_ns < sent_ns + max_age_ns and again_ns < horizon_ns
    assert both_ways(asynchronous.is_last, spec, sent_ns, status, failures, end_ns, horizon_ns) == (not follows)


@of(upto(1), BITS, upto(2**24), upto(2**24), upto(3))
def test_chances_of_events(destinations, u24, failures_q24, duplicates_q24, reserved) -> None:
    spec = AsynchronousSpec(
        destinations=destinations, delivery_failures_q24=failures_q24, duplicates_q24=duplicates_q24
    )
    assert both_ways(asynchronous.is_doubled, spec, u24) == (u24 < duplicates_q24)
    where = 0 if not destinations else 2 if u24 < failures_q24 else 1
    assert both_ways(asynchronous.destination, spec, spec.destinations, u24) == where
    assert both_ways(asynchronous.is_refused, reserved) == (reserved == 0)


COSTS = st.none() | upto(500)


@of(st.data(), upto(127), upto(128, 1), upto(2), upto(1_000), upto(500), COSTS, COSTS, TIMES, upto(NEVER), BITS)
def test_clients(data, attempt, most, trouble, quota, cost, error_cost, timeout_cost, base_ns, cap_ns, jitter) -> None:
    retried = data.draw(st.sets(st.sampled_from([0, 1, 2])))
    spec = ClientSpec(
        most, base_ns, cap_ns, data.draw(st.booleans()), quota, cost, error_base_ns=data.draw(st.none() | TIMES),
        retry_on=tuple(retried), error_cost=error_cost, timeout_cost=timeout_cost,
    )  # fmt: skip
    state, tokens = ClientState(spec), data.draw(upto(quota))
    takes = (cost, error_cost, timeout_cost)[trouble]
    takes = cost if takes is None else takes
    left = both_ways(client.left_by_retry, spec, state, tokens, attempt, trouble)
    if attempt + 1 < most and trouble in retried and (tokens >= takes or not quota):
        assert left == (tokens - takes if quota else tokens)
    else:
        assert left < 0
    from_ns = base_ns if trouble == 0 or spec.error_base_ns is None else spec.error_base_ns
    delay_ns = min(from_ns * 2**attempt, cap_ns)
    delay_ns = delay_ns * jitter // 2**24 if spec.full_jitter else delay_ns
    assert both_ways(client.retry_delay_ns, spec, state, attempt, trouble, jitter) == delay_ns
    refund = both_ways(client.refund, spec, state, attempt, trouble)
    assert refund == (takes if attempt else 1)
    assert both_ways(client.refunded, tokens, refund, quota) == min(quota, tokens + refund)


@of(upto(NEVER), upto(NEVER), upto(NEVER), TIMES, upto(6))
def test_gateways(timeout_ns, read_timeout_ns, client_timeout_ns, delay_ns, status) -> None:
    answers = Answers(throttled=500, failed=502)
    spec = GatewaySource("g", 0, GatewayKind.REST, answers, timeout_ns, read_timeout_ns)
    patience_ns, overdue_ns = min(read_timeout_ns, client_timeout_ns), delay_ns + timeout_ns
    longest = (overdue_ns, 504) if overdue_ns <= patience_ns else (patience_ns, 0)
    assert both_ways(gateway.longest_wait_ns, spec, answers, client_timeout_ns, delay_ns) == longest
    assert both_ways(gateway.answer, answers, status) == ((1, 502) if status else (0, 200))
    takes = {0: 2, 200: -1, 404: -1, 429: 0, 499: -1, 500: 1, 502: 1, 599: 1}
    assert {answer: both_ways(gateway.trouble, answer) for answer in takes} == takes


@of(TIMES, TIMES)
def test_users(answered_ns: int, think_ns: int) -> None:
    next_ns = answered_ns + max(think_ns, 1_000_000)
    assert both_ways(users.sends_next_ns, answered_ns, think_ns) == next_ns
    assert both_ways(users.still_sends, next_ns, answered_ns)
    assert not both_ways(users.still_sends, answered_ns, answered_ns)


@of(st.lists(TIMES, min_size=1, max_size=6), upto(3, 1))
def test_rates_of_gateways(times_ns: list[int], burst: int) -> None:
    spec, state = RateSpec(amount=1, per_ns=NEVER // 4, burst=burst), Bucket(burst, NEVER // 4)
    passed = sum(both_ways(gateway.passes, spec, state, now) for now in sorted(times_ns))
    assert min(burst, len(times_ns)) <= passed <= burst + 3


LONG = upto(NEVER // 4 - 1)
"""Times of a stream, as far as they are supported; what comes of the sum of two or three stays within 64 bits."""


@of(st.data(), LONG, LONG, LONG, upto(127, 1), BITS)
def test_batches(data, base_ns, cap_ns, sent_ns, tries, jitter) -> None:
    max_age_ns, retention_ns = (data.draw(LONG | st.just(NEVER)) for _ in range(2))
    spec = BatchSpec(
        max_age_ns=max_age_ns, retention_ns=retention_ns, backoff_base_ns=base_ns, backoff_cap_ns=cap_ns,
        full_jitter=data.draw(st.booleans()), has_destination=data.draw(st.booleans()), size=3,
    )  # fmt: skip
    now = data.draw(upto(NEVER - 1))
    assert both_ways(batches.is_too_old, spec, sent_ns, now) == (now - sent_ns >= min(max_age_ns, retention_ns))
    for is_throttle in (False, True):
        doublings = tries - 1 if is_throttle else tries - 2
        delay_ns = min(base_ns * 2**doublings, cap_ns) if doublings >= 0 else 0
        delay_ns = delay_ns * jitter // 2**24 if spec.full_jitter else delay_ns
        assert both_ways(batches.delay_ns, spec, tries, is_throttle, jitter) == delay_ns
    is_old = now - sent_ns >= min(max_age_ns, retention_ns)
    assert both_ways(batches.is_last, spec, sent_ns, now, NEVER, NEVER) == is_old
    assert both_ways(batches.is_last, spec, sent_ns, now, NEVER, now)
    assert both_ways(batches.is_last, spec, sent_ns, now, NEVER, now + 1) == is_old
    told = spec.has_destination and (tries > 1 or max_age_ns <= retention_ns)
    assert both_ways(batches.destination_of_expired, spec, tries - 1) == told
    assert both_ways(batches.destination_of_exhausted, spec) == spec.has_destination
    assert [both_ways(batches.is_full, spec, n) for n in (2, 3)] == [False, True]


@of(st.booleans(), st.booleans(), upto(5, -1), upto(10_000, 1), upto(6), upto(4), st.data())
def test_what_becomes_of_batches(bisects, reports, max_retries, size, failures, status, data) -> None:
    spec = BatchSpec(bisects=bisects, reports=reports, max_retries=max_retries)
    failing = data.draw(st.just(-1) | upto(size - 1))
    after = both_ways(batches.ended, spec, size, failures, status, failing)
    assert after.processed + after.first + after.second in (size, after.processed)
    assert after.processed == (size if failing < 0 else failing) * (status == 0)
    if max_retries < 0:
        assert after.processed + after.first + after.second == size
    assert (after.second > 0) == (bisects and size > 1 and after.processed == 0)
    assert both_ways(batches.untouched_from, size, status, failing) == (size if status else failing + 1)
    assert both_ways(batches.batch_outcome, reports, status, failing >= 0) == (
        1 if failing >= 0 and not reports and status == 0 else status
    )
    assert both_ways(batches.attempt_outcome, status, 1, 0, 2**24, 0) == status


@of(LONG, LONG, upto(NEVER // 4 - 1), BITS, LONG, st.data())
def test_reads_of_shards(now, sent_ns, poll_ns, phase, free_ns, data) -> None:
    least_ns = data.draw(LONG)
    spec = StreamSpec("s", 0, poll_ns=poll_ns, least_poll_ns=least_ns, push_ns=least_ns)
    shard = ShardState(spec, phase)
    assert shard.phase_ns == poll_ns * phase // 2**24
    read_ns = both_ways(streams.read_ns, spec, shard, now, sent_ns, free_ns)
    if not poll_ns:
        assert read_ns == (-1 if sent_ns + least_ns <= now else sent_ns + least_ns)
        return
    seen_ns = both_ways(streams.seen_ns, spec, sent_ns, shard.phase_ns)
    assert sent_ns <= seen_ns < sent_ns + poll_ns
    assert (seen_ns - shard.phase_ns) % poll_ns == 0
    last_ns = max(shard.phase_ns + (now - shard.phase_ns) // poll_ns * poll_ns, -least_ns)
    assert both_ways(streams.read_until_ns, spec, shard, now) == last_ns
    if sent_ns <= last_ns:
        assert read_ns == -1
    else:
        assert read_ns == (seen_ns if sent_ns > free_ns else min(seen_ns, max(now, last_ns + least_ns)))


@of(LONG, LONG, LONG, upto(NEVER // 4 - 1, 1), LONG, upto(10_000), upto(6 * 2**20, 1), upto(2**31))
def test_windows_and_limits_of_streams(free_ns, waits_ns, sent_ns, window_ns, tumbling_ns, records, payload, bytes_):
    window, spec = BatchSpec(window_ns=window_ns), StreamSpec("s", 0, tumbling_ns=tumbling_ns, payload=payload)
    end_ns = (sent_ns // tumbling_ns + 1) * tumbling_ns if tumbling_ns else NEVER
    assert both_ways(streams.tumbling_end_ns, spec, sent_ns) == end_ns
    seen_ns = free_ns + waits_ns
    due_ns = free_ns + max(1, -(-waits_ns // window_ns)) * window_ns
    assert both_ways(streams.due_ns, spec, window, free_ns, seen_ns, sent_ns) == min(due_ns, max(seen_ns, end_ns))
    reader = StreamSpec("s", 0, read_bytes=bytes_, payload=min(payload, 6 * 2**20 // max(records, 1)))
    takes_ns = records * reader.payload * S // bytes_ if bytes_ else 0
    busy_ns = max(free_ns, sent_ns) + takes_ns if bytes_ else free_ns
    assert both_ways(streams.busy_until_ns, reader, free_ns, sent_ns, records) == busy_ns
    limited = StreamSpec("s", 0, payload=payload, write_records=2, write_bytes=bytes_)
    shard = ShardState(limited, 0)
    taken = [both_ways(streams.takes, limited, shard, free_ns) for _ in range(3)]
    assert taken == [True, 2 * payload <= bytes_, False]
    assert both_ways(streams.takes, limited, shard, free_ns + S)


COUNTS = upto(2**24)


@of(st.data(), upto(NEVER - 1, 1), upto(NEVER - 1, 1), upto(10), st.booleans(), st.booleans(), st.booleans())
def test_admission(data, full, amount, requests, continuous, whole_seconds, metered) -> None:
    most = max(requests, 1)
    per_ns = data.draw(upto(max(full // most, 1), 1))
    capacity = max(full // most // per_ns, 1)
    scaling = ScalingSpec(capacity, amount // most + 1, per_ns, continuous, requests=requests)
    concurrency = data.draw(upto(2**24 - 1, 1))
    reserved = data.draw(st.none() | upto(concurrency))
    own = FunctionSpec("f", timeout_ns=1, reserved=reserved)
    account = AccountState(AccountSpec(concurrency, (own,), scaling, whole_seconds=whole_seconds))
    state = FunctionState(0, account, lambda *_: None)
    shared, on_demand, provisioned = state.shared, state.on_demand, state.provisioned
    account.claimed = data.draw(upto(concurrency))
    account.executing, account.unreserved = data.draw(upto(concurrency)), data.draw(upto(concurrency))
    shared.concurrency, shared.standing = data.draw(COUNTS), data.draw(COUNTS)
    on_demand.idle, provisioned.idle = data.draw(upto(1)), data.draw(upto(1))
    state.allocated = provisioned.idle + data.draw(COUNTS)
    for now in sorted(data.draw(st.lists(TIMES, min_size=1, max_size=4))):
        before = account.executing, shared.concurrency, account.claimed
        admitted = both_ways(
            function.admit, account, shared, state, on_demand, provisioned, account.rate, shared.reserved_rate,
            state.provisioned_rate, scaling, shared.bucket, now, metered,
        )  # fmt: skip
        begins, claims = (
            admitted > -1,
            admitted in (function.WARM_ON_DEMAND, function.NEW_ON_DEMAND) and reserved is None,
        )
        after = before[0] + begins, before[1] + begins, before[2] + claims
        assert (account.executing, shared.concurrency, account.claimed) == after
        assert admitted != function.PROVISIONED or provisioned.idle
        assert admitted != function.WARM_ON_DEMAND or on_demand.idle
        if reserved is None and before[2] >= concurrency:
            assert not claims
        if reserved == 0:
            assert not begins

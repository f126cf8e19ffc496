"""Would the oracles notice? Small errors in the spec, each of which some plan of its family must bring to light.

Both engines run the same spec, so that they agree on an error too: only an outside opinion can tell. A mutant is the
function's own source with one place changed. It is the function itself that is changed, so whoever imported it has it.
"""

import importlib
import inspect
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from oracle_cases import Draws, Rows, SourceCase, numbered, told_by_engine, told_by_oracle
from oracle_plans import FAMILIES, exact_shares
from oracles.agenda import ALL, bits24
from oracles.world import Request
from queue_plans import PLANS, QueuePlan, queue_by_engine, queue_by_oracle

from lambdasim.engine.reference.clock import Clock
from lambdasim.model.asynchronous import AsynchronousSource, AsynchronousSpec
from lambdasim.model.batches import BatchSpec, Pause
from lambdasim.model.calls import CallSpec
from lambdasim.model.downstream import DownstreamSpec, Slowdown, UseSpec
from lambdasim.model.events import NEVER_NS
from lambdasim.model.gateway import ANSWERS, GatewayKind, GatewaySource
from lambdasim.model.links import LinkSpec, Trigger
from lambdasim.model.pollers import PollerSpec
from lambdasim.model.polling import PollingSpec
from lambdasim.model.spec import AccountSpec, ClientSpec, FunctionSpec
from lambdasim.model.sqs import SqsSpec
from lambdasim.model.sqs_fifo import FifoSpec
from lambdasim.model.streams import StreamSpec

# by the function (below lambdasim.model): families of plans, and what stands there and what is put in its place
MUTANTS: dict[str, tuple[str, list[tuple[str, str]]]] = {
    "batches.is_full": ("streams", [("records >= ", "records > ")]),
    "batches.is_too_old": (
        "streams",
        [("min(", "max("), ("sent_ns <= ", "sent_ns < ")],
    ),
    "batches.destination_of_expired": (
        "streams",
        [
            ("attempt > 0", "attempt > 1"),
            ("batches.max_age_ns <= batches.retention_ns", "batches.max_age_ns < batches.retention_ns"),
            (" or ", " and "),
            ("return _NOWHERE", "return _DELIVERED"),
        ],
    ),
    "batches.resumes_ns": (
        "streams",
        [
            ("pause.from_ns <= now", "pause.from_ns < now"),
            ("return pause.until_ns", "return pause.from_ns"),
        ],
    ),
    "batches.delay_ns": (
        "streams",
        [
            ("tries - 2", "tries - 1"),
            ("tries - 1 if", "tries - 2 if"),
            ("doublings < 0", "doublings <= 0"),
            ("if batches.full_jitter else full_ns", "if False else full_ns"),
        ],
    ),
    "batches.is_failing": (
        "streams fifo",
        [("poison < ", "poison > "), ("error < ", "error > "), (" or ", " and ")],
    ),
    "batches.attempt_outcome": ("streams", [("tries == 1", "tries == 0"), ("tries == 1", "True")]),
    "batches.batch_outcome": (
        "streams fifo",
        [("not reports and", ""), ("and drawn == _SUCCESS", ""), ("has_failing and", "")],
    ),
    "batches.ended": (
        "streams",
        [
            ("failing > 0", "failing >= 0"),
            ("status == _SUCCESS and failing < 0", "status == _SUCCESS"),
            ("status == _SUCCESS and failing < 0", "failing < 0"),
            ("status == _SUCCESS and failing > 0", "failing > 0"),
            ("else 1, size - failing", "else 0, size - failing"),
            ("failures if batches.bisects", "failures + 1 if batches.bisects"),
            ("size > 1", "size > 2"),
            ("size // 2, size - size // 2", "size - size // 2, size // 2"),
            ("size - size // 2, failures)", "size - size // 2, failures + 1)"),
            ("failures += 1", "pass"),
        ],
    ),
    "batches.may_fail": ("streams", [("failures <= ", "failures < "), ("batches.max_retries < 0 or ", "")]),
    "batches.stays_whole": ("streams", [("after.first == size", "after.first > 0")]),
    "batches.is_last": (
        "streams",
        [
            ("again_ns >= horizon_ns", "again_ns > horizon_ns"),
            ("again_ns >= horizon_ns or ", ""),
            ("or is_too_old(batches, sent_ns, again_ns)", ""),
            ("is_elsewhere(moves_ns, again_ns) or ", ""),
        ],
    ),
    "aliases.is_elsewhere": ("streams", [("again_ns >= moves_ns", "again_ns > moves_ns"), (">= moves_ns", ">= 0")]),
    "batches.untouched_from": (
        "streams",
        [("failing + 1", "failing"), ("if status == _SUCCESS else size", "")],
    ),
    "batches.fate": ("streams", [("if after.first", "if after.processed"), ("_STAYS if after.first else", "")]),
    "batches.destination_of_exhausted": ("streams", [("if batches.has_destination else _NOWHERE", "")]),
    "rules.share_of": (
        "streams",
        [
            ("u24 < bounds_q24[middle]", "u24 <= bounds_q24[middle]"),
            ("len(bounds_q24) - 1", "len(bounds_q24)"),
            ("low = middle + 1", "low = middle + 2"),
        ],
    ),
    "streams.shard_of": ("streams", [(" * stream.shards", ""), (">> 24", ">> 23")]),
    "streams.lane_of": ("streams", [(" * shard.lanes", ""), ("u24 * stream.shards", "u24")]),
    "streams.is_drained": ("streams", [(" and shard.in_flight == 0", "")]),
    "streams.ShardState.__init__": ("streams", [("-stream.least_poll_ns", "0")]),
    "streams.takes": (
        "streams",
        [
            ("written >= stream.write_records", "written > stream.write_records"),
            ("(written + 1) * stream.payload > largest", "(written + 1) * stream.payload >= largest"),
            ("(written + 1) * stream.payload", "written + 1"),
            ("max(stream.write_bytes, stream.payload)", "stream.write_bytes"),
            ("if shard.second == second else 0", "if True else 0"),
            ("written + 1\n", "written\n"),
            ("if not stream.write_records", "if not stream.write_bytes"),
        ],
    ),
    "streams.seen_ns": (
        "streams",
        [
            ("sent_ns + stream.push_ns", "sent_ns"),
            ("phase_ns - (phase_ns - sent_ns)", "phase_ns - (phase_ns - sent_ns - 1)"),
            ("if not stream.poll_ns", "if True"),
        ],
    ),
    "streams.read_until_ns": (
        "streams",
        [
            ("now - stream.push_ns", "now"),
            ("now - (now - shard.phase_ns) % stream.poll_ns", "now"),
            ("max(now", "min(now"),
        ],
    ),
    "streams.read_ns": (
        "streams",
        [
            ("polled_ns + stream.least_poll_ns", "polled_ns"),
            ("max(now, polled_ns + stream.least_poll_ns)", "now"),
            ("min(due_ns, ", "max(0, "),
            ("sent_ns <= polled_ns", "sent_ns < polled_ns"),
            ("sent_ns > free_ns", "sent_ns >= free_ns"),
            ("or not stream.poll_ns", ""),
        ],
    ),
    "streams.due_ns": (
        "streams",
        [
            ("max(1, ", "max(2, "),
            ("max(1, ", "max(0, "),
            ("max(seen_ns, tumbling_end_ns(stream, head_sent_ns))", "due_ns"),
        ],
    ),
    "streams.tumbling_end_ns": (
        "streams",
        [("+ 1)", "+ 2)"), ("sent_ns // stream.tumbling_ns", "(sent_ns - 1) // stream.tumbling_ns")],
    ),
    "streams.batch_until_ns": (
        "streams",
        [("head_sent_ns) - 1", "head_sent_ns)"), ("min(", "max("), ("read_until_ns(stream, shard, now)", "now")],
    ),
    "streams.busy_until_ns": (
        "streams",
        [
            ("records * stream.payload", "records"),
            ("records * ", ""),
            ("max(busy_ns, now)", "now"),
            ("return busy_ns", "return now + 1"),
        ],
    ),
    "pollers.wanted": (
        "kafka",
        [
            ("pollers * spec.invokes * spec.batch", "pollers / spec.invokes * spec.batch"),
            ("lag > held", "lag >= held"),
            ("lag >= lag_before", "lag > lag_before"),
            ("2 * lag < held", "2 * lag < held or True"),
            ("2 * lag < held", "2 * lag <= held"),
            ("pollers // 2", "pollers - 1"),
            ("min(spec.maximum, 2 * pollers)", "2 * pollers"),
            ("max(spec.minimum, pollers - 1)", "pollers - 1"),
        ],
    ),
    "pollers.rested": (
        "kafka",
        [
            ("max(spec.minimum, ", "max(1, "),
            ("pollers - idle", "pollers"),
            ("// rules.KAFKA_EVALUATION_NS -", "// rules.KAFKA_EVALUATION_NS + 1 -"),
        ],
    ),
    "pollers.next_look_ns": (
        "kafka",
        [
            ("now - now %", "now - (now + 1) %"),
            ("+ rules.KAFKA_EVALUATION_NS", "+ 2 * rules.KAFKA_EVALUATION_NS"),
        ],
    ),
    "maps.is_failed": ("links", [("status != ", "status == ")]),
    "maps.outcome": ("links", [("failed > ", "failed >= ")]),
    "pollers.has_room": ("kafka", [("busy < ", "busy <= ")]),
    "pollers.poller_of": ("kafka", [("partition % pollers", "0")]),
    "sqs.batch_limit": (
        "fifo",
        [("max(1, min", "max(0, min"), ("min(", "max("), ("max(1, queue.payload)", "queue.payload")],
    ),
    "sqs.throttled_again_ns": (
        "fifo",
        [
            ("max(1, ", "max(2, "),
            ("max(1, ", "max(0, "),
            ("throttles - 1", "throttles"),
            ("if queue.backoff_jitter", "if not queue.backoff_jitter"),
        ],
    ),
    "sqs.receives": (
        "fifo",
        [
            ("-(-messages // rules.SQS_RECEIVE)", "+(-messages // rules.SQS_RECEIVE)"),
            ("-(-messages // rules.SQS_RECEIVE)", "-(-messages / rules.SQS_RECEIVE)"),
            ("-(-messages // rules.SQS_RECEIVE)", "-(+messages // rules.SQS_RECEIVE)"),
            ("max(1,", "max(0,"),
        ],
    ),
    "sqs.receive_requests": ("fifo", [("messages * queue.payload", "messages"), ("max(", "min(")]),
    "sqs.empty_receives": (
        "queues",
        [
            ("poller % queue.per_poller", "False"),
            ("// rules.SQS_LONG_POLL_NS", "// rules.SQS_LONG_POLL_NS + 1"),
            ("since_ns < 0 or", ""),
        ],
    ),
    "sqs.is_wanted": ("queues fifo", [("coming * limit", "coming"), ("backlog > ", "backlog >= ")]),
    "sqs.receives_again": ("queues", [("poller < target", "poller <= target"), ("is_wanted and ", "")]),
    "sqs.gathers": ("queues", [("messages < limit", "messages <= limit")]),
    "sqs.stopped": ("links", [("if queue.max_receives", "if not queue.max_receives")]),
    "sqs.is_delivered_twice": ("queues", [("jitter < ", "jitter > ")]),
    "sqs.is_too_old": ("fifo queues", [("sent_ns <= ", "sent_ns < ")]),
    "sqs.aged_out_ns": ("fifo queues", [("max(", "min(")]),
    "sqs.found": (
        "fifo queues",
        [("message.attempt >= queue", "message.attempt > queue"), ("return TOO_OLD", "return EXHAUSTED")],
    ),
    "sqs.slows_polling": ("queues", [("and not queue.partial", ""), ("status != SUCCESS and", "")]),
    "sqs.is_given_up": (
        "fifo queues",
        [
            ("again_ns >= visible_ns", "again_ns > visible_ns"),
            ("tries <= throttles", "tries < throttles"),
            ("0 < queue.throttle_tries <= throttles or", ""),
        ],
    ),
    "sqs.gave_up_ns": ("fifo queues", [("now if queue.throttle_tries else", ""), ("max(visible_ns, now)", "now")]),
    "sqs.settles_late": ("queues", [("and again == attempt + 1", "")]),
    "sqs.SqsSpec.send_requests": ("fifo", [("max(1,", "max(0,"), ("-(-self.payload", "-(+self.payload")]),
    "sqs.poller_busy_ns": (
        "queues",
        [("max(", "min("), ("messages * queue.payload", "queue.payload"), ("receives(messages) *", "")],
    ),
    "polling.began": ("queues", [("max(state.peak, state.busy)", "state.busy")]),
    "polling.failed": (
        "queues",
        [
            ("state.owed += ", "state.owed = "),
            ("max(state.target - spec.floor, 0) * spec.decrease_ppm", "spec.decrease_ppm"),
            ("max(state.target - spec.floor, 0)", "state.target"),
            ("state.owed -= units * spec.unit * MILLION", "state.owed = 0"),
            ("state.owed // (spec.unit * MILLION)", "state.owed // MILLION"),
            ("min(spec.floor, state.target)", "spec.floor"),
        ],  # that it does not fall below its floor, test_bounds_of_sources.py says

    ),
    "polling.may_grow": ("queues", [("state.target < state", "state.target + 1 < state")]),
    "polling.grown": (
        "queues",
        [
            ("min(state.maximum_now, ", "max(0, "),
            ("state.target + spec.amount", "state.target + 1"),
        ],
    ),
    "polling.is_reviewed": ("queues", [("state.target != state.rests_at", "state.target > state.rests_at")]),
    "polling.next_review_ns": (
        "queues",
        [("now + MINUTE_NS", "now + MINUTE_NS + 1"), ("state.review_ns < now", "True")],
    ),
    "polling.reviewed": (
        "queues",
        [
            ("max(state.rests_at, ", "max(1, "),
            ("min(target, -(-state.peak // spec.unit) * spec.unit)", "target"),
            ("-(-state.peak // spec.unit) * spec.unit", "state.peak"),
            ("state.peak = state.busy", "pass"),
        ],
    ),
    "polling.pollers": ("queues", [("target // per_poller", "target")]),
    "sqs_fifo.group_of": (
        "fifo",
        [
            ("u24 * fifo.groups >> 24", "u24 * fifo.groups >> 23"),
            ("return event", "return 0"),
            ("if len(bounds_q24)", "if False"),
        ],
    ),
    "sqs_fifo.sees": ("fifo", [("messages < ", "messages <= ")]),
    "sqs_fifo.is_open": ("fifo", [("waiting > 0 and ", ""), ("and taken == 0", "")]),
    "sqs_fifo.outcome": (
        "fifo",
        [
            ("if has_failed:", "if False:"),
            ("if is_stopped:", "if False:"),
            ("if is_failing", "if False"),
        ],
    ),
    "sqs_fifo.settles": ("fifo", [("not has_expired", "True")]),
    "sqs_fifo.may_begin": ("fifo", [("busy < ", "busy <= ")]),
    "sqs_fifo.polls_at_rest": ("fifo", [("poller < ", "poller <= ")]),
    "bucket.Bucket.__init__": ("gateways handlers", [("self.refilled_ns = 0", "self.refilled_ns = 1")]),
    "bucket.taken": (
        "gateways handlers",
        [
            ("bucket.credit < tokens * per_ns", "bucket.credit <= tokens * per_ns"),
            ("bucket.credit -= tokens * per_ns", "pass"),
            ("bucket.refilled_ns = now", "pass"),
        ],
    ),
    "gateway.longest_wait_ns": (
        "gateways",
        [
            ("overdue_ns <= patience_ns", "overdue_ns < patience_ns"),
            ("delay_ns + spec.timeout_ns", "spec.timeout_ns"),
            ("min(client_timeout_ns, spec.read_timeout_ns)", "client_timeout_ns"),
            ("(patience_ns, NO_ANSWER)", "(patience_ns, answers.overdue)"),
        ],
    ),
    "gateway.GatewaySource.shares_rate": (
        "gateways",
        [("(GatewayKind.REST, GatewayKind.HTTP)", "(GatewayKind.REST, GatewayKind.ALB)")],
    ),
    "gateway.is_let_in": (
        "gateways",
        [
            ("passes(stage, of_stage, now)", "passes(account, of_account, now)"),
            ("gateway.has_stage_rate and not passes(stage", "not gateway.has_stage_rate and not passes(stage"),
            ("not gateway.shares_rate or", "gateway.shares_rate or"),
            ("or passes(account, of_account, now)", "or True"),
        ],
    ),
    "gateway.outcome": ("gateways", [("if attempt else", "if attempt > 1 else")]),
    "users.sends_next_ns": ("users", [("max(", "min("), ("answered_ns + max(think_ns, ", "answered_ns + max(0, ")]),
    "users.still_sends": ("users", [("at_ns < stop_ns", "at_ns <= stop_ns")]),
    "gateway.answer": ("gateways", [("answers.failed", "answers.throttled"), ("status == _SUCCESS", "status <= 1")]),
    "gateway.trouble": (
        "gateways",
        [
            ("answer >= 500", "answer > 500"),
            ("answer >= 500", "answer >= 400"),
            ("answer == REFUSED", "answer == 430"),
            ("return _TIMEOUT", "return -1"),
        ],
    ),
    "client.ClientState.__init__": (
        "gateways",
        [
            ("1 << trouble", "2 << trouble"),
            ("spec.retry_cost if spec.error_cost is None else spec.error_cost", "spec.retry_cost"),
            ("spec.retry_cost if spec.timeout_cost is None else spec.timeout_cost", "spec.retry_cost"),
            ("spec.base_ns if spec.error_base_ns is None else spec.error_base_ns", "spec.base_ns"),
        ],
    ),
    "client.left_by_retry": (
        "gateways",
        [
            ("attempt + 1 >= spec.max_attempts", "attempt >= spec.max_attempts"),
            ("not client.retry_on >> trouble & 1", "False"),
            ("tokens - retry_cost(spec, client, trouble)", "tokens - retry_cost(spec, client, trouble) - 1"),
            ("tokens - retry_cost(spec, client, trouble)", "tokens"),
        ],
    ),
    "client.retry_delay_ns": (
        "gateways",
        [("if trouble == _THROTTLE", "if True"), ("if spec.full_jitter", "if not spec.full_jitter")],
    ),
    "client.retry_cost": (
        "gateways",
        [("if trouble == _THROTTLE", "if True"), ("trouble == _TIMEOUT", "trouble != _TIMEOUT")],
    ),
    "client.refund": (
        "gateways",
        [("if attempt else 1", "if True else 1"), ("retry_cost(spec, client, last) if attempt else 1", "1")],
    ),
    "client.refunded": ("gateways", [("min(quota, ", "max(0, ")]),
    "client.ClientState.retry_delay_ns": ("gateways", [("sequence % self.spec.processes", "0")]),
    "calls.times": ("handlers", [("spec.base_count + ", "spec.base_count - "), ("u24 < spec", "u24 <= spec")]),
    "calls.stops": ("handlers", [("began_ns + timeout_ns", "timeout_ns"), ("late_ns, _TIMEOUT", "late_ns, _LOST")]),
    "calls.answered": ("handlers", [("call.must_succeed and", ""), ("and status != _SUCCESS", "")]),
    "calls.ended_by": (
        "handlers",
        [
            ("duration_ns > left_ns", "duration_ns >= left_ns"),
            ("(left_ns, stopped)", "(duration_ns, stopped)"),
        ],
    ),
    "downstream.spent_in": ("handlers", [("use.permille", "1_000")]),
    "downstream.used_ns": ("handlers", [("- spent_ns", "")]),
    "database.pool_size": ("handlers", [("if spec.pool_connections", "if False"), ("spec.connections * ", "2 * ")]),
    "database.may_borrow": ("handlers", [("state.borrowed < ", "state.borrowed <= ")]),
    "database.is_pinned": ("handlers", [("u24 < ", "u24 >= ")]),
    "database.borrowed_ns": (
        "handlers",
        [("state.borrowed <= state.opened", "False"), ("state.opened = state.borrowed", "pass")],
    ),
    "database.connect_ns": (
        "handlers",
        [("max(now, state.free_ns)", "now"), ("open_ns + spec.connect_per_ns", "now + spec.connect_per_ns")],
    ),
    "database.begin": (
        "handlers",
        [("state.busy += 1", "pass"), ("pool_size(spec) if spec.has_pool else spec.connections", "spec.connections")],
    ),
    "database.contended_ns": (
        "handlers",
        [("min(busy, connections)", "connections"), ("time_ns + time_ns", "time_ns")],
    ),
    "downstream.DownstreamState.__init__": (
        "handlers",
        [("Bucket(spec.burst,", "Bucket(0,")],
    ),
    "downstream.DownstreamState.connect": (
        "handlers",
        [
            ("may_connect(self.spec, len(self._connected))", "may_connect(self.spec, 0)"),
            ("environment not in self._connected", "True"),
        ],
    ),
    "downstream.may_connect": ("handlers", [("held < spec", "held <= spec")]),
    "downstream.passes": (
        "handlers",
        [
            ("spec.calls == 0", "False"),
            ("now, calls", "now, 1"),
            ("spec.burst, spec.calls", "spec.calls, spec.burst"),
        ],
    ),
    "downstream.slowed_ns": (
        "handlers",
        [
            ("window.from_ns <= now", "window.from_ns < now"),
            ("now < window.until_ns", "now <= window.until_ns"),
            ("time_ns = time_ns * window.permille // 1_000", "return time_ns * window.permille // 1_000"),
        ],
    ),
    "links.follows": (
        "links",
        [("link.after == _ANY or ", ""), ("_SUCCESSES) ==", "_SUCCESSES) !=")],
    ),
    "links.goes_on": (
        "links",
        [
            ("chain_depth < link.most_hops", "chain_depth <= link.most_hops"),
            ("not link.loops or", ""),
            ("link.is_enabled and ", ""),
        ],
    ),
    "links.next_depth": (
        "links",
        [
            ("chain_depth + 1", "chain_depth"),
            ("chain_depth + 1 if link.loops else 0", "chain_depth + 1"),
        ],
    ),
    "links.is_stopped": ("links", [("link.longest_loop <= chain_depth", "link.longest_loop < chain_depth")]),
    "links.count": ("links", [("link.base_count + ", "1 - link.base_count + "), ("u24 < link", "u24 <= link")]),
    "asynchronous.is_refused": ("asynchronous", [("reserved == 0", "reserved >= 0")]),
    "asynchronous.is_doubled": ("asynchronous", [("u24 < spec", "u24 > spec")]),
    "asynchronous.is_too_old": ("asynchronous", [("at_ns >= sent_ns", "at_ns > sent_ns")]),
    "asynchronous.leaves_ns": ("asynchronous", [("max(sent_ns + spec.max_age_ns, now)", "now")]),
    "asynchronous.throttle_delay_ns": (
        "asynchronous",
        [("throttles - 1", "throttles"), ("spread_ns(backoff", "max(0, backoff"), ("return", "return 1 +")],
    ),
    "asynchronous.fate": (
        "asynchronous",
        [("failures <= spec", "failures < spec"), ("status == _SUCCESS", "status <= 1")],
    ),
    "asynchronous.retry_delay_ns": ("asynchronous", [("[failures - 1]", "[0]"), ("[failures - 1]", "[-failures]")]),
    "asynchronous.outcome": ("asynchronous", [("if failures else first", "if True else first")]),
    "asynchronous.is_last": (
        "asynchronous",
        [
            ("!= _STAYS", "== _STAYS"),
            ("or again_ns >= horizon_ns", ""),
            ("again_ns >= horizon_ns", "again_ns > horizon_ns"),
            ("is_too_old(spec, sent_ns, again_ns) or", ""),
        ],
    ),
    "asynchronous.destination": (
        "asynchronous",
        [("destinations == 0", "False"), ("u24 < spec", "u24 > spec")],
    ),
    "rules.backoff_ns": (
        "streams fifo gateways",
        [
            ("min(retry, 62)", "min(retry + 1, 62)"),
            ("min(retry, 62)", "min(retry, 2)"),
            ("cap_ns if base_ns > cap_ns >> doublings else", ""),
        ],
    ),
    "rules.part_ns": (
        "streams gateways",
        [("(time_ns >> 24) * share_q24", "0"), ("0xFFFFFF", "0xFFFFFE"), ("* share_q24 >> 24", ">> 24")],
    ),
    "rules.spread_ns": ("fifo asynchronous", [("delay_ns // 2", "delay_ns"), ("(delay_ns >> 24) * jitter", "0")]),
    "rules.outcome": (
        "streams gateways asynchronous",
        [
            ("u24 < errors_q24", "u24 <= errors_q24"),
            ("u24 >= (1 << 24)", "u24 > (1 << 24)"),
            ("(1 << 24) - crashes_q24", "(1 << 24) + crashes_q24"),
            ("1 << 24", "2 << 24"),
            ("1 << 24", "1 << 25"),
            ("return 2", "return 3"),
        ],
    ),
    "rules.repeated_outcome": (
        "streams gateways asynchronous",
        [("first == 3", "first == 2"), ("first == 3", "False")],
    ),
    "rules.bucket_refilled": (
        "gateways handlers",
        [
            ("elapsed_ns >= (full", "elapsed_ns > 2 * (full"),
            ("elapsed_ns * amount", "elapsed_ns"),
            ("capacity * per_ns", "capacity * per_ns - 1"),
        ],
    ),
    "request_rate.allows": (
        "gateways handlers",
        [
            ("if elapsed_ns >= NS_PER_S", "if elapsed_ns > NS_PER_S"),
            ("now - now % NS_PER_S", "now"),
            ("rate.admitted < rate.quota", "rate.admitted <= rate.quota"),
            ("rate.used + NS_PER_S <= ", "rate.used <= "),
            ("rate.used + rate.admitted * NS_PER_S", "rate.admitted * NS_PER_S"),
            ("elapsed_ns * rate.quota", "elapsed_ns"),
            ("rate.since_ns = now\n", "pass\n"),
        ],
    ),
}  # fmt: skip
"""What is not here because it changes nothing that a simulation shows:

- ``min`` and ``max`` on a value that is cut again afterwards, and shortcuts before a result that is the same without
  them: ``>=`` for ``>`` in ``rules.backoff_ns`` (of two equal waits it does not matter which is returned), and the
  return of ``client.left_by_retry`` without a quota (a quota of 0 stays 0).
- ``<=`` for the second ``<`` in ``batches.resumes_ns``: at its end a pause ends now.
- what ``DownstreamState.disconnect`` puts for a missing entry, as long as it is not None, as the engine asks only
  whether there was one.
- ``max(seen_ns, ...)`` in ``streams.due_ns``: a batch that was due before its first record was seen is due at once.
- ``window_ns > 0`` in ``sqs.gathers``, since a window of no length is over at once, and ``<=`` for ``<`` in
  ``polling.may_grow``: what is added at the maximum is nothing.
- ``is_returned`` in ``sqs.settles_late``: ``again`` is -1 then, and follows no attempt.
- ``has_backlog`` in ``polling.reviewed``: while messages wait no poller is idle, so that the peak is the target.
- another shift in the last line of ``rules.jitter24``: only its upper 24 bits are used.
"""

KNOWN = 400
"""Plans of each family."""


def directed() -> list[Any]:
    """Return plans for what is rare; times are single ns."""

    def request(takes: int = 0, outcome: int = 0, source: int = 0) -> Request:
        return Request(0, 0, 0, takes, 0, NEVER_NS, outcome, source, 0)

    def case(source: Any, *events: tuple[int, Request], **more: Any) -> SourceCase:
        account = {"sources": (source,), **{n: more.pop(n) for n in ("clients", "links") if n in more}}
        spec = AccountSpec(9, (FunctionSpec("f", timeout_ns=100),), **account)
        return SourceCase(spec, numbered(list(events)), **{"draws": (Draws(1),), "jitter_keys": (0, 0, 0)} | more)

    def stream(poll_ns: int = 0, least_poll_ns: int = 0, **batches: Any) -> StreamSpec:
        return StreamSpec("s", 0, BatchSpec(**batches), poll_ns=poll_ns, least_poll_ns=least_poll_ns)

    half = ALL // 2
    second = next(key for key in range(99) if bits24(key, 1) < half <= bits24(key, 0))
    apart = next(key for key in range(99) if bits24(key, 0) < half <= bits24(key, 1))
    three = next(key for key in range(9_999) if [bits24(key, n) * 3 // ALL for n in range(4)] == [0, 1, 2, 0])
    gateway = GatewaySource("g", 0, GatewayKind.REST, ANSWERS[GatewayKind.REST])
    errors = [(at, request(outcome=1)) for at in (0, 10)]
    client = ClientSpec(max_attempts=2, base_ns=1, quota=5, retry_cost=5)
    keys = {"gateway-outcome": 3}
    topic = StreamSpec("t", 0, BatchSpec(size=3), has_iterator_age=False, pollers=PollerSpec(maximum=2, batch=3))
    cases: list[Any] = [
        # two records of two bytes each, where a shard takes three a second
        case(replace(stream(size=1), write_records=9, write_bytes=3, payload=2), (0, request()), (0, request())),
        # of a loop, sent at 0, too old at its first retry: its depth is above the time before which records are too old
        case(stream(size=1, retention_ns=6), (0, request(source=-1)), draws=(Draws(1, takes=(6,), outcomes=(1,)),),
             followers=(Draws(2, source=0),), links=(LinkSpec(2, Trigger.LOAD, (0,), loops=True, longest_loop=9),)),
        # past its maximum age and its retention at once, unread
        case(stream(max_age_ns=5, retention_ns=5, has_destination=True, pauses=(Pause(0, 9),)), (0, request())),
        # with both, a failure behind the first record uses up no retry
        case(stream(size=2, window_ns=9, max_retries=0, bisects=True, reports=True, retention_ns=50, poison_q24=half),
             (0, request()), (0, request()), draws=(Draws(1, keys={"poison": second}),)),
        # without a split it does: what is left has failed once
        case(stream(size=2, window_ns=9, max_retries=0, reports=True, retention_ns=50, poison_q24=half),
             (0, request()), (0, request()), draws=(Draws(1, keys={"poison": second}),)),
        # a split uses up no retry: each half has one
        case(stream(size=2, window_ns=9, max_retries=1, bisects=True), (0, request()), (0, request()),
             draws=(Draws(1, outcomes=(1,)),)),
        # a batch that is full at the instant of a poll, which the record makes that comes then
        case(stream(poll_ns=4, size=2, window_ns=100), (1, request()), (8, request())),
        # a record that comes at the very poll that reads the one before
        case(stream(poll_ns=4, size=1), (1, request()), (4, request()), draws=(Draws(1, takes=(3,)),)),
        # six pollers of a FIFO queue, of which the sixth does not go on polling when it is at rest
        case(FifoSpec(SqsSpec("q", 0, batch_size=1)), *[(0, request())] * 6, (30 * 10**9, request()),
             draws=(Draws(1, takes=(9,)),)),
        # two reads of a shard whose second one, as soon as it may be, would come after the poll that is due anyway
        case(stream(poll_ns=10, least_poll_ns=3, size=1), *[(at, request()) for at in (0, 5, 9)],
             draws=(Draws(1, takes=(8, 1, 0)),)),
        # the retry of a batch that is due at the very end of the simulation
        case(stream(size=1, backoff_base_ns=2, poison_q24=ALL), (0, request()), draws=(Draws(1, takes=(3,)),),
             horizon_ns=8),
        # what follows out of no loop is the first of its own
        case(gateway, (0, request(source=-1)), followers=(Draws(2), Draws(3)),
             links=(LinkSpec(2, Trigger.LOAD, (0,)), LinkSpec(3, Trigger.LOAD, (2,), loops=True, most_hops=1)),
             jitter_keys=(0, 0, 0, 0)),
        # a record whose draw falls just behind the share of the first of two partition keys, which have a shard each
        case(StreamSpec("s", 0, BatchSpec(), shards=2, keys_q24=(bits24(5, 0), ALL)), (0, request()),
             draws=(Draws(1, keys={"partition-key": 5, "partition-hash": apart}),)),
        # two records of three bytes take two ns to be read
        case(StreamSpec("s", 0, BatchSpec(size=2), payload=3, read_bytes=3 * 10**9), *[(0, request())] * 3),
        # two lanes that have waited for a third one's read read at one instant, and a fourth record waits for both
        case(StreamSpec("s", 0, BatchSpec(), lanes=3, payload=3, read_bytes=3 * 10**9),
             *[(at, request()) for at in (0, 0, 0, 1)], draws=(Draws(1, keys={"partition-key": three}),)),
        # the last retry's cost comes back with a success, so that the next request can try again
        case(gateway, *errors, clients=(client,)),
        # a first try that succeeds gives one token back, which is not enough for the next retry
        case(gateway, (0, request(outcome=3)), (10, request()), (20, request(outcome=1)), clients=(client,)),
        # the first draw of a key of 0 is 0, which is in no share of nothing
        SourceCase(
            AccountSpec(
                9, (FunctionSpec("f", timeout_ns=100, calls=(CallSpec(0),)), FunctionSpec("g", timeout_ns=100))
            ),
            numbered([(0, request(source=-1))]), called=(Draws(1, 1),), jitter_keys=(0, 0),
        ),
        # what begins at the very end of a slow window is not slow
        SourceCase(
            AccountSpec(9, (FunctionSpec("f", timeout_ns=100, uses=(UseSpec(0),)),),
                        downstreams=(DownstreamSpec("db", slowdowns=(Slowdown(0, 5, 2_000),)),)),
            numbered([(at, request(takes=3, source=-1)) for at in (4, 5)]), jitter_keys=(0,),
        ),
        # a pool of its own size, in which two are at work; connections that are opened one after the other
        *(
            SourceCase(
                AccountSpec(9, (FunctionSpec("f", timeout_ns=100, uses=(UseSpec(0),)),), downstreams=(database,)),
                numbered([(0, request(takes=8, source=-1))] * 4), jitter_keys=(0,),
            )
            for database in (
                DownstreamSpec("db", 5, has_pool=True, pool_connections=2, borrow_ns=90, contention_permille=1_000),
                DownstreamSpec("db", 5, connect_per_ns=2),
            )
        ),
        # a retry that is due at the very end of the simulation
        case(AsynchronousSource("a", 0), (0, request(outcome=1)), horizon_ns=60 * 10**9),
        # a whole second begins before its first request: the one after 2 s belongs to another than those at 1.5 s
        SourceCase(
            AccountSpec(9, (FunctionSpec("f", timeout_ns=100, reserved=1),), sources=(gateway,), whole_seconds=True),
            numbered([(15 * 10**8, request())] * 10 + [(22 * 10**8, request())]), draws=(Draws(1),),
            jitter_keys=(0, 0, 0),
        ),
        # an event that AWS stops in a loop and that goes to a destination, which is not in it
        SourceCase(
            AccountSpec(
                9, (FunctionSpec("f", timeout_ns=100, asynchronous=AsynchronousSpec(destinations=1)),),
                sources=(AsynchronousSource("a", 0),),
                links=(LinkSpec(2, Trigger.LOAD, (0,), loops=True, longest_loop=1),
                       LinkSpec(3, Trigger.ASYNC_FAILURE, (0,))),
            ),
            numbered([(0, request())]), draws=(Draws(1),), followers=(Draws(2, source=0), Draws(3, source=-1)),
            jitter_keys=(0, 0, 0, 0),
        ),
        # a topic whose lag is little in the first minute and too much in the next
        SourceCase(
            AccountSpec(9, (FunctionSpec("f", timeout_ns=900 * 10**9),), sources=(topic,)),
            numbered([(0, request()), *[(90 * 10**9, request())] * 4]), draws=(Draws(1, takes=(400 * 10**9,)),),
            jitter_keys=(0, 0), horizon_ns=310 * 10**9,
        ),
        # an outcome that falls just behind the share of errors
        exact_shares(case(gateway, *errors, clients=(client,), draws=(Draws(1, keys=keys),)), "gateway-outcome", 1),
    ]  # fmt: skip
    # three receives of ten messages keep a provisioned poller busy for 300 ms
    pollers = PollingSpec(initial=2, maximum=2, amount=2, unit=2, floor=2)
    queue = SqsSpec("jobs", 0, batch_size=25, payload=1, per_poller=2, polling=pollers)
    # what is added would be more than the maximum
    steps = SqsSpec(
        "jobs", 0, batch_size=1, polling=PollingSpec(initial=1, maximum=2, amount=5, every_ns=10**9, floor=1)
    )
    # three of four are used in a minute: a pair of them cannot go
    pair = SqsSpec("jobs", 0, batch_size=1, per_poller=2,
                  polling=PollingSpec(initial=2, maximum=12, amount=2, unit=2, every_ns=10**9, floor=2))  # fmt: skip
    # a batch that ends when its message has been received again, and has come back from there too
    twice = SqsSpec(
        "jobs", 0, batch_size=1, visibility_ns=2 * 10**9, polling=PollingSpec(initial=2, maximum=2, floor=2)
    )
    # a failure below the floor adds no concurrency
    few = SqsSpec("jobs", 0, batch_size=1, polling=PollingSpec(initial=1, maximum=9, every_ns=10**11, floor=5))
    return [
        *cases,
        QueuePlan(few, [0] * 20, 20, [5], [1, 0]),
        QueuePlan(queue, [0] * 50, 20, [0], [0]),
        QueuePlan(steps, [0] * 20, 20, [5], [0]),
        QueuePlan(pair, [0] * 3 + [90], 20, [20], [0]),
        QueuePlan(twice, [0], 20, [5, 20, 1], [0]),
    ]


PLANS_OF = FAMILIES | {"queues": PLANS}
Known = list[tuple[Any, Rows]]


def by_engine(case: Any) -> Rows:
    """Return the engine's records of a plan of any family, environments aside, of which the oracle tells nothing."""
    if not isinstance(case, SourceCase):
        return queue_by_engine(case)
    told = told_by_engine(case)
    del told["environments"]
    return told


def by_oracle(case: Any) -> Rows:
    """Return the oracle's."""
    return told_by_oracle(case) if isinstance(case, SourceCase) else queue_by_oracle(case)


@pytest.fixture(scope="module")
def known() -> dict[str, Known]:
    """Plans of each family, with what the oracles tell of them."""

    def collect(family: str) -> list[Any]:
        cases: list[Any] = []

        @seed(0)
        @settings(
            max_examples=KNOWN, database=None, deadline=None, phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(PLANS_OF[family])
        def add(case: Any) -> None:
            cases.append(case)

        add()
        return cases

    found = {family: collect(family) for family in PLANS_OF} | {"directed": directed()}
    return {family: [(case, by_oracle(case)) for case in cases] for family, cases in found.items()}


def function_of(name: str) -> Any:
    """Return a function of the law by its module, class and name."""
    module, *path = name.split(".")
    found: Any = importlib.import_module(f"lambdasim.model.{module}")
    for part in path:
        found = inspect.getattr_static(found, part)
    return found.fget if isinstance(found, property) else found


def parts_of(function: Any) -> tuple[str, str]:
    """Return a function's source without its docstring: what stands before the body, and the body."""
    lines = textwrap.dedent(inspect.getsource(function)).splitlines(keepends=True)
    source = "".join(lines[next(i for i, line in enumerate(lines) if line.startswith("def ")) :])
    head, quotes, rest = source.partition('"""')
    return (head, rest.partition('"""')[2]) if quotes else ("", source)


@contextmanager
def changed(name: str, old: str, new: str) -> Iterator[None]:
    """Run with one place of a function's source changed."""
    function = function_of(name)
    head, body = parts_of(function)
    assert body.count(old) == 1, f"{old!r} is not once in {name}"
    scope: dict[str, Any] = {}
    exec(head + body.replace(old, new), dict(function.__globals__), scope)
    before = function.__code__
    function.__code__ = scope[function.__name__].__code__
    try:
        yield
    finally:
        function.__code__ = before


class WithoutEnd(Exception):
    """A simulation waits more often than any of these plans needs."""


def test_every_mutant_has_its_place() -> None:
    places = [(name, old) for name, (_, mutants) in MUTANTS.items() for old, _ in mutants]
    assert [place for place in places if parts_of(function_of(place[0]))[1].count(place[1]) != 1] == []


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """End simulations that a mutant lets go on for ever."""
    after = Clock.after

    def counted(clock: Clock, *args: int) -> Any:
        clock.waits = getattr(clock, "waits", 0) + 1  # type: ignore[attr-defined]
        if clock.waits > 100_000:  # type: ignore[attr-defined]
            raise WithoutEnd
        return after(clock, *args)

    monkeypatch.setattr(Clock, "after", counted)


def test_without_a_mutant_all_agree(known: dict[str, Known]) -> None:
    for cases in known.values():
        for case, told in cases:
            assert by_engine(case) == told


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        pytest.param(name, *change, id=f"{name}: {change[1]}")
        for name, (_, changes) in MUTANTS.items()
        for change in changes
    ],
)
def test_mutant_is_caught(name: str, old: str, new: str, known: dict[str, Known]) -> None:
    with changed(name, old, new):
        for family in [*MUTANTS[name][0].split(), "directed"]:
            for case, told in known[family]:
                try:
                    if by_engine(case) != told:
                        return
                except (ArithmeticError, LookupError, TypeError, ValueError, WithoutEnd):
                    return
    pytest.fail("nobody notices")

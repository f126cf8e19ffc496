"""The compiled engine: the records of the SimPy engine from one Numba loop over arrays.

Nothing is imported here, so that asking whether a plan is supported costs nothing. Read
:mod:`~lambdasim.engine.compiled.loop` first; each module names its twin in ``engine.reference``, and ``model`` decides.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from lambdasim.errors import InputError
from lambdasim.machine_code.program import EVENTS, FIFO, GATEWAYS, HANDLERS, LINKS, QUEUES, STREAMS, USERS, Program
from lambdasim.model.asynchronous import AsynchronousSource
from lambdasim.model.batches import BrokerSpec
from lambdasim.model.batches import adjusted as adjusted_batches
from lambdasim.model.control import OF_BATCHES, Change, Control
from lambdasim.model.events import NEVER_NS
from lambdasim.model.gateway import GatewaySource, RateSpec
from lambdasim.model.rules import NS_PER_S
from lambdasim.model.spec import AccountSpec, FunctionSpec
from lambdasim.model.sqs import SqsSpec
from lambdasim.model.sqs import adjusted as adjusted_queue
from lambdasim.model.sqs_fifo import FifoSpec
from lambdasim.model.streams import StreamSpec

if TYPE_CHECKING:  # it imports numpy
    from lambdasim.plan import Plan

SLOT_BITS: Final = 24
"""An environment's place in memory is a number of this many bits: at most 16,777,216 may be alive at once."""

LONGEST_TIMEOUT_NS: Final = 2**51
"""26 days; AWS allows 15 minutes."""

MOST_ATTEMPTS: Final = 128
"""``rules.jitter_index`` has 7 bits for the attempt."""


MOST_CONNECTED: Final = 62
"""Downstreams that limit their connections: an environment has a bit for each."""

MOST_SENT: Final = 1 << 20
"""Events that all links of an account may send at once."""


def is_installed() -> bool:
    """Say whether the installation carries the engine's machine code, for this machine and made of its own sources."""
    from lambdasim.machine_code import shipped

    return shipped.loops() is not None


def available() -> tuple[bool, str]:
    """Say whether there can be a compiled engine at all; if not, why."""
    if not is_installed():  # else nobody need look for packages, which takes a millisecond
        lacking = next((package for package in ("numba", "llvmlite") if find_spec(package) is None), None)
        if lacking:
            return False, f"the package {lacking} is not installed"
    return True, "it has all that the plan has"


def refusal(reason: str) -> InputError:
    """Return what to raise when this engine is asked for and cannot be had."""
    return InputError.single(
        f'the compiled engine cannot run this: {reason}; take "auto" or "simpy"', path="simulation.engine"
    )


def programs(plan: "Plan") -> tuple[Program, ...]:
    """Return the programs that the loop needs, besides itself, for what a plan has."""
    specs: dict[type, tuple[Program, ...]] = {
        SqsSpec: (QUEUES,), FifoSpec: (QUEUES, FIFO), StreamSpec: (STREAMS,), AsynchronousSource: (EVENTS,),
        GatewaySource: (GATEWAYS,),
    }  # fmt: skip
    kinds = [own for spec, own in specs.items() if any(isinstance(source, spec) for source in plan.account.sources)]
    own = tuple(dict.fromkeys(program for programs in kinds for program in programs))
    own += (USERS,) if plan.closed_loops else ()
    waits = plan.account.downstreams or any(function.calls for function in plan.account.functions)
    own += (HANDLERS,) if waits else ()
    return own + ((LINKS,) if plan.account.links else ())


def supports(plan: "Plan") -> tuple[bool, str]:
    """Say whether the compiled engine can run a plan; if not, why.

    Only what needs answers during the run and what would leave 64-bit integers is refused, so within a supported spec
    no formula of ``rules`` can overflow as long as all times of the plan are below ``NEVER_NS``.
    """
    spec = plan.account
    if plan.policies:
        return False, f"the policy of {plan.policies[0]} is Python's own, which the SimPy engine alone asks"
    for change in plan.control:
        if switched := _only_simpy_switches(spec, change):
            return False, f"{switched} at a time, which the SimPy engine alone simulates"
    for index, source in enumerate(spec.sources):
        settings = [change for change in plan.control if change.kind in OF_BATCHES and change.subject == index]
        if isinstance(source, SqsSpec | FifoSpec):
            queue = source.queue if isinstance(source, FifoSpec) else source
            queues = [queue, *(adjusted_queue(queue, change.kind, change.value) for change in settings)]
            if not all(_fits(own, spec.functions[source.function].per_record_ns) for own in queues):
                return False, f"the source {source.name!r} has times beyond 36 years"
        elif isinstance(source, StreamSpec) and source.pollers is None:
            per_record_ns = spec.functions[source.function].per_record_ns
            if not all(_fits_stream(own, per_record_ns) for own in _streams(source, settings)):
                return False, f"the source {source.name!r} has times beyond 36 years, or reads that take so long"
        elif isinstance(source, StreamSpec):
            return False, f"the topic {source.name!r} is one of Kafka, which the SimPy engine alone simulates"
        elif isinstance(source, GatewaySource):
            if source.stage is not None and not _is_countable(source.stage):
                return False, f"the source {source.name!r} has a burst_limit times its period of 2^62 or more"
        elif not isinstance(source, AsynchronousSource):
            kind = "a map"
            if isinstance(source, BrokerSpec):
                kind = "of DocumentDB" if source.has_iterator_age else "of Amazon MQ"
            return False, f"the source {source.name!r} is {kind}, which the SimPy engine alone simulates"
    if sum(link.base_count + 1 for link in spec.links) > MOST_SENT:
        return False, f"loads that follow others have more than {MOST_SENT:,} events each time"
    answer = available()
    if not answer[0]:
        return answer
    functions = _unlike(spec.functions)
    if reason := _not_held(plan, functions):
        return False, reason
    scaling = spec.scaling
    capacity = max(scaling.capacity, _largest(plan, Control.SCALING_CAPACITY))
    if capacity * max(scaling.requests, 1) * scaling.per_ns >= NEVER_NS:
        return False, "the scaling rate, in requests per second too, times its period is not below 2^62"
    rates = [spec.api_gateway, *(s.stage for s in spec.sources if isinstance(s, GatewaySource) and s.stage is not None)]
    burst = _largest(plan, Control.BURST_LIMIT)
    if not _is_countable(spec.api_gateway) or not all(_is_countable(replace(rate, burst=burst)) for rate in rates):
        return False, "the account's burst_limit of API Gateway times its period is 2^62 or more"
    if spec.concurrency >= 1 << SLOT_BITS:
        return False, f"the account's concurrency is not below {1 << SLOT_BITS:,}"
    for function in functions:
        if function.timeout_ns >= LONGEST_TIMEOUT_NS:
            return False, f"function {function.name!r} has a timeout of 26 days or more"
        own = function.asynchronous
        if max(own.max_age_ns, own.dequeue_ns, own.backoff_base_ns, own.backoff_cap_ns) >= NEVER_NS // 2:
            return False, f"function {function.name!r} has asynchronous events of an age or a backoff of 73 years"
    for client in {id(client): client for client in spec.clients}.values():
        if client.base_ns >= NEVER_NS or client.cap_ns > NEVER_NS:
            return False, "a client's backoff is longer than 146 years"
        if client.max_attempts > MOST_ATTEMPTS:
            return False, f"a client makes more than {MOST_ATTEMPTS} attempts"
    return answer


def _largest(plan: "Plan", kind: Control) -> int:
    """Return the greatest value to which rows of the control table of a kind set something, 0 without any."""
    return max((change.value for change in plan.control if change.kind == kind), default=0)


def _streams(stream: StreamSpec, settings: Sequence[Change]) -> Iterator[StreamSpec]:
    """Yield a stream, and what it is with each of some settings."""
    yield stream
    for change in settings:
        if change.kind == Control.TUMBLING_WINDOW:
            yield replace(stream, tumbling_ns=change.value)
        elif change.kind == Control.PARALLELIZATION:
            yield replace(stream, lanes=change.value)
        else:
            yield replace(stream, batches=adjusted_batches(stream.batches, change.kind, change.value))


def _is_countable(rate: RateSpec) -> bool:
    """Say whether a rate's bucket has its content in 64 bits."""
    return rate.burst * rate.per_ns < NEVER_NS


def _fits(spec: SqsSpec, per_record_ns: int) -> bool:
    """Say whether no sum of a queue's times leaves 64 bits."""
    times_ns = (
        spec.window_ns,
        spec.visibility_ns,
        spec.retention_ns,
        spec.delay_ns,
        spec.receive_ns,
        spec.backoff_base_ns,
    )
    longest_ns = max(*times_ns, spec.backoff_cap_ns, spec.polling.every_ns, spec.batch_limit * per_record_ns)
    return longest_ns < NEVER_NS // 4


def _fits_stream(spec: StreamSpec, per_record_ns: int) -> bool:
    """Say whether no sum of a stream's times leaves 64 bits, nor what a batch takes to be read."""
    own = spec.batches
    ages_ns = [age_ns for age_ns in (own.max_age_ns, own.retention_ns) if age_ns < NEVER_NS]
    longest_ns = max(
        spec.poll_ns, spec.least_poll_ns, spec.push_ns, spec.tumbling_ns, own.window_ns, own.backoff_base_ns,
        own.backoff_cap_ns, own.size * per_record_ns, own.size * spec.payload * NS_PER_S, *ages_ns,
        *(pause.until_ns for pause in own.pauses),
    )  # fmt: skip
    return longest_ns < NEVER_NS // 4


def _unlike(functions: Sequence[FunctionSpec]) -> list[FunctionSpec]:
    """Return functions without those that are as long and written as one before them: of a thousand few are left."""
    found: dict[tuple[int, int, int], FunctionSpec] = {}
    for function in functions:
        found.setdefault((function.timeout_ns, id(function.asynchronous), id(function.uses)), function)
    return [*found.values()]


def _not_held(plan: "Plan", functions: Sequence[FunctionSpec]) -> str:
    """Return why the compiled engine cannot hold what some handlers of a plan use, "" if it can."""
    spec = plan.account
    kept = sum(downstream.connections > 0 or downstream.has_pool for downstream in spec.downstreams)
    if kept > MOST_CONNECTED:
        return f"more than {MOST_CONNECTED} downstreams limit their connections"
    slowest = [[1_000] for _ in spec.downstreams]
    for change in plan.control:
        if change.kind == Control.SLOWDOWN:
            slowest[change.subject].append(change.value)
    for downstream in spec.downstreams:
        burst = max(downstream.burst, _largest(plan, Control.DOWNSTREAM_BURST))
        if burst * downstream.per_ns >= NEVER_NS:
            return f"the downstream {downstream.name!r} has a burst times its period of 2^62 or more"
        if max(downstream.fail_ns, downstream.borrow_ns, downstream.connect_per_ns) >= NEVER_NS:
            return f"the downstream {downstream.name!r} has times of 146 years or more"
    for function in functions:
        longest_ns = function.timeout_ns
        for use in function.uses:
            downstream = spec.downstreams[use.downstream]
            if use.calls * downstream.per_ns >= NEVER_NS:
                return f"function {function.name!r} has calls of {downstream.name!r} times its period of 2^62 or more"
            permille = [window.permille for window in downstream.slowdowns] + [max(slowest[use.downstream])]
            for factor in (*permille, 1_000 + downstream.contention_permille):
                if longest_ns * max(factor, 1_000) >= NEVER_NS:
                    return f"function {function.name!r} may take longer than 64 bits hold in {downstream.name!r}"
                longest_ns = longest_ns * max(factor, 1_000) // 1_000
    return ""


def _only_simpy_switches(spec: AccountSpec, change: Change) -> str:
    """Return, as a clause, what a row of the control table changes that this engine does not know; "" for nothing."""
    if change.kind != Control.MAPPING_ENABLED:
        return ""
    source = spec.sources[change.subject]
    if isinstance(source, BrokerSpec):
        return f"the mapping of the broker {source.name!r} is switched"
    if isinstance(source, StreamSpec) and source.pollers:
        return f"the mapping of the topic {source.name!r} is switched"
    return ""

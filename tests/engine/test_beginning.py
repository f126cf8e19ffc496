"""The state at time 0: of functions and clients that are alike it is worked out once, as if by each alone."""

from by_hand import plan_of
from hypothesis import given
from hypothesis import strategies as st

from lambdasim.engine.compiled.beginning import initial
from lambdasim.engine.compiled.state import BUCKET, CLIENT, FUNCTION, RATE
from lambdasim.engine.compiled.structs import records_of
from lambdasim.model.account import AccountState
from lambdasim.model.client import ClientState
from lambdasim.model.events import Expiry, Reuse
from lambdasim.model.function import function_states
from lambdasim.model.spec import NO_RETRY, STANDARD_CLIENT, AccountSpec, ClientSpec, FunctionSpec, ScalingSpec

FORMS = (
    FunctionSpec("f", timeout_ns=3),
    FunctionSpec("f", timeout_ns=3, reserved=5),
    FunctionSpec("f", timeout_ns=3, reuse=Reuse.RANDOM, expiry=Expiry.HALVES),
    FunctionSpec("f", timeout_ns=4, snapstart=True, first_restores_q24=7, ahead_q24=9, ahead_key=2**64 - 1),
)
OF_ALL = {"bucket", "first", "sibling", "first_use", "uses", "first_call", "calls", "_"}
"""What is not of a function alone."""


def spec_of(drawn: list[tuple[int, bool]], per_function: bool, whole_seconds: bool) -> AccountSpec:
    """Return an account of functions by their forms, of which some are versions of the first version before them."""
    functions: list[FunctionSpec] = []
    first = -1
    for number, (form, is_version) in enumerate(drawn):
        own = FORMS[form]._replace(name=f"f{number}")
        if is_version and first >= 0:
            own = own._replace(version_of=first, reserved=None)
        else:
            first = number
        functions.append(own)
    return AccountSpec(100, tuple(functions), ScalingSpec(per_function=per_function), whole_seconds)


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), min_size=1, max_size=12), st.booleans(), st.booleans())
def test_functions_begin_as_each_alone(drawn: list[tuple[int, bool]], per_function: bool, whole_seconds: bool) -> None:
    spec = spec_of(drawn, per_function, whole_seconds)
    state, account = initial(plan_of(spec)), AccountState(spec)
    states = function_states(account, lambda *_: None)
    alone = records_of(FUNCTION, [own.shared for own in states], states, spec.functions)
    for name in {*FUNCTION.names} - OF_ALL:
        assert state.functions[name].tolist() == alone[name].tolist(), name
    rates = [account.rate, *(rate for own in states for rate in (own.shared.reserved_rate, own.provisioned_rate))]
    assert state.rates.tolist() == records_of(RATE, rates).tolist()
    buckets = [own.shared.bucket for own in states] if per_function else [account.scaling_bucket()]
    assert state.buckets.tolist() == records_of(BUCKET, buckets, [spec.scaling] * len(buckets)).tolist()
    for index, own in enumerate(spec.functions):
        first = index if own.version_of < 0 else own.version_of
        family = [number for number, one in enumerate(spec.functions) if first in (number, one.version_of)]
        after = family[(family.index(index) + 1) % len(family)]
        assert (state.functions["first"][index], state.functions["sibling"][index]) == (first, after)


@given(st.lists(st.sampled_from([NO_RETRY, STANDARD_CLIENT]), max_size=6))
def test_clients_begin_as_each_alone(specs: list[ClientSpec]) -> None:
    spec = AccountSpec(100, FORMS[:1], clients=tuple(specs))
    keys = tuple(range(1, len(specs) + 1))
    state, callers = initial(plan_of(spec, jitter_keys=keys)), [ClientState(own) for own in specs]
    alone = records_of(CLIENT, specs, callers)
    for name in {*CLIENT.names} - {"tokens", "crowd", "jitter_key"}:
        assert state.clients[name].tolist() == alone[name].tolist(), name
    assert state.tokens.tolist() == [left for caller in callers for left in caller.tokens]
    pairs = zip(specs, keys, strict=True)
    assert state.clients["jitter_key"].tolist() == [key if own.max_attempts > 1 else 0 for own, key in pairs]

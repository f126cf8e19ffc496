"""Retry modes of AWS's SDKs: delays and quota, with the jitter given."""

from lambdasim.model.client import ClientState
from lambdasim.model.rules import jitter24
from lambdasim.model.spec import LEGACY_CLIENT, NO_RETRY, STANDARD_CLIENT, ClientSpec

HALF = 2**23
S = 1_000_000_000


def delays(spec: ClientSpec, jitter: int = HALF, sequence: int = 0) -> list[int | None]:
    client = ClientState(spec)
    return [client.retry_delay_ns(sequence, attempt, jitter) for attempt in range(6)]


def test_no_retry() -> None:
    assert delays(NO_RETRY) == [None] * 6


def test_legacy_doubles_without_a_cap_and_gives_up_after_five_attempts() -> None:
    assert delays(LEGACY_CLIENT) == [S // 2, S, 2 * S, 4 * S, None, None]


def test_standard_gives_up_after_three_attempts() -> None:
    assert delays(STANDARD_CLIENT) == [S // 2, S, None, None, None, None]


def test_cap_and_no_jitter() -> None:
    spec = ClientSpec(max_attempts=6, base_ns=100, cap_ns=250, full_jitter=False)
    assert delays(spec, jitter=0) == [100, 200, 250, 250, 250, None]


def test_quota_is_spent_by_retries_and_refunded_by_answers() -> None:
    client = ClientState(ClientSpec(max_attempts=3, base_ns=2, quota=10, retry_cost=5, processes=2))
    assert [client.retry_delay_ns(0, 0, HALF) for _ in range(3)] == [1, 1, None]
    assert client.retry_delay_ns(1, 0, HALF) == 1  # the other process has its own
    client.answered(0, 1)
    assert [client.retry_delay_ns(2, 0, HALF) for _ in range(2)] == [1, None]
    for _ in range(7):
        client.answered(0, 0)
    assert [client.retry_delay_ns(2, 0, HALF) for _ in range(2)] == [1, None]


def test_jitter_is_a_pure_function_of_its_key_and_index() -> None:
    """SplitMix64's first output from seed 0 is 0xE220A8397B1DCDAF; the others are goldens: a change moves retries."""
    assert [jitter24(0, 1), jitter24(42, 7), jitter24(2**64 - 1, 2**51)] == [0xE220A8, 3664231, 2725968]

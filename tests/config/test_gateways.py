"""Gateways in the experiment file: what they are without a word, and what is refused, with AWS's rule."""

import pytest

from lambdasim.config.eras import NETWORK_2026
from lambdasim.config.families import parse_distribution
from lambdasim.config.resolved import resolved_toml
from lambdasim.config.sources import source_table
from lambdasim.config.sources.gateway import Gateway
from lambdasim.errors import InputError

MS, S = 1_000_000, 1_000_000_000

TO_HTTP = ('target   = "api"', 'target = "http"')

REST = "API Gateway Developer Guide, limits"


@pytest.mark.parametrize(
    ("kind", "timeout", "throttled", "failed"),
    [
        ("apigateway-rest", 29 * S, 500, 502),
        ("apigateway-http", 30 * S, 503, 500),
        ("alb", None, 502, 502),
        ("function-url", None, 429, 502),
    ],
)
def test_defaults(kind: str, timeout: int | None, throttled: int, failed: int) -> None:
    table = source_table(type=kind, function="f")
    assert isinstance(table, Gateway)
    assert (table.timeout, table.throttle_status, table.error_status) == (timeout, throttled, failed)
    assert table.takes_events
    assert table.delay() == parse_distribution(NETWORK_2026)


def test_the_example_of_the_format_is_read_and_written_with_its_defaults(load, minimal) -> None:
    text = minimal.replace(*TO_HTTP) + (
        '[source.http]\ntype = "apigateway-http"\nfunction = "api"\ntimeout = "29s"\n'
        'client = { retries = 2, backoff = "exponential(base=100ms, max=2s, jitter=full)", timeout = "5s" }\n'
    )
    config = load(text).config
    lines = resolved_toml(config).splitlines()
    assert 'timeout = "29s"' in lines
    known = (
        "throttle_status = 503  # default, measured: AWS's pages or users' reports, by type; not certain; "
        "range: low 429, high 500"
    )
    assert any(line.startswith(known) for line in lines)
    limit = 'rate_limit = "10000/s"  # default, official: AWS, API Gateway Developer Guide, limits, 2026-11-23'
    assert limit in lines
    assert load(resolved_toml(config)).config.source == config.source


@pytest.mark.parametrize(
    ("keys", "path", "message"),
    [
        ('"apigateway-rest"\ntimeout = "30s"', "timeout", f"is above 29s, the account's quota ({REST}); if AWS has "
         "raised it, say so with timeout_limit"),
        ('"apigateway-rest"\ntimeout = "61s"\ntimeout_limit = "1min"', "timeout",
         f"is above 1min, the account's quota ({REST}); if AWS has raised it, say so with timeout_limit"),
        ('"apigateway-rest"\ntimeout = "49ms"', "timeout", f"is below 50ms, AWS's shortest ({REST})"),
        ('"apigateway-http"\ntimeout = "31s"', "timeout",
         "is above 30s, AWS's longest for an HTTP API (API Gateway Developer Guide, http-api-quotas)"),
        ('"apigateway-http"\ntimeout_limit = "31s"', "timeout_limit",
         "has no effect with the type 'apigateway-http'; take it out"),
        ('"apigateway-rest"\ntimeout_limit = "28s"', "timeout_limit", "'28s' is too short; the shortest is 29s"),
        ('"alb"\ntimeout = "30s"', "timeout", "has no effect with the type 'alb'; take it out"),
        ('"function-url"\nrate_limit = "5/s"', "rate_limit", "has no effect with the type 'function-url'; take it out"),
        ('"apigateway-rest"\nrate_limit = "5/s"', "burst_limit", "is missing; a stage has it beside rate_limit"),
        ('"alb"\npayload = "2 MB"', "payload",
         "is above 1 MB, AWS's limit of type 'alb' (Application Load Balancers, lambda-functions)"),
        ('"function-url"\npayload = "7 MB"', "payload",
         "'7 MB' is outside 0 B to 6 MB (AWS's limit: DG:gettingstarted-limits)"),
        ('"apigateway-rest"\nthrottle_status = 200', "throttle_status",
         "200 is outside 400 to 599 (an HTTP status of an error)"),
        ('"apigateway-rest"\nclient = { retries = 1 }', "client.backoff",
         'is missing; for example backoff = "exponential(base=100ms, max=2s, jitter=full)"'),
        ('"apigateway-rest"\nclient = { mode = "standard", retry_on = ["5xx"] }', "client.retry_on",
         "the mode 'standard' brings its own; give retries instead of mode"),
        ('"apigateway-rest"\nclient = { retries = 0, retry_on = ["5xx"] }', "client.retry_on",
         "has no effect without retries"),
        ('"alb"\nclient = { timeout = "5s", retry_on = ["5xx"] }', "client.retry_on", "has no effect without retries"),
        ('"alb"\nclient = { timeout = "5s", backoff = "exponential(base=1s, max=1s)" }', "client.backoff",
         "has no effect without retries"),
        ('"invoke"\ntimeout = "60s"\nclient = { timeout = "5s" }', "client.timeout",
         "is given twice; the source's own timeout is the client's too"),
        ('"apigateway-rest"\nlatency = "5ms"', "latency", None),
        ('"apigateway-rest"\nclient = { timeout = "1s", retry_on = ["429", "teapot"] }', "client.retry_on.1", None),
    ],
)  # fmt: skip
def test_what_is_refused(keys: str, path: str, message: str | None, messages, minimal) -> None:
    [line] = messages(f'{minimal.replace(*TO_HTTP)}[source.http]\nfunction = "api"\ntype = {keys}\n')
    place, _, rest = line.partition(": ")
    assert place.startswith("e.toml:")
    at, _, said = rest.partition(": ")
    assert at == f"source.http.{path}"
    assert said
    assert message is None or said == message


def test_a_quota_that_aws_has_raised(load, minimal) -> None:
    text = '[source.http]\ntype = "apigateway-rest"\nfunction = "api"\ntimeout = "2min"\ntimeout_limit = "2min"\n'
    assert load(minimal.replace(*TO_HTTP) + text).config.source["http"].timeout == 120 * S


@pytest.mark.parametrize("key", ['timeout = "5s"', 'retries = 1, backoff = "exponential(base=1s, max=1s)", '
                                 'retry_on = ["429"]'])  # fmt: skip
def test_an_impatient_client_needs_a_source(key: str, messages, minimal) -> None:
    for target, source in (("api", ""), ("s", '[source.s]\ntype = "invoke"\nfunction = "api"\n')):
        text = minimal.replace('target   = "api"', f'target = "{target}"\nclient = {{ {key} }}') + source
        [line] = messages(text)
        wrong = "retry_on" if "retry_on" in key else "timeout"
        assert f"load.0.client.{wrong}: has no effect here; give it to a source" in line
    text += 'timeout = "60s"\n'
    assert messages(text) == []


def test_a_direct_call_is_a_source_of_its_own_only_where_that_makes_a_difference() -> None:
    assert not source_table(type="invoke", function="f").takes_events
    assert not source_table(type="invoke", function="f", client={"mode": "standard"}).takes_events
    assert source_table(type="invoke", function="f", timeout="60s").takes_events
    assert source_table(type="invoke", function="f", client={"timeout": "5s"}).takes_events


def test_python_says_the_same() -> None:
    with pytest.raises(InputError, match="'long' needs a number and a unit"):
        source_table(type="apigateway-rest", function="f", timeout="long")


def test_a_handler_or_a_map_state_is_patient(messages, minimal) -> None:
    client = 'client = { timeout = "5s" }'
    called = '[function.b]\nduration = "constant(1s)"\ninit = "constant(0s)"\n'
    text = minimal.replace("[[load]]", f'calls = [{{ function = "b", {client} }}]\n{called}\n[[load]]')
    [line] = messages(text)
    assert "function.api.calls.0.client.timeout: has no effect here; a handler waits" in line
    mapped = minimal.replace(*TO_HTTP) + f'[source.http]\ntype = "map"\nfunction = "api"\nitems = 5\n{client}\n'
    [line] = messages(mapped)
    assert "source.http.client.timeout: has no effect here; what a source of type 'map' invokes is waited for" in line

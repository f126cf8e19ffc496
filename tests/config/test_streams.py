"""The tables of streams and brokers: what AWS refuses is refused, with its rule; the rest reaches the law as it is."""

import pytest

from lambdasim.config.resolved import resolved_toml
from lambdasim.model import rules
from lambdasim.model.batches import BatchSpec, BrokerSpec, Pause
from lambdasim.model.events import NEVER_NS
from lambdasim.model.pollers import PollerSpec
from lambdasim.model.streams import StreamSpec
from lambdasim.scenario.sources import source_spec

S = 10**9
HEAD = """\
[function.f]
duration = "constant(1ms)"
init = "constant(1ms)"
timeout = "{timeout}"
[[load]]
target = "s"
executor = "poisson"
rate = "1/s"
duration = "1h"
[source.s]
function = "f"
type = """
API = "API CreateEventSourceMapping"
PAUSES = "disabled = [{ from = '1min', until = '3min' }, { from = '2min', until = '4min' }]"

WRONG = [
    ("kinesis", "parallelization_factor = 11", "parallelization_factor", f"11 is outside 1 to 10 (AWS's limit: {API})"),
    ("kinesis", "parallelization_factor = 0", "parallelization_factor", f"0 is outside 1 to 10 (AWS's limit: {API})"),
    ("kinesis", "batch_size = 10001", "batch_size", f"10001 is outside 1 to 10000 (AWS's limit: {API})"),
    ("dynamodb", "batch_size = 0", "batch_size", f"0 is outside 1 to 10000 (AWS's limit: {API})"),
    ("kinesis", "batching_window = '301s'", "batching_window", f"'301s' is above 5min (AWS's limit: {API})"),
    (
        "kinesis",
        "batching_window = '500ms'",
        "batching_window",
        f"500ms is not a whole number of seconds, as AWS wants it ({API})",
    ),
    ("kinesis", "tumbling_window = '16min'", "tumbling_window", f"'16min' is above 15min (AWS's limit: {API})"),
    (
        "dynamodb",
        "tumbling_window = '1.5s'",
        "tumbling_window",
        f"1.5s is not a whole number of seconds, as AWS wants it ({API})",
    ),
    (
        "kinesis",
        "maximum_retry_attempts = 10001",
        "maximum_retry_attempts",
        f"10001 is outside -1 to 10000 (AWS's limit: {API})",
    ),
    ("kinesis", "maximum_record_age = '59s'", "maximum_record_age", "'59s' is too short; the shortest is 1min"),
    ("kinesis", "maximum_record_age = '8d'", "maximum_record_age", f"'8d' is above 7d (AWS's limit: {API})"),
    (
        "kinesis",
        "maximum_record_age = 3600",
        "maximum_record_age",
        "3600 needs a number and a unit, such as '80ms', '1.5s' or '10min'",
    ),
    ("kinesis", "retention = '1h'", "retention", "'1h' is too short; the shortest is 1d"),
    ("dynamodb", "retention = '2d'", "retention", "has no effect with the type 'dynamodb'; take it out"),
    ("dynamodb", "write_limit = true", "write_limit", "has no effect with the type 'dynamodb'; take it out"),
    ("kinesis", "push_latency = '1s'", "push_latency", "has no effect without enhanced_fan_out; take it out"),
    (
        "kinesis",
        "skew = 1.2",
        "skew",
        "has no meaning without partition_keys, the number of keys; every record has its own",
    ),
    (
        "kinesis",
        "payload = '7 MB'",
        "payload",
        "'7 MB' is outside 1 B to 6 MB (AWS's payload limit of an invocation: DG:gettingstarted-limits)",
    ),
    ("kinesis", "disabled = [{ from = '2min', until = '1min' }]", "disabled.0.until", "must be after 'from'"),
    ("kinesis", PAUSES, "disabled.1.from", "is before the end of the pause before; put them in order of time"),
    ("kinesis", "disabled = [{ from = '2min' }]", "disabled.0.until", 'is missing; for example until = "80ms"'),
    (
        "kinesis",
        "backoff = 'exponential(base=0s, max=1s)'",
        "backoff",
        "base must be above 0s: a throttled batch would be tried without end at one instant",
    ),
    ("kinesis", "partitions = 3", "partitions", "unknown key; did you mean 'partition_keys'?"),
    ("kinesis", "visibility_timeout = '3s'", "visibility_timeout", "unknown key; the keys here are: {keys}"),
    *(
        ("kafka", line, key, "has no effect without provisioned_pollers: AWS has it in provisioned mode only "
         "(DG:kafka-scaling-modes); take it out")
        for line, key in (
            ("maximum_retry_attempts = 3", "maximum_retry_attempts"),
            ("maximum_record_age = '1h'", "maximum_record_age"),
            ("bisect_batch_on_function_error = true", "bisect_batch_on_function_error"),
            ("partial_batch_response = true", "partial_batch_response"),
        )
    ),
    (
        "kafka",
        "provisioned_pollers = {}\ninitial_pollers = 3",
        "initial_pollers",
        "has no effect with provisioned_pollers, whose minimum are there at the start; take it out",
    ),
    (
        "kafka",
        "provisioned_pollers = { minimum = 201 }",
        "provisioned_pollers.minimum",
        f"201 is outside 1 to 200 (AWS's limit: {API})",
    ),
    (
        "kafka",
        "provisioned_pollers = { maximum = 2001 }",
        "provisioned_pollers.maximum",
        f"2001 is outside 1 to 2000 (AWS's limit: {API})",
    ),
    (
        "kafka",
        "provisioned_pollers = { minimum = 9, maximum = 3 }",
        "provisioned_pollers.minimum",
        f"9 is above the maximum of 3, which AWS refuses (AWS's limit: {API})",
    ),
    (
        "kafka",
        "batching_window = '700ms'",
        "batching_window",
        f"700ms is not a whole number of seconds, as AWS wants it ({API})",
    ),
    ("mq", "", "engine", 'is missing; give engine = "activemq" or "rabbitmq", whose concurrency differs'),
    ("mq", "engine = 'rabbit'", "engine", "unknown value 'rabbit'; did you mean 'rabbitmq'?"),
    ("documentdb", "engine = 'activemq'", "engine", "has no effect with the type 'documentdb'; take it out"),
    (
        "documentdb",
        "batch_size = 10001",
        "batch_size",
        f"10001 is outside 1 to 10000 (AWS's limit: {API})",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "line", "key", "message"), WRONG)
def test_what_is_refused(kind: str, line: str, key: str, message: str, messages) -> None:
    [found] = messages(HEAD.format(timeout="1min") + f'"{kind}"\n{line}\n')
    place, _, rest = found.partition(": ")
    assert place.startswith("e.toml:")
    if "{keys}" in message:
        assert rest.startswith(f"source.s.{key}: {message.format(keys='type, function')}")
    else:
        assert rest == f"source.s.{key}: {message}"


@pytest.mark.parametrize("kind", ["kafka", "mq", "documentdb"])
def test_a_function_behind_a_broker_has_fourteen_minutes(kind: str, messages, load) -> None:
    """Facts 4.1.7; Kinesis and DynamoDB take the full fifteen."""
    engine = 'engine = "activemq"\n' if kind == "mq" else ""
    assert messages(HEAD.format(timeout="841s") + f'"{kind}"\n{engine}') == [
        f"e.toml:11: source.s.function: has a timeout of 841s; behind a source of type '{kind}' AWS allows at most "
        "14min (DG:with-mq)"
    ]
    load(HEAD.format(timeout="14min") + f'"{kind}"\n{engine}')
    load(HEAD.format(timeout="15min") + '"kinesis"\n')


def spec_of(load, lines: str) -> StreamSpec | BrokerSpec:
    table = load(HEAD.format(timeout="1min") + lines + "\n").config.source["s"]
    spec = source_spec("s", table, 0, 1)
    assert isinstance(spec, StreamSpec | BrokerSpec)
    return spec


def test_defaults_are_those_of_aws(load) -> None:
    kinesis = spec_of(load, '"kinesis"')
    assert kinesis == StreamSpec(
        "s", 0, BatchSpec(100, 0, -1, NEVER_NS, 86_400 * S), poll_ns=S, least_poll_ns=S // 5, payload=1024,
        write_records=1_000, write_bytes=1 << 20, read_bytes=2 << 20,
    )  # fmt: skip
    assert spec_of(load, '"dynamodb"') == StreamSpec(
        "s", 0, BatchSpec(retention_ns=86_400 * S), poll_ns=S // 4, payload=1024
    )
    week = BatchSpec(100, S // 2, retention_ns=7 * 86_400 * S)
    assert spec_of(load, '"kafka"\npartitions = 6') == StreamSpec(
        "s", 0, week, shards=6, payload=1024, has_iterator_age=False, pollers=PollerSpec(1, 1, 6, 1, 100, 120 * S)
    )
    assert spec_of(load, '"kafka"\npartitions = 6\nprovisioned_pollers = { minimum = 2 }') == StreamSpec(
        "s", 0, week, shards=6, payload=1024, has_iterator_age=False, read_bytes=5 << 20,
        pollers=PollerSpec(2, 2, 6, 5, 100, 120 * S),
    )  # fmt: skip
    two_weeks = BatchSpec(100, S // 2, retention_ns=14 * 86_400 * S)
    assert spec_of(load, '"mq"\nengine = "activemq"') == BrokerSpec("s", 0, 5, two_weeks)
    assert spec_of(load, '"mq"\nengine = "rabbitmq"') == BrokerSpec("s", 0, 1, two_weeks)
    three_hours = BatchSpec(100, S // 2, retention_ns=10_800 * S)
    assert spec_of(load, '"documentdb"') == BrokerSpec("s", 0, 1, three_hours, has_iterator_age=True)


def test_every_key_reaches_the_law(load) -> None:
    spec = spec_of(
        load,
        """"kinesis"
shards = 8
parallelization_factor = 10
batch_size = 10000
batching_window = "300s"
tumbling_window = "900s"
maximum_retry_attempts = 0
maximum_record_age = "7d"
bisect_batch_on_function_error = true
partial_batch_response = true
on_failure = "elsewhere"
retention = "48h"
partition_keys = 4
skew = 1
payload = "1 MB"
write_limit = false
enhanced_fan_out = true
push_latency = "50ms"
poison = 0.5
record_errors = "25%"
backoff = "exponential(base=1s, max=5s, jitter=full)"
disabled = [{ from = "1min", until = "2min" }]
""",
    )
    assert spec == StreamSpec(
        "s",
        0,
        BatchSpec(
            size=6,  # of 1 MB in 6 MB
            window_ns=300 * S,
            max_retries=0,
            max_age_ns=7 * 86_400 * S,
            retention_ns=2 * 86_400 * S,
            bisects=True,
            reports=True,
            has_destination=True,
            backoff_base_ns=S,
            backoff_cap_ns=5 * S,
            full_jitter=True,
            poison_q24=1 << 23,
            record_errors_q24=1 << 22,
            pauses=(Pause(60 * S, 120 * S),),
        ),
        shards=8,
        lanes=10,
        keys_q24=tuple(round((1 << 24) * n / 25) for n in (12, 18, 22, 25)),  # 1, 1/2, 1/3, 1/4 of 25/12
        push_ns=50_000_000,
        least_poll_ns=S // 5,
        tumbling_ns=900 * S,
        payload=1 << 20,
        read_bytes=2 << 20,
    )


def test_minus_one_is_no_limit(load) -> None:
    lines = '"kinesis"\nmaximum_retry_attempts = -1\nmaximum_record_age = -1'
    assert spec_of(load, lines) == spec_of(load, '"kinesis"')


@pytest.mark.parametrize(
    "lines",
    [
        '"kinesis"\nmaximum_record_age = -1\ndisabled = [{ from = "1min", until = "2min" }]',
        '"kinesis"\nmaximum_record_age = "1h"\nenhanced_fan_out = true',
        '"dynamodb"\nshards = 3',
        '"kafka"\nprovisioned_pollers = { minimum = 2, maximum = 4 }\nmaximum_retry_attempts = 5',
        '"kafka"',
        '"mq"\nengine = "rabbitmq"',
        '"documentdb"',
    ],
)
def test_the_resolved_file_reads_back_equal(lines: str, load) -> None:
    config = load(HEAD.format(timeout="1min") + lines + "\n").config
    text = resolved_toml(config)
    assert load(text).config.source == config.source


def test_the_numbers_of_the_rules() -> None:
    """Facts 4.5.2, 4.5.7, 4.6, 4.7."""
    assert (rules.KINESIS_POLL_NS, rules.DYNAMODB_POLL_NS) == (S, S // 4)
    assert (rules.KAFKA_EVALUATION_NS, rules.KAFKA_SCALING_NS) == (60 * S, 180 * S)
    assert (rules.ACTIVEMQ_CONCURRENCY, rules.RABBITMQ_CONCURRENCY) == (5, 1)

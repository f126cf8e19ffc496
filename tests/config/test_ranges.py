"""Every quota and setting of AWS's has AWS's range, and is whole where AWS's is: its ends pass, and no more."""

import pytest

HEAD = """\
[simulation]
duration = "1h"
[function.f]
duration = "constant(1ms)"
init = "constant(1ms)"
[source.s]
function = "f"
{source}
"""
LOAD = """
[[load]]
target = "s"
executor = "poisson"
rate = "1/s"
duration = "1h"
"""
SQS, FIFO, KINESIS = 'type = "sqs"', 'type = "sqs-fifo"', 'type = "kinesis"'
KAFKA, MQ, DOCUMENTDB = 'type = "kafka"', 'type = "mq"\nengine = "rabbitmq"', 'type = "documentdb"'
REST, HTTP = 'type = "apigateway-rest"', 'type = "apigateway-http"'
SCHEDULE = 'type = "schedule"\nexpression = "rate(1 hour)"'
IDLE, SNS = 'type = "async-invoke"', 'type = "sns"'

FUNCTION = [
    ("memory", ["128 MB", "10240 MB", "1769 MB"], ["127 MB", "10241 MB", "128.5 MB"]),
    ("ephemeral_storage", ["512 MB", "10240 MB"], ["511 MB", "10241 MB", "512.5 MB"]),
    ("timeout", ["1s", "900s"], ["999ms", "1.5s", "901s"]),
    ("async.maximum_retry_attempts", [0, 2], [-1, 3, 1.5]),
    ("async.maximum_event_age", ["60s", "6h"], ["59s", "60.5s", "6h1s"]),
]
"""Key of a function, what AWS takes, and what it does not (DG:gettingstarted-limits and the API, 2026-11)."""

SOURCES = [
    (SQS, "visibility_timeout", ["3s", "12h"], ["3500ms", "12h1s"]),
    (SQS, "retention", ["60s", "14d"], ["59s", "60.5s", "337h"]),
    (SQS, "delay", ["0s", "15min"], ["500ms", "901s"]),
    (SQS, "batching_window", ["0s", "1s", "5min"], ["1.5s", "301s"]),
    (SQS, "batch_size", [1, 10], [0, 11, 2.5]),
    (SQS + '\nbatching_window = "1s"', "batch_size", [1, 10_000], [0, 10_001]),
    (FIFO, "batch_size", [1, 10], [0, 11]),
    (SQS, "maximum_concurrency", [2, 1_000], [1, 1_001]),
    (SQS, "max_receive_count", [1, 1_000], [0, 1_001]),
    (SQS, "provisioned_pollers.minimum", [2, 200], [1, 201]),
    (SQS, "provisioned_pollers.maximum", [2, 10_000], [1, 10_001]),
    (SQS, "payload", ["1 MB"], ["1025 KB"]),
    (SNS, "payload", ["256 KB"], ["257 KB"]),
    (KINESIS, "parallelization_factor", [1, 10], [0, 11]),
    (KINESIS, "batch_size", [1, 10_000], [0, 10_001]),
    (KINESIS, "batching_window", ["0s", "5min"], ["500ms", "301s"]),
    (KINESIS, "tumbling_window", ["0s", "15min"], ["500ms", "901s"]),
    (KINESIS, "maximum_retry_attempts", [-1, 10_000], [-2, 10_001]),
    (KINESIS, "maximum_record_age", [-1, "60s", "7d"], ["59s", "60.5s", "169h"]),
    (KINESIS, "retention", ["24h", "365d"], ["23h", "24h30min", "366d"]),
    (KAFKA, "batching_window", ["500ms", "1s", "5min"], ["600ms", "301s"]),
    (KAFKA, "provisioned_pollers.minimum", [1, 200], [0, 201]),
    (KAFKA, "provisioned_pollers.maximum", [1, 2_000], [0, 2_001]),
    (MQ, "batch_size", [1, 10_000], [0, 10_001]),
    (MQ, "batching_window", ["500ms", "5min"], ["1.5s", "301s"]),
    (DOCUMENTDB, "retention", ["1h", "7d"], ["59min", "3601500ms", "169h"]),
    (REST, "timeout", ["50ms", "29s"], ["49ms", "50.5ms", "30s"]),
    (HTTP, "timeout", ["50ms", "30s"], ["49ms", "31s"]),
    (REST, "payload", ["6 MB"], ["6145 KB"]),
    ('type = "alb"', "payload", ["1 MB"], ["1025 KB"]),
    (IDLE, "payload", ["1 MB"], ["1025 KB"]),
    (SCHEDULE, "flexible_window", ["0s", "1min", "24h"], ["30s", "90s", "1441min"]),
]
"""The same of a source, with its type."""

CASES = [(IDLE, f"function.f.{key}", good, bad) for key, good, bad in FUNCTION] + [
    (source, f"source.s.{key}", good, bad) for source, key, good, bad in SOURCES
]


@pytest.mark.parametrize(
    ("source", "path", "good", "bad"), CASES, ids=[f"{path} of {of.split(chr(34))[1]}" for of, path, *_ in CASES]
)
def test_the_range_is_aws_s(messages, source, path, good, bad) -> None:
    text = HEAD.format(source=source) + ("" if source == SCHEDULE else LOAD)
    for value in good:
        assert messages(text, (path, str(value))) == []
    for value in bad:
        found = messages(text, (path, str(value)))
        assert found, f"{path} = {value} is taken"
        assert all(path in one for one in found)

"""Kinds of sources: what sources of several types have in common, as far as it decides what can be measured of them."""

from typing import Final

ASYNCHRONOUS: Final = "asynchronous source"
QUEUE: Final = "queue"
STREAM: Final = "stream"
KAFKA: Final = "Kafka topic"
BROKER: Final = "message broker"
API: Final = "API"
LOAD_BALANCER: Final = "load balancer"
FUNCTION_URL: Final = "function URL"
MAP: Final = "map"
CALL: Final = "direct call"

DOWNSTREAM: Final = "downstream"

KINDS: Final = {
    "async-invoke": ASYNCHRONOUS,
    "s3": ASYNCHRONOUS,
    "sns": ASYNCHRONOUS,
    "eventbridge": ASYNCHRONOUS,
    "schedule": ASYNCHRONOUS,
    "sqs": QUEUE,
    "sqs-fifo": QUEUE,
    "kinesis": STREAM,
    "dynamodb": STREAM,
    "documentdb": STREAM,
    "kafka": KAFKA,
    "mq": BROKER,
    "apigateway-rest": API,
    "apigateway-http": API,
    "alb": LOAD_BALANCER,
    "function-url": FUNCTION_URL,
    "map": MAP,
    "invoke": CALL,
    DOWNSTREAM: DOWNSTREAM,
}
"""The kind of each type, and of downstreams, which have none."""

GATEWAYS: Final = (API, LOAD_BALANCER, FUNCTION_URL)
"""Kinds in front of a function whose callers wait for an answer."""

ANSWERING: Final = (*GATEWAYS, CALL)
"""All kinds whose callers wait for an answer."""

WAITLESS: Final = (*ANSWERING, MAP)
"""Kinds in which no event waits, and from which none is lost unnoticed."""

MAPPINGS: Final = (QUEUE, STREAM, KAFKA, BROKER)
"""Kinds that Lambda polls: event source mappings."""

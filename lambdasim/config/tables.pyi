"""Written by tools/signatures.py from the tables themselves; a test compares."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, overload

from lambdasim.config.client import Client as _Client
from lambdasim.config.function import Asynchronous as _Asynchronous
from lambdasim.config.function import FunctionConfig as _FunctionConfig
from lambdasim.config.provisioned import Provisioned as _Provisioned
from lambdasim.config.quantity import ConfigTable as _ConfigTable
from lambdasim.config.schema import Account as _Account
from lambdasim.config.schema import Billing as _Billing
from lambdasim.config.schema import Output as _Output
from lambdasim.config.schema import Scaling as _Scaling
from lambdasim.config.schema import Simulation as _Simulation
from lambdasim.config.sources.asynchronous import AsynchronousSource as _AsynchronousSource
from lambdasim.config.sources.brokers import BrokerSource as _BrokerSource
from lambdasim.config.sources.gateway import Gateway as _Gateway
from lambdasim.config.sources.invoke import Invoke as _Invoke
from lambdasim.config.sources.kafka import KafkaSource as _KafkaSource
from lambdasim.config.sources.map import MapSource as _MapSource
from lambdasim.config.sources.schedule import ScheduleSource as _ScheduleSource
from lambdasim.config.sources.sqs import SqsSource as _SqsSource
from lambdasim.config.sources.streams import StreamSource as _StreamSource
from lambdasim.config.traffic import LoadConfig as _LoadConfig
from lambdasim.config.traffic import Stage as _Stage
from lambdasim.config.traffic import Trace as _Trace

class Account(_Account):
    def __init__(
        self,
        *,
        era: Literal["2019-01", "2019-08", "2020", "2021", "2025", "2026"] = ...,
        region: str = ...,
        concurrency: int = ...,
        unreserved_minimum: int = ...,
        scaling: Mapping[str, Any] | _ConfigTable | None = ...,
        request_meter: Literal["bucket", "second"] = ...,
        api_gateway: Mapping[str, Any] | _ConfigTable | None = ...,
        free_tier: bool = ...,
    ) -> None: ...

class Asynchronous(_Asynchronous):
    def __init__(
        self,
        *,
        maximum_retry_attempts: int = ...,
        maximum_event_age: str = ...,
        on_failure: str | None = ...,
        on_success: str | None = ...,
        dead_letter_queue: str | None = ...,
        dequeue_latency: str = ...,
        backoff: str = ...,
        delivery_failures: float | str = ...,
        duplicates: float | str = ...,
    ) -> None: ...

class Billing(_Billing):
    def __init__(
        self,
        *,
        init_policy: Literal["2025-08", "legacy"] = ...,
        timed_out_init: bool = ...,
        rounding: Literal["1ms", "100ms"] = ...,
        sources: bool = ...,
        repeats: str | None = ...,
    ) -> None: ...

class Client(_Client):
    def __init__(
        self,
        *,
        mode: Literal["none", "legacy", "standard", "standard-2020"] | None = ...,
        max_attempts: int | None = ...,
        retries: int | None = ...,
        backoff: str | None = ...,
        timeout: str | None = ...,
        retry_on: Sequence[Any] | None = ...,
        clients: int = ...,
    ) -> None: ...

class Function(_FunctionConfig):
    def __init__(
        self,
        *,
        duration: str | Mapping[str, Any],
        runtime: str | None = ...,
        package: Literal["zip", "image"] = ...,
        architecture: Literal["x86_64", "arm64"] = ...,
        memory: str = ...,
        timeout: str = ...,
        duration_memory: str | None = ...,
        cpu_share: float | str = ...,
        threads: int = ...,
        memory_used: str | Mapping[str, Any] | None = ...,
        init: str | Mapping[str, Any] | None = ...,
        placement: str | Mapping[str, Any] | None = ...,
        suppressed_init_slowdown: float = ...,
        errors: float | str = ...,
        crashes: float | str = ...,
        reserved_concurrency: int | None = ...,
        provisioned: Mapping[str, Any] | _ConfigTable | None = ...,
        snapstart: bool = ...,
        version: Mapping[str, Any] | _ConfigTable | None = ...,
        alias: Mapping[str, Any] | _ConfigTable | None = ...,
        cold_start: Mapping[str, Any] | _ConfigTable | None = ...,
        idle_timeout: str | Mapping[str, Any] = ...,
        max_lifetime: str | Mapping[str, Any] = ...,
        reuse: Literal["most-recent", "least-recent", "random", "newest-created"] = ...,
        ephemeral_storage: str = ...,
        logs: str = ...,
        recursive_loop: Literal["terminate", "allow"] = ...,
        per_record: str = ...,
        uses: Sequence[Any] = ...,
        calls: Sequence[Any] = ...,
        async_: Mapping[str, Any] | _ConfigTable | None = ...,
    ) -> None: ...

class Load(_LoadConfig):
    def __init__(
        self,
        *,
        name: str = ...,
        target: str | None = ...,
        client: Mapping[str, Any] | _ConfigTable | None = ...,
        start_time: str = ...,
        executor: Literal["constant-arrival-rate", "poisson", "ramping-arrival-rate", "diurnal", "bursty", "spike", "constant-vus"] | None = ...,
        trace: Mapping[str, Any] | _ConfigTable | None = ...,
        per: Mapping[str, Any] | _ConfigTable | None = ...,
        duration: str | None = ...,
        process: str = ...,
        rate: str | None = ...,
        start_rate: str = ...,
        stages: Sequence[Any] | None = ...,
        peak: str | None = ...,
        period: str = ...,
        peak_at: str | None = ...,
        rates: Sequence[Any] | None = ...,
        sojourns: Sequence[Any] | None = ...,
        spike_rate: str | None = ...,
        spike_at: str | None = ...,
        spike_duration: str | None = ...,
        vus: int | None = ...,
        think_time: str | Mapping[str, Any] | None = ...,
    ) -> None: ...

class Output(_Output):
    def __init__(
        self,
        *,
        dir: str = ...,
        period: str = ...,
        requests: str = ...,
        series: Literal["all", "account", "none"] = ...,
        parquet: bool = ...,
    ) -> None: ...

class Provisioned(_Provisioned):
    def __init__(
        self,
        *,
        concurrency: int,
        requested_at: str | None = ...,
        preparation: str | Mapping[str, Any] = ...,
        autoscaling: Mapping[str, Any] | _ConfigTable | None = ...,
        schedule: Sequence[Any] = ...,
    ) -> None: ...

class Scaling(_Scaling):
    def __init__(
        self,
        *,
        policy: Literal["per-function", "legacy-burst"] = ...,
        environments: int = ...,
        per: str = ...,
        refill: Literal["continuous", "step"] | None = ...,
        burst: int | None = ...,
        per_minute: int = ...,
    ) -> None: ...

class Simulation(_Simulation):
    def __init__(
        self,
        *,
        duration: str | None = ...,
        warmup: str = ...,
        seed: int = ...,
        replications: int | Mapping[str, Any] = ...,
        confidence: float = ...,
        engine: Literal["auto", "simpy", "compiled"] = ...,
        start: str | None = ...,
    ) -> None: ...

class Stage(_Stage):
    def __init__(
        self,
        *,
        duration: str,
        target: str,
    ) -> None: ...

class Trace(_Trace):
    def __init__(
        self,
        *,
        file: str,
        format: Literal["events", "counts", "azure2019", "azure2021", "cloudwatch", "reports", "insights", "alb-log", "apigateway-log"],
        unit: Literal["ns", "us", "ms", "s", "min", "h", "unix-s", "unix-ms"] = ...,
        columns: Mapping[str, Any] | _ConfigTable | None = ...,
        units: Mapping[str, Any] | _ConfigTable | None = ...,
        metric: str | None = ...,
        scale: float = ...,
        speed: float = ...,
        within_bin: Literal["poisson", "uniform", "even"] = ...,
        bin: str | None = ...,
        from_: str | None = ...,
        until: str | None = ...,
        durations: str | None = ...,
        memory: str | None = ...,
    ) -> None: ...

@overload
def Source(
    *,
    type: Literal["invoke"],
    function: str,
    timeout: str | None = ...,
    latency: str | Mapping[str, Any] | None = ...,
    client: Mapping[str, Any] | _ConfigTable | None = ...,
) -> _Invoke: ...

@overload
def Source(
    *,
    type: Literal["apigateway-rest", "apigateway-http", "alb", "function-url"],
    function: str,
    timeout: str | None = ...,
    timeout_limit: str = ...,
    client: Mapping[str, Any] | _ConfigTable | None = ...,
    latency: str | Mapping[str, Any] = ...,
    rate_limit: str | None = ...,
    burst_limit: int | None = ...,
    throttle_status: int | None = ...,
    error_status: int | None = ...,
    timeout_status: int = ...,
    payload: str = ...,
) -> _Gateway: ...

@overload
def Source(
    *,
    type: Literal["async-invoke", "s3", "sns", "eventbridge"],
    function: str,
    latency: str | Mapping[str, Any] | None = ...,
    payload: str = ...,
    rate_limit: str | None = ...,
) -> _AsynchronousSource: ...

@overload
def Source(
    *,
    type: Literal["schedule"],
    function: str,
    expression: str,
    timezone: str = ...,
    schedules: int = ...,
    flexible_window: str = ...,
    latency: str | Mapping[str, Any] | None = ...,
    payload: str = ...,
) -> _ScheduleSource: ...

@overload
def Source(
    *,
    type: Literal["map"],
    function: str,
    items: int,
    maximum_concurrency: int = ...,
    client: Mapping[str, Any] | _ConfigTable | None = ...,
    tolerated_failures: float | str = ...,
) -> _MapSource: ...

@overload
def Source(
    *,
    type: Literal["sqs", "sqs-fifo"],
    function: str,
    enabled: bool = ...,
    batch_size: int = ...,
    batching_window: str = ...,
    windows: Literal["per-poller", "shared"] = ...,
    extends_visibility: bool = ...,
    maximum_concurrency: int | None = ...,
    visibility_timeout: str = ...,
    max_receive_count: int | None = ...,
    dead_letter_queue: str | None = ...,
    partial_batch_response: bool = ...,
    retention: str = ...,
    delay_: str = ...,
    latency: str | Mapping[str, Any] | None = ...,
    receive_latency: str = ...,
    payload: str = ...,
    scaling: Mapping[str, Any] | _ConfigTable | None = ...,
    provisioned_pollers: Mapping[str, Any] | _ConfigTable | None = ...,
    on_throttle: Literal["retry-until-visible", "give-up"] = ...,
    throttle_tries: int = ...,
    backoff: str = ...,
    duplicates: float | str = ...,
    poison: float | str = ...,
    record_errors: float | str = ...,
    groups: int | str = ...,
    group_skew: float = ...,
    look_ahead: int = ...,
) -> _SqsSource: ...

@overload
def Source(
    *,
    type: Literal["kinesis", "dynamodb"],
    function: str,
    shards: int = ...,
    parallelization_factor: int = ...,
    batch_size: int = ...,
    batching_window: str = ...,
    tumbling_window: str = ...,
    maximum_retry_attempts: int = ...,
    maximum_record_age: str = ...,
    bisect_batch_on_function_error: bool = ...,
    partial_batch_response: bool = ...,
    on_failure: str | None = ...,
    retention: str = ...,
    partition_keys: int | None = ...,
    skew: float = ...,
    payload: str = ...,
    write_limit: bool = ...,
    enhanced_fan_out: bool = ...,
    push_latency: str = ...,
    poison: float | str = ...,
    record_errors: float | str = ...,
    backoff: str = ...,
    enabled: bool = ...,
    disabled: Sequence[Any] = ...,
) -> _StreamSource: ...

@overload
def Source(
    *,
    type: Literal["kafka"],
    function: str,
    partitions: int = ...,
    batch_size: int = ...,
    batching_window: str = ...,
    provisioned_pollers: Mapping[str, Any] | _ConfigTable | None = ...,
    initial_pollers: int = ...,
    scaling_delay: str = ...,
    maximum_retry_attempts: int = ...,
    maximum_record_age: str = ...,
    bisect_batch_on_function_error: bool = ...,
    partial_batch_response: bool = ...,
    on_failure: str | None = ...,
    retention: str = ...,
    partition_keys: int | None = ...,
    skew: float = ...,
    payload: str = ...,
    poison: float | str = ...,
    record_errors: float | str = ...,
    backoff: str = ...,
    enabled: bool = ...,
    disabled: Sequence[Any] = ...,
) -> _KafkaSource: ...

@overload
def Source(
    *,
    type: Literal["mq", "documentdb"],
    function: str,
    engine: Literal["activemq", "rabbitmq"] | None = ...,
    batch_size: int = ...,
    batching_window: str = ...,
    retention: str | None = ...,
    payload: str = ...,
    poison: float | str = ...,
    record_errors: float | str = ...,
    backoff: str = ...,
    enabled: bool = ...,
    disabled: Sequence[Any] = ...,
) -> _BrokerSource: ...

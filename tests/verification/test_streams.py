"""Streams and brokers against queueing theory: what a record waits for."""

import math
from typing import Any

import numpy as np
from support import Columns, sources_records

import lambdasim as ls
from lambdasim.metrics.queueing import erlang_b

REPLICATIONS = 8


def experiment(
    source: dict[str, Any], rate: str, duration: str, handler: str, process: str = "poisson"
) -> ls.Experiment:
    f = {"duration": handler, "init": "constant(0ms)", "timeout": "10min", "idle_timeout": "constant(1h)"}
    load = {"target": "s", "executor": "constant-arrival-rate", "rate": rate, "duration": duration, "process": process}
    return ls.Experiment(
        functions={"f": f | {"max_lifetime": "none"}},
        sources={"s": {"function": "f", **source}},
        loads=[load],
        account={"concurrency": 10_000},
    )


def deliveries(exp: ls.Experiment, seed: int) -> Columns:
    return sources_records(exp, seed)["deliveries"]


def waits_s(exp: ls.Experiment, seed: int) -> np.ndarray:
    rows = deliveries(exp, seed)
    return (rows["delivered_ns"] - rows["sent_ns"]) / 1e9


def test_the_wait_for_the_end_of_a_batching_window_is_uniform() -> None:
    """Given their number, Poisson arrivals in a window are independent and uniform: mean W/2, variance W^2/12.

    Windows follow one another without a gap, as nothing takes any time here.
    """
    source = {"type": "kinesis", "enhanced_fan_out": True, "push_latency": "0s", "batching_window": "5s"}
    exp = experiment(source | {"batch_size": 10_000}, "20/s", "20min", "constant(0ms)")
    waits = waits_s(exp, 1)
    n = len(waits)
    assert n > 20_000
    assert 0 <= waits.min() < waits.max() <= 5
    assert abs(waits.mean() - 2.5) < 4 * 5 / math.sqrt(12 * n)
    # the variance of (x - mean)^2 of a uniform variable of width W is W^4 / 180
    assert abs(waits.var() - 25 / 12) < 4 * 25 / math.sqrt(180 * n)


def test_the_wait_for_a_poll_is_uniform() -> None:
    """The same with the polls of idle shards, whose phases are spread: mean 1/2 s for Kinesis, 1/8 s for DynamoDB."""
    for kind, interval_s in (("kinesis", 1.0), ("dynamodb", 0.25)):
        exp = experiment({"type": kind, "shards": 500}, "10/s", "30min", "constant(0ms)")
        waits = waits_s(exp, 2)
        assert waits.max() <= interval_s
        assert abs(waits.mean() - interval_s / 2) < 4 * interval_s / math.sqrt(12 * len(waits))


def test_iterator_age_grows_by_the_part_of_arrivals_that_is_not_processed() -> None:
    """Fluid limit of an overloaded server: the age is t x (1 - mu/lambda); a batch's time either way."""
    source = {"type": "kinesis", "shards": 1, "batch_size": 10}
    exp = experiment(source, "100/s", "5min", "constant(200ms)", "deterministic")
    rows = deliveries(exp, 0)
    delivered_s, ages_s = rows["delivered_ns"] / 1e9, (rows["delivered_ns"] - rows["sent_ns"]) / 1e9
    busy = (delivered_s > 5) & (delivered_s < 600)
    expected = delivered_s[busy] * (1 - 50 / 100)
    assert busy.sum() > 29_000
    assert np.abs(ages_s[busy] - expected).max() < 1.2 + 0.2  # a poll at the start and a batch


def test_a_lane_is_an_m_d_1_queue() -> None:
    """Pollaczek-Khinchine for constant service: the mean wait is rho x D / 2 (1 - rho)."""
    source = {"type": "kinesis", "enhanced_fan_out": True, "push_latency": "0s", "batch_size": 1}
    exp = experiment(source, "8/s", "20min", "constant(100ms)")
    means = [waits_s(exp, seed).mean() for seed in range(REPLICATIONS)]
    error = np.std(means, ddof=1) / math.sqrt(REPLICATIONS)
    expected = 0.8 * 0.1 / (2 * 0.2)
    assert abs(np.mean(means) - expected) < 4 * error
    assert error < 0.1 * expected


def test_activemq_is_an_m_m_5_queue() -> None:
    """Erlang C: the mean wait is C(5, a) / (5 mu - lambda)."""
    source = {"type": "mq", "engine": "activemq", "batch_size": 1, "batching_window": "0s"}
    exp = experiment(source, "40/s", "4min", "exponential(mean=100ms)")
    means = [waits_s(exp, seed).mean() for seed in range(REPLICATIONS)]
    error = np.std(means, ddof=1) / math.sqrt(REPLICATIONS)
    lost = erlang_b(4.0, 5)
    expected = lost / (1 - 0.8 * (1 - lost)) / (50 - 40)
    assert abs(np.mean(means) - expected) < 4 * error
    assert error < 0.1 * expected


def test_partition_keys_follow_zipf() -> None:
    """With 3 keys and exponent 1 the shares are 6/11, 3/11 and 2/11, each on the shard of its key: a multinomial."""
    source = {"type": "kinesis", "shards": 64, "partition_keys": 3, "skew": 1.0, "write_limit": False}
    rows = deliveries(experiment(source, "50/s", "10min", "constant(0ms)"), 5)
    _, counts = np.unique(rows["partition"], return_counts=True)
    n = counts.sum()
    assert len(counts) == 3
    for count, share in zip(sorted(counts, reverse=True), (6 / 11, 3 / 11, 2 / 11), strict=True):
        assert abs(count - n * share) < 4 * math.sqrt(n * share * (1 - share))

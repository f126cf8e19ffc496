"""The scoreboard: predictions beside measurements, and their errors by kind."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from lambdasim.validation.measurement import Measurement
from lambdasim.validation.predictors import NOT_PREDICTED
from lambdasim.validation.study import Prediction, Study


@dataclass(frozen=True, slots=True)
class Kind:
    """Measurements that are scored together."""

    name: str
    dataset: str
    metrics: tuple[str, ...]
    unit: str = ""
    """Of the error; empty for a share of what was measured."""
    where: Callable[[Measurement], bool] = lambda _: True
    how: str = ""
    """Which of several ways of predicting it is."""


def _warm(row: Measurement) -> bool:
    return bool(row.params.get("prewarmed"))


def _cold(row: Measurement) -> bool:
    return not row.params.get("prewarmed")


KINDS: Final = (
    Kind("raw logs replayed: cold starts", "aws-steady-poisson-2020", ("cold_start_count_all",)),
    Kind("raw logs replayed: environments", "aws-steady-poisson-2020", ("distinct_instances",)),
    Kind("raw logs replayed: mean environments", "aws-steady-poisson-2020", ("avg_instance_count",), how="replayed"),
    Kind("steady Poisson: cold-start probability", "aws-steady-poisson-2020", ("cold_start_probability",)),
    Kind("steady Poisson: environments", "aws-steady-poisson-2020", ("avg_instance_count",)),
    Kind("steady Poisson: running", "aws-steady-poisson-2020", ("avg_running_instances",), "environments"),
    Kind("varying rate: environments", "aws-transient-2020", ("instance_count",)),
    Kind("varying rate: running", "aws-transient-2020", ("running_count",)),
    Kind("eviction (SeBS): warm ones left", "aws-eviction-sebs-2020", ("warm_containers_left",), "environments"),
    Kind("idle probes 2019 and 2021: P(cold)", "aws-idle-interval-mikhail", ("p_cold_given_idle",), "probability"),
    Kind("idle probes 2025: P(cold)", "aws-idle-2025", ("p_cold_given_idle",), "probability"),
    Kind(
        "SQS 2018: environments",
        "aws-sqs-scaling-mikhail-2018",
        ("peak_instances", *(f"instances_at_min_{minute}" for minute in range(1, 21))),
    ),
    Kind(
        "SQS 2018: environments seen so far",
        "aws-sqs-scaling-mikhail-2018",
        tuple(f"instances_seen_by_{second}s" for second in range(1, 121)),
    ),
    Kind(
        "SQS 2018: backlog",
        "aws-sqs-scaling-mikhail-2018",
        tuple(f"backlog_at_min_{minute}" for minute in range(1, 21)),
    ),
    Kind("SQS 2018: time to drain", "aws-sqs-scaling-mikhail-2018", ("drain_time_s", "drain_time_min")),
    Kind("SQS 2026 under errors: concurrency", "aws-sqs-scaling-rehan-2025", ("concurrency_in_error_state",)),
    Kind("HTTP ramp 2019: environments", "faas-http-ramp-mikhail-2019", ("distinct_instances_in_minute",)),
    Kind("bursts 2020: environments", "aws-burst-bcn-2020", ("distinct_sandboxes",)),
    Kind("bursts 2020: start delay p50, warm", "aws-burst-bcn-2020", ("start_delay_p50_ms",), "ms", _warm),
    Kind("bursts 2020: start delay p50, cold", "aws-burst-bcn-2020", ("start_delay_p50_ms",), "ms", _cold),
    Kind("bursts 2020: makespan", "aws-burst-bcn-2020", ("makespan_ms",)),
    Kind("step loads 2020 (coen): environments", "aws-rate-containers-coen-2020", ("distinct_sandboxes",)),
    Kind(
        "step loads 2020 (ssf): cold starts",
        "aws-rate-coldstarts-ssf-2020",
        ("cold_start_count", "cold_start_count_lower_bound"),
    ),
    Kind("function URL 2026: client p50", "aws-loadtest-seng533a-2026", ("client_latency_p50_ms",)),
    Kind("function URL 2026: client p95", "aws-loadtest-seng533a-2026", ("client_latency_p95_ms",)),
    Kind("function URL 2026: client p99", "aws-loadtest-seng533a-2026", ("client_latency_p99_ms",)),
    Kind(
        "API Gateway 2026: concurrency",
        "aws-reserved-concurrency-seng533b-2026",
        ("max_concurrent_executions",),
        "executions",
    ),
    Kind("API Gateway 2026: throttles", "aws-reserved-concurrency-seng533b-2026", ("throttles",), "requests"),
    Kind("Init Duration 2026", "aws-coldstart-lambda-perf", ("init_duration_mean_ms",)),
)
"""What is scored, in order; the error is the mean of absolute errors."""


@dataclass(frozen=True, slots=True)
class Score:
    """The errors of one kind of measurement."""

    kind: Kind
    predictions: Sequence[Prediction]
    error: float
    """Mean absolute error: a share of what was measured, or in the kind's unit."""
    bias: float
    """Mean error with its sign, in the same way."""
    simfaas: float | None
    """The error of SimFaaS on those of them that it was computed for; None for none."""
    analytic: float | None
    """The same of the authors' analytical model."""
    chance: float | None
    """The error of predictions that are right: what was measured is one run, and strays; None where none knows."""

    def to_dict(self) -> dict[str, Any]:
        """Return it in plain values."""
        return {
            "kind": self.kind.name,
            "dataset": self.kind.dataset,
            "unit": self.kind.unit or "share",
            "measurements": len(self.predictions),
            "eras": sorted({one.era for one in self.predictions}),
            "error": self.error,
            "bias": self.bias,
            "error_by_chance": self.chance,
            "error_simfaas": self.simfaas,
            "error_analytic": self.analytic,
            "rows": [
                {
                    "experiment": one.measurement.experiment,
                    "metric": one.measurement.metric,
                    "measured": one.measurement.measured,
                    "spread": one.measurement.spread,
                    "predicted": one.predicted,
                    "error_by_chance": one.chance,
                    "simfaas": one.measurement.simfaas,
                    "analytic": one.measurement.analytic,
                }
                for one in self.predictions
            ],
        }


@dataclass(frozen=True, slots=True)
class Scoreboard:
    """All scores, what was assumed for them, and what was left out."""

    scores: Sequence[Score]
    studies: Sequence[Study]
    left_out: Mapping[str, str]
    """Data sets, or their metrics, that are not predicted, and why."""
    measurements: int

    @property
    def predicted(self) -> int:
        """How many measurements have a prediction."""
        return sum(not one.how for study in self.studies for one in study.predictions)

    def to_dict(self) -> dict[str, Any]:
        """Return it in plain values."""
        return {
            "measurements": self.measurements,
            "predicted": self.predicted,
            "scores": [score.to_dict() for score in self.scores],
            "assumed": {study.dataset: list(study.assumed) for study in self.studies if study.assumed},
            "left_out": dict(self.left_out),
        }


def scoreboard(studies: Sequence[Study], measurements: Sequence[Measurement]) -> Scoreboard:
    """Score every kind of which there are predictions."""
    scores = [score for kind in KINDS if (score := _score(kind, studies)) is not None]
    left_out = {
        f"{study.dataset}: {metric}": reason for study in studies for metric, reason in dict(study.left_out).items()
    }
    known = {study.dataset for study in studies}
    for dataset in dict.fromkeys(row.dataset for row in measurements):
        if dataset not in known:
            left_out[dataset] = NOT_PREDICTED.get(dataset, "nobody has written a prediction of it")
    return Scoreboard(scores, studies, left_out, len(measurements))


def _score(kind: Kind, studies: Sequence[Study]) -> Score | None:
    own = [
        one
        for study in studies
        if study.dataset == kind.dataset
        for one in study.predictions
        if one.measurement.metric in kind.metrics and kind.where(one.measurement) and one.how == kind.how
    ]
    errors = [(one, error) for one in own if (error := _error(kind, one.measurement, one.predicted)) is not None]
    if not errors:
        return None
    return Score(
        kind,
        [one for one, _ in errors],
        _mean([abs(error) for _, error in errors]),
        _mean([error for _, error in errors]),
        _rival(kind, own, lambda row: row.simfaas),
        _rival(kind, own, lambda row: row.analytic),
        _chance(kind, [one for one, _ in errors]),
    )


def _chance(kind: Kind, own: Sequence[Prediction]) -> float | None:
    known = [one.chance / (1.0 if kind.unit else one.measurement.measured) for one in own if one.chance is not None]
    return _mean(known) if len(known) == len(own) else None


def _rival(kind: Kind, own: Sequence[Prediction], of: Callable[[Measurement], float | None]) -> float | None:
    errors = [
        abs(error)
        for one in own
        if (value := of(one.measurement)) is not None and (error := _error(kind, one.measurement, value)) is not None
    ]
    return _mean(errors) if errors else None


def _error(kind: Kind, row: Measurement, predicted: float) -> float | None:
    """Return an error with its sign; None where a share of nothing is asked for."""
    if kind.unit:
        return predicted - row.measured
    return (predicted - row.measured) / row.measured if row.measured else None


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)

"""Which data sets there are predictions of."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from lambdasim.validation import bursts, http, idle, inits, poisson, queues, ramp
from lambdasim.validation.measurement import Measurement
from lambdasim.validation.study import Study

Predictor = Callable[[Sequence[Measurement], Path], Study]
"""Returns the predictions of the rows of one data set; the folder has its files."""

PREDICTORS: Final[Mapping[str, Predictor]] = {
    "aws-steady-poisson-2020": poisson.steady,
    "aws-transient-2020": poisson.varying,
    "aws-eviction-sebs-2020": idle.evictions,
    "aws-idle-interval-mikhail": idle.probes,
    "aws-idle-2025": idle.probes,
    "aws-sqs-scaling-mikhail-2018": queues.scaling,
    "aws-sqs-scaling-rehan-2025": queues.errors,
    "faas-http-ramp-mikhail-2019": ramp.ramp,
    "aws-burst-bcn-2020": bursts.bursts,
    "aws-rate-containers-coen-2020": bursts.steps,
    "aws-rate-coldstarts-ssf-2020": bursts.steps,
    "aws-loadtest-seng533a-2026": http.latencies,
    "aws-reserved-concurrency-seng533b-2026": http.reserved,
    "aws-coldstart-lambda-perf": inits.inits,
}
"""By data set, in the order of the scoreboard."""

NOT_PREDICTED: Final[Mapping[str, str]] = {
    "aws-reserved-concurrency-snowflake-2026": "how its client repeats throttled calls is not known",
    "aws-sqs-provisioned-guardian-2022": "what the handlers did is not published",
    "aws-samples-python-demo-2022": "the profile of its load is not in the data",
    "faas-coldstart-mikhail-2021": "inits of 2021 were not published apart from what clients waited",
    "aws-perf-sebs-2020": "the share of CPU work of its handlers is not published",
    "aws-concurrency-sweep-orama": "the account's limit is not published",
}
"""Why there are no predictions of these."""


def studies(measurements: Sequence[Measurement], data: Path, told: Callable[[str], None]) -> list[Study]:
    """Return the predictions of every data set there is a predictor of; ``told`` hears which one is at work."""
    found = []
    for dataset, predict in PREDICTORS.items():
        rows = [row for row in measurements if row.dataset == dataset]
        if rows:
            told(dataset)
            found.append(predict(rows, data))
    return found

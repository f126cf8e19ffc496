"""Init Durations of hello-world functions by runtime, which the cold-start profiles were read from."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from lambdasim.config.coldstart import profile
from lambdasim.config.eras import NEWEST
from lambdasim.errors import InputError
from lambdasim.units import NS_PER_MS
from lambdasim.validation.measurement import Measurement
from lambdasim.validation.study import Prediction, Study

_OS_ONLY: Final = re.compile(r"(.+) \(prov\.(al\w+)\)")
"""How the benchmark calls what brings its own runtime, such as ``go (prov.al2023)``."""


def inits(measurements: Sequence[Measurement], data: Path) -> Study:
    """Predict mean Init Durations from the profiles that a function without ``init`` has."""
    predictions: list[Prediction] = []
    left_out: dict[str, str] = {}
    for row in measurements:
        named = _OS_ONLY.fullmatch(row.runtime)
        runtime = f"provided.{named[2]}/{named[1].replace(' ', '-')}" if named else row.runtime
        architecture = "arm64" if row.params.get("arch") == "arm64" else "x86_64"
        try:
            init, _ = profile(runtime, str(row.params.get("package", "zip")), architecture, row.memory_mb or 128)
        except InputError:
            left_out[row.metric] = f"no profile of {row.runtime} and some others"
            continue
        if row.metric == "init_duration_mean_ms":
            predictions.append(Prediction(row, init.mean() / NS_PER_MS, NEWEST))
    return Study(
        measurements[0].dataset,
        predictions,
        ("The profiles were read from the same benchmark, from other days of the same months.",),
        left_out,
    )

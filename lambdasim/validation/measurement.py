"""Published measurements: the rows of a file ``validation.csv``, each one number with how it came about."""

import csv
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from lambdasim.errors import InputError, Problem

FILE: Final = "validation.csv"
NEEDED: Final = ("exp_id", "dataset", "metric", "measured")


@dataclass(frozen=True, slots=True)
class Measurement:
    """One published number."""

    experiment: str
    """What was measured at one time; rows of several metrics share it."""
    dataset: str
    metric: str
    measured: float
    unit: str = ""
    spread: float | None = None
    spread_kind: str = ""
    simfaas: float | None = None
    """What SimFaaS predicts of it, where somebody has computed that."""
    analytic: float | None = None
    """What its authors' analytical model predicts."""
    year: int | None = None
    kind: str = ""
    trigger: str = ""
    runtime: str = ""
    rate: float | None = None
    """Requests per second."""
    duration_s: float | None = None
    requests: int | None = None
    memory_mb: int | None = None
    warm_s: float | None = None
    cold_s: float | None = None
    """Response times of warm and of cold requests, or durations, as the data set has them."""
    limit: int | None = None
    """A limit of concurrency."""
    params: Mapping[str, Any] = field(default_factory=dict)
    source: str = ""
    notes: str = ""


def read(data: Path) -> list[Measurement]:
    """Return the measurements of a folder; raises :class:`InputError` with every row that cannot be used."""
    path = data / FILE
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file, restkey="", strict=True)
            missing = [name for name in NEEDED if name not in (rows.fieldnames or ())]
            if missing:
                message = f"has no column {', '.join(missing)}, which a file of measurements needs"
                raise InputError.single(message, file=str(path))
            problems: list[Problem] = []
            found = [one for row in rows if (one := _measurement(row, str(path), rows.line_num, problems)) is not None]
    except OSError as error:
        remedy = "--data names a folder with such a file"
        raise InputError.single(f"cannot be read: {error.strerror}; {remedy}", file=str(path)) from None
    except (csv.Error, UnicodeDecodeError) as error:
        raise InputError.single(f"is not a CSV file in UTF-8: {error}", file=str(path)) from None
    if problems:
        raise InputError(problems)
    if not found:
        raise InputError.single("holds no measurements", file=str(path))
    return found


def _measurement(row: dict[str, Any], file: str, line: int, problems: list[Problem]) -> Measurement | None:
    """Return one row, or add what is wrong with it."""
    try:
        measured = _number(row, "measured")
        if measured is None or not row["exp_id"] or not row["dataset"] or not row["metric"]:
            raise ValueError("needs exp_id, dataset, metric and measured")
        requests, memory, limit, year = (
            _number(row, key) for key in ("n_requests", "memory_mb", "concurrency_limit", "year")
        )
        return Measurement(
            row["exp_id"],
            row["dataset"],
            row["metric"],
            measured,
            unit=row.get("unit") or "",
            spread=_number(row, "spread"),
            spread_kind=row.get("spread_kind") or "",
            simfaas=_number(row, "ref_simfaas"),
            analytic=_number(row, "ref_analytic"),
            year=None if year is None else int(year),
            kind=row.get("kind") or "",
            trigger=row.get("trigger") or "",
            runtime=row.get("runtime") or "",
            rate=_number(row, "rate_rps"),
            duration_s=_number(row, "duration_s"),
            requests=None if requests is None else int(requests),
            memory_mb=None if memory is None else int(memory),
            warm_s=_number(row, "warm_service_s"),
            cold_s=_number(row, "cold_service_s"),
            limit=None if limit is None else int(limit),
            params=_params(row.get("params") or ""),
            source=row.get("source_file") or "",
            notes=row.get("notes") or "",
        )
    except ValueError as error:
        problems.append(Problem(file, line, "", str(error)))
        return None


def _number(row: Mapping[str, Any], key: str) -> float | None:
    text = row.get(key) or ""
    if not text:
        return None
    try:
        value = float(text)
    except (TypeError, ValueError):
        value = math.nan
    if not math.isfinite(value):
        raise ValueError(f"{key}: {str(text)[:40]!r} is not a number")
    return value


def _params(text: str) -> Mapping[str, Any]:
    if not text:
        return {}
    try:
        found = json.loads(text)
    except (json.JSONDecodeError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise ValueError(f"params: {text[:40]!r} is not a JSON object")
    return found

"""Every default says what it rests on, and what AWS does not publish has a name and a range."""

from typing import Any

import pytest

from lambdasim.config import config_from_dict
from lambdasim.config.evidence import Evidence, evidence_of
from lambdasim.config.quantity import ConfigTable, quantity_of
from lambdasim.config.reading import table_types
from lambdasim.config.resolved import resolved_toml
from lambdasim.config.schema import ExperimentConfig

DEFAULTS = [
    (model, name, field)
    for model in table_types(ExperimentConfig)
    for name, field in model.model_fields.items()
    if not field.is_required() and field.default is not None and field.default_factory is None
    and not isinstance(field.default, ConfigTable)
]  # fmt: skip
"""Every key of every table that has a default; what is None by default claims nothing."""

ASSUMED = [
    (model, field, evidence)
    for model in table_types(ExperimentConfig)
    for field in model.model_fields.values()
    if (evidence := evidence_of(field)) is not None and evidence.is_assumed
]


@pytest.mark.parametrize(("model", "name", "field"), DEFAULTS, ids=lambda one: getattr(one, "__name__", None))
def test_every_default_has_its_evidence(model: type[ConfigTable], name: str, field: Any) -> None:
    evidence = evidence_of(field)
    assert evidence is not None, f"{model.__name__}.{name}: say what its default rests on (lambdasim.config.evidence)"
    assert evidence.source


@pytest.mark.parametrize(("model", "field", "evidence"), ASSUMED, ids=lambda one: getattr(one, "name", ""))
def test_every_assumption_has_a_name_and_a_range_of_valid_values(
    model: type[ConfigTable], field: Any, evidence: Evidence
) -> None:
    assert evidence.name
    ranges = evidence.range.values() if evidence.by_type else [evidence.range]
    mark = quantity_of(field.annotation, field.metadata)
    for sides in ranges:
        values = [mark.parse(raw) if mark is not None else raw for raw in sides.values()]
        assert [value for value in values if value != field.default]


def test_names_mean_one_thing() -> None:
    sources: dict[str, set[str]] = {}
    for _, _, evidence in ASSUMED:
        sources.setdefault(evidence.name, set()).add(evidence.source)
    assert {name: known for name, known in sources.items() if len(known) > 1} == {}


def test_a_default_is_told_with_its_evidence_and_range() -> None:
    function = {"duration": "constant(1s)", "init": "constant(1s)"}
    queue = {"type": "sqs", "function": "f"}
    load = {"target": "q", "executor": "poisson", "rate": "1/s", "duration": "1s"}
    text = resolved_toml(config_from_dict({"function": {"f": function}, "source": {"q": queue}, "load": [load]}).config)
    assert (
        "error_decrease = 0.04  # default, measured: fitted to rehanvdm.com, 2026-03-31: of 60 batches at once 25 "
        'were left with 1 % errors, 13 with 10 %; AWS says "gradually" (DG:services-sqs-errorhandling, 2026-11-23); '
        "range: low 0.024, high 0.065" in text
    )
    assert 'visibility_timeout = "30s"  # default, official: AWS, API of SQS' in text
    assert "seed = 0  # default: lambdasim\n" in text

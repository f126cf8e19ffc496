"""The scoreboard: errors as a share or in a unit, of rivals on what they were computed for, and what is left out."""

import pytest

from lambdasim.config.evidence import evidence_of
from lambdasim.config.reading import table_types
from lambdasim.config.schema import ExperimentConfig
from lambdasim.validation import how_sure
from lambdasim.validation.measurement import Measurement
from lambdasim.validation.predictors import NOT_PREDICTED, PREDICTORS
from lambdasim.validation.scoreboard import KINDS, scoreboard
from lambdasim.validation.study import Prediction, Study
from lambdasim.validation.words import document, table, text, verdict

STEADY = "aws-steady-poisson-2020"


def measured(metric: str, value: float, dataset: str = STEADY, **more: object) -> Measurement:
    return Measurement("a", dataset, metric, value, **more)  # type: ignore[arg-type]


ROWS = [
    measured("cold_start_probability", 0.10, simfaas=0.12, analytic=0.2),
    measured("cold_start_probability", 0.20, simfaas=0.20),
    measured("avg_running_instances", 2.0),
    measured("cold_start_count_all", 0.0),
    measured("max_throttles", 1.0, dataset="elsewhere"),
]
BOARD = scoreboard(
    [
        Study(
            STEADY,
            [
                *(Prediction(row, row.measured * 1.1 if row.measured else 5.0, "2020", 0.01) for row in ROWS[:4]),
                Prediction(measured("avg_instance_count", 3.0), 3.3, "2020", how="replayed"),
            ],
            ("something",),
            {"a_metric": "why not"},
        )
    ],
    ROWS,
)


def test_errors_are_shares_or_in_a_unit() -> None:
    scores = {score.kind.name: score for score in BOARD.scores}
    cold = scores["steady Poisson: cold-start probability"]
    assert (cold.error, cold.bias) == (pytest.approx(0.1), pytest.approx(0.1))
    assert (cold.simfaas, cold.analytic) == (pytest.approx(0.1), pytest.approx(1.0))
    running = scores["steady Poisson: running"]
    assert (running.kind.unit, running.error, running.simfaas) == ("environments", pytest.approx(0.2), None)
    assert "raw logs replayed: cold starts" not in scores  # a share of nothing is no number


def test_what_chance_alone_would_be_off_by_is_in_the_unit_of_the_error() -> None:
    scores = {score.kind.name: score for score in BOARD.scores}
    assert scores["steady Poisson: cold-start probability"].chance == pytest.approx((0.01 / 0.1 + 0.01 / 0.2) / 2)
    assert scores["steady Poisson: running"].chance == pytest.approx(0.01)
    assert scores["raw logs replayed: mean environments"].chance is None
    assert "steady Poisson: environments" not in scores  # which is another way of predicting the same


def test_what_is_left_out_is_told() -> None:
    assert BOARD.left_out == {
        f"{STEADY}: a_metric": "why not",
        "elsewhere": "nobody has written a prediction of it",
    }
    assert (BOARD.predicted, BOARD.measurements) == (4, 5)


def test_it_is_told_in_lines_a_table_and_a_page() -> None:
    assert verdict(BOARD).startswith("4 of 5 published measurements are predicted")
    assert "steady Poisson: cold-start probability" in text(BOARD)
    assert "\nsteady Poisson: cold-start probability,aws-steady-poisson-2020,a," in table(BOARD)
    page = document(BOARD)
    assert [section.heading for section in page.sections] == [
        "Scoreboard", "Each prediction", "What was not published", "How sure", "Not predicted",
    ]  # fmt: skip


def test_every_kind_is_of_a_data_set_that_is_predicted() -> None:
    assert {kind.dataset for kind in KINDS} <= set(PREDICTORS)
    assert not set(PREDICTORS) & set(NOT_PREDICTED)


def test_how_sure_has_a_row_for_each_assumption() -> None:
    names = {
        evidence.name
        for model in table_types(ExperimentConfig)
        for field in model.model_fields.values()
        if (evidence := evidence_of(field)) is not None and evidence.is_assumed and evidence.name
    }
    found = how_sure.rows(how_sure.recorded())
    assert {row.name for row in found} == names
    assert all(row.source and row.matters for row in found)
    assert set(how_sure.SCORED) <= names
    assert set(how_sure.MATTERS) <= names


def test_how_sure_knows_the_errors_that_were_recorded() -> None:
    kinds = {kind.name for kind in KINDS}
    assert set(how_sure.recorded()) <= kinds
    assert {kind for scored in how_sure.SCORED.values() for kind in scored} <= kinds
    idle = next(
        row for row in how_sure.rows({"idle probes 2025: P(cold)": "0.5 probability"}) if row.name == "idle timeout"
    )
    assert idle.errors == "idle probes 2025: P(cold): 0.5 probability"
    assert "era 2020: raw logs of April to June 2020" in idle.source

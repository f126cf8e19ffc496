"""The questions: each file opens with its question and its command, and the command's verdict answers in numbers."""

import json
import math
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lambdasim.cli.app import COMMANDS, main
from lambdasim.cli.questions import Question, questions

ROOT = Path(__file__).parents[2]
QUESTIONS = questions()
SHORTER: dict[int, list[str]] = {
    1: ["--set", "simulation.duration=45s"],
    3: [
        f"--over=function.{name}.reserved_concurrency={tried}"
        for name, tried in (("checkout", "[180, 182]"), ("import", "[100, 101]"))
    ],
    5: ["--replications", "2"],
    6: ["--replications", "1", "--set", "simulation.duration=4min"],
    7: ["--replications", "1"],
    8: ["--replications", "1"],
    10: ["--set", "load.backlog.duration=50ms"],
    11: ["--replications", "1", "--set", "simulation.duration=2min"],
    12: ["--set", "load.0.duration=45s"],
    13: ["--set", "load.a-batch-of-objects.duration=10s"],
    15: ["--replications", "1", "--set", "load.sign-ins.duration=8min"],
    16: ["--set", "simulation.duration=10min"],
    17: ["--set", "simulation.duration=5min"],
    18: ["--replications", "2"],
    19: ["--set", "simulation.duration=40s", "--set", "billing.repeats=1/min"],
}
"""What makes the long ones short here; the others run as they are."""
ASKED = {
    1: "quota", 2: "reason", 3: "split", 4: "neighbour", 5: "cold-starts", 6: "break-even", 7: "choice", 8: "choice",
    9: "dead-letters", 10: "drain", 11: "choice", 12: "choice", 13: "age", 14: "connections", 15: "deploy",
    16: "choice", 17: "bill", 18: "incident", 19: "choice",
}  # fmt: skip
"""What each question asks for."""
NUMBER = re.compile(r"(?<![\w.])\d[\d,]*(?:\.\d+)?")
SCALES = (1, 100, 1_000, 1 / 60, 1 / 1_000, 1 / 60_000, 1 / 3_600_000)
"""A summary has rates of 0..1, milliseconds and seconds; sentences have percent, and times in any unit."""

each = pytest.mark.parametrize("asked", QUESTIONS, ids=[one.file for one in QUESTIONS])


def test_the_questions_are_those_of_the_list() -> None:
    """20 waits for managed instances."""
    assert [one.number for one in QUESTIONS] == [*range(1, 20)]


@each
def test_it_opens_with_its_question_and_its_command(asked: Question) -> None:
    first, second, *_ = asked.text.splitlines()
    assert first == f"# {asked.title}"
    assert asked.title.endswith("?")
    assert second.startswith("# lambdasim ")
    assert shlex.split(asked.command)[1] in COMMANDS
    assert f"experiments/questions/{asked.file}" in asked.command
    assert f'\nquestion = "{asked.title}"\n' in asked.text
    assert f'\nname     = "{asked.file.removesuffix(".toml")}"\n' in asked.text


def numbers(value: Any) -> Iterator[float]:
    """Yield every number that a document holds, those within its texts included."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for one in value:
            yield from numbers(one)
    elif isinstance(value, str):
        yield from (float(found.replace(",", "")) for found in NUMBER.findall(value))
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield float(value)


def found(command: str, document: dict[str, Any]) -> list[float]:
    """Return the numbers that are the answer of a command: what it observed, not what it was asked."""
    if command == "run":
        return list(numbers([slo["observed"] for slo in document["slo"]]))
    if command == "compare":
        return list(numbers([(d["before"], d["after"]) for d in document["differences"]]))
    if command == "capacity":
        return list(numbers([document["passes"], document["fails"]]))
    best = document.get("best") or document.get("nearest")
    assert best is not None
    return list(numbers([best["values"], best["cost_monthly"], best.get("objective")]))


def told_of(value: Any) -> Iterator[float]:
    """Yield the numbers of an answer that its sentence tells: means, not the bounds of intervals."""
    if isinstance(value, dict):
        value = [value["mean"]] if "ci" in value else [one for key, one in value.items() if key != "advice"]
    if isinstance(value, list):
        for one in value:
            yield from told_of(one)
    else:
        yield from numbers(value)


@each
def test_its_command_answers_with_a_number_of_its_summary(
    asked: Question, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    _, command, *arguments = shlex.split(asked.command)
    out = ["--out", str(tmp_path / "out"), "--format", "json", "--quiet"]
    code = main([command, *arguments, *out, *SHORTER.get(asked.number, [])])
    output = capsys.readouterr()
    assert code in ((0, 3, 99) if asked.number in SHORTER else (0, 99)), output.err  # short runs may not decide
    assert output.err == ""
    name = "comparison.json" if command == "compare" else "summary.json"
    assert output.out == (tmp_path / "out" / name).read_text(encoding="utf-8")
    document = json.loads(output.out)
    verdict = document["verdict"]
    said = list(numbers(verdict.replace("p99", "")))
    answer = document["answer"]
    assert answer["asks"] == ASKED[asked.number]
    chosen = [] if answer["asks"] == "neighbour" else found(command, document)  # among suspects nobody chooses
    for known in ([*told_of(answer)], chosen):
        scaled = [scale * number for number in known for scale in SCALES if number]
        assert not scaled or any(math.isclose(one, number, rel_tol=5e-3) for one in said for number in scaled), verdict
    if command == "run":
        assert len(document["what_to_change"]) <= 3
    assert (tmp_path / "out" / "report.html").is_file()


def test_the_wheel_carries_the_files() -> None:
    import tomllib

    built = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]
    assert built["targets"]["wheel"]["force-include"] == {"experiments/questions": "lambdasim/questions"}
    assert {path.name for path in (ROOT / "experiments" / "questions").iterdir()} == {one.file for one in QUESTIONS}


def test_the_readme_has_them_in_a_table() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for one in QUESTIONS:
        shown = one.command.removeprefix("lambdasim ").replace("experiments/questions/", "")
        assert f"| {one.number} | {one.title} | `{shown}` |\n" in readme


def test_the_page_of_a_comparison_has_its_question_and_the_metrics_of_its_queue(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One pair of replications has no interval, and the page claims none."""
    monkeypatch.chdir(ROOT)
    asked = next(one for one in QUESTIONS if one.number == 10)
    arguments = [*shlex.split(asked.command)[1:], "--set", "load.backlog.duration=2ms", "--out", str(tmp_path / "out")]
    assert main(arguments) in (0, 99)
    capsys.readouterr()
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert asked.title in page
    assert "jobs.age.max" in page
    assert "without intervals, it may be chance" in page
    assert "its interval of" not in page

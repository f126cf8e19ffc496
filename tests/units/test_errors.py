"""What an error says."""

import pytest

from lambdasim.errors import InputError, Interrupted, LambdasimError, MissingExtra, Problem


@pytest.mark.parametrize(
    ("problem", "text"),
    [
        (Problem("a.toml", 5, "function.api.timeout", "is wrong"), "a.toml:5: function.api.timeout: is wrong"),
        (Problem("a.toml", None, None, "is empty"), "a.toml: is empty"),
        (Problem(None, None, "load.0", "is wrong"), "load.0: is wrong"),
        (Problem(None, 3, None, "is wrong"), "line 3: is wrong"),
        (Problem(None, None, None, "is wrong"), "is wrong"),
    ],
)
def test_problem_text(problem: Problem, text: str) -> None:
    assert str(problem) == text


def test_input_error_lists_every_problem() -> None:
    problems = [Problem("a.toml", 1, "x", "one"), Problem("a.toml", 2, "y", "two")]
    error = InputError(problems)
    assert error.problems == tuple(problems)
    assert str(error) == "a.toml:1: x: one\na.toml:2: y: two"


def test_single() -> None:
    error = MissingExtra.single("needs boto3", file="a.toml", line=1, path="x")
    assert type(error) is MissingExtra
    assert error.problems == (Problem("a.toml", 1, "x", "needs boto3"),)


def test_interrupted_holds_what_was_finished() -> None:
    assert Interrupted("interrupted", partial=[1]).partial == [1]
    assert Interrupted("interrupted").partial is None


def test_exit_codes() -> None:
    assert (LambdasimError.exit_code, InputError.exit_code, Interrupted.exit_code) == (1, 2, 130)
    assert issubclass(MissingExtra, InputError)

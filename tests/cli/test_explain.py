"""``lambdasim explain``: what is printed of a key, of all keys, and of what is none."""

import json
import re

import pytest

from lambdasim.cli.app import main
from lambdasim.config.reference import reference


def test_a_key_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "function.checkout.memory"]) == 0
    text = capsys.readouterr().out
    assert text.startswith("function.memory\n")
    for words in ("MB or GB", '"128 MB"', "official: AWS", "gettingstarted-limits.html", "[function.NAME]"):
        assert words in text


def test_a_table_names_its_keys(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "function.provisioned"]) == 0
    assert "concurrency, requested_at, preparation" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("api.latency", ["means     what callers waited", "values    mean, p50", '"api.latency" = ["p99 < 800ms"]']),
        ("account.cost.monthly", ["of        functions, the account", '= ["mean < 2500 USD"]']),
        ("thumb.async.dropped", ["count     events given up", '"thumb.async.dropped" = ["count < 100"]']),
        ("db.refusals", ["of        downstreams", "count     invocations that it refused"]),
    ],
)
def test_a_metric_is_explained_where_a_key_is_asked_for(
    path: str, told: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", path]) == 0
    text = capsys.readouterr().out
    assert text.startswith(f"{path}\n  A metric")
    for words in told:
        assert words in text
    assert main(["explain", path, "--format", "json"]) == 0
    assert path.endswith(json.loads(capsys.readouterr().out)["metric"])


def test_what_is_told_of_keys_is_a_files_and_examples_are_values() -> None:
    for key in reference().values():
        assert not re.search(r"\bNone\b", key.meaning), key.path
        assert key.example, key.path
        assert '"..."' not in key.example


def test_json_has_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "account.concurrency", "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["path"], found["default"], found["evidence"]["kind"]) == ("account.concurrency", "1000", "official")


def test_without_a_path_every_key_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(reference())


def test_the_page_has_every_key_metric_and_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "--format", "md"]) == 0
    page = capsys.readouterr().out
    assert all(f"### `{path}`" in page for path in reference())
    assert "| `provisioned.spillover` | count | `provisioned.spillover` |" in page
    assert "| 99 | an objective was missed |" in page


def test_what_is_no_key_is_answered_with_near_ones(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "function.memry"]) == 2
    near = capsys.readouterr().err
    assert near.startswith("there is no key 'function.memry'; the nearest are: function.memory, function.memory_used, ")
    assert main(["explain", "source.jobs.schedule"]) == 2
    names = capsys.readouterr().err.partition("nearest are: ")[2].strip().split(", ")
    assert len(names) == len(set(names))


def test_what_is_no_key_does_not_keep_the_others_from_their_answers(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "function.memry", "account.concurrency", "nope.nope"]) == 2
    out, err = capsys.readouterr()
    assert out.startswith("account.concurrency\n")
    assert [line.split("'")[1] for line in err.splitlines()] == ["function.memry", "nope.nope"]

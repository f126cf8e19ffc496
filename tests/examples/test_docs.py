"""``docs/``: its fences run, its made pages are up to date, the reference is complete, and no link is dead."""

import importlib.util
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import lambdasim as ls
from lambdasim.cli.app import main
from lambdasim.cli.exit_code import ExitCode
from lambdasim.cli.questions import questions
from lambdasim.config.json_schema import schema_json
from lambdasim.config.measurable import OF_KINDS, SCOPES
from lambdasim.config.reference import reference
from lambdasim.report.summary_fields import summary_fields

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.glob("*.md"))
TUTORIALS = ("tutorial.md", "explanation.md")
FENCE = re.compile(r"^```(\w*) ?([\w.]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(?<!!)\[[^\]]+\]\(([^)\s]+)\)")


def fences(page: Path) -> list[tuple[str, str, str]]:
    return FENCE.findall(page.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", TUTORIALS)
def test_what_it_shows_works_from_top_to_bottom(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are written under the names beside their fences; commands and Python run in order, in the same folder."""
    monkeypatch.chdir(tmp_path)
    scope: dict[str, Any] = {}
    seen = set()
    for language, file, text in fences(DOCS / name):
        seen.add(language)
        if language == "toml":
            Path(file).write_text(text, encoding="utf-8")
        elif language == "bash":
            for line in text.splitlines():
                _, *arguments = shlex.split(line)
                engine = ["--engine", "simpy"] if arguments[0] in ("run", "compare", "sweep") else []
                assert main([*arguments, *engine]) in (ExitCode.DONE, ExitCode.SLO_MISSED, ExitCode.INCOMPLETE), line
        else:
            assert language == "python"
            exec(text.replace("print(", "str("), scope)
    assert {"bash", "python"} <= seen
    if name == "tutorial.md":
        assert scope["busiest"] > 10
        assert {path.name for path in (tmp_path / "runs").iterdir()} == {
            "first", "sure", "compared", "swept", "rows", "trace.json.gz",
        }  # fmt: skip


def made() -> dict[str, str]:
    spec = importlib.util.spec_from_file_location("docs", ROOT / "tools" / "docs.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    pages: dict[str, str] = module.pages()
    return pages


@pytest.mark.parametrize("name", ["reference.md", "questions.md"])
def test_made_pages_are_up_to_date(name: str) -> None:
    """If not: ``python tools/docs.py``."""
    assert (DOCS / name).read_text(encoding="utf-8") == made()[name]


def test_the_reference_has_every_key_metric_field_and_exit_code() -> None:
    page = (DOCS / "reference.md").read_text(encoding="utf-8")
    headings = set(re.findall(r"^### `(.+)`$", page, re.MULTILINE))
    assert headings == set(reference())
    defined = schema_json()["$defs"]
    assert len(headings) >= sum(len(of.get("properties", ())) for of in defined.values()) // 2 > 100
    metrics = [name for of in (*SCOPES.values(), *OF_KINDS.values()) for name in of]
    rows = re.findall(r"^\| `([\w.]+)` \| [\w., ]+ \| `", page, re.MULTILINE)
    assert sorted(rows) == sorted(metrics)
    assert re.findall(r"^\| (\d+) \| ", page, re.MULTILINE) == [f"{code}" for code in sorted(ExitCode)]
    assert all(f"| `{field}` | " in page for field in summary_fields())
    assert [
        text for language, _, text in fences(DOCS / "reference.md") if language == "toml" and not tomllib.loads(text)
    ] == []


def test_the_how_tos_are_the_questions() -> None:
    commands = [text.strip() for language, _, text in fences(DOCS / "questions.md") if language == "bash"]
    assert commands == [one.command for one in questions()]  # which test_questions.py runs


def leaves(value: Any, path: str = "") -> Iterator[str]:
    """Yield the path of each field of a summary, with NAME, REASON and [] as the reference has them."""
    if isinstance(value, dict) and set(value) != {"mean", "ci"} and value:
        for key, of in value.items():
            word = {"functions": "NAME", "sources": "NAME", "downstreams": "NAME"}.get(path, key)
            word = "REASON" if path.endswith("throttles_by_reason") else "STATUS" if path.endswith("answers") else word
            yield from leaves(of, f"{path}.{word}" if path else word)
    elif isinstance(value, list) and path not in ("changes", "what_to_change"):
        yield from (found for one in value for found in leaves(one, f"{path}[]"))
    elif value != {} and path != "answer":
        yield f"{path}[]" if isinstance(value, list) else path


def test_every_field_of_a_summary_is_explained() -> None:
    exp = ls.Experiment(
        functions={
            "api": {"duration": "constant(1s)", "init": "constant(1s)", "provisioned": {"concurrency": 1}},
            "worker": {"duration": "constant(1s)", "init": "constant(1s)", "reserved_concurrency": 1},
        },
        sources={
            "http": {"type": "apigateway-http", "function": "api"},
            "jobs": {"type": "sqs", "function": "worker", "visibility_timeout": "30s"},
            "events": {"type": "async-invoke", "function": "worker"},
            "clicks": {"type": "kinesis", "function": "worker"},
        },
        loads=[
            {"target": name, "executor": "poisson", "rate": "2/s", "duration": "20s"}
            for name in ("api", "http", "jobs", "events", "clicks")
        ],
        simulation={"duration": "40s", "engine": "simpy"},
        slo={"api.latency": ["p99 < 1ms"]},
        change=[{"time": "10s", "set": {"account.concurrency": 900}}],
    )
    found = set(leaves({key: of for key, of in exp.run().summary.items() if key != "answer"}))
    assert found - set(summary_fields()) == set()
    assert len(found) > 200


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_no_link_is_dead(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    links = LINK.findall(text)
    assert links or page.name == "reference.md"
    for link in links:
        place, _, anchor = link.partition("#")
        assert not link.startswith("http") or link.startswith("https://")
        if link.startswith("http"):
            continue
        target = (page.parent / place).resolve() if place else page
        assert target.exists(), link
        if anchor:
            there = target.read_text(encoding="utf-8")
            slugs = {
                re.sub(r"[^\w -]", "", h.lower()).strip().replace(" ", "-")
                for h in re.findall(r"^#+ (.+)$", there, re.M)
            }
            assert anchor in slugs | set(re.findall(r'<a id="([^"]+)">', there)), link


def test_editors_check_what_new_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tombi reads the line ``#:schema``, finds a right file right and says where a wrong one is not."""
    tombi = shutil.which("tombi") or shutil.which("tombi", path=str(Path(sys.executable).parent))
    if tombi is None:
        pytest.skip("tombi is not installed")
    monkeypatch.chdir(tmp_path)
    assert main(["new", "shop"]) == 0
    assert main(["new", "asked.toml", "--question", "4"]) == 0
    linted = [tombi, "lint", "--offline", "--error-on-warnings"]
    right = subprocess.run([*linted, "shop.toml", "asked.toml"], capture_output=True, text=True, check=False)
    assert right.returncode == 0, right.stderr
    text = re.sub(r"^memory .*$", "memory = 5", Path("shop.toml").read_text(), flags=re.MULTILINE)
    Path("wrong.toml").write_text(text)
    wrong = subprocess.run([*linted, "wrong.toml"], capture_output=True, text=True, check=False)
    assert wrong.returncode != 0
    assert f"wrong.toml:{text.splitlines().index('memory = 5') + 1}" in wrong.stdout + wrong.stderr

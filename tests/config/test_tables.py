"""Constructors of tables: their signatures, their help, and what type checkers are told."""

import importlib.util
import inspect
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import lambdasim as ls
from lambdasim.config.signatures import TABLES, value_of

ROOT = Path(__file__).parents[2]


def generated() -> Any:
    spec = importlib.util.spec_from_file_location("signatures", ROOT / "tools" / "signatures.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_what_type_checkers_read_is_what_the_tables_are() -> None:
    """After a change of keys: python tools/signatures.py"""
    assert generated().stub() == (ROOT / "lambdasim" / "config" / "tables.pyi").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", TABLES)
def test_a_signature_has_every_key_and_its_default(name: str) -> None:
    table = getattr(ls, name)
    found = inspect.signature(table).parameters
    assert set(found) == set(TABLES[name].model_fields)
    for key, field in TABLES[name].model_fields.items():
        assert (found[key].default is inspect.Parameter.empty) == field.is_required()


def test_help_says_unit_default_and_page() -> None:
    text = inspect.getdoc(ls.Function) or ""
    assert text.startswith("``[function.NAME]``")
    [memory] = [line for line in text.splitlines() if line.strip().startswith("memory: ")]
    assert "in MB or GB" in memory
    assert 'default "128 MB"' in memory
    assert "https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html" in memory
    assert inspect.signature(ls.Function).parameters["memory"].default == "128 MB"
    assert len(text.splitlines()) < 40
    source = inspect.getdoc(ls.Source) or ""
    assert 'With type "sqs", "sqs-fifo":' in source
    assert "visibility_timeout: " in source
    assert value_of("0.5") == 0.5


def test_a_type_checker_knows_the_keys(tmp_path: Path) -> None:
    """mypy, on a file of a user's: what is right passes, and what is wrong is told at its line."""
    pytest.importorskip("mypy")
    lines = [
        "from lambdasim.config import tables as ls",  # which takes the checker less time than all of lambdasim
        'ls.Function(memory="1769 MB", duration="constant(80ms)", reserved_concurrency=3, errors=0.1)',
        'ls.Source(type="sqs", function="f", batch_size=10)',
        'ls.Load(target="f", executor="poisson", rate="3/s", duration="1h")',
        'ls.Function(memry="1769 MB", duration="constant(80ms)")',
        "ls.Function(memory=512)",
        'ls.Source(type="sqs", function="f", shards=2)',
        'ls.Load(executor="poison")',
    ]
    (tmp_path / "user.py").write_text("\n".join(lines))
    options = ["--cache-dir", str(tmp_path / "cache"), "--follow-imports=silent", "--no-error-summary"]
    ran = subprocess.run(
        [sys.executable, "-m", "mypy", *options, "user.py"], cwd=tmp_path, capture_output=True, text=True,
        env={"MYPYPATH": str(ROOT), "PATH": ""}, check=False,
    )  # fmt: skip
    wrong = {int(line.split(":")[1]) for line in ran.stdout.splitlines() if ": error:" in line}
    assert wrong == {5, 6, 7, 8}, ran.stdout + ran.stderr

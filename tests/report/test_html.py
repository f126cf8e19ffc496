import base64
import hashlib
import json
import re

import pytest

from lambdasim.report import html, style
from lambdasim.report.dark import DARK_PAPER, contrast, on_dark
from lambdasim.report.document import Code, Document, Exact, Figure, Mark, Section, Table, Text
from lambdasim.report.html import page
from lambdasim.report.plots import Plots, drawn
from lambdasim.report.run_document import run_document

SCRIPT = "<script>alert(1)</script>"
NASTY = [
    SCRIPT,
    "a&b &amp; 'c' \"d\" </style>",
    "{{ 7*7 }} {% x %}",
    "שלום עולם",
    "x" * 300,
    "--><!--",
    "\x00\x1b\u202e]]>",
]
SLO = [
    {"path": "api.latency", "expression": "p99 < 800ms", "observed": 650.4375, "success": True},
    {"path": "api.throttles", "expression": "rate < 0.1%", "observed": 0.0123, "success": False},
    {"path": "api.age", "expression": "max < 1s", "observed": None, "success": False},
]


def document(*blocks, success=None):
    return Document("name", "question?", "verdict.", success, [Section("heading", blocks)])


@pytest.fixture(params=["few", "nasty", "many", "idle"])
def result(request, make_result):
    how = {
        "few": {"slo": SLO, "warmup_ns": 10**9},
        "nasty": {"names": NASTY, "question": SCRIPT, "name": NASTY[1]},
        "many": {"names": [f"f{i:03d}" for i in range(40)], "limit": 20_000},
        "idle": {"idle": True, "question": ""},
    }
    return make_result(**how[request.param])


@pytest.fixture
def report(result, run_of):
    return page(run_document(run_of(result, figures=drawn(result))))


def test_a_page_is_well_formed(report, parse):
    read = parse(report)
    assert read.wrong == []
    assert [len(read.all(tag)) for tag in ("html", "head", "body", "main", "title")] == [1] * 5
    ids = [attributes["id"] for _, attributes in read.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    targets = [a["href"] for _, a in read.tags if "href" in a]
    assert targets
    assert all(target.startswith("#") and target[1:] in ids for target in targets)


def test_a_page_loads_nothing_and_runs_its_own_script_only(report, parse):
    read = parse(report)
    assert not {"link", "img", "image", "iframe", "object", "embed", "base", "a:href"} & {t for t, _ in read.tags}
    for _, attributes in read.tags:
        assert "src" not in attributes
        assert not [key for key in attributes if key.startswith("on")]
        assert "http" not in (attributes.get("style") or "")
    styles = re.search("<style>(.*?)</style>", report, re.DOTALL)[1]
    assert "url(" not in styles
    assert "@import" not in styles
    assert {found for found in re.findall(r"url\((.)", report)} <= {"#"}
    policy = [a["content"] for a in read.all("meta") if a.get("http-equiv") == "Content-Security-Policy"]
    scripts = re.findall(r"<script>(.*?)</script>", report, re.DOTALL)
    data = re.findall(r'<script type="application/json">(.*?)</script>', report, re.DOTALL)
    assert len(scripts) + len(data) == len(read.all("script")) == report.count("<script")
    digest = "".join(
        f"; script-src 'sha256-{base64.b64encode(hashlib.sha256(s.encode()).digest()).decode()}'" for s in scripts
    )
    assert policy == [f"default-src 'none'; style-src 'unsafe-inline'{digest}"]
    assert len(scripts) == bool(data)
    for text in data:
        assert not set("<>&") & set(text)
        read_again = json.loads(text)
        assert all(len(one["values"]) == len(read_again["edges"]) - 1 for one in read_again["columns"])


@pytest.mark.parametrize("name", NASTY)
def test_names_are_shown_as_they_are(name, parse):
    shown = "".join(c if c.isprintable() else "\ufffd" for c in name)
    table = Table([name, "b"], [[name, Exact(name, 1.0)], [Mark(False, name), name]], note=name)
    everywhere = Document(
        name, name, name, True, [Section(name, [Text(name), table, Code(name), Code("x", summary=name)])]
    )
    read = parse(page(everywhere))
    assert read.wrong == []
    assert read.text.count(shown) == 15
    assert not {"script", "x"} & {tag for tag, _ in read.tags}


@pytest.mark.parametrize("name", NASTY)
def test_names_in_figures_are_shown_as_they_are(name, parse, make_result):
    svg = Plots(make_result([name, "other"])).concurrency().svg()
    read = parse(page(document(Figure(name, svg, data=name))))
    assert read.wrong == []
    assert "script" not in {tag for tag, _ in read.tags}
    if len(name) < 50:
        assert "".join(c if c.isprintable() else "\ufffd" for c in name) in read.texts


def test_the_largest_run_stays_under_two_megabytes(make_result, run_of):
    result = make_result([f"function-{i:03d}" for i in range(200)], periods=3000, limit=90_000)
    slo = [{**SLO[0], "path": f"function-{i:03d}.latency"} for i in range(600)]
    result.summary["slo"] = slo
    run = run_of(result, figures=drawn(result), experiment="#" * 99_000)
    run.manifest["inputs"] = {f"/some/folder/trace-{i:05d}.csv": "ab" * 32 for i in range(16_000)}
    text = page(run_document(run))
    assert len(text.encode()) < 2_000_000
    assert "and 15,950 more inputs, in manifest.json" in text


def test_figures_beyond_the_room_are_named_the_largest_first(make_result, run_of, monkeypatch, parse):
    result = make_result()
    figures = drawn(result)
    monkeypatch.setattr(html, "FIGURES_BYTES", 60_000)
    text = page(run_document(run_of(result, figures=figures)))
    read = parse(text)
    left_out = [n for n in figures if f"figures/{n}.svg in the same folder" in read.text]
    assert left_out
    assert sum(len(match) for match in re.findall("<svg.*?</svg>", text, re.DOTALL)) <= 60_000
    sizes = sorted(figures, key=lambda name: -len(figures[name].svg))
    assert set(left_out) <= set(sizes[: len(left_out) + 2])


def test_numbers_are_those_of_the_summary(make_result, run_of, parse):
    result = make_result(slo=SLO)
    read = parse(page(run_document(run_of(result))))
    values = [float(a["value"]) for a in read.all("data")]
    assert values == [650.4375, 0.0123, result.summary["cost"]["total"]]
    assert "5.37 %" not in read.text  # which is of all functions; the table has those of each
    api = result.summary["functions"]["api"]
    for shown in (f"{api['requests']:,}", "82.1 ms", "650 ms", f"{api['concurrency']['max']}"):
        assert shown in read.texts
    assert read.texts.count("✓ met") == 1
    assert read.texts.count("✗ missed") == 2


def test_a_verdict_is_coloured_by_its_success(parse):
    looks = [parse(page(document(Text("x"), success=s))).all("p")[1]["class"] for s in (True, False, None)]
    assert looks == ["verdict good", "verdict bad", "verdict"]


def test_sections_without_blocks_are_left_out(parse):
    read = parse(page(Document("n", "", "v", None, [Section("empty", []), Section("full", [Text("x")])])))
    assert [a["href"] for a in read.all("a")] == ["#section-1"]
    assert "empty" not in read.text
    assert len(read.all("h1")) == 1


def test_a_figure_that_is_a_sentence_becomes_one(make_result, parse):
    svg = Plots(make_result(throttled=False)).throttles().svg()
    read = parse(page(document(Figure("throttles", svg))))
    assert not read.all("svg")
    assert "No request was throttled." in read.texts


def test_a_figure_that_is_none_is_an_error():
    with pytest.raises(ValueError, match="figure cost: no well-formed SVG"):
        page(document(Figure("cost", "<html>")))


def test_every_colour_of_a_figure_has_a_partner_on_dark_paper(make_result):
    text = page(document(Figure("latency", Plots(make_result()).latency().svg())))
    light, dark = text.split("prefers-color-scheme: dark")
    used = set(re.findall(r"var\(--c([0-9a-f]{6})\)", text))
    assert {"333333", "0072b2"} <= used
    for colour in used:
        assert f"--c{colour}: #{colour};" in light
        assert f"--c{colour}: {on_dark(f'#{colour}')};" in dark


def test_the_same_document_gives_the_same_bytes(make_result, run_of):
    result = make_result(slo=SLO)
    one, two = (page(run_document(run_of(result, figures=drawn(result)))) for _ in range(2))
    assert one == two


@pytest.mark.parametrize("colour", [style.TEXT, style.LIMIT, style.SLO, style.ACCOUNT, "#000000"])
def test_what_is_written_in_figures_can_be_read_on_both_papers(colour):
    assert contrast(colour, "#ffffff") > 4.4
    assert contrast(on_dark(colour), DARK_PAPER) > 4.5


def test_on_dark_paper_dark_becomes_light_and_lines_still_show():
    assert on_dark("#ffffff") == DARK_PAPER
    assert [int(on_dark(f"#{grey:02x}{grey:02x}{grey:02x}")[1:3], 16) for grey in range(0, 255, 15)] == sorted(
        (int(on_dark(f"#{grey:02x}{grey:02x}{grey:02x}")[1:3], 16) for grey in range(0, 255, 15)), reverse=True
    )
    assert min(contrast(on_dark(hue), DARK_PAPER) for hue in style.HUES) > 3


@pytest.mark.parametrize(("one", "other", "expected"), [("#000000", "#ffffff", 21.0), ("#777777", "#ffffff", 4.48)])
def test_contrast_is_the_guidelines(one, other, expected):
    """WCAG 2.1: black on white is 21:1, and #777777 the well-known grey that just misses 4.5:1."""
    assert contrast(one, other) == pytest.approx(expected, abs=0.005)


def test_several_replications_show_their_intervals(make_result, run_of, parse):
    result = make_result(["api"])
    result.summary["replications"] = 20
    result.summary["functions"]["api"]["latency"]["p99"] = {"mean": 650.0, "ci": [637.0, 663.0]}
    read = parse(page(run_document(run_of(result))))
    assert {"api: p99 latency", "650 ms", "637 ms", "663 ms", "2 %"} <= set(read.texts)
    assert "20 independent replications" in read.text
    assert "95 % confidence" in read.text
    assert "One replication" not in read.text


def test_one_replication_says_that_it_tells_no_interval(make_result, run_of, parse):
    read = parse(page(run_document(run_of(make_result(warmup_ns=600 * 10**9)))))
    assert "One replication: chance is in every number" in read.text
    assert "Warm-up: the first 10 min are" in read.text


def test_what_a_run_begins_with_is_told(make_result, run_of, parse):
    none = "The run begins without any execution environment"
    assert f"{none}, so" in parse(page(run_document(run_of(make_result(["api"]))))).text
    ready = parse(page(run_document(run_of(make_result(["api"], provisioned={"api": 10})))))
    assert f"{none} but those of provisioned concurrency, so" in ready.text


def test_assumptions_have_their_sources_and_dates(make_result, run_of, parse):
    read = parse(page(run_document(run_of(make_result()))))
    assert {"timeout", "function api", '"3s"', "AWS, API CreateFunction, 2026-11-23"} <= set(read.texts)
    assert "the prices of eu-west-1 were published on 2026-09-19" in read.text
    assert "threads" in read.texts
    assert not {"design", "period"} & set(read.texts)


def test_one_default_of_many_functions_is_one_row(make_result, run_of, parse):
    lines = "".join(f'[function.f{i}]\ntimeout = "3s"  # default: AWS, somewhere\n' for i in range(50))
    read = parse(page(run_document(run_of(make_result(), resolved=lines))))
    assert read.texts.count("timeout") == 1
    assert "function f0, f1, f2 and 47 more" in read.texts


def test_how_to_reproduce_is_told(make_result, run_of, parse):
    run = run_of(make_result(), experiment="# mine\n[function.api]\n")
    read = parse(page(run_document(run)))
    assert "lambdasim run resolved.toml --seed 42" in read.texts
    assert "SHA-256 of launch.toml" in read.texts
    assert "# mine\n[function.api]" in read.text
    long = parse(page(run_document(run_of(make_result(), experiment="#" * 200_000))))
    assert "too long for this page" in long.text


def test_notes_and_the_precision_that_was_reached_are_told(make_result, run_of, parse):
    result = make_result()
    result.summary["notes"] = [f"simulation.warmup is 0s, but {SCRIPT} needs longer"]
    result.summary["precision"] = {"until": "api.latency.p99 ±5%", "observed": None, "relative": 0.041, "reached": True}
    read = parse(page(run_document(run_of(result))))
    assert f"Note: simulation.warmup is 0s, but {SCRIPT} needs longer." in read.texts
    assert "api.latency.p99 ±5%; reached, half of the interval being 4.1 % of the mean" in read.text


def test_an_interrupted_run_says_so(make_result, run_of, parse):
    result = make_result()
    result.summary["incomplete"] = True
    assert "The run was interrupted" in parse(page(run_document(run_of(result)))).text


def test_of_many_objectives_the_missed_come_first(make_result, run_of, parse):
    result = make_result()
    result.summary["slo"] = [{**SLO[0], "path": f"f{i}.latency"} for i in range(300)] + [SLO[1]]
    read = parse(page(run_document(run_of(result))))
    assert read.texts.index("✗ missed") < read.texts.index("✓ met")
    assert "and 101 more" in read.texts

import re

import pytest

from lambdasim.report.text import summary_markdown, summary_text
from lambdasim.report.words import columns, money

NAMES = ["$a$_x <b> & _y", "_hidden|`*[x](y)", "long-" + "abcdefghij" * 9, "\U0001f600 emoji 東京", "new\nline\x1b[31m"]
SLO = [
    {"path": "api.latency", "expression": "p99 < 800ms", "observed": 650.4, "success": True},
    {"path": "account.cost.monthly", "expression": "mean < 2 USD", "observed": 1365.1, "success": False},
]


def test_the_text_opens_with_the_verdict_and_holds_the_tables(make_result):
    result = make_result(["api"], throttled=False, slo=SLO, warmup_ns=600 * 10**9)
    assert summary_text(result, directory="runs/launch") == (
        """\
No request was throttled.

launch
Does it hold?

✓ met    api.latency           p99 < 800ms   650 ms
✗ MISSED account.cost.monthly  mean < 2 USD  $1,365

function   requests  throttled     cold      p50     p99  peak   cost  a month
api       5,575,120        0 %  0.021 %  82.1 ms  650 ms   552  $5.58   $4,070

Account: concurrency peaked at 552 of 1,000, 309 on average; no request was
throttled.

Cost: $5.58 for 1 h; repeated every 1 h, $4,070 a month.
  duration  267,605.8 GB-s \N{MULTIPLICATION SIGN} $0.0000166667  = $4.46
  requests  5,575,120 requests \N{MULTIPLICATION SIGN} $0.0000002 = $1.12

Simulated 1 h in 0.912 s with the simpy engine, seed 42; the first 10 min are in
no statistic but the cost.
Files: runs/launch"""
    )


@pytest.mark.parametrize("width", [40, 50, 66, 80, 120])
@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_every_line_fits(make_result, width, encoding):
    text = summary_text(make_result(NAMES, slo=SLO), width=width, encoding=encoding)
    assert max(columns(line) for line in text.splitlines()) <= width


def test_other_encodings_get_plain_ascii_in_the_same_columns(make_result):
    result = make_result(NAMES, slo=SLO)
    plain, rich = (summary_text(result, encoding=encoding).splitlines() for encoding in ("cp1252", "UTF8"))
    assert "\n".join(plain).isascii()
    assert [columns(line) for line in plain] == [columns(line) for line in rich]


def test_control_characters_of_names_do_not_reach_the_terminal(make_result):
    text = summary_text(make_result(NAMES), width=120)
    assert "\x1b" not in text
    assert "new\ufffdline" in text


def test_of_many_functions_ten_are_listed_by_requests(make_result):
    result = make_result([f"f{i:02d}" for i in range(30)])
    result.summary["functions"]["f29"]["requests"] = 10**9
    rows = re.findall(r"^(f\d\d) ", summary_text(result), re.MULTILINE)
    assert rows == ["f29", *(f"f{i:02d}" for i in range(9))]
    rest = [of for name, of in result.summary["functions"].items() if name not in rows]
    requests = sum(of["requests"] for of in rest)
    told = f"and 20 more functions, all in summary.json or with run --all: {requests:,.0f} requests, "
    assert told in summary_text(result).replace("\n", " ")
    assert told in summary_markdown(result)
    assert len(re.findall(r"^(f\d\d) ", summary_text(result, most=30), re.MULTILINE)) == 30
    spent = sum(of["cost"]["total"] for of in rest)
    assert f" throttled, {money(spent)}, " in summary_markdown(result).replace("\\", "")


def test_lines_of_the_bill_at_one_price_are_one_line(make_result):
    result = make_result()
    assert summary_text(result).count("requests \N{MULTIPLICATION SIGN}") == 1
    assert "10,054,069 requests \N{MULTIPLICATION SIGN} $0.0000002 = $2.01" in summary_text(result)


def test_uncertain_prices_are_marked_on_every_total_and_notes_are_told(make_result):
    result = make_result(["api"], slo=SLO)
    own, note = result.summary["functions"]["api"]["cost"], "uncertain price: requests (a guess, 2026)"
    cost = result.summary["cost"]
    cost["lines"][0]["certainty"] = "uncertain"
    for of in (own, cost, result.summary["account"]["cost"]):
        of |= {"uncertain": 1.0, "uncertain_monthly": 730.0}
    cost["notes"] = [note]
    text, markdown = summary_text(result), summary_markdown(result)
    total, monthly = money(own["total"]), money(own["monthly"])
    assert re.search(rf"^api .*  ~{re.escape(total)}  ~{re.escape(monthly)}$", text, re.MULTILINE)
    sentence = (
        f"Cost: ~{total} ($1.00 of it at uncertain prices) for 1 h; repeated every 1 h, ~{monthly} ($730.00 of it at "
        "uncertain prices) a month."
    )
    assert sentence in " ".join(text.split())
    assert "= ~$" in text
    assert f"Note: {note}." in text
    assert "Note: uncertain price: requests (a guess, 2026)." in markdown
    assert "✗ MISSED account.cost.monthly  mean < 2 USD  ~$1,365" in text


def test_all_of_it_is_said_of_no_less(make_result):
    result = make_result(["api"])
    cost = result.summary["cost"]
    for share, words in ((1.0, "(all of it at"), (0.999, "(nearly all of it at"), (0.5, "($")):
        cost["uncertain"] = share * cost["total"]
        assert words in summary_text(result).split("Cost:")[1][:80]


def test_without_a_month_the_text_says_so(make_result):
    result = make_result(["api"])
    for of in (result.summary["functions"]["api"]["cost"], result.summary["cost"], result.summary["account"]["cost"]):
        of["monthly"] = None
    result.summary["cost"]["period_s"] = None
    assert "for 1 h; what a month of it costs cannot be said." in summary_text(result)
    assert re.search(r"^api .*  \$[\d.]+ +-$", summary_text(result), re.MULTILINE)


def test_markdown_shows_names_as_they_are(make_result):
    text = summary_markdown(make_result(NAMES, slo=SLO), directory="runs/my_run")
    assert text.startswith("**No request was throttled.**\n")
    assert r"| \$a\$\_x &lt;b&gt; &amp; \_y |" in text
    assert r"| \_hidden\|\`\*\[x\](y) |" in text
    assert "new\ufffdline" in text
    assert r"| account.cost.monthly | mean &lt; 2 USD | \$1,365 | **✗ missed** |" in text
    assert text.endswith("\n\nFiles: runs/my\\_run\n")


def test_a_run_of_nothing_has_a_text(make_result):
    text = summary_text(make_result(idle=True))
    assert "concurrency peaked at 0 of 1,000" in text
    assert summary_markdown(make_result(idle=True, question=None)).count("\n>") == 0

"""What a search says, compared with its points, its summary and fresh seeds: one rule a function."""

import json
import math
import re
from collections.abc import Callable, Iterator
from html import unescape
from random import Random
from typing import Any, Final

import lambdasim as ls
from lambdasim.planning.answer import Answer
from lambdasim.report.search_figures import search_figures
from lambdasim.report.search_files import SearchFiles

RESERVED: Final = "function.f.reserved_concurrency"
Rule = Callable[[Answer], Iterator[str]]


def random_loss_system(number: int) -> ls.Experiment:
    """Return a function with few environments, about as many as its load needs, and a limit on its throttles."""
    random = Random(number)
    mean_ms, rate = random.choice((100, 300, 500)), random.choice((10, 20))
    limit = random.choice((1, 5, 20))
    return ls.Experiment(
        functions={
            "f": {
                "duration": random.choice((f"exponential(mean={mean_ms}ms)", f"constant({mean_ms}ms)")),
                "init": "constant(0s)",
                "reserved_concurrency": random.choice((2, 8, 20)),
            }
        },
        loads=[{"target": "f", "executor": "constant-arrival-rate", "rate": f"{rate}/s", "duration": "61s"}],
        slo={"f.throttles": [f"rate < {limit}%"]},
        simulation={"seed": number},
    )


def json_is_finite(answer: Answer) -> Iterator[str]:
    """Every number of the summary is one that JSON has."""
    try:
        json.dumps(answer.summary, allow_nan=False)
    except ValueError as error:
        yield str(error)


def every_page_says_the_same(answer: Answer) -> Iterator[str]:
    """Text, Markdown and notebook open with the verdict."""
    verdict = answer.summary["verdict"]
    for name, text in (("text", answer.text()), ("Markdown", answer.markdown()), ("repr", repr(answer))):
        if " ".join(verdict.split()) not in " ".join(unescape(text.replace("\\", "")).split()):
            yield f"the {name} does not say '{verdict}'"


def points_are_counted(answer: Answer) -> Iterator[str]:
    """Counts of the summary and the verdict are those of the rows."""
    summary, verdicts = answer.summary, answer.points["verdict"].tolist()
    for key, verdict in (("passing", "passes"), ("undecided", "undecided")):
        if key in summary and summary[key] != verdicts.count(verdict):
            yield f"{summary[key]} {key}, but {verdicts.count(verdict)} rows"
    match = re.match(r"(\d+) of (\d+) points meets? every SLO", summary["verdict"])
    if match and (int(match[1]), int(match[2])) != (verdicts.count("passes"), len(verdicts)):
        yield f"'{summary['verdict']}', but {verdicts.count('passes')} of {len(verdicts)} rows pass"
    if re.match(r"None of|No (point|candidate|value)", summary["verdict"]) and "passes" in verdicts:
        yield f"'{summary['verdict']}', but {verdicts.count('passes')} rows pass"


def what_is_found_passed(answer: Answer) -> Iterator[str]:
    """What is called enough or best is a row that passes; without one there was no success."""
    summary, points = answer.summary, answer.points
    if "passes" in summary and not isinstance(summary["passes"], bool):
        for key, allowed in (("passes", ["passes"]), ("fails", ["fails", "refused"])):
            if summary[key] is not None:
                rows = points[points["value"] == summary[key]]["verdict"].tolist()
                if not set(rows) <= set(allowed) or not rows:
                    yield f"{summary[key]} {key}, but its rows say {rows}"
        found, fails = summary["passes"], summary["fails"]
        if found is not None and fails is not None and not fails < found:
            yield f"of a quota {found} passes and the larger {fails} fails"
        if found is not None and f"{found:g}" not in summary["verdict"]:
            yield f"'{summary['verdict']}' does not name {found:g}"
        if bool(summary["success"]) != (found is not None):
            yield f"success is {summary['success']} with {found}"
    elif "best" in summary and summary["best"] is not None:
        row = points[points["point"] == summary["best"]["point"]].iloc[0]
        verdicts = [row["verdict"], *(row[f"{slo['path']} {slo['expression']}"] for slo in summary["slo"])]
        if set(verdicts) != {"passes"}:
            yield f"the best {verdicts}"
        for path, value in summary["best"]["values"].items():
            if str(value) not in summary["verdict"]:
                yield f"'{summary['verdict']}' does not name {value}"
            if row[path] != value:
                yield f"the best is {value}, its row {row[path]}"
    elif summary["success"]:
        yield "success with nothing found"


def nothing_that_passes_is_cheaper(answer: Answer) -> Iterator[str]:
    """The cheapest is: of no other row that passes is it sure that it costs less, nor of the runner-up by pairs."""
    summary, points = answer.summary, answer.points
    if summary.get("best") is None:
        return
    key = "account.cost" if points["account.cost.monthly"].isna().all() else "account.cost.monthly"
    key = "objective" if "objective" in points else key
    own = points[points["point"] == summary["best"]["point"]].iloc[0]
    least = float(points[points["verdict"] == "passes"][f"{key}.hi"].min())
    if least < own[f"{key}.lo"] and not math.isclose(least, own[f"{key}.lo"], rel_tol=1e-9):
        yield f"the best has a {key} of {own[f'{key}.lo']} at least, another that passes {least} at most"
    runner_up = summary.get("runner_up")
    if runner_up is not None and not runner_up["tied"] and runner_up["difference"]["mean"] < 0:
        yield f"the runner-up costs {-runner_up['difference']['mean']} less"


def titles_are_true_of_their_points(answer: Answer) -> Iterator[str]:
    """A figure's title tells what the rows say: how many pass, which is chosen, between which values it turns."""
    points = answer.points
    verdicts = points["verdict"].tolist()
    for name, title in titles(answer).items():
        if not answer.summary["slo"]:
            continue
        if match := re.match(r"(None|One|\d+) of (\d+) (?:points|candidates) (meets?|is shown to meet) every", title):
            passing = {"None": 0, "One": 1}.get(match[1]) if not match[1].isdigit() else int(match[1])
            if (passing, int(match[2])) != (verdicts.count("passes"), len(verdicts)):
                yield f"title of {name}: '{title}', but {verdicts.count('passes')} of {len(verdicts)} rows pass"
            if not passing and (match[3] == "meets") != ("undecided" not in verdicts):
                yield f"title of {name}: '{title}' with {verdicts.count('undecided')} undecided rows"
        if re.search(r"(met|missed) wherever it was tried", title) and len(set(verdicts)) > 1:
            yield f"title of {name}: '{title}', but its rows say {sorted(set(verdicts))}"
        if match := re.match(
            r"Every SLO is met (up to|from) .* ([\d.,]+)(?: on)?; (?:.* undecided, )?([\d.,]+) f", title
        ):
            last, first = (float(number.replace(",", "")) for number in match.groups()[1:])
            sign = 1 if match[1] == "up to" else -1
            for value, verdict in zip(points["value"], verdicts, strict=True):
                inside, beyond = sign * value <= sign * last, sign * value >= sign * first
                if (value == last and verdict != "passes") or (value == first and verdict != "fails"):
                    yield f"title of {name}: '{title}', but {value} {verdict}"
                if (inside and verdict == "fails") or (beyond and verdict == "passes"):
                    yield f"title of {name}: '{title}', but {value} {verdict}"
        if name == "frontier" and answer.summary["best"] is not None:
            for value in answer.summary["best"]["values"].values():
                if str(value) not in title:
                    yield f"title of {name}: '{title}' does not name {value}"
    if set(titles(answer)) != {"capacity": {"capacity"}, "optimize": {"frontier", "objective"}}.get(
        answer.summary["command"], set(titles(answer))
    ):
        yield f"the figures are {sorted(titles(answer))}"


def titles(answer: Answer) -> dict[str, str]:
    """Return the titles of a search's figures by name."""
    files = SearchFiles(answer.summary, answer.config, {}, "", "", answer.points)
    return {name: chart.finding for name, chart in search_figures(files).items()}


RULES: Final[tuple[Rule, ...]] = (
    json_is_finite,
    every_page_says_the_same,
    points_are_counted,
    what_is_found_passed,
    titles_are_true_of_their_points,
    nothing_that_passes_is_cheaper,
)


def contradictions(answer: Answer) -> list[str]:
    """Return everything that a search says and that is not so."""
    return [f"{answer.summary['command']}: {rule.__name__}: {said}" for rule in RULES for said in rule(answer)]


def refuted(exp: ls.Experiment, values: dict[str, Any], runs: int = 30) -> str:
    """Return what fresh seeds say against values that are to be enough; empty where they agree.

    Each objective here is a rate of all requests of all runs together.
    """
    result = exp.with_(values).run(seed=exp.config.simulation.seed + 10**9, replications=runs)
    of = [one["functions"]["f"] for one in result.replications]
    throttles = sum(one["throttles"] for one in of)
    rate = throttles / sum(one["throttles"] + one["invocations"] for one in of)
    [(objective,)] = exp.config.slo.values()
    return "" if objective.holds(rate) else f"{values}: {rate:.4f} against {objective.text} in {runs} fresh runs"

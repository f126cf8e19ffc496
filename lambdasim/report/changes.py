"""What changed during a run, in words: the entries of ``changes`` in ``summary.json``, one row each."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from lambdasim.config.call import value_in_words
from lambdasim.report.words import milliseconds, percent, printable, span

Json = Mapping[str, Any]

HEADINGS: Final = ("when", "what", "of", "how")


def changes(summary: Json, most: int) -> tuple[list[tuple[str, str, str, str]], int]:
    """Return the first rows of what changed, and how many more there are."""
    every = summary.get("changes", ())
    rows = [(span(one["time_s"]), one["what"], printable(one["name"]), printable(_how(one))) for one in every[:most]]
    return rows, len(every) - len(rows)


def _how(change: Json) -> str:
    return WORDS[change["what"]](change)


def _autoscaling(change: Json) -> str:
    told = f"{change['from']:,} to {change['to']:,} environments ({change['cause']})"
    if change["status"] == "failed":
        return f"{told}: failed, as {change['reason']}"
    if change["status"] == "in_progress":
        return f"{told}, not ready at the end"
    waited_s = change["ready_s"] - change["time_s"]
    return f"{told}, ready {span(waited_s)} later" if waited_s else told


def _schedule(change: Json) -> str:
    return f"at least {change['min']:,}, at most {change['max']:,} environments"


def _set(change: Json) -> str:
    flat: dict[str, Any] = {}
    for path, value in change["set"].items():
        flat |= {f"{path}.{key}": own for key, own in value.items()} if isinstance(value, dict) else {path: value}
    values = ", ".join(f"{path} = {value_in_words(value)}" for path, value in flat.items())
    return values + _until(change)


def _fault(change: Json) -> str:
    values = ", ".join(f"{key} {value_in_words(value)}" for key, value in change["fault"].items())
    return values + _until(change)


def _deploy(change: Json) -> str:
    deployment = change["deploy"]
    if "function" in deployment:
        values = ", ".join(f"{key} = {value_in_words(value)}" for key, value in deployment["set"].items())
        told = f"update of {deployment['function']} in place: {values}"
    else:
        strategy = deployment.get("strategy", "AllAtOnce")
        told = f"{deployment['alias']} to version {deployment['version']}, {value_in_words(strategy)}"
    if change["status"] == "in_progress":
        return f"{told}: not over at the end"
    done = "rolled back" if change["status"] == "rolled_back" else "done"
    after_s = change["ended_s"] - change["time_s"]
    return f"{told}: {done} {span(after_s)} later" if after_s else told


def _alarm(change: Json) -> str:
    value, told = "", change["value"]
    if told is not None:
        of_time = change["metric"].rpartition(".")[2] in TIMES
        shown = (
            milliseconds(told) if of_time else percent(told, 2) if "rate" in change["expression"] else f"{told:,.6g}"
        )
        value = f" at {shown}"
    return f"{change['metric']} {change['expression']}: {STATES[change['status']]}{value}"


TIMES: Final = ("latency", "duration", "init_duration", "age_of_oldest", "iterator_age")
STATES: Final = {"alarm": "fires", "ok": "is well again", "insufficient_data": "has no data"}
"""Of an alarm, by ``status``."""


def _recovery(change: Json) -> str:
    told = f"{change['environments']:,} environments allocated anew"
    return told + (f", ready {span(change['ready_s'] - change['time_s'])} later" if change["ready_s"] else "")


def _until(change: Json) -> str:
    return f", until {span(change['until_s'])}" if "until_s" in change else ""


WORDS: Final[dict[str, Callable[[Json], str]]] = {
    "autoscaling": _autoscaling,
    "schedule": _schedule,
    "set": _set,
    "fault": _fault,
    "deploy": _deploy,
    "alarm": _alarm,
    "recovery": _recovery,
}
"""By ``what``."""

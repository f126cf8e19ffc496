"""What an experiment is set to over time: its values after each ``[[change]]``, checked as the file itself is.

At a time the values are the file's with those of every change that has begun by then and not ended, laid over it in
order of time. What may change during a run is few of all keys; the rest is refused.
"""

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from lambdasim.config.alarms import called_names
from lambdasim.config.call import shortened
from lambdasim.config.change import Change, Fault
from lambdasim.config.changeable import CHANGEABLE, DESTINATIONS, MAPPED, fixed, matches, why_not
from lambdasim.config.deployments import check_deployment, check_over_time
from lambdasim.config.origins import Origins, Problems
from lambdasim.config.overrides import apply_overrides, split_path
from lambdasim.config.positions import Path, dotted
from lambdasim.config.qualifier import LATEST, is_version, qualified, qualifier_of
from lambdasim.config.quantity import ConfigTable
from lambdasim.config.rollouts import CODE, CODE_PATHS, after_ns, begins_ns
from lambdasim.config.schema import ExperimentConfig, Moment
from lambdasim.config.suggest import hint
from lambdasim.errors import InputError
from lambdasim.model.events import NEVER_NS
from lambdasim.units import format_duration

Build = Callable[[dict[str, Any], Origins], ExperimentConfig]

FAULTS: Final = (
    {"downstream": "NAME", "slowdown": "5.0"}, {"downstream": "NAME", "down": "true"},
    {"function": "NAME", "errors": "0.1"}, {"source": "NAME", "disabled": "true"},
    {"source": "NAME", "record_errors": "0.1"}, {"environments_lost": "0.33"}, {"lambda_errors": "0.05"},
)  # fmt: skip
"""What a fault may say, by its keys."""

NOT_COMPARED: Final = ("name", "change", "sweep", "optimize")
"""What says nothing of one run."""

ERA: Final[Path] = ("account", "era")

NONE: Final = "none"
"""Takes away what :data:`OPTIONAL` has."""

REDRIVE: Final = ("dead_letter_queue", "max_receive_count")
"""Both are in one attribute of a queue, its RedrivePolicy (API of SQS, SetQueueAttributes, 2026)."""

OPTIONAL: Final[dict[Path, tuple[str, ...]]] = {
    ("function", "*", "reserved_concurrency"): ("reserved_concurrency",),
    ("source", "*", "on_failure"): ("on_failure",),
    **{("function", "*", "async", key): (key,) for key in DESTINATIONS},
    **{("source", "*", key): REDRIVE for key in REDRIVE},
}
"""What there may be none of, by path, and the keys of the same table that are gone then."""


def check_changes(
    config: ExperimentConfig, raw: Mapping[str, Any], build: Build, ends_ns: int | None, problems: Problems
) -> tuple[Change, ...]:
    """Check all changes of an experiment, and give it its moments; return the changes that are right.

    ``raw`` is its tree, ``build`` makes an experiment of another one, ``ends_ns`` is its end as far as it is known.
    What is wrong without them, which is among the ``problems`` already, is not said of a change too.
    """
    wrong_before = problems.problems()
    right: dict[int, Change] = {}
    names: set[str] = set()
    start = config.simulation.start
    setting: dict[int, Change] = {}
    for number, change in enumerate(config.change):
        known = len(problems)
        path = ("change", str(number))
        if change.name is None:
            object.__setattr__(change, "name", f"change-{number + 1}")
        elif change.name.isdecimal():
            problems.add((*path, "name"), "is a number, by which paths call a change by its place; give it a word")
        if change.name in names:
            problems.add((*path, "name"), f"another change is named '{shortened(str(change.name))}' too")
        names.add(str(change.name))
        if not any(problems.doubts_within((*path, key)) for key in ("time", "at", "until")):
            _check_times(path, change, start, ends_ns, problems)
        if problems.doubts_within(path):
            continue
        _check_change(path, change, config, problems)
        if len(problems) == known:
            right[number] = change
            if _sets(change):
                setting[number] = change
    moments = []
    before = config
    told = {(one.path, one.message) for one in wrong_before}
    for at_ns in sorted({at for change in setting.values() for at in _times(change, start)}):
        active = _active(setting, start, at_ns)
        after, wrong = _set(raw, active, config, build, at_ns, told, problems)
        for number in wrong:
            right.pop(number, None)
        if after is None or wrong_before:
            continue
        turning = [n for n, change in setting.items() if at_ns in _times(change, start)]
        found = list(differences(before, after))
        for place in [ERA] if ERA in found else found:  # from which others follow
            if (why := why_not(place, config, after)) is not None and (dotted(place), why) not in told:
                told.add((dotted(place), why))
                problems.add(("change", str(turning[-1]), _key(config.change[turning[-1]])), f"{dotted(place)} {why}")
                right.pop(turning[-1], None)
        faults = tuple(change.fault for _, change in active if change.fault is not None)
        moments.append(Moment(at_ns, after, faults))
        before = after
    config.remember(tuple(moments))
    check_over_time(config, right, problems)
    if not wrong_before:
        as_right = config.of_changes(right.values())
        _check_updates(as_right, right, problems)
        _check_felt(as_right, right, len(right) == len(config.change), problems)
    return tuple(right.values())


def differences(before: ConfigTable, after: ConfigTable, at: Path = ()) -> Iterator[Path]:
    """Yield the path of each value in which two tables differ."""
    for name, field in type(before).model_fields.items():
        old, new = getattr(before, name), getattr(after, name)
        path = (*at, field.alias or name)
        if isinstance(old, ConfigTable) and type(old) is type(new):
            yield from differences(old, new, path)
        elif isinstance(old, Mapping) and isinstance(new, Mapping) and name != "slo":
            for key in dict.fromkeys((*old, *new)):
                one, other = old.get(key), new.get(key)
                if isinstance(one, ConfigTable) and isinstance(other, ConfigTable) and type(one) is type(other):
                    yield from differences(one, other, (*path, key))
                elif one != other:
                    yield (*path, key)
        elif old != new and path[0] not in NOT_COMPARED:
            yield path


def _sets(change: Change) -> bool:
    """Say whether a change makes another experiment, or breaks something: the shift of an alias does neither."""
    return change.deploy is None or change.deploy.function is not None


def _key(change: Change) -> str:
    return "set" if change.deploy is None else "deploy"


def _active(changes: Mapping[int, Change], start: datetime | None, at_ns: int) -> list[tuple[int, Change]]:
    """Return the changes, of some by number, that hold at a time, in order of their beginnings."""
    found = [
        (begins_ns(change, start), number, change)
        for number, change in changes.items()
        if begins_ns(change, start) <= at_ns < finishes_ns(change, start)
    ]
    return [(number, change) for _, number, change in sorted(found, key=lambda one: one[:2])]


def _values(change: Change) -> dict[str, Any]:
    """Return what a change or an update in place sets, by dotted path."""
    if change.deploy is None or change.deploy.function is None:
        return change.set or {}
    return {f"function.{change.deploy.function}.{key}": own for key, own in (change.deploy.set or {}).items()}


def _set(
    raw: Mapping[str, Any],
    active: Sequence[tuple[int, Change]],
    config: ExperimentConfig,
    build: Build,
    at_ns: int,
    told: set[tuple[str | None, str]],
    problems: Problems,
) -> tuple[ExperimentConfig | None, set[int]]:
    """Return the experiment as some changes set it, None when that is none, and which of them are wrong by number.

    ``config`` is what it is without them. What is in ``told`` is not said again.
    """

    wrong: set[int] = set()

    def tell(number: int, path: str | None, message: str, since: str = "", joint: str = ": ") -> None:
        wrong.add(number)
        if (path, message) not in told:
            told.add((path, message))
            problems.add(("change", str(number), _key(config.change[number])), f"{since}{path}{joint}{message}")

    tree = {key: value for key, value in raw.items() if key not in ("change", "sweep", "optimize")}
    number = 0
    for number, change in active:
        values = {}
        for path, value in _values(change).items():
            joint = ": "
            if (why := _unknown(path, config) or _not_code(path, change)) is None:
                why, joint = fixed(path, config), " "
            if why is None:
                values[path] = value
            else:
                tell(number, path, why, joint=joint)
        gone = {text: _gone(text) for text, value in values.items() if value == NONE and _gone(text)}
        tree, found = apply_overrides(tree, {p: v for p, v in values.items() if p not in gone}, Origins())
        tree = copy.deepcopy(tree)
        for text, keys in gone.items():
            *places, _ = split_path(text)
            table = tree
            for place in places:
                table = table.get(place, {})
            for key in keys:
                if values.get(dotted((*places, key)), NONE) == NONE:
                    table.pop(key, None)
        for problem in found:
            tell(number, problem.path, problem.message)
    try:
        after = build(tree, Origins())
    except InputError as error:
        for problem in error.problems:
            tell(number, problem.path, problem.message, f"from {format_duration(at_ns)} on ")
        return None, wrong
    return (None if wrong else after), wrong


def _gone(text: str) -> tuple[str, ...]:
    """Return the keys of its table that are gone once there is nothing at a path; none where there always is."""
    path = split_path(text)
    return next((keys for pattern, keys in OPTIONAL.items() if matches(pattern, path)), ())


def _unknown(text: str, config: ExperimentConfig) -> str | None:
    """Return why there is nothing to set at a path, where a part of it is a name; None where there may be."""
    try:
        path = split_path(text)
    except InputError:
        return None  # which is told where it is applied
    if path[0] == "downstream" and len(path) > 1 and path[1] not in config.downstream:
        known = list(config.downstream)
        return f"no downstream is named '{shortened(path[1])}'; {hint(path[1], known, 'there are')}"
    function = config.function.get(path[1]) if path[0] == "function" and len(path) > 2 else None
    if function is None:
        return None
    holder: Any = function
    owner, rest = path[1], path[2:]
    if rest[0] in ("version", "alias") and len(rest) > 1:
        tables = getattr(function, rest[0])
        if rest[1] not in tables:
            what = f"version {rest[1]} is not published" if rest[0] == "version" else f"no alias is named '{rest[1]}'"
            return f"{what}; {hint(rest[1], list(tables), 'there are')}"
        holder, owner, rest = tables[rest[1]], qualified(owner, rest[1]), rest[2:]
    if rest[:1] == ("provisioned",) and holder.provisioned is None:
        table = dotted(path[: path.index("provisioned") + 1])
        return f"{owner} has no provisioned concurrency that could change; add [{table}], as with concurrency = 0"
    return None


def _not_code(text: str, change: Change) -> str | None:
    """Return why an update in place does not set a path that a change may set; None where it does."""
    if change.deploy is None:
        return None
    path = split_path(text)
    if not any(matches(pattern[: len(path)], path) for pattern in CHANGEABLE if pattern not in CODE_PATHS):
        return None
    return f'is not of the code, which a deployment changes; write set = {{ "{text}" = … }} instead of deploy'


def _check_updates(config: ExperimentConfig, changes: Mapping[int, Change], problems: Problems) -> None:
    """Check that something calls the ``$LATEST`` that each update changes: published versions stay as they are."""
    called: set[str] = set()
    for number, change in changes.items():
        for text in _values(change):
            path = split_path(text)
            if path[0] != "function" or path[2] not in CODE or not config.function[path[1]].version:
                continue
            called = called or called_names(config)
            if qualified(path[1], LATEST) not in called:
                problems.add(
                    ("change", str(number), _key(change)),
                    f"{text} is of {LATEST}, which nothing calls, and of no published version (configuration-versions)"
                    f'; deploy a version: deploy = {{ alias = "{path[1]}:NAME", version = "…" }}',
                )


def _check_felt(config: ExperimentConfig, changes: Mapping[int, Change], whole: bool, problems: Problems) -> None:
    """Check that something calls each function that is to fail; of versions and aliases where changes are ``whole``.

    A wrong one may have been to lead requests there.
    """
    failing = [
        (number, change.fault.function)
        for number, change in changes.items()
        if change.fault is not None and change.fault.function is not None
    ]
    called = called_names(config) if failing else set()
    for number, name in failing:
        if name not in called and (whole or not qualifier_of(name)):
            message = f"nothing calls '{name}', so nothing fails; send it requests, or take the fault out"
            problems.add(("change", str(number), "fault", "function"), message)


def _check_change(path: Path, change: Change, config: ExperimentConfig, problems: Problems) -> None:
    """Check that a change does one thing, and that a fault is one."""
    given = [key for key in ("set", "deploy", "fault") if getattr(change, key) is not None]
    if len(given) != 1:
        problems.add(path, f"has {' and '.join(given) or 'none'} of set, deploy and fault; a change is exactly one")
    if change.set is not None and not change.set:
        problems.add((*path, "set"), 'sets nothing; write set = { "account.concurrency" = 2000 }')
    if change.deploy is not None:
        check_deployment((*path, "deploy"), change, config, problems)
    if change.fault is not None:
        _check_fault((*path, "fault"), change.fault, config, problems)
        if change.fault.environments_lost is not None and change.until is not None:
            problems.add((*path, "until"), "has no effect on environments_lost, which happens once; take it out")


def _check_fault(path: Path, fault: Fault, config: ExperimentConfig, problems: Problems) -> None:
    given = {key for key in type(fault).model_fields if getattr(fault, key) is not None}
    if given not in [one.keys() for one in FAULTS]:
        known = ", ".join(f"{{ {', '.join(f'{key} = {value}' for key, value in one.items())} }}" for one in FAULTS)
        found = " with ".join(sorted(given)) or "nothing"
        problems.add(path, f"{found} is no fault; these are: {known}")
        return
    for kind in given & {"downstream", "function", "source"}:
        name, known_names = getattr(fault, kind), list(getattr(config, kind))
        if kind == "function":
            known_names += [own for own in config.callables if is_version(qualifier_of(own))]
        if kind == "source":
            known_names = [own for own, source in config.source.items() if isinstance(source, MAPPED)]
        if name not in known_names:
            what = "source with an event source mapping" if kind == "source" else kind
            near = hint(name, known_names, "there are") if known_names else "there is none"
            problems.add((*path, kind), f"no {what} is named '{shortened(name)}'; {near}")
    for key in ("disabled", "down"):
        if getattr(fault, key) is False:
            problems.add((*path, key), "false is no fault; take the change out")


def _check_times(path: Path, change: Change, start: datetime | None, ends_ns: int | None, problems: Problems) -> None:
    """Check that a change begins during the experiment, and ends after it has begun."""
    if (change.time is None) == (change.at is None):
        found = "both time and at" if change.time is not None else "neither time nor at"
        problems.add(path, f'has {found}; say once when, such as time = "30min"')
        return
    clock = [key for key in ("at", "until") if isinstance(getattr(change, key), datetime)]
    if clock and start is None:
        remedy = "the clock time at which the experiment starts, such as simulation.start = 2026-11-27T08:00:00Z"
        problems.add((*path, clock[0]), f"needs {remedy}")
        return
    at_ns = begins_ns(change, start)
    if at_ns < 0:
        problems.add((*path, "at"), "is before the experiment starts")
    elif ends_ns is not None and at_ns >= ends_ns:
        key = "time" if change.time is not None else "at"
        problems.add((*path, key), f"is not before the end of the experiment, {format_duration(ends_ns)}")
    elif change.until is not None and finishes_ns(change, start) <= at_ns:
        problems.add((*path, "until"), "is not after the change begins")


def _times(change: Change, start: datetime | None) -> Iterator[int]:
    yield begins_ns(change, start)
    if change.until is not None:
        yield finishes_ns(change, start)


def finishes_ns(change: Change, start: datetime | None) -> int:
    """Return when a change ends; one without an end never does."""
    return after_ns(change.until, start) if change.until is not None else NEVER_NS

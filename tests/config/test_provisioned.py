"""Provisioned concurrency that varies: what Application Auto Scaling refuses, and what can never happen."""

import pytest

from lambdasim.config import config_from_dict
from lambdasim.config.advice import advice
from lambdasim.config.resolved import resolved_toml

LOAD = '[[load]]\ntarget = "api"\nexecutor = "poisson"\nrate = "1/s"\nduration = "1h"\n'
START = "simulation = { start = 2026-11-27T08:30:00Z }\n"
AT = "function.api.provisioned"


def file(provisioned: str, top: str = START) -> str:
    return f"{top}{LOAD}[function.api]\nduration = 'constant(1s)'\ninit = 'constant(1s)'\nprovisioned = {provisioned}\n"


def scaling(more: str = "", concurrency: int = 20) -> str:
    text = f"{{ concurrency = {concurrency}, autoscaling = {{ min = 10, max = 100, target_utilization = 0.7{more} }} }}"
    return file(text)


def schedule(action: str, top: str = START) -> str:
    return file(f"{{ concurrency = 5, schedule = [{action}] }}", top)


@pytest.mark.parametrize(
    ("text", "key", "message"),
    [
        (
            scaling(concurrency=5),
            "concurrency",
            "5 is outside autoscaling's 10 to 100, to which AWS would scale it at once; begin with 10",
        ),
        (
            scaling(concurrency=101),
            "concurrency",
            "101 is outside autoscaling's 10 to 100, to which AWS would scale it at once; begin with 100",
        ),
        (
            scaling().replace("min = 10", "min = 200"),
            "autoscaling.min",
            "200 is above max, 100: AWS refuses a MinCapacity above MaxCapacity; exchange them",
        ),
        (
            scaling().replace("0.7", "0.95"),
            "autoscaling.target_utilization",
            "0.95 is outside 0.1 to 0.9 (AWS's limits: DG:provisioned-concurrency)",
        ),
        (scaling().replace(", target_utilization = 0.7", ""), "autoscaling.target_utilization", "is missing"),
        (
            scaling(', statistic = "Sum"'),
            "autoscaling.statistic",
            "unknown value 'Sum'; the values are: Average, Maximum",
        ),
        (
            scaling(', missing_data = "bad"'),
            "autoscaling.missing_data",
            "unknown value 'bad'; the values are: missing, ignore, breaching, notBreaching",
        ),
        (
            scaling(', metric_delay = "2min"'),
            "autoscaling.metric_delay",
            "'2min' is above 59s (a datapoint is evaluated before the next)",
        ),
        (
            schedule('{ cron = "0 9 * * ? *", rate = "1 hour", min = 5 }'),
            "schedule.0",
            "has cron and rate of cron, rate and at; a scheduled action has exactly one",
        ),
        (
            schedule("{ min = 5 }"),
            "schedule.0",
            "has none of cron, rate and at; a scheduled action has exactly one",
        ),
        (
            schedule('{ rate = "1 hour" }'),
            "schedule.0",
            "sets neither min nor max, of which AWS wants at least one (API PutScheduledAction)",
        ),
        (
            schedule('{ rate = "1 hour", min = 5, max = 4 }'),
            "schedule.0.min",
            "5 is above max, 4: AWS refuses a MinCapacity above MaxCapacity; exchange them",
        ),
        (
            schedule('{ rate = "1 hour", min = 5, timezone = "UTC" }'),
            "schedule.0.timezone",
            "has no effect on a rate; take it out",
        ),
        (
            schedule('{ cron = "0 9 * *", min = 5 }'),
            "schedule.0.cron",
            "'cron(0 9 * *)' has 4 fields; AWS's cron has 6: minutes hours day month weekday year",
        ),
        (
            schedule('{ cron = "0 9 * * ? *", min = 5, timezone = "Mars" }'),
            "schedule.0.timezone",
            "'Mars' is not a time zone such as 'Europe/Berlin' or 'UTC'",
        ),
        (
            schedule('{ cron = "0 9 * * ? *", min = 5 }', top=""),
            "schedule.0.cron",
            "needs the clock time at which the experiment starts, such as simulation.start = 2026-11-27T08:00:00Z",
        ),
        (
            schedule('{ cron = "0 12 * * ? *", min = 5 }'),
            "schedule.0.cron",
            "is never due in an experiment of 1h; give another time, move simulation.start, or take the action out",
        ),
        (
            schedule('{ at = 2026-11-27T09:30:00+01:00, min = 5, timezone = "UTC" }'),
            "schedule.0.timezone",
            "has no effect on a time with an offset of its own; take one out",
        ),
        (
            schedule('{ at = "2026-11-27T09:00:00", timezone = "Europe/Berlin", min = 5 }'),
            "schedule.0.at",
            "is never due in an experiment of 1h; give another time, move simulation.start, or take the action out",
        ),
    ],
)
def test_what_is_refused(text: str, key: str, message: str, messages) -> None:
    lines = messages(text)
    assert [line.split(": ", 1)[1] for line in lines] == [f"{AT}.{key}: {message}"]


def test_all_at_once(messages) -> None:
    text = scaling(concurrency=5) + "[function.b]\nduration = 'constant(1s)'\ninit = 'constant(1s)'\n"
    text += "provisioned = { concurrency = 3, schedule = [{ rate = '1 hour' }, { min = 3 }] }\n"
    found = [line.split(": ")[1] for line in messages(text)]
    assert found == [f"{AT}.concurrency", "function.b.provisioned.schedule.0", "function.b.provisioned.schedule.1"]


@pytest.mark.parametrize(
    "text",
    [
        scaling(),
        scaling(', statistic = "Maximum", low_alarm_datapoints = 3, scale_in_cooldown = "5min"'),
        schedule('{ cron = "0 9 * * ? *", min = 5 }, { rate = "30 minutes", max = 50 }'),
        schedule('{ at = 2026-11-27T10:00:00, timezone = "Europe/Berlin", min = 5 }'),
        schedule("{ at = 2026-11-27T10:00:00+01:00, min = 5 }"),
    ],
)
def test_it_is_read_back(text: str, load) -> None:
    import tomllib

    config = load(text).config
    assert config_from_dict(tomllib.loads(resolved_toml(config))).config == config


def test_small_accounts_keep_less_unreserved(messages) -> None:
    top = "account = { concurrency = 10, unreserved_minimum = 4 }\n"
    assert messages(file("{ concurrency = 6 }", top)) == []
    assert "adds up to 7" in messages(file("{ concurrency = 7 }", top))[0]


@pytest.mark.parametrize("holder", ["version.1", "alias.live"])
def test_a_version_or_alias_is_held_to_the_same(holder: str, messages) -> None:
    text = file("""{ concurrency = 5 }
[function.api.version.1]
[function.api.alias.live]
weights = { "1" = 1.0 }
""").replace("provisioned = { concurrency = 5 }\n", "")  # fmt: skip
    text += f"[function.api.{holder}.provisioned]\nconcurrency = 50\n"
    text += "autoscaling = { min = MIN, max = 9, target_utilization = 0.7 }\n"
    text += 'schedule = [{ cron = "0 9 30 2 ? *", min = 2 }, { min = 2 }]\n'
    for low, wrong in ((10, "autoscaling.min"), (1, "concurrency")):
        found = [line.split(": ")[1] for line in messages(text.replace("MIN", str(low)))]
        assert found == [f"function.api.{holder}.provisioned.{key}" for key in (wrong, "schedule.0.cron", "schedule.1")]
    found = messages(text.replace("MIN", "1").replace(START, ""))
    assert any("schedule.0.cron: needs the clock time at which" in line for line in found)


@pytest.mark.parametrize(("reserved", "most"), [("", 900), ("reserved_concurrency = 30", 30)])
def test_more_than_can_be_provisioned_is_advised_against(reserved: str, most: int, load) -> None:
    """AWS takes such bounds, and scales no further than its quota lets it."""
    policy = f"min = 1, max = {most + 1}, target_utilization = 0.7"
    actions = f'{{ rate = "10 minutes", min = {most + 2} }}, {{ rate = "20 minutes", min = {most} }}'
    table = f"{{ concurrency = 5, autoscaling = {{ {policy} }}, schedule = [{actions}] }}"
    found = [(one.path, one.words, one.remedy) for one in advice(load(f"{file(table)}{reserved}\n").config)]
    assert found == [
        (f"{AT}.autoscaling.max", f"AWS provisions at most {most} for api, and so never {most + 1}", most),
        (f"{AT}.schedule.0.min", f"AWS provisions at most {most} for api, and so never {most + 2}", most),
    ]
    assert advice(load(file(table.replace(str(most + 1), "9").replace(str(most + 2), "9"))).config) == []

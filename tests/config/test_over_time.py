"""Changes at a time: what can be set, what AWS refuses at that time, and what never happens."""

import tomllib

import pytest

from lambdasim.config import config_from_dict
from lambdasim.config.changeable import CAN_CHANGE
from lambdasim.config.load import with_values
from lambdasim.config.resolved import resolved_toml

BASE = """
[simulation]
start = 2026-11-27T08:00:00Z
[function.api]
duration = "constant(1s)"
init = "constant(1s)"
reserved_concurrency = 20
provisioned = { concurrency = 2 }
[function.worker]
duration = "constant(1s)"
init = "constant(1s)"
timeout = "10s"
[function.idle]
duration = "constant(1s)"
init = "constant(1s)"
[function.scaled]
duration = "constant(1s)"
init = "constant(1s)"
provisioned = { concurrency = 2, autoscaling = { min = 2, max = 9, target_utilization = 0.7 } }
[source.jobs]
type = "sqs"
function = "worker"
[source.http]
type = "apigateway-http"
function = "worker"
[source.calls]
type = "async-invoke"
function = "worker"
[source.clicks]
type = "kinesis"
function = "worker"
[downstream.db]
type = "database"
[[load]]
target = "api"
executor = "poisson"
rate = "1/s"
duration = "1h"
[[load]]
target = "jobs"
executor = "poisson"
rate = "1/s"
duration = "1h"
[[load]]
target = "clicks"
executor = "poisson"
rate = "1/s"
duration = "1h"
[[load]]
target = "http"
executor = "poisson"
rate = "1/s"
duration = "1h"
[[load]]
target = "calls"
executor = "poisson"
rate = "1/s"
duration = "1h"
"""
CAN = CAN_CHANGE
FAULTS = "{ downstream = NAME, slowdown = 5.0 }, { downstream = NAME, down = true }, " \
         "{ function = NAME, errors = 0.1 }, { source = NAME, disabled = true }, " \
         "{ source = NAME, record_errors = 0.1 }, { environments_lost = 0.33 }, { lambda_errors = 0.05 }"  # fmt: skip
SET = 'set = { "account.concurrency" = 2000 }'


@pytest.mark.parametrize(
    ("lines", "key", "message"),
    [
        (SET, "", 'has neither time nor at; say once when, such as time = "30min"'),
        (f'time = "1min"\nat = 2026-11-27T08:30:00Z\n{SET}', "",
         'has both time and at; say once when, such as time = "30min"'),
        (f'time = "1h"\n{SET}', ".time", "is not before the end of the experiment, 1h"),
        (f"at = 2026-11-27T09:00:00Z\n{SET}", ".at", "is not before the end of the experiment, 1h"),
        (f"at = 2026-11-27T07:00:00Z\n{SET}", ".at", "is before the experiment starts"),
        (f'time = "10min"\nuntil = "10min"\n{SET}', ".until", "is not after the change begins"),
        (f'time = "10min"\nuntil = "soon"\n{SET}', ".until",
         "'soon' needs a number and a unit, such as '80ms', '1.5s' or '10min'"),
        ('time = "10min"', "", "has none of set, deploy and fault; a change is exactly one"),
        (f'time = "1min"\n{SET}\nfault = {{ downstream = "db", slowdown = 2 }}', "",
         "has set and fault of set, deploy and fault; a change is exactly one"),
        ('time = "1min"\nset = {}', ".set", 'sets nothing; write set = { "account.concurrency" = 2000 }'),
        ('time = "1min"\nset = { "function.api.reuse" = "random" }', ".set",
         f"function.api.reuse does not change during a run of this version; these do: {CAN}"),
        ('time = "1min"\nset = { "source.jobs.payload" = "2 KB" }', ".set",
         f"source.jobs.payload does not change during a run of this version; these do: {CAN}"),
        ('time = "1min"\nset = { "source.clicks.parallelization_factor" = 11 }', ".set",
         "from 1min on source.clicks.parallelization_factor: 11 is outside 1 to 10 (AWS's limit: "
         "API CreateEventSourceMapping)"),
        ('time = "1min"\nset = { "source.jobs.function" = "ap" }', ".set",
         "from 1min on source.jobs.function: no function is named 'ap'; did you mean 'api'?"),
        ('time = "1min"\nset = { "source.calls.function" = "api" }', ".set",
         "source.calls.function is of no event source mapping, whose function alone may be another one at a time; let "
         "two loads go to two sources, one after the other, or shift the weights of an alias"),
        ('time = "1min"\nset = { "source.jobs.dead_letter_queue" = "jobs" }', ".set",
         "from 1min on source.jobs.max_receive_count: is missing; a dead_letter_queue needs it, such as "
         "max_receive_count = 5 (DG:services-sqs-configure)"),
        ('time = "1min"\nset = { "source.clicks.on_failure" = "api" }', ".set",
         "from 1min on source.clicks.on_failure: 'api' is a function; AWS takes a standard queue, a topic or a bucket "
         "here (API of Lambda, OnFailure, 2026-11); name one, or leave it out"),
        ('time = "1min"\nset = { "source.jobs.batch_size" = 11 }', ".set",
         "from 1min on source.jobs.batch_size: 11 needs a batching_window of at least 1s, which AWS asks for above 10 "
         "(API CreateEventSourceMapping)"),
        ('time = "1min"\nset = { "source.http.rate_limit" = "5/s" }', ".set",
         "from 1min on source.http.burst_limit: is missing; a stage has it beside rate_limit"),
        ('time = "1min"\nset = { "source.calls.rate_limit" = "5/s" }', ".set",
         "source.calls.rate_limit does not change during a run of this version; of a stage of API Gateway it does"),
        ('time = "1min"\nset = { "function.apii.reserved_concurrency" = 3 }', ".set",
         "function.apii.reserved_concurrency: no function is named 'apii'; did you mean 'api'?"),
        ('time = "1min"\nset = { "account.concurency" = 3 }', ".set",
         "from 1min on account.concurency: unknown key; did you mean 'concurrency'?"),
        ('time = "1min"\nset = { "function.api.reserved_concurrency" = 1 }', ".set",
         "from 1min on function.api.provisioned.concurrency: 2 is above the function's reserved concurrency of 1, "
         "which AWS refuses (DG:provisioned-concurrency)"),
        ('time = "1min"\nset = { "function.api.reserved_concurrency" = 999 }', ".set",
         "from 1min on function.api.reserved_concurrency: reserved concurrency adds up to 999 with this function, "
         "above 900: AWS keeps 100 of the account's 1000 unreserved (DG:configuration-concurrency)"),
        ('time = "1min"\nset = { "function.scaled.provisioned.concurrency" = 3 }', ".set",
         "function.scaled.provisioned.concurrency is set by autoscaling or a schedule; change their bounds with a "
         "scheduled action"),
        ('time = "1min"\nfault = { downstream = "db" }', ".fault",
         f"downstream is no fault; these are: {FAULTS}"),
        ('time = "1min"\nfault = { environments_lost = 0.3, errors = 0.1 }', ".fault",
         f"environments_lost with errors is no fault; these are: {FAULTS}"),
        ('time = "1min"\nfault = { downstream = "dbb", slowdown = 2 }', ".fault.downstream",
         "no downstream is named 'dbb'; did you mean 'db'?"),
        ('time = "1min"\nfault = { function = "x", errors = 0.1 }', ".fault.function",
         "no function is named 'x'; there are: api, worker, idle, scaled"),
        ('time = "1min"\nfault = { function = "idle", errors = 0.1 }', ".fault.function",
         "nothing calls 'idle', so nothing fails; send it requests, or take the fault out"),
        ('time = "1min"\nfault = { function = "api", errors = 2 }', ".fault.errors",
         "2 is outside 0 to 1 (0% to 100%)"),
        ('time = "1min"\nfault = { source = "clicke", disabled = true }', ".fault.source",
         "no source with an event source mapping is named 'clicke'; did you mean 'clicks'?"),
        ('time = "1min"\nfault = { source = "jobs", disabled = false }', ".fault.disabled",
         "false is no fault; take the change out"),
        ('time = "1min"\ndeploy = { function = "api", set = {} }', ".deploy.set",
         'is missing: it says what the update changes, as set = { duration = "…" }'),
    ],
)  # fmt: skip
def test_what_is_refused(lines: str, key: str, message: str, messages) -> None:
    found = [line.split(": ", 1)[1] for line in messages(f"{BASE}[[change]]\n{lines}\n")]
    assert found == [f"change.0{key}: {message}"]


def test_all_at_once_with_what_is_wrong_without_changes(messages) -> None:
    """Deployments onto themselves, values that do not change and alarms on nothing are told beside all else."""
    text = (
        BASE.replace("reserved_concurrency = 20", "reserved_concurrency = 1")
        + """
[function.code]
duration = "constant(1s)"
init = "constant(1s)"
[function.code.version.1]
[function.code.version."$LATEST"]
provisioned = { concurrency = 1 }
[function.code.alias.live]
weights = { "1" = 1.0 }
[[load]]
target = "code:live"
executor = "poisson"
rate = "1/s"
duration = "1h"
[[change]]
time = "1min"
deploy = { alias = "code:live", version = 1 }
[[change]]
time = "1min"
deploy = { alias = "code:love", version = 1 }
[[change]]
time = "1min"
set = { "function.api.reuse" = "random", "function.apii.memory" = "1 GB" }
[alarm.silent]
metric = "idle.errors"
expression = "Sum > 5"
"""
    )
    found = [line.split(": ", 1)[1] for line in messages(text)]
    assert [line.partition(":")[0] for line in found] == [
        "function.api.provisioned.concurrency", 'function.code.version."$LATEST"', "change.0.deploy.version",
        "change.1.deploy.alias", "change.2.set", "change.2.set", "alarm.silent.metric",
    ]  # fmt: skip
    assert found[1].endswith(
        "[function.code] itself is $LATEST; take the table out: AWS gives it no provisioned concurrency "
        "(DG:provisioned-concurrency), a version has it"
    )


def test_all_at_once(messages) -> None:
    text = f'{BASE}[[change]]\nname = "a"\ntime = "2h"\n{SET}\n[[change]]\nname = "a"\ntime = "1min"\n'
    text += '[[change]]\ntime = "2h"\nfault = { sauce = "jobs", disabled = true }\n'
    found = [line.split(": ")[1] for line in messages(text)]
    assert found == ["change.0.time", "change.1", "change.1.name", "change.2.time", "change.2.fault.sauce"]


def test_what_holds_when(load) -> None:
    """Values are those of the file with all that has begun and not ended, the later over the earlier."""
    text = BASE + (
        f'[[change]]\ntime = "10min"\nuntil = "40min"\n{SET}\n'
        '[[change]]\ntime = "20min"\nuntil = 2026-11-27T08:30:00Z\n'
        'set = { "account.concurrency" = 3000, "function.api.reserved_concurrency" = 9 }\n'
        '[[change]]\ntime = "50min"\n'
        'set = { "function.api.reserved_concurrency" = "none" }\n'
    )
    moments = load(text).config.moments
    found = [
        (one.at_ns // 60_000_000_000, one.config.account.concurrency, one.config.function["api"].reserved_concurrency)
        for one in moments
    ]
    assert found == [(10, 2000, 20), (20, 3000, 9), (30, 2000, 20), (40, 1000, 20), (50, 1000, None)]


def test_it_is_read_back_and_addressed_by_name(load) -> None:
    text = f'{BASE}[[change]]\nname = "friday"\ntime = "10min"\nuntil = "1h30m"\n{SET}\n'
    text += '[[change]]\ntime = "5min"\nfault = { downstream = "db", slowdown = 5.0 }\n'
    loaded = load(text)
    config = loaded.config
    again = config_from_dict(tomllib.loads(resolved_toml(config))).config
    assert again == config
    assert again.moments == config.moments
    later = with_values(loaded, {"change.friday.time": "20min", "change.change-2.fault.slowdown": 3.0}).config
    assert [later.change[0].time, later.change[1].fault.slowdown] == [1_200_000_000_000, 3.0]


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ('"function.worker.provisioned.concurrency" = 20', [
            "function.worker.provisioned.concurrency: worker has no provisioned concurrency that could change; add "
            "[function.worker.provisioned], as with concurrency = 0"]),
        ('"function.worker.version.7.memory" = "1 GB"', [
            "function.worker.version.7.memory: version 7 is not published; there are: none"]),
        ('"function.worker.alias.live.weights" = { "1" = 1.0 }', [
            "function.worker.alias.live.weights: no alias is named 'live'; there are: none"]),
        ('"downstream.dbb.max_connections" = 7', [
            "downstream.dbb.max_connections: no downstream is named 'dbb'; did you mean 'db'?"]),
        ('"account.era" = "2021"', [f"account.era does not change during a run of this version; these do: {CAN}"]),
        ('"account.concurency" = 3, "function.apii.memory" = "1 GB", "source.jobz.enabled" = false', [
            "function.apii.memory: no function is named 'apii'; did you mean 'api'?",
            "source.jobz.enabled: no source is named 'jobz'; did you mean 'jobs'?",
            "from 1min on account.concurency: unknown key; did you mean 'concurrency'?"]),
    ],
)  # fmt: skip
def test_each_wrong_path_is_told_once(values: str, told: list[str], messages) -> None:
    """Also where another change begins while the first goes on, and it ends."""
    text = f'{BASE}[[change]]\ntime = "1min"\nuntil = "30min"\nset = {{ {values} }}\n'
    text += f'[[change]]\ntime = "10min"\n{SET}\n'
    assert [line.split(": change.0.set: ", 1)[1] for line in messages(text)] == told


def test_what_is_refused_at_an_end_is_told_of_the_change_that_ends(messages) -> None:
    text = BASE.replace("[source.jobs]", """[function.worker.version]
1 = {}
2 = {}
[function.worker.alias.live]
weights = { "1" = 1.0 }
provisioned = { concurrency = 2 }
[source.jobs]""")  # fmt: skip
    text += '[[change]]\ntime = "1min"\nuntil = "30min"\n'
    text += 'set = { "function.worker.alias.live.provisioned.concurrency" = 5 }\n'
    text += '[[change]]\ntime = "10min"\nset = { "function.worker.alias.live.weights" = { "1" = 0.5, "2" = 0.5 } }\n'
    (found,) = messages(text)
    assert "change.0.set: function.worker.alias.live.provisioned.concurrency changes while the alias" in found


def test_a_change_is_not_named_by_a_number(messages) -> None:
    (found,) = messages(f'{BASE}[[change]]\nname = "0"\ntime = "1min"\n{SET}\n')
    assert found.endswith("change.0.name: is a number, by which paths call a change by its place; give it a word")
    (found,) = messages(BASE.replace('target = "api"', 'target = "api"\nname = "2"'))
    assert found.endswith("load.0.name: is a number, by which paths call a load by its place; give it a word")


def test_what_is_wrong_with_changes_and_alarms_is_told_beside_the_rest(messages) -> None:
    """All at once: a version that is not published, a time too late, an unknown path, a metric that nothing has."""
    text = BASE.replace("reserved_concurrency = 20", "reserved_concurrency = -1").replace('"10s"', '"30m0"')
    text += f"""
[[change]]
name = "release"
time = "1min"
deploy = {{ alias = "api:live", version = "2" }}
[[change]]
name = "late"
time = "2h"
{SET}
[[change]]
name = "typo"
time = "1min"
set = {{ "acount.concurrency" = 3 }}
[[change]]
name = "doubtful"
time = "1min"
fault = {{ function = "api", errors = 2 }}
[alarm.a]
metric = "jobs.ages"
expression = "max > 1"
"""
    assert [line.split(": ")[1] for line in messages(text)] == [
        "function.api.reserved_concurrency", "function.worker.timeout", "change.release.deploy.alias",
        "change.late.time", "change.typo.set", "change.doubtful.fault.errors", "alarm.a.metric",
    ]  # fmt: skip

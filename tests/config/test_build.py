"""Whatever an experiment holds, it is an experiment or an ``InputError``; nothing else is ever raised."""

from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from lambdasim.config import config_from_dict, with_values
from lambdasim.config.quantity import ConfigTable
from lambdasim.config.reading import keys_of, table_types
from lambdasim.config.schema import ExperimentConfig
from lambdasim.errors import InputError

_KEYS = sorted(
    {key for table in table_types(ExperimentConfig) for key in keys_of(table)} | {"async", "per", "dist", "0"}
)
_TEXTS = st.sampled_from(
    ["", "api", "*", "1s", "-1s", "nan", "300/s", "2%", "1 GB", "constant(1s)", "poisson", "constant-vus", "\0"]
)
_LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats() | _TEXTS | st.text(max_size=5) | st.dates() | st.datetimes()
)
_VALUES = st.recursive(
    _LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_KEYS) | st.text(max_size=3), inner),
    max_leaves=10,
)
_PATHS = st.lists(st.sampled_from([*_KEYS, "api"]), min_size=1, max_size=4).map(".".join)
_FUNCTION = {"duration": "constant(1s)", "init": "constant(1s)"}
_LOAD = {"target": "api", "executor": "poisson", "rate": "1/s", "duration": "1h"}


def _outcome(make: Any) -> str:
    try:
        make()
    except InputError as error:
        return str(error)
    return "an experiment"


@settings(deadline=None)
@given(
    st.dictionaries(st.sampled_from(_KEYS), _VALUES, max_size=3),
    st.dictionaries(st.sampled_from(_KEYS), _VALUES, max_size=3),
    st.dictionaries(st.sampled_from(_KEYS), _VALUES, max_size=3),
)
@example({}, {"provisioned": {"autoscaling": 3}}, {"trace": {"format": ["x"]}, "client": {"mode": []}})
@example({"source": {"api": {"type": []}}, "slo": {"api": [[]]}}, {}, {"name": []})
def test_any_values(top: dict[str, Any], function: dict[str, Any], load: dict[str, Any]) -> None:
    tree = {"function": {"api": {**_FUNCTION, **function}}, "load": [{**_LOAD, **load}], **top}
    assert _outcome(lambda: config_from_dict(tree))


@settings(deadline=None)
@given(st.dictionaries(_PATHS, _VALUES, max_size=3))
@example({"function": {}, "function.api.memory": "2 GB"})
@example({"load": 3, "load.0.rate": "1/s"})
def test_any_changes(changes: dict[str, Any]) -> None:
    loaded = config_from_dict({"function": {"api": _FUNCTION}, "load": [_LOAD]})
    before = dict(loaded.raw)
    assert _outcome(lambda: with_values(loaded, changes))
    assert loaded.raw == before


def test_every_table_of_the_file_is_known() -> None:
    tables = table_types(ExperimentConfig)
    assert all(issubclass(table, ConfigTable) for table in tables)
    assert {table.__name__ for table in tables} == {
        "Alarm",
        "Alias",
        "Autoscaling",
        "Change",
        "ColdStart",
        "Deployment",
        "DeploymentAlarm",
        "Fault",
        "FunctionVersion",
        "Pool",
        "ScheduledAction",
        "Steps",
        "Warmer",
        "ExperimentConfig",
        "Simulation",
        "Account",
        "Scaling",
        "Billing",
        "FunctionConfig",
        "Provisioned",
        "Asked",
        "Asynchronous",
        "Invoke",
        "AsynchronousSource",
        "Gateway",
        "ApiGateway",
        "ScheduleSource",
        "StreamSource",
        "KafkaSource",
        "KafkaPollers",
        "BrokerSource",
        "Pause",
        "Per",
        "MapSource",
        "Downstream",
        "Slowdown",
        "Use",
        "Call",
        "LoadConfig",
        "Client",
        "Trace",
        "Stage",
        "Sweep",
        "Optimize",
        "Output",
        "SqsSource",
        "SqsScaling",
        "ProvisionedPollers",
    }

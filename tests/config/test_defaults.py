from lambdasim.config.defaults import Default, defaults_of, tables_in, tables_of
from lambdasim.config.load import config_from_dict
from lambdasim.config.resolved import resolved_tables, resolved_toml

FUNCTION = {"duration": "constant(1ms)", "init": "constant(1ms)"}
LOAD = {"target": "api", "executor": "constant-arrival-rate", "rate": "1/s", "duration": "1min"}


def test_every_default_of_a_resolved_experiment_is_read_back() -> None:
    client = {"retries": 2, "backoff": "exponential(base=100ms, max=2s)"}
    functions = {"api": {**FUNCTION, "provisioned": {"concurrency": 2}}, "b": FUNCTION, "c": FUNCTION}
    config = config_from_dict(
        {
            "function": functions,
            "source": {"http": {"type": "invoke", "function": "b"}},
            "load": [LOAD, {**LOAD, "target": "http", "client": client}],
        }
    ).config
    text, written = resolved_toml(config), list(resolved_tables(config))
    found = list(defaults_of(text))
    assert tables_in(written) == list(tables_of(text))
    assert len(found) == sum("  # default" in line for line in text.splitlines())
    assert Default(("function", "b"), "timeout", '"3s"', "official", "AWS, API CreateFunction, 2026-11-23") in found
    assert (
        Default(("account",), "concurrency", "1000", "official", "AWS, DG:gettingstarted-limits, 2026-11-23") in found
    )
    assert Default(("account", "scaling"), "per", '"10s"', "official", "AWS, DG:scaling-behavior, 2026-11-23") in found
    assert Default(("load", "1"), "process", '"poisson"', "neutral", "lambdasim") in found
    assert {one.table[:2] for one in found if one.table[:1] == ("load",)} == {("load", "0"), ("load", "1")}


def test_what_was_chosen_is_no_default_whatever_it_says() -> None:
    text = resolved_toml(
        config_from_dict(
            {
                "question": "x  # default: AWS, nowhere",
                "name": 'y"  # default: "z',
                "function": {"api": {**FUNCTION, "memory": "128 MB"}},
                "load": [LOAD],
            }
        ).config
    )
    found = {(*one.table, one.key) for one in defaults_of(text)}
    assert not {("question",), ("name",), ("function", "api", "memory"), ("function", "api", "duration")} & found
    assert ("function", "api", "timeout") in found


def test_tables_inside_an_array_belong_to_its_latest_element() -> None:
    text = '[[load]]\n[load.client]\na = 1  # default: x\n[[load]]\n[load."q.r"]\nb = 2  # default, ours: y\n'
    assert list(defaults_of(text)) == [
        Default(("load", "0", "client"), "a", "1", "neutral", "x"),
        Default(("load", "1", "q.r"), "b", "2", "ours", "y"),
    ]


def test_other_texts_have_none() -> None:
    assert not list(defaults_of(""))
    assert not list(defaults_of("[unclosed\na = [  # default: x\n] = \n"))

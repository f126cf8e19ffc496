"""Everything that is wrong with a file is said at once, and nothing that only follows from something already said."""

import pytest

LOAD = '[[load]]\ntarget = "a"\nexecutor = "poisson"\nrate = "1/s"\nduration = "1h"\n'
GOOD = 'duration = "constant(1s)"\ninit = "constant(1s)"\n'
A = f"[function.a]\n{GOOD}"


def function(lines: str, name: str = "b") -> str:
    return f"{LOAD}{A}[function.{name}]\n{GOOD}{lines}\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # the sum over functions, one of which has a key that is wrong
        (
            function("reserved_concurrency = 500\nmemory = 3") + f"[function.c]\n{GOOD}reserved_concurrency = 401\n",
            ["function.b.memory: 3 needs", "function.c.reserved_concurrency: reserved concurrency adds up to 901"],
        ),
        (
            "[account]\nregoin = 'x'\nconcurrency = 110\n" + function("reserved_concurrency = 11"),
            ["account.regoin: unknown key", "function.b.reserved_concurrency: reserved concurrency adds up to 11"],
        ),
        # sums that nobody can know
        ("[account]\nconcurrency = -1\n" + function("reserved_concurrency = 950"), ["account.concurrency: -1 is"]),
        (
            function("reserved_concurrency = -5\nprovisioned = { concurrency = 950 }"),
            ["function.b.reserved_concurrency: -5 is outside"],
        ),
        (
            function("reserved_concurency = 960\nprovisioned = { concurrency = 950 }"),
            ["function.b.reserved_concurency: unknown key; did you mean 'reserved_concurrency'?"],
        ),
        # two keys of one function, a third of which is wrong
        (
            function("reserved_concurrency = 5\nerrors = 2\nprovisioned = { concurrency = 6, x = 1 }"),
            [
                "function.b.errors: 2 is outside",
                "function.b.provisioned.concurrency: 6 is above",
                "function.b.provisioned.x: unknown",
            ],
        ),
        (function("reserved_concurrency = 5\nprovisioned = {}"), ["function.b.provisioned.concurrency: is missing"]),
        (f'{LOAD}{A}[function.b]\nduration = "1s"\n', ["function.b.duration: '1s' is", "function.b: a cold start"]),
        (f'{LOAD}{A}[function.b]\nduration = "constant(1s)"\ninit = 3\n', ["function.b.init: 3 is not"]),
        (f'{LOAD}{A}[function.b]\nduration = "constant(1s)"\nintt = 3\n', ["function.b.intt: unknown key"]),
        # loads
        (
            A + LOAD.replace("target", "name = 'l'\ntarget").replace('"1/s"', "1") * 2,
            ["load.0.rate: 1 needs", "load.1.name: another load is named 'l' too", "load.1.rate: 1 needs"],
        ),
        (
            A + LOAD.replace('"a"', '"x"').replace("rate", "vus = 3\nrate").replace("1h", "1"),
            [
                "load.0.target: no function or source is named 'x'",
                "load.0.vus: has no effect",
                "load.0.duration: 1 needs",
            ],
        ),
        (A + LOAD.replace("poisson", "poison"), ["load.0.executor: unknown value 'poison'"]),
        (A + LOAD.replace("executor", "# "), ["load.0: needs an executor, a trace, or per to follow others"]),
        (
            A + '[[load]]\nstart_time = 1\ntrace = { file = "none.csv", format = "event", bin = "1s" }\n',
            [
                "load.0.start_time: 1 needs",
                "load.0.trace.file: there is no file",
                "load.0.trace.format: unknown value",
            ],
        ),
        (
            A + LOAD + 'client = { mode = "standard", clients = 0, backoff = "exponential(base=1s, max=2s)" }\n',
            [
                "load.0.client.clients: 0 is outside",
                "load.0.client.backoff: the mode 'standard' brings its own",
            ],
        ),
        (
            A + LOAD.replace("poisson", "ramping-arrival-rate").replace('rate = "1/s"\n', "") + "stages = [{}]\n",
            [
                "load.0.duration: has no effect",
                "load.0.stages.0.duration: is missing",
                "load.0.stages.0.target: is missing",
            ],
        ),
        (A + LOAD + "think_time = 3\n", ["load.0.think_time: 3 is not a distribution"]),
        # sources
        (
            f'{LOAD}{A}[source.s]\ntype = "x"\nfunction = "y"\n',
            ["source.s.type: unknown value", "source.s.function: no function is named 'y'"],
        ),
        (f"{LOAD}{A}[source.s]\nfunction = 3\n", ["source.s.type: is missing", "source.s.function: 3 is not a text"]),
    ],
)
def test_all_that_is_wrong_and_nothing_else(text: str, expected: list[str], messages) -> None:
    found = [line.partition(": ")[2] for line in messages(text)]
    assert len(found) == len(expected), found
    for line, start in zip(sorted(found), sorted(expected), strict=True):
        assert line.startswith(start)


def test_unknown_keys_of_tables_by_name_are_told_of_their_own_keys(messages) -> None:
    alarm = '[alarm.x]\nmetric = "a.errors"\nexpresion = "rate > 1%"\n'
    text = f'{A}alias.live = {{ wieghts = {{ "1" = 1 }} }}\n{LOAD}{alarm}'
    found = [line.rpartition(": ")[2] for line in messages(text) if "unknown key" in line]
    assert found == ["unknown key; did you mean 'weights'?", "unknown key; did you mean 'expression'?"]


def test_bad_paths_of_overrides_do_not_hide_the_file(messages) -> None:
    found = messages(A + LOAD.replace('"1/s"', "1"), ("function.x.memory", "1 GB"), ("load.0.target", "y"))
    assert found == [
        "function.x.memory: no function is named 'x'; there are: a",
        "load.0.target: no function or source is named 'y'; there are: a",
        "e.toml:7: load.0.rate: 1 needs a number and a unit, such as '300/s', '5/min' or '2/h'",
    ]


@pytest.mark.parametrize("warmup", ["1h", "2h"])
def test_a_warm_up_as_long_as_the_loads(warmup: str, load, messages) -> None:
    text = f'simulation = {{ warmup = "{warmup}" }}\n{A}{LOAD}'
    assert messages(text) == ["e.toml:1: simulation.warmup: nothing is left of the loads, which end after 1h"]
    assert load(text.replace('duration = "1h"', 'duration = "1h"\nstart_time = "90min"')).config.simulation.warmup
    assert load(text + '[[load]]\ntarget = "a"\ntrace = { file = "e.toml", format = "events" }\n').config
    assert len(messages(text.replace('"1h"\n', '"1"\n'))) == 1, "an end that nobody can know"

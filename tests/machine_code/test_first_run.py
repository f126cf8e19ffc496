"""What a first run compiles: its own loop and no other, in two processes, and what happens where that cannot be."""

import pytest

import lambdasim as ls
from lambdasim import simulate
from lambdasim.engine.compiled import native as loops
from lambdasim.errors import InputError
from lambdasim.machine_code import beside, native
from lambdasim.machine_code.program import (
    EVERY_RUN,
    FOR_ALL,
    FOR_PLAIN,
    METRICS,
    PLAIN_LOOP,
    QUEUES,
    SERIES,
    WORKLOAD,
)
from lambdasim.scenario.beginning import prepare_all

pytest.importorskip("numba")

LOAD = {"target": "f", "executor": "constant-arrival-rate", "rate": "20/s", "duration": "10s"}
FUNCTION = {"duration": "lognormal(p50=80ms, p99=600ms)", "init": "constant(1s)"}


def experiment(function=(), **settings) -> ls.Experiment:
    return ls.Experiment(functions={"f": {**FUNCTION, **dict(function)}}, **{"loads": [LOAD], **settings})


QUEUE = {"sources": {"q": {"type": "sqs", "function": "f"}}, "loads": [{**LOAD, "target": "q"}]}
ALARM = {"alarm": {"a": {"metric": "f.errors", "expression": "rate > 1%"}}}
KINDS = {
    "plain": (experiment(), FOR_PLAIN),
    "with a reservation": (experiment({"reserved_concurrency": 1}), FOR_ALL),
    "with a queue": (experiment(**QUEUE), (*FOR_ALL, QUEUES)),
    "watched by what may change something": (experiment(**ALARM), FOR_ALL),
}


@pytest.fixture
def needed(monkeypatch) -> list:
    """What is asked for; nothing is compiled that is kept."""
    asked = []

    def prepare(programs):
        asked.append(tuple(programs))
        native.prepare(programs)

    monkeypatch.setattr(loops, "prepare", prepare)
    return asked


@pytest.mark.parametrize("kind", KINDS)
def test_a_run_needs_the_programs_of_its_own_loop(kind: str, needed) -> None:
    own, programs = KINDS[kind]
    own.run(engine="compiled")
    assert needed == [(*programs, *EVERY_RUN)]


def test_what_several_processes_will_run_is_compiled_before(needed, monkeypatch) -> None:
    monkeypatch.setattr(native, "is_at_hand", lambda program: False)
    monkeypatch.setattr(native, "prepare", needed.append)
    prepare_all(own.config for own, _ in KINDS.values())
    [together] = needed
    assert {*together} == {*FOR_PLAIN, *FOR_ALL, QUEUES, *EVERY_RUN}


@pytest.fixture
def no_compiler(monkeypatch) -> None:
    """The loop for plain plans is at hand; the other cannot be compiled, as Numba cannot be loaded."""
    KINDS["plain"][0].run(engine="compiled")

    def fails(programs):
        raise ImportError("Numba needs NumPy 1.26 or less")

    is_at_hand = native.is_at_hand
    monkeypatch.setattr(native, "is_at_hand", lambda program: program not in FOR_ALL and is_at_hand(program))
    monkeypatch.setattr(native, "_FOUND", set())
    monkeypatch.setattr(beside, "compiled", fails)


@pytest.mark.parametrize("kind", KINDS)
def test_where_the_other_loop_cannot_be_compiled_simpy_runs_what_needs_it(kind: str, no_compiler, monkeypatch) -> None:
    monkeypatch.setattr(simulate, "LARGE_REQUESTS", 0)
    own, programs = KINDS[kind]
    ran = own.run().summary
    assert ran["engine"]["used"] == ("compiled" if programs == FOR_PLAIN else "simpy")
    by_simpy = own.run(engine="simpy").summary
    assert {**ran, "engine": 0, "wall_s": 0} == {**by_simpy, "engine": 0, "wall_s": 0}
    if programs != FOR_PLAIN:
        with pytest.raises(InputError, match="numba cannot be loaded"):
            own.run(engine="compiled")


def test_two_processes_have_about_as_much_to_do() -> None:
    assert beside._shares([METRICS, WORKLOAD, PLAIN_LOOP]) == [[PLAIN_LOOP], [METRICS, WORKLOAD]]
    assert beside._shares([SERIES]) == [[SERIES]]
    shares = beside._shares([*FOR_ALL, *EVERY_RUN, QUEUES])
    first, second = (sum(own.tenths for own in share) for share in shares)
    assert abs(first - second) <= METRICS.tenths

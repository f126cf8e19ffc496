"""The clock: waiting for a signal, a timeout, or whichever comes first, in the declared order of events."""

import pytest

from lambdasim.engine.reference.clock import Clock, Process, Signal
from lambdasim.model.events import NEVER_NS, EventRank

GIVE_UP, INVOKE_END, VISIBLE = int(EventRank.GIVE_UP), int(EventRank.INVOKE_END), int(EventRank.VISIBLE)

Log = list[tuple[int, str]]


def call(clock: Clock, duration_ns: int, answer: Signal, log: Log) -> Process:
    yield clock.after(duration_ns, INVOKE_END, 0)
    log.append((clock.now_ns, "ends"))
    answer.fire("200")


def caller(clock: Clock, answer: Signal, timeout_ns: int, subject: int, log: Log) -> Process:
    came = yield from clock.within(answer, timeout_ns, GIVE_UP, subject)
    log.append((clock.now_ns, f"{subject}: {answer.value if came else 'timeout'}"))


def story(duration_ns: int, *timeouts_ns: int) -> tuple[Log, int]:
    """Return what happened, and the end of the simulation, of callers who wait for one call."""
    clock = Clock()
    answer, log = Signal(clock), Log()
    for subject, timeout_ns in enumerate(timeouts_ns):
        clock.start(caller(clock, answer, timeout_ns, subject, log))
    clock.start(call(clock, duration_ns, answer, log))
    clock.run()
    return log, clock.now_ns


def test_an_answer_before_the_timeout_comes_first_and_the_simulation_does_not_wait_for_the_timer() -> None:
    assert story(30, 100) == ([(30, "ends"), (30, "0: 200")], 30)


def test_a_timeout_before_the_answer_comes_first_and_the_call_runs_on() -> None:
    assert story(30, 20) == ([(20, "0: timeout"), (30, "ends")], 30)


def test_an_answer_at_the_instant_of_the_timeout_counts() -> None:
    assert story(30, 30) == ([(30, "ends"), (30, "0: 200")], 30)


def test_without_a_timeout_a_caller_waits_for_ever() -> None:
    assert story(30, NEVER_NS) == ([(30, "ends"), (30, "0: 200")], 30)


def test_callers_go_on_in_the_order_of_their_subjects_not_of_their_waiting() -> None:
    clock = Clock()
    answer, log = Signal(clock), Log()
    for subject in (2, 0, 1):
        clock.start(caller(clock, answer, 50, subject, log))
    clock.start(call(clock, 30, answer, log))
    clock.run()
    assert log == [(30, "ends"), (30, "0: 200"), (30, "1: 200"), (30, "2: 200")]


def test_a_caller_goes_on_in_its_place_among_the_other_events_of_the_instant() -> None:
    clock = Clock()
    answer, log = Signal(clock), Log()

    def other(rank: int, name: str) -> Process:
        yield clock.after(30, rank, 7)
        log.append((clock.now_ns, name))

    clock.start(other(VISIBLE, "visible"))
    clock.start(other(int(EventRank.ARRIVAL), "arrival"))
    clock.start(caller(clock, answer, 50, 0, log))
    clock.start(call(clock, 30, answer, log))
    clock.run()
    assert log == [(30, "ends"), (30, "arrival"), (30, "0: 200"), (30, "visible")]


def test_a_signal_that_has_fired_is_not_waited_for() -> None:
    clock = Clock()
    answer, log = Signal(clock), Log()
    answer.fire("202")
    answer.fire("again")
    clock.start(caller(clock, answer, 50, 0, log))
    clock.run()
    assert (log, clock.now_ns) == ([(0, "0: 202")], 0)


@pytest.mark.parametrize("timeout_ns", [10, 40])
def test_callers_of_one_call_each_have_their_own_patience(timeout_ns: int) -> None:
    log, _ = story(30, timeout_ns, 25, 35)
    first = (10, "0: timeout") if timeout_ns == 10 else (30, "0: 200")
    assert sorted(log) == sorted([first, (25, "1: timeout"), (30, "ends"), (30, "2: 200")])

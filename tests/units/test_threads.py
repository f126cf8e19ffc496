"""Stages on threads: the order of all things is kept, errors come out, and nothing goes on after them."""

import threading
from collections.abc import Iterator

import pytest

from lambdasim.threads import AHEAD, WORTH_ROWS, Stages


@pytest.fixture(autouse=True)
def none_stays() -> Iterator[None]:
    """No thread of a test is there after it."""
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) <= before


def many(item: object) -> int:
    """All is worth a thread."""
    return WORTH_ROWS


each_number = pytest.mark.parametrize("threads", [1, 2, 3, 9])


@each_number
def test_everything_comes_in_order(threads: int) -> None:
    done: list[int] = []
    with Stages(threads) as stages:
        later = stages.behind(done.append, many)
        for number in stages.ahead(iter(range(100)), many):
            later(number * number)
        stages.wait()
    assert done == [number * number for number in range(100)]


@pytest.mark.parametrize(("threads", "others"), [(1, 0), (2, 1), (3, 2), (9, 2)])
def test_there_are_as_many_threads_as_were_asked_for(threads: int, others: int) -> None:
    seen = set()
    with Stages(threads) as stages:
        later = stages.behind(lambda _: seen.add(threading.get_ident()), many)
        for ident in stages.ahead((threading.get_ident() for _ in range(5)), many):
            seen.add(ident)
            later(None)
        stages.wait()
    assert len(seen - {threading.get_ident()}) == others


def failing(good: int) -> Iterator[int]:
    yield from range(good)
    raise ValueError("no more")


@each_number
def test_an_error_ahead_comes_out_after_what_was_good(threads: int) -> None:
    came = []
    with pytest.raises(ValueError, match="no more"), Stages(threads) as stages:  # noqa: PT012
        for number in stages.ahead(failing(3), many):
            came.append(number)
    assert came == [0, 1, 2]


@each_number
def test_an_error_behind_comes_out(threads: int) -> None:
    done = []

    def consume(number: int) -> None:
        if number == 2:
            raise ValueError("too much")
        done.append(number)

    with pytest.raises(ValueError, match="too much"), Stages(threads) as stages:  # noqa: PT012
        later = stages.behind(consume, many)
        for number in range(50):
            later(number)
        stages.wait()
    assert done[:2] == [0, 1]
    assert len(done) < 10


@pytest.mark.parametrize("threads", [2, 3])
def test_little_is_made_ahead_of_what_is_taken(threads: int) -> None:
    made = []
    with Stages(threads) as stages:
        for number in stages.ahead((made.append(number) or number for number in range(20)), many):
            assert len(made) <= number + 1 + AHEAD
            if number == 5:
                break
    assert len(made) <= 6 + AHEAD


@pytest.mark.parametrize("threads", [2, 3])
def test_little_waits_to_be_done(threads: int) -> None:
    go, done = threading.Semaphore(0), []

    def consume(number: int) -> None:
        go.acquire()
        done.append(number)

    with Stages(threads) as stages:
        later = stages.behind(consume, many)
        later(0)
        later(1)
        caller = threading.Thread(target=later, args=(2,))
        caller.start()
        caller.join(0.05)
        assert caller.is_alive()
        for _ in range(3):
            go.release()
        caller.join()
        stages.wait()
    assert done == [0, 1, 2]


@each_number
def test_what_is_little_stays_in_one_thread_until_there_is_more(threads: int) -> None:
    """In order all the same, whatever is worth a thread and what is not."""
    worth = [0, 0, WORTH_ROWS, 0, WORTH_ROWS - 1, WORTH_ROWS, 0]
    done: list[tuple[int, int]] = []
    with Stages(threads) as stages:
        later = stages.behind(lambda number: done.append((number, threading.get_ident())), lambda n: worth[n % 7])
        for number in stages.ahead(iter(range(70)), lambda n: worth[n % 7]):
            later(number)
        stages.wait()
    assert [number for number, _ in done] == [*range(70)]
    assert {ident for _, ident in done[:2]} == {threading.get_ident()}
    with Stages(threads) as stages:
        idents = set(stages.ahead((threading.get_ident() for _ in range(50)), lambda _: WORTH_ROWS - 1))
    assert idents == {threading.get_ident()}

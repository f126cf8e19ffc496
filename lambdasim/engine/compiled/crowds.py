"""The state of virtual users as arrays of records, and their requests that are drawn ahead. Data only."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np

from lambdasim.engine.compiled.aliases import ROUTED, route
from lambdasim.engine.compiled.structs import Records, integers
from lambdasim.model.events import request_key
from lambdasim.model.users import still_sends
from lambdasim.plan import PLAN_COLUMNS, ClosedLoop, Plan, UserRows

ROW_COLUMNS: Final = (*PLAN_COLUMNS[PLAN_COLUMNS.index("duration_ns") :], "delay_ns", "think_ns")

CROWD: Final = np.dtype(
    [
        *integers(
            "load", "function", "source",
            "vus", "stop_ns",
            "first",  # of its part of `users`
            "ahead",  # requests of each that are kept
            "first_ahead",  # of its part of `ahead`
            *ROUTED,
        ),
        ("version_key", np.uint64),
    ]
)  # fmt: skip
"""The virtual users of a load."""

USER: Final = np.dtype(
    integers(
        "crowd",
        "number",  # in its crowd
        "iteration",  # which of its requests it sends or waits for
        "known",  # how many are drawn
        "attempt",
        "first_ns",  # when it sent the first
        "place",  # of the version that its request goes to
    )
)  # fmt: skip

AHEAD: Final = np.dtype(integers(*ROW_COLUMNS))
"""A request that is drawn: iteration ``i`` of a user is number ``i % ahead`` of its part."""

SENDS, IS_TRIED_AGAIN = 1, 2
"""Stages of a user's timer."""

ITERATIONS: Final = 64
DRAWN_AT_ONCE: Final = 4_096
MOST_ROWS: Final = 1 << 20
"""The fewest requests of a user that are kept, those of a crowd, and the most of one, which count for more."""


class Crowds(NamedTuple):
    """The arrays of virtual users; none of them grows."""

    crowds: Records
    users: Records
    ahead: Records


def initial_crowds(plan: Plan) -> Crowds:
    """Return the users of a plan at time 0, of whose requests none is drawn."""
    crowds = np.zeros(len(plan.closed_loops), CROWD)
    users = np.zeros(sum(loop.vus for loop in plan.closed_loops), USER)
    first = first_ahead = 0
    for number, (crowd, loop) in enumerate(zip(crowds, plan.closed_loops, strict=True)):
        series = plan.series[loop.load]
        crowd["load"], crowd["function"], crowd["source"] = loop.load, series.function, series.source
        crowd["vus"], crowd["stop_ns"] = loop.vus, loop.stop_ns
        vus = max(loop.vus, 1)
        crowd["ahead"] = max(min(max(DRAWN_AT_ONCE // vus, ITERATIONS), MOST_ROWS // vus), 1)
        crowd["first"], crowd["first_ahead"] = first, first_ahead
        own = users[first:][: loop.vus]
        own["crowd"], own["number"] = number, np.arange(loop.vus)
        first += loop.vus
        route(crowd, series, plan.account.aliases)
        first_ahead += loop.vus * int(crowd["ahead"]) * int(crowd["versions"])
    return Crowds(crowds, users, np.empty(first_ahead, AHEAD))


def beginnings(loops: Sequence[ClosedLoop]) -> list[tuple[int, int, int]]:
    """Return when each user sends its first request, the key of that and the user, in their order."""
    found, first = [], 0
    for loop in loops:
        if still_sends(loop.stop_ns, loop.start_ns):
            found += [(loop.start_ns, request_key(loop.load, user), first + user) for user in range(loop.vus)]
        first += loop.vus
    return sorted(found)


def draw_ahead(crowd: Any, users: Records, ahead_of_all: Records, rows: UserRows) -> None:
    """Draw requests of all users of a crowd, as many as are kept."""
    users, ahead = users[crowd["first"] :][: crowd["vus"]], int(crowd["ahead"])
    lacking = users["iteration"] + ahead - users["known"]
    user = np.repeat(np.arange(len(users)), lacking)
    place = np.arange(len(user)) - np.repeat(np.cumsum(lacking) - lacking, lacking)
    iteration = users["known"][user] + place
    at = user * ahead + iteration % ahead
    for place in range(crowd["versions"]):
        columns = rows.columns(iteration * len(users) + user, place)
        own = ahead_of_all[crowd["first_ahead"] + place * len(users) * ahead :]
        for name in ROW_COLUMNS:
            own[name][at] = columns[name]
    users["known"] += lacking

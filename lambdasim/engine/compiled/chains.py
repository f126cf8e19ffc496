"""The state of links as arrays of records: what sends events on, after what, and what is drawn of these. Data only."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lambdasim.engine.compiled.aliases import ROUTED, route
from lambdasim.engine.compiled.queues import DRAWN_COLUMNS
from lambdasim.engine.compiled.structs import Records, integers, record_of, records_of
from lambdasim.model.links import LinkSpec, Trigger
from lambdasim.model.spec import AccountSpec
from lambdasim.plan import Plan

LINK: Final = record_of(
    LinkSpec,
    own=(
        "source", "function",  # where its events go
        "triggered", "sent", "arrived",  # how often, and how many
        "block",  # which rows are drawn
        "first_drawn",  # of its part of `link_rows`
        *ROUTED,
    ),
    as_type=dict.fromkeys(("count_key", "version_key"), np.uint64),
)  # fmt: skip

LINK_COLUMNS: Final = (*DRAWN_COLUMNS, "delay_ns")
LINK_ROW: Final = np.dtype(integers(*LINK_COLUMNS))
LINK_ROWS: Final = 1_024
"""Events of a link that are drawn ahead."""

FOLLOWER: Final = np.dtype(integers("link", "next"))
"""One of the links that wait for the same."""

AWAITED_END: Final = np.dtype(
    integers(
        "load", "source", "function",  # of the execution, -1 for none
        "status", "chain_depth",
        "trigger",  # what becomes of its event then, -1 for nothing that a link waits for
        "next",
    )
)  # fmt: skip
"""An execution, or an event, whose end links may wait for."""


class Chains(NamedTuple):
    """The arrays of links that do not grow."""

    links: Records
    link_rows: Records
    followers: Records
    first_followers: NDArray[np.int64]
    """By trigger and subject, -1 where no link waits."""
    trigger_offsets: NDArray[np.int64]
    """Where those of a trigger begin there."""


def initial_chains(plan: Plan) -> Chains:
    """Return the links of a plan at time 0, of whose events none is drawn."""
    spec = plan.account
    loads, sources, functions = len(plan.series), len(spec.sources), len(spec.functions)
    subjects = {
        Trigger.LOAD: loads, Trigger.SOURCE: sources, Trigger.FUNCTION: functions, Trigger.DEAD_LETTER: sources,
        Trigger.ASYNC_FAILURE: functions, Trigger.ASYNC_SUCCESS: functions,
    }  # fmt: skip
    sizes = [subjects[trigger] for trigger in Trigger]
    offsets = np.cumsum([0, *sizes])[:-1]
    first = np.full(sum(sizes), -1, np.int64)
    followers = np.zeros(sum(len(link.subjects) for link in spec.links), FOLLOWER)
    links = records_of(LINK, spec.links)
    used = rows = 0
    for number, link in enumerate(spec.links):
        series = plan.series[link.load]
        links[number]["source"], links[number]["function"] = series.source, series.function
        links[number]["count_key"] = series.key("link-count")
        links[number]["block"], links[number]["first_drawn"] = -1, rows
        route(links[number], series, spec.aliases)
        rows += int(links[number]["versions"]) * LINK_ROWS
        for subject in link.subjects:
            at = offsets[link.trigger] + subject
            followers[used] = number, first[at]
            first[at] = used
            used += 1
    return Chains(links, np.zeros(rows, LINK_ROW), followers, first, offsets)


def sent_at_once(spec: AccountSpec, *triggers: Trigger, subject: int | None = None) -> int:
    """Return how many events all links may send after one end that is a trigger of these, of a subject or of any."""
    return sum(
        link.base_count + 1
        for link in spec.links
        if (not triggers or link.trigger in triggers) and (subject is None or subject in link.subjects)
    )

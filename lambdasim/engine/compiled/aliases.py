"""The version that a request goes to whose name does not lead to the same one throughout. Twin of ``versions`` of
``engine/reference/simulation.py``.
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lambdasim.engine.compiled.structs import Records, integers, record_of, records_of
from lambdasim.model.aliases import AliasSpec, Lead
from lambdasim.model.events import NEVER_NS
from lambdasim.plan import Series

ALIAS: Final = np.dtype(integers("first", "count"))
"""Its part of `weights` and of `targets`."""

ROUTED: Final = ("alias", "versions")
"""Fields of whoever draws requests by itself: the number of an alias, -1 for none, and how many versions it has, whose
rows are drawn one after the other. Beside them stands ``version_key``, of its draws."""


LEAD: Final = record_of(Lead)
LED: Final = ("first_lead", "leads", "first_place", "moves_ns")
"""Fields of a source: its part of `leads`, the place of the first version that its mapping leads to now, and when it
leads elsewhere."""


class Aliases(NamedTuple):
    """The arrays of aliases; none of them grows."""

    aliases: Records
    weights: NDArray[np.int64]
    """Of each version of each alias now, in 2**-24."""
    targets: NDArray[np.int64]
    """Index of each such version."""


def initial_aliases(specs: Sequence[AliasSpec]) -> Aliases:
    """Return the aliases of an account at time 0."""
    counts = [len(own.versions) for own in specs]
    aliases = np.zeros(len(specs), ALIAS)
    aliases["count"], aliases["first"] = counts, np.cumsum(counts) - counts
    weights = [weight for own in specs for weight in own.weights]
    return Aliases(aliases, np.array(weights, np.int64), np.array([v for own in specs for v in own.versions], np.int64))


def route(record: Any, series: Series, specs: Sequence[AliasSpec]) -> None:
    """Say in the record of whoever draws requests where those of a series go."""
    record["alias"], record["version_key"] = series.alias, series.key("version")
    record["versions"] = versions_of(series, specs)


def versions_of(series: Series, specs: Sequence[AliasSpec]) -> int:
    """Return how many versions the requests of a series may ever go to."""
    places = [(lead.first, lead.alias) for lead in series.leads] or [(0, series.alias)]
    return max(first + (len(specs[alias].versions) if alias >= 0 else 1) for first, alias in places)


def initial_leads(sources: Records, made: Sequence[Series]) -> Records:
    """Return where the mappings of sources lead, and say in their records where that is now."""
    leads = [lead for series in made for lead in series.leads]
    counts = np.array([len(series.leads) for series in made], np.int64)
    sources["leads"], sources["first_lead"] = counts, np.cumsum(counts) - counts
    sources["moves_ns"] = [series.leads[1].from_ns if series.leads[1:] else NEVER_NS for series in made]
    return records_of(LEAD, leads)

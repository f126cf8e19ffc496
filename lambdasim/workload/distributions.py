"""Values of distributions from keyed draws, by inverse CDF, for rows of many functions at once.

A :class:`Sampler` holds one distribution and one stream per *actor* (a function within a load) and answers rows of
mixed actors: rows are grouped by family, never by actor, so that a thousand functions cost what one does. It knows
no load and no column, and does not mind whether values are times or megabytes.
"""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lambdasim.config.distribution import Distribution
from lambdasim.units import parse_duration, parse_memory
from lambdasim.workload.arithmetic import PLAIN, Arithmetic
from lambdasim.workload.gamma import gamma
from lambdasim.workload.random_streams import Streams, UInt64, subkey
from lambdasim.workload.traces.file import TraceFile

Int64 = NDArray[np.int64]
Float64 = NDArray[np.float64]
Slot = int | Int64
"""Which of a family's distributions each row has: one for all rows, or one per row."""
Draw = Callable[[Arithmetic, Slot, Streams, Int64], Float64]
"""``draw(arithmetic, slot, streams, index)``; the stream is one for all rows when ``slot`` is."""
Family = Callable[[Sequence[Distribution], Int64], Draw]
"""``family(distributions, number)``, where slot ``s`` has ``distributions[number[s]]``."""

BLOCK_ROWS: Final = 32_768
"""Rows drawn at a time, so that what is computed on the way stays in the processor's cache."""
_CHOICE: Final = 0  # stream of a mixture's choice among its parts


def _closed(quantile: Callable[..., Float64], *, of_normal: bool = False, linear: bool = False) -> Family:
    """Make a family of a quantile function ``quantile(u, *params)`` in closed form, which may write to ``u``.

    ``of_normal``: it takes a standard normal variate for ``u``. ``linear``: it only adds and multiplies parameters, so
    that one which all distributions have in common may be given once; to powers, numpy would then take shortcuts.
    """

    def family(distributions: Sequence[Distribution], number: Int64) -> Draw:
        params = _columns(distributions, number)
        alike = [float(column[0]) if linear and (column == column[0]).all() else None for column in params]

        def draw(arithmetic: Arithmetic, slot: Slot, streams: Streams, index: Int64) -> Float64:
            u = (arithmetic.normal if of_normal else arithmetic.uniform)(streams, index)
            return quantile(u, *(c[slot] if one is None else one for c, one in zip(params, alike, strict=True)))

        return draw

    return family


def _columns(distributions: Sequence[Distribution], number: Int64) -> list[Float64]:
    """Return the parameters of a family, each by slot."""
    return [np.array(column)[number] for column in zip(*(d.params for d in distributions), strict=True)]


def _constant(distributions: Sequence[Distribution], number: Int64) -> Draw:
    (values,) = _columns(distributions, number)
    return lambda arithmetic, slot, streams, index: np.broadcast_to(values[slot], index.shape)


def _exponential(u: Float64, mean: Float64) -> Float64:
    return -mean * np.log(1.0 - u)


def _lognormal(z: Float64, mu: Float64, sigma: Float64) -> Float64:
    z *= sigma
    z += mu
    return np.exp(z, out=z)


def _weibull(u: Float64, shape: Float64, scale: Float64) -> Float64:
    return scale * (-np.log(1.0 - u)) ** (1.0 / shape)


def _pareto(u: Float64, alpha: Float64, minimum: Float64) -> Float64:
    return minimum * (1.0 - u) ** (-1.0 / alpha)


def _uniform(u: Float64, low: Float64, high: Float64) -> Float64:
    u *= high - low
    u += low
    return u


def _half_life(u: Float64, period: Float64) -> Float64:
    """Return k periods with probability 2**-k, k = 1, 2, ...: the binary exponent of 1 - u counts them."""
    return period * (1.0 - np.frexp(1.0 - u)[1])


def _gamma(distributions: Sequence[Distribution], number: Int64) -> Draw:
    shape, scale = _columns(distributions, number)
    return lambda arithmetic, slot, streams, index: scale[slot] * gamma(np.atleast_1d(shape[slot]), streams.key, index)


def _percentiles(distributions: Sequence[Distribution], number: Int64) -> Draw:
    """Interpolate between knots; those of all slots lie end to end, slot s's at s + p."""
    of_distributions = [np.array(d.params).reshape(-1, 2).T for d in distributions]
    knots = [of_distributions[own] for own in number.tolist()]
    p = np.concatenate([pairs[0] for pairs in knots])
    v = np.concatenate([pairs[1] for pairs in knots])
    ends = np.cumsum([pairs.shape[1] for pairs in knots])
    begins = np.concatenate(([0], ends[:-1]))
    shifted = p + np.repeat(np.arange(len(knots)), ends - begins)

    def draw(arithmetic: Arithmetic, slot: Slot, streams: Streams, index: Int64) -> Float64:
        u = arithmetic.uniform(streams, index)
        left = np.searchsorted(shifted, u + slot, side="right") - 1
        left = np.clip(left, begins[slot], ends[slot] - 2)
        part = (u - p[left]) / (p[left + 1] - p[left])
        value: Float64 = v[left] + part * (v[left + 1] - v[left])
        return value

    return draw


def _empirical(distributions: Sequence[Distribution], number: Int64) -> Draw:
    """Pick one of the sorted values with equal weight; the values of all files lie end to end."""
    columns = {d: _sorted_values(d) for d in dict.fromkeys(distributions)}
    values = np.concatenate(list(columns.values()))
    end_of = dict(zip(columns, np.cumsum([len(column) for column in columns.values()]), strict=True))
    sizes = np.array([len(columns[d]) for d in distributions])[number]
    begins = np.array([end_of[d] for d in distributions])[number] - sizes

    def draw(arithmetic: Arithmetic, slot: Slot, streams: Streams, index: Int64) -> Float64:
        value: Float64 = values[begins[slot] + (arithmetic.uniform(streams, index) * sizes[slot]).astype(np.int64)]
        return value

    return draw


def _sorted_values(distribution: Distribution) -> Float64:
    """Read the values of an empirical distribution, in ns or MB."""
    column, unit = str(distribution.column), str(distribution.unit)
    file = TraceFile(str(distribution.file))
    file.require([column])
    values: Float64 = np.concatenate([batch.columns[column].amounts() for batch in file.batches([column])])
    return np.sort(values) * float(parse_memory(f"1{unit}") if unit in {"MB", "GB"} else parse_duration(f"1{unit}"))


FAMILIES: Final[dict[str, Family]] = {
    "constant": _constant,
    "exponential": _closed(_exponential, linear=True),
    "lognormal": _closed(_lognormal, of_normal=True, linear=True),
    "gamma": _gamma,
    "weibull": _closed(_weibull),
    "pareto": _closed(_pareto),
    "uniform": _closed(_uniform, linear=True),
    "half-life": _closed(_half_life),
    "percentiles": _percentiles,
    "empirical": _empirical,
}
"""How each family of ``config.distribution`` is drawn; mixtures choose among these."""


class Sampler:
    """One distribution and one stream of draws for each of several actors."""

    def __init__(
        self, distributions: Sequence[Distribution], keys: Sequence[int] | UInt64, number: Int64 | None = None
    ) -> None:
        """Prepare to draw from ``distributions[number[actor]]`` under ``keys[actor]``; without ``number``, each actor
        has its own.

        Raises ``InputError`` when the file of an empirical distribution cannot be used.
        """
        mix = np.arange(len(distributions)) if number is None else number
        mixes = [_flattened(distribution) for distribution in distributions]
        sizes_of_mixes = np.array([len(parts) for parts in mixes], dtype=np.int64)
        sizes = sizes_of_mixes[mix]
        self._last = np.cumsum(sizes) - 1  # index of each actor's last part among all parts
        self._first = self._last - sizes + 1
        self._mixed = sizes > 1
        self._any_mixed = bool(self._mixed.any())
        self._actor_key = np.array(keys, dtype=np.uint64)
        self._bounds = np.array([], dtype=np.float64)
        if self._any_mixed:
            weights = [np.array([weight for weight, _ in parts]) for parts in mixes]
            shares = [np.cumsum(own) / own.sum() for own in weights]
            self._bounds = np.concatenate([actor + shares[own] for actor, own in enumerate(mix.tolist())])

        leaves = [leaf for parts in mixes for _, leaf in parts]
        first_of_mixes = np.cumsum(sizes_of_mixes) - sizes_of_mixes
        leaf = np.arange(sizes.sum()) + np.repeat(first_of_mixes[mix] - self._first, sizes)
        self._key = np.repeat(self._actor_key, sizes)
        names = list(dict.fromkeys(own.family for own in leaves))
        families = np.array([names.index(own.family) for own in leaves], dtype=np.int64)
        self._family = families[leaf]
        self._slot = np.zeros(len(leaf), dtype=np.int64)
        self._draws: list[Draw] = []
        for code, name in enumerate(names):
            mine, places = np.flatnonzero(self._family == code), np.flatnonzero(families == code)
            self._slot[mine] = np.arange(len(mine))
            own = [leaves[place] for place in places.tolist()]
            self._draws.append(FAMILIES[name](own, np.searchsorted(places, leaf[mine])))
        self._alike = not self._any_mixed and len(self._draws) == 1  # an actor is its leaf is its slot

        self._shift = np.array([own.shift for own in leaves], dtype=np.float64)[leaf]
        self._shifted = bool(self._shift.any())
        values = {own.params[0] + own.shift if own.family == "constant" else None for own in leaves}
        self.constant: float | None = values.pop() if len(values) == 1 else None
        """The value, when every actor has the same and nothing needs to be drawn."""

    def values(self, actor: int | Int64, index: Int64, arithmetic: Arithmetic = PLAIN) -> Float64:
        """Return the draw number ``index`` (n,) of ``actor``, one for all rows or (n,), not rounded."""
        with np.errstate(over="ignore"):  # a tail beyond what a double holds is cut to NEVER_NS like any other
            return self._values(arithmetic, actor, index)

    def _values(self, arithmetic: Arithmetic, actor: int | Int64, index: Int64) -> Float64:
        leaf = self._leaf(arithmetic, actor, index)
        values = self._drawn(arithmetic, leaf, index)
        return values + self._shift[leaf] if self._shifted else values

    def _drawn(self, arithmetic: Arithmetic, leaf: int | Int64, index: Int64) -> Float64:
        if isinstance(leaf, int):
            draw = self._draws[int(self._family[leaf])]
            return draw(arithmetic, int(self._slot[leaf]), Streams(self._key, leaf), index)
        if len(self._draws) == 1:
            slot = leaf if self._alike else self._slot[leaf]
            return self._draws[0](arithmetic, slot, Streams(self._key, leaf), index)
        values: Float64 = np.empty(len(index))
        family = self._family[leaf]
        for code, draw in enumerate(self._draws):
            rows = np.flatnonzero(family == code)
            if rows.size:
                mine = leaf[rows]
                values[rows] = draw(arithmetic, self._slot[mine], Streams(self._key, mine), index[rows])
        return values

    def __call__(self, actor: int | Int64, index: Int64, arithmetic: Arithmetic = PLAIN) -> Int64:
        """Return the same as whole numbers, at least 0 and less than ``NEVER_NS``."""
        whole = np.empty(len(index), np.int64)
        with np.errstate(over="ignore"):  # as above
            for begin in range(0, len(index), BLOCK_ROWS):
                rows = slice(begin, begin + BLOCK_ROWS)
                mine = actor if isinstance(actor, int) else actor[rows]
                arithmetic.rounded(self._values(arithmetic, mine, index[rows]), whole[rows])
        return whole

    def _leaf(self, arithmetic: Arithmetic, actor: int | Int64, index: Int64) -> int | Int64:
        """Return which part of its actor's mixture each row is drawn from."""
        if isinstance(actor, int):
            if not self._mixed[actor]:
                return int(self._first[actor])
            return self._chosen(arithmetic, np.full(len(index), actor), index)
        if self._alike:
            return actor
        leaf = self._first[actor]
        if self._any_mixed:
            rows = np.flatnonzero(self._mixed[actor])
            leaf[rows] = self._chosen(arithmetic, actor[rows], index[rows])
        return leaf

    def _chosen(self, arithmetic: Arithmetic, actor: Int64, index: Int64) -> Int64:
        u = arithmetic.uniform(Streams(subkey(self._actor_key, _CHOICE), actor), index)
        leaf = np.searchsorted(self._bounds, actor + u, side="right")
        return np.clip(leaf, self._first[actor], self._last[actor])


def _flattened(distribution: Distribution) -> list[tuple[float, Distribution]]:
    """Return the parts of a mixture, of its mixtures and so on, each with its weight; else the distribution itself."""
    if distribution.family != "mixture":
        return [(1.0, distribution)]
    return [
        (weight * inner, leaf.later(distribution.shift))
        for weight, part in distribution.parts
        for inner, leaf in _flattened(part)
    ]

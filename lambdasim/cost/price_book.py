"""The public prices of one Region on one date, read from the dated files beside this module.

A price book knows items, units, tiers and free quantities; it does not know who used what. Every price has its
evidence: what was read, when, and how certain that is. Where a file has no price of an item for a Region, or none at
all for it, the price of its home Region stands in: scaled like the prices of the same item that it does have (a higher
tier like the first, an architecture like x86_64), else as it is. Such a price is uncertain and marked ``stand_in``,
and a bill that uses it says so.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date as Date
from decimal import Decimal
from difflib import get_close_matches
from functools import cache
from importlib import resources
from typing import Any, Final, Literal, Self

from lambdasim.config.quotas import REGIONS
from lambdasim.errors import InputError

ARCHITECTURES: Final = ("x86_64", "arm64")
PRICE_DECIMALS: Final = 10
"""The price list's own, to which a stand-in is rounded."""
PRICE_STEP: Final = Decimal(1).scaleb(-PRICE_DECIMALS)


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where a price comes from."""

    text: str
    date: str
    """When it was read, or is of."""
    certainty: Literal["official", "measured", "uncertain"]


@dataclass(frozen=True, slots=True)
class Tier:
    """A price in force up to a quantity, which is in base units and ``None`` without a limit."""

    price: Decimal
    evidence: Evidence
    up_to: int | None = None
    stand_in: bool = False


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that AWS bills.

    Quantities are integers in base units, ``per`` of which make one priced ``unit``; ``free`` (base units a month)
    is shared by both architectures, ``tiers`` hold for each. ``extra`` names the entry of ``FunctionUsage.extras``
    that holds (for requests: adds to) the quantity; ``times_memory`` says that it is still to be
    multiplied by the function's MB, ``minimum`` is the least quantity billed before that; ``by_time`` that it is
    charged for as long as it is there, whatever happens. ``service`` is the other service that charges it, ``shared``
    says that both architectures fill the same tiers.
    """

    name: str
    unit: str
    per: int
    free: int
    tiers: Mapping[str, tuple[Tier, ...]]
    extra: str | None = None
    times_memory: bool = False
    minimum: int = 0
    by_time: bool = False
    service: str | None = None
    shared: bool = False


@dataclass(frozen=True, slots=True)
class PriceBook:
    """Prices of one Region: ``items`` by name, in the order in which bills list them."""

    region: str
    published: str
    currency: str
    items: Mapping[str, Item]
    home: str
    """The Region whose prices stand in."""
    has_own: bool = True
    """Whether the file has any price of the Region."""

    @classmethod
    @cache  # a sweep asks for each of its simulations
    def load(cls, region: str, date: str | None = None) -> Self:
        """Return the prices of ``region`` in force on ``date`` (ISO, such as ``2026-11-27``), or the newest.

        A Region of Lambda's that the file lacks has stand-ins throughout. Raises InputError for what is no Region, for
        a date before the first prices and for one that is none.
        """
        source = _file_in_force(_files(), date)
        home = source["home"]
        if region not in (home, *source["region"], *REGIONS):
            regions = sorted([home, *source["region"]])
            close = get_close_matches(region, regions, n=1)
            hint = f"; did you mean '{close[0]}'?" if close else ""
            raise InputError.single(
                f"no prices for region '{region}'{hint} (there are prices for {', '.join(regions)})"
            )
        evidence = {name: Evidence(**table) for name, table in source["evidence"].items()}
        own = None if region == home else source["region"].get(region, {})
        items = {entry["name"]: _item(entry, own, evidence, home) for entry in source["item"]}
        return cls(region, source["published"], source["currency"], items, home, own != {})

    def note(self) -> str | None:
        """Return what to say of a Region of which no price is at hand; None of the others."""
        if self.has_own:
            return None
        return f"the price file of {self.published} has no prices of {self.region}; those of {self.home} stand in"

    def tiers(self, item: str, architecture: str) -> tuple[Tier, ...]:
        """Return the tiers of an item for an architecture; InputError when it is not sold for that architecture."""
        tiers = self.items[item].tiers.get(architecture)
        if tiers is None:
            raise InputError.single(f"{item} has no price for architecture '{architecture}'")
        return tiers

    def unit_price(self, item: str, architecture: str) -> Decimal:
        """Return the first tier's price of one priced unit."""
        return self.tiers(item, architecture)[0].price


@cache
def _files() -> list[dict[str, Any]]:
    folder = resources.files("lambdasim.cost") / "prices"
    texts = [entry.read_text("utf-8") for entry in folder.iterdir() if entry.name.endswith(".toml")]
    return sorted((tomllib.loads(text, parse_float=Decimal) for text in texts), key=lambda file: file["effective_from"])


def _file_in_force(files: list[dict[str, Any]], date: str | None) -> dict[str, Any]:
    if date is None:
        return files[-1]
    try:
        day = Date.fromisoformat(date).isoformat()
    except ValueError:
        raise InputError.single(f"'{date}' is no date such as '2026-11-27'") from None
    in_force = [file for file in files if file["effective_from"] <= day]
    if not in_force:
        raise InputError.single(f"no prices for {day}: the first at hand are of {files[0]['effective_from']}")
    return in_force[-1]


def _item(
    entry: dict[str, Any], own_prices: dict[str, Any] | None, evidence: Mapping[str, Evidence], home_region: str
) -> Item:
    """Build an item from its table, ``own_prices`` being the Region's (``None`` in the home Region)."""
    per, known = entry["per"], evidence[entry["source"]]
    home = {
        name: tuple(_tier(row, per, known, stand_in=name in entry.get("uncertain", ())) for row in rows)
        for name, rows in _by_architecture(entry["price"]).items()
    }
    tiers = home
    if own_prices is not None:
        read = evidence[own_prices["source"]] if own_prices else known
        standing = Evidence(f"{home_region}'s stands in: {known.text}", known.date, "uncertain")
        tiers = _regional(home, _by_architecture(own_prices.get(entry["name"], {})), read, standing)
    return Item(
        entry["name"],
        entry["unit"],
        per,
        entry.get("free", 0) * per,
        tiers,
        entry.get("extra"),
        entry.get("times_memory", False),
        entry.get("minimum", 0),
        entry.get("by_time", False),
        entry.get("service"),
        shared=not isinstance(entry["price"], dict),
    )


def _by_architecture(price: Any) -> dict[str, list[Any]]:
    """Return rows of tiers by architecture from any of the forms that a price file may write."""
    table = price if isinstance(price, dict) else dict.fromkeys(ARCHITECTURES, price)
    return {name: rows if isinstance(rows, list) else [{"price": rows}] for name, rows in table.items()}


def _tier(row: dict[str, Any], per: int, evidence: Evidence, *, stand_in: bool) -> Tier:
    up_to = row.get("up_to")
    if stand_in:
        evidence = replace(evidence, certainty="uncertain")
    return Tier(Decimal(row["price"]), evidence, None if up_to is None else up_to * per, stand_in)


def _regional(
    home: dict[str, tuple[Tier, ...]], own: dict[str, list[Any]], read: Evidence, standing: Evidence
) -> dict[str, tuple[Tier, ...]]:
    regional = {}
    for architecture, tiers in home.items():
        model = architecture if architecture in own else "x86_64"
        scale = Decimal(own[model][0]["price"]) / home[model][0].price if model in own else Decimal(1)
        regional[architecture] = tuple(
            Tier(Decimal(own[architecture][0]["price"]), read, tier.up_to)
            if architecture in own and number == 0
            else Tier((tier.price * scale).quantize(PRICE_STEP), standing, tier.up_to, stand_in=True)
            for number, tier in enumerate(tiers)
        )
    return regional

"""The dated price files, and what is said when they have no answer."""

import tomllib
from decimal import Decimal
from importlib import resources

import pytest

from lambdasim.config.quotas import REGIONS
from lambdasim.cost import PriceBook
from lambdasim.cost.price_book import PRICE_STEP
from lambdasim.errors import InputError


def test_the_newest_prices_are_the_default() -> None:
    book = PriceBook.load("us-east-1")
    assert book.published == "2026-09-19"
    assert (book.region, book.currency) == ("us-east-1", "USD")
    assert PriceBook.load("us-east-1", "2026-12-24") == book


def test_a_date_before_the_first_prices_is_an_error() -> None:
    assert PriceBook.load("us-east-1", "2025-10-01").published == "2026-09-19"
    with pytest.raises(InputError, match="no prices for 2025-09-30: the first at hand are of 2025-10-01"):
        PriceBook.load("us-east-1", "2025-09-30")


def test_what_is_no_date_is_an_error() -> None:
    with pytest.raises(InputError, match="'tomorrow' is no date such as '2026-11-27'"):
        PriceBook.load("us-east-1", "tomorrow")


def test_an_unknown_region_is_an_error_with_a_suggestion_and_the_list() -> None:
    with pytest.raises(InputError, match=r"no prices for region 'eu-west1'; did you mean 'eu-west-1'\?.*ap-south-1, "):
        PriceBook.load("eu-west1")
    with pytest.raises(InputError, match=r"no prices for region 'mars' \(there are prices for af-south-1, "):
        PriceBook.load("mars")


@pytest.mark.parametrize("region", REGIONS)
def test_every_region_that_an_account_may_be_in_has_prices_or_says_what_stands_in(region: str) -> None:
    book = PriceBook.load(region)
    (tier, *_) = book.tiers("duration", "x86_64")
    assert tier.stand_in == (not book.has_own) == (tier.evidence.certainty == "uncertain")
    assert (book.note() is None) == book.has_own


def test_own_prices_are_no_stand_ins() -> None:
    book = PriceBook.load("eu-central-1")
    (tier,) = book.tiers("provisioned-concurrency", "x86_64")
    assert (tier.price, tier.stand_in) == (Decimal("0.0000050147"), False)
    assert not any(tier.stand_in for tier in PriceBook.load("us-east-1").tiers("duration", "arm64"))


def test_missing_tiers_are_scaled_like_the_first() -> None:
    tiers = PriceBook.load("af-south-1").tiers("duration", "x86_64")
    assert [tier.price for tier in tiers] == [Decimal("0.0000221"), Decimal("0.0000198900"), Decimal("0.0000176801")]
    assert [tier.stand_in for tier in tiers] == [False, True, True]


def test_a_missing_architecture_is_scaled_like_x86_64() -> None:
    (tier,) = PriceBook.load("sa-east-1").tiers("provisioned-concurrency", "arm64")
    assert tier.stand_in
    assert tier.price == (Decimal("0.0000033334") * Decimal("66372") / Decimal("41667")).quantize(Decimal("1e-10"))


def test_an_item_without_any_price_of_the_region_has_that_of_us_east_1() -> None:
    (tier,) = PriceBook.load("eu-west-1").tiers("snapstart-restore", "x86_64")
    assert (tier.price, tier.stand_in) == (Decimal("0.0001397998"), True)


def test_what_is_not_sold_for_an_architecture_has_no_price() -> None:
    with pytest.raises(InputError, match="edge-duration has no price for architecture 'arm64'"):
        PriceBook.load("us-east-1").unit_price("edge-duration", "arm64")


def test_every_figure_of_every_file_has_a_source_it_declares() -> None:
    for entry in (resources.files("lambdasim.cost") / "prices").iterdir():
        file = tomllib.loads(entry.read_text("utf-8"))
        assert entry.name == f"{file['published']}.toml"
        items = {item["name"] for item in file["item"]}
        for table in [*file["item"], *file["region"].values()]:
            assert table["source"] in file["evidence"]
        used = {table["source"] for table in [*file["item"], *file["region"].values()]}
        assert used == file["evidence"].keys()
        for evidence in file["evidence"].values():
            assert evidence["certainty"] in {"official", "measured", "uncertain"}
            assert evidence["text"]
            assert evidence["date"]
        for prices in file["region"].values():
            assert prices.keys() - {"source"} <= items
        for region in [file["home"], *file["region"]]:
            for item in PriceBook.load(region).items.values():
                prices = [tier.price for tiers in item.tiers.values() for tier in tiers]
                assert all(price > 0 and price % PRICE_STEP == 0 for price in prices)

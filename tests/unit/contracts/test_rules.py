"""Rules of a contract: names, order, descriptions, values that cannot be parsed."""

import subprocess
import sys
from datetime import datetime
from decimal import Decimal
from math import nan
from typing import Any

import polars as pl
import pytest
from pandera.errors import SchemaWarning

from contracts.contract import Contract, Gold, Money, Silver, Timestamp, column, rule, warning
from contracts.domain import REAIS
from contracts.plausible_times import SENTINEL_DATES
from contracts.rules import RAW, rules
from contracts.silver.geolocation_points import GeolocationPoints
from contracts.silver.order_items import OrderItems
from contracts.silver.order_reviews import OrderReviews
from contracts.silver.orders import Orders
from transforms.graph import tables

at = datetime.fromisoformat

DERIVED = [table.contract for table in tables().values()]
WARNINGS = {
    "silver.orders": [
        "carrier_not_before_approval",
        "delivered_not_before_carrier",
        "delivered_with_a_date",
    ]
}


class Visits(Silver, key=("visit_id",)):
    """One row per visit."""

    visit_id: str = column(source="id", str_matches="^v")
    score: int = column(in_range=(1, 5), nullable=True)
    price: Money = column(ge=0)
    entered: Timestamp = column()
    left: Timestamp = column(nullable=True)
    kind: str = column(isin=["long", "short"])

    @rule
    def left_after_entered(cls) -> pl.Expr:
        """Nobody leaves before they come."""
        return pl.col("left") >= pl.col("entered")

    @warning
    def short_is_cheap(cls) -> pl.Expr:
        """A short visit costs at most a tenner."""
        return (pl.col("kind") != "short") | (pl.col("price") <= 10)


class DimMood(Gold, key=("mood",)):
    """One row per mood."""

    mood: str = column()


def plausible(column: str) -> list[str]:
    return [f"{column}_is_not_a_sentinel_date", f"{column}_is_a_plausible_time"]


def name_of(contract: type[Contract]) -> str:
    return contract.spec().table


@pytest.mark.parametrize("contract", DERIVED, ids=name_of)
def test_rule_names_of_a_contract_are_unique(contract: type[Contract]) -> None:
    names = [rule.name for rule in rules(contract, typed_from_raw=True)]
    assert len(names) == len({*names})


@pytest.mark.parametrize("contract", DERIVED, ids=name_of)
def test_warnings_do_not_reject(contract: type[Contract]) -> None:
    warned = [rule.name for rule in rules(contract) if rule.warning]
    assert warned == WARNINGS.get(name_of(contract), [])


def test_rules_of_columns_come_before_those_of_rows() -> None:
    assert [rule.name for rule in rules(Visits)] == [
        "visit_id_is_present",
        "visit_id_is_well_formed",
        "score_is_between_1_and_5",
        "price_is_present",
        "price_is_at_least_0",
        "entered_is_present",
        *plausible("entered"),
        *plausible("left"),
        "kind_is_present",
        "kind_is_known",
        "left_after_entered",
        "short_is_cheap",
    ]


def test_a_failed_cast_comes_before_presence() -> None:
    assert [rule.name for rule in rules(Visits, typed_from_raw=True)] == [
        "visit_id_is_present",
        "visit_id_is_well_formed",
        "score_is_a_number",
        "score_is_between_1_and_5",
        "price_is_a_number",
        "price_is_present",
        "price_is_at_least_0",
        "entered_is_a_timestamp",
        "entered_is_present",
        *plausible("entered"),
        "left_is_a_timestamp",
        *plausible("left"),
        "kind_is_present",
        "kind_is_known",
        "left_after_entered",
        "short_is_cheap",
    ]


def test_rules_have_predictable_names() -> None:
    names = {
        rule.name
        for contract in (Orders, OrderItems, OrderReviews, GeolocationPoints)
        for rule in rules(contract, typed_from_raw=True)
    }
    assert names >= {
        "order_id_is_present",
        "order_id_is_well_formed",
        "order_status_is_known",
        "order_approved_at_is_a_timestamp",
        "order_approved_at_is_not_a_sentinel_date",
        "order_approved_at_is_a_plausible_time",
        "estimated_not_before_purchased",
        "delivered_not_before_purchased",
        "price_is_a_number",
        "price_is_at_least_0",
        "review_score_is_between_1_and_5",
        "latitude_is_a_number",
        "inside_brazil",
    }


@pytest.mark.parametrize(
    ("typed", "raw", "broken"),
    [
        (Decimal("1.00"), "1", set()),
        (None, "one", {"price_is_a_number"}),
        (None, "", {"price_is_present"}),
        (None, None, {"price_is_present"}),
    ],
)
def test_an_unparsable_number_is_not_a_missing_one(
    typed: Decimal | None, raw: str | None, broken: set[str]
) -> None:
    schema = pl.Schema({"price": REAIS, RAW + "price": pl.String()})
    row = pl.DataFrame([(typed, raw)], schema=schema, orient="row")
    of_price = [r for r in rules(Visits, typed_from_raw=True) if r.name.startswith("price")]
    kept = row.select(rule.expr.alias(rule.name) for rule in of_price).row(0, named=True)
    assert {name for name, keeps in kept.items() if not keeps} == broken


def test_a_failed_cast_uses_the_raw_name_of_the_column() -> None:
    lost = next(
        rule
        for rule in rules(GeolocationPoints, typed_from_raw=True)
        if rule.name == "latitude_is_a_number"
    )
    assert {*lost.expr.meta.root_names()} == {"latitude", "raw.geolocation_lat"}


def test_a_rule_method_has_its_docstring_as_description() -> None:
    (left, cheap) = Visits.to_schema().checks
    assert (left.description, left.raise_warning) == ("Nobody leaves before they come.", False)
    assert (cheap.description, cheap.raise_warning) == (
        "A short visit costs at most a tenner.",
        True,
    )


def test_pandera_reports_a_warning_as_such() -> None:
    came = at("2017-11-24")
    visit = pl.DataFrame(
        [("v", 1, Decimal(11), came, came, "short")], schema=Visits.fields(), orient="row"
    )
    with pytest.warns(SchemaWarning, match="short_is_cheap"):
        assert Visits.validate(visit).equals(visit)
    kept = {rule.name: visit.select(rule.expr).item() for rule in rules(Visits)}
    assert [name for name, keeps in kept.items() if not keeps] == ["short_is_cheap"]


def test_a_contract_without_checks_requires_its_columns() -> None:
    assert [rule.name for rule in rules(DimMood)] == ["mood_is_present"]


def test_nan_counts_as_missing() -> None:
    nowhere = pl.DataFrame({"latitude": [nan], "longitude": [-46.6]})
    kept = {rule.name: rule.expr for rule in rules(GeolocationPoints)}
    assert nowhere.select(kept["latitude_is_present"]).item() is False


def test_rules_do_not_depend_on_the_import_order() -> None:
    """Use a new process, because this one has imported everything."""
    code = (
        "from contracts.silver.sellers import Sellers; Sellers.fields();"
        "from contracts.rules import rules; rules(Sellers)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr == ""


def plausible_in_words(column: str) -> dict[str, str]:
    dates = ", ".join(f"`{date}`" for date in SENTINEL_DATES)
    bounds = "at least `2016-01-01 00:00:00`, in the future by at most `5 minutes`"
    words = (
        f"`{column}` is not a sentinel date: {dates}.",
        f"`{column}` is a plausible time: {bounds}.",
    )
    return dict(zip(plausible(column), words, strict=True))


def test_every_rule_of_a_contract_has_a_description() -> None:
    assert {rule.name: rule.description for rule in rules(Visits)} == {
        "visit_id_is_present": "`visit_id` is present.",
        "visit_id_is_well_formed": "`visit_id` is well formed: `^v`.",
        "score_is_between_1_and_5": "`score` is between 1 and 5.",
        "price_is_present": "`price` is present.",
        "price_is_at_least_0": "`price` is at least 0.",
        "entered_is_present": "`entered` is present.",
        **plausible_in_words("entered"),
        **plausible_in_words("left"),
        "kind_is_present": "`kind` is present.",
        "kind_is_known": "`kind` is known: `long`, `short`.",
        "left_after_entered": "Nobody leaves before they come.",
        "short_is_cheap": "A short visit costs at most a tenner.",
    }


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (
            {"in_range": {"min_value": 1, "max_value": 4, "include_min": False}},
            "is between 1 and 4: without the lower limit",
        ),
        ({"notin": [0, 1]}, "is not forbidden: `0`, `1`"),
        ({"ne": 7}, "is not 7"),
        ({"eq": 7}, "is 7"),
        ({"gt": 7}, "is above 7"),
    ],
)
def test_every_check_of_pandera_has_a_description(asked: dict[str, Any], words: str) -> None:
    class Score(Gold, key=("score",)):
        """One row per score."""

        score: int = column(**asked)

    assert rules(Score)[-1].description == f"`score` {words}."


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"str_length": {"min_value": 2}}, "has a good length: at least `2`"),
        (
            {"str_length": {"min_value": 2, "max_value": 4}},
            "has a good length: at least `2`, at most `4`",
        ),
        ({"str_startswith": "ab"}, "begins well: `ab`"),
        ({"str_endswith": "ab"}, "ends well: `ab`"),
        ({"str_contains": "ab"}, "contains what it must: `ab`"),
    ],
)
def test_every_check_of_texts_has_a_description(asked: dict[str, Any], words: str) -> None:
    class Name(Gold, key=("name",)):
        """One row per name."""

        name: str = column(**asked)

    assert rules(Name)[-1].description == f"`name` {words}."


def test_no_description_is_empty() -> None:
    silent = [
        rule.name for c in DERIVED for rule in rules(c, typed_from_raw=True) if not rule.description
    ]
    assert silent == []

"""gold.mart_category."""

from decimal import Decimal
from typing import Any

import polars as pl

from contracts.gold.fact_sales import FactSales
from contracts.gold.mart_category import MartCategory
from transforms.gold.agg_monthly_categories import agg_monthly_categories
from transforms.gold.mart_category import mart_category


def item(category: str, price: str = "1.00", month: str = "2018-01", **other: Any) -> Any:
    return {
        "order_id": "o",
        "purchase_month": month,
        "category": category,
        "price": Decimal(price),
        "freight_value": 0,
        "is_first_of_category": True,
        "reviews": 0,
        "stars": 0,
        **other,
    }


def made_of(*items: dict[str, Any]) -> pl.DataFrame:
    facts = pl.LazyFrame(items, schema=FactSales.fields())
    made = facts.pipe(agg_monthly_categories).pipe(mart_category)
    return made.select(MartCategory.fields().names()).sort("category").collect()


def test_categories_are_ranked_by_their_sales() -> None:
    again = item("toys", is_first_of_category=False)
    made = made_of(item("toys"), again, item("baby", "2.50"), item("baby", "3.50", "2018-02"))
    rows = made.select("category", "rank", "orders", "units", "sales", "sales_share").rows()
    assert rows == [
        ("baby", 1, 2, 2, Decimal(6), 0.75),
        ("toys", 2, 1, 2, Decimal(2), 0.25),
    ]


def test_equal_sales_have_an_equal_rank() -> None:
    made = made_of(item("a", "5.00"), item("b", "5.00"), item("c", "1.00"))
    assert made["rank"].to_list() == [1, 1, 3]


def test_sales_of_zero_have_no_share() -> None:
    assert made_of(item("toys", "0.00"))["sales_share"].to_list() == [None]


def test_a_review_counts_once_in_each_category_of_its_order() -> None:
    scored: dict[str, Any] = {"reviews": 1, "stars": 5}
    again = item("toys", is_first_of_category=False, **scored)
    made = made_of(
        item("toys", **scored), again, item("baby", **scored), item("baby", reviews=1, stars=2)
    )
    assert made.select("category", "reviews", "review_score").rows() == [
        ("baby", 2, 3.5),
        ("toys", 1, 5.0),
    ]


def test_without_a_review_there_is_no_score() -> None:
    made = made_of(item("toys"))
    assert made.select("reviews", "review_score").rows() == [(0, None)]

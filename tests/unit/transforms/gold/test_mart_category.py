"""gold.mart_category."""

from decimal import Decimal

import polars as pl

from contracts.gold.fact_reviews import FactReviews
from contracts.gold.fact_sales import FactSales
from contracts.gold.mart_category import MartCategory
from transforms.gold.mart_category import mart_category

CATEGORIES = {"p1": "toys", "p2": "toys", "p3": "baby", "p4": "unknown"}


def made_of(*items: tuple[str, str, str], scores: dict[str, int] | None = None) -> pl.DataFrame:
    """Make the mart of items: order, product, price."""
    sales = [
        {
            "order_id": of,
            "category": CATEGORIES[product],
            "price": Decimal(price),
            "freight_value": 0,
        }
        for of, product, price in items
    ]
    reviews = [{"order_id": of, "review_score": score} for of, score in (scores or {}).items()]
    made = mart_category(
        pl.LazyFrame(sales, schema=FactSales.fields()),
        pl.LazyFrame(reviews, schema=FactReviews.fields()),
    )
    return made.select(MartCategory.fields().names()).sort("category").collect()


def test_categories_are_ranked_by_their_sales() -> None:
    made = made_of(("o1", "p1", "1.00"), ("o1", "p2", "1.00"), ("o2", "p3", "6.00"))
    rows = made.select("category", "rank", "orders", "units", "sales", "sales_share").rows()
    assert rows == [
        ("baby", 1, 1, 1, Decimal(6), 0.75),
        ("toys", 2, 1, 2, Decimal(2), 0.25),
    ]


def test_equal_sales_have_an_equal_rank() -> None:
    made = made_of(("o1", "p1", "5.00"), ("o2", "p3", "5.00"), ("o3", "p4", "1.00"))
    assert made["rank"].to_list() == [1, 1, 3]


def test_sales_of_zero_have_no_share() -> None:
    assert made_of(("o1", "p1", "0.00"))["sales_share"].to_list() == [None]


def test_an_order_counts_in_each_of_its_categories() -> None:
    items = [("o1", "p1", "1.00"), ("o1", "p2", "1.00"), ("o1", "p3", "1.00"), ("o2", "p3", "1.00")]
    made = made_of(*items, scores={"o1": 5, "o2": 2})
    assert made.select("category", "orders", "reviews", "review_score").rows() == [
        ("baby", 2, 2, 3.5),
        ("toys", 1, 1, 5.0),
    ]


def test_without_a_review_there_is_no_score() -> None:
    made = made_of(("o1", "p1", "1.00"))
    assert made.select("reviews", "review_score").rows() == [(0, None)]

"""gold.mart_seller_scorecard."""

from decimal import Decimal
from typing import Any

import polars as pl

from contracts.gold.fact_sales import FactSales
from contracts.gold.mart_seller_scorecard import MartSellerScorecard
from transforms.gold.agg_monthly_sellers import agg_monthly_sellers
from transforms.gold.mart_seller_scorecard import mart_seller_scorecard


def item(order: str, seller: str = "a", **other: Any) -> dict[str, Any]:
    return {
        "order_id": order,
        "purchase_month": "2018-01",
        "seller_id": seller,
        "order_status": "shipped",
        "price": Decimal(10),
        "freight_value": Decimal(2),
        "is_first_of_seller": True,
        "reviews": 0,
        "stars": 0,
        **other,
    }


def again(item: dict[str, Any]) -> dict[str, Any]:
    return {**item, "is_first_of_seller": False}


def delivered(order: str, lag: int, *, on_time: bool) -> dict[str, Any]:
    delivery = {"order_status": "delivered", "delivery_lag_days": lag, "delivered_on_time": on_time}
    return {**item(order), **delivery}


def made_of(*items: dict[str, Any]) -> pl.DataFrame:
    facts = pl.LazyFrame(items, schema=FactSales.fields())
    made = facts.pipe(agg_monthly_sellers).pipe(mart_seller_scorecard)
    return made.select(MartSellerScorecard.fields().names()).sort("seller_id").collect()


def test_an_order_counts_once_for_each_of_its_sellers() -> None:
    made = made_of(item("o1"), again(item("o1")), item("o1", "b"), item("o2"))
    assert made.select("seller_id", "orders", "units", "sales", "freight_value").rows() == [
        ("a", 2, 3, Decimal(30), Decimal(6)),
        ("b", 1, 1, Decimal(10), Decimal(2)),
    ]


def test_several_items_of_an_order_are_one_delivery() -> None:
    late = delivered("o1", 20, on_time=False)
    made = made_of(late, again(late), again(late), delivered("o2", 10, on_time=True), item("o3"))
    columns = ["delivered", "on_time", "on_time_share", "mean_lag_days"]
    assert made.select(columns).row(0) == (2, 1, 0.5, 15.0)


def test_the_months_of_a_seller_add_up() -> None:
    first, late = delivered("o1", 20, on_time=False), delivered("o2", 11, on_time=True)
    made = made_of(first, {**late, "purchase_month": "2018-02"}, item("o3"))
    columns = ["orders", "units", "delivered", "on_time_share", "mean_lag_days"]
    assert made.select(columns).row(0) == (3, 3, 2, 0.5, 15.5)


def test_orders_called_off_are_a_share_of_all() -> None:
    statuses = ["canceled", "unavailable", "shipped", "created"]
    made = made_of(*(item(status, order_status=status) for status in statuses))
    assert made.select("called_off", "called_off_share").row(0) == (2, 0.5)


def test_a_seller_without_delivery_and_review_has_neither() -> None:
    columns = ["delivered", "on_time_share", "mean_lag_days", "reviews", "review_score"]
    assert made_of(item("o1")).select(columns).row(0) == (0, None, None, 0, None)


def test_a_score_is_the_mean_of_reviews_not_of_items() -> None:
    bad = item("o1", reviews=1, stars=1)
    made = made_of(bad, again(bad), item("o2", reviews=1, stars=4))
    assert made.select("reviews", "review_score").row(0) == (2, 2.5)

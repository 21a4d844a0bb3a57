"""Tests of the data of the explore page."""

from decimal import Decimal

import polars as pl

from flows.site.formatting import DASH
from flows.site.report.pages.explore import explorer_data, summarize
from tests.unit.site.test_reporting_month import months


def test_explorer_data_has_a_number_for_each_month_that_is_drawn() -> None:
    rows = pl.DataFrame(
        {
            "purchase_month": ["2018-01", "2018-03"],
            "customer_state": ["SP", "SP"],
            "orders": [7, 9],
            "gmv": [Decimal("1.50"), Decimal("9.00")],
            "orders_with_items": [7, 9],
            "delivered": [6, 8],
            "on_time": [5, 8],
            "reviews": [4, 9],
            "stars": [20, 40],
        }
    )
    few = {"orders": 1, "delivered": 0}
    data = explorer_data({"monthly-gmv": months({"orders": 100}, {}, few), "explore": rows})
    assert data["months"] == ["2018-01", "2018-02"]
    assert data["sums"][:2] == ("orders", "gmv")
    assert data["states"]["SP"][:3] == [f"SP {DASH} São Paulo", [7, 0], [1.5, 0.0]]


def test_page_without_orders_says_so() -> None:
    assert summarize({"explore": pl.DataFrame()}).headline == "No orders yet"

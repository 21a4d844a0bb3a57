"""Suggestions for a name that does not exist."""

import pytest

from flows.config.suggest import suggest

COLUMNS = ("purchase_month", "gmv", "growth", "review_score", "reviews", "orders")
TABLES = (
    *("bronze.sellers", "silver.orders", "gold.fact_sales", "gold.fact_orders"),
    *("gold.mart_monthly_sales", "gold.mart_customer_rfm"),
)


@pytest.mark.parametrize(
    ("asked", "names", "first"),
    [
        ("month", COLUMNS, "purchase_month"),
        ("score", COLUMNS, "review_score"),
        ("scor", COLUMNS, "review_score"),
        ("review", COLUMNS, "reviews"),
        ("ordres", COLUMNS, "orders"),
        ("rfm", TABLES, "gold.mart_customer_rfm"),
        ("gold.rfm", TABLES, "gold.mart_customer_rfm"),
        ("gold.sales", TABLES, "gold.fact_sales"),
        ("gold.orders", TABLES, "gold.fact_orders"),
        ("silver.order", TABLES, "silver.orders"),
        ("Gold.Fact_Sale", TABLES, "gold.fact_sales"),
    ],
)
def test_the_likeliest_name_is_first(asked: str, names: tuple[str, ...], first: str) -> None:
    assert suggest(asked, names)[0] == first


def test_nonsense_has_no_suggestions() -> None:
    assert suggest("zzz", COLUMNS) == []

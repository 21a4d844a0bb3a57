"""Tests of the statements of the operations page."""

import duckdb
import pytest

from flows.site.report.pages.operations import PANELS


@pytest.mark.parametrize(("transported", "month"), [(90, "2018-02"), (80, "2018-01")])
def test_stages_are_those_of_the_newest_settled_month(transported: int, month: str) -> None:
    stages = [
        *(("2018-01", "approval", 100), ("2018-01", "transport", 95)),
        *(("2018-02", "approval", 100), ("2018-02", "transport", transported)),
        ("2018-03", "approval", 1),
    ]
    assert _months(stages) == {month}


def test_stages_are_those_of_the_newest_large_month_if_none_is_settled() -> None:
    stages = [
        ("2018-01", "approval", 100),
        ("2018-02", "approval", 100),
        ("2018-03", "approval", 1),
    ]
    assert _months(stages) == {"2018-02"}


def _months(stages: list[tuple[str, str, int]]) -> set[str]:
    """Return the months that the panel shows."""
    (statement,) = (panel.sql for panel in PANELS if panel.name == "order-stages")
    with duckdb.connect() as database:
        database.execute("CREATE SCHEMA gold")
        database.execute(
            "CREATE TABLE gold.mart_order_stages (purchase_month TEXT, stage TEXT, orders INT,"
            " seller_state TEXT DEFAULT 'SP', median_hours INT DEFAULT 1, p90_hours INT DEFAULT 2)"
        )
        database.executemany(
            "INSERT INTO gold.mart_order_stages (purchase_month, stage, orders) VALUES (?, ?, ?)",
            stages,
        )
        database.execute(
            "CREATE TABLE gold.mart_monthly_sales AS SELECT purchase_month, orders"
            " FROM gold.mart_order_stages WHERE stage = 'approval'"
        )
        return {month for month, *_ in database.sql(statement).fetchall()}

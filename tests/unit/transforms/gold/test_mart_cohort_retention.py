"""gold.mart_cohort_retention."""

from decimal import Decimal

import polars as pl

from contracts.gold.fact_orders import FactOrders
from contracts.gold.mart_cohort_retention import MartCohortRetention
from transforms.gold.agg_customer_months import agg_customer_months
from transforms.gold.agg_monthly_cohorts import agg_monthly_cohorts
from transforms.gold.mart_cohort_retention import mart_cohort_retention


def made_of(*orders: tuple[str, str, str]) -> pl.DataFrame:
    """Make the mart of orders: person, month, status."""
    facts = [
        {
            "customer_unique_id": person,
            "purchase_month": month,
            "order_status": status,
            "price": Decimal(10),
        }
        for person, month, status in orders
    ]
    made = (
        pl.LazyFrame(facts, schema=FactOrders.fields())
        .pipe(agg_customer_months)
        .pipe(agg_monthly_cohorts)
        .pipe(mart_cohort_retention)
    )
    names = MartCohortRetention.fields().names()
    return made.select(names).sort("cohort_month", "months_since").collect()


def test_months_are_calendar_months() -> None:
    made = made_of(
        ("a", "2016-12", "shipped"),
        ("b", "2016-12", "shipped"),
        ("a", "2017-01", "delivered"),
        ("a", "2017-01", "delivered"),
        ("a", "2018-02", "shipped"),
        ("c", "2017-01", "shipped"),
    )
    assert made.rows() == [
        ("2016-12", 0, 2, 2, 1.0, 2, Decimal(20)),
        ("2016-12", 1, 2, 1, 0.5, 2, Decimal(20)),
        ("2016-12", 14, 2, 1, 0.5, 1, Decimal(10)),
        ("2017-01", 0, 1, 1, 1.0, 1, Decimal(10)),
    ]


def test_called_off_orders_are_not_purchases_of_a_cohort() -> None:
    made = made_of(
        ("a", "2017-01", "canceled"),
        ("a", "2017-02", "shipped"),
        ("a", "2017-03", "unavailable"),
    )
    assert made.select("cohort_month", "months_since", "purchases").rows() == [("2017-02", 0, 1)]

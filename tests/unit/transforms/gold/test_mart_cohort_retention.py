"""gold.mart_cohort_retention."""

from datetime import datetime
from decimal import Decimal

import polars as pl

from contracts.gold.dim_customer import DimCustomer
from contracts.gold.fact_orders import FactOrders
from contracts.gold.mart_cohort_retention import MartCohortRetention
from transforms.gold.mart_cohort_retention import mart_cohort_retention


def made_of(*orders: tuple[str, str, str]) -> pl.DataFrame:
    """Make the mart of orders: person, moment, status."""
    facts = [
        {
            "customer_id": f"{person}{number}",
            "order_purchase_timestamp": datetime.fromisoformat(bought),
            "order_status": status,
            "price": Decimal(10),
        }
        for number, (person, bought, status) in enumerate(orders)
    ]
    customers = [
        {"customer_id": f"{person}{number}", "customer_unique_id": person}
        for number, (person, _, _) in enumerate(orders)
    ]
    made = mart_cohort_retention(
        pl.LazyFrame(facts, schema=FactOrders.fields()),
        pl.LazyFrame(customers, schema=DimCustomer.fields()),
    )
    names = MartCohortRetention.fields().names()
    return made.select(names).sort("cohort_month", "months_since").collect()


def test_months_are_calendar_months() -> None:
    made = made_of(
        ("a", "2016-12-31 23:59:59", "shipped"),
        ("b", "2016-12-01 00:00:00", "shipped"),
        ("a", "2017-01-01 00:00:00", "delivered"),
        ("a", "2017-01-20 00:00:00", "delivered"),
        ("a", "2018-02-01 00:00:00", "shipped"),
        ("c", "2017-01-31 00:00:00", "shipped"),
    )
    assert made.rows() == [
        ("2016-12", 0, 2, 2, 1.0, 2, Decimal(20)),
        ("2016-12", 1, 2, 1, 0.5, 2, Decimal(20)),
        ("2016-12", 14, 2, 1, 0.5, 1, Decimal(10)),
        ("2017-01", 0, 1, 1, 1.0, 1, Decimal(10)),
    ]


def test_called_off_orders_are_not_purchases_of_a_cohort() -> None:
    made = made_of(
        ("a", "2017-01-01", "canceled"),
        ("a", "2017-02-01", "shipped"),
        ("a", "2017-03-01", "unavailable"),
    )
    assert made.select("cohort_month", "months_since", "purchases").rows() == [("2017-02", 0, 1)]

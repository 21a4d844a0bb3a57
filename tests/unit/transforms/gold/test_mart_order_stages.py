"""gold.mart_order_stages."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import polars as pl

from contracts.gold.fact_orders import FactOrders
from contracts.gold.fact_sales import FactSales
from contracts.gold.mart_order_stages import STAGES, MartOrderStages
from contracts.table_check import check_table
from transforms.gold.mart_order_stages import mart_order_stages

PURCHASED = datetime.fromisoformat("2017-11-24 22:00:00")
SELLERS = pl.LazyFrame(
    [("s1", "SP"), ("s2", "SP"), ("s3", "RJ"), ("s4", None)],
    {"seller_id": pl.String, "seller_state": pl.String},
    orient="row",
)

Stage = tuple[str, str, int, str, str]
"""Stage, state of the seller, orders, median and 90th percentile of the hours."""


def stages(orders: Sequence[Mapping[str, float]], *sellers: str) -> list[Stage]:
    """Compute the stages of orders, given by the hours of each stage, of the same sellers."""
    facts = []
    for number, hours in enumerate(orders):
        fact: dict[str, object] = {
            "order_id": f"o{number}",
            "purchase_month": "2017-11",
            "order_purchase_timestamp": PURCHASED,
        }
        time = PURCHASED
        for stage, (_, end) in STAGES.items():
            if stage in hours:
                time += timedelta(hours=hours[stage])
                fact[end] = time
        facts.append(fact)
    sales = [
        {
            "order_id": fact["order_id"],
            "purchase_month": "2017-11",
            "seller_id": seller,
            "is_first_of_seller": True,
        }
        for fact in facts
        for seller in sellers
    ]
    made = mart_order_stages(
        pl.LazyFrame(facts, FactOrders.fields()),
        pl.LazyFrame(sales, FactSales.fields()),
        SELLERS,
    ).select(MartOrderStages.fields().names())
    rows = made.sort("stage", "seller_state").collect()
    check_table(rows, MartOrderStages, {})
    return rows.select(
        "stage", "seller_state", "orders", pl.col("median_hours", "p90_hours").cast(pl.String)
    ).rows()


def test_a_stage_ends_where_the_next_one_begins() -> None:
    assert stages([{"approval": 1.5, "handling": 24, "transport": 100}], "s1") == [
        ("approval", "SP", 1, "1.50", "1.50"),
        ("handling", "SP", 1, "24.00", "24.00"),
        ("transport", "SP", 1, "100.00", "100.00"),
    ]


def test_an_order_that_has_not_passed_a_stage_does_not_count() -> None:
    assert stages([{"approval": 1}, {}], "s1") == [("approval", "SP", 1, "1.00", "1.00")]


def test_percentiles_are_the_smallest_values_that_the_share_does_not_exceed() -> None:
    waits = [{"approval": hour} for hour in (10, 3, 1, 2, 4, 5, 6, 7, 8, 9)]
    assert stages(waits, "s1") == [("approval", "SP", 10, "5.00", "9.00")]
    assert stages(waits[:3], "s1") == [("approval", "SP", 3, "3.00", "10.00")]


def test_an_order_counts_once_for_each_state_of_its_sellers() -> None:
    assert stages([{"approval": 1}], "s1", "s2", "s3", "s4") == [
        ("approval", "RJ", 1, "1.00", "1.00"),
        ("approval", "SP", 1, "1.00", "1.00"),
        ("approval", "unknown", 1, "1.00", "1.00"),
    ]

"""gold.mart_monthly_targets."""

from decimal import Decimal

import polars as pl

from contracts.gold.agg_monthly_orders import AggMonthlyOrders
from contracts.gold.mart_monthly_targets import MartMonthlyTargets
from contracts.silver.monthly_targets import MonthlyTargets
from contracts.table_check import check_table
from transforms.gold.mart_monthly_targets import mart_monthly_targets


def made_of(
    targets: list[tuple[str, str, int | None]], sales: list[tuple[str, str, int]]
) -> dict[str, dict[str, object]]:
    """Make the mart of targets and sales (month, GMV, orders); return its rows by month."""
    sold = [{"purchase_month": m, "price": Decimal(gmv), "orders": n} for m, gmv, n in sales]
    planned = [(month, Decimal(gmv), orders) for month, gmv, orders in targets]
    made = mart_monthly_targets(
        pl.LazyFrame(planned, MonthlyTargets.fields(), orient="row"),
        pl.LazyFrame(sold, AggMonthlyOrders.fields()),
    ).select(MartMonthlyTargets.fields().names())
    rows = made.collect()
    check_table(rows, MartMonthlyTargets, {})
    return {row.pop("purchase_month"): row for row in rows.to_dicts()}


def test_a_month_is_compared_with_its_target() -> None:
    made = made_of([("2018-08", "200.00", 4)], [("2018-08", "150.00", 5), ("2018-07", "1.00", 1)])
    assert made == {
        "2018-08": {
            "gmv_target": Decimal("200.00"),
            "gmv_reached": Decimal("150.00"),
            "gmv_reached_share": 0.75,
            "orders_target": 4,
            "orders_reached": 5,
            "orders_reached_share": 1.25,
        }
    }


def test_the_orders_of_all_states_count() -> None:
    made = made_of([("2018-08", "200.00", 4)], [("2018-08", "150.00", 5), ("2018-08", "30.00", 1)])
    assert made["2018-08"]["gmv_reached_share"] == 0.9
    assert made["2018-08"]["orders_reached"] == 6


def test_a_month_without_orders_between_others_has_reached_nothing() -> None:
    made = made_of([("2018-07", "200.00", 4)], [("2018-06", "1.00", 1), ("2018-08", "1.00", 1)])
    assert made["2018-07"]["gmv_reached"] == made["2018-07"]["orders_reached_share"] == 0


def test_a_month_that_has_not_begun_has_no_share() -> None:
    made = made_of([("2018-09", "200.00", 4)], [("2018-08", "150.00", 5)])
    assert made["2018-09"]["orders_reached"] is None
    assert {made["2018-09"][f"gmv_{each}"] for each in ("reached", "reached_share")} == {None}


def test_a_target_of_orders_is_optional() -> None:
    made = made_of([("2018-08", "200.00", None)], [("2018-08", "150.00", 5)])
    assert made["2018-08"]["orders_reached_share"] is None
    assert made["2018-08"]["gmv_reached_share"] == 0.75


def test_no_targets_make_an_empty_table_and_no_orders_no_shares() -> None:
    assert made_of([], [("2018-08", "150.00", 5)]) == {}
    assert made_of([("2018-08", "200.00", 4)], [])["2018-08"]["gmv_reached"] is None

"""The targets that a manager writes by hand, from the landing zone to gold."""

import os
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from shutil import copy

import pytest

from flows.pipeline import run
from flows.query.sql import query
from tests.support.project import ROOT

Land = Callable[..., Path]


def month(name: str, gmv: str, orders: str = "") -> dict[str, str]:
    return {"purchase_month": name, "gmv_target": gmv, "orders_target": orders}


def test_a_lake_without_targets_has_an_empty_table(land: Land, lake: str) -> None:
    run(str(land(orders=[{}])), lake)
    assert query(lake, "SELECT * FROM gold.mart_monthly_targets").is_empty()


def test_a_target_is_compared_with_the_sales_of_its_month(land: Land, lake: str) -> None:
    targets = [month("2017-11", "111.00", "2"), month("2017-12", "120.00")]
    run(str(land(orders=[{}], order_items=[{}], monthly_targets=targets)), lake)
    rows = query(lake, "FROM gold.mart_monthly_targets ORDER BY purchase_month").rows(named=True)
    assert rows == [
        {
            "purchase_month": "2017-11",
            "gmv_target": Decimal("111.00"),
            "gmv_reached": Decimal("99.90"),
            "gmv_reached_share": 0.9,
            "orders_target": 2,
            "orders_reached": 1,
            "orders_reached_share": 0.5,
        },
        {
            "purchase_month": "2017-12",
            "gmv_target": Decimal("120.00"),
            **dict.fromkeys(("gmv_reached", "gmv_reached_share", "orders_target")),
            **dict.fromkeys(("orders_reached", "orders_reached_share")),
        },
    ]


def test_sales_that_arrive_later_count_towards_the_target(land: Land, lake: str) -> None:
    reached = "SELECT gmv_reached FROM gold.mart_monthly_targets"
    run(str(land("plan", monthly_targets=[month("2017-11", "111.00")])), lake)
    assert query(lake, reached).item() is None
    run(str(land("sales", orders=[{}], order_items=[{}])), lake)
    assert query(lake, reached).item() == Decimal("99.90")


def test_the_last_target_of_a_month_holds(land: Land, lake: str) -> None:
    target = "SELECT gmv_target FROM gold.mart_monthly_targets"
    twice = [month("2018-08", "1.00"), month("2018-08", "2.00")]
    first = land("first", monthly_targets=twice)
    os.utime(first / "monthly_targets.csv", (1_500_000_000, 1_500_000_000))
    run(str(first), lake)
    assert query(lake, target).item() == Decimal("2.00")
    run(str(land("second", monthly_targets=[month("2018-08", "3.00")])), lake)
    assert query(lake, target).item() == Decimal("3.00")


@pytest.mark.parametrize(
    ("row", "rule"),
    [
        (month("08/2018", "850000"), "purchase_month_is_well_formed"),
        (month("2018-13", "850000"), "purchase_month_is_well_formed"),
        (month("", "850000"), "purchase_month_is_present"),
        (month("2018-08", "0"), "gmv_target_is_above_0"),
        (month("2018-08", "-1"), "gmv_target_is_above_0"),
        (month("2018-08", ""), "gmv_target_is_present"),
        (month("2018-08", "850.000,00"), "gmv_target_is_a_number"),
        (month("2018-08", "850000", "0"), "orders_target_is_at_least_1"),
    ],
)
def test_a_wrong_target_is_quarantined(
    land: Land, lake: str, row: dict[str, str], rule: str
) -> None:
    run(str(land(monthly_targets=[row, month("2018-09", "1.00")])), lake)
    broken = "SELECT _broken_rules FROM quarantine.monthly_targets"
    assert query(lake, broken).item().to_list() == [rule]
    assert query(lake, "SELECT purchase_month FROM silver.monthly_targets").item() == "2018-09"


def test_the_example_has_no_wrong_target(tmp_path: Path, lake: str) -> None:
    landing = tmp_path / "landing"
    landing.mkdir()
    copy(ROOT / "examples" / "monthly_targets.csv", landing)
    run(str(landing), lake)
    assert query(lake, "SELECT count(*) FROM silver.monthly_targets").item() == 24
    assert query(lake, "FROM quarantine.monthly_targets").is_empty()

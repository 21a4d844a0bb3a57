"""gold.dim_month."""

from datetime import date

import polars as pl

from contracts.gold.agg_monthly_orders import AggMonthlyOrders
from contracts.gold.dim_month import DimMonth
from transforms.gold.dim_month import dim_month


def months(*purchased: str) -> pl.DataFrame:
    orders = pl.LazyFrame({"purchase_month": purchased}, schema_overrides=AggMonthlyOrders.fields())
    return dim_month(orders).select(DimMonth.fields().names()).collect()


def test_months_have_no_gaps() -> None:
    assert months("2018-02", "2017-12", "2018-02").rows() == [
        ("2017-12", date(2017, 12, 1), date(2017, 12, 31)),
        ("2018-01", date(2018, 1, 1), date(2018, 1, 31)),
        ("2018-02", date(2018, 2, 1), date(2018, 2, 28)),
    ]


def test_no_orders_have_no_months() -> None:
    assert months().is_empty()

"""silver.monthly_targets."""

from decimal import Decimal

import polars as pl
from polars.testing import assert_frame_equal

from contracts.silver.monthly_targets import MonthlyTargets
from transforms.silver.monthly_targets import monthly_targets


def test_a_target_is_typed() -> None:
    raw = pl.LazyFrame(
        {
            "purchase_month": ["2018-08", " 08/2018"],
            "gmv_target": ["850000", "850.000,00"],
            "orders_target": ["", "many"],
        }
    )
    expected = pl.LazyFrame(
        {
            "purchase_month": ["2018-08", "08/2018"],
            "gmv_target": [Decimal("850000.00"), None],
            "orders_target": [None, None],
        },
        schema=MonthlyTargets.fields(),
    )
    assert_frame_equal(monthly_targets(raw), expected)

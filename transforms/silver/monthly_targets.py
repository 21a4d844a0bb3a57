"""silver.monthly_targets."""

from typing import Annotated

from polars import LazyFrame

from contracts import bronze
from contracts.silver.monthly_targets import MonthlyTargets
from transforms.parse import integer, money, text


def monthly_targets(
    raw: Annotated[LazyFrame, bronze.MonthlyTargets],
) -> Annotated[LazyFrame, MonthlyTargets]:
    """Type each target record."""
    return raw.select(text("purchase_month"), money("gmv_target"), integer("orders_target"))

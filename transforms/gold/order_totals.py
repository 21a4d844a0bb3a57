"""Totals of the items, payments and reviews of orders."""

import polars as pl
from polars import LazyFrame

ONE = pl.lit(1, pl.Int64)


def order_totals(*parts: LazyFrame) -> LazyFrame:
    """Sum each column of the parts of an order. Much faster than a group and a join per table.

    Args:
        *parts: tables with `order_id` and columns to sum, such as the items and the payments.

    Shape: one row per order with any part, with the columns of all parts.
    """
    return pl.concat(parts, how="diagonal").group_by("order_id").agg(pl.all().sum())

"""Values that keep and break the rules of contracts."""

from datetime import date, datetime
from decimal import Decimal
from math import nan
from typing import Any

import polars as pl

from contracts.contract import Contract

at = datetime.fromisoformat

# For every rule of every contract, these hold a value that keeps it and one that breaks it.
IDS = ["a" * 32, "A" * 32, "01310", "1310", "2017-11"]
TEXTS = [None, "", "SP", "sp", "delivered", "boleto", "product_category_name", *IDS]
NUMBERS = [None, -1, 0, 1, 3, 5, 6, 13, 32, 40_000]
AMOUNTS = [None, Decimal("-0.01"), Decimal(0), Decimal("1.23")]
DEGREES = [None, nan, 0.0, -23.5, -46.6, 80.0]
MOMENTS = [
    None,
    at("1970-01-01"),
    at("2015-12-31 23:59:59"),
    at("2017-11-24"),
    at("2017-11-24 10:00"),
    at("2017-11-25"),
    at("2999-01-01"),
]


def mixture(contract: type[Contract]) -> pl.DataFrame:
    """Return rows that keep and break the rules of a contract in many combinations."""
    return pl.DataFrame(
        _pool(dtype).sample(2_000, with_replacement=True, seed=seed).alias(name)
        for seed, (name, dtype) in enumerate(contract.fields().items())
    )


def _pool(dtype: pl.DataType) -> pl.Series:
    """Return values of a type; some of them break most rules."""
    values: dict[type[pl.DataType], list[Any]] = {
        pl.String: TEXTS,
        pl.Int64: NUMBERS,
        pl.Decimal: AMOUNTS,
        pl.Float64: DEGREES,
        pl.Datetime: MOMENTS,
        pl.Boolean: [None, True, False],
        pl.Date: [None, date(2016, 2, 29)],
    }
    return pl.Series(values[dtype.base_type()], dtype=dtype)

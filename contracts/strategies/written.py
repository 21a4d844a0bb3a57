"""Typed rows as the raw text of a source: the way back from silver to bronze."""

import polars as pl
from polars import col

from contracts.contract import Bronze, Contract


def written(
    rows: pl.DataFrame,
    contract: type[Contract],
    source: type[Bronze],
    *,
    blank: str | None = None,
    pad: str = "",
) -> pl.DataFrame:
    """Write the rows of a contract as the records of a bronze contract that they are parsed from.

    Shape: the columns of `source`, one record per row. What a source cannot say (white space around
    a text, a fraction of a second) is lost.

    Args:
        rows: rows with the columns of `contract`.
        contract: what they keep, or break.
        source: the bronze contract; a column of its own that nothing is parsed from is null.
        blank: how a source says that there is no value; null or the empty text.
        pad: white space around what there is.
    """
    raw = contract.parsed_from()
    text = {raw[name]: pad + _text(name, dtype) + pad for name, dtype in contract.fields().items()}
    return rows.select(
        text.get(name, pl.lit(None, pl.String)).fill_null(pl.lit(blank, pl.String)).alias(name)
        for name in source.fields()
    )


def sayable(contract: type[Contract]) -> list[pl.Expr]:
    """Return the contract's columns as a source can say them: other values have no raw text."""
    return [_said(name, dtype) for name, dtype in contract.fields().items()]


def is_sayable(contract: type[Contract]) -> pl.Expr:
    """Return whether a source can say all values of a row."""
    return pl.all_horizontal(
        col(name).eq_missing(_said(name, dtype)) for name, dtype in contract.fields().items()
    )


def _said(name: str, dtype: pl.DataType) -> pl.Expr:
    if dtype == pl.String:
        trimmed = col(name).str.strip_chars()
        return pl.when(trimmed != "").then(trimmed).alias(name)
    return col(name).dt.truncate("1s") if isinstance(dtype, pl.Datetime) else col(name)


def _text(name: str, dtype: pl.DataType) -> pl.Expr:
    if isinstance(dtype, pl.Datetime):
        return col(name).dt.strftime("%Y-%m-%d %H:%M:%S")
    return _said(name, dtype).cast(pl.String)

"""Typed rows as the raw text of a source: the inverse of parsing bronze to silver."""

import polars as pl
from polars import col

from contracts.contract import Bronze, Contract


def to_raw_text(
    rows: pl.DataFrame,
    contract: type[Contract],
    source: type[Bronze],
    *,
    blank: str | None = None,
    pad: str = "",
) -> pl.DataFrame:
    """Convert the rows of a contract to the bronze records that they are parsed from.

    Shape: the columns of `source`, one record per row. What raw text cannot represent (white space
    around a text, a fraction of a second) is lost.

    Args:
        rows: rows with the columns of `contract`.
        contract: the contract of the rows; they may break its rules.
        source: the bronze contract; its columns that `contract` does not parse are null.
        blank: the raw text of a missing value: null or the empty text.
        pad: white space around every value.
    """
    raw = contract.parsed_from()
    text = {raw[name]: pad + _text(name, dtype) + pad for name, dtype in contract.fields().items()}
    return rows.select(
        text.get(name, pl.lit(None, pl.String)).fill_null(pl.lit(blank, pl.String)).alias(name)
        for name in source.fields()
    )


def representable(contract: type[Contract]) -> list[pl.Expr]:
    """Return the contract's columns reduced to what raw text can represent."""
    return [_as_represented(name, dtype) for name, dtype in contract.fields().items()]


def is_representable(contract: type[Contract]) -> pl.Expr:
    """Return whether raw text can represent all values of a row."""
    return pl.all_horizontal(
        col(name).eq_missing(_as_represented(name, dtype))
        for name, dtype in contract.fields().items()
    )


def _as_represented(name: str, dtype: pl.DataType) -> pl.Expr:
    if dtype == pl.String:
        trimmed = col(name).str.strip_chars()
        return pl.when(trimmed != "").then(trimmed).alias(name)
    return col(name).dt.truncate("1s") if isinstance(dtype, pl.Datetime) else col(name)


def _text(name: str, dtype: pl.DataType) -> pl.Expr:
    if isinstance(dtype, pl.Datetime):
        return col(name).dt.strftime("%Y-%m-%d %H:%M:%S")
    return _as_represented(name, dtype).cast(pl.String)

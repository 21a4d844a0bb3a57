"""Parsers of raw text. What cannot be parsed becomes null, which validation then reports.

An empty text is null, because CSV has no other way to write null.
"""

from datetime import datetime

import polars as pl

from contracts.domain import AMOUNT_DIGITS, REAIS
from transforms.redaction import redact


def text(name: str) -> pl.Expr:
    """Return a text without leading and trailing white space."""
    trimmed = _trimmed(name)
    return pl.when(trimmed != "").then(trimmed).alias(name)


def integer(name: str) -> pl.Expr:
    """Parse a whole number."""
    return _trimmed(name).cast(pl.Int64, strict=False)


def decimal_degrees(name: str) -> pl.Expr:
    """Parse a finite number of degrees."""
    degrees = _trimmed(name).cast(pl.Float64, strict=False)
    # Adding zero turns minus zero into zero. Both would be different keys.
    return pl.when(degrees.is_finite()).then(degrees + 0.0).alias(name)


def money(name: str) -> pl.Expr:
    """Parse an amount in BRL.

    A fraction of a cent is invalid rather than rounded, and so is a billion or more.
    """
    amount = _trimmed(name)
    exact = amount.str.contains(rf"^[+-]?\d{{1,{AMOUNT_DIGITS}}}(\.\d{{0,2}}0*)?$")
    return pl.when(exact).then(amount.cast(REAIS, strict=False)).alias(name)


def timestamp(name: str) -> pl.Expr:
    """Parse a time without a zone, such as 2017-11-24 23:59:59 or 2017-11-24T23:59:59.000.

    A fraction of a second other than zero is invalid rather than dropped.
    """
    # The parser alone would accept 17-1-4 as a day in the year 17. The pattern reads the text as it
    # is, because Polars would trim it once per use.
    exact = pl.col(name).str.contains(_TIMESTAMP)
    whole = _trimmed(name).str.head(19).str.replace("T", " ", literal=True)
    # Few times repeat, so a cache of parsed texts would only cost time.
    parsed = whole.str.to_datetime("%Y-%m-%d %H:%M:%S", time_unit="us", strict=False, cache=False)
    # Python and most readers of the table have no year 0.
    return pl.when(exact, parsed >= datetime(1, 1, 1)).then(parsed).alias(name)


_TIMESTAMP = r"^\s*[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}:[0-5][0-9](?:\.0{1,9})?\s*$"


def city_name(name: str) -> pl.Expr:
    """Return the name of a city in lower case, redacted because people also write contact data."""
    return redact(text(name)).str.to_lowercase()


def _trimmed(name: str) -> pl.Expr:
    return pl.col(name).str.strip_chars()

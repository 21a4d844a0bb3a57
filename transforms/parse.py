"""Raw text to typed values: what cannot be parsed becomes null, which the contract then reports.

An empty text means that there is no value: CSV has no other way to say so.
"""

import polars as pl

from contracts.domain import AMOUNT_DIGITS, REAIS
from transforms.redaction import redact


def text(name: str) -> pl.Expr:
    """Text without the white space around it."""
    trimmed = _trimmed(name)
    return pl.when(trimmed != "").then(trimmed).alias(name)


def integer(name: str) -> pl.Expr:
    """A whole number."""
    return _trimmed(name).cast(pl.Int64, strict=False)


def decimal_degrees(name: str) -> pl.Expr:
    """A finite floating-point number of degrees."""
    degrees = _trimmed(name).cast(pl.Float64, strict=False)
    # Adding zero makes minus zero zero, which would else be a key of its own.
    return pl.when(degrees.is_finite()).then(degrees + 0.0).alias(name)


def money(name: str) -> pl.Expr:
    """Reais and centavos.

    A fraction of a centavo is not rounded, it is no amount at all; nor is a billion of reais.
    """
    amount = _trimmed(name)
    exact = amount.str.contains(rf"^[+-]?\d{{1,{AMOUNT_DIGITS}}}(\.\d{{0,2}}0*)?$")
    return pl.when(exact).then(amount.cast(REAIS, strict=False)).alias(name)


def timestamp(name: str) -> pl.Expr:
    """A wall-clock time such as 2017-11-24 23:59:59 or 2017-11-24T23:59:59.000, without a zone.

    Seconds are whole: a fraction other than zero is not dropped, it makes the text no timestamp.
    """
    moment = _trimmed(name)
    # The parser alone would take 17-1-4 for a day of the year 17.
    exact = moment.str.contains(r"^\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}:[0-5]\d(?:\.0{1,9})?$")
    whole = moment.str.head(19).str.replace("T", " ", literal=True)
    parsed = whole.str.to_datetime("%Y-%m-%d %H:%M:%S", time_unit="us", strict=False)
    # There is a year 0 for it, but not for Python, nor for most who read the table.
    return pl.when(exact, parsed.dt.year() > 0).then(parsed).alias(name)


def city_name(name: str) -> pl.Expr:
    """The name of a city in lower case; people also write other things there."""
    return redact(text(name)).str.to_lowercase()


def _trimmed(name: str) -> pl.Expr:
    return pl.col(name).str.strip_chars()

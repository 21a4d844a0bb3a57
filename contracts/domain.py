"""Definitions of the marketplace that contracts share: value sets, patterns and conditions."""

from datetime import UTC, datetime

import polars as pl

SHOP_OPENED = datetime(2016, 1, 1)
"""The shop sold nothing before this time."""

REAIS = pl.Decimal(18, 2)
"""The Polars type of an amount in BRL. Sums and products of amounts are cast back to it."""

HOURS = pl.Decimal(18, 2)
"""The Polars type of hours."""

AMOUNT_DIGITS = 9
"""Digits of an amount before the decimal point. Sums of ten million amounts still fit `REAIS`."""

HEX_ID = r"^[0-9a-f]{32}$"
ZIP_PREFIX = r"^[0-9]{5}$"

ERASED = "e7a5ed00"
"""The first digits of the pseudonyms that replace the identifiers of an erased person."""

ORDER_STATUSES = (
    "created",
    "approved",
    "invoiced",
    "processing",
    "shipped",
    "delivered",
    "canceled",
    "unavailable",
)

CALLED_OFF = pl.col("order_status").is_in(["canceled", "unavailable"])
"""The order is canceled, or its items are unavailable."""

DELIVERED = (pl.col("order_status") == "delivered") & pl.col("delivered_on_time").is_not_null()
"""The order is delivered and has a delivery date. A few delivered orders have no date, and a few
canceled ones have one."""

STARS_FIT_REVIEWS = pl.col("stars").is_between(pl.col("reviews"), 5 * pl.col("reviews"))
"""A sum of review scores is possible: each review has one to five stars."""

MONTH = r"^20[0-9]{2}-(?:0[1-9]|1[0-2])$"

MOST = 10**12
"""Limit of a count in facts and aggregates. A sum of a million such counts fits 64 bits."""

MOST_DAYS = 36_525
"""Limit of the calendar days between two times of an order: a century."""

UNKNOWN = "unknown"
"""The value of a mart's key for facts without one."""

PAYMENT_TYPES = ("credit_card", "boleto", "voucher", "debit_card", "not_defined")

STATES = (
    *("AC", "AL", "AM", "AP", "BA", "CE", "DF", "ES", "GO", "MA", "MG", "MS", "MT", "PA"),
    *("PB", "PE", "PI", "PR", "RJ", "RN", "RO", "RR", "RS", "SC", "SE", "SP", "TO"),
)
"""The 26 states of Brazil and its federal district."""


def now() -> pl.Expr:
    """Return the current wall-clock time in America/Sao_Paulo, without a zone."""
    return (
        pl.lit(datetime.now(UTC))
        .dt.convert_time_zone("America/Sao_Paulo")
        .dt.replace_time_zone(None)
    )

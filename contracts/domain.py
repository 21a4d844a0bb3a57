"""The closed sets and patterns that contracts share."""

from datetime import UTC, datetime

import polars as pl

SHOP_OPENED = datetime(2016, 1, 1)
"""Before it, the shop sold nothing."""

REAIS = pl.Decimal(18, 2)
"""The Polars type of an amount of money: sums and products of amounts are cast back to it."""

AMOUNT_DIGITS = 9
"""How many digits an amount may have before its point: sums of ten million still fit `REAIS`."""

HEX_ID = r"^[0-9a-f]{32}$"
ZIP_PREFIX = r"^[0-9]{5}$"

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
"""An order that came to nothing: somebody canceled it, or there was nothing to send."""

DELIVERED = (pl.col("order_status") == "delivered") & pl.col("delivered_on_time").is_not_null()
"""An order that is delivered and says when: a few say no date, a few canceled ones say one."""

MONTH = r"^\d{4}-\d{2}$"
UNKNOWN = "unknown"
"""What stands in a key of a mart where its fact does not know it."""

PAYMENT_TYPES = ("credit_card", "boleto", "voucher", "debit_card", "not_defined")

STATES = (
    *("AC", "AL", "AM", "AP", "BA", "CE", "DF", "ES", "GO", "MA", "MG", "MS", "MT", "PA"),
    *("PB", "PE", "PI", "PR", "RJ", "RN", "RO", "RR", "RS", "SC", "SE", "SP", "TO"),
)
"""The 26 states of Brazil and its federal district."""


def now() -> pl.Expr:
    """The wall clock of the source: America/Sao_Paulo, without a zone."""
    return (
        pl.lit(datetime.now(UTC))
        .dt.convert_time_zone("America/Sao_Paulo")
        .dt.replace_time_zone(None)
    )

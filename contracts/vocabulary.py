"""The closed sets and patterns that contracts share."""

import polars as pl

REAIS = pl.Decimal(18, 2)
"""The Polars type of an amount of money: sums and products of amounts are cast back to it."""

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

PAYMENT_TYPES = ("credit_card", "boleto", "voucher", "debit_card", "not_defined")

STATES = (
    *("AC", "AL", "AM", "AP", "BA", "CE", "DF", "ES", "GO", "MA", "MG", "MS", "MT", "PA"),
    *("PB", "PE", "PI", "PR", "RJ", "RN", "RO", "RR", "RS", "SC", "SE", "SP", "TO"),
)
"""The 26 states of Brazil and its federal district."""

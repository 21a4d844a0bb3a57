"""gold.mart_payment_mix."""

from decimal import Decimal

import polars as pl

from contracts.gold.fact_payments import FactPayments
from contracts.gold.mart_payment_mix import MartPaymentMix
from transforms.gold.mart_payment_mix import mart_payment_mix


def made_of(*payments: tuple[str, str, int, str]) -> pl.DataFrame:
    """Make the mart of payments: order, type, instalments, value."""
    names = ["order_id", "payment_type", "payment_installments", "payment_value"]
    facts = [dict(zip(names, (*rest, Decimal(value)), strict=True)) for *rest, value in payments]
    made = mart_payment_mix(pl.LazyFrame(facts, schema=FactPayments.fields()))
    return made.select(MartPaymentMix.fields().names()).sort(names[1:3]).collect()


def test_payments_are_grouped_by_method_and_instalments() -> None:
    made = made_of(
        ("o1", "credit_card", 1, "60.00"),
        ("o2", "credit_card", 10, "20.00"),
        ("o1", "voucher", 1, "10.01"),
        ("o1", "voucher", 1, "9.99"),
    )
    assert made.rows() == [
        ("credit_card", 1, 1, 1, Decimal(60), 0.25, 0.6, Decimal(60)),
        ("credit_card", 10, 1, 1, Decimal(20), 0.25, 0.2, Decimal(20)),
        ("voucher", 1, 2, 1, Decimal(20), 0.5, 0.2, Decimal(10)),
    ]


def test_payments_of_zero_have_no_value_share() -> None:
    made = made_of(("o1", "not_defined", 0, "0.00"))
    assert made.select("payments_share", "value_share").row(0) == (1.0, None)

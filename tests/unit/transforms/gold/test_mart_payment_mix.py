"""gold.mart_payment_mix."""

from decimal import Decimal

import polars as pl

from contracts.gold.fact_payments import FactPayments
from contracts.gold.mart_payment_mix import MartPaymentMix
from transforms.gold.agg_monthly_payments import agg_monthly_payments
from transforms.gold.mart_payment_mix import mart_payment_mix


def made_of(*payments: tuple[str, str, int, str]) -> pl.DataFrame:
    """Make the mart of payments: order (and month), type, instalments, value."""
    facts = [
        {
            "order_id": order,
            "purchase_month": f"2018-0{order[-1]}",
            "payment_type": kind,
            "payment_installments": number,
            "payment_value": Decimal(value),
        }
        for order, kind, number, value in payments
    ]
    made = (
        pl.LazyFrame(facts, schema=FactPayments.fields())
        .pipe(agg_monthly_payments)
        .pipe(mart_payment_mix)
    )
    key = ["payment_type", "payment_installments"]
    return made.select(MartPaymentMix.fields().names()).sort(key).collect()


def test_payments_are_grouped_by_method_and_instalments() -> None:
    made = made_of(
        ("o1", "credit_card", 1, "50.00"),
        ("o2", "credit_card", 1, "10.00"),
        ("o2", "credit_card", 10, "20.00"),
        ("o1", "voucher", 1, "10.01"),
        ("o1", "voucher", 1, "9.99"),
    )
    assert made.rows() == [
        ("credit_card", 1, 2, 2, Decimal(60), 0.4, 0.6, Decimal(30)),
        ("credit_card", 10, 1, 1, Decimal(20), 0.2, 0.2, Decimal(20)),
        ("voucher", 1, 2, 1, Decimal(20), 0.4, 0.2, Decimal(10)),
    ]


def test_payments_of_zero_have_no_value_share() -> None:
    made = made_of(("o1", "not_defined", 0, "0.00"))
    assert made.select("payments_share", "value_share").row(0) == (1.0, None)

"""The sums that marts declare over their facts."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from contracts.contract import Contract
from contracts.gold.fact_orders import FactOrders
from contracts.gold.fact_payments import FactPayments
from contracts.gold.fact_reviews import FactReviews
from contracts.gold.fact_sales import FactSales
from contracts.gold.mart_category import MartCategory
from contracts.gold.mart_cohort_retention import MartCohortRetention
from contracts.gold.mart_customer_rfm import MartCustomerRfm
from contracts.gold.mart_delivery_by_state import MartDeliveryByState
from contracts.gold.mart_monthly_sales import MartMonthlySales
from contracts.gold.mart_payment_mix import MartPaymentMix
from contracts.gold.mart_review_by_lateness import MartReviewByLateness
from contracts.gold.mart_seller_scorecard import MartSellerScorecard

ORDERS: list[dict[str, Any]] = [
    {
        "order_status": status,
        "order_purchase_timestamp": datetime(2018, 1, 10),
        "order_estimated_delivery_date": datetime(2018, 1, 9),
        "delivered_on_time": on_time,
        "days_past_estimate": None if on_time is None else int(not on_time),
        "items": items,
        "price": Decimal(price),
    }
    for status, on_time, items, price in [
        ("delivered", True, 2, "10.00"),
        ("delivered", False, 1, "20.00"),
        ("delivered", None, 1, "30.00"),  # without a date
        ("shipped", None, 1, "40.00"),
        ("canceled", True, 3, "50.00"),
        ("unavailable", None, 0, "0.00"),
    ]
]
ORDERS = [
    {"order_id": str(n), "freight_value": 1, "total_order_value": each["price"] + 1, **each}
    for n, each in enumerate(ORDERS)
]
ITEMS = [
    {"order_id": str(n), "price": Decimal(price), "freight_value": Decimal("0.50")}
    for n, price in enumerate(("1.00", "2.00", "4.00"))
]
FACTS = {
    FactOrders: ORDERS,
    FactPayments: [{"order_id": "a", "payment_value": 3}, {"order_id": "a", "payment_value": 4}],
    FactReviews: [{"review_id": "a", "review_score": 2}, {"review_id": "b", "review_score": 5}],
    FactSales: ITEMS,
}


@pytest.mark.parametrize(
    ("mart", "sums"),
    [
        (MartCategory, {"units": 3, "sales": 7, "freight_value": Decimal("1.50")}),
        (MartCohortRetention, {"purchases": 4, "gmv": 100}),
        (MartCustomerRfm, {"orders": 6, "frequency": 4, "monetary": 104}),
        (
            MartDeliveryByState,
            {
                "orders": 6,
                "delivered": 2,
                "on_time": 1,
                "late": 1,
                "overdue": 1,
                "gmv": 150,
                "freight_value": 6,
            },
        ),
        (
            MartMonthlySales,
            {
                "orders": 6,
                "orders_with_items": 5,
                "items": 8,
                "gmv": 150,
                "gmv_called_off": 50,
                "freight_value": 6,
                "delivered": 2,
                "delivered_on_time": 1,
            },
        ),
        (MartPaymentMix, {"payments": 2, "payment_value": 7}),
        (MartReviewByLateness, {"reviews": 2, "stars": 7}),
        (MartSellerScorecard, {"units": 3, "sales": 7, "freight_value": Decimal("1.50")}),
    ],
)
def test_a_mart_has_the_sums_of_its_facts(mart: type[Contract], sums: dict[str, object]) -> None:
    found = {
        column: pl.DataFrame(FACTS[of], schema=of.fields()).select(expression.sum()).item()
        for column, (of, expression) in mart.sums().items()
    }
    assert found == sums

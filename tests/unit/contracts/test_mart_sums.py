"""The sums that aggregates and marts declare over their inputs."""

from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from contracts.contract import Contract
from contracts.gold.agg_customer_months import AggCustomerMonths
from contracts.gold.agg_monthly_categories import AggMonthlyCategories
from contracts.gold.agg_monthly_cohorts import AggMonthlyCohorts
from contracts.gold.agg_monthly_deliveries import AggMonthlyDeliveries
from contracts.gold.agg_monthly_orders import AggMonthlyOrders
from contracts.gold.agg_monthly_payments import AggMonthlyPayments
from contracts.gold.agg_monthly_sellers import AggMonthlySellers
from contracts.gold.fact_orders import FactOrders
from contracts.gold.fact_payments import FactPayments
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
        "delivered_on_time": on_time,
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
    {
        "order_id": str(n),
        "freight_value": 1,
        "total_order_value": each["price"] + 1,
        "reviews": 2,
        "stars": 6,
        "one_star_reviews": 1,
        "five_star_reviews": 1,
        **each,
    }
    for n, each in enumerate(ORDERS)
]
ITEMS = [
    {
        "order_id": str(n),
        "price": Decimal(price),
        "freight_value": Decimal("0.50"),
        "order_status": status,
        "delivery_lag_days": n,
        "delivered_on_time": True,
        "is_first_of_seller": n > 0,
        "is_first_of_category": n > 1,
        "reviews": n,
        "stars": 2 * n,
    }
    for n, (price, status) in enumerate(
        [("1.00", "delivered"), ("2.00", "canceled"), ("4.00", "delivered")]
    )
]
MONTHS = [
    {
        "lateness": lateness,
        "due_date_key": due,
        "last_date_key": 20180110,
        "orders": orders,
        "orders_with_items": 1,
        "items": 2,
        "price": Decimal(10),
        "price_called_off": Decimal(3),
        "freight_value": Decimal(1),
        "reviews": orders,
        "stars": 3 * orders,
    }
    for lateness, due, orders in [
        ("1 to 3 days early", 0, 1),
        ("on the day", 0, 2),
        ("8 days late or more", 0, 4),
        ("not delivered", 0, 8),
        ("not delivered", 20180109, 16),
        ("not delivered", 20180110, 32),
    ]
]
PEOPLE = {"orders": 4, "purchases": 3, "gmv": Decimal(5), "spent": Decimal(7)}
SELLER = {
    "orders": 3,
    "units": 4,
    "sales": Decimal(5),
    "freight_value": Decimal(6),
    "called_off": 1,
    "delivered": 2,
    "reviews": 7,
}
ROWS: dict[type[Contract], list[dict[str, Any]]] = {
    FactOrders: ORDERS,
    FactPayments: [{"order_id": "a", "payment_value": 3}, {"order_id": "a", "payment_value": 4}],
    FactSales: ITEMS,
    AggCustomerMonths: [PEOPLE, {**PEOPLE, "purchases": 0, "gmv": 0, "spent": 0}],
    AggMonthlyCategories: [
        {"orders": 1, "units": 2, "sales": 3, "freight_value": 4, "reviews": 5, "stars": 6}
    ],
    AggMonthlyCohorts: [{"customers": 1, "purchases": 2, "gmv": 3}],
    AggMonthlyOrders: MONTHS,
    AggMonthlyPayments: [{"payments": 2, "orders": 1, "payment_value": 7}],
    AggMonthlySellers: [{**SELLER, "on_time": 1}, {**SELLER, "on_time": 0}],
}
SUMS: list[tuple[type[Contract], dict[str, object]]] = [
    (AggCustomerMonths, {"orders": 6, "purchases": 4, "gmv": 100, "spent": 104}),
    (
        AggMonthlyCategories,
        {
            "orders": 1,
            "units": 3,
            "sales": 7,
            "freight_value": Decimal("1.50"),
            "reviews": 2,
            "stars": 4,
        },
    ),
    (AggMonthlyCohorts, {"customers": 1, "purchases": 3, "gmv": 5}),
    (AggMonthlyDeliveries, {"delivered": 2}),
    (
        AggMonthlyOrders,
        {
            "orders": 6,
            "orders_with_items": 5,
            "items": 8,
            "price": 150,
            "price_called_off": 50,
            "freight_value": 6,
            "reviews": 12,
            "stars": 36,
            "one_star_reviews": 6,
            "five_star_reviews": 6,
        },
    ),
    (AggMonthlyPayments, {"payments": 2, "payment_value": 7}),
    (MartCategory, {"orders": 1, "units": 2, "sales": 3, "freight_value": 4, "reviews": 5}),
    (MartCohortRetention, {"customers": 1, "purchases": 2, "gmv": 3}),
    (MartCustomerRfm, {"orders": 8, "frequency": 3, "monetary": 7}),
    (
        MartDeliveryByState,
        {
            "orders": 63,
            "delivered": 7,
            "on_time": 3,
            "late": 4,
            "overdue": 16,
            "reviews": 7,
            "gmv": 60,
            "freight_value": 6,
        },
    ),
    (
        MartMonthlySales,
        {
            "orders": 63,
            "orders_with_items": 6,
            "items": 12,
            "gmv": 60,
            "gmv_called_off": 18,
            "freight_value": 6,
            "delivered": 7,
            "delivered_on_time": 3,
            "reviews": 63,
        },
    ),
    (MartPaymentMix, {"payments": 2, "orders": 1, "payment_value": 7}),
    (MartReviewByLateness, {"reviews": 63, "stars": 189}),
    (
        AggMonthlySellers,
        {
            "orders": 2,
            "units": 3,
            "sales": 7,
            "freight_value": Decimal("1.50"),
            "called_off": 1,
            "delivered": 1,
            "reviews": 3,
            "stars": 6,
        },
    ),
    (
        MartSellerScorecard,
        {
            "orders": 6,
            "units": 8,
            "sales": 10,
            "freight_value": 12,
            "called_off": 2,
            "delivered": 4,
            "on_time": 1,
            "reviews": 14,
        },
    ),
]


@pytest.mark.parametrize(("contract", "sums"), SUMS)
def test_a_table_has_the_sums_of_its_inputs(
    contract: type[Contract], sums: dict[str, object]
) -> None:
    found = {
        column: pl.DataFrame(ROWS[of], schema=of.fields()).select(expression.sum()).item()
        for column, (of, expression) in contract.sums().items()
    }
    assert found == sums

"""What the rules of the marts mean, value by value, and what their columns add up to."""

from datetime import date, datetime
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
from tests.contracts.keeps import keeps, known, may_be_absent

AT_LEAST: dict[type[Contract], dict[int, str]] = {
    MartCategory: {0: "sales freight_value reviews", 1: "rank orders units"},
    MartCohortRetention: {0: "months_since gmv", 1: "customers purchases"},
    MartCustomerRfm: {0: "frequency monetary recency_days", 1: "orders"},
    MartDeliveryByState: {
        0: "delivered on_time late overdue mean_lag_days p90_lag_days reviews gmv freight_value "
        "freight_per_order",
        1: "orders mean_days_late",
    },
    MartMonthlySales: {
        0: "orders orders_with_items items gmv gmv_called_off freight_value average_order_value "
        "delivered delivered_on_time reviews",
    },
    MartPaymentMix: {
        0: "payment_installments payment_value average_value",
        1: "payments orders",
    },
    MartReviewByLateness: {1: "reviews stars"},
    MartSellerScorecard: {
        0: "sales freight_value called_off on_time mean_lag_days reviews",
        1: "orders",
    },
}

BETWEEN: dict[type[Contract], dict[tuple[int, int], str]] = {
    MartCategory: {(0, 1): "sales_share", (1, 5): "review_score"},
    MartCohortRetention: {(0, 1): "retention"},
    MartCustomerRfm: {},
    MartDeliveryByState: {(0, 1): "on_time_share freight_share", (1, 5): "review_score"},
    MartMonthlySales: {(0, 1): "freight_share on_time_share", (1, 5): "review_score"},
    MartPaymentMix: {(0, 1): "payments_share value_share"},
    MartReviewByLateness: {
        (0, 1): "reviews_share one_star_share five_star_share",
        (1, 5): "review_score",
        (1, 8): "position",
    },
    MartSellerScorecard: {(0, 1): "called_off_share on_time_share", (1, 5): "review_score"},
}

# Where there is nothing to share, to count or to compare with.
UNKNOWN = {
    MartCategory: "sales_share review_score",
    MartCohortRetention: "",
    MartCustomerRfm: "last_purchase recency_days",
    MartDeliveryByState: "on_time_share mean_lag_days p90_lag_days mean_days_late review_score "
    "freight_share freight_per_order",
    MartMonthlySales: "freight_share average_order_value growth on_time_share review_score",
    MartPaymentMix: "value_share",
    MartReviewByLateness: "",
    MartSellerScorecard: "on_time_share mean_lag_days review_score",
}

every_mart = pytest.mark.parametrize("mart", UNKNOWN)


@every_mart
def test_the_least_number_is_the_one_in_the_name_of_the_rule(mart: type[Contract]) -> None:
    for least, columns in AT_LEAST[mart].items():
        for column in columns.split():
            kind = mart.fields()[column]
            step = 1 if kind.is_integer() else Decimal("0.01") if kind.is_decimal() else 0.01
            assert keeps(mart, f"{column}_is_at_least_{least}", **{column: least})
            assert not keeps(mart, f"{column}_is_at_least_{least}", **{column: least - step})


@every_mart
def test_a_range_has_both_its_ends(mart: type[Contract]) -> None:
    for (least, most), columns in BETWEEN[mart].items():
        for column in columns.split():
            name = f"{column}_is_between_{least}_and_{most}"
            step = 1 if mart.fields()[column].is_integer() else 0.01
            tried = (least - step, least, most, most + step)
            assert [keeps(mart, name, **{column: v}) for v in tried] == [False, True, True, False]


@every_mart
def test_only_what_may_be_unknown_may_be_absent(mart: type[Contract]) -> None:
    assert may_be_absent(mart) == set(UNKNOWN[mart].split())


def test_keys_are_what_the_shop_knows_or_unknown() -> None:
    assert known(MartDeliveryByState, "customer_state", "SP XX unknown") == ["SP", "unknown"]
    assert known(MartPaymentMix, "payment_type", "boleto pix not_defined unknown") == [
        "boleto",
        "not_defined",
    ]
    assert known(MartCustomerRfm, "segment", "loyal new gone lost") == ["loyal", "new", "gone"]


@pytest.mark.parametrize(
    ("month", "well_formed"),
    [("2018-01", True), ("2018-1", False), ("2018-01-01", False), ("01-2018", False)],
)
def test_a_month_has_a_year_before_it(month: str, *, well_formed: bool) -> None:
    name = "purchase_month_is_well_formed"
    assert keeps(MartMonthlySales, name, purchase_month=month) == well_formed
    name = "cohort_month_is_well_formed"
    assert keeps(MartCohortRetention, name, cohort_month=month) == well_formed


@pytest.mark.parametrize(
    ("months_since", "customers", "kept"),
    [(0, 3, True), (0, 2, False), (0, 4, False), (1, 2, True), (1, 3, True), (1, 4, False)],
)
def test_a_cohort_is_whole_in_its_first_month(
    months_since: int, customers: int, *, kept: bool
) -> None:
    row = {"months_since": months_since, "customers": customers, "cohort_size": 3}
    assert keeps(MartCohortRetention, "customers_are_of_the_cohort", **row) == kept


@pytest.mark.parametrize(("frequency", "kept"), [(1, True), (2, True), (3, False)])
def test_a_purchase_is_an_order(frequency: int, *, kept: bool) -> None:
    row = {"frequency": frequency, "orders": 2}
    assert keeps(MartCustomerRfm, "frequency_is_at_most_orders", **row) == kept


@pytest.mark.parametrize(
    ("frequency", "last_purchase", "recency_days", "monetary", "kept"),
    [
        (0, None, None, 0, True),
        (0, None, None, 1, False),
        (0, date(2018, 1, 1), 3, 0, False),
        (1, date(2018, 1, 1), 3, 1, True),
        (1, date(2018, 1, 1), 3, 0, True),
        (1, date(2018, 1, 1), None, 1, False),
        (1, None, 3, 1, False),
        (1, None, None, 1, False),
    ],
)
def test_who_never_bought_has_no_last_purchase(
    frequency: int,
    last_purchase: date | None,
    recency_days: int | None,
    monetary: int,
    *,
    kept: bool,
) -> None:
    row = {
        "frequency": frequency,
        "monetary": monetary,
        "last_purchase": last_purchase,
        "recency_days": recency_days,
    }
    assert keeps(MartCustomerRfm, "bought_once_or_never", **row) == kept


@pytest.mark.parametrize(
    ("called_off", "delivered", "on_time", "kept"),
    [(1, 1, 1, True), (0, 2, 0, True), (1, 2, 0, False), (0, 1, 2, False)],
)
def test_an_order_of_a_seller_ends_once(
    called_off: int, delivered: int, on_time: int, *, kept: bool
) -> None:
    row = {"orders": 2, "called_off": called_off, "delivered": delivered, "on_time": on_time}
    assert keeps(MartSellerScorecard, "parts_are_at_most_orders", **row) == kept


@pytest.mark.parametrize(("units", "kept"), [(1, False), (2, True), (3, True)])
def test_an_order_of_a_seller_has_an_item(units: int, *, kept: bool) -> None:
    row = {"orders": 2, "units": units}
    assert keeps(MartSellerScorecard, "orders_are_at_most_units", **row) == kept


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
        ("delivered", None, 1, "30.00"),  # says no date
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
def test_a_mart_adds_up_to_its_facts(mart: type[Contract], sums: dict[str, object]) -> None:
    found = {
        column: pl.DataFrame(FACTS[of], schema=of.fields()).select(expression.sum()).item()
        for column, (of, expression) in mart.sums().items()
    }
    assert found == sums

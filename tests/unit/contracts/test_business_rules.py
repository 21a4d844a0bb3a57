"""The rules and warnings that contracts declare as methods."""

from datetime import date, datetime
from decimal import Decimal

import pytest

from contracts.contract import Contract
from contracts.gold.agg_customer_months import AggCustomerMonths
from contracts.gold.agg_monthly_categories import AggMonthlyCategories
from contracts.gold.agg_monthly_cohorts import AggMonthlyCohorts
from contracts.gold.agg_monthly_orders import AggMonthlyOrders
from contracts.gold.agg_monthly_sellers import AggMonthlySellers
from contracts.gold.fact_orders import FactOrders
from contracts.gold.fact_sales import FactSales
from contracts.gold.mart_cohort_retention import MartCohortRetention
from contracts.gold.mart_customer_rfm import MartCustomerRfm
from contracts.gold.mart_seller_scorecard import MartSellerScorecard
from contracts.silver.geolocation_points import GeolocationPoints
from contracts.silver.orders import Orders
from contracts.silver.product_category_name_translation import ProductCategoryNameTranslation
from tests.support.single_row import holds

at = datetime.fromisoformat

PURCHASED = "order_purchase_timestamp"
APPROVED = "order_approved_at"
SHIPPED = "order_delivered_carrier_date"
DELIVERED = "order_delivered_customer_date"
ESTIMATED = "order_estimated_delivery_date"


@pytest.mark.parametrize(
    ("rule", "values", "kept"),
    [
        (
            "estimated_not_before_purchased",
            {PURCHASED: at("2017-11-24 23:59:59"), ESTIMATED: at("2017-11-24")},
            True,
        ),
        (
            "estimated_not_before_purchased",
            {PURCHASED: at("2017-11-25 00:00:00"), ESTIMATED: at("2017-11-24")},
            False,
        ),
        (
            "delivered_not_before_purchased",
            {PURCHASED: at("2017-11-24 10:00"), DELIVERED: at("2017-11-24 10:00")},
            True,
        ),
        (
            "delivered_not_before_purchased",
            {PURCHASED: at("2017-11-24 10:00"), DELIVERED: at("2017-11-24 09:59:59")},
            False,
        ),
        (
            "carrier_not_before_approval",
            {APPROVED: at("2017-11-24 10:00"), SHIPPED: at("2017-11-24 09:59:59")},
            False,
        ),
        (
            "carrier_not_before_approval",
            {APPROVED: at("2017-11-24 10:00"), SHIPPED: at("2017-11-24 10:00")},
            True,
        ),
        (
            "delivered_not_before_carrier",
            {SHIPPED: at("2017-11-24 10:00"), DELIVERED: at("2017-11-24 09:59:59")},
            False,
        ),
        (
            "delivered_not_before_carrier",
            {SHIPPED: at("2017-11-24 10:00"), DELIVERED: at("2017-11-24 10:00")},
            True,
        ),
        ("delivered_with_a_date", {"order_status": "delivered"}, False),
        ("delivered_with_a_date", {"order_status": "shipped"}, True),
        (
            "delivered_with_a_date",
            {"order_status": "delivered", DELIVERED: at("2017-11-24")},
            True,
        ),
    ],
)
def test_times_of_an_order_are_in_sequence(
    rule: str, values: dict[str, object], *, kept: bool
) -> None:
    assert holds(Orders, rule, **values) == kept


@pytest.mark.parametrize(
    ("latitude", "longitude", "inside"),
    [
        (-23.5, -46.6, True),
        (5.28, -60.0, True),
        (-33.76, -53.4, True),
        (5.29, -60.0, False),
        (-33.77, -53.4, False),
        (-10.0, -74.0, False),
        (-10.0, -32.3, False),
        (38.7, -9.1, False),
    ],
)
def test_a_point_is_inside_brazil(latitude: float, longitude: float, *, inside: bool) -> None:
    point = {"latitude": latitude, "longitude": longitude}
    assert holds(GeolocationPoints, "inside_brazil", **point) == inside


@pytest.mark.parametrize(("total", "kept"), [("3.30", True), ("3.29", False), ("3.31", False)])
def test_totals_equal_price_plus_freight(total: str, *, kept: bool) -> None:
    parts = {"price": Decimal("1.10"), "freight_value": Decimal("2.20")}
    rule = "total_is_price_plus_freight"
    assert holds(FactSales, rule, **parts, total_order_item_value=Decimal(total)) == kept
    assert holds(FactOrders, rule, **parts, total_order_value=Decimal(total)) == kept


@pytest.mark.parametrize(("difference", "kept"), [("-0.10", True), ("0.10", False), ("0", False)])
def test_difference_equals_payments_minus_total(difference: str, *, kept: bool) -> None:
    values = {"payment_value": Decimal("3.20"), "total_order_value": Decimal("3.30")}
    rule = "difference_is_payments_less_total"
    assert holds(FactOrders, rule, **values, payment_difference=Decimal(difference)) == kept


@pytest.mark.parametrize(
    ("name", "kept"),
    [("product_category_name", False), ("\ufeffproduct_category_name", False), ("moveis", True)],
)
def test_repeated_header_is_not_a_translation(name: str, *, kept: bool) -> None:
    rule = "is_not_a_header"
    assert holds(ProductCategoryNameTranslation, rule, product_category_name=name) == kept


@pytest.mark.parametrize(
    ("months_since", "customers", "kept"),
    [(0, 3, True), (0, 4, False), (1, 2, True), (1, 3, True), (1, 4, False)],
)
def test_a_cohort_is_complete_in_its_first_month(
    months_since: int, customers: int, *, kept: bool
) -> None:
    row = {"months_since": months_since, "customers": customers, "cohort_size": 3}
    assert holds(MartCohortRetention, "customers_are_of_the_cohort", **row) == kept


@pytest.mark.parametrize(("frequency", "kept"), [(1, True), (2, True), (3, False)])
def test_purchases_are_at_most_orders(frequency: int, *, kept: bool) -> None:
    row = {"frequency": frequency, "orders": 2}
    assert holds(MartCustomerRfm, "frequency_is_at_most_orders", **row) == kept


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
def test_no_purchase_means_no_last_purchase_and_no_value(
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
    assert holds(MartCustomerRfm, "bought_once_or_never", **row) == kept


@pytest.mark.parametrize(
    ("called_off", "delivered", "on_time", "kept"),
    [(1, 1, 1, True), (0, 2, 0, True), (1, 2, 0, False), (0, 1, 2, False)],
)
def test_orders_of_a_seller_end_once(
    called_off: int, delivered: int, on_time: int, *, kept: bool
) -> None:
    row = {"orders": 2, "called_off": called_off, "delivered": delivered, "on_time": on_time}
    for contract in (AggMonthlySellers, MartSellerScorecard):
        assert holds(contract, "parts_are_at_most_orders", **row) == kept


@pytest.mark.parametrize(("units", "kept"), [(1, False), (2, True), (3, True)])
def test_orders_of_a_seller_are_at_most_units(units: int, *, kept: bool) -> None:
    row = {"orders": 2, "units": units}
    for contract in (AggMonthlySellers, MartSellerScorecard):
        assert holds(contract, "orders_are_at_most_units", **row) == kept


@pytest.mark.parametrize(
    "contract", [FactOrders, FactSales, AggMonthlyOrders, AggMonthlyCategories, AggMonthlySellers]
)
@pytest.mark.parametrize(
    ("reviews", "stars", "kept"),
    [(0, 0, True), (1, 1, True), (2, 10, True), (2, 1, False), (2, 11, False), (-1, 0, False)],
)
def test_a_review_has_one_to_five_stars(
    contract: type[Contract], reviews: int, stars: int, *, kept: bool
) -> None:
    assert holds(contract, "stars_fit_the_reviews", reviews=reviews, stars=stars) == kept


@pytest.mark.parametrize("contract", [FactOrders, AggMonthlyOrders])
@pytest.mark.parametrize(("worst", "best", "kept"), [(1, 2, True), (0, 0, True), (2, 2, False)])
def test_scores_are_of_reviews(
    contract: type[Contract], worst: int, best: int, *, kept: bool
) -> None:
    row = {"one_star_reviews": worst, "five_star_reviews": best, "reviews": 3}
    assert holds(contract, "scores_are_of_reviews", **row) == kept


@pytest.mark.parametrize(
    ("on_time", "past", "lag", "kept"),
    [
        (None, None, None, True),
        (True, 0, 5, True),
        (False, 1, 5, True),
        (True, 1, 5, False),
        (False, 0, 5, False),
        (None, 0, 5, False),
        (True, None, None, False),
        (True, 0, None, False),
        (None, None, 5, False),
    ],
)
def test_days_of_a_delivery_agree(
    on_time: bool | None,
    past: int | None,
    lag: int | None,
    *,
    kept: bool,
) -> None:
    row = {"delivered_on_time": on_time, "days_past_estimate": past, "delivery_lag_days": lag}
    rules = ("on_time_is_not_past_estimate", "delivery_has_all_days")
    assert all(holds(FactOrders, rule, **row) for rule in rules) == kept


@pytest.mark.parametrize(
    ("lateness", "days", "kept"),
    [
        ("1 to 3 days late", 2, True),
        ("8 days late or more", 1, False),
        ("on the day", 0, True),
        ("4 to 7 days early", 1, False),
        ("not delivered", 1, False),
    ],
)
def test_late_orders_have_days(lateness: str, days: int, *, kept: bool) -> None:
    row = {"lateness": lateness, "days_late": days, "orders": 2}
    assert holds(AggMonthlyOrders, "late_orders_have_days", **row) == kept


@pytest.mark.parametrize(
    ("purchases", "last", "gmv", "spent", "kept"),
    [
        (0, None, 0, 0, True),
        (0, None, 1, 0, False),
        (0, None, 0, 1, False),
        (0, date(2018, 1, 1), 0, 0, False),
        (1, date(2018, 1, 1), 0, 0, True),
        (1, None, 0, 0, False),
    ],
)
def test_a_month_without_purchases_is_empty(
    purchases: int, last: date | None, gmv: int, spent: int, *, kept: bool
) -> None:
    row = {"purchases": purchases, "last_purchase": last, "gmv": gmv, "spent": spent}
    assert holds(AggCustomerMonths, "month_without_purchases_is_empty", **row) == kept


@pytest.mark.parametrize(
    ("purchases", "cohort", "kept"),
    [
        (1, "2018-02", True),
        (1, "2018-01", True),
        (1, "2018-03", False),
        (1, None, False),
        (0, "2018-03", True),
        (0, None, True),
    ],
)
def test_a_cohort_is_not_later_than_a_purchase(
    purchases: int, cohort: str | None, *, kept: bool
) -> None:
    row = {"purchases": purchases, "cohort_month": cohort, "purchase_month": "2018-02"}
    assert holds(AggCustomerMonths, "cohort_is_of_the_first_purchase", **row) == kept
    if purchases:
        assert holds(AggMonthlyCohorts, "cohort_is_not_later", **row) == (kept or cohort is None)


@pytest.mark.parametrize(("purchases", "kept"), [(1, True), (2, True), (3, False)])
def test_purchases_of_a_month_are_orders(purchases: int, *, kept: bool) -> None:
    assert holds(AggCustomerMonths, "purchases_are_orders", purchases=purchases, orders=2) == kept

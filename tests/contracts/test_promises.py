"""What the rules of single contracts mean, value by value."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from contracts.contract import Contract
from contracts.gold.dim_customer import DimCustomer
from contracts.gold.dim_date import DimDate
from contracts.gold.dim_product import DimProduct
from contracts.gold.dim_seller import DimSeller
from contracts.gold.fact_orders import FactOrders
from contracts.gold.fact_payments import FactPayments
from contracts.gold.fact_reviews import FactReviews
from contracts.gold.fact_sales import FactSales
from contracts.silver.customers import Customers
from contracts.silver.geolocation_points import GeolocationPoints
from contracts.silver.order_items import OrderItems
from contracts.silver.order_payments import OrderPayments
from contracts.silver.order_reviews import OrderReviews
from contracts.silver.orders import Orders
from contracts.silver.products import Products
from tests.contracts.keeps import keeps, known, may_be_absent
from transforms.graph import tables

at = datetime.fromisoformat

PURCHASED = "order_purchase_timestamp"
APPROVED = "order_approved_at"
SHIPPED = "order_delivered_carrier_date"
DELIVERED = "order_delivered_customer_date"
ESTIMATED = "order_estimated_delivery_date"
MEASURES = (
    "product_name_length product_description_length product_weight_g "
    "product_length_cm product_height_cm product_width_cm"
)


@pytest.mark.parametrize(
    ("order_id", "well_formed"),
    [
        ("0123456789abcdef" * 2, True),
        ("a" * 31, False),
        ("a" * 33, False),
        ("A" * 32, False),
        ("g" * 32, False),
        (" " + "a" * 31, False),
        ("a" * 32 + "\n", False),
        ("", False),
    ],
)
def test_an_id_is_32_lower_case_hexadecimal_digits(order_id: str, *, well_formed: bool) -> None:
    assert keeps(Orders, "order_id_is_well_formed", order_id=order_id) == well_formed


@pytest.mark.parametrize(
    ("prefix", "well_formed"),
    [("01000", True), ("1000", False), ("010000", False), ("01-00", False), ("0100a", False)],
)
def test_a_zip_prefix_is_five_digits(prefix: str, *, well_formed: bool) -> None:
    name = "customer_zip_code_prefix"
    assert keeps(Customers, f"{name}_is_well_formed", **{name: prefix}) == well_formed


def test_closed_sets_are_known_and_nothing_else_is() -> None:
    states = "AC AL AM AP BA CE DF ES GO MA MG MS MT PA PB PE PI PR RJ RN RO RR RS SC SE SP TO"
    statuses = "created approved invoiced processing shipped delivered canceled unavailable"
    payments = "credit_card boleto voucher debit_card not_defined"
    assert known(Customers, "customer_state", f"{states} XX sp") == states.split()
    assert known(Orders, "order_status", f"{statuses} Delivered cancelled") == statuses.split()
    assert known(OrderPayments, "payment_type", f"{payments} pix Boleto") == payments.split()


@pytest.mark.parametrize(
    ("contract", "columns", "least"),
    [
        (OrderItems, "order_item_id", 1),
        (OrderItems, "price freight_value", 0),
        (OrderPayments, "payment_sequential", 1),
        (OrderPayments, "payment_installments payment_value", 0),
        (Products, f"{MEASURES} product_photos_qty", 0),
        (FactOrders, "items payments delivery_lag_days", 0),
        (FactOrders, "price freight_value payment_value", 0),
        (FactPayments, "payment_installments payment_value", 0),
        (FactSales, "price freight_value allocated_payment_value delivery_lag_days", 0),
    ],
)
def test_the_least_number_is_the_one_in_the_name_of_the_rule(
    contract: type[Contract], columns: str, least: int
) -> None:
    for column in columns.split():
        step = Decimal("0.01") if contract.fields()[column].is_decimal() else 1
        assert keeps(contract, f"{column}_is_at_least_{least}", **{column: least})
        assert not keeps(contract, f"{column}_is_at_least_{least}", **{column: least - step})


@pytest.mark.parametrize(
    ("contract", "column", "least", "most"),
    [
        (OrderReviews, "review_score", 1, 5),
        (FactReviews, "review_score", 1, 5),
        (DimDate, "quarter", 1, 4),
        (DimDate, "month", 1, 12),
        (DimDate, "day", 1, 31),
        (DimDate, "weekday", 1, 7),
    ],
)
def test_a_range_has_both_its_ends(
    contract: type[Contract], column: str, least: int, most: int
) -> None:
    name = f"{column}_is_between_{least}_and_{most}"
    tried = range(least - 2, most + 3)
    kept = [value for value in tried if keeps(contract, name, **{column: value})]
    assert kept == [*range(least, most + 1)]


UNKNOWN = {
    # What has not happened yet.
    Orders: f"{APPROVED} {SHIPPED} {DELIVERED}",
    FactOrders: f"{APPROVED} {SHIPPED} {DELIVERED} days_to_approval days_to_carrier "
    "days_in_transit delivery_lag_days days_past_estimate delivered_on_time",
    FactSales: "delivery_lag_days delivered_on_time",
    FactReviews: "review_answer_timestamp",
    # What nobody said.
    OrderItems: "shipping_limit_date",
    OrderReviews: "review_comment_title review_comment_message review_answer_timestamp",
    Products: f"product_category_name product_photos_qty {MEASURES}",
    # What is not known of a member that only a fact mentions.
    DimCustomer: "customer_unique_id customer_zip_code_prefix customer_city customer_state "
    "latitude longitude",
    DimProduct: "product_category_name product_category_name_english product_photos_qty "
    f"{MEASURES}",
    DimSeller: "seller_zip_code_prefix seller_city seller_state latitude longitude",
    **dict.fromkeys((Customers, DimDate, FactPayments, GeolocationPoints, OrderPayments), ""),
}


@pytest.mark.parametrize("contract", UNKNOWN)
def test_only_what_may_be_unknown_may_be_absent(contract: type[Contract]) -> None:
    assert may_be_absent(contract) == set(UNKNOWN[contract].split())


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
def test_the_moments_of_an_order(rule: str, values: dict[str, object], *, kept: bool) -> None:
    assert keeps(Orders, rule, **values) == kept


TIMES = [
    (table.contract, name)
    for table in tables().values()
    if table.contract.spec().layer == "silver"
    for name, dtype in table.contract.fields().items()
    if isinstance(dtype, pl.Datetime)
]
PLANS = {ESTIMATED, "shipping_limit_date"}


@pytest.mark.parametrize(("contract", "column"), TIMES)
def test_every_time_of_silver_is_plausible(contract: type[Contract], column: str) -> None:
    now = datetime.now(UTC).astimezone(ZoneInfo("America/Sao_Paulo")).replace(tzinfo=None)
    opened, minute = at("2016-01-01"), timedelta(minutes=1)
    ahead = timedelta(days=730) if column in PLANS else timedelta(minutes=5)
    tried = {
        None: set(),
        at("0001-01-01"): {"is_not_a_sentinel_date"},
        at("1900-01-01"): {"is_not_a_sentinel_date"},
        at("1970-01-01"): {"is_not_a_sentinel_date"},
        at("2999-12-31"): {"is_not_a_sentinel_date"},
        at("9999-12-31 23:59:59"): {"is_not_a_sentinel_date"},
        at("1970-01-02"): {"is_a_plausible_time"},
        opened - timedelta(seconds=1): {"is_a_plausible_time"},
        opened: set(),
        at("2018-08-29 15:00:37"): set(),
        now + ahead - minute: set(),
        now + ahead + minute: {"is_a_plausible_time"},
        at("9999-12-30"): {"is_a_plausible_time"},
    }
    names = [f"{column}_is_not_a_sentinel_date", f"{column}_is_a_plausible_time"]
    for moment, broken in tried.items():
        found = {name for name in names if not keeps(contract, name, **{column: moment})}
        assert found == {f"{column}_{name}" for name in broken}


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
def test_a_point_lies_inside_brazil(latitude: float, longitude: float, *, inside: bool) -> None:
    point = {"latitude": latitude, "longitude": longitude}
    assert keeps(GeolocationPoints, "inside_brazil", **point) == inside


@pytest.mark.parametrize(("total", "kept"), [("3.30", True), ("3.29", False), ("3.31", False)])
def test_totals_are_the_sum_of_their_parts_to_the_cent(total: str, *, kept: bool) -> None:
    parts = {"price": Decimal("1.10"), "freight_value": Decimal("2.20")}
    rule = "total_is_price_plus_freight"
    assert keeps(FactSales, rule, **parts, total_order_item_value=Decimal(total)) == kept
    assert keeps(FactOrders, rule, **parts, total_order_value=Decimal(total)) == kept


@pytest.mark.parametrize(("difference", "kept"), [("-0.10", True), ("0.10", False), ("0", False)])
def test_the_difference_is_payments_less_total(difference: str, *, kept: bool) -> None:
    values = {"payment_value": Decimal("3.20"), "total_order_value": Decimal("3.30")}
    rule = "difference_is_payments_less_total"
    assert keeps(FactOrders, rule, **values, payment_difference=Decimal(difference)) == kept

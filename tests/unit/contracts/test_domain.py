"""Patterns that contracts share."""

import pytest

from contracts.gold.mart_monthly_sales import MartMonthlySales
from contracts.silver.customers import Customers
from contracts.silver.orders import Orders
from tests.support.single_row import holds


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
    assert holds(Orders, "order_id_is_well_formed", order_id=order_id) == well_formed


@pytest.mark.parametrize(
    ("prefix", "well_formed"),
    [("01000", True), ("1000", False), ("010000", False), ("01-00", False), ("0100a", False)],
)
def test_a_zip_code_prefix_has_five_digits(prefix: str, *, well_formed: bool) -> None:
    name = "customer_zip_code_prefix"
    assert holds(Customers, f"{name}_is_well_formed", **{name: prefix}) == well_formed


@pytest.mark.parametrize(
    ("month", "well_formed"),
    [
        ("2018-01", True),
        ("2018-1", False),
        ("2018-13", False),
        ("2018-01-01", False),
        ("01-2018", False),
    ],
)
def test_a_month_is_a_year_and_two_digits(month: str, *, well_formed: bool) -> None:
    name = "purchase_month_is_well_formed"
    assert holds(MartMonthlySales, name, purchase_month=month) == well_formed

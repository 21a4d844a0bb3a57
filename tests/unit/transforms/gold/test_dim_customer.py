"""gold.dim_customer."""

import polars as pl
from polars.testing import assert_frame_equal

from contracts.gold.dim_customer import DimCustomer
from contracts.silver.customers import Customers
from contracts.silver.geolocation import Geolocation
from contracts.silver.orders import Orders
from transforms.gold.dim_customer import dim_customer

ANA = {
    "customer_id": "c1",
    "customer_unique_id": "u1",
    "customer_zip_code_prefix": "01000",
    "customer_city": "são paulo",
    "customer_state": "SP",
}
SAO_PAULO = {"zip_code_prefix": "01000", "latitude": -23.5, "longitude": -46.5, "city": "osasco"}


def assert_dim_customer(
    customers: list[dict[str, str]],
    places: list[dict[str, object]],
    buyers: list[str],
    expected: list[dict[str, object]],
) -> None:
    made = dim_customer(
        pl.LazyFrame(customers, schema=Customers.fields()),
        pl.LazyFrame(places, schema=Geolocation.fields()),
        pl.LazyFrame([{"customer_id": buyer} for buyer in buyers], schema=Orders.fields()),
    )
    rows = pl.LazyFrame(expected, schema=DimCustomer.fields())
    assert_frame_equal(made, rows, check_row_order=False, check_column_order=False)


def test_a_customer_has_the_coordinates_of_the_zip_code_prefix() -> None:
    placed = {**ANA, "latitude": -23.5, "longitude": -46.5, "inferred": False}
    assert_dim_customer([ANA], [SAO_PAULO], ["c1"], [placed])


def test_a_customer_of_an_unknown_zip_code_prefix_has_no_coordinates() -> None:
    elsewhere = {**SAO_PAULO, "zip_code_prefix": "99000"}
    assert_dim_customer([ANA], [elsewhere], [], [{**ANA, "inferred": False}])


def test_a_customer_without_a_record_is_inferred() -> None:
    inferred = {"customer_id": "c2", "inferred": True}
    known = {**ANA, "inferred": False}
    assert_dim_customer([ANA], [], ["c2", "c1", "c2"], [known, inferred])


def test_the_real_row_replaces_the_inferred_one() -> None:
    assert_dim_customer([], [], ["c1"], [{"customer_id": "c1", "inferred": True}])
    assert_dim_customer([ANA], [], ["c1"], [{**ANA, "inferred": False}])


def test_a_person_has_one_row_per_customer_id() -> None:
    again = {**ANA, "customer_id": "c2"}
    assert_dim_customer([ANA, again], [], [], [{**c, "inferred": False} for c in (ANA, again)])

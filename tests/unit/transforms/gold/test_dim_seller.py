"""gold.dim_seller."""

import polars as pl
from polars.testing import assert_frame_equal

from contracts.gold.dim_seller import DimSeller
from contracts.silver.geolocation import Geolocation
from contracts.silver.order_items import OrderItems
from contracts.silver.sellers import Sellers
from transforms.gold.dim_seller import dim_seller

RUI = {
    "seller_id": "s1",
    "seller_zip_code_prefix": "80000",
    "seller_city": "curitiba",
    "seller_state": "PR",
}
CURITIBA = {"zip_code_prefix": "80000", "latitude": -25.4, "longitude": -49.2}


def assert_dim_seller(
    sellers: list[dict[str, str]],
    places: list[dict[str, object]],
    sold_by: list[str],
    expected: list[dict[str, object]],
) -> None:
    made = dim_seller(
        pl.LazyFrame(sellers, schema=Sellers.fields()),
        pl.LazyFrame(places, schema=Geolocation.fields()),
        pl.LazyFrame([{"seller_id": seller} for seller in sold_by], schema=OrderItems.fields()),
    )
    rows = pl.LazyFrame(expected, schema=DimSeller.fields())
    assert_frame_equal(made, rows, check_row_order=False, check_column_order=False)


def test_a_seller_has_the_coordinates_of_the_zip_code_prefix() -> None:
    placed = {**RUI, "latitude": -25.4, "longitude": -49.2, "inferred": False}
    assert_dim_seller([RUI], [CURITIBA], ["s1"], [placed])


def test_a_seller_of_an_unknown_zip_code_prefix_has_no_coordinates() -> None:
    assert_dim_seller([RUI], [], [], [{**RUI, "inferred": False}])


def test_a_seller_without_a_record_is_inferred() -> None:
    inferred = {"seller_id": "s2", "inferred": True}
    assert_dim_seller([RUI], [], ["s2", "s1", "s2"], [{**RUI, "inferred": False}, inferred])


def test_the_real_row_replaces_the_inferred_one() -> None:
    assert_dim_seller([], [], ["s1"], [{"seller_id": "s1", "inferred": True}])
    assert_dim_seller([RUI], [], ["s1"], [{**RUI, "inferred": False}])

"""gold.dim_product."""

import polars as pl
from polars.testing import assert_frame_equal

from contracts.gold.dim_product import DimProduct
from contracts.silver.order_items import OrderItems
from contracts.silver.product_category_name_translation import ProductCategoryNameTranslation
from contracts.silver.products import Products
from transforms.gold.dim_product import dim_product

KITE = {
    "product_id": "p1",
    "product_category_name": "pipas",
    "product_name_length": 40,
    "product_description_length": 1000,
    "product_photos_qty": 2,
    "product_weight_g": 250,
    "product_length_cm": 20,
    "product_height_cm": 2,
    "product_width_cm": 30,
}


def assert_dim_product(
    products: list[dict[str, object]], sold: list[str], expected: list[dict[str, object]]
) -> None:
    made = dim_product(
        pl.LazyFrame(products, schema=Products.fields()),
        pl.LazyFrame(
            [("pipas", "kites"), ("baralhos", "decks")],
            schema=ProductCategoryNameTranslation.fields(),
            orient="row",
        ),
        pl.LazyFrame([{"product_id": product} for product in sold], schema=OrderItems.fields()),
    )
    rows = pl.LazyFrame(expected, schema=DimProduct.fields())
    assert_frame_equal(made, rows, check_row_order=False, check_column_order=False)


def test_the_category_is_named_in_english() -> None:
    english = {"product_category_name_english": "kites", "inferred": False}
    assert_dim_product([KITE], ["p1"], [{**KITE, **english}])


def test_a_category_without_a_translation_keeps_its_portuguese_name() -> None:
    yoyo: dict[str, object] = {"product_id": "p2", "product_category_name": "ioiôs"}
    expected = {**yoyo, "product_category_name_english": "ioiôs", "inferred": False}
    assert_dim_product([yoyo], [], [expected])


def test_without_a_category_there_is_no_english_name() -> None:
    assert_dim_product([{"product_id": "p3"}], [], [{"product_id": "p3", "inferred": False}])


def test_a_product_without_a_record_is_inferred() -> None:
    real = {"product_id": "p3", "inferred": False}
    inferred = {"product_id": "p4", "inferred": True}
    assert_dim_product([{"product_id": "p3"}], ["p4", "p3", "p4"], [real, inferred])


def test_the_real_row_replaces_the_inferred_one() -> None:
    assert_dim_product([], ["p3"], [{"product_id": "p3", "inferred": True}])
    assert_dim_product([{"product_id": "p3"}], ["p3"], [{"product_id": "p3", "inferred": False}])

"""silver.products: `lenght` becomes `length`."""

import polars as pl
from polars.testing import assert_frame_equal

from contracts.silver.products import Products
from transforms.silver.products import products


def test_a_product_is_typed_and_its_columns_are_spelled_right() -> None:
    raw = pl.LazyFrame(
        {
            "product_id": ["p1", "p2"],
            "product_category_name": ["pipas_e_balões", ""],
            "product_name_lenght": ["40", ""],
            "product_description_lenght": ["1000", None],
            "product_photos_qty": ["4", "many"],
            "product_weight_g": ["250", "0.7"],
            "product_length_cm": ["20", ""],
            "product_height_cm": ["2", ""],
            "product_width_cm": ["30", "-1"],
        }
    )
    expected = pl.LazyFrame(
        {
            "product_id": ["p1", "p2"],
            "product_category_name": ["pipas_e_balões", None],
            "product_name_length": [40, None],
            "product_description_length": [1000, None],
            "product_photos_qty": [4, None],
            "product_weight_g": [250, None],
            "product_length_cm": [20, None],
            "product_height_cm": [2, None],
            "product_width_cm": [30, -1],
        },
        schema=Products.fields(),
    )
    assert_frame_equal(products(raw), expected)

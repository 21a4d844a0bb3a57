"""silver.product_category_name_translation."""

import polars as pl
from polars.testing import assert_frame_equal

from transforms.silver.product_category_name_translation import product_category_name_translation


def test_a_translation_is_trimmed() -> None:
    raw = {
        "product_category_name": ["pipas_e_balões", " baralhos\r"],
        "product_category_name_english": ["kites_and_balloons", ""],
    }
    expected = {
        "product_category_name": ["pipas_e_balões", "baralhos"],
        "product_category_name_english": ["kites_and_balloons", None],
    }
    made = product_category_name_translation(pl.LazyFrame(raw))
    assert_frame_equal(made, pl.LazyFrame(expected))

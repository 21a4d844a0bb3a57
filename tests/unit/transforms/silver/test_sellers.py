"""silver.sellers."""

import polars as pl
from polars.testing import assert_frame_equal

from contracts.silver.sellers import Sellers
from transforms.silver.sellers import sellers


def test_a_seller_is_cleaned_and_its_zip_prefix_stays_text() -> None:
    raw = pl.LazyFrame(
        {
            "seller_id": ["s1", "s2"],
            "seller_zip_code_prefix": ["01310", "99000"],
            "seller_city": ["CURITIBA ", None],
            "seller_state": ["PR", " SP "],
        }
    )
    expected = pl.LazyFrame(
        {
            "seller_id": ["s1", "s2"],
            "seller_zip_code_prefix": ["01310", "99000"],
            "seller_city": ["curitiba", None],
            "seller_state": ["PR", "SP"],
        },
        schema=Sellers.fields(),
    )
    assert_frame_equal(sellers(raw), expected)

"""silver.customers."""

import polars as pl
from polars.testing import assert_frame_equal

from contracts.silver.customers import Customers
from transforms.silver.customers import customers


def test_a_customer_is_cleaned_and_its_zip_prefix_stays_text() -> None:
    raw = pl.LazyFrame(
        {
            "customer_id": ["c1", "c2"],
            "customer_unique_id": ["u1", "u1"],
            "customer_zip_code_prefix": ["01310", " 99000 "],
            "customer_city": [" São Paulo", ""],
            "customer_state": ["SP", "rs"],
        }
    )
    expected = pl.LazyFrame(
        {
            "customer_id": ["c1", "c2"],
            "customer_unique_id": ["u1", "u1"],
            "customer_zip_code_prefix": ["01310", "99000"],
            "customer_city": ["são paulo", None],
            "customer_state": ["SP", "rs"],
        },
        schema=Customers.fields(),
    )
    assert_frame_equal(customers(raw), expected)

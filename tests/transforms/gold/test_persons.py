"""The person behind an order."""

import polars as pl
from polars.testing import assert_frame_equal

from transforms.gold.persons import with_person


def test_a_person_is_behind_several_customers_and_an_unknown_one_stands_for_itself() -> None:
    orders = pl.LazyFrame({"order_id": ["o1", "o2", "o3", "o4"], "customer_id": [*"abcd"]})
    customers = pl.LazyFrame({"customer_id": [*"abc"], "customer_unique_id": ["p", "p", None]})
    made = with_person(orders, customers)
    expected = orders.with_columns(customer_unique_id=pl.Series(["p", "p", "c", "d"]))
    assert_frame_equal(made, expected, check_row_order=False)

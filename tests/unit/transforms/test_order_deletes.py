"""Deletes of orders take back whole orders, after all events."""

from datetime import UTC, datetime

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from contracts import bronze
from contracts.contract import Bronze
from transforms.order_deletes import order_deletes
from transforms.order_events import ENTITY_ORDER, natural_key

Events = dict[type[Bronze], pl.LazyFrame]
LAST = datetime(2018, 1, 1, tzinfo=UTC)
ORDERS = [f"{number}" for number in range(1000)]


def events(*orders: str | None, **more: object) -> Events:
    """Return an event per entity and order; its columns have the order's id as value."""
    times = [LAST] + [datetime(2017, 1, 1, tzinfo=UTC)] * (len(orders) - 1)
    return {
        contract: pl.LazyFrame(
            {**dict.fromkeys(contract.fields(), orders), "_event_time": times},
            schema_overrides=dict.fromkeys(contract.fields(), pl.String),
        ).with_columns(**{name: pl.lit(value, pl.String) for name, value in more.items()})
        for contract in ENTITY_ORDER
    }


def deletes(share: float, *orders: str | None, **more: object) -> dict[str, pl.DataFrame]:
    found = order_deletes(events(*orders, **more), share)
    return {contract.spec().name: rows.collect() for contract, rows in found.items()}


def test_deletes_have_the_natural_key_only() -> None:
    found = deletes(1, "a")
    assert [*found] == ["orders", "order_items", "order_payments", "order_reviews"]
    for contract in (bronze.Orders, bronze.OrderItems, bronze.OrderPayments, bronze.OrderReviews):
        (row,) = found[contract.spec().name].rows(named=True)
        filled = [name for name in contract.fields() if row[name] is not None]
        assert sorted(filled) == sorted(natural_key(contract))
        assert row["_operation"] == "delete"


def test_deletes_happen_after_the_last_event() -> None:
    found = deletes(1, "a", "b")
    assert {row["_event_time"] for row in found["orders"].rows(named=True)} == {
        LAST.replace(microsecond=1000)
    }
    assert found["orders"]["_order"].max() < found["order_items"]["_order"].min()  # type: ignore[operator]  # both are integers


@pytest.mark.parametrize(("share", "least", "most"), [(0, 0, 0), (0.1, 50, 150), (1, 1000, 1000)])
def test_a_share_of_the_orders_is_deleted_with_all_that_belongs_to_them(
    share: float, least: int, most: int
) -> None:
    found = deletes(share, *ORDERS)
    assert least <= len(found["orders"]) <= most
    for rows in found.values():
        assert sorted(rows["order_id"]) == sorted(found["orders"]["order_id"])
    assert_frame_equal(found["orders"], deletes(share, *ORDERS)["orders"], check_row_order=False)


def test_versions_of_a_record_are_deleted_once() -> None:
    assert deletes(1, "a", " a", "a")["order_items"]["order_item_id"].to_list() == ["a"]


def test_a_record_without_key_is_not_deleted() -> None:
    found = deletes(1, "a", None, " ")
    assert [len(rows) for rows in found.values()] == [1, 1, 1, 1]
    assert len(deletes(1, "a", order_item_id=None)["order_items"]) == 0

"""Gold follows the deletes of its sources."""

from typing import Any

import pytest
from polars.testing import assert_frame_equal

from flows import delta
from tests.support.landing import Land
from tests.support.refresh import assert_same_tables, ingest, refresh, sorted_tables

DELETE = {"_op": "delete"}
TABLES = ("orders", "order_items", "order_payments", "order_reviews", "customers", "products")
OTHERS = ("sellers", "geolocation", "product_category_name_translation")


@pytest.fixture
def shop(land: Land, lake: str) -> None:
    """Refresh a lake from one order and all that it refers to."""
    ingest(land(**{name: [{}] for name in (*TABLES, *OTHERS)}), lake)
    refresh(lake)


def delete(lake: str, land: Land, *names: str) -> None:
    """Delete the one row of some entities by a file with a later name, and refresh."""
    ingest(land("deletes", **{f"{name}_9": [DELETE] for name in names}), lake)
    refresh(lake)


def rows(lake: str, table: str) -> list[dict[str, Any]]:
    return delta.scan(delta.open_existing(lake, table)).collect().to_dicts()


@pytest.mark.usefixtures("shop")
def test_deleted_customer_becomes_an_inferred_member(land: Land, lake: str) -> None:
    (before,) = rows(lake, "gold.dim_customer")
    delete(lake, land, "customers")
    assert rows(lake, "silver.customers") == []
    (member,) = rows(lake, "gold.dim_customer")
    assert (before["inferred"], member["inferred"]) == (False, True)
    assert member["customer_id"] == before["customer_id"]
    assert member["customer_city"] is None
    assert len(rows(lake, "gold.fact_orders")) == 1


@pytest.mark.usefixtures("shop")
def test_facts_of_a_deleted_order_go_and_come_back(land: Land, lake: str) -> None:
    facts = [f"gold.fact_{name}" for name in ("orders", "sales", "payments", "reviews")]
    before = sorted_tables(lake)
    delete(lake, land, "orders")
    assert [rows(lake, fact) for fact in facts] == [[]] * len(facts)
    assert len(rows(lake, "silver.order_items")) == 1  # it waits for its order
    ingest(land("again", orders_99=[{"_op": "upsert"}]), lake)
    refresh(lake)
    after = sorted_tables(lake)
    for fact in facts:
        assert_frame_equal(after[fact], before[fact])


@pytest.mark.usefixtures("shop")
def test_marts_shrink_by_deleted_items_and_payments(land: Land, lake: str) -> None:
    delete(lake, land, "order_items", "order_payments", "order_reviews")
    (order,) = rows(lake, "gold.fact_orders")
    assert (order["items"], order["payments"], order["reviews"]) == (0, 0, 0)
    assert rows(lake, "gold.mart_payment_mix") == []
    assert rows(lake, "gold.mart_category") == []


@pytest.mark.usefixtures("shop")
def test_prefix_without_points_has_no_coordinates(land: Land, lake: str) -> None:
    delete(lake, land, "geolocation")
    assert rows(lake, "silver.geolocation_points") == []
    assert rows(lake, "silver.geolocation") == []


@pytest.mark.usefixtures("shop")
def test_deletes_of_everything_leave_rows_in_histories_only(land: Land, lake: str) -> None:
    delete(lake, land, *TABLES, *OTHERS)
    incremental = sorted_tables(lake)
    filled = {name for name, found in incremental.items() if len(found)}
    assert {name for name in filled if not name.endswith("_history")} == set()
    refresh(lake, rebuild=True)
    assert_same_tables(lake, incremental)


@pytest.mark.usefixtures("shop")
def test_products_lose_the_english_name_of_a_deleted_category(land: Land, lake: str) -> None:
    delete(lake, land, "product_category_name_translation")
    (product,) = rows(lake, "gold.dim_product")
    assert (product["product_category_name"], product["inferred"]) == ("livros", False)
    assert product["product_category_name_english"] != "books"

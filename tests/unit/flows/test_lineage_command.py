"""`keystone contracts lineage`."""

import json

import pytest
from typer.testing import CliRunner

from flows.cli import app
from flows.cli.lineage import table_with_column
from flows.config.errors import UnknownColumnError, UnknownTableError


def lineage(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["contracts", "lineage", *arguments], catch_exceptions=False)
    assert result.exit_code == 0
    return result.output


def test_a_table_has_the_edges_of_its_columns_and_rows() -> None:
    lines = lineage("dim_customer").splitlines()
    assert lines[0] == "gold.dim_customer.customer_id <- silver.customers.customer_id (identity)"
    assert "gold.dim_customer.(rows) <- silver.orders.customer_id (join)" in lines
    assert lines[-1] == "gold.dim_customer: 16 edges upstream"


def test_a_column_is_followed_to_bronze_and_to_its_readers() -> None:
    assert lineage("gold.dim_seller", "seller_city").splitlines() == [
        "gold.dim_seller.seller_city <- silver.sellers.seller_city (identity)",
        "silver.sellers.seller_city <- bronze.sellers.seller_city (transformation)",
        "gold.dim_seller.seller_city: 2 edges upstream",
        "gold.dim_seller.seller_city: 0 edges downstream",
    ]


def test_a_bronze_column_has_readers_only() -> None:
    found = json.loads(lineage("bronze.order_reviews", "review_comment_title", "--json"))
    assert found["upstream"] == []
    assert found["downstream"] == [
        {
            "table": table,
            "column": column,
            "input_table": read,
            "input_column": "review_comment_title",
            "kind": "transformation",
            "masked": True,
        }
        for table, column, read in [
            ("silver.order_reviews", "review_comment_title", "bronze.order_reviews"),
            ("gold.fact_reviews", "has_comment", "silver.order_reviews"),
        ]
    ]


def test_a_table_prints_its_edges_as_json() -> None:
    edges = json.loads(lineage("gold.mart_category", "--json"))
    assert {edge["kind"] for edge in edges} == {"aggregation", "group_by", "identity"}


def test_an_unknown_name_suggests_others() -> None:
    with pytest.raises(UnknownTableError, match=r"no table facts; nearest: gold\.fact_"):
        table_with_column("facts", None)
    with pytest.raises(
        UnknownColumnError, match=r"gold\.fact_orders has no column pric; nearest: price"
    ):
        table_with_column("fact_orders", "pric")

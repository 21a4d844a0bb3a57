"""The inputs and readers of a column on the page of its table."""

from flows.site.docs.column_links import column_inputs, column_readers, links
from transforms.graph import tables
from transforms.lineage import Kind


def test_columns_are_grouped_by_kind_and_table() -> None:
    found = links([(Kind.JOIN, "b", "k"), (Kind.GROUP_BY, "b", "g"), (Kind.IDENTITY, "a", "n")])
    assert found.number == 3
    assert found.by_kind == {
        "identity": {"a": ["n"]},
        "join": {"b": ["k"]},
        "group by": {"b": ["g"]},
    }
    assert [*found.by_kind] == ["identity", "join", "group by"]


def test_a_column_has_its_inputs_and_readers() -> None:
    inputs, rows = column_inputs(tables()["gold.fact_reviews"])
    assert inputs["review_score"].by_kind == {
        "identity": {"silver.order_reviews": ["review_score"]}
    }
    assert rows.by_kind == {
        "join": {"silver.order_reviews": ["order_id"], "silver.orders": ["order_id"]}
    }
    readers = column_readers("silver.order_reviews", tables())
    assert readers["review_comment_title"].by_kind == {
        "transformation": {"gold.fact_reviews": ["has_comment"]}
    }


def test_a_bronze_table_has_no_inputs() -> None:
    assert column_inputs(None) == ({}, links([]))

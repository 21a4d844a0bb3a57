"""The tables about the tables, in SQL."""

import pytest

from flows import pipeline
from flows.query.meta import META_TABLES
from flows.query.sql import query
from tests.support.landing import Land

STATE = "seller_state_is_known"


@pytest.fixture
def sellers(land: Land, lake: str) -> str:
    """A lake whose sellers came twice: one valid and one invalid, then one more."""
    pipeline.run(str(land(sellers=[{}, {"seller_id": "a" * 32, "seller_state": "??"}])), lake)
    pipeline.run(str(land("more", sellers=[{"seller_id": "b" * 32}])), lake)
    return lake


def test_runs_have_the_metrics_of_each_run(sellers: str) -> None:
    found = query(
        sellers,
        """
        SELECT command, read, accepted, superseded, quarantined, in_quarantine FROM meta.runs
        WHERE "table" = 'silver.sellers' ORDER BY version
        """,
    )
    assert found.rows() == [("refresh", 2, 1, 0, 1, 1), ("refresh", 1, 1, 0, 0, 1)]


def test_rules_have_the_records_after_each_run(sellers: str) -> None:
    found = query(
        sellers,
        """FROM meta.rules SELECT "table", version, kind, rule, records WHERE records > 0""",
    )
    assert found.rows() == [
        ("silver.sellers", 1, "rule", STATE, 1),
        ("silver.sellers", 2, "rule", STATE, 1),
    ]


def test_commits_have_those_without_metrics_as_well(sellers: str) -> None:
    found = query(
        sellers,
        """
        FROM meta.commits SELECT version, operation, command, seconds >= 0
        WHERE "table" = 'bronze.sellers' ORDER BY version
        """,
    )
    assert found.rows() == [
        (0, "create table", "ingest", True),
        (1, "write", "ingest", True),
        (2, "write", "ingest", True),
    ]


def test_columns_are_those_of_the_contracts(sellers: str) -> None:
    found = query(
        sellers,
        """
        FROM meta.columns SELECT "column", type, is_key, "references", description <> ''
        WHERE "table" = 'gold.fact_reviews' AND ("references" IS NOT NULL OR is_key)
        """,
    )
    assert sorted(found.rows()) == [
        ("customer_id", "String", False, "gold.dim_customer", True),
        ("date_key", "Int64", False, "gold.dim_date", True),
        ("order_id", "String", True, None, True),
        ("review_id", "String", True, None, True),
    ]


@pytest.mark.parametrize("name", META_TABLES)
def test_tables_are_listed_and_described(sellers: str, name: str) -> None:
    assert name in query(sellers, "SHOW TABLES")["name"].to_list()
    assert len(query(sellers, f"DESCRIBE {name}")) >= 7

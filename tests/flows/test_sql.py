"""SQL over a lake: what comes back, and what is said of a wrong statement."""

from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from flows.derived import refresh_derived
from flows.ingest import ingest_table
from flows.landing import arrivals
from flows.records import refresh_records
from flows.sql import QueryError, query
from tests.good import GOOD
from transforms.graph import tables


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A lake of an order and its payment, without gold."""
    folder = tmp_path_factory.mktemp("small")
    for entity in ("orders", "order_payments"):
        names, values = zip(*GOOD[entity].items(), strict=True)
        (folder / f"{entity}.csv").write_text(f"{','.join(names)}\n{','.join(values)}\n")
    lake = str(folder / "lake")
    files, _ = arrivals(str(folder))
    for contract, paths in files.items():
        if paths:
            ingest_table(lake, contract, paths)
    refresh_records(lake, tables()["silver.orders"])
    refresh_records(lake, tables()["silver.order_payments"])
    return lake


NEAREST = {
    "SELECT * FROM silver.order": "there is no table silver.order; nearest: silver.orders, ",
    'SELECT * FROM "silver"."order"': "there is no table silver.order; nearest: silver.orders, ",
    "DESCRIBE silver.ordres": "there is no table silver.ordres; nearest: silver.orders, ",
    "SELECT * FROM gilver.orders": "there is no table gilver.orders; nearest: silver.orders, ",
    "SELECT * FROM ordrs": "there is no table ordrs; nearest: bronze.orders, silver.orders, ",
    "SELECT * FROM order_payments": (
        "there is no table order_payments; nearest: bronze.order_payments, silver.order_payments"
    ),
    "SELECT * FROM zzz": "there is no table zzz; `keystone status` lists all",
    "SELECT * FROM gold.fact_sales": (
        "gold.fact_sales is not made yet in this lake; `keystone refresh` makes it"
    ),
    "WITH month AS (FROM silver.orders) FROM moths": "there is no table moths; nearest: month",
    "SELECT * FROM Fact_Sales": "gold.fact_sales is not made yet in this lake; ",
    "SELECT * FROM bronze.sellers": (
        "bronze.sellers is not made yet in this lake; `keystone ingest` makes it"
    ),
    "SELECT order_ids FROM silver.orders": (
        "there is no column order_ids; nearest: order_id, order_status, customer_id, of silver.ord"
    ),
    "SELECT 1 FROM silver.orders WHERE order_status = delivered": "there is no column "
    "delivered; nearest: order_delivered_carrier_date, order_delivered_customer_date, of "
    "silver.orders; a text stands in single quotes: 'delivered'",
    'SELECT 1 FROM silver.orders WHERE order_status IN ("shipped")': "there is no column "
    "shipped; `DESCRIBE silver.orders` says which there are; a text stands in single quotes: "
    "'shipped'",
    "SELECT o.order_ids FROM silver.orders o": "there is no column o.order_ids; nearest: order_id",
    "SELECT * EXCLUDE (order_ids) FROM silver.orders": "there is no column order_ids; nearest: ",
    "SELECT * FROM silver.orders JOIN silver.order_payments USING (payment_typ)": (
        "there is no column payment_typ; nearest: payment_type, "
    ),
    "SELECT payment_type FROM silver.orders": (
        "there is no column payment_type in silver.orders; there is in silver.order_payments, "
        "bronze.order_payments, quarantine.order_payments"
    ),
    "SELECT totl FROM (SELECT 1 AS total FROM silver.orders)": (
        "there is no column totl; nearest: total"
    ),
    "SELECT zzz FROM silver.orders": (
        "there is no column zzz; `DESCRIBE silver.orders` says which there are"
    ),
    "SELECT zzz": 'Referenced column "zzz" was not found because the FROM clause is missing',
    "SELECT summ(1)": "there is no function summ; nearest: sum",
    "SELECT * FROM rnge(3)": "there is no function rnge; nearest: range",
    "SELECT 'é',\n 1 FORM silver.orders": 'syntax error at or near "silver" (line 2, column 9)',
    "SELECT 'é' FORM silver.orders": 'syntax error at or near "silver" (line 1, column 17)',
    "SELECT DATE '2018-13-01'": 'date field value out of range: "2018-13-01" (line 1, column ',
    "SELECT count(*), order_id FROM silver.orders": 'column "order_id" must appear',
}


@pytest.mark.parametrize("statement", NEAREST)
def test_what_is_said_of_a_wrong_statement(small: str, statement: str) -> None:
    with pytest.raises(QueryError) as caught:
        query(small, statement)
    assert str(caught.value).startswith(NEAREST[statement])
    assert isinstance(caught.value.__cause__, duckdb.Error)


@pytest.mark.parametrize("statement", ["", " ;\n", "-- all orders"])
def test_an_empty_statement_is_told(small: str, statement: str) -> None:
    with pytest.raises(QueryError, match="the statement is empty"):
        query(small, statement)


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        ("DROP VIEW silver.orders", "DROP"),
        ("DROP VIEW silver.orders; SELECT 1", "DROP"),
        ("DELETE FROM silver.orders", "DELETE"),
        ("CREATE TABLE t AS FROM silver.orders", "CREATE"),
        ("COPY silver.orders TO 'orders.csv'", "COPY"),
        ("ATTACH 'orders.db'", "ATTACH"),
        ("INSTALL httpfs", "LOAD"),
    ],
)
def test_what_would_change_something_is_refused(small: str, statement: str, kind: str) -> None:
    with pytest.raises(QueryError, match=f"^{kind}: SQL reads a lake and never changes it"):
        query(small, statement)


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TEMP TABLE t AS FROM silver.orders; SELECT count(*) FROM t",
        "CREATE MACRO one() AS 1; SELECT one()",
        "SET threads = 1; SELECT 1",
        "PIVOT (SELECT 1 AS n, 'a' AS of) ON of USING sum(n)",
        "SUMMARIZE silver.orders",
        "EXPLAIN FROM silver.orders",
        "VALUES (1)",
    ],
)
def test_a_question_may_have_several_statements(small: str, statement: str) -> None:
    assert query(small, statement).height


def test_show_tables_says_the_names_to_ask_for(small: str) -> None:
    names = query(small, "SHOW TABLES").to_series().to_list()
    assert "silver.orders" in names
    assert all(query(small, f"SELECT count(*) FROM {name}").height for name in names)  # noqa: S608 - ours


def test_the_version_of_a_gold_row_is_not_shown(tmp_path: Path, land: Callable[..., Path]) -> None:
    lake, landing = str(tmp_path / "lake"), land(orders=[{}])
    files, _ = arrivals(str(landing))
    for contract, paths in files.items():
        ingest_table(lake, contract, paths)
    refresh_records(lake, tables()["silver.orders"])
    refresh_derived(lake, tables()["gold.dim_date"])
    assert "_version" not in query(lake, "FROM gold.dim_date").columns
    assert "_version" in query(lake, "FROM silver.orders").columns


def test_the_time_between_two_moments_is_a_text(small: str) -> None:
    statement = """
        -- how long it took, at most
        SELECT max(order_purchase_timestamp + INTERVAL 36 HOUR - order_purchase_timestamp) AS took,
               count(*) AS orders
        FROM silver.orders;
    """
    assert query(small, statement).rows() == [("1 day 12:00:00", 1)]


def test_columns_of_the_same_name_keep_their_values(small: str) -> None:
    found = query(small, "SELECT 1 AS n, 2 AS N, INTERVAL 1 DAY AS n FROM silver.orders")
    assert found.rows() == [(1, 2, "1 day")]


def test_no_more_rows_than_the_limit_are_returned(small: str) -> None:
    statement = "FROM range(10) ORDER BY 1 DESC"
    assert query(small, statement, limit=3).to_series().to_list() == [9, 8, 7]
    assert query(small, statement).height == 10

"""SQL over a lake: results, and the messages for invalid statements."""

import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import polars as pl
import pytest
from deltalake import DeltaTable

from flows import delta
from flows.ingest.landing_zone import find_files
from flows.ingest.load import ingest_table
from flows.query import sql
from flows.query.sql import query
from flows.query.values import TEXT, QueryError
from flows.refresh.derived_tables import refresh_derived_table
from flows.refresh.source_tables import refresh_source_table
from tests.support.good_records import GOOD
from transforms.graph import tables


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return a lake with an order and its payment, without gold."""
    folder = tmp_path_factory.mktemp("small")
    for entity in ("orders", "order_payments"):
        names, values = zip(*GOOD[entity].items(), strict=True)
        (folder / f"{entity}.csv").write_text(f"{','.join(names)}\n{','.join(values)}\n")
    lake = str(folder / "lake")
    files, _ = find_files(str(folder))
    for contract, paths in files.items():
        if paths:
            ingest_table(lake, contract, paths)
    refresh_source_table(lake, tables()["silver.orders"])
    refresh_source_table(lake, tables()["silver.order_payments"])
    return lake


MESSAGES = {
    "SELECT * FROM silver.order": "there is no table silver.order; nearest: silver.orders, ",
    'SELECT * FROM "silver"."order"': "there is no table silver.order; nearest: silver.orders, ",
    "SELECT 1; SELECT 'é' FROM silver.ordres": "there is no table silver.ordres; nearest: silver.",
    "DESCRIBE ordres": "there is no table ordres; nearest: bronze.orders, silver.orders, ",
    "SELECT * FROM order_payments": (
        "there is no table order_payments; nearest: bronze.order_payments, silver.order_payments"
    ),
    "SELECT * FROM zzz": "there is no table zzz; `keystone status` lists all",
    "SELECT * FROM gilver.orders": 'Table with name "gilver.orders" does not exist because schema ',
    "SELECT * FROM gold.fact_sales": (
        "gold.fact_sales does not exist in this lake yet; `keystone refresh` creates it"
    ),
    "SELECT * FROM Fact_Sales": "gold.fact_sales does not exist in this lake yet; ",
    "SELECT * FROM bronze.sellers": (
        "bronze.sellers does not exist in this lake yet; `keystone ingest` creates it"
    ),
    "SELECT order_ids FROM silver.orders": (
        'Referenced column "order_ids" not found in FROM clause! Candidate bindings: "order_id", '
    ),
    "SELECT o.order_ids FROM silver.orders o": 'list "o" does not have a column named "order_ids"',
    "SELECT *\nFROM silver.orders WHERE zzz": "(line 2, column 26)",
    "SELECT zzz": "was not found because the FROM clause is missing (line 1, column 8)",
    "SELECT summ(1)": 'name summ does not exist! Did you mean "sum"? (line 1, column 8)',
    "SELECT 'é',\n 1 FORM silver.orders": 'syntax error at or near "silver" (line 2, column 9)',
    "SELECT 'é' FORM silver.orders": 'syntax error at or near "silver" (line 1, column 17)',
    "SELECT DATE '2018-13-01'": 'date field value out of range: "2018-13-01"',
    "SELECT count(*), order_id FROM silver.orders": 'column "order_id" must appear',
    "SELECT error('without any prefix')": "without any prefix",
    "FROM '/etc/passwd.csv'": "disabled by configuration; SQL reads only the lake's tables; load ",
}


@pytest.mark.parametrize("statement", MESSAGES)
def test_message_for_an_invalid_statement(small: str, statement: str) -> None:
    with pytest.raises(QueryError) as caught:
        query(small, statement)
    assert MESSAGES[statement] in str(caught.value)
    assert "\n" not in str(caught.value)
    assert isinstance(caught.value.__cause__, duckdb.Error)


@pytest.mark.parametrize("statement", ["", " ;\n", "-- all orders"])
def test_empty_statement_is_refused(small: str, statement: str) -> None:
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
def test_statement_that_changes_data_is_refused(small: str, statement: str, kind: str) -> None:
    with pytest.raises(QueryError, match=f"^{kind}: SQL reads a lake and never changes it"):
        query(small, statement)


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TEMP TABLE t AS FROM silver.orders; SELECT count(*) FROM t",
        "CREATE MACRO one() AS 1; SELECT one()",
        "SET VARIABLE least = 1; SELECT getvariable('least')",
        "PIVOT (SELECT 1 AS n, 'a' AS kind) ON kind USING sum(n)",
        "SUMMARIZE silver.orders",
        "EXPLAIN FROM silver.orders",
        "FROM silver.orders; SHOW TABLES; FROM silver.orders",
        "VALUES (1)",
    ],
)
def test_query_may_have_several_statements(small: str, statement: str) -> None:
    assert query(small, statement).height


def test_show_tables_lists_names_that_can_be_queried(small: str) -> None:
    names = query(small, "SHOW TABLES").to_series().to_list()
    assert "silver.orders" in names
    assert all(query(small, f"SELECT count(*) FROM {name}").height for name in names)  # noqa: S608 - our names


@pytest.mark.parametrize(
    "statement",
    [
        "SHOW TABLES",
        "show  all tables",
        "DESCRIBE",
        "/* tables */ DESC",
        "FROM duckdb_views() WHERE NOT internal",
        "FROM information_schema.tables WHERE table_type = 'VIEW'",
    ],
)
def test_catalog_lists_tables_that_the_statement_does_not_mention(
    small: str, statement: str
) -> None:
    assert "order_payments" in str(query(small, statement).rows())


def test_table_of_a_computed_name_is_found(small: str) -> None:
    assert query(small, "FROM query_table('silver.' || 'order' || 's')").height == 1


def test_only_the_tables_of_a_statement_are_opened(
    small: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened, open_existing = list[str](), delta.open_existing

    def spy(lake: str, name: str) -> DeltaTable:
        opened.append(name)
        return open_existing(lake, name)

    monkeypatch.setattr(delta, "open_existing", spy)
    assert query(small, 'SELECT 1 FROM SILVER."Orders"').height == 1
    assert opened == ["silver.orders"]


def test_version_column_of_gold_is_hidden(tmp_path: Path, land: Callable[..., Path]) -> None:
    lake, landing = str(tmp_path / "lake"), land(orders=[{}])
    files, _ = find_files(str(landing))
    for contract, paths in files.items():
        ingest_table(lake, contract, paths)
    refresh_source_table(lake, tables()["silver.orders"])
    refresh_derived_table(lake, tables()["gold.dim_date"])
    assert "_version" not in query(lake, "FROM gold.dim_date").columns
    assert "_version" in query(lake, "FROM silver.orders").columns


FORBIDDEN = [
    "EXPLAIN ANALYZE COPY (SELECT 1) TO '{folder}/mine'",
    "PRAGMA profile_output = '{folder}/mine'",
    "PRAGMA profiling_output = '{folder}/mine'; PRAGMA enable_profiling = 'json'; SELECT 1",
    "CALL enable_logging(storage = 'file', storage_path = '{folder}/mine')",
    "FROM enable_logging('QueryLog')",
    "SET enable_external_access = true; FROM read_text('{folder}/secret.csv')",
    "RESET lock_configuration",
    "SET home_directory = '{folder}'",
    "SET temp_directory = '{folder}'",
    "SET file_search_path = '{folder}'",
    "SET allowed_directories = ['{folder}']",
    "PRAGMA import_database('{folder}')",
    "FROM read_csv('{folder}/secret.csv')",
    "FROM read_text('{folder}/secret.csv')",
    "FROM read_blob('{folder}/secret.csv')",
    "FROM read_json('{folder}/secret.csv')",
    "FROM read_parquet('{folder}/secret.csv')",
    "FROM sniff_csv('{folder}/secret.csv')",
    "FROM glob('{folder}/*')",
    "FROM '{folder}/secret.csv'",
    "FROM query('FROM ''{folder}/secret.csv''')",
    "CREATE TEMP TABLE t AS FROM '{folder}/secret.csv'; FROM t",
    "FROM 'https://example.com/rows.csv'",
    "FROM 's3://bucket/rows.parquet'",
    "FROM delta_scan('{folder}')",
    "FROM sqlite_scan('{folder}/secret.csv', 'rows')",
    "SELECT getenv('HOME')",
]


@pytest.mark.parametrize("statement", FORBIDDEN)
def test_statement_has_access_to_the_tables_alone(
    small: str, statement: str, tmp_path: Path
) -> None:
    (tmp_path / "secret.csv").write_text("a,b\n1,2\n")
    with pytest.raises(QueryError):
        query(small, statement.format(folder=tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["secret.csv"]


def test_python_variable_is_not_a_table(small: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sql, "secret", pl.DataFrame({"n": [1]}), raising=False)
    with pytest.raises(QueryError, match="there is no table secret"):
        query(small, "FROM secret")


@pytest.mark.parametrize(
    "statement",
    [
        "COPY (SELECT 1) TO '{folder}/mine'",
        "PREPARE mine AS COPY (SELECT 1) TO '{folder}/mine'",
        "EXPORT DATABASE '{folder}/mine'",
        "IMPORT DATABASE '{folder}'",
        "ATTACH '{folder}/mine.db'",
        "INSTALL httpfs",
        "LOAD '{folder}/mine.duckdb_extension'",
        "CREATE PERSISTENT SECRET mine (TYPE http, BEARER_TOKEN 'x')",
        "SET threads = 1",
    ],
)
def test_access_is_denied_without_the_check_of_statement_kinds(
    small: str, statement: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sql, "_check_kinds", lambda _: None)
    with pytest.raises(QueryError):
        query(small, statement.format(folder=tmp_path))
    assert not list(tmp_path.iterdir())


def test_spill_folder_is_private_and_removed_afterwards(
    small: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    folder = Path(query(small, "SELECT current_setting('temp_directory')").item())
    assert folder.parent == tmp_path
    assert not folder.exists()


def test_lack_of_memory_is_reported_in_one_line(
    small: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sql, "_SETTINGS", {"memory_limit": "'20MB'", **sql._SETTINGS})  # noqa: SLF001 - to exceed the limit with few rows
    with pytest.raises(QueryError, match=r"^failed to [^\n]*; select fewer rows [^\n]*$"):
        query(small, "SELECT list(i) FROM range(100_000_000) t(i)")


def test_interval_is_returned_as_text(small: str) -> None:
    statement = """
        -- how long it took, at most
        SELECT max(order_purchase_timestamp + INTERVAL 36 HOUR - order_purchase_timestamp) AS took,
               count(*) AS orders
        FROM silver.orders;
    """
    assert query(small, statement).rows() == [("1 day 12:00:00", 1)]


def test_columns_of_the_same_name_have_their_own_values(small: str) -> None:
    found = query(small, "SELECT 1 AS n, 2 AS N, INTERVAL 1 DAY AS n FROM silver.orders")
    assert found.rows() == [(1, 2, "1 day")]


def test_limit_bounds_the_rows(small: str) -> None:
    statement = "FROM range(10) ORDER BY 1 DESC"
    assert query(small, statement, limit=3).to_series().to_list() == [9, 8, 7]
    assert query(small, statement).height == 10


VALUES = {
    "md5_number('b')": "190532336368564675417118094528692087698",
    "170141183460469231731687303715884105727::HUGEINT": "170141183460469231731687303715884105727",
    "12345678901234567.89::DECIMAL(38,2)": "12345678901234567.89",
    "TIME '24:00:00'": "24:00:00",
    "TIMETZ '12:00:00+03'": "12:00:00+03",
    "TIMESTAMPTZ '2018-01-01 00:00:00-03'": "2018-01-01 03:00:00+00",
    "TIMESTAMP '2018-01-01 00:00:00.5'": "2018-01-01 00:00:00.5",
    "TIMESTAMP_NS '2018-01-01 00:00:00.123456789'": "2018-01-01 00:00:00.123456789",
    "'infinity'::DATE": "infinity",
    "'-infinity'::TIMESTAMP": "-infinity",
    "DATE '12018-01-01'": "12018-01-01",
    "'101'::BIT": "101",
    r"'\xAB'::BLOB": r"\xAB",
    "'a'::ENUM('a', 'b')": "a",
    "'00000000-0000-0000-0000-00000000000a'::UUID": "00000000-0000-0000-0000-00000000000a",
    "INTERVAL 14 MONTH": "1 year 2 months",
    "union_value(k := 1.10)": "1.10",
    "map {'a': 1.50, 'b': NULL}": "{a=1.50, b=NULL}",
    "{'a': [DATE '2018-01-02']}": "{'a': [2018-01-02]}",
    "'nan'::FLOAT": "nan",
    "0.1::FLOAT": "0.1",
    "true": "true",
}


@pytest.mark.parametrize("value", VALUES)
def test_text_of_a_value_is_that_of_duckdb(small: str, value: str) -> None:
    assert query(small, f"SELECT {value}", keep=TEXT).item() == VALUES[value]


def test_inexact_types_are_returned_as_text_also_when_nested(small: str) -> None:
    found = query(
        small,
        """SELECT TIME '24:00:00' AS clock, [INTERVAL 1 DAY] AS spans,
                  {'a "b"': md5_number('b'), 'n': 1::HUGEINT} AS both, [[1.50], NULL] AS money,
                  map {'a': DATE '2018-01-02'} AS days""",
    )
    assert found.rows() == [
        (
            "24:00:00",
            ["1 day"],
            {'a "b"': "190532336368564675417118094528692087698", "n": 1},
            [[Decimal("1.50")], None],
            {"a": "2018-01-02"},
        )
    ]


@pytest.mark.parametrize(
    "value", ["'infinity'::DATE", "'-infinity'::TIMESTAMP", "DATE '0045-03-15 (BC)'"]
)
def test_date_that_python_does_not_have_is_refused(small: str, value: str) -> None:
    with pytest.raises(QueryError, match=r"^valid_to: .* select it as text: valid_to::VARCHAR"):
        query(small, f"SELECT {value} AS valid_to UNION ALL SELECT NULL")


def test_first_and_last_time_of_python_are_returned(small: str) -> None:
    last = datetime(9999, 12, 31, 23, 59, 59, 999_999)
    statement = "SELECT DATE '0001-01-01', TIMESTAMP '9999-12-31 23:59:59.999999', NULL::DATE"
    assert query(small, statement).rows() == [(date(1, 1, 1), last, None)]


def test_day_of_a_time_does_not_depend_on_the_local_time_zone(
    small: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "America/Sao_Paulo")
    time.tzset()
    try:
        statement = "SELECT date_trunc('day', TIMESTAMPTZ '2018-01-02 01:00:00+00')"
        assert query(small, statement).item() == datetime(2018, 1, 2, tzinfo=UTC)
    finally:
        monkeypatch.undo()
        time.tzset()

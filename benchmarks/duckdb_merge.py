"""The same tables in a DuckDB file, merged: `python -m benchmarks.duckdb_merge SOURCE DATABASE`.

The first run builds all tables. A later run reads a delivery, merges its rows into silver, computes
the dimensions and facts of the changed orders again, merges them, and recomputes the marts. Later
deliveries must not have geolocation points or category translations: these would change all rows.
"""

import sys
from pathlib import Path

import duckdb

from benchmarks.duckdb_build import build_in, script
from benchmarks.tables import FACTS_AND_DIMENSIONS, KEYS, RECORDS

FILES = {name: f"olist_{name}_dataset.csv" for name in RECORDS} | {
    "geolocation_points": "olist_geolocation_dataset.csv",
    "product_category_name_translation": "product_category_name_translation.csv",
}
WHOLE = ("geolocation_points", "product_category_name_translation")
"""The tables of records whose change affects all rows."""


def refresh(source: Path, database: Path) -> None:
    """Build the tables of a database, or bring them up to date with a delivery."""
    if not database.exists():
        with duckdb.connect(database) as connection:
            build_in(connection, source)
        return
    # What the delivery changes is computed in memory, under the names of the tables.
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{database}' AS lake")
        _merge_silver(connection, source)
        _restrict_to_changes(connection)
        connection.execute("SET preserve_insertion_order = false")
        connection.execute(script("duckdb_gold.sql"))
        for table in FACTS_AND_DIMENSIONS:
            _merge(connection, table)
        connection.execute("USE lake")
        connection.execute(script("duckdb_marts.sql").replace("CREATE ", "CREATE OR REPLACE "))


def _merge_silver(connection: duckdb.DuckDBPyConnection, source: Path) -> None:
    connection.execute("SET VARIABLE source = ?", [str(source.resolve())])
    macros, *parts = script("duckdb_silver.sql").split("CREATE TABLE checked_")
    connection.execute(macros)
    sql = {part.partition(" ")[0]: f"CREATE TABLE checked_{part}" for part in parts}
    for table in RECORDS:
        if not (source / FILES[table]).exists():
            connection.execute(f"CREATE TABLE {table} AS FROM lake.{table} LIMIT 0")
            continue
        if table in WHOLE:
            message = f"{table}: only a build from nothing can read this delivery"
            raise ValueError(message)
        connection.execute(sql[table])
        _merge(connection, table)
        connection.execute(f"INSERT INTO lake.bad_{table} FROM bad_{table}")
    connection.execute("INSERT INTO lake.bad_unreadable FROM reject_errors")


def _restrict_to_changes(connection: duckdb.DuckDBPyConnection) -> None:
    """Replace the delivered rows by all rows of the orders, people, products that they concern."""
    orders = ("orders", "order_items", "order_payments", "order_reviews")
    ids = " UNION ".join(f"SELECT order_id FROM {table}" for table in orders)
    connection.execute(f"CREATE TABLE changed AS {ids}")
    for table in orders:
        _replace(connection, table, "order_id", "FROM changed")
    for table, referring in (
        ("customers", "orders"),
        ("products", "order_items"),
        ("sellers", "order_items"),
    ):
        key = KEYS[table][0]
        _replace(
            connection, table, key, f"SELECT {key} FROM {table} UNION SELECT {key} FROM {referring}"
        )
    for table in ("geolocation", "product_category_name_translation"):
        connection.execute(f"DROP TABLE IF EXISTS {table}")
        connection.execute(f"CREATE VIEW {table} AS FROM lake.{table}")


def _replace(connection: duckdb.DuckDBPyConnection, table: str, key: str, ids: str) -> None:
    connection.execute(
        f"CREATE OR REPLACE TABLE {table} AS FROM lake.{table} WHERE {key} IN ({ids})"
    )


def _merge(connection: duckdb.DuckDBPyConnection, table: str) -> None:
    connection.execute(
        f"MERGE INTO lake.{table} USING {table} USING ({', '.join(KEYS[table])}) "
        "WHEN MATCHED THEN UPDATE BY NAME WHEN NOT MATCHED THEN INSERT BY NAME"
    )


if __name__ == "__main__":
    refresh(Path(sys.argv[1]), Path(sys.argv[2]))

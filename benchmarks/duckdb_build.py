"""The same work in DuckDB: `python -m benchmarks.duckdb_build SOURCE OUT`."""

import sys
from pathlib import Path

import duckdb

from benchmarks.tables import GOLD, PARTITIONED, RECORDS, SILVER, folders


def build(source: Path, out: Path) -> None:
    """Read nine CSV files; write silver, bad rows and gold as Parquet files."""
    with duckdb.connect() as connection:
        build_in(connection, source)
        write(connection, out)


def build_in(connection: duckdb.DuckDBPyConnection, source: Path) -> None:
    """Read nine CSV files; create the tables of silver, bad rows and gold."""
    connection.execute("SET VARIABLE source = ?", [str(source.resolve())])
    connection.execute(script("duckdb_silver.sql"))  # needs the order of the rows in a file
    connection.execute("CREATE TABLE bad_unreadable AS FROM reject_errors")
    connection.execute("SET preserve_insertion_order = false")
    connection.execute(script("duckdb_gold.sql"))
    connection.execute(script("duckdb_marts.sql"))


def write(connection: duckdb.DuckDBPyConnection, out: Path) -> None:
    """Write the tables as Parquet files."""
    folders(out)
    existing = {
        name for (name,) in connection.sql("SELECT table_name FROM duckdb_tables()").fetchall()
    }
    for table in SILVER:
        connection.table(table).to_parquet(
            f"{out}/silver/{table}.parquet", compression="uncompressed"
        )
    for table in ("unreadable", *RECORDS):
        if f"bad_{table}" in existing:  # dbt keeps no unreadable records
            bad = connection.table(f"bad_{table}")
            bad.to_parquet(f"{out}/bad/{table}.parquet", compression="uncompressed")
    for table in GOLD:
        by = [PARTITIONED[table]] if table in PARTITIONED else None
        name = table if by else f"{table}.parquet"
        connection.table(table).to_parquet(
            f"{out}/gold/{name}", partition_by=by, compression="uncompressed"
        )


def script(name: str) -> str:
    """Return the text of an SQL script of this package."""
    return Path(__file__).with_name(name).read_text()


if __name__ == "__main__":
    build(Path(sys.argv[1]), Path(sys.argv[2]))

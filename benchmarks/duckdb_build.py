"""The same work in DuckDB: `python -m benchmarks.duckdb_build SOURCE OUT`."""

import sys
from pathlib import Path

import duckdb

from benchmarks.tables import GOLD, PARTITIONED, RECORDS, SILVER, folders


def build(source: Path, out: Path) -> None:
    """Read nine CSV files; write silver, bad rows and gold as Parquet files."""
    folders(out)
    with duckdb.connect() as connection:
        connection.execute("SET VARIABLE source = ?", [str(source.resolve())])
        _run(connection, "duckdb_silver.sql")  # needs the order of the rows in a file
        connection.execute("SET preserve_insertion_order = false")
        _run(connection, "duckdb_gold.sql")
        _run(connection, "duckdb_marts.sql")
        for table in SILVER:
            connection.table(table).to_parquet(f"{out}/silver/{table}.parquet")
        for table in RECORDS:
            connection.table(f"bad_{table}").to_parquet(f"{out}/bad/{table}.parquet")
        connection.table("reject_errors").to_parquet(f"{out}/bad/unreadable.parquet")
        for table in GOLD:
            by = [PARTITIONED[table]] if table in PARTITIONED else None
            name = table if by else f"{table}.parquet"
            connection.table(table).to_parquet(f"{out}/gold/{name}", partition_by=by)


def _run(connection: duckdb.DuckDBPyConnection, script: str) -> None:
    connection.execute(Path(__file__).with_name(script).read_text())


if __name__ == "__main__":
    build(Path(sys.argv[1]), Path(sys.argv[2]))

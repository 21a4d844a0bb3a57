"""SQL over the tables of a lake, by DuckDB."""

import duckdb
import polars as pl

from flows import delta
from flows.status import existing


def query(lake: str, statement: str) -> pl.DataFrame:
    """Run a SQL statement over the lake's tables, named as `gold.fact_sales`.

    Raises:
        NoLakeError: the lake has no tables.
        duckdb.Error: the statement is wrong; names the nearest table or column.
    """
    with duckdb.connect() as connection:
        for name in existing(lake):
            schema, _, table = name.partition(".")
            rows = delta.scan(delta.open_existing(lake, name))
            if schema == "gold":  # what analysts read is the contract's columns alone
                rows = rows.drop("_version", strict=False)
            connection.register(f"{schema}__{table}", rows)
            connection.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
            view = f"CREATE VIEW {name} AS SELECT * FROM {schema}__{table}"  # noqa: S608 - our names
            connection.execute(view)
        result = connection.sql(statement)
        return pl.DataFrame() if result is None else pl.DataFrame(result.pl())

"""SQL over the tables of a lake with DuckDB, which has access to nothing else."""

import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import TypeVar

import duckdb
import polars as pl

from flows import delta
from flows.config.concurrency import for_each_table
from flows.config.errors import TableError, one_line
from flows.delta.damage import translate_damage
from flows.delta.table_names import all_tables, existing_tables, unknown_table
from flows.query.meta import META_TABLES, meta_tables
from flows.query.values import EXACT, QueryError, fetch

Tables = Mapping[str, pl.LazyFrame]
Result = TypeVar("Result")


def query(
    lake: str, statement: str, limit: int | None = None, keep: Collection[str] = EXACT
) -> pl.DataFrame:
    """Run SQL over the lake's tables, named as `gold.fact_sales`; return the last statement's rows.

    DuckDB cannot read or write anything else, whatever the statement says. Its time zone is UTC.

    Args:
        lake: the lake's location.
        statement: one or more statements in DuckDB's dialect.
        limit: the most rows to return; all by default.
        keep: the types whose values are returned as they are. Values of other types, such as
            intervals and times of day, become the text that DuckDB writes for them.

    Raises:
        NoLakeError: the lake has no tables.
        QueryError: the statement is invalid, or returns a date that Python does not have.
        TableError: a table that it names cannot be read.
    """
    return _attached(
        lake, [statement], lambda database, tables: _run(database, tables, statement, limit, keep)
    )


def queries(lake: str, statements: Iterable[str]) -> dict[str, pl.DataFrame]:
    """Run statements over the same versions of the tables; return and raise as `query`."""
    statements = list(statements)
    return _attached(
        lake,
        statements,
        lambda database, tables: {each: _run(database, tables, each) for each in statements},
    )


def _attached(
    lake: str,
    statements: list[str],
    work: Callable[[duckdb.DuckDBPyConnection, Tables], Result],
) -> Result:
    """Call a function with a database of the tables that statements mention.

    To open all tables of a lake takes longer than most queries. A statement may still need a table
    that it does not mention, because it computes the name; then all are attached.
    """
    existing = [*existing_tables(lake), *META_TABLES]
    mentioned = _mentioned(existing, statements)
    try:
        return _attach(lake, mentioned, statements, work)
    except QueryError as error:
        if mentioned == existing or not isinstance(error.__cause__, duckdb.CatalogException):
            raise
    return _attach(lake, existing, statements, work)


def _attach(
    lake: str,
    names: list[str],
    statements: list[str],
    work: Callable[[duckdb.DuckDBPyConnection, Tables], Result],
) -> Result:
    stored = _readable_tables(lake, [name for name in names if name not in META_TABLES], statements)
    tables = {**stored, **{n: rows for n, rows in meta_tables(lake).items() if n in names}}
    with translate_damage(lake, _named(tables, statements)), _connected(tables) as connection:
        return work(connection, tables)


def _mentioned(existing: list[str], statements: list[str]) -> list[str]:
    """Return the tables whose layer and name statements contain; all if they read the catalog."""
    text = "\n".join(statements).lower()
    if _CATALOG.search(text):
        return existing
    words = {*re.findall(r"\w+", text)}
    return [name for name in existing if words.issuperset(name.split("."))]


_CATALOG = re.compile(
    r"\b(show|describe|summarize|call|pragma|information_schema|(duckdb|pg|pragma|sqlite)_)"
    r"|(^|[;(/])\s*desc\b",
    re.MULTILINE,
)
"""What a statement contains that may list the tables."""


def _readable_tables(lake: str, names: list[str], statements: list[str]) -> Tables:
    """Return those of some tables that can be read.

    Raises:
        TableError: a statement names a table that cannot be read.
    """
    found = for_each_table(_rows, lake, names)
    for name in _named(found, statements):
        if isinstance(error := found[name], TableError):
            raise error
    return {name: rows for name, rows in found.items() if isinstance(rows, pl.LazyFrame)}


def _named(tables: Collection[str], statements: list[str]) -> list[str]:
    """Return the tables that statements name, quoted or not."""
    text = "\n".join(statements)
    pattern = r'\b{}"?\s*\.\s*"?{}\b'
    return [
        name for name in tables if re.search(pattern.format(*name.split(".")), text, re.IGNORECASE)
    ]


def _rows(lake: str, name: str) -> pl.LazyFrame | TableError:
    try:
        rows = delta.scan(delta.open_existing(lake, name))
    except TableError as error:
        return error
    # Analysts see only the columns of the contract.
    return rows.drop("_version", strict=False) if name.startswith("gold.") else rows


@contextmanager
def _connected(tables: Tables) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a database with views on the tables and access to nothing else.

    Data that does not fit into memory spills into a folder that is removed afterwards.
    """
    with (
        TemporaryDirectory(prefix="keystone-sql-") as folder,
        duckdb.connect(config={"temp_directory": folder}) as connection,
    ):
        for schema in {name.partition(".")[0] for name in (*all_tables(), *META_TABLES)}:
            connection.execute(f"CREATE SCHEMA {schema}")
        for name, rows in tables.items():
            connection.register(name, rows)  # the name that `SHOW TABLES` lists
            connection.execute(f'CREATE VIEW {name} AS SELECT * FROM "{name}"')  # noqa: S608 - only names of our tables
        for setting, value in _SETTINGS.items():
            connection.execute(f"SET {setting} = {value}")
        yield connection


_SETTINGS = {
    "TimeZone": "'UTC'",  # the same result on every machine
    "errors_as_json": "true",  # includes the position
    "python_enable_replacements": "false",  # Python variables are not tables
    "allow_persistent_secrets": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "enable_external_access": "false",
    "lock_configuration": "true",  # must be last: nothing can be set after it
}


def _run(
    connection: duckdb.DuckDBPyConnection,
    tables: Tables,
    statement: str,
    limit: int | None = None,
    keep: Collection[str] = EXACT,
) -> pl.DataFrame:
    try:
        statements = connection.extract_statements(statement)
        _check_kinds(statements)
        *_, result = [_relation(connection, each) for each in statements]
    except duckdb.Error as error:
        raise QueryError(_message(error, tables, statement)) from error
    try:
        return pl.DataFrame() if result is None else fetch(result, limit, keep)
    except duckdb.Error as error:  # its position refers to our own statement
        raise QueryError(_message(error, tables)) from error


def _check_kinds(statements: list[duckdb.Statement]) -> None:
    """Refuse statements that do not read; they could not change the lake anyway."""
    if not statements:
        message = "the statement is empty; `SHOW TABLES` lists the tables"
        raise QueryError(message)
    *earlier, last = (each.type.name for each in statements)
    if wrong := {*earlier} - {*_READS, "CREATE"} | {last} - _READS:
        message = (
            f"{', '.join(sorted(wrong))}: SQL reads a lake and never changes it; use SELECT, WITH, "
            f"FROM, DESCRIBE, SHOW, SUMMARIZE or EXPLAIN, and write the result with `--out`"
        )
        raise QueryError(message)


_READS = {"SELECT", "EXPLAIN", "SET", "VARIABLE_SET", "PRAGMA", "CALL", "MULTI", "RELATION"}


def _relation(
    connection: duckdb.DuckDBPyConnection, statement: duckdb.Statement
) -> duckdb.DuckDBPyRelation | None:
    try:
        return connection.sql(statement)
    except duckdb.Error:
        connection.execute(statement)  # fails too, and its error has the position
        raise


def _message(error: duckdb.Error, tables: Tables, statement: str = "") -> str:
    """Return the message of a DuckDB error in one line, with its position in the statement."""
    _, _, text = str(error).partition(" Error: ")
    found = json.loads(text) if text.startswith("{") else {"exception_message": text or str(error)}
    start = int(found.get("position", 0))
    if found.get("type") == "Table":
        # Take the name from the statement, because the message omits its layer.
        _, length = json.loads(found.get("location", "[0, 0]"))
        written = statement.encode()[start : start + length].decode(errors="ignore")
        return unknown_table(written.replace('"', "") or found["name"], tables)
    # The rest is advice about settings and extensions, which are locked.
    first, _, _ = str(found["exception_message"]).partition("\n\n")
    parts = [one_line(first), *(hint for kind, hint in _HINTS.items() if isinstance(error, kind))]
    if "position" in found and statement:
        before = statement.encode()[:start].decode(errors="ignore")
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        parts[0] += f" (line {line}, column {column})"
    return "; ".join(parts)


_HINTS = {
    duckdb.OutOfMemoryException: "select fewer rows or columns at once",
    duckdb.PermissionException: "SQL reads only the lake's tables; load other files in Python",
}

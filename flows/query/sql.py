"""SQL over the tables of a lake, by DuckDB, which can reach nothing else."""

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from tempfile import TemporaryDirectory

import duckdb
import polars as pl
from duckdb.sqltypes import DuckDBPyType

from flows import delta
from flows.config.concurrency import for_each_table
from flows.config.errors import TableError, one_line
from flows.delta.damage import translate_damage
from flows.delta.table_names import all_tables, existing_tables, unknown_table

Tables = Mapping[str, pl.LazyFrame]

_NUMBERS = {
    *("boolean", "tinyint", "smallint", "integer", "bigint"),
    *("utinyint", "usmallint", "uinteger", "ubigint", "float", "double", "decimal"),
}
_MOMENTS = {"date", "timestamp", "timestamp with time zone"}
_NESTED = {"list", "array", "struct", "map"}

TEXT: Collection[str] = frozenset()
"""Keeps no type: each value is the text that DuckDB writes for it."""

CELLS: Collection[str] = frozenset({"float", "double"})
"""Keeps what a terminal rounds."""

JSON: Collection[str] = frozenset(_NUMBERS | _NESTED | {"hugeint"})
"""Keeps what JSON has."""

SHEET: Collection[str] = frozenset(_NUMBERS | _MOMENTS)
"""Keeps what a cell of a spreadsheet can be."""

EXACT: Collection[str] = frozenset(_NUMBERS | _MOMENTS | _NESTED | {"blob"})
"""Keeps what Polars and Python hold exactly."""


class QueryError(Exception):
    """A statement cannot be run; says in a line what is wrong with it, and where."""


def query(
    lake: str, statement: str, limit: int | None = None, keep: Collection[str] = EXACT
) -> pl.DataFrame:
    """Run a SQL statement over the lake's tables, named as `gold.fact_sales`.

    DuckDB can neither write nor read anything else, whatever the statement says, and its time zone
    is UTC. Of several statements the last one's rows are returned.

    Args:
        lake: the lake's location.
        statement: in DuckDB's dialect.
        limit: the most rows to return; all, if it is not given.
        keep: the types whose values are returned as such. Values of all others, of intervals and
            times of day for instance, become the text that DuckDB writes for them.

    Raises:
        NoLakeError: the lake has no tables.
        QueryError: the statement is wrong, or returns a date that Python does not have.
        TableError: a table that it names cannot be read.
    """
    tables = _opened(lake, [statement])
    with translate_damage(lake, _named(tables, [statement])), _connected(tables) as connection:
        return _answer(connection, tables, statement, limit, keep)


def queries(lake: str, statements: Iterable[str]) -> dict[str, pl.DataFrame]:
    """Run statements over the same versions of the tables; returns and raises as `query`."""
    statements = list(statements)
    tables = _opened(lake, statements)
    with translate_damage(lake, _named(tables, statements)), _connected(tables) as connection:
        return {statement: _answer(connection, tables, statement) for statement in statements}


def _opened(lake: str, statements: list[str]) -> Tables:
    """Return the tables of a lake that can be read.

    Raises:
        TableError: a statement asks for one that cannot.
    """
    found = for_each_table(_rows, lake, existing_tables(lake))
    for name in _named(found, statements):
        if isinstance(why := found[name], TableError):
            raise why
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
    # What analysts read is the contract's columns alone.
    return rows.drop("_version", strict=False) if name.startswith("gold.") else rows


@contextmanager
def _connected(tables: Tables) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a database of views on the tables, which can reach nothing else.

    What does not fit into memory spills into a folder that is removed afterwards.
    """
    with (
        TemporaryDirectory(prefix="keystone-sql-") as folder,
        duckdb.connect(config={"temp_directory": folder}) as connection,
    ):
        for schema in {name.partition(".")[0] for name in all_tables()}:
            connection.execute(f"CREATE SCHEMA {schema}")
        for name, rows in tables.items():
            connection.register(name, rows)  # under the name that `SHOW TABLES` is to say
            connection.execute(f'CREATE VIEW {name} AS SELECT * FROM "{name}"')  # noqa: S608 - our names
        for setting, value in _SETTINGS.items():
            connection.execute(f"SET {setting} = {value}")
        yield connection


_SETTINGS = {
    "TimeZone": "'UTC'",  # the same answer on every machine
    "errors_as_json": "true",  # tells the position
    "python_enable_replacements": "false",  # variables of this process are no tables
    "allow_persistent_secrets": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "enable_external_access": "false",
    "lock_configuration": "true",  # the last one, for nothing can be set after it
}


def _answer(
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
        return pl.DataFrame() if result is None else _fetch(result, limit, keep)
    except duckdb.Error as error:  # whose position is one in a statement of ours
        raise QueryError(_message(error, tables)) from error


def _check_kinds(statements: list[duckdb.Statement]) -> None:
    """Refuse statements that ask nothing: they could not change anything."""
    if not statements:
        message = "the statement is empty; `SHOW TABLES` lists what can be asked"
        raise QueryError(message)
    *before, asked = (each.type.name for each in statements)
    if wrong := {*before} - {*_READS, "CREATE"} | {asked} - _READS:
        message = (
            f"{', '.join(sorted(wrong))}: SQL reads a lake and never changes it; ask with SELECT, "
            f"WITH, FROM, DESCRIBE, SHOW, SUMMARIZE or EXPLAIN, and write the answer with `--out`"
        )
        raise QueryError(message)


_READS = {"SELECT", "EXPLAIN", "SET", "VARIABLE_SET", "PRAGMA", "CALL", "MULTI", "RELATION"}


def _relation(
    connection: duckdb.DuckDBPyConnection, statement: duckdb.Statement
) -> duckdb.DuckDBPyRelation | None:
    try:
        return connection.sql(statement)
    except duckdb.Error:
        connection.execute(statement)  # fails as well, and says at which position
        raise


def _fetch(
    result: duckdb.DuckDBPyRelation, limit: int | None, keep: Collection[str]
) -> pl.DataFrame:
    # By position, for of two columns of a name DuckDB would take the first twice.
    columns = (
        duckdb.SQLExpression(f"#{n}").cast(_kept(kind, keep)).alias(name)
        for n, (name, kind) in enumerate(zip(result.columns, result.types, strict=True), 1)
    )
    chosen = result.project(*columns)
    rows = pl.DataFrame((chosen if limit is None else chosen.limit(limit)).pl())
    _check_moments(rows)
    return rows


def _kept(kind: DuckDBPyType, keep: Collection[str]) -> str:
    """Return the type as which the values of a type are returned."""
    if kind.id not in keep:
        # The sum of a column is such a whole number; Arrow has them up to 38 digits only.
        return "DECIMAL(38, 0)" if kind.id == "hugeint" and "decimal" in keep else "VARCHAR"
    if kind.id not in _NESTED:
        return str(kind)
    inner = {*keep} - _MOMENTS - {"hugeint"}  # what is checked, or exact, in a column only
    parts = [(name, part) for name, part in kind.children if isinstance(part, DuckDBPyType)]
    if kind.id == "struct":
        return (
            f"STRUCT({', '.join(f'{_quoted(name)} {_kept(part, inner)}' for name, part in parts)})"
        )
    if kind.id == "map":
        (_, key), (_, value) = parts
        return f"MAP({_kept(key, inner - _NESTED)}, {_kept(value, inner)})"
    size = dict(kind.children).get("size", "")
    return f"{_kept(parts[0][1], inner)}[{size}]"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _check_moments(rows: pl.DataFrame) -> None:
    """Refuse dates and times that Python does not have, and of which Polars makes others."""
    days = {
        name: pl.col(name).to_physical() // (1 if kind == pl.Date else _MICROSECONDS_A_DAY)
        for name, kind in rows.schema.items()
        if kind.is_temporal()
    }
    found = rows.select(
        (~each.is_between(_FIRST_DAY, _LAST_DAY)).any().alias(name) for name, each in days.items()
    )
    if wrong := [each.name for each in found if each.item()]:
        message = (
            f"{', '.join(wrong)}: a date or time is infinite or outside the years 1 to 9999; "
            f"ask for it as text: {wrong[0]}::VARCHAR"
        )
        raise QueryError(message)


_MICROSECONDS_A_DAY = 86_400_000_000
_EPOCH = date(1970, 1, 1)
_FIRST_DAY, _LAST_DAY = (date.min - _EPOCH).days, (date.max - _EPOCH).days


def _message(error: duckdb.Error, tables: Tables, statement: str = "") -> str:
    """Return in a line what DuckDB says of an error, and where in a statement it found it."""
    _, _, text = str(error).partition(" Error: ")
    found = json.loads(text) if text.startswith("{") else {"exception_message": text or str(error)}
    start = int(found.get("position", 0))
    if found.get("type") == "Table":
        # As it is written, for the message leaves its layer out.
        _, length = json.loads(found.get("location", "[0, 0]"))
        written = statement.encode()[start : start + length].decode(errors="ignore")
        return unknown_table(written.replace('"', "") or found["name"], tables)
    # What follows is advice about settings and extensions, which are locked.
    said, _, _ = str(found["exception_message"]).partition("\n\n")
    told = [one_line(said), *(hint for kind, hint in _HINTS.items() if isinstance(error, kind))]
    if "position" in found and statement:
        before = statement.encode()[:start].decode(errors="ignore")
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        told[0] += f" (line {line}, column {column})"
    return "; ".join(told)


_HINTS = {
    duckdb.OutOfMemoryException: "ask for fewer rows or columns at once",
    duckdb.PermissionException: "SQL reads the lake's tables alone; load other files in Python",
}

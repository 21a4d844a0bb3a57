"""SQL over the tables of a lake, by DuckDB."""

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import chain, islice

import duckdb
import polars as pl

from flows import delta
from flows.damage import damage_named
from flows.for_each import for_each
from flows.nearest import nearest
from flows.status import existing, unknown
from flows.table_error import TableError

Tables = Mapping[str, pl.LazyFrame]


class QueryError(Exception):
    """A statement cannot be run; says in a line what is wrong with it, and where."""


def query(lake: str, statement: str, limit: int | None = None) -> pl.DataFrame:
    """Run a SQL statement over the lake's tables, named as `gold.fact_sales`.

    An interval comes as text, for Polars has none of months. Of several statements the last one's
    rows are returned.

    Args:
        lake: where the tables lie.
        statement: in DuckDB's dialect.
        limit: how many rows to return at most; all, if it is not given.

    Raises:
        NoLakeError: the lake has no tables.
        QueryError: the statement is wrong; names the nearest table, column or function.
        TableError: a table that it names cannot be read.
    """
    tables = _opened(lake, [statement])
    with damage_named(lake, _named(tables, [statement])), _connected(tables) as connection:
        return _ask(connection, tables, statement, limit)


def queries(lake: str, statements: Iterable[str]) -> dict[str, pl.DataFrame]:
    """Run statements over the same versions of the tables; returns and raises as `query`."""
    statements = list(statements)
    tables = _opened(lake, statements)
    with damage_named(lake, _named(tables, statements)), _connected(tables) as connection:
        return {statement: _ask(connection, tables, statement) for statement in statements}


def _opened(lake: str, statements: list[str]) -> Tables:
    """Return the tables of a lake that can be read.

    Raises:
        TableError: a statement asks for one that cannot.
    """
    found = for_each(_rows, lake, existing(lake))
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
    with duckdb.connect() as connection:
        for name, rows in tables.items():
            schema, _, _ = name.partition(".")
            connection.register(name, rows)  # under the name that `SHOW TABLES` is to say
            connection.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
            connection.execute(f'CREATE VIEW {name} AS SELECT * FROM "{name}"')  # noqa: S608 - our names
        connection.execute("SET errors_as_json = true")  # which tells the place
        yield connection


def _ask(
    connection: duckdb.DuckDBPyConnection, tables: Tables, statement: str, limit: int | None = None
) -> pl.DataFrame:
    try:
        _reads(connection.extract_statements(statement))
        result = connection.sql(statement)
        return pl.DataFrame() if result is None else _fetched(result, limit)
    except duckdb.Error as error:
        raise QueryError(_told(error, statement, tables)) from error


def _reads(statements: list[duckdb.Statement]) -> None:
    """Refuse what would change something, and come to nothing: the tables are views of a lake."""
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


def _fetched(result: duckdb.DuckDBPyRelation, limit: int | None) -> pl.DataFrame:
    # By position, for of two columns of a name DuckDB would take the first twice.
    columns = [duckdb.SQLExpression(f"#{n}") for n in range(1, len(result.columns) + 1)]
    told = (
        (column.cast("VARCHAR") if "INTERVAL" in str(kind) else column).alias(name)
        for column, name, kind in zip(columns, result.columns, result.types, strict=True)
    )
    shown = result.project(*told)
    return pl.DataFrame((shown if limit is None else shown.limit(limit)).pl())


def _told(error: duckdb.Error, statement: str, tables: Tables) -> str:
    _, _, text = str(error).partition(" Error: ")
    found = json.loads(text) if text.startswith("{") else {"exception_message": text}
    said = found["exception_message"]
    if match := _NO_TABLE.search(said):
        asked = _as_written(match[1], statement)
        close = nearest(asked, _WITH.findall(statement))
        return (
            f"there is no table {asked}; nearest: {close[0]}" if close else unknown(asked, tables)
        )
    if match := _NO_COLUMN.search(said) or _NO_FIELD.search(said):
        return _no_column(".".join(match.groups()), said, statement, tables)
    if match := _NO_FUNCTION.search(said):
        return f"there is no function {match[1]}; nearest: {match[2]}"
    if (position := found.get("position")) is None:
        return str(said)
    before = statement.encode()[: int(position)].decode(errors="ignore")
    line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
    return f"{said} (line {line}, column {column})"


_READS = {"SELECT", "EXPLAIN", "SET", "VARIABLE_SET", "PRAGMA", "CALL", "MULTI", "RELATION"}
_WITH = re.compile(r"(\w+)\s+AS\s+(?:NOT\s+)?(?:MATERIALIZED\s+)?\(", re.IGNORECASE)
_NO_TABLE = re.compile(r'Table with name "?([^\s"]+)"? does not exist')
_NO_COLUMN = re.compile(r'[Cc]olumn "([^"]+)" (?:in \w+ list )?(?:not found|does not exist)')
_NO_FIELD = re.compile(r'list "([^"]+)" does not have a column named "([^"]+)"')
_COMPARED = r'(?:[=<>]|\bLIKE|\bIN\s*\()\s*"?{}\b'
_NO_FUNCTION = re.compile(r'Function with name (\S+) does not exist!\nDid you mean "([^"]+)"')


def _as_written(table: str, statement: str) -> str:
    """Return the name of a table with its layer, which DuckDB leaves out."""
    written = re.search(rf'[\w."]*\b{re.escape(table)}\b', statement)
    return written[0].replace('"', "") if written else table


def _no_column(asked: str, said: str, statement: str, tables: Tables) -> str:
    columns = {
        name: rows.collect_schema().names()
        for name, rows in tables.items()
        if re.search(rf"\b{re.escape(name)}\b", statement, re.IGNORECASE)
    }
    # What the statement computes itself only DuckDB knows.
    computed = re.findall(r'"(?:\w+\.)?([^"]+)"', said.partition("Candidate bindings:")[2])
    there = dict.fromkeys([*chain.from_iterable(columns.values()), *computed])
    compared = re.search(_COMPARED.format(re.escape(asked)), statement, re.IGNORECASE)
    text = f"; a text stands in single quotes: '{asked}'" if compared and "." not in asked else ""
    word = asked.rpartition(".")[2]
    close = nearest(word, there)
    if columns and word not in there and (elsewhere := _having(word, tables, columns)):
        return f"there is no column {asked} in {', '.join(columns)}; there is in {elsewhere}{text}"
    if not close:
        lists = ", ".join(f"`DESCRIBE {name}`" for name in columns)
        which = f"; {lists} says which there are" if lists else ""
        return f"there is no column {asked}{which}{text}"
    own = [column for column in close if not any(column in has for has in columns.values())]
    of = {name: [column for column in close if column in has] for name, has in columns.items()}
    told = [f"{', '.join(some)}, of {name}" for name, some in of.items() if some]
    return f"there is no column {asked}; nearest: {'; '.join([*own, *told])}{text}"


def _having(column: str, tables: Tables, asked: Collection[str]) -> str:
    """Name at most three other tables with a column, those of the layers that were asked first."""
    layers = {name.partition(".")[0] for name in asked}
    others = (name for name in tables if name not in asked)
    near = sorted(others, key=lambda name: name.partition(".")[0] not in layers)
    return ", ".join(islice((n for n in near if column in tables[n].collect_schema()), 3))

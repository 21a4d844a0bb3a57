"""Tables about the tables: commits, runs, rules and columns, for SQL and for plots."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import polars as pl

from flows import delta
from flows.config.concurrency import for_each_table
from flows.config.errors import TableError
from flows.delta.commit_log import CommitInfo, commits
from flows.delta.incidents import SCHEMA as INCIDENTS_SCHEMA
from flows.delta.incidents import incidents
from flows.delta.table_names import existing_tables
from transforms.graph import contracts


def meta_tables(lake: str) -> dict[str, pl.LazyFrame]:
    """Return the tables by name; each reads the logs of the lake when it is collected.

    Shape:
        meta.commits: one row per commit of a table.
        meta.runs: one row per commit that carries the metrics of a run.
        meta.rules: one row per run and broken rule or warning, counted after the run.
        meta.columns: one row per column of a contract.
        meta.incidents: one row per broken promise that checks have sent alarms about.
    """
    return {
        name: pl.defer(partial(_frame, rows, lake, schema), schema=schema)
        for name, (rows, schema) in _TABLES.items()
    }


def _frame(
    rows: Callable[[str], Iterator[dict[str, Any]]], lake: str, schema: pl.Schema
) -> pl.DataFrame:
    return pl.DataFrame(list(rows(lake)), schema)


def _commits(lake: str) -> Iterator[dict[str, Any]]:
    for table, commit in _log(lake):
        yield {**_origin(table, commit), "operation": commit.operation, "code": commit.by.code}


def _runs(lake: str) -> Iterator[dict[str, Any]]:
    for table, commit in _log(lake):
        if commit.metrics:
            counts = {name: commit.metrics.get(name) for name in _COUNTS}
            yield {**_origin(table, commit), **counts}


def _rules(lake: str) -> Iterator[dict[str, Any]]:
    for table, commit in _log(lake):
        for kind, metric in (("rule", "broken_rules"), ("warning", "warnings")):
            for rule, count in commit.metrics.get(metric, {}).items():
                yield {**_origin(table, commit), "kind": kind, "rule": rule, "records": count}


def _columns(_: str) -> Iterator[dict[str, Any]]:
    for contract in contracts().values():
        spec, references = contract.spec(), contract.references()
        for name, dtype in contract.fields().items():
            yield {
                "table": spec.table,
                "column": name,
                "type": str(dtype),
                "is_key": name in spec.key,
                "is_personal": name in contract.personal(),
                "references": references[name].spec().table if name in references else None,
                "description": contract.descriptions()[name],
            }


def _incidents(lake: str) -> Iterator[dict[str, Any]]:
    return (each._asdict() for each in incidents(lake))


def _log(lake: str) -> Iterator[tuple[str, CommitInfo]]:
    """Yield the commits of all readable tables, oldest first."""
    for table, found in for_each_table(_table_log, lake, existing_tables(lake)).items():
        yield from ((table, commit) for commit in found)


def _table_log(lake: str, table: str) -> list[CommitInfo]:
    try:
        return list(commits(delta.open_existing(lake, table)))[::-1]
    except TableError:
        return []


def _origin(table: str, commit: CommitInfo) -> dict[str, Any]:
    return {
        "table": table,
        "version": commit.version,
        "committed_at": commit.at,
        "command": commit.by.command or None,
        "seconds": commit.by.seconds,
    }


_COUNTS = (
    *("read", "accepted", "superseded", "deleted", "quarantined"),
    *("written", "rows", "in_quarantine"),
)
_ORIGIN = {
    "table": pl.String(),
    "version": pl.Int64(),
    "committed_at": pl.Datetime("us", "UTC"),
    "command": pl.String(),
    "seconds": pl.Float64(),
}
_TABLES = {
    "meta.commits": (
        _commits,
        pl.Schema({**_ORIGIN, "operation": pl.String(), "code": pl.String()}),
    ),
    "meta.runs": (_runs, pl.Schema({**_ORIGIN, **dict.fromkeys(_COUNTS, pl.Int64())})),
    "meta.rules": (
        _rules,
        pl.Schema({**_ORIGIN, "kind": pl.String(), "rule": pl.String(), "records": pl.Int64()}),
    ),
    "meta.incidents": (_incidents, INCIDENTS_SCHEMA),
    "meta.columns": (
        _columns,
        pl.Schema(
            {
                **dict.fromkeys(("table", "column", "type"), pl.String()),
                **dict.fromkeys(("is_key", "is_personal"), pl.Boolean()),
                **dict.fromkeys(("references", "description"), pl.String()),
            }
        ),
    ),
}

META_TABLES = (*_TABLES,)
"""The names of the tables."""

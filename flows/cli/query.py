"""Commands that only look: how the tables stand, and what is in them."""

import json
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.cli.options import Bootstrap, Lake, Prefix
from flows.cli.output import cell, err, grid, out, wide
from flows.config.plural import pluralize
from flows.config.settings import resolve_location

if TYPE_CHECKING:
    from flows.delta.status import LakeStatus

app = typer.Typer()


class Format(StrEnum):
    """How `sql` prints its result."""

    table = "table"
    csv = "csv"
    json = "json"


@app.command()
def status(
    lake: Lake = None,
    bootstrap: Bootstrap = None,
    topics_prefix: Prefix = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show version, rows, quarantined rows and lag of every table, and how far Kafka is ahead."""
    from flows.delta.outcome import RunFailedError
    from flows.delta.status import lake_status
    from flows.kafka.client import BrokerUnreachableError, kafka_settings
    from flows.kafka.lag import lake_lag

    lake = resolve_location("lake", lake)
    settings = kafka_settings(bootstrap=bootstrap, prefix=topics_prefix)
    found, kafka, silence = lake_status(lake), None, list[str]()
    tables = found.tables
    try:
        kafka = (
            [each.as_dict() for each in lake_lag(lake, settings)] if settings.bootstrap else None
        )
    except BrokerUnreachableError as error:  # the tables are worth showing all the same
        silence = [str(error)]
    if as_json:
        wrong = {"hurt": found.unreadable, "stopped": found.not_writable}
        print(json.dumps({"tables": tables, "kafka": kafka, **wrong}))
    else:
        columns = ("version", "rows", "quarantined", "lag")
        rows = ([name, *(cell(row[key]) for key in columns)] for name, row in tables.items())
        out.print(grid(("table", "version", "rows", "quarantined", "lag (commits)"), rows))
        behind = sum(row["lag"] > 0 for row in tables.values())
        waiting = sum(row["quarantined"] for row in tables.values())
        out.print(
            f"{pluralize(len(tables), 'table')}, {behind or 'none'} behind its inputs; "
            f"{pluralize(waiting, 'record')} in quarantine."
            + (
                f" {pluralize(len(found.unreadable), 'table')} cannot be read."
                if found.unreadable
                else ""
            )
        )
        for remark in _remarks(found):
            out.print(remark, soft_wrap=True)
        if kafka:
            offset = ("topic", "partition", "stored", "end", "lag", "uncommitted")
            out.print(grid(offset, ([cell(row[name]) for name in offset] for row in kafka)))
            out.print(*(row["lost"] for row in kafka if row["lost"]), sep="\n")
            if kept := sum(row["uncommitted"] for row in kafka):
                out.print(f"{pluralize(kept, 'offset')} kept back by open transactions.")
        elif kafka is not None:
            out.print(f"Kafka has no topic whose name begins with {settings.prefix}")
    if failures := [*found.unreadable.values(), *silence]:
        raise RunFailedError(failures, [])


def _remarks(found: "LakeStatus") -> list[str]:
    """Say which tables are held, and which cannot be refreshed."""
    from flows.delta.holds import hold_message

    held = {name: row["held"] for name, row in found.tables.items() if row["held"]}
    return [
        *(hold_message(name, datetime.fromisoformat(since)) for name, since in held.items()),
        *found.not_writable.values(),
    ]


# A statement may begin with a comment, which looks like an option.
@app.command(context_settings={"ignore_unknown_options": True})
def sql(
    statement: Annotated[str, typer.Argument(help="Such as SELECT * FROM gold.dim_date.")],
    lake: Lake = None,
    form: Annotated[
        Format, typer.Option("--format", help="How to print the result.")
    ] = Format.table,
    to: Annotated[
        str | None,
        typer.Option(
            "--out",
            help="Write the result to a file instead.",
            metavar="FILE.parquet|csv|xlsx",
        ),
    ] = None,
) -> None:
    """Query the tables with SQL (DuckDB's dialect)."""
    from flows.query import export
    from flows.query.sql import CELLS, JSON, TEXT, query

    lake = resolve_location("lake", lake)
    file = to and export.fit(to, lake)
    if file:
        rows = query(lake, statement, keep=export.kept(file))
        export.write(rows, file)
        print(f"{pluralize(len(rows), 'row')} in {file}")
    elif form is Format.csv:
        print(export.as_csv(query(lake, statement, keep=TEXT)), end="")
    elif form is Format.json:
        print(export.as_json(query(lake, statement, keep=JSON)))
    else:
        rows = query(lake, statement, limit=_SHOWN + 1, keep=CELLS)
        _print(rows.columns, rows.rows())


def _print(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    if not columns:
        return
    shown = ([_shown(value) for value in row] for row in rows[:_SHOWN])
    wide.print(grid(columns, shown))
    if not rows:
        err.print("0 rows")
    if len(rows) > _SHOWN:
        err.print(f"The first {_SHOWN:,} rows; there are more: `--out FILE.csv` writes all.")


_SHOWN = 1_000  # rows: more than people read, and printed within a second


def _shown(value: object) -> str:
    # Six decimals of a ratio are more than people read, unless all are zero.
    rounded = (round(value, 6) or value) if isinstance(value, float) else value
    return "" if value is None else str(rounded)

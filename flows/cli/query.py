"""Commands that only read: the state of the tables, and their rows."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.cli.help import Command, examples
from flows.cli.options import Bootstrap, Lake, Prefix
from flows.cli.output import err, format_cell, out, print_grid, print_line, print_titled
from flows.cli.rows import print_rows
from flows.config.plural import pluralize

if TYPE_CHECKING:
    from flows.delta.status import LakeStatus

app = typer.Typer()


class Format(StrEnum):
    """Output formats of `sql`."""

    table = "table"
    csv = "csv"
    json = "json"


@app.command(
    cls=Command,
    epilog=examples(
        "keystone status --lake lake",
        "keystone status --lake lake --bootstrap localhost:9092 --json",
    ),
)
def status(
    lake: Lake = None,
    bootstrap: Bootstrap = None,
    topics_prefix: Prefix = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show version, rows, deletes, quarantine and lag of every table, and the lag behind Kafka."""
    from flows.config.errors import RunFailedError
    from flows.config.settings import resolve_location
    from flows.delta.status import lake_status
    from flows.kafka.client import BrokerUnreachableError, kafka_settings
    from flows.kafka.lag import lake_lag
    from flows.monitoring.check import check as check_promises
    from flows.monitoring.gate import held_back

    lake = resolve_location("lake", lake)
    settings = kafka_settings(bootstrap=bootstrap, prefix=topics_prefix)
    found, kafka, kafka_errors = lake_status(lake), None, list[str]()
    try:
        if settings.bootstrap:
            kafka = [each.as_dict() for each in lake_lag(lake, settings)]
    except BrokerUnreachableError as error:  # still show the tables
        kafka_errors = [str(error)]
    if as_json:
        errors = {"hurt": found.unreadable, "stopped": found.not_writable}
        waiting = [each.as_dict() for each in held_back(lake)]
        print(json.dumps({"tables": found.tables, "held_back": waiting, "kafka": kafka, **errors}))
    else:
        _print_tables(found)
        for each in held_back(lake):
            print_line(str(each))
        if not found.unreadable:
            print_line(check_promises(lake, datetime.now(UTC)).headline())
        if kafka:
            _print_kafka(kafka)
        elif kafka is not None:
            print_line(f"Kafka has no topics with the prefix {settings.prefix}")
    if failures := [*found.unreadable.values(), *kafka_errors]:
        raise RunFailedError(failures, [])


def _print_tables(found: "LakeStatus") -> None:
    from flows.delta.status import COLUMNS, OPTIONAL, headline, lines, remarks, rule_counts

    print_grid(out, COLUMNS, lines(found), optional=OPTIONAL)
    print_titled(rule_counts(found))
    print_line(headline(found))
    for remark in remarks(found):
        print_line(remark)


def _print_kafka(partitions: Sequence[Mapping[str, Any]]) -> None:
    fields = ("topic", "partition", "stored", "end", "lag", "uncommitted")
    rows = ([format_cell(row[name]) for name in fields] for row in partitions)
    print_grid(out, fields, rows)
    for lost in filter(None, (row["lost"] for row in partitions)):
        print_line(lost)
    if uncommitted := sum(row["uncommitted"] for row in partitions):
        print_line(f"{pluralize(uncommitted, 'offset')} in or after open transactions.")


@app.command(
    cls=Command,
    epilog=examples(
        "keystone check --lake lake", "keystone check --lake lake --now 2026-01-31T07:00 --json"
    ),
)
def check(
    lake: Lake = None,
    now: Annotated[
        datetime | None,
        typer.Option(help="Time of the check (UTC); now by default.", metavar="TIME"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Check what contracts promise about freshness, volume, quarantine and rules.

    Exits with 1 if a promise is broken. With KEYSTONE_ALERT_URL, also sends
    an alarm for each promise that is newly broken or kept again.
    """
    from flows.config.secrets import reveal
    from flows.config.settings import Settings, resolve_location
    from flows.monitoring.check import check as check_promises

    location, send = resolve_location("lake", lake), None
    if receivers := reveal(Settings().alert_url, "alert_url"):
        from flows.monitoring.alarms import AlarmError, send_alarms
        from flows.monitoring.notify import sender

        send = sender(receivers, location)
    time = now.replace(tzinfo=now.tzinfo or UTC) if now else datetime.now(UTC)
    found = check_promises(location, time)
    if as_json:
        broken = [each.as_dict() for each in found.broken]
        counts = {"evaluated": found.evaluated, "unknown": found.unknown}
        print(json.dumps({"now": time.isoformat(), **counts, "broken": broken}))
    else:
        for each in found.broken:
            print_line(str(each))
        print_line(found.headline())
    if send:
        try:
            send_alarms(location, found, time, send)
        except AlarmError as error:
            print_line(f"warning: {error}", err, "yellow")
    raise typer.Exit(bool(found.broken))


# A statement may begin with a comment, which looks like an option.
@app.command(
    cls=Command,
    epilog=examples(
        "keystone sql --lake lake 'SHOW TABLES'",
        "keystone sql --lake lake 'SELECT * FROM gold.fact_sales LIMIT 5'",
        "keystone sql --lake lake 'FROM gold.mart_category' --out categories.xlsx",
    ),
    context_settings={"ignore_unknown_options": True},
)
def sql(
    statement: Annotated[
        str, typer.Argument(help="SQL, such as SELECT * FROM gold.dim_date.", metavar="STATEMENT")
    ],
    lake: Lake = None,
    form: Annotated[Format, typer.Option("--format", help="Output format.")] = Format.table,
    to: Annotated[
        str | None,
        typer.Option(
            "--out",
            help="File to write the result to, instead of printing it.",
            metavar="FILE.parquet|csv|xlsx",
        ),
    ] = None,
) -> None:
    """Query the tables with SQL, in DuckDB's dialect."""
    from flows.config.settings import resolve_location
    from flows.query import export
    from flows.query.sql import query
    from flows.query.values import CELLS, JSON, TEXT

    lake = resolve_location("lake", lake)
    file = to and export.check_target(to, lake)
    if file:
        rows = query(lake, statement, keep=export.supported_types(file))
        export.write(rows, file)
        print(f"{pluralize(len(rows), 'row')} in {file}")
    elif form is Format.csv:
        print(export.as_csv(query(lake, statement, keep=TEXT)), end="")
    elif form is Format.json:
        print(export.as_json(query(lake, statement, keep=JSON)))
    else:
        rows = query(lake, statement, limit=_MOST_ROWS + 1, keep=CELLS)
        _print_result(rows.columns, rows.rows())


def _print_result(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    if not columns:
        return
    print_rows(columns, rows[:_MOST_ROWS])
    if not rows:
        err.print("0 rows")
    if len(rows) > _MOST_ROWS:
        err.print(f"The first {_MOST_ROWS:,} rows; there are more. Use --out FILE.csv for all.")


_MOST_ROWS = 1_000  # more than anybody reads

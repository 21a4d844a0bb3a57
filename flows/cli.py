"""The command line: each command is a thin shell over a flow or a function."""

import json
import os
import signal
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from threading import Event
from typing import Annotated, Literal

import polars.selectors as cs
import typer
from rich import box
from rich.console import Console
from rich.table import Table

from flows.outcome import Outcome, RunFailedError, UnknownTableError
from flows.settings import MissingSettingError, place

app = typer.Typer(
    help="A lakehouse for the Olist marketplace: bronze, silver and gold Delta tables.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
# A file or a pipe has no width: give it one that shows a row on a line.
out = Console(width=None if sys.stdout.isatty() else 120, markup=False)
err = Console(stderr=True, markup=False)

Lake = Annotated[
    str | None, typer.Option(help="Where the tables lie (or KEYSTONE_LAKE).", metavar="DIR")
]
Source = Annotated[
    str | None,
    typer.Option(help="The landing zone with CSV files (or KEYSTONE_SOURCE).", metavar="DIR"),
]
Archive = Annotated[
    str | None,
    typer.Option(help="Move files here once they are proven in bronze.", metavar="DIR"),
]
AsOf = Annotated[
    datetime | None,
    typer.Option(help="Event time of the records (UTC), instead of each file's modification time."),
]
Rebuild = Annotated[bool, typer.Option("--rebuild", help="Compute all tables from bronze again.")]
Runner = Annotated[
    str | None,
    typer.Option(
        help="Run the tasks on Dask: on a cluster of this machine, or on a scheduler's.",
        metavar="dask[=ADDRESS]",
    ),
]

Bootstrap = Annotated[
    str | None,
    typer.Option(help="The Kafka brokers (or KEYSTONE_KAFKA_BOOTSTRAP).", metavar="HOSTS"),
]
Prefix = Annotated[
    str | None, typer.Option("--topics-prefix", help="What topics' names begin with.")
]


class Format(StrEnum):
    """How `sql` prints its result."""

    table = "table"
    csv = "csv"
    json = "json"


@app.command()
def run(
    source: Source = None,
    lake: Lake = None,
    archive: Archive = None,
    as_of: AsOf = None,
    rebuild: Rebuild = False,
    runner: Runner = None,
) -> None:
    """Ingest the landing zone, then refresh every table."""
    from flows.lakehouse import lakehouse

    _report(
        "run",
        lambda: lakehouse(
            place("source", source), place("lake", lake), archive, as_of, rebuild, runner
        ),
    )


@app.command()
def ingest(
    source: Source = None, lake: Lake = None, archive: Archive = None, as_of: AsOf = None
) -> None:
    """Append the records of the landing zone's files to bronze."""
    from flows import lakehouse

    _report(
        "ingest",
        lambda: lakehouse.ingest(place("source", source), place("lake", lake), archive, as_of),
    )


@app.command()
def refresh(
    lake: Lake = None,
    rebuild: Rebuild = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be read and written, and do nothing.")
    ] = False,
    runner: Runner = None,
) -> None:
    """Bring every table up to its inputs."""
    from flows import lakehouse

    if dry_run:
        from flows.plan import explain, plan
        from flows.status import existing

        existing(where := place("lake", lake))
        rows = [explain(where, each) for each in plan(where, rebuild=rebuild).values()]
        out.print(_grid(("table", "would read", "and write"), rows, justify="left"))
        return
    _report("refresh", lambda: lakehouse.refresh(place("lake", lake), rebuild, runner))


@app.command()
def replay(
    table: Annotated[str | None, typer.Argument(help="Such as `orders`; all if absent.")] = None,
    lake: Lake = None,
) -> None:
    """Put quarantined records through the code as it is now."""
    from flows import lakehouse

    _report("replay", lambda: lakehouse.replay(place("lake", lake), table))


@app.command()
def status(
    lake: Lake = None,
    bootstrap: Bootstrap = None,
    topics_prefix: Prefix = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show version, rows, quarantined rows and lag of every table, and how far Kafka is ahead."""
    from flows.kafka import NoAnswerError, kafka_settings
    from flows.status import offsets
    from flows.status import status as figures_of

    lake = place("lake", lake)
    settings = kafka_settings(bootstrap=bootstrap, prefix=topics_prefix)
    tables, kafka, silence = figures_of(lake), None, None
    try:
        kafka = offsets(lake, settings) if settings.bootstrap else None
    except NoAnswerError as error:  # the tables are worth showing all the same
        silence = error
    if as_json:
        print(json.dumps({"tables": tables, "kafka": kafka}))
    else:
        columns = ("version", "rows", "quarantined", "lag")
        rows = ([name, *(f"{row[key]:,}" for key in columns)] for name, row in tables.items())
        out.print(_grid(["table", *columns], rows))
        if kafka:
            offset = ("topic", "partition", "stored", "end", "lag")
            out.print(_grid(offset, ([_cell(row[name]) for name in offset] for row in kafka)))
            out.print(*(row["lost"] for row in kafka if row["lost"]), sep="\n")
    if silence:
        raise silence


@app.command()
def sql(
    statement: Annotated[str, typer.Argument(help="Such as SELECT * FROM gold.dim_date.")],
    lake: Lake = None,
    form: Annotated[
        Format, typer.Option("--format", help="How to print the result.")
    ] = Format.table,
) -> None:
    """Query the tables with SQL (DuckDB's dialect)."""
    from flows.sql import query

    rows = query(place("lake", lake), statement)
    if form is Format.csv:
        print(rows.with_columns(cs.list().list.join(", ")).write_csv(), end="")
    elif form is Format.json:
        print(json.dumps(rows.to_dicts(), default=_plain, ensure_ascii=False))
    else:
        shown = (["" if value is None else str(value) for value in row] for row in rows.iter_rows())
        out.print(_grid(rows.columns, shown))


@app.command()
def produce(
    source: Source = None,
    bootstrap: Bootstrap = None,
    rate: Annotated[float | None, typer.Option(help="Messages per second, at most.")] = None,
    topics_prefix: Prefix = None,
    partitions: Annotated[int, typer.Option(help="Of topics that are not there yet.")] = 4,
    registry: Annotated[
        str | None, typer.Option(help="The schema registry (or KEYSTONE_KAFKA_REGISTRY).")
    ] = None,
) -> None:
    """Replay the CSV files of a folder into Kafka, as the life of the shop."""
    from flows.kafka import create_topics, kafka_settings
    from flows.produce import produce as send

    settings = kafka_settings(bootstrap=bootstrap, prefix=topics_prefix, registry=registry)
    folder = place("source", source)
    create_topics(settings, partitions)
    produced = send(folder, settings, rate=rate)
    counts = ([topic, f"{count:,}"] for topic, count in sorted(produced.confirmed.items()))
    out.print(_grid(["topic", "confirmed"], counts))
    if produced.rejected:
        raise RunFailedError(produced.rejected, [])


@app.command()
def drain(
    lake: Lake = None,
    bootstrap: Bootstrap = None,
    follow: Annotated[bool, typer.Option("--follow", help="Go on until told to stop.")] = False,
    max_seconds: Annotated[float | None, typer.Option(help="Stop then.")] = None,
    group: Annotated[str | None, typer.Option(help="The consumer group.")] = None,
    topics_prefix: Prefix = None,
    accept_loss: Annotated[
        bool, typer.Option("--accept-loss", help="Go on behind what Kafka has lost.")
    ] = False,
) -> None:
    """Append what is in Kafka to bronze, every message exactly once."""
    from flows.drain import drain as read
    from flows.kafka import kafka_settings

    stop = Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    settings = kafka_settings(bootstrap=bootstrap, group=group, prefix=topics_prefix)
    drained = read(
        place("lake", lake),
        settings,
        follow=follow,
        max_seconds=max_seconds,
        accept_loss=accept_loss,
        stop=stop,
    )
    columns = ("topic", "partition", "rows", "corrupt", "offset")
    rows = ([str(getattr(each, name)) for name in columns] for each in drained)
    out.print(_grid(columns, rows))


@app.command()
def sample(
    to: Annotated[Path, typer.Option("--out", help="The folder to write to.", metavar="DIR")],
    orders: Annotated[int, typer.Option(help="How many orders.", min=0)],
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes.")] = 1,
    dirty: Annotated[float, typer.Option(help="The share of broken rows.", min=0.0, max=1.0)] = 0.0,
) -> None:
    """Write a synthetic Olist-shaped folder of nine CSV files."""
    from flows.sample import write_sample

    write_sample(to, orders, seed, dirty)


def _cell(value: object) -> str:
    return "" if value is None else f"{value:,}" if isinstance(value, int) else str(value)


def _plain(value: object) -> float | str:
    return float(value) if isinstance(value, Decimal) else str(value)


def main() -> None:
    """Run a command; say in one line what went wrong (1), or how it is used (2)."""
    if "PREFECT_LOGGING_SETTINGS_PATH" not in os.environ:
        # The summary says it all; who wants the log on the terminal names a configuration.
        os.environ.setdefault("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "CRITICAL")
    # An orderly end, so that a server that Prefect has started for us ends as well.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        app()
    except (MissingSettingError, UnknownTableError) as error:
        err.print(f"Usage: {error}", style="red")
        sys.exit(2)
    except Exception as error:  # noqa: BLE001 - whatever it was, people get one line
        for line in getattr(error, "failures", [_said(error)]):
            err.print("error:", " ".join(line.split()), style="red", soft_wrap=True)
        sys.exit(1)


def _said(error: Exception) -> str:
    # An error of Kafka's client wraps one that speaks better of itself.
    speak = getattr(error.args[0] if error.args else None, "str", None)
    return speak() if speak else str(error) or type(error).__name__


def _report(doing: str, flow: Callable[[], Sequence[Outcome]]) -> None:
    """Run a flow and show what it did, also when some of it failed."""
    try:
        _show(doing, flow())
    except RunFailedError as failed:
        _show(doing, failed.outcomes)
        raise


def _show(doing: str, outcomes: Sequence[Outcome]) -> None:
    from flows.report import COLUMNS, cells, headline, remarks

    out.print(_grid(COLUMNS, map(cells, outcomes)))
    out.print(f"{doing}: {headline(outcomes)}")
    for title, found in remarks(outcomes).items():
        if found:
            out.print(f"{title}:", *(f"  {line}" for line in found), sep="\n")


def _grid(
    columns: Iterable[str],
    rows: Iterable[Iterable[str]],
    justify: Literal["left", "right"] = "right",
) -> Table:
    first, *others = columns
    grid = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    grid.add_column(first, no_wrap=True)
    for column in others:
        grid.add_column(column, justify=justify)
    for row in rows:
        grid.add_row(*row)
    return grid

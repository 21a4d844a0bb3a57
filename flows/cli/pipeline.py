"""Commands that run the pipeline: files to bronze, and bronze to silver and gold."""

from typing import Annotated

import typer

from flows.cli.execute import Output, execute
from flows.cli.help import Command, examples
from flows.cli.options import (
    AllowEmpty,
    Archive,
    AsOf,
    Executor,
    FailAbove,
    Lake,
    LogFormat,
    Quiet,
    Rebuild,
    Runner,
    Source,
    Verbose,
)
from flows.cli.output import out, print_grid, print_line
from flows.config.plural import pluralize

app = typer.Typer()


@app.command(
    cls=Command,
    epilog=examples(
        "keystone run --source landing --lake lake",
        "keystone run --source s3://shop/landing --lake s3://shop/lake --archive s3://shop/archive",
    ),
)
def run(
    source: Source = None,
    lake: Lake = None,
    archive: Archive = None,
    as_of: AsOf = None,
    rebuild: Rebuild = False,
    runner: Runner = None,
    allow_empty: AllowEmpty = False,
    fail_above: FailAbove = None,
    executor: Executor = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
    log_format: LogFormat = None,
) -> None:
    """Ingest the landing zone, then refresh all tables."""
    from flows.config.settings import dask_address
    from flows.storage.locations import ingest_locations

    source, location, archive = ingest_locations(source, lake, archive)
    dask_address(runner)
    execute(
        "run",
        executor,
        Output(quiet, verbose, log_format),
        runner,
        source=source,
        lake=location,
        archive=archive,
        as_of=as_of,
        rebuild=rebuild,
        allow_empty=allow_empty,
        fail_above=fail_above,
    )


@app.command(
    cls=Command, epilog=examples("keystone ingest --source landing --lake lake --as-of 2026-01-31")
)
def ingest(
    source: Source = None,
    lake: Lake = None,
    archive: Archive = None,
    as_of: AsOf = None,
    allow_empty: AllowEmpty = False,
    executor: Executor = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
    log_format: LogFormat = None,
) -> None:
    """Append the records of files in the landing zone to bronze."""
    from flows.storage.locations import ingest_locations

    source, location, archive = ingest_locations(source, lake, archive)
    execute(
        "ingest",
        executor,
        Output(quiet, verbose, log_format),
        source=source,
        lake=location,
        archive=archive,
        as_of=as_of,
        allow_empty=allow_empty,
    )


@app.command(
    cls=Command,
    epilog=examples(
        "keystone refresh --lake lake",
        "keystone refresh --lake lake --dry-run",
        "keystone refresh --lake lake --accept silver.orders",
    ),
)
def refresh(
    lake: Lake = None,
    rebuild: Rebuild = False,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Show what would be read and written, without doing it."),
    ] = False,
    fail_above: FailAbove = None,
    accept: Annotated[
        list[str] | None,
        typer.Option(
            help="Silver table to publish although its last run was stopped: too many of its "
            "records broke a rule. May be repeated.",
            metavar="TABLE",
        ),
    ] = None,
    runner: Runner = None,
    executor: Executor = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
    log_format: LogFormat = None,
) -> None:
    """Bring all silver and gold tables up to date with their inputs."""
    from flows.config.settings import dask_address, resolve_location
    from flows.delta.table_names import existing_tables, tables_of_records

    existing_tables(location := resolve_location("lake", lake))
    tables_of_records(accept or ())
    dask_address(runner)
    if dry_run:
        from flows.delta.thresholds import Gate
        from flows.pipeline.plan import explain, plan

        gate = Gate(fail_above, frozenset(accept or ()))
        planned = plan(location, rebuild=rebuild, gate=gate).values()
        due = [each for each in planned if not each.outcome]
        if due:
            rows = (explain(location, each) for each in due)
            columns = ("table", "would read", "would write")
            print_grid(out, columns, rows, justify="left", optional=columns[2:])
        print_line(f"dry run: {len(due)} of {pluralize(len(planned), 'table')} due.")
        return
    execute(
        "refresh",
        executor,
        Output(quiet, verbose, log_format),
        runner,
        lake=location,
        rebuild=rebuild,
        fail_above=fail_above,
        accept=accept or [],
    )


@app.command(
    cls=Command,
    epilog=examples("keystone replay --lake lake", "keystone replay orders --lake lake"),
)
def replay(
    table: Annotated[
        str | None,
        typer.Argument(help="Name of the table, such as orders; all by default.", metavar="TABLE"),
    ] = None,
    lake: Lake = None,
    executor: Executor = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
    log_format: LogFormat = None,
) -> None:
    """Process quarantined records again, with the current code."""
    from flows.config.settings import resolve_location
    from flows.delta.table_names import existing_tables, replayable_tables

    existing_tables(location := resolve_location("lake", lake))
    replayable_tables(table)
    execute("replay", executor, Output(quiet, verbose, log_format), lake=location, table=table)

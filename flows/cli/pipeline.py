"""Commands of the pipeline: files into bronze, and bronze into silver and gold."""

from typing import Annotated

import typer

from flows.cli.execute import execute
from flows.cli.options import AllowEmpty, Archive, AsOf, Executor, Lake, Rebuild, Runner, Source
from flows.cli.output import grid, out
from flows.config.plural import pluralize
from flows.config.settings import dask_address, resolve_location
from flows.storage.locations import ingest_locations

app = typer.Typer()


@app.command()
def run(
    source: Source = None,
    lake: Lake = None,
    archive: Archive = None,
    as_of: AsOf = None,
    rebuild: Rebuild = False,
    runner: Runner = None,
    allow_empty: AllowEmpty = False,
    executor: Executor = None,
) -> None:
    """Ingest the landing zone, then refresh every table."""
    source, where, archive = ingest_locations(source, lake, archive)
    dask_address(runner)
    execute(
        "run",
        executor,
        runner,
        source=source,
        lake=where,
        archive=archive,
        as_of=as_of,
        rebuild=rebuild,
        allow_empty=allow_empty,
    )


@app.command()
def ingest(
    source: Source = None,
    lake: Lake = None,
    archive: Archive = None,
    as_of: AsOf = None,
    allow_empty: AllowEmpty = False,
    executor: Executor = None,
) -> None:
    """Append the records of the landing zone's files to bronze."""
    source, where, archive = ingest_locations(source, lake, archive)
    execute(
        "ingest",
        executor,
        source=source,
        lake=where,
        archive=archive,
        as_of=as_of,
        allow_empty=allow_empty,
    )


@app.command()
def refresh(
    lake: Lake = None,
    rebuild: Rebuild = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be read and written, and do nothing.")
    ] = False,
    runner: Runner = None,
    executor: Executor = None,
) -> None:
    """Bring every table up to its inputs."""
    from flows.delta.table_names import existing_tables

    existing_tables(where := resolve_location("lake", lake))
    dask_address(runner)
    if dry_run:
        from flows.pipeline.plan import explain, plan

        planned = plan(where, rebuild=rebuild).values()
        due = [each for each in planned if not each.outcome]
        if due:
            rows = (explain(where, each) for each in due)
            out.print(grid(("table", "would read", "and write"), rows, justify="left"))
        out.print(f"dry run: {len(due)} of {pluralize(len(planned), 'table')} due.")
        return
    execute("refresh", executor, runner, lake=where, rebuild=rebuild)


@app.command()
def replay(
    table: Annotated[str | None, typer.Argument(help="Such as `orders`; all if absent.")] = None,
    lake: Lake = None,
    executor: Executor = None,
) -> None:
    """Put quarantined records through the code as it is now."""
    from flows.delta.table_names import existing_tables, replayable_tables

    existing_tables(where := resolve_location("lake", lake))
    replayable_tables(table)
    execute("replay", executor, lake=where, table=table)

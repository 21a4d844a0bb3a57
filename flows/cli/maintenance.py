"""Commands to maintain tables, and to restore earlier versions of them."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

from flows.cli.execute import Output, call, execute
from flows.cli.help import Command, examples
from flows.cli.options import Executor, Lake, LogFormat, Quiet, Verbose
from flows.cli.output import format_cell, out, print_grid, print_line
from flows.config.errors import RunFailedError
from flows.config.executor import choose_executor
from flows.config.limits import MAX_RETENTION_DAYS
from flows.config.plural import pluralize

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flows.delta.optimize import Optimized

app = typer.Typer()

TableName = Annotated[
    str, typer.Argument(help="Name of the table, such as gold.fact_sales.", metavar="TABLE")
]


@app.command(cls=Command, epilog=examples("keystone maintain --lake lake --keep-days 30"))
def maintain(
    lake: Lake = None,
    keep_days: Annotated[
        int,
        typer.Option(
            help="Days for which versions stay restorable.", min=1, max=MAX_RETENTION_DAYS
        ),
    ] = 7,
    executor: Executor = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
    log_format: LogFormat = None,
) -> None:
    """Merge small files, write checkpoints, and delete files of expired versions."""
    from flows.config.settings import resolve_location
    from flows.delta.table_names import existing_tables

    existing_tables(location := resolve_location("lake", lake))
    output, chosen = Output(quiet, verbose, log_format), choose_executor(executor)
    title = "" if quiet else f"maintain ({chosen})"
    try:
        _print_optimized(
            title, call("maintain", chosen, output, lake=location, keep_days=keep_days)
        )
    except RunFailedError as failed:
        _print_optimized(title, failed.outcomes)
        raise


def _print_optimized(title: str, done: "Sequence[Optimized]") -> None:
    if not title:
        return
    fields = ("table", "version", "files", "compacted", "deleted")
    changed = [each for each in done if each.compacted or each.deleted]
    rows = ([format_cell(getattr(each, name)) for name in fields] for each in changed)
    columns = ("table", "version", "files", "files compacted", "files deleted")
    if changed:
        print_grid(out, columns, rows, optional=("version",))
    compacted, deleted = (sum(getattr(each, name) for each in done) for name in fields[-2:])
    print_line(
        f"{title}: {len(changed)} of {pluralize(len(done), 'table')} changed; "
        f"{pluralize(compacted, 'small file')} compacted, {pluralize(deleted, 'file')} deleted."
    )


@app.command(
    cls=Command,
    epilog=examples(
        "keystone history gold.fact_sales --lake lake",
        "keystone history gold.fact_sales --lake lake --json",
    ),
)
def history(
    table: TableName,
    lake: Lake = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the versions of a table: when, how long, by which command and code, and what changed."""
    from flows import delta
    from flows.config.settings import resolve_location
    from flows.delta.commit_log import COLUMNS, commits
    from flows.delta.holds import held_since, hold_message
    from flows.delta.table_names import resolve_table

    lake = resolve_location("lake", lake)
    handle = delta.open_existing(lake, resolve_table(lake, table))
    since = held_since(handle)
    if as_json:
        listed = [
            {**each._asdict(), "at": each.at.isoformat(), "by": each.by._asdict()}
            for each in commits(handle)
        ]
        held = since.isoformat() if since else None
        print(json.dumps({"table": table, "held": held, "commits": listed}))
        return
    rows = (commit.cells() for commit in commits(handle))
    print_grid(out, COLUMNS, rows, justify="left", optional=("code", "seconds"))
    if since:
        print_line(hold_message(table, since))


@app.command(cls=Command, epilog=examples("keystone restore silver.orders --version 3 --lake lake"))
def restore(
    table: TableName,
    version: Annotated[int, typer.Option(help="Version to restore.", min=0)],
    lake: Lake = None,
    executor: Executor = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
    log_format: LogFormat = None,
) -> None:
    """Restore an earlier version of a table, refresh the tables downstream, and hold the table."""
    from flows.config.settings import resolve_location
    from flows.delta.restore import check_restore
    from flows.delta.table_names import resolve_table
    from flows.erasure.requests import check_not_erased

    location = resolve_location("lake", lake)
    check_not_erased(location, resolve_table(location, table), version)
    name = check_restore(location, table, version)
    execute(
        "restore",
        executor,
        Output(quiet, verbose, log_format),
        table=name,
        version=version,
        lake=location,
    )


@app.command(cls=Command, epilog=examples("keystone release silver.orders --lake lake"))
def release(table: TableName, lake: Lake = None) -> None:
    """Release a held table, so that the next refresh brings it up to date."""
    from flows.config.settings import resolve_location
    from flows.delta.restore import release_table

    done = release_table(resolve_location("lake", lake), table)
    if done.since:
        print_line(
            f"{done.table}: released in version {done.version}; it was held since "
            f"{done.since:%Y-%m-%d %H:%M} UTC. The next refresh brings it up to date."
        )
    else:
        print_line(f"{done.table}: not held; nothing has changed.")

"""Commands of the person who operates a lake: keep it in order, look back, go back."""

from typing import TYPE_CHECKING, Annotated

import typer

from flows.cli.execute import call, execute
from flows.cli.options import Executor, Lake
from flows.cli.output import grid, out
from flows.config.executor import choose_executor
from flows.config.settings import MAX_RETENTION_DAYS, resolve_location

if TYPE_CHECKING:
    from flows.delta.commit_log import CommitInfo

app = typer.Typer()

TableName = Annotated[str, typer.Argument(help="Such as gold.fact_sales.", metavar="TABLE")]


@app.command()
def maintain(
    lake: Lake = None,
    keep_days: Annotated[
        int,
        typer.Option(
            help="Days of versions that can be restored afterwards.", min=1, max=MAX_RETENTION_DAYS
        ),
    ] = 7,
    executor: Executor = None,
) -> None:
    """Put small files together, make checkpoints, delete files that no version needs."""
    from flows.delta.table_names import existing_tables

    existing_tables(where := resolve_location("lake", lake))
    done = call("maintain", choose_executor(executor), lake=where, keep_days=keep_days)
    fields = ("table", "version", "files", "compacted", "deleted")
    rows = ([f"{getattr(each, name)}" for name in fields] for each in done)
    out.print(grid(("table", "version", "files", "files compacted", "files deleted"), rows))


@app.command()
def history(table: TableName, lake: Lake = None) -> None:
    """List the versions of a table, and what each did."""
    from flows import delta
    from flows.delta.commit_log import commits
    from flows.delta.holds import held_since, hold_message
    from flows.delta.table_names import resolve_table

    lake = resolve_location("lake", lake)
    handle = delta.open_existing(lake, resolve_table(lake, table))
    rows = (
        [str(commit.version), f"{commit.at:%Y-%m-%d %H:%M:%S}", _what(commit)]
        for commit in commits(handle)
    )
    out.print(grid(("version", "time (UTC)", "what was done"), rows, justify="left"))
    if since := held_since(handle):
        out.print(hold_message(table, since), soft_wrap=True)


def _what(commit: "CommitInfo") -> str:
    numbers = (
        f"{name} {value:,}" if isinstance(value, int) else f"{name} {value}"
        for name, value in commit.metrics.items()
        if isinstance(value, int | str) and name != "sha256"
    )
    return ", ".join(numbers) or commit.operation


@app.command()
def restore(
    table: TableName,
    version: Annotated[int, typer.Option(help="The version that it shall be like.", min=0)],
    lake: Lake = None,
    executor: Executor = None,
) -> None:
    """Put a table back to an earlier version, refresh what is made of it, and hold the table."""
    from flows.delta.restore import check_restore

    name = check_restore(where := resolve_location("lake", lake), table, version)
    execute("restore", executor, table=name, version=version, lake=where)


@app.command()
def release(table: TableName, lake: Lake = None) -> None:
    """Release a table that a restore holds: the next refresh brings it up to date."""
    from flows.delta.restore import release_table

    done = release_table(resolve_location("lake", lake), table)
    if done.since:
        out.print(
            f"{done.table}: released, version {done.version}; it was held since "
            f"{done.since:%Y-%m-%d %H:%M} UTC. The next refresh brings it up to date.",
            soft_wrap=True,
        )
    else:
        out.print(f"{done.table}: is not held; nothing was changed.", soft_wrap=True)

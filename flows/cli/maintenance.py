"""Commands of the person who operates a lake: keep it in order, look back, go back."""

from typing import Annotated

import typer

from flows.cli.options import Lake
from flows.cli.output import grid, out, report
from flows.config.settings import MOST_DAYS, place

app = typer.Typer()

TableName = Annotated[str, typer.Argument(help="Such as gold.fact_sales.", metavar="TABLE")]


@app.command()
def maintain(
    lake: Lake = None,
    keep_days: Annotated[
        int,
        typer.Option(
            help="Days of versions that can be restored afterwards.", min=1, max=MOST_DAYS
        ),
    ] = 7,
) -> None:
    """Put small files together, make checkpoints, delete files that no version needs."""
    from flows.delta.status import existing

    existing(where := place("lake", lake))

    from flows.maintenance import maintain as keep_up  # imports Prefect

    done = keep_up(where, keep_days)
    fields = ("table", "version", "files", "folded", "removed")
    rows = ([f"{getattr(each, name)}" for name in fields] for each in done)
    out.print(grid(("table", "version", "files", "files merged", "files deleted"), rows))


@app.command()
def history(table: TableName, lake: Lake = None) -> None:
    """List the versions of a table, and what each did."""
    from flows.delta.history import held
    from flows.delta.history import history as versions
    from flows.delta.holds import is_held

    lake = place("lake", lake)
    rows = (
        [str(each.version), f"{each.at:%Y-%m-%d %H:%M:%S}", each.done]
        for each in versions(lake, table)
    )
    out.print(grid(("version", "time (UTC)", "what was done"), rows, justify="left"))
    if since := held(lake, table):
        out.print(is_held(table, since), soft_wrap=True)


@app.command()
def restore(
    table: TableName,
    version: Annotated[int, typer.Option(help="The version that it shall be like.", min=0)],
    lake: Lake = None,
) -> None:
    """Put a table back to an earlier version, refresh what is made of it, and hold the table."""
    from flows.delta.restore import check_restore

    name = check_restore(where := place("lake", lake), table, version)

    from flows import lakehouse  # imports Prefect

    report("restore", lambda: lakehouse.restore(name, version, where))


@app.command()
def release(table: TableName, lake: Lake = None) -> None:
    """Release a table that a restore holds: the next refresh brings it up to date."""
    from flows.delta.restore import release_table

    done = release_table(place("lake", lake), table)
    if done.since:
        out.print(
            f"{done.table}: released, version {done.version}; it was held since "
            f"{done.since:%Y-%m-%d %H:%M} UTC. The next refresh brings it up to date.",
            soft_wrap=True,
        )
    else:
        out.print(f"{done.table}: is not held; nothing was changed.", soft_wrap=True)

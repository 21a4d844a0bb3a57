"""The command that shows gold to Athena."""

from typing import Annotated

import typer

from flows.cli.options import Lake
from flows.cli.terminal import grid, out
from flows.settings import Settings

app = typer.Typer()


@app.command()
def catalog(
    lake: Lake = None,
    database: Annotated[
        str, typer.Option(help="The database of the Glue Data Catalog.")
    ] = "keystone",
) -> None:
    """Register the gold tables of a lake on S3 in the AWS Glue Data Catalog, for Athena."""
    from flows.catalog import catalog as register

    entries = register(lake or Settings().lake, database)
    rows = (
        (each["table"], f"{each['columns']}", "new" if each["new"] else "renewed", each["location"])
        for each in entries
    )
    out.print(grid(("table", "columns", "entry", "location"), rows, justify="left"))

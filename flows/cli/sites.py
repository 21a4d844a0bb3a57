"""Commands that write static sites, to open in a browser."""

from pathlib import Path
from typing import Annotated

import typer

from flows.cli.options import Lake
from flows.config.settings import resolve_location

app = typer.Typer()


@app.command()
def docs(
    to: Annotated[Path, typer.Option("--out", help="Folder to write to.", metavar="DIR")],
    lake: Lake = None,
) -> None:
    """Write the data docs: tables, rules, statistics, history and lineage."""
    from flows.site.docs.build import write_docs

    print(f"Data docs: open {write_docs(resolve_location('lake', lake), to).as_uri()}")


@app.command()
def report(
    to: Annotated[Path, typer.Option("--out", help="Folder to write to.", metavar="DIR")],
    lake: Lake = None,
) -> None:
    """Write the report: sales, deliveries, customers, sellers and data quality."""
    from flows.site.report.build import write_report

    print(f"Report: open {write_report(resolve_location('lake', lake), to).as_uri()}")

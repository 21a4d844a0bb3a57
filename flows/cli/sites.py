"""Commands that write static sites, to open in a browser."""

from pathlib import Path
from typing import Annotated

import typer

from flows.cli.help import Command, examples
from flows.cli.options import Lake

app = typer.Typer()


@app.command(cls=Command, epilog=examples("keystone docs --lake lake --out docs-site"))
def docs(
    to: Annotated[Path, typer.Option("--out", help="Folder to write to.", metavar="DIR")],
    lake: Lake = None,
) -> None:
    """Write the data docs: tables, rules, statistics, history and lineage."""
    from flows.config.settings import resolve_location
    from flows.site.docs.build import write_docs

    print(f"Data docs: open {write_docs(resolve_location('lake', lake), to).as_uri()}")


@app.command(cls=Command, epilog=examples("keystone report --lake lake --out report"))
def report(
    to: Annotated[Path, typer.Option("--out", help="Folder to write to.", metavar="DIR")],
    lake: Lake = None,
) -> None:
    """Write the report: sales, deliveries, customers, sellers and data quality."""
    from flows.config.settings import resolve_location
    from flows.site.report.build import write_report

    print(f"Report: open {write_report(resolve_location('lake', lake), to).as_uri()}")

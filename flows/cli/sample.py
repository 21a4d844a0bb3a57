"""The command that writes files to try everything with."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer()


@app.command()
def sample(
    to: Annotated[Path, typer.Option("--out", help="The folder to write to.", metavar="DIR")],
    orders: Annotated[int, typer.Option(help="How many orders.", min=0)],
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes.")] = 1,
    dirty: Annotated[float, typer.Option(help="The share of broken rows.", min=0.0, max=1.0)] = 0.0,
    force: Annotated[
        bool, typer.Option("--force", help="Overwrite files that are not an earlier sample's.")
    ] = False,
) -> None:
    """Write a synthetic Olist-shaped folder of nine CSV files."""
    from flows.config.settings import Settings, resolve_location
    from flows.sample import write_sample
    from flows.storage.locations import check_disjoint

    settings = Settings()  # a landing zone is where a sample may well go
    check_disjoint(
        out=resolve_location("sample", str(to)), lake=settings.lake, archive=settings.archive
    )
    write_sample(to, orders, seed, dirty, force=force)

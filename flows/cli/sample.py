"""The command that writes a synthetic data set."""

from pathlib import Path
from typing import Annotated

import typer

from flows.cli.help import Command, examples
from flows.cli.output import print_line
from flows.config.plural import pluralize

app = typer.Typer()


@app.command(
    cls=Command, epilog=examples("keystone sample --out landing --orders 5000 --dirty 0.001")
)
def sample(
    to: Annotated[Path, typer.Option("--out", help="Folder to write to.", metavar="DIR")],
    orders: Annotated[int, typer.Option(help="Number of orders.", min=0)],
    seed: Annotated[int, typer.Option(help="Random seed; the same seed gives the same bytes.")] = 1,
    dirty: Annotated[float, typer.Option(help="Share of broken rows.", min=0.0, max=1.0)] = 0.0,
    force: Annotated[
        bool, typer.Option("--force", help="Overwrite files that no earlier sample wrote.")
    ] = False,
) -> None:
    """Write synthetic data in the format of the Olist data: nine CSV files."""
    from flows.config.extras import require
    from flows.config.settings import Settings, resolve_location

    require("numpy", "sample data is generated")
    from flows.sample import write_sample
    from flows.storage.locations import check_disjoint

    settings = Settings()  # without the source: a sample may go to the landing zone
    check_disjoint(
        output=resolve_location("sample", str(to)), lake=settings.lake, archive=settings.archive
    )
    write_sample(to, orders, seed, dirty, force=force)
    broken = "; _broken_rows.jsonl lists the broken rows" if dirty else ""
    print_line(f"{pluralize(orders, 'order')} in nine CSV files in {to}{broken}")

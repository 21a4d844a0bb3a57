"""Commands about personal data: where it is."""

import json
from typing import Annotated

import typer

from flows.cli.help import Command, examples
from flows.cli.output import grid, out

app = typer.Typer()

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command(cls=Command, epilog=examples("keystone personal", "keystone personal --json"))
def personal(as_json: AsJson = False) -> None:
    """Show the columns with personal data: where they flow, what redacts and what erases them."""
    from transforms.personal_data import RETENTION, personal_columns

    found = personal_columns()
    if as_json:
        print(json.dumps([each._asdict() for each in found]))
        return
    rows = (
        [
            f"{each.table}.{each.column}",
            f"{each.kind}{', redacted' if each.redacted else ''}",
            "\n".join(each.flows_to),
        ]
        for each in found
    )
    out.print(grid(("column", "what", "flows to"), rows, justify="left"))
    for layer, kept in RETENTION.items():
        out.print(f"{layer}: kept {kept}.", soft_wrap=True)
    out.print("`keystone forget` replaces identifiers by pseudonyms, and all else by null.")

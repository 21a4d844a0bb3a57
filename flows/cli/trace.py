"""The command that says where a row comes from."""

import json
from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.cli.help import Command, examples
from flows.cli.options import Lake
from flows.cli.output import print_line

if TYPE_CHECKING:
    from flows.trace import Trace

app = typer.Typer()


@app.command(
    cls=Command,
    epilog=examples(
        "keystone trace --lake lake gold.fact_sales order_id=4f… order_item_id=1",
        "keystone trace --lake lake gold.mart_category category=games_and_toys --column sales",
    ),
)
def trace(
    table: Annotated[
        str, typer.Argument(metavar="TABLE", help="A table of silver or gold: `gold.fact_sales`.")
    ],
    key: Annotated[
        list[str] | None,
        typer.Argument(metavar="KEY=VALUE…", help="Every column of the table's key."),
    ] = None,
    column: Annotated[
        str | None,
        typer.Option(help="Follow only what this column depends on.", metavar="NAME"),
    ] = None,
    rows: Annotated[
        int,
        typer.Option(
            help="Follow at most this many rows of an input to their records; of more, show count "
            "and sums.",
            min=1,
        ),
    ] = 50,
    lake: Lake = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show which records a row was computed from, what they replaced, and where they are."""
    from flows.config.settings import resolve_location
    from flows.trace import NoRowError, traceable_table
    from flows.trace import trace as trace_row
    from flows.trace.key import parse_key
    from flows.trace.result import trace_lines

    location = resolve_location("lake", lake)
    found = traceable_table(location, table, column)
    parsed = parse_key(found.contract, key or [])
    try:
        traced = trace_row(location, found, parsed, column=column, limit=rows)
    except NoRowError as error:
        if as_json:
            print(_json({"table": found.name, "reasons": [*map(asdict, error.reasons)]}))
        raise
    if as_json:
        print(_json(_as_dict(traced)))
        return
    for line in trace_lines(traced):
        print_line(line)


def _as_dict(traced: "Trace") -> dict[str, Any]:
    return {**asdict(traced), "is_complete": traced.is_complete}


def _json(data: dict[str, Any]) -> str:
    return json.dumps(data, ensure_ascii=False, default=_text)


def _text(value: Any) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)

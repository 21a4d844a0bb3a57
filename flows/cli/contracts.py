"""Commands about what the tables promise."""

import json
from typing import Annotated

import typer

from flows.cli.options import Lake
from flows.cli.terminal import grid, out
from flows.settings import place
from flows.site.text import counted

app = typer.Typer()
contracts = typer.Typer(help="What the tables promise.", no_args_is_help=True)
app.add_typer(contracts, name="contracts")


@contracts.command()
def show(
    table: Annotated[str, typer.Argument(metavar="TABLE", help="Such as `silver.orders`.")],
    rule: Annotated[
        str | None, typer.Argument(metavar="RULE", help="One of its rules; all if absent.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show the rules of a table: what each requires, and the line that declares it."""
    from flows.cli.contract_rules import declared_rule, declared_rules, table_named

    found = table_named(table)
    shown = [declared_rule(found, rule)] if rule else declared_rules(found)
    if as_json:
        print(json.dumps([each._asdict() for each in shown], ensure_ascii=False))
        return
    for each in shown:
        out.print(f"{each.name} ({each.kind}, {each.file}:{each.line})", soft_wrap=True)
        out.print(f"  {each.words}", soft_wrap=True)
        if rule and each.reads:
            out.print(f"  It reads {', '.join(each.reads)}.", soft_wrap=True)
    if not rule:
        out.print(f"{found.name}: {counted(len(shown), 'rule')}")


@contracts.command()
def diff(
    revision: Annotated[
        str | None,
        typer.Argument(
            metavar="REV", help="Of git, such as a tag; the tables of the lake if absent."
        ),
    ] = None,
    lake: Lake = None,
    check: Annotated[
        bool, typer.Option("--check", help="Exit with 1 when a change is breaking.")
    ] = False,
) -> None:
    """Show what has changed in the contracts, and whom it breaks."""
    from contracts.changes import changes
    from contracts.describe import described, version
    from flows.delta import open_existing
    from flows.delta.contract_metadata import infer_contract, read_contract
    from flows.delta.table_names import existing_tables, tables_without_contract
    from flows.revision import contracts_at

    new = described()
    if revision:
        old = contracts_at(revision)
    else:
        there = existing_tables(lake := resolve_location("lake", lake))
        new = {name: new[name] for name in there if name in new}
        old = {name: infer_contract(open_existing(lake, name), now) for name, now in new.items()}
        gone = {
            name: read_contract(open_existing(lake, name)) for name in tables_without_contract(lake)
        }
        old |= {name: then for name, then in gone.items() if then}
    found = changes(old, new)
    breaking = sum(bool(change.breaks) for change in found)
    if found:
        rows = ([each.table, each.what, each.breaks or "nobody", each.why] for each in found)
        out.print(grid(("table", "change", "breaks", "why"), rows, justify="left"))
    for name in dict.fromkeys(each.table for each in found if each.table in old.keys() & new):
        out.print(f"{name}: version {version(new[name])}, was {version(old[name])}")
    out.print(f"changes: {len(found)}, breaking: {breaking}")
    if check and breaking:
        raise typer.Exit(1)

"""Commands about the contracts of the tables."""

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from flows.cli.help import Command, Group, examples
from flows.cli.options import Lake
from flows.cli.output import out, print_grid, print_line
from flows.config.plural import pluralize

app = typer.Typer()


class ContractFormat(StrEnum):
    """The formats of `export`."""

    odcs = "odcs"
    json_schema = "json-schema"


contracts = typer.Typer(cls=Group, help="The contracts of the tables.", no_args_is_help=True)
app.add_typer(contracts, name="contracts")


@contracts.command(
    cls=Command,
    epilog=examples(
        "keystone contracts show silver.orders",
        "keystone contracts show silver.orders order_status_is_known",
    ),
)
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
        print_line(f"{each.name} ({each.kind}, {each.file}:{each.line})")
        print_line(f"  {each.words}")
        if rule and each.reads:
            print_line(f"  It reads {', '.join(each.reads)}.")
    if not rule:
        print_line(f"{found.name}: {pluralize(len(shown), 'rule')}")


@contracts.command(
    cls=Command,
    epilog=examples(
        "keystone contracts lineage gold.fact_orders",
        "keystone contracts lineage gold.mart_category review_score",
    ),
)
def lineage(
    table: Annotated[str, typer.Argument(metavar="TABLE", help="Such as `gold.fact_orders`.")],
    column: Annotated[
        str | None,
        typer.Argument(
            metavar="COLUMN",
            help="One of its columns, followed back to bronze and on to its readers; if absent, "
            "the inputs of each column.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show which input columns a column depends on, how, and which columns depend on it."""
    from flows.cli.lineage import column_edges, table_edges, table_with_column

    name = table_with_column(table, column)
    found = column_edges(name, column) if column else {"upstream": table_edges(name)}
    if as_json:
        print(json.dumps(found if column else found["upstream"], ensure_ascii=False))
        return
    asked = f"{name}.{column}" if column else name
    for direction, edges in found.items():
        for each in edges:
            how = f"{each['kind']}".replace("_", " ")
            reads = f"{each['input_table']}.{each['input_column']} ({how})"
            print_line(f"{each['table']}.{each['column']} <- {reads}")
        print_line(f"{asked}: {pluralize(len(edges), 'edge')} {direction}")


@contracts.command(
    cls=Command,
    epilog=examples(
        "keystone contracts export --out contracts-odcs",
        "keystone contracts export --format json-schema --out schemas bronze.orders",
    ),
)
def export(
    to: Annotated[Path, typer.Option("--out", help="Folder to write to.", metavar="DIR")],
    tables: Annotated[
        list[str] | None,
        typer.Argument(metavar="TABLE", help="Such as `gold.fact_sales`; all if absent."),
    ] = None,
    form: Annotated[
        ContractFormat, typer.Option("--format", help="Format of the files.")
    ] = ContractFormat.odcs,
) -> None:
    """Write contracts for other tools: in the Open Data Contract Standard, or as JSON Schema."""
    from flows.cli.contract_export import export_contracts

    files = export_contracts(form, to, tables or [])
    print(f"{pluralize(len(files), 'contract')} in {to}")


@contracts.command(
    "try",
    cls=Command,
    epilog=examples("keystone contracts try", "keystone contracts try silver.orders --lake lake"),
)
def try_(
    table: Annotated[
        str | None,
        typer.Argument(metavar="TABLE", help="Such as `silver.orders`; all if absent."),
    ] = None,
    lake: Lake = None,
) -> None:
    """Show which stored records the current rules would quarantine or release; write nothing."""
    from flows.cli.contract_rules import table_named
    from flows.config.errors import UnknownTableError
    from flows.config.settings import resolve_location
    from flows.delta.table_names import existing_tables
    from flows.refresh.preview import preview_rules
    from transforms.graph import tables

    existing = existing_tables(location := resolve_location("lake", lake))
    chosen = [table_named(table)] if table else [*tables().values()]
    chosen = [each for each in chosen if each.source and each.name in existing]
    if not chosen:
        message = (
            f"{table or location}: no records to try the rules on; choose a silver table that "
            f"exists and comes from records"
        )
        raise UnknownTableError(message)
    previews = [preview_rules(location, each) for each in chosen]
    for each in previews:
        for what, counts in (("quarantine", each.quarantined), ("release", each.released)):
            for rule, count in counts.most_common():
                print_line(f"{each.table}: would {what} {count:,} ({rule})")
        for example in each.examples:
            print_line(f"  {example}")
    records = sum(each.records for each in previews)
    changed = sum(not each.is_unchanged for each in previews)
    print_line(
        f"{pluralize(records, 'record')} tried: {changed} of "
        f"{pluralize(len(previews), 'table')} would change."
    )


@contracts.command(cls=Command, epilog=examples("keystone contracts lock"))
def lock() -> None:
    """Renew contracts.lock.json, which lists every contract as plain data."""
    from contracts.describe import described
    from flows.cli.contract_history import LOCK, write_lock

    changed = write_lock(described())
    print_line(f"{LOCK.name}: {'renewed' if changed else 'is up to date'}")


@contracts.command(
    cls=Command,
    epilog=examples("keystone contracts diff --lake lake", "keystone contracts diff v1.0 --check"),
)
def diff(
    revision: Annotated[
        str | None,
        typer.Argument(
            metavar="REV",
            help="A git revision, such as a tag; if absent, compare with the tables of the lake.",
        ),
    ] = None,
    lake: Lake = None,
    check: Annotated[
        bool,
        typer.Option(
            "--check", help="Exit with 1 if a change is breaking, else with 3 if one is for review."
        ),
    ] = False,
) -> None:
    """Show what changed in the contracts, and whether it breaks readers or producers."""
    from contracts.changes import Verdict, changes
    from contracts.describe import described, version
    from flows.cli.contract_history import contracts_at
    from flows.config.settings import resolve_location
    from flows.delta import open_existing
    from flows.delta.contract_metadata import infer_contract, read_contract
    from flows.delta.table_names import existing_tables, tables_without_contract

    new = described()
    if revision is not None:
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
    if found:
        rows = ([each.table, each.what, each.verdict, each.why] for each in found)
        columns = ("table", "change", "verdict", "why")
        print_grid(out, columns, rows, justify="left", optional=("why",))
    for name in dict.fromkeys(each.table for each in found if each.table in old.keys() & new):
        print_line(f"{name}: version {version(new[name])}, was {version(old[name])}")
    counts = {verdict: sum(each.verdict is verdict for each in found) for verdict in Verdict}
    print_line(
        f"changes: {len(found)}"
        + "".join(f", {verdict}: {count}" for verdict, count in counts.items() if count)
    )
    if check and counts[Verdict.breaking]:
        raise typer.Exit(1)
    if check and counts[Verdict.review]:
        raise typer.Exit(3)

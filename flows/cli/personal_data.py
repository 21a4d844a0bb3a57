"""Commands about personal data: where it is, and how it is erased."""

import json
from typing import Annotated

import typer

from flows.cli.help import Command, examples
from flows.cli.options import Lake, Quiet
from flows.cli.output import out, print_grid, print_line
from flows.config.plural import pluralize

app = typer.Typer()

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command(cls=Command, epilog=examples("keystone personal", "keystone personal --json"))
def personal(as_json: AsJson = False) -> None:
    """Show the columns with personal data, and the columns computed from them."""
    from transforms.personal_data import RETENTION, personal_columns

    found = personal_columns()
    if as_json:
        flows = ({"flows_to": [flow._asdict() for flow in each.flows_to]} for each in found)
        print(json.dumps([each._asdict() | flow for each, flow in zip(found, flows, strict=True)]))
        return
    for each in found:
        redacted = ", redacted" if each.redacted else ""
        print_line(f"{each.table}.{each.column}: {each.kind}{redacted}")
        for flow in each.flows_to:
            print_line(f"  flows to {flow}")
    for layer, kept in RETENTION.items():
        print_line(f"{layer}: kept {kept}.")
    print_line(
        "`keystone forget` replaces identifiers by pseudonyms, and the other columns by null."
    )


@app.command(
    cls=Command,
    epilog=examples(
        "keystone forget --person 0123456789abcdef0123456789abcdef --dry-run",
        "keystone forget --order fedcba9876543210fedcba9876543210 --reason 'request of 3 May'",
    ),
)
def forget(
    lake: Lake = None,
    person: Annotated[
        str | None, typer.Option(help="The person's customer_unique_id.", metavar="ID")
    ] = None,
    order: Annotated[
        str | None, typer.Option(help="Erase only the review texts of this order.", metavar="ID")
    ] = None,
    reason: Annotated[
        str, typer.Option(help="Reason, for the certificate; needed with --order.", metavar="TEXT")
    ] = "",
    archive: Annotated[
        str | None,
        typer.Option(
            help="Archive to erase the person from, too (or KEYSTONE_ARCHIVE).",
            metavar="DIR|s3://…",
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what would be erased.")
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Erase a person from all tables, all versions and the archive, and write a certificate."""
    from flows import pipeline
    from flows.config.settings import resolve_location
    from flows.erasure.findings import OTHER_FILES

    location = resolve_location("lake", lake)
    with pipeline.local_executor(quiet=quiet) as local:
        done = pipeline.forget(
            location,
            person,
            order,
            reason=reason,
            archive=archive,
            dry_run=dry_run,
            executor=local,
        )
    if quiet:
        return
    columns = ("table", "rows", "files", "bytes", "versions that can no longer be read")
    rows = (
        [
            name,
            f"{each['rows']:,}",
            f"{each['files']:,}",
            f"{each['bytes']:,}",
            ", ".join(map(str, each["versions"])),
        ]
        for name, each in done.request.found.items()
    )
    print_grid(out, columns, rows, justify=("right", "right", "right", "left"))
    for path in done.request.found.get(OTHER_FILES, {}).get("paths", ()):
        print_line(f"{'would delete' if dry_run else 'deleted'}: {path}")
    if messages := done.request.messages:
        count = sum(map(len, messages.values()))
        print_line(
            f"{pluralize(count, 'message')} in Kafka may still hold the person until the retention "
            "ends; the certificate lists their offsets."
        )
    print_line(
        f"certificate: {done.certificate}" if done.certificate else "dry run: nothing was changed"
    )

"""The command that registers gold in the AWS Glue Data Catalog."""

from typing import Annotated

import typer

from flows.cli.help import Command, examples
from flows.cli.options import Lake
from flows.cli.output import out, print_grid

app = typer.Typer()


@app.command(cls=Command, epilog=examples("keystone catalog --lake s3://shop/lake --database shop"))
def catalog(
    lake: Lake = None,
    database: Annotated[str, typer.Option(help="Database of the Glue Data Catalog.")] = "keystone",
    registry: Annotated[
        str | None,
        typer.Option(help="Glue schema registry in which to register the topics' schemas too."),
    ] = None,
) -> None:
    """Register the gold tables of a lake on S3 in the AWS Glue Data Catalog, for Athena."""
    from flows.aws.glue_catalog import register_tables
    from flows.aws.glue_registry import register_schemas
    from flows.config.settings import resolve_location
    from flows.kafka.client import kafka_settings
    from flows.kafka.topics import topic_of
    from transforms.graph import sources

    entries = register_tables(resolve_location("lake", lake), database)
    rows = (
        (each["table"], f"{each['columns']}", "new" if each["new"] else "updated", each["location"])
        for each in entries
    )
    print_grid(out, ("table", "columns", "entry", "location"), rows, justify="left")
    if registry:
        settings = kafka_settings()
        topics = {topic_of(settings, contract): contract for contract in sources()}
        versions = register_schemas(registry, topics)
        print_grid(out, ("topic", "version"), ((t, f"{v}") for t, v in versions.items()))

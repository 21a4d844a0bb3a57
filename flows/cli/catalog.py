"""The command that shows gold to Athena."""

from typing import Annotated

import typer

from flows.cli.options import Lake
from flows.cli.output import grid, out
from flows.config.settings import resolve_location

app = typer.Typer()


@app.command()
def catalog(
    lake: Lake = None,
    database: Annotated[
        str, typer.Option(help="The database of the Glue Data Catalog.")
    ] = "keystone",
    registry: Annotated[
        str | None, typer.Option(help="Register the topics' schemas in this registry of Glue.")
    ] = None,
) -> None:
    """Register the gold tables of a lake on S3 in the AWS Glue Data Catalog, for Athena."""
    from flows.aws.glue_catalog import catalog as register
    from flows.aws.glue_registry import register_schemas
    from flows.kafka.client import kafka_settings
    from flows.kafka.topics import topic_of
    from transforms.graph import sources

    entries = register(resolve_location("lake", lake), database)
    rows = (
        (each["table"], f"{each['columns']}", "new" if each["new"] else "renewed", each["location"])
        for each in entries
    )
    out.print(grid(("table", "columns", "entry", "location"), rows, justify="left"))
    if registry:
        settings = kafka_settings()
        versions = register_schemas(
            registry, {topic_of(settings, each): each for each in sources()}
        )
        out.print(grid(("topic", "version"), ((t, f"{v}") for t, v in versions.items())))

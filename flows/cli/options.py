"""The options that several commands have."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from flows.config.executor import ExecutorName


def _not_ahead(given: datetime | None) -> datetime | None:
    from contracts.plausible_times import CLOCK_TOLERANCE

    if given and given.replace(tzinfo=UTC) > datetime.now(UTC) + CLOCK_TOLERANCE:
        message = f"{given} lies in the future; give the time at which the records were true"
        raise typer.BadParameter(message)
    return given


Lake = Annotated[
    str | None, typer.Option(help="Where the tables lie (or KEYSTONE_LAKE).", metavar="DIR|s3://…")
]
Source = Annotated[
    str | None,
    typer.Option(
        help="The landing zone with CSV files (or KEYSTONE_SOURCE).", metavar="DIR|s3://…"
    ),
]
Archive = Annotated[
    str | None,
    typer.Option(help="Move files here once they are proven in bronze.", metavar="DIR|s3://…"),
]
AsOf = Annotated[
    datetime | None,
    typer.Option(
        help="Event time of the records (UTC), instead of each file's modification time.",
        callback=_not_ahead,
    ),
]
AllowEmpty = Annotated[
    bool, typer.Option("--allow-empty", help="Accept a landing zone that has no file.")
]
Rebuild = Annotated[bool, typer.Option("--rebuild", help="Compute all tables from bronze again.")]
Runner = Annotated[
    str | None,
    typer.Option(
        help="Run the tasks on Dask: on a cluster of this machine, or on a scheduler's.",
        metavar="dask[=ADDRESS]",
    ),
]
Executor = Annotated[
    ExecutorName | None,
    typer.Option(
        help="Threads of this process, or a Prefect flow run (or KEYSTONE_EXECUTOR); "
        "prefect where a Prefect API is configured, else local."
    ),
]

Bootstrap = Annotated[
    str | None,
    typer.Option(help="The Kafka brokers (or KEYSTONE_KAFKA_BOOTSTRAP).", metavar="HOSTS"),
]
Prefix = Annotated[
    str | None, typer.Option("--topics-prefix", help="What topics' names begin with.")
]

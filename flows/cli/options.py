"""Options that several commands share."""

from datetime import UTC, datetime
from typing import Annotated, Literal

import typer

from flows.config.executor import ExecutorName


def _not_in_future(given: datetime | None) -> datetime | None:
    from contracts.plausible_times import CLOCK_TOLERANCE

    if given and given.replace(tzinfo=UTC) > datetime.now(UTC) + CLOCK_TOLERANCE:
        message = f"{given} is in the future; give the time at which the records were true"
        raise typer.BadParameter(message)
    return given


Lake = Annotated[
    str | None,
    typer.Option(help="Location of the tables (or KEYSTONE_LAKE).", metavar="DIR|s3://…"),
]
Source = Annotated[
    str | None,
    typer.Option(help="Landing zone with CSV files (or KEYSTONE_SOURCE).", metavar="DIR|s3://…"),
]
Archive = Annotated[
    str | None,
    typer.Option(
        help="Move files here once their records are verified in bronze (or KEYSTONE_ARCHIVE).",
        metavar="DIR|s3://…",
    ),
]
AsOf = Annotated[
    datetime | None,
    typer.Option(
        help="Event time of the records (UTC), instead of each file's modification time.",
        metavar="TIME",
        callback=_not_in_future,
    ),
]
AllowEmpty = Annotated[
    bool, typer.Option("--allow-empty", help="Accept a landing zone without files.")
]
Rebuild = Annotated[bool, typer.Option("--rebuild", help="Rebuild all tables from bronze.")]
FailAbove = Annotated[
    float | None,
    typer.Option(
        help="Share of the records of a table, 0 to 1: if more go to quarantine, leave the tables "
        "downstream as they are and exit with 3. Default: what the contracts say.",
        metavar="SHARE",
        min=0,
        max=1,
    ),
]
Runner = Annotated[
    str | None,
    typer.Option(
        help="Run the tasks on Dask: a local cluster, or the one of a scheduler.",
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

Quiet = Annotated[
    bool, typer.Option("--quiet", help="Print only warnings and errors: no progress, no summary.")
]
Verbose = Annotated[
    bool, typer.Option("--verbose", help="Print the log of each step on standard error.")
]
LogFormat = Annotated[
    Literal["text", "json"] | None,
    typer.Option(
        help="Print the log of each step on standard error, as text or as one JSON object per line."
    ),
]

Bootstrap = Annotated[
    str | None,
    typer.Option(help="Kafka brokers (or KEYSTONE_KAFKA_BOOTSTRAP).", metavar="HOSTS"),
]
Prefix = Annotated[
    str | None,
    typer.Option("--topics-prefix", help="Prefix of the topics' names (or KEYSTONE_KAFKA_PREFIX)."),
]

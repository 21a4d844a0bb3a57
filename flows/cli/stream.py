"""Commands of the stream: files to Kafka, and Kafka to bronze."""

import logging
import signal
from threading import Event
from typing import Annotated, Literal

import typer

from flows.cli.help import Command, examples
from flows.cli.logging import log_to_terminal
from flows.cli.options import Bootstrap, Lake, Prefix, Source
from flows.cli.output import out, print_grid
from flows.config.errors import RunFailedError

app = typer.Typer()


@app.command(
    cls=Command,
    epilog=examples("keystone produce --source landing --bootstrap localhost:9092 --rate 100"),
)
def produce(
    source: Source = None,
    bootstrap: Bootstrap = None,
    rate: Annotated[
        float | None, typer.Option(help="Maximum number of messages per second.")
    ] = None,
    deletes: Annotated[
        float,
        typer.Option(
            help="Share of the orders to delete at the end, from 0 to 1, with their items, "
            "payments and reviews."
        ),
    ] = 0,
    topics_prefix: Prefix = None,
    partitions: Annotated[int, typer.Option(help="Number of partitions of new topics.")] = 4,
    registry: Annotated[
        str | None, typer.Option(help="URL of the schema registry (or KEYSTONE_KAFKA_REGISTRY).")
    ] = None,
) -> None:
    """Send the CSV files of a folder to Kafka, as the events of a live shop."""
    from flows.config.settings import resolve_location
    from flows.kafka.client import kafka_settings
    from flows.kafka.event_spool import check_share, check_source
    from flows.kafka.producer import produce as send
    from flows.kafka.topics import create_topics

    settings = kafka_settings(bootstrap=bootstrap, prefix=topics_prefix, registry=registry)
    folder = resolve_location("source", source)
    check_share(deletes)
    check_source(folder)
    create_topics(settings, partitions)
    produced = send(folder, settings, rate=rate, deletes=deletes)
    counts = ([topic, f"{count:,}"] for topic, count in sorted(produced.confirmed.items()))
    print_grid(out, ["topic", "confirmed"], counts)
    if produced.rejected:
        raise RunFailedError(produced.rejected, [])


@app.command(
    cls=Command,
    epilog=examples(
        "keystone drain --lake lake --bootstrap localhost:9092",
        "keystone drain --lake lake --bootstrap localhost:9092 --follow",
    ),
)
def drain(
    lake: Lake = None,
    bootstrap: Bootstrap = None,
    follow: Annotated[bool, typer.Option("--follow", help="Continue until stopped.")] = False,
    max_seconds: Annotated[float | None, typer.Option(help="Stop after so many seconds.")] = None,
    group: Annotated[
        str | None, typer.Option(help="Consumer group (or KEYSTONE_KAFKA_GROUP).")
    ] = None,
    topics_prefix: Prefix = None,
    topics_format: Annotated[
        Literal["plain", "debezium"] | None,
        typer.Option(
            help="Values of these topics: records, or change events of Debezium "
            "(or KEYSTONE_KAFKA_TOPICS_FORMAT)."
        ),
    ] = None,
    accept_loss: Annotated[
        bool, typer.Option("--accept-loss", help="Skip messages that Kafka has lost.")
    ] = False,
) -> None:
    """Append the messages in Kafka to bronze, each exactly once."""
    from flows.config.settings import resolve_location
    from flows.kafka.client import kafka_settings
    from flows.pipeline.drain import drain as drain_topics
    from flows.storage.locations import check_disjoint, warn_of_name

    log_to_terminal(logging.INFO if follow else logging.WARNING)
    settings = kafka_settings(
        bootstrap=bootstrap, group=group, prefix=topics_prefix, topics_format=topics_format
    )
    check_disjoint(lake=(lake := resolve_location("lake", lake)))
    warn_of_name(lake)
    drained = drain_topics(
        lake,
        settings,
        follow=follow,
        max_seconds=max_seconds,
        accept_loss=accept_loss,
        stop=_stop_on_signal(),
    )
    columns = ("topic", "partition", "rows", "corrupt", "offset")
    rows = ([str(getattr(each, name)) for name in columns] for each in drained)
    print_grid(out, columns, rows)


def _stop_on_signal() -> Event:
    """Return an event that a signal sets; a second signal interrupts the process."""
    stop = Event()

    def set_stop(*_: object) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, set_stop)
    return stop

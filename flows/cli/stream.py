"""Commands of the stream: files into Kafka, and Kafka into bronze."""

import logging
import signal
from threading import Event
from typing import Annotated

import typer

from flows.cli.logging import log_to_terminal
from flows.cli.options import Bootstrap, Lake, Prefix, Source
from flows.cli.output import grid, out
from flows.config.settings import resolve_location
from flows.delta.outcome import RunFailedError

app = typer.Typer()


@app.command()
def produce(
    source: Source = None,
    bootstrap: Bootstrap = None,
    rate: Annotated[float | None, typer.Option(help="Messages per second, at most.")] = None,
    topics_prefix: Prefix = None,
    partitions: Annotated[int, typer.Option(help="Of topics that are not there yet.")] = 4,
    registry: Annotated[
        str | None, typer.Option(help="The schema registry (or KEYSTONE_KAFKA_REGISTRY).")
    ] = None,
) -> None:
    """Replay the CSV files of a folder into Kafka, as the life of the shop."""
    from flows.kafka.client import kafka_settings
    from flows.kafka.event_spool import check_source
    from flows.kafka.producer import produce as send
    from flows.kafka.topics import create_topics

    settings = kafka_settings(bootstrap=bootstrap, prefix=topics_prefix, registry=registry)
    folder = resolve_location("source", source)
    check_source(folder)
    create_topics(settings, partitions)
    produced = send(folder, settings, rate=rate)
    counts = ([topic, f"{count:,}"] for topic, count in sorted(produced.confirmed.items()))
    out.print(grid(["topic", "confirmed"], counts))
    if produced.rejected:
        raise RunFailedError(produced.rejected, [])


@app.command()
def drain(
    lake: Lake = None,
    bootstrap: Bootstrap = None,
    follow: Annotated[bool, typer.Option("--follow", help="Go on until told to stop.")] = False,
    max_seconds: Annotated[float | None, typer.Option(help="Stop then.")] = None,
    group: Annotated[str | None, typer.Option(help="The consumer group.")] = None,
    topics_prefix: Prefix = None,
    accept_loss: Annotated[
        bool, typer.Option("--accept-loss", help="Go on behind what Kafka has lost.")
    ] = False,
) -> None:
    """Append what is in Kafka to bronze, every message exactly once."""
    from flows.kafka.client import kafka_settings
    from flows.kafka.drain import drain as read
    from flows.storage.locations import check_disjoint, warn_of_name

    log_to_terminal(logging.INFO if follow else logging.WARNING)
    settings = kafka_settings(bootstrap=bootstrap, group=group, prefix=topics_prefix)
    check_disjoint(lake=(lake := resolve_location("lake", lake)))
    warn_of_name(lake)
    drained = read(
        lake,
        settings,
        follow=follow,
        max_seconds=max_seconds,
        accept_loss=accept_loss,
        stop=_stopped_by_signals(),
    )
    columns = ("topic", "partition", "rows", "corrupt", "offset")
    rows = ([str(getattr(each, name)) for name in columns] for each in drained)
    out.print(grid(columns, rows))


def _stopped_by_signals() -> Event:
    """Return an event that a signal sets; a second one interrupts."""
    stop = Event()

    def note(*_: object) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    for each in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(each, note)
    return stop

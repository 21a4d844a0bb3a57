"""The flow `stream`: Kafka into bronze, with its lag as an artifact."""

from dataclasses import asdict
from typing import Any

from prefect import flow
from prefect.artifacts import create_table_artifact

from flows.drain import Drained, drain
from flows.kafka import KafkaSettings
from flows.lag import lag
from flows.settings import place


@flow
def stream(
    lake: str | None = None,
    bootstrap: str | None = None,
    follow: bool = False,
    max_seconds: float | None = None,
    accept_loss: bool = False,
) -> list[Drained]:
    """Drain the topics into bronze; parameters as in `flows.drain.drain`.

    Args:
        lake: where the tables lie; KEYSTONE_LAKE when not given.
        bootstrap: the brokers; KEYSTONE_KAFKA_BOOTSTRAP when not given, as all else of Kafka.
        follow: go on until told to stop.
        max_seconds: stop then, whatever is left.
        accept_loss: go on behind messages that Kafka has lost.

    Raises:
        LossError: messages are gone that were never drained, or a topic was made anew.
        NoTopicsError: there is no topic at all, and `follow` does not wait for one.
    """
    lake = place("lake", lake)
    settings = kafka_settings(bootstrap=bootstrap)
    drained = drain(lake, settings, follow=follow, max_seconds=max_seconds, accept_loss=accept_loss)
    rows = [{**asdict(each), "behind": each.behind} for each in lag(lake, settings)]
    create_table_artifact(rows, "stream-lag", description="Offsets in bronze and in Kafka.")
    return drained


def kafka_settings(**given: Any) -> KafkaSettings:
    """Return the settings of the environment, but for those that are given."""
    return KafkaSettings(**{name: value for name, value in given.items() if value is not None})

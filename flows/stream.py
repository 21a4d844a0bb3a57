"""The flow `stream`: Kafka into bronze, with its progress and its lag as an artifact."""

import json
from collections.abc import Sequence
from time import monotonic
from typing import Any

from prefect import get_run_logger
from prefect.artifacts import create_table_artifact
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import ArtifactUpdate

from flows.config.prefect_server import flow
from flows.config.settings import resolve_location
from flows.kafka.client import BrokerUnreachableError, KafkaSettings, kafka_settings
from flows.kafka.drain import Drained, drain
from flows.kafka.lag import lag
from flows.storage.locations import check_disjoint, warn_of_name


@flow
def stream(
    lake: str | None = None,
    bootstrap: str | None = None,
    follow: bool = False,
    max_seconds: float | None = None,
    accept_loss: bool = False,
) -> list[Drained]:
    """Drain the topics into bronze; the artifact `stream-lag` says how far, by the minute.

    Args:
        lake: where the tables lie; KEYSTONE_LAKE when not given.
        bootstrap: the brokers; KEYSTONE_KAFKA_BOOTSTRAP when not given, as all else of Kafka.
        follow: go on until told to stop.
        max_seconds: stop then, whatever is left.
        accept_loss: go on behind messages that Kafka has lost.

    Raises:
        LossError: messages are gone that were never drained, or a topic was made anew.
        NoTopicsError: there is no topic at all, and `follow` does not wait for one.
        NoAnswerError: no broker answers at the start, or it does not let us in.
        GroupError: the consumer group does not take us.
    """
    lake, settings = resolve_location("lake", lake), kafka_settings(bootstrap=bootstrap)
    check_disjoint(lake=lake)
    warn_of_name(lake)
    report = _Report(lake, settings)
    drained = drain(
        lake,
        settings,
        follow=follow,
        max_seconds=max_seconds,
        accept_loss=accept_loss,
        progress=report.when_due,
    )
    report.publish(drained)
    return drained


_EVERY = 60.0  # seconds


class _Report:
    """The artifact of a run, which is made once and then kept up to date."""

    def __init__(self, lake: str, settings: KafkaSettings) -> None:
        self._lake, self._settings = lake, settings
        self._due = monotonic() + _EVERY
        begun = "The stream has begun."
        self._artifact: Any = create_table_artifact([], "stream-lag", description=begun)

    def when_due(self, drained: Sequence[Drained]) -> None:
        """Publish, a minute after the last time; the drain goes on without Prefect's server."""
        if monotonic() >= self._due:
            try:
                self.publish(drained)
            except Exception:  # noqa: BLE001 - a report that fails must not stop the stream
                get_run_logger().warning("the artifact was not updated", exc_info=True)
            self._due = monotonic() + _EVERY

    def publish(self, drained: Sequence[Drained]) -> None:
        """Say what this run has drained, and what is left in Kafka."""
        try:
            left = [each.as_dict() for each in lag(self._lake, self._settings)]
            behind = f"bronze is {sum(row['lag'] for row in left):,} offsets behind Kafka"
        except BrokerUnreachableError as silence:
            left = [{"topic": each.topic, "partition": each.partition} for each in drained]
            behind = str(silence)
        done = {(each.topic, each.partition): each for each in drained}
        table = [
            row | {"rows": each.rows, "corrupt": each.corrupt}
            for row in left
            for each in [done.get((row["topic"], row["partition"]), Drained("", 0))]
        ]
        rows, corrupt = (sum(getattr(d, name) for d in drained) for name in ("rows", "corrupt"))
        summary = f"{rows:,} messages drained by this run, {corrupt:,} of them corrupt; {behind}."
        get_run_logger().info(summary)
        changed = ArtifactUpdate(data=json.dumps(table), description=summary)
        with get_client(sync_client=True) as client:
            client.update_artifact(self._artifact, changed)

"""The flow `stream`: Kafka to bronze, with its progress and its lag in a Prefect artifact."""

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
from flows.kafka.drain import Drained
from flows.kafka.lag import lake_lag
from flows.pipeline.drain import drain
from flows.storage.locations import check_disjoint, warn_of_name


@flow
def stream(
    lake: str | None = None,
    bootstrap: str | None = None,
    follow: bool = False,
    max_seconds: float | None = None,
    accept_loss: bool = False,
) -> list[Drained]:
    """Drain the topics into bronze, and update the artifact `stream-lag` every minute.

    Args:
        lake: the location of the tables; by default KEYSTONE_LAKE.
        bootstrap: the Kafka brokers; by default KEYSTONE_KAFKA_BOOTSTRAP. All other settings of
            Kafka come from the environment.
        follow: continue until stopped.
        max_seconds: stop after this time, even if messages are left.
        accept_loss: skip messages that Kafka has lost.

    Raises:
        LossError: Kafka lost messages before they were drained, or a topic was created again.
        NoTopicsError: no topic exists, and `follow` is not set.
        BrokerUnreachableError: at the start, no broker answers or one rejects our credentials.
        GroupError: the consumer group does not accept this drainer.
    """
    lake, settings = resolve_location("lake", lake), kafka_settings(bootstrap=bootstrap)
    check_disjoint(lake=lake)
    warn_of_name(lake)
    artifact = _LagArtifact(lake, settings)
    drained = drain(
        lake,
        settings,
        follow=follow,
        max_seconds=max_seconds,
        accept_loss=accept_loss,
        progress=artifact.update_if_due,
    )
    artifact.update(drained)
    return drained


_UPDATE_SECONDS = 60.0


class _LagArtifact:
    """The artifact of a run, created once and then updated."""

    def __init__(self, lake: str, settings: KafkaSettings) -> None:
        self._lake, self._settings = lake, settings
        self._due = monotonic() + _UPDATE_SECONDS
        description = "The stream has started."
        self._artifact: Any = create_table_artifact([], "stream-lag", description=description)

    def update_if_due(self, drained: Sequence[Drained]) -> None:
        """Update the artifact once a minute; log an error of Prefect's server and continue."""
        if monotonic() >= self._due:
            try:
                self.update(drained)
            except Exception:  # noqa: BLE001 - a failed update must not stop the stream
                get_run_logger().warning("the artifact was not updated", exc_info=True)
            self._due = monotonic() + _UPDATE_SECONDS

    def update(self, drained: Sequence[Drained]) -> None:
        """Show what this run has drained, and the lag of each partition."""
        try:
            partitions = [each.as_dict() for each in lake_lag(self._lake, self._settings)]
            lag = f"lag: {sum(row['lag'] for row in partitions):,} offsets"
        except BrokerUnreachableError as error:
            partitions = [{"topic": each.topic, "partition": each.partition} for each in drained]
            lag = str(error)
        by_partition = {(each.topic, each.partition): each for each in drained}
        table = [
            row | {"rows": each.rows, "corrupt": each.corrupt}
            for row in partitions
            for each in [by_partition.get((row["topic"], row["partition"]), Drained("", 0))]
        ]
        rows, corrupt = (sum(getattr(d, name) for d in drained) for name in ("rows", "corrupt"))
        summary = f"{rows:,} messages drained by this run, {corrupt:,} of them corrupt; {lag}."
        get_run_logger().info(summary)
        update = ArtifactUpdate(data=json.dumps(table), description=summary)
        with get_client(sync_client=True) as client:
            client.update_artifact(self._artifact, update)

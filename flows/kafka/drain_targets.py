"""The offsets that a bounded drain has to reach, whichever drainer writes them."""

import logging
from collections import defaultdict
from collections.abc import Mapping
from time import monotonic

from confluent_kafka.admin import AdminClient

from flows.kafka.backoff import Backoff
from flows.kafka.checkpoints import Checkpoints
from flows.kafka.consumer import GroupConsumer
from flows.kafka.consumer_group import Reader, partition_readers
from flows.kafka.lag import PartitionLag
from flows.kafka.topics import Partition

logger = logging.getLogger(__name__)


class DrainTargets:
    """The target offsets of a bounded drain; a drain that follows has none.

    Other drainers of the lake may write some of the partitions, so the tables are checked for their
    watermarks. Partitions that a member of another lake reads are given up.
    """

    def __init__(
        self,
        bronze: Checkpoints,
        member: GroupConsumer,
        admin: AdminClient | None,
        backoff: Backoff,
    ) -> None:
        """Start without targets.

        Args:
            bronze: the tables.
            member: this drainer.
            admin: the client that asks who reads a partition; None if Kafka cannot tell.
            backoff: retries the requests to tables and brokers.
        """
        self._bronze, self._member = bronze, member
        self._admin, self._backoff = admin, backoff
        self._offsets: dict[Partition, int] = {}
        self._given_up: dict[Partition, Reader] = {}
        self._checked = monotonic()

    def set_from(self, lags: Mapping[Partition, PartitionLag]) -> None:
        """Set the targets to the current ends of the partitions that have a lag."""
        self._offsets = {key: lag.end - 1 for key, lag in lags.items() if lag.count}

    def remain(self) -> bool:
        """Return whether bronze has not reached all targets."""
        for key, buffer in self._member.buffers.items():
            self._remove_if_reached(key, buffer.watermark)
        others = self._offsets.keys() - self._member.buffers.keys()
        if others and monotonic() - self._checked >= _CHECK_SECONDS:
            self._checked = monotonic()
            with self._backoff.attempt():
                self._check_others(others)
        return bool(self._offsets)

    def is_buffered(self, key: Partition) -> bool:
        """Return whether this drainer has read a partition up to its target."""
        through = self._member.buffers[key].through
        return through >= self._offsets.get(key, through)

    def warn_of_given_up(self) -> None:
        """Log the partitions that a member of another lake reads."""
        if not self._given_up:
            return
        numbers: dict[str, list[int]] = defaultdict(list)
        for topic, number in sorted(self._given_up):
            numbers[topic].append(number)
        partitions = ", ".join(f"{topic} {found}" for topic, found in numbers.items())
        members = {f"{each.client_id} at {each.host}" for each in self._given_up.values()}
        logger.warning(
            "partitions not drained: %s (%s); another member of the group %s reads them (%s), but "
            "does not write into this lake. Give this lake its own group with --group",
            len(self._given_up),
            partitions,
            self._member.group,
            ", ".join(sorted(members)),
        )

    def _check_others(self, others: set[Partition]) -> None:
        """Check the partitions that this drainer does not read."""
        self._bronze.open({topic for topic, _ in others})
        for key in others:
            self._remove_if_reached(key, self._bronze.watermark(key))
        left = others & self._offsets.keys() - self._member.pending
        if not left or self._admin is None:
            return
        for key in self._bronze.deleted(left):
            del self._offsets[key]
        member_id, seconds = self._member.consumer.memberid(), self._bronze.seconds
        readers = partition_readers(self._admin, self._member.group, member_id, left, seconds)
        for key, reader in readers.items():
            # Members with our client id write into this lake, so wait for those.
            if key in self._offsets and reader.client_id != self._member.client_id:
                self._given_up[key] = reader
                del self._offsets[key]

    def _remove_if_reached(self, key: Partition, watermark: int | None) -> None:
        if watermark is not None and watermark >= self._offsets.get(key, watermark + 1):
            del self._offsets[key]


_CHECK_SECONDS = 1.0  # between two checks of what other drainers have written

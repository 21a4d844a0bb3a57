"""The consumer group of a lake's drainers: its name, its members, and why it refuses one."""

from collections.abc import Collection
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from confluent_kafka import ConsumerGroupState, KafkaError
from confluent_kafka.admin import AdminClient

from flows import delta
from flows.kafka.topics import Partition
from flows.storage.filesystem import is_s3
from transforms.graph import sources


class GroupError(Exception):
    """The consumer group does not accept a drainer; says why, and what to do."""


@dataclass(frozen=True)
class Reader:
    """The member of the group that a partition is assigned to."""

    member_id: str
    client_id: str
    host: str


def group_of_lake(lake: str) -> str:
    """Return the default group of a lake.

    The name depends on the lake's location and on the id of its first table, which is created if
    it is missing. Neither a copy of the lake nor a lake at the same path of another machine has
    the same group.
    """
    first = sources()[0]
    if delta.exists(lake, first.spec().table):
        handle = delta.open_existing(lake, first.spec().table)
    else:
        handle = delta.open_table(lake, first)
    table = handle.metadata().id
    location = lake.rstrip("/") if is_s3(lake) else str(Path(lake).resolve())
    return f"keystone-{sha256(f'{table} {location}'.encode()).hexdigest()[:12]}"


def partition_readers(
    admin: AdminClient,
    group: str,
    member_id: str,
    partitions: Collection[Partition],
    seconds: float,
) -> dict[Partition, Reader]:
    """Return the members that partitions are assigned to; none during a rebalance.

    A partition that moves from one member to another has no reader.

    Args:
        admin: the client that sends the request.
        group: the name of the group.
        member_id: our member id; until we are a member, a rebalance is about to happen.
        partitions: the partitions.
        seconds: how long to wait for an answer.

    Raises:
        confluent_kafka.KafkaException: no broker answers in time, or the request is not allowed.
    """
    described = admin.describe_consumer_groups([group], request_timeout=seconds)[group].result()
    members = described.members
    if described.state != ConsumerGroupState.STABLE or member_id not in {
        member.member_id for member in members
    }:
        return {}
    return {
        key: Reader(member.member_id, member.client_id, member.host)
        for member in members
        if member.assignment
        for assigned in member.assignment.topic_partitions
        if (key := (assigned.topic, assigned.partition)) in partitions
    }


def join_refusal(error: KafkaError) -> str | None:
    """Return why the group will never accept us, or None if the error means something else."""
    return _REFUSALS.get(error.name())


_REFUSALS = {
    "INCONSISTENT_GROUP_PROTOCOL": (
        "has members with another assignment strategy (Kafka: inconsistent group protocol; "
        "ours is cooperative-sticky); give this lake its own group with --group or "
        "KEYSTONE_KAFKA_GROUP"
    ),
    "INVALID_GROUP_ID": "has a name that Kafka does not allow; choose another with --group",
    "INVALID_SESSION_TIMEOUT": (
        "does not allow our session timeout; set KEYSTONE_KAFKA_SESSION_SECONDS to a value between "
        "the brokers' group.min.session.timeout.ms and group.max.session.timeout.ms"
    ),
    "GROUP_MAX_SIZE_REACHED": "is full (group.max.size); stop another drainer first",
}

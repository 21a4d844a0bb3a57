"""The consumer group of a lake's drainers: what it is called, and which member reads what."""

from collections.abc import Collection
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from confluent_kafka import ConsumerGroupState, KafkaError
from confluent_kafka.admin import AdminClient

from flows import delta
from flows.kafka.offsets import Key
from flows.storage.filesystem import is_s3
from transforms.graph import sources


class GroupError(Exception):
    """The consumer group does not take a drainer; says why, and what to do."""


@dataclass(frozen=True)
class Reader:
    """A member of the group that has a partition."""

    member_id: str
    client_id: str
    host: str


def group_of_lake(lake: str) -> str:
    """Return the name of the group that drains a lake, unless a setting says otherwise.

    It depends on the lake's location and on the id of its first table, which is created when it is
    not there. So neither a copy of the lake nor another lake in the same folder of another machine
    takes partitions away from it.
    """
    first = sources()[0]
    if delta.exists(lake, first.spec().table):
        handle = delta.open_existing(lake, first.spec().table)
    else:
        handle = delta.open_table(lake, first)
    table = handle.metadata().id
    where = lake.rstrip("/") if is_s3(lake) else str(Path(lake).resolve())
    return f"keystone-{sha256(f'{table} {where}'.encode()).hexdigest()[:12]}"


def readers(
    admin: AdminClient, group: str, member_id: str, keys: Collection[Key], seconds: float
) -> dict[Key, Reader]:
    """Return who reads these partitions; none while the group still shares them.

    While a partition moves from one member to another, no member has it.

    Args:
        admin: whom to ask.
        group: its name.
        member_id: ours; until we are a member, the group is about to share the partitions again.
        keys: the partitions.
        seconds: how long to wait for an answer.

    Raises:
        confluent_kafka.KafkaException: no broker answers in that time, or it may not say.
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
        for place in member.assignment.topic_partitions
        if (key := (place.topic, place.partition)) in keys
    }


def cannot_join(error: KafkaError) -> str | None:
    """Say why the group will never take us, if that is what an error means."""
    return _NEVER.get(error.name())


_NEVER = {
    "INCONSISTENT_GROUP_PROTOCOL": (
        "has members of another kind, which share the partitions in another way (Kafka says: "
        "inconsistent group protocol; ours is cooperative-sticky). Give this lake a group of its "
        "own with --group or KEYSTONE_KAFKA_GROUP"
    ),
    "INVALID_GROUP_ID": "has a name that Kafka does not take; give another with --group",
    "INVALID_SESSION_TIMEOUT": (
        "does not allow our session timeout: set KEYSTONE_KAFKA_SESSION_SECONDS to what the "
        "brokers allow (group.min.session.timeout.ms, group.max.session.timeout.ms)"
    ),
    "GROUP_MAX_SIZE_REACHED": "is full (group.max.size); stop a drainer first",
}

"""The message schema in Glue's schema registry, on moto, a simulated AWS."""

import json
from typing import Any

import boto3
import pytest

from contracts import bronze
from contracts.message_schema import json_schema
from flows.aws.glue_registry import NoRegistryError, register_schemas
from flows.kafka.schema_registry import BreakingChangeError

TOPICS = {"olist.orders": bronze.Orders, "olist.sellers": bronze.Sellers}


@pytest.fixture(autouse=True)
def registry(aws_account: str) -> None:
    """An empty registry."""
    boto3.client("glue", endpoint_url=aws_account).create_registry(RegistryName="keystone")


def put(topic: str, schema: dict[str, Any]) -> None:
    boto3.client("glue").create_schema(
        RegistryId={"RegistryName": "keystone"},
        SchemaName=topic,
        DataFormat="JSON",
        Compatibility="NONE",
        SchemaDefinition=json.dumps(schema),
    )


def latest(topic: str) -> dict[str, Any]:
    found = boto3.client("glue").get_schema_version(
        SchemaId={"RegistryName": "keystone", "SchemaName": topic},
        SchemaVersionNumber={"LatestVersion": True},
    )
    return dict(json.loads(found["SchemaDefinition"]))


def test_each_topic_has_the_schema_of_its_contract() -> None:
    assert register_schemas("keystone", TOPICS) == {"olist.orders": 1, "olist.sellers": 1}
    assert latest("olist.orders") == json_schema(bronze.Orders)


def test_unchanged_schema_is_not_registered_again() -> None:
    register_schemas("keystone", TOPICS)
    assert register_schemas("keystone", TOPICS) == {"olist.orders": 1, "olist.sellers": 1}


def test_a_compatible_change_becomes_a_version() -> None:
    before = json_schema(bronze.Orders)
    before["properties"].pop("order_status")
    before["required"].remove("order_status")
    put("olist.orders", before)
    assert register_schemas("keystone", TOPICS) == {"olist.orders": 2, "olist.sellers": 1}
    assert latest("olist.orders") == json_schema(bronze.Orders)


def test_breaking_change_is_rejected_before_anything_is_registered() -> None:
    before = json_schema(bronze.Sellers)
    before["properties"]["seller_phone"] = {"type": ["string", "null"], "default": None}
    put("olist.sellers", before)
    with pytest.raises(BreakingChangeError, match=r"olist\.sellers: seller_phone: was removed"):
        register_schemas("keystone", TOPICS)
    with pytest.raises(boto3.client("glue").exceptions.EntityNotFoundException):
        latest("olist.orders")


def test_missing_registry_is_named() -> None:
    with pytest.raises(NoRegistryError, match="no schema registry elsewhere in sa-east-1"):
        register_schemas("elsewhere", TOPICS)

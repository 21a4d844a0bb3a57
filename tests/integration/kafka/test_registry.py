"""The schema registry: compatible schemas are registered, breaking ones rejected."""

import json
import socket
import traceback

import pytest
from confluent_kafka.schema_registry import Schema, SchemaRegistryClient

from contracts import bronze
from contracts.message_schema import json_schema
from flows.config.errors import SettingError
from flows.kafka.schema_registry import BreakingChangeError, connect, register

TOPICS = {"olist.orders": bronze.Orders, "olist.sellers": bronze.Sellers}
SUBJECTS = ["olist.orders-value", "olist.sellers-value"]


@pytest.fixture
def registry() -> SchemaRegistryClient:
    """An empty registry, in memory."""
    return connect("mock://registry")


def known(registry: SchemaRegistryClient, subject: str) -> list[int]:
    return sorted(registry.get_versions(subject))


def put(registry: SchemaRegistryClient, subject: str, schema: dict[str, object]) -> None:
    registry.register_schema(subject, Schema(json.dumps(schema), "JSON"))


def test_each_topic_gets_its_schema_once(registry: SchemaRegistryClient) -> None:
    register(registry, TOPICS)
    register(registry, TOPICS)
    assert sorted(registry.get_subjects()) == SUBJECTS
    assert [known(registry, subject) for subject in SUBJECTS] == [[1], [1]]
    latest = registry.get_latest_version("olist.orders-value").schema
    assert latest.schema_type == "JSON"
    assert json.loads(str(latest.schema_str)) == json_schema(bronze.Orders)


def test_a_compatible_change_becomes_a_version(registry: SchemaRegistryClient) -> None:
    older = json_schema(bronze.Orders)
    del older["properties"]["order_status"]
    older["required"].remove("order_status")
    put(registry, "olist.orders-value", older)
    register(registry, TOPICS)
    assert known(registry, "olist.orders-value") == [1, 2]


def test_breaking_change_is_rejected_and_names_the_field(registry: SchemaRegistryClient) -> None:
    older = json_schema(bronze.Sellers)
    older["properties"]["seller_phone"] = {"type": ["string", "null"]}
    put(registry, "olist.sellers-value", older)
    with pytest.raises(
        BreakingChangeError, match=r"olist\.sellers-value: seller_phone: was removed"
    ):
        register(registry, TOPICS)
    assert registry.get_subjects() == ["olist.sellers-value"]


@pytest.mark.parametrize(
    "url",
    [
        "http://user:un/spoken@127.0.0.1:1",
        "http://user:un#spoken@127.0.0.1:1",
        "ftp://user:unspoken@127.0.0.1:1",
        "user:unspoken@127.0.0.1:1",
    ],
)
def test_invalid_registry_url_is_rejected_without_its_password(url: str) -> None:
    with pytest.raises(SettingError, match="begins with http:// or https://") as refused:
        connect(url)
    assert refused.value.__suppress_context__
    assert "spoken" not in str(refused.value)


def test_unreachable_registry_is_an_error() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://user:hidden@127.0.0.1:{free.getsockname()[1]}"
        with pytest.raises(ConnectionError, match="schema registry does not answer") as silent:
            register(connect(url), TOPICS)
    shown = "".join(traceback.format_exception(silent.value))
    assert "hidden" not in shown

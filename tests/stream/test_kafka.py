"""How clients are configured, and what topics are called."""

import time
from base64 import urlsafe_b64decode
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer
from confluent_kafka.admin import AdminClient
from pydantic import SecretStr

from contracts import bronze
from flows.kafka import KafkaSettings, client_config, create_topics, origin, topic_of
from flows.settings import MissingSettingError
from transforms.graph import sources

ROOT = Path(__file__).parents[2]
SECRET = "not to be seen"


def test_plain() -> None:
    config = client_config(KafkaSettings(bootstrap="one:9092"), group_id="readers")
    assert config == {
        "bootstrap.servers": "one:9092",
        "security.protocol": "PLAINTEXT",
        "group.id": "readers",
    }


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
def test_a_password_reaches_the_client_and_nobody_else(
    monkeypatch: pytest.MonkeyPatch, mechanism: Any
) -> None:
    monkeypatch.setenv("KEYSTONE_KAFKA_PASSWORD", SECRET)
    settings = KafkaSettings(
        bootstrap="one:9092",
        security_protocol="SASL_SSL",
        sasl_mechanism=mechanism,
        username="keystone",
    )
    config = client_config(settings, group_id="readers")
    assert config["sasl.mechanism"] == mechanism
    assert config["sasl.username"] == "keystone"
    assert config["sasl.password"] == SECRET
    assert SECRET not in f"{settings} {settings!r} {settings.model_dump()}"
    Consumer({**config, "bootstrap.servers": "", "log_level": 0}).close()  # knows all of these


def test_mutual_tls() -> None:
    settings = KafkaSettings(
        bootstrap="one:9094",
        security_protocol="SSL",
        ca_location="ca.pem",
        certificate_location="us.pem",
        key_location="us.key",
        key_password=SecretStr(SECRET),
    )
    assert SECRET not in repr(settings)
    assert client_config(settings) == {
        "bootstrap.servers": "one:9094",
        "security.protocol": "SSL",
        "ssl.ca.location": "ca.pem",
        "ssl.certificate.location": "us.pem",
        "ssl.key.location": "us.key",
        "ssl.key.password": SECRET,
    }


MSK: dict[str, Any] = {
    "bootstrap": "b-1:9098",
    "security_protocol": "SASL_SSL",
    "sasl_mechanism": "AWS_MSK_IAM",
}


def test_a_token_for_msk_is_signed_and_renewed_early(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIA0000000000000000")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    config = client_config(KafkaSettings(**MSK, region="sa-east-1"))
    assert config["sasl.mechanism"] == "OAUTHBEARER"
    token, expires = config["oauth_cb"]("")
    assert 200 < expires - time.time() <= 300
    url = urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode()
    assert url.startswith("https://kafka.sa-east-1.amazonaws.com/?Action=kafka-cluster%3AConnect")
    assert SECRET not in url


def test_msk_needs_a_region() -> None:
    with pytest.raises(MissingSettingError, match="KEYSTONE_KAFKA_REGION"):
        client_config(KafkaSettings(**MSK))


def test_kafka_must_be_somewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KEYSTONE_KAFKA_BOOTSTRAP", raising=False)
    with pytest.raises(MissingSettingError, match="KEYSTONE_KAFKA_BOOTSTRAP"):
        client_config(KafkaSettings())


def test_a_batch_of_nothing_is_refused() -> None:
    with pytest.raises(MissingSettingError, match="KEYSTONE_KAFKA_BATCH_ROWS: Input should be"):
        KafkaSettings(batch_rows=0)


def test_a_topic_is_called_after_its_source() -> None:
    settings = KafkaSettings(prefix="shop.")
    assert topic_of(settings, bronze.OrderItems) == "shop.order_items"
    assert origin("shop.order_items", 2) == "kafka/shop.order_items/2"


def test_topics_are_created_once(settings: KafkaSettings, mock_kafka: str) -> None:
    create_topics(settings, partitions=4)
    create_topics(settings, partitions=4)
    there = AdminClient({"bootstrap.servers": mock_kafka}).list_topics(timeout=10).topics
    assert {name: len(topic.partitions) for name, topic in there.items()} == {
        topic_of(settings, contract): 4 for contract in sources()
    }


@pytest.mark.parametrize("name", KafkaSettings.model_fields)
def test_every_setting_is_explained(name: str) -> None:
    assert f"`{name.upper()}`" in (ROOT / "docs/streaming.md").read_text()

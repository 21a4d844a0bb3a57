"""Client configuration, the first request to the brokers, and names of topics."""

import socket
import time
from base64 import urlsafe_b64decode
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread
from time import monotonic
from typing import Any

import pytest
from confluent_kafka import Consumer
from confluent_kafka.admin import AdminClient
from pydantic import SecretStr

from contracts import bronze
from flows.config.errors import SettingError
from flows.kafka.client import (
    BrokerUnreachableError,
    KafkaSettings,
    client_config,
    kafka_settings,
)
from flows.kafka.drain import drain
from flows.kafka.lag import lake_lag
from flows.kafka.topics import create_topics, source_name, topic_of, watermark_name
from transforms.graph import sources

SECRET = "not to be seen"


def test_client_config_without_security() -> None:
    config = client_config(KafkaSettings(bootstrap="one:9092"), group_id="readers")
    assert config == {
        "bootstrap.servers": "one:9092",
        "security.protocol": "PLAINTEXT",
        "log_level": 0,
        "group.id": "readers",
    }


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
def test_password_is_in_the_client_config_only(
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


def test_client_config_with_mutual_tls() -> None:
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
        "log_level": 0,
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


def test_msk_token_is_signed_and_expires_early(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIA0000000000000000")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    config = client_config(KafkaSettings(**MSK, region="sa-east-1"))
    assert config["sasl.mechanism"] == "OAUTHBEARER"
    token, expires = config["oauth_cb"]("")
    assert 200 < expires - time.time() <= 300
    url = urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode()
    assert url.startswith("https://kafka.sa-east-1.amazonaws.com/?Action=kafka-cluster%3AConnect")
    assert SECRET not in url


def test_msk_without_region_is_an_error() -> None:
    with pytest.raises(SettingError, match="KEYSTONE_KAFKA_REGION"):
        client_config(KafkaSettings(**MSK))


def test_client_config_without_bootstrap_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KEYSTONE_KAFKA_BOOTSTRAP", raising=False)
    with pytest.raises(SettingError, match="KEYSTONE_KAFKA_BOOTSTRAP"):
        client_config(KafkaSettings())


@pytest.mark.parametrize(
    "bootstrap", ["one:9092,two:9093", "one", "[::1]:9092", "SASL_SSL://one:9092", " one:1, two:2,"]
)
def test_bootstrap_accepts_hosts_and_ports(bootstrap: str) -> None:
    assert KafkaSettings(bootstrap=bootstrap).bootstrap == bootstrap


@pytest.mark.parametrize(
    "bootstrap",
    [
        "user:hidden@one:9092",
        "one:9092,user:hid/den@two:9092",
        "https://user:hidden@one:9092",
        "SASL_SSL://user:hidden@one:9092",
        "http://one:9092",
        "one:port",
        "one:99999",
        "one:9092/hidden",
        "one two",
        ",",
    ],
)
def test_invalid_bootstrap_is_rejected_and_not_repeated(bootstrap: str) -> None:
    with pytest.raises(SettingError, match="host:port,host:port") as refused:
        kafka_settings(bootstrap=bootstrap)
    assert "den" not in str(refused.value)
    assert ("KEYSTONE_KAFKA_PASSWORD" in str(refused.value)) == ("@" in bootstrap)


@contextmanager
def listening(*answers: bytes) -> Iterator[str]:
    """Yield the address of a server that sends the answers to each connection."""
    held = []

    def serve(listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                held.append(connection)
                for answer in answers:
                    connection.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        Thread(target=serve, args=[listener], daemon=True).start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
    for connection in held:
        connection.close()


def refused_port() -> str:
    """Return an address at which no process listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"127.0.0.1:{listener.getsockname()[1]}"


@pytest.mark.parametrize("ask", ["drain", "follow", "lag", "create_topics"])
def test_unreachable_brokers_are_named_long_before_the_timeout(
    ask: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    settings, lake = KafkaSettings(bootstrap=refused_port()), tmp_path / "lake"
    calls: dict[str, Callable[[], object]] = {
        "drain": lambda: drain(str(lake), settings),
        "follow": lambda: drain(str(lake), settings, follow=True),
        "lag": lambda: lake_lag(str(lake), settings, seconds=600),
        "create_topics": lambda: create_topics(settings, partitions=1),
    }
    began = monotonic()
    with pytest.raises(BrokerUnreachableError, match=f"{settings.bootstrap}.*Connection refused"):
        calls[ask]()
    assert monotonic() - began < 120
    assert capfd.readouterr() == ("", "")
    assert not lake.exists()


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"bootstrap": "no.such.host.invalid:9092"}, "Failed to resolve"),
        ({"security_protocol": "SSL"}, "SSL_HANDSHAKE|SSL handshake"),
        ({}, "Invalid response size|check that this is a Kafka port"),
    ],
)
def test_a_server_that_is_not_our_broker_is_reported_with_its_cause(
    settings: dict[str, Any], why: str
) -> None:
    with listening(b"HTTP/1.1 400 Bad Request\r\n\r\n") as address:
        asked = KafkaSettings(**{"bootstrap": address, **settings})
        with pytest.raises(BrokerUnreachableError, match=why):
            lake_lag("nowhere", asked, seconds=60)


def test_silent_broker_is_an_error_after_the_timeout(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    hint = "check that this is a Kafka port and that it uses PLAINTEXT"
    with (
        listening() as address,
        pytest.raises(BrokerUnreachableError, match=f"{address}.*{hint}"),
    ):
        lake_lag(str(tmp_path), KafkaSettings(bootstrap=address), seconds=2)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("name", ["RETRY_SECONDS", "PATIENCE_SECONDS"])
def test_retry_seconds_are_read_by_their_new_and_old_name(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"KEYSTONE_KAFKA_{name}", "5")
    assert KafkaSettings().retry_seconds == 5
    assert KafkaSettings(retry_seconds=7).retry_seconds == 7
    monkeypatch.setenv(f"KEYSTONE_KAFKA_{name}", "-1")
    with pytest.raises(SettingError, match=r"^KEYSTONE_KAFKA_RETRY_SECONDS: Input should be"):
        KafkaSettings()


def test_topics_are_plain_or_of_debezium(monkeypatch: pytest.MonkeyPatch) -> None:
    assert KafkaSettings().topics_format == "plain"
    monkeypatch.setenv("KEYSTONE_KAFKA_TOPICS_FORMAT", "debezium")
    assert KafkaSettings().topics_format == "debezium"
    monkeypatch.setenv("KEYSTONE_KAFKA_TOPICS_FORMAT", "avro")
    with pytest.raises(SettingError, match=r"^KEYSTONE_KAFKA_TOPICS_FORMAT: Input should be"):
        KafkaSettings()


def test_batch_rows_of_zero_is_an_error() -> None:
    with pytest.raises(SettingError, match="KEYSTONE_KAFKA_BATCH_ROWS: Input should be"):
        KafkaSettings(batch_rows=0)


def test_topic_is_named_after_its_source() -> None:
    settings = KafkaSettings(prefix="shop.")
    assert topic_of(settings, bronze.OrderItems) == "shop.order_items"
    assert watermark_name("shop.order_items", 2) == "kafka/shop.order_items/2"


def test_source_name_ends_with_the_topic_id() -> None:
    assert source_name("shop.orders", 2, None) == "kafka/shop.orders/2"
    assert source_name("shop.orders", 2, 10) == "kafka/shop.orders/2/000000000000000a"
    assert source_name("shop.orders", 2, -1) == "kafka/shop.orders/2/ffffffffffffffff"


def test_create_topics_twice_changes_nothing(settings: KafkaSettings, mock_kafka: str) -> None:
    create_topics(settings, partitions=4)
    create_topics(settings, partitions=4)
    there = AdminClient({"bootstrap.servers": mock_kafka}).list_topics(timeout=10).topics
    assert {name: len(topic.partitions) for name, topic in there.items()} == {
        topic_of(settings, contract): 4 for contract in sources()
    }

"""TLS, SCRAM and mutual TLS with a real Kafka."""

import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # exported, but not typed so
    AdminClient,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)
from pydantic import SecretStr

from flows.kafka.client import BrokerUnreachableError, KafkaSettings, client_config
from flows.kafka.drain import drain
from flows.kafka.event_spool import Event
from flows.kafka.lag import lake_lag
from flows.kafka.producer import deliver
from flows.kafka.topics import create_topics
from tests.support.kafka import broker as brokers
from tests.support.kafka.broker import Broker

HIDDEN = "not to be seen"
STORE = "opens the store"

LISTENERS = """
listener.security.protocol.map=\
PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SSL:SSL,SASL_SSL:SASL_SSL
sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config=\
org.apache.kafka.common.security.scram.ScramLoginModule required;
ssl.keystore.type=PKCS12
ssl.keystore.location=STORE_FILE
ssl.keystore.password=STORE_PASSWORD
ssl.truststore.type=PKCS12
ssl.truststore.location=TRUST_FILE
ssl.truststore.password=STORE_PASSWORD
listener.name.ssl.ssl.client.auth=required
"""


@pytest.fixture(scope="module")
def secured(
    real_kafka: Broker,  # noqa: ARG001 - skips the tests if no broker can run
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[dict[str, Any]]:
    """A broker: its addresses for SCRAM and for mutual TLS, and the folder of the client files."""
    folder = tmp_path_factory.mktemp("secured")
    certificates(folder)
    with socket.socket() as one, socket.socket() as two:
        one.bind(("127.0.0.1", 0))
        two.bind(("127.0.0.1", 0))
        scram, mutual = (f"127.0.0.1:{s.getsockname()[1]}" for s in (one, two))
    plain = "PLAINTEXT://127.0.0.1:{port}"
    more = LISTENERS.replace("STORE_FILE", f"{folder}/store.p12")
    more = more.replace("TRUST_FILE", f"{folder}/trust.p12").replace("STORE_PASSWORD", STORE)
    with pytest.MonkeyPatch.context() as patch:
        properties = brokers.PROPERTIES
        with_doors = f"{plain},SASL_SSL://{scram},SSL://{mutual}"
        patch.setattr(brokers, "PROPERTIES", properties.replace(plain, with_doors) + more)
        with brokers.kafka(folder / "kafka") as broker:
            let_in(broker.bootstrap)
            yield {"scram": scram, "mutual": mutual, "folder": folder}


def certificates(folder: Path) -> None:
    """Create a certificate for broker and client, in the file formats that each needs."""
    store, trust = (
        ["-keystore", f"{name}.p12", "-storetype", "PKCS12", "-storepass", STORE]
        for name in ("store", "trust")
    )
    us = ["-alias", "us", "-keyalg", "RSA", "-validity", "2", "-dname", "CN=keystone"]
    key = ["-passin", f"pass:{STORE}", "-nocerts", "-passout", f"pass:{HIDDEN}", "-out", "us.key"]
    for command in (
        ["keytool", "-genkeypair", *store, *us, "-ext", "san=ip:127.0.0.1"],
        ["keytool", "-exportcert", "-rfc", *store, "-alias", "us", "-file", "us.pem"],
        ["keytool", "-importcert", "-noprompt", *trust, "-alias", "us", "-file", "us.pem"],
        ["openssl", "pkcs12", "-in", "store.p12", *key],
    ):
        subprocess.run(command, cwd=folder, check=True, capture_output=True)


def let_in(bootstrap: str) -> None:
    """Create the user `keystone` with its password."""
    info = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096)
    user = UserScramCredentialUpsertion("keystone", info, HIDDEN.encode())
    admin = AdminClient({"bootstrap.servers": bootstrap})
    admin.alter_user_scram_credentials([user])["keystone"].result()


@pytest.fixture(params=["scram", "mutual"])
def settings(
    secured: dict[str, Any], request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> KafkaSettings:
    """The settings, read from the environment."""
    folder = secured["folder"]
    values = {
        "scram": {
            "security_protocol": "SASL_SSL",
            "sasl_mechanism": "SCRAM-SHA-512",
            "username": "keystone",
            "password": HIDDEN,
        },
        "mutual": {
            "security_protocol": "SSL",
            "certificate_location": f"{folder}/us.pem",
            "key_location": f"{folder}/us.key",
            "key_password": HIDDEN,
        },
    }[request.param]
    values |= {"bootstrap": secured[request.param], "ca_location": f"{folder}/us.pem"}
    for name, value in values.items():
        monkeypatch.setenv(f"KEYSTONE_KAFKA_{name.upper()}", value)
    return KafkaSettings(prefix=f"{request.param}.", group=request.param, batch_seconds=0.2)


def test_messages_pass_through_a_secured_broker(lake: str, settings: KafkaSettings) -> None:
    create_topics(settings, partitions=1)
    sent = [Event("orders", f"{number}", "{}", 0) for number in range(5)]
    topic = f"{settings.prefix}orders"
    assert deliver(client_config(settings), settings.prefix, sent) == {topic: 5}
    assert [each.rows for each in drain(lake, settings)] == [5]
    assert {each.count for each in lake_lag(lake, settings)} == {0}


def test_wrong_password_is_an_error_without_secrets(secured: dict[str, Any], lake: str) -> None:
    settings = KafkaSettings(
        bootstrap=secured["scram"],
        security_protocol="SASL_SSL",
        sasl_mechanism="SCRAM-SHA-512",
        username="keystone",
        password=SecretStr("wrong, and hidden"),
        ca_location=str(secured["folder"] / "us.pem"),
    )
    with pytest.raises(BrokerUnreachableError, match="uthentication") as caught:
        lake_lag(lake, settings, seconds=60)
    assert "hidden" not in f"{caught.value} {caught.value.__cause__}"
    began = monotonic()
    with pytest.raises(BrokerUnreachableError, match="uthentication"):
        drain(lake, settings, follow=True, max_seconds=60)
    assert monotonic() - began < 30


def test_untrusted_broker_certificate_is_an_error(secured: dict[str, Any], lake: str) -> None:
    settings = KafkaSettings(bootstrap=secured["mutual"], security_protocol="SSL")
    with pytest.raises(BrokerUnreachableError, match="certificate"):
        lake_lag(lake, settings, seconds=60)


def test_plaintext_to_a_tls_port_is_an_error_within_seconds(
    secured: dict[str, Any], lake: str
) -> None:
    settings = KafkaSettings(bootstrap=secured["mutual"])
    with pytest.raises(BrokerUnreachableError, match=f"{settings.bootstrap} does not answer"):
        lake_lag(lake, settings, seconds=3)

"""Secrets in Prefect blocks, on a real Prefect server and a simulated AWS."""

import asyncio
from typing import Any

import boto3
import pytest
from prefect.blocks.system import Secret
from prefect_aws import AwsClientParameters, AwsCredentials, AwsSecret
from pydantic import SecretStr

from flows.config.errors import SettingError
from flows.config.secrets import reveal
from flows.kafka.client import KafkaSettings, client_config

HIDDEN = "not to be seen"
SCRAM: Any = {
    "bootstrap": "one:9096",
    "security_protocol": "SASL_SSL",
    "sasl_mechanism": "SCRAM-SHA-512",
    "username": "keystone",
}


def test_a_plain_value_is_returned_as_the_secret() -> None:
    assert reveal(SecretStr(HIDDEN), "password") == HIDDEN


@pytest.mark.usefixtures("prefect_server")
@pytest.mark.parametrize(
    ("stored", "secret"),
    [(HIDDEN, HIDDEN), ("0123", "0123"), ({"username": "x", "password": HIDDEN}, HIDDEN)],
)
def test_a_setting_can_name_a_prefect_block(
    monkeypatch: pytest.MonkeyPatch, stored: Any, secret: str
) -> None:
    Secret(value=stored).save("kafka", overwrite=True)
    monkeypatch.setenv("KEYSTONE_KAFKA_PASSWORD", "block:secret/kafka")
    settings = KafkaSettings(**SCRAM)
    assert client_config(settings)["sasl.password"] == secret
    assert HIDDEN not in f"{settings!r} {settings.model_dump()}"


@pytest.mark.usefixtures("prefect_server")
@pytest.mark.parametrize("stored", [HIDDEN, f'{{"username": "keystone", "password": "{HIDDEN}"}}'])
def test_a_block_can_refer_to_aws_secrets_manager(aws_account: str, stored: str) -> None:
    access = AwsCredentials(
        aws_access_key_id="any",
        aws_secret_access_key=SecretStr("any"),
        region_name="sa-east-1",
        aws_client_parameters=AwsClientParameters(endpoint_url=aws_account),
    )
    boto3.client(
        "secretsmanager",
        endpoint_url=aws_account,
        region_name="sa-east-1",
        aws_access_key_id="any",
        aws_secret_access_key="any",
    ).create_secret(Name="AmazonMSK_keystone", SecretString=stored)
    AwsSecret(aws_credentials=access, secret_name="AmazonMSK_keystone").save(
        "kafka", overwrite=True
    )
    assert reveal(SecretStr("block:aws-secret/kafka"), "password") == HIDDEN


@pytest.mark.usefixtures("prefect_server")
def test_a_block_is_read_inside_an_event_loop() -> None:
    Secret(value=SecretStr(HIDDEN)).save("kafka", overwrite=True)

    async def notebook() -> str:
        return reveal(SecretStr("block:secret/kafka"), "password")

    assert asyncio.run(notebook()) == HIDDEN


@pytest.mark.usefixtures("prefect_server")
def test_an_unusable_block_is_named_without_its_secret() -> None:
    stored: Any = {"key": HIDDEN}
    Secret(value=stored).save("other", overwrite=True)
    AwsCredentials(aws_secret_access_key=SecretStr(HIDDEN)).save("kafka", overwrite=True)
    for name, problem in {
        "secret/absent": r"secret/absent cannot be read: .*absent",
        "secret/other": r"secret/other has no `password`",
        "aws-credentials/kafka": r"aws-credentials/kafka cannot be read: it is neither",
        "nonsense": r"nonsense cannot be read",
    }.items():
        with pytest.raises(SettingError, match=problem) as caught:
            reveal(SecretStr(f"block:{name}"), "password")
        assert HIDDEN not in str(caught.value)
        assert caught.value.__suppress_context__  # a log shows the chain

"""Credentials for S3: from AWS's own chain, or from a Prefect block."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from prefect_aws import AwsClientParameters, AwsCredentials, S3Bucket
from pydantic import SecretStr

from contracts import bronze
from contracts.gold.dim_date import DimDate
from flows import delta
from flows.aws.glue_catalog import register_tables
from flows.aws.glue_registry import register_schemas
from flows.config.errors import SettingError
from flows.config.settings import resolve_location
from flows.storage import s3
from flows.storage.filesystem import check_access
from tests.support.aws import REGION
from tests.support.s3.server import BEST, KEYS, clear_configuration, make_bucket


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[pytest.MonkeyPatch]:
    """An environment in which AWS's chain finds no credentials."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    clear_configuration()
    yield monkeypatch
    clear_configuration()


def saved(address: str, region: str) -> AwsCredentials:
    """Save a Prefect block named `shop` with credentials for an address."""
    credentials = AwsCredentials(
        aws_access_key_id=KEYS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=SecretStr(KEYS["AWS_SECRET_ACCESS_KEY"]),
        region_name=region,
        aws_client_parameters=AwsClientParameters(endpoint_url=address),
    )
    credentials.save("shop", overwrite=True)
    return credentials


@pytest.mark.usefixtures("nobody")
def test_missing_credentials_are_reported_with_a_remedy() -> None:
    with pytest.raises(SettingError, match="no AWS credentials were found: set AWS_PROFILE"):
        check_access("s3://lake/x")


def test_an_endpoint_with_a_password_is_rejected_and_masked(
    nobody: pytest.MonkeyPatch,
) -> None:
    for name, value in {**KEYS, "AWS_ENDPOINT_URL": "http://user:SECRET@localhost:1"}.items():
        nobody.setenv(name, value)
    with pytest.raises(SettingError, match=r"http://\*\*\*@localhost:1: ") as caught:
        check_access("s3://lake/x")
    assert "SECRET" not in str(caught.value)


def test_a_profile_sets_credentials_and_region(nobody: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "credentials").write_text(
        "[shop]\naws_access_key_id = me\naws_secret_access_key = made-up\n"
        "aws_session_token = for-an-hour\n"
    )
    (tmp_path / "config").write_text("[profile shop]\nregion = sa-east-1\n")
    nobody.setenv("AWS_PROFILE", "shop")
    options = s3.delta_options()
    found = {name: options[name] for name in options if name.startswith("aws_")}
    assert found == {
        "aws_access_key_id": "me",
        "aws_secret_access_key": "made-up",
        "aws_session_token": "for-an-hour",
        "aws_region": "sa-east-1",
        "aws_conditional_put": "etag",
    }
    nobody.setenv("AWS_PROFILE", "nobody's")
    clear_configuration()
    with pytest.raises(SettingError, match=r"The config profile \(nobody's\) could not be"):
        check_access("s3://lake/x")


@pytest.mark.parametrize("name", ["AWS_REGION", "AWS_DEFAULT_REGION"])
def test_the_environment_sets_the_region(nobody: pytest.MonkeyPatch, name: str) -> None:
    nobody.setenv("AWS_ACCESS_KEY_ID", "me")
    nobody.setenv("AWS_SECRET_ACCESS_KEY", "made-up")
    nobody.setenv(name, "sa-east-1")
    assert s3.delta_options()["aws_region"] == "sa-east-1"


@pytest.mark.usefixtures("prefect_server")
@pytest.mark.parametrize("s3_server", [BEST], indirect=True)
@pytest.mark.parametrize("block", ["aws-credentials/shop", "s3-bucket/shop"])
def test_a_prefect_block_sets_credentials_and_endpoint(
    nobody: pytest.MonkeyPatch, s3_server: str, block: str
) -> None:
    credentials = saved(s3_server, "us-east-1")
    S3Bucket(bucket_name="lake", credentials=credentials).save("shop", overwrite=True)
    nobody.setenv("KEYSTONE_AWS_BLOCK", block)
    lake = f"s3://lake/{block}"
    check_access(lake)
    assert delta.rows(delta.open_table(lake, bronze.Orders)) == 0


@pytest.mark.usefixtures("prefect_server")
def test_a_prefect_block_gives_access_to_catalog_and_registry(
    aws_account: str, nobody: pytest.MonkeyPatch
) -> None:
    make_bucket(aws_account)
    glue = saved(aws_account, REGION).get_client("glue")
    glue.create_database(DatabaseInput={"Name": "keystone"})
    glue.create_registry(RegistryName="keystone")
    nobody.setenv("KEYSTONE_AWS_BLOCK", "aws-credentials/shop")
    delta.open_table("s3://lake/x", DimDate)
    assert [each["table"] for each in register_tables("s3://lake/x", "keystone")] == [
        "keystone.dim_date"
    ]
    assert register_schemas("keystone", {"olist.orders": bronze.Orders}) == {"olist.orders": 1}


@pytest.mark.usefixtures("nobody")
def test_missing_credentials_for_the_registry_are_reported() -> None:
    with pytest.raises(SettingError, match="no AWS credentials were found"):
        register_schemas("keystone", {})


@pytest.mark.usefixtures("prefect_server")
def test_a_missing_block_is_named(nobody: pytest.MonkeyPatch) -> None:
    nobody.setenv("KEYSTONE_AWS_BLOCK", "aws-credentials/absent")
    with pytest.raises(SettingError, match=r"aws-credentials/absent of KEYSTONE_AWS_BLOCK"):
        check_access("s3://lake/x")


@pytest.mark.parametrize(
    "location", ["gs://lake/x", "s3:///x", "s3://lake/a b", "s3://lake/a?b", "s3://lake/env=prod"]
)
def test_an_invalid_location_is_rejected(location: str) -> None:
    with pytest.raises(SettingError):
        resolve_location("lake", location)

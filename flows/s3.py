"""S3: who we are there, where it is, how long we wait, and what went wrong in one line.

The tables are read and written by Rust (deltalake, Polars), files of the landing zone by boto3. All
of them are told the same, and by boto3: it knows the usual chain of AWS (environment, profile,
container or instance role), and `AWS_ENDPOINT_URL` for an S3 that is not Amazon's.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

from pydantic_settings import BaseSettings, SettingsConfigDict

from flows.settings import MissingSettingError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

SCHEME = "s3://"


class S3Settings(BaseSettings):
    """What is ours to say of S3; the rest is AWS's: AWS_PROFILE, AWS_REGION, AWS_ENDPOINT_URL."""

    model_config = SettingsConfigDict(env_prefix="KEYSTONE_")

    aws_block: str = ""
    """A Prefect block to take the credentials from: `aws-credentials/prod`, `s3-bucket/lake`."""
    s3_seconds: float = 20
    """How long a request may take; what fails is tried again for twice as long."""


@cache
def client() -> "S3Client":
    """Return the client that all files of S3 go through; threads may share it.

    Raises:
        MissingSettingError: there are no credentials, or the block that has them cannot be read.
    """
    from botocore.config import Config  # type: ignore[import-untyped]  # noqa: PLC0415

    (session, endpoint), seconds = _session(), S3Settings().s3_seconds
    patience = Config(
        connect_timeout=min(_CONNECT, seconds),
        read_timeout=seconds,
        retries={"mode": "standard", "total_max_attempts": 4},
    )
    region = session.region_name or _REGION
    return session.client("s3", endpoint_url=endpoint, region_name=region, config=patience)  # type: ignore[no-any-return]


def delta_options() -> dict[str, str]:
    """Return what deltalake needs to know; ask again for each handle, for credentials expire."""
    where, seconds = client().meta, S3Settings().s3_seconds
    with speaking_of("AWS"):
        who = _session()[0].get_credentials().get_frozen_credentials()
    options = {
        "aws_access_key_id": who.access_key,
        "aws_secret_access_key": who.secret_key,
        "aws_region": where.region_name,
        "aws_conditional_put": "etag",  # of two writers of a version, one is told that he is late
        "connect_timeout": f"{min(_CONNECT, seconds)}s",
        "timeout": f"{seconds}s",
        "retry_timeout": f"{2 * seconds}s",
    }
    if who.token:
        options["aws_session_token"] = who.token
    if ".amazonaws.com" not in where.endpoint_url:
        options["aws_endpoint_url"] = where.endpoint_url
        options["aws_allow_http"] = "true"
    return options


def polars_options() -> dict[str, Any]:
    """Return the same for Polars, which wants numbers where deltalake wants words."""
    seconds = S3Settings().s3_seconds
    return {**delta_options(), "max_retries": 10, "retry_timeout_ms": int(2000 * seconds)}


def bucket_and_key(uri: str) -> tuple[str, str]:
    """Return the two parts of a URI; the key has no slash at its ends."""
    bucket, _, key = uri.removeprefix(SCHEME).partition("/")
    return bucket, key.strip("/")


@contextmanager
def speaking_of(uri: str) -> Iterator[None]:
    """Make one line of what boto3 raises.

    Raises:
        FileNotFoundError: there is no such bucket or object.
        FileExistsError: the condition of the request is not met.
        PermissionError: S3 does not let us.
        OSError: anything else; it can pass.
    """
    from boto3.exceptions import Boto3Error  # type: ignore[import-untyped]  # noqa: PLC0415
    from botocore.exceptions import (  # type: ignore[import-untyped]  # noqa: PLC0415
        BotoCoreError,
        ClientError,
    )

    try:
        yield
    except ClientError as error:
        told = error.response["Error"]
        kind = _KINDS.get(error.response["ResponseMetadata"]["HTTPStatusCode"], OSError)
        message = f"{uri}: S3 says {told.get('Code')}: {told.get('Message')}"
        raise kind(message) from error
    except (BotoCoreError, Boto3Error) as error:
        message = f"{uri}: S3 does not answer: {error}"
        raise OSError(message) from error
    except (KeyError, ValueError) as error:  # a head that is cut off is no error to boto3
        message = f"{uri}: the answer of S3 was cut off: {error!r}"
        raise OSError(message) from error


_CONNECT = 5.0  # seconds
_REGION = "us-east-1"  # what those who have but one region call it
_KINDS: dict[int, type[OSError]] = {
    401: PermissionError,
    403: PermissionError,
    404: FileNotFoundError,
    412: FileExistsError,
}


@cache
def _session() -> tuple[Any, str | None]:
    """Return the session of boto3 that knows our credentials, and an endpoint that came with it."""
    import boto3  # type: ignore[import-untyped]  # noqa: PLC0415 - who has a folder need not wait
    from botocore.exceptions import ProfileNotFound  # noqa: PLC0415

    name = S3Settings().aws_block
    try:
        session, endpoint = _from_block(name) if name else (boto3.Session(), None)
    except ProfileNotFound as error:
        raise MissingSettingError(str(error)) from error
    if session.get_credentials() is None:
        message = (
            "no AWS credentials were found: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and "
            "AWS_SECRET_ACCESS_KEY, or name a Prefect block in KEYSTONE_AWS_BLOCK"
        )
        raise MissingSettingError(message)
    return session, endpoint


def _from_block(name: str) -> tuple[Any, str | None]:
    from prefect.blocks.core import Block  # noqa: PLC0415 - it takes a second to import
    from prefect_aws import S3Bucket  # type: ignore[import-untyped]  # noqa: PLC0415

    try:
        block: Any = Block.load(name)
        credentials = block.credentials if isinstance(block, S3Bucket) else block
        return credentials.get_boto3_session(), credentials.aws_client_parameters.endpoint_url
    except Exception as error:
        message = f"the Prefect block {name} of KEYSTONE_AWS_BLOCK cannot be read: {error}"
        raise MissingSettingError(message) from error

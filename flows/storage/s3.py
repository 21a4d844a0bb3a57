"""S3: who we are at AWS, where it is, how long we wait, and what went wrong in one line.

The tables are read and written by Rust (deltalake, Polars), files of the landing zone by s3fs. All
of them are told the same, and by boto3: it knows the usual chain of AWS (environment, profile,
container or instance role), and `AWS_ENDPOINT_URL` for an S3 that is not Amazon's.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from flows.config.errors import SettingError
from flows.config.secrets import load_block
from flows.config.settings import Environment, check_no_secret

if TYPE_CHECKING:
    from botocore.credentials import ReadOnlyCredentials
    from s3fs import S3FileSystem

SCHEME = "s3://"


class S3Settings(Environment):
    """What is ours to say of S3; the rest is AWS's: AWS_PROFILE, AWS_REGION, AWS_ENDPOINT_URL."""

    model_config = SettingsConfigDict(env_prefix="KEYSTONE_")

    aws_block: str = ""
    """A Prefect block to take the credentials from: `aws-credentials/prod`, `s3-bucket/lake`."""
    s3_seconds: float = Field(default=20, gt=0, le=3600)
    """How long a request may take; what fails is tried again for twice as long."""


def connect(seconds: float = 10, tries: int = 3) -> "S3FileSystem":
    """Return what all files of S3 go through; ask again each time, for credentials expire.

    Args:
        seconds: how long to wait for the next byte; never longer than for a whole request.
        tries: how often it is made before it has failed.

    Raises:
        SettingError: there are no credentials, or the block that has them cannot be read.
    """
    wait = min(seconds, S3Settings().s3_seconds)
    return _connect(_credentials(), *_where(), wait, tries)


def delta_options() -> dict[str, str]:
    """Return what deltalake needs to know; ask again for each handle, for credentials expire."""
    who, (region, endpoint), seconds = _credentials(), _where(), S3Settings().s3_seconds
    options = {
        "aws_access_key_id": who.access_key,
        "aws_secret_access_key": who.secret_key,
        "aws_region": region,
        "aws_conditional_put": "etag",  # of two writers of a version, one is told that he is late
        "connect_timeout": f"{min(_CONNECT, seconds)}s",
        "timeout": f"{seconds}s",
        "retry_timeout": f"{2 * seconds}s",
    }
    if who.token:
        options["aws_session_token"] = who.token
    if endpoint:
        options["aws_endpoint_url"] = endpoint
        options["aws_allow_http"] = "true"
    return options


def polars_options() -> dict[str, Any]:
    """Return the same for Polars, which wants numbers where deltalake wants words."""
    seconds = S3Settings().s3_seconds
    return {**delta_options(), "max_retries": 10, "retry_timeout_ms": int(2000 * seconds)}


def client(service: str) -> Any:
    """Return a client of boto3 for another service of AWS, where we are who we are on S3.

    Raises:
        SettingError: there are no credentials, or the block that has them cannot be read.
        botocore.exceptions.NoRegionError: neither the environment nor the block says which region.
    """
    session, endpoint = _session()
    return session.client(service, endpoint_url=endpoint)


def bucket_and_key(uri: str) -> tuple[str, str]:
    """Return the two parts of a URI; the key has no slash at its ends."""
    bucket, _, key = uri.removeprefix(SCHEME).partition("/")
    return bucket, key.strip("/")


@contextmanager
def translate_errors(uri: str) -> Iterator[None]:
    """Make one line of what s3fs raises.

    Raises:
        FileNotFoundError: there is no such bucket or object.
        FileExistsError: the condition of the request is not met.
        PermissionError: S3 does not let us.
        OSError: anything else; it can pass.
    """
    try:
        yield
    except Exception as error:
        if told := _told(uri, error):
            raise told from error
        raise


_CONNECT = 5.0  # seconds
_REGION = "us-east-1"  # what those who have but one region call it
_KINDS: dict[int, type[OSError]] = {
    401: PermissionError,
    403: PermissionError,
    404: FileNotFoundError,
    412: FileExistsError,
}


def _told(uri: str, error: Exception) -> OSError | None:
    from aiohttp import ClientError as BrokenOff
    from botocore.exceptions import BotoCoreError, ClientError

    # s3fs makes other errors of those that S3 tells, and not all of them say what it was.
    said = error if isinstance(error, ClientError) else error.__cause__
    if isinstance(said, ClientError):
        kind = _KINDS.get(said.response["ResponseMetadata"]["HTTPStatusCode"], OSError)
        told = said.response["Error"]
        return kind(f"{uri}: S3 says {told.get('Code')}: {told.get('Message')}")
    if isinstance(error, FileNotFoundError) and error.errno is None:
        return FileNotFoundError(f"{uri}: there is no such object")
    if isinstance(error, BotoCoreError | BrokenOff | TimeoutError):
        return OSError(f"{uri}: S3 does not answer: {error}")
    return None


@lru_cache(maxsize=4)
def _connect(
    who: "ReadOnlyCredentials", region: str, endpoint: str | None, seconds: float, tries: int
) -> "S3FileSystem":
    from s3fs import S3FileSystem

    connected = S3FileSystem(
        key=who.access_key,
        secret=who.secret_key,
        token=who.token,
        endpoint_url=endpoint,
        client_kwargs={"region_name": region},
        config_kwargs={
            "connect_timeout": min(_CONNECT, seconds),
            "read_timeout": seconds,
            "retries": {"mode": "standard", "total_max_attempts": tries},
        },
        use_listings_cache=False,
        skip_instance_cache=True,  # it would keep one for each thread, for ever
    )
    connected.retries = 1  # botocore tries again already, and knows what for
    return connected


def _credentials() -> "ReadOnlyCredentials":
    with translate_errors("AWS"):
        return _session()[0].get_credentials().get_frozen_credentials()


@cache
def _where() -> tuple[str, str | None]:
    """Return the region, and the address of an S3 that is not Amazon's."""
    session, endpoint = _session()
    region = session.region_name or _REGION
    address = session.client("s3", endpoint_url=endpoint, region_name=region).meta.endpoint_url
    check_no_secret("AWS_ENDPOINT_URL", address)  # whose errors would show it
    return region, None if ".amazonaws.com" in address else address


@cache
def _session() -> tuple[Any, str | None]:
    """Return the session of boto3 that knows our credentials, and an endpoint that came with it."""
    import boto3
    from botocore.exceptions import ProfileNotFound

    name = S3Settings().aws_block
    try:
        own = boto3.Session(region_name=os.environ.get("AWS_REGION"))  # which boto3 leaves out
        session, endpoint = _from_block(name) if name else (own, None)
    except ProfileNotFound as error:
        raise SettingError(str(error)) from error
    if session.get_credentials() is None:
        message = (
            "no AWS credentials were found: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and "
            "AWS_SECRET_ACCESS_KEY, or name a Prefect block in KEYSTONE_AWS_BLOCK"
        )
        raise SettingError(message)
    return session, endpoint


def _from_block(name: str) -> tuple[Any, str | None]:
    from prefect_aws import S3Bucket

    if "/" not in name:
        message = f"{name}: KEYSTONE_AWS_BLOCK names a block as TYPE/NAME, such as s3-bucket/lake"
        raise SettingError(message)
    try:
        block = load_block(name)
        credentials = block.credentials if isinstance(block, S3Bucket) else block
        return credentials.get_boto3_session(), credentials.aws_client_parameters.endpoint_url
    except Exception as error:  # noqa: BLE001 - a block may raise anything, and the chain would show its secret
        message = f"the Prefect block {name} of KEYSTONE_AWS_BLOCK cannot be read: {error}"
        raise SettingError(message) from None

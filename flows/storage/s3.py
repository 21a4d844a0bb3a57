"""S3: credentials, endpoint, timeouts, and errors as one line.

Rust libraries (deltalake, Polars) read and write the tables, s3fs the files of the landing zone.
All of them get the same configuration from boto3: it resolves credentials as AWS defines
(environment, profile, container or instance role), and reads `AWS_ENDPOINT_URL` for an S3 that is
not Amazon's.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from flows.config.errors import SettingError
from flows.config.extras import require
from flows.config.secrets import load_block
from flows.config.settings import Environment, check_no_secret

if TYPE_CHECKING:
    from botocore.credentials import ReadOnlyCredentials
    from s3fs import S3FileSystem

SCHEME = "s3://"


class S3Settings(Environment):
    """Settings for S3 in addition to those of AWS: AWS_PROFILE, AWS_REGION, AWS_ENDPOINT_URL."""

    model_config = SettingsConfigDict(env_prefix="KEYSTONE_")

    aws_block: str = ""
    """A Prefect block with the credentials: `aws-credentials/prod`, `s3-bucket/lake`."""
    s3_seconds: float = Field(default=20, gt=0, le=3600)
    """Timeout of a request in seconds; a failed request is retried for twice as long."""


def connect(seconds: float = 10, tries: int = 3) -> "S3FileSystem":
    """Return a file system for S3; call this for each use, because credentials expire.

    Args:
        seconds: timeout for the next byte; at most that of a whole request.
        tries: number of attempts of a request.

    Raises:
        SettingError: there are no credentials, or their block cannot be read.
        MissingPackageError: the packages for AWS are not installed.
    """
    wait = min(seconds, S3Settings().s3_seconds)
    return _connect(_credentials(), *_region_and_endpoint(), wait, tries)


def delta_options() -> dict[str, str]:
    """Return the options for deltalake; call this for each handle, because credentials expire."""
    credentials, seconds = _credentials(), S3Settings().s3_seconds
    region, endpoint = _region_and_endpoint()
    options = {
        "aws_access_key_id": credentials.access_key,
        "aws_secret_access_key": credentials.secret_key,
        "aws_region": region,
        "aws_conditional_put": "etag",  # the second of two writers of a version fails
        "connect_timeout": f"{min(_CONNECT_SECONDS, seconds)}s",
        "timeout": f"{seconds}s",
        "retry_timeout": f"{2 * seconds}s",
    }
    if credentials.token:
        options["aws_session_token"] = credentials.token
    if endpoint:
        options["aws_endpoint_url"] = endpoint
        options["aws_allow_http"] = "true"
    return options


def polars_options() -> dict[str, Any]:
    """Return the options for Polars: those for deltalake, and retries as numbers."""
    seconds = S3Settings().s3_seconds
    return {**delta_options(), "max_retries": 10, "retry_timeout_ms": int(2000 * seconds)}


def client(service: str) -> Any:
    """Return a boto3 client for another AWS service, with the same credentials as for S3.

    Raises:
        SettingError: there are no credentials, or their block cannot be read.
        botocore.exceptions.NoRegionError: neither the environment nor the block sets a region.
    """
    session, endpoint = _session()
    return session.client(service, endpoint_url=endpoint)


def bucket_and_key(uri: str) -> tuple[str, str]:
    """Return the bucket and the key of a URI; the key has no slash at its ends."""
    bucket, _, key = uri.removeprefix(SCHEME).partition("/")
    return bucket, key.strip("/")


@contextmanager
def translate_errors(uri: str) -> Iterator[None]:
    """Translate errors of s3fs into one line each.

    Raises:
        FileNotFoundError: there is no such bucket or object.
        FileExistsError: the condition of the request is not met.
        PermissionError: S3 denies access.
        OSError: any other error; it may be transient.
    """
    try:
        yield
    except Exception as error:
        if translated := _translate(uri, error):
            raise translated from error
        raise


_CONNECT_SECONDS = 5.0
_REGION = "us-east-1"  # the default of S3 servers that have only one region
_KINDS: dict[int, type[OSError]] = {
    401: PermissionError,
    403: PermissionError,
    404: FileNotFoundError,
    412: FileExistsError,
}


def _translate(uri: str, error: Exception) -> OSError | None:
    try:
        from aiohttp import ClientError as ConnectionLost
        from botocore.exceptions import BotoCoreError, ClientError
    except ModuleNotFoundError:  # then no request was made
        return None
    # s3fs wraps the errors of S3, and drops the details of some.
    original = error if isinstance(error, ClientError) else error.__cause__
    if isinstance(original, ClientError):
        kind = _KINDS.get(original.response["ResponseMetadata"]["HTTPStatusCode"], OSError)
        details = original.response["Error"]
        return kind(f"{uri}: S3 says {details.get('Code')}: {details.get('Message')}")
    if isinstance(error, FileNotFoundError) and error.errno is None:
        return FileNotFoundError(f"{uri}: there is no such object")
    if isinstance(error, BotoCoreError | ConnectionLost | TimeoutError):
        return OSError(f"{uri}: S3 does not answer: {error}")
    return None


@lru_cache(maxsize=4)
def _connect(
    credentials: "ReadOnlyCredentials",
    region: str,
    endpoint: str | None,
    seconds: float,
    tries: int,
) -> "S3FileSystem":
    require("s3fs", "files on S3 are read and written")
    from s3fs import S3FileSystem

    connected = S3FileSystem(
        key=credentials.access_key,
        secret=credentials.secret_key,
        token=credentials.token,
        endpoint_url=endpoint,
        client_kwargs={"region_name": region},
        config_kwargs={
            "connect_timeout": min(_CONNECT_SECONDS, seconds),
            "read_timeout": seconds,
            "retries": {"mode": "standard", "total_max_attempts": tries},
        },
        use_listings_cache=False,
        skip_instance_cache=True,  # fsspec would cache one instance per thread, for ever
    )
    connected.retries = 1  # botocore already retries, and knows which errors are transient
    return connected


def _credentials() -> "ReadOnlyCredentials":
    with translate_errors("AWS"):
        return _session()[0].get_credentials().get_frozen_credentials()


@cache
def _region_and_endpoint() -> tuple[str, str | None]:
    """Return the region, and the endpoint if the S3 is not Amazon's."""
    session, endpoint = _session()
    region = session.region_name or _REGION
    address = session.client("s3", endpoint_url=endpoint, region_name=region).meta.endpoint_url
    check_no_secret("AWS_ENDPOINT_URL", address)  # errors would show it
    return region, None if ".amazonaws.com" in address else address


@cache
def _session() -> tuple[Any, str | None]:
    """Return the boto3 session with our credentials, and the endpoint that the block defines."""
    require("boto3", "S3 and Glue are reached")
    import boto3
    from botocore.exceptions import ProfileNotFound

    name = S3Settings().aws_block
    try:
        own = boto3.Session(region_name=os.environ.get("AWS_REGION"))  # boto3 ignores it
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
    require("prefect_aws", "KEYSTONE_AWS_BLOCK is read")
    from prefect_aws import S3Bucket

    if "/" not in name:
        message = (
            f"{name}: KEYSTONE_AWS_BLOCK must name a block as TYPE/NAME, such as s3-bucket/lake"
        )
        raise SettingError(message)
    try:
        block = load_block(name)
        credentials = block.credentials if isinstance(block, S3Bucket) else block
        return credentials.get_boto3_session(), credentials.aws_client_parameters.endpoint_url
    except Exception as error:  # noqa: BLE001 - a block may raise anything, and its traceback would show the secret
        message = f"the Prefect block {name} of KEYSTONE_AWS_BLOCK cannot be read: {error}"
        raise SettingError(message) from None

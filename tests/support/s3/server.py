"""S3 servers for tests, each in its own process on loopback.

moto's server is always available. versitygw is a small gateway to a folder that is meant for
production; `make .s3` builds it if Go is installed.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3

from flows.storage import s3
from tests.support.aws import moto
from tests.support.process import free_port, process
from tests.support.project import ROOT

VERSITYGW = ROOT / ".s3" / "versitygw"
KEYS = {"AWS_ACCESS_KEY_ID": "keystone", "AWS_SECRET_ACCESS_KEY": "made-up-for-tests"}
BUCKET = "lake"


@contextmanager
def versitygw(folder: Path) -> Iterator[str]:
    """Start versitygw on a folder; return its address."""
    port = free_port()
    data, meta = folder / "data", folder / "meta"
    data.mkdir()
    meta.mkdir()
    command = [str(VERSITYGW), "--quiet", "--port", f"127.0.0.1:{port}"]
    command += ["posix", "--sidecar", str(meta), str(data)]
    access = {"ROOT_ACCESS_KEY": KEYS["AWS_ACCESS_KEY_ID"]}
    access["ROOT_SECRET_KEY"] = KEYS["AWS_SECRET_ACCESS_KEY"]
    with process(command, port, folder / "versitygw.log", access) as url:
        yield url


BEST = versitygw if VERSITYGW.exists() else moto
"""The server for tests that need only one."""


def make_bucket(url: str, name: str = BUCKET) -> None:
    """Create a bucket on a server."""
    connect(url).create_bucket(Bucket=name)


def connect(url: str) -> Any:
    """Return a client that does not use Keystone's configuration."""
    return boto3.client(
        "s3",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id=KEYS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=KEYS["AWS_SECRET_ACCESS_KEY"],
    )


@contextmanager
def reaching(url: str, seconds: float = 20) -> Iterator[None]:
    """Let Keystone use the S3 server at an address, with a timeout for requests."""
    changed = {**KEYS, "AWS_ENDPOINT_URL": url, "KEYSTONE_S3_SECONDS": str(seconds)}
    before = {name: os.environ.get(name) for name in changed}
    os.environ.update(changed)
    clear_configuration()
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value
        clear_configuration()


def clear_configuration() -> None:
    """Make the next client read the environment again."""
    for cached in (s3._region_and_endpoint, s3._session):  # noqa: SLF001 - the client caches the environment
        cached.cache_clear()

"""S3 servers for tests: processes of their own, on loopback.

moto's server is always there. versitygw is a small gateway to a folder, by its makers built for
production: `make .s3` builds it where Go is.
"""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep

import boto3  # type: ignore[import-untyped]

from flows import s3

ROOT = Path(__file__).parents[2]
VERSITYGW = ROOT / ".s3" / "versitygw"
KEYS = {"AWS_ACCESS_KEY_ID": "keystone", "AWS_SECRET_ACCESS_KEY": "made-up-for-tests"}
BUCKET = "lake"


@contextmanager
def moto(folder: Path) -> Iterator[str]:
    """Start moto's server; return its address. It keeps all in memory."""
    port = free_port()
    command = [sys.executable, "-m", "tests.s3.moto_service", str(port)]
    with process(command, port, folder / "moto.log") as url:
        yield url


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
"""The one to use where one will do."""


@contextmanager
def process(
    command: list[str], port: int, log: Path, env: Mapping[str, str] | None = None
) -> Iterator[str]:
    """Run a server on a port of loopback until the context ends; return its address.

    Raises:
        RuntimeError: it ended, or nobody can connect; with the end of its log.
    """
    with log.open("wb") as output:
        started = subprocess.Popen(  # noqa: S603
            command,
            cwd=ROOT,
            env={**os.environ, **(env or {})},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        deadline = monotonic() + _START_SECONDS
        while not _listens(port):
            if started.poll() is not None or monotonic() > deadline:
                message = f"{command[0]} does not start:\n{log.read_text()[-2000:]}"
                raise RuntimeError(message)
            sleep(0.05)  # between two looks
        yield f"http://127.0.0.1:{port}"
    finally:
        started.kill()
        started.wait()


def make_bucket(url: str, name: str = BUCKET) -> None:
    """Make a bucket on a server."""
    connect(url).create_bucket(Bucket=name)


def connect(url: str):  # type: ignore[no-untyped-def]  # noqa: ANN201 - boto3 makes it up at run time
    """Return a client of a server that is none of ours."""
    return boto3.client(
        "s3",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id=KEYS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=KEYS["AWS_SECRET_ACCESS_KEY"],
    )


@contextmanager
def reaching(url: str, seconds: float = 20) -> Iterator[None]:
    """Have all of ours reach S3 at an address, where a request may take so many seconds."""
    changed = {**KEYS, "AWS_ENDPOINT_URL": url, "KEYSTONE_S3_SECONDS": str(seconds)}
    before = {name: os.environ.get(name) for name in changed}
    os.environ.update(changed)
    look_again()
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value
        look_again()


def look_again() -> None:
    """Have our next client look at the environment."""
    s3._where.cache_clear()  # noqa: SLF001
    s3._session.cache_clear()  # noqa: SLF001


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


_START_SECONDS = 60


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0

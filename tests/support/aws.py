"""moto, a simulated AWS, in its own process."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.process import free_port, process

REGION = "sa-east-1"
ACCESS = {
    "AWS_ACCESS_KEY_ID": "any",
    "AWS_SECRET_ACCESS_KEY": "any",
    "AWS_REGION": REGION,
    "AWS_DEFAULT_REGION": REGION,
    "AWS_ALLOW_HTTP": "true",
}
"""The environment of clients; the address is `AWS_ENDPOINT_URL`."""


@contextmanager
def moto(folder: Path) -> Iterator[str]:
    """Run moto, which keeps everything in memory; return its address."""
    port = free_port()
    command = [sys.executable, "-m", "tests.support.moto_service", str(port)]
    with process(command, port, folder / "moto.log") as url:
        yield url

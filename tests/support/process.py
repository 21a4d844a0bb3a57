"""Servers for tests, each in its own process on loopback."""

import os
import socket
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep

from tests.support.project import ROOT


@contextmanager
def process(
    command: list[str], port: int, log: Path, env: Mapping[str, str] | None = None
) -> Iterator[str]:
    """Run a server on a port of loopback until the context ends; return its address.

    Raises:
        RuntimeError: it ended, or accepts no connection; with the end of its log.
    """
    with log.open("wb") as output:
        started = subprocess.Popen(
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
            sleep(0.05)  # between two attempts
        yield f"http://127.0.0.1:{port}"
    finally:
        started.kill()
        started.wait()


def free_port() -> int:
    """Return a free port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def wait_until(condition: Callable[[], object], otherwise: str, seconds: float = 60) -> None:
    """Look until a condition holds; fail after a long time."""
    deadline = monotonic() + seconds
    while not condition():
        assert monotonic() < deadline, otherwise
        sleep(0.05)  # between two looks


_START_SECONDS = 60


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0

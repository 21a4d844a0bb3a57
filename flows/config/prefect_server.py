"""The server that a flow needs: the one that is set, or a temporary one of Prefect's.

Prefect starts a temporary server itself, but is silent for minutes when its process dies at once,
and leaves it behind when we are killed. So we start the same application in a process of ours, and
hand it to Prefect as the one that is running.
"""

import atexit
import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from tempfile import TemporaryFile
from threading import Lock
from time import monotonic, sleep
from typing import IO, Any, ParamSpec, TypeVar

from prefect import Flow
from prefect.server.api.server import SubprocessASGIServer
from prefect.settings import (
    PREFECT_API_URL,
    PREFECT_HOME,
    PREFECT_SERVER_EPHEMERAL_ENABLED,
    PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS,
    get_current_settings,
)

from flows.config.errors import one_line
from flows.config.masking import mask
from flows.config.settings import check_no_secret

P = ParamSpec("P")
R = TypeVar("R")


class NoServerError(Exception):
    """Prefect's temporary server does not start; says why."""


def flow(function: Callable[P, R]) -> Flow[P, R]:
    """Return the Prefect flow of a function, which says at once when Prefect cannot start."""
    return _LocalFlow(function)


class _LocalFlow(Flow[P, R]):
    def __call__(self, *args: Any, **options: Any) -> Any:
        for value in (*args, *options.values()):
            check_no_secret("parameter", str(value))  # which Prefect would keep
        start_server()
        return super().__call__(*args, **options)


def start_server() -> None:
    """Start a temporary server, unless one is set or runs; it ends with this process.

    Raises:
        NoServerError: it does not start.
    """
    with _starting:
        if PREFECT_API_URL.value() or not PREFECT_SERVER_EPHEMERAL_ENABLED.value():
            return
        server = SubprocessASGIServer()
        if server.running:
            return
        server.port, server.server_process = _started()
        server.running = True
        atexit.register(server.stop)


_APPLICATION = "prefect.server.api.server:create_app"
_starting = Lock()


def _started() -> tuple[int, "subprocess.Popen[Any]"]:
    with socket.socket() as bound, TemporaryFile() as log:
        bound.bind(("127.0.0.1", 0))
        port = int(bound.getsockname()[1])
        process = subprocess.Popen(  # noqa: S603 - our own module
            # -P, for names beside it are those of modules that others import.
            [sys.executable, "-P", str(_SERVE), _APPLICATION, str(bound.fileno())],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            pass_fds=[bound.fileno()],
            env=_environment(),
        )
        try:
            _wait(process, port, log)
        except BaseException:
            process.kill()
            process.wait()
            raise
        return port, process


_SERVE = Path(__file__).with_name("server_process.py")


def _environment() -> dict[str, str]:
    return {
        **os.environ,
        **get_current_settings().to_environment_variables(exclude_unset=True),
        "PREFECT_UI_ENABLED": "0",
        "PREFECT__SERVER_EPHEMERAL": "1",
        "PREFECT__SERVER_FINAL": "1",
        # Nobody but us reads what it prints.
        "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "ERROR",
        "PREFECT_LOGGING_HANDLERS_CONSOLE_FORMATTER": "simple",
    }


def _wait(process: "subprocess.Popen[Any]", port: int, log: IO[bytes]) -> None:
    seconds = PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS.value()
    deadline = monotonic() + seconds
    while not _answers(port):
        if process.poll() is not None:
            raise NoServerError(_told(_cause(log) or f"its process ended ({process.returncode})"))
        if monotonic() > deadline:
            raise NoServerError(_told(f"it does not answer within {seconds:g} s"))
        sleep(_GLANCE)


_GLANCE = 0.1  # seconds between two looks


def _answers(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/api/health")
        return connection.getresponse().status == 200  # noqa: PLR2004 - of HTTP
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def _cause(log: IO[bytes]) -> str:
    """Return the last line that names an error, else the last line."""
    log.seek(0)
    lines = [one_line(line) for line in log.read().decode(errors="replace").splitlines()]
    errors = [line for line in lines if re.match(r"[\w.]+(?:Error|Exception): ", line)]
    return next((line for line in reversed([*lines[-1:], *errors]) if line), "")


def _told(cause: str) -> str:
    return (
        f"Prefect's temporary server does not start: {mask(cause)}; PREFECT_HOME is "
        f"{PREFECT_HOME.value()}: let it be a folder that can be written and that no newer Prefect "
        f"has used, or set PREFECT_API_URL to a server that runs"
    )

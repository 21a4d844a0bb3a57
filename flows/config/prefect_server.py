"""The Prefect server of a flow: the configured one, or a temporary one.

Prefect can start a temporary server itself, but waits for minutes if its process dies at once, and
leaves it running if our process is killed. So we start the same application in a process of our
own, and register it with Prefect as the running one.
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
from prefect.runtime import deployment, flow_run
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
    """The temporary Prefect server does not start; says why."""


def flow(function: Callable[P, R]) -> Flow[P, R]:
    """Turn a function into a Prefect flow that fails at once if Prefect cannot start."""
    return _LocalFlow(function, flow_run_name=_run_name)


def _run_name() -> str:
    """Return the name of the current run, such as `nightly 2026-11-24 02:00`, in UTC."""
    name = deployment.name or flow_run.flow_name
    scheduled = flow_run.scheduled_start_time
    return f"{name} {scheduled:%Y-%m-%d %H:%M}"


class _LocalFlow(Flow[P, R]):
    def __call__(self, *args: Any, **options: Any) -> Any:
        for value in (*args, *options.values()):
            check_no_secret("parameter", str(value))  # Prefect stores parameters
        start_server()
        return super().__call__(*args, **options)


def start_server() -> None:
    """Start a temporary server that ends with this process, unless one is configured or running.

    Raises:
        NoServerError: it does not start.
    """
    with _starting:
        if PREFECT_API_URL.value() or not PREFECT_SERVER_EPHEMERAL_ENABLED.value():
            return
        from prefect.server.api.server import (  # noqa: PLC0415 - takes two seconds
            SubprocessASGIServer,
        )

        server = SubprocessASGIServer()
        if server.running:
            return
        server.port, server.server_process = _start_process()
        server.running = True
        atexit.register(server.stop)


_APPLICATION = "prefect.server.api.server:create_app"
_starting = Lock()


def _start_process() -> tuple[int, "subprocess.Popen[Any]"]:
    with socket.socket() as bound, TemporaryFile() as log:
        bound.bind(("127.0.0.1", 0))
        port = int(bound.getsockname()[1])
        process = subprocess.Popen(  # noqa: S603 - our own module
            # -P, because files next to the script have names of modules that others import.
            [sys.executable, "-P", str(_SCRIPT), _APPLICATION, str(bound.fileno())],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            pass_fds=[bound.fileno()],
            env=_environment(),
            start_new_session=True,  # Ctrl-C ends the run, which still needs the server
        )
        try:
            _wait_until_healthy(process, port, log)
        except BaseException:
            process.kill()
            process.wait()
            raise
        return port, process


_SCRIPT = Path(__file__).with_name("server_process.py")


def _environment() -> dict[str, str]:
    return {
        **os.environ,
        **get_current_settings().to_environment_variables(exclude_unset=True),
        "PREFECT_UI_ENABLED": "0",
        "PREFECT__SERVER_EPHEMERAL": "1",
        "PREFECT__SERVER_FINAL": "1",
        # Only `_last_error` reads its output.
        "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "ERROR",
        "PREFECT_LOGGING_HANDLERS_CONSOLE_FORMATTER": "simple",
    }


def _wait_until_healthy(process: "subprocess.Popen[Any]", port: int, log: IO[bytes]) -> None:
    seconds = PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS.value()
    deadline = monotonic() + seconds
    while not _is_healthy(port):
        if process.poll() is not None:
            cause = _last_error(log) or f"its process ended ({process.returncode})"
            raise NoServerError(_message(cause))
        if monotonic() > deadline:
            raise NoServerError(_message(f"it does not answer within {seconds:g} s"))
        sleep(_POLL_SECONDS)


_POLL_SECONDS = 0.1


def _is_healthy(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/api/health")
        return connection.getresponse().status == 200  # noqa: PLR2004 - the HTTP status OK
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def _last_error(log: IO[bytes]) -> str:
    """Return the last line that names an error, or the last line."""
    log.seek(0)
    lines = [one_line(line) for line in log.read().decode(errors="replace").splitlines()]
    errors = [line for line in lines if re.match(r"[\w.]+(?:Error|Exception): ", line)]
    return next((line for line in reversed([*lines[-1:], *errors]) if line), "")


def _message(cause: str) -> str:
    return (
        f"Prefect's temporary server does not start: {mask(cause)}; PREFECT_HOME is "
        f"{PREFECT_HOME.value()}: it must be writable, and not used by a newer version of Prefect; "
        f"or set PREFECT_API_URL to a running server"
    )

"""A Prefect server with deployments from a clone: real processes, loopback only."""

import json
import os
import re
import shlex
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Any, TypeVar

import httpx
from prefect.client.orchestration import SyncPrefectClient

from tests.support.project import ROOT

PROJECT = ROOT
SECTION = "## On a Prefect server"
TIMEOUT = 300  # seconds
FINAL = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}

Found = TypeVar("Found")


@dataclass(frozen=True)
class Stage:
    """A folder with a clone and the logs of the processes, and a client of the server."""

    folder: Path
    environment: dict[str, str]

    @property
    def url(self) -> str:
        """The address of the server's API."""
        return self.environment["PREFECT_API_URL"]

    @property
    def clone(self) -> Path:
        """The folder in which lines run."""
        return self.folder / "clone"

    @property
    def lake(self) -> str:
        """The lake of docs/guides/deploy.md."""
        return str(self.clone / "demo" / "prefect" / "lake")

    def type(self, line: str) -> str:
        """Run a line in the clone; return its output."""
        done = subprocess.run(
            ["/bin/bash", "-c", line],
            cwd=self.clone,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}"
        return done.stdout

    @contextmanager
    def running(self, line: str, log: str) -> Iterator[subprocess.Popen[bytes]]:
        """Run a line until the context ends, with its output in a file of the folder."""
        with (
            (self.folder / log).open("ab") as output,
            subprocess.Popen(
                shlex.split(os.path.expandvars(f"env {line}".replace("$PWD", str(self.clone)))),
                cwd=self.clone,
                env=self.environment,
                stdout=output,
                stderr=subprocess.STDOUT,
            ) as process,
        ):
            try:
                yield process
            finally:
                process.terminate()

    def ask(self, path: str, body: object = None, *, method: str = "POST") -> Any:
        """Send a request to the server; return its answer."""
        with SyncPrefectClient(self.url) as client:
            answer = client.request(method, path, json=body or {})  # type: ignore[arg-type]  # its type lists every path of the API
        return answer.json() if answer.content else None

    def deployment(self, name: str) -> dict[str, Any]:
        """Return a deployment, named `flow/deployment`."""
        found: dict[str, Any] = self.ask(f"/deployments/name/{name}", method="GET")
        return found

    def start(self, name: str, **parameters: Any) -> str:
        """Request a run of `flow/deployment`; return its id."""
        path = f"/deployments/{self.deployment(name)['id']}/create_flow_run"
        run: str = self.ask(path, {"parameters": parameters})["id"]
        return run

    def run(self, run: str) -> dict[str, Any]:
        """Return a run."""
        found: dict[str, Any] = self.ask(f"/flow_runs/{run}", method="GET")
        return found

    def ended(self, run: str) -> str:
        """Wait for the end of a run; return the name of its state."""
        state = eventually(lambda: self._final(run), f"{run} does not end")
        return str(state["name"])

    def logged(self, run: str) -> list[dict[str, Any]]:
        """Return the lines of the worker's log about a run."""
        lines = (self.folder / "worker.log").read_text().splitlines()
        logged = [json.loads(line) for line in lines if line.startswith("{")]
        return [line for line in logged if line.get("flow_run_id") == run]

    def _final(self, run: str) -> dict[str, Any] | None:
        state: dict[str, Any] = self.run(run)["state"]
        return state if state["type"] in FINAL else None


@contextmanager
def server(folder: Path, **settings: str) -> Iterator[Stage]:
    """Clone the current commit and start a server, on the configured database or a new one."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    mine = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PREFECT_", "PYTHON", "KEYSTONE_"))
        or name == "PREFECT_SERVER_DATABASE_CONNECTION_URL"
    }
    stage = Stage(
        folder,
        {
            **mine,
            "DO_NOT_TRACK": "1",
            "PREFECT_HOME": str(folder / "prefect"),
            "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "PREFECT_LOGGING_HANDLERS_CONSOLE_FORMATTER": "json",
            "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "100",  # fewer writes to SQLite
            "PREFECT_SERVER_DEPLOYMENTS_CONCURRENCY_SLOT_WAIT_SECONDS": "2",
            "PREFECT_WORKER_QUERY_SECONDS": "1",
            **settings,
        },
    )
    subprocess.run(["git", "clone", "--quiet", PROJECT, stage.clone], check=True)
    (stage.clone / ".venv").symlink_to(sys.prefix)
    line = f".venv/bin/prefect server start --port {port}"
    with stage.running(line, "server.log"):
        eventually(lambda: _healthy(stage), "the server does not start")
        yield stage


def readme() -> Sequence[str]:
    """Return the lines of docs/guides/deploy.md that deploy the flows."""
    section = (PROJECT / "docs/guides/deploy.md").read_text().split(SECTION)[1].split("\n## ")[0]
    return re.findall(r"^    (?!#)(.*?)(?:  +#.*)?$", section, re.MULTILINE)


def eventually(look: Callable[[], Found | None], otherwise: str) -> Found:
    """Call a function until it returns something, and fail after a long time."""
    until = monotonic() + TIMEOUT
    while not (found := look()):
        assert monotonic() < until, otherwise
        sleep(0.2)
    return found


def _healthy(stage: Stage) -> bool:
    try:
        return httpx.get(stage.url + "/health").is_success
    except httpx.TransportError:
        return False

"""A Prefect server and what was deployed to it from a clone: real processes, loopback only."""

import json
import os
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
    """A folder with a clone and the logs of the processes; and how to speak to the server."""

    folder: Path
    environment: dict[str, str]

    @property
    def url(self) -> str:
        """Where the server's API is."""
        return self.environment["PREFECT_API_URL"]

    @property
    def clone(self) -> Path:
        """Where lines are typed."""
        return self.folder / "clone"

    @property
    def lake(self) -> str:
        """Where docs/guides/deploy.md puts the tables."""
        return str(self.clone / "demo" / "prefect" / "lake")

    def type(self, line: str) -> str:
        """Type a line in the clone; return what it says."""
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
        """Let a line run as long as the context; what it says goes to a file in the folder."""
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
        """Ask the server's API."""
        with SyncPrefectClient(self.url) as client:
            answer = client.request(method, path, json=body or {})  # type: ignore[arg-type]  # which lists each path
        return answer.json() if answer.content else None

    def deployment(self, name: str) -> dict[str, Any]:
        """Return what the server knows of `flow/deployment`."""
        found: dict[str, Any] = self.ask(f"/deployments/name/{name}", method="GET")
        return found

    def start(self, name: str, **parameters: Any) -> str:
        """Ask for a run of `flow/deployment`; return its id."""
        path = f"/deployments/{self.deployment(name)['id']}/create_flow_run"
        run: str = self.ask(path, {"parameters": parameters})["id"]
        return run

    def run(self, run: str) -> dict[str, Any]:
        """Return what the server knows of a run."""
        found: dict[str, Any] = self.ask(f"/flow_runs/{run}", method="GET")
        return found

    def ended(self, run: str) -> str:
        """Wait for the end of a run; return the name of its state."""
        state = eventually(lambda: self._final(run), f"{run} does not end")
        return str(state["name"])

    def logged(self, run: str) -> list[dict[str, Any]]:
        """Return what the worker's log says of a run."""
        lines = (self.folder / "worker.log").read_text().splitlines()
        logged = [json.loads(line) for line in lines if line.startswith("{")]
        return [line for line in logged if line.get("flow_run_id") == run]

    def _final(self, run: str) -> dict[str, Any] | None:
        state: dict[str, Any] = self.run(run)["state"]
        return state if state["type"] in FINAL else None


@contextmanager
def server(folder: Path, **settings: str) -> Iterator[Stage]:
    """Clone the commit at hand and start a server, on the database that is named, or on its own."""
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
            "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "100",  # spares SQLite
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
    """Return the lines that docs/guides/deploy.md tells people to type for a deployment."""
    section = (PROJECT / "docs/guides/deploy.md").read_text().split(SECTION)[1].split("\n## ")[0]
    typed = (
        line[4:].split("  #")[0].strip() for line in section.splitlines() if line[:4] == " " * 4
    )
    return list(typed)


def eventually(look: Callable[[], Found | None], otherwise: str) -> Found:
    """Look until there is something to see; a busy machine is slow, not wrong."""
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

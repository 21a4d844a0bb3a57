"""The temporary Prefect server: it ends with its parent, and reports why it cannot start."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep

import pytest

from flows.config.errors import SettingError
from flows.lakehouse import ingest

Land = Callable[..., Path]

START = """
import time
from prefect import get_client
from prefect.server.api.server import SubprocessASGIServer
from flows.config.prefect_server import start_server
start_server()
with get_client(sync_client=True) as client:
    assert client.api_healthcheck() is None
print(SubprocessASGIServer().server_process.pid, flush=True)
time.sleep(600)
"""


def without_server(folder: Path, **more: str) -> dict[str, str]:
    """Return an environment without a configured Prefect server."""
    known = {name: value for name, value in os.environ.items() if name != "PREFECT_API_URL"}
    return {**known, "PREFECT_HOME": str(folder / "prefect"), **more}


def is_running(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at processes in /proc")
def test_the_server_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", START], stdout=subprocess.PIPE, env=without_server(tmp_path)
    ) as parent:
        assert parent.stdout
        server = int(parent.stdout.readline())
        assert is_running(server)
        assert os.getpgid(server) != os.getpgid(parent.pid)  # Ctrl-C does not reach it
        os.kill(parent.pid, signal.SIGKILL)
    deadline = monotonic() + 300
    while is_running(server) and monotonic() < deadline:
        sleep(0.1)
    assert not is_running(server)


def test_a_server_that_cannot_start_is_reported_in_one_line(land: Land, tmp_path: Path) -> None:
    nowhere = f"sqlite+aiosqlite:///{tmp_path}/nowhere/prefect.db"
    command = [sys.executable, "-m", "flows", "ingest", "--executor", "prefect"]
    done = subprocess.run(
        [*command, "--source", str(land(orders=[{}])), "--lake", str(tmp_path / "lake")],
        env=without_server(tmp_path, PREFECT_SERVER_DATABASE_CONNECTION_URL=nowhere),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: Prefect's temporary server does not start: sqlalchemy.exc.")
    assert "unable to open database file; PREFECT_HOME is " in line


def test_a_run_on_a_configured_server_does_not_import_one(prefect_server: str, lake: str) -> None:
    code = f"""
import sys
from flows.lakehouse import refresh
refresh({lake!r})
print("prefect.server.api.server" in sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PREFECT_API_URL": prefect_server},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    assert done.stdout == "False\n"


def test_a_secret_in_a_parameter_is_rejected_before_prefect() -> None:
    with pytest.raises(SettingError, match=r"s3://\*\*\*@bucket") as caught:
        ingest("s3://KEY:SECRET@bucket/landing", "lake")
    assert "SECRET" not in str(caught.value)

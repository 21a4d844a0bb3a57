"""Time of whole commands: `python -m benchmarks.startup [--rounds 5] [--orders 5000]`.

Each round runs every command once in a process of its own, and beside them an interpreter that only
imports Polars and deltalake. The table shows medians, and their ratio to that interpreter. The CPU
time is that of the command, without the Prefect server that runs beside it.
"""

import argparse
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import rmtree
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, sleep
from typing import NamedTuple

import httpx
from rich.console import Console
from rich.table import Table

FLOOR = "import polars, deltalake"

COMMANDS = {
    "--help": "--help",
    "--version": "--version",
    'sql "SELECT 1"': "sql --lake {lake} SELECT\t1",
    "status": "status --lake {lake}",
    "refresh, nothing to do": "refresh --lake {lake} --executor local",
    "refresh on a Prefect server, nothing to do": "refresh --lake {lake} --executor prefect",
    "run into a new lake": "run --source {source} --lake {fresh} --executor local",
}
"""The arguments of each command, separated by blanks; a tab stands for a blank in an argument."""


class Times(NamedTuple):
    """Seconds of a process."""

    cpu: float
    wall: float


def measure(source: Path, folder: Path, rounds: int, hidden: str) -> dict[str, Times]:
    """Return the median times of each command, and of `FLOOR`.

    Args:
        source: CSV files of the lake.
        folder: an existing folder to work in.
        rounds: how often each command runs.
        hidden: packages that the commands do not find, as if they were not installed.
    """
    environment = _environment(folder / "hidden", hidden)
    lake, fresh = folder / "lake", folder / "fresh"
    _time(["-m", "flows", "run", "--source", str(source), "--lake", str(lake)], environment)
    found: dict[str, list[Times]] = {name: [] for name in (FLOOR, *COMMANDS)}
    with _prefect_server(folder / "prefect") as server:
        environment |= server
        for _ in range(rounds):
            found[FLOOR].append(_time(["-c", FLOOR], environment))
            for name, command in COMMANDS.items():
                rmtree(fresh, ignore_errors=True)
                words = command.format(lake=lake, source=source, fresh=fresh).split(" ")
                arguments = [word.replace("\t", " ") for word in words]
                found[name].append(_time(["-m", "flows", *arguments], environment))
    return {
        name: Times(median(each.cpu for each in times), median(each.wall for each in times))
        for name, times in found.items()
    }


def show(times: dict[str, Times]) -> Table:
    """Return the times as a table, with the ratio of CPU time to that of `FLOOR`."""
    table = Table("command")
    for column in ("CPU s", "wall s", "CPU ratio"):
        table.add_column(column, justify="right")
    for name, (cpu, wall) in times.items():
        table.add_row(name, f"{cpu:.2f}", f"{wall:.2f}", f"{cpu / times[FLOOR].cpu:.1f}")
    return table


def _environment(folder: Path, hidden: str) -> dict[str, str]:
    """Return the variables of an environment that lacks some packages, and has no Prefect API."""
    folder.mkdir()
    for name in filter(None, hidden.split(",")):
        error = f'raise ModuleNotFoundError("No module named {name!r}", name={name!r})'
        (folder / f"{name}.py").write_text(error)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_API")}
    return {**kept, "PYTHONPATH": f"{folder}{os.pathsep}{Path.cwd()}"}


@contextmanager
def _prefect_server(home: Path) -> Iterator[dict[str, str]]:
    """Run a Prefect server, and yield the variables that name it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = {"PREFECT_HOME": str(home), "PREFECT_API_URL": f"http://127.0.0.1:{port}/api"}
    command = [sys.executable, "-m", "prefect", "server", "start", "--no-ui", "--port", str(port)]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, env=os.environ | server, stdout=quiet, stderr=quiet) as process:
        try:
            while process.poll() is None and not _answers(server["PREFECT_API_URL"]):
                sleep(0.2)
            yield server
        finally:
            process.terminate()


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health").is_success
    except httpx.TransportError:
        return False


def _time(arguments: list[str], environment: dict[str, str]) -> Times:
    before, start = os.times(), perf_counter()
    subprocess.run(
        [sys.executable, *arguments], env=environment, stdout=subprocess.DEVNULL, check=True
    )
    wall, after = perf_counter() - start, os.times()
    used = after.children_user + after.children_system
    return Times(used - before.children_user - before.children_system, wall)


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--orders", type=int, default=5000)
    parser.add_argument("--source", type=Path, help="CSV files; a sample if not given")
    parser.add_argument("--hide", default="", help="packages, such as pandas,hypothesis")
    given = parser.parse_args()
    with TemporaryDirectory() as made:
        folder = Path(made)
        if (source := given.source) is None:
            source = folder / "landing"
            sample = f"sample --out {source} --orders {given.orders} --seed 1 --dirty 0.001"
            _time(["-m", "flows", *sample.split()], dict(os.environ))
        Console().print(show(measure(source, folder, given.rounds, given.hide)))


if __name__ == "__main__":
    _main()

"""Compare our builds and increments with their peers: `python -m benchmarks.bench --orders 100000`.

Each step runs in a process of its own. All steps run once per round, and ratios are computed within
a round. docs/reference/performance.md says what each step does.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from importlib.metadata import version
from pathlib import Path
from shutil import copytree, rmtree
from typing import NamedTuple

from rich.console import Console

import flows  # noqa: F401 - its import sets environment variables, which must be there before Prefect is imported
from benchmarks.measure import METRICS, measure, no_server, prefect_server, s3_server
from benchmarks.ratios import ratios, table

CACHE = Path(".bench")
GROWN = 4
"""How many times as many orders the grown lake has."""
NEW = 0.01
"""New orders of the increment, as a share of the orders of the lake that has not grown."""


class Step(NamedTuple):
    """A module with its arguments, and the server that it needs."""

    command: str
    server: Callable[[], AbstractContextManager[dict[str, str]]] = no_server


STEPS = {
    "ours": Step("flows run --executor local --source {base} --lake {out}/lake"),
    "nothing new": Step("flows refresh --executor local --lake {out}/lake"),
    "+1 % orders": Step("flows run --executor local --source {increment} --lake {out}/lake"),
    "our imports": Step("timeit -n1 -r1 __import__('flows.pipeline')"),
    "nothing new, grown": Step("flows refresh --executor local --lake {out}/grown"),
    "same orders, grown": Step(
        "flows run --executor local --source {grown_increment} --lake {out}/grown"
    ),
    "ours on S3": Step("flows run --executor local --source {base} --lake s3://lake", s3_server),
    "ours in Prefect": Step(
        "flows run --executor prefect --source {base} --lake {out}/prefect", prefect_server
    ),
    "DuckDB": Step("benchmarks.duckdb_build {base} {out}/duckdb"),
    "DuckDB, own tables": Step("benchmarks.duckdb_merge {base} {out}/duckdb.db"),
    "DuckDB, +1 % orders": Step("benchmarks.duckdb_merge {increment} {out}/duckdb.db"),
    "dbt": Step("benchmarks.dbt_refresh {base} {out}/dbt.db"),
    "dbt, +1 % orders": Step("benchmarks.dbt_refresh {increment} {out}/dbt.db"),
    "pandas": Step("benchmarks.pandas_build {base} {out}/pandas"),
    "bare Polars": Step("benchmarks.polars_floor {base} {out}/polars"),
    "bare Polars + contracts": Step("benchmarks.polars_floor {base} {out}/polars --contracts"),
}
"""The steps of a round, in order."""


def bench(orders: int, rounds: int) -> Path:
    """Run the rounds; write the measurements to `.bench/<orders>.json` and return the path.

    Each step has a list per metric, with one entry per round.
    """
    new, out = round(orders * NEW), CACHE / "out"
    base, increment = _landings(orders, new)
    grown_base, grown_increment = _landings(GROWN * orders, new)
    grown_lake = CACHE / "grown"
    rmtree(grown_lake, ignore_errors=True)
    build = f"flows run --executor local --source {grown_base} --lake {grown_lake}"
    measured: dict[str, dict[str, list[float]]] = {
        name: {metric: [] for metric in METRICS} for name in STEPS
    }
    measured["ours, grown"] = {name: [value] for name, value in measure(build.split(), {}).items()}
    places = {"base": base, "increment": increment, "grown_increment": grown_increment, "out": out}
    for _ in range(rounds):
        rmtree(out, ignore_errors=True)
        # Files of a lake never change, so that links to them are as good as copies.
        copytree(grown_lake, out / "grown", copy_function=os.link)
        for name, step in STEPS.items():
            with step.server() as environment:
                words = step.command.format(**places).split()
                for metric, value in measure(words, environment).items():
                    measured[name][metric].append(value)
    for peer in ("duckdb.db", "dbt.db"):
        words = [sys.executable, "-m", "benchmarks.agree", str(out / "lake"), str(out / peer)]
        subprocess.run(words, check=True)
    words = [sys.executable, "-m", "benchmarks.history_share", str(out / "lake")]
    subprocess.run(words, check=True)
    rmtree(out)
    rmtree(grown_lake)
    result = CACHE / f"{orders}.json"
    result.write_text(json.dumps({"orders": orders, **_machine(), "steps": measured}, indent=2))
    return result


def main() -> None:
    """Run the benchmark and print its tables."""
    parser = argparse.ArgumentParser(description="Compare our builds with their peers.")
    parser.add_argument("--orders", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    result = bench(given.orders, given.rounds)
    console = Console(width=100)
    console.print(table(result))
    console.print(ratios(result))


def _landings(orders: int, new: int) -> tuple[Path, Path]:
    """Return the folders of a first delivery and of an increment; create them once."""
    base, increment = CACHE / f"{orders}", CACHE / f"{orders}+{new}"
    if not increment.exists():  # in its own process, so that the steps do not inherit its memory
        words = ["benchmarks.landings", str(orders), str(new), str(base), str(increment)]
        subprocess.run([sys.executable, "-m", *words], check=True)
    return base, increment


def _machine() -> dict[str, object]:
    packages = ("duckdb", "pandas", "polars", "deltalake", "prefect")
    return {"cpus": os.cpu_count(), "versions": {name: version(name) for name in packages}}


if __name__ == "__main__":
    main()

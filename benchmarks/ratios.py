"""The measurements of a benchmark as tables: `python -m benchmarks.ratios .bench/1000000.json`."""

import json
import sys
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

RATIOS = {
    "full build ÷ DuckDB": ("ours", "DuckDB"),
    "full build ÷ dbt": ("ours", "dbt"),
    "full build ÷ pandas": ("ours", "pandas"),
    "+1 % ÷ full build": ("+1 % orders", "ours"),
    "+1 % ÷ full build, DuckDB": ("DuckDB, +1 % orders", "DuckDB, own tables"),
    "+1 % ÷ full build, dbt": ("dbt, +1 % orders", "dbt"),
    "+1 % ÷ DuckDB's MERGE": ("+1 % orders", "DuckDB, +1 % orders"),
    "+1 % ÷ dbt's incremental models": ("+1 % orders", "dbt, +1 % orders"),
    "the same increment, grown lake ÷ lake": ("same orders, grown", "+1 % orders"),
    "nothing new, grown lake ÷ lake": ("nothing new, grown", "nothing new"),
    "on S3 ÷ in a folder": ("ours on S3", "ours"),
    "in Prefect ÷ in threads": ("ours in Prefect", "ours"),
    "with contracts ÷ without, bare Polars": ("bare Polars + contracts", "bare Polars"),
}
"""By ratio, the steps to divide."""

OURS = {"ours", "+1 % orders", "same orders, grown"}
"""The steps that begin with the same imports as `our imports`."""

Measured = dict[str, dict[str, list[float]]]
"""By step and metric, the values of the rounds."""


def table(result: Path) -> Table:
    """Return the measurements as a table: medians over the rounds, and the range of wall time."""
    run = json.loads(result.read_text())
    grid = Table(title=f"{run['orders']:,} orders, {run['cpus']} cores")
    for column in ("", "median s", "min", "max", "CPU s", "peak MiB", "load"):
        grid.add_column(column, justify="right" if column else "left")
    for name, measured in run["steps"].items():
        seconds = measured["seconds"]
        times = (median(seconds), min(seconds), max(seconds), median(measured["cpu"]))
        rss, load = f"{median(measured['rss']):,.0f}", f"{median(measured['load']):.1f}"
        grid.add_row(name, *(f"{each:.2f}" for each in times), rss, load)
    return grid


def ratios(result: Path) -> Table:
    """Return the ratios as a table: medians of the ratios of the rounds."""
    steps: Measured = json.loads(result.read_text())["steps"]
    grid = Table("ratio")
    for column in ("wall", "CPU", "wall without start", "CPU without start"):
        grid.add_column(column, justify="right")
    for title, (name, other) in RATIOS.items():
        cells = [_ratio(steps, name, other, metric) for metric in ("seconds", "cpu")]
        if {name, other} <= OURS:
            cells += [
                _ratio(steps, name, other, each, "our imports") for each in ("seconds", "cpu")
            ]
        grid.add_row(title, *(f"{each:.2f}" for each in cells))
    return grid


def _ratio(steps: Measured, name: str, other: str, metric: str, start: str = "") -> float:
    ours, theirs = steps[name][metric], steps[other][metric]
    off = steps[start][metric] if start else [0.0] * len(ours)
    rounds = zip(ours, theirs, off, strict=True)
    return median((our - each) / (their - each) for our, their, each in rounds)


if __name__ == "__main__":
    path = Path(sys.argv[1])
    console = Console(width=100)
    console.print(table(path))
    console.print(ratios(path))

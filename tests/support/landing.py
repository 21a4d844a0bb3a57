"""Tiny landing zones."""

import csv
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tests.support.good_records import GOOD
from transforms.graph import sources

Row = Mapping[str, str]
Land = Callable[..., Path]

COLUMNS = {c.spec().table.removeprefix("bronze."): c.fields().names() for c in sources()}


def write(landing: Path, **tables: Sequence[Row]) -> Path:
    """Write CSV files to a landing zone: `write(folder, orders=[{"order_id": ...}, ...])`.

    Each row needs only the columns that matter: the rest comes from `GOOD`.
    """
    landing.mkdir(exist_ok=True)
    for name, rows in tables.items():
        entity = next(e for e in sorted(COLUMNS, key=len, reverse=True) if name.startswith(e))
        with (landing / f"{name}.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS[entity], lineterminator="\n")
            writer.writeheader()
            writer.writerows({**GOOD.get(entity, {}), **row} for row in rows)
    return landing

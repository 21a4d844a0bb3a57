"""Tiny landing zones."""

import csv
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from contracts.technical_columns import OPERATION_HEADER
from tests.support.good_records import GOOD
from transforms.graph import sources

Row = Mapping[str, str]
Land = Callable[..., Path]

COLUMNS = {c.spec().table.removeprefix("bronze."): c.fields().names() for c in sources()}


def write(landing: Path, **tables: Sequence[Row]) -> Path:
    """Write CSV files to a landing zone: `write(folder, orders=[{"order_id": ...}, ...])`.

    Each row needs only the columns that matter: the rest comes from `GOOD`. A file has the column
    `_op` if a row has it.
    """
    landing.mkdir(exist_ok=True)
    for name, rows in tables.items():
        entity = next(e for e in sorted(COLUMNS, key=len, reverse=True) if name.startswith(e))
        with (landing / f"{name}.csv").open("w", newline="") as file:
            operation = [OPERATION_HEADER] if any(OPERATION_HEADER in row for row in rows) else []
            writer = csv.DictWriter(file, [*COLUMNS[entity], *operation], lineterminator="\n")
            writer.writeheader()
            writer.writerows({**GOOD.get(entity, {}), **row} for row in rows)
    return landing

"""Tiny landing zones."""

import csv
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from flows import pipeline
from tests.good import GOOD
from transforms.graph import sources

Row = Mapping[str, str]
Land = Callable[..., Path]

COLUMNS = {c.spec().table.removeprefix("bronze."): c.fields().names() for c in sources()}


@pytest.fixture
def lake(tmp_path: Path) -> str:
    """Where a lake may be made."""
    return str(tmp_path / "lake")


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
            writer.writerows({**GOOD[entity], **row} for row in rows)
    return landing


@pytest.fixture
def land(tmp_path: Path) -> Land:
    """Write to a landing zone of the test: `land(orders=[{"order_id": ...}, ...])`."""

    def write_there(folder: str = "landing", **tables: Sequence[Row]) -> Path:
        return write(tmp_path / folder, **tables)

    return write_there


@pytest.fixture(scope="session")
def real_lake(olist: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A lake of the real files."""
    lake = str(tmp_path_factory.mktemp("real") / "lake")
    pipeline.run(str(olist), lake)
    return lake


@pytest.fixture(scope="session")
def good() -> Mapping[str, Row]:
    """A good record of each entity; together they are one order."""
    return GOOD

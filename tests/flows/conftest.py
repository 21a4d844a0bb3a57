"""A real Prefect server, and tiny landing zones."""

import csv
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pytest
from prefect.settings import PREFECT_API_URL
from prefect.testing.utilities import prefect_test_harness

from tests.good import GOOD
from transforms.graph import sources

Row = Mapping[str, str]
Land = Callable[..., Path]

COLUMNS = {c.promise().table.removeprefix("bronze."): c.fields().names() for c in sources()}


@pytest.fixture(scope="session")
def prefect_server() -> Iterator[str]:
    """The URL of a Prefect server that lives as long as the tests."""
    with prefect_test_harness(server_startup_timeout=180):
        url = str(PREFECT_API_URL.value())
        os.environ["PREFECT_API_URL"] = url  # for processes that tests start
        yield url
        del os.environ["PREFECT_API_URL"]


@pytest.fixture
def lake(tmp_path: Path) -> str:
    """Where a lake may be made."""
    return str(tmp_path / "lake")


@pytest.fixture
def land(tmp_path: Path) -> Land:
    """Write CSV files to a landing zone: `land(orders=[{"order_id": ...}, ...])`.

    Each row needs only the columns that matter: the rest comes from `GOOD`.
    """

    def write(folder: str = "landing", **tables: Sequence[Row]) -> Path:
        landing = tmp_path / folder
        landing.mkdir(exist_ok=True)
        for name, rows in tables.items():
            entity = next(e for e in sorted(COLUMNS, key=len, reverse=True) if name.startswith(e))
            with (landing / f"{name}.csv").open("w", newline="") as file:
                writer = csv.DictWriter(file, COLUMNS[entity], lineterminator="\n")
                writer.writeheader()
                writer.writerows({**GOOD[entity], **row} for row in rows)
        return landing

    return write


@pytest.fixture(scope="session")
def good() -> Mapping[str, Row]:
    """A good record of each entity; together they are one order."""
    return GOOD

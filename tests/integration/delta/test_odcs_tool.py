"""A public tool, datacontract-cli, reads our contracts and checks tables with them."""

import json
import subprocess
from pathlib import Path
from shutil import copyfile
from typing import Any

import duckdb
import polars as pl
import pytest
import yaml

from contracts.describe import described
from flows import pipeline
from flows.lake import Lake
from flows.sample import write_sample
from tests.support.command import invoke
from tests.support.project import ROOT

TOOL = ROOT / ".venv/odcs/bin/python"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not TOOL.exists(),
        reason="datacontract-cli is not installed; `make .venv/odcs/installed` does so",
    ),
]

SCRIPT = """
import json, sys
from datacontract.data_contract import DataContract

found = {}
for file in sys.argv[2:]:
    run = getattr(DataContract(data_contract_file=file), sys.argv[1])()
    found[file] = [(check.result.value, check.name, check.reason) for check in run.checks]
print(json.dumps(found))
"""


def checked(how: str, *files: Path) -> dict[str, list[list[str]]]:
    """Let the tool `lint` or `test` documents; return result, name and reason of each check."""
    done = subprocess.run(
        [TOOL, "-c", SCRIPT, how, *files], capture_output=True, text=True, check=True
    )
    found = json.loads(done.stdout.splitlines()[-1])
    return {Path(file).name.removesuffix(".odcs.yaml"): checks for file, checks in found.items()}


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("documents")
    invoke("contracts", "export", "--out", str(folder))
    return folder


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tables of a lake as DuckDB tables, which the tool reads without an extension."""
    folder = tmp_path_factory.mktemp("lake")
    write_sample(folder / "landing", 200, seed=1)
    pipeline.run(str(folder / "landing"), str(folder / "lake"))
    with duckdb.connect() as connection:
        # The tool brings an older DuckDB.
        connection.execute(f"ATTACH '{folder / 'd.duckdb'}' AS d (STORAGE_VERSION 'v1.0.0'); USE d")
        for table in described():
            store(connection, table, Lake(str(folder / "lake"))[table].polars())
    return folder / "d.duckdb"


def store(connection: duckdb.DuckDBPyConnection, table: str, rows: pl.DataFrame) -> None:
    layer, _, _ = table.partition(".")
    connection.execute(f"CREATE SCHEMA IF NOT EXISTS {layer}")
    connection.register("rows", rows)
    connection.execute(f"CREATE TABLE {table} AS FROM rows")


def with_server(document: Path, database: Path, folder: Path) -> Path:
    """Return a copy of a document that says where the table is."""
    said: dict[str, Any] = yaml.safe_load(document.read_text())
    layer, _, _ = said["name"].partition(".")
    said["servers"] = [
        {"server": "lake", "type": "duckdb", "database": str(database), "schema": layer}
    ]
    copy = folder / document.name
    copy.write_text(yaml.safe_dump(said))
    return copy


def test_tool_finds_every_document_valid(documents: Path) -> None:
    found = checked("lint", *sorted(documents.iterdir()))
    assert found.keys() == described().keys()
    assert {result for checks in found.values() for result, *_ in checks} == {"passed"}


def test_tool_finds_every_rule_kept(documents: Path, database: Path, tmp_path: Path) -> None:
    names = ("bronze.orders", "silver.orders", "silver.geolocation_points", "gold.fact_sales")
    files = [with_server(documents / f"{name}.odcs.yaml", database, tmp_path) for name in names]
    found = checked("test", *files)
    assert [check for checks in found.values() for check in checks if check[0] == "failed"] == []
    assert sum(result == "passed" for checks in found.values() for result, *_ in checks) > 150


def test_tool_finds_the_rules_that_rows_break(
    documents: Path, database: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.duckdb"
    copyfile(database, broken)
    with duckdb.connect(broken) as connection:
        connection.execute("""
            INSERT INTO gold.fact_sales FROM gold.fact_sales LIMIT 1;
            INSERT INTO gold.fact_sales BY NAME (
                SELECT * REPLACE ('new' AS order_id, 'lost' AS order_status, -1 AS price,
                    'nobody' AS seller_id, NULL AS stars)
                FROM gold.fact_sales LIMIT 1
            )
        """)
    file = with_server(documents / "gold.fact_sales.odcs.yaml", broken, tmp_path)
    (checks,) = checked("test", file).values()
    failed = {name for result, name, _ in checks if result == "failed"}
    assert failed == {
        "Check that field order_status has invalid_count = 0",
        "Check that field price has a minimum of 0",
        "Check that field stars has missing_count = 0",
        "Check that field stars has no missing values",
        "Check that model fact_sales has duplicate_count = 0 for columns order_id, order_item_id",
        "Check that primary key (order_id, order_item_id) has no duplicate values",
        "Each `seller_id` is in gold.dim_seller.",
        "`price` is at least 0.",
    }

"""Each command on a lake on S3, and a table that is repartitioned."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from contracts.contract import Gold, column
from flows import delta
from flows.delta import schema_evolution
from flows.pipeline import run
from flows.report import report
from flows.sample import write_sample
from flows.storage import filesystem
from tests.support.command import invoke
from tests.support.s3.server import BEST, BUCKET, make_bucket, reaching

AS_OF = datetime(2018, 10, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A small lake on S3; the environment refers to its server."""
    folder = tmp_path_factory.mktemp("s3")
    write_sample(folder / "landing", 20, seed=1)
    with BEST(folder) as url, reaching(url):
        make_bucket(url)
        uri = f"s3://{BUCKET}/lake"
        run(str(folder / "landing"), uri, as_of=AS_OF)
        yield uri


def test_status_sql_history_and_contracts_read_from_s3(lake: str) -> None:
    assert "gold.fact_sales" in invoke("status", "--lake", lake)
    counted = "SELECT count(*) AS orders FROM silver.orders"
    assert invoke("sql", counted, "--lake", lake, "--format", "csv").split() == ["orders", "20"]
    assert "read 20" in invoke("history", "silver.orders", "--lake", lake)
    assert "changes: 0" in invoke("contracts", "diff", "--lake", lake)


def test_data_docs_of_a_lake_on_s3_are_written(lake: str, tmp_path: Path) -> None:
    invoke("docs", "--lake", lake, "--out", str(tmp_path))
    assert "fact_sales" in (tmp_path / "index.html").read_text()


def test_the_report_is_written_to_s3(lake: str) -> None:
    out = f"s3://{BUCKET}/report"
    assert "monthly-gmv" in report(lake, out)
    there = filesystem.connect(out)
    assert "Keystone Nexus" in there.cat_file(f"{out}/index.html").decode()
    assert there.info(f"{out}/site.css")["ContentType"] == "text/css"
    report(lake, f"{out}/")
    assert {Path(name).name for name in there.ls(out)} >= {"index.html", "sql.html", "site.js"}


def test_a_lake_is_maintained_and_a_table_restored_and_refreshed(lake: str) -> None:
    def orders() -> pl.DataFrame:
        return delta.scan(delta.open_existing(lake, "silver.orders")).drop("_version").collect()

    before = orders()
    invoke("maintain", "--lake", lake)
    assert_frame_equal(orders(), before)
    invoke("restore", "silver.orders", "--version", "0", "--lake", lake)
    assert orders().is_empty()
    invoke("release", "silver.orders", "--lake", lake)
    invoke("refresh", "--lake", lake)
    assert_frame_equal(orders(), before, check_row_order=False)


class Places(Gold, key=("id",), incremental_key=("id",)):
    """One row per id."""

    id: str = column()
    city: str = column()


class Divided(Gold, key=("id",), incremental_key=("id",), partition_by=("city",)):
    """One row per id."""

    id: str = column()
    city: str = column()


def test_a_table_on_s3_is_repartitioned(lake: str) -> None:
    handle = delta.open_table(lake, Places)
    rows = pl.DataFrame({"id": ["1", "2"], "city": ["Rio", "São Paulo"]})
    delta.append(handle, delta.stamped(handle, rows), delta.commit_properties({}, {}))
    schema_evolution.repartition(handle, delta.scan(handle), Divided)
    assert handle.metadata().partition_columns == ["city"]
    assert_frame_equal(delta.scan(handle).select("id", "city").sort("id").collect(), rows)

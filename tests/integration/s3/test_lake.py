"""A whole run on S3 gives the same tables and metrics as in a folder."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from flows import Lake
from flows.config.errors import UnknownTableError
from flows.delta.status import status
from flows.pipeline import run
from flows.query.sql import query
from tests.support.landing import Land
from tests.support.s3.lakes import assert_same, contents, metrics
from tests.support.s3.objects import held, upload
from tests.support.s3.server import BEST

AS_OF = datetime(2018, 10, 1, tzinfo=UTC)


@pytest.mark.parametrize("s3_server", [BEST], indirect=True)
def test_the_real_files_give_the_same_lake_on_s3_as_in_a_folder(
    olist: Path, on_s3: str, tmp_path: Path
) -> None:
    names = [path.name for path in olist.glob("*.csv")]
    for name in names:
        upload(f"{on_s3}/landing/{name}", (olist / name).read_bytes())
    here, there = str(tmp_path / "lake"), f"{on_s3}/lake"
    on_folders = run(str(olist), here, as_of=AS_OF)
    on_s3_too = run(f"{on_s3}/landing", there, f"{on_s3}/archive", as_of=AS_OF)
    assert metrics(on_s3_too) == metrics(on_folders)
    assert_same(contents(there), contents(here))
    sums = "SELECT count(*), sum(price), sum(freight_value) FROM gold.fact_sales"
    assert query(there, sums).equals(query(here, sums))
    assert held(f"{on_s3}/landing") == {}
    assert held(f"{on_s3}/archive") == {name: (olist / name).read_bytes() for name in names}
    before = status(there)
    assert not any(outcome.changed for outcome in run(f"{on_s3}/landing", there, allow_empty=True))
    assert status(there) == before


@pytest.mark.parametrize("s3_server", [BEST], indirect=True)
def test_python_reads_a_lake_on_s3(on_s3: str, land: Land) -> None:
    lake = Lake(f"{on_s3}/lake")
    assert "no tables yet" in repr(lake)
    lake.run(land(sellers=[{}]))
    sellers = lake["silver.sellers"]
    assert sellers.polars().height == len(sellers.pandas()) == 1
    assert sellers.lazy().select("seller_state").collect().item() == "RJ"
    assert sellers.at(version=0).polars().is_empty()
    assert sellers.quarantine().polars().is_empty()
    with pytest.raises(UnknownTableError, match=r"nearest: silver\.sellers"):
        lake["silver.seller"]
    with pytest.raises(OSError, match="missing-bucket"):
        Lake("s3://missing-bucket/lake")["silver.sellers"]

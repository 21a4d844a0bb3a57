"""The benchmarked peers compute the same tables as Keystone, also from broken rows."""

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from benchmarks import duckdb_build, polars_floor, without_prefect
from benchmarks.agree import disagreements
from flows.sample import write_sample


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small marketplace with every kind of broken row, and a row that occurs three times."""
    folder = tmp_path_factory.mktemp("source")
    write_sample(folder, 1_000, seed=3, dirty=0.05)
    for path in folder.glob("olist_*.csv"):
        _, first, *_ = path.read_text().split("\n")
        with path.open("a") as file:
            file.write(f"{first}\n{first[:-1]}1\n")
    return folder


@pytest.fixture(scope="module")
def our_lake(source: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The tables of Keystone."""
    folder = str(tmp_path_factory.mktemp("lake"))
    without_prefect.build(str(source), folder)
    return folder


def _pandas(source: Path, out: Path) -> None:
    pytest.importorskip("pandas")
    from benchmarks import pandas_build  # noqa: PLC0415 - pandas is optional

    pandas_build.build(source, out)


@pytest.mark.parametrize("build", [duckdb_build.build, _pandas])
def test_peer_makes_the_same_tables(
    build: Callable[[Path, Path], None], source: Path, our_lake: str, tmp_path: Path
) -> None:
    build(source, tmp_path)
    assert disagreements(our_lake, tmp_path) == []


def test_bare_polars_makes_the_same_tables(tmp_path: Path) -> None:
    source, lake, out = tmp_path / "source", str(tmp_path / "lake"), tmp_path / "out"
    write_sample(source, 100, seed=3)
    without_prefect.build(str(source), lake)
    for contracts in (False, True):
        polars_floor.build(source, out, contracts=contracts)
        assert disagreements(lake, out) == []


def test_a_lost_row_and_a_wrong_cent_are_reported(
    source: Path, our_lake: str, tmp_path: Path
) -> None:
    duckdb_build.build(source, tmp_path)
    payments, points = tmp_path / "gold/fact_payments.parquet", tmp_path / "silver/sellers.parquet"
    pl.read_parquet(payments).with_columns(
        pl.col("payment_value") + pl.lit("0.01").cast(pl.Decimal(18, 2))
    ).write_parquet(payments)
    pl.read_parquet(points).head(-1).write_parquet(points)
    found = disagreements(our_lake, tmp_path)
    assert [line.split(":")[0] for line in found] == ["gold.fact_payments", "silver.sellers"]

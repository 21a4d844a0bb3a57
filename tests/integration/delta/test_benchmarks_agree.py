"""The benchmarked peers compute the same tables as Keystone, also from broken rows."""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import polars as pl
import pytest

from benchmarks import dbt_refresh, duckdb_build, duckdb_merge, polars_floor, without_prefect
from benchmarks.agree import disagreements, export
from benchmarks.landings import landings
from benchmarks.tables import KEYS
from flows.sample import write_sample
from transforms.graph import tables


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


@pytest.fixture(scope="module")
def deliveries(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A marketplace of 500 orders, and a delivery of 50 new and 5 changed orders."""
    folder = tmp_path_factory.mktemp("deliveries")
    landings(500, 50, folder / "base", folder / "increment")
    return folder / "base", folder / "increment"


@pytest.fixture(scope="module")
def our_increment(
    deliveries: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, str]:
    """Lakes of Keystone after the first delivery, and after both."""
    before, after = (str(tmp_path_factory.mktemp(name)) for name in ("before", "after"))
    without_prefect.build(str(deliveries[0]), before)
    for delivery in deliveries:
        without_prefect.build(str(delivery), after)
    return before, after


@pytest.mark.parametrize("peer", [duckdb_merge, dbt_refresh])
def test_peer_merges_a_delivery_into_the_same_tables(
    peer: ModuleType,
    deliveries: tuple[Path, Path],
    our_increment: tuple[str, str],
    tmp_path: Path,
) -> None:
    if peer is dbt_refresh and not dbt_refresh.DBT.exists():
        pytest.skip("dbt is not installed; `make .venv/dbt/installed` does so")
    database, out = tmp_path / "shop.duckdb", tmp_path / "out"
    for delivery, lake in zip(deliveries, our_increment, strict=True):
        peer.refresh(delivery, database)
        assert disagreements(lake, export(database, out)) == []


def test_keys_of_the_peers_are_those_of_the_contracts() -> None:
    keys = {table.contract.spec().name: table.contract.spec().key for table in tables().values()}
    assert {name: keys[name] for name in KEYS} == KEYS


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

"""A truncated, damaged or missing data file is named with its table."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from flows import delta
from flows.config.errors import ConservationError
from flows.delta import data_files
from flows.delta.damage import PanicError, translate_damage
from flows.delta.log_check import DamagedTableError
from flows.delta.optimize import optimize_table
from flows.query.sql import query
from flows.query.values import QueryError
from flows.refresh.derived_tables import refresh_derived_table
from flows.refresh.source_tables import refresh_source_table
from flows.site.docs.build import write_docs
from tests.support.refresh import ingest, refresh
from transforms.graph import tables

Land = Callable[..., Path]
NEWEST = "SELECT max(product_id) FROM gold.dim_product"
PRODUCTS, DIM_PRODUCT = tables()["silver.products"], tables()["gold.dim_product"]


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def damage(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[:4] + b"\xff" * (len(data) - 8) + data[-4:])


@pytest.fixture
def products(land: Land, lake: str) -> str:
    """A lake with two products, refreshed through gold."""
    ingest(land(products=[{}, {"product_id": "2" * 32}]), lake)
    refresh(lake, "silver.products", "gold.dim_product")
    return lake


def data_file(lake: str, table: str) -> Path:
    handle = delta.open_existing(lake, table)
    (path,) = data_files.paths(handle, data_files.files(handle)["path"])
    return Path(path)


@pytest.mark.parametrize(
    ("break_file", "expected"),
    [(truncate, "is truncated"), (damage, "bytes are damaged"), (Path.unlink, "is missing")],
)
@pytest.mark.parametrize(
    ("table", "work"),
    [
        ("bronze.products", lambda lake: refresh_source_table(lake, PRODUCTS, rebuild=True)),
        ("silver.products", lambda lake: refresh_derived_table(lake, DIM_PRODUCT, rebuild=True)),
        ("gold.dim_product", lambda lake: query(lake, NEWEST)),
        ("gold.dim_product", lambda lake: write_docs(lake, Path(lake).parent / "docs")),
    ],
)
def test_a_damaged_data_file_is_named_with_its_table(
    products: str,
    table: str,
    work: Callable[[str], object],
    break_file: Callable[[Path], object],
    expected: str,
) -> None:
    file = data_file(products, table)
    break_file(file)
    with pytest.raises(
        DamagedTableError, match=rf"^{table}: its data file {file.name} .*{expected}"
    ):
        work(products)


def test_undamaged_tables_can_be_queried(products: str) -> None:
    truncate(data_file(products, "gold.dim_product"))
    assert query(products, "SELECT count(*) FROM silver.products").item() == 2


def test_a_rebuild_repairs_a_table_with_damaged_files(products: str) -> None:
    for table in ("silver.products", "gold.dim_product"):
        truncate(data_file(products, table))
    refresh(products, "silver.products", "gold.dim_product", rebuild=True)
    assert query(products, "SELECT count(*) FROM gold.dim_product").item() == 2


def test_optimize_names_a_file_that_it_cannot_read(land: Land, products: str) -> None:
    first = data_file(products, "bronze.products")
    ingest(land("more", products=[{"product_id": "3" * 32}]), products)
    refresh(products, "silver.products")
    damage(first)
    with pytest.raises(DamagedTableError, match=rf"^bronze\.products: its data file {first.name}"):
        optimize_table(products, "bronze.products", timedelta(days=7))


def test_a_panic_without_a_damaged_file_is_an_exception(products: str) -> None:
    panic = pl.exceptions.PanicException("not yet implemented")
    with (
        pytest.raises(PanicError, match=str(panic)),
        translate_damage(products, ["gold.dim_product"]),
    ):
        raise panic


@pytest.mark.parametrize("error", [ConservationError("x"), ValueError("x"), KeyboardInterrupt()])
def test_other_errors_are_not_translated(products: str, error: BaseException) -> None:
    with pytest.raises(type(error)), translate_damage(products, ["gold.dim_product"]):
        raise error


def test_a_wrong_statement_is_not_reported_as_damage(products: str) -> None:
    with pytest.raises(QueryError, match='column "nothing" not found'):
        query(products, "SELECT nothing FROM gold.dim_product")

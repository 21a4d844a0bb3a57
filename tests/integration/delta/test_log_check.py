"""A damaged log: table and file are named, and nothing is written."""

import json
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from deltalake import DeltaTable
from deltalake.exceptions import TableNotFoundError

from contracts.bronze import Sellers
from flows import delta
from flows.delta.log_check import DamagedTableError
from flows.delta.optimize import optimize_table
from flows.delta.restore import restore_table
from flows.delta.status import lake_status, status
from flows.delta.versions import NoVersionError
from flows.pipeline.plan import plan
from flows.query.sql import query
from flows.refresh.source_tables import refresh_source_table
from tests.support.arrivals import sellers_arrive
from transforms.graph import tables

SELLERS = tables()["silver.sellers"]
HINT = "_last_checkpoint"


def commit(version: int) -> str:
    return f"{version:020}.json"


def checkpoint(version: int) -> str:
    return f"{version:020}.checkpoint.parquet"


def truncate(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 100)


def empty(path: Path) -> None:
    os.truncate(path, 0)


def write(text: str) -> Callable[[Path], object]:
    return lambda path: path.write_text(text)


@pytest.fixture
def bronze(lake: str) -> Path:
    """The log of a bronze table of versions 0 to 4, with a checkpoint of version 2."""
    for number in range(4):
        sellers_arrive(lake, number)
        if number == 1:
            delta.open_existing(lake, "bronze.sellers").create_checkpoint()
    return Path(delta.location(lake, "bronze.sellers"), "_delta_log")


@pytest.mark.parametrize(
    ("file", "damage", "expected"),
    [
        (commit(4), empty, f"{commit(4)} is empty"),
        (commit(3), empty, f"{commit(3)} is empty"),
        (commit(4), truncate, f"{commit(4)} is truncated or not JSON"),
        (commit(4), write("\x00" * 50), f"{commit(4)} is truncated or not JSON"),
        (commit(3), Path.unlink, f"{commit(3)} is missing"),
        (checkpoint(2), empty, f"{checkpoint(2)} is empty"),
        (checkpoint(2), truncate, f"{checkpoint(2)} is truncated or not a Parquet file"),
        (checkpoint(2), Path.unlink, f"{HINT} names version 2, which has no"),
        (HINT, write('{"version": 999, "size": 10}'), f"{HINT} names version 999, which"),
        (commit(9), write("{}"), f"{commit(5)} is missing"),
    ],
)
def test_a_damaged_log_is_named_and_nothing_is_written(
    lake: str, bronze: Path, file: str, damage: Callable[[Path], object], expected: str
) -> None:
    damage(bronze / file)
    before = {path.name: path.read_bytes() for path in bronze.iterdir()}
    for work in (
        lambda: delta.open_existing(lake, "bronze.sellers"),
        lambda: delta.open_table(lake, Sellers),
        lambda: refresh_source_table(lake, SELLERS),
        lambda: refresh_source_table(lake, SELLERS, rebuild=True),
        lambda: optimize_table(lake, "bronze.sellers", timedelta(days=7)),
        lambda: query(lake, "SELECT * FROM bronze.sellers"),
        lambda: status(lake),
    ):
        with pytest.raises(
            Exception, match=rf"^bronze\.sellers: its Delta log is damaged: .*{expected}"
        ):
            work()
    assert {path.name: path.read_bytes() for path in bronze.iterdir()} == before
    assert delta.rows(delta.open_existing(lake, "silver.sellers")) == 0


@pytest.mark.parametrize(
    ("file", "change"),
    [
        (HINT, Path.unlink),
        (HINT, empty),
        (HINT, write("junk")),
        (HINT, write('{"version": 1, "size": 10}')),
        (commit(0), Path.unlink),
        (commit(1), Path.unlink),
        (commit(2), Path.unlink),
        (commit(1), empty),
        ("README", write("by a person")),
    ],
)
def test_log_files_that_no_reader_needs_may_be_damaged(
    lake: str, bronze: Path, file: str, change: Callable[[Path], object]
) -> None:
    change(bronze / file)
    assert delta.rows(delta.open_existing(lake, "bronze.sellers")) == 4


def test_a_version_with_an_empty_commit_is_not_opened(lake: str, bronze: Path) -> None:
    empty(bronze / commit(1))
    handle = delta.open_existing(lake, "bronze.sellers")
    with pytest.raises(DamagedTableError, match=f"{commit(1)} is empty"):
        delta.as_of(handle, 1)
    assert delta.rows(delta.as_of(handle, 3)) == 3


def test_a_version_whose_log_has_been_deleted_is_not_damage(lake: str, bronze: Path) -> None:
    delta.open_existing(lake, "bronze.sellers").create_checkpoint()
    for path in bronze.glob("0*.json"):
        path.unlink()
    assert delta.open_existing(lake, "bronze.sellers").version() > 0
    with pytest.raises(NoVersionError, match=r"version 0 is no longer in the log"):
        restore_table(lake, "bronze.sellers", 0)


def test_a_table_without_a_log_is_not_created_over_its_data(lake: str, bronze: Path) -> None:
    for path in bronze.iterdir():
        path.unlink()
    bronze.rmdir()
    assert delta.exists(lake, "bronze.sellers")
    with pytest.raises(DamagedTableError, match="there are data files, but no _delta_log"):
        sellers_arrive(lake, 9)
    assert not bronze.exists()


def test_a_file_instead_of_a_table_is_an_error(lake: str) -> None:
    where = Path(delta.location(lake, "bronze.sellers"))
    where.parent.mkdir(parents=True)
    where.touch()
    assert delta.exists(lake, "bronze.sellers")
    with pytest.raises(DamagedTableError, match=r"^bronze\.sellers: .* there is a file where"):
        delta.open_table(lake, Sellers)


def test_an_empty_folder_is_not_a_table(lake: str) -> None:
    Path(delta.location(lake, "bronze.sellers")).mkdir(parents=True)
    assert not delta.exists(lake, "bronze.sellers")
    with pytest.raises(TableNotFoundError):
        delta.open_existing(lake, "bronze.sellers")
    assert delta.rows(delta.open_table(lake, Sellers)) == 0


def test_other_tables_work_while_one_is_damaged(lake: str, bronze: Path) -> None:
    refresh_source_table(lake, SELLERS)
    empty(bronze / commit(4))
    found = lake_status(lake)
    assert found.unreadable.keys() == {"bronze.sellers"}
    assert found.tables["silver.sellers"]["rows"] == 4
    assert query(lake, "SELECT count(*) FROM silver.sellers").item() == 4
    planned = plan(lake)
    assert planned["silver.sellers"].error == found.unreadable["bronze.sellers"]
    assert not planned["silver.orders"].error
    assert optimize_table(lake, "silver.sellers", timedelta(days=7)).files == 1


def test_optimize_keeps_rows_that_a_damaged_reader_may_need(lake: str, bronze: Path) -> None:
    refresh_source_table(lake, SELLERS)
    silver = Path(delta.location(lake, "silver.sellers"), "_delta_log", commit(1))
    empty(silver)
    assert optimize_table(lake, "bronze.sellers", timedelta(days=7)).compacted == 0
    assert (bronze / commit(0)).exists()


def test_a_lake_written_by_newer_code_is_readable(lake: str, bronze: Path) -> None:
    newest = bronze / commit(4)
    info, *actions = map(json.loads, newest.read_text().splitlines())
    info["commitInfo"]["keystone"] = json.dumps({"read": 1, "seen": {"by": ["future"]}})
    info["commitInfo"]["keystone.future"] = "?"
    txn = {"txn": {"appId": "future", "version": 7}}
    newest.write_text("\n".join(map(json.dumps, [info, *actions, txn])))
    assert status(lake)["bronze.sellers"]["figures"]["read"] == 1
    assert refresh_source_table(lake, SELLERS).accepted == 4


def test_a_multipart_checkpoint_needs_all_parts(lake: str, bronze: Path) -> None:
    part = f"{2:020}.checkpoint.{1:010}.{2:010}.parquet"
    (bronze / checkpoint(2)).rename(bronze / part)
    with pytest.raises(DamagedTableError, match=f"{HINT} names version 2"):
        delta.open_existing(lake, "bronze.sellers")
    (bronze / HINT).unlink()
    assert DeltaTable(delta.location(lake, "bronze.sellers")).version() == 4
    assert delta.rows(delta.open_existing(lake, "bronze.sellers")) == 4


def test_only_the_owner_may_read_folders_of_raw_records(lake: str, bronze: Path) -> None:
    refresh_source_table(lake, SELLERS)
    modes = {layer: Path(lake, layer).stat().st_mode & 0o077 for layer in ("bronze", "quarantine")}
    assert modes == {"bronze": 0, "quarantine": 0}
    assert Path(lake, "silver").stat().st_mode & 0o077 == Path(lake).stat().st_mode & 0o077
    assert bronze.exists()

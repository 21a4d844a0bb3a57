"""Commits of other programs: those that change data block a table's readers and writers."""

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from deltalake import CommitProperties, DeltaTable

from contracts.bronze import Sellers
from contracts.gold.fact_sales import FactSales
from contracts.technical_columns import stored_schema
from flows import delta
from flows.delta import foreign_commits
from flows.delta.foreign_commits import ForeignCommitError
from flows.delta.optimize import optimize_table
from flows.delta.restore import release_table, restore_table
from flows.delta.status import lake_status
from flows.pipeline.plan import plan
from flows.refresh.source_tables import refresh_source_table, replay_quarantine
from tests.support.arrivals import arrived, sellers_arrive
from tests.support.good_records import GOOD
from transforms.graph import tables

SELLERS = tables()["silver.sellers"]
DAY = timedelta(days=1)

Change = Callable[[DeltaTable], object]


def rows(table: DeltaTable) -> pl.DataFrame:
    return pl.scan_delta(table).collect()


def merge(table: DeltaTable) -> object:
    update = table.merge(rows(table).to_arrow(), "s.seller_id = t.seller_id", "s", "t")
    return update.when_matched_update_all().execute()


CHANGES: dict[str, Change] = {
    "DELETE": lambda table: table.delete(f"seller_id = '{1:032x}'"),
    "UPDATE": lambda table: table.update({"seller_city": "'recife'"}),
    "MERGE": merge,
    "WRITE": lambda table: rows(table).write_delta(table, mode="append"),
    "WRITE (overwrite)": lambda table: rows(table).write_delta(table, mode="overwrite"),
    "RESTORE": lambda table: table.restore(0),
}

HARMLESS: dict[str, Change] = {
    "OPTIMIZE": lambda table: table.optimize.compact(),
    "OPTIMIZE (order)": lambda table: table.optimize.z_order(["seller_id"]),
    "VACUUM": lambda table: table.vacuum(0, dry_run=False, enforce_retention_duration=False),
    "SET TBLPROPERTIES": lambda table: table.alter.set_table_properties(
        {"delta.logRetentionDuration": "interval 40 days"}
    ),
    "DELETE (no row)": lambda table: table.delete("seller_id = 'nobody'"),
}


@pytest.fixture
def sellers(lake: str) -> str:
    """A lake with three sellers in silver, in two files each of bronze and silver."""
    for numbers in ([0, 1], [2]):
        sellers_arrive(lake, *numbers)
        refresh_source_table(lake, SELLERS)
    return lake


def commit_foreign(lake: str, table: str, change: Change) -> int:
    handle = DeltaTable(delta.location(lake, table))
    change(handle)
    return DeltaTable(delta.location(lake, table)).version()


def ids(lake: str, table: str) -> list[int]:
    found = delta.scan(delta.open_existing(lake, table)).select("seller_id").collect()
    return sorted(int(each, 16) for each in found.to_series())


@pytest.mark.parametrize("kind", CHANGES)
def test_a_foreign_change_of_silver_blocks_it_until_a_rebuild(sellers: str, kind: str) -> None:
    version = commit_foreign(sellers, "silver.sellers", CHANGES[kind])
    before = rows(delta.open_existing(sellers, "silver.sellers"))
    operation = kind.partition(" ")[0]
    expected = rf"^silver\.sellers: version {version} \({operation}\) .*refresh --rebuild"
    for write in (
        lambda: refresh_source_table(sellers, SELLERS),
        lambda: replay_quarantine(sellers, SELLERS),
        lambda: optimize_table(sellers, "silver.sellers", DAY),
        lambda: delta.open_table(sellers, SELLERS.contract),
    ):
        with pytest.raises(ForeignCommitError, match=expected):
            write()
    assert rows(delta.open_existing(sellers, "silver.sellers")).equals(before)
    refresh_source_table(sellers, SELLERS, rebuild=True)
    assert ids(sellers, "silver.sellers") == [0, 1, 2]
    delta.open_table(sellers, SELLERS.contract)


@pytest.mark.parametrize("kind", CHANGES)
def test_a_foreign_change_of_bronze_blocks_its_silver_table_until_a_restore(
    sellers: str, kind: str
) -> None:
    before = delta.open_existing(sellers, "bronze.sellers").version()
    version = commit_foreign(sellers, "bronze.sellers", CHANGES[kind])
    expected = rf"^bronze\.sellers: version {version} .*keystone restore bronze\.sellers"
    for rebuild in (False, True):
        with pytest.raises(ForeignCommitError, match=expected):
            refresh_source_table(sellers, SELLERS, rebuild=rebuild)
    with pytest.raises(ForeignCommitError, match=expected):
        sellers_arrive(sellers, 3)
    restore_table(sellers, "bronze.sellers", before)
    refresh_source_table(sellers, SELLERS)
    assert ids(sellers, "silver.sellers") == [0, 1, 2]


def test_a_restore_to_the_foreign_version_accepts_its_change(sellers: str) -> None:
    version = commit_foreign(sellers, "bronze.sellers", CHANGES["DELETE"])
    restore_table(sellers, "bronze.sellers", version)
    outcome = refresh_source_table(sellers, SELLERS)
    assert outcome.full_refresh_reason == "bronze.sellers was rebuilt"
    assert ids(sellers, "silver.sellers") == [0, 2]


@pytest.mark.parametrize("kind", HARMLESS)
@pytest.mark.parametrize("table", ["bronze.sellers", "silver.sellers"])
def test_foreign_commits_without_data_changes_are_allowed(
    sellers: str, table: str, kind: str
) -> None:
    commit_foreign(sellers, table, HARMLESS[kind])
    sellers_arrive(sellers, 3)
    refresh_source_table(sellers, SELLERS)
    optimize_table(sellers, table, DAY)
    assert ids(sellers, "silver.sellers") == [0, 1, 2, 3]


def test_a_foreign_change_is_found_below_harmless_commits(sellers: str) -> None:
    version = commit_foreign(sellers, "silver.sellers", CHANGES["DELETE"])
    for change in HARMLESS.values():
        commit_foreign(sellers, "silver.sellers", change)
    found = foreign_commits.find_foreign_commit(delta.open_existing(sellers, "silver.sellers"))
    assert found == (version, "DELETE")


def test_a_commit_missing_from_the_log_counts_as_a_foreign_change(sellers: str) -> None:
    version = commit_foreign(sellers, "silver.sellers", CHANGES["DELETE"])
    last = commit_foreign(sellers, "silver.sellers", HARMLESS["SET TBLPROPERTIES"])
    location = delta.location(sellers, "silver.sellers")
    DeltaTable(location).create_checkpoint()
    for commit in sorted(Path(location, "_delta_log").glob("*.json"))[:last]:
        commit.unlink()
    with pytest.raises(ForeignCommitError, match=rf"version {version} \(no longer in the log\)"):
        refresh_source_table(sellers, SELLERS)
    refresh_source_table(sellers, SELLERS, rebuild=True)
    assert ids(sellers, "silver.sellers") == [0, 1, 2]


def test_a_foreign_change_before_our_concurrent_append_is_found(sellers: str) -> None:
    ours = delta.open_existing(sellers, "bronze.sellers")
    version = commit_foreign(sellers, "bronze.sellers", CHANGES["WRITE"])
    delta.append(ours, delta.scan(ours).clear().collect(), delta.commit_properties({}, {}))
    found = foreign_commits.find_foreign_commit(delta.open_existing(sellers, "bronze.sellers"))
    assert found == (version, "WRITE")


def test_status_and_plan_name_a_table_with_a_foreign_change(sellers: str) -> None:
    version = commit_foreign(sellers, "silver.sellers", CHANGES["DELETE"])
    found = lake_status(sellers)
    assert found.tables["silver.sellers"]["rows"] == 2
    assert f"version {version} (DELETE)" in found.not_writable["silver.sellers"]
    planned = plan(sellers)["silver.sellers"]
    assert f"version {version} (DELETE)" in planned.error
    assert planned.outcome is None


def test_every_commit_has_an_id(sellers: str) -> None:
    names = ("bronze.sellers", "silver.sellers", "quarantine.sellers")
    long_ago = (datetime.now(UTC) - timedelta(days=70)).timestamp()
    for name in names:
        orphan = Path(delta.location(sellers, name), "part-orphan.parquet")
        orphan.write_bytes(b"written by a process that died before its commit")
        os.utime(orphan, (long_ago, long_ago))
        optimize_table(sellers, name, timedelta(days=60))
    restore_table(sellers, "silver.sellers", 1)
    release_table(sellers, "silver.sellers")
    commits = {
        f"{name} {path.name}": info
        for name in names
        for path in Path(delta.location(sellers, name), "_delta_log").glob("*.json")
        for line in path.read_text().splitlines()
        if (info := json.loads(line).get("commitInfo"))
    }
    operations = {
        "CREATE TABLE",
        "WRITE",
        "SET TBLPROPERTIES",
        "VACUUM START",
        "VACUUM END",
        "RESTORE",
    }
    assert {info["operation"] for info in commits.values()} == operations
    assert [name for name, info in commits.items() if foreign_commits.COMMIT not in info] == []


def test_a_schema_change_commit_has_an_id(lake: str) -> None:
    older = stored_schema(FactSales).to_frame().drop("purchase_month")
    older.write_delta(delta.location(lake, "gold.fact_sales"))
    some = arrived(pl.DataFrame([GOOD["sellers"]])).drop("_rescued_data")
    some.clear().write_delta(delta.location(lake, "bronze.sellers"))
    for handle in (delta.open_table(lake, FactSales), delta.open_table(lake, Sellers)):
        assert foreign_commits.COMMIT in handle.history(1)[0]


def test_commits_of_older_code_are_not_foreign(lake: str) -> None:
    delta.open_table(lake, Sellers)
    rows = arrived(pl.DataFrame([GOOD["sellers"]]))
    for key in ("keystone", "keystone.before"):
        rows.write_delta(
            delta.location(lake, "bronze.sellers"),
            mode="append",
            delta_write_options={
                "commit_properties": CommitProperties(custom_metadata={key: "{}"})
            },
        )
    assert foreign_commits.find_foreign_commit(delta.open_existing(lake, "bronze.sellers")) is None
    assert delta.rows(delta.open_existing(lake, "bronze.sellers")) == 2

"""Commits that others make: those that change data stop a table's readers and writers."""

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
from tests.arrivals import arrived, sellers_arrive
from tests.good import GOOD
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


def by_others(lake: str, table: str, change: Change) -> int:
    handle = DeltaTable(delta.location(lake, table))
    change(handle)
    return DeltaTable(delta.location(lake, table)).version()


def ids(lake: str, table: str) -> list[int]:
    found = delta.scan(delta.open_existing(lake, table)).select("seller_id").collect()
    return sorted(int(each, 16) for each in found.to_series())


@pytest.mark.parametrize("kind", CHANGES)
def test_a_change_of_silver_by_others_stops_it_until_it_is_rebuilt(sellers: str, kind: str) -> None:
    version = by_others(sellers, "silver.sellers", CHANGES[kind])
    before = rows(delta.open_existing(sellers, "silver.sellers"))
    operation = kind.partition(" ")[0]
    said = rf"^silver\.sellers: version {version} \({operation}\) .*refresh --rebuild"
    for write in (
        lambda: refresh_source_table(sellers, SELLERS),
        lambda: replay_quarantine(sellers, SELLERS),
        lambda: optimize_table(sellers, "silver.sellers", DAY),
        lambda: delta.open_table(sellers, SELLERS.contract),
    ):
        with pytest.raises(ForeignCommitError, match=said):
            write()
    assert rows(delta.open_existing(sellers, "silver.sellers")).equals(before)
    refresh_source_table(sellers, SELLERS, rebuild=True)
    assert ids(sellers, "silver.sellers") == [0, 1, 2]
    delta.open_table(sellers, SELLERS.contract)


@pytest.mark.parametrize("kind", CHANGES)
def test_a_change_of_bronze_by_others_stops_its_silver_table_until_it_is_restored(
    sellers: str, kind: str
) -> None:
    before = delta.open_existing(sellers, "bronze.sellers").version()
    version = by_others(sellers, "bronze.sellers", CHANGES[kind])
    said = rf"^bronze\.sellers: version {version} .*keystone restore bronze\.sellers"
    for rebuild in (False, True):
        with pytest.raises(ForeignCommitError, match=said):
            refresh_source_table(sellers, SELLERS, rebuild=rebuild)
    with pytest.raises(ForeignCommitError, match=said):
        sellers_arrive(sellers, 3)
    restore_table(sellers, "bronze.sellers", before)
    refresh_source_table(sellers, SELLERS)
    assert ids(sellers, "silver.sellers") == [0, 1, 2]


def test_a_restore_to_the_version_by_others_keeps_what_it_did(sellers: str) -> None:
    version = by_others(sellers, "bronze.sellers", CHANGES["DELETE"])
    restore_table(sellers, "bronze.sellers", version)
    outcome = refresh_source_table(sellers, SELLERS)
    assert outcome.full_refresh_reason == "bronze.sellers was rebuilt"
    assert ids(sellers, "silver.sellers") == [0, 2]


@pytest.mark.parametrize("kind", HARMLESS)
@pytest.mark.parametrize("table", ["bronze.sellers", "silver.sellers"])
def test_what_others_do_without_changing_data_passes(sellers: str, table: str, kind: str) -> None:
    by_others(sellers, table, HARMLESS[kind])
    sellers_arrive(sellers, 3)
    refresh_source_table(sellers, SELLERS)
    optimize_table(sellers, table, DAY)
    assert ids(sellers, "silver.sellers") == [0, 1, 2, 3]


def test_a_change_stays_seen_under_harmless_commits(sellers: str) -> None:
    version = by_others(sellers, "silver.sellers", CHANGES["DELETE"])
    for change in HARMLESS.values():
        by_others(sellers, "silver.sellers", change)
    found = foreign_commits.find_foreign_commit(delta.open_existing(sellers, "silver.sellers"))
    assert found == (version, "DELETE")


def test_a_change_in_a_commit_that_the_log_has_forgotten_is_suspected(sellers: str) -> None:
    version = by_others(sellers, "silver.sellers", CHANGES["DELETE"])
    last = by_others(sellers, "silver.sellers", HARMLESS["SET TBLPROPERTIES"])
    location = delta.location(sellers, "silver.sellers")
    DeltaTable(location).create_checkpoint()
    for commit in sorted(Path(location, "_delta_log").glob("*.json"))[:last]:
        commit.unlink()
    with pytest.raises(ForeignCommitError, match=rf"version {version} \(no longer in the log\)"):
        refresh_source_table(sellers, SELLERS)
    refresh_source_table(sellers, SELLERS, rebuild=True)
    assert ids(sellers, "silver.sellers") == [0, 1, 2]


def test_a_change_that_our_append_overtook_is_seen(sellers: str) -> None:
    ours = delta.open_existing(sellers, "bronze.sellers")
    version = by_others(sellers, "bronze.sellers", CHANGES["WRITE"])
    delta.append(ours, delta.scan(ours).clear().collect(), delta.commit_properties({}, {}))
    found = foreign_commits.find_foreign_commit(delta.open_existing(sellers, "bronze.sellers"))
    assert found == (version, "WRITE")


def test_status_and_a_dry_run_say_which_table_others_have_changed(sellers: str) -> None:
    version = by_others(sellers, "silver.sellers", CHANGES["DELETE"])
    found = lake_status(sellers)
    assert found.tables["silver.sellers"]["rows"] == 2
    assert f"version {version} (DELETE)" in found.not_writable["silver.sellers"]
    planned = plan(sellers)["silver.sellers"]
    assert f"version {version} (DELETE)" in planned.error
    assert planned.outcome is None


def test_every_commit_of_ours_says_that_it_is_ours(sellers: str) -> None:
    names = ("bronze.sellers", "silver.sellers", "quarantine.sellers")
    long_ago = (datetime.now(UTC) - timedelta(days=70)).timestamp()
    for name in names:
        orphan = Path(delta.location(sellers, name), "part-orphan.parquet")
        orphan.write_bytes(b"by a writer that died before its commit")
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
    made = {"CREATE TABLE", "WRITE", "SET TBLPROPERTIES", "VACUUM START", "VACUUM END", "RESTORE"}
    assert {info["operation"] for info in commits.values()} == made
    assert [name for name, info in commits.items() if foreign_commits.COMMIT not in info] == []


def test_a_table_that_is_made_ready_for_a_new_contract_stays_ours(lake: str) -> None:
    older = stored_schema(FactSales).to_frame().drop("purchase_month")
    older.write_delta(delta.location(lake, "gold.fact_sales"))
    some = arrived(pl.DataFrame([GOOD["sellers"]])).drop("_rescued_data")
    some.clear().write_delta(delta.location(lake, "bronze.sellers"))
    for handle in (delta.open_table(lake, FactSales), delta.open_table(lake, Sellers)):
        assert foreign_commits.COMMIT in handle.history(1)[0]


def test_commits_of_older_code_are_ours(lake: str) -> None:
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

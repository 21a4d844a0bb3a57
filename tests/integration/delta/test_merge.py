"""Merges: rows that replace others, in files that Polars writes."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest
from deltalake import DeltaTable
from deltalake.exceptions import CommitFailedError
from polars.testing import assert_frame_equal

from contracts.gold.fact_sales import FactSales
from contracts.silver.sellers import Sellers
from contracts.technical_columns import stored_schema
from flows import delta
from flows.config.errors import ConservationError
from flows.delta import data_files, merge
from flows.delta.optimize import optimize_table
from flows.delta.versions import NoVersionError
from transforms.graph import tables

NOTHING = delta.commit_properties({}, {})


def sellers(*ids: str, city: str = "niteroi") -> pl.DataFrame:
    rows = [{"seller_id": each, "seller_city": city} for each in ids]
    return pl.DataFrame(rows, stored_schema(Sellers)).drop("_version")


def cities(handle: DeltaTable) -> dict[str, str]:
    return dict(
        delta.scan(handle)
        .select("seller_id", "seller_city")
        .sort("seller_id")
        .collect()
        .iter_rows()
    )


def versions(handle: DeltaTable) -> dict[str, int]:
    return dict(
        delta.scan(handle).select("seller_id", "_version").sort("seller_id").collect().iter_rows()
    )


def put(
    handle: DeltaTable,
    rows: pl.DataFrame,
    replaced_rows: pl.DataFrame | None = None,
    *,
    tracked_columns: Sequence[str] = (),
) -> int:
    if replaced_rows is None:
        replaced_rows = delta.matching(handle, rows.select("seller_id")).collect()
    table = replace(tables()["silver.sellers"], tracked_columns=frozenset(tracked_columns))
    merge.merge_rows(table, handle, rows, replaced_rows, NOTHING)
    return delta.rows(handle)


def rebuild(handle: DeltaTable, rows: pl.DataFrame) -> None:
    written = data_files.write_files(handle, [delta.stamped(handle, rows)])
    delta.rebuild(handle, written, NOTHING, Sellers)


def remove(handle: DeltaTable, *ids: str) -> None:
    replaced_rows = delta.matching(handle, sellers(*ids).select("seller_id")).collect()
    put(handle, sellers(), replaced_rows=replaced_rows)


def removed(handle: DeltaTable) -> int | None:
    return handle.transaction_version(delta.REMOVED)


def changed(handle: DeltaTable, since: int) -> list[tuple[str, str]]:
    rows = delta.changed_since(handle, since, ["seller_id"]).select("seller_id", "seller_city")
    return sorted(rows.collect().rows())


def test_a_merge_that_would_lose_rows_fails_before_it_writes(lake: str) -> None:
    handle = delta.open_table(lake, Sellers)
    delta.append(handle, delta.stamped(handle, sellers("a", "a", "b")), NOTHING)
    one = delta.matching(handle, sellers("a").select("seller_id")).collect().head(1)
    with pytest.raises(ConservationError, match=r"^silver\.sellers: .* nothing was written"):
        put(handle, sellers("a", city="recife"), replaced_rows=one)
    assert delta.open_existing(lake, "silver.sellers").version() == handle.version()
    assert delta.rows(handle) == 3


def test_rows_carry_the_version_that_changed_them(lake: str) -> None:
    handle = delta.open_table(lake, Sellers)
    rebuild(handle, sellers("a", "b"))
    assert put(handle, sellers("b", "c", city="recife")) == 3
    assert versions(handle) == {"a": 1, "b": 2, "c": 2}
    assert cities(handle) == {"a": "niteroi", "b": "recife", "c": "recife"}
    assert_frame_equal(
        delta.changed_since(handle, 1, ["seller_id"])
        .select("seller_id")
        .sort("seller_id")
        .collect(),
        pl.DataFrame({"seller_id": ["b", "c"]}),
    )


def test_a_merge_rewrites_only_files_with_replaced_rows(
    lake: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(merge, "SMALL_FILE_ROWS", 0)
    handle = delta.open_table(lake, Sellers)
    for name in "abc":
        put(handle, sellers(name))
    before = set(data_files.files(handle)["path"])
    put(handle, sellers("b", city="recife"))
    assert len(before & set(data_files.files(handle)["path"])) == 2
    assert cities(handle) == {"a": "niteroi", "b": "recife", "c": "niteroi"}


def test_merges_compact_small_files(lake: str) -> None:
    handle = delta.open_table(lake, Sellers)
    for number in range(40):
        put(handle, sellers(f"{number:02}"))
    assert len(data_files.files(handle)) < 20
    assert delta.rows(handle) == 40
    assert versions(handle) == {f"{number:02}": number + 1 for number in range(40)}


def test_a_lost_row_or_tracked_value_is_marked(lake: str) -> None:
    handle = delta.open_table(lake, Sellers)
    put(handle, sellers("a", "b"))
    put(handle, sellers("a", city="recife"))
    assert removed(handle) is None
    put(handle, sellers("a", city="belem"), tracked_columns=["seller_city"])
    assert removed(handle) == handle.version() == 3
    put(handle, sellers("a", city="belem"), tracked_columns=["seller_city"])
    assert removed(handle) == 3
    remove(handle, "b")
    assert removed(handle) == handle.version() == 5
    assert cities(handle) == {"a": "belem"}


def test_changes_include_the_old_rows_if_rows_were_removed(lake: str) -> None:
    handle = delta.open_table(lake, Sellers)
    rebuild(handle, sellers("a", "b", "c", "d"))
    put(handle, sellers("a", "b", city="recife"))
    put(handle, sellers("b", "e", city="belem"))
    remove(handle, "a", "c", "e")
    assert changed(handle, 1) == [
        *(("a", "niteroi"), ("b", "belem"), ("b", "niteroi"), ("c", "niteroi"))
    ]
    assert changed(handle, 2) == [
        *(("a", "recife"), ("b", "belem"), ("b", "recife"), ("c", "niteroi"))
    ]
    assert changed(handle, 4) == []


def test_a_removed_row_that_comes_back_is_a_change(lake: str) -> None:
    handle = delta.open_table(lake, Sellers)
    rebuild(handle, sellers("a", "b"))
    remove(handle, "a")
    put(handle, sellers("a", city="recife"))
    assert changed(handle, 1) == [("a", "niteroi"), ("a", "recife")]


def test_compacted_rows_are_not_changes(lake: str) -> None:
    handle = delta.open_table(lake, Sellers)
    for name in "abcd":
        put(handle, sellers(name))
    remove(handle, "d")
    optimize_table(lake, "silver.sellers", timedelta(days=7))
    handle.update_incremental()
    assert len(data_files.files(handle)) == 1
    assert changed(handle, 4) == [("d", "niteroi")]


def test_old_rows_are_read_until_their_files_are_deleted(lake: str) -> None:
    handle = delta.open_table(lake, Sellers)
    rebuild(handle, sellers("a", "b"))
    remove(handle, "a")
    assert delta.keeps_removed_rows(handle, 1)
    handle.vacuum(0, dry_run=False, enforce_retention_duration=False, full=True)
    assert not delta.keeps_removed_rows(handle, 1)
    with pytest.raises(NoVersionError):
        changed(handle, 1)
    assert delta.keeps_removed_rows(handle, 2)


def test_a_concurrent_commit_is_a_conflict(lake: str) -> None:
    first, second = delta.open_table(lake, Sellers), delta.open_table(lake, Sellers)
    put(first, sellers("a"))
    with pytest.raises(CommitFailedError):
        put(second, sellers("b"))
    assert cities(delta.open_table(lake, Sellers)) == {"a": "niteroi"}


def test_rows_match_by_several_columns_and_partition(lake: str) -> None:
    handle = delta.open_table(lake, FactSales)
    rows = [
        {"order_id": order, "order_item_id": item, "purchase_month": month}
        for order, item, month in [("a", 1, "2017-11"), ("a", 2, "2017-11"), ("b", 2, "2018-01")]
    ]
    rebuild(handle, pl.DataFrame(rows, stored_schema(FactSales)).drop("_version"))
    wanted = pl.DataFrame({"order_id": ["a", "b"], "order_item_id": [2, 1]})
    found = delta.matching(handle, wanted).select("order_id", "order_item_id", "purchase_month")
    assert found.collect().rows() == [("a", 2, "2017-11")]
    assert sorted(Path(path).parent.name for path in data_files.files(handle)["path"]) == [
        "purchase_month=2017-11",
        "purchase_month=2018-01",
    ]


def test_by_key_old_files_are_read_only_for_what_the_newest_lack(lake: str) -> None:
    handle = delta.open_table(lake, Sellers)
    for city, names in (("belem", "abc"), ("recife", "cd")):  # no real table has a key twice
        delta.append(handle, delta.stamped(handle, sellers(*names, city=city)), NOTHING)

    def found(names: str, *, is_key: bool) -> list[str]:
        rows = delta.matching(handle, sellers(*names).select("seller_id"), is_key=is_key)
        return rows.sort("seller_id", "seller_city").collect()["seller_city"].to_list()

    assert found("cd", is_key=True) == ["recife", "recife"]
    assert found("cd", is_key=False) == ["belem", "recife", "recife"]
    assert found("acd", is_key=True) == ["belem", "belem", "recife", "recife"]
    assert found("ax", is_key=True) == ["belem"]
    assert found("", is_key=True) == []


def test_deltalake_reads_files_written_by_polars(lake: str) -> None:
    handle = delta.open_table(lake, Sellers)
    put(handle, sellers("a"))
    assert handle.to_pyarrow_table().column("seller_id").to_pylist() == ["a"]

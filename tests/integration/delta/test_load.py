"""Loading files into bronze: each record once, complete and verified."""

import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from errno import ENOSPC
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pytest

from contracts import bronze
from flows import delta
from flows.delta.outcome import Outcome
from flows.ingest import load
from flows.ingest.csv_reader import CsvFacts, inspect_csv
from flows.ingest.landing_zone import find_files
from flows.ingest.load import ingest_table
from flows.ingest.local_files import LocalFile

Land = Callable[..., Path]
AS_OF = datetime(2018, 1, 1, tzinfo=UTC)


def ingest(landing: Path, lake: str, archive: str | None = None) -> Outcome:
    files, _ = find_files(str(landing))
    return ingest_table(lake, bronze.Orders, files[bronze.Orders], archive=archive, as_of=AS_OF)


def local(*paths: Path) -> list[LocalFile]:
    return [LocalFile(path, path.name) for path in paths]


def rows(lake: str) -> pl.DataFrame:
    return delta.scan(delta.open_existing(lake, "bronze.orders")).sort("_position").collect()


def test_record_lands_with_its_provenance(land: Land, lake: str) -> None:
    landing = land(orders=[{"order_status": "created"}, {"order_status": " what? "}])
    assert ingest(landing, lake).read == 2
    found = rows(lake)
    assert found["order_status"].to_list() == ["created", " what? "]
    assert found["_position"].to_list() == [1, 2]
    assert found["_source"].str.contains(r"^file/[0-9a-f]{64}/orders\.csv$").all()
    assert found["_event_time"].to_list() == [AS_OF, AS_OF]
    assert found["_rescued_data"].null_count() == 2


def test_event_time_is_the_modification_time_of_the_file(land: Land, lake: str) -> None:
    landing = land(orders=[{}])
    os.utime(landing / "orders.csv", (1_500_000_000, 1_500_000_000))
    ingest_table(lake, bronze.Orders, local(landing / "orders.csv"))
    assert rows(lake)["_event_time"].item() == datetime(2017, 7, 14, 2, 40, tzinfo=UTC)


def test_same_contents_under_another_name_are_ingested_once(land: Land, lake: str) -> None:
    landing = land(orders=[{}], orders_again=[{}])
    assert ingest(landing, lake).read == 1
    again = ingest(landing, lake)
    assert (again.read, again.changed, again.rows) == (0, False, 1)


def test_new_file_adds_to_the_table(land: Land, lake: str) -> None:
    ingest(land(orders=[{}]), lake)
    assert ingest(land(orders=[{"order_status": "shipped"}]), lake).rows == 2


def test_file_is_archived_after_it_is_verified(land: Land, lake: str, tmp_path: Path) -> None:
    landing, archive = land(orders=[{}]), tmp_path / "archive"
    contents = (landing / "orders.csv").read_bytes()
    ingest(landing, lake, str(archive))
    assert not (landing / "orders.csv").exists()
    assert [(p.name, p.read_bytes()) for p in archive.iterdir()] == [("orders.csv", contents)]


def test_file_with_a_long_name_is_archived(land: Land, lake: str, tmp_path: Path) -> None:
    landing, archive = land(orders=[{}]), tmp_path / "archive"
    long = f"orders_{'1' * 240}.csv"
    (landing / "orders.csv").rename(landing / long)
    ingest(landing, lake, str(archive))
    assert [path.name for path in archive.iterdir()] == [long]


def test_file_with_an_unreadable_time_is_rejected(land: Land, lake: str) -> None:
    with TemporaryDirectory(
        dir="/dev/shm"
    ) as folder:  # other file systems cannot store such a time
        path = Path(folder, "orders.csv")
        path.write_bytes((land(orders=[{}]) / "orders.csv").read_bytes())
        os.utime(path, (1e12, 1e12))
        (message,) = ingest_table(lake, bronze.Orders, local(path)).rejected
        assert message.startswith("orders.csv: its modification time cannot be read")
        now = datetime.now(UTC)
        assert ingest_table(lake, bronze.Orders, local(path), as_of=now).rows == 1


@pytest.mark.parametrize("minutes", [4, 6])
@pytest.mark.parametrize("by", ["modification time", "as_of"])
def test_file_from_the_future_is_rejected(land: Land, lake: str, minutes: int, by: str) -> None:
    path = land(orders=[{}]) / "orders.csv"
    then = datetime.now(UTC) + timedelta(minutes=minutes)
    os.utime(path, (then.timestamp(),) * 2)
    as_of = then if by == "as_of" else None
    outcome = ingest_table(lake, bronze.Orders, local(path), as_of=as_of)
    if minutes == 4:  # a tolerated difference between clocks
        assert (outcome.rows, outcome.rejected) == (1, ())
    else:
        (line,) = outcome.rejected
        assert f"{then:%Y-%m-%d %H:%M:%S} UTC, is in the future; touch it" in line
        assert outcome.rows == 0
        assert ingest_table(lake, bronze.Orders, local(path), as_of=AS_OF).rows == 1


def test_archived_files_of_one_name_do_not_collide(land: Land, lake: str, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    ingest(land(orders=[{}]), lake, str(archive))
    ingest(land(orders=[{"order_status": "shipped"}]), lake, str(archive))
    assert len(list(archive.iterdir())) == 2


def test_full_archive_leaves_no_partial_copy(
    land: Land, lake: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fill(_: Path, target: Path) -> None:
        target.write_text("order_")
        raise OSError(ENOSPC, os.strerror(ENOSPC), str(target))

    monkeypatch.setattr(shutil, "copy2", fill)
    landing = land(orders=[{}])
    with pytest.raises(OSError, match="No space left"):
        ingest(landing, lake, str(tmp_path / "archive"))
    assert not [*(tmp_path / "archive").iterdir()]
    assert [path.name for path in landing.iterdir()] == ["orders.csv"]


def test_rejected_file_stays_and_the_others_are_ingested(
    land: Land, lake: str, tmp_path: Path
) -> None:
    landing = land(orders=[{}])
    (landing / "orders_short.csv").write_text("order_id,customer_id\n1,2\n")
    (landing / "orders_empty.csv").touch()
    (landing / "orders_latin.csv").write_bytes(b"order_id\n\xe3\n")
    outcome = ingest(landing, lake, str(tmp_path / "archive"))
    assert outcome.rows == 1
    assert [reason.partition(":")[0] for reason in outcome.rejected] == [
        "orders_empty.csv",
        "orders_latin.csv",
        "orders_short.csv",
    ]
    assert "order_status" in outcome.rejected[2]
    left = {path.name for path in landing.iterdir()}
    assert left == {"orders_empty.csv", "orders_latin.csv", "orders_short.csv"}


def test_ragged_records_and_extra_columns_are_preserved(land: Land, lake: str) -> None:
    landing = land(orders=[{}])
    header, record = (landing / "orders.csv").read_text().splitlines()
    text = f"note,{header}\nhello,{record}\ntoo,few\n"
    (landing / "orders.csv").write_text(text)
    ingest(landing, lake)
    found = rows(lake)
    assert found["_corrupt_record"].to_list() == [None, "too,few"]
    assert found["_rescued_data"].to_list() == ['{"note":"hello"}', None]
    assert found["order_id"].null_count() == 1


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("olist_orders_dataset.csv", "bronze.orders"),
        ("orders.csv", "bronze.orders"),
        ("ORDERS_2018-10-01.CSV", "bronze.orders"),
        ("olist_order_items_dataset (2).csv", "bronze.order_items"),
        (
            "product_category_name_translation.csv",
            "bronze.product_category_name_translation",
        ),
        ("disorders.csv", None),
        ("ordersaurus.csv", None),
        ("orders.txt", None),
    ],
)
def test_table_of_a_file_depends_on_its_name(tmp_path: Path, name: str, table: str | None) -> None:
    (tmp_path / name).touch()
    files, unknown = find_files(str(tmp_path))
    found = [contract.spec().table for contract, paths in files.items() if paths]
    assert found == ([table] if table else [])
    assert [str(error).partition(":")[0] for error in unknown] == ([] if table else [name])


def test_names_that_begin_with_an_underscore_are_skipped(tmp_path: Path) -> None:
    (tmp_path / "_broken_rows.jsonl").touch()
    files, unknown = find_files(str(tmp_path))
    assert not unknown
    assert not any(files.values())


def test_archive_that_is_the_landing_zone_removes_nothing(land: Land, lake: str) -> None:
    landing = land(orders=[{}])
    ingest(landing, lake, str(landing / ".." / landing.name))
    assert [path.name for path in landing.iterdir()] == ["orders.csv"]


def test_file_that_another_run_has_archived_is_skipped(land: Land, lake: str) -> None:
    landing = land(orders=[{}], orders_2=[{"order_status": "shipped"}])
    gone = landing / "orders_1.csv"
    files = local(landing / "orders.csv", gone, landing / "orders_2.csv")
    assert ingest_table(lake, bronze.Orders, files).rows == 2


def test_unreadable_file_does_not_block_the_others(land: Land, lake: str) -> None:
    landing = land(orders=[{}])
    (landing / "orders_0").mkdir()
    (landing / "orders_9.csv").write_text("a,b\n")
    files = local(landing / "orders_0", landing / "orders.csv", landing / "orders_9.csv")
    with pytest.raises(OSError, match=r"orders_0.*; orders_9\.csv: "):
        ingest_table(lake, bronze.Orders, files)
    assert len(rows(lake)) == 1


def test_file_that_changes_while_read_waits(
    land: Land, lake: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    landing = land(orders=[{}])
    path = landing / "orders.csv"

    def inspect_then_change(path: Path) -> CsvFacts:
        facts = inspect_csv(path)
        path.write_text(path.read_text().replace("delivered", "cancelled"))
        return facts

    monkeypatch.setattr(load, "inspect_csv", inspect_then_change)
    outcome = ingest_table(lake, bronze.Orders, local(path))
    assert outcome.deferred == ("orders.csv: changed while it was read",)
    assert (outcome.rows, outcome.rejected) == (0, ())


def test_broken_links_and_invalid_names_are_reported(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"orders_\xe9.csv")).touch()
    (tmp_path / "orders.csv").symlink_to(tmp_path / "nowhere.csv")
    files, unknown = find_files(str(tmp_path))
    assert not any(files.values())
    assert [str(error).encode().partition(b":")[0] for error in unknown] == [
        b"orders.csv",
        rb"b'orders_\xe9.csv'",
    ]

"""Files during their upload: ingested as they are, and neither moved nor lost."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from contracts import bronze
from flows.delta.outcome import Outcome
from flows.ingest import load, local_files
from flows.ingest.landing_zone import find_files
from flows.ingest.load import ingest_table
from flows.pipeline.summary import remarks

Land = Callable[..., Path]


@pytest.fixture
def quiet(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Set how long a file must be quiet: with 0 every file is, with 3600 none."""
    return lambda seconds: monkeypatch.setenv("KEYSTONE_QUIET_SECONDS", str(seconds))


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return tmp_path / "archive"


def ingest(landing: Path, lake: str, archive: Path | None = None) -> Outcome:
    files = find_files(str(landing))[0][bronze.Orders]
    return ingest_table(lake, bronze.Orders, files, archive=str(archive) if archive else None)


def test_upload_that_pauses_loses_no_record(
    land: Land, lake: str, archive: Path, quiet: Callable[[int], None]
) -> None:
    path = land(orders=[{"order_id": "1" * 32}, {"order_id": "2" * 32}]) / "orders.csv"
    whole = path.read_bytes()
    quiet(3600)
    with path.open("wb", buffering=0) as writer:
        writer.write(b"".join(whole.splitlines(keepends=True)[:2]))
        first = ingest(path.parent, lake, archive)
        writer.write(whole.splitlines(keepends=True)[2])
    assert (first.rows, first.rejected) == (1, ())
    assert [line.partition(":")[0] for line in first.deferred] == ["orders.csv"]
    assert first.deferred[0].endswith("ingested, but not archived yet")
    quiet(0)
    second = ingest(path.parent, lake, archive)
    assert (second.rows, second.deferred) == (3, ())
    assert not path.exists()
    assert (archive / "orders.csv").read_bytes() == whole


def test_ingested_file_is_archived_once_it_is_quiet(
    land: Land, lake: str, archive: Path, quiet: Callable[[int], None]
) -> None:
    landing = land(orders=[{}])
    quiet(3600)
    assert ingest(landing, lake, archive).read == 1
    assert not archive.exists()
    quiet(0)
    assert ingest(landing, lake, archive).read == 0
    assert [path.name for path in archive.iterdir()] == ["orders.csv"]


def test_modification_time_set_by_a_tool_does_not_make_a_file_quiet(
    land: Land, lake: str, archive: Path, quiet: Callable[[int], None]
) -> None:
    landing = land(orders=[{}])
    os.utime(landing / "orders.csv", (1_500_000_000,) * 2)
    quiet(3600)
    assert ingest(landing, lake, archive).deferred
    assert (landing / "orders.csv").exists()


@pytest.mark.parametrize("cut", [0, -1, -20])
def test_recent_file_that_ends_within_a_record_waits(
    land: Land, lake: str, quiet: Callable[[int], None], cut: int
) -> None:
    path = land(orders=[{}, {}]) / "orders.csv"
    whole = path.read_bytes()
    path.write_bytes(whole[:cut])
    quiet(3600)
    outcome = ingest(path.parent, lake)
    (line,) = outcome.deferred
    assert line.endswith("ends in the middle of a record; not ingested yet")
    assert (outcome.rows, outcome.rejected) == (0, ())
    path.write_bytes(whole)
    assert ingest(path.parent, lake).rows == 2


def test_recent_file_that_ends_within_quotes_waits(
    land: Land, lake: str, quiet: Callable[[int], None]
) -> None:
    path = land(orders=[{"order_status": "first line\nsecond line"}]) / "orders.csv"
    whole = path.read_bytes()
    path.write_bytes(whole[: whole.index(b"second line")])
    quiet(3600)
    (line,) = ingest(path.parent, lake).deferred
    assert line.endswith("ends in the middle of a record; not ingested yet")
    path.write_bytes(whole)
    assert ingest(path.parent, lake).rows == 1


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"\x1f\x8b\x08\x00", "compressed with gzip"),
        ("order_id,status\n1,sent".encode("utf-16"), "UTF-16"),
        (b"order_id,status\r1,sent\r", "old Macs"),
        (b"\0" * 100, "NUL"),
    ],
)
def test_recent_file_of_another_format_is_rejected_at_once(
    land: Land, lake: str, quiet: Callable[[int], None], content: bytes, reason: str
) -> None:
    path = land(orders=[{}]) / "orders.csv"
    path.write_bytes(content)
    quiet(3600)
    outcome = ingest(path.parent, lake)
    (line,) = outcome.rejected
    assert reason in line
    assert outcome.deferred == ()


def test_quiet_file_may_lack_its_last_line_end(
    land: Land, lake: str, quiet: Callable[[int], None]
) -> None:
    path = land(orders=[{}, {}]) / "orders.csv"
    path.write_bytes(path.read_bytes()[:-1])
    quiet(0)
    assert ingest(path.parent, lake).rows == 2


@pytest.mark.parametrize("how", ["append", "replace"])
def test_file_that_changes_while_archived_stays(
    land: Land, lake: str, archive: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    path = land(orders=[{}]) / "orders.csv"
    newer = path.with_name("_newer")
    newer.write_bytes(path.read_bytes() + (b"x,y\n" if how == "append" else b""))
    put = local_files.put

    def put_then_change(source: Path, location: str, digest: str) -> bool:
        done = put(source, location, digest)
        if how == "append":
            path.write_bytes(newer.read_bytes())
        else:
            newer.rename(path)
        return done

    monkeypatch.setattr(local_files, "put", put_then_change)
    outcome = ingest(path.parent, lake, archive)
    assert outcome.deferred == ("orders.csv: changed while it was read",)
    assert path.exists()


def test_file_of_another_process_in_the_archive_is_not_replaced(
    land: Land, lake: str, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, other = land(orders=[{}]) / "orders.csv", archive / "orders.csv"
    copy = shutil.copy2

    def archive_other_first(source: Path, target: Path) -> Path:
        other.write_text("other")
        return Path(copy(source, target))

    monkeypatch.setattr(shutil, "copy2", archive_other_first)
    contents = path.read_text()
    ingest(path.parent, lake, archive)
    assert not path.exists()
    assert {each.read_text() for each in archive.iterdir()} == {"other", contents}


def test_file_that_is_deleted_while_read_is_skipped(
    land: Land, lake: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = land(orders=[{}]) / "orders.csv"

    def delete(path: Path) -> None:
        path.unlink()
        path.open("rb")

    monkeypatch.setattr(load, "inspect_csv", delete)
    outcome = ingest(path.parent, lake)
    assert (outcome.rows, outcome.rejected, outcome.deferred) == (0, (), ())


def test_summary_names_five_waiting_files_and_counts_the_rest() -> None:
    waiting = tuple(f"orders_{number}.csv: changed 3 s ago" for number in range(8))
    outcome = Outcome("bronze.orders", version=1, rows=1, changed=True, deferred=waiting)
    lines = remarks([outcome])["Left in the landing zone for the next run"]
    assert lines[0] == "bronze.orders: orders_0.csv: changed 3 s ago"
    assert lines[5:] == ["bronze.orders: and 3 more"]

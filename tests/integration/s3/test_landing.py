"""A landing zone or archive on S3: objects are read as listed, verified, then deleted."""

from collections.abc import Mapping
from pathlib import Path
from time import time
from typing import Any

import pytest

from contracts import bronze
from flows import delta
from flows.delta.outcome import Outcome
from flows.ingest.file_state import FileNotReadyError, FileState
from flows.ingest.landing_zone import File, archive_file, find_files
from flows.ingest.load import ingest_table
from flows.ingest.s3_files import S3Object
from flows.storage import s3
from flows.storage.filesystem import sha256
from flows.storage.s3 import bucket_and_key
from tests.support.aws import moto
from tests.support.good_records import GOOD
from tests.support.s3.objects import client, held, upload


def csv(**changes: str) -> bytes:
    row = {**GOOD["orders"], **changes}
    return f"{','.join(row)}\n{','.join(row.values())}\n".encode()


def ingest(source: str, lake: str, archive: str | None = None) -> Outcome:
    files, _ = find_files(source)
    return ingest_table(lake, bronze.Orders, files[bronze.Orders], archive=archive)


def test_an_object_is_ingested_with_its_name_and_time(on_s3: str, tmp_path: Path) -> None:
    upload(f"{on_s3}/in/orders.csv", csv(order_status="created"))
    lake = str(tmp_path / "lake")
    assert ingest(f"{on_s3}/in", lake).read == 1
    rows = delta.scan(delta.open_existing(lake, "bronze.orders")).collect()
    bucket, key = bucket_and_key(f"{on_s3}/in/orders.csv")
    written = client().head_object(Bucket=bucket, Key=key)["LastModified"]
    assert rows["_event_time"].item() == written
    assert rows["_source"].item().endswith("/orders.csv")
    assert held(f"{on_s3}/in").keys() == {"orders.csv"}


@pytest.mark.parametrize("s3_server", [moto], indirect=True)  # the other one keeps files
def test_objects_are_found_by_their_name_or_folder(on_s3: str) -> None:
    for name in (
        "orders.csv",
        "2018/10/orders (1) ã&+#[*].csv",
        "orders.csv/part-00000",
        "sellers/x.csv",
        "sellers_$folder$",
        "sellers/_SUCCESS",
        "_older/orders.csv",
        "sellers/.hidden/x.csv",
        "notes.txt",
        "2018/x.csv",
    ):
        upload(f"{on_s3}/in/{name}", b"x")
    upload(f"{on_s3}/in-between/orders.csv", b"x")
    upload(f"{on_s3}/in", b"x")
    bucket, key = bucket_and_key(f"{on_s3}/in/sellers")
    client().put_object(Bucket=bucket, Key=f"{key}/")  # as some tools do for each folder
    files, unknown = find_files(f"{on_s3}/in/")
    assert [file.name for file in files[bronze.Orders]] == [
        "2018/10/orders (1) ã&+#[*].csv",
        "orders.csv",
        "orders.csv/part-00000",
    ]
    assert [file.name for file in files[bronze.Sellers]] == ["sellers/x.csv"]
    assert [str(error).partition(":")[0] for error in unknown] == [
        "2018/x.csv",
        "notes.txt",
    ]


@pytest.mark.parametrize("s3_server", [moto], indirect=True)
@pytest.mark.parametrize(
    "name",
    ["/orders.csv", "../orders.csv", "orders/./x.csv", "orders.csv?versionId=1.csv"],
)
def test_ambiguous_keys_are_reported(on_s3: str, name: str) -> None:
    upload(f"{on_s3}/in/{name}", b"x")
    files, (error,) = find_files(f"{on_s3}/in")
    assert not any(files.values())
    assert str(error).startswith(f"{name}: an empty part, . or .., or ?versionId= in its key")


def test_odd_keys_are_read_and_archived(on_s3: str, tmp_path: Path) -> None:
    names = {"orders (1) ã&+#[*].csv", "orders/a%20b/part-00000", f"orders/{'x' * 240}.csv"}
    for number, name in enumerate(sorted(names)):
        upload(f"{on_s3}/in/{name}", csv(order_id=f"{number:032}"))
    outcome = ingest(f"{on_s3}/in", str(tmp_path / "lake"), f"{on_s3}/archive")
    assert (outcome.rows, outcome.rejected, outcome.deferred) == (3, (), ())
    assert held(f"{on_s3}/archive").keys() == names
    assert not held(f"{on_s3}/in")


def test_a_recent_object_is_ingested_but_not_archived(
    on_s3: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEYSTONE_QUIET_SECONDS", "3600")
    upload(f"{on_s3}/in/orders.csv", csv())
    upload(f"{on_s3}/in/orders_cut.csv", csv()[:-3])
    lake, archive = str(tmp_path / "lake"), f"{on_s3}/archive"
    outcome = ingest(f"{on_s3}/in", lake, archive)
    assert outcome.rows == 1
    assert [line.rpartition(" ago")[2] for line in outcome.deferred] == [
        "; ingested, but not archived yet",
        " and ends in the middle of a record; not ingested yet",
    ]
    assert not held(archive)
    monkeypatch.setenv("KEYSTONE_QUIET_SECONDS", "0")
    assert ingest(f"{on_s3}/in", lake, archive).rows == 2
    assert held(archive).keys() == {"orders.csv", "orders_cut.csv"}


def test_an_object_from_the_future_is_rejected(
    on_s3: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload(f"{on_s3}/in/orders.csv", csv())
    state, soon = S3Object.state, time() + 600

    def future_state(file: S3Object) -> FileState:
        return state(file)._replace(modified=soon)

    monkeypatch.setattr(S3Object, "state", future_state)
    (line,) = ingest(f"{on_s3}/in", str(tmp_path / "lake")).rejected
    assert "is in the future" in line


@pytest.mark.parametrize("source_there", [True, False])
@pytest.mark.parametrize("archive_there", [True, False])
def test_a_file_is_archived_from_anywhere_to_anywhere(
    on_s3: str, tmp_path: Path, source_there: bool, archive_there: bool
) -> None:
    source = f"{on_s3}/in" if source_there else str(tmp_path / "in")
    archive = f"{on_s3}/archive" if archive_there else str(tmp_path / "archive")

    def drop(contents: bytes) -> None:
        if source_there:
            upload(f"{source}/orders.csv", contents)
        else:
            Path(source).mkdir(exist_ok=True)
            (Path(source) / "orders.csv").write_bytes(contents)

    def kept() -> list[bytes]:
        folder = held(archive) if archive_there else files_of(Path(archive))
        assert "orders.csv" in folder
        return sorted(folder.values())

    first, second = csv(order_status="created"), csv(order_status="shipped")
    for contents in (first, second, first):
        drop(contents)
        ingest(source, f"{on_s3}/lake", archive)
        assert not (held(source) if source_there else files_of(Path(source)))
    assert kept() == sorted([first, second])


def files_of(folder: Path) -> Mapping[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_an_object_that_changed_since_the_listing_is_not_read(on_s3: str, tmp_path: Path) -> None:
    upload(f"{on_s3}/in/orders.csv", csv(order_status="created"))
    (listed,) = find_files(f"{on_s3}/in")[0][bronze.Orders]
    state = listed.state()
    upload(f"{on_s3}/in/orders.csv", csv(order_status="shipped"))
    with pytest.raises(FileNotReadyError, match=r"^orders\.csv: changed while it was read"):
        listed.local_path(state, tmp_path)


def archive(file: File, state: FileState, path: Path, to: str) -> None:
    """Archive a file unchanged."""
    digest = sha256(str(path))
    archive_file(file, state, path, to, digest, name=file.name, copied=digest, check=lambda: None)


def test_an_object_that_changed_since_it_was_read_is_not_archived(
    on_s3: str, tmp_path: Path
) -> None:
    upload(f"{on_s3}/in/orders.csv", csv(order_status="created"))
    (file,) = find_files(f"{on_s3}/in")[0][bronze.Orders]
    state = file.state()
    path = file.local_path(state, tmp_path)
    newer = csv(order_status="shipped")
    upload(f"{on_s3}/in/orders.csv", newer)
    with pytest.raises(FileNotReadyError, match="changed while it was read"):
        archive(file, state, path, f"{on_s3}/archive")
    assert held(f"{on_s3}/in") == {"orders.csv": newer}


def test_an_object_is_not_archived_if_its_copy_differs(
    on_s3: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload(f"{on_s3}/in/orders.csv", csv())
    (file,) = find_files(f"{on_s3}/in")[0][bronze.Orders]
    state = file.state()
    path = file.local_path(state, tmp_path)
    put_file, half = s3.connect().put_file, tmp_path / "half"
    half.write_bytes(path.read_bytes()[:10])

    def put_less(_: Path, uri: str, **options: Any) -> Any:
        return put_file(half, uri, **options)

    monkeypatch.setattr(s3.connect(), "put_file", put_less)
    with pytest.raises(OSError, match="is not what was ingested"):
        archive(file, state, path, f"{on_s3}/archive")
    assert held(f"{on_s3}/in").keys() == {"orders.csv"}


def test_an_object_archived_by_another_run_is_skipped(on_s3: str) -> None:
    upload(f"{on_s3}/in/orders.csv", csv())
    upload(f"{on_s3}/in/orders_2.csv", csv(order_status="shipped"))
    files = find_files(f"{on_s3}/in")[0][bronze.Orders]
    files[0].remove(files[0].state(), "")
    assert ingest_table(f"{on_s3}/lake", bronze.Orders, files).rows == 1


@pytest.mark.usefixtures("on_s3")
def test_a_missing_bucket_is_named() -> None:
    with pytest.raises(FileNotFoundError, match=r"^s3://no-such-bucket/in: S3 says NoSuchBucket"):
        find_files("s3://no-such-bucket/in")

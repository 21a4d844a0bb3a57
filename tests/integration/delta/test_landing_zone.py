"""Landing zone and archive in folders: which files are found, and where they are archived."""

import os
import shutil
import socket
from collections.abc import Callable
from errno import EACCES, EPERM, EROFS
from hashlib import sha256
from pathlib import Path
from types import ModuleType

import pytest

from contracts import bronze
from flows import delta
from flows.delta.outcome import Outcome
from flows.ingest import load
from flows.ingest.file_state import archive_names
from flows.ingest.landing_zone import find_files, store
from flows.ingest.load import ingest_table
from flows.ingest.local_files import make_archive

Land = Callable[..., Path]


def ingest(landing: Path, lake: str, archive: Path | None = None) -> Outcome:
    files = find_files(str(landing))[0][bronze.Orders]
    return ingest_table(lake, bronze.Orders, files, archive=str(archive) if archive else None)


def touch(landing: Path, *names: str) -> None:
    """Create empty files at these paths."""
    for name in names:
        path = landing / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def found(landing: Path) -> tuple[dict[str, str], list[str]]:
    """Return the table of each file, and the names of the unknown files."""
    files, unknown = find_files(str(landing))
    tables = {file.name: contract.spec().name for contract, some in files.items() for file in some}
    return tables, [str(error).partition(":")[0] for error in unknown]


def contents(folder: Path) -> dict[str, bytes]:
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("2018/10/olist_orders_dataset.csv", "orders"),
        ("orders.csv/part-0.csv", "orders"),
        ("orders.csv/part-00000", "orders"),
        ("orders.csv/part-00000-0b1c-c000", "orders"),
        ("orders/2018/x.csv", "orders"),
        ("Olist_Orders_Dataset/x.CSV", "orders"),
        ("orders/customers.csv", "customers"),
        ("orders/sellers/x.csv", "sellers"),
        ("orders/readme.txt", None),
        ("orders/x.csv.gz", None),
        ("2018/x.csv", None),
        ("disorders/x.csv", None),
    ],
)
def test_file_belongs_to_a_table_by_its_name_or_its_nearest_folder(
    tmp_path: Path, name: str, table: str | None
) -> None:
    touch(tmp_path, name)
    assert found(tmp_path) == (({name: table}, []) if table else ({}, [name]))


def test_name_of_the_landing_zone_is_not_a_table(tmp_path: Path) -> None:
    touch(tmp_path / "orders", "x.csv")
    assert found(tmp_path / "orders") == ({}, ["x.csv"])


def test_files_and_folders_that_begin_with_underscore_or_dot_are_skipped(
    tmp_path: Path,
) -> None:
    touch(
        tmp_path,
        "orders.csv/_SUCCESS",
        "orders.csv/.part-0.csv.crc",
        "orders.csv/_temporary/0/part-0.csv",
        ".snapshot/orders.csv",
        "_new/orders.csv",
        "lost+found/orders.csv",
    )
    assert found(tmp_path) == ({}, [])


def test_links_to_folders_are_reported_and_not_followed(tmp_path: Path) -> None:
    touch(tmp_path / "outside", "orders.csv")
    touch(tmp_path / "landing", "orders/x.csv")
    (tmp_path / "landing" / "orders" / "loop").symlink_to(tmp_path / "landing")
    (tmp_path / "landing" / "older").symlink_to(tmp_path / "outside")
    assert found(tmp_path / "landing") == ({"orders/x.csv": "orders"}, ["older", "orders/loop"])


def test_landing_zone_may_be_a_link(tmp_path: Path) -> None:
    touch(tmp_path / "disk", "orders/x.csv")
    (tmp_path / "landing").symlink_to(tmp_path / "disk")
    assert found(tmp_path / "landing") == ({"orders/x.csv": "orders"}, [])


def test_pipes_and_sockets_are_reported_and_never_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "orders.csv")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "sellers.csv"))
        assert found(tmp_path) == ({}, ["orders.csv", "sellers.csv"])


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_unreadable_folder_is_reported(tmp_path: Path) -> None:
    touch(tmp_path, "orders.csv", "closed/orders.csv")
    (tmp_path / "closed").chmod(0)
    named = found(tmp_path)
    (tmp_path / "closed").chmod(0o700)
    assert named == ({"orders.csv": "orders"}, ["closed"])


@pytest.mark.parametrize(
    ("target", "number"),
    [((load, "inspect_csv"), EACCES), ((shutil, "copy2"), EPERM), ((shutil, "copy2"), EROFS)],
)
def test_missing_permission_rejects_only_its_file(
    land: Land,
    lake: str,
    monkeypatch: pytest.MonkeyPatch,
    target: tuple[ModuleType, str],
    number: int,
) -> None:
    landing = land(orders=[{}], orders_closed=[{"order_status": "shipped"}])
    archive = landing.with_name("archive")
    function = getattr(*target)

    def refuse(path: Path, *rest: Path) -> object:
        if path.name == "orders_closed.csv":
            raise OSError(number, os.strerror(number), str(path))
        return function(path, *rest)

    monkeypatch.setattr(*target, refuse)
    (line,) = ingest(landing, lake, archive).rejected
    assert line.startswith(f"orders_closed.csv: [Errno {number}] {os.strerror(number)}: ")
    assert contents(archive).keys() == {"orders.csv"}
    assert contents(landing).keys() == {"orders_closed.csv"}


def test_source_and_archive_keep_the_path_in_the_landing_zone(
    land: Land, lake: str, tmp_path: Path
) -> None:
    landing, archive = land(orders=[{}]), tmp_path / "archive"
    (landing / "orders").mkdir()
    (landing / "orders.csv").rename(landing / "orders" / "x.csv")
    ingest(landing, lake, archive)
    rows = delta.scan(delta.open_existing(lake, "bronze.orders")).collect()
    assert rows["_source"].str.extract(r"^file/[0-9a-f]{64}/(.*)$").to_list() == ["orders/x.csv"]
    assert contents(archive).keys() == {"orders/x.csv"}
    assert not contents(landing)


def test_rejected_file_in_a_folder_is_named_by_its_path(land: Land, lake: str) -> None:
    landing = land(orders=[{}])
    touch(landing, "orders/2018/part-0.csv")
    (line,) = ingest(landing, lake).rejected
    assert line.startswith("orders/2018/part-0.csv: ")


def test_two_names_of_one_file_are_archived_as_two(land: Land, lake: str, tmp_path: Path) -> None:
    landing, archive = land(orders=[{}]), tmp_path / "archive"
    os.link(landing / "orders.csv", landing / "orders_2.csv")
    outcome = ingest(landing, lake, archive)
    assert (outcome.rows, outcome.deferred) == (1, ())
    assert contents(archive).keys() == {"orders.csv", "orders_2.csv"}
    assert not contents(landing)


def test_file_that_the_archive_links_to_is_not_removed(
    land: Land, lake: str, tmp_path: Path
) -> None:
    landing, archive = land(orders=[{}]), tmp_path / "archive"
    archive.mkdir()
    (archive / "orders.csv").symlink_to(landing / "orders.csv")
    (line,) = ingest(landing, lake, archive).deferred
    assert line.endswith("archive/orders.csv is a link to it, or the same file; not archived")
    assert (landing / "orders.csv").exists()


def stored(archive: Path, name: str, text: str, source: Path) -> str:
    """Store a file in an archive; return its path there."""
    source.write_text(text)
    location = store(source, str(archive), name, sha256(text.encode()).hexdigest())
    return Path(location).relative_to(archive).as_posix()


def test_archive_names_are_short_and_distinct(tmp_path: Path) -> None:
    archive, names = tmp_path / "archive", (f"orders_{'1' * 240}.csv", f"orders_{'ã' * 120}.csv")
    texts = [f"text {number}" for number in range(5)]
    for name in names:
        copies = [stored(archive, name, text, tmp_path / "file") for text in texts]
        assert all(len(each.encode()) <= 255 and each.endswith(".csv") for each in copies)
        assert [(archive / each).read_text() for each in copies] == texts
        assert stored(archive, name, texts[0], tmp_path / "file") == copies[0] == name


def test_name_that_imitates_a_digest_does_not_collide(tmp_path: Path) -> None:
    archive, digest = tmp_path / "archive", sha256(b"second").hexdigest()
    imitation = f"orders.{digest[:12]}.csv"
    first = stored(archive, "orders.csv", "first", tmp_path / "file")
    assert stored(archive, imitation, "other", tmp_path / "file") == imitation
    second = stored(archive, "orders.csv", "second", tmp_path / "file")
    assert (first, second) == ("orders.csv", f"{digest}/orders.csv")
    assert (archive / imitation).read_text() == "other"


@pytest.mark.parametrize("names", [("orders.csv", "orders.csv/x"), ("orders.csv/x", "orders.csv")])
def test_file_and_folder_of_one_name_are_both_archived(
    tmp_path: Path, names: tuple[str, str]
) -> None:
    copies = [stored(tmp_path / "archive", name, name, tmp_path / "file") for name in names]
    assert [(tmp_path / "archive" / each).read_text() for each in copies] == [*names]


def test_archive_names_of_a_file() -> None:
    assert archive_names("a/orders.csv", "0123456789abcdef") == (
        "a/orders.csv",
        "a/orders.0123456789ab.csv",
        "0123456789abcdef/a/orders.csv",
    )


def test_archive_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    make_archive(str(tmp_path / "archive"))
    assert (tmp_path / "archive").stat().st_mode & 0o777 == 0o700


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_archive_that_cannot_be_written_to_is_named(tmp_path: Path) -> None:
    (tmp_path / "archive").mkdir(mode=0o500)
    with pytest.raises(PermissionError, match="archive: the archive cannot be written to"):
        make_archive(str(tmp_path / "archive"))

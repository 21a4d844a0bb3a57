"""The landing zone: find its files, assign each to a table, move it to the archive."""

import re
from collections.abc import Callable
from pathlib import Path

from contracts.contract import Bronze
from flows.ingest import local_files, s3_files
from flows.ingest.csv_diagnosis import FileRejectedError, diagnose_name
from flows.ingest.file_state import (
    FileNotReadyError,
    FileState,
    archive_names,
    ignored,
    name_problem,
)
from flows.ingest.local_files import LocalFile
from flows.ingest.s3_files import S3Object
from flows.storage.filesystem import check_access, is_s3, remove
from transforms.graph import sources

File = LocalFile | S3Object


class NoFilesError(Exception):
    """The landing zone has no file of any table; its name may be wrong."""

    def __init__(self, source: str, unknown: list[str]) -> None:
        """Name the landing zone and, one per line, the unknown files in it."""
        message = (
            f"0 files found in {source}; name the landing zone with --source, "
            "or allow it to be empty with --allow-empty"
        )
        self.failures = [message, *unknown]
        super().__init__("; ".join(self.failures))


def find_files(source: str) -> tuple[dict[type[Bronze], list[File]], list[FileRejectedError]]:
    """Return the files of the landing zone by bronze table, and an error for each unknown file.

    A file belongs to a table by its name: the entity's (`orders.csv`), with or without the
    source's `olist_` and `_dataset`, and with any suffix (`olist_orders_dataset_2018-10.csv`).
    A CSV file with another name, or a part file of Spark, belongs to the table that its nearest
    parent folder is named after (`orders/2018/x.csv`, `orders.csv/part-00000`). Files and folders
    whose names begin with `_` or `.` are skipped.

    Raises:
        FileNotFoundError: the folder or the bucket does not exist.
        OSError: it cannot be read, or S3 does not answer.
    """
    found: dict[type[Bronze], list[File]] = {contract: [] for contract in sources()}
    unknown = []
    for file in s3_files.list_files(source) if is_s3(source) else local_files.list_files(source):
        if problem := name_problem(file.name) or file.problem():
            unknown.append(FileRejectedError(problem))
        elif any(map(ignored, file.name.split("/"))):
            continue
        elif contract := _bronze_table(file.name):
            found[contract].append(file)
        elif hint := _other_format_hint(file.name):
            unknown.append(FileRejectedError(f"{file.name}: {hint}"))
        else:
            tables = ", ".join(contract.spec().name for contract in found)
            message = f"belongs to no table; name the file, or its folder, after one of {tables}"
            unknown.append(FileRejectedError(f"{file.name}: {message}"))
    return found, unknown


def make_archive(archive: str) -> None:
    """Create the folder of an archive, or check that S3 answers.

    Raises:
        OSError: the archive cannot be written to, or S3 does not answer.
    """
    if is_s3(archive):
        check_access(archive)
    else:
        local_files.make_archive(archive)


def archive_file(  # noqa: PLR0913 - the last ones are given by name
    file: File,
    state: FileState,
    path: Path,
    archive: str,
    digest: str,
    *,
    name: str,
    copied: str,
    check: Callable[[], None],
) -> None:
    """Move a file to the archive; remove the original only after the copy is verified.

    If the archive has other contents under the same name, the digest is added to the file's name.

    Args:
        file: the file in the landing zone.
        state: its state when it was read.
        path: the local file to copy: the one that was read, or the same without erased people.
        archive: a folder, or a prefix on S3.
        digest: the SHA-256 of the file in the landing zone.
        name: the preferred path in the archive.
        copied: the SHA-256 of the file to copy.
        check: raises FileNotReadyError if the copy may not stay; called when it is there.

    Raises:
        FileNotReadyError: the file has changed since, is itself in the archive, or `check` says so.
        OSError: the copy is not what was ingested, or cannot be written.
    """
    copy = store(path, archive, name, copied)
    if file.is_at(copy):
        message = f"{file.name}: {copy} is a link to it, or the same file; not archived"
        raise FileNotReadyError(message)
    try:
        check()
    except FileNotReadyError:
        remove(copy)
        raise
    file.remove(state, digest)


def store(path: Path, archive: str, name: str, digest: str) -> str:
    """Copy a local file into an archive, verify the copy, and return its location.

    Args:
        path: the file.
        archive: a folder, or a prefix on S3.
        name: the preferred path in the archive.
        digest: the SHA-256 of the ingested contents.

    Raises:
        FileNotReadyError: the file is not what was ingested.
        OSError: the copy is not what was ingested, or cannot be written.
    """
    put = s3_files.put if is_s3(archive) else local_files.put
    for candidate in archive_names(name, digest):
        location = f"{archive.rstrip('/')}/{candidate}"
        if put(path, location, digest):
            return location
    message = f"{location}: is not what was ingested; remove it there, {name} was not archived"
    raise OSError(message)


def _bronze_table(name: str) -> type[Bronze] | None:
    """Return the bronze table that a path belongs to."""
    *folders, last = name.split("/")
    if contract := _named_after(last, r"\.csv"):
        return contract
    if not re.fullmatch(r".*\.csv|part-[\w-]+", last, re.IGNORECASE):
        return None
    return next(filter(None, map(_named_after, reversed(folders))), None)


def _named_after(name: str, ending: str = "") -> type[Bronze] | None:
    for contract in sources():
        pattern = rf"(olist_)?{contract.spec().name}(_dataset)?([^a-z].*)?{ending}"
        if re.fullmatch(pattern, name, re.IGNORECASE | re.DOTALL):
            return contract
    return None


def _other_format_hint(name: str) -> str:
    """Return what to do with a file that would belong to a table if it were CSV."""
    csv_name, found = diagnose_name(name) or ("", None)
    return f"{found.reason}, {found.remedy}" if found and _bronze_table(csv_name) else ""

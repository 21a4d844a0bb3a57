"""The landing zone: which files lie there, which table each belongs to, where they go after."""

import re
from pathlib import Path

from contracts.contract import Bronze
from flows.ingest import local_files, s3_files
from flows.ingest.csv_diagnosis import diagnose_name
from flows.ingest.csv_reader import FileRejectedError
from flows.ingest.file_state import NAME_BYTES, FileNotReadyError, FileState, ignored
from flows.ingest.local_files import LocalFile
from flows.ingest.s3_files import S3Object
from flows.storage.filesystem import check_access, is_s3
from transforms.graph import sources

File = LocalFile | S3Object


class NoFilesError(Exception):
    """The landing zone holds no file of any table: its name may be wrong."""

    def __init__(self, source: str, strangers: list[str]) -> None:
        """Name the landing zone, and what else lies there, a line each."""
        nothing = (
            f"0 files found in {source}; name the landing zone with --source, "
            "or allow it to be empty with --allow-empty"
        )
        self.failures = [nothing, *strangers]
        super().__init__("; ".join(self.failures))


def find_files(source: str) -> tuple[dict[type[Bronze], list[File]], list[FileRejectedError]]:
    """Return the files of the landing zone by bronze table, and those that belong to none.

    A file belongs to a table by its name: the entity's (`orders.csv`), with or without the
    source's `olist_` and `_dataset`, and with whatever is put behind it
    (`olist_orders_dataset_2018-10.csv`). A CSV file of another name, or a part file of Spark,
    belongs to the table after which the nearest folder above it is named
    (`orders/2018/x.csv`, `orders.csv/part-00000`). Files and folders whose names begin with `_` or
    `.` are ignored.

    Raises:
        FileNotFoundError: there is no such folder, or no such bucket.
        OSError: it cannot be read, or S3 does not answer.
    """
    found: dict[type[Bronze], list[File]] = {contract: [] for contract in sources()}
    strangers = []
    for file in s3_files.files(source) if is_s3(source) else local_files.files(source):
        if unfit := _unfit(file):
            strangers.append(FileRejectedError(unfit))
        elif any(map(ignored, file.name.split("/"))):
            continue
        elif contract := _recognised(file.name):
            found[contract].append(file)
        elif said := _of_another_format(file.name):
            strangers.append(FileRejectedError(f"{file.name}: {said}"))
        else:
            known = ", ".join(contract.spec().name for contract in found)
            message = (
                f"belongs to no table; name the file, or a folder for it, after one of {known}"
            )
            strangers.append(FileRejectedError(f"{file.name}: {message}"))
    return found, strangers


def make_archive(archive: str) -> None:
    """Make the folder of an archive, or look whether S3 answers.

    Raises:
        OSError: the archive cannot be written to, or S3 does not answer.
    """
    if is_s3(archive):
        check_access(archive)
    else:
        local_files.make_archive(archive)


def archive_file(file: File, state: FileState, path: Path, archive: str, digest: str) -> None:
    """Move a file to the archive; the original goes once the copy has been read back.

    A file of the same name and other contents keeps its name: the newcomer's digest is put into
    its own.

    Args:
        file: what lies in the landing zone.
        state: its state when it was read.
        path: the same, at hand.
        archive: a folder, or a prefix on S3.
        digest: the SHA-256 of what was ingested.

    Raises:
        FileWaitsError: the file is not what was ingested any more, or is itself in the archive.
        OSError: the copy is not what was ingested, or cannot be written.
    """
    kept = (s3_files if is_s3(archive) else local_files).keep(path, archive, file.name, digest)
    if isinstance(file, LocalFile):
        itself = not is_s3(archive) and Path(kept).samefile(file.path)
    else:
        itself = file.uri == kept
    if itself:
        message = f"{file.name}: {kept} is a link to it, or the same file; not archived"
        raise FileNotReadyError(message)
    file.remove(state, digest)


def _unfit(file: File) -> str:
    """Say why something cannot be read or archived under its name; empty if it can."""
    parts = file.name.split("/")
    try:
        longest = max(len(part.encode()) for part in parts)
    except UnicodeEncodeError:
        return f"{file.name.encode(errors='surrogateescape')!r}: its name is not UTF-8, rename it"
    if longest > NAME_BYTES:
        return f"{file.name}: a name of more than {NAME_BYTES} bytes, shorten it"
    if isinstance(file, S3Object):
        # Three are other paths in a folder, and s3fs takes the last for the version of an object.
        odd = {"", ".", ".."} & {*parts} or "?versionId=" in file.name
        message = f"{file.name}: an empty part, . or .., or ?versionId= in its key; rename it"
        return message if odd else ""
    return _no_file(file)


def _no_file(file: LocalFile) -> str:
    path = file.path
    try:
        if path.is_file():
            return ""
        local_files, link = path.is_dir(), path.is_symlink()
    except OSError as error:
        return f"{file.name}: {error.strerror}; change its mode or its owner"
    if local_files and link:
        return f"{file.name}: links to folders are not followed; move the files here"
    if local_files:
        return f"{file.name}: the folder cannot be read; change its mode or its owner"
    return f"{file.name}: is no file, or links to none; take it away"


def _recognised(name: str) -> type[Bronze] | None:
    *folders, own = name.split("/")
    if contract := _named(own, r"\.csv"):
        return contract
    if not re.fullmatch(r".*\.csv|part-[\w-]+", own, re.IGNORECASE):
        return None
    return next(filter(None, map(_named, reversed(folders))), None)


def _named(name: str, ending: str = "") -> type[Bronze] | None:
    for contract in sources():
        pattern = rf"(olist_)?{contract.spec().name}(_dataset)?([^a-z].*)?{ending}"
        if re.fullmatch(pattern, name, re.IGNORECASE | re.DOTALL):
            return contract
    return None


def _of_another_format(name: str) -> str:
    """Say what to do with a file that would belong to a table if it were CSV."""
    csv_name, found = diagnose_name(name) or ("", None)
    return f"{found.reason}, {found.remedy}" if found and _recognised(csv_name) else ""

"""The landing zone: which files lie there, which table each belongs to, where they go after."""

import os
import re
import shutil
from pathlib import Path

from contracts.contract import Bronze
from flows.csv_records import FileRejectedError
from flows.objects import S3Object, keep, objects
from flows.storage import is_s3, sha256
from transforms.graph import sources

File = Path | S3Object


def arrivals(source: str) -> tuple[dict[type[Bronze], list[File]], list[FileRejectedError]]:
    """Return the files of the landing zone by bronze table, and those that belong to none.

    A file belongs to a table by its name: the entity's (`orders.csv`), with or without the
    source's `olist_` and `_dataset`, and with whatever is put behind it
    (`olist_orders_dataset_2018-10.csv`). Names that begin with `_` or `.` are not for us.

    Raises:
        FileNotFoundError: there is no such folder, or no such bucket.
        OSError: S3 does not answer.
    """
    found: dict[type[Bronze], list[File]] = {contract: [] for contract in sources()}
    strangers = []
    for file in objects(source) if is_s3(source) else _in_folder(source):
        if file.name.startswith(("_", ".")):
            continue
        if unfit := _unfit(file):
            strangers.append(FileRejectedError(unfit))
            continue
        if contract := _recognised(file.name):
            found[contract].append(file)
        else:
            known = ", ".join(contract.promise().name for contract in found)
            strangers.append(
                FileRejectedError(
                    f"{file.name}: belongs to no table; rename it after one of: {known}"
                )
            )
    return found, strangers


def at_hand(file: File, folder: Path) -> Path:
    """Return a file that can be read piece by piece: itself, or a copy of the object in a folder.

    Raises:
        FileRejectedError: the object is another one than when it was listed.
        OSError: it is gone, or S3 does not answer.
    """
    return file.download(folder) if isinstance(file, S3Object) else file


def archive_file(file: File, path: Path, archive: str, digest: str) -> None:
    """Move a file to the archive; the original goes once the copy has been read back.

    A file of the same name and other contents keeps its place: the newcomer's digest is put into
    its name.

    Args:
        file: what lies in the landing zone.
        path: the same, at hand.
        archive: a folder, or a prefix on S3.
        digest: the SHA-256 of what was ingested.

    Raises:
        OSError: the copy is not what was ingested, or the original is not any more.
    """
    kept = (keep if is_s3(archive) else _keep_in_folder)(path, archive, digest)
    if isinstance(file, S3Object):
        if file.uri != kept:
            file.delete()
    elif is_s3(archive) or not Path(kept).samefile(file):
        if sha256(str(file)) != digest:
            message = f"{file.name}: changed while it was being archived; what is new stays"
            raise OSError(message)
        file.unlink()


def _in_folder(source: str) -> list[Path]:
    folder = Path(source)
    if not folder.is_dir():
        message = f"{source}: there is no such folder; name the landing zone with --source"
        raise FileNotFoundError(message)
    return [path for path in sorted(folder.iterdir()) if not path.is_dir()]


def _keep_in_folder(path: Path, archive: str, digest: str) -> str:
    """Put a copy of a file into a folder, and prove it; return where it lies."""
    folder = Path(archive)
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / path.name
    if target.exists() and sha256(str(target)) != digest:
        target = target.with_stem(f"{path.stem}.{digest[:12]}")
    if target.exists() and target.samefile(path):
        return str(target)
    partial = target.with_name(f".{digest[:12]}.{os.getpid()}.partial")
    try:
        shutil.copy2(path, partial)
        if sha256(str(partial)) != digest:
            message = f"{path.name}: changed while it was being archived; it stays where it is"
            raise OSError(message)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    return str(target)


def _unfit(file: File) -> str:
    try:
        file.name.encode()
    except UnicodeEncodeError:
        return f"{os.fsencode(file.name)!r}: its name is not UTF-8, rename it"
    fit = isinstance(file, S3Object) or file.is_file()
    return "" if fit else f"{file.name}: is no file, or links to none; take it away"


def _recognised(name: str) -> type[Bronze] | None:
    for contract in sources():
        if re.fullmatch(
            rf"(olist_)?{contract.promise().name}(_dataset)?([^a-z].*)?\.csv", name, re.IGNORECASE
        ):
            return contract
    return None

"""The landing zone: which files lie there, which table each belongs to, where they go after."""

import hashlib
import os
import re
import shutil
from pathlib import Path

from contracts.contract import Bronze
from flows.csv_records import FileRejected
from transforms.graph import sources


def arrivals(source: str) -> tuple[dict[type[Bronze], list[Path]], list[FileRejected]]:
    """Return the files of the landing zone by bronze table, and those that belong to none.

    A file belongs to a table by its name: the entity's (`orders.csv`), with or without the
    source's `olist_` and `_dataset`, and with whatever is put behind it
    (`olist_orders_dataset_2018-10.csv`). Names that begin with `_` or `.` are not for us.

    Raises:
        FileNotFoundError: there is no such folder.
    """
    folder = Path(source)
    if not folder.is_dir():
        message = f"{source}: there is no such folder; name the landing zone with --source"
        raise FileNotFoundError(message)
    found: dict[type[Bronze], list[Path]] = {contract: [] for contract in sources()}
    strangers = []
    for path in sorted(folder.iterdir()):
        if path.name.startswith(("_", ".")) or path.is_dir():
            continue
        if unfit := _unfit(path):
            strangers.append(FileRejected(unfit))
            continue
        if contract := _recognised(path.name):
            found[contract].append(path)
        else:
            known = ", ".join(map(_entity, found))
            strangers.append(
                FileRejected(f"{path.name}: belongs to no table; rename it after one of: {known}")
            )
    return found, strangers


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def archive_file(path: Path, archive: str, digest: str) -> Path:
    """Move a file to the archive folder; the original goes once the copy has been read back.

    A file of the same name and other contents keeps its place: the newcomer's digest is put into
    its name.

    Raises:
        OSError: the copy is not what was ingested.
    """
    folder = Path(archive)
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / path.name
    if target.exists() and sha256(target) != digest:
        target = target.with_stem(f"{path.stem}.{digest[:12]}")
    if target.exists() and target.samefile(path):
        return target
    partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
    shutil.copy2(path, partial)
    if sha256(partial) != digest:
        partial.unlink()
        message = f"{path.name}: changed while it was being archived; it stays where it is"
        raise OSError(message)
    partial.replace(target)
    if sha256(path) != digest:
        message = f"{path.name}: changed while it was being archived; what is new stays"
        raise OSError(message)
    path.unlink()
    return target


def _unfit(path: Path) -> str:
    try:
        path.name.encode()
    except UnicodeEncodeError:
        return f"{os.fsencode(path.name)!r}: its name is not UTF-8, rename it"
    return "" if path.is_file() else f"{path.name}: is no file, or links to none; take it away"


def _recognised(name: str) -> type[Bronze] | None:
    for contract in sources():
        if re.fullmatch(
            rf"(olist_)?{_entity(contract)}(_dataset)?([^a-z].*)?\.csv", name, re.IGNORECASE
        ):
            return contract
    return None


def _entity(contract: type[Bronze]) -> str:
    return contract.promise().table.removeprefix("bronze.")

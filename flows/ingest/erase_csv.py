"""A CSV file without erased people: their records are changed, all other bytes stay."""

import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from contracts.technical_columns import OPERATION_HEADER
from flows.erasure.erasures import Erasures
from flows.erasure.search import Found, search
from flows.ingest.csv_diagnosis import FileRejectedError
from flows.ingest.csv_parser import runs, text, values, whole_lines
from flows.ingest.csv_reader import inspect_csv
from flows.ingest.csv_windows import read_bytes
from flows.storage.filesystem import download, is_s3, remove, sha256, upload
from transforms.erasure import erase
from transforms.graph import sources


def erase_csv(path: Path, to: Path, erasures: Erasures) -> bool:
    """Write a CSV file without erased people; return whether it differs from the original.

    Reading the new file gives the records of the old one, erased. In an erased record, columns that
    no table declares are empty.

    Raises:
        FileRejectedError: the file is not text, or its header cannot be read.
    """
    facts, differs = inspect_csv(path), False
    with path.open("rb") as file, to.open("wb") as out:
        start = facts.pieces[0].start if facts.pieces else facts.size
        out.write(read_bytes(file, 0, start))
        for piece in facts.pieces:
            data = read_bytes(file, piece.start, piece.end - piece.start)
            erased = _erased(data, facts.header, erasures)
            differs = differs or erased != data
            out.write(erased)
    return differs


def search_archive(archive: str, erasures: Erasures) -> Found:
    """Search an archive for erased people: also for review texts, which name no person."""
    found = search(archive, erasures)
    for path in found.sizes.keys() - found.holding.keys():
        with TemporaryDirectory(prefix="keystone-") as folder:
            original = _local_path(f"{found.location}/{path}", Path(folder))
            try:
                differs = erase_csv(original, Path(folder, "erased"), erasures)
            except FileRejectedError:
                found.unsearchable.append(path)
            else:
                if differs:
                    found.holding[path] = 0
    return found


def erase_archive(
    archive: str, paths: Iterable[str], erasures: Erasures, note: Callable[[str, str], None]
) -> None:
    """Rewrite files of an archive without erased people.

    Args:
        archive: the archive.
        paths: the files that hold erased people, by their paths in the archive.
        erasures: the erased people.
        note: receives, before a file is replaced, the digest of its new contents and the one under
            which bronze has its records.

    Raises:
        FileRejectedError: a file is no CSV file.
    """
    for path in paths:
        uri = f"{archive.rstrip('/')}/{path}"
        with TemporaryDirectory(prefix="keystone-") as folder:
            original, erased = _local_path(uri, Path(folder)), Path(folder, "erased")
            erase_csv(original, erased, erasures)
            note(sha256(str(erased)), erasures.original(sha256(str(original))))
            shutil.copystat(original, erased)  # a source may ingest the file again
            target = f"{archive.rstrip('/')}/{erasures.erase_text(path)}"
            upload(erased, target)
            if target != uri:
                remove(uri)


def _local_path(uri: str, folder: Path) -> Path:
    """Return the path of a file; download it into a folder if it is on S3."""
    if not is_s3(uri):
        return Path(uri)
    download(uri, folder / "original")
    return folder / "original"


def _erased(data: bytes, header: Sequence[str], erasures: Erasures) -> bytes:
    pseudonyms, orders = erasures.recognize_text(data.decode())
    if not pseudonyms and not orders:
        return data
    mentions = re.compile("|".join([*pseudonyms, *orders]).encode(), re.IGNORECASE).search
    complete = whole_lines(data)
    records = [*_records(complete, len(header))]
    changed = [number for number, raw in enumerate(records) if mentions(raw)]
    rows = pl.DataFrame(
        [_row(text(records[number]), header) for number in changed],
        dict.fromkeys([*_named(header), *_TECHNICAL], pl.String),
        orient="row",
    )
    erased = erase(rows, pseudonyms, orders).pipe(_without_undeclared)
    for number, row in zip(changed, erased.iter_rows(), strict=True):
        raw = records[number]
        end = raw[len(text(raw).encode()) :]
        records[number] = _written(row, quoted=b'"' in raw).encode() + end
    return b"".join(records).removesuffix(complete[len(data) :])


_TECHNICAL = ("_corrupt_record", "_rescued_data")


def _records(data: bytes, width: int) -> Iterator[bytes]:
    """Split whole lines into records; a blank line is one, too."""
    start = 0
    for run in runs(data, width):
        if run.regular:
            record = b""
            for line in data[start : run.end].splitlines(keepends=True):
                record += line
                if line.endswith(b"\n") and record.count(b'"') % 2 == 0:
                    yield record
                    record = b""
        else:
            yield data[start : run.end]
        start = run.end


def _row(record: str, header: Sequence[str]) -> tuple[str | None, ...]:
    fields = values(record)
    if len(fields) == len(header):
        return (*fields, None, "")
    return (*[None] * len(header), record, "")


def _named(header: Sequence[str]) -> list[str]:
    """Number the columns that no table declares; one may have the name of a technical column."""
    declared = _declared()
    return [name if name in declared else f"{number}" for number, name in enumerate(header)]


def _declared() -> set[str]:
    return {OPERATION_HEADER, *(name for contract in sources() for name in contract.fields())}


def _without_undeclared(rows: pl.DataFrame) -> pl.DataFrame:
    """Empty the columns that no table declares in rows whose `_rescued_data` was erased."""
    undeclared = [*{*rows.columns} - _declared() - {*_TECHNICAL}]
    return rows.with_columns(pl.when(_rescued_data="").then(pl.col(undeclared)))


def _written(row: Sequence[str | None], *, quoted: bool) -> str:
    """Return the text of a record.

    If it had quotes, all of its values get some. If the file has a corrupt line with an open quote
    before it, this quote still ends within this record, so that line stays corrupt.
    """
    *fields, corrupt, _ = row
    written = (_quoted(value) if quoted and value is not None else value or "" for value in fields)
    return ",".join(written) if corrupt is None else corrupt


def _quoted(value: str) -> str:
    return '"' + value.replace('"', '""') + '"'

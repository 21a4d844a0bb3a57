"""A landed CSV file as raw bronze records: nothing is lost, repaired or guessed.

Two readers give the same result. Polars reads the regular records, many at a time: those that are
proven to have as many fields as the header and no misplaced quote. The parser of our own reads all
others. It turns a corrupt record into one row of raw text and leaves its neighbours intact.
"""

import codecs
import hashlib
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import polars as pl
from polars.io.plugins import register_io_source

from contracts.technical_columns import OPERATION_HEADER, UPSERT
from flows.ingest.bytes_read import byte_counter
from flows.ingest.csv_diagnosis import (
    HEAD,
    FileRejectedError,
    diagnose_format,
    diagnose_header,
    diagnose_quotes,
    rejected,
)
from flows.ingest.csv_parser import Run, runs, text, values, whole_lines
from flows.ingest.csv_windows import file_runs, read_bytes, read_parts, unreadable


@dataclass(frozen=True)
class Piece:
    """Whole records of a file: the bytes from `start` to `end`; the first record is `position`.

    `regular` is proven: every record has exactly as many fields as the header, and no quote is
    misplaced.
    """

    start: int
    end: int
    position: int
    records: int
    regular: bool


@dataclass(frozen=True)
class CsvFacts:
    """Facts about a file, proven from its bytes: `size` in bytes, `records` without the header.

    The pieces cover everything after the header, and each fits into memory.
    """

    sha256: str
    size: int
    records: int
    header: tuple[str, ...]
    pieces: tuple[Piece, ...]


def inspect_csv(path: Path) -> CsvFacts:
    """Establish the header, records and digest of a CSV file from its bytes, before it is parsed.

    Header names are stripped of white space. The file is read in windows, so memory is bounded.

    Raises:
        FileRejectedError: the file is empty or not text (UTF-8 without NUL), has a line that is too
            long, or the quotes of its header do not match.
    """
    with path.open("rb") as file:
        header, start = _header(path, file)
        digest = hashlib.sha256()
        for part in read_parts(file, start):
            digest.update(part)
        show = byte_counter("checked", os.fstat(file.fileno()).st_size)
        pieces = list[Piece]()
        for piece in _pieces(file_runs(path, file, len(header), start, digest), start):
            pieces.append(piece)
            show(piece.end)
        return CsvFacts(
            sha256=digest.hexdigest(),
            size=file.tell(),
            records=sum(piece.records for piece in pieces),
            header=header,
            pieces=tuple(pieces),
        )


def scan_records(path: Path, facts: CsvFacts, columns: Sequence[str]) -> pl.LazyFrame:
    """Read one row per record: `columns` as raw strings, and what does not fit into them.

    An empty field is null, a quoted empty field is "". `_position` numbers the records from 1.
    `_rescued_data` is a JSON object of the columns that only the file has. `_corrupt_record` is the
    raw text of a record with misplaced quotes, or with more or fewer fields than the header; its
    columns are null. `_operation` is the text of the column `_op`, or `UPSERT`.

    Raises:
        FileRejectedError: the header lacks one of `columns` or repeats a name, or the file has
            changed since the inspection. The latter may also be raised when the frame is collected.
    """
    _check_header(path, facts, columns)
    if path.stat().st_size != facts.size:
        raise _changed(path)
    field = dict(zip(facts.header, _fields(len(facts.header)), strict=True))
    known = {*columns, OPERATION_HEADER}
    extra = [pl.col(field[name]).alias(name) for name in facts.header if name not in known]
    stated = [pl.col(field[name]) for name in facts.header if name == OPERATION_HEADER]
    operation = pl.coalesce(*stated, pl.lit(UPSERT))
    rescued = pl.struct(extra).struct.json_encode() if extra else pl.lit(None, pl.String)
    readable = pl.col("_corrupt_record").is_null()
    return _scan(path, facts).select(
        *(pl.col(field[name]).alias(name) for name in columns),
        pl.col("_position"),
        pl.when(readable).then(rescued).alias("_rescued_data"),
        pl.col("_corrupt_record"),
        pl.when(readable).then(operation).alias("_operation"),
    )


def _scan(path: Path, facts: CsvFacts) -> pl.LazyFrame:
    width, show = len(facts.header), byte_counter("read", facts.size)

    def frames(
        with_columns: list[str] | None,
        predicate: pl.Expr | None,
        n_rows: int | None,
        _batch_size: int | None,
    ) -> Iterator[pl.DataFrame]:
        left = facts.records if n_rows is None else n_rows
        with path.open("rb") as file:
            for piece in facts.pieces:
                frame = _read_piece(path, file, piece, width).head(left)
                left -= len(frame)
                show(piece.end)
                frame = frame if with_columns is None else frame.select(with_columns)
                yield frame if predicate is None else frame.filter(predicate)

    return register_io_source(frames, schema=_schema(width))


def _read_piece(path: Path, file: BinaryIO, piece: Piece, width: int) -> pl.DataFrame:
    """Read the records of a piece; raise if the file has changed since the inspection.

    The errors of Polars and Python are dropped because they may quote a record.
    """
    data = read_bytes(file, piece.start, piece.end - piece.start)
    read = _read_regular if piece.regular else _read_mixed
    frame = None
    if len(data) == piece.end - piece.start:
        with suppress(pl.exceptions.PolarsError, UnicodeDecodeError):
            frame = read(whole_lines(data), piece.position, width)
    if frame is None or len(frame) != piece.records:
        raise _changed(path)
    return frame


def _read_regular(data: bytes, position: int, width: int) -> pl.DataFrame:
    return _by_polars(data, pl.int_range(position, position + pl.len()), width)


def _read_mixed(data: bytes, position: int, width: int) -> pl.DataFrame:
    """Read the regular records with Polars, all at once, and insert the others between them."""
    regular: list[bytes] = []
    positions: list[int] = []
    others: list[tuple[int | str | None, ...]] = []
    start = 0
    for run in runs(data, width):
        raw = data[start : run.end]
        if run.regular:
            regular.append(raw)
            positions.extend(range(position, position + run.records))
        elif run.records:
            fields = values(text(raw))
            complete = len(fields) == width
            row = (None, *fields) if complete else (text(raw), *[None] * width)
            others.append((position, *row))
        start, position = run.end, position + run.records
    by_polars = _by_polars(b"".join(regular), pl.lit(pl.Series(positions, dtype=pl.Int64)), width)
    by_parser = pl.DataFrame(others, _schema(width), orient="row")
    return pl.concat([by_polars, by_parser]).sort("_position")


def _by_polars(data: bytes, positions: pl.Expr, width: int) -> pl.DataFrame:
    schema = dict.fromkeys(_fields(width), pl.String)
    return pl.read_csv(data, has_header=False, schema=schema, raise_if_empty=False).select(
        positions.alias("_position"), pl.lit(None, pl.String).alias("_corrupt_record"), pl.all()
    )


def _schema(width: int) -> pl.Schema:
    strings = dict.fromkeys(("_corrupt_record", *_fields(width)), pl.String)
    return pl.Schema({"_position": pl.Int64, **strings})


def _fields(width: int) -> list[str]:
    """Name the fields by number, so that no header collides with one of our columns."""
    return [str(number) for number in range(width)]


def _changed(path: Path) -> FileRejectedError:
    return rejected(path, "the file changed while being read", "let its upload finish first")


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(repr, names))


def _header(path: Path, file: BinaryIO) -> tuple[tuple[str, ...], int]:
    """Return the names, and the offset of the first byte after them."""
    start = len(codecs.BOM_UTF8) if read_bytes(file, 0, 3) == codecs.BOM_UTF8 else 0
    for run in file_runs(path, file, 1, start, hashlib.sha256()):
        if run.records:
            header = read_bytes(file, start, run.end - start)
            return _names(path, file, text(whole_lines(header))), run.end
        start = run.end
    if file.seek(0, os.SEEK_END):
        raise rejected(path, "the file holds only blank lines", "send it again")
    raise rejected(path, "the file has zero bytes", "send it again")


def _names(path: Path, file: BinaryIO, header: str) -> tuple[str, ...]:
    if not (fields := values(header)):
        if found := diagnose_quotes(header):
            raise rejected(path, *found)
        reason = "the quotes of the header do not match"
        raise unreadable(path, file, reason, "correct the header")
    return tuple((name or "").strip() for name in fields)


def _check_header(path: Path, facts: CsvFacts, columns: Sequence[str]) -> None:
    names = facts.header
    if missing := [name for name in columns if name not in names]:
        with path.open("rb") as file:
            head = read_bytes(file, 0, HEAD)
        if found := diagnose_format(head) or diagnose_header(head, columns):
            raise rejected(path, *found)
        raise rejected(path, f"the header lacks {_listed(missing)}", "add or rename these columns")
    count = Counter(names)
    if repeated := [number for number, name in enumerate(names, 1) if count[name] > 1]:
        reason = f"columns {', '.join(map(str, repeated[:5]))} of the header have the same name"
        raise rejected(path, reason, "rename or drop the copies")


def _pieces(found: Iterable[Run], start: int) -> Iterator[Piece]:
    """Join runs into pieces that are large enough to be read efficiently."""
    piece = Piece(start, start, position=1, records=0, regular=True)
    for run in found:
        piece = Piece(
            piece.start,
            run.end,
            piece.position,
            piece.records + run.records,
            piece.regular and run.regular,
        )
        if run.end - piece.start >= _PIECE_BYTES:
            yield piece
            piece = Piece(run.end, run.end, piece.position + piece.records, 0, regular=True)
    if piece.end > piece.start:
        yield piece


_PIECE_BYTES = 1 << 24

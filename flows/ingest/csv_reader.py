"""A landed CSV file as raw bronze records: nothing lost, nothing repaired, nothing guessed.

Two readers, one meaning. Records that are proven to have the header's number of fields, and every
quote where it should be, are left to Polars, many at a time. Any other is read by the grammar:
there a broken record becomes one row of raw text and its neighbours stay whole.
"""

import codecs
import hashlib
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import polars as pl
from polars.io.plugins import register_io_source

from flows.ingest.csv_diagnosis import HEAD, diagnose_format, diagnose_header, diagnose_quotes
from flows.ingest.csv_parser import LONGEST, Run, runs, text, values, whole_lines


class FileRejectedError(Exception):
    """A file that cannot be taken; the one line of text names file, reason and remedy."""


@dataclass(frozen=True)
class Piece:
    """Whole records of a file: the bytes from `start` to `end`, counted from `position` on.

    `regular` is a proof: every record has exactly as many fields as the header, and every quote
    stands where it should.
    """

    start: int
    end: int
    position: int
    records: int
    regular: bool


@dataclass(frozen=True)
class CsvFacts:
    """What the bytes of a file prove: `size` in bytes, `records` without the header.

    The pieces hold all that stands behind the header, and are small enough to be read at once.
    """

    sha256: str
    size: int
    records: int
    header: tuple[str, ...]
    pieces: tuple[Piece, ...]


def inspect_csv(path: Path) -> CsvFacts:
    """Establish what a CSV file holds, from its bytes alone, before anything reads it.

    Header names come without surrounding white space. The file is read a window at a
    time, which is no larger than `LONGEST`: no record may be.

    Raises:
        FileRejectedError: the file is empty or not text (UTF-8 without NUL), a line of it is too
            long, or the quotes of its header do not match.
    """
    with path.open("rb") as file:
        header, start = _header(path, file)
        digest = hashlib.sha256()
        for part in _parts(file, start):
            digest.update(part)
        pieces = tuple(_pieces(_runs(path, file, len(header), start, digest), start))
        return CsvFacts(
            sha256=digest.hexdigest(),
            size=file.tell(),
            records=sum(piece.records for piece in pieces),
            header=header,
            pieces=pieces,
        )


def scan_records(path: Path, facts: CsvFacts, columns: Sequence[str]) -> pl.LazyFrame:
    """Read one row per record: `columns` as raw strings, then what did not fit into them.

    An empty field is null, a quoted empty field is "". `_position` numbers the records from 1.
    `_rescued_data` is a JSON object of the columns that only the file has. `_corrupt_record` is the
    raw text of a record with broken quotes or another number of fields than the header; the
    columns are then null.

    Raises:
        FileRejectedError: the header lacks one of `columns` or repeats a name, or the file is not
            what was inspected. The latter may also come when the frame is collected.
    """
    _check_header(path, facts, columns)
    if path.stat().st_size != facts.size:
        raise _changed(path)
    place = dict(zip(facts.header, _fields(len(facts.header)), strict=True))
    extra = [pl.col(place[name]).alias(name) for name in facts.header if name not in columns]
    rescued = pl.struct(extra).struct.json_encode() if extra else pl.lit(None, pl.String)
    return _scan(path, facts).select(
        *(pl.col(place[name]).alias(name) for name in columns),
        pl.col("_position"),
        pl.when(pl.col("_corrupt_record").is_null()).then(rescued).alias("_rescued_data"),
        pl.col("_corrupt_record"),
    )


def _scan(path: Path, facts: CsvFacts) -> pl.LazyFrame:
    width = len(facts.header)

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
                frame = frame if with_columns is None else frame.select(with_columns)
                yield frame if predicate is None else frame.filter(predicate)

    return register_io_source(frames, schema=_schema(width))


def _read_piece(path: Path, file: BinaryIO, piece: Piece, width: int) -> pl.DataFrame:
    """Read the records of a piece; whatever is not as it was found is a change of the file.

    What Polars or Python say of such bytes is dropped, for it may quote a record.
    """
    data = _read(file, piece.start, piece.end - piece.start)
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
    """Give Polars the regular records all at once, and put the others back between them."""
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
            good = len(fields) == width
            row = (None, *fields) if good else (text(raw), *[None] * width)
            others.append((position, *row))
        start, position = run.end, position + run.records
    by_polars = _by_polars(b"".join(regular), pl.lit(pl.Series(positions, dtype=pl.Int64)), width)
    by_grammar = pl.DataFrame(others, _schema(width), orient="row")
    return pl.concat([by_polars, by_grammar]).sort("_position")


def _by_polars(data: bytes, positions: pl.Expr, width: int) -> pl.DataFrame:
    schema = dict.fromkeys(_fields(width), pl.String)
    return pl.read_csv(data, has_header=False, schema=schema, raise_if_empty=False).select(
        positions.alias("_position"), pl.lit(None, pl.String).alias("_corrupt_record"), pl.all()
    )


def _schema(width: int) -> pl.Schema:
    strings = dict.fromkeys(("_corrupt_record", *_fields(width)), pl.String)
    return pl.Schema({"_position": pl.Int64, **strings})


def _fields(width: int) -> list[str]:
    """Name the fields by their place: then no header can collide with a column of ours."""
    return [str(place) for place in range(width)]


def _changed(path: Path) -> FileRejectedError:
    return _rejected(path, "the file changed while being read", "let its upload finish first")


def _unreadable(path: Path, file: BinaryIO, reason: str, remedy: str) -> FileRejectedError:
    """Say what the file is when its first bytes tell, else what is wrong with it."""
    found = diagnose_format(_read(file, 0, HEAD))
    return _rejected(path, *(found or (reason, remedy)))


def _rejected(path: Path, reason: str, remedy: str) -> FileRejectedError:
    return FileRejectedError(f"{path.name}: {reason}, {remedy}")


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(repr, names))


def _header(path: Path, file: BinaryIO) -> tuple[tuple[str, ...], int]:
    """Return the names, and where they end in the file."""
    start = len(codecs.BOM_UTF8) if _read(file, 0, 3) == codecs.BOM_UTF8 else 0
    for run in _runs(path, file, 1, start, hashlib.sha256()):
        if run.records:
            header = _read(file, start, run.end - start)
            return _names(path, file, text(whole_lines(header))), run.end
        start = run.end
    if file.seek(0, os.SEEK_END):
        raise _rejected(path, "the file holds only blank lines", "send it again")
    raise _rejected(path, "the file has zero bytes", "send it again")


def _names(path: Path, file: BinaryIO, header: str) -> tuple[str, ...]:
    if not (fields := values(header)):
        if found := diagnose_quotes(header):
            raise _rejected(path, *found)
        reason = "the quotes of the header do not match"
        raise _unreadable(path, file, reason, "correct the header")
    return tuple((name or "").strip() for name in fields)


def _check_header(path: Path, facts: CsvFacts, columns: Sequence[str]) -> None:
    names = facts.header
    if missing := [name for name in columns if name not in names]:
        with path.open("rb") as file:
            head = _read(file, 0, HEAD)
        if found := diagnose_format(head) or diagnose_header(head, columns):
            raise _rejected(path, *found)
        raise _rejected(path, f"the header lacks {_listed(missing)}", "add or rename these columns")
    count = Counter(names)
    if repeated := [place for place, name in enumerate(names, 1) if count[name] > 1]:
        reason = f"columns {', '.join(map(str, repeated[:5]))} of the header have the same name"
        raise _rejected(path, reason, "rename or drop the copies")


def _pieces(file_runs: Iterable[Run], start: int) -> Iterator[Piece]:
    """Join runs until they are worth a read."""
    piece = Piece(start, start, position=1, records=0, regular=True)
    for run in file_runs:
        piece = Piece(
            piece.start,
            run.end,
            piece.position,
            piece.records + run.records,
            piece.regular and run.regular,
        )
        if run.end - piece.start >= _PIECE:
            yield piece
            piece = Piece(run.end, run.end, piece.position + piece.records, 0, regular=True)
    if piece.end > piece.start:
        yield piece


def _runs(
    path: Path, file: BinaryIO, width: int, start: int, digest: "hashlib._Hash"
) -> Iterator[Run]:
    """Cut a file from `start` on, a window at a time, and add what has been cut to `digest`.

    The window grows for a record that does not fit into it, up to the most that a record may have.
    """
    size, more = _WINDOW, True
    while more:
        window, more = _window(path, file, start, size)
        found = runs(whole_lines(window), width, more=more)
        if more and size >= LONGEST:
            # What has not ended by now is too long: it is broken, and the line it starts on.
            found = islice(runs(window, width), 1)
        end = 0
        for run in found:
            end = min(run.end, len(window))
            yield run._replace(end=start + end)
        digest.update(memoryview(window)[:end])
        if more and not end and size >= LONGEST:
            reason = f"line {_line(file, start)} is longer than {LONGEST} bytes"
            raise _unreadable(path, file, reason, "check that it is a CSV file")
        start, size = start + end, _WINDOW if end else min(2 * size, LONGEST)


def _window(path: Path, file: BinaryIO, start: int, size: int) -> tuple[bytes, bool]:
    """Return the whole lines among `size` bytes from `start` on, and whether more may follow."""
    window = _read(file, start, size)
    more = len(window) == size
    _check_text(path, file, start, window, more=more)
    return window[: window.rfind(b"\n") + 1] if more else window, more


def _check_text(path: Path, file: BinaryIO, start: int, window: bytes, *, more: bool) -> None:
    if (nul := window.find(b"\0")) >= 0:
        where = f"byte {start + nul} (line {_line(file, start + nul)})"
        reason = f"the file has a NUL byte at {where}"
        raise _unreadable(
            path, file, reason, "its upload broke off, or it is no text: send it again"
        )
    if window.isascii():
        return
    done, used = 0, 1
    try:
        while used:  # in parts, for the characters may need four times the memory of the bytes
            part = window[done : done + _PART]
            final = not more and done + len(part) == len(window)
            _, used = codecs.utf_8_decode(part, "strict", final)
            done += used
    except UnicodeDecodeError as error:
        offset = start + done + error.start
        reason = f"the text is not UTF-8 at byte {offset} (line {_line(file, offset)})"
        raise _unreadable(path, file, reason, "save it as UTF-8") from None


def _line(file: BinaryIO, offset: int) -> int:
    """Return the number of the line that a byte is in."""
    return 1 + sum(part.count(b"\n") for part in _parts(file, offset))


def _parts(file: BinaryIO, end: int) -> Iterator[bytes]:
    """Read a file up to `end`, a part at a time."""
    file.seek(0)
    while end > 0 and (part := file.read(min(end, _PART))):
        yield part
        end -= len(part)


def _read(file: BinaryIO, start: int, size: int) -> bytes:
    """Read, never map: a file that is truncated meanwhile must not end the process."""
    file.seek(start)
    return file.read(size)


_WINDOW = 1 << 18
_PIECE = 1 << 24
_PART = 1 << 20

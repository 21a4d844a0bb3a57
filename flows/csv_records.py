"""A landed CSV file as raw bronze records: nothing lost, nothing repaired, nothing guessed.

Two readers, one meaning. A file whose every record is proven to have the header's number of fields
is left to Polars. Any other file is cut, record by record, with the grammar below: there a broken
record becomes one row of raw text and its neighbours stay whole.
"""

import codecs
import hashlib
import mmap
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import polars as pl
from polars.io.plugins import register_io_source


class FileRejected(Exception):  # noqa: N818 - a verdict on a file, not a fault of the program
    """A file that cannot be taken; the one line of text names file, reason and remedy."""


@dataclass(frozen=True)
class CsvFacts:
    """What the bytes of a file prove: `size` in bytes, `records` without the header."""

    sha256: str
    size: int
    records: int
    regular: bool
    header: tuple[str, ...]


def inspect_csv(path: Path) -> CsvFacts:
    """Establish what a CSV file holds, from its bytes alone, before anything reads it.

    `regular` is a proof: every record has exactly as many fields as the header, and every quote
    stands where it should. Header names come without surrounding white space.

    Raises:
        FileRejected: the file is empty or not UTF-8, or its header is broken or repeats a column.

    """
    if not path.stat().st_size:
        raise _rejected(path, "the file has zero bytes", "send it again")
    with _mapped(path) as data:
        _require_utf8(path, data)
        header = _header(path, data)
        regular_records = _count_regular_records(data, len(header))
        return CsvFacts(
            sha256=hashlib.sha256(data).hexdigest(),
            size=len(data),
            records=(regular_records or sum(1 for _ in _records(data))) - 1,
            regular=regular_records is not None,
            header=header,
        )


def scan_records(path: Path, facts: CsvFacts, columns: Sequence[str]) -> pl.LazyFrame:
    """Read one row per record: `columns` as raw strings, then what did not fit into them.

    An empty field is null, a quoted empty field is "". `_position` numbers the records from 1.
    `_rescued_data` is a JSON object of the columns that only the file has. `_corrupt_record` is the
    raw text of a record with broken quotes or another number of fields than the header; the
    columns are then null.

    Raises:
        FileRejected: the header lacks one of `columns`, or the file's size is not what it was.

    """
    if missing := [name for name in columns if name not in facts.header]:
        raise _rejected(path, f"the header lacks {_listed(missing)}", "add or rename these columns")
    if path.stat().st_size != facts.size:
        raise _rejected(path, "the file changed while being read", "let its upload finish first")
    place = dict(zip(facts.header, _places(facts), strict=True))
    extra = [pl.col(place[name]).alias(name) for name in facts.header if name not in columns]
    rescued = pl.struct(extra).struct.json_encode() if extra else pl.lit(None, pl.String)
    return (_scan_regular if facts.regular else _scan_irregular)(path, facts).select(
        *(pl.col(place[name]).alias(name) for name in columns),
        pl.col("_position").cast(pl.Int64),
        pl.when(pl.col("_corrupt_record").is_null()).then(rescued).alias("_rescued_data"),
        pl.col("_corrupt_record"),
    )


def _places(facts: CsvFacts) -> list[str]:
    """Name the fields by their place: then no header can collide with a column of ours."""
    return [str(place) for place in range(len(facts.header))]


def _scan_regular(path: Path, facts: CsvFacts) -> pl.LazyFrame:
    return pl.scan_csv(
        path,
        glob=False,
        has_header=False,
        skip_rows=1,
        schema=dict.fromkeys(_places(facts), pl.String),
        row_index_name="_position",
        row_index_offset=1,
    ).with_columns(_corrupt_record=pl.lit(None, pl.String))


def _scan_irregular(path: Path, facts: CsvFacts) -> pl.LazyFrame:
    strings = dict.fromkeys(("_corrupt_record", *_places(facts)), pl.String)
    schema = pl.Schema({"_position": pl.Int64, **strings})

    def frames(
        with_columns: list[str] | None,
        predicate: pl.Expr | None,
        n_rows: int | None,
        _batch_size: int | None,
    ) -> Iterator[pl.DataFrame]:
        rows = islice(_rows(path, len(facts.header)), n_rows)
        while batch := list(islice(rows, _BATCH)):
            frame = pl.DataFrame(batch, schema, orient="row")
            frame = frame if with_columns is None else frame.select(with_columns)
            yield frame if predicate is None else frame.filter(predicate)

    return register_io_source(frames, schema=schema)


def _rows(path: Path, width: int) -> Iterator[tuple[int | str | None, ...]]:
    with _mapped(path) as data:
        for position, (text, sound) in islice(enumerate(_records(data)), 1, None):
            values = _values(text) if sound else []
            good = len(values) == width
            yield (position, None, *values) if good else (position, text, *[None] * width)


def _rejected(path: Path, reason: str, remedy: str) -> FileRejected:
    return FileRejected(f"{path.name}: {reason}, {remedy}")


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(repr, names))


@contextmanager
def _mapped(path: Path) -> Iterator[mmap.mmap]:
    """Map the file instead of loading it: patterns run over it in place."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        yield data


def _require_utf8(path: Path, data: mmap.mmap) -> None:
    decoder = codecs.getincrementaldecoder("utf-8")()
    for start in range(0, len(data), _BLOCK):
        pending = len(decoder.getstate()[0])
        try:
            decoder.decode(data[start : start + _BLOCK], final=start + _BLOCK >= len(data))
        except UnicodeDecodeError as error:
            offset = start - pending + error.start
            line = 1 + sum(1 for _ in re.compile(b"\n").finditer(data, 0, offset))
            reason = f"the text is not UTF-8 at byte {offset} (line {line})"
            raise _rejected(path, reason, "save it as UTF-8") from error


def _header(path: Path, data: mmap.mmap) -> tuple[str, ...]:
    text, sound = next(_records(data), ("", True))
    if not text:
        raise _rejected(path, "the file holds only blank lines", "send it again")
    if not sound:
        raise _rejected(path, "the quotes of the header do not match", "correct the header")
    header = tuple((name or "").strip() for name in _values(text))
    count = Counter(header)
    if repeated := [place for place, name in enumerate(header, 1) if count[name] > 1]:
        # Not their names: of a file without a header these are data.
        reason = f"columns {', '.join(map(str, repeated[:5]))} of the header have the same name"
        raise _rejected(path, reason, "rename or drop the copies")
    return header


# The grammar. A record ends at \n or \r\n outside quotes; a quote amid an unquoted field is a
# character like any other. Repeats are possessive: matching never goes back.
_QUOTED = rb'"[^"]*+(?:""[^"]*+)*+"'
_FIELD = rb'(?>%b|(?!")[^,\n]*+)' % _QUOTED
_FIELDS = re.compile(rb"%b(?:,%b)*+" % (_FIELD, _FIELD))
_RECORD = re.compile(rb"%b(?:\r?\n|\Z)" % _FIELDS.pattern)
_VALUE = re.compile(rf"(?:\A|,)({_QUOTED.decode()}|[^,]*+)")

_BLOCK = 1 << 16
_BATCH = 1 << 14


def _records(data: mmap.mmap) -> Iterator[tuple[str, bool]]:
    """Cut the file into its records' texts, header first, each with whether its quotes are sound.

    A record with broken quotes is the line it starts on; reading resumes on the next line. Time
    stays linear: inside quotes it does not matter where they opened, so when fields came to grief
    at some byte, no later record reaches across a line end before it either. (And behind a quote
    that never closes all quotes are doubled, which leaves no line open.)
    """
    start, grief = _start(data), 0
    while start < len(data):
        line_end = data.find(b"\n", start) + 1 or len(data)
        limit = line_end if line_end <= grief else len(data)
        if record := _RECORD.match(data, start, limit):
            end = record.end()
        else:
            end = line_end
            fields = _FIELDS.match(data, start, limit)
            grief = max(grief, fields.end() if fields else 0)
        raw = data[start:end]
        if text := raw[:-1].removesuffix(b"\r") if raw.endswith(b"\n") else raw:
            yield text.decode(), record is not None
        start = end


def _values(text: str) -> list[str | None]:
    """Split the text of a sound record."""
    if '"' not in text:
        return [value or None for value in text.split(",")]
    return [
        value[1:-1].replace('""', '"') if value.startswith('"') else value or None
        for value in _VALUE.findall(text)
    ]


# Regular is what Polars reads alike. It trips over a quote amid an unquoted field, and silently
# drops a \r from the end of one.
_REGULAR_FIELD = rb'(?:%b|[^",\r\n]*+)' % _QUOTED
_REGULAR_RECORD = rb"%b(?:,%b){%%d}+(?:\r?\n|\Z)" % (_REGULAR_FIELD, _REGULAR_FIELD)
_BESIDES_COMMA_AND_LF = bytes(byte for byte in range(256) if byte not in b",\n")


def _count_regular_records(data: mmap.mmap, width: int) -> int | None:
    """Count the records, header included; None unless each is regular and has `width` fields.

    Lines without quotes are compared in bulk: stripped of their text they must be one and the same
    row of commas, over and over. From a quote on, records are matched, many at a time.
    """
    if width == 1:  # a blank line would pass for a record
        return None
    commas = b"," * (width - 1) + b"\n"
    record = _REGULAR_RECORD % (width - 1)
    many, one = re.compile(rb"(?:%b){256}+" % record), re.compile(record)
    count, start = 0, _start(data)
    while start < len(data):
        unquoted = data[start : start + _BLOCK].partition(b'"')[0]
        if lines := unquoted[: unquoted.rfind(b"\n") + 1]:
            size = lines.count(b"\n")
            alike = lines.translate(None, _BESIDES_COMMA_AND_LF) == commas * size
            if not alike or (b"\r" in lines and lines.count(b"\r") != lines.count(b"\r\n")):
                return None
            count, start = count + size, start + len(lines)
        elif match := many.match(data, start):
            count, start = count + 256, match.end()
        else:  # fewer are left, or one of them is not regular
            while match := one.match(data, start):
                count, start = count + 1, match.end()
            return count if start == len(data) else None
    return count


def _start(data: mmap.mmap) -> int:
    return len(codecs.BOM_UTF8) if data[: len(codecs.BOM_UTF8)] == codecs.BOM_UTF8 else 0

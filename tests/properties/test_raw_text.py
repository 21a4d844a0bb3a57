"""Raw text of any kind is in bronze, byte for byte, from files and from events.

For a field of a file, the raw text is the text between its quotes, with doubled quotes undoubled,
or the text between its commas. For a corrupt record or an event that is not a record, it is the
whole text. A file with a NUL or with bytes that are not UTF-8 is rejected; such an event is stored
in base64.
"""

import csv
import io
import json
from base64 import b64decode
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from confluent_kafka import Message
from hypothesis import given
from hypothesis import strategies as st

from contracts import bronze
from contracts.contract import Bronze
from flows import delta
from flows.delta.outcome import Outcome
from flows.ingest.load import ingest_table
from flows.ingest.local_files import LocalFile
from flows.kafka.decode import bronze_rows
from tests.support.examples import examples
from transforms.graph import sources

AS_OF = datetime(2018, 1, 1, tzinfo=UTC)
NewFolder = Callable[[], Path]

# Text that often breaks readers. Lists of characters, because text() hardly ever draws a quote.
ODD = [
    *('"', '""', ",", ";", "\t", "\n", "\r", "\r\n", "\\", "'", "\x00", "\x1a", "\x7f", "\x85"),
    *("\ufeff", "\u2028", "\ufffd", "\uffff", "\U0010ffff", "e\u0301\u0327", "\u202eabc\u202c"),
    *("👩‍👩‍👧", "ção", "null", "NaN", "NULL", "-0", "1e400", " ", "{}", "[", "=1+1"),
]
TEXTS = st.lists(st.sampled_from(ODD) | st.characters(codec="utf-8"), max_size=8).map("".join)
HUGE = st.builds(lambda text, times: text * times, TEXTS, st.integers(1, 20_000))
FIELDS = TEXTS | HUGE
IN_FILES = FIELDS.map(lambda text: text.replace("\x00", ""))
NAMES_IN_FILES = TEXTS.filter(lambda text: text.strip() and "\x00" not in text)


@pytest.fixture(scope="module")
def new_folder(tmp_path_factory: pytest.TempPathFactory) -> NewFolder:
    """Return a function that creates a new folder."""
    return lambda: tmp_path_factory.mktemp("lake")


def ingested(folder: Path, contract: type[Bronze], content: bytes) -> tuple[Outcome, pl.DataFrame]:
    """Ingest the contents as a file into a new lake; return the rows of bronze."""
    (folder / "drop.csv").write_bytes(content)
    outcome = ingest_table(
        str(folder), contract, [LocalFile(folder / "drop.csv", "drop.csv")], as_of=AS_OF
    )
    handle = delta.open_existing(str(folder), contract.spec().table)
    return outcome, delta.scan(handle).sort("_position").collect()


def csv_file(rows: Sequence[Sequence[str]], bom: str, line_end: str) -> bytes:
    file = io.StringIO(newline="")
    csv.writer(file, lineterminator=line_end, quoting=csv.QUOTE_ALL).writerows(rows)
    return (bom + file.getvalue()).encode()


@examples(40)
@given(
    data=st.data(),
    contract=st.sampled_from(sources()),
    extra=st.lists(NAMES_IN_FILES, max_size=2, unique_by=str.strip),
    style=st.sampled_from([("", "\n"), ("", "\r\n"), ("\ufeff", "\n"), ("\ufeff", "\r\n")]),
)
def test_fields_of_every_entity_are_in_bronze_as_written(
    new_folder: NewFolder,
    data: st.DataObject,
    contract: type[Bronze],
    extra: list[str],
    style: tuple[str, str],
) -> None:
    known = contract.fields().names()
    header = data.draw(st.permutations([*known, *extra]))
    rows = data.draw(st.lists(st.tuples(*[IN_FILES] * len(header)), min_size=1, max_size=4))
    content = csv_file([header, *rows], *style)
    outcome, found = ingested(new_folder(), contract, content)
    assert (outcome.read, outcome.rejected) == (len(rows), ())
    written = [dict(zip(header, row, strict=True)) for row in rows]
    assert found.select(known).to_dicts() == [
        {name: row[name] for name in known} for row in written
    ]
    rescued = [{name.strip(): row[name] for name in extra} or None for row in written]
    assert [text and json.loads(text) for text in found["_rescued_data"]] == rescued
    assert found["_corrupt_record"].null_count() == len(rows)


@examples(50)
@given(
    st.lists(st.sampled_from([*ODD, "a,b,c,d\n", '"a","b","c","d"\n'])).map("".join).map(str.encode)
    | st.binary()
    | st.tuples(TEXTS.map(str.encode), st.binary(max_size=3)).map(b"".join)
)
def test_any_bytes_are_ingested_or_rejected_with_a_reason(
    new_folder: NewFolder, body: bytes
) -> None:
    header = ",".join(bronze.Sellers.fields()).encode()
    outcome, found = ingested(new_folder(), bronze.Sellers, header + b"\n" + body)
    assert outcome.read == outcome.rows == len(found)
    if outcome.rejected:
        (reason,) = outcome.rejected
        assert reason.isprintable()
        if reason.startswith("drop.csv: the file has a NUL byte at byte "):
            assert b"\x00" in body
        else:
            assert reason.startswith("drop.csv: the text is not UTF-8 at byte ")
            with pytest.raises(UnicodeDecodeError):
                body.decode()
    else:
        assert b"\x00" not in body
        assert len(found) == 0 or body.strip(b"\r\n")
        corrupt = found.filter(pl.col("_corrupt_record").is_not_null())
        assert all(text.encode() in body for text in corrupt["_corrupt_record"])


@examples(40)
@given(st.binary())
def test_file_of_any_bytes_is_rejected_in_one_line(new_folder: NewFolder, content: bytes) -> None:
    outcome, found = ingested(new_folder(), bronze.Sellers, content)
    (reason,) = outcome.rejected  # random bytes are never the header of a table
    assert reason.startswith("drop.csv: ")
    assert reason.isprintable()
    assert found.is_empty()


NAMES = bronze.Sellers.fields().names()
RECORDS = st.dictionaries(st.sampled_from(NAMES) | TEXTS, FIELDS | st.none(), max_size=5)
VALUES = st.one_of(
    st.none(),
    st.binary(),
    FIELDS.map(str.encode),
    RECORDS.map(lambda record: json.dumps(record, ensure_ascii=False).encode()),
    RECORDS.map(lambda record: json.dumps(record).encode()),
    st.binary().map(lambda value: b"base64:" + value),
)
Headers = list[tuple[str, str | bytes | None]] | None
HEADERS = st.none() | st.lists(st.tuples(TEXTS | st.just("event_time"), st.none() | st.binary()))


def recovered(row: Mapping[str, str | None]) -> bytes | dict[str, str | None]:
    """Return the value of an event: its record, or its bytes if it was not a record."""
    if (text := row["_corrupt_record"]) is None:
        rescued: dict[str, str | None] = json.loads(row["_rescued_data"] or "{}")
        return {name: row[name] for name in NAMES if row[name] is not None} | rescued
    encoded = text.removeprefix("base64:")
    return text.encode() if encoded == text else b64decode(encoded, validate=True)


def sent(value: bytes | None) -> bytes | dict[str, str | None]:
    if value is None:
        return b"null"
    try:
        record = json.loads(value.decode(), object_pairs_hook=list)
    except (ValueError, RecursionError):
        return value
    if not value.strip().startswith(b"{") or len(dict(record)) < len(record):
        return value
    return {name: cell for name, cell in record if cell is not None or name not in NAMES}


@examples(40)
@given(
    st.lists(
        st.tuples(VALUES, st.none() | st.binary(), HEADERS, st.integers(-1, 2**62)), max_size=5
    )
)
def test_value_of_every_event_can_be_recovered_from_bronze(
    new_folder: NewFolder,
    events: list[tuple[bytes | None, bytes | None, Headers, int]],
) -> None:
    batch = [
        Message(
            topic="sellers",
            partition=0,
            offset=offset,
            key=key,
            value=value,
            headers=headers,
            timestamp=(1, time),
        )
        for offset, (value, key, headers, time) in enumerate(events)
    ]
    handle = delta.open_table(str(new_folder()), bronze.Sellers)
    delta.append(handle, bronze_rows(bronze.Sellers, batch), delta.commit_properties({}, {}))
    found = delta.scan(handle).sort("_position").collect()
    assert found["_position"].to_list() == list(range(len(events)))
    assert [recovered(row) for row in found.to_dicts()] == [sent(value) for value, *_ in events]

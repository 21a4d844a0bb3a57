"""CSV reader: every byte of a file ends in exactly one row."""

import csv
import io
import json
import re
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from time import process_time

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from flows.ingest import csv_parser, csv_reader, csv_windows
from flows.ingest.csv_diagnosis import FileRejectedError
from flows.ingest.csv_reader import CsvFacts, inspect_csv, scan_records
from tests.support.examples import examples

Row = tuple[str | None, ...]
"""The columns, then `_rescued_data`, then `_corrupt_record`."""

BOM = "\ufeff"
NUL = "its upload broke off, or it is not text: send it again"
# Lists of characters, because text would draw evenly from all of Unicode and hardly ever a quote.
CHARACTERS = st.sampled_from(',"\r\nx') | st.characters(codec="utf-8", exclude_characters="\x00")
TEXT = st.lists(CHARACTERS).map("".join)
BARE = TEXT.map(lambda text: re.sub('[,"\n]', "", text))


@pytest.fixture(scope="module")
def drop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("landing") / "drop [1].csv"


def read(drop: Path, content: str, columns: Sequence[str] = ("a", "b")) -> list[Row]:
    """Read `content` with both readers, our parser alone and small pieces; all must agree."""
    drop.write_bytes(content.encode())
    facts = inspect_csv(drop)
    frame = scan_records(drop, facts, columns).collect()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_parser, "_regular", lambda _data, start, *_: (start, 0))
        by_parser = scan_records(drop, inspect_csv(drop), columns).collect()
    assert_frame_equal(frame, by_parser)
    if len(content) < 1000:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(csv_windows, "_WINDOW", 1 + len(content) % 16)
            patch.setattr(csv_reader, "_PIECE_BYTES", 8)
            patch.setattr(csv_windows, "_PART", 4)  # no character is longer
            patch.setattr(csv_parser, "_BLOCK", 8)
            in_pieces = inspect_csv(drop)
        assert replace(in_pieces, pieces=facts.pieces) == facts
        assert_frame_equal(frame, scan_records(drop, in_pieces, columns).collect())
    assert frame["_position"].to_list() == list(range(1, facts.records + 1))
    return frame.drop("_position", "_operation").rows()


def regular(facts: CsvFacts) -> bool:
    return all(piece.regular for piece in facts.pieces)


def good(*values: str | None) -> Row:
    return (*values, None, None)


def corrupt(text: str, width: int = 2) -> Row:
    return (*[None] * width, None, text)


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        ("a,b\n1,2\n3,4\n", [good("1", "2"), good("3", "4")]),
        ("a,b\r\n1,2\r\n3,4", [good("1", "2"), good("3", "4")]),
        (BOM + '"a",b\n1,2\n', [good("1", "2")]),
        ("b,a\n2,1\n", [good("1", "2")]),
        (' a ,"b "\n 1 ,2\t\n', [good(" 1 ", "2\t")]),
        ("a,b\n,\n", [good(None, None)]),
        ('a,b\n"",\n,""', [good("", None), good(None, "")]),
        ('a,b\n"1\r\n\n1","say ""hi"", twice"\n', [good("1\r\n\n1", 'say "hi", twice')]),
        ('a,b\n"""",""""""\n', [good('"', '""')]),
        ('a,b\n"1\r","\r\n"\n', [good("1\r", "\r\n")]),
        ("a,b\n\n1,2\n\r\n\n3,4\n\n", [good("1", "2"), good("3", "4")]),
        ("\n\r\na,b\n1,2\n", [good("1", "2")]),
        ("a,b\n1\r2,\r\r\n\r,\r", [good("1\r2", "\r"), good("\r", "\r")]),
        (
            "a,b\n\x01\x0b,\x1c\x85\u2028\u2029\ufeff\n",
            [good("\x01\x0b", "\x1c\x85\u2028\u2029\ufeff")],
        ),
        ("a,b\n\ufeff1,2\n\ufeff,3\n", [good("\ufeff1", "2"), good("\ufeff", "3")]),
        ("a,b\n1,2,\n\ufeff3,4\n", [corrupt("1,2,"), good("\ufeff3", "4")]),
        ("a,b", []),
        (BOM + "a,b\r\n", []),
    ],
)
def test_values_are_read_unchanged(drop: Path, content: str, rows: list[Row]) -> None:
    assert read(drop, content) == rows


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        ("1\n1,2\n", [corrupt("1"), good("1", "2")]),
        ("1,2,\r\n1,2\r\n", [corrupt("1,2,"), good("1", "2")]),
        ('"1\n1"\n1,2\n', [corrupt('"1\n1"'), good("1", "2")]),
        ('"1"x,2\n1,2\n', [corrupt('"1"x,2'), good("1", "2")]),
        ('5" pipe,2\n1,2\n', [corrupt('5" pipe,2'), good("1", "2")]),
        ('1"2, 3"\n1,2\n', [corrupt('1"2, 3"'), good("1", "2")]),
        ('1, "2"\r\n1,2\r\n', [corrupt('1, "2"'), good("1", "2")]),
        ('"1\n2"3"\n1,2\n', [corrupt('"1'), corrupt('2"3"'), good("1", "2")]),
        ('1,x"2\n3,"4\n"\n1,2\n', [corrupt('1,x"2'), good("3", "4\n"), good("1", "2")]),
        ('1,"2\n1,2\n1,2', [corrupt('1,"2'), good("1", "2"), good("1", "2")]),
        ('1,"2\n1,"2"\n1,"3"', [corrupt('1,"2'), good("1", "2"), good("1", "3")]),
        ('1,2\n1,"', [good("1", "2"), corrupt('1,"')]),
        (" \n\r", [corrupt(" "), corrupt("\r")]),
    ],
)
def test_corrupt_record_is_one_row_of_raw_text(drop: Path, content: str, rows: list[Row]) -> None:
    assert read(drop, "a,b\n" + content) == rows


def test_blank_line_in_a_file_of_one_column_is_not_a_value(drop: Path) -> None:
    assert read(drop, 'a\n1\n\n""\n', ["a"]) == [good("1"), good("")]


@pytest.mark.parametrize("ending", ["", '5,"6\n'])
def test_unknown_columns_are_rescued(drop: Path, ending: str) -> None:
    content = 'x,a,"_position, ""y""",b\n"é\n\x01",1,"",2\n,3,,4\n' + ending
    first, second, *broken = read(drop, content)
    assert json.loads(str(first[2])) == {"x": "é\n\x01", '_position, "y"': ""}
    assert json.loads(str(second[2])) == {"x": None, '_position, "y"': None}
    assert broken == ([corrupt('5,"6')] if ending else [])


def test_columns_keep_their_type_without_records(drop: Path) -> None:
    drop.write_bytes(b"b,a\n")
    assert scan_records(drop, inspect_csv(drop), ["a", "b"]).collect_schema() == {
        "a": pl.String,
        "b": pl.String,
        "_position": pl.Int64,
        "_rescued_data": pl.String,
        "_corrupt_record": pl.String,
        "_operation": pl.String,
    }


def test_operation_is_read_from_its_column(drop: Path) -> None:
    drop.write_bytes(b"_op,a\ndelete,1\n,2\nUPSERT ,3\n4\n")
    found = scan_records(drop, inspect_csv(drop), ["a"]).collect()
    assert found["_operation"].to_list() == ["delete", "upsert", "UPSERT ", None]
    assert found["_rescued_data"].null_count() == 4


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file has zero bytes, send it again"),
        (b"\xef\xbb\xbf\n\r\n", "the file holds only blank lines, send it again"),
        (b"a,b,a \n", "columns 1, 3 of the header have the same name, rename or drop the copies"),
        (b'a,"b\n1,2\n', "the quotes of the header do not match, correct the header"),
        (b"a,B\n1,2\n", "the header lacks 'b', add or rename these columns"),
        (b"a\n\xe9\n", "the text is not UTF-8 at byte 2 (line 2), save it as UTF-8"),
        (b"a\n1\xc3", "the text is not UTF-8 at byte 3 (line 2), save it as UTF-8"),
        (
            b"\n" * 65_535 + "é\n".encode() + b"\xff",
            "the text is not UTF-8 at byte 65538 (line 65537), save it as UTF-8",
        ),
        (b"a,b\n1,2\n3,\0\n", f"the file has a NUL byte at byte 10 (line 3), {NUL}"),
        (b"a,b\n1,2\n" + bytes(1 << 20), f"the file has a NUL byte at byte 8 (line 3), {NUL}"),
    ],
)
def test_rejection_of_a_file_names_reason_and_remedy(
    drop: Path, content: bytes, message: str
) -> None:
    drop.write_bytes(content)
    with pytest.raises(FileRejectedError) as rejected:
        scan_records(drop, inspect_csv(drop), ["a", "b"])
    assert str(rejected.value) == f"drop [1].csv: {message}"


def test_file_of_nul_bytes_is_rejected_at_the_first_window(drop: Path) -> None:
    with drop.open("wb") as file:
        file.truncate(1 << 33)  # a sparse file that takes no space
    with pytest.raises(FileRejectedError, match="NUL byte at byte 0"):
        inspect_csv(drop)


@pytest.fixture
def at_most_64_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limit the length of a record."""
    monkeypatch.setattr(csv_parser, "MAX_RECORD_BYTES", 64)
    monkeypatch.setattr(csv_windows, "MAX_RECORD_BYTES", 64)
    monkeypatch.setattr(csv_windows, "_WINDOW", 16)


@pytest.mark.usefixtures("at_most_64_bytes")
@pytest.mark.parametrize("before", ["", "a,b\n1,2\n"])
def test_line_that_is_too_long_is_rejected(drop: Path, before: str) -> None:
    drop.write_text(before + "x" * 63 + "\n")
    inspect_csv(drop)
    drop.write_text(before + "x" * 64 + "\n")
    line = 1 + before.count("\n")
    with pytest.raises(FileRejectedError, match=f": line {line} is longer than 64 bytes, "):
        inspect_csv(drop)


@pytest.mark.usefixtures("at_most_64_bytes")
def test_quoted_field_that_is_too_long_makes_its_first_line_corrupt(drop: Path) -> None:
    longest = "x\n" * 28 + "xxx"
    content = f'a,b\n1,"{longest}"\n1,"x{longest}"\n3,4\n'
    drop.write_text(content)
    facts = inspect_csv(drop)
    found = scan_records(drop, facts, ["a", "b"]).collect()
    frame = found.select("a", "b", "_corrupt_record")
    assert frame.rows() == [
        ("1", longest, None),
        *((None, None, line) for line in f'1,"x{longest}"'.split("\n")),
        ("3", "4", None),
    ]


SECRET = "maria.silva"


@pytest.mark.parametrize(
    "later",
    [
        "",
        "a,b\n",
        f"a,b\n1,{SECRET}\n2,{SECRET}",
        f'a,b\n1,{SECRET}\n2,"{SECRET}\n',
        f"a,b\n1,{SECRET},{SECRET}\n2,\n",
        f"a,b\n{SECRET}\n1\n2\n3,4,{SECRET}\n",
    ],
)
@pytest.mark.parametrize("broken", ["", "1\n"])
def test_file_that_changes_while_read_is_rejected_without_quoting_it(
    drop: Path, later: str, broken: str
) -> None:
    drop.write_text(f"a,b\n1,{SECRET}\n2,{SECRET}\n{broken}")
    records = scan_records(drop, inspect_csv(drop), ["a", "b"])
    drop.write_bytes(later.encode())
    with pytest.raises(FileRejectedError) as rejected:
        records.collect()
    assert str(rejected.value) == (
        "drop [1].csv: the file changed while being read, let its upload finish first"
    )
    assert SECRET not in "".join(traceback.format_exception(rejected.value))


def test_file_that_becomes_invalid_text_while_read_is_rejected(drop: Path) -> None:
    for content in (b"a,b\n1,x\n", b"a,b\nx\n"):
        drop.write_bytes(content)
        records = scan_records(drop, inspect_csv(drop), ["a", "b"])
        drop.write_bytes(content.replace(b"x", b"\xe9"))
        with pytest.raises(FileRejectedError, match="the file changed while being read"):
            records.collect()


def test_file_that_grew_since_its_inspection_is_rejected(drop: Path) -> None:
    drop.write_bytes(b"a,b\n1,2\n")
    facts = inspect_csv(drop)
    drop.write_bytes(b"a,b\n1,2\n3,4\n")
    with pytest.raises(FileRejectedError, match="the file changed while being read"):
        scan_records(drop, facts, ["a", "b"])


def test_facts_describe_the_bytes(drop: Path) -> None:
    content = (BOM + 'a ,"b"\r\n1,"2\n"\r\n3\r\n').encode()
    drop.write_bytes(content)
    facts = inspect_csv(drop)
    assert (facts.sha256, facts.size) == (sha256(content).hexdigest(), len(content))
    assert (facts.header, facts.records, regular(facts)) == (("a", "b"), 2, False)


@pytest.mark.parametrize("records", ["1,2\n3,4", '"1\n,",2\r\n,""""\r\n', '"1\r","2\r"\r\n'])
def test_file_of_valid_records_is_regular(drop: Path, records: str) -> None:
    drop.write_bytes(f"a,b\n{records}".encode())
    assert regular(inspect_csv(drop))


@pytest.mark.parametrize(
    "records",
    [
        *("1,2\n\n", "1,2\n3\n", "1,2,3\n", "1\n1,2,3\n"),
        *('1,2"\n', '"1"2,3\n', '1,"2\n'),
        *("1\r,2\n", '"1",2\n1\r,2\n', "1,2\r\r\n", '1,"2"\r\r\n', "1,2\r"),
    ],
)
def test_file_that_polars_would_misread_is_not_regular(drop: Path, records: str) -> None:
    drop.write_bytes(f"a,b\n{records}".encode())
    assert not regular(inspect_csv(drop))


def test_file_of_many_blocks_is_read_like_a_small_one(drop: Path) -> None:
    expected = [(str(n), "text, " * (n % 7) + "\n" * (n % 3)) for n in range(1, 20_001)]
    lines = [f'{a},"{b}"' if n % 5000 < 1000 else f"{a}," for n, (a, b) in enumerate(expected)]
    rows = [good(a, b if n % 5000 < 1000 else None) for n, (a, b) in enumerate(expected)]
    assert read(drop, "\n".join(["a,b", *lines])) == rows
    assert regular(inspect_csv(drop))
    assert read(drop, "\n".join(["a,b", *lines, "1"])) == [*rows, corrupt("1")]


def test_parser_reads_only_what_polars_cannot(drop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = ["1,2", '"3","4"'] * 50_000
    for number in (0, 20_000, 99_999):
        lines[number] = "1"
    drop.write_text("\n".join(["a,b", *lines]))
    facts = inspect_csv(drop)
    read_by_parser: list[str] = []

    def values_seen(record: str) -> list[str | None]:
        read_by_parser.append(record)
        return csv_parser.values(record)

    monkeypatch.setattr(csv_reader, "values", values_seen)
    frame = scan_records(drop, facts, ["a", "b"]).collect()
    assert read_by_parser == ["1"] * 3
    assert frame.filter(pl.col("_corrupt_record") == "1")["_position"].to_list() == [
        *(1, 20_001, 100_000)
    ]
    assert frame["_position"].equals(pl.Series(range(1, 100_001)))


@pytest.mark.parametrize("broken", ["", '"\n'])
def test_reading_some_records_equals_filtering_all_records(
    drop: Path, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    monkeypatch.setattr(csv_reader, "_PIECE_BYTES", 16)
    drop.write_text("a,b\n" + "1,2\n3,4\n" * 4 + broken + '"5",6\n' * 4)
    records = scan_records(drop, inspect_csv(drop), ["a", "b"])
    every = records.collect()
    for count in (0, 1, 5, 9, 99):
        assert_frame_equal(records.head(count).collect(), every.head(count))
    late = pl.col("_position") > 7
    assert_frame_equal(records.filter(late).select("b").collect(), every.filter(late).select("b"))


@pytest.mark.parametrize("line", ['x",""",y', '"', '"x', '1,"2" ', '1,"2"",', '"a"b', 'x"'])
def test_corrupt_text_takes_linear_time(drop: Path, line: str) -> None:
    garbage = f"{line}\n" * 50_000
    started = process_time()
    first, *rest = read(drop, f"a,b,c\n1,2,3\n{garbage}", ["a", "b", "c"])
    assert process_time() - started < 20  # it takes 1 s; quadratic time would take minutes
    assert first == good("1", "2", "3")
    assert "".join(f"{text}\n" for *_, text in rest) == garbage


def test_corrupt_text_without_a_line_break_is_one_record(drop: Path) -> None:
    for garbage in ('"' * 1_000_001, '",' * 500_001, "," * 1_000_000, '"a"",' * 200_001):
        assert read(drop, f"a,b\n{garbage}\n") == [corrupt(garbage)]


@given(
    records=st.lists(st.tuples(TEXT, TEXT, TEXT)),
    bom=st.sampled_from(["", BOM]),
    line_end=st.sampled_from(["\n", "\r\n"]),
)
def test_written_csv_is_read_back(
    drop: Path, records: list[tuple[str, ...]], bom: str, line_end: str
) -> None:
    file = io.StringIO(bom, newline="")
    file.seek(0, io.SEEK_END)
    writer = csv.writer(file, lineterminator=line_end, quoting=csv.QUOTE_ALL)
    writer.writerows([("a", "b", "c"), *records])
    assert read(drop, file.getvalue(), ["a", "b", "c"]) == [good(*record) for record in records]
    assert regular(inspect_csv(drop))


@given(records=st.lists(st.tuples(TEXT, TEXT)), bom=st.sampled_from(["", BOM]))
def test_csv_written_with_few_quotes_is_read_back(
    drop: Path, records: list[tuple[str, ...]], bom: str
) -> None:
    file = io.StringIO(newline="")
    # Only with this line end does the writer quote a lone \r, on every supported Python.
    csv.writer(file, lineterminator="\r\n").writerows([("a", "b"), *records])
    rows = [good(*(value or None for value in record)) for record in records]
    assert read(drop, bom + file.getvalue()) == rows


@given(st.lists(st.tuples(BARE, BARE)))
def test_csv_written_without_quotes_is_read_back(
    drop: Path, records: list[tuple[str, ...]]
) -> None:
    content = "".join(",".join(record) + "\r\n" for record in records)
    rows = [good(*(value or None for value in record)) for record in records]
    assert read(drop, "a,b\n" + content) == rows


@given(
    st.lists(
        st.tuples(TEXT, TEXT).map(lambda record: (",".join(map(_quoted, record)), good(*record)))
        | st.sampled_from(["1", "1,2,3", '"1"x,2', '1,"2" ', 'x"y,2', '1,x"', '"\n"', BOM]).map(
            lambda text: (text, corrupt(text))
        )
    )
)
def test_corrupt_record_leaves_its_neighbours_intact(
    drop: Path, mixed: list[tuple[str, Row]]
) -> None:
    content = "\n".join(["a,b", *(text for text, _ in mixed)])
    assert read(drop, content) == [row for _, row in mixed]


@given(
    st.lists(
        st.tuples(st.integers(1, 700), st.sampled_from(["1,2", '"1\n,",2', '"""1",', "é,\ufeff"]))
        | st.tuples(st.just(1), st.sampled_from(["1", "1,2,3", 'x"y,2', "1,2\r\r", '1,"2" ']))
    )
)
@examples(50)
def test_regular_and_corrupt_stretches_are_read_completely(
    drop: Path, stretches: list[tuple[int, str]]
) -> None:
    lines = [line for times, line in stretches for line in [line] * times]
    rows = read(drop, "\n".join(["a,b", *lines]))
    assert _written_back("\n".join(lines), rows) == "\n".join(lines)


@given(text=TEXT, width=st.integers(1, 3))
def test_no_byte_of_any_text_is_lost(drop: Path, text: str, width: int) -> None:
    header = ["a", "b", "c"][:width]
    rows = read(drop, ",".join(header) + "\n" + text, header)
    assert _written_back(text, rows) == text


@given(text=st.text(',"\r\nx'), width=st.integers(1, 3))
def test_any_text_is_read_according_to_rfc_4180(drop: Path, text: str, width: int) -> None:
    header = ["a", "b", "c"][:width]
    rows = read(drop, ",".join(header) + "\n" + text, header)
    without_nulls = [(*(value or "" for value in row[:width]), *row[width:]) for row in rows]
    assert without_nulls == list(_by_rfc_4180(text, width))


def _quoted(value: str) -> str:
    return '"' + value.replace('"', '""') + '"'


def _written_back(text: str, rows: list[Row]) -> str:
    """Write `rows` again, with the blank lines, line ends and quoting of `text`."""
    written = ""
    for *values, _rescued, raw in rows:
        written += _taken(r"(?:\r?\n)*", text, written)
        if raw is not None:
            written += raw
        for number, value in enumerate(values if raw is None else []):
            written += "," if number else ""
            quoted = value is not None and text[len(written) :].startswith('"')
            written += _quoted(value or "") if quoted else value or ""
        written += _taken(r"\r?\n|\Z", text, written)
    return written + _taken(r"(?:\r?\n)*", text, written)


def _taken(pattern: str, text: str, written: str) -> str:
    found = re.compile(pattern).match(text, len(written))
    assert found
    return found[0]


def _by_rfc_4180(text: str, width: int) -> Iterator[Row]:
    """Read a text one character at a time; a lone CR is text, and a line may end with LF alone."""
    while text:
        line = text.partition("\n")[0]
        record, size = _first_record(text) or ([], len(line) + 1)
        raw = text[:size].removesuffix("\n").removesuffix("\r" * (text[:size][-1:] == "\n"))
        if len(record) == width and raw:
            yield good(*record)
        elif raw:
            yield (*[""] * width, None, raw)
        text = text[size:]


def _first_record(text: str) -> tuple[list[str], int] | None:
    """Return the fields and size (with line end) of the first record; None if it is corrupt."""
    fields, state = [""], "start of field"
    for offset, character in enumerate(text):
        match state, character:
            case "start of field", '"':
                state = "quoted"
            case "quoted", '"':
                state = "quote in quotes"
            case "quote in quotes", '"':
                fields[-1] += '"'
                state = "quoted"
            case "quoted", _:
                fields[-1] += character
            case _, ",":
                fields.append("")
                state = "start of field"
            case _, "\n":
                return fields, offset + 1
            case _, "\r" if text[offset + 1 : offset + 2] == "\n":
                return fields, offset + 2
            case ("quote in quotes", _) | ("unquoted", '"'):
                return None
            case _:
                fields[-1] += character
                state = "unquoted"
    return None if state == "quoted" else (fields, len(text))

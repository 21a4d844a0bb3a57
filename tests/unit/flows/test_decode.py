"""Messages as bronze rows: parsed together with the same result as one by one."""

import json
from base64 import b64encode
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest
from confluent_kafka import Message
from hypothesis import example, given, settings
from hypothesis import strategies as st
from polars.exceptions import ComputeError

from contracts import bronze
from contracts.technical_columns import DELETE, UPSERT, stored_schema
from flows.kafka import decode
from flows.kafka.decode import bronze_rows

COLUMNS = bronze.Sellers.fields().names()
GOOD = {
    "seller_id": "a",
    "seller_zip_code_prefix": "01310",
    "seller_city": "",
    "seller_state": "SP",
}
Read = tuple[dict[str, str | None], Any, str | None]


def message(value: bytes | None, offset: int = 0, **more: Any) -> Message:
    return Message(**{"topic": "t", "partition": 3, "offset": offset, "value": value, **more})


def read(values: Sequence[bytes | None]) -> list[Read]:
    """Return the columns, the rescued data and the corrupt record of each value."""
    batch = [message(value, 7 * position) for position, value in enumerate(values)]
    rows = bronze_rows(bronze.Sellers, batch)
    assert rows.schema == stored_schema(bronze.Sellers)
    assert rows["_position"].to_list() == [7 * position for position in range(len(values))]
    return [
        (
            {name: row[name] for name in COLUMNS},
            row["_rescued_data"] and json.loads(row["_rescued_data"]),
            row["_corrupt_record"],
        )
        for row in rows.iter_rows(named=True)
    ]


class Digits(str):
    """A JSON number, as it was written."""

    __slots__ = ()


def unique(members: list[tuple[str, Any]]) -> dict[str, Any]:
    assert len(dict(members)) == len(members), "a name twice"
    return dict(members)


def refuse(constant: str) -> None:
    raise AssertionError(constant)


def reference(value: bytes | None) -> Read:
    """Parse one message in the plainest way; the batch must give the same."""
    nothing = dict.fromkeys(COLUMNS)
    if value is None:
        return nothing, None, "null"
    try:
        text = value.decode()
    except UnicodeDecodeError:
        text = "base64:"
    if text.startswith("base64:"):
        return nothing, None, "base64:" + b64encode(value).decode()
    try:
        record = json.loads(
            text,
            object_pairs_hook=unique,
            parse_int=Digits,
            parse_float=Digits,
            parse_constant=refuse,
        )
        assert isinstance(record, dict)
        cells = {name: cell(record.get(name)) for name in COLUMNS}
    except (ValueError, AssertionError, RecursionError):
        return nothing, None, text
    return cells, {k: plain(v) for k, v in record.items() if k not in COLUMNS} or None, None


def cell(value: Any) -> str | None:
    assert not isinstance(value, dict | list)
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return None
    return str(value).encode().decode()


def plain(value: Any) -> Any:
    """Return a value with numbers as numbers, except those that Python writes in another form."""
    if isinstance(value, Digits):
        number = json.loads(value) if len(value) < 100 else None
        return number if json.dumps(number) == value else str(value)
    if isinstance(value, dict):
        return {name: plain(member) for name, member in value.items()}
    return [plain(member) for member in value] if isinstance(value, list) else value


STRANGE = [
    *[None, b"", b" ", b"\n", b"null", b"{}", b"[]", b"42", b'"text"', b"{", b"}", b"\x00"],
    *[
        b"base64:",
        b"base64:/w==",
        b"\xff\xfe",
        b'{"seller_id": "\xed\xa0\x80"}',
        b"{\"seller_id\": 'x'}",
    ],
    b'\xef\xbb\xbf{"seller_id": "behind a byte order mark"}',
    b'{"seller_id": "a line\nbreak"}',
    b'{"seller_id": "a",\n "seller_state": "b"}',
    b'{"seller_id": "a"}\n{"seller_id": "b"}',
    b'{"seller_id": "a"}{"seller_id": "b"}',
    b'{"seller_id": "a", "seller_id": "b"}',
    b'{"seller_id": "a", "\\u0073eller_id": "b"}',
    b'{"other": {"x": 1, "x": 2}}',
    b'{"seller_id": "\\ud800"}',
    b'{"seller_id": "\\ud83d\\ude00 \\u00e9 \\u0000 \\/ \\b"}',
    b'{"seller_id": "\\ude00\\ud83d"}',
    b'{"seller_id": "\\x41"}',
    b'{"\\ud800": "half a name"}',
    b'{"seller_id": NaN}',
    b'{"other": -Infinity}',
    b'{"seller_id": 1.10, "seller_city": -0, "seller_state": 1e400}',
    b'{"seller_id": 42, "seller_city": true, "seller_state": null}',
    b'{"other": [1, 1.5, 1.10, true, null, {"deep": "est"}], "more": 1e400}',
    b'{"seller_id": 0' + b"1" * 9 + b"}",
    b'{"seller_id": ' + b"9" * 5000 + b"}",
    b'{"seller_id": {"nested": "x"}}',
    b'{"seller_id": ["x"]}',
    b'{"_corrupt_record": "x", "_source": "y", "_position": "z"}',
    b'{"seller_id": "x",}',
    b'  {"seller_id" : "spaced" }  ',
    '{"seller_id": "\x7f\u2028\U0001f600"}'.encode(),
    b"[" * 100_000,
    b'{"seller_id":' * 100_000,
]
WHOLE = json.dumps(GOOD)[:-2].encode()  # lacks what ends its last string and itself
STRANGE += [
    WHOLE + rest
    for rest in [
        *[b'"}', b'"', b'"} ', b' "}', b'"}\n', b'\n"}', b'\t"}', b'\x00"}', b'\x1f"}', b'\x7f"}'],
        *[
            b'""}',
            b'\\"}',
            b'\\""}',
            b'\\\\"}',
            b'\\x41"}',
            b'\\u00g0"}',
            b'\xff"}',
            b'\xed\xa0\x80"}',
        ],
        *[
            b'\\ud800"}',
            b'\\udfff"}',
            b'\\uDBFF\\uD800"}',
            b'\\ude00\\ud83d"}',
            b'\\ud83dx\\ude00"}',
        ],
        *[b'\\ud83d\\ude00"}', b'\\uD83D\\uDE00"}', b'\\ud7ff"}', b'\\ue000"}', b'\\u0000\\/\\b"}'],
        *[b'", "seller_id": "x"}', b'", "other": "x"}', b'"}, {"seller_id": "x"}', b'"},', b'",}'],
        *[b'"}' + WHOLE + b'"}', b'"}\n' + WHOLE + b'"}', b'"}\r' + WHOLE + b'"}'],
    ]
]
STRANGE += [
    WHOLE.replace(b'"SP', other) + b"}"
    for other in [b"42", b"1.10", b"true", b"null", b"nul", b"NaN", b"[]", b'{"x": 1}', b'"x" "y"']
]
STRANGE += [b"\xef\xbb\xbf" + WHOLE + b'"}', b" " + WHOLE + b'"}', b"[" + WHOLE + b'"}]']
STRANGE += [json.dumps(GOOD, separators=(",", sep)).encode() for sep in (":\n", ":  ", ":\t")]
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text())
RECORDS = st.builds(
    lambda record, ascii_, tight: json.dumps(
        record, ensure_ascii=ascii_, separators=(",", ":") if tight else None
    ).encode("utf-8", "surrogatepass"),
    st.dictionaries(
        st.sampled_from([*COLUMNS, "other", "_source"]),
        st.one_of(st.text(), SCALARS, st.lists(SCALARS, max_size=2)),
    ),
    st.booleans(),
    st.booleans(),
)
GOOD_ONES = st.builds(
    lambda names, city: json.dumps(dict.fromkeys(names, city)).encode(),
    st.permutations(COLUMNS),
    st.none() | st.text(),
)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    value = draw(GOOD_ONES)
    start = draw(st.integers(0, len(value)))
    cut = draw(st.integers(0, 3))
    return value[:start] + draw(st.binary(max_size=2)) + value[start + cut :]


VALUES = st.one_of(st.sampled_from(STRANGE), RECORDS, GOOD_ONES, damaged(), st.binary())


@settings(deadline=None)
@given(st.lists(VALUES, max_size=6))
@example(STRANGE)
@example([json.dumps(GOOD).encode(), *STRANGE, json.dumps(GOOD).encode()])
def test_batch_equals_messages_read_one_by_one(values: list[bytes | None]) -> None:
    assert read(values) == [reference(value) for value in values]


@pytest.mark.parametrize("value", STRANGE, ids=lambda value: str(value)[:40])
def test_strange_message_does_not_change_its_neighbours(value: bytes | None) -> None:
    good = json.dumps(GOOD).encode()
    assert read([good, value, good]) == [(GOOD, None, None), reference(value), (GOOD, None, None)]


def test_corrupt_messages_are_kept_as_text() -> None:
    values = [None, b"", b"\xff", b"oops", b'{"seller_id": ["x"]}', b'{"a": 1, "a": 2}']
    corrupt = ["null", "", "base64:/w==", "oops", '{"seller_id": ["x"]}', '{"a": 1, "a": 2}']
    assert read(values) == [(dict.fromkeys(COLUMNS), None, text) for text in corrupt]


def payment_tombstone(key: bytes | None, **more: Any) -> dict[str, Any]:
    """Return the row of a payment's tombstone."""
    tombstone = message(None, key=key, **more)
    return bronze_rows(bronze.OrderPayments, [tombstone]).row(0, named=True)


@pytest.mark.parametrize(
    ("key", "order", "sequential"),
    [
        (b'{"order_id": "a", "payment_sequential": "1"}', "a", "1"),
        (b'{"payment_sequential":1,"order_id":"a"}', "a", "1"),
        (b'{"order_id": 12.50, "payment_sequential": true}', "12.50", "true"),
        (b'{"schema": {}, "payload": {"order_id": " a", "payment_sequential": 1}}', " a", "1"),
    ],
)
def test_a_tombstone_deletes_the_row_of_its_key(key: bytes, order: str, sequential: str) -> None:
    row = payment_tombstone(key, timestamp=(1, 1_500_000_000_000), offset=5)
    filled = {name: value for name, value in row.items() if value is not None}
    del filled["_ingested_at"]
    assert filled == {
        "order_id": order,
        "payment_sequential": sequential,
        "_source": "kafka/t/3",
        "_position": 5,
        "_event_time": datetime(2017, 7, 14, 2, 40, tzinfo=UTC),
        "_operation": DELETE,
    }


@pytest.mark.parametrize(
    "key",
    [
        None,
        b"",
        b"a",
        b'"a"',
        b"\xff",
        b"null",
        b'["a", "1"]',
        b"{}",
        b'{"order_id": "a"}',
        b'{"order_id": "a", "payment_sequential": null}',
        b'{"order_id": "a", "payment_sequential": " "}',
        b'{"order_id": "a", "payment_sequential": {"value": 1}}',
        b'{"order_id": "a", "payment_sequential": "\\ud800"}',
        b'{"order_id": "a", "payment_sequential": NaN}',
        b'{"order_id": "a", "payment_sequential": "1", "more": "x"}',
        b'{"order_id": "a", "order_id": "b", "payment_sequential": "1"}',
        b'{"order_id": "a", "payment_sequential": "1"} ?',
        b'{"payload": {"order_id": "a", "payment_sequential": "1"}}',
        b'{"schema": null, "payload": null}',
        b'{"order_id": ' * 100_000,
    ],
    ids=lambda key: str(key)[:60],
)
def test_a_tombstone_without_a_usable_key_is_a_corrupt_record(key: bytes | None) -> None:
    row = payment_tombstone(key)
    assert (row["_corrupt_record"], row["_operation"]) == ("null", None)
    assert [row[name] for name in bronze.OrderPayments.fields()] == [None] * 5


def test_event_time_of_a_tombstone_is_its_header() -> None:
    key = b'{"order_id": "a", "payment_sequential": "1"}'
    row = payment_tombstone(key, headers=[("event_time", b"1500000000000")], timestamp=(1, 7))
    assert row["_event_time"] == datetime(2017, 7, 14, 2, 40, tzinfo=UTC)


def test_records_around_a_tombstone_are_upserts() -> None:
    good = json.dumps(GOOD).encode()
    batch = [message(good), message(None, 1, key=b'{"seller_id":"a"}'), message(b"{}", 2)]
    batch += [message(b"?", 3), message(good, 4)]
    rows = bronze_rows(bronze.Sellers, batch)
    assert rows["_operation"].to_list() == [UPSERT, DELETE, UPSERT, None, UPSERT]
    assert rows["_position"].to_list() == [0, 1, 2, 3, 4]
    assert rows["seller_id"].to_list() == ["a", "a", None, None, "a"]


def test_unknown_fields_are_rescued_as_they_are() -> None:
    (row,) = read([b'{"seller_id": "s", "colour": "red", "sizes": [1, 2.5, 1.10]}'])
    assert row[0]["seller_id"] == "s"
    assert row[1:] == ({"colour": "red", "sizes": [1, 2.5, "1.10"]}, None)


def test_numbers_and_booleans_keep_their_digits() -> None:
    (row,) = read([b'{"seller_id": 1.10, "seller_city": true, "seller_state": -1E+2}'])
    assert list(row[0].values()) == ["1.10", None, "true", "-1E+2"]


def test_large_corrupt_message_is_kept() -> None:
    rubbish = b"{" * 5_000_000
    assert read([rubbish, json.dumps(GOOD).encode()]) == [
        (dict.fromkeys(COLUMNS), None, rubbish.decode()),
        (GOOD, None, None),
    ]


def test_large_field_is_not_corrupt() -> None:
    long = GOOD | {"seller_city": "x" * 5_000_000}
    assert read([json.dumps(long).encode()]) == [(long, None, None)]


def test_rows_have_source_position_and_times() -> None:
    noon = int(datetime(2018, 1, 1, 12, tzinfo=UTC).timestamp() * 1000)
    headers = [("schema_version", b"1"), ("event_time", str(noon + 1).encode())]
    batch = [
        message(b"{}", 41, headers=headers, timestamp=(1, noon)),
        message(b"{}", 42, headers=[], timestamp=(1, noon)),
        message(b"{}", 43, headers=[("event_time", b"soon")], timestamp=(1, noon)),
        message(b"{}", 44, headers=[("event_time", b"\xff")], timestamp=(2, noon)),
        message(b"{}", 45, headers=[("event_time", b"9" * 15)], timestamp=(1, noon)),
        message(b"{}", 46, headers=[("event_time", None)], timestamp=(1, noon)),
        message(b"{}", 47, headers=headers[:1], timestamp=(0, -1)),
    ]
    rows = bronze_rows(bronze.Sellers, batch)
    assert rows["_source"].to_list() == ["kafka/t/3"] * len(batch)
    assert rows["_position"].to_list() == list(range(41, 48))
    assert rows["_event_time"].dt.epoch("ms").to_list() == [noon + 1, *[noon] * 5, None]
    assert (datetime.now(UTC) - rows["_ingested_at"][0]).total_seconds() < 60


def test_source_has_the_topic_id_where_known() -> None:
    batch = [message(b"{}", 1, partition=3), message(b"{}", 1, partition=4)]
    rows = bronze_rows(bronze.Sellers, batch, {("t", 3): 10, ("t", 4): None})
    assert rows["_source"].to_list() == ["kafka/t/3/000000000000000a", "kafka/t/4"]


@pytest.mark.parametrize(
    ("header", "kept"),
    [
        (b"-1", None),
        (b"99999999999999", 99_999_999_999_999),  # in the year 5138: silver's contract refuses it
        (b"100000000000000", None),
        (b"1e3", None),
        (b" 1000", None),
        (b"", None),
        (b"0", 0),
    ],
)
def test_event_time_header_with_invalid_digits_is_ignored(header: bytes, kept: int | None) -> None:
    kafka = 1_500_000_000_000
    came = message(b"{}", headers=[("event_time", header)], timestamp=(1, kafka))
    rows = bronze_rows(bronze.Sellers, [came])
    assert rows["_event_time"].dt.epoch("ms").item() == (kafka if kept is None else kept)


def test_failure_of_polars_falls_back_without_quoting_records(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(lines: bytes, **_: object) -> None:
        raise ComputeError(lines.decode())

    monkeypatch.setattr(pl, "read_ndjson", fail)
    assert read([json.dumps(GOOD).encode()]) == [(GOOD, None, None)]


def test_empty_batch_has_no_rows() -> None:
    assert bronze_rows(bronze.Sellers, []).is_empty()
    assert bronze_rows(bronze.Sellers, []).schema == stored_schema(bronze.Sellers)


def test_plain_records_in_any_field_order_are_parsed_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(decode, "read_record", None)  # reading records one by one fails
    turned = {name: GOOD[name] for name in reversed(COLUMNS)}
    batch = [message(json.dumps(turned).encode(), offset) for offset in range(3)]
    rows = bronze_rows(bronze.Sellers, batch)
    assert rows.select(COLUMNS).equals(pl.DataFrame([GOOD] * 3))

"""Raw text to typed values: right, or null."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.parse import city_name, decimal_degrees, integer, money, text, timestamp

Parser = Callable[[str], pl.Expr]

at = datetime.fromisoformat


def parsed(parser: Parser, *values: str | None) -> list[Any]:
    frame = pl.LazyFrame({"raw": values}, schema={"raw": pl.String})
    return frame.select(parser("raw")).collect()["raw"].to_list()


@pytest.mark.parametrize("parser", [text, integer, decimal_degrees, money, timestamp, city_name])
def test_empty_text_is_null(parser: Parser) -> None:
    assert parsed(parser, None, "", "  ", "\t\n") == [None] * 4


@pytest.mark.parametrize(
    ("parser", "dtype"),
    [
        (text, pl.String()),
        (integer, pl.Int64()),
        (decimal_degrees, pl.Float64()),
        (money, pl.Decimal(18, 2)),
        (timestamp, pl.Datetime("us")),
        (city_name, pl.String()),
    ],
)
def test_a_parser_keeps_the_name_and_gives_the_type(parser: Parser, dtype: pl.DataType) -> None:
    raw = pl.LazyFrame({"price": ["1"], "other": ["2"]})
    assert raw.select(parser("price")).collect_schema() == {"price": dtype}


def test_text_loses_the_white_space_around_it() -> None:
    assert parsed(text, " a b\n", "\N{NO-BREAK SPACE}a", "Ação") == ["a b", "a", "Ação"]


def test_city_is_in_lower_case() -> None:
    assert parsed(city_name, " São PAULO ", "ÁGUA BOA") == ["são paulo", "água boa"]


@pytest.mark.parametrize(
    ("raw", "number"),
    [
        ("0", 0),
        ("7", 7),
        (" 7 ", 7),
        ("-7", -7),
        ("007", 7),
        ("9223372036854775807", 2**63 - 1),
        ("9223372036854775808", None),
        ("7.0", None),
        ("7e0", None),
        ("1,000", None),
        ("1_000", None),
        ("0x1", None),
        ("seven", None),
        ("7 8", None),
        ("\N{ARABIC-INDIC DIGIT SEVEN}", None),
    ],
)
def test_integer(raw: str, number: int | None) -> None:
    assert parsed(integer, raw) == [number]


@pytest.mark.parametrize(
    ("raw", "degrees"),
    [
        ("-23.123456", -23.123456),
        (" 5 ", 5.0),
        ("-2.35e1", -23.5),
        ("-23,5", None),
        ("nan", None),
        ("inf", None),
        ("-inf", None),
        ("1e400", None),
        ("23.5 S", None),
    ],
)
def test_decimal_degrees(raw: str, degrees: float | None) -> None:
    assert parsed(decimal_degrees, raw) == [degrees]


def test_minus_zero_degrees_are_zero_degrees() -> None:
    assert [str(degrees) for degrees in parsed(decimal_degrees, "-0.0", "0")] == ["0.0", "0.0"]


@pytest.mark.parametrize(
    ("raw", "amount"),
    [
        ("10", "10"),
        ("10.5", "10.50"),
        ("10.50", "10.50"),
        ("10.5000", "10.50"),
        ("10.", "10"),
        (" 10 ", "10"),
        ("+10", "10"),
        ("-3", "-3"),
        ("-0.01", "-0.01"),
        ("0", "0"),
        ("007", "7"),
        ("0.1", "0.10"),
        ("999999999.99", "999999999.99"),
    ],
)
def test_money_is_exact(raw: str, amount: str) -> None:
    assert parsed(money, raw) == [Decimal(amount)]


@pytest.mark.parametrize(
    "raw",
    [
        "10.505",
        "0.001",
        "10.5001",
        "1000000000",
        "1e3",
        "1E2",
        "10,5",
        "1,000",
        "1.000,00",
        "1.000.00",
        "1 000",
        "R$ 10",
        ".5",
        ".",
        "-",
        "--1",
        "+-1",
        "NaN",
        "inf",
        "ten",
        "10 5",
        "\N{ARABIC-INDIC DIGIT ONE}",
    ],
)
def test_invalid_amounts_are_null(raw: str) -> None:
    assert parsed(money, raw) == [None]


@given(st.decimals(-999_999_999, 999_999_999, places=2))
def test_money_reads_every_amount_as_it_is_written(amount: Decimal) -> None:
    assert parsed(money, f"{amount:f}") == [amount]


@pytest.mark.parametrize(
    "raw",
    [
        "2017-11-24",
        "2017-11-24 23:59",
        "2017-11-24 23:59:59.5",
        "2017-11-24 23:59:59Z",
        "2017-11-24 23:59:59-03:00",
        "2017-11-24 23:59:59 now",
        "2017-11-24 24:00:00",
        "2017-11-31 00:00:00",
        "2017-13-01 00:00:00",
        "2017-02-29 00:00:00",
        "24/11/2017 23:59:59",
        "20171124 235959",
        "12017-11-24 23:59:59",
        "0000-00-00 00:00:00",
        "yesterday",
    ],
)
def test_a_timestamp_of_another_shape_is_none(raw: str) -> None:
    assert parsed(timestamp, raw) == [None]


@pytest.mark.parametrize(
    "raw",
    [
        "17-11-24 23:59:59",
        "0000-01-01 00:00:00",
        "-2017-11-24 23:59:59",
        "+2017-11-24 23:59:59",
        "2017-1-2 3:4:5",
        "2017-11- 4 23:59:59",
        "2017-11-24  23:59:59",
        "2017-11-24\n23:59:59",
        "2017-11-2423:59:59",
        "2017-11-24 23:59:60",
        "2017-11-24t23:59:59",
        "2017-11-24 T23:59:59",
        "2017-11-24T23:59:59Z",
        "2017-11-24T23:59:59-03:00",
        "2017-11-24 23:59:59.000+00",
        "2017-11-24 23:59:59.",
        "2017-11-24 23:59:59.000001",
        "2017-11-24 23:59:59,000",
        "2017-11-24 23:59:59.0000000000",
    ],
)
def test_a_timestamp_of_nearly_the_shape_is_none(raw: str) -> None:
    frame = pl.LazyFrame({"raw": [raw]}).select(timestamp("raw").is_null())
    assert frame.collect().item()


def test_a_timestamp_is_a_wall_clock() -> None:
    raw = ["2017-11-24 23:59:59", " 2016-02-29 00:00:00 ", "2017-10-15 00:30:00"]
    assert parsed(timestamp, *raw) == [
        at("2017-11-24 23:59:59"),
        at("2016-02-29 00:00:00"),
        at("2017-10-15 00:30:00"),  # clocks in São Paulo skipped this hour
    ]


@pytest.mark.parametrize(
    "raw",
    [
        "2018-05-01T10:00:00",
        "2018-05-01T10:00:00.000000",
        "2018-05-01 10:00:00.0",
        "2018-05-01 10:00:00.000000000",
    ],
)
def test_a_timestamp_may_be_written_as_an_export_writes_it(raw: str) -> None:
    assert parsed(timestamp, raw) == [at("2018-05-01 10:00:00")]


@given(st.datetimes())
def test_a_timestamp_is_read_as_it_is_written(moment: datetime) -> None:
    second = moment.replace(microsecond=0)
    assert parsed(timestamp, second.isoformat(" ")) == [second]


@pytest.mark.parametrize("parser", [integer, decimal_degrees, money, timestamp])
def test_an_invalid_value_does_not_change_its_neighbours(parser: Parser) -> None:
    good = "2017-11-24 23:59:59" if parser is timestamp else "1"
    (alone,) = parsed(parser, good)
    assert alone is not None
    assert parsed(parser, "x", good, "", good, None) == [None, alone, None, alone, None]


def test_an_address_instead_of_a_city_is_redacted() -> None:
    raw = pl.LazyFrame({"city": [" Someone@Example.com ", "São Paulo"]})
    assert raw.select(city_name("city")).collect()["city"].to_list() == ["[email]", "são paulo"]

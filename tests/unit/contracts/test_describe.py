"""Descriptions of contracts as plain data: complete and reproducible."""

import json
import subprocess
import sys
from datetime import UTC, datetime

import polars as pl
import pytest
from polars import col

from contracts import domain
from contracts.column_descriptions import COLUMN_DESCRIPTIONS
from contracts.contract import Contract, Gold, Silver, Timestamp, column, planned, rule, warning
from contracts.describe import describe, described, version
from contracts.silver.orders import Orders
from transforms.graph import sources, tables

OPENED = datetime(2016, 1, 1, tzinfo=UTC)
ROWS = ("a", "b")


class Theatres(Silver, key=("theatre_id",)):
    """One row per theatre."""

    theatre_id: str = column()


class Seats(Gold, key=("seat_id",), incremental_key=("theatre_id",), partition_by=("row",)):
    """One row per seat.

    Boxes have none.
    """

    seat_id: int = column(ge=1, description="From the stage.")
    theatre_id: str = column(references=Theatres)
    row: str = column(isin=ROWS, source="line")
    holder: str = column(nullable=True, personal=True, looked_up_in=Theatres)

    @rule
    def in_a_row(cls) -> pl.Expr:
        """It stands somewhere."""
        return col("row") != "z"  # the last one is for the staff

    @warning
    def not_the_first(cls) -> pl.Expr:
        """Nobody likes it."""
        return col("seat_id") > 1


def test_a_description_holds_table_columns_and_rules() -> None:
    said = describe(Seats)
    assert said | {"columns": 0, "rules": 0} == {
        "table": "gold.seats",
        "grain": "One row per seat.",
        "key": ["seat_id"],
        "incremental_key": ["theatre_id"],
        "partition_by": ["row"],
        "columns": 0,
        "rules": 0,
    }
    assert said["columns"]["seat_id"] == {
        "type": "Int64",
        "nullable": False,
        "description": "From the stage.",
        "rules": {"seat_id_is_at_least_1": {"min_value": 1}},
    }
    assert said["columns"]["theatre_id"]["references"] == "silver.theatres"
    assert said["columns"]["row"]["source"] == "line"
    assert said["columns"]["holder"]["personal"]
    assert said["columns"]["holder"]["looked_up_in"] == "silver.theatres"
    assert said["rules"] == {
        "in_a_row": {
            "asks": "col('row') != 'z'",
            "warning": False,
            "description": "It stands somewhere.",
        },
        "not_the_first": {
            "asks": "col('seat_id') > 1",
            "warning": True,
            "description": "Nobody likes it.",
        },
    }


def test_a_column_without_a_description_has_that_of_its_name() -> None:
    assert describe(Orders)["columns"]["order_id"]["description"] == COLUMN_DESCRIPTIONS["order_id"]


def test_every_contract_is_described_and_can_be_written_as_json() -> None:
    every = described()
    named = {contract.spec().table for contract in sources()} | tables().keys()
    assert every.keys() == named
    assert json.loads(json.dumps(every)) == every


def test_contracts_are_described_where_hypothesis_is_not_installed() -> None:
    code = (
        "import sys; sys.modules['hypothesis'] = None; "
        "from contracts.describe import described; print(*described())"
    )
    printed = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert {*printed.stdout.split()} == described().keys()


class Parties(Silver, key=("party_id",)):
    """One row per party."""

    party_id: str = column()
    began: Timestamp = column()
    ends: Timestamp = planned()

    @rule
    def began_since_the_opening(cls) -> pl.Expr:
        """Nobody parties in a closed shop."""
        return col("began") >= OPENING

    @rule
    def began_already(cls) -> pl.Expr:
        """A party is known once it has begun."""
        return col("began") <= domain_now()


OPENING = datetime.fromisoformat("2016-01-01")
domain_now = domain.now


def test_a_rule_that_reads_the_clock_has_a_stable_description() -> None:
    asks = describe(Parties)["rules"]["began_already"]["asks"]
    assert asks.startswith("col('began') <= domain_now(), where domain_now = pl.lit(")
    assert str(datetime.now(UTC).year) not in asks


def test_a_constant_that_a_rule_names_is_part_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    asks = describe(Parties)["rules"]["began_since_the_opening"]["asks"]
    assert asks.endswith("where OPENING = 2016-01-01 00:00:00")
    before = version(describe(Parties))
    monkeypatch.setitem(globals(), "OPENING", 0)
    assert version(describe(Parties)) != before


def test_a_function_of_ours_that_a_rule_names_is_part_of_it() -> None:
    asks = describe(Parties)["rules"]["began_already"]["asks"]
    assert "America/Sao_Paulo" in asks


def test_time_bound_is_part_of_the_contract_without_the_current_time() -> None:
    columns = describe(Parties)["columns"]
    assert columns["ends"]["rules"]["ends_is_a_plausible_time"]["ahead"] == "730 days"
    assert columns["began"]["rules"]["began_is_a_plausible_time"]["ahead"] == "5 minutes"
    assert str(datetime.now(UTC).year) not in str(columns)


def test_descriptions_and_layout_do_not_change_the_version() -> None:
    class Seats(Gold, key=("seat_id",), incremental_key=("theatre_id",), partition_by=("row",)):
        """One row per chair."""

        seat_id: int = column(ge=1)
        theatre_id: str = column(references=Theatres)
        row: str = column(isin=("b", "a"), source="line", description="A letter.")
        holder: str = column(nullable=True, personal=True, looked_up_in=Theatres)

        @rule
        def in_a_row(cls) -> pl.Expr:
            """Else it is in no theatre."""
            return (
                col("row")
                != "z"
            )  # fmt: skip

        @warning
        def not_the_first(cls) -> pl.Expr:
            """Everybody likes it."""
            return col("seat_id") > 1

    assert describe(Seats) != describe(globals()["Seats"])
    assert version(describe(Seats)) == version(describe(globals()["Seats"]))


def stricter() -> type[Contract]:
    class Theatres(Silver, key=("theatre_id",)):
        """One row per theatre."""

        theatre_id: str = column(str_matches="^[a-z]+$")

    return Theatres


def test_another_spec_is_another_version() -> None:
    assert version(describe(stricter())) != version(describe(Theatres))


def summed(what: pl.Expr) -> str:
    class Rows(Gold, key=("row",)):
        """One row per row of seats."""

        row: str = column()
        seats: int = column(sums=(Seats, what))

    return version(describe(Rows))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (col("seat_id"), col("seat_id").filter(col("holder").is_not_null())),
        (col("row").is_in([*"abcdef"]), col("row").is_in([*"abcxef"])),
        (col("row").is_in(pl.Series([*"ab"])), col("row").is_in(pl.Series([*"ac"]))),
        (col("seat_id") > 1, col("seat_id") > 2),
    ],
)
def test_declared_sums_are_part_of_the_version(one: pl.Expr, other: pl.Expr) -> None:
    assert summed(one) == summed(one)
    assert summed(one) != summed(other)


def test_a_column_may_be_called_description() -> None:
    class Theatres(Silver, key=("theatre_id",)):
        """One row per theatre."""

        theatre_id: str = column()
        description: str = column()

    assert version(describe(Theatres)) != version(describe(globals()["Theatres"]))


def test_a_version_is_eight_digits() -> None:
    versions = {version(description) for description in described().values()}
    assert len(versions) == len(described())
    assert all(len(each) == 8 and int(each, 16) >= 0 for each in versions)

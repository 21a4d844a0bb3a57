"""Which timestamps of silver are plausible."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from contracts.rules import rules
from contracts.silver.orders import Orders
from tests.support.single_row import holds
from transforms.graph import tables

at = datetime.fromisoformat

SENTINEL, RANGE = "is_not_a_sentinel_date", "is_a_plausible_time"


@pytest.mark.parametrize(
    ("column", "ahead"),
    [
        ("order_purchase_timestamp", timedelta(minutes=5)),
        ("order_estimated_delivery_date", timedelta(days=730)),
    ],
)
def test_implausible_times_break_one_rule(column: str, ahead: timedelta) -> None:
    now = datetime.now(UTC).astimezone(ZoneInfo("America/Sao_Paulo")).replace(tzinfo=None)
    opened, minute = at("2016-01-01"), timedelta(minutes=1)
    expected = {
        None: set(),
        at("0001-01-01"): {SENTINEL},
        at("1900-01-01"): {SENTINEL},
        at("1970-01-01"): {SENTINEL},
        at("2999-12-31"): {SENTINEL},
        at("9999-12-31 23:59:59"): {SENTINEL},
        at("1970-01-02"): {RANGE},
        opened - timedelta(seconds=1): {RANGE},
        opened: set(),
        at("2018-08-29 15:00:37"): set(),
        now + ahead - minute: set(),
        now + ahead + minute: {RANGE},
        at("9999-12-30"): {RANGE},
    }
    for time, broken in expected.items():
        found = {
            name
            for name in (SENTINEL, RANGE)
            if not holds(Orders, f"{column}_{name}", **{column: time})
        }
        assert found == broken, time


def test_every_timestamp_of_silver_is_checked() -> None:
    for table in tables().values():
        names = {rule.name for rule in rules(table.contract)}
        for column, dtype in table.contract.fields().items():
            if dtype == pl.Datetime("us") and table.contract.spec().layer == "silver":
                assert {f"{column}_{SENTINEL}", f"{column}_{RANGE}"} <= names

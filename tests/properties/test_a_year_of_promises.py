"""The law of promises: in a year of deliveries, each incident alarms, and nothing else does."""

from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from contracts import bronze
from contracts.contract import Bronze
from contracts.volume import Volume
from flows import delta
from flows.monitoring.freshness import freshness
from flows.monitoring.promises import BrokenPromise, Logs
from flows.monitoring.volume import volume
from tests.support.year import DAYS, FIRST, Mishap, arrivals, at, day_of

LOG = timedelta(days=30)
"""How much of its log maintenance leaves to a table."""


class Sellers(Bronze, fresh=timedelta(days=8), volume=Volume()):
    """One row per seller record, which come on Mondays."""


class Products(Bronze, fresh=timedelta(hours=10), volume=Volume()):
    """One row per product record, which come as a stream."""


class Geolocation(Bronze, fresh=bronze.DAILY, volume=Volume(floor=60)):
    """One row per point; they become fewer, too slowly for a learnt band."""


CONTRACTS = {
    contract.spec().table: contract
    for contract in (
        bronze.Customers,
        bronze.OrderItems,
        bronze.OrderPayments,
        bronze.OrderReviews,
        bronze.Orders,
        bronze.ProductCategoryNameTranslation,
        Sellers,
        Products,
        Geolocation,
    )
}


@pytest.mark.parametrize("seed", range(2))
def test_each_incident_of_a_year_alarms_and_nothing_else_does(tmp_path: Path, seed: int) -> None:
    alarms, wrong = alarms_of_a_year(str(tmp_path), seed)
    shrunk = [alarm for alarm in alarms if alarm[1] == "bronze.geolocation"]
    assert shrunk
    assert min(shrunk)[2] > at(day_of(180), 0)
    others = {alarm for alarm in alarms if alarm not in shrunk}
    for each in wrong:
        mine = {alarm for alarm in others if is_about(each, alarm)}
        assert {promise for promise, _, _ in mine} == {*each.alarms}, each
        others -= mine
    assert not others


def alarms_of_a_year(lake: str, seed: int) -> tuple[set[tuple[str, str, datetime]], list[Mishap]]:
    """Return promise, cause and time of each alarm, and what went wrong."""
    handles = {name: delta.open_table(lake, contract) for name, contract in CONTRACTS.items()}
    arrived, wrong = arrivals(Random(seed))
    found, known = set[tuple[str, str, datetime]](), set[tuple[str, str]]()
    for hour in range(9, DAYS * 24, 6):
        now = at(FIRST, 0) + timedelta(hours=hour)
        batches = {
            f"bronze.{name}": [a.batch for a in each if now - LOG < a.at <= now]
            for name, each in arrived.items()
        }
        logs = Logs(now, CONTRACTS, handles, batches)
        evaluated = (*freshness(logs), *volume(logs))
        broken = {(b.promise, b.cause) for b in evaluated if isinstance(b, BrokenPromise)}
        found |= {(*each, now) for each in broken - known}
        known = broken
    return found, wrong


def is_about(mishap: Mishap, alarm: tuple[str, str, datetime]) -> bool:
    _, cause, time = alarm
    first = at(mishap.first, 0)
    return cause == f"bronze.{mishap.source}" and first < time < first + timedelta(
        days=mishap.days + 1, hours=6
    )

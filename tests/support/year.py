"""A year of deliveries as a shop makes them: with growth, weekends, holidays, peaks and mishaps."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import NamedTuple
from zoneinfo import ZoneInfo

from flows.monitoring.deliveries import Batch

ZONE = ZoneInfo("America/Sao_Paulo")
FIRST = date(2017, 6, 1)
"""Daylight saving time begins on 2017-10-15 and ends on 2018-02-18."""
DAYS = 365
USUAL = {"customers": 180, "order_items": 230, "order_payments": 190, "orders": 180}
"""The records that the sources of sales deliver in a day, at the beginning of the year."""
DAILY = {**USUAL, "order_reviews": 160}

_WEEK = 1.1, 1.1, 1.0, 1.0, 0.95, 0.7, 0.75
_HOLIDAYS = {
    *(date(2017, 9, 7), date(2017, 10, 12), date(2017, 11, 2), date(2017, 11, 15)),
    *(date(2017, 12, 25), date(2018, 1, 1), date(2018, 2, 13), date(2018, 3, 30)),
    *(date(2018, 4, 21), date(2018, 5, 1)),
}
_BLACK_FRIDAY = date(2017, 11, 24)


class Arrival(NamedTuple):
    """A batch, and when it arrives."""

    at: datetime
    batch: Batch


def day_of(number: int) -> date:
    """Return a day of the year, the first is 0."""
    return FIRST + timedelta(days=number)


def at(day: date, hour: int, minute: int = 0) -> datetime:
    """Return a time in São Paulo, in UTC."""
    return datetime.combine(day, time(hour, minute), ZONE).astimezone(UTC)


def demand(day: date, *, sells: bool) -> float:
    """Return how much is sold on a day, as a multiple of the first day."""
    number = (day - FIRST).days
    level = 2 ** (number / 365) * _WEEK[day.weekday()]
    if day in _HOLIDAYS:
        level *= 0.35
    if date(2017, 12, 1) <= day <= date(2017, 12, 22):
        level *= 1.4 if sells else 1.7
    after = (day - _BLACK_FRIDAY).days
    if sells:
        level *= {0: 3.0, 1: 1.9, 2: 1.4, 3: 1.5}.get(after, 1)
    return level


def daily(random: Random, name: str, noise: dict[date, float]) -> dict[date, int]:
    """Return the records of each day of a daily source."""
    result = {}
    for number in range(DAYS):
        day = day_of(number)
        own = random.gauss(1, 0.06) * noise[day]
        result[day] = round(DAILY[name] * demand(day, sells=name in USUAL) * own)
    return result


class Mishap(NamedTuple):
    """What goes wrong with a source, and the alarm that it deserves."""

    source: str
    kind: str
    first: date
    days: int
    """How long it lasts."""
    alarms: tuple[str, ...] = ()
    """The promises that are broken."""


def mishaps(random: Random) -> list[Mishap]:
    """Return what goes wrong in a year: incidents, and oddities that are none."""
    return [
        Mishap(source, kind, first, days, tuple(alarms.split()))
        for source, kinds in _KINDS.items()
        for (kind, days, alarms), first in zip(kinds, _days(random, kinds), strict=True)
    ]


_KINDS = {
    "customers": [("missing", 1, "freshness"), ("empty", 1, "freshness volume"), ("split", 1, "")],
    "order_items": [("missing", 2, "freshness"), ("0.1", 1, "volume"), ("2.0", 1, "")],
    "order_payments": [("4.0", 1, "volume"), ("two files", 1, ""), ("missing", 1, "freshness")],
    "order_reviews": [("weekend", 2, "freshness"), ("correction", 1, ""), ("0.25", 2, "volume")],
    "orders": [("0.1", 1, "volume"), ("split", 1, ""), ("late", 1, "freshness")],
    "products": [("missing", 1, "freshness"), ("0.1", 1, "volume"), ("pause", 1, "")],
    "sellers": [("missing", 7, "freshness"), ("0.1", 7, "volume"), ("split", 7, "")],
}


def _days(random: Random, kinds: list[tuple[str, int, str]]) -> Iterator[date]:
    for number, (kind, days, _) in enumerate(kinds):
        first = day_of(45 + 100 * number + random.randrange(60))
        if kind == "weekend":
            first += timedelta(days=(5 - first.weekday()) % 7)
        if days == 7:
            first += timedelta(days=-first.weekday() % 7)  # the source delivers on Mondays
        yield first


def arrivals(random: Random) -> tuple[dict[str, list[Arrival]], list[Mishap]]:
    """Return what arrives in the year by source, oldest first, and what went wrong."""
    wrong = mishaps(random)
    noise = {day_of(number): random.gauss(1, 0.06) for number in range(DAYS)}
    result = {name: _files(random, daily(random, name, noise), name, wrong) for name in DAILY}
    weekly = {day_of(n): round(random.gauss(60, 6)) for n in range(DAYS) if not day_of(n).weekday()}
    result["sellers"] = _files(random, weekly, "sellers", wrong)
    shrinking = {
        day_of(n): round(random.gauss(200, 15) * 0.99 ** max(0, n - 100)) for n in range(DAYS)
    }
    result["geolocation"] = _files(random, shrinking, "geolocation", wrong)
    result["products"] = _stream(random, wrong)
    moment = at(FIRST, 6)
    result["product_category_name_translation"] = [
        Arrival(moment, Batch(0, 71, moment, is_file=True))
    ]
    return {
        name: [
            Arrival(each.at, each.batch._replace(version=v)) for v, each in enumerate(sorted(found))
        ]
        for name, found in result.items()
    }, wrong


def _kind(wrong: list[Mishap], source: str, day: date) -> str:
    for each in wrong:
        if each.source == source and each.first <= day < each.first + timedelta(days=each.days):
            return each.kind
    return ""


def _files(
    random: Random, records: dict[date, int], name: str, wrong: list[Mishap]
) -> list[Arrival]:
    result = []

    def deliver(arrived: datetime, count: int, newest: datetime | None = None) -> None:
        result.append(Arrival(arrived, Batch(0, count, newest or arrived, is_file=True)))

    for day, count in records.items():
        moment = at(day, 6, random.randrange(45))
        match _kind(wrong, name, day):
            case "missing" | "weekend":
                pass
            case "late":
                deliver(moment + timedelta(hours=50), count, moment)
            case "empty":
                deliver(moment, 0)
            case "split":
                deliver(moment, round(count * 0.3))
                deliver(moment + timedelta(hours=9), round(count * 0.7))
            case "two files":
                deliver(moment, round(count * 0.55))
                deliver(moment + timedelta(minutes=20), round(count * 0.45))
            case "correction":
                deliver(moment, count)
                deliver(moment, count, moment - timedelta(days=20))
            case "":
                deliver(moment, count)
            case share:
                deliver(moment, round(count * float(share)))
    return result


def _stream(random: Random, wrong: list[Mishap]) -> list[Arrival]:
    result = []
    for number in range(DAYS):
        day = day_of(number)
        kind = _kind(wrong, "products", day)
        level = 24 * random.gauss(1, 0.06) * demand(day, sells=False)
        for hour in range(1, 24, 2):
            moment = at(day, hour, random.randrange(60))
            count = round(level * random.gauss(1, 0.2) * (0.2 if hour < 7 else 1))
            count = round(count * float(kind)) if kind[:1] == "0" else count
            if count > 0 and not (kind == "missing" or (kind == "pause" and 9 < hour < 14)):
                result.append(Arrival(moment, Batch(0, count, moment, is_file=False)))
    return result

"""The deliveries of a source: how many records came on each day, and when they were true."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from itertools import groupby
from typing import NamedTuple
from zoneinfo import ZoneInfo

from deltalake import DeltaTable

from contracts.volume import Band, Volume
from flows.delta.commit_log import commits


class Batch(NamedTuple):
    """The records of one commit to a bronze table."""

    version: int
    records: int
    newest: datetime
    """The newest event time of the records (UTC). Commits of older lakes have their own time."""
    is_file: bool
    """Whether they come from a file, which is complete, rather than from the stream."""


class Delivery(NamedTuple):
    """The records of one day."""

    day: date
    """In the time zone of the source."""
    records: int
    newest: datetime
    """The newest event time of the records (UTC)."""
    is_complete: bool
    """Whether no more records of the day are expected."""
    band: Band | None
    """The usual number of records, or None as long as it is not known."""

    @property
    def is_usual(self) -> bool:
        """Whether the number of records is usual, or nothing is known about it yet."""
        if not self.is_complete or self.band is None:
            return True
        return self.band.low <= self.records <= self.band.high


def batches(bronze: DeltaTable) -> list[Batch]:
    """Return the batches in the log of a bronze table, oldest first."""
    found = (
        Batch(
            commit.version,
            commit.metrics["read"],
            datetime.fromisoformat(newest)
            if (newest := commit.metrics.get("newest"))
            else commit.at,
            "file" in commit.metrics,
        )
        for commit in commits(bronze)
        if commit.metrics.get("read")
    )
    return sorted(found)


def deliveries(found: Iterable[Batch], volume: Volume, now: datetime) -> list[Delivery]:
    """Return the deliveries of a source, oldest first, each with its band.

    Args:
        found: the batches of its bronze table.
        volume: what its contract promises.
        now: the time of the check. The day of the stream is complete when it is over.
    """
    today = _day(now)
    by_weekday: dict[int, list[int]] = {}
    result = []
    for day, records, newest, is_file in _days(found):
        earlier = by_weekday.setdefault(day.weekday(), [])
        is_complete = is_file or day < today
        result.append(Delivery(day, records, newest, is_complete, volume.band(earlier)))
        if is_complete:
            earlier.append(records)
    return result


def _days(found: Iterable[Batch]) -> Iterator[tuple[date, int, datetime, bool]]:
    in_order = sorted(found, key=lambda batch: batch.newest)
    for day, of_day in groupby(in_order, lambda batch: _day(batch.newest)):
        last = [*of_day]
        records, is_file = sum(each.records for each in last), all(each.is_file for each in last)
        yield day, records, last[-1].newest, is_file


def _day(time: datetime) -> date:
    return time.astimezone(_SOURCE_ZONE).date()


_SOURCE_ZONE = ZoneInfo("America/Sao_Paulo")

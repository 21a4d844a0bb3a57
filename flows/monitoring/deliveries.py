"""The deliveries of a source: how many records came on each day, and their newest event time."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from itertools import groupby
from math import inf
from typing import NamedTuple
from zoneinfo import ZoneInfo

from deltalake import DeltaTable

from contracts.volume import Band, Volume
from flows.delta.commit_log import CommitInfo, commits, last_metrics


class Batch(NamedTuple):
    """The records of one commit to a bronze table."""

    version: int
    records: int
    newest: datetime
    """The newest event time of the records (UTC), or the time of the file if it has none."""
    is_file: bool
    """Whether they come from a file, which is complete, rather than from the stream."""


class Delivery(NamedTuple):
    """The records of one day."""

    day: date
    """In the time zone of the source."""
    records: int
    newest: datetime
    """The newest event time of the records (UTC)."""
    is_file: bool
    """Whether all of them come from files."""
    is_over: bool
    """Whether the day is over, so that no more records are expected."""
    band: Band | None
    """The usual number of records, or None as long as it is not known."""

    is_usual: bool | None = None
    """Whether the number of records is usual; None if the day must be over to tell."""

    @property
    def level(self) -> float | None:
        """The number of records as a multiple of the usual one, if that is known."""
        if self.band is None or not self.band.usual or not (self.is_over or self.is_file):
            return None
        return self.records / self.band.usual


def batches(bronze: DeltaTable) -> list[Batch]:
    """Return the batches in the log of a bronze table, oldest first."""
    found = [
        Batch(commit.version, commit.metrics["read"], _event_time(commit), "file" in commit.metrics)
        for commit in _effective(commits(bronze))
        if commit.metrics.get("read") or "file" in commit.metrics
    ]
    return sorted(found) or _repeated(bronze)


def _repeated(bronze: DeltaTable) -> list[Batch]:
    """Return the last batch as maintenance repeats it, which may have deleted its log."""
    last = last_metrics(bronze)
    if not last.get("newest"):
        return []
    newest = datetime.fromisoformat(last["newest"])
    return [Batch(0, last["read"], newest, "file" in last)]


def _effective(newest_first: Iterable[CommitInfo]) -> Iterator[CommitInfo]:
    """Yield the commits whose records a later restore has not removed, without the restores."""
    through: float = inf
    for commit in newest_first:
        if commit.version > through:
            continue
        if "restored" in commit.metrics:
            through = commit.metrics["restored"]
        else:
            yield commit


def _event_time(commit: CommitInfo) -> datetime:
    """Return the newest event time of a batch, at most the time of its commit.

    The clock of a producer may be ahead; its records count from the time of the commit.
    """
    newest = commit.metrics.get("newest")
    return min(datetime.fromisoformat(newest), commit.at) if newest else commit.at


def deliveries(
    found: Mapping[str, Iterable[Batch]], promised: Mapping[str, Volume | None], now: datetime
) -> dict[str, list[Delivery]]:
    """Return the deliveries of each source, oldest first.

    Args:
        found: by bronze table, its batches.
        promised: by bronze table, what its contract promises, if it does.
        now: the time of the check.
    """
    by_source = {name: _with_bands(found[name], volume, now) for name, volume in promised.items()}
    levels = defaultdict[date, dict[str, float]](dict)
    for name, days in by_source.items():
        for each in days:
            if each.level is not None:
                levels[each.day][name] = each.level
    return {
        name: [
            each._replace(
                is_usual=_is_usual(each, [x for n, x in levels[each.day].items() if n != name])
            )
            for each in days
        ]
        for name, days in by_source.items()
    }


def _with_bands(found: Iterable[Batch], volume: Volume | None, now: datetime) -> list[Delivery]:
    today = _day(now)
    by_weekday = defaultdict[int, list[int]](list)
    result = []
    for day, records, newest, is_file in _days(found):
        earlier = by_weekday[day.weekday()]
        band = volume.band(earlier) if volume else None
        result.append(Delivery(day, records, newest, is_file, day < today, band))
        earlier.append(records)
    return result


def _is_usual(each: Delivery, others: Sequence[float]) -> bool | None:
    """Return whether the number of records is usual; None if the day must be over to tell.

    On a holiday or in a sale, several sources deliver fewer records than usual, or more. Then only
    the widest limits count. They also count while the day lasts, because a second file may follow.

    Args:
        each: the delivery.
        others: the levels of the other sources on the same day.
    """
    if not (each.is_over or each.is_file):
        return None
    if each.band is None:
        return True
    low, high = each.band.low, each.band.high
    if low <= each.records <= high:
        return True
    if not each.band.lowest <= each.records <= each.band.highest:
        return False
    alike = [level for level in others if level and low <= each.records / level <= high]
    if len(alike) >= _ALIKE:
        return True
    return False if each.is_over else None


_ALIKE = 2
"""How many other sources must have a level like that of a delivery to explain it."""


def _days(found: Iterable[Batch]) -> Iterator[tuple[date, int, datetime, bool]]:
    in_order = sorted(found, key=lambda batch: batch.newest)
    for day, of_day in groupby(in_order, lambda batch: _day(batch.newest)):
        last = [*of_day]
        records, is_file = sum(each.records for each in last), all(each.is_file for each in last)
        yield day, records, last[-1].newest, is_file


def _day(time: datetime) -> date:
    return time.astimezone(_SOURCE_ZONE).date()


_SOURCE_ZONE = ZoneInfo("America/Sao_Paulo")

"""The promise of a source about the number of records that it delivers."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, inf, sqrt
from statistics import median
from typing import NamedTuple


class Band(NamedTuple):
    """The usual numbers of records, both ends included."""

    low: float
    high: float
    lowest: float
    """The fewest records on a day when several sources deliver few, or while the day lasts."""
    highest: float
    """The most records on a day when several sources deliver many, or while the day lasts."""
    usual: float | None
    """The median, or None if nothing is learnt."""


@dataclass(frozen=True)
class Volume:
    """A day's delivery has as many records as is usual for its weekday.

    The band is learnt: the median of the last deliveries of the weekday, and six times their
    deviation on either side. Plain numbers replace its ends.
    """

    deliveries: int = 8
    """How many of the last deliveries of the weekday count."""
    known: int = 3
    """How many of them must be known before a delivery is compared with them. The log of a table
    that is maintained holds 30 days, so four at most."""
    floor: int | None = None
    """The fewest records, instead of the learnt number."""
    ceiling: int | None = None
    """The most records, instead of the learnt number."""

    def band(self, earlier: Sequence[int]) -> Band | None:
        """Return the band for a delivery, or None if nothing is known about it.

        Args:
            earlier: the records of the earlier deliveries of the same weekday, oldest first.
        """
        last = earlier[-self.deliveries :]
        band = _band(last) if len(last) >= self.known else Band(0, inf, 0, inf, None)
        if self.floor is not None:
            band = band._replace(low=self.floor, lowest=self.floor)
        if self.ceiling is not None:
            band = band._replace(high=self.ceiling, highest=self.ceiling)
        return None if (band.low, band.high) == (0, inf) else band


# By chance, a few deliveries may deviate much less than usual, or more. These shares of the usual
# number limit each end of their band.
_DEVIATIONS = 6
_LOW = 0.25, 0.4
_HIGH = 3.0, 4.0
_WIDEST = 0.15, 4.0
_PER_MAD = 1.4826
"""The standard deviation of a normal distribution per median absolute deviation."""


def _band(last: Sequence[int]) -> Band:
    usual = median(last)
    mad = median(abs(each - usual) for each in last)
    # Independent events, such as orders, vary by at least the root of their number.
    chance = sqrt(max(usual, 1))
    width = _DEVIATIONS * max(_PER_MAD * mad, chance)
    # By chance alone, a small shop may deliver nothing, or many times its usual number.
    fewest, most = max(0, usual - 4 * chance), usual + 6 * chance
    return Band(
        ceil(min(max(usual - width, _LOW[0] * usual), _LOW[1] * usual, fewest)),
        floor(max(min(usual + width, _HIGH[1] * usual), _HIGH[0] * usual, most)),
        ceil(min(_WIDEST[0] * usual, fewest)),
        floor(max(_WIDEST[1] * usual, most)),
        usual,
    )

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


@dataclass(frozen=True)
class Volume:
    """A day's delivery has as many records as is usual for its weekday.

    The band is learnt: the median of the last deliveries of the weekday, and six times their
    deviation on either side. Plain numbers replace its ends.
    """

    deliveries: int = 12
    """How many of the last deliveries of the weekday count."""
    known: int = 8
    """How many of them must be known before a delivery is compared with them."""
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
        learnt = _band(last) if len(last) >= self.known else Band(0, inf)
        band = Band(
            learnt.low if self.floor is None else self.floor,
            learnt.high if self.ceiling is None else self.ceiling,
        )
        return None if band == (0, inf) else band


# By chance, a few deliveries may deviate much less than usual, or more. The limits keep their band
# useful: a fifth of the usual number is always too few, and two fifths of it never are. Simulated
# deliveries with a standard deviation of 15 % gave no alarm in 30 months.
_DEVIATIONS = 6
_LOW_SHARES = 0.2, 0.4
_HIGH_SHARES = 2.5, 5.0
_PER_MAD = 1.4826
"""The standard deviation of a normal distribution per median absolute deviation."""


def _band(last: Sequence[int]) -> Band:
    usual = median(last)
    mad = median(abs(each - usual) for each in last)
    # Independent events, such as orders, vary by at least the root of their number.
    width = _DEVIATIONS * max(_PER_MAD * mad, sqrt(usual))
    low = min(max(usual - width, _LOW_SHARES[0] * usual), _LOW_SHARES[1] * usual)
    high = min(max(usual + width, _HIGH_SHARES[0] * usual), _HIGH_SHARES[1] * usual)
    return Band(ceil(low), floor(high))

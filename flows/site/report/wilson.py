"""Intervals of shares: how far chance alone may have moved them."""

from math import sqrt
from statistics import NormalDist
from typing import NamedTuple

from flows.site.formatting import percent

DEVIATIONS = 1.96
"""The standard errors on either side of a mean that chance rarely exceeds."""


class Interval(NamedTuple):
    """The shares that are compatible with what was counted, at 95 % confidence."""

    low: float
    high: float

    def __str__(self) -> str:
        """Return the interval in words."""
        return f"{percent(self.low)} to {percent(self.high)}"

    def __contains__(self, share: object) -> bool:
        """Return whether a share is in the interval."""
        return isinstance(share, float) and self.low <= share <= self.high


def wilson(successes: int, trials: int, compared: int = 1) -> Interval:
    """Return Wilson's interval of a share.

    Args:
        successes: how many were counted.
        trials: of how many, at least one.
        compared: how many shares are compared at a time. The more there are, the likelier is an
            extreme one by chance, so the wider is the interval.
    """
    z = _deviations(compared)
    share, spread = successes / trials, z * z / trials
    centre = share + spread / 2
    half = z * sqrt(share * (1 - share) / trials + spread / (4 * trials))
    ends = ((centre + sign * half) / (1 + spread) for sign in (-1, 1))
    return Interval(*(round(min(max(end, 0.0), 1.0), _DIGITS) for end in ends))


def differ(first: tuple[int, int], second: tuple[int, int]) -> bool:
    """Return whether two shares differ by more than chance, by Newcombe's interval.

    Args:
        first: the successes and the trials of one share.
        second: those of the other share.
    """
    (a, b), shares = (wilson(*first), wilson(*second)), (first[0] / first[1], second[0] / second[1])
    difference = shares[0] - shares[1]
    below = sqrt((shares[0] - a.low) ** 2 + (b.high - shares[1]) ** 2)
    above = sqrt((a.high - shares[0]) ** 2 + (shares[1] - b.low) ** 2)
    return difference - below > 0 or difference + above < 0


def wilson_sql(successes: str, trials: str, *, high: bool) -> str:
    """Return an SQL expression for an end of Wilson's interval; null without trials."""
    z = round(_deviations(1), 4)
    share, sign = f"({successes} / nullif({trials}, 0))", "+" if high else "-"
    root = f"sqrt({share} * (1 - {share}) / {trials} + {z**2 / 4:.4f} / {trials} ** 2)"
    return (
        f"(({share} + {z**2 / 2:.4f} / {trials} {sign} {z} * {root}) / (1 + {z**2:.4f} / {trials}))"
    )


_DIGITS = 9  # so that all of some is 100 %, in spite of the errors of floats


def _deviations(compared: int) -> float:
    """Return the standard deviations on either side, with Bonferroni's correction."""
    return NormalDist().inv_cdf(1 - 0.05 / (2 * compared))

"""One row per part of each whole, such as the items of orders."""

import numpy as np

from flows.sample.random import Ints


def parts(count: Ints) -> tuple[Ints, Ints]:
    """Return, for each of `count` parts, the row of its whole and its position there from 0."""
    whole = np.repeat(np.arange(len(count)), count)
    starts = np.cumsum(count) - count
    return whole, np.arange(len(whole)) - starts[whole]

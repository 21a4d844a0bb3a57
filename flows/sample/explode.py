"""One row per part of each parent row, such as the items of orders."""

import numpy as np

from flows.sample.random import Ints


def explode(count: Ints) -> tuple[Ints, Ints]:
    """Return, for each of `count` parts, its parent's row number and its position from 0."""
    parent = np.repeat(np.arange(len(count)), count)
    starts = np.cumsum(count) - count
    return parent, np.arange(len(parent)) - starts[parent]

"""Work that does not fit into memory at once, cut into parts that do."""

from collections.abc import Iterator, Sequence

import polars as pl

PART = 8_000_000
"""The most rows to work on at once; they take about 2 GB."""


def parts(rows: int, by: Sequence[str]) -> Iterator[pl.Expr]:
    """Yield the conditions that cut rows into parts; rows that are alike in `by` stay together.

    Without `by` there is but one part.
    """
    count = 1 + rows // PART if by else 1
    if count == 1:
        yield pl.lit(value=True)
    else:
        yield from (pl.struct(by).hash() % count == part for part in range(count))

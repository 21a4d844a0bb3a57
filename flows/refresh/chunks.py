"""Work that does not fit into memory at once, cut into parts that do."""

from collections.abc import Iterator, Sequence

import polars as pl

from flows.config.settings import Settings

PART = Settings().part


def parts(rows: int, by: Sequence[str]) -> Iterator[pl.Expr]:
    """Yield the conditions that cut rows into parts; rows that are alike in `by` stay together.

    Without `by` there is but one part. The conditions may travel to other processes: with the same
    version of Polars, and only then, a row falls into the same part everywhere.
    """
    count = 1 + rows // PART if by else 1
    if count == 1:
        yield pl.lit(value=True)
    else:
        yield from (pl.struct(by).hash(seed=0) % count == part for part in range(count))

"""Divide rows that do not fit into memory into chunks that do."""

from collections.abc import Iterator, Sequence

import polars as pl


def chunks(rows: int, by: Sequence[str], size: int) -> Iterator[pl.Expr]:
    """Yield filters that divide rows into chunks of about `size`; rows equal in `by` stay together.

    Without `by` there is one chunk. A filter can be sent to another process: the same version of
    Polars assigns a row to the same chunk there.
    """
    count = 1 + rows // size if by else 1
    if count == 1:
        yield pl.lit(value=True)
    else:
        yield from (pl.struct(by).hash(seed=0) % count == chunk for chunk in range(count))

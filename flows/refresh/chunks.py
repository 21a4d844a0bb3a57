"""Work that does not fit into memory at once, divided into chunks that do."""

from collections.abc import Iterator, Sequence

import polars as pl


def chunks(rows: int, by: Sequence[str], size: int) -> Iterator[pl.Expr]:
    """Yield filters that divide rows into chunks of about a size; rows equal in `by` stay together.

    Without `by` there is one chunk. A filter may be sent to another process, where the same version
    of Polars puts a row into the same chunk.
    """
    count = 1 + rows // size if by else 1
    if count == 1:
        yield pl.lit(value=True)
    else:
        yield from (pl.struct(by).hash(seed=0) % count == chunk for chunk in range(count))

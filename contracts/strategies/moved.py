"""Rows that are changed here and there until they are as wanted."""

from collections.abc import Iterable
from itertools import permutations

import polars as pl
from hypothesis import strategies as st

from contracts.contract import Contract
from contracts.strategies.near import near

_ROW = "_row"


def moved(
    draw: st.DrawFn,
    rows: pl.DataFrame,
    contract: type[Contract],
    columns: Iterable[str],
    wanted: pl.Expr,
) -> pl.DataFrame:
    """Change the rows that are not as wanted in one of some columns, or in two if need be.

    Shape: the rows in their order, less those that no change that we know of would make so.
    """
    names = sorted(set(columns))
    numbered = rows.with_row_index(_ROW)
    good = numbered.filter(wanted)
    found = [good]
    bad = numbered.join(good, on=_ROW, how="anti")
    for changed in (1, 2):
        if bad.is_empty() or len(names) < changed:
            break
        others = [
            _changed(bad, contract, group, frozenset(names), wanted)
            for group in permutations(names, changed)
        ]
        chosen = _chosen(draw, pl.concat(others))
        found.append(chosen)
        bad = bad.join(chosen, on=_ROW, how="anti")
    return pl.concat(found).sort(_ROW).drop(_ROW)


def _changed(
    rows: pl.DataFrame,
    contract: type[Contract],
    columns: Iterable[str],
    beside: frozenset[str],
    wanted: pl.Expr,
) -> pl.DataFrame:
    """Return all versions of the rows with other values in some columns that are as wanted."""
    changed = rows.lazy()
    for column in columns:
        instead = pl.concat_list(near(contract, column, beside))
        changed = changed.with_columns(instead.alias(column)).explode(column)
    return changed.filter(wanted).collect()


def _chosen(draw: st.DrawFn, others: pl.DataFrame) -> pl.DataFrame:
    """Draw one of each row's versions."""
    versions = others.sort(_ROW, maintain_order=True)
    counts = versions.group_by(_ROW, maintain_order=True).len()["len"].to_list()
    picked, before = [], 0
    for count in counts:
        picked.append(before + draw(st.integers(0, count - 1)))
        before += count
    return versions[picked]

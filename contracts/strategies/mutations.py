"""Rows changed in one or two columns until they fulfil a condition."""

from collections.abc import Iterable
from itertools import permutations

import polars as pl
from hypothesis import strategies as st

from contracts.contract import Contract
from contracts.strategies.candidates import candidates

_ROW = "_row"


def mutate(
    draw: st.DrawFn,
    rows: pl.DataFrame,
    contract: type[Contract],
    columns: Iterable[str],
    wanted: pl.Expr,
) -> pl.DataFrame:
    """Change one column of each row that does not fulfil a condition, or two columns if necessary.

    Shape: the rows in their order, without those that no candidate value makes fulfil it.

    Args:
        draw: the function that Hypothesis passes in.
        rows: rows with the columns of `contract`.
        contract: the contract whose rules suggest values.
        columns: the columns that may change.
        wanted: the condition.
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
    """Return every version of the rows with other values in some columns that is as wanted."""
    changed = rows.lazy()
    for column in columns:
        values = pl.concat_list(candidates(contract, column, beside))
        changed = changed.with_columns(values.alias(column)).explode(column)
    return changed.filter(wanted).collect()


def _chosen(draw: st.DrawFn, others: pl.DataFrame) -> pl.DataFrame:
    """Draw one version of each row."""
    versions = others.sort(_ROW, maintain_order=True)
    counts = versions.group_by(_ROW, maintain_order=True).len()["len"].to_list()
    picked, before = [], 0
    for count in counts:
        picked.append(before + draw(st.integers(0, count - 1)))
        before += count
    return versions[picked]

"""Frames in which some rows break one rule of a contract, and no other rule is broken."""

from dataclasses import dataclass

import polars as pl
from hypothesis import assume
from hypothesis import strategies as st
from polars import col

from contracts.contract import Bronze, Contract
from contracts.rules import RAW, rules
from contracts.strategies.mutations import mutate
from contracts.strategies.raw_text import is_representable
from contracts.strategies.valid import (
    MAX_SIZE,
    draw_raw_text,
    draw_valid,
    enforced,
    not_row_wise,
    representable_rows,
)
from contracts.table_check import reference_rule, unique_rule

NOT_NUMBERS = ("cheap", "1,50", "R$ 1", "1 000", "--1", "nan", "0x1f", "1e", "½", "  ")
NOT_TIMESTAMPS = (
    *("soon", "2018-02-30 00:00:00", "2017-11-24", "24/11/2017 10:00:00"),
    *("2017-11-24T10:00:00Z", "2017-11-24 10:00:00-03:00", "2017-11-24T10:00:00.5"),
    *("17-11-24 10:00:00", "2017-11-24 24:00:00", "2017-11-24 10:00:60", "2017-11-24 10:00", "  "),
)


@dataclass(frozen=True)
class Broken:
    """A frame in which some rows break one rule, and no other rule is broken."""

    frame: pl.DataFrame
    rule: str
    rows: list[int]
    """The positions of the rows that break the rule."""
    referenced: dict[str, pl.DataFrame]
    """By foreign key column, the keys that the referenced table has."""


@st.composite
def broken(
    draw: st.DrawFn,
    contract: type[Contract],
    rule: str | None = None,
    *,
    source: type[Bronze] | None = None,
    max_size: int = MAX_SIZE,
) -> Broken:
    """Draw a frame in which at least one row breaks a rule, and no other rule is broken.

    Args:
        draw: the function that Hypothesis passes in.
        contract: the contract to break.
        rule: a name from `breakable`; without it, Hypothesis chooses one.
        source: draw raw records of this bronze contract instead, from which the rows are parsed.
        max_size: the number of rows before some are repeated or dropped, at most.

    Raises:
        ValueError: the contract has no such rule.
        TypeError: the rule depends on more than the row that it checks.
    """
    known = breakable(contract, source)
    if rule and rule not in known:
        message = f"{contract.__name__} has no rule {rule}; it has {', '.join(known)}"
        raise ValueError(message)
    rule = rule or draw(st.sampled_from(known))
    rows = draw_valid(draw, contract, 1, max_size)
    if source:
        rows = representable_rows(rows, contract)
        assume(len(rows))
    column = _foreign_key_rules(contract).get(rule)
    if rule == unique_rule(contract):
        good, bad = _repeated(draw, rows)
    elif column:
        good, bad = _dangling(draw, rows, column)
    elif source and rule in _parsing_rules(contract):
        good, bad = _unparsable(draw, rows, _parsing_rules(contract)[rule], contract, source)
    else:
        good, bad = _mutated(draw, rows, rule, contract, representable=source is not None)
        if source:
            together = draw(draw_raw_text(pl.concat([good, bad]), contract, source))
            good, bad = together.head(len(good)), together.tail(len(bad))
    order = draw(st.permutations(range(len(good) + len(bad))))
    return Broken(
        frame=pl.concat([good, bad])[order],
        rule=rule,
        rows=[row for row, before in enumerate(order) if before >= len(good)],
        referenced={} if source else _referenced(good, bad, contract, column),
    )


def breakable(contract: type[Contract], source: type[Bronze] | None = None) -> list[str]:
    """Return the names of a contract's rules, warnings included.

    Without `source`, the rules for the unique key and the foreign keys are among them; with it,
    the rules for values that cannot be parsed.
    """
    found = [rule.name for rule in rules(contract, typed_from_raw=source is not None)]
    if source:
        return found
    unique = [unique_rule(contract)] if contract.spec().key else []
    return [*found, *unique, *_foreign_key_rules(contract)]


def _foreign_key_rules(contract: type[Contract]) -> dict[str, str]:
    return {reference_rule(contract, column): column for column in contract.references()}


_GoodAndBad = tuple[pl.DataFrame, pl.DataFrame]
"""The rows that keep a rule, and the rows that break it."""


def _split(draw: st.DrawFn, rows: pl.DataFrame) -> _GoodAndBad:
    chosen = draw(st.sets(st.integers(0, len(rows) - 1), min_size=1))
    mine = pl.Series([row in chosen for row in range(len(rows))], dtype=pl.Boolean)
    return rows.filter(~mine), rows.filter(mine)


def _repeated(draw: st.DrawFn, rows: pl.DataFrame) -> _GoodAndBad:
    good, bad = _split(draw, rows)
    return good, pl.concat([bad, bad])


def _dangling(draw: st.DrawFn, rows: pl.DataFrame, column: str) -> _GoodAndBad:
    given = rows[column].drop_nulls().unique(maintain_order=True)
    assume(len(given))
    unknown = draw(st.sampled_from(given.to_list()))
    dangles = col(column).eq_missing(pl.lit(unknown, rows.schema[column]))
    return rows.filter(~dangles), rows.filter(dangles)


def _unparsable(
    draw: st.DrawFn,
    rows: pl.DataFrame,
    column: str,
    contract: type[Contract],
    source: type[Bronze],
) -> _GoodAndBad:
    good, bad = _split(draw, draw(draw_raw_text(rows, contract, source)))
    temporal = contract.fields()[column].is_temporal()
    texts = st.sampled_from(NOT_TIMESTAMPS if temporal else NOT_NUMBERS)
    drawn = draw(st.lists(texts, min_size=len(bad), max_size=len(bad)))
    return good, bad.with_columns(pl.Series(contract.parsed_from()[column], drawn, pl.String))


def _mutated(
    draw: st.DrawFn, rows: pl.DataFrame, rule: str, contract: type[Contract], *, representable: bool
) -> _GoodAndBad:
    good, bad = _split(draw, rows)
    (expr,) = (each.expr for each in rules(contract) if each.name == rule)
    good = good.filter(expr)  # a valid row may break a warning
    others = [each.expr for each in enforced(contract) if each.name != rule]
    possible = is_representable(contract) if representable else True
    wanted = pl.all_horizontal(~expr, *others, possible)
    looked_at = {*expr.meta.root_names()}
    # Other rules on these columns may require a second change, as a total must follow its parts.
    related = [roots for each in others if looked_at & (roots := {*each.meta.root_names()})]
    bad = mutate(draw, bad, contract, looked_at.union(*related), wanted)
    if key := contract.spec().key:
        bad = bad.unique(key, keep="first", maintain_order=True)
        bad = bad.join(good, on=key, how="anti", nulls_equal=True)
    assume(len(bad))
    results = pl.concat([good, bad]).select(expr).to_series().to_list()
    if results != [True] * len(good) + [False] * len(bad):
        raise not_row_wise(contract, rule)
    return good, bad


def _parsing_rules(contract: type[Contract]) -> dict[str, str]:
    """Return the rules that a value breaks which cannot be parsed, each with its column."""
    typed = {rule.name for rule in rules(contract)}
    return {
        rule.name: next(n for n in rule.expr.meta.root_names() if not n.startswith(RAW))
        for rule in rules(contract, typed_from_raw=True)
        if rule.name not in typed
    }


def _referenced(
    good: pl.DataFrame, bad: pl.DataFrame, contract: type[Contract], dangling: str | None
) -> dict[str, pl.DataFrame]:
    """Return the known keys by foreign key; those that `dangling` refers to are left out."""
    every = pl.concat([good, bad])
    return {
        column: (good if column == dangling else every).select(
            col(column).drop_nulls().unique().alias(parent.spec().key[0])
        )
        for column, parent in contract.references().items()
    }

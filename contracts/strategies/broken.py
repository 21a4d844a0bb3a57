"""Frames in which known rows break exactly one rule of a contract."""

from dataclasses import dataclass

import polars as pl
from hypothesis import assume
from hypothesis import strategies as st
from polars import col

from contracts.contract import Bronze, Contract
from contracts.rules import RAW, rules
from contracts.strategies.moved import moved
from contracts.strategies.valid import MAX_SIZE, enforced, keeping, looks_further, said, spelled
from contracts.strategies.written import is_sayable
from contracts.table_check import reference_rule, unique_rule

NO_NUMBER = ("cheap", "1,50", "R$ 1", "1 000", "--1", "nan", "0x1f", "1e", "½", "  ")
NO_TIMESTAMP = (
    *("soon", "2018-02-30 00:00:00", "2017-11-24", "24/11/2017 10:00:00"),
    *("2017-11-24T10:00:00Z", "2017-11-24 10:00:00-03:00", "2017-11-24T10:00:00.5"),
    *("17-11-24 10:00:00", "2017-11-24 24:00:00", "2017-11-24 10:00:60", "2017-11-24 10:00", "  "),
)


@dataclass(frozen=True)
class Broken:
    """A frame in which some rows break one rule, and nothing else is wrong."""

    frame: pl.DataFrame
    rule: str
    rows: list[int]
    """The positions of the rows that break the rule."""
    referenced: dict[str, pl.DataFrame]
    """By foreign key column, the keys of the table that it refers to."""


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
        draw: given by Hypothesis.
        contract: whose rule.
        rule: one of those that `breakable` names; any of them when not given.
        source: the frame has the raw records of this bronze contract instead, from which such rows
            are parsed.
        max_size: how many rows to begin with, at most.

    Raises:
        ValueError: the contract has no such rule.
        TypeError: the rule looks at more than the row that it judges.
    """
    known = breakable(contract, source)
    if rule and rule not in known:
        message = f"{contract.__name__} has no rule {rule}; it has {', '.join(known)}"
        raise ValueError(message)
    rule = rule or draw(st.sampled_from(known))
    rows = keeping(draw, contract, 1, max_size)
    if source:
        rows = said(rows, contract)
        assume(len(rows))
    column = _referring(contract).get(rule)
    if rule == unique_rule(contract):
        good, bad = _repeated(draw, rows)
    elif column:
        good, bad = _dangling(draw, rows, column)
    elif source and rule in _lost(contract):
        good, bad = _misspelled(draw, rows, _lost(contract)[rule], contract, source)
    else:
        good, bad = _mutated(draw, rows, rule, contract, sayable=source is not None)
        if source:
            together = draw(spelled(pl.concat([good, bad]), contract, source))
            good, bad = together.head(len(good)), together.tail(len(bad))
    order = draw(st.permutations(range(len(good) + len(bad))))
    return Broken(
        frame=pl.concat([good, bad])[order],
        rule=rule,
        rows=[row for row, before in enumerate(order) if before >= len(good)],
        referenced={} if source else _referenced(good, bad, contract, column),
    )


def breakable(contract: type[Contract], source: type[Bronze] | None = None) -> list[str]:
    """Return the names of a contract's rules, those that warn among them.

    Of a table those on its unique key and its foreign keys too; of the raw records of a bronze
    contract those on what is lost in parsing.
    """
    found = [rule.name for rule in rules(contract, typed_from_raw=source is not None)]
    if source:
        return found
    unique = [unique_rule(contract)] if contract.spec().key else []
    return [*found, *unique, *_referring(contract)]


def _referring(contract: type[Contract]) -> dict[str, str]:
    return {reference_rule(contract, column): column for column in contract.references()}


_Parted = tuple[pl.DataFrame, pl.DataFrame]
"""The rows that keep the rule and those that break it."""


def _parted(draw: st.DrawFn, rows: pl.DataFrame) -> _Parted:
    chosen = draw(st.sets(st.integers(0, len(rows) - 1), min_size=1))
    mine = pl.Series([row in chosen for row in range(len(rows))], dtype=pl.Boolean)
    return rows.filter(~mine), rows.filter(mine)


def _repeated(draw: st.DrawFn, rows: pl.DataFrame) -> _Parted:
    good, bad = _parted(draw, rows)
    return good, pl.concat([bad, bad])


def _dangling(draw: st.DrawFn, rows: pl.DataFrame, column: str) -> _Parted:
    given = rows[column].drop_nulls().unique(maintain_order=True)
    assume(len(given))
    unknown = draw(st.sampled_from(given.to_list()))
    dangles = col(column).eq_missing(pl.lit(unknown, rows.schema[column]))
    return rows.filter(~dangles), rows.filter(dangles)


def _misspelled(
    draw: st.DrawFn,
    rows: pl.DataFrame,
    column: str,
    contract: type[Contract],
    source: type[Bronze],
) -> _Parted:
    good, bad = _parted(draw, draw(spelled(rows, contract, source)))
    temporal = contract.fields()[column].is_temporal()
    texts = st.sampled_from(NO_TIMESTAMP if temporal else NO_NUMBER)
    drawn = draw(st.lists(texts, min_size=len(bad), max_size=len(bad)))
    return good, bad.with_columns(pl.Series(contract.parsed_from()[column], drawn, pl.String))


def _mutated(
    draw: st.DrawFn, rows: pl.DataFrame, rule: str, contract: type[Contract], *, sayable: bool
) -> _Parted:
    good, bad = _parted(draw, rows)
    (keeps,) = (each.expr for each in rules(contract) if each.name == rule)
    good = good.filter(keeps)  # what only warns may be broken by rows that are as they should be
    others = [each.expr for each in enforced(contract) if each.name != rule]
    wanted = pl.all_horizontal(~keeps, *others, is_sayable(contract) if sayable else True)
    looked_at = {*keeps.meta.root_names()}
    # A total that follows its parts must be free to do so.
    entangled = [roots for each in others if looked_at & (roots := {*each.meta.root_names()})]
    bad = moved(draw, bad, contract, looked_at.union(*entangled), wanted)
    if key := contract.spec().key:
        bad = bad.unique(key, keep="first", maintain_order=True)
        bad = bad.join(good, on=key, how="anti", nulls_equal=True)
    assume(len(bad))
    judged = pl.concat([good, bad]).select(keeps).to_series().to_list()
    if judged != [True] * len(good) + [False] * len(bad):
        raise looks_further(contract, rule)
    return good, bad


def _lost(contract: type[Contract]) -> dict[str, str]:
    """Return, by the rule that a value lost in parsing breaks, its column."""
    typed = {rule.name for rule in rules(contract)}
    return {
        rule.name: next(n for n in rule.expr.meta.root_names() if not n.startswith(RAW))
        for rule in rules(contract, typed_from_raw=True)
        if rule.name not in typed
    }


def _referenced(
    good: pl.DataFrame, bad: pl.DataFrame, contract: type[Contract], dangling: str | None
) -> dict[str, pl.DataFrame]:
    """Return by foreign key the keys that are known: all but those of rows that shall dangle."""
    every = pl.concat([good, bad])
    return {
        column: (good if column == dangling else every).select(
            col(column).drop_nulls().unique().alias(parent.spec().key[0])
        )
        for column, parent in contract.references().items()
    }

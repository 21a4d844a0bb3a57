"""Validation of raw records against the rules of a contract."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple

import polars as pl
from polars import col

from contracts.contract import Contract
from contracts.plausible_times import CLOCK_TOLERANCE
from contracts.rules import RAW, Rule, rejecting_rules, rules
from contracts.table_check import check_columns
from contracts.technical_columns import SILVER_PROVENANCE

UNREADABLE = "record_is_readable"
"""The rule for records that could be parsed: right number of fields, right quotes."""

FUTURE = "event_time_is_not_in_the_future"
"""The rule for the `_event_time` of a record, which must not be in the future.

Otherwise the record would win over every later correction. A replay or a rebuild accepts it as soon
as its time has passed."""


class ValidatedRecords(NamedTuple):
    """Raw records, divided into valid and invalid ones."""

    valid: pl.LazyFrame
    """The columns of the contract and of `SILVER_PROVENANCE`."""
    invalid: pl.LazyFrame
    """The raw records with `_broken_rules`, a list of rule names."""


def validate_records(
    raw: pl.LazyFrame,
    function: Callable[[pl.LazyFrame], pl.LazyFrame],
    contract: type[Contract],
) -> ValidatedRecords:
    """Type raw records by a table function and divide them into valid and invalid ones.

    Raises:
        ContractBrokenError: the function returns other columns or types than the contract has.
        polars.exceptions.ShapeError: at collection, the function does not return one row per
        record.
    """
    is_timely = _is_timely()
    rows = with_validity(raw, function, contract).with_columns(
        _is_accepted=col("_is_valid") & is_timely
    )
    return ValidatedRecords(
        rows.filter("_is_accepted").select(
            *contract.fields(), *(col(RAW + name).alias(name) for name in SILVER_PROVENANCE)
        ),
        rows.filter(~col("_is_accepted")).select(
            *(col(RAW + name).alias(name) for name in raw.collect_schema()),
            _broken_rules=pl.when(_READABLE)
            .then(_broken_rules(contract, is_timely))
            .otherwise(pl.lit([UNREADABLE])),
        ),
    )


def with_validity(
    raw: pl.LazyFrame,
    function: Callable[[pl.LazyFrame], pl.LazyFrame],
    contract: type[Contract],
) -> pl.LazyFrame:
    """Type raw records and add whether each is readable and breaks no rule.

    Shape: one row per record, with the raw columns prefixed by `RAW`, the columns of the contract
    and `_is_valid`. Raises as `validate_records`.
    """
    typed = function(raw)
    check_columns(typed, contract)
    rows = pl.concat([raw.select(pl.all().name.prefix(RAW)), typed], how="horizontal")
    predicates = (rule.expr for rule in rejecting_rules(contract, typed_from_raw=True))
    return rows.with_columns(_is_valid=pl.all_horizontal(_READABLE, *predicates))


def warning_counts(contract: type[Contract]) -> dict[str, pl.Expr]:
    """Return, by name of a warning, the expression that counts its rows."""
    return {r.name: (~r.expr).sum() for r in rules(contract) if r.warning}


_READABLE = col(f"{RAW}_corrupt_record").is_null()


def _is_timely() -> pl.Expr:
    limit = pl.lit(datetime.now(UTC) + CLOCK_TOLERANCE, SILVER_PROVENANCE["_event_time"])
    return (col(f"{RAW}_event_time") <= limit).fill_null(value=True)


def _broken_rules(contract: type[Contract], is_timely: pl.Expr) -> pl.Expr:
    named = [Rule(FUTURE, is_timely), *rejecting_rules(contract, typed_from_raw=True)]
    names = [pl.when(~rule.expr).then(pl.lit(rule.name)) for rule in named]
    return pl.concat_list(names).list.drop_nulls()

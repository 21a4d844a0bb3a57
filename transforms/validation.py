"""From raw records to the rows that keep a contract, and those that break it."""

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
"""The rule that a record without the right number of fields, or badly quoted, breaks."""

FUTURE = "event_time_is_not_in_the_future"
"""The rule that a record breaks while its `_event_time` is further ahead than clocks differ.

Such a record would win over every later correction. A replay or a rebuild takes it once its time
has come."""


class ValidatedRecords(NamedTuple):
    """What became of the raw records: each is in exactly one of the two."""

    valid: pl.LazyFrame
    """The contract's columns and those of `SILVER_PROVENANCE`."""
    invalid: pl.LazyFrame
    """The raw records with `_broken_rules`, a list of rule names."""


def validate_records(
    raw: pl.LazyFrame,
    function: Callable[[pl.LazyFrame], pl.LazyFrame],
    contract: type[Contract],
) -> ValidatedRecords:
    """Type raw records by a table function and part those that keep its contract from the rest.

    Raises:
        ContractBrokenError: the function gives other columns or types than promised.
        polars.exceptions.ShapeError: at collection; it does not give one row per record.
    """
    timely = _timely()
    found = with_validity(raw, function, contract).with_columns(
        _is_accepted=col("_is_valid") & timely
    )
    return ValidatedRecords(
        found.filter("_is_accepted").select(
            *contract.fields(), *(col(RAW + name).alias(name) for name in SILVER_PROVENANCE)
        ),
        found.filter(~col("_is_accepted")).select(
            *(col(RAW + name).alias(name) for name in raw.collect_schema()),
            _broken_rules=pl.when(_READABLE)
            .then(_names_of_broken(contract, timely))
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
    beside = pl.concat([raw.select(pl.all().name.prefix(RAW)), typed], how="horizontal")
    predicates = (rule.expr for rule in rejecting_rules(contract, typed_from_raw=True))
    return beside.with_columns(_is_valid=pl.all_horizontal(_READABLE, *predicates))


def warning_counts(contract: type[Contract]) -> dict[str, pl.Expr]:
    """Return, by the name of a warning, the expression that counts its rows."""
    return {r.name: (~r.expr).sum() for r in rules(contract) if r.warning}


_READABLE = col(f"{RAW}_corrupt_record").is_null()


def _timely() -> pl.Expr:
    latest = pl.lit(datetime.now(UTC) + CLOCK_TOLERANCE, SILVER_PROVENANCE["_event_time"])
    return (col(f"{RAW}_event_time") <= latest).fill_null(value=True)


def _names_of_broken(contract: type[Contract], timely: pl.Expr) -> pl.Expr:
    asked = [Rule(FUTURE, timely), *rejecting_rules(contract, typed_from_raw=True)]
    names = [pl.when(~rule.expr).then(pl.lit(rule.name)) for rule in asked]
    return pl.concat_list(names).list.drop_nulls()

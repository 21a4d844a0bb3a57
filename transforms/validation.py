"""Validation of raw records against the rules of a contract."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import NamedTuple

import polars as pl
from polars import col

from contracts.contract import Contract
from contracts.plausible_times import CLOCK_TOLERANCE
from contracts.rules import RAW, Rule, rejecting_rules, rules
from contracts.table_check import check_columns
from contracts.technical_columns import DELETE, SILVER_PROVENANCE, UPSERT

UNREADABLE = "record_is_readable"
"""The rule for records that could be parsed: right number of fields, right quotes."""

FUTURE = "event_time_is_not_in_the_future"
"""The rule for the `_event_time` of a record, which must not be in the future.

Otherwise the record would win over every later correction. A replay or a rebuild accepts it as soon
as its time has passed."""

OPERATION = "operation_is_known"
"""The rule for the `_operation` of a record, which must be an upsert or a delete."""


class ValidatedRecords(NamedTuple):
    """Raw records, divided into valid upserts, valid deletes and invalid records."""

    valid: pl.LazyFrame
    """The upserts: the columns of the contract and of `SILVER_PROVENANCE`."""
    deletes: pl.LazyFrame
    """The deletes: the key of the contract and the columns of `SILVER_PROVENANCE`."""
    invalid: pl.LazyFrame
    """The raw records with `_broken_rules`, a list of rule names."""


def validate_records(
    raw: pl.LazyFrame,
    function: Callable[[pl.LazyFrame], pl.LazyFrame],
    contract: type[Contract],
) -> ValidatedRecords:
    """Type raw records by a table function and divide them into valid and invalid ones.

    A delete is valid if its key is. Its other columns are ignored.

    Raises:
        ContractBrokenError: the function returns other columns or types than the contract has.
        polars.exceptions.ShapeError: at collection, the function does not return one row per
        record.
    """
    of_all, of_upserts = _applicable_rules(contract)
    is_valid = _READABLE & _hold(of_all) & (_hold(of_upserts) | ~col("_is_upsert"))
    kind = pl.when(~is_valid).then(_INVALID).when("_is_upsert").then(_UPSERT).otherwise(_DELETE)
    # One column tells the frames apart, so that Polars computes the rows once for all of them.
    rows = (
        _typed(raw, function, contract)
        .with_columns(_is_upsert=_IS_UPSERT, _is_delete=_IS_DELETE)
        .with_columns(_kind=kind)
    )
    provenance = [col(RAW + name).alias(name) for name in SILVER_PROVENANCE]
    return ValidatedRecords(
        rows.filter(col("_kind") == _UPSERT).select(*contract.fields(), *provenance),
        rows.filter(col("_kind") == _DELETE).select(*contract.spec().key, *provenance),
        rows.filter(col("_kind") == _INVALID).select(
            *(col(RAW + name).alias(name) for name in raw.collect_schema()),
            _broken_rules=pl.when(_READABLE)
            .then(_broken(of_all, of_upserts))
            .otherwise(pl.lit([UNREADABLE])),
        ),
    )


def with_validity(
    raw: pl.LazyFrame,
    function: Callable[[pl.LazyFrame], pl.LazyFrame],
    contract: type[Contract],
) -> pl.LazyFrame:
    """Type raw records and add whether each is readable and breaks no rule of the contract.

    Shape: one row per record, with the raw columns prefixed by `RAW`, the columns of the contract
    and `_is_valid`. Raises as `validate_records`.
    """
    predicates = (rule.expr for rule in rejecting_rules(contract, typed_from_raw=True))
    return _typed(raw, function, contract).with_columns(
        _is_valid=pl.all_horizontal(_READABLE, *predicates)
    )


def is_delete(prefix: str = "") -> pl.Expr:
    """Return whether a raw record is a delete. Its columns may have a prefix."""
    return col(f"{prefix}_operation").str.strip_chars().eq_missing(pl.lit(DELETE))


def warning_counts(contract: type[Contract]) -> dict[str, pl.Expr]:
    """Return, by name of a warning, the expression that counts its rows."""
    return {r.name: (~r.expr).sum() for r in rules(contract) if r.warning}


def _typed(
    raw: pl.LazyFrame,
    function: Callable[[pl.LazyFrame], pl.LazyFrame],
    contract: type[Contract],
) -> pl.LazyFrame:
    typed = function(raw)
    check_columns(typed, contract)
    return pl.concat([raw.select(pl.all().name.prefix(RAW)), typed], how="horizontal")


def _applicable_rules(contract: type[Contract]) -> tuple[list[Rule], list[Rule]]:
    """Return the rules of all readable records, and those that only upserts can break."""
    key, raw = contract.spec().key, contract.parsed_from()
    columns = {*key, *(RAW + raw[name] for name in key)}
    of_all = [
        Rule(FUTURE, _is_timely()),
        Rule(OPERATION, col("_is_upsert") | col("_is_delete")),
    ]
    of_upserts: list[Rule] = []
    for rule in rejecting_rules(contract, typed_from_raw=True):
        is_of_key = columns.issuperset(rule.expr.meta.root_names())
        (of_all if is_of_key else of_upserts).append(rule)
    return of_all, of_upserts


def _hold(found: Iterable[Rule]) -> pl.Expr:
    return pl.all_horizontal(pl.lit(value=True), *(rule.expr for rule in found))


_INVALID, _UPSERT, _DELETE = range(3)

_READABLE = col(f"{RAW}_corrupt_record").is_null()
_OPERATION = col(f"{RAW}_operation").str.strip_chars()
_IS_UPSERT = _OPERATION.is_null() | _OPERATION.is_in(["", UPSERT])
_IS_DELETE = is_delete(RAW)


def _is_timely() -> pl.Expr:
    limit = pl.lit(datetime.now(UTC) + CLOCK_TOLERANCE, SILVER_PROVENANCE["_event_time"])
    return (col(f"{RAW}_event_time") <= limit).fill_null(value=True)


def _broken(of_all: Iterable[Rule], of_upserts: Iterable[Rule]) -> pl.Expr:
    broken = [
        *((rule.name, ~rule.expr) for rule in of_all),
        *((rule.name, ~rule.expr & col("_is_upsert")) for rule in of_upserts),
    ]
    names = [pl.when(is_broken).then(pl.lit(name)) for name, is_broken in broken]
    return pl.concat_list(names).list.drop_nulls()

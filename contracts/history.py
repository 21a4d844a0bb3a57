"""The contract of a history table, made from a silver contract with `history`."""

from inspect import get_annotations
from types import new_class
from typing import Any

import polars as pl
from polars import col

from contracts.contract import Instant, Silver, column, rule


class _History(Silver):
    @rule
    def begins_before_it_ends(cls) -> pl.Expr:
        """An interval begins before it ends."""
        return col("valid_from") < col("valid_to")

    @rule
    def current_is_last_and_not_deleted(cls) -> pl.Expr:
        """An interval is current if it has no end and is not a deletion."""
        return col("is_current") == (col("valid_to").is_null() & ~col("is_deleted"))


def make_history_contract(contract: type[Silver]) -> type[Silver]:
    """Make the contract of the history table of a silver contract.

    Its columns are the key, the tracked columns as the silver contract declares them, and those of
    an interval.

    Raises:
        TypeError: a tracked column does not exist, or is in the key.
    """
    spec, declared = contract.spec(), get_annotations(contract)
    if wrong := sorted({*spec.history} - ({*declared} - {*spec.key})):
        names = f"history names {', '.join(wrong)}"
        message = f"{contract.__name__}: {names}, which is not a column outside the key"
        raise TypeError(message)

    def body(namespace: dict[str, Any]) -> None:
        namespace.update(
            __doc__=_DOC.format(table=spec.table, tracked=", ".join(spec.history)),
            __module__=contract.__module__,
            __annotations__={
                **{name: declared[name] for name in (*spec.key, *spec.history)},
                "valid_from": Instant,
                "valid_to": Instant,
                "is_current": bool,
                "is_deleted": bool,
            },
            **{name: _copied(contract, name) for name in spec.key},
            **{name: _copied(contract, name, nullable=True) for name in spec.history},
            valid_from=column(description=_FROM),
            valid_to=column(nullable=True, description=_TO),
            is_current=column(description="Whether the values hold now."),
            is_deleted=column(description="Whether the record is deleted in this interval."),
        )

    settings = {"key": (*spec.key, "valid_from"), "incremental_key": spec.key}
    return new_class(f"{contract.__name__}History", (_History,), settings, body)


_DOC = """One row per key of {table} and interval in which its tracked values stayed the same.

Tracked: {tracked}. A version that comes late splits an interval. While a record is deleted, its
values are null and no interval of it is current."""
_FROM = "Start of the interval (UTC): event time of its first version, or 1900-01-01 if unknown."
_TO = "End of the interval (UTC), when the next one begins. Null if none follows."


def _copied(contract: type[Silver], name: str, *, nullable: bool = False) -> Any:
    field = vars(contract)[name]
    personal = (field.metadata or {}).get("personal", False)
    copied = column(nullable=nullable, personal=personal, description=field.description)
    copied.checks = field.checks
    return copied

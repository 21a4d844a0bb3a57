"""The base class of all contracts: a Pandera model with a name, a key and refresh settings."""

import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import timedelta
from functools import wraps
from inspect import cleandoc, get_annotations, signature
from typing import Annotated, Any

import pandera.polars as pa
import polars as pl
from pandera.api.polars.types import PolarsData
from pandera.backends.polars.register import register_polars_backends
from pandera.engines.polars_engine import DateTime, Decimal

from contracts.column_descriptions import COLUMN_DESCRIPTIONS
from contracts.plausible_times import CLOCK_TOLERANCE, PLANNING_HORIZON, plausible_time_checks
from contracts.share import DEFAULT_SHARE, Share, as_share
from contracts.volume import Volume

# A check that is built before its Polars implementation is registered never finds it.
register_polars_backends()

Money = Annotated[Decimal, 18, 2]
"""Brazilian reais, exact to the cent."""

Hours = Annotated[Decimal, 18, 2]
"""Hours, rounded to a hundredth: 36 seconds."""

Timestamp = Annotated[DateTime, False, None, "us"]
"""The wall clock of the source (America/Sao_Paulo), without a zone.

In silver, every column of this type gets the checks of `contracts.plausible_times`.
"""

Instant = Annotated[DateTime, False, "UTC", "us"]
"""A point in time, in UTC."""


@dataclass(frozen=True)
class TableSpec:
    """The properties of a table as a whole."""

    layer: str
    name: str
    """The name without the layer, such as "fact_sales"."""
    key: tuple[str, ...] = ()
    """The columns that identify a row."""
    incremental_key: tuple[str, ...] = ()
    """The columns by which the table is refreshed: rows with the same values depend only on input
    rows with these values. Empty in silver tables that merge source records by their key."""
    partition_by: tuple[str, ...] = ()
    sort_by: tuple[str, ...] = ()
    """The sort order of a rebuilt table. It puts rows that change together into the same files, so
    that an incremental refresh rewrites few of them."""
    history: tuple[str, ...] = ()
    """The columns whose earlier values the history table keeps; only in silver."""
    fresh: timedelta | None = None
    """How old the newest event time may be when somebody looks at the table."""
    volume: Volume | None = None
    """How many records a source delivers in a day."""
    quarantine_share: Share = DEFAULT_SHARE
    """The share of a run's records that may go to quarantine."""
    max_share: Mapping[str, Share] = field(default_factory=dict)
    """By rule or warning, the share of a run's records that may break it."""

    @property
    def table(self) -> str:
        """The name with the layer, such as "gold.fact_sales"."""
        return f"{self.layer}.{self.name}"


class Contract(pa.DataFrameModel):
    """The contract of one table. The first line of its docstring is the table's grain.

    Class arguments: the fields of `TableSpec`, except `name`, which is the class name in snake
    case. A share may be a plain number.
    """

    # The name is private because Pandera takes every public attribute for a column.
    _spec = TableSpec("", "")

    def __init_subclass__(cls, *, layer: str | None = None, **options: Any) -> None:
        """Set the table's spec from the class arguments."""
        own = options.keys() & {field.name for field in fields(TableSpec)}
        given = {name: options.pop(name) for name in own}
        if "quarantine_share" in given:
            given["quarantine_share"] = as_share(given["quarantine_share"])
        if "max_share" in given:
            given["max_share"] = {r: as_share(share) for r, share in given["max_share"].items()}
        for option in ("key", "incremental_key", "partition_by", "sort_by", "history"):
            if isinstance(names := given.get(option), str):
                message = f"{cls.__name__}: write {option}=({names!r},), with a comma"
                raise TypeError(message)
        super().__init_subclass__(**options)  # type: ignore[no-untyped-call]  # Pandera gives its method no types
        layer = layer or cls._spec.layer
        name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", cls.__name__).lower()
        cls._spec = TableSpec(layer, name, **given)
        for column_name, annotation in get_annotations(cls).items():
            if layer == "silver" and annotation == Timestamp:
                declared = vars(cls)[column_name]
                ahead = (declared.metadata or {}).get("ahead") or CLOCK_TOLERANCE
                declared.checks = [*declared.checks, *plausible_time_checks(ahead)]
        if cls._spec.max_share:
            cls._check_rule_names()

    @classmethod
    def _check_rule_names(cls) -> None:
        from contracts.rules import rules  # noqa: PLC0415 - contracts.rules imports this module

        known = [rule.name for rule in rules(cls, typed_from_raw=True)]
        if unknown := sorted({*cls._spec.max_share} - {*known}):
            message = (
                f"{cls.__name__}: max_share names {', '.join(unknown)}, which is not a rule; its "
                f"rules are {', '.join(known) or 'none'}"
            )
            raise TypeError(message)

    @classmethod
    def spec(cls) -> TableSpec:
        """Return the properties of the table as a whole."""
        return cls._spec

    @classmethod
    def grain(cls) -> str:
        """Return the sentence that says what one row is."""
        return cleandoc(cls.__doc__ or "").partition("\n")[0]

    @classmethod
    def fields(cls) -> pl.Schema:
        """Return the columns and their Polars types."""
        return pl.Schema({n: c.dtype.type for n, c in cls.to_schema().columns.items()})

    @classmethod
    def descriptions(cls) -> dict[str, str]:
        """Return the description of each column, by default that of all columns of its name.

        Bronze columns have none: they hold raw text, whatever the source wrote.
        """
        shared = {} if cls._spec.layer == "bronze" else COLUMN_DESCRIPTIONS
        columns = cls.to_schema().columns
        return {name: c.description or shared.get(name, "") for name, c in columns.items()}

    @classmethod
    def parsed_from(cls) -> dict[str, str]:
        """Return, by column, the raw column that it is parsed from."""
        columns = cls.to_schema().columns
        return {name: (c.metadata or {}).get("source") or name for name, c in columns.items()}

    @classmethod
    def references(cls) -> dict[str, "type[Contract]"]:
        """Return the foreign keys: by column, the contract of the referenced table."""
        return {n: c.metadata["references"] for n, c in cls._tagged("references")}

    @classmethod
    def lookups(cls) -> dict[str, "type[Contract]"]:
        """Return the optional references: by column, the contract of the table to look it up in."""
        return {n: c.metadata["looked_up_in"] for n, c in cls._tagged("looked_up_in")}

    @classmethod
    def sums(cls) -> dict[str, tuple["type[Contract]", pl.Expr]]:
        """Return, by column, the input and the expression over it that have the same sum."""
        return {n: c.metadata["sums"] for n, c in cls._tagged("sums")}

    @classmethod
    def personal(cls) -> list[str]:
        """Return the names of the columns with personal data."""
        return [name for name, _ in cls._tagged("personal")]

    @classmethod
    def _tagged(cls, tag: str) -> list[tuple[str, pa.Column]]:
        return [(n, c) for n, c in cls.to_schema().columns.items() if (c.metadata or {}).get(tag)]

    class Config:
        """Exactly the declared columns, without implicit casts."""

        strict = True
        coerce = False


class Bronze(Contract, layer="bronze"):
    """Base of bronze contracts: every source column as text, every record, appended."""


class Silver(Contract, layer="silver"):
    """Base of silver contracts: typed, clean and validated, one row per key.

    With the class argument `history`, the names of columns, there is a second table: the history of
    these columns.
    """

    def __init_subclass__(cls, **options: Any) -> None:
        """Set the table's spec from the class arguments."""
        super().__init_subclass__(**options)
        if cls._spec.history:
            from contracts.history import make_history_contract  # noqa: PLC0415 - contracts.history imports this module

            # As an attribute of the module, other processes find the contract by its name.
            setattr(
                sys.modules[cls.__module__], f"{cls.__name__}History", make_history_contract(cls)
            )

    @classmethod
    def history(cls) -> "type[Silver]":
        """Return the contract of the history table. Only a contract with `history` has one."""
        found: type[Silver] = getattr(sys.modules[cls.__module__], f"{cls.__name__}History")
        return found


class Gold(Contract, layer="gold"):
    """Base of gold contracts: dimensions, facts and marts."""


def column(
    *,
    source: str | None = None,
    references: type[Contract] | None = None,
    looked_up_in: type[Contract] | None = None,
    sums: tuple[type[Contract], pl.Expr] | None = None,
    personal: bool = False,
    **field: Any,
) -> Any:
    """Declare a column: a Pandera `Field` with five more arguments.

    Args:
        source: the raw column that it is parsed from, if the names differ.
        references: the contract of the referenced table, which has a key of one column. Every value
            of the column must be in that key.
        looked_up_in: the contract of a table with a key of one column. The value may be missing
            there; a change there refreshes the rows with the value.
        sums: the contract of an input and an expression over its rows. If the column and the
            expression have different sums, nothing is written.
        personal: whether the column holds personal data. Such columns never leave silver.
        **field: the arguments of Pandera's `Field` (`ge`, `isin`, `str_matches`, `nullable`, ...).

    Raises:
        TypeError: an argument would have no effect, or a referenced key has several columns.
    """
    if wrong := _REFUSED.keys() & field:
        message = "; ".join(f"{name}: {_REFUSED[name]}" for name in sorted(wrong))
        raise TypeError(message)
    for parent in filter(None, (references, looked_up_in)):
        if len(parent.spec().key) != 1:
            message = (
                f"{parent.__name__} cannot be referenced: its key has several columns, or none"
            )
            raise TypeError(message)
    return pa.Field(
        metadata={
            "source": source,
            "references": references,
            "looked_up_in": looked_up_in,
            "sums": sums,
            "personal": personal,
        },
        **field,
    )


def planned(**declared: Any) -> Any:
    """Declare a `Timestamp` that may be up to two years in the future. Arguments as for `column`.

    All other timestamps of silver must not be in the future.
    """
    field = column(**declared)
    field.metadata["ahead"] = PLANNING_HORIZON
    return field


_REFUSED = {
    "unique": "use the class argument `key`",
    "raise_warning": "use a method with `@warning`",
}


def rule(predicate: Callable[[Any], pl.Expr]) -> Any:
    """Turn a method of a contract into a rule: rows for which it is false are rejected.

    The method's name is the rule's name, its docstring the rule's description. Null counts as true.
    """
    return _check(predicate, raise_warning=False)


def warning(predicate: Callable[[Any], pl.Expr]) -> Any:
    """Turn a method of a contract into a warning: rows for which it is false are only counted."""
    return _check(predicate, raise_warning=True)


def _check(predicate: Callable[[Any], pl.Expr], *, raise_warning: bool) -> Any:
    name = predicate.__name__
    if not signature(predicate).parameters:
        message = f"{name}: a rule is a method of its contract; write `def {name}(cls) -> pl.Expr`"
        raise TypeError(message)

    @wraps(predicate)
    def check(cls: type[Contract], data: PolarsData) -> pl.LazyFrame:
        return data.lazyframe.select(predicate(cls).fill_null(value=True))

    return pa.dataframe_check(
        name=name, description=predicate.__doc__, raise_warning=raise_warning
    )(check)

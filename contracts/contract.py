"""The base of every contract: a Pandera model that also knows its name, key and refresh."""

import re
from collections.abc import Callable
from dataclasses import dataclass
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

# A check that is built before its Polars implementation is registered never finds it.
register_polars_backends()

Money = Annotated[Decimal, 18, 2]
"""Brazilian reais, exact to the cent."""

Timestamp = Annotated[DateTime, False, None, "us"]
"""The wall clock of the source (America/Sao_Paulo), without a zone.

In silver, every column of this type has to be plausible: see `contracts.plausible_times`.
"""


@dataclass(frozen=True)
class TableSpec:
    """What a contract says of its table as a whole."""

    layer: str
    name: str
    """Without its layer: "fact_sales"."""
    key: tuple[str, ...]
    """The columns that are unique together."""
    incremental_key: tuple[str, ...]
    """The columns by which the table is refreshed: the rows of some of their values follow from the
    inputs with those values alone. Silver without them comes from records, merged by the key."""
    partition_by: tuple[str, ...]
    sort_by: tuple[str, ...]
    """How a table that is built from scratch lies in its files: rows that change together side by
    side, so that a change rewrites few of them."""

    @property
    def table(self) -> str:
        """Layer and name: "gold.fact_sales"."""
        return f"{self.layer}.{self.name}"


class Contract(pa.DataFrameModel):
    """What one table promises; the first sentence of a contract's docstring is its grain.

    Class arguments: the fields of `TableSpec` but `name`, which is the class's name in snake case.
    """

    # A private name, for Pandera takes every public attribute for a column.
    _spec = TableSpec("", "", (), (), (), ())

    def __init_subclass__(
        cls,
        *,
        layer: str | None = None,
        key: tuple[str, ...] = (),
        incremental_key: tuple[str, ...] = (),
        partition_by: tuple[str, ...] = (),
        sort_by: tuple[str, ...] = (),
        **options: Any,
    ) -> None:
        """Keep what the contract says of its table as a whole."""
        columns = {
            "key": key,
            "incremental_key": incremental_key,
            "partition_by": partition_by,
            "sort_by": sort_by,
        }
        for option, names in columns.items():
            if isinstance(names, str):
                message = f"{cls.__name__}: write {option}=({names!r},), with a comma"
                raise TypeError(message)
        super().__init_subclass__(**options)  # type: ignore[no-untyped-call]  # Pandera gives its method no types
        layer = layer or cls._spec.layer
        name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", cls.__name__).lower()
        cls._spec = TableSpec(layer, name, key, incremental_key, partition_by, sort_by)
        for column_name, annotation in get_annotations(cls).items():
            if layer == "silver" and annotation == Timestamp:
                field = vars(cls)[column_name]
                ahead = (field.metadata or {}).get("ahead") or CLOCK_TOLERANCE
                field.checks = [*field.checks, *plausible_time_checks(ahead)]

    @classmethod
    def spec(cls) -> TableSpec:
        """Return what the contract says of its table as a whole."""
        return cls._spec

    @classmethod
    def grain(cls) -> str:
        """Return what one row is, in words."""
        return cleandoc(cls.__doc__ or "").partition("\n")[0]

    @classmethod
    def fields(cls) -> pl.Schema:
        """Return the table's columns and their Polars types."""
        return pl.Schema({n: c.dtype.type for n, c in cls.to_schema().columns.items()})

    @classmethod
    def descriptions(cls) -> dict[str, str]:
        """Return what each column means: its own words, else those for all columns of its name.

        Bronze has but raw text, of which nothing holds but that it came.
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
        """Return the foreign keys: by column, the contract that it refers to."""
        return {n: c.metadata["references"] for n, c in cls._tagged("references")}

    @classmethod
    def lookups(cls) -> dict[str, "type[Contract]"]:
        """Return the columns that are looked up: by column, the contract where, if it is there."""
        return {n: c.metadata["looked_up_in"] for n, c in cls._tagged("looked_up_in")}

    @classmethod
    def sums(cls) -> dict[str, tuple["type[Contract]", pl.Expr]]:
        """Return the columns that add up as an input does: by column, which, and what of it."""
        return {n: c.metadata["sums"] for n, c in cls._tagged("sums")}

    @classmethod
    def personal(cls) -> list[str]:
        """Return the columns that hold personal data."""
        return [name for name, _ in cls._tagged("personal")]

    @classmethod
    def _tagged(cls, tag: str) -> list[tuple[str, pa.Column]]:
        return [(n, c) for n, c in cls.to_schema().columns.items() if (c.metadata or {}).get(tag)]

    class Config:
        """No column more, none less, no silent cast."""

        strict = True
        coerce = False


class Bronze(Contract, layer="bronze"):
    """Raw and complete: every source column as text, every record, appended."""


class Silver(Contract, layer="silver"):
    """Typed, clean, one row per key, contract-checked."""


class Gold(Contract, layer="gold"):
    """Dimensions, facts and marts: what analysts read."""


def column(
    *,
    source: str | None = None,
    references: type[Contract] | None = None,
    looked_up_in: type[Contract] | None = None,
    sums: tuple[type[Contract], pl.Expr] | None = None,
    personal: bool = False,
    **field: Any,
) -> Any:
    """Declare a column: a Pandera `Field` with the five things that we add to it.

    Args:
        source: the raw column that it is parsed from, where the names differ.
        references: the contract whose one-column key holds every value of this column.
        looked_up_in: the contract with a one-column key in which this value may be found: a change
            there affects the rows that have it.
        sums: an input of the table, and an expression over its rows: it and the column add up to
            the same, or nothing is written.
        personal: holds personal data, so that it never leaves silver.
        **field: what Pandera's `Field` takes (`ge`, `isin`, `str_matches`, `nullable`, ...).

    Raises:
        TypeError: it asks for what nothing here would hold it to.
    """
    if wrong := _REFUSED.keys() & field:
        message = "; ".join(f"{name}: {_REFUSED[name]}" for name in sorted(wrong))
        raise TypeError(message)
    for parent in filter(None, (references, looked_up_in)):
        if len(parent.spec().key) != 1:
            message = f"{parent.__name__}: only a key of one column can be referred to"
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
    """Declare a `Timestamp` that is a plan: it may lie two years ahead. Takes what `column` takes.

    Any other timestamp of silver may not lie in the future.
    """
    field = column(**declared)
    field.metadata["ahead"] = PLANNING_HORIZON
    return field


_REFUSED = {
    "unique": "what is unique is the contract's `key`",
    "raise_warning": "what only warns is a method with `@warning`",
}


def rule(predicate: Callable[[Any], pl.Expr]) -> Any:
    """Make a method of a contract a rule: rows for which it is false break the contract.

    The method's name is the rule's name, its docstring says it in words. Null counts as kept.
    """
    return _check(predicate, raise_warning=False)


def warning(predicate: Callable[[Any], pl.Expr]) -> Any:
    """Make a method of a contract a warning: rows for which it is false are counted and kept."""
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

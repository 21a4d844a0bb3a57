"""A step of a trace: the rows that were read of one table, as frames."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import polars as pl
from deltalake import DeltaTable

from transforms.graph import Table


@dataclass
class Step:
    """The rows of a table on which the traced row depends, and the steps to its inputs."""

    table: Table
    handle: DeltaTable
    columns: frozenset[str]
    """The columns that matter."""
    where: pl.DataFrame | None
    """The values by which the rows were chosen; None for all rows."""
    rows: pl.DataFrame
    inputs: Mapping[str, "Step"] = field(default_factory=dict)
    """The steps to the inputs that matter, by parameter of the table's function."""
    records: pl.DataFrame | None = None
    """The raw records of the rows, with what happened to them; see `flows.trace.records`."""
    compared: tuple[str, ...] = ()
    """The columns that also depend on other rows of the inputs."""

    @property
    def is_followed(self) -> bool:
        """Whether the trace goes on from these rows."""
        return self.is_computed or self.rows.is_empty()

    @property
    def is_computed(self) -> bool:
        """Whether the rows can be computed from the steps below."""
        return bool(self.inputs) or self.records is not None

    @property
    def relevant(self) -> list[str]:
        """The key and the columns that matter, in the order of the contract."""
        key = self.table.contract.spec().key
        return [
            name for name in self.table.contract.fields() if name in self.columns or name in key
        ]

    def origins(self) -> list[tuple[str | None, int | None]]:
        """Return source and position of its records."""
        if self.records is None:
            return []
        return self.records.select("_source", "_position").rows()

    def tree(self) -> Iterator["Step"]:
        """Yield this and everything below it."""
        yield self
        for each in self.inputs.values():
            yield from each.tree()


def chosen(rows: pl.DataFrame, where: pl.DataFrame | None) -> pl.DataFrame:
    """Return the rows with some values."""
    return rows if where is None else rows.join(where, on=where.columns, how="semi")

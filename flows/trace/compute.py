"""The traced row, computed again in memory: from its records alone, or without one of them."""

from collections.abc import Mapping
from typing import NamedTuple

import polars as pl
from polars import col

from flows.refresh.records import typed_versions
from flows.trace.read import read_rows, referred_keys
from flows.trace.step import Step, chosen
from transforms.deduplication import latest_versions
from transforms.graph import Table


class Origin(NamedTuple):
    """What identifies a record."""

    table: str
    source: str | None
    position: int | None


def differing_columns(step: Step, found: pl.DataFrame) -> list[str]:
    """Return the columns that matter in which computed rows differ from those that were read.

    If the keys differ, all columns do.
    """
    key, names = list(step.table.contract.spec().key), step.relevant
    expected, actual = (
        chosen(rows, step.where).select(names).sort(key) for rows in (step.rows, found)
    )
    if not expected.select(key).equals(actual.select(key)):
        return names
    return [name for name in names if not expected[name].equals(actual[name])]


def run(table: Table, inputs: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Run the function of a table on rows that may lack what does not matter to the result.

    A missing column is null, and a missing input has no rows.
    """

    def complete(name: str, schema: pl.Schema) -> pl.LazyFrame:
        if name not in inputs:
            return pl.LazyFrame(schema=schema)
        rows = inputs[name]
        columns = (
            col(column) if column in rows.columns else pl.lit(None, dtype).alias(column)
            for column, dtype in schema.items()
        )
        return rows.lazy().select(columns)

    frames = {name: complete(name, contract.fields()) for name, contract in table.inputs.items()}
    return table.function(**frames).select(table.contract.fields().names()).collect()


class Computation:
    """A traced row that can be computed without any one of its records.

    Only the tables between the record and the row are computed again.
    """

    def __init__(self, root: Step, *, keeps_moved: bool = False) -> None:
        """Compute the row from all records.

        Args:
            root: the step of the row.
            keeps_moved: whether the rows of an input still count if they no longer have the values
                by which they were chosen.
        """
        self._root, self._keeps_moved, self._has_moved = root, keeps_moved, False
        self._all: dict[int, pl.DataFrame] = {}
        self._moved: dict[int, pl.DataFrame] = {}
        self._versions: dict[int, pl.DataFrame] = {}
        self._origins: dict[int, set[Origin]] = {}
        self._is_first = True
        self.result = self._compute(root, None)
        self._is_first = False

    @property
    def origins(self) -> set[Origin]:
        """The records that may be decisive."""
        return self._origins[id(self._root)]

    def decisive(self) -> set[Origin]:
        """Return the records without which the row would be different or missing.

        Without the record of its customer, an order moves to another person, and may still count
        for the row. So the row must then differ both with and without the order.
        """
        found, moved = set[Origin](), set[Origin]()
        for origin in self.origins:
            self._has_moved = False
            if self.differs_without(origin):
                (moved if self._has_moved else found).add(origin)
        if moved:
            other = Computation(self._root, keeps_moved=True)
            found |= {origin for origin in moved if other.differs_without(origin)}
        return found

    def differs_without(self, origin: Origin) -> bool:
        """Return whether the row is different or missing without a record."""
        rows = self._compute(self._root, origin)
        if rows is self.result:
            return False
        names = self._root.relevant
        return not rows.select(names).equals(self.result.select(names))

    def _compute(self, step: Step, without: Origin | None) -> pl.DataFrame:
        """Compute the rows of a step; return the same frame if a record does not change them."""
        usual = self._all.get(id(step))
        if usual is not None and without not in self._origins[id(step)]:
            return usual
        if step.records is not None:
            if usual is None:
                self._versions[id(step)] = _versions(step, step.records)
            rows = _of_versions(step, self._versions[id(step)], without)
        elif step.inputs:
            inputs = {name: self._compute(each, without) for name, each in step.inputs.items()}
            if usual is not None and all(
                rows is self._all[id(step.inputs[name])] for name, rows in inputs.items()
            ):
                return usual
            rows = run(step.table, inputs)
            if usual is not None and self._add_referred(step, inputs, rows):
                rows = run(step.table, inputs)
        else:
            rows = step.rows
        if step.is_computed:
            rows = self._chosen(step, rows.sort(step.table.contract.spec().key))
        if usual is not None:
            return usual if rows.equals(usual) else rows
        below = (self._origins[id(each)] for each in step.inputs.values())
        self._origins[id(step)] = origins(step).union(*below)
        self._all[id(step)] = rows
        return rows

    @staticmethod
    def _add_referred(step: Step, inputs: dict[str, pl.DataFrame], rows: pl.DataFrame) -> bool:
        """Add the rows that are only referred to without a record, such as an earlier customer's.

        Return whether there are any.
        """
        found = False
        for name, child in step.inputs.items():
            contract, key = child.table.contract, list(child.table.contract.spec().key)
            if child.where is None or child.where.columns != key:
                continue
            others = (
                (other.table.contract, inputs[each])
                for each, other in step.inputs.items()
                if other is not child
            )
            referred = referred_keys(step.table, rows, others, contract)
            if referred is None:
                continue
            missing = referred.join(child.where, on=key, how="anti")
            if len(missing):
                added = read_rows(child.handle, contract, child.columns, missing)
                others_of_input = inputs[name].join(missing, on=key, how="anti")
                inputs[name] = pl.concat([others_of_input, added], how="diagonal")
                found = True
        return found

    def _chosen(self, step: Step, rows: pl.DataFrame) -> pl.DataFrame:
        """Return the rows with the values of a step; note whether others have moved there."""
        if step.where is None or (self._keeps_moved and step is not self._root):
            return rows
        on = step.where.columns
        kept = rows.join(step.where, on=on, how="semi", maintain_order="left")
        if step is not self._root and (len(kept) < len(rows) or id(step) in self._moved):
            moved = rows.join(step.where, on=on, how="anti", maintain_order="left")
            usual = self._moved.setdefault(id(step), moved if self._is_first else moved.clear())
            self._has_moved = self._has_moved or not moved.equals(usual)
        return kept


def origins(step: Step) -> set[Origin]:
    """Return the valid records of a step that may be decisive."""
    if step.records is None:
        return set()
    # A superseded record is a version of a history only.
    states = [*_VALID] if step.table.versions_of else ["accepted", "deleted"]
    (contract,) = (step.table.versions_of or step.table).inputs.values()
    valid = step.records.filter(col("_state").is_in(states))
    return {
        Origin(contract.spec().table, *origin)
        for origin in valid.select("_source", "_position").iter_rows()
    }


_VALID = ("accepted", "superseded", "deleted")


def _versions(step: Step, records: pl.DataFrame) -> pl.DataFrame:
    """Return the typed versions of the valid records of a step."""
    valid = records.filter(col("_state").is_in(_VALID))
    return typed_versions(step.table.versions_of or step.table, valid)


def _of_versions(step: Step, versions: pl.DataFrame, without: Origin | None) -> pl.DataFrame:
    """Return the rows that versions of records give, perhaps without one of them."""
    if without:
        source, position = pl.lit(without.source, pl.String), pl.lit(without.position, pl.Int64)
        is_it = col("_source").eq_missing(source) & col("_position").eq_missing(position)
        versions = versions.filter(~is_it)
    if step.table.versions_of:
        return step.table.function(versions.lazy()).collect()
    latest = latest_versions(versions.lazy(), step.table.contract.spec().key)
    return latest.filter(~col("_is_delete")).collect()

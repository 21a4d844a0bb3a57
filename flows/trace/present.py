"""The steps of a trace as plain data."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import polars as pl

from contracts.contract import Contract
from flows.trace.archive import Location
from flows.trace.compute import Origin
from flows.trace.model import Record, Row, Rows
from flows.trace.step import Step

LISTED = 5
"""The rows that are listed of those that are too many to follow."""

Locations = Mapping[tuple[str | None, int | None], Location]
"""Where the archive has a record, by its source and position."""


def as_rows(step: Step, decisive: Collection[Origin] | None, locations: Locations) -> Rows:
    """Return the rows of a step, and those of its inputs.

    Args:
        step: the step.
        decisive: the decisive records; None if they are not known.
        locations: where the archive has its records.
    """
    contract = step.table.contract
    amounts = [n for n in step.relevant if isinstance(contract.fields()[n], pl.Decimal)]
    if step.records is not None:
        rows = with_records(step, step.records, decisive, locations)
    else:
        listed = step.rows if step.is_followed else step.rows.head(LISTED)
        keys = shown(contract, listed.select(contract.spec().key))
        rows = [Row(*row) for row in zip(keys, listed["_version"], strict=True)]
    where = step.where if step.where is not None else pl.DataFrame()
    return Rows(
        table=step.table.name,
        version=step.handle.version(),
        where=tuple(shown(contract, where)),
        columns=tuple(name for name in step.relevant if name in step.columns),
        count=len(step.rows),
        sums=step.rows.select(pl.col(amounts).sum()).row(0, named=True) if amounts else {},
        rows=tuple(rows),
        is_followed=step.is_followed,
        compared=step.compared,
        inputs=tuple(as_rows(each, decisive, locations) for each in step.inputs.values()),
    )


def with_records(
    step: Step, records: pl.DataFrame, decisive: Collection[Origin] | None, locations: Locations
) -> list[Row]:
    """Return the rows of a step with their records, and keys that have only records."""
    source = step.table.versions_of or step.table
    (contract,) = source.inputs.values()
    key = list(source.contract.spec().key)
    versions: dict[tuple[Any, ...], int | None] = {
        row[:-1]: row[-1] for row in step.rows.select(*key, "_version").iter_rows()
    }
    by_key: dict[tuple[Any, ...], list[Record]] = {values: [] for values in versions}
    for each in records.iter_rows(named=True):
        origin = Origin(contract.spec().table, each["_source"], each["_position"])
        record = Record(
            table=origin.table,
            source=each["_source"] or "",
            position=each["_position"],
            state=each["_state"],
            is_decisive=None if decisive is None else origin in decisive,
            broken_rules=tuple(each["_broken_rules"] or ()),
            operation=each["_operation"],
            event_time=each["_event_time"],
            ingested_at=each["_ingested_at"],
            **locations.get(origin[1:], Location())._asdict(),
        )
        by_key.setdefault(tuple(each[f"{name}_key"] for name in key), []).append(record)
    keys = pl.DataFrame([*by_key], {n: source.contract.fields()[n] for n in key}, orient="row")
    return [
        Row(without_personal_data, versions.get(values), tuple(found))
        for without_personal_data, (values, found) in zip(
            shown(source.contract, keys), by_key.items(), strict=True
        )
    ]


def shown(contract: type[Contract], rows: pl.DataFrame) -> Sequence[Mapping[str, Any]]:
    """Return rows without personal data."""
    return rows.drop(contract.personal(), strict=False).to_dicts()

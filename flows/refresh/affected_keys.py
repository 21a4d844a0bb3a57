"""The keys of a derived table that a change of its inputs affects."""

from collections.abc import Iterator, Mapping, Sequence

import polars as pl
from deltalake import DeltaTable

from contracts.contract import Contract
from flows import delta
from transforms.graph import Table


def affected_keys(
    table: Table,
    target: DeltaTable,
    inputs: Mapping[str, DeltaTable],
    watermarks: Mapping[str, int],
) -> tuple[pl.DataFrame | None, str]:
    """Return the incremental keys that the changed rows of the inputs affect.

    If they cannot be determined, return None and the reason.

    Args:
        table: the table.
        target: a handle on it.
        inputs: handles on its inputs, by name.
        watermarks: by input, the version that the table has consumed.
    """
    key = list(table.contract.spec().incremental_key)
    found = [pl.LazyFrame(schema={name: table.contract.fields()[name] for name in key})]
    for contract in table.inputs.values():
        name, own_key = contract.spec().table, contract.spec().key
        changed = delta.changed_since(inputs[name], watermarks[name], own_key)
        if has_columns(inputs[name], key):
            found.append(changed.select(key))
        elif len(changed_keys := changed.select(own_key).unique().collect()):
            referring = list(_referring_rows(table, target, inputs, contract, changed_keys))
            if not referring:
                return None, f"{name} changed and has no {' and '.join(key)}"
            found += [rows.select(key) for rows in referring]
    return pl.concat(found).drop_nulls().unique().collect(engine="streaming"), ""


def has_columns(handle: DeltaTable, columns: Sequence[str]) -> bool:
    """Return whether a table has all of the columns."""
    return set(columns) <= {field.name for field in handle.schema().fields}


def _referring_rows(
    table: Table,
    target: DeltaTable,
    inputs: Mapping[str, DeltaTable],
    looked_up: type[Contract],
    keys: pl.DataFrame,
) -> Iterator[pl.LazyFrame]:
    """Yield the rows of the table and of its other inputs that refer to some keys of an input."""
    referring = [(target, table.contract.references())]
    referring += [
        (inputs[c.spec().table], {**c.references(), **c.lookups()}) for c in table.inputs.values()
    ]
    for handle, references in referring:
        for column, parent in references.items():
            if parent is looked_up:
                renamed = keys.rename(dict.fromkeys(keys.columns, column))
                yield delta.matching(handle, renamed)

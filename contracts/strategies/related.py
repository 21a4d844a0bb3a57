"""Frames of several tables whose rows share keys."""

import pandera.polars as pa
import polars as pl
from hypothesis import strategies as st

from contracts.contract import Contract
from contracts.strategies.valid import MAX_SIZE, draw_valid
from contracts.strategies.values import values

KEYS = 3
"""The number of different values of a key, at most."""


@st.composite
def related(
    draw: st.DrawFn,
    *contracts: type[Contract],
    complete: bool = True,
    max_size: int = MAX_SIZE,
) -> dict[type[Contract], pl.DataFrame]:
    """Draw a valid frame of each contract, with few different keys, so that joins find rows.

    Two columns share their values if a contract declares it (`references`, `looked_up_in`), or if
    one has the name of another table's only key column.

    Args:
        draw: the function that Hypothesis passes in.
        *contracts: the contracts of the tables.
        complete: every key in a table also exists in the table that it identifies, if that is among
            `contracts`; otherwise some rows of that table may be missing.
        max_size: the number of rows of each table, at most.
    """
    pools = {
        key: draw(st.lists(values(declared), min_size=1, max_size=KEYS, unique=True))
        for key, declared in _keys(contracts).items()
    }
    frames = {}
    for contract in contracts:
        among = {
            name: pools[key] for name, key in _key_of_columns(contract).items() if key in pools
        }
        fewest, most = 0, max_size
        if len(key := contract.spec().key) == 1:
            there = among[key[0]]
            if not complete:
                there = draw(st.lists(st.sampled_from(there), unique=True))
            among[key[0]] = there
            fewest, most = len(there), len(there)
        frames[contract] = draw_valid(draw, contract, fewest, most, among)
    return frames


_Key = tuple[str, pl.DataType]
"""The name and type of a key column; columns with the same key share their values."""


def _keys(contracts: tuple[type[Contract], ...]) -> dict[_Key, pa.Column]:
    """Return the one-column keys of the tables, each with the strictest column that holds it."""
    keys = {
        _key_of_columns(contract)[key[0]]
        for contract in contracts
        if len(key := contract.spec().key) == 1
    }
    found: dict[_Key, pa.Column] = {}
    for contract in contracts:
        declared = contract.to_schema().columns
        for name, met in _key_of_columns(contract).items():
            if met in keys and (
                met not in found or len(declared[name].checks) > len(found[met].checks)
            ):
                found[met] = declared[name]
    return found


def _key_of_columns(contract: type[Contract]) -> dict[str, _Key]:
    """Return, by column, the key whose values it holds: that of another table, or itself."""
    return {name: _key_of_column(contract, name) for name in contract.fields()}


def _key_of_column(contract: type[Contract], name: str) -> _Key:
    if other := {**contract.lookups(), **contract.references()}.get(name):
        return _key_of_column(other, other.spec().key[0])
    return name, contract.fields()[name]

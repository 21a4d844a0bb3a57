"""Frames of several tables whose rows belong together."""

import pandera.polars as pa
import polars as pl
from hypothesis import strategies as st

from contracts.contract import Contract
from contracts.strategies.valid import MAX_SIZE, keeping
from contracts.strategies.values import values

KEYS = 3
"""How many different values a key has, at most."""


@st.composite
def related(
    draw: st.DrawFn,
    *contracts: type[Contract],
    complete: bool = True,
    max_size: int = MAX_SIZE,
) -> dict[type[Contract], pl.DataFrame]:
    """Draw a valid frame of each contract, with few keys in all of them, so that rows meet.

    Columns belong together where a contract says so (`references`, `looked_up_in`) or where one has
    the name of another table's only key column.

    Args:
        draw: given by Hypothesis.
        *contracts: of the tables.
        complete: every key that a table mentions is in the table whose key it is, if that is among
            the contracts; otherwise some rows of it may not have come yet.
        max_size: rows of each table, at most.
    """
    pools = {
        key: draw(st.lists(values(declared), min_size=1, max_size=KEYS, unique=True))
        for key, declared in _keys(contracts).items()
    }
    frames = {}
    for contract in contracts:
        among = {name: pools[key] for name, key in _meeting(contract).items() if key in pools}
        fewest, most = 0, max_size
        if len(key := contract.spec().key) == 1:
            there = among[key[0]]
            if not complete:
                there = draw(st.lists(st.sampled_from(there), unique=True))
            among[key[0]] = there
            fewest, most = len(there), len(there)
        frames[contract] = keeping(draw, contract, fewest, most, among)
    return frames


_Key = tuple[str, pl.DataType]
"""The name and the type of a key column: columns with the same ones have values in common."""


def _keys(contracts: tuple[type[Contract], ...]) -> dict[_Key, pa.Column]:
    """Return the tables' keys of one column, as the strictest of the columns that hold them."""
    keys = {
        _meeting(contract)[key[0]] for contract in contracts if len(key := contract.spec().key) == 1
    }
    found: dict[_Key, pa.Column] = {}
    for contract in contracts:
        declared = contract.to_schema().columns
        for name, met in _meeting(contract).items():
            if met in keys and (
                met not in found or len(declared[name].checks) > len(found[met].checks)
            ):
                found[met] = declared[name]
    return found


def _meeting(contract: type[Contract]) -> dict[str, _Key]:
    """Return, by column, the key whose values it holds: another table's, or else itself."""
    return {name: _end(contract, name) for name in contract.fields()}


def _end(contract: type[Contract], name: str) -> _Key:
    if other := {**contract.lookups(), **contract.references()}.get(name):
        return _end(other, other.spec().key[0])
    return name, contract.fields()[name]

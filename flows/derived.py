"""Tables that are made of other tables: computed, checked against their contract, replaced."""

from collections.abc import Iterable
from time import perf_counter

from deltalake import DeltaTable

from contracts.check import check
from flows import delta
from flows.outcome import Outcome
from transforms.graph import Table


def refresh_derived(lake: str, table: Table, *, rebuild: bool = False) -> Outcome:
    """Bring a derived table up to its inputs; untouched when they have not changed.

    Raises:
        contracts.check.ContractBrokenError: the function made rows that break the contract.
        deltalake.exceptions.CommitFailedError: another writer was faster; try again.
    """
    started = perf_counter()
    target = delta.open_table(lake, table.contract)
    parents = {
        column: delta.open_table(lake, parent)
        for column, parent in table.contract.references().items()
    }
    inputs = {name: delta.open_table(lake, contract) for name, contract in table.inputs.items()}
    names = dict(zip(inputs, table.input_names, strict=True))
    for name, handle in inputs.items():
        _hold_back(handle, names[name], parents.values())
    consumed = {names[name]: handle.version() for name, handle in inputs.items()}
    known = {name: target.transaction_version(name) for name in consumed}
    if changed := rebuild or known != consumed:
        frames = {
            name: delta.scan(inputs[name]).select(contract.fields().names())
            for name, contract in table.inputs.items()
        }
        made = (
            table.function(**frames)
            .select(table.contract.fields().names())
            .collect(engine="streaming")
        )
        check(made, table.contract, {name: delta.scan(each) for name, each in parents.items()})
        delta.replace(target, made, delta.carrying(consumed, {"rows": len(made)}))
    return Outcome(
        table=table.name,
        version=target.version(),
        rows=delta.rows(target),
        changed=changed,
        seconds=perf_counter() - started,
    )


def _hold_back(read: DeltaTable, name: str, parents: Iterable[DeltaTable]) -> None:
    """Read an input no further than the dimensions have: what came since may lack its member."""
    seen = [parent.transaction_version(name) for parent in parents]
    read.load_as_version(
        min([read.version(), *(version for version in seen if version is not None)])
    )

"""Tables that are made of other tables: computed, checked against their contract, replaced."""

from time import perf_counter

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
    inputs = {name: delta.open_table(lake, contract) for name, contract in table.inputs.items()}
    consumed = {
        contract.promise().table: inputs[name].version() for name, contract in table.inputs.items()
    }
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
        parents = {
            column: delta.scan(delta.open_table(lake, parent))
            for column, parent in table.contract.references().items()
        }
        check(made, table.contract, parents)
        delta.replace(target, made, delta.carrying(consumed, {"rows": len(made)}))
    return Outcome(
        table=table.name,
        version=target.version(),
        rows=delta.rows(target),
        changed=changed,
        seconds=perf_counter() - started,
    )

"""What a table has to read to be up to its inputs."""

from collections.abc import Mapping
from typing import NamedTuple
from uuid import UUID

from deltalake import DeltaTable

from flows import delta
from flows.delta.contract_metadata import made_under
from flows.refresh.code_version import CODE, fingerprint
from transforms.graph import Table


class Due(NamedTuple):
    """What a refresh of a table will have consumed, and from where it goes on."""

    consumed: dict[str, int]
    """By input, its version and which table it is; and the code that did it."""
    since: dict[str, int]
    """By input, the version that the table holds already."""
    anew: str
    """Why it has to be made of all rows of its inputs; empty when those that came since will do."""

    @property
    def nothing(self) -> bool:
        """Nothing came since."""
        return not self.anew and all(self.consumed[name] == at for name, at in self.since.items())


FIRST = "it is not there yet"


def due(
    table: Table, target: DeltaTable, inputs: Mapping[str, DeltaTable], *, rebuild: bool = False
) -> Due:
    """Compare a table with its inputs (by the names of their tables), from their logs alone."""
    code = fingerprint(table)
    consumed = {name: handle.version() for name, handle in inputs.items()}
    made = {identity(name): _made(handle) for name, handle in inputs.items()}
    seen = {name: delta.consumed(target, name) for name in inputs}
    since = {name: version for name, version in seen.items() if version is not None}
    if len(since) < len(inputs):
        anew = FIRST
    elif rebuild:
        anew = "asked for"
    elif not made_under(target, table.contract):
        anew = "its contract has changed"
    elif target.transaction_version(CODE) != code:
        anew = "its code has changed"
    elif others := [
        name
        for name in inputs
        if delta.consumed(target, identity(name)) not in {None, made[identity(name)]}
    ]:
        anew = f"{', '.join(others)} is another table than it was"
    else:
        anew = ", ".join(
            f"{name} was rebuilt"
            for name, handle in inputs.items()
            if (handle.transaction_version(delta.REBUILT) or 0) > since[name]
        )
    return Due({**consumed, **made, CODE: code}, since, anew)


def identity(name: str) -> str:
    """Return the transaction under which a table notes which table a watermark is of."""
    return f"{name}/table"


def _made(handle: DeltaTable) -> int:
    """Return what tells a table from one that is made in its place: 63 bits of its id."""
    return UUID(str(handle.metadata().id)).int >> 65

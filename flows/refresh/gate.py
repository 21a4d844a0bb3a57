"""The gate between a silver table and the tables that read it."""

from collections.abc import Mapping

from deltalake import DeltaTable

from flows import delta
from flows.config.errors import HeldBackError
from flows.delta.commit_log import last_metrics
from flows.delta.thresholds import Gate, stop_of
from transforms.graph import tables


def check_gate(target: DeltaTable, inputs: Mapping[str, DeltaTable], gate: Gate) -> None:
    """Check that a table may consume its inputs, given by name.

    A version that the table has consumed before, because it was accepted, may be consumed again.

    Raises:
        HeldBackError: the last run of an input is stopped.
    """
    stops = []
    for name, handle in inputs.items():
        source = tables().get(name)
        if source is None or name in gate.accept:
            continue
        stop = stop_of(source, last_metrics(handle, handle.version()), gate.fail_above)
        consumed = delta.consumed(target, name)
        if stop and (consumed is None or consumed < stop.version):
            stops.append(str(stop))
    if stops:
        raise HeldBackError(*stops)

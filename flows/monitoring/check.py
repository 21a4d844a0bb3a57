"""Which promises of the contracts are broken: since when, why, and what to do."""

from datetime import datetime
from typing import NamedTuple

from flows import delta
from flows.config.concurrency import for_each_table
from flows.config.plural import pluralize
from flows.delta.table_names import no_lake
from flows.monitoring.deliveries import batches
from flows.monitoring.freshness import freshness
from flows.monitoring.promises import BrokenPromise, Logs, Verdict
from flows.monitoring.quarantine import quarantine
from flows.monitoring.volume import volume
from flows.storage.filesystem import check_access
from transforms.graph import contracts, tables


class Check(NamedTuple):
    """The promises of a lake at one time."""

    broken: list[BrokenPromise]
    evaluated: int
    """How many promises were compared with the logs."""
    unknown: int
    """How many of them have too few deliveries so far."""

    def headline(self) -> str:
        """Return one sentence about all promises."""
        kept = self.evaluated - self.unknown - len(self.broken)
        unknown = f", {self.unknown} with too few deliveries so far" if self.unknown else ""
        broken = f"{len(self.broken)} broken" if self.broken else "none broken"
        return f"{pluralize(self.evaluated, 'promise')}: {kept} kept, {broken}{unknown}."


def check(lake: str, now: datetime) -> Check:
    """Evaluate the promises of all contracts from the logs of the tables.

    Args:
        lake: location of the tables.
        now: the time of the check, with a zone. Records that are newer do not count.

    Raises:
        NoLakeError: the lake has no tables.
        TableError: a table cannot be read.
    """
    return evaluate(read_logs(lake, now))


def evaluate(logs: Logs) -> Check:
    """Evaluate the promises of all contracts."""
    found = [*freshness(logs), *volume(logs), *quarantine(logs)]
    broken = [each for each in found if isinstance(each, BrokenPromise)]
    return Check(broken, len(found), found.count(Verdict.UNKNOWN))


def read_logs(lake: str, now: datetime) -> Logs:
    """Return what the promises of a lake are evaluated from; arguments and errors as in `check`."""
    check_access(lake)
    opened = for_each_table(delta.open_if_exists, lake, [*contracts()])
    handles = {name: handle for name, handle in opened.items() if handle}
    if not handles:
        raise no_lake(lake)
    delivered = {
        name: [batch for batch in batches(handles[name]) if batch.newest <= now]
        for name in handles
        if name not in tables()
    }
    return Logs(now, contracts(), handles, delivered)

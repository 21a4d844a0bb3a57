"""How the tables stand: version, rows, what waits in quarantine, how far behind the inputs."""

from difflib import get_close_matches
from typing import Any

from deltalake import DeltaTable

from contracts.describe import version
from flows import delta
from flows.figures import last_figures
from flows.kafka import KafkaSettings
from flows.lag import lag
from flows.noted import noted
from flows.outcome import UnknownTableError
from flows.records import broken_rules
from flows.storage import reach
from transforms.graph import Table, sources, tables


class NoLakeError(Exception):
    """There are no tables where a lake was expected."""


def status(lake: str) -> dict[str, dict[str, Any]]:
    """Return the figures of every bronze, silver and gold table of the lake, by name.

    `lag` counts the commits of a table's inputs that it has not consumed; `quarantined` the records
    of its source that wait in quarantine; `figures` what the last commit carries; `contract` the
    version of the contract that the table was made under, where that is noted.

    Raises:
        NoLakeError: the lake has no tables.
    """
    here = existing(lake)
    handles = {name: delta.open_existing(lake, name) for name in here}
    return {name: _figures(name, handles) for name in here if not name.startswith("quarantine.")}


def offsets(lake: str, settings: KafkaSettings) -> list[dict[str, Any]]:
    """Return where bronze and Kafka stand, one row per topic partition.

    `stored` is the last offset that bronze holds, `end` one past the last that Kafka has, `lag` how
    many are between; `lost` says what Kafka does not have any more of what should come next.

    Raises:
        NoAnswerError: no broker answers within seconds, or it does not let us in.
    """
    return [
        {
            "topic": each.topic,
            "partition": each.partition,
            "stored": each.stored,
            "end": each.end,
            "lag": each.behind,
            "lost": each.lost,
        }
        for each in lag(lake, settings, _SECONDS)
    ]


def existing(lake: str) -> list[str]:
    """Return the names of the tables that the lake has, layer by layer, quarantine last.

    Raises:
        NoLakeError: it has none.
        OSError: S3 does not answer.
    """
    reach(lake)
    names = [
        *(source.promise().table for source in sources()),
        *tables(),
        *(delta.quarantine_name(source) for source in sources()),
    ]
    if found := [name for name in names if delta.exists(lake, name)]:
        return found
    message = f"{lake}: there is no lake here yet; `keystone run` makes one"
    raise NoLakeError(message)


def named(lake: str, table: str) -> str:
    """Return the name of a table that the lake has.

    Raises:
        NoLakeError: the lake has no tables.
        UnknownTableError: it has no table of that name.
    """
    here = existing(lake)
    if table in here:
        return table
    nearest = ", ".join(get_close_matches(table, here, cutoff=0))
    message = f"there is no table {table}; the nearest are {nearest}, `keystone status` lists all"
    raise UnknownTableError(message)


_SECONDS = 5.0  # that somebody who asks how it stands waits for a broker


def _figures(name: str, handles: dict[str, DeltaTable]) -> dict[str, Any]:
    handle, table = handles[name], tables().get(name)
    source = table.source if table else None
    waiting = handles.get(delta.quarantine_name(source)) if source else None
    return {
        "version": handle.version(),
        "contract": version(note) if (note := noted(handle)) else "",
        "rows": delta.rows(handle),
        "quarantined": delta.rows(waiting) if waiting else 0,
        "lag": _lag(table, handles) if table else 0,
        "figures": (figures := last_figures(handle)),
        "broken_rules": broken_rules(waiting) if waiting else {},
        "warnings": figures.get("warnings", {}),
    }


def _lag(table: Table, handles: dict[str, DeltaTable]) -> int:
    read = [name for name in table.input_names if name in handles]
    return sum(
        handles[name].version() - (delta.consumed(handles[table.name], name) or 0) for name in read
    )

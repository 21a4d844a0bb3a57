"""How the tables stand: version, rows, what waits in quarantine, how far behind the inputs."""

from collections.abc import Collection
from typing import Any, NamedTuple

from deltalake import DeltaTable

from contracts.describe import version
from flows import delta
from flows.config.concurrency import for_each_table
from flows.config.errors import NoLakeError, TableError, UnknownTableError
from flows.config.suggest import suggest
from flows.delta.commit_log import last_metrics
from flows.delta.contract_metadata import read_contract
from flows.delta.holds import held_since
from flows.delta.quarantine import broken_rules
from flows.storage import filesystem, s3
from flows.storage.filesystem import check_access
from transforms.graph import Table, sources, tables


class LakeStatus(NamedTuple):
    """How the tables of a lake stand."""

    tables: dict[str, dict[str, Any]]
    """The metrics of each, by name; see `status`."""
    hurt: dict[str, str]
    """By table that cannot be read: why."""
    stopped: dict[str, str]
    """By table that can be read, but not be refreshed: why."""


def lake_status(lake: str) -> LakeStatus:
    """Return how the tables of a lake stand, also where some of them cannot be read.

    Raises:
        NoLakeError: the lake has no tables.
    """
    opened = for_each_table(_opened, lake, existing_tables(lake))
    hurt = {name: str(each) for name, each in opened.items() if isinstance(each, TableError)}
    handles = {name: each for name, each in opened.items() if isinstance(each, DeltaTable)}
    stopped = {name: why for name, handle in handles.items() if (why := _why_stopped(handle))}
    metrics: dict[str, dict[str, Any]] = {}
    for name in handles:
        if not name.startswith("quarantine."):
            try:
                metrics[name] = _metrics(name, handles)
            except TableError as error:
                hurt[name] = str(error)
    return LakeStatus(metrics, hurt, stopped)


def _opened(lake: str, name: str) -> DeltaTable | TableError:
    try:
        return delta.open_existing(lake, name)
    except TableError as error:
        return error


def _why_stopped(handle: DeltaTable) -> str:
    try:
        delta.check_writable(handle)
    except TableError as error:
        return str(error)
    return ""


def status(lake: str) -> dict[str, dict[str, Any]]:
    """Return the metrics of every bronze, silver and gold table of the lake, by name.

    `lag` counts the commits of a table's inputs that it has not consumed; `quarantined` the records
    of its source that wait in quarantine; `figures` what the last commit carries; `contract` the
    version of the contract that the table was made under, where that is noted; `held` since when
    a restore holds it, as ISO time (UTC), or nothing.

    Raises:
        NoLakeError: the lake has no tables.
        TableError: one of them cannot be read.
    """
    found = lake_status(lake)
    for why in found.hurt.values():
        raise TableError(why)
    return found.tables


def existing_tables(lake: str) -> list[str]:
    """Return the names of the tables that the lake has, layer by layer, quarantine last.

    Raises:
        NoLakeError: it has none.
        OSError: S3 does not answer.
    """
    check_access(lake)
    there = for_each_table(delta.exists, lake, all_tables())
    if found := [name for name, exists in there.items() if exists]:
        return found
    message = f"{lake}: there is no lake here yet; `keystone run` makes one"
    raise NoLakeError(message)


def tables_without_contract(lake: str) -> list[str]:
    """Return the names of silver's and gold's tables that lie there and have no contract now."""
    with s3.translate_errors(lake):
        files = filesystem.connect(lake)
        paths = [path for layer in _MADE for path in files.glob(f"{lake.rstrip('/')}/{layer}/*")]
    names = {".".join(path.rstrip("/").split("/")[-2:]) for path in paths} - {*all_tables()}
    return sorted(name for name in names if delta.exists(lake, name))


_MADE = ("silver", "gold")


def resolve_table(lake: str, table: str) -> str:
    """Return the name of a table that the lake has.

    Raises:
        NoLakeError: the lake has no tables.
        UnknownTableError: it has no table of that name.
    """
    here = existing_tables(lake)
    if table in here:
        return table
    raise UnknownTableError(unknown_table(table, here))


def unknown_table(table: str, here: Collection[str]) -> str:
    """Say of a table that is not among those of a lake which are near, or what makes it."""
    asked = table.lower()
    # Who leaves the layer out means any table of that name.
    names = {name: name if "." in asked else name.partition(".")[2] for name in all_tables()}
    meant = [name for name in names if names[name] == asked]
    if meant and not set(meant) & set(here):
        made_by = "keystone ingest" if meant[0].startswith("bronze.") else "keystone refresh"
        return f"{meant[0]} is not made yet in this lake; `{made_by}` makes it"
    close = suggest(asked, [names[name] for name in here])
    near = sorted((n for n in here if names[n] in close), key=lambda n: close.index(names[n]))
    found = [name for name in meant if name in here] or near
    hint = f"nearest: {', '.join(found)}" if found else "`keystone status` lists all"
    return f"there is no table {table}; {hint}"


def replayable_tables(name: str | None) -> list[Table]:
    """Return the tables whose quarantined records can be replayed: one by its name, or all.

    Raises:
        UnknownTableError: no records are quarantined under that name.
    """
    made_of_records = {
        delta.quarantine_name(table.source).removeprefix("quarantine."): table
        for table in tables().values()
        if table.source
    }
    if name is None:
        return list(made_of_records.values())
    wanted = name.rpartition(".")[2]
    if wanted not in made_of_records:
        message = (
            f"there is no quarantine for {name}; there is one for {', '.join(made_of_records)}"
        )
        raise UnknownTableError(message)
    return [made_of_records[wanted]]


def all_tables() -> list[str]:
    """Return the names of the tables that a lake has when all are made, quarantine last."""
    return [
        *(source.spec().table for source in sources()),
        *tables(),
        *(delta.quarantine_name(source) for source in sources()),
    ]


def _metrics(name: str, handles: dict[str, DeltaTable]) -> dict[str, Any]:
    handle, table = handles[name], tables().get(name)
    source = table.source if table else None
    waiting = handles.get(delta.quarantine_name(source)) if source else None
    return {
        "version": handle.version(),
        "contract": version(note) if (note := read_contract(handle)) else "",
        "rows": delta.rows(handle),
        "quarantined": delta.rows(waiting) if waiting else 0,
        "lag": _lag(table, handles) if table else 0,
        "figures": (metrics := last_metrics(handle)),
        "broken_rules": broken_rules(waiting) if waiting else {},
        "warnings": metrics.get("warnings", {}),
        "held": since.isoformat() if (since := held_since(handle)) else None,
    }


def _lag(table: Table, handles: dict[str, DeltaTable]) -> int:
    read = [name for name in table.input_names if name in handles]
    return sum(
        handles[name].version() - (delta.consumed(handles[table.name], name) or 0) for name in read
    )

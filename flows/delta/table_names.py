"""Names of tables: all that exist in a lake, and those that a user may mean."""

from collections.abc import Collection, Iterable

from flows import delta
from flows.config.concurrency import for_each_table
from flows.config.errors import NoLakeError, UnknownTableError
from flows.config.suggest import suggest
from flows.storage import filesystem, s3
from flows.storage.filesystem import check_access
from transforms.graph import Table, sources, tables


def all_tables() -> list[str]:
    """Return the names of all tables that have a contract, quarantine last."""
    return [
        *(source.spec().table for source in sources()),
        *tables(),
        *(delta.quarantine_name(source) for source in sources()),
    ]


def upstream_tables(name: str) -> set[str]:
    """Return the names of the tables that a table is computed from, directly or indirectly."""
    table = tables().get(name)
    inputs = {*table.input_names} if table else set[str]()
    return inputs.union(*map(upstream_tables, inputs))


def existing_tables(lake: str) -> list[str]:
    """Return the names of the tables that the lake has, layer by layer, quarantine last.

    Raises:
        NoLakeError: it has none.
        OSError: S3 does not answer.
    """
    check_access(lake)
    created = for_each_table(delta.exists, lake, all_tables())
    if found := [name for name, exists in created.items() if exists]:
        return found
    raise no_lake(lake)


def no_lake(lake: str) -> NoLakeError:
    """Return the error for a location without tables."""
    return NoLakeError(f"{lake}: there is no lake here yet; `keystone run` creates one")


def tables_without_contract(lake: str) -> list[str]:
    """Return the names of existing silver and gold tables that no longer have a contract."""
    layers = ("silver", "gold")
    with s3.translate_errors(lake):
        files = filesystem.connect(lake)
        paths = [path for layer in layers for path in files.glob(f"{lake.rstrip('/')}/{layer}/*")]
    names = {".".join(path.rstrip("/").split("/")[-2:]) for path in paths} - {*all_tables()}
    return sorted(name for name in names if delta.exists(lake, name))


def resolve_table(lake: str, table: str) -> str:
    """Return the name of a table of the lake.

    Raises:
        NoLakeError: the lake has no tables.
        UnknownTableError: it has no table of that name.
    """
    existing = existing_tables(lake)
    if table in existing:
        return table
    raise UnknownTableError(unknown_table(table, existing))


def unknown_table(table: str, existing: Collection[str]) -> str:
    """Return a message for a table that a lake lacks: what creates it, or the nearest names."""
    asked = table.lower()
    # A name without a layer stands for the table of that name in any layer.
    known = (*all_tables(), *existing)
    names = {name: name if "." in asked else name.partition(".")[2] for name in known}
    matches = [name for name in names if names[name] == asked]
    if matches and not set(matches) & set(existing):
        created_by = "keystone ingest" if matches[0].startswith("bronze.") else "keystone refresh"
        return f"{matches[0]} does not exist in this lake yet; `{created_by}` creates it"
    close = suggest(asked, [names[name] for name in existing])
    near = sorted((n for n in existing if names[n] in close), key=lambda n: close.index(names[n]))
    found = [name for name in matches if name in existing] or near
    hint = f"nearest: {', '.join(found)}" if found else "`keystone status` lists all"
    return f"there is no table {table}; {hint}"


def replayable_tables(name: str | None) -> list[Table]:
    """Return the tables whose quarantined records can be replayed: one by its name, or all.

    Raises:
        UnknownTableError: there is no quarantine of that name.
    """
    by_source = {
        delta.quarantine_name(table.source).removeprefix("quarantine."): table
        for table in tables().values()
        if table.source
    }
    if name is None:
        return list(by_source.values())
    source = name.rpartition(".")[2]
    if source not in by_source:
        message = f"there is no quarantine for {name}; there is one for {', '.join(by_source)}"
        raise UnknownTableError(message)
    return [by_source[source]]


def tables_of_records(names: Iterable[str]) -> set[str]:
    """Return the names of some silver tables that are refreshed from records.

    Raises:
        UnknownTableError: one of them is not such a table.
    """
    known = [table.name for table in tables().values() if table.source]
    if unknown := sorted({*names} - {*known}):
        message = f"{', '.join(unknown)}: not a table of records; these are {', '.join(known)}"
        raise UnknownTableError(message)
    return {*names}

"""A table as it was in an earlier version, with the watermark that belongs to it.

A restore is a commit like any other. It carries what that version had consumed, so that what came
since is not taken for consumed: the next refresh reads on from there, the next drain takes the
messages again, and a file whose records went may be ingested again.
"""

from time import perf_counter

import polars as pl
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from flows import delta
from flows.fingerprint import CODE
from flows.outcome import Outcome
from flows.status import named
from transforms.graph import tables


class NoVersionError(Exception):
    """A table cannot be put back to a version; says why."""


def restore_table(lake: str, table: str, version: int) -> Outcome:
    """Put a bronze, silver or gold table back to a version of its own.

    Raises:
        NoVersionError: it has no such version, or the files of that version are gone.
        UnknownTableError: the lake has no such table.
        deltalake.exceptions.CommitFailedError: another writer was faster; try again.
    """
    started, name = perf_counter(), named(lake, table)
    handle = delta.open_existing(lake, name)
    then = _as_of(handle, name, version)
    gone = _gone(handle, then) if name.startswith("bronze.") else {}
    watermark = {each: delta.consumed(then, each) for each in [*gone, *_inputs(name)]}
    figures = {**delta.last_figures(then), "restored": version}
    delta.restore(handle, version, watermark, figures)
    return Outcome(
        table=name,
        version=handle.version(),
        rows=delta.rows(handle),
        changed=True,
        gone=tuple(gone.values()),
        seconds=perf_counter() - started,
    )


def _as_of(handle: DeltaTable, name: str, version: int) -> DeltaTable:
    if not 0 <= version < handle.version():
        newest = handle.version()
        message = f"{name}: there is no version {version} to go back to; the newest is {newest}"
        raise NoVersionError(message)
    try:
        return delta.as_of(handle, version)
    except DeltaError as error:
        message = f"{name}: its log does not know version {version} any more"
        raise NoVersionError(message) from error


def _inputs(name: str) -> list[str]:
    """Return what a silver or gold table has consumed, by the names of its transactions."""
    table = tables().get(name)
    if table is None:
        return []
    quarantine = [delta.quarantine_name(table.source)] if table.source else []
    return [*table.input_names, *quarantine, CODE]


def _gone(handle: DeltaTable, then: DeltaTable) -> dict[str, str]:
    """Return whose records a bronze table did not have yet: by transaction, the source's name."""
    before = _sources(then)
    return {
        name: source
        for name, source in sorted(_sources(handle).items())
        if name not in before or delta.consumed(handle, name) != delta.consumed(then, name)
    }


def _sources(handle: DeltaTable) -> dict[str, str]:
    """Return where a table's records came from: by transaction, the file or the topic partition."""
    source = pl.col("_source").unique()
    transaction = source.str.extract(r"^(file/[0-9a-f]+)/").fill_null(source)
    found = delta.scan(handle).select(
        transaction.alias("transaction"), source.str.replace(r"^file/[0-9a-f]+/", "")
    )
    return dict(found.collect(engine="streaming").iter_rows())

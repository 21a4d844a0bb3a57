"""Erase people from a Delta table: from its newest version, and from all files of earlier ones."""

import json
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from urllib.parse import unquote

import polars as pl
from deltalake.exceptions import CommitFailedError

from flows import delta
from flows.config.errors import RunFailedError, TableError
from flows.config.plural import pluralize
from flows.delta import data_files
from flows.delta.commit_log import maintenance_properties
from flows.delta.foreign_commits import with_commit_id
from flows.delta.handles import open_uri
from flows.erasure.erasures import Erasures
from flows.erasure.search import Found, decoded
from flows.storage import filesystem
from transforms.graph import sources


def check_writable(in_lake: Found) -> None:
    """Check that every table that holds the person may be written.

    Raises:
        RunFailedError: Keystone cannot write one, or others have written to it.
    """
    problems = list[str]()
    for table in filter(in_lake.in_table, in_lake.tables):
        try:
            delta.check_writable(open_uri(f"{in_lake.location}/{table}"))
        except TableError as error:
            problems.append(
                f"{table} holds the person, but nothing was erased, because Keystone may not write "
                f"it: {error}; if it is no table of Keystone's, erase the person there or delete it"
            )
    if problems:
        raise RunFailedError(problems)


def stop_writers(lake: str, request: str) -> None:
    """Make the commit of every writer fail that opened its bronze table before this.

    Such a writer may have read the requests before the new one. Delta fails a commit if the
    metadata of the table has changed since it was opened. The writer tries again, and then knows
    the request.

    Args:
        lake: the location of the tables.
        request: the id of the new request.

    Raises:
        deltalake.exceptions.CommitFailedError: other writers were faster each time; try again.
    """
    for contract in sources():
        if delta.exists(lake, name := contract.spec().table):
            _retry(partial(_change_metadata, lake, name, request))


def _change_metadata(lake: str, table: str, request: str) -> None:
    handle = delta.open_existing(lake, table)
    handle.alter.set_table_properties(
        {"keystone.erasure": f"{request} {handle.version()}"},
        raise_if_not_exists=False,
        commit_properties=with_commit_id(
            maintenance_properties(handle, "stopped writers before an erasure"), handle
        ),
        post_commithook_properties=delta.NO_CLEANUP,
    )


def erase_newest_version(uri: str, erasures: Erasures) -> None:
    """Rewrite the data files of the newest version without the erased people, in one commit.

    Readers read all rows of the table again, because the log does not show which ones are new.

    Raises:
        TableError: the table is damaged, or must not be written (see `delta.check_writable`).
        deltalake.exceptions.CommitFailedError: other writers were faster each time; try again.
    """
    _retry(partial(_erase_newest_version, uri, erasures))


def _retry(commit: Callable[[], None]) -> None:
    for attempt in range(_ATTEMPTS):
        try:
            commit()
        except CommitFailedError:
            if attempt == _ATTEMPTS - 1:
                raise
        else:
            return


_ATTEMPTS = 5


def _erase_newest_version(uri: str, erasures: Erasures) -> None:
    handle = open_uri(uri)
    delta.check_writable(handle)
    files, replaced = data_files.files(handle), list[str]()

    def erased_files() -> Iterator[pl.DataFrame]:
        for path in files["path"]:
            rows = data_files.scan_files(handle, [path]).drop("_file").collect()
            if not (erased := erasures.erase(rows)).equals(rows):
                replaced.append(path)
                yield erased

    written = data_files.write_files(handle, erased_files())
    if replaced:
        removed = files.filter(pl.col("path").is_in(replaced))
        properties = maintenance_properties(
            handle, f"erased a person from {pluralize(len(replaced), 'file')}"
        )
        removals = data_files.remove_actions(removed)
        delta.commit(handle, [*removals, *written.actions], properties)


def delete_earlier_files(uri: str, holding: Mapping[str, int], erasures: Erasures) -> None:
    """Delete the files of a table that hold an erased person and are not in its newest version.

    Commits in the log are kept, with pseudonyms instead of identifiers: a missing commit would let
    a stale writer take its number. Checkpoints that hold a person are rewritten or deleted.

    Args:
        uri: the location of the table.
        holding: the files of the table that hold a person, by their paths in the table.
        erasures: the erased people.
    """
    if not holding:
        return
    handle = open_uri(uri)
    in_use = {unquote(path) for path in data_files.files(handle)["path"]}
    logs = [path for path in holding if path.startswith("_delta_log/")]
    for path in holding.keys() - {*logs}:
        if decoded(path) not in in_use:
            filesystem.remove(f"{uri}/{path}")
    for path in logs:
        if path.endswith(".json"):
            text = filesystem.read(f"{uri}/{path}").decode()
            filesystem.write(f"{uri}/{path}", erasures.erase_text(text).encode())
    if checkpoints := [path for path in logs if ".checkpoint." in path]:
        newest = open_uri(uri)
        newest.create_checkpoint()
        for path in checkpoints:
            if f"/{newest.version():020}.checkpoint.parquet" not in path:
                filesystem.remove(f"{uri}/{path}")


def versions_with(uri: str, holding: Mapping[str, int]) -> list[int]:
    """Return the versions of a table, among those in its log, that use one of some files."""
    added, removed = dict[str, int](), dict[str, int]()
    names = filesystem.sizes(f"{uri}/_delta_log")
    commits = sorted(name for name in names if name.endswith(".json") and name[:-5].isdigit())
    for name in commits:
        for line in filesystem.read(f"{uri}/_delta_log/{name}").splitlines():
            action = json.loads(line) if line.strip() else {}
            for kind, versions in (("add", added), ("remove", removed)):
                if kind in action:
                    versions.setdefault(unquote(action[kind]["path"]), int(name[:-5]))
    first, last = int(commits[0][:-5]), int(commits[-1][:-5])
    return sorted(
        {
            version
            for path in {*map(decoded, holding)} & (added.keys() | removed.keys())
            for version in range(added.get(path, first), removed.get(path, last + 1))
        }
    )

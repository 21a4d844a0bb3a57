"""A table's Delta log, checked before the table is opened.

deltalake reads a commit of zero bytes as a commit that does nothing, and names neither table nor
file if it cannot read a log. One listing of `_delta_log`, from the newest checkpoint on, shows a
commit that is empty or missing. Other damage is searched for only after deltalake has failed.
"""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

import polars as pl
from deltalake.exceptions import DeltaError, TableNotFoundError

from flows.config.errors import TableError, table_name
from flows.delta.protocol import translate_open_error
from flows.storage import filesystem


class DamagedTableError(TableError):
    """A file of a table is empty, truncated, missing or unreadable; names table and file."""


@contextmanager
def checked_log(uri: str, version: int | None = None) -> Iterator[None]:
    """Check a table's log; open the table inside the context.

    Args:
        uri: location of the table.
        version: the version to open; the newest by default.

    Raises:
        DamagedTableError: a file of the log is empty, truncated or missing.
        UnsupportedFeatureError: the table uses a feature that deltalake does not support.
        deltalake.exceptions.TableNotFoundError: there is neither a table nor data of one.
        deltalake.exceptions.DeltaError: the log does not have the version, or the storage failed.
    """
    # A listing is not a snapshot: a commit that is written meanwhile may look like a gap. So list
    # again before reporting damage.
    if _visible_damage(uri, version) and (damage := _visible_damage(uri, version)):
        raise _damaged(uri, damage)
    try:
        yield
    except TableNotFoundError as error:
        # deltalake raises the same if a clean-up has deleted the log of the version.
        if has_data(uri) and not (version is not None and _has_log(uri)):
            raise _damaged(uri, "there are data files, but no _delta_log") from error
        raise
    except DeltaError as error:
        if damage := _unreadable(uri, version):
            raise _damaged(uri, damage) from error
        translate_open_error(uri, error)
        raise


def has_data(uri: str) -> bool:
    """Return whether there are data files, or a file, where a table is expected."""
    if filesystem.is_file(uri):
        return True
    return any(name.endswith(".parquet") for name in filesystem.sizes(uri, deep=True))


def _has_log(uri: str) -> bool:
    log = _list_log(uri, 0)
    return bool(log.commits or log.checkpoints)


def _damaged(uri: str, damage: str) -> DamagedTableError:
    return DamagedTableError(
        f"{table_name(uri)}: its Delta log is damaged: {damage}. Nothing was read from the table "
        f"or written to it; restore the file from a backup (docs/guides/operate.md, Damaged tables)"
    )


class _Log(NamedTuple):
    """The files of a log from a version on, by version."""

    commits: Mapping[int, tuple[str, int]]
    """Name and size."""
    checkpoints: Mapping[int, Mapping[str, int]]
    """Sizes of the files by name; complete checkpoints only."""

    def newest_checkpoint(self, through: int | None) -> int | None:
        """Return the version of the newest checkpoint, up to a version."""
        found = (each for each in self.checkpoints if through is None or each <= through)
        return max(found, default=None)


_LAST_CHECKPOINT = "_last_checkpoint"
_COMMIT = re.compile(r"(\d{20})\.json")
_CHECKPOINT = re.compile(
    r"(\d{20})\.checkpoint(?:\.\d{10}\.(?P<parts>\d{10})|\.[0-9a-f-]{36})?\.(?:parquet|json)"
)


def _visible_damage(uri: str, version: int | None) -> str:
    """Describe the damage that a listing of the log shows; empty if it shows none."""
    if filesystem.is_file(uri):
        return "there is a file where the table's folder should be"
    named = _last_checkpoint(uri) if version is None else None
    log = _list_log(uri, named or 0)
    newest = log.newest_checkpoint(version)
    if named is not None and (newest is None or newest < named):
        return (
            f"_delta_log/{_LAST_CHECKPOINT} names version {named}, which has no complete "
            f"checkpoint (if all commits are there, delete this file)"
        )
    first = 0 if newest is None else newest + 1
    for name, size in log.checkpoints[newest].items() if newest is not None else ():
        if not size:
            return f"_delta_log/{name} is empty"
    last = max(log.commits, default=-1)
    for each in range(first, (last if version is None else min(version, last)) + 1):
        name, size = log.commits.get(each, ("", 0))
        # The log of an earlier version may have been cleaned up: deltalake reports that.
        if not name and version is None:
            return f"_delta_log/{each:020}.json is missing"
        if name and not size:
            return f"_delta_log/{name} is empty"
    return ""


def _unreadable(uri: str, version: int | None) -> str:
    """Name the file of a log that cannot be read; empty if all can."""
    log = _list_log(uri, 0)
    newest = log.newest_checkpoint(version)
    for name in log.checkpoints[newest] if newest is not None else ():
        if name.endswith(".parquet") and not _is_parquet(f"{uri}/_delta_log/{name}"):
            return f"_delta_log/{name} is truncated or not a Parquet file"
    has_metadata = newest is not None
    for each, (name, _) in sorted(log.commits.items()):
        if (newest is None or each > newest) and (version is None or each <= version):
            try:
                lines = filesystem.read(f"{uri}/_delta_log/{name}").splitlines()
                actions = [json.loads(line) for line in lines if line.strip()]
            except ValueError:
                return f"_delta_log/{name} is truncated or not JSON"
            has_metadata = has_metadata or any("metaData" in action for action in actions)
    return "" if has_metadata or not log.commits else "_delta_log has no metadata of the table"


def _is_parquet(uri: str) -> bool:
    try:
        pl.read_parquet(uri, storage_options=filesystem.polars_options(uri))
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
        return False
    return True


def _last_checkpoint(uri: str) -> int | None:
    """Return the version of the checkpoint that the log points to."""
    try:
        return int(json.loads(filesystem.read(f"{uri}/_delta_log/{_LAST_CHECKPOINT}"))["version"])
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError):  # deltalake then lists the whole log, and so do we
        return None


def _list_log(uri: str, since: int) -> _Log:
    commits: dict[int, tuple[str, int]] = {}
    found: dict[int, dict[str, int]] = {}
    parts: dict[int, int] = {}
    # `after` sorts right before the first file of the version.
    for name, size in filesystem.sizes(f"{uri}/_delta_log", after=f"{since:020}").items():
        if match := _COMMIT.fullmatch(name):
            commits[int(match[1])] = (name, size)
        elif match := _CHECKPOINT.fullmatch(name):
            found.setdefault(int(match[1]), {})[name] = size
            parts[int(match[1])] = int(match["parts"] or 1)
    complete = {version: files for version, files in found.items() if len(files) >= parts[version]}
    return _Log(commits, complete)

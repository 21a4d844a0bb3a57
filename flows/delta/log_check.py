"""A table's Delta log, checked before it is opened.

deltalake takes a commit of zero bytes for a commit that does nothing, and names neither table nor
file when it cannot read a log. One listing of `_delta_log`, from the newest checkpoint on, shows a
commit that is empty or missing. What else is wrong is looked for only when deltalake fails.
"""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

import polars as pl
from deltalake.exceptions import DeltaError, TableNotFoundError

from flows.config.errors import TableError, table_name
from flows.delta.protocol import check_opened
from flows.storage import filesystem


class DamagedTableError(TableError):
    """A file of a table is empty, cut, missing or no such file; names table and file."""


@contextmanager
def checked_log(uri: str, version: int | None = None) -> Iterator[None]:
    """Check a table's log, then open the table inside the context.

    Args:
        uri: where the table lies.
        version: the one that is opened; the newest, if it is not given.

    Raises:
        HurtTableError: a file of the log is empty, cut or missing.
        UnsupportedFeatureError: the table uses a feature that deltalake does not know.
        deltalake.exceptions.TableNotFoundError: there is no table, and nothing of one.
        deltalake.exceptions.DeltaError: the log does not know the version, or the storage failed.
    """
    # A listing is no snapshot: what another writer adds meanwhile may look like a gap. Look twice.
    if _visible_damage(uri, version) and (damage := _visible_damage(uri, version)):
        raise _hurt(uri, damage)
    try:
        yield
    except TableNotFoundError as error:
        if has_data(uri):
            raise _hurt(uri, "there are data files, but no _delta_log") from error
        raise
    except DeltaError as error:
        if damage := _unreadable(uri, version):
            raise _hurt(uri, damage) from error
        check_opened(uri, error)
        raise


def has_data(uri: str) -> bool:
    """Tell whether data files, or a file, lie where a table is expected."""
    if filesystem.is_file(uri):
        return True
    return any(name.endswith(".parquet") for name in filesystem.sizes(uri, deep=True))


def _hurt(uri: str, damage: str) -> DamagedTableError:
    return DamagedTableError(
        f"{table_name(uri)}: its log is hurt: {damage}. Nothing is read from the table or written "
        f"to it; put the file back from a backup (docs/operations.md, Hurt tables)"
    )


class _Log(NamedTuple):
    """The files of a log from a version on, by version."""

    commits: Mapping[int, tuple[str, int]]
    """Name and size."""
    checkpoints: Mapping[int, Mapping[str, int]]
    """The sizes of its files; complete checkpoints only."""

    def newest(self, through: int | None) -> int | None:
        """Return the version of the newest checkpoint, up to a version."""
        found = (each for each in self.checkpoints if through is None or each <= through)
        return max(found, default=None)


_HINT = "_last_checkpoint"
_COMMIT = re.compile(r"(\d{20})\.json")
_CHECKPOINT = re.compile(
    r"(\d{20})\.checkpoint(?:\.\d{10}\.(?P<parts>\d{10})|\.[0-9a-f-]{36})?\.(?:parquet|json)"
)


def _visible_damage(uri: str, version: int | None) -> str:
    """Say what a listing shows to be wrong with the log; nothing when it shows nothing."""
    if filesystem.is_file(uri):
        return "there is a file where the table's folder should be"
    hint = _hint(uri) if version is None else None
    log = _log(uri, hint or 0)
    newest = log.newest(version)
    if hint is not None and (newest is None or newest < hint):
        return (
            f"_delta_log/{_HINT} names version {hint}, of which there is no whole checkpoint "
            f"(where the log is whole, delete this file)"
        )
    first = 0 if newest is None else newest + 1
    for name, size in log.checkpoints[newest].items() if newest is not None else ():
        if not size:
            return f"_delta_log/{name} is empty"
    last = max(log.commits, default=-1)
    for each in range(first, (last if version is None else min(version, last)) + 1):
        name, size = log.commits.get(each, ("", 0))
        # Of an earlier version the log may have forgotten commits: deltalake says so.
        if not name and version is None:
            return f"_delta_log/{each:020}.json is missing"
        if name and not size:
            return f"_delta_log/{name} is empty"
    return ""


def _unreadable(uri: str, version: int | None) -> str:
    """Say which file of a log cannot be read; nothing when all can."""
    log = _log(uri, 0)
    newest = log.newest(version)
    for name in log.checkpoints[newest] if newest is not None else ():
        if name.endswith(".parquet") and not _is_parquet(f"{uri}/_delta_log/{name}"):
            return f"_delta_log/{name} is cut, or no Parquet file"
    described = newest is not None
    for each, (name, _) in sorted(log.commits.items()):
        if (newest is None or each > newest) and (version is None or each <= version):
            try:
                lines = filesystem.read(f"{uri}/_delta_log/{name}").splitlines()
                actions = [json.loads(line) for line in lines if line.strip()]
            except ValueError:
                return f"_delta_log/{name} is cut, or no JSON"
            described = described or any("metaData" in action for action in actions)
    return "" if described or not log.commits else "_delta_log does not say what the table is like"


def _is_parquet(uri: str) -> bool:
    try:
        pl.read_parquet(uri, storage_options=filesystem.polars_options(uri))
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
        return False
    return True


def _hint(uri: str) -> int | None:
    """Return the version of the checkpoint that the log points to."""
    try:
        return int(json.loads(filesystem.read(f"{uri}/_delta_log/{_HINT}"))["version"])
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError):  # deltalake lists the whole log then, and so do we
        return None


def _log(uri: str, since: int) -> _Log:
    commits: dict[int, tuple[str, int]] = {}
    found: dict[int, dict[str, int]] = {}
    parts: dict[int, int] = {}
    # What sorts right before the files of a version.
    for name, size in filesystem.sizes(f"{uri}/_delta_log", after=f"{since:020}").items():
        if match := _COMMIT.fullmatch(name):
            commits[int(match[1])] = (name, size)
        elif match := _CHECKPOINT.fullmatch(name):
            found.setdefault(int(match[1]), {})[name] = size
            parts[int(match[1])] = int(match["parts"] or 1)
    whole = {version: files for version, files in found.items() if len(files) >= parts[version]}
    return _Log(commits, whole)

"""Where a command reads and writes: locations that lie neither in each other nor in a table.

The upkeep of a table deletes each file in its folder that no version has, a landing zone is read
with all its folders, and a site replaces its folder as a whole.
"""

import logging
import os
import re
from collections.abc import Iterator
from functools import cache
from itertools import permutations
from pathlib import Path, PurePosixPath

from flows.config.errors import SettingError
from flows.config.settings import Settings, resolve_location
from flows.storage import s3
from flows.storage.filesystem import is_s3


def check_disjoint(**locations: str | Path | None) -> None:
    """Refuse locations that lie in each other, in a Delta table or in another lake.

    Args:
        locations: folders, files or S3 prefixes, by the name that people know them by (`lake`,
            `source`, `archive`, `out`); one that is empty is left out.

    Raises:
        SettingError: two lie in each other, or one in a table; names both.
        OSError: S3 does not answer.
    """
    given = {name: str(where) for name, where in locations.items() if where}
    for (name, where), (other, there) in permutations(given.items(), 2):
        if any(_same(folder, there) for folder in _upwards(where)):
            relation = "is also" if _same(where, there) else "lies in"
            message = f"the {name} {where} {relation} the {other} {there}: {_CHOOSE_APART}"
            raise SettingError(message)
    for name, where in given.items():
        for folder in _upwards(where):
            is_own_lake = name == "lake" and _same(folder, where)
            if kind := _is_delta(folder, or_lake=not is_own_lake):
                message = f"the {name} {where} lies in the {kind} {folder}: {_CHOOSE_APART}"
                raise SettingError(message)


def check_output(out: str | Path, lake: str) -> None:
    """Refuse an output that lies in the lake, in what is set as source or archive, or in a table.

    Raises:
        SettingError: it does; names both.
        OSError: S3 does not answer.
    """
    settings = Settings()
    check_disjoint(out=out, lake=lake, source=settings.source, archive=settings.archive)


def ingest_locations(
    source: str | None, lake: str | None, archive: str | None
) -> tuple[str, str, str | None]:
    """Return source, lake and archive as they are given, else as they are set.

    Raises:
        SettingError: one is neither, cannot be one, or lies in another or in a table.
        FileNotFoundError: there is no such source.
        OSError: S3 does not answer.
    """
    source, lake = resolve_location("source", source), resolve_location("lake", lake)
    archive = resolve_location("archive", archive) if archive or Settings().archive else None
    if not is_s3(source) and not Path(source).is_dir():
        message = f"{source}: there is no such folder; name the landing zone with --source"
        raise FileNotFoundError(message)
    check_disjoint(source=source, lake=lake, archive=archive)
    warn_of_name(lake)
    return source, lake, archive


@cache
def warn_of_name(lake: str) -> None:
    """Warn, before a lake is made, of characters in its path that other readers stumble over."""
    if is_s3(lake) or Path(lake).exists():
        return
    if strange := sorted(set(_STUMBLING.findall(str(Path(lake).absolute())))):
        _logger.warning(
            "%s: not every reader can open a lake with %s in its path: pl.scan_delta and Spark "
            "may fail; letters, digits, - and _ are safe",
            lake,
            " ".join(map(repr, strange)),
        )


_CHOOSE_APART = "one would read or delete what belongs to the other; choose locations apart"
_STUMBLING = re.compile(r"[^!-~]|[\"<>`{}:]")
"""What a URL holds in another spelling, and the colon, which Hadoop takes for a scheme."""
_logger = logging.getLogger(__name__)


def _upwards(where: str) -> Iterator[str]:
    """Yield a location without links and `..`, then each folder or prefix that it lies in."""
    if is_s3(where):
        bucket, key = s3.bucket_and_key(where)
        inside = PurePosixPath(bucket, key)
        yield from (f"{s3.SCHEME}{each}" for each in (inside, *inside.parents[:-1]))
    else:
        path = Path(os.path.realpath(where))
        yield from map(str, (path, *path.parents))


def _same(one: str, other: str) -> bool:
    """Tell whether two names are those of one folder or prefix."""
    if next(_upwards(one)) == next(_upwards(other)):
        return True
    try:  # a disk may not tell upper case from lower, or be mounted twice
        return not is_s3(one) and not is_s3(other) and Path(one).samefile(other)
    except OSError:
        return False


def _is_delta(folder: str, *, or_lake: bool) -> str:
    """Say whether a folder is a Delta table, or a lake of them; nothing when it is neither."""
    if _has_log(folder):
        return "Delta table"
    # Bronze is what every lake has.
    return "lake" if or_lake and any(map(_has_log, _bronze_tables(folder))) else ""


def _has_log(folder: str) -> bool:
    if is_s3(folder):
        return bool(_listed(folder, "_delta_log"))
    try:
        return Path(folder, "_delta_log").is_dir()
    except OSError:  # who may not look there sees no table
        return False


def _bronze_tables(folder: str) -> list[str]:
    if is_s3(folder):
        bucket, _ = s3.bucket_and_key(folder)
        return [f"{s3.SCHEME}{bucket}/{key}" for key in _listed(folder, "bronze")]
    try:
        return [str(each) for each in Path(folder, "bronze").iterdir() if each.is_dir()]
    except OSError:
        return []


def _listed(folder: str, name: str) -> list[str]:
    """Return the keys and prefixes right below a name in a prefix, at most a thousand."""
    bucket, key = s3.bucket_and_key(f"{folder}/{name}")
    try:
        with s3.translate_errors(folder):
            answer = s3.connect(seconds=3, tries=5).call_s3(
                "list_objects_v2", Bucket=bucket, Prefix=f"{key}/", Delimiter="/", MaxKeys=1000
            )
    except (FileNotFoundError, PermissionError):  # as above
        return []
    keys = [each["Key"] for each in answer.get("Contents", ())]
    return [*keys, *(each["Prefix"].rstrip("/") for each in answer.get("CommonPrefixes", ()))]

"""The locations that a command reads and writes: none may contain another or be in a table.

The maintenance of a table deletes every file in its folder that no version uses, a landing zone is
read with all its folders, and a site replaces its whole folder.
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
    """Reject locations that are in each other, in a Delta table or in another lake.

    Args:
        locations: folders, files or S3 prefixes, by what they are (`lake`, `source`, `archive`,
            `output`); empty ones are ignored.

    Raises:
        SettingError: a location is in another one or in a table; names both.
        OSError: S3 does not answer.
    """
    given = {name: str(location) for name, location in locations.items() if location}
    for (name, location), (other_name, other) in permutations(given.items(), 2):
        if any(_is_same(folder, other) for folder in _with_parents(location)):
            relation = "is also" if _is_same(location, other) else "is inside"
            message = f"the {name} {location} {relation} the {other_name} {other}: {_REMEDY}"
            raise SettingError(message)
    for name, location in given.items():
        for folder in _with_parents(location):
            is_own_lake = name == "lake" and _is_same(folder, location)
            if kind := _delta_kind(folder, or_lake=not is_own_lake):
                message = f"the {name} {location} is inside the {kind} {folder}: {_REMEDY}"
                raise SettingError(message)


def check_output(out: str | Path, lake: str) -> None:
    """Reject an output that is in the lake, in the configured source or archive, or in a table.

    Raises:
        SettingError: it is; names both.
        OSError: S3 does not answer.
    """
    settings = Settings()
    check_disjoint(output=out, lake=lake, source=settings.source, archive=settings.archive)


def ingest_locations(
    source: str | None, lake: str | None, archive: str | None
) -> tuple[str, str, str | None]:
    """Return source, lake and archive as given, or as configured.

    Raises:
        SettingError: a location is missing, invalid, or in another one or in a table.
        FileNotFoundError: the source does not exist.
        OSError: S3 does not answer.
    """
    source, lake = resolve_location("source", source), resolve_location("lake", lake)
    archive = resolve_location("archive", archive) if archive or Settings().archive else None
    if not is_s3(source) and not Path(source).is_dir():
        message = f"{source}: there is no such folder; set the landing zone with --source"
        raise FileNotFoundError(message)
    check_disjoint(source=source, lake=lake, archive=archive)
    warn_of_name(lake)
    return source, lake, archive


@cache
def warn_of_name(lake: str) -> None:
    """Warn, before a lake is created, of characters in its path that other readers cannot open."""
    if is_s3(lake) or Path(lake).exists():
        return
    if unsafe := sorted(set(_UNSAFE.findall(str(Path(lake).absolute())))):
        _logger.warning(
            "%s: some readers, such as pl.scan_delta and Spark, may fail to open a lake with %s in "
            "its path; letters, digits, - and _ are safe",
            lake,
            " ".join(map(repr, unsafe)),
        )


def create_lake(lake: str) -> None:
    """Create the folder of a lake, before many tables fail one after the other; S3 has no folders.

    Raises:
        OSError: it cannot be created.
    """
    try:
        if not is_s3(lake):
            Path(lake).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = f"{error.filename}: {error.strerror}"
        message = f"{lake}: the lake cannot be created ({reason}); choose another path with --lake"
        raise OSError(message) from error


_REMEDY = "one would read or delete files of the other; choose separate locations"
_UNSAFE = re.compile(r"[^!-~]|[\"<>`{}:]")
"""Characters that a URL encodes, and the colon, which Hadoop reads as the end of a scheme."""
_logger = logging.getLogger(__name__)


def _with_parents(location: str) -> Iterator[str]:
    """Yield a location without links and `..`, then each folder or prefix that contains it."""
    if is_s3(location):
        bucket, key = s3.bucket_and_key(location)
        inside = PurePosixPath(bucket, key)
        yield from (f"{s3.SCHEME}{each}" for each in (inside, *inside.parents[:-1]))
    else:
        path = Path(os.path.realpath(location))
        yield from map(str, (path, *path.parents))


def _is_same(one: str, other: str) -> bool:
    """Return whether two paths or URIs name the same folder or prefix."""
    if next(_with_parents(one)) == next(_with_parents(other)):
        return True
    try:  # a file system may ignore case, or be mounted twice
        return not is_s3(one) and not is_s3(other) and Path(one).samefile(other)
    except OSError:
        return False


def _delta_kind(folder: str, *, or_lake: bool) -> str:
    """Return "Delta table" or "lake" if a folder is one, otherwise an empty string."""
    if _has_log(folder):
        return "Delta table"
    # Every lake has bronze tables.
    return "lake" if or_lake and any(map(_has_log, _bronze_tables(folder))) else ""


def _has_log(folder: str) -> bool:
    if is_s3(folder):
        return bool(_list_s3(folder, "_delta_log"))
    try:
        return Path(folder, "_delta_log").is_dir()
    except OSError:  # without permission to look there, no table is visible
        return False


def _bronze_tables(folder: str) -> list[str]:
    if is_s3(folder):
        bucket, _ = s3.bucket_and_key(folder)
        return [f"{s3.SCHEME}{bucket}/{key}" for key in _list_s3(folder, "bronze")]
    try:
        return [str(each) for each in Path(folder, "bronze").iterdir() if each.is_dir()]
    except OSError:
        return []


def _list_s3(folder: str, name: str) -> list[str]:
    """Return the keys and prefixes directly below a name in a prefix, at most a thousand."""
    bucket, key = s3.bucket_and_key(f"{folder}/{name}")
    try:
        with s3.translate_errors(folder):
            page = s3.connect(seconds=3, tries=5).call_s3(
                "list_objects_v2", Bucket=bucket, Prefix=f"{key}/", Delimiter="/", MaxKeys=1000
            )
    except (FileNotFoundError, PermissionError):  # nothing visible, as above
        return []
    keys = [each["Key"] for each in page.get("Contents", ())]
    return [*keys, *(each["Prefix"].rstrip("/") for each in page.get("CommonPrefixes", ()))]

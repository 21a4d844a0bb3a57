"""The archived files of records, and the lines on which the records begin."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from flows.erasure.requests import read_replaced
from flows.ingest.csv_lines import line_numbers
from flows.ingest.file_state import archive_names
from flows.storage import filesystem


class Location(NamedTuple):
    """Where the archive has a record."""

    archived: str | None = None
    line: int | None = None


def find_in_archive(
    lake: str, archive: str, records: Iterable[tuple[str | None, int | None]]
) -> dict[tuple[str | None, int | None], Location]:
    """Return where an archive has the files of some records, given by source and position.

    The lines are known only if the archive is a folder: a large object takes long to read.
    """
    positions = defaultdict[str, set[int]](set)
    for source, position in records:
        if archive and source and source.startswith("file/") and position is not None:
            positions[source].add(position)
    found = dict[tuple[str | None, int | None], Location]()
    replaced = read_replaced(lake) if positions else {}
    for source, wanted in positions.items():
        if location := _location(archive.rstrip("/"), source, replaced):
            is_local = not filesystem.is_s3(location)
            lines = line_numbers(Path(location), wanted) if is_local else {}
            found |= {(source, each): Location(location, lines.get(each)) for each in wanted}
    return found


def _location(archive: str, source: str, replaced: Mapping[str, str]) -> str | None:
    """Return the location of a file, or of the same without erased people.

    A name with its digest is certain, so it is tried first. Another file may have its plain name.

    Args:
        archive: the archive.
        source: the source of its records.
        replaced: by digest of a file without erased people, the one under which bronze has it.
    """
    _, digest, name = source.split("/", 2)
    digests = [digest, *(new for new, old in replaced.items() if old == digest)]
    for each in digests:
        _, *certain = (f"{archive}/{path}" for path in archive_names(name, each))
        if location := next(filter(filesystem.exists, certain), None):
            return location
    plain = f"{archive}/{name}"
    is_it = filesystem.exists(plain) and _digest(plain) in digests
    return plain if is_it else None


def _digest(location: str) -> str:
    with suppress(IsADirectoryError):
        return filesystem.sha256(location)
    return ""

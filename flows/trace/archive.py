"""The archived files of records, and the lines on which the records begin."""

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from flows.ingest.csv_lines import line_numbers
from flows.ingest.file_state import archive_names
from flows.storage import filesystem


class Location(NamedTuple):
    """Where the archive has a record."""

    archived: str | None = None
    line: int | None = None


def find_in_archive(
    archive: str, records: Iterable[tuple[str | None, int | None]]
) -> dict[tuple[str | None, int | None], Location]:
    """Return where an archive has the files of some records, given by source and position.

    The lines are known only if the archive is a folder: a large object takes long to read.
    """
    positions = defaultdict[str, set[int]](set)
    for source, position in records:
        if archive and source and source.startswith("file/") and position is not None:
            positions[source].add(position)
    found = dict[tuple[str | None, int | None], Location]()
    for source, wanted in positions.items():
        if location := _location(archive.rstrip("/"), source):
            is_local = not filesystem.is_s3(location)
            lines = line_numbers(Path(location), wanted) if is_local else {}
            found |= {(source, each): Location(location, lines.get(each)) for each in wanted}
    return found


def _location(archive: str, source: str) -> str | None:
    """Return the location of a file. A name with its digest is certain, so it is tried first."""
    _, digest, name = source.split("/", 2)
    candidates = (f"{archive}/{each}" for each in reversed(archive_names(name, digest)))
    return next(filter(filesystem.exists, candidates), None)

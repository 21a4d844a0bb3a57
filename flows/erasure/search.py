"""Search every file of a folder for erased people: data files, logs, checkpoints and all others."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import unquote

import polars as pl
import polars.selectors as cs
from polars.exceptions import PolarsError

from flows.erasure.erasures import Erasures
from flows.storage import filesystem
from transforms.erasure import changed_rows

LOG = "/_delta_log/"


@dataclass(frozen=True)
class Found:
    """What a search has found in a folder or under a prefix."""

    location: str
    sizes: dict[str, int]
    """The size in bytes of every file that was searched, by its path in the folder."""
    holding: dict[str, int]
    """By path of a file that holds an erased person, the number of its rows that do."""
    messages: dict[str, list[int]] = field(default_factory=dict)
    """By source of a topic partition, the positions of the records that hold one."""
    unsearchable: list[str] = field(default_factory=list)
    """Compressed files, and files of an archive that are not readable as CSV, where review texts
    are looked for."""

    @property
    def tables(self) -> list[str]:
        """The paths of the folders that are Delta tables."""
        return sorted({path.partition(LOG)[0] for path in self.sizes if LOG in path})

    def in_table(self, table: str) -> dict[str, int]:
        """Return the part of `holding` in a table, by path in the table."""
        start = f"{table}/"
        return {
            path.removeprefix(start): rows
            for path, rows in self.holding.items()
            if path.startswith(start)
        }

    def outside_tables(self) -> list[str]:
        """Return the files that hold a person and belong to no table."""
        starts = tuple(f"{table}/" for table in self.tables)
        return [path for path in self.holding if not path.startswith(starts)]


def search(location: str, erasures: Erasures) -> Found:
    """Search all files of a folder, or under a prefix on S3.

    Args:
        location: the folder; without files if it does not exist.
        erasures: whom to search for.
    """
    found = Found(location.rstrip("/"), filesystem.sizes(location.rstrip("/"), deep=True), {})
    messages = defaultdict[str, set[int]](set)
    for path in found.sizes:
        uri = f"{found.location}/{path}"
        if erasures.erase_text(decoded(path)) != decoded(path):
            found.holding[path] = 0
        if path.endswith(_COMPRESSED):
            found.unsearchable.append(path)
        try:
            rows = _changed_rows(uri, erasures)
        except FileNotFoundError:  # another process has removed it since the listing
            continue
        if rows is None:
            continue
        found.holding[path] = len(rows)
        for source, position in _messages(rows):
            messages[source].add(position)
    found.messages.update({source: sorted(each) for source, each in messages.items()})
    return found


def decoded(path: str) -> str:
    """Return a path without URL encoding."""
    return unquote(path)


_COMPRESSED = (".gz", ".zip", ".xlsx", ".zst", ".bz2", ".xz", ".7z", ".orc", ".avro")


def _changed_rows(uri: str, erasures: Erasures) -> pl.DataFrame | None:
    """Return the rows of a file that hold an erased person (no columns if it is no table)."""
    if uri.endswith(".parquet"):
        options = filesystem.polars_options(uri)
        try:
            rows = pl.read_parquet(
                uri, hive_partitioning=False, glob=False, storage_options=options
            )
        except PolarsError:
            if not filesystem.exists(uri):
                raise FileNotFoundError(uri) from None
        else:
            return _changed(rows, erasures)
    # Latin-1 decodes any bytes, and an identifier has the same characters in it as in UTF-8.
    text = filesystem.read(uri).decode("latin-1")
    return pl.DataFrame() if erasures.erase_text(text) != text else None


def _changed(rows: pl.DataFrame, erasures: Erasures) -> pl.DataFrame | None:
    erased = erasures.erase(rows)
    if len(changed := changed_rows(rows, erased)):
        return changed
    others = rows.select(cs.binary() | cs.nested())
    text = "".join(f"{other.rows()}" for other in (others, _as_hex(others)) if other.width)
    return pl.DataFrame() if erasures.erase_text(text) != text else None


def _as_hex(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select(cs.binary().bin.encode("hex"))


def _messages(rows: pl.DataFrame) -> Iterator[tuple[str, int]]:
    if {"_source", "_position"} <= {*rows.columns}:
        yield from (
            rows.filter(pl.col("_source").str.starts_with("kafka/"))
            .select("_source", "_position")
            .unique()
            .iter_rows()
        )

"""What becomes of raw records: accepted, superseded or broken."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import polars as pl
from deltalake import DeltaTable
from polars.exceptions import ShapeError

from contracts.table_check import ContractBrokenError
from flows import delta
from flows.config.errors import ConservationError
from flows.delta import data_files
from flows.delta.commit_log import last_metrics
from flows.delta.data_files import Written
from flows.refresh.chunks import chunks
from transforms.deduplication import latest_versions
from transforms.graph import Table
from transforms.validation import validate_records, warning_counts


class BatchResult(NamedTuple):
    """What becomes of some records, before a commit says so."""

    read: int
    """How many they are, by the log of the table that they come from."""
    accepted: pl.DataFrame | Written
    """Rows to put into the table; or files that are to be all that it has."""
    superseded: int
    broken: pl.DataFrame
    over: pl.DataFrame
    """The stored rows that the accepted ones take the place of, and where they lie."""
    warnings: dict[str, int]
    """How many rows of the table will give which warning."""

    @property
    def rows(self) -> int:
        """How many are accepted."""
        return self.accepted.rows if isinstance(self.accepted, Written) else len(self.accepted)

    def metrics(self) -> dict[str, Any]:
        """Return the metrics that add up: read = accepted + superseded + quarantined."""
        return {
            "read": self.read,
            "accepted": self.rows,
            "superseded": self.superseded,
            "quarantined": len(self.broken),
        }


def resolve_batch(raw: pl.LazyFrame, read: int, silver: DeltaTable, table: Table) -> BatchResult:
    """Decide on records that came since; stored rows compete for their keys.

    Raises:
        ConservationError: the records are not as many as the log says.
        ContractBrokenError: the table's function does not make what its contract promises.
    """
    key = list(table.contract.spec().key)
    kept, broken = _validated(raw, table)
    _conserve(table, read, len(kept) + len(broken))
    rivals = delta.matching(silver, kept.select(key)).drop("_version").collect(engine="streaming")
    # Between equals the stored row wins (true sorts last), so that a repeat changes nothing.
    versions = [
        rivals.select(*kept.columns, _stored=pl.lit(value=True)),
        kept.with_columns(_stored=pl.lit(value=False)),
    ]
    newest = latest_versions(pl.concat(versions).lazy(), key)
    accepted = newest.filter(~pl.col("_stored")).drop("_stored").collect()
    over = rivals.join(accepted, on=key, how="semi")
    warned = Counter(last_metrics(silver).get("warnings", {}))
    warned.update(_warnings(accepted, table))
    warned.subtract(_warnings(over, table))
    return BatchResult(read, accepted, len(kept) - len(accepted), broken, over, dict(warned))


def resolve_all(
    raw: pl.LazyFrame, read: int, silver: DeltaTable, table: Table, chunk_rows: int
) -> BatchResult:
    """Decide on all records of a source, part by part; raises as `resolve_batch`.

    What is accepted is written to files, for a commit to name.
    """
    spec = table.contract.spec()
    hashes = list[pl.Series]()
    no_row, no_broken = _validated(raw.clear(), table)
    broken = [no_broken]
    warned = Counter[str]()

    def typed() -> Iterator[pl.DataFrame]:
        yield no_row  # which says what columns there are, also where there are no records
        for part in raw.collect_batches(chunk_size=data_files.ROWS):
            kept, bad = _validated(part.lazy(), table)
            hashes.append(kept.select(pl.struct(spec.key).hash()).to_series())
            broken.append(bad)
            yield kept

    def ready(rows: Iterator[pl.DataFrame]) -> Iterator[pl.DataFrame]:
        warned.clear()
        for part in rows:
            warned.update(_warnings(part, table))
            yield delta.stamped(silver, part.sort(spec.sort_by))

    written = data_files.write_files(silver, ready(typed()))
    bad, kept = pl.concat(broken), written.rows
    _conserve(table, read, kept + len(bad))
    # To count hashes is cheap, and where none is repeated no key is.
    if kept and (keys := pl.concat(hashes).n_unique()) < kept:
        versions = written
        written = data_files.write_files(
            silver, ready(_newest(silver, versions, spec.key, chunk_rows))
        )
        data_files.remove_files(silver, versions)
        _one_each(table, keys, written.rows)
    return BatchResult(read, written, kept - written.rows, bad, pl.DataFrame(), dict(warned))


def _validated(raw: pl.LazyFrame, table: Table) -> list[pl.DataFrame]:
    try:
        return pl.collect_all(
            validate_records(raw, table.function, table.contract), engine="streaming"
        )
    except ShapeError as error:
        message = f"{table.name}: its function must give one row per record, in the same order"
        raise ContractBrokenError(message) from error


def _conserve(table: Table, read: int, decided: int) -> None:
    if read != decided:
        message = (
            f"{table.name}: the log of its source has {read} records, but {decided} were kept or "
            f"broken; nothing was written"
        )
        raise ConservationError(message)


def _one_each(table: Table, keys: int, rows: int) -> None:
    # Hashes of different keys may be alike: then there are a few more rows.
    if rows < keys:
        message = f"{table.name}: of {keys} keys {rows} have a latest version; nothing was written"
        raise ConservationError(message)


def _newest(
    silver: DeltaTable, versions: Written, key: Sequence[str], chunk_rows: int
) -> Iterator[pl.DataFrame]:
    """Return the latest version of each key among files that no commit has named."""
    paths = [action.path for action in versions.actions]
    rows = data_files.scan_files(silver, paths, versions.schema).drop("_file", "_version")
    for mine in chunks(versions.rows, key, chunk_rows):
        yield latest_versions(rows.filter(mine), key).collect(engine="streaming")


def _warnings(rows: pl.DataFrame, table: Table) -> dict[str, int]:
    asked = warning_counts(table.contract)
    return rows.select(**asked).row(0, named=True) if asked else {}

"""Files of the landing zone into bronze: every record, once, proven before a file is archived."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import polars as pl
from deltalake import DeltaTable

from contracts.contract import Bronze
from flows import delta, parquet
from flows.csv_records import CsvFacts, FileRejectedError, inspect_csv, scan_records
from flows.landing import File, archive_file, at_hand
from flows.outcome import ConservationError, Outcome
from flows.storage import reach, sha256


def ingest_table(
    lake: str,
    contract: type[Bronze],
    files: Sequence[File],
    *,
    archive: str | None = None,
    as_of: datetime | None = None,
) -> Outcome:
    """Append the records of the files to their bronze table, one commit a file.

    A file whose contents are there already, under whatever name, is not appended again. A file
    is archived (when asked for) only once its records have been counted in bronze.
    """
    started, landed, rejected, failed = perf_counter(), 0, [], []
    for file in files:
        try:
            with TemporaryDirectory(prefix="keystone-") as folder:
                path = at_hand(file, Path(folder))
                digest, added = _ingest_file(lake, contract, path, as_of)
                landed += added
                if archive:
                    archive_file(file, path, archive, digest)
        except FileRejectedError as reason:
            rejected.append(str(reason))
        except OSError as error:
            reach(lake)  # where S3 is gone, the other files need not find out one after the other
            if file.exists():  # else another run has archived it
                failed.append(error)
    if failed:
        raise OSError("; ".join(map(str, [*failed, *rejected]))) from failed[0]
    handle = delta.open_table(lake, contract)
    return Outcome(
        table=contract.promise().table,
        version=handle.version(),
        rows=delta.rows(handle),
        changed=landed > 0,
        read=landed,
        accepted=landed,
        rejected=tuple(rejected),
        seconds=perf_counter() - started,
    )


def _ingest_file(
    lake: str, contract: type[Bronze], path: Path, as_of: datetime | None
) -> tuple[str, int]:
    """Append one file; return its digest and the number of rows that it added."""
    facts = inspect_csv(path)
    handle = delta.open_table(lake, contract)
    app_id = f"file/{facts.sha256}"
    added = 0
    if delta.consumed(handle, app_id) is None:
        records = parquet.write_files(handle, _records(contract, path, facts, as_of))
        if sha256(str(path)) != facts.sha256:
            message = f"{path.name}: changed while it was read; let its upload finish first"
            raise FileRejectedError(message)
        if records.rows != facts.records:
            message = f"{path.name}: {records.rows} of its {facts.records} records were read"
            raise ConservationError(message)
        figures = {"file": path.name, "sha256": facts.sha256, "read": facts.records}
        delta.append(handle, records, delta.carrying({app_id: 1}, figures))
        added = facts.records
    _verify(handle, path, facts)
    return facts.sha256, added


def _records(
    contract: type[Bronze], path: Path, facts: CsvFacts, as_of: datetime | None
) -> Iterator[pl.DataFrame]:
    event_time = as_of or _modified(path)
    if event_time.tzinfo is None:
        event_time = event_time.replace(tzinfo=UTC)
    return (
        scan_records(path, facts, list(contract.fields()))
        .with_columns(
            _source=pl.lit(f"file/{facts.sha256}/{path.name}"),
            _event_time=pl.lit(event_time.astimezone(UTC), pl.Datetime("us", "UTC")),
            _ingested_at=pl.lit(datetime.now(UTC), pl.Datetime("us", "UTC")),
        )
        .collect_batches(chunk_size=parquet.ROWS)
    )


def _modified(path: Path) -> datetime:
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except (ValueError, OverflowError) as error:
        message = f"{path.name}: nobody can read its modification time; touch it, or say --as-of"
        raise FileRejectedError(message) from error


def _verify(handle: DeltaTable, path: Path, facts: CsvFacts) -> None:
    """Prove that bronze holds each record of the file."""
    # A range, for Delta's statistics tell which files cannot hold it; "0" comes right after "/".
    first, behind = f"file/{facts.sha256}/", f"file/{facts.sha256}0"
    mine = pl.col("_source").is_between(pl.lit(first), pl.lit(behind), closed="left")
    there = delta.scan(handle).filter(mine).select(pl.len()).collect().item()
    if there != facts.records:
        message = f"{path.name}: has {facts.records} records, but bronze has {there} of them"
        raise ConservationError(message)

"""Files of the landing zone into bronze: every record, once, proven before a file is archived."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from errno import EROFS
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import NamedTuple

import polars as pl
from deltalake import DeltaTable

from contracts.contract import Bronze
from contracts.plausible_times import CLOCK_TOLERANCE
from flows import delta
from flows.config.errors import ConservationError
from flows.config.settings import Settings
from flows.delta import data_files
from flows.delta.damage import translate_damage_of
from flows.delta.holds import held_since
from flows.delta.outcome import Outcome
from flows.ingest.csv_diagnosis import HEAD, diagnose_format
from flows.ingest.csv_reader import CsvFacts, FileRejectedError, inspect_csv, scan_records
from flows.ingest.file_state import FileNotReadyError, FileState, changed
from flows.ingest.landing_zone import File, archive_file
from flows.storage.filesystem import check_access, sha256


def ingest_table(
    lake: str,
    contract: type[Bronze],
    files: Sequence[File],
    *,
    archive: str | None = None,
    as_of: datetime | None = None,
) -> Outcome:
    """Append the records of the files to their bronze table, one commit a file.

    A table that a restore holds is left as it is, and so are its files.
    A file whose contents are there already, under whatever name, is not appended again. A file
    is archived (when asked for) only once its records have been counted in bronze, and only if it
    has been quiet for KEYSTONE_QUIET_SECONDS: its writer may have paused, and would go on writing
    to a file that has been removed. What changes while it is read is left for the next run.

    Raises:
        OSError: a file could not be read or archived, for a reason that can pass.
    """
    started, landed, problems = perf_counter(), 0, list[Exception]()
    if since := held_since(handle := delta.open_table(lake, contract)):
        # Its files stay in the landing zone.
        return Outcome(
            table=contract.spec().table,
            version=handle.version(),
            rows=delta.rows(handle),
            changed=False,
            held_since=since.isoformat(),
        )
    for file in files:
        state = None
        try:
            state = file.look()
            with TemporaryDirectory(prefix="keystone-") as folder:
                found = _Found(file, state, file.at_hand(state, Path(folder)))
                _check_end(found)
                digest, added = _ingest_file(lake, contract, found, as_of)
                landed += added
                if archive:
                    _check_age(found)
                    archive_file(*found, archive, digest)
        except (FileRejectedError, OSError) as error:
            problems += _problem(lake, file, state, error)
    deferred = [str(each) for each in problems if isinstance(each, FileNotReadyError)]
    rejected = [
        str(each)
        for each in problems
        if isinstance(each, FileRejectedError) and not isinstance(each, FileNotReadyError)
    ]
    if failed := [each for each in problems if isinstance(each, OSError)]:
        raise OSError("; ".join(map(str, [*failed, *rejected]))) from failed[0]
    handle = delta.open_table(lake, contract)
    return Outcome(
        table=contract.spec().table,
        version=handle.version(),
        rows=delta.rows(handle),
        changed=landed > 0,
        read=landed,
        accepted=landed,
        rejected=tuple(rejected),
        deferred=tuple(deferred),
        seconds=perf_counter() - started,
    )


class _Found(NamedTuple):
    """A file of the landing zone, its state when it was found, and the path to read it from."""

    file: File
    state: FileState
    path: Path


def _check_end(found: _Found) -> None:
    """Raise if a file changed just now and ends in the middle of a record.

    A file that is no CSV does not become one by waiting.
    """
    if not (young := _young(found.state)):
        return
    quotes, last = 0, b""
    with found.path.open("rb") as opened:
        head = opened.read(HEAD)
        if b"\0" in head or diagnose_format(head):
            return
        opened.seek(0)
        while part := opened.read(_PART):
            quotes, last = quotes + part.count(b'"'), part[-1:]
    # With an odd number of quotes the line end is one within a quoted field.
    if last != b"\n" or quotes % 2:
        name = found.file.name
        message = f"{name}: {young} and ends in the middle of a record; not ingested yet"
        raise FileNotReadyError(message)


_PART = 1 << 20


def _check_age(found: _Found) -> None:
    """Raise if a file changed just now: its writer may have paused, and go on to write to it."""
    if young := _young(found.state):
        message = f"{found.file.name}: {young}; ingested, but not archived yet"
        raise FileNotReadyError(message)


def _young(state: FileState) -> str:
    seconds = state.quiet_seconds()
    return f"changed {seconds:.0f} s ago" if seconds < Settings().quiet_seconds else ""


def _problem(
    lake: str, file: File, state: FileState | None, error: FileRejectedError | OSError
) -> list[Exception]:
    """Return what an error means for a file; nothing if another run has archived it."""
    if isinstance(error, FileNotReadyError):
        return [error]
    if isinstance(error, PermissionError) or getattr(error, "errno", None) == EROFS:
        return [FileRejectedError(f"{file.name}: {error}; let this user read and write there")]
    check_access(lake)  # where S3 is gone, the other files need not find out one after the other
    try:
        now = file.look()
    except FileNotFoundError:
        return []
    if state and now != state:
        return [changed(file.name)]
    folders, slash, name = file.name.rpartition("/")
    if slash and str(error).startswith(f"{name}:"):  # who reads a file knows only its own name
        return [FileRejectedError(f"{folders}/{error}")]
    return [error]


def _ingest_file(
    lake: str, contract: type[Bronze], found: _Found, as_of: datetime | None
) -> tuple[str, int]:
    """Append one file; return its digest and the number of rows that it added."""
    file, state, path = found
    facts = inspect_csv(path)
    handle = delta.open_table(lake, contract)
    app_id = f"file/{facts.sha256}"
    added = 0
    if delta.consumed(handle, app_id) is None:
        source, event_time = f"{app_id}/{file.name}", _event_time(file, state, as_of)
        records = data_files.write_files(
            handle, _records(contract, path, facts, source, event_time)
        )
        if sha256(str(path)) != facts.sha256 or file.look() != state:
            raise changed(file.name)
        if records.rows != facts.records:
            message = f"{file.name}: {records.rows} of its {facts.records} records were read"
            raise ConservationError(message)
        metrics = {"file": file.name, "sha256": facts.sha256, "read": facts.records}
        delta.append(handle, records, delta.commit_properties({app_id: 1}, metrics))
        added = facts.records
    _verify(handle, file.name, facts)
    return facts.sha256, added


def _records(
    contract: type[Bronze], path: Path, facts: CsvFacts, source: str, event_time: datetime
) -> Iterator[pl.DataFrame]:
    return (
        scan_records(path, facts, list(contract.fields()))
        .with_columns(
            _source=pl.lit(source),
            _event_time=pl.lit(event_time, pl.Datetime("us", "UTC")),
            _ingested_at=pl.lit(datetime.now(UTC), pl.Datetime("us", "UTC")),
        )
        .collect_batches(chunk_size=data_files.ROWS)
    )


def _event_time(file: File, state: FileState, as_of: datetime | None) -> datetime:
    """Return when the records of a file were true.

    Raises:
        FileRejectedError: in the future, where they would beat every later correction, or never.
    """
    try:
        found = as_of or datetime.fromtimestamp(state.modified, UTC)
    except (ValueError, OverflowError) as error:
        message = f"{file.name}: its modification time cannot be read; {_REMEDY}"
        raise FileRejectedError(message) from error
    found = found.replace(tzinfo=found.tzinfo or UTC)
    if found > datetime.now(UTC) + CLOCK_TOLERANCE:
        given = "--as-of" if as_of else "its modification time"
        message = (
            f"{file.name}: {given}, {found:%Y-%m-%d %H:%M:%S %Z}, lies in the future; {_REMEDY}"
        )
        raise FileRejectedError(message)
    return found.astimezone(UTC)


_REMEDY = "touch it, or give the time with --as-of"


def _verify(handle: DeltaTable, name: str, facts: CsvFacts) -> None:
    """Prove that bronze holds each record of the file."""
    # A range, for Delta's statistics tell which files cannot hold it; "0" comes right after "/".
    first, behind = f"file/{facts.sha256}/", f"file/{facts.sha256}0"
    mine = pl.col("_source").is_between(pl.lit(first), pl.lit(behind), closed="left")
    with translate_damage_of(lambda: [handle]):
        there = delta.scan(handle).filter(mine).select(pl.len()).collect().item()
    if there != facts.records:
        message = f"{name}: has {facts.records} records, but bronze has {there} of them"
        raise ConservationError(message)

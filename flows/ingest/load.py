"""Load the files of the landing zone into bronze: every record once, verified before archiving."""

import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from errno import EROFS
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import polars as pl
from deltalake import DeltaTable

from contracts.contract import Bronze
from contracts.plausible_times import CLOCK_TOLERANCE
from flows import delta
from flows.config.errors import ConservationError
from flows.delta import data_files
from flows.delta.damage import translate_damage_of
from flows.delta.holds import held_since
from flows.delta.outcome import Outcome
from flows.erasure.erasures import Erasures, known_erasures
from flows.erasure.requests import note_replaced, request_files
from flows.ingest.bytes_read import reading_for
from flows.ingest.csv_diagnosis import FileRejectedError
from flows.ingest.csv_reader import CsvFacts, inspect_csv, scan_records
from flows.ingest.erase_csv import erase_csv
from flows.ingest.file_state import FileNotReadyError, FileState, changed
from flows.ingest.landed_file import LandedFile, check_complete, check_quiet
from flows.ingest.landing_zone import File, archive_file
from flows.storage.filesystem import check_access, sha256
from transforms.erasure import changed_rows


def ingest_table(
    lake: str,
    contract: type[Bronze],
    files: Sequence[File],
    *,
    archive: str | None = None,
    as_of: datetime | None = None,
) -> Outcome:
    """Append the records of the files to their bronze table, one commit per file.

    If a restore holds the table, it stays unchanged and its files stay in the landing zone. A file
    whose contents have been ingested before, under any name, is not appended again.

    With `archive`, a file is archived after its records have been counted in bronze, and only if it
    has not changed for KEYSTONE_QUIET_SECONDS: its writer may have paused and would go on writing
    to a removed file. A file that changes while it is read is left for the next run.

    Raises:
        SettingError: the lake has erasures, and KEYSTONE_ERASURE_KEY is missing or another one.
        OSError: a file could not be read or archived, for a reason that may be temporary.
    """
    started, added, erased_rows, problems = perf_counter(), 0, 0, list[Exception]()
    if held := held_since(handle := delta.open_table(lake, contract)):
        return Outcome(
            table=contract.spec().table,
            version=handle.version(),
            rows=delta.rows(handle),
            changed=False,
            held_since=held.isoformat(),
        )
    requests, erasures = request_files(lake), known_erasures(lake)
    for file in files:
        state = None
        try:
            state = file.state()
            with (
                reading_for(contract.spec().table),
                TemporaryDirectory(prefix="keystone-") as folder,
            ):
                landed = LandedFile(file, state, file.local_path(state, Path(folder)))
                check_complete(landed)
                facts = inspect_csv(landed.path)
                rows, erased = _ingest_file(
                    lake, contract, landed, facts, as_of, erasures, requests
                )
                added, erased_rows = added + rows, erased_rows + (erased or 0)
                if archive:
                    check_quiet(landed)
                    path, copied = landed.path, facts.sha256
                    if erased != 0:
                        path, copied = _without_erased_people(landed, Path(folder), facts, erasures)
                        note_replaced(lake, copied, erasures.original(facts.sha256))
                    archive_file(
                        file,
                        state,
                        path,
                        archive,
                        facts.sha256,
                        name=erasures.erase_text(file.name),
                        copied=copied,
                        check=partial(_check_requests, lake, requests, file.name),
                    )
        except (FileRejectedError, OSError) as error:
            problems += _problems(lake, file, state, error)
    deferred = [str(each) for each in problems if isinstance(each, FileNotReadyError)]
    failed = [each for each in problems if isinstance(each, OSError)]
    rejected = [str(each) for each in problems if not isinstance(each, FileNotReadyError | OSError)]
    if failed:
        raise OSError("; ".join(map(str, [*failed, *rejected]))) from failed[0]
    handle = delta.open_table(lake, contract)
    return Outcome(
        table=contract.spec().table,
        version=handle.version(),
        rows=delta.rows(handle),
        changed=added > 0,
        read=added,
        accepted=added,
        erased=erased_rows,
        rejected=tuple(rejected),
        deferred=tuple(deferred),
        seconds=perf_counter() - started,
    )


def _problems(
    lake: str, file: File, state: FileState | None, error: FileRejectedError | OSError
) -> list[Exception]:
    """Return what an error means for a file; nothing if another run has archived the file."""
    if isinstance(error, FileNotReadyError):
        return [FileNotReadyError(_with_folders(file, error))]
    if isinstance(error, PermissionError) or getattr(error, "errno", None) == EROFS:
        return [FileRejectedError(f"{file.name}: {error}; let this user read and write there")]
    check_access(lake)  # if S3 is down, fail now instead of once per file
    try:
        current = file.state()
    except FileNotFoundError:
        return []
    if state and current != state:
        return [changed(file.name)]
    if isinstance(error, FileRejectedError):
        return [FileRejectedError(_with_folders(file, error))]
    return [error]


def _with_folders(file: File, error: Exception) -> str:
    """Return a message with the file's folders; the reader of a file knows only its last name."""
    folders, slash, name = file.name.rpartition("/")
    return f"{folders}{slash}{error}" if str(error).startswith(f"{name}:") else str(error)


def _ingest_file(  # noqa: PLR0913, PLR0917 - what is ingested, and how
    lake: str,
    contract: type[Bronze],
    landed: LandedFile,
    facts: CsvFacts,
    as_of: datetime | None,
    erasures: Erasures,
    requests: Mapping[str, int],
) -> tuple[int, int | None]:
    """Append one file, without erased people.

    Returns:
        The number of rows added, and how many of them were erased; None if the file was known and
        may hold erased people.
    """
    file, state, path = landed
    handle = delta.open_table(lake, contract)
    digest = erasures.original(facts.sha256)
    app_id = f"file/{digest}"
    added, count = 0, 0 if erasures.is_empty else None
    if delta.consumed(handle, app_id) is None:
        source, event_time = f"{app_id}/{file.name}", _event_time(file, state, as_of)
        erased = list[int]()
        records = data_files.write_files(
            handle,
            _erased(_records(contract, path, facts, source, event_time), erasures, erased),
        )
        if sha256(str(path)) != facts.sha256 or file.state() != state:
            raise changed(file.name)
        if records.rows != facts.records:
            message = f"{file.name}: only {records.rows} of {facts.records} records were read"
            raise ConservationError(message)
        try:
            _check_requests(lake, requests, file.name)
        except FileNotReadyError:
            data_files.remove_files(handle, records)
            raise
        metrics = {
            "file": erasures.erase_text(file.name),
            "sha256": digest,
            "read": facts.records,
            **({"erased": sum(erased)} if any(erased) else {}),
            "newest": event_time.isoformat(),
        }
        delta.append(handle, records, delta.commit_properties({app_id: 1}, metrics))
        added, count = facts.records, sum(erased)
    _verify(handle, file.name, digest, facts)
    return added, count


def _check_requests(lake: str, requests: Mapping[str, int], name: str) -> None:
    if request_files(lake) != requests:
        message = f"{name}: an erasure was requested while it was read; left for the next run"
        raise FileNotReadyError(message)


def _erased(
    frames: Iterable[pl.DataFrame], erasures: Erasures, counts: list[int]
) -> Iterator[pl.DataFrame]:
    """Erase people from frames, and count the rows that this changes."""
    for frame in frames:
        erased = erasures.erase(frame)
        counts.append(len(changed_rows(frame, erased)))
        yield erased


def _without_erased_people(
    landed: LandedFile, folder: Path, facts: CsvFacts, erasures: Erasures
) -> tuple[Path, str]:
    """Return the file to archive and its digest: the landed one, or one without erased people."""
    erased = folder / "erased"
    if not erase_csv(landed.path, erased, erasures):
        return landed.path, facts.sha256
    shutil.copystat(landed.path, erased)
    return erased, sha256(str(erased))


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
    """Return the time at which the records of a file were valid.

    Raises:
        FileRejectedError: the time cannot be read, or is in the future, where its records would
            supersede every later correction.
    """
    try:
        moment = as_of or datetime.fromtimestamp(state.modified, UTC)
    except (ValueError, OverflowError) as error:
        message = f"{file.name}: its modification time cannot be read; {_REMEDY}"
        raise FileRejectedError(message) from error
    moment = moment.replace(tzinfo=moment.tzinfo or UTC)
    if moment > datetime.now(UTC) + CLOCK_TOLERANCE:
        origin = "--as-of" if as_of else "its modification time"
        message = (
            f"{file.name}: {origin}, {moment:%Y-%m-%d %H:%M:%S %Z}, is in the future; {_REMEDY}"
        )
        raise FileRejectedError(message)
    return moment.astimezone(UTC)


_REMEDY = "touch it, or give the time with --as-of"


def _verify(handle: DeltaTable, name: str, digest: str, facts: CsvFacts) -> None:
    """Prove that bronze holds each record of the file."""
    # With a range, Delta's statistics exclude most data files. "0" is the character after "/".
    first, end = f"file/{digest}/", f"file/{digest}0"
    from_file = pl.col("_source").is_between(pl.lit(first), pl.lit(end), closed="left")
    with translate_damage_of(lambda: [handle]):
        stored = delta.scan(handle).filter(from_file).select(pl.len()).collect().item()
    if stored != facts.records:
        message = (
            f"{name}: has {facts.records} records, but bronze has {stored} of them; "
            "the file stays in the landing zone"
        )
        raise ConservationError(message)

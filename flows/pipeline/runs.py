"""Ingest, refresh, replay, restore and run, as plain functions over an executor.

A run is the same wherever its steps run: the executor adds retries, history and a user interface.
Locations are folders, or prefixes on S3 as `s3://bucket/prefix`.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial

from flows import delta
from flows.config.errors import RunFailedError, RunHeldBackError, RunInterruptedError
from flows.config.settings import resolve_location
from flows.delta.incidents import INCIDENTS
from flows.delta.optimize import Optimized, optimize_table
from flows.delta.outcome import Outcome
from flows.delta.restore import restore_table
from flows.delta.table_names import (
    existing_tables,
    replayable_tables,
    resolve_table,
    tables_of_records,
)
from flows.delta.thresholds import CONTRACTS, Gate
from flows.erasure.requests import check_not_erased
from flows.ingest.landing_zone import NoFilesError, find_files, make_archive
from flows.ingest.load import ingest_table
from flows.pipeline.execute_steps import execute_steps, interrupted_line, table_order
from flows.pipeline.execution import Executor
from flows.pipeline.local_executor import local_executor
from flows.pipeline.openlineage import observed_run
from flows.pipeline.plan import Planned, plan
from flows.pipeline.step import Step
from flows.pipeline.written_table import WrittenTable
from flows.refresh.source_tables import replay_quarantine
from flows.refresh.tables import refresh_table
from flows.storage.filesystem import check_access
from flows.storage.locations import check_disjoint, create_lake, ingest_locations
from transforms.graph import downstream_tables, tables


def run(  # noqa: PLR0913 - all but the locations have defaults and are given by name
    source: str | None = None,
    lake: str | None = None,
    archive: str | None = None,
    *,
    as_of: datetime | None = None,
    rebuild: bool = False,
    allow_empty: bool = False,
    fail_above: float | None = None,
    executor: Executor | None = None,
) -> list[Outcome]:
    """Ingest the files of the landing zone, then refresh every table.

    Args:
        source: the landing zone, with CSV files; KEYSTONE_SOURCE when not given.
        lake: the location of the tables; KEYSTONE_LAKE when not given.
        archive: where files are moved once they are proven in bronze; KEYSTONE_ARCHIVE when not
            given. Without either they stay where they are.
        as_of: the event time of the records (UTC if it has no zone), instead of each file's
            modification time.
        rebuild: compute every table again from bronze.
        allow_empty: accept a landing zone without files, such as one that the last run archived.
        fail_above: hold back the tables downstream of a silver table if a larger share of the
            records that it read goes to quarantine; as its contract says when not given.
        executor: what runs the steps; threads of this process when not given.

    Raises:
        NoFilesError: the landing zone holds no file of any table; nothing was done.
        RunHeldBackError: tables were held back; all else was done.
        RunFailedError: a step failed or a file was rejected; all else was done.
    """
    with _or_local(executor) as chosen:
        try:
            landed = ingest(
                source, lake, archive, as_of=as_of, allow_empty=allow_empty, executor=chosen
            )
            failures, undone = list[str](), dict[str, str]()
        except RunInterruptedError:
            raise
        except RunFailedError as failed:
            landed, failures, undone = failed.outcomes, failed.failures, dict(failed.undone)
        try:
            refreshed = refresh(lake, rebuild=rebuild, fail_above=fail_above, executor=chosen)
        except RunFailedError as failed:
            is_held_back = isinstance(failed, RunHeldBackError)
            kind = RunFailedError if failures and is_held_back else type(failed)
            lines, undone = [*failures, *failed.failures], {**undone, **failed.undone}
            raise kind(lines, landed + failed.outcomes, undone) from None
    if failures:
        raise RunFailedError(failures, landed + refreshed, undone)
    return landed + refreshed


def ingest(  # noqa: PLR0913 - as in `run`
    source: str | None = None,
    lake: str | None = None,
    archive: str | None = None,
    *,
    as_of: datetime | None = None,
    allow_empty: bool = False,
    executor: Executor | None = None,
) -> list[Outcome]:
    """Append the records of the landing zone's files to bronze; arguments as in `run`.

    Raises:
        FileNotFoundError: there is no such landing zone, or no such bucket.
        NoFilesError: the landing zone holds no file of any table; nothing was done.
        OSError: the lake or the archive cannot be written, or S3 does not answer.
        RunFailedError: a file was rejected or a table failed; all else was ingested.
    """
    source, lake, archive = ingest_locations(source, lake, archive)
    with _or_local(executor) as chosen:
        files, unknown = chosen.read(source, find_files, source)
        rejected = [str(error) for error in unknown]
        if not allow_empty and not any(files.values()):
            raise NoFilesError(source, rejected)
        check_access(lake)
        create_lake(lake)
        if archive:
            make_archive(archive)
        steps = [
            Step(
                contract.spec().table,
                partial(ingest_table, lake, contract, paths, archive=archive, as_of=as_of),
                contract,
            )
            for contract, paths in files.items()
            if paths
        ]
        return execute_steps(chosen, "ingest", lake, steps, failures=rejected)


def refresh(
    lake: str | None = None,
    *,
    rebuild: bool = False,
    fail_above: float | None = None,
    accept: Sequence[str] = (),
    executor: Executor | None = None,
) -> list[Outcome]:
    """Bring every table up to date with its inputs; arguments as in `run`.

    Args:
        lake: the location of the tables; KEYSTONE_LAKE when not given.
        rebuild: compute every table again from bronze.
        fail_above: as in `run`.
        accept: silver tables, such as `silver.orders`, that hold no table back, whatever share of
            their records breaks a rule.
        executor: what runs the steps; threads of this process when not given.

    Raises:
        OSError: S3 does not answer.
        UnknownTableError: a table to accept is not one of records.
        RunHeldBackError: tables were held back; all else was done.
        RunFailedError: a table failed, and those downstream of it were skipped.
    """
    lake, gate = _lake(lake), Gate(fail_above, frozenset(tables_of_records(accept)))
    with _or_local(executor) as chosen:
        planned = chosen.read(lake, plan, lake, rebuild=rebuild, gate=gate)
        return _refresh(chosen, "refresh", lake, planned, rebuild=rebuild, gate=gate)


def restore(
    table: str, version: int, lake: str | None = None, *, executor: Executor | None = None
) -> list[Outcome]:
    """Restore an earlier version of a table, and refresh the tables downstream of it.

    Tables that these refer to are refreshed as well, because a foreign key may refer to a table
    that was restored before. The watermark goes back with the rows: the next refresh or drain
    continues from there.

    Args:
        table: such as `bronze.orders`.
        version: `keystone history` lists the versions of a table.
        lake: the location of the tables; KEYSTONE_LAKE when not given.
        executor: what runs the steps; threads of this process when not given.

    Raises:
        NoVersionError: the version, or a file of it, does not exist, or an erasure forbids it.
        RunHeldBackError: the table was restored, but tables downstream are held back.
        RunFailedError: the table was restored, but a table downstream of it failed.
    """
    lake = _lake(lake)
    with _or_local(executor) as chosen:
        check_not_erased(lake, resolve_table(lake, table), version)
        restored = restore_table(lake, table, version)
        downstream = downstream_tables(restored.table)
        related = {each for name in downstream for each in tables()[name].dependencies}
        planned = {
            name: pending
            for name, pending in chosen.read(lake, plan, lake).items()
            if name in downstream or (name in related - {restored.table} and not pending.outcome)
        }
        return _refresh(chosen, "restore", lake, planned, done=[restored])


def replay(
    lake: str | None = None, table: str | None = None, *, executor: Executor | None = None
) -> list[Outcome]:
    """Process quarantined records with the current code, and bring valid ones into gold.

    Args:
        lake: the location of the tables; KEYSTONE_LAKE when not given.
        table: only this one, such as `orders`; all when not given.
        executor: what runs the steps; threads of this process when not given.

    Raises:
        OSError: S3 does not answer.
        UnknownTableError: there is no quarantine of that name.
        RunHeldBackError: tables were held back; all else was done.
        RunFailedError: a table failed.
    """
    lake = _lake(lake)
    with _or_local(executor) as chosen:
        steps = [
            Step(each.name, partial(replay_quarantine, lake, each), each.contract, each.input_names)
            for each in replayable_tables(table)
        ]
        replayed = execute_steps(chosen, "replay", lake, steps)
        refreshed = refresh(lake, executor=chosen)
    by_name = {outcome.table: outcome for outcome in (*refreshed, *replayed)}
    return sorted(by_name.values(), key=table_order)


def maintain(
    lake: str | None = None, keep_days: int = 7, *, executor: Executor | None = None
) -> list[Optimized]:
    """Merge small files, write checkpoints, and delete files that no retained version needs.

    Other runs may happen at the same time, but no second one of this function.

    Args:
        lake: the location of the tables; KEYSTONE_LAKE when not given.
        keep_days: days of versions that can be read and restored afterwards.
        executor: what runs the steps; threads of this process when not given.

    Raises:
        NoLakeError: the lake has no tables.
        RunFailedError: a table failed; all others were maintained.
    """
    lake = _lake(lake)
    with _or_local(executor) as chosen:
        names = chosen.read(lake, existing_tables, lake)
        if chosen.read(lake, delta.exists, lake, INCIDENTS):
            names.append(INCIDENTS)
        keep = timedelta(days=keep_days)
        steps = [Step(name, partial(optimize_table, lake, name, keep)) for name in names]
        with observed_run("maintain", lake) as observed:
            results = chosen.run("maintain", lake, steps)
            interrupted = [interrupted_line(results)] if results.interrupted else []
            observed.failures = [*results.failures, *interrupted]
            observed.written = [WrittenTable(o.table, o.version, 0) for o in results.outcomes]
    if interrupted:
        raise RunInterruptedError([*results.failures, *interrupted], results.outcomes)
    if results.failures:
        raise RunFailedError(results.failures, results.outcomes)
    return results.outcomes


def _refresh(  # noqa: PLR0913 - optional arguments are given by name
    executor: Executor,
    title: str,
    lake: str,
    planned: Mapping[str, Planned],
    *,
    rebuild: bool = False,
    gate: Gate = CONTRACTS,
    done: Sequence[Outcome] = (),
) -> list[Outcome]:
    due = {name: pending.table for name, pending in planned.items() if not pending.outcome}
    steps = [
        Step(
            table.name,
            partial(refresh_table, lake, table, rebuild=rebuild, gate=gate),
            table.contract,
            table.input_names,
            [name for name in table.dependencies if name in due],
        )
        for table in due.values()
    ]
    unchanged = [pending.outcome for pending in planned.values() if pending.outcome]
    return execute_steps(executor, title, lake, steps, done=[*done, *unchanged])


def _lake(given: str | None) -> str:
    lake = resolve_location("lake", given)
    check_access(lake)
    check_disjoint(lake=lake)
    return lake


@contextmanager
def _or_local(executor: Executor | None) -> Iterator[Executor]:
    if executor:
        yield executor
    else:
        with local_executor() as local:
            yield local

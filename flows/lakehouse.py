"""The flows: `lakehouse` is `ingest`, then `refresh`; `replay` gives broken records a chance."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from prefect.client.schemas.objects import State
from prefect.futures import PrefectFuture

from flows.config.prefect_server import flow
from flows.config.settings import resolve_location
from flows.delta.outcome import Outcome, RunFailedError
from flows.delta.restore import restore_table
from flows.delta.status import replayable_tables
from flows.ingest.landing_zone import NoFilesError, find_files, make_archive
from flows.ingest.load import ingest_table
from flows.pipeline.artifacts import publish_artifacts
from flows.pipeline.plan import Planned, plan
from flows.pipeline.task_runners import task_runner
from flows.pipeline.tasks import collect_outcomes, read_only_task, storage_error, table_task
from flows.refresh.derived_tables import refresh_derived_table
from flows.refresh.source_tables import refresh_source_table, replay_quarantine
from flows.storage.filesystem import check_access
from flows.storage.locations import check_disjoint, ingest_locations
from transforms.graph import downstream_tables, tables


@flow
def lakehouse(  # noqa: PLR0913, PLR0917 - each is a field of a deployment's form
    source: str | None = None,
    lake: str | None = None,
    archive: str | None = None,
    as_of: datetime | None = None,
    rebuild: bool = False,
    runner: str | None = None,
    allow_empty: bool = False,
) -> list[Outcome]:
    """Ingest what lies in the landing zone, then refresh every table.

    Each place is a folder, or a prefix on S3 as `s3://bucket/prefix`.

    Args:
        source: the landing zone, a folder or prefix with CSV files; KEYSTONE_SOURCE when not given.
        lake: where the tables lie; KEYSTONE_LAKE when not given.
        archive: the folder or prefix that files are moved to once they are proven in bronze;
            KEYSTONE_ARCHIVE when not given, and they stay where they are without either.
        as_of: the event time of the records, instead of each file's modification time (UTC when
            it names no zone).
        rebuild: compute every table again from bronze.
        runner: `dask` or `dask=ADDRESS` (of a scheduler) runs the tasks on a Dask cluster, whose
            workers reach the same paths; threads of this process when not given.
        allow_empty: accept a landing zone without files, such as one that the last run archived.

    Raises:
        NoFilesError: the landing zone holds no file of any table; nothing has been done.
        RunFailedError: something failed or a file was rejected; all else has been done.
    """
    with task_runner(runner) as there:
        land, make = (each.with_options(task_runner=there) for each in (ingest, refresh))
        landed, rejected, missed = _done(
            land(source, lake, archive, as_of, allow_empty, return_state=True)
        )
        made, failed, undone = _done(make(lake, rebuild, return_state=True))
    if failures := rejected + failed:
        raise RunFailedError(failures, landed + made, {**missed, **undone})
    return landed + made


@flow
def ingest(
    source: str | None = None,
    lake: str | None = None,
    archive: str | None = None,
    as_of: datetime | None = None,
    allow_empty: bool = False,
) -> list[Outcome]:
    """Append the records of the landing zone's files to bronze; parameters as in `lakehouse`.

    Raises:
        FileNotFoundError: there is no such landing zone, or no such bucket.
        NoFilesError: the landing zone holds no file of any table; nothing has been done.
        OSError: the archive cannot be written to, or S3 does not answer.
        RunFailedError: a file was rejected or a table failed; all else has been ingested.
    """
    source, lake, archive = ingest_locations(source, lake, archive)
    files, strangers = read_only_task(source, find_files)(source)
    unknown = [str(stranger) for stranger in strangers]
    if not allow_empty and not any(files.values()):
        raise NoFilesError(source, unknown)
    check_access(lake)
    if archive:
        make_archive(archive)
    futures = {
        contract.spec().table: table_task(lake, contract, ingest_table).submit(
            lake, contract, paths, archive=archive, as_of=as_of
        )
        for contract, paths in files.items()
        if paths
    }
    return _finish("ingest", lake, futures, unknown)


@flow
def refresh(
    lake: str | None = None, rebuild: bool = False, runner: str | None = None
) -> list[Outcome]:
    """Bring every table up to its inputs; parameters as in `lakehouse`.

    Raises:
        OSError: S3 does not answer.
        RunFailedError: a table failed, and those behind it were left as they are.
    """
    lake = resolve_location("lake", lake)
    if runner:
        with task_runner(runner) as there:
            return refresh.with_options(task_runner=there)(lake, rebuild)
    check_access(lake)
    check_disjoint(lake=lake)
    return _make(
        "refresh", lake, read_only_task(lake, plan)(lake, rebuild=rebuild), rebuild=rebuild
    )


@flow
def restore(table: str, version: int, lake: str | None = None) -> list[Outcome]:
    """Put a table back to an earlier version of its own, and refresh those that are made of it.

    So is what these need: their foreign keys may lead to a table that was put back before.
    The table's watermark goes back as well: the next refresh or drain goes on from there.

    Args:
        table: such as `bronze.orders`; `keystone history` lists its versions.
        version: the one that it shall be like.
        lake: where the tables lie; KEYSTONE_LAKE when not given.

    Raises:
        NoVersionError: the version, or a file of it, is not there.
        RunFailedError: the table is put back, but one behind it failed.
    """
    lake = resolve_location("lake", lake)
    check_access(lake)
    check_disjoint(lake=lake)
    restored = restore_table(lake, table, version)
    behind = downstream_tables(restored.table)
    beside = {each for name in behind for each in tables()[name].dependencies} - {restored.table}
    planned = {
        name: todo
        for name, todo in read_only_task(lake, plan)(lake).items()
        if name in behind or (name in beside and not todo.outcome)
    }
    return _make("restore", lake, planned, done=[restored])


@flow
def replay(lake: str | None = None, table: str | None = None) -> list[Outcome]:
    """Put quarantined records through the current code, and move those that pass now to gold.

    Args:
        lake: where the tables lie; KEYSTONE_LAKE when not given.
        table: only this one, such as `orders`; all when not given.

    Raises:
        OSError: S3 does not answer.
        UnknownTableError: no records are quarantined under that name.
        RunFailedError: a table failed.
    """
    lake = resolve_location("lake", lake)
    check_access(lake)
    check_disjoint(lake=lake)
    futures = {
        each.name: table_task(lake, each.contract, replay_quarantine, each.input_names).submit(
            lake, each
        )
        for each in replayable_tables(table)
    }
    replayed = {outcome.table: outcome for outcome in _finish("replay", lake, futures)}
    refreshed = {outcome.table: outcome for outcome in refresh(lake)}
    return list((refreshed | replayed).values())


def _make(
    doing: str,
    lake: str,
    planned: Mapping[str, Planned],
    *,
    rebuild: bool = False,
    done: Sequence[Outcome] = (),
) -> list[Outcome]:
    futures: dict[str, PrefectFuture[Outcome]] = {}
    for name, todo in planned.items():
        if todo.outcome:
            continue
        table = todo.table
        make = refresh_source_table if table.source else refresh_derived_table
        futures[name] = table_task(lake, table.contract, make, table.input_names).submit(
            lake,
            table,
            rebuild=rebuild,
            wait_for=[futures[needed] for needed in table.dependencies if needed in futures],
        )
    idle = [todo.outcome for todo in planned.values() if todo.outcome]
    return _finish(doing, lake, futures, others=[*done, *idle])


def _done(
    state: State[list[Outcome]],
) -> tuple[list[Outcome], list[str], Mapping[str, str]]:
    """Return what a flow has done; if it failed, why, and what it has not done."""
    try:
        return state.result(), [], {}
    except RunFailedError as failed:
        return failed.outcomes, failed.failures, failed.undone


def _finish(
    doing: str,
    lake: str,
    futures: Mapping[str, PrefectFuture[Outcome]],
    failures: Sequence[str] = (),
    others: Sequence[Outcome] = (),
) -> list[Outcome]:
    """Wait, publish what was done, and fail at the end when something did."""
    done, failed, undone = collect_outcomes(futures, doing)
    outcomes = sorted([*done, *others], key=_in_order)
    publish_artifacts(doing, outcomes, undone)
    if failed and (gone := storage_error(lake)):
        failed = [gone]
    if failures := [*failures, *failed]:
        raise RunFailedError(failures, outcomes, undone)
    return outcomes


def _in_order(outcome: Outcome) -> int:
    return list(tables()).index(outcome.table) if outcome.table in tables() else -1

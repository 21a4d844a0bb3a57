"""The Prefect flows of the pipeline: `lakehouse` is `ingest`, then `refresh`."""

from datetime import datetime

from flows import pipeline
from flows.config.prefect_server import flow
from flows.delta.outcome import Outcome
from flows.pipeline.prefect_executor import prefect_executor


@flow
def lakehouse(  # noqa: PLR0913, PLR0917 - each is a field of a deployment's form
    source: str | None = None,
    lake: str | None = None,
    archive: str | None = None,
    as_of: datetime | None = None,
    rebuild: bool = False,
    runner: str | None = None,
    allow_empty: bool = False,
    fail_above: float | None = None,
) -> list[Outcome]:
    """Ingest the files of the landing zone, then refresh every table.

    Each location is a folder, or a prefix on S3 as `s3://bucket/prefix`.

    Args:
        source: the landing zone, with CSV files; KEYSTONE_SOURCE when not given.
        lake: the location of the tables; KEYSTONE_LAKE when not given.
        archive: where files are moved once they are proven in bronze; KEYSTONE_ARCHIVE when not
            given. Without either they stay where they are.
        as_of: the event time of the records (UTC if it has no zone), instead of each file's
            modification time.
        rebuild: compute every table again from bronze.
        runner: `dask` or `dask=ADDRESS` (of a scheduler) runs the tasks on a Dask cluster, whose
            workers reach the same paths; threads of this process when not given.
        allow_empty: accept a landing zone without files, such as one that the last run archived.
        fail_above: hold back the tables downstream of a silver table if a larger share of the
            records that it read goes to quarantine; as its contract says when not given.

    Raises:
        NoFilesError: the landing zone holds no file of any table; nothing was done.
        RunHeldBackError: tables were held back; all else was done.
        RunFailedError: a step failed or a file was rejected; all else was done.
    """
    with prefect_executor(runner) as executor:
        return pipeline.run(
            source,
            lake,
            archive,
            as_of=as_of,
            rebuild=rebuild,
            allow_empty=allow_empty,
            fail_above=fail_above,
            executor=executor,
        )


@flow
def ingest(
    source: str | None = None,
    lake: str | None = None,
    archive: str | None = None,
    as_of: datetime | None = None,
    allow_empty: bool = False,
) -> list[Outcome]:
    """Append the records of the landing zone's files to bronze; parameters as in `lakehouse`."""
    with prefect_executor() as executor:
        return pipeline.ingest(
            source, lake, archive, as_of=as_of, allow_empty=allow_empty, executor=executor
        )


@flow
def refresh(
    lake: str | None = None,
    rebuild: bool = False,
    runner: str | None = None,
    fail_above: float | None = None,
    accept: list[str] | None = None,
) -> list[Outcome]:
    """Bring every table up to date with its inputs; parameters as in `lakehouse`.

    Args:
        lake: the location of the tables; KEYSTONE_LAKE when not given.
        rebuild: compute every table again from bronze.
        runner: as in `lakehouse`.
        fail_above: as in `lakehouse`.
        accept: silver tables, such as `silver.orders`, that hold no table back.
    """
    with prefect_executor(runner) as executor:
        return pipeline.refresh(
            lake, rebuild=rebuild, fail_above=fail_above, accept=accept or (), executor=executor
        )


@flow
def restore(table: str, version: int, lake: str | None = None) -> list[Outcome]:
    """Restore an earlier version of a table, and refresh the tables downstream of it.

    Args:
        table: such as `bronze.orders`.
        version: `keystone history` lists the versions of a table.
        lake: the location of the tables; KEYSTONE_LAKE when not given.
    """
    with prefect_executor() as executor:
        return pipeline.restore(table, version, lake, executor=executor)


@flow
def replay(lake: str | None = None, table: str | None = None) -> list[Outcome]:
    """Process quarantined records with the current code, and bring valid ones into gold.

    Args:
        lake: the location of the tables; KEYSTONE_LAKE when not given.
        table: only this one, such as `orders`; all when not given.
    """
    with prefect_executor() as executor:
        return pipeline.replay(lake, table, executor=executor)

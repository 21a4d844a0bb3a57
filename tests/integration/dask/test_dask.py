"""Runs on a real Dask cluster of two processes: the same tables, whatever happens to a worker."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial, wraps
from pathlib import Path
from typing import Any

import dask
import polars as pl
import pytest
from distributed import Client, Event, LocalCluster

from flows import delta
from flows.config.errors import RunFailedError, SettingError
from flows.config.extras import MissingPackageError
from flows.delta import data_files
from flows.delta.outcome import Outcome
from flows.lakehouse import lakehouse
from flows.pipeline import local_executor, refresh, run, runs
from flows.refresh import derived_tables
from flows.refresh.tables import refresh_table
from flows.refresh.workers import UnlikeWorkersError, run_on_workers
from flows.sample import write_sample
from tests.support.refresh import assert_same_tables, sorted_tables
from transforms.graph import Table, tables

Land = Callable[..., Path]
Tables = dict[str, pl.DataFrame]

ORDERS = 600
SPLIT = ("gold.fact_orders", "gold.fact_sales", "silver.geolocation")

pytestmark = [
    # A killed worker leaves open sockets and half-finished messages.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalCluster]:
    """Two processes, each with one task at a time; tables of more than 100 rows are split."""
    monkeypatch.setenv("KEYSTONE_CHUNK_ROWS", "100")
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 1}),
        LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster,
    ):
        yield cluster


@pytest.fixture(scope="module")
def landing(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("landing")
    write_sample(folder, ORDERS, seed=1, dirty=0.01)
    return str(folder)


@pytest.fixture(scope="module")
def expected(landing: str, tmp_path_factory: pytest.TempPathFactory) -> Tables:
    """The tables of the same run in threads."""
    lake = str(tmp_path_factory.mktemp("threads"))
    run(landing, lake)
    return sorted_tables(lake)


def at(cluster: LocalCluster) -> str:
    return f"dask={cluster.scheduler_address}"


def run_on(cluster: LocalCluster, landing: str, lake: str) -> list[Outcome]:
    with local_executor(at(cluster)) as executor:
        return run(landing, lake, executor=executor)


def struck(strike: Callable[[str], None], at_table: str) -> Callable[..., Outcome]:
    """Return `refresh_table` with an action that runs while one table is computed."""

    def refresh(lake: str, table: Table, **options: Any) -> Outcome:
        @wraps(table.function)
        def function(**inputs: pl.LazyFrame) -> pl.LazyFrame:
            strike(lake)
            return table.function(**inputs)

        made = replace(table, function=function) if table.name == at_table else table
        return refresh_table(lake, made, **options)

    return refresh


def once(strike: Callable[[str], None]) -> Callable[[str], None]:
    def first(lake: str) -> None:
        if not mark(lake).exists():
            mark(lake).touch()
            strike(lake)

    return first


def mark(lake: str) -> Path:
    """Return the path of a file that tells all processes that something has happened."""
    return Path(lake, "struck")


def die(_lake: str = "") -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_cluster_makes_the_same_tables(
    cluster: LocalCluster, landing: str, lake: str, expected: Tables
) -> None:
    done = run_on(cluster, landing, lake)
    assert all(outcome.changed for outcome in done)
    assert_same_tables(lake, expected)
    for name in SPLIT:  # several parts, each with its own files, in one commit
        handle = delta.open_existing(lake, name)
        assert len(data_files.files(handle)) > 1
        assert handle.version() == 1
    assert not any(outcome.changed for outcome in run_on(cluster, landing, lake))


@pytest.mark.usefixtures("prefect_server")
def test_a_cluster_runs_prefect_tasks(
    cluster: LocalCluster, landing: str, lake: str, expected: Tables
) -> None:
    assert all(outcome.changed for outcome in lakehouse(landing, lake, runner=at(cluster)))
    assert_same_tables(lake, expected)


def test_parts_run_concurrently(cluster: LocalCluster) -> None:
    def meet(part: int) -> bool:
        Event(f"{part} is here").set()
        return bool(Event(f"{1 - part} is here").wait(timeout=60))

    with Client(cluster) as client:
        assert client.submit(run_on_workers, meet, range(2)).result() == [True, True]


def test_a_worker_that_dies_during_a_part_is_replaced(
    cluster: LocalCluster,
    landing: str,
    lake: str,
    expected: Tables,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    strike = struck(once(die), "gold.fact_sales")
    monkeypatch.setattr(runs, "refresh_table", strike)
    run_on(cluster, landing, lake)
    assert mark(lake).exists()
    assert_same_tables(lake, expected)
    assert delta.open_existing(lake, "gold.fact_sales").version() == 1


def test_a_worker_that_dies_before_the_commit_changes_no_table(
    cluster: LocalCluster,
    landing: str,
    lake: str,
    expected: Tables,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refresh(lake: str, table: Table, **options: Any) -> Outcome:
        if table.name == "gold.fact_sales" and not mark(lake).exists():
            mark(lake).touch()
            delta.rebuild = lambda *_: die()  # only in the worker, which dies of it
        return refresh_table(lake, table, **options)

    monkeypatch.setattr(runs, "refresh_table", refresh)
    run_on(cluster, landing, lake)
    assert mark(lake).exists()
    assert_same_tables(lake, expected)
    handle = delta.open_existing(lake, "gold.fact_sales")
    written = {path.name for path in Path(lake, "gold", "fact_sales").rglob("*.parquet")}
    named = {Path(path).name for path in data_files.files(handle)["path"]}
    assert named < written  # files of the dead worker are in no commit


def test_workers_that_always_die_fail_the_run_and_the_next_run_recovers(
    cluster: LocalCluster,
    landing: str,
    lake: str,
    expected: Tables,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refresh_some(lake: str, table: Table, **options: Any) -> Outcome:
        if table.name == "silver.orders":
            die()
        return struck(die, "gold.dim_seller")(lake, table, **options)

    with monkeypatch.context() as patched:
        patched.setattr(runs, "refresh_table", refresh_some)
        with pytest.raises(RunFailedError) as caught:
            run_on(cluster, landing, lake)
    failures = {line.partition(": ")[0]: line for line in caught.value.failures}
    skipped = failures.pop("skipped, because they need a table that failed")
    assert "gold.fact_orders" in skipped
    assert any(names.startswith("silver.orders") for names in failures)
    assert all("KilledWorker: " in line and "\n" not in line for line in failures.values())
    refresh(lake)
    assert_same_tables(lake, expected)


def test_all_parts_are_recomputed_after_a_concurrent_commit(
    cluster: LocalCluster,
    landing: str,
    lake: str,
    expected: Tables,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def write(lake: str) -> None:
        handle = delta.open_existing(lake, "gold.fact_sales")
        delta.append(handle, delta.scan(handle).clear().collect(), delta.commit_properties({}, {}))

    strike = struck(once(write), "gold.fact_sales")
    monkeypatch.setattr(runs, "refresh_table", strike)
    run_on(cluster, landing, lake)
    assert_same_tables(lake, expected)
    handle = delta.open_existing(lake, "gold.fact_sales")
    assert handle.version() == 2
    stamps = delta.scan(handle).select("_version").unique().collect()
    assert stamps["_version"].to_list() == [2]


def test_a_worker_with_another_polars_is_refused(
    lake: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def elsewhere(work: partial[Any], items: Iterable[pl.Expr]) -> list[Any]:
        monkeypatch.setattr(pl, "__version__", "0.1")
        return list(map(work, items))

    monkeypatch.setattr(derived_tables, "run_on_workers", elsewhere)
    with pytest.raises(UnlikeWorkersError, match=r"gold\.fact_sales: a worker has other code"):
        refresh_table(lake, tables()["gold.fact_sales"])


def test_dask_is_an_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(MissingPackageError, match="pip install"), local_executor("dask"):
        pass


def test_an_unknown_runner_is_refused() -> None:
    with pytest.raises(SettingError, match="there is no runner ray"), local_executor("ray"):
        pass


def test_the_command_starts_its_own_cluster(land: Land, lake: str) -> None:
    arguments = ["--source", str(land(orders=[{}])), "--lake", lake, "--runner", "dask"]
    done = subprocess.run(
        [sys.executable, "-m", "flows", "run", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert delta.rows(delta.open_existing(lake, "gold.fact_orders")) == 1

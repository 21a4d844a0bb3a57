"""A run is the same on every executor: same tables, same outcomes, same error lines."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from deltalake.exceptions import CommitFailedError

from contracts.table_check import ContractBrokenError
from flows import delta, lakehouse, pipeline
from flows.config.errors import RunFailedError, RunHeldBackError
from flows.delta.outcome import Outcome
from flows.pipeline import execution, runs
from flows.refresh.tables import refresh_table
from flows.sample import write_sample
from tests.support.refresh import assert_same_tables, sorted_tables
from transforms.graph import Table, downstream_tables

Land = Callable[..., Path]
CHANCE = {"seconds": 0.0}


class Face(NamedTuple):
    """The functions of the pipeline on one executor."""

    run: Callable[..., list[Outcome]]
    ingest: Callable[..., list[Outcome]]
    refresh: Callable[..., list[Outcome]]
    replay: Callable[..., list[Outcome]]
    restore: Callable[..., list[Outcome]]


LOCAL = Face(pipeline.run, pipeline.ingest, pipeline.refresh, pipeline.replay, pipeline.restore)
PREFECT = Face(
    lakehouse.lakehouse, lakehouse.ingest, lakehouse.refresh, lakehouse.replay, lakehouse.restore
)


@pytest.fixture(params=["local", "prefect"])
def face(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Face:
    monkeypatch.setattr(execution, "RETRY_DELAYS", (0.0,) * len(execution.RETRY_DELAYS))
    if request.param == "local":
        return LOCAL
    request.getfixturevalue("prefect_server")
    return PREFECT


@pytest.fixture(scope="module")
def landing(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("landing")
    write_sample(folder, 300, seed=1, dirty=0.01)
    return str(folder)


@pytest.fixture(scope="module")
def expected(landing: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Any]:
    lake = str(tmp_path_factory.mktemp("expected") / "lake")
    outcomes = pipeline.run(landing, lake)
    return sorted_tables(lake), metrics(outcomes)


def metrics(outcomes: list[Outcome]) -> list[dict[str, Any]]:
    return [outcome.metrics() | CHANCE for outcome in outcomes]


def test_tables_and_outcomes_are_the_same(
    face: Face, landing: str, lake: str, expected: tuple[Any, Any]
) -> None:
    outcomes = face.run(landing, lake)
    rows, counts = expected
    assert metrics(outcomes) == counts
    assert_same_tables(lake, rows)
    assert not any(outcome.changed for outcome in face.run(landing, lake))
    assert not any(outcome.changed for outcome in face.replay(lake))
    restored = face.restore("bronze.orders", 0, lake)
    assert restored[0].table == "bronze.orders"
    assert {outcome.table for outcome in restored if outcome.changed} > {"gold.fact_orders"}


def test_a_rejected_file_is_named_and_the_others_are_ingested(
    face: Face, land: Land, lake: str
) -> None:
    folder = land(orders=[{}])
    (folder / "sellers.csv").write_text("seller_id\n")
    with pytest.raises(RunFailedError) as caught:
        face.run(str(folder), lake)
    (line,) = caught.value.failures
    assert line.startswith("sellers.csv: ")
    assert delta.rows(delta.open_existing(lake, "gold.fact_orders")) == 1


def test_a_broken_contract_is_not_retried_and_skips_tables_downstream(
    face: Face, land: Land, lake: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    def fail(lake: str, table: Table, **options: Any) -> Outcome:
        if table.name == "gold.dim_seller":
            calls.append(table.name)
            message = "gold.dim_seller: 1 row breaks seller_id_is_unique"
            raise ContractBrokenError(message)
        return refresh_table(lake, table, **options)

    monkeypatch.setattr(runs, "refresh_table", fail)
    with pytest.raises(RunFailedError) as caught:
        face.run(str(land(orders=[{}])), lake)
    failed, skipped = caught.value.failures
    assert failed == "gold.dim_seller: 1 row breaks seller_id_is_unique"
    assert skipped.startswith("skipped, because they need a table that failed: gold.fact_sales")
    assert caught.value.undone["gold.dim_seller"] == "failed"
    assert caught.value.undone["gold.fact_sales"] == "skipped"
    assert len(calls) == 1


def test_tables_downstream_of_a_stopped_run_are_held_back(
    face: Face, land: Land, lake: str
) -> None:
    face.run(str(land(sellers=[{}])), lake)
    before = sorted_tables(lake)
    bad = str(land("bad", sellers=[{"seller_id": "1" * 32, "seller_state": "??"}]))
    with pytest.raises(RunHeldBackError) as caught:
        face.run(bad, lake, fail_above=0.5)
    (line,) = caught.value.failures
    assert line.startswith("silver.sellers: 100.0% of 1 record went to quarantine")
    assert {*caught.value.undone} == downstream_tables("silver.sellers")
    assert {*caught.value.undone.values()} == {"held back"}
    with pytest.raises(RunHeldBackError, match="held back"):
        face.refresh(lake)
    assert_same_tables(lake, before)
    face.refresh(lake, accept=["silver.sellers"])
    assert not any(outcome.changed for outcome in face.refresh(lake))


@pytest.mark.usefixtures("prefect_server")
def test_failed_flow_says_what_is_held_back(land: Land, lake: str) -> None:
    bad = str(land(sellers=[{"seller_state": "??"}]))
    state = lakehouse.lakehouse(bad, lake, fail_above=0.5, return_state=True)
    assert state.is_failed()
    assert "silver.sellers: 100.0% of 1 record went to quarantine" in (state.message or "")


@pytest.mark.parametrize("failures", [1, 6])
def test_a_transient_error_is_retried_five_times(
    face: Face, land: Land, lake: str, monkeypatch: pytest.MonkeyPatch, failures: int
) -> None:
    calls = []

    def fail(lake: str, table: Table, **options: Any) -> Outcome:
        if table.name == "gold.dim_date":
            calls.append(table.name)
            if len(calls) <= failures:
                message = "another writer was faster"
                raise CommitFailedError(message)
        return refresh_table(lake, table, **options)

    monkeypatch.setattr(runs, "refresh_table", fail)
    folder = str(land(orders=[{}]))
    if failures == 1:
        face.run(folder, lake)
        assert len(calls) == 2
    else:
        with pytest.raises(RunFailedError) as caught:
            face.run(folder, lake)
        assert len(calls) == 6
        line = "gold.dim_date: CommitFailedError: another writer was faster"
        assert caught.value.failures[0] == line

"""Thresholds, compared with the metrics of a run."""

from copy import copy
from dataclasses import replace
from typing import Any

import pytest

from contracts.share import Share
from flows.config.errors import HeldBackError
from flows.delta.thresholds import VALIDATED, measure, stop_of
from transforms.graph import Table, tables

SELLERS = tables()["silver.sellers"]


def metrics(quarantined: int, records: int = 100, **others: Any) -> dict[str, Any]:
    counts = {"version": 7, "records": records, "quarantined": quarantined}
    return {VALIDATED: {**counts, "broken_rules": {}, "warnings": {}, **others}}


@pytest.fixture
def sellers(monkeypatch: pytest.MonkeyPatch) -> Table:
    """A table whose run is stopped by 29 % of its records in quarantine."""
    spec = replace(SELLERS.contract.spec(), quarantine_share=Share(0.29, stop=True))
    monkeypatch.setattr(SELLERS.contract, "_spec", spec)
    return SELLERS


@pytest.mark.parametrize(("quarantined", "stopped"), [(0, False), (29, False), (30, True)])
def test_run_is_stopped_above_the_threshold(
    sellers: Table, quarantined: int, *, stopped: bool
) -> None:
    stop = stop_of(sellers, metrics(quarantined))
    assert (stop is not None) == stopped
    if stop:
        assert stop.version == 7


def test_threshold_without_stop_is_exceeded_and_stops_nothing() -> None:
    (share,) = measure(SELLERS, metrics(2))
    assert share.is_exceeded
    assert stop_of(SELLERS, metrics(2)) is None


@pytest.mark.parametrize(
    ("recorded", "given", "allowed"),
    [(None, None, 0.29), (0.1, None, 0.1), (None, 0.2, 0.2), (0.1, 0.2, 0.2), (0.1, 0.0, 0.0)],
)
def test_share_of_a_run_counts_before_that_of_its_commit_and_of_the_contract(
    sellers: Table, recorded: float | None, given: float | None, allowed: float
) -> None:
    run = metrics(50) if recorded is None else metrics(50, fail_above=recorded)
    (share,) = measure(sellers, run, given)
    assert share.allowed == Share(allowed, stop=True)


@pytest.mark.parametrize(
    ("quarantined", "records", "shown", "allowed"),
    [
        (2, 100, "2.0%", "1.0%"),
        (35, 3487, "1.004%", "1.000%"),
        (1_000_001, 100_000_000, "1.00000%", "1.00000%"),
    ],
)
def test_shares_that_differ_are_shown_as_different(
    quarantined: int, records: int, shown: str, allowed: str
) -> None:
    (share,) = measure(SELLERS, metrics(quarantined, records))
    assert f"{share}".startswith(f"{shown} of ")
    assert f"{share}".endswith(f", more than the {allowed} allowed")


def test_tables_without_counts_and_derived_tables_have_no_shares() -> None:
    assert list(measure(SELLERS, {"read": 2, "quarantined": 1})) == []
    assert list(measure(tables()["silver.geolocation"], metrics(50))) == []


def test_error_of_a_table_that_is_held_back_can_be_sent_by_a_worker() -> None:
    error = HeldBackError("silver.a: x", "silver.b: y")
    assert copy(error).args == ("silver.a: x", "silver.b: y")

"""Ctrl-C during a run: running steps finish, no other starts, and the next run continues."""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flows import pipeline
from flows.config.errors import RunInterruptedError
from flows.delta.outcome import Outcome
from flows.pipeline import runs
from flows.pipeline.interrupt import first_interrupt
from flows.refresh.tables import refresh_table
from transforms.graph import Table

Land = Callable[..., Path]


def test_the_first_interrupt_lets_running_steps_finish_and_starts_no_other(
    land: Land, lake: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = signal.getsignal(signal.SIGINT)

    def interrupt(lake: str, table: Table, **options: Any) -> Outcome:
        if table.name == "gold.dim_seller":
            os.kill(os.getpid(), signal.SIGINT)
        return refresh_table(lake, table, **options)

    monkeypatch.setattr(runs, "refresh_table", interrupt)
    landing = str(land(orders=[{}]))
    with pytest.raises(RunInterruptedError) as caught:
        pipeline.run(landing, lake)
    done = {outcome.table for outcome in caught.value.outcomes}
    assert {"bronze.orders", "silver.orders", "gold.dim_seller"} <= done
    assert caught.value.undone["gold.fact_sales"] == "not run"
    assert "run the same command again to continue" in caught.value.failures[-1]
    assert signal.getsignal(signal.SIGINT) is before

    monkeypatch.setattr(runs, "refresh_table", refresh_table)
    changed = {outcome.table for outcome in pipeline.run(landing, lake) if outcome.changed}
    assert "gold.fact_sales" in changed
    assert not changed & done


def test_the_second_interrupt_ends_at_once() -> None:
    with first_interrupt() as asked:
        os.kill(os.getpid(), signal.SIGINT)
        assert asked.is_set()
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)

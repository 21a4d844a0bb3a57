"""The commits of a run to a table, with their counts."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
from deltalake import DeltaTable

from contracts.contract import Gold, column
from flows import delta
from flows.delta.commit_log import run_commits


class Moods(Gold, key=("mood",)):
    """One row per mood."""

    mood: str = column()


def moods(lake: Path, *metrics: Mapping[str, object]) -> DeltaTable:
    handle = delta.open_table(str(lake), Moods)
    for each in metrics:
        row = delta.stamped(handle, pl.DataFrame({"mood": ["good"]}))
        delta.append(handle, row, delta.commit_properties({}, each))
    return handle


def test_run_commits_are_newest_first_with_their_counts(tmp_path: Path) -> None:
    handle = moods(tmp_path, {"read": 1, "file": "moods.csv"}, {"read": 2, "quarantined": 1})
    found = run_commits(handle)
    assert [(commit.version, commit.counts) for commit in found] == [
        (2, {"read": 2, "quarantined": 1}),
        (1, {"read": 1}),  # a name is not a count
    ]
    assert timedelta(0) <= datetime.now(UTC) - found[0].at < timedelta(minutes=5)


def test_run_commits_leave_out_those_of_other_writers(tmp_path: Path) -> None:
    handle = moods(tmp_path, {"read": 1}, {"read": 2})
    handle.optimize.compact()
    assert [commit.version for commit in run_commits(handle)] == [2, 1]


def test_run_commits_end_where_the_log_was_cleaned_up(tmp_path: Path) -> None:
    handle = moods(tmp_path, *({"read": n} for n in range(1, 5)))
    handle.create_checkpoint()
    for gone in range(3):
        (tmp_path / f"gold/moods/_delta_log/{gone:020}.json").unlink()
    again = delta.open_existing(str(tmp_path), "gold.moods")
    assert [commit.version for commit in run_commits(again)] == [4, 3]


def test_run_commits_are_limited_in_number(tmp_path: Path) -> None:
    handle = moods(tmp_path, *({"read": n} for n in range(1, 5)))
    assert [commit.version for commit in run_commits(handle, limit=2)] == [4, 3]

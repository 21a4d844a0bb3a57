"""The history of a table is what its own commits say."""

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


def moods(lake: Path, *figures: Mapping[str, object]) -> DeltaTable:
    handle = delta.open_table(str(lake), Moods)
    for each in figures:
        row = delta.stamped(handle, pl.DataFrame({"mood": ["good"]}))
        delta.append(handle, row, delta.commit_properties({}, each))
    return handle


def test_the_newest_commit_comes_first_with_its_figures(tmp_path: Path) -> None:
    handle = moods(tmp_path, {"read": 1, "file": "moods.csv"}, {"read": 2, "quarantined": 1})
    found = run_commits(handle)
    assert [(commit.version, commit.counts) for commit in found] == [
        (2, {"read": 2, "quarantined": 1}),
        (1, {"read": 1}),  # a name is no figure
    ]
    assert timedelta(0) <= datetime.now(UTC) - found[0].at < timedelta(minutes=5)


def test_commits_of_others_have_no_figures_and_are_passed_over(tmp_path: Path) -> None:
    handle = moods(tmp_path, {"read": 1}, {"read": 2})
    handle.optimize.compact()
    assert [commit.version for commit in run_commits(handle)] == [2, 1]


def test_history_goes_back_as_far_as_the_log_does(tmp_path: Path) -> None:
    handle = moods(tmp_path, *({"read": n} for n in range(1, 5)))
    handle.create_checkpoint()
    for gone in range(3):
        (tmp_path / f"gold/moods/_delta_log/{gone:020}.json").unlink()
    again = delta.open_existing(str(tmp_path), "gold.moods")
    assert [commit.version for commit in run_commits(again)] == [4, 3]


def test_only_so_many_commits_are_told(tmp_path: Path) -> None:
    handle = moods(tmp_path, *({"read": n} for n in range(1, 5)))
    assert [commit.version for commit in run_commits(handle, limit=2)] == [4, 3]

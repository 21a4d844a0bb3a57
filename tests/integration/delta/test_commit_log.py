"""The commits of a run to a table, with their counts."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path

import polars as pl
from deltalake import DeltaTable

from contracts.contract import Gold, column
from flows import delta
from flows.delta.commit_log import commits, run_commits
from flows.delta.provenance import Provenance, made_by, read_provenance


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


def test_a_commit_says_which_command_made_it_with_which_code_and_how_long_it_took(
    tmp_path: Path,
) -> None:
    with made_by("refresh"):
        handle = moods(tmp_path, {"read": 1})
    (by,) = [each.by for each in run_commits(handle)]
    assert (by.command, by.code.partition("+")[0]) == ("refresh", version("keystone-nexus"))
    assert by.seconds is not None
    with made_by("drain", timed=False):
        moods(tmp_path, {"read": 2})
    newest = next(commits(delta.open_existing(str(tmp_path), "gold.moods")))
    assert (newest.by.command, newest.by.seconds) == ("drain", None)


def test_a_commit_of_an_earlier_version_does_not_say_what_made_it() -> None:
    assert read_provenance({}) == Provenance("", "", None)

"""Tests of the last runs on the first page of the data docs."""

from datetime import UTC, datetime

import polars as pl

from flows.site.docs.runs import Run, last_runs


def commit(  # noqa: PLR0913 - a row has these columns
    time: str,
    command: str | None,
    table: str,
    *,
    seconds: float | None = 1.0,
    read: int | None = None,
    quarantined: int | None = None,
    written: int | None = None,
) -> dict[str, object]:
    return {
        "committed_at": at(time),
        "command": command,
        "table": table,
        "seconds": seconds,
        "read": read,
        "quarantined": quarantined,
        "written": written,
    }


def at(time: str) -> datetime:
    return datetime.fromisoformat(f"2018-01-01 {time}").replace(tzinfo=UTC)


def runs(*commits: dict[str, object]) -> list[Run]:
    return last_runs(pl.LazyFrame(commits, infer_schema_length=None))


def test_commits_of_a_command_in_a_row_are_one_run() -> None:
    assert runs(
        commit("12:00:10", "ingest", "bronze.orders", read=5),
        commit("12:00:12", "refresh", "quarantine.orders", read=5, quarantined=1),
        commit("12:00:12", "refresh", "silver.orders", read=5, quarantined=1),
        commit("12:01:30", "refresh", "gold.fact_orders", seconds=60.0, written=4),
    ) == [
        Run(
            *("refresh", at("12:00:11"), 79.0, ["silver.orders", "gold.fact_orders"]),
            *(5, 1, 4),
        ),
        Run("ingest", at("12:00:09"), 1.0, ["bronze.orders"], 5, None, None),
    ]


def test_commits_after_a_pause_are_another_run() -> None:
    found = runs(
        commit("12:00", "drain", "bronze.orders", seconds=None, read=1),
        commit("12:00:30", "drain", "bronze.orders", seconds=None, read=2),
        commit("12:05", "drain", "bronze.orders", seconds=None, read=4),
    )
    assert [(run.began, run.seconds, run.read) for run in found] == [
        (at("12:05"), 0.0, 4),
        (at("12:00"), 30.0, 3),
    ]


def test_commits_of_unknown_origin_are_no_run() -> None:
    assert runs(commit("12:00", None, "bronze.orders")) == []

"""`keystone run` in its own process: no server, no lock, and a rerun continues after any end."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import polars as pl
import pytest

from flows import pipeline
from flows.sample import write_sample
from tests.support.project import ROOT
from tests.support.refresh import assert_same_tables, sorted_tables
from tests.support.strike import keystone

LOCAL = {"KEYSTONE_EXECUTOR": "local"}
Tables = Mapping[str, pl.DataFrame]


@pytest.fixture(scope="module")
def landing(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("landing")
    write_sample(folder, 300, seed=1, dirty=0.01)
    return str(folder)


@pytest.fixture(scope="module")
def expected(landing: str, tmp_path_factory: pytest.TempPathFactory) -> Tables:
    """The tables of an undisturbed run."""
    lake = str(tmp_path_factory.mktemp("expected") / "lake")
    pipeline.run(landing, lake)
    return sorted_tables(lake)


def test_sql_prints_nothing_to_stderr(lake: str) -> None:
    pipeline.refresh(lake)
    done = keystone("sql", "--lake", lake, "SELECT 1 AS one")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("number", "code", "said"),
    [
        (signal.SIGKILL, -signal.SIGKILL, ""),
        (signal.SIGINT, 128 + signal.SIGINT, "run the same command again to continue"),
    ],
)
def test_a_run_that_is_cut_off_is_completed_by_the_next(  # noqa: PLR0913, PLR0917 - cases
    landing: str, lake: str, expected: Tables, number: signal.Signals, code: int, said: str
) -> None:
    command = ["run", "--source", landing, "--lake", lake]
    cut = keystone(*command, strike=("gold.dim_seller", number), environment=LOCAL)
    assert cut.returncode == code
    assert said in cut.stderr
    assert "Traceback" not in cut.stderr
    assert not Path(lake, "gold", "fact_sales", "_delta_log", "00000000000000000001.json").exists()
    assert keystone(*command, environment=LOCAL).returncode == 0
    assert_same_tables(lake, expected)


def test_two_runs_at_once_need_no_lock(landing: str, lake: str, expected: Tables) -> None:
    command = [sys.executable, "-m", "flows", "run", "--source", landing, "--lake", lake]
    both = [
        subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, **LOCAL},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    errors = [each.communicate(timeout=240)[1] for each in both]
    assert [each.returncode for each in both] == [0, 0], errors
    assert_same_tables(lake, expected)


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_a_local_run_starts_no_program_but_git(landing: str, lake: str, tmp_path: Path) -> None:
    log = tmp_path / "programs"
    strace = [
        "strace",
        "-f",
        "-qq",
        "-e",
        "trace=execve",
        "-e",
        "signal=none",
        "-z",
        "-o",
        str(log),
    ]
    command = [sys.executable, "-m", "flows", "run", "--source", landing, "--lake", lake]
    done = subprocess.run(
        [*strace, *command],
        cwd=ROOT,
        env={**os.environ, **LOCAL},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    first, *others = log.read_text().splitlines()
    assert sys.executable in first
    assert [line for line in others if "execve(" in line and '/git", ["git", ' not in line] == []

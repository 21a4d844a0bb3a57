"""A command behaves the same on every executor: exit codes, error lines, kill -9 and Ctrl-C."""

import signal
from collections.abc import Callable, Sequence
from pathlib import Path

import polars as pl
import pytest

from flows import delta, pipeline
from flows.delta.table_names import existing_tables
from flows.sample import write_sample
from tests.support.refresh import assert_same_tables, sorted_tables
from tests.support.strike import keystone

Land = Callable[..., Path]
Tables = dict[str, pl.DataFrame]

pytestmark = pytest.mark.usefixtures("prefect_server")

EXECUTORS = {
    "local": ["--executor", "local"],
    "dask": ["--executor", "local", "--runner", "dask"],
    "prefect": ["--executor", "prefect"],
}


@pytest.fixture(params=EXECUTORS)
def executor(request: pytest.FixtureRequest) -> Sequence[str]:
    return EXECUTORS[request.param]


@pytest.fixture(scope="module")
def landing(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("landing")
    write_sample(folder, 50, seed=1, dirty=0.01)
    return str(folder)


@pytest.fixture(scope="module")
def expected(landing: str, tmp_path_factory: pytest.TempPathFactory) -> Tables:
    """The tables of an undisturbed run."""
    lake = str(tmp_path_factory.mktemp("expected") / "lake")
    pipeline.run(landing, lake)
    return sorted_tables(lake)


def versions(lake: str) -> dict[str, int]:
    return {name: delta.open_existing(lake, name).version() for name in existing_tables(lake)}


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_command_that_is_ended_is_completed_by_the_next(
    executor: Sequence[str], landing: str, lake: str, expected: Tables, number: signal.Signals
) -> None:
    command = ["run", "--source", landing, "--lake", lake, "--quiet", *executor]
    ended = keystone(*command, strike=("gold.dim_seller", number))
    if number == signal.SIGINT:
        assert ended.returncode == 130
        (line,) = [line for line in ended.stderr.splitlines() if line.startswith("error: ")]
        assert line.startswith("error: interrupted: ")
        assert line.endswith("; run the same command again to continue")
        assert "Traceback" not in ended.stderr
    else:
        assert ended.returncode == -signal.SIGKILL
    committed = versions(lake)
    assert committed["bronze.orders"] == committed["silver.orders"] == 1
    again = keystone(*command)
    assert (again.returncode, again.stderr) == (0, "")
    assert_same_tables(lake, expected)
    # What was committed stays, and is not written a second time.
    assert versions(lake)["bronze.orders"] == versions(lake)["silver.orders"] == 1


def test_a_rejected_file_ends_in_one_line_and_exit_code_1(
    executor: Sequence[str], land: Land, lake: str
) -> None:
    landing = land(orders=[{}])
    (landing / "sellers.csv").write_text("seller_id\n")
    command = ["run", "--source", str(landing), "--lake", lake, "--quiet", *executor]
    failed = keystone(*command)
    assert (failed.returncode, failed.stdout) == (1, "")
    (line,) = failed.stderr.splitlines()
    assert line.startswith("error: sellers.csv: ")
    (landing / "sellers.csv").unlink()
    corrected = keystone(*command)
    assert (corrected.returncode, corrected.stdout, corrected.stderr) == (0, "", "")

"""Fixtures and settings that all tests share."""

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

import flows  # noqa: F401 - sets Prefect's environment, before Prefect is imported
from contracts.strategies import show_frames_as_code
from flows import pipeline
from tests.support.aws import ACCESS, moto
from tests.support.examples import register
from tests.support.good_records import GOOD
from tests.support.landing import Land, Row, write

register()
show_frames_as_code()

# Tests archive files that they have just written; tests of recent files set their own value.
os.environ["KEYSTONE_QUIET_SECONDS"] = "0"

OLIST = Path(__file__).parents[2] / "shared" / "data" / "olist"


@pytest.fixture(scope="session")
def olist() -> Path:
    """The folder of the real Olist files; tests that need them are skipped if they are missing."""
    folder = Path(os.environ.get("KEYSTONE_OLIST", OLIST))
    if not folder.is_dir():
        reason = "the Olist files are not here; docs/quickstart.md says where they come from"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return folder


@pytest.fixture(scope="session")
def aws_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of moto, a simulated AWS."""
    with moto(tmp_path_factory.mktemp("aws")) as address:
        yield address


@pytest.fixture
def aws_account(aws_address: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of an empty AWS account; the environment refers to it."""
    for name, value in {**ACCESS, "AWS_ENDPOINT_URL": aws_address}.items():
        monkeypatch.setenv(name, value)
    urlopen(Request(f"{aws_address}/moto-api/reset", method="POST")).close()  # noqa: S310 - moto's
    return aws_address


@pytest.fixture(scope="session")
def prefect_server() -> Iterator[str]:
    """The URL of a Prefect server for all tests."""
    from prefect.settings import PREFECT_API_URL  # noqa: PLC0415 - reads settings on import
    from prefect.testing.utilities import prefect_test_harness  # noqa: PLC0415 - as above

    with pytest.MonkeyPatch.context() as environment:
        # SQLite stores a hundred task states as quickly as one.
        environment.setenv("PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE", "100")
        with prefect_test_harness(server_startup_timeout=180):
            url = str(PREFECT_API_URL.value())
            environment.setenv("PREFECT_API_URL", url)  # for processes that tests start
            yield url


@pytest.fixture
def lake(tmp_path: Path) -> str:
    """The location of a new lake."""
    return str(tmp_path / "lake")


@pytest.fixture
def land(tmp_path: Path) -> Land:
    """Write to a landing zone of the test: `land(orders=[{"order_id": ...}, ...])`."""

    def write_there(folder: str = "landing", **tables: Sequence[Row]) -> Path:
        return write(tmp_path / folder, **tables)

    return write_there


@pytest.fixture(scope="session")
def real_lake(olist: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A lake of the real files."""
    lake = str(tmp_path_factory.mktemp("real") / "lake")
    pipeline.run(str(olist), lake)
    return lake


@pytest.fixture(scope="session")
def good() -> Mapping[str, Row]:
    """A good record of each entity; together they are one order."""
    return GOOD


_MARKERS = {
    "browser": {"browser"},
    "deployed": {"prefect", "slow"},
    "prefect_server": {"prefect"},
    "real_kafka": {"kafka", "slow"},
    "s3_server": {"s3"},
}
"""The markers of a test, by a fixture that it uses."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test by the servers that it needs, so that `-m "not kafka"` leaves them out."""
    for item in items:
        for marker in {"dask", "prefect"} & {*item.path.parts}:
            item.add_marker(marker)
        for fixture in getattr(item, "fixturenames", ()):
            for marker in _MARKERS.get(fixture, ()):
                item.add_marker(marker)

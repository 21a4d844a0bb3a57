"""What the tests share."""

import os
from pathlib import Path

import pytest

import flows  # noqa: F401 - says what we need of Prefect, before Prefect is imported
from contracts.strategies import show_frames_as_code
from tests.examples import register

register()
show_frames_as_code()

OLIST = Path(__file__).parents[2] / "shared" / "data" / "olist"


@pytest.fixture(scope="session")
def olist() -> Path:
    """The folder of the real Olist files; tests that need it are skipped where it is not."""
    folder = Path(os.environ.get("KEYSTONE_OLIST", OLIST))
    if not folder.is_dir():
        reason = "the Olist files are not here; README.md says where they come from"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return folder

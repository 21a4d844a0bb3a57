"""Fixtures: lakes of synthetic orders, their sites, and a browser."""

import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from flows.sample import write_sample
from flows.site.docs.build import write_docs
from flows.site.report.build import write_report
from tests.support.kafka.same_tables import batch_lake
from tests.support.project import ROOT

NOW = datetime.now(UTC) + timedelta(hours=1)
"""The time at which the sites look at the promises, after every delivery of the tests."""

TARGETS = ROOT / "examples" / "monthly_targets.csv"
"""The targets of the shop."""


@pytest.fixture(scope="session")
def lake(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A lake with two deliveries, both with broken records."""
    folder = tmp_path_factory.mktemp("site")
    landings = [folder / "first", folder / "second"]
    for seed, landing in enumerate(landings):
        write_sample(landing, 60, seed, 0.02)
        batch_lake(str(folder / "lake"), [landing])
    return str(folder / "lake")


@pytest.fixture(scope="session")
def docs(lake: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data docs of the lake."""
    return write_docs(lake, tmp_path_factory.mktemp("docs"), NOW).parent


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A lake with enough orders for every chart of the report, and with targets."""
    folder = tmp_path_factory.mktemp("shop")
    write_sample(folder / "landing", 2000, 1, 0.002)
    shutil.copy(TARGETS, folder / "landing")
    batch_lake(str(folder / "lake"), [folder / "landing"])
    return str(folder / "lake")


@pytest.fixture(scope="session")
def report(shop: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of the shop."""
    return write_report(shop, tmp_path_factory.mktemp("report"), NOW).parent


# The scope is a module because Playwright runs an event loop, in which Prefect behaves differently.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless Chromium; without one, its tests are skipped, or fail in CI."""
    chromium = shutil.which("chromium")
    if not chromium:
        reason = "`chromium` is not installed; install the Debian package of that name"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    expect.set_options(timeout=60_000)  # a busy machine is slow
    with sync_playwright() as playwright:
        # Chromium's sandbox does not start for root, which is the user in a container.
        started = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox"], timeout=120_000
        )
        yield started
        started.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page that works offline and logs nothing to the console."""
    context = browser.new_context(offline=True, viewport={"width": 1440, "height": 900})
    context.set_default_timeout(120_000)
    opened, messages = context.new_page(), list[str]()
    opened.on("console", lambda message: messages.append(message.text))
    opened.on("pageerror", lambda error: messages.append(str(error)))
    opened.on("request", lambda r: None if _is_local(r.url) else messages.append(r.url))
    yield opened
    context.close()
    assert messages == []


def _is_local(url: str) -> bool:
    return url.startswith(("file:", "data:"))

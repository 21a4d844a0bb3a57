"""Lakes of made-up orders, their sites, and a real browser to read them in."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from flows.sample import write_sample
from flows.site.docs.build import write_docs
from flows.site.report.build import write_report
from tests.flows import conftest as of_flows
from tests.stream.same_tables import batch_lake

land = of_flows.land


@pytest.fixture(scope="session")
def lake(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A lake that took in two deliveries, with broken records in both."""
    folder = tmp_path_factory.mktemp("site")
    landings = [folder / "first", folder / "second"]
    for seed, landing in enumerate(landings):
        write_sample(landing, 60, seed, 0.02)
        batch_lake(str(folder / "lake"), [landing])
    return str(folder / "lake")


@pytest.fixture(scope="session")
def docs(lake: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the lake's data docs."""
    return write_docs(lake, tmp_path_factory.mktemp("docs")).parent


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A lake of so many orders that every chart of the report has something to show."""
    folder = tmp_path_factory.mktemp("shop")
    write_sample(folder / "landing", 2000, 1, 0.002)
    batch_lake(str(folder / "lake"), [folder / "landing"])
    return str(folder / "lake")


@pytest.fixture(scope="session")
def report(shop: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the shop's report."""
    return write_report(shop, tmp_path_factory.mktemp("report")).parent


# No longer than a module: it runs an event loop, in which Prefect behaves otherwise.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless Chromium; tests that need it are skipped where it is not."""
    chromium = shutil.which("chromium")
    if not chromium:
        reason = "there is no `chromium` here; Debian has a package of this name"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    expect.set_options(timeout=60_000)  # a busy machine is slow, not wrong
    with sync_playwright() as playwright:
        # Its own sandbox does not start for root, as which a container's tests run.
        started = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox"], timeout=120_000
        )
        yield started
        started.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page that may not leave the folder and must not complain."""
    context = browser.new_context(offline=True, viewport={"width": 1440, "height": 900})
    context.set_default_timeout(120_000)
    opened, heard = context.new_page(), list[str]()
    opened.on("console", lambda message: heard.append(message.text))
    opened.on("pageerror", lambda error: heard.append(str(error)))
    opened.on("request", lambda r: None if _is_local(r.url) else heard.append(r.url))
    yield opened
    context.close()
    assert heard == []


def _is_local(url: str) -> bool:
    return url.startswith(("file:", "data:"))

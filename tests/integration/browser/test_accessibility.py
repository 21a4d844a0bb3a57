"""Tests of every page of both sites: axe, the keyboard, print, and the size of a page."""

import re
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Page


@pytest.fixture(scope="session", params=["report", "docs"])
def site(request: pytest.FixtureRequest) -> Path:
    """The folder of a site."""
    folder: Path = request.getfixturevalue(request.param)
    return folder


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (390, "dark")])
def test_pages_have_no_axe_violations(
    site: Path, page: Page, width: int, scheme: Literal["light", "dark"]
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)
    axe, found = Axe(), dict[str, str]()
    for file in sorted(site.glob("*.html")):
        page.goto(file.as_uri())
        page.evaluate(_OPEN_DETAILS)
        results = axe.run(page, options=_AXE_OPTIONS)
        if results.violations_count:
            found[file.name] = results.generate_report()
    assert found == {}


def test_print_is_light_and_complete(site: Path, page: Page) -> None:
    page.set_viewport_size({"width": 718, "height": 1040})  # A4 within margins
    for file in sorted(site.glob("*.html")):
        page.emulate_media(color_scheme="dark")
        page.goto(file.as_uri())
        page.evaluate(_OPEN_DETAILS)
        page.emulate_media(media="print", color_scheme="dark")
        assert page.evaluate(_CUT) == [], file.name
        assert page.evaluate("document.documentElement.scrollWidth") == 718, file.name
        assert page.evaluate(_UNDRAWN) == [], file.name
        background = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert background == "rgb(253, 252, 250)", file.name
        page.emulate_media(media="screen")


@pytest.mark.parametrize(
    ("site", "name"),
    [
        ("report", "explore.html"),
        ("report", "seller.html"),
        ("report", "sellers.html"),
        ("docs", "index.html"),
        ("docs", "gold.fact_sales.html"),
    ],
    indirect=["site"],
)
def test_keyboard_reaches_every_control_and_focus_is_visible(
    site: Path, name: str, page: Page
) -> None:
    page.goto((site / name).as_uri())
    page.evaluate(_WATCH_FOCUS)
    for _ in range(2000):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement === document.body"):
            break
    missed, invisible, reached = page.evaluate(_FOCUS)
    assert missed == []
    assert invisible == []
    assert {"A", "BUTTON", "SUMMARY"} <= {*reached}


def test_a_page_with_all_its_files_is_below_a_megabyte(site: Path) -> None:
    for file in site.glob("*.html"):
        parts = re.findall(r'(?:src|rel="stylesheet" href)="([^":]+)"', file.read_text())
        sizes = {part: (site / part).stat().st_size for part in (file.name, *parts)}
        assert {"site.css", "site.js"} < {*sizes}
        assert sum(sizes.values()) < 1_000_000, sizes


_OPEN_DETAILS = "document.querySelectorAll('details').forEach((each) => { each.open = true; })"

_AXE_OPTIONS = {"preload": False, "resultTypes": ["violations"]}  # files cannot be fetched again

# Elements whose content is wider than they are.
_CUT = """[...document.querySelectorAll("main *:not(svg *)")]
  .filter((each) => each.checkVisibility() && getComputedStyle(each).display !== "inline"
    && each.scrollWidth > each.clientWidth + 1)
  .map((each) => each.outerHTML.slice(0, 100))"""

# Panels that have charts, but print none of them.
_UNDRAWN = """[...document.querySelectorAll(".panel:has(.chart)")]
  .filter((panel) => ![...panel.querySelectorAll(".chart svg")]
    .some((chart) => chart.checkVisibility() && chart.getBoundingClientRect().height > 50))
  .map((panel) => panel.getAttribute("aria-labelledby"))"""

_WATCH_FOCUS = """() => {
  window.reached = new Set();
  window.invisible = [];
  document.addEventListener("focusin", ({ target }) => {
    reached.add(target);
    const style = getComputedStyle(target), box = target.querySelector(":scope > rect");
    const width = box ? getComputedStyle(box).strokeWidth : style.outlineWidth;
    if (parseFloat(width) < 2 || !box && style.outlineStyle === "none") {
      invisible.push(target.outerHTML.slice(0, 100));
    }
  });
}"""

# Controls that Tab did not reach, those without visible focus, and the kinds that it reached.
_FOCUS = """() => [
  [...document.querySelectorAll("a[href], button, input, select, summary, [tabindex='0']")]
    .filter((each) => each.checkVisibility({ visibilityProperty: true }) && !reached.has(each))
    .map((each) => each.outerHTML.slice(0, 100)),
  invisible,
  [...reached].map((each) => each.tagName),
]"""

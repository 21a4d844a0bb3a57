"""Every link of the pages has a target."""

import re
from pathlib import Path

import pytest

from tests.support.project import ROOT

PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "deployments").rglob("*.md")]
LINK = re.compile(r"""(?:\]\(|src="|srcset=")(?!https?:)([^)"#]*)(?:#([^)"]+))?[)"]""")

MODULE = r"(?:flows|transforms|contracts|tests|benchmarks)/[\w/.]+\.\w+"


def _anchors(page: Path) -> set[str]:
    """Return the anchors that GitHub gives to the headings of a page."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_of_a_page_exist(page: Path) -> None:
    for target, anchor in LINK.findall(page.read_text()):
        there = page.parent / target if target else page
        assert there.exists(), f"{target} does not exist"
        assert not anchor or anchor in _anchors(there), f"{target}#{anchor} does not exist"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_modules_that_a_page_names_exist(page: Path) -> None:
    text = page.read_text()
    named = set(re.findall(rf"`({MODULE})`", text))
    written = set(
        re.findall(rf"`({MODULE})`:\n\n```python", text)
    )  # written by the reader of a guide
    assert [path for path in sorted(named - written) if not (ROOT / path).exists()] == []

"""The charts and tables of the report that read a table, derived from their statements."""

from collections import defaultdict
from typing import NamedTuple

from flows.site.report.build import PAGES


class Reader(NamedTuple):
    """A chart or table of the report."""

    page: str
    title: str
    anchor: str
    """Its place in the report: a file and a fragment."""


def report_readers() -> dict[str, list[Reader]]:
    """Return, by table, what reads it in the report."""
    found = defaultdict[str, list[Reader]](list)
    for page in PAGES:
        for panel in page.panels:
            for table in panel.tables:
                reader = Reader(page.title, panel.title, f"{page.file}#{panel.name}")
                found[table].append(reader)
    return dict(found)

"""The report for people who decide: a page for each question, and the SQL behind every figure."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from flows.config.settings import resolve_location
from flows.delta.damage import translate_damage
from flows.delta.table_names import existing_tables
from flows.query.sql import queries
from flows.site.charts.svg import png
from flows.site.render import page, publish
from flows.site.report.model import Figure, Frames, Page, desk, drawn, show
from flows.site.report.pages import customers, executive, operations, sales, sellers
from flows.site.report.pages.quality import quality
from flows.storage.locations import check_output
from transforms.graph import tables

PAGES = (executive.PAGE, sales.PAGE, operations.PAGE, customers.PAGE, sellers.PAGE)


class NoMartsError(Exception):
    """The lake has no marts to report of."""


def write_report(lake: str, out: Path) -> Path:
    """Write the report of a lake to a folder, and return the page to open.

    The same lake gives the same files.

    Raises:
        NoLakeError: the lake has no tables.
        NoMartsError: it has no marts, or lacks some.
        ForeignFolderError: the folder holds something else.
        SettingError: the folder lies in the lake, the landing zone or the archive.
        TableError: a table cannot be read; names it, and the file.
    """
    check_output(resolve_location("site", str(out)), lake)
    with translate_damage(lake, existing_tables(lake)):
        return publish(out, pages(lake, ask(lake)))


def ask(lake: str) -> Frames:
    """Return what each figure's statement gives, by the figure's name; raises as `write_report`."""
    missing = {name for name in tables() if name.startswith("gold.mart_")} - {
        *existing_tables(lake)
    }
    if missing:
        message = f"{lake}: lacks {', '.join(sorted(missing))}; `keystone refresh` makes them"
        raise NoMartsError(message)
    given = queries(lake, dict.fromkeys(figure.sql for figure in figures()))
    return {figure.name: given[figure.sql] for figure in figures()}


def pages(lake: str, frames: Frames) -> dict[str, str]:
    """Return the pages of the report, by file name."""
    found = quality(lake)
    shell: dict[str, Any] = {
        "site": "Report",
        "menus": {
            **{each.title: each.file for each in PAGES},
            "Data quality": "quality.html",
            "SQL": "sql.html",
        },
        "as_of": max((each.at for each in found.fresh if each.at), default=None),
    }
    answer = operations.PAGE.tell(frames)
    return {
        **{
            each.file: page(
                "report.html",
                **shell,
                here=each.file,
                title=each.title,
                told=each.tell(frames),
                answer=answer if each is executive.PAGE else None,
                shown=[show(figure, frames[figure.name]) for figure in each.figures],
            )
            for each in PAGES
        },
        "quality.html": page("quality.html", **shell, here="quality.html", quality=found),
        "sql.html": page("sql.html", **shell, here="sql.html", statements=_statements(PAGES)),
    }


def pictures(frames: Frames) -> dict[str, bytes]:
    """Return every chart as a PNG, by the name of its figure; those with nothing to draw not."""
    return {
        figure.name: png(chart)
        for figure in figures()
        if (chart := drawn(figure, frames[figure.name], desk(figure)))
    }


def figures() -> list[Figure]:
    """Return the figures of all pages."""
    return [figure for each in PAGES for figure in each.figures]


def _statements(pages: Iterable[Page]) -> dict[str, list[tuple[Page, Figure]]]:
    """Return each statement once, with the figures that it gives."""
    found: dict[str, list[tuple[Page, Figure]]] = {}
    for each in pages:
        for figure in each.figures:
            found.setdefault(figure.sql.strip(), []).append((each, figure))
    return found

"""The report: one page for each question that managers ask, with the SQL of each panel."""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flows.config.settings import Settings, resolve_location
from flows.delta.damage import translate_damage
from flows.delta.table_names import existing_tables
from flows.query.sql import queries
from flows.site.charts.svg import svg_to_png
from flows.site.render import publish, render, script
from flows.site.report.model import Frames, Page, Panel, csv_name, panel_svg, render_panel
from flows.site.report.pages import customers, explore, operations, overview, sales, seller, sellers
from flows.site.report.pages.quality import data_quality
from flows.storage.locations import check_output
from transforms.graph import tables

PAGES = (
    *(overview.PAGE, sales.PAGE, operations.PAGE, customers.PAGE),
    *(sellers.PAGE, seller.PAGE, explore.PAGE),
)


class NoMartsError(Exception):
    """The lake lacks a mart that the report reads."""


def write_report(lake: str, out: Path, now: datetime | None = None) -> Path:
    """Write the report of a lake to a folder and return the path of its first page.

    The same lake gives the same files at the same time.

    Args:
        lake: location of the lake.
        out: the folder.
        now: the time at which promises are evaluated, with a zone; the present by default.

    Raises:
        NoLakeError: the lake has no tables.
        NoMartsError: the lake lacks a mart.
        ForeignFolderError: the folder holds files that do not belong to a site.
        SettingError: the folder is in the lake, the landing zone or the archive.
        TableError: a table cannot be read; names the table and the file.
    """
    check_output(resolve_location("site", str(out)), lake)
    with translate_damage(lake, existing_tables(lake)):
        return publish(out, build_pages(lake, query_panels(lake), now))


def query_panels(lake: str) -> Frames:
    """Run the statement of each panel and return the results by panel name.

    Raises:
        NoLakeError: the lake has no tables.
        NoMartsError: the lake lacks a mart.
        TableError: a table cannot be read; names the table and the file.
    """
    marts = {name for name in tables() if name.startswith("gold.mart_")}
    if missing := marts - {*existing_tables(lake)}:
        message = f"{lake} lacks {', '.join(sorted(missing))}: run `keystone refresh`"
        raise NoMartsError(message)
    results = queries(lake, dict.fromkeys(panel.sql for panel in panels()))
    return {panel.name: results[panel.sql] for panel in panels()}


def build_pages(lake: str, frames: Frames, now: datetime | None = None) -> dict[str, str]:
    """Return each page, and the rows of each panel as CSV, by file name.

    `now` is as in `write_report`.
    """
    now = now or datetime.now(UTC)
    quality = data_quality(lake, now)
    shared: dict[str, Any] = {
        "site": "Report",
        "menus": {
            **{page.title: page.file for page in PAGES},
            "Data quality": "quality.html",
            "SQL": "sql.html",
        },
        "now": now,
        "docs": Settings().docs_url.rstrip("/"),
        "quality": quality,
        "as_of": max((table.at for table in quality.freshness if table.at), default=None),
    }
    answer = operations.PAGE.summarize(frames)
    return {
        **{
            page.file: render(
                page.template,
                **shared,
                data=page.data(frames) if page.data else None,
                here=page.file,
                title=page.title,
                summary=page.summarize(frames),
                answer=answer if page is overview.PAGE else None,
                rendered=[
                    render_panel(panel, frames[panel.name])
                    for panel in page.panels
                    if page.template == "report.html"
                ],
            )
            for page in PAGES
        },
        "quality.html": render("quality.html", **shared, here="quality.html"),
        "sql.html": render("sql.html", **shared, here="sql.html", statements=_statements(PAGES)),
        **{name: script(name) for name in ("columns.js", "explore.js", "seller.js")},
        **{csv_name(panel): frames[panel.name].write_csv() for panel in panels()},
    }


def chart_images(frames: Frames) -> dict[str, bytes]:
    """Return each chart as a PNG by panel name, without the empty ones."""
    return {
        panel.name: svg_to_png(svg)
        for panel in panels()
        if (svg := panel_svg(panel, frames[panel.name], panel.width))
    }


def panels() -> list[Panel]:
    """Return the panels of all pages."""
    return [panel for page in PAGES for panel in page.panels]


def _statements(pages: Iterable[Page]) -> dict[str, list[tuple[Page, Panel]]]:
    """Return each statement once, with the panels that use it."""
    uses: dict[str, list[tuple[Page, Panel]]] = {}
    for page in pages:
        for panel in page.panels:
            uses.setdefault(panel.sql.strip(), []).append((page, panel))
    return uses

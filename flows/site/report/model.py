"""The parts of a report page: a summary, tiles, and panels of a chart or a table each."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

import polars as pl
import polars.selectors as cs
from markupsafe import Markup

from contracts.contract import Contract
from flows.site.charts.states import state_label
from flows.site.charts.svg import AnyChart, chart_to_svg
from flows.site.formatting import DASH, percent, reais

DESKTOP, HALF, PHONE = 1080, 520, 326
"""Widths of charts in pixels: across a desktop page, half of it, and on a phone."""

Frames = Mapping[str, pl.DataFrame]
"""The result of each panel's statement by the name of the panel."""

Draw = Callable[[pl.DataFrame, int], AnyChart]
"""Draws the rows of a panel at a width in pixels. Decimals arrive as floats."""


@dataclass(frozen=True)
class Panel:
    """The result of one SQL statement as a chart with a table, or as a table alone."""

    name: str
    title: str
    caption: str
    """One sentence about what the panel shows, also for readers who cannot see the chart."""
    sql: str
    mart: type[Contract]
    """The mart that the statement reads. Its contract defines the columns."""
    draw: Draw | None = None
    """Draws the chart, if there is one."""
    wide: bool = False
    extra_definitions: Mapping[str, str] = field(default_factory=dict)
    """Definitions of the columns that only the statement has."""

    @property
    def tables(self) -> list[str]:
        """Return the tables that the statement reads, the mart first."""
        mart = self.mart.spec().table
        return [mart, *sorted({*_TABLE.findall(self.sql)} - {mart})]

    @property
    def width(self) -> int:
        """Return the width of the chart on a desktop page."""
        return DESKTOP if self.wide else HALF

    def definition(self, column: str) -> str:
        """Return the definition of a column; for a key without one, the grain of the mart."""
        if found := self.extra_definitions.get(column):
            return found
        return self.mart.descriptions()[column] or self.mart.grain()


class Tile(NamedTuple):
    """A single number with its label, its definition and a note below it."""

    label: str
    value: str
    definition: str
    note: str = ""


class PageSummary(NamedTuple):
    """The top of a page."""

    headline: str
    sentences: tuple[str, ...] = ()
    tiles: tuple[Tile, ...] = ()
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Page:
    """A page of the report."""

    file: str
    title: str
    summarize: Callable[[Frames], PageSummary]
    panels: tuple[Panel, ...]
    template: str = "report.html"
    data: Callable[[Frames], Any] | None = None
    """Returns what the template's script reads, from the results of all panels."""


class Heading(NamedTuple):
    """The heading of a table column."""

    label: str
    definition: str
    number: bool


class RenderedPanel(NamedTuple):
    """A panel with its data, as the template needs it."""

    panel: Panel
    headings: list[Heading]
    rows: list[list[str]]
    csv: str
    """The name of the file with the rows."""
    charts: dict[str, Markup]
    """SVG for `desktop` and `phone`; empty if there is nothing to draw."""


def render_panel(panel: Panel, frame: pl.DataFrame) -> RenderedPanel:
    """Draw the chart of a panel and format its table, without the columns that have no value."""
    filled = frame.select(each for each in frame if each.count())
    return RenderedPanel(
        panel,
        headings=[
            Heading(label(name), panel.definition(name), dtype.is_numeric())
            for name, dtype in filled.schema.items()
        ],
        rows=[
            [_cell(name, value) for name, value in row.items()]
            for row in filled.iter_rows(named=True)
        ],
        csv=csv_name(panel),
        charts={
            screen: Markup(svg)  # noqa: S704 - drawn by this package
            for screen, width in (("desktop", panel.width), ("phone", PHONE))
            if (svg := panel_svg(panel, frame, width))
        },
    )


def csv_name(panel: Panel) -> str:
    """Return the name of the file with the rows of a panel."""
    return f"{panel.name}.csv"


def panel_svg(panel: Panel, frame: pl.DataFrame, width: int) -> str:
    """Return the chart of a panel as SVG, or an empty string if there is nothing to draw."""
    if not panel.draw or frame.is_empty():
        return ""
    drawable = frame.with_columns(
        cs.decimal().cast(pl.Float64),
        cs.string().str.replace_all(_NOT_IN_XML, "\N{REPLACEMENT CHARACTER}"),
    )
    svg = chart_to_svg(panel.draw(drawable, width))
    return svg if "<title>" in svg else ""


def label(column: str) -> str:
    """Return the name of a column for readers, with the Portuguese term where there is one."""
    return _LABELS.get(column, column.replace("_", " ").capitalize())


def format_value(column: str, value: Any) -> str:
    """Format a value of a column."""
    match value:
        case None:
            return DASH
        case Decimal():
            return reais(value)
        case int():
            return f"{value:,}"
        case float() if column.endswith(_SHARES):
            return percent(value)
        case float():
            return f"{value:.{_DIGITS.get(column, 1 if 'days' in column else 2)}f}"
    return _TEXT_FORMATS.get(column, str)(value)


def total(frame: pl.DataFrame, column: str) -> Any:
    """Return the sum of a column."""
    return frame.select(pl.col(column).sum()).item()


def _cell(column: str, value: Any) -> str:
    """Format a value for a table; the id of a seller leads to the page about the seller."""
    if column == "seller_id":
        return Markup('<a href="seller.html#{0}">{0}</a>').format(value)
    return format_value(column, value)


_TABLE = re.compile(r"\bgold\.\w+")

_NOT_IN_XML = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x{fffe}\x{ffff}]"  # vl-convert aborts on these

_SHARES = ("share", "retention", "growth", "on_time_from")

_DIGITS = {"p90_lag_days": 0, "median_hours": 1, "p90_hours": 1}

_TEXT_FORMATS: Mapping[str, Callable[[str], str]] = {
    "customer_state": state_label,
    "seller_state": state_label,
    **dict.fromkeys(("category", "categoria", "payment_type"), lambda name: name.replace("_", " ")),
}

_LABELS = {
    "gmv": "GMV (faturamento bruto)",
    "gmv_year_ago": "GMV a year earlier",
    "gmv_called_off": "GMV called off",
    "gmv_target": "GMV target (meta)",
    "gmv_reached_share": "Share of the GMV target",
    "orders_target": "Orders target (meta)",
    "orders_reached_share": "Share of the orders target",
    "average_order_value": "Average order (ticket médio)",
    "purchase_month": "Month",
    "customer_state": "State (UF)",
    "seller_state": "State (UF)",
    "seller_id": "Seller (vendedor)",
    "freight_value": "Freight (frete)",
    "freight_share": "Freight share",
    "payment_type": "Payment type",
    "payment_installments": "Instalments (parcelas)",
    "review_score": "Review score",
    "on_time_share": "On time",
    "lowest_on_time_share": "On time, at least",
    "highest_on_time_share": "On time, at most",
    "called_off_share": "Orders called off",
    "mean_days_late": "Mean days late",
    "mean_lag_days": "Mean days to deliver",
    "p90_lag_days": "Days for 90% of orders",
    "p90_hours": "Hours for 90% of orders",
    "one_star_share": "One star",
    "five_star_share": "Five stars",
    "reviews_share": "Share of reviews",
    "sales_share": "Share of sales",
    "payments_share": "Share of payments",
    "value_share": "Share of value",
    "cohort_month": "First purchase",
    "categoria": "In Portuguese",
    "sales": "Sales (vendas)",
    "sales_year_ago": "Sales a year earlier",
    "people": "Customers",
    "monetary": "Spent",
    "again": "Bought again",
    "late_or_overdue_share": "Late or overdue",
}

"""What a page of the report is made of: figures, each a SQL statement and what is shown of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

import polars as pl
import polars.selectors as cs
from markupsafe import Markup

from contracts.contract import Contract
from flows.site.charts.states import named
from flows.site.charts.svg import AnyChart, svg
from flows.site.formatting import DASH, percent, reais

DESK, HALF, PHONE = 1080, 520, 326
"""How wide charts are drawn, in pixels: each for a desk and for a phone."""

Frames = Mapping[str, pl.DataFrame]
"""What the statements of a page's figures gave, by the figures' names."""


@dataclass(frozen=True)
class Figure:
    """A chart and the table behind it, or a table alone, of what one statement gives."""

    name: str
    title: str
    about: str
    """What one sees, in a sentence: also for those who do not see it."""
    sql: str
    of: type[Contract]
    """The mart that the statement reads: its columns are explained there, and only there."""
    draw: Callable[[pl.DataFrame, int], AnyChart] | None = None
    """Draws the chart, so many pixels wide; amounts come as floats."""
    wide: bool = False
    also: Mapping[str, str] = field(default_factory=dict)
    """What columns mean that the statement itself makes."""

    def means(self, column: str) -> str:
        """Return the definition of a column; of a key without one, what a row stands for."""
        if said := self.also.get(column):
            return said
        return self.of.descriptions()[column] or self.of.grain()


class Tile(NamedTuple):
    """A single figure: what it is called, what it is, how it changed, and its definition."""

    label: str
    shown: str
    means: str
    change: str = ""


class Told(NamedTuple):
    """What stands above a page's figures."""

    headline: str
    sentences: tuple[str, ...] = ()
    tiles: tuple[Tile, ...] = ()
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Page:
    """A page of the report: its file, its title, what is told at its top, its figures."""

    file: str
    title: str
    tell: Callable[[Frames], Told]
    figures: tuple[Figure, ...]


class Heading(NamedTuple):
    """A column of a shown table."""

    label: str
    means: str
    number: bool


class Shown(NamedTuple):
    """A figure as a page shows it."""

    figure: Figure
    headings: list[Heading]
    rows: list[list[str]]
    charts: dict[str, Markup]
    """SVG, by the kind of screen that it is drawn for; none where there is nothing to draw."""


def show(figure: Figure, frame: pl.DataFrame) -> Shown:
    """Draw a figure and write its table."""
    return Shown(
        figure,
        headings=[
            Heading(label(name), figure.means(name), dtype.is_numeric())
            for name, dtype in frame.schema.items()
        ],
        rows=[
            [said(name, value) for name, value in row.items()]
            for row in frame.iter_rows(named=True)
        ],
        charts={
            screen: Markup(chart)  # noqa: S704 - ours
            for screen, width in (("desk", desk(figure)), ("phone", PHONE))
            if (chart := drawn(figure, frame, width))
        },
    )


def drawn(figure: Figure, frame: pl.DataFrame, width: int) -> str:
    """Return the chart as SVG, so wide with all its labels; nothing where it would be empty."""
    if not figure.draw or frame.is_empty():
        return ""
    fit = frame.with_columns(
        cs.decimal().cast(pl.Float64),
        cs.string().str.replace_all(_NO_XML, "\N{REPLACEMENT CHARACTER}"),
    )
    chart = svg(figure.draw(fit, width))
    return chart if "<title>" in chart else ""


def desk(figure: Figure) -> int:
    """Return how wide a figure is drawn for a desk."""
    return DESK if figure.wide else HALF


def label(column: str) -> str:
    """Name a column for people, with the word of the shop where it has one."""
    return _LABELS.get(column, column.replace("_", " ").capitalize())


def said(column: str, value: Any) -> str:
    """Write a value of a column."""
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
    return _WORDS.get(column, str)(value)


def total(frame: pl.DataFrame, column: str) -> Any:
    """Return the sum of a column, of the kind that the column has."""
    return frame.select(pl.col(column).sum()).item()


_NO_XML = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x{fffe}\x{ffff}]"  # at which the drawing process ends

_SHARES = ("share", "retention", "growth", "on_time_from")

_DIGITS = {"p90_lag_days": 0}

_WORDS: Mapping[str, Callable[[str], str]] = {
    "customer_state": named,
    "seller_state": named,
    "seller_id": lambda digits: digits[:8],
    **dict.fromkeys(("category", "categoria", "payment_type"), lambda name: name.replace("_", " ")),
}

_LABELS = {
    "gmv": "GMV (faturamento bruto)",
    "gmv_called_off": "GMV called off",
    "average_order_value": "Average order (ticket médio)",
    "purchase_month": "Month",
    "customer_state": "State (UF)",
    "seller_state": "State (UF)",
    "seller_id": "Seller (vendedor)",
    "freight_value": "Freight (frete)",
    "freight_share": "Freight share",
    "payment_type": "Way to pay",
    "payment_installments": "Instalments (parcelas)",
    "review_score": "Review score",
    "on_time_share": "On time",
    "called_off_share": "Orders called off",
    "mean_days_late": "Mean days late",
    "mean_lag_days": "Mean days to deliver",
    "p90_lag_days": "Days for nine of ten",
    "one_star_share": "One star",
    "five_star_share": "Five stars",
    "reviews_share": "Share of reviews",
    "sales_share": "Share of sales",
    "payments_share": "Share of payments",
    "value_share": "Share of value",
    "cohort_month": "First purchase",
    "categoria": "Em português",
    "sales": "Sales (vendas)",
    "monetary": "Spent",
    "again": "Bought again",
    "late_or_overdue_share": "Late or overdue",
}

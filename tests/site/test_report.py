"""The report shows what its statements give, and each statement gives what the marts hold."""

import re
import struct
import zlib
from collections.abc import Callable
from decimal import Decimal
from html import unescape
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import fromstring

import polars as pl
import pytest
from typer.testing import CliRunner

from contracts.domain import STATES
from contracts.gold.mart_monthly_sales import MartMonthlySales
from flows import delta
from flows.cli import app
from flows.config.errors import NoLakeError
from flows.query.sql import query
from flows.site.charts.states import NAMES, TILES, named
from flows.site.charts.svg import png
from flows.site.report.build import NoMartsError, ask, figures, pictures, write_report
from flows.site.report.model import PHONE, Figure, Frames, desk, drawn, total
from flows.site.report.pages import customers, executive, operations, sales, sellers
from flows.site.report.pages.quality import Conserved, quality
from tests.site.test_docs import words
from tests.stream.same_tables import batch_lake

Land = Callable[..., Path]
FIGURES = figures()
NAMES_OF_FIGURES = [figure.name for figure in FIGURES]


@pytest.fixture(scope="session")
def frames(shop: str) -> Frames:
    """What the statements give of the shop."""
    return ask(shop)


@pytest.fixture(scope="session")
def real(olist: Path, tmp_path_factory: pytest.TempPathFactory) -> Frames:
    """What the statements give of the real files."""
    lake = str(tmp_path_factory.mktemp("real") / "lake")
    batch_lake(lake, [olist])
    return ask(lake)


@pytest.mark.parametrize("figure", FIGURES, ids=NAMES_OF_FIGURES)
def test_a_figure_has_rows_and_a_meaning_for_each_column(figure: Figure, frames: Frames) -> None:
    frame = frames[figure.name]
    assert len(frame)
    assert all(figure.means(column) for column in frame.columns)
    assert figure.title
    assert figure.about.endswith(".")


@pytest.mark.parametrize(
    "figure", [f for f in FIGURES if f.draw], ids=[f.name for f in FIGURES if f.draw]
)
def test_a_chart_has_a_mark_with_words_for_what_it_shows(figure: Figure, frames: Frames) -> None:
    for width in (desk(figure), PHONE):
        chart = fromstring(drawn(figure, frames[figure.name], width))  # noqa: S314 - ours
        assert float(chart.attrib["width"]) <= width
        tips = [title.text or "" for title in chart.iter("{http://www.w3.org/2000/svg}title")]
        assert tips
        assert not [tip for tip in tips if re.search("undefined|NaN|null", tip)]


@pytest.mark.parametrize("name", ["\0\b\v\f\x1b\ufffe\uffff\r\n", "</svg><script>", "var(--x)"])
def test_any_text_can_be_drawn(frames: Frames, name: str) -> None:
    figure = sales.FIGURES[0]
    chart = drawn(figure, frames[figure.name].with_columns(category=pl.lit(name)), desk(figure))
    fromstring(chart)  # noqa: S314 - ours
    assert "<script>" not in chart
    assert png(chart).startswith(b"\x89PNG")


def test_names_of_figures_are_places_of_their_own() -> None:
    assert len({*NAMES_OF_FIGURES}) == len(NAMES_OF_FIGURES)


def test_the_statements_that_are_shown_are_those_that_were_asked(report: Path) -> None:
    page = (report / "sql.html").read_text()
    shown = re.findall(r'<pre class="copy"[^>]*><code>(.*?)</code></pre>', page, re.DOTALL)
    assert {unescape(each) for each in shown} == {figure.sql.strip() for figure in FIGURES}


def test_figures_are_explained_by_their_contract(report: Path) -> None:
    means = MartMonthlySales.to_schema().columns["gmv"].description
    assert means in unescape((report / "index.html").read_text())


def test_cohorts_are_followed_to_the_newest_month_that_is_over(frames: Frames) -> None:
    month = pl.col("cohort_month").str.to_date("%Y-%m")
    at = month.dt.offset_by(pl.format("{}mo", "months_since")).dt.strftime("%Y-%m")
    *over, newest = frames["monthly-gmv"]["purchase_month"].sort()
    assert frames["cohorts"].select(at.max()).item() == over[-1] < newest


def test_a_small_shop_is_told_as_it_is(land: Land, tmp_path: Path) -> None:
    months = ("2017-11", "2017-12", "2018-01")
    orders = [
        {
            "order_id": f"{n:032x}",
            "customer_id": f"{n:032x}",
            "order_purchase_timestamp": f"{month}-03 10:00:00",
            "order_approved_at": f"{month}-03 11:00:00",
            "order_delivered_carrier_date": f"{month}-04 10:00:00",
            "order_delivered_customer_date": f"{month}-{9 + n * 5:02} 10:00:00",
            "order_estimated_delivery_date": f"{month}-15 00:00:00",
        }
        for n, month in enumerate(months)
    ]
    items = [
        {"order_id": order["order_id"], "price": price}
        for order, price in zip(orders, ("100.00", "150.00", "1.00"), strict=True)
    ]
    batch_lake(str(tmp_path / "lake"), [land(orders=orders, order_items=items)])
    index = write_report(str(tmp_path / "lake"), tmp_path / "report")
    assert "In December 2017 GMV rose by 50.0% to R$ 150.00: as many orders" in words(index)
    assert "Left out: January 2018 (1 order, " in words(index)
    said = words(index.with_name("operations.html"))
    assert "Delivered (entregues)" in said
    assert "66.67%" in said
    assert "No state has 50 deliveries yet" in said
    assert "GMV (faturamento bruto)" in words(index.with_name("sales.html"))
    assert "R$ 251.00" in words(index.with_name("sales.html"))


STATES_SCHEMA = {
    "customer_state": pl.String,
    "orders": pl.Int64,
    "delivered": pl.Int64,
    "late": pl.Int64,
    "mean_days_late": pl.Float64,
    "overdue": pl.Int64,
    "mean_lag_days": pl.Float64,
    "reviews": pl.Int64,
    "review_score": pl.Float64,
}
LATENESS_SCHEMA = {"lateness": pl.String, "reviews": pl.Int64, "stars": pl.Int64}


def answered(states: list[Any], lateness: list[Any]) -> list[str]:
    frames = {
        "states": pl.DataFrame(states, STATES_SCHEMA, orient="row").with_columns(
            late_or_overdue_share=(pl.col("late") + pl.col("overdue"))
            / (pl.col("delivered") + pl.col("overdue"))
        ),
        "score-by-lateness": pl.DataFrame(lateness, LATENESS_SCHEMA, orient="row"),
    }
    return [*operations.tell(frames).sentences]


def test_the_late_state_is_one_with_enough_deliveries() -> None:
    states = [
        ("SP", 1000, 900, 45, 5.0, 90, 8.0, 900, 4.5),
        ("BA", 120, 100, 20, 10.0, 9, 20.0, 100, 3.5),
        ("AP", 80, 49, 49, 30.0, 1, 30.0, 49, 1.0),
    ]
    lateness = [("on the day", 100, 450), ("4 to 7 days late", 50, 100), ("not delivered", 50, 75)]
    assert answered(states, lateness) == [
        (
            "Bahia (BA) is late most often: 20.0% of its 100 deliveries came late, by 10 days on "
            "average; in all Brazil 10.9% did, to Amapá (49 of 114) more than to any other. "
            "Reviews of what was delivered there give 3.50 of 5 stars, in all Brazil 4.24."
        ),
        (
            "And 100 of all 1,200 orders are overdue: past their estimate, and neither delivered "
            "nor called off. Where they count as late, Amapá (AP) is worst, with 100%. Reviews of "
            "all that was not delivered, also of what was called off, are 25.0% of all reviews, "
            "and give 1.50 stars."
        ),
        (
            "Being late costs reviews: what came on time is given 4.50 stars on average, what "
            "came late 2.00 (50 reviews)."
        ),
    ]


def test_no_state_is_blamed_for_nothing() -> None:
    punctual = [
        ("SP", 60, 60, 0, None, 0, 8.0, 0, None),
        ("AP", 40, 40, 9, 2.0, 0, 8.0, 0, None),
    ]
    alike = [("on the day", 50, 200), ("8 days late or more", 60, 240)]
    assert answered(punctual, alike) == [
        "None: of 60 deliveries to states with 50 or more, none was late.",
        (
            "Being late does not cost reviews: what came on time is given 4.00 stars on average, "
            "what came late 4.00 (60 reviews)."
        ),
    ]
    few = [("on the day", 50, 200), ("8 days late or more", 49, 49)]
    assert answered(punctual, few)[1:] == [
        "What being late costs is open: one of the two has fewer than 50 reviews."
    ]
    assert answered([], []) == ["Nothing has been delivered yet."]


def test_real_figures(real: Frames) -> None:
    monthly = real["monthly-gmv"]
    assert monthly["gmv"].sum() == Decimal("1093264.35")
    assert monthly.filter(purchase_month="2017-11")["gmv"].item() == Decimal("76882.81")
    assert executive.tell(real).headline == "How August 2018 went"
    assert (
        executive.tell(real)
        .sentences[0]
        .startswith(
            "In August 2018 GMV fell by 31.4% to R$\N{NO-BREAK SPACE}56,074.36: 5.7% fewer orders "
            "with items (429 of 489)"
        )
    )
    assert "without either, GMV fell by 21.9%." in executive.tell(real).sentences[1]
    shown = {tile.label: tile.shown for tile in operations.tell(real).tiles}
    assert shown["Delivered (entregues)"] == "5,164"
    assert (shown["On time"], shown["Mean days to deliver"]) == ("93.38%", "12.45")
    assert shown["Overdue (em atraso)"] == "1,729"
    latest = "Bahia (BA) is late most often: 13.8% of its"
    assert operations.tell(real).sentences[0].startswith(latest)
    states = real["states"]
    delivered, late = total(states, "delivered"), total(states, "late")
    assert round(100 * (1 - late / delivered), 3) == 93.377
    days = states.select((pl.col("mean_lag_days") * pl.col("delivered")).sum()).item()
    assert round(days / delivered, 5) == 12.45178
    best = real["categories"].head(3).select("category", "categoria", "sales").rows()
    assert best == [
        ("watches_gifts", "relogios_presentes", Decimal("103296.67")),
        ("sports_leisure", "esporte_lazer", Decimal("92282.51")),
        ("health_beauty", "beleza_saude", Decimal("91817.77")),
    ]
    assert "R$\N{NO-BREAK SPACE}1,093,264.35" in sales.tell(real).sentences[0]
    assert "Of 6,808 people who bought, 52 bought more" in customers.tell(real).sentences[0]
    assert sellers.tell(real).sentences[0].startswith("The 161 sellers who sell most, a tenth of")


def test_conservation_and_sums_are_told(shop: str, report: Path) -> None:
    found = quality(shop)
    assert all(each.adds_up for each in found.conserved)
    assert {each.table for each in found.conserved} >= {"silver.orders", "silver.order_items"}
    assert not [each for each in found.column_totals if each.differs]
    assert {each.table for each in found.column_totals} >= {"gold.mart_monthly_sales"}
    assert found.waiting
    assert sum(each.broken or 0 for each in found.broken if not each.warning) >= found.waiting
    said = words(report / "quality.html")
    assert "Every record that was read is accounted for, and every mart adds up" in said
    assert all(each.name in said for each in found.broken)


def test_a_lost_record_is_no_sum() -> None:
    assert not Conserved("silver.orders", 10, 8, 1, 0).adds_up


def test_what_does_not_add_up_is_told(land: Land, tmp_path: Path) -> None:
    lake = str(tmp_path / "lake")
    batch_lake(lake, [land(orders=[{}], order_items=[{}])])
    mart = delta.open_existing(lake, "gold.mart_monthly_sales")
    mart.update(updates={"gmv": "1.00"})
    said = words(write_report(lake, tmp_path / "report").with_name("quality.html"))
    assert "Not all: see what does not add up below." in said
    assert "gold.mart_monthly_sales.gmv no 1.00 99.90 gold.fact_orders" in said


@pytest.mark.parametrize(
    "tables", [{"sellers": [{}]}, {"orders": [{"order_status": "canceled"}]}, {"orders": [{}]}]
)
def test_a_lake_with_little_in_it_has_a_report(
    land: Land, tmp_path: Path, tables: dict[str, list[dict[str, str]]]
) -> None:
    batch_lake(str(tmp_path / "lake"), [land(**tables)])
    index = write_report(str(tmp_path / "lake"), tmp_path / "report")
    assert "Nothing to show yet." in words(index.with_name("sellers.html"))
    assert "nan" not in words(index.with_name("operations.html")).lower().split()


def test_a_lake_without_marts_is_refused_in_a_line(land: Land, tmp_path: Path) -> None:
    lake = str(tmp_path / "lake")
    with pytest.raises(NoLakeError, match="no lake here yet"):
        write_report(lake, tmp_path / "report")
    batch_lake(lake, [land(orders=[{}])])
    (tmp_path / "lake" / "gold" / "mart_category").rename(tmp_path / "away")
    with pytest.raises(NoMartsError, match=r"lacks gold\.mart_category; `keystone refresh` makes"):
        write_report(lake, tmp_path / "report")
    assert not (tmp_path / "report").exists()


def test_the_same_lake_gives_the_same_report(shop: str, report: Path, tmp_path: Path) -> None:
    again = write_report(shop, tmp_path / "again").parent
    assert {f.name: f.read_bytes() for f in again.iterdir()} == {
        f.name: f.read_bytes() for f in report.iterdir()
    }


def test_the_report_is_light(report: Path) -> None:
    assert sum(file.stat().st_size for file in report.iterdir()) < 2_000_000


def test_no_id_is_told_in_full(report: Path) -> None:
    for page in report.glob("*.html"):
        assert not re.search(r"\b[0-9a-f]{32}\b", page.read_text()), page.name


def test_every_chart_is_a_picture_too(frames: Frames) -> None:
    found = pictures(frames)
    assert {*found} == {figure.name for figure in FIGURES if figure.draw}
    assert {corner(picture) for picture in found.values()} == {(255, 255, 255, 255)}


def corner(picture: bytes) -> tuple[int, ...]:
    """Return the first pixel of a PNG, in which whatever filter there is changes nothing."""
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    chunks, at = b"", 8
    while at < len(picture):
        length, kind = struct.unpack(">I4s", picture[at : at + 8])
        if kind == b"IDAT":
            chunks += picture[at + 8 : at + 8 + length]
        at += 12 + length
    return tuple(zlib.decompress(chunks)[1:5])


def test_the_command_writes_the_report(shop: str, tmp_path: Path) -> None:
    to = tmp_path / "report"
    result = CliRunner().invoke(app, ["report", "--lake", shop, "--out", str(to)])
    assert result.output == f"Report: open {(to / 'index.html').as_uri()}\n"


def test_a_statement_may_be_asked_by_anybody(shop: str, frames: Frames) -> None:
    figure = next(each for each in FIGURES if each.name == "states")
    assert query(shop, figure.sql.strip()).equals(frames["states"])


def test_every_state_has_a_name_and_a_tile_of_its_own() -> None:
    assert {*NAMES} == {*TILES} == {*STATES}
    assert len({*TILES.values()}) == len(STATES)
    assert TILES["RR"] < TILES["BA"] < TILES["SP"] < TILES["RS"]
    assert named("SP").endswith(" São Paulo")
    assert named("unknown") == "unknown"

"""Tests of the report."""

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
from polars.testing import assert_frame_equal
from typer.testing import CliRunner

from contracts.domain import STATES
from contracts.gold.mart_monthly_sales import MartMonthlySales
from flows import delta
from flows.cli import app
from flows.config.errors import NoLakeError
from flows.query.sql import query
from flows.site.charts.states import NAMES, TILES, state_label
from flows.site.charts.svg import svg_to_png
from flows.site.report.build import NoMartsError, chart_images, panels, query_panels, write_report
from flows.site.report.model import PHONE, Frames, Panel, panel_svg, total
from flows.site.report.pages import customers, operations, overview, sales, sellers
from flows.site.report.pages.quality import Conservation, data_quality
from tests.integration.browser.conftest import NOW, TARGETS
from tests.support.html import words
from tests.support.kafka.same_tables import batch_lake

Land = Callable[..., Path]
PANELS = panels()
PANEL_NAMES = [panel.name for panel in PANELS]
CHARTS = [panel for panel in PANELS if panel.draw]


@pytest.fixture(scope="session")
def frames(shop: str) -> Frames:
    """The results of the statements for the shop."""
    return query_panels(shop)


@pytest.fixture(scope="session")
def real(olist: Path, tmp_path_factory: pytest.TempPathFactory) -> Frames:
    """The results of the statements for the real files."""
    lake = str(tmp_path_factory.mktemp("real") / "lake")
    batch_lake(lake, [olist])
    return query_panels(lake)


@pytest.mark.parametrize("panel", PANELS, ids=PANEL_NAMES)
def test_panel_has_rows_and_definitions(panel: Panel, frames: Frames) -> None:
    frame = frames[panel.name]
    assert len(frame)
    assert all(panel.definition(column) for column in frame.columns)
    assert panel.title
    assert panel.caption.endswith(".")


@pytest.mark.parametrize("panel", CHARTS, ids=[panel.name for panel in CHARTS])
def test_chart_has_tooltips_and_fits_its_width(panel: Panel, frames: Frames) -> None:
    for width in (panel.width, PHONE):
        chart = fromstring(panel_svg(panel, frames[panel.name], width))  # noqa: S314 - the report drew this SVG
        assert float(chart.attrib["width"]) <= width
        tips = [title.text or "" for title in chart.iter("{http://www.w3.org/2000/svg}title")]
        assert tips
        assert not [tip for tip in tips if re.search("undefined|NaN|null", tip)]


@pytest.mark.parametrize("name", ["\0\b\v\f\x1b\ufffe\uffff\r\n", "</svg><script>", "var(--x)"])
def test_chart_accepts_any_text(frames: Frames, name: str) -> None:
    panel = sales.PANELS[0]
    chart = panel_svg(panel, frames[panel.name].with_columns(category=pl.lit(name)), panel.width)
    fromstring(chart)  # noqa: S314 - the report drew this SVG
    assert "<script>" not in chart
    assert svg_to_png(chart).startswith(b"\x89PNG")


def test_panel_names_are_unique() -> None:
    assert len({*PANEL_NAMES}) == len(PANEL_NAMES)


def test_sql_page_shows_every_statement(report: Path) -> None:
    page = (report / "sql.html").read_text()
    shown = re.findall(r'<pre class="copy"[^>]*><code>(.*?)</code></pre>', page, re.DOTALL)
    assert {unescape(each) for each in shown} == {panel.sql.strip() for panel in PANELS}


def test_columns_are_defined_by_their_contract(report: Path) -> None:
    definition = MartMonthlySales.to_schema().columns["gmv"].description
    assert definition in unescape((report / "index.html").read_text())


def test_cohorts_end_with_the_newest_complete_month(frames: Frames) -> None:
    month = pl.col("cohort_month").str.to_date("%Y-%m")
    at = month.dt.offset_by(pl.format("{}mo", "months_since")).dt.strftime("%Y-%m")
    *over, newest = frames["monthly-gmv"]["purchase_month"].sort()
    assert frames["cohorts"].select(at.max()).item() == over[-1] < newest


def test_report_of_three_orders(land: Land, tmp_path: Path) -> None:
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
    assert "GMV in December 2017 rose by 50.0% to R$ 150.00: as many orders" in words(index)
    assert "Excluded: January 2018 (1 order, " in words(index)
    text = words(index.with_name("operations.html"))
    assert "Delivered (entregues)" in text
    assert "66.7%" in text
    assert "No state has 50 deliveries yet" in text
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
    return [*operations.summarize(frames).sentences]


def test_latest_state_has_enough_deliveries() -> None:
    states = [
        ("SP", 1000, 900, 45, 5.0, 90, 8.0, 900, 4.5),
        ("BA", 120, 100, 20, 10.0, 9, 20.0, 100, 3.5),
        ("AP", 80, 49, 49, 30.0, 1, 30.0, 49, 1.0),
    ]
    lateness = [("on the day", 100, 450), ("4 to 7 days late", 50, 100), ("not delivered", 50, 75)]
    assert answered(states, lateness) == [
        (
            "Bahia (BA) is late most often: 20.0% (12.6% to 30.3%) of its 100 deliveries are late, "
            "by 10 days on average. Its reviews average 3.50 of 5 stars, compared with 4.24 in all "
            "of Brazil. In all of Brazil, 10.9% of deliveries are late; Amapá has the most of "
            "them (49 of 114)."
        ),
        (
            "Of all 1,200 orders, 100 are overdue: their estimated date has passed, and they are "
            "neither delivered nor called off. If they count as late, Amapá (AP) is worst with "
            "100% (89.7% to 100%). Undelivered orders, including those called off, account for "
            "25.0% of all reviews and average 1.50 stars."
        ),
        (
            "Late deliveries cost stars: deliveries on time average 4.50 stars, late deliveries "
            "2.00 (50 reviews)."
        ),
    ]


def test_state_within_the_interval_is_not_called_late() -> None:
    states = [("SP", 9000, 9000, 612, 5.0, 0, 8.0, 0, None), ("ES", 205, 205, 20, 5, 0, 8, 0, None)]
    assert answered(states, [])[0].startswith(
        "Espírito Santo (ES) has the largest share of late deliveries, 9.8% (6.0% to 15.4%) of "
        "205, but it is not clearly different from all of Brazil. In all of Brazil, 6.9%"
    )


def test_no_state_is_late_without_late_deliveries() -> None:
    punctual = [
        ("SP", 60, 60, 0, None, 0, 8.0, 0, None),
        ("AP", 40, 40, 9, 2.0, 0, 8.0, 0, None),
    ]
    alike = [("on the day", 50, 200), ("8 days late or more", 60, 240)]
    assert answered(punctual, alike) == [
        "No state with 50 deliveries or more is late: all 60 deliveries there were on time.",
        (
            "Late deliveries do not cost stars: deliveries on time average 4.00 stars, late "
            "deliveries 4.00 (60 reviews)."
        ),
    ]
    few = [("on the day", 50, 200), ("8 days late or more", 49, 49)]
    assert answered(punctual, few)[1:] == [
        (
            "It is too early to tell whether late deliveries cost stars: one of the two groups "
            "has fewer than 50 reviews."
        )
    ]
    assert answered([], []) == ["No deliveries yet."]


def test_real_numbers(real: Frames) -> None:
    monthly = real["monthly-gmv"]
    assert monthly["gmv"].sum() == Decimal("1093264.35")
    assert monthly.filter(purchase_month="2017-11")["gmv"].item() == Decimal("76882.81")
    assert overview.summarize(real).headline == "August 2018 at a glance"
    assert (
        overview.summarize(real)
        .sentences[0]
        .startswith(
            "GMV in August 2018 fell by 31.4% to R$\N{NO-BREAK SPACE}56,074.36: 5.7% fewer orders "
            "with items (429 of 489 orders)"
        )
    )
    assert "Without them, GMV fell by 21.9%." in overview.summarize(real).sentences[1]
    shown = {tile.label: tile.value for tile in operations.summarize(real).tiles}
    assert shown["Delivered (entregues)"] == "5,164"
    assert (shown["On time"], shown["Mean days to deliver"]) == ("93.4%", "12.5")
    assert shown["Overdue (em atraso)"] == "1,729"
    latest_state = "Bahia (BA) is late most often: 13.8% ("
    assert operations.summarize(real).sentences[0].startswith(latest_state)
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
    assert "R$\N{NO-BREAK SPACE}1,093,264.35" in sales.summarize(real).sentences[0]
    assert (
        "Of 6,808 customers who bought, 52 (0.8%) bought more"
        in customers.summarize(real).sentences[0]
    )
    assert sellers.summarize(real).sentences[0].startswith("The top tenth of sellers (161 of ")


def test_quality_page_shows_conservation_and_sums(shop: str, report: Path) -> None:
    found = data_quality(shop, NOW)
    assert all(each.adds_up for each in found.conservation)
    assert {each.table for each in found.conservation} >= {"silver.orders", "silver.order_items"}
    assert not [each for each in found.sums if each.differs]
    assert {each.table for each in found.sums} >= {"gold.mart_monthly_sales"}
    assert found.quarantined
    assert sum(each.broken or 0 for each in found.broken if not each.warning) >= found.quarantined
    text = words(report / "quality.html")
    assert "Every record is accounted for, and every mart matches its facts" in text
    assert all(each.name in text for each in found.broken)


def test_quality_page_shows_promises_and_deliveries(report: Path) -> None:
    text = words(report / "quality.html")
    assert "freshness kept The table has a new record at least every 26 hours." in text
    assert "volume unknown A delivery has as many records as is usual for its weekday." in text
    assert "Deliveries of orders Records of the last delivery, by day: no usual number is" in text
    assert "Quarantine of orders" in text


def test_quality_page_shows_how_records_break_a_rule(land: Land, tmp_path: Path) -> None:
    mine = {"customer_city": "call (11) 98765-4321", "customer_state": "XX"}
    batch_lake(str(tmp_path / "lake"), [land(customers=[{}, mine])])
    text = words(
        write_report(str(tmp_path / "lake"), tmp_path / "report").with_name("quality.html")
    )
    assert "Records that break customer_state_is_known" in text
    assert "customers.csv record 2: customer_state_is_known customer_state=&#39;XX&#39;" in text
    assert "98765" not in text


def test_conservation_with_a_lost_record_does_not_add_up() -> None:
    assert not Conservation("silver.orders", 10, 7, 1, 1, 0).adds_up


def test_quality_page_with_a_wrong_sum(land: Land, tmp_path: Path) -> None:
    lake = str(tmp_path / "lake")
    batch_lake(lake, [land(orders=[{}], order_items=[{}])])
    mart = delta.open_existing(lake, "gold.mart_monthly_sales")
    mart.update(updates={"gmv": "1.00"})
    text = words(write_report(lake, tmp_path / "report").with_name("quality.html"))
    assert "Not all of them: the tables below show what does not add up." in text
    assert "gold.mart_monthly_sales.gmv no 1.00 99.90 gold.agg_monthly_orders" in text


@pytest.mark.parametrize(
    "tables", [{"sellers": [{}]}, {"orders": [{"order_status": "canceled"}]}, {"orders": [{}]}]
)
def test_report_of_a_nearly_empty_lake(
    land: Land, tmp_path: Path, tables: dict[str, list[dict[str, str]]]
) -> None:
    batch_lake(str(tmp_path / "lake"), [land(**tables)])
    index = write_report(str(tmp_path / "lake"), tmp_path / "report")
    assert "No data yet." in words(index.with_name("sellers.html"))
    assert "nan" not in words(index.with_name("operations.html")).lower().split()


def test_write_report_without_a_mart_raises(land: Land, tmp_path: Path) -> None:
    lake = str(tmp_path / "lake")
    with pytest.raises(NoLakeError, match="no lake here yet"):
        write_report(lake, tmp_path / "report")
    batch_lake(lake, [land(orders=[{}])])
    (tmp_path / "lake" / "gold" / "mart_category").rename(tmp_path / "away")
    with pytest.raises(NoMartsError, match=r"lacks gold\.mart_category: run `keystone refresh`"):
        write_report(lake, tmp_path / "report")
    assert not (tmp_path / "report").exists()


def test_write_report_twice_gives_the_same_files(shop: str, report: Path, tmp_path: Path) -> None:
    again = write_report(shop, tmp_path / "again", NOW).parent
    assert {f.name: f.read_bytes() for f in again.iterdir()} == {
        f.name: f.read_bytes() for f in report.iterdir()
    }


def test_report_is_small(report: Path) -> None:
    assert sum(file.stat().st_size for file in report.iterdir()) < 2_000_000


def test_report_shows_full_ids_only_of_sellers(report: Path) -> None:
    allowed = {report / f"{name}.html" for name in ("sellers", "seller", "quality")}
    for page in {*report.glob("*.html")} - allowed:
        assert not re.search(r"\b[0-9a-f]{32}\b", page.read_text()), page.name
    rows = pl.read_csv(report / "top-sellers.csv")
    assert rows["seller_id"].str.len_chars().unique().to_list() == [32]
    assert all(seller in (report / "sellers.html").read_text() for seller in rows["seller_id"])


def test_panel_names_the_tables_of_its_statement(
    shop: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEYSTONE_DOCS_URL", "../docs/")
    page = write_report(shop, tmp_path / "report", NOW).with_name("sellers.html").read_text()
    assert '<a href="../docs/gold.mart_seller_scorecard.html">' in page
    assert '<a href="../docs/gold.dim_seller.html">' in page


def test_csv_has_the_rows_of_the_statement(report: Path, frames: Frames) -> None:
    assert {file.stem for file in report.glob("*.csv")} == {*PANEL_NAMES}
    for name, frame in frames.items():
        assert (report / f"{name}.csv").read_text() == frame.write_csv(), name


def test_gmv_a_year_ago_is_that_of_the_same_month(shop: str, frames: Frames) -> None:
    months = query(
        shop,
        """
        SELECT now.purchase_month, before.gmv FROM gold.mart_monthly_sales AS now
        JOIN gold.mart_monthly_sales AS before ON strptime(now.purchase_month, '%Y-%m')
            = strptime(before.purchase_month, '%Y-%m') + INTERVAL 1 YEAR
        ORDER BY now.purchase_month
        """,
    )
    shown = frames["monthly-gmv"].drop_nulls("gmv_year_ago")
    assert shown.select("purchase_month", "gmv_year_ago").rows() == months.rows()


def test_share_of_the_target_is_that_of_the_facts(shop: str, frames: Frames, report: Path) -> None:
    facts = query(
        shop,
        """
        SELECT purchase_month, sum(price) AS gmv, count(*) AS orders
        FROM gold.fact_orders GROUP BY purchase_month
        """,
    )
    shares = (
        pl.read_csv(TARGETS)
        .join(facts, on="purchase_month")
        .sort("purchase_month")
        .select(
            "purchase_month",
            gmv_reached_share=pl.col("gmv").cast(pl.Float64) / pl.col("gmv_target"),
            orders_reached_share=pl.col("orders") / pl.col("orders_target"),
        )
    )
    shown = frames["monthly-gmv"].drop_nulls("gmv_target").select(shares.columns)
    assert len(shown) > 12
    assert_frame_equal(shown, shares)
    (august,) = shares.filter(purchase_month="2018-08")["gmv_reached_share"]
    text = words(report / "index.html")
    assert f"That is {august:.1%} of the target of R$ 58,000.00." in text
    assert "GMV target (meta)" in text


def test_report_without_targets_does_not_mention_them(
    land: Land, tmp_path: Path, frames: Frames
) -> None:
    batch_lake(str(tmp_path / "lake"), [land(orders=[{}], order_items=[{}])])
    index = write_report(str(tmp_path / "lake"), tmp_path / "report")
    text = words(index).replace("gold.mart_monthly_targets", "")
    assert "GMV by month" in text
    assert "target" not in text.lower()
    assert "target" in panel_svg(PANELS[0], frames["monthly-gmv"], PHONE)


def test_error_of_the_score_is_hardly_above_that_of_the_reviews(shop: str, frames: Frames) -> None:
    reviews = query(
        shop,
        """
        SELECT strftime(order_purchase_timestamp, '%Y-%m') AS purchase_month,
               stddev_pop(review_score) / sqrt(count(*)) AS error
        FROM gold.fact_reviews JOIN gold.fact_orders USING (order_id) GROUP BY ALL
        """,
    )
    joined = frames["monthly-gmv"].join(reviews, on="purchase_month")
    assert len(joined) > 12
    above = joined.filter(pl.col("error") > 0).select(pl.col("score_error") / pl.col("error"))
    assert above.filter(pl.col("score_error") < 1 - 1e-9).is_empty()
    assert above.select(pl.col("score_error").median() < 1.06).item()


def test_category_trends_are_the_sales_of_the_facts(shop: str, frames: Frames) -> None:
    facts = query(
        shop,
        """
        SELECT category, strftime(order_purchase_timestamp, '%Y-%m') AS purchase_month,
               sum(fact_sales.price) AS sales, count(*) AS units
        FROM gold.fact_sales JOIN gold.fact_orders USING (order_id) GROUP BY ALL
        """,
    )
    trends = frames["category-trends"].filter(pl.col("units") > 0)
    joined = trends.join(facts, on=["category", "purchase_month"], suffix="_fact")
    assert len(joined) == len(trends) > 50
    assert (joined["sales"] == joined["sales_fact"]).all()
    assert (joined["units"] == joined["units_fact"]).all()


def test_chart_images_are_opaque_pngs_of_every_chart(frames: Frames) -> None:
    found = chart_images(frames)
    assert {*found} == {panel.name for panel in CHARTS}
    assert {corner(image) for image in found.values()} == {(255, 255, 255, 255)}


def corner(image: bytes) -> tuple[int, ...]:
    """Return the first pixel of a PNG, which is the same under every PNG filter."""
    assert image.startswith(b"\x89PNG\r\n\x1a\n")
    chunks, at = b"", 8
    while at < len(image):
        length, kind = struct.unpack(">I4s", image[at : at + 8])
        if kind == b"IDAT":
            chunks += image[at + 8 : at + 8 + length]
        at += 12 + length
    return tuple(zlib.decompress(chunks)[1:5])


def test_report_command_prints_the_index(shop: str, tmp_path: Path) -> None:
    to = tmp_path / "report"
    result = CliRunner().invoke(app, ["report", "--lake", shop, "--out", str(to)])
    assert result.output == f"Report: open {(to / 'index.html').as_uri()}\n"


def test_statement_runs_in_keystone_sql(shop: str, frames: Frames) -> None:
    panel = next(each for each in PANELS if each.name == "states")
    assert query(shop, panel.sql.strip()).equals(frames["states"])


def test_every_state_has_a_name_and_a_tile() -> None:
    assert {*NAMES} == {*TILES} == {*STATES}
    assert len({*TILES.values()}) == len(STATES)
    assert TILES["RR"] < TILES["BA"] < TILES["SP"] < TILES["RS"]
    assert state_label("SP").endswith(" São Paulo")
    assert state_label("unknown") == "unknown"

"""Tests of the report in a browser: on a desktop and on a phone, light and dark."""

import re
from pathlib import Path

import polars as pl
import pytest
from playwright.sync_api import Browser, Page, expect

from flows.query.sql import query
from flows.site.formatting import DASH, percent, reais
from flows.site.report.build import panels
from flows.site.report.pages.operations import QUESTION
from flows.site.report.wilson import wilson

CHARTS = {panel.name for panel in panels() if panel.draw}


def test_pages_do_not_scroll_sideways(report: Path, page: Page) -> None:
    for width in (1440, 768, 390, 320):
        page.set_viewport_size({"width": width, "height": 800})
        for file in sorted(report.glob("*.html")):
            page.goto(file.as_uri())
            assert page.evaluate("document.documentElement.scrollWidth") == width, file.name
            assert page.evaluate(_CUT) == [], file.name


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_charts_are_drawn_and_readable(
    report: Path, browser: Browser, width: int, scheme: str
) -> None:
    context = browser.new_context(
        offline=True,
        viewport={"width": width, "height": 900},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    context.set_default_timeout(120_000)
    page, drawn = context.new_page(), set[str]()
    for file in sorted(report.glob("*.html")):
        page.goto(file.as_uri())
        page.evaluate("document.querySelectorAll('.fold').forEach(each => { each.open = true; })")
        for name, (marks, faint, outside, touching) in page.evaluate(_CHARTS).items():
            assert marks > 0, name
            assert faint == {}, name
            assert outside == [], name
            assert touching == [], name
            drawn.add(name)
    context.close()
    assert {name for name in drawn if "." not in name} == {*CHARTS, "explored", "seller-by-month"}
    assert {"deliveries-bronze.orders", "quarantined-silver.orders"} <= drawn


def test_overview_links_to_the_answer(report: Path, page: Page) -> None:
    page.goto((report / "index.html").as_uri())
    page.get_by_role("link", name=QUESTION).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(QUESTION)
    expect(page.locator("p.lead").first).to_contain_text("In all of Brazil")


def test_links_have_targets(report: Path, page: Page) -> None:
    places, links = {file.as_uri() for file in report.glob("*.csv")}, dict[str, str]()
    for file in sorted(report.glob("*.html")):
        page.goto(file.as_uri())
        ids = page.evaluate("[...document.querySelectorAll('[id]')].map(e => e.id)")
        assert len(ids) == len({*ids}), file.name
        ids += page.evaluate("[...document.querySelectorAll('#ids option')].map(e => e.value)")
        places |= {file.as_uri(), *(f"{file.as_uri()}#{each}" for each in ids)}
        found = page.evaluate("[...document.querySelectorAll('a')].map(a => a.href)")
        links |= dict.fromkeys(found, file.name)
    assert {link: at for link, at in links.items() if link not in places} == {}


def test_chart_links_to_its_statement(report: Path, page: Page) -> None:
    page.goto((report / "sales.html").as_uri())
    page.locator("#categories ~ .more a", has_text="SQL").click()
    expect(page.locator("#categories")).to_be_in_viewport()
    statement = page.locator("section", has=page.locator("#categories")).locator("pre")
    expect(statement).to_contain_text("FROM gold.mart_category LEFT JOIN names")


def test_reader_chooses_state_and_period(report: Path, page: Page, shop: str) -> None:
    page.goto((report / "explore.html").as_uri())
    page.locator("[name=state]").select_option("RJ")
    page.locator("[name=number]").select_option("Orders")
    page.locator("[name=from]").select_option("2017-06")
    page.locator("[name=to]").select_option("2018-01")
    statement = """
        SELECT count(*) AS orders FROM gold.fact_orders
        WHERE customer_state = 'RJ' AND purchase_month BETWEEN '2017-06' AND '2018-01'
    """
    orders = query(shop, statement).item()
    expect(page.locator("#explored-words")).to_have_text(f"2017-06 to 2018-01: {orders} in total.")
    assert page.locator("#explored-chart path").count() == 8
    page.locator("[name=number]").select_option("Review score")
    expect(page.get_by_role("heading", level=2)).to_have_text(
        f"Review score, RJ {DASH} Rio de Janeiro"
    )
    expect(page.locator("#explored-words")).to_contain_text("The axis starts at 1.")
    labels = page.locator("#explored-chart [text-anchor=end]")
    assert labels.all_text_contents() == ["1", "3", "5"]


def test_pages_and_scripts_write_shares_alike(report: Path, page: Page) -> None:
    page.goto((report / "explore.html").as_uri())
    for share in (0, 0.0001, 0.064, 0.9999, 1):
        assert page.evaluate("share => Columns.percent(share)", share) == percent(share)


def test_link_of_a_seller_shows_its_numbers_beside_all_sellers(
    report: Path, page: Page, shop: str
) -> None:
    everybody, _, _, seller = query(shop, _SELLERS).head(4).to_dicts()
    page.goto((report / "sellers.html").as_uri())
    page.get_by_role("link", name=seller["seller_id"]).click()
    expect(page.get_by_role("heading", name=f"Seller {seller['seller_id']}")).to_be_visible()
    expect(page.locator("#seller-words")).to_contain_text("Place 3 of ")
    assert _comparison(page, "Sales") == [
        f"{reais(seller['sales'])}, {percent(float(seller['sales'] / everybody['sales']))} of all",
        reais(everybody["sales"]),
    ]
    for name, some, of, noun in (
        ("Orders called off", "gone", "orders", "orders"),
        ("Late deliveries", "late", "came", "deliveries"),
    ):
        mine, others = _comparison(page, name)
        share = percent(seller[some] / seller[of])
        interval = wilson(seller[some], seller[of])
        assert mine.startswith(f"{share} ({interval}) of {seller[of]} {noun}, ")
        assert others == percent(everybody[some] / everybody[of])
        alike = everybody[some] / everybody[of] in interval
        assert ("not clearly different" in mine) == alike
    assert _comparison(page, "Review score") == [
        f"{seller['stars'] / seller['reviews']:.2f} from {seller['reviews']} reviews",
        f"{everybody['stars'] / everybody['reviews']:.2f}",
    ]


def test_interval_of_no_late_delivery_begins_at_zero(report: Path, page: Page, shop: str) -> None:
    sellers = query(shop, _SELLERS).filter(pl.col("seller_id").is_not_null() & (pl.col("came") > 0))
    punctual = sellers.filter(late=0).unique("came")
    assert len(punctual) > 1  # rounding differs by the number of deliveries
    for seller in punctual["seller_id"]:
        page.goto(f"{(report / 'seller.html').as_uri()}#{seller}")
        expect(page.locator("#seller")).to_have_text(f"Seller {seller}")
        assert _comparison(page, "Late deliveries")[0].startswith("0% (0% to ")


def test_reader_chooses_a_seller_by_the_beginning_of_its_id(
    report: Path, page: Page, shop: str
) -> None:
    _, first, second = query(shop, _SELLERS).head(3)["seller_id"]
    page.goto((report / "seller.html").as_uri())
    heading = page.locator("#seller")
    expect(heading).to_have_text(f"Seller {first}")
    page.get_by_role("combobox", name="Beginning of the id").fill(second[:8].upper())
    expect(heading).to_have_text(f"Seller {second}")
    assert page.url.endswith(f"#{second}")
    page.locator("[name=number]").select_option("Review score")
    expect(page.get_by_role("heading", name="Review score by month")).to_be_visible()
    scores = query(
        shop,
        f"""
        SELECT purchase_month || ': ' || format('{{:.2f}}', avg(review_score)) AS title
        FROM (SELECT DISTINCT order_id FROM gold.fact_sales WHERE seller_id = '{second}')
        JOIN gold.fact_orders USING (order_id) JOIN silver.order_reviews USING (order_id)
        GROUP BY purchase_month
        """,  # noqa: S608 - an id of this lake
    )
    titles = page.locator("#seller-chart path[fill='var(--bar)'] title").all_text_contents()
    assert len(titles) > 12
    assert {*titles} <= {*scores["title"]}
    page.get_by_role("combobox", name="Beginning of the id").fill("zzz")
    expect(heading).to_be_hidden()
    expect(page.locator("#seller-nothing")).to_be_visible()


def test_rows_of_a_chart_download_as_csv(report: Path, page: Page) -> None:
    page.goto((report / "sales.html").as_uri())
    with page.expect_download() as download:
        page.locator("#ways-to-pay ~ .more a", has_text="CSV").click()
    saved = Path(download.value.path()).read_text()
    assert saved == (report / "ways-to-pay.csv").read_text()
    assert saved.startswith("payment_type,payments,payment_value,")


def test_states_sort_by_any_column(report: Path, page: Page) -> None:
    page.goto((report / "operations.html").as_uri())
    table = page.locator("section", has=page.locator("#every-state")).locator("table")
    for heading, position in (("On time", 2), ("Late or overdue", 8), ("Mean days to deliver", 9)):
        table.get_by_role("button", name=f"Sort by {heading}", exact=True).click()
        cells = table.locator(f"tbody td:nth-of-type({position + 1})").all_inner_texts()
        shown = [float(cell.rstrip("%")) for cell in cells if cell[0].isdigit()]
        assert shown == sorted(shown)
        assert len({*shown}) > 5


def test_states_sort_on_a_phone_with_missing_values_last(report: Path, page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto((report / "operations.html").as_uri())
    table = page.locator("section", has=page.locator("#every-state")).locator("table")
    page.locator("section", has=page.locator("#every-state")).locator("summary").click()
    button = table.get_by_role("button", name="Sort by Mean days late", exact=True)
    for falling in (False, True):
        button.click()
        texts = table.locator("tbody td[data-label='Mean days late']").all_inner_texts()
        known = [float(cell) for cell in texts if cell != DASH]
        assert known == sorted(known, reverse=falling)
        assert texts[len(known) :] == [DASH] * (len(texts) - len(known)) != []


def test_money_sorts_by_amount(report: Path, page: Page) -> None:
    page.goto((report / "sellers.html").as_uri())
    table = page.locator("section", has=page.locator("#top-sellers")).locator("table")
    table.get_by_role("button", name="Sort by Sales").click()
    cells = table.locator("tbody td:nth-of-type(2)").all_inner_texts()
    amounts = [float(cell.removeprefix("R$\N{NO-BREAK SPACE}").replace(",", "")) for cell in cells]
    assert amounts == sorted(amounts)
    assert amounts[0] < amounts[-1]


def test_click_on_a_heading_sorts(report: Path, page: Page) -> None:
    page.goto((report / "operations.html").as_uri())
    table = page.locator("section", has=page.locator("#every-state")).locator("table")
    table.locator("th:nth-of-type(2) .term").click()
    shown = table.locator("tbody td:nth-of-type(1)").all_inner_texts()
    orders = [int(cell.replace(",", "")) for cell in shown]
    assert orders == sorted(orders)
    assert orders[0] < orders[-1]


def test_focus_is_not_under_the_bar(report: Path, page: Page) -> None:
    page.goto((report / "operations.html").as_uri())
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    for _ in range(40):
        page.keyboard.press("Shift+Tab")
        assert page.evaluate(_FOCUS_IS_SEEN)


def test_page_says_how_long_ago_its_data_was_loaded(report: Path, page: Page) -> None:
    page.goto((report / "sales.html").as_uri())
    expect(page.locator(".state")).to_contain_text("Newest order 2018-")
    expect(page.locator(".state time")).to_contain_text(re.compile(r"UTC \(\d+ minutes? ago\)$"))


def test_values_of_tiles_in_a_row_are_on_one_line(report: Path, page: Page) -> None:
    for width in (1440, 390):
        page.set_viewport_size({"width": width, "height": 800})
        page.goto((report / "index.html").as_uri())
        rows = page.evaluate(_TILE_ROWS)
        assert sum(len(values) for values in rows.values()) == 5
        assert [values for values in rows.values() if len({*values}) > 1] == []


def test_tile_shows_its_definition_on_focus(report: Path, page: Page) -> None:
    page.goto((report / "index.html").as_uri())
    term = page.locator(".tiles .term").first
    expect(term.get_by_role("tooltip")).to_be_hidden()
    term.focus()
    expect(term.get_by_role("tooltip")).to_contain_text("Gross merchandise value")


def _comparison(page: Page, name: str) -> list[str]:
    """Return a number of the seller and that of all sellers, as the page shows them."""
    return page.locator(f"tr[data-number='{name}'] td").all_inner_texts()


# All sellers first, then each seller, the highest sales first.
_SELLERS = """
    WITH lines AS (
        SELECT seller_id, order_id, sum(price) AS price FROM silver.order_items GROUP BY ALL
    ), scores AS (
        SELECT order_id, count(*) AS reviews, sum(review_score) AS stars
        FROM silver.order_reviews GROUP BY ALL
    )
    SELECT seller_id, sum(price) AS sales, count(*) AS orders,
           count(*) FILTER (order_status IN ('canceled', 'unavailable')) AS gone,
           count(order_delivered_customer_date) FILTER (order_status = 'delivered') AS came,
           count(*) FILTER (order_status = 'delivered' AND order_delivered_customer_date::DATE
                            > order_estimated_delivery_date::DATE) AS late,
           sum(reviews)::BIGINT AS reviews, sum(stars)::BIGINT AS stars
    FROM lines JOIN silver.orders USING (order_id) LEFT JOIN scores USING (order_id)
    GROUP BY ROLLUP (seller_id)
    ORDER BY sales DESC, seller_id
"""

_FOCUS_IS_SEEN = """() => {
  const bar = document.querySelector(".bar"), focus = document.activeElement;
  const below = bar.getBoundingClientRect().bottom, top = focus.getBoundingClientRect().top;
  return bar.contains(focus) || top >= below && top < innerHeight;
}"""

# By the top of a tile: the tops of the values.
_TILE_ROWS = """[...document.querySelectorAll(".tiles div")].reduce((rows, tile) => {
  (rows[tile.offsetTop] ??= []).push(tile.querySelector("dd").offsetTop);
  return rows;
}, {})"""

# Tiles whose text does not fit.
_CUT = """[...document.querySelectorAll(".tiles, .tiles div")]
  .filter((tile) => tile.scrollWidth > tile.clientWidth).map((tile) => tile.innerText)"""

# For each visible chart: the number of marks, words with a contrast below 4.5 (WCAG AA), words
# outside of the chart, and pairs of words that overlap. The background of a word is the last mark
# around it, or else the page.
_CHARTS = """() => {
  const paint = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const bytes = (colour) => {
    paint.fillStyle = colour; paint.fillRect(0, 0, 1, 1);
    return [...paint.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const light = (colour) => {
    const [r, g, b] = bytes(colour).map((c) => c / 255)
      .map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const within = (a, b) =>
    a.left >= b.left && a.right <= b.right && a.top >= b.top && a.bottom <= b.bottom;
  // The box of a word is taller than its letters.
  const overlap = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 0
    && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 3;
  const found = {};
  for (const chart of document.querySelectorAll(".chart")) {
    if (!chart.checkVisibility()) continue;
    const marks = [...chart.querySelectorAll("path:has(title)")];
    const frame = chart.querySelector("svg").getBoundingClientRect();
    const seen = marks.filter(
      (m) => m.getBoundingClientRect().width > 0 && getComputedStyle(m).fill !== "none");
    const faint = {}, outside = [], touching = [], before = [];
    for (const text of chart.querySelectorAll("text:not(:has(tspan)), tspan")) {
      const box = text.getBoundingClientRect(), word = text.textContent.trim();
      if (!word || !text.checkVisibility({ opacityProperty: true })) continue;
      if (box.left < frame.left - 1 || box.right > frame.right + 1) outside.push(word);
      touching.push(
        ...before.filter((other) => overlap(box, other.box)).map((other) => [other.word, word]));
      before.push({ word, box });
      const under = marks.filter((m) => within(box, m.getBoundingClientRect())).at(-1);
      const ground = under ? getComputedStyle(under).fill
        : getComputedStyle(chart.closest(".panel")).backgroundColor;
      const [a, b] = [getComputedStyle(text).fill, ground].map(light);
      const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
      if (contrast < 4.5) faint[word] = contrast;
    }
    found[chart.closest(".panel").getAttribute("aria-labelledby")] = [
      seen.length, faint, outside, touching,
    ];
  }
  return found;
}"""

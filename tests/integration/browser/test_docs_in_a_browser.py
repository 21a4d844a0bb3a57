"""Tests of the data docs in a browser: offline, on a desktop and on a phone."""

import re
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlparse

import pytest
from playwright.sync_api import Browser, Page, expect

from flows.site.docs.synonyms import SYNONYMS

PAGES = [
    "index.html",
    "personal.html",
    "gold.fact_sales.html",
    "silver.orders.html",
    "bronze.orders.html",
]


def test_pages_do_not_scroll_sideways(docs: Path, page: Page) -> None:
    for width in (1440, 768, 390):
        page.set_viewport_size({"width": width, "height": 800})
        for file in sorted(docs.glob("*.html")):
            page.goto(file.as_uri())
            assert page.evaluate("document.documentElement.scrollWidth") == width, file.name


def test_links_have_targets(docs: Path, page: Page) -> None:
    places, links = set[str](), dict[str, str]()
    for file in sorted(docs.glob("*.html")):
        page.goto(file.as_uri())
        ids = page.evaluate("[...document.querySelectorAll('[id]')].map(e => e.id)")
        places |= {file.as_uri(), *(f"{file.as_uri()}#{each}" for each in ids)}
        found = page.evaluate(
            "[...document.querySelectorAll('a')].map(a => new URL(a.href.baseVal ?? a.href,"
            " location).href)"
        )
        links |= dict.fromkeys(found, file.name)
    assert {link: at for link, at in links.items() if unquote(link) not in places} == {}
    reached = {Path(urlparse(urldefrag(link).url).path).name for link in links}
    assert reached == {file.name for file in docs.glob("*.html")}


def test_lineage_highlights_dependencies_and_opens_a_table(docs: Path, page: Page) -> None:
    page.goto((docs / "index.html").as_uri())
    box = page.locator("svg.lineage a[data-table='silver.orders']")
    box.hover()
    near = page.locator("svg.lineage a.near").evaluate_all("all => all.map(a => a.dataset.table)")
    assert {"bronze.orders", "silver.orders", "gold.fact_sales"} <= {*near}
    assert "silver.products" not in near
    box.click()
    expect(page).to_have_title("silver.orders · Keystone Nexus")
    expect(page.locator("svg.lineage [aria-current=page]")).to_have_accessible_name("silver.orders")


def test_lineage_is_a_list_on_a_phone(docs: Path, page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto((docs / "index.html").as_uri())
    expect(page.locator("svg.lineage")).to_be_hidden()
    page.locator(".lineage-list summary", has_text="Silver").click()
    page.locator(".lineage-list").get_by_role(
        "link", name="silver.orders", exact=True
    ).first.click()
    inputs = page.locator(".lineage-list ul").first.get_by_role("link").all_inner_texts()
    assert inputs == ["bronze.orders"]


def test_phone_opens_with_long_tables_folded(docs: Path, page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto((docs / "index.html").as_uri())
    table = page.locator("#tables ~ details", has_text="Silver").first
    expect(table.get_by_role("link", name="orders", exact=True)).to_be_hidden()
    table.locator("summary").click()
    expect(table.get_by_role("link", name="orders", exact=True)).to_be_visible()


def test_column_leads_to_its_inputs_and_readers(docs: Path, page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto((docs / "gold.fact_orders.html").as_uri())
    row = page.locator("tr#customer_state")
    reader = row.locator("a[href='gold.agg_monthly_orders.html#customer_state']")
    expect(reader).to_be_hidden()
    row.get_by_text("3 inputs, 15 readers").click()
    expect(reader).to_be_visible()
    page.evaluate("document.querySelectorAll('details.links').forEach(each => each.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    row.locator("a[href='gold.dim_customer.html#customer_state']").click()
    expect(page.locator("tr:target")).to_contain_text("customer_state")


def test_search_finds_columns_by_words(docs: Path, page: Page) -> None:
    page.goto((docs / "index.html").as_uri())
    page.get_by_role("searchbox").fill("freight sales total")
    expect(page.locator("#found li:visible")).to_have_count(0)
    page.get_by_role("searchbox").fill("FREIGHT price")
    links = page.locator("#found li:visible a")
    assert "gold.fact_sales.total_order_item_value" in links.all_inner_texts()
    links.first.click()
    expect(page.locator("tr:target")).to_be_visible()


def found(page: Page, words: str) -> list[str]:
    """Return the names that a search lists."""
    page.get_by_role("searchbox").fill(words)
    return page.locator("#found li:visible a").all_inner_texts()


def test_search_finds_whole_words_and_synonyms(docs: Path, page: Page) -> None:
    page.goto((docs / "index.html").as_uri())
    assert {"gold.mart_monthly_sales.gmv", "gold.fact_sales.price"} <= {*found(page, "revenue")}
    late = found(page, "late")
    assert {"gold.mart_delivery_by_state.late", "gold.mart_review_by_lateness"} <= {*late}
    assert "gold.mart_customer_rfm" not in late  # its description has "lately"
    assert "gold.fact_reviews.review_score" in found(page, "ratings")
    assert found(page, "venue") == found(page, "escore") == []  # inside a word is not found


def test_search_finds_every_word_with_synonyms(docs: Path, page: Page) -> None:
    page.goto((docs / "index.html").as_uri())
    assert [word for word in SYNONYMS if not found(page, word)] == []


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("Faturamento", "gold.mart_monthly_sales"),
        ("clients", "gold.dim_customer"),
        ("delays", "gold.mart_review_by_lateness"),
        ("ticket médio", "gold.mart_monthly_sales.average_order_value"),
        ("vendedores", "gold.mart_seller_scorecard"),
        ("avaliação", "gold.fact_reviews.review_score"),
        ("SLA", "gold.mart_delivery_by_state.on_time_share"),
        ("cancellations", "gold.mart_monthly_sales.gmv_called_off"),
        ("churn", "gold.mart_cohort_retention"),
        ("credit card", "gold.mart_payment_mix.payment_type"),
    ],
)
def test_search_finds_words_of_managers(docs: Path, page: Page, word: str, name: str) -> None:
    page.goto((docs / "index.html").as_uri())
    assert name in found(page, word)[:20]


def test_search_finds_prefixes(docs: Path, page: Page) -> None:
    page.goto((docs / "index.html").as_uri())
    assert "gold.fact_sales.freight_value" in found(page, "freig")
    assert "gold.mart_review_by_lateness" in found(page, "laten")
    assert found(page, "reight") == []


def test_search_lists_tables_before_columns_before_descriptions(docs: Path, page: Page) -> None:
    page.goto((docs / "index.html").as_uri())
    names = found(page, "seller")
    ranks = [
        0
        if "seller" in name and name.count(".") == 1
        else 1
        if "seller" in name.rsplit(".")[-1]
        else 2
        for name in names
    ]
    assert {*ranks} == {0, 1, 2}
    assert ranks == sorted(ranks)


def test_table_sorts_by_number(docs: Path, page: Page) -> None:
    page.goto((docs / "index.html").as_uri())
    table = page.locator("table", has_text="gold").first
    for direction in ("ascending", "descending"):
        table.get_by_role("button", name="Sort by Rows").click()
        expect(table.locator("th[aria-sort]")).to_have_attribute("aria-sort", direction)
        cells = table.locator("tbody td.number").all_inner_texts()
        rows = [int(cell.replace(",", "")) for cell in cells]
        assert rows == sorted(rows, reverse=direction == "descending")
        assert len(set(rows)) > 2


def test_term_shows_its_definition_on_focus(docs: Path, page: Page) -> None:
    page.goto((docs / "silver.orders.html").as_uri())
    term = page.locator("#history ~ p .term").nth(2)
    expect(term).to_have_text(re.compile("^superseded"))
    expect(term.get_by_role("tooltip")).to_be_hidden()
    term.focus()
    expect(term.get_by_role("tooltip")).to_be_visible()


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_enough_contrast(docs: Path, browser: Browser, name: str, scheme: str) -> None:
    context = browser.new_context(color_scheme="dark" if scheme == "dark" else "light")
    context.set_default_timeout(120_000)
    page = context.new_page()
    page.goto((docs / name).as_uri())
    faint = page.evaluate(_FAINT)
    context.close()
    assert faint == {}


def test_theme_choice_persists(docs: Path, page: Page) -> None:
    page.goto((docs / "index.html").as_uri())
    before = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.get_by_role("button", name="Light or dark").click()
    page.goto((docs / "gold.fact_sales.html").as_uri())
    after = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert before != after


# Texts with a contrast below 4.5 (WCAG AA). A canvas converts any colour to bytes.
_FAINT = """() => {
  const paint = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const bytes = (colour, ground) => {
    for (const each of [ground, colour]) { paint.fillStyle = each; paint.fillRect(0, 0, 1, 1); }
    return [...paint.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const light = (colour) => {
    const [r, g, b] = colour.map((c) => c / 255)
      .map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const groundOf = (element) => {
    const box = element.closest("svg a")?.querySelector("rect");
    if (box) return getComputedStyle(box).fill;
    for (let each = element; each; each = each.parentElement) {
      const ground = getComputedStyle(each).backgroundColor;
      if (ground !== "rgba(0, 0, 0, 0)") return ground;
    }
    return "white";
  };
  const found = {};
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement, text = walker.currentNode.data.trim();
    if (!text || !element.checkVisibility()) continue;
    const style = getComputedStyle(element), ground = groundOf(element);
    const colour = element instanceof SVGElement ? style.fill : style.color;
    const [a, b] = [bytes(colour, ground), bytes(ground, "white")].map(light);
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5) found[text] = contrast;
  }
  return found;
}"""

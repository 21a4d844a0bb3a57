"""The data docs in a real browser: from a folder, without a network, on a desk and on a phone."""

import re
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlparse

import pytest
from playwright.sync_api import Browser, Page, expect

from flows.site.docs.synonyms import SYNONYMS

PAGES = ["index.html", "gold.fact_sales.html", "silver.orders.html", "bronze.orders.html"]


def test_no_page_complains_or_scrolls_sideways(docs: Path, page: Page) -> None:
    for width in (1440, 768, 390):
        page.set_viewport_size({"width": width, "height": 800})
        for file in sorted(docs.glob("*.html")):
            page.goto(file.as_uri())
            assert page.evaluate("document.documentElement.scrollWidth") == width, file.name


def test_every_link_leads_to_a_place_that_is_there(docs: Path, page: Page) -> None:
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


def test_the_lineage_leads_to_a_table_and_lights_up_what_it_is_made_of(
    docs: Path, page: Page
) -> None:
    page.goto((docs / "index.html").as_uri())
    box = page.locator("svg.lineage a[data-table='silver.orders']")
    box.hover()
    near = page.locator("svg.lineage a.near").evaluate_all("all => all.map(a => a.dataset.table)")
    assert {"bronze.orders", "silver.orders", "gold.fact_sales"} <= {*near}
    assert "silver.products" not in near
    box.click()
    expect(page).to_have_title("silver.orders · Keystone Nexus")
    expect(page.locator("svg.lineage [aria-current=page]")).to_have_accessible_name("silver.orders")


def test_columns_are_found_by_words(docs: Path, page: Page) -> None:
    page.goto((docs / "index.html").as_uri())
    page.get_by_role("searchbox").fill("freight sales total")
    expect(page.locator("#found li:visible")).to_have_count(0)
    page.get_by_role("searchbox").fill("FREIGHT price")
    links = page.locator("#found li:visible a")
    assert "gold.fact_sales.total_order_item_value" in links.all_inner_texts()
    links.first.click()
    expect(page.locator("tr:target")).to_be_visible()


def found(page: Page, words: str) -> list[str]:
    """Return the names that a search shows, in order."""
    page.get_by_role("searchbox").fill(words)
    return page.locator("#found li:visible a").all_inner_texts()


def test_a_search_finds_whole_words_and_words_that_mean_the_same(docs: Path, page: Page) -> None:
    page.goto((docs / "index.html").as_uri())
    assert {"gold.mart_monthly_sales.gmv", "gold.fact_sales.price"} <= {*found(page, "revenue")}
    late = found(page, "late")
    assert {"gold.mart_delivery_by_state.late", "gold.mart_review_by_lateness"} <= {*late}
    assert "gold.mart_customer_rfm" not in late  # it speaks of who bought lately
    assert "gold.fact_reviews.review_score" in found(page, "ratings")
    assert found(page, "venue") == found(page, "escore") == []  # inside a word is not found


def test_a_search_finds_something_for_every_word_that_has_synonyms(docs: Path, page: Page) -> None:
    page.goto((docs / "index.html").as_uri())
    assert [word for word in SYNONYMS if not found(page, word)] == []


def test_a_search_finds_the_beginning_of_a_word_that_is_not_a_word_itself(
    docs: Path, page: Page
) -> None:
    page.goto((docs / "index.html").as_uri())
    assert "gold.fact_sales.freight_value" in found(page, "freig")
    assert "gold.mart_review_by_lateness" in found(page, "laten")
    assert found(page, "reight") == []


def test_a_search_shows_tables_before_columns_before_descriptions(docs: Path, page: Page) -> None:
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


def test_a_table_is_sorted_by_its_numbers(docs: Path, page: Page) -> None:
    page.goto((docs / "index.html").as_uri())
    table = page.locator("table", has_text="gold").first
    for direction in ("ascending", "descending"):
        table.get_by_role("button", name="Sort by Rows").click()
        expect(table.locator("th[aria-sort]")).to_have_attribute("aria-sort", direction)
        cells = table.locator("tbody td.number").all_inner_texts()
        rows = [int(cell.replace(",", "")) for cell in cells]
        assert rows == sorted(rows, reverse=direction == "descending")
        assert len(set(rows)) > 2


def test_a_term_says_what_it_means_to_the_keyboard(docs: Path, page: Page) -> None:
    page.goto((docs / "silver.orders.html").as_uri())
    term = page.locator("#history ~ p .term").nth(2)
    expect(term).to_have_text(re.compile("^superseded"))
    expect(term.get_by_role("tooltip")).to_be_hidden()
    term.focus()
    expect(term.get_by_role("tooltip")).to_be_visible()


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out_from_its_ground(
    docs: Path, browser: Browser, name: str, scheme: str
) -> None:
    context = browser.new_context(color_scheme="dark" if scheme == "dark" else "light")
    context.set_default_timeout(120_000)
    page = context.new_page()
    page.goto((docs / name).as_uri())
    faint = page.evaluate(_FAINT)
    context.close()
    assert faint == {}


def test_light_and_dark_may_be_chosen_and_the_choice_stays(docs: Path, page: Page) -> None:
    page.goto((docs / "index.html").as_uri())
    before = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.get_by_role("button", name="Light or dark").click()
    page.goto((docs / "gold.fact_sales.html").as_uri())
    after = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert before != after


# By text, the contrast of what is below 4.5 (WCAG AA); a canvas turns any colour into bytes.
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

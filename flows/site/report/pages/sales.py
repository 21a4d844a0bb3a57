"""The sales page: categories, payment types and instalments."""

from decimal import Decimal

import polars as pl
from polars import col

from contracts.gold.agg_monthly_categories import AggMonthlyCategories
from contracts.gold.mart_category import MartCategory
from contracts.gold.mart_payment_mix import MartPaymentMix
from flows.site.charts import marks
from flows.site.charts.axes import REAIS
from flows.site.charts.multiples import column_multiples
from flows.site.charts.svg import AnyChart
from flows.site.formatting import percent, reais
from flows.site.report.model import DESKTOP, PHONE, Frames, Page, PageSummary, Panel, Tile, total

_TOP, _TRENDS = 12, 6
_REMARK = (
    "GMV includes orders that were called off later. Payments also include freight and orders "
    "without items."
)

_PAYMENT_TYPES = {
    "credit_card": "credit card (crédito)",
    "debit_card": "debit card (débito)",
    "voucher": "voucher (vale)",
    "boleto": "boleto",
    "not_defined": "not defined",
}


def summarize(frames: Frames) -> PageSummary:
    """Name the best-selling category and the payment type with the highest value."""
    categories, payment_types = frames["categories"], frames["ways-to-pay"]
    sentences = []
    if len(categories):
        best = categories.row(0, named=True)
        share = f" ({percent(best['sales_share'])} of all sales)" if best["sales_share"] else ""
        sentences.append(
            f"The best-selling category is “{best['category'].replace('_', ' ')}” with "
            f"{reais(best['sales'])}{share}. All categories together sold "
            f"{reais(total(categories, 'sales'))}, which equals the GMV of all months."
        )
    if len(payment_types):
        first = payment_types.row(0, named=True)
        share = first["value_share"]
        amount = f", with {percent(share)} of the amount paid" if share else ""
        name = _PAYMENT_TYPES.get(first["payment_type"], first["payment_type"])
        sentences.append(f"The largest payment type is {name}{amount}.")
    return PageSummary(
        "What sells, and how customers pay",
        tuple(sentences),
        _tiles(categories, payment_types),
        (_REMARK,) if len(categories) else (),
    )


def _tiles(categories: pl.DataFrame, payment_types: pl.DataFrame) -> tuple[Tile, ...]:
    if categories.is_empty():
        return ()
    category, payment = PANELS[0].definition, PANELS[2].definition
    items, paid = total(categories, "units"), total(payment_types, "payment_value") or Decimal(0)
    sold, freight = total(categories, "sales"), total(categories, "freight_value")
    both = sold + freight
    freight_note = f"{percent(float(freight / both))} of price plus freight" if both else ""
    return (
        Tile("GMV (faturamento bruto)", reais(sold), category("sales"), "in all months"),
        Tile("Items (itens)", f"{items:,}", category("units"), f"{reais(sold / items)} per item"),
        Tile("Freight (frete)", reais(freight), category("freight_value"), freight_note),
        Tile("Paid (pago)", reais(paid), payment("payment_value"), "in all months"),
    )


def _categories(frame: pl.DataFrame, width: int) -> AnyChart:
    bilingual = (
        pl.when(col("categoria") != col("category"))
        .then(pl.format("{} ({})", "category", "categoria"))
        .otherwise("category")
    )
    best = (
        frame.head(_TOP)
        .with_columns(col("category", "categoria").str.replace_all("_", " "))
        .with_columns(name=bilingual if width == DESKTOP else col("category"))
    )
    tooltip = (
        "datum.category + (datum.categoria ? ' (' + datum.categoria + ')' : '') + ': R$ '"
        " + format(datum.sales, ',.2f') + ', ' + format(datum.sales_share, '.1%') + ' of sales'"
    )
    return marks.bar_chart(best, width, "name", "sales", tooltip, marks.short_reais("sales"))


def _trends(frame: pl.DataFrame, width: int) -> AnyChart:
    named = frame.with_columns(col("category").str.replace_all("_", " "))
    tooltip = (
        "datum.category + ', ' + datum.purchase_month + ': R$ ' + format(datum.sales, ',.2f')"
        " + (datum.sales_year_ago"
        " ? ', a year earlier R$ ' + format(datum.sales_year_ago, ',.2f') : '')"
    )
    return column_multiples(
        named,
        width,
        "category",
        "purchase_month",
        "sales",
        tooltip,
        number_format=REAIS,
        across=1 if width == PHONE else 3,
    )


def _payment_types(frame: pl.DataFrame, width: int) -> AnyChart:
    named = frame.with_columns(col("payment_type").replace(_PAYMENT_TYPES))
    tooltip = (
        f"datum.payment_type + ': ' + {marks.plural('payments', 'payment')} + ', R$ '"
        " + format(datum.payment_value, ',.2f')"
    )
    return marks.bar_chart(
        named, width, "payment_type", "payment_value", tooltip, marks.short_reais("payment_value")
    )


def _instalments(frame: pl.DataFrame, width: int) -> AnyChart:
    tooltip = (
        f"{marks.plural('payment_installments', 'instalment')} + ': R$ '"
        " + format(datum.payment_value, ',.2f')"
        " + ', R$ ' + format(datum.average_value, ',.2f') + ' per payment'"
    )
    if width == PHONE:  # too narrow for the labels of so many columns
        named = frame.with_columns(name=col("payment_installments").cast(pl.String))
        amount = marks.short_reais("payment_value")
        return marks.bar_chart(named, width, "name", "payment_value", tooltip, amount, step=20)
    return marks.column_chart(
        frame,
        width,
        "payment_installments",
        "payment_value",
        tooltip,
        number_format=REAIS,
        title="instalments (parcelas)",
    )


PANELS = (
    Panel(
        "categories",
        "Sales by category",
        f"The {_TOP} categories with the highest sales in all months. The table lists all "
        "categories.",
        """
WITH names AS (
    SELECT product_category_name_english AS category, min(product_category_name) AS categoria
    FROM gold.dim_product
    GROUP BY ALL
)
SELECT category, categoria, sales, sales_share, units, orders, freight_value, reviews, review_score
FROM gold.mart_category LEFT JOIN names USING (category)
ORDER BY rank, category
""",
        MartCategory,
        _categories,
        wide=True,
        extra_definitions={"categoria": "Category name in Portuguese, as in the source."},
    ),
    Panel(
        "category-trends",
        "Sales of the largest categories by month",
        f"The {_TRENDS} categories with the highest sales in all months, on one scale. Months with "
        "few orders and the newest month, which may be incomplete, are left out.",
        f"""
WITH months AS (
    SELECT purchase_month
    FROM gold.mart_monthly_sales
    WHERE orders >= (SELECT max(orders) FROM gold.mart_monthly_sales) / 20
      AND purchase_month < (SELECT max(purchase_month) FROM gold.mart_monthly_sales)
), largest AS (
    SELECT category, sales AS all_sales FROM gold.mart_category
    ORDER BY rank, category
    LIMIT {_TRENDS}
), sold AS (
    SELECT category, purchase_month, coalesce(sales, 0) AS sales, coalesce(units, 0) AS units,
           lag(sales, 12) OVER (PARTITION BY category ORDER BY purchase_month) AS sales_year_ago
    FROM (FROM largest, (SELECT purchase_month FROM gold.mart_monthly_sales))
    LEFT JOIN gold.agg_monthly_categories USING (category, purchase_month)
)
SELECT category, purchase_month, sales, units, sales_year_ago
FROM sold JOIN largest USING (category)
WHERE purchase_month IN (FROM months)
ORDER BY all_sales DESC, category, purchase_month
""",  # noqa: S608 - the number is a constant of this module
        AggMonthlyCategories,
        _trends,
        wide=True,
        extra_definitions={
            "sales_year_ago": "Sales in the same month a year earlier in BRL.",
        },
    ),
    Panel(
        "ways-to-pay",
        "Payments by type",
        "Amount paid by each payment type in all months.",
        """
SELECT payment_type, sum(payments)::BIGINT AS payments, sum(payment_value) AS payment_value,
       sum(payments_share) AS payments_share, sum(value_share) AS value_share
FROM gold.mart_payment_mix
GROUP BY payment_type
ORDER BY payment_value DESC, payment_type
""",
        MartPaymentMix,
        _payment_types,
    ),
    Panel(
        "instalments",
        "Credit card payments by number of instalments",
        "Amount paid by number of monthly instalments in all months. Numbers that never occur are "
        "not shown.",
        """
SELECT payment_installments, payments, payment_value, average_value, value_share
FROM gold.mart_payment_mix
WHERE payment_type = 'credit_card'
ORDER BY payment_installments
""",
        MartPaymentMix,
        _instalments,
    ),
)

PAGE = Page("sales.html", "Sales", summarize, PANELS)

"""What is sold, and how it is paid."""

from decimal import Decimal

import polars as pl
from polars import col

from contracts.gold.mart_category import MartCategory
from contracts.gold.mart_payment_mix import MartPaymentMix
from flows.site.charts import marks
from flows.site.charts.marks import REAIS
from flows.site.charts.svg import AnyChart
from flows.site.formatting import percent, reais
from flows.site.report.model import DESK, Figure, Frames, Page, Tile, Told, total

_TOP = 12
_REMARK = "GMV counts orders that were called off, too, and what was paid those without items."

_PORTUGUESE = {
    "credit_card": "credit card (crédito)",
    "debit_card": "debit card (débito)",
    "voucher": "voucher (vale)",
    "boleto": "boleto",
    "not_defined": "not defined",
}


def tell(frames: Frames) -> Told:
    """Name the category that sells best, and the way to pay that brings most."""
    categories, ways = frames["categories"], frames["ways-to-pay"]
    said = []
    if len(categories):
        best = categories.row(0, named=True)
        share = f", {percent(best['sales_share'])} of all" if best["sales_share"] else ""
        said.append(
            f"“{best['category'].replace('_', ' ')}” sells best: {reais(best['sales'])}{share}. "
            f"All categories together make {reais(total(categories, 'sales'))}, which is the GMV "
            f"of all months."
        )
    if len(ways):
        first = ways.row(0, named=True)
        share = f", {percent(first['value_share'])} of what is paid" if first["value_share"] else ""
        way = _PORTUGUESE.get(first["payment_type"], first["payment_type"])
        said.append(f"Most is paid by {way}{share}.")
    headline, remarks = "What is sold, and how it is paid", (_REMARK,) if len(categories) else ()
    return Told(headline, tuple(said), _tiles(categories, ways), remarks)


def _tiles(categories: pl.DataFrame, ways: pl.DataFrame) -> tuple[Tile, ...]:
    if categories.is_empty():
        return ()
    of_items, of_payments = FIGURES[0].means, FIGURES[1].means
    items, paid = total(categories, "units"), total(ways, "payment_value") or Decimal(0)
    sold, freight = total(categories, "sales"), total(categories, "freight_value")
    both = sold + freight
    beside = f"{percent(float(freight / both))} of price and freight" if both else ""
    return (
        Tile("GMV (faturamento bruto)", reais(sold), of_items("sales"), "over all time"),
        Tile("Items (itens)", f"{items:,}", of_items("units"), f"{reais(sold / items)} on average"),
        Tile("Freight (frete)", reais(freight), of_items("freight_value"), beside),
        Tile("Paid (pago)", reais(paid), of_payments("payment_value"), "over all time"),
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
        .with_columns(name=bilingual if width == DESK else col("category"))
    )
    tip = (
        "datum.category + (datum.categoria ? ' (' + datum.categoria + ')' : '') + ': R$ '"
        " + format(datum.sales, ',.2f') + ', ' + format(datum.sales_share, '.1%') + ' of sales'"
    )
    return marks.bars(best, width, "name", "sales", tip, _MONEY.format("sales"))


def _ways(frame: pl.DataFrame, width: int) -> AnyChart:
    named = frame.with_columns(col("payment_type").replace(_PORTUGUESE))
    tip = (
        f"datum.payment_type + ': ' + {marks.plural('payments', 'payment')} + ', R$ '"
        " + format(datum.payment_value, ',.2f')"
    )
    return marks.bars(
        named, width, "payment_type", "payment_value", tip, _MONEY.format("payment_value")
    )


def _instalments(frame: pl.DataFrame, width: int) -> AnyChart:
    tip = (
        f"{marks.plural('payment_installments', 'instalment')} + ': R$ '"
        " + format(datum.payment_value, ',.2f')"
        " + ', R$ ' + format(datum.average_value, ',.2f') + ' a payment'"
    )
    return marks.columns(
        frame,
        width,
        "payment_installments",
        "payment_value",
        tip,
        form=REAIS,
        title="instalments (parcelas)",
    )


_MONEY = "'R$ ' + format(datum.{}, '.3~s')"

FIGURES = (
    Figure(
        "categories",
        "Sales by category",
        f"Those that sell most, at most {_TOP}, over all time; “Table” has all.",
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
        also={"categoria": "The category as the shop spells it."},
    ),
    Figure(
        "ways-to-pay",
        "Ways to pay",
        "What was paid by each, over all time.",
        """
SELECT payment_type, sum(payments)::BIGINT AS payments, sum(payment_value) AS payment_value,
       sum(payments_share) AS payments_share, sum(value_share) AS value_share
FROM gold.mart_payment_mix
GROUP BY payment_type
ORDER BY payment_value DESC, payment_type
""",
        MartPaymentMix,
        _ways,
    ),
    Figure(
        "instalments",
        "Credit cards, by number of instalments",
        "What was paid in so many monthly instalments, over all time. Numbers that never "
        "occur are left out.",
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

PAGE = Page("sales.html", "Sales", tell, FIGURES)

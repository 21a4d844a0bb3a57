"""Column lineage: four tables by hand, single steps of a plan, and personal data."""

from collections.abc import Callable, Mapping
from typing import Annotated

import polars as pl
import pytest
from polars import LazyFrame, col

from contracts import bronze
from contracts.contract import Contract, Gold, Silver, column
from contracts.silver.order_reviews import OrderReviews
from transforms.graph import Table, tables
from transforms.lineage import (
    Edge,
    Kind,
    UnknownStepWarning,
    column_lineage,
    downstream,
    readers,
    unmasked_personal_data,
    upstream,
)
from transforms.parse import text
from transforms.redaction import redact

# By table, then by column (or `rows`): the input columns that it depends on, by kind. Change it
# only after reading the function.
BY_HAND: dict[str, dict[str, dict[str, str]]] = {
    "silver.order_reviews": {
        "rows": {},
        "review_id": {"transformation": "order_reviews.review_id"},
        "order_id": {"transformation": "order_reviews.order_id"},
        "review_score": {"transformation": "order_reviews.review_score"},
        "review_comment_title": {"transformation": "order_reviews.review_comment_title"},
        "review_comment_message": {"transformation": "order_reviews.review_comment_message"},
        "review_creation_date": {"transformation": "order_reviews.review_creation_date"},
        "review_answer_timestamp": {"transformation": "order_reviews.review_answer_timestamp"},
    },
    "gold.dim_customer": {
        "rows": {"join": "customers.customer_id orders.customer_id"},
        "customer_id": {"identity": "customers.customer_id orders.customer_id"},
        "customer_unique_id": {"identity": "customers.customer_unique_id"},
        "customer_zip_code_prefix": {"identity": "customers.customer_zip_code_prefix"},
        "customer_city": {"identity": "customers.customer_city"},
        "customer_state": {"identity": "customers.customer_state"},
        "latitude": {
            "identity": "geolocation.latitude",
            "join": "customers.customer_zip_code_prefix geolocation.zip_code_prefix",
        },
        "longitude": {
            "identity": "geolocation.longitude",
            "join": "customers.customer_zip_code_prefix geolocation.zip_code_prefix",
        },
        "inferred": {"join": "customers.customer_id orders.customer_id"},
    },
    "gold.fact_orders": {
        "rows": {},
        "order_id": {"identity": "orders.order_id"},
        "customer_id": {"identity": "orders.customer_id"},
        "customer_unique_id": {
            "transformation": "dim_customer.customer_unique_id orders.customer_id",
            "join": "dim_customer.customer_id",
        },
        "customer_state": {
            "transformation": "dim_customer.customer_state",
            "join": "dim_customer.customer_id orders.customer_id",
        },
        "date_key": {"transformation": "orders.order_purchase_timestamp"},
        "purchase_month": {"transformation": "orders.order_purchase_timestamp"},
        "order_status": {"identity": "orders.order_status"},
        "order_purchase_timestamp": {"identity": "orders.order_purchase_timestamp"},
        "order_approved_at": {"identity": "orders.order_approved_at"},
        "order_delivered_carrier_date": {"identity": "orders.order_delivered_carrier_date"},
        "order_delivered_customer_date": {"identity": "orders.order_delivered_customer_date"},
        "order_estimated_delivery_date": {"identity": "orders.order_estimated_delivery_date"},
        "days_to_approval": {
            "transformation": "orders.order_purchase_timestamp orders.order_approved_at"
        },
        "days_to_carrier": {
            "transformation": "orders.order_approved_at orders.order_delivered_carrier_date"
        },
        "days_in_transit": {
            "transformation": "orders.order_delivered_carrier_date "
            "orders.order_delivered_customer_date"
        },
        "delivery_lag_days": {
            "transformation": "orders.order_purchase_timestamp orders.order_delivered_customer_date"
        },
        "days_past_estimate": {
            "transformation": "orders.order_estimated_delivery_date "
            "orders.order_delivered_customer_date"
        },
        "delivered_on_time": {
            "transformation": "orders.order_estimated_delivery_date "
            "orders.order_delivered_customer_date"
        },
        "items": {"join": "orders.order_id order_items.order_id"},
        "price": {
            "aggregation": "order_items.price",
            "join": "orders.order_id order_items.order_id",
        },
        "freight_value": {
            "aggregation": "order_items.freight_value",
            "join": "orders.order_id order_items.order_id",
        },
        "total_order_value": {
            "aggregation": "order_items.price order_items.freight_value",
            "join": "orders.order_id order_items.order_id",
        },
        "payments": {"join": "orders.order_id order_payments.order_id"},
        "payment_value": {
            "aggregation": "order_payments.payment_value",
            "join": "orders.order_id order_payments.order_id",
        },
        "payment_difference": {
            "aggregation": "order_payments.payment_value order_items.price "
            "order_items.freight_value",
            "join": "orders.order_id order_items.order_id order_payments.order_id",
        },
        "reviews": {"join": "orders.order_id order_reviews.order_id"},
        "stars": {
            "aggregation": "order_reviews.review_score",
            "join": "orders.order_id order_reviews.order_id",
        },
        "one_star_reviews": {
            "aggregation": "order_reviews.review_score",
            "join": "orders.order_id order_reviews.order_id",
        },
        "five_star_reviews": {
            "aggregation": "order_reviews.review_score",
            "join": "orders.order_id order_reviews.order_id",
        },
    },
    "gold.mart_category": {
        "rows": {"group_by": "agg_monthly_categories.category"},
        "category": {"identity": "agg_monthly_categories.category"},
        **{
            name: {
                "aggregation": f"agg_monthly_categories.{summed}",
                "group_by": "agg_monthly_categories.category",
            }
            for name, summed in {
                "orders": "orders",
                "units": "units",
                "sales": "sales",
                "freight_value": "freight_value",
                "reviews": "reviews",
                "rank": "sales",
                "sales_share": "sales",
            }.items()
        },
        "review_score": {
            "aggregation": "agg_monthly_categories.stars agg_monthly_categories.reviews",
            "group_by": "agg_monthly_categories.category",
        },
    },
}


@pytest.mark.parametrize("name", BY_HAND)
def test_column_lineage_is_the_one_made_by_hand(name: str) -> None:
    table = tables()[name]
    layers = {read.partition(".")[2]: read for read in table.input_names}
    lineage = column_lineage(table)
    found = {**lineage.columns, "rows": lineage.rows}
    expected = {
        column: {
            (layers[read.partition(".")[0]], read.partition(".")[2], kind)
            for kind, columns in by_kind.items()
            for read in columns.split()
        }
        for column, by_kind in BY_HAND[name].items()
    }
    assert {c: {(e.table, e.column, e.kind) for e in edges} for c, edges in found.items()} == (
        expected
    )


class Result(Gold, key=("a",)):
    """One row per a."""

    a: str = column()


class Left(Silver, key=("k",)):
    """One row per k."""

    k: str = column()
    g: str = column()
    n: int = column()
    m: int = column()


class Right(Silver, key=("k", "g")):
    """One row per k and g."""

    k: str = column()
    g: str = column()
    n: int = column()


def table_of(
    function: Callable[..., LazyFrame], reads: Mapping[str, type[Contract]], made: type[Contract]
) -> Table:
    return Table(made.spec().table, made, function, dict(reads))


def edges_of(made: Callable[..., LazyFrame], *reads: type[Contract]) -> set[str]:
    """Return the edges of the column `a` that a function of some inputs gives, and of its rows."""
    names = ["left", "right"][: len(reads)]

    def function(**inputs: LazyFrame) -> LazyFrame:
        return made(*(inputs[name] for name in names))

    lineage = column_lineage(table_of(function, dict(zip(names, reads, strict=True)), Result))
    shown = {f"{e.table[7:]}.{e.column} {e.kind}" for e in lineage.columns["a"]}
    return shown | {f"rows: {e.table[7:]}.{e.column} {e.kind}" for e in lineage.rows}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (col("n").alias("a"), {"left.n identity"}),
        (col("n").cast(pl.String).alias("a"), {"left.n transformation"}),
        ((col("n") + col("m")).alias("a"), {"left.n transformation", "left.m transformation"}),
        (pl.lit(1).alias("a"), set()),
        (
            pl.when(col("n") > 0).then("m").alias("a"),
            {"left.n conditional", "left.m transformation"},
        ),
        (pl.when(col("n") > 0).then("n").alias("a"), {"left.n transformation"}),
        (col("n").sum().over("g").alias("a"), {"left.n aggregation", "left.g window"}),
        (
            col("n").cum_sum().over("g", order_by="m").alias("a"),
            {"left.n transformation", "left.g window", "left.m window"},
        ),
        (col("n").filter(col("m") > 0).sum().alias("a"), {"left.n aggregation", "left.m filter"}),
        (
            pl.all_horizontal(pl.col("n", "m") > 0).alias("a"),
            {"left.n transformation", "left.m transformation"},
        ),
        (
            pl.sum_horizontal(pl.col(pl.Int64)).alias("a"),
            {"left.n transformation", "left.m transformation"},
        ),
    ],
    ids=lambda value: str(value) if isinstance(value, pl.Expr) else None,
)
def test_expression_has_the_edges_of_what_it_reads(expression: pl.Expr, expected: set[str]) -> None:
    assert edges_of(lambda left: left.select(expression), Left) == expected


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (
            lambda left: left.filter(col("m") > 0).select(a="n"),
            {"left.n identity", "rows: left.m filter"},
        ),
        (
            lambda left: left.select("n", "m").rename({"n": "a"}),
            {"left.n identity"},
        ),
        (  # the sum depends on which rows there are
            lambda left: left.filter(col("m") > 0).select(a=col("n").sum()),
            {"left.n aggregation", "left.m filter"},
        ),
        (
            lambda left: left.filter(col("m") > 0).group_by("g").agg(a=col("n").sum()),
            {
                *("left.n aggregation", "left.m filter", "left.g group_by"),
                *("rows: left.m filter", "rows: left.g group_by"),
            },
        ),
        (  # a row without its order has the same value
            lambda left: left.sort("m").select(a="n"),
            {"left.n identity"},
        ),
        (
            lambda left: left.sort("m").select(a=col("n").shift()),
            {"left.n transformation", "left.m sort"},
        ),
        (
            lambda left: (
                left.sort("m").unique("g", keep="first", maintain_order=True).select(a="n")
            ),
            {"left.n identity", "left.m sort", "left.g group_by", "rows: left.g group_by"},
        ),
        (  # the second grouping has the same groups, whatever the first was by besides
            lambda left: left.unique(["g", "m"]).group_by("g").agg(a=col("n").len()),
            {"left.m group_by", "left.g group_by", "left.n aggregation", "rows: left.g group_by"},
        ),
        (
            lambda left: pl.concat(
                [left.filter(col("m") > 0).with_columns(a=1), left.with_columns(a=2)]
            ),
            {"left.m filter", "rows: left.m filter"},
        ),
        (
            lambda left: left.select(a=pl.concat_list("n", "m")).explode("a"),
            {
                *("left.n transformation", "left.m transformation"),
                *("rows: left.n transformation", "rows: left.m transformation"),
            },
        ),
        (lambda left: left.select(pl.all().name.suffix("_")).select(a="n_"), {"left.n identity"}),
        (lambda left: left.drop("n").select(a="m"), {"left.m identity"}),
    ],
)
def test_step_has_the_edges_of_what_it_reads(
    made: Callable[[LazyFrame], LazyFrame], expected: set[str]
) -> None:
    assert edges_of(made, Left) == expected


def test_lookup_by_a_unique_key_does_not_change_the_rows() -> None:
    def made(right: LazyFrame, left: LazyFrame) -> LazyFrame:
        return right.join(left, on="k", how="left").select(a="m")

    assert edges_of(made, Right, Left) == {"left.m identity", "right.k join", "left.k join"}


def test_join_with_several_rows_of_a_key_changes_the_rows() -> None:
    def made(left: LazyFrame, right: LazyFrame) -> LazyFrame:
        return left.join(right, on="k", how="left").select(a="n_right")

    assert edges_of(made, Left, Right) == {
        *("right.n identity", "left.k join", "right.k join"),
        *("rows: left.k join", "rows: right.k join"),
    }


def test_inner_join_changes_the_rows() -> None:
    def made(right: LazyFrame, left: LazyFrame) -> LazyFrame:
        return right.join(left, on="k").select(a="n")

    assert edges_of(made, Right, Left) == {
        *("right.n identity", "rows: left.k join", "rows: right.k join")
    }


def test_inputs_with_the_same_columns_are_distinguished() -> None:
    class Other(Left, key=("k",)):
        """One row per k."""

    def made(left: LazyFrame, right: LazyFrame) -> LazyFrame:
        return right.select(a=left.collect_schema().names()[2])

    assert edges_of(made, Left, Other) == {"other.n identity"}


@pytest.mark.parametrize(
    "made",
    [
        lambda left: left.unpivot(on=["n"], index="m").select(a="value"),
        lambda left: left.select(a=col("n").rolling_mean(2).gather([0])),
    ],
)
def test_unknown_step_depends_on_everything_below_it(
    made: Callable[[LazyFrame], LazyFrame],
) -> None:
    with pytest.warns(UnknownStepWarning, match="does not know the (step|expression) "):
        edges = edges_of(made, Left)
    assert {f"left.{name} transformation" for name in "kgnm"} <= edges


def test_all_tables_consist_of_known_steps() -> None:
    for table in tables().values():  # a warning is an error
        lineage = column_lineage(table)
        assert {*lineage.columns} == {*table.contract.fields()}
        # The times of an interval come from technical columns, which have no edges.
        assert table.versions_of or all(lineage.columns.values()), table.name


def test_links_lead_back_to_bronze_and_on_to_gold() -> None:
    price = [
        (link.table, link.column, link.on.table, link.on.column)
        for link in upstream("gold.fact_sales", "price")
    ]
    assert price == [
        ("gold.fact_sales", "price", "silver.order_items", "price"),
        ("silver.order_items", "price", "bronze.order_items", "price"),
    ]
    reached = {(link.table, link.column) for link in downstream("bronze.order_items", "price")}
    assert {("gold.fact_orders", "price"), ("gold.mart_category", "sales_share")} <= reached
    assert ("gold.mart_category", "units") not in reached
    direct = {(link.table, link.column) for link in readers("bronze.order_items", "price")}
    assert direct == {("silver.order_items", "price")}
    assert upstream("bronze.orders", "order_id") == downstream("gold.mart_category", "rank") == []


def test_personal_data_reaches_no_column_unmasked() -> None:
    assert [link for table in tables().values() for link in unmasked_personal_data(table)] == []


class Titles(Silver, key=("review_id",)):
    """One row per review."""

    review_id: str = column()
    title: str = column(nullable=True)


class Comments(Gold, key=("review_id",)):
    """One row per review."""

    review_id: str = column()
    has_title: bool = column()


def copied(raw: Annotated[LazyFrame, bronze.OrderReviews]) -> Annotated[LazyFrame, Titles]:
    """Keep the title as it is."""
    return raw.select(text("review_id"), title=text("review_comment_title"))


def redacted(raw: Annotated[LazyFrame, bronze.OrderReviews]) -> Annotated[LazyFrame, Titles]:
    """Redact the title."""
    return raw.select(text("review_id"), title=redact(text("review_comment_title")))


def chosen(raw: Annotated[LazyFrame, bronze.OrderReviews]) -> Annotated[LazyFrame, Titles]:
    """Redact the title, but show by it whether the text has a word."""
    is_rude = col("review_comment_message").str.contains("burro")
    return raw.select(
        text("review_id"), title=pl.when(is_rude).then(redact(text("review_comment_title")))
    )


def present(reviews: Annotated[LazyFrame, OrderReviews]) -> Annotated[LazyFrame, Comments]:
    """Say whether there is a title."""
    return reviews.select("review_id", has_title=col("review_comment_title").is_not_null())


def measured(reviews: Annotated[LazyFrame, OrderReviews]) -> Annotated[LazyFrame, Comments]:
    """Say whether the title is long."""
    return reviews.select("review_id", has_title=col("review_comment_title").str.len_chars() > 9)


def counted(reviews: Annotated[LazyFrame, OrderReviews]) -> Annotated[LazyFrame, Comments]:
    """Choose reviews by their title."""
    rude = reviews.filter(col("review_comment_title") == "burro")
    return rude.group_by("review_id").agg(has_title=pl.len() > 1)


@pytest.mark.parametrize(
    ("function", "leaking"),
    [
        (redacted, []),
        (present, []),
        (copied, [("title", "review_comment_title", Kind.TRANSFORMATION)]),
        (chosen, [("title", "review_comment_message", Kind.CONDITIONAL)]),
        (measured, [("has_title", "review_comment_title", Kind.TRANSFORMATION)]),
        (counted, [("has_title", "review_comment_title", Kind.FILTER)]),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_unmasked_personal_data_is_found(
    function: Callable[..., LazyFrame], leaking: list[tuple[str, str, Kind]]
) -> None:
    (table,) = tables(function).values()
    found = unmasked_personal_data(table)
    assert [(link.column, link.on.column, link.on.kind) for link in found] == leaking


def test_redaction_and_presence_mask_personal_data() -> None:
    titles = column_lineage(tables()["silver.order_reviews"]).columns["review_comment_title"]
    assert [edge.masked for edge in titles] == [True]
    comments = column_lineage(tables()["gold.fact_reviews"]).columns["has_comment"]
    assert comments == {
        Edge("silver.order_reviews", name, Kind.TRANSFORMATION, masked=True)
        for name in ("review_comment_title", "review_comment_message")
    }

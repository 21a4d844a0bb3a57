"""Drawn frames keep their contracts, or break exactly the rule that they name."""

import subprocess
import sys
from datetime import datetime
from typing import Annotated, Any

import polars as pl
import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st
from hypothesis.errors import FailedHealthCheck, NoSuchExample, Unsatisfiable
from hypothesis.vendor.pretty import pretty
from pandera.engines.polars_engine import Decimal, Int32
from polars.testing import assert_frame_equal

from contracts import bronze
from contracts.contract import Contract, Gold, Timestamp, column, rule
from contracts.domain import STATES
from contracts.gold.dim_customer import DimCustomer
from contracts.gold.fact_orders import FactOrders
from contracts.gold.fact_sales import FactSales
from contracts.rules import rules
from contracts.silver.customers import Customers
from contracts.silver.geolocation import Geolocation
from contracts.silver.geolocation_points import GeolocationPoints
from contracts.silver.order_items import OrderItems
from contracts.silver.order_reviews import OrderReviews
from contracts.silver.orders import Orders
from contracts.silver.products import Products
from contracts.silver.sellers import Sellers
from contracts.strategies import Broken, breakable, broken, related, to_raw_text, valid
from contracts.table_check import ContractBrokenError, check_table
from flows.refresh.code_version import _definitions
from tests.support.examples import examples
from transforms.graph import tables

at = datetime.fromisoformat

TABLES = tables()
CONTRACTS = [table.contract for table in TABLES.values()]
FIRST = settings(max_examples=60, phases=[Phase.generate], database=None)


def name_of(contract: type[Contract]) -> str:
    return contract.spec().table


def complaints(frame: pl.DataFrame, drawn: Broken, contract: type[Contract]) -> set[str]:
    """Return the rules that the check of a table names."""
    known = {name: keys.lazy() for name, keys in drawn.referenced.items()}
    try:
        check_table(frame, contract, known)
    except ContractBrokenError as error:
        complaint = str(error).partition(" breaks its contract: ")[2].partition(". Nothing was")[0]
        names = [*breakable(contract)]
        return {name for name in names if f"; {name} (rows: " in f"; {complaint}"}
    return set()


def reaches(strategy: st.SearchStrategy[pl.DataFrame], wanted: pl.Expr) -> bool:
    """Return whether a strategy can draw a frame with such a row."""
    often = settings(max_examples=1_000, phases=[Phase.generate], database=None)
    try:
        find(strategy, lambda frame: frame.select(wanted.any()).item(), settings=often)
    except NoSuchExample:
        return False
    return True


@pytest.mark.parametrize("contract", CONTRACTS, ids=name_of)
@examples(10)
@given(data=st.data())
def test_a_valid_frame_keeps_its_contract(contract: type[Contract], data: st.DataObject) -> None:
    frame = data.draw(valid(contract))
    keys = {
        name: frame.lazy().select(pl.col(name).alias(parent.spec().key[0]))
        for name, parent in contract.references().items()
    }
    check_table(frame, contract, keys)


@pytest.mark.parametrize("contract", CONTRACTS, ids=name_of)
@examples(10)
@given(data=st.data())
def test_a_broken_frame_breaks_one_rule_in_the_rows_that_it_names(
    contract: type[Contract], data: st.DataObject
) -> None:
    drawn = data.draw(broken(contract))
    warns = {each.name for each in rules(contract) if each.warning}
    assert complaints(drawn.frame, drawn, contract) == {drawn.rule} - warns
    valid = drawn.frame.with_row_index("at").filter(~pl.col("at").is_in(drawn.rows)).drop("at")
    assert len(valid) < len(drawn.frame)
    assert complaints(valid, drawn, contract) == set()


def test_every_rule_has_a_counterexample() -> None:
    without = []
    for table in TABLES.values():
        for source in {None, table.source}:
            for name in breakable(table.contract, source):
                example = broken(table.contract, name, source=source, max_size=1)
                try:
                    find(example, lambda _: True, settings=FIRST)
                except (NoSuchExample, Unsatisfiable):
                    without.append((table.name, name))
    assert without == []


def test_a_rule_that_follows_from_others_has_none() -> None:
    class Squares(Gold, key=("side",)):
        """One row per square."""

        side: int = column(ge=1)

        @rule
        def side_is_positive(cls) -> pl.Expr:
            """Which it is anyway."""
            return pl.col("side") > 0

    with pytest.raises((NoSuchExample, Unsatisfiable)):
        find(broken(Squares, "side_is_positive"), lambda _: True, settings=FIRST)


@pytest.mark.parametrize(
    ("contract", "wanted"),
    [
        (Customers, pl.col("customer_city").str.contains("ã")),
        (Customers, pl.col("customer_city") == ""),
        (Customers, pl.col("customer_city").str.len_chars() > 1_000),
        (Customers, pl.col("customer_unique_id").is_duplicated()),
        (OrderReviews, pl.col("review_comment_message").str.contains("\n")),
        (OrderReviews, pl.col("review_comment_message").is_null()),
        (Orders, pl.col("order_purchase_timestamp").dt.date() == at("2016-02-29").date()),
        (Orders, pl.col("order_approved_at") == at("2017-10-15")),
        (Orders, pl.col("order_approved_at") == at("2018-02-17 23:30:00")),
        (Orders, pl.col("order_delivered_customer_date") == pl.col("order_purchase_timestamp")),
        (OrderItems, pl.col("price") == 0),
        (OrderItems, pl.col("price") > 999_999_999),
        (OrderItems, pl.col("order_item_id") == 2**63 - 1),
        (GeolocationPoints, pl.col("latitude") == 5.28),
        (FactOrders, pl.col("payment_difference") < 0),
    ],
    ids=lambda value: None if isinstance(value, pl.Expr) else name_of(value),
)
def test_unusual_values_of_real_data_are_drawn(contract: type[Contract], wanted: pl.Expr) -> None:
    assert reaches(valid(contract), wanted)


def test_every_member_of_a_closed_set_is_drawn() -> None:
    for state in (STATES[0], STATES[-1]):
        assert reaches(valid(Geolocation), pl.col("state") == state)


@examples(20)
@given(frames=related(DimCustomer, FactOrders, FactSales))
def test_related_tables_have_valid_foreign_keys(
    frames: dict[type[Contract], pl.DataFrame],
) -> None:
    customers = frames[DimCustomer].lazy()
    for contract, frame in frames.items():
        check_table(
            frame, contract, {"customer_id": customers} if contract is not DimCustomer else {}
        )


def test_related_rows_meet_across_tables() -> None:
    def meet(frames: dict[type[Contract], pl.DataFrame]) -> bool:
        bought = frames[Orders].join(frames[OrderItems], on="order_id")
        return len(bought.join(frames[Customers], on="customer_id")) > 1

    find(related(Orders, OrderItems, Customers), meet, settings=FIRST)


def test_related_rows_of_a_lookup_meet() -> None:
    def meet(frames: dict[type[Contract], pl.DataFrame]) -> bool:
        prefixes = frames[Geolocation].rename({"zip_code_prefix": "customer_zip_code_prefix"})
        return len(frames[Customers].join(prefixes, on="customer_zip_code_prefix")) > 1

    find(related(Customers, Geolocation), meet, settings=FIRST)


def test_an_incomplete_relation_lacks_some_parents() -> None:
    def lacks(frames: dict[type[Contract], pl.DataFrame]) -> bool:
        ordered = frames[OrderItems]
        known = ordered.join(frames[Orders], on="order_id", how="semi")
        return 0 < len(known) < len(ordered)

    incomplete = related(Orders, OrderItems, complete=False)
    find(incomplete, lacks, settings=settings(FIRST, max_examples=300))


def test_rows_become_the_raw_text_of_a_source() -> None:
    products = pl.DataFrame(
        [("b" * 32, " livros ", 3), ("c" * 32, None, None)],
        schema=["product_id", "product_category_name", "product_name_length"],
        orient="row",
    ).select(
        pl.col(name)
        if name in {"product_id", "product_category_name", "product_name_length"}
        else pl.lit(None, dtype).alias(name)
        for name, dtype in Products.fields().items()
    )
    raw = to_raw_text(products, Products, bronze.Products, blank="", pad=" ")
    assert raw.columns == bronze.Products.fields().names()
    assert raw["product_id"].to_list() == [f" {'b' * 32} ", f" {'c' * 32} "]
    assert raw["product_category_name"].to_list() == [" livros ", ""]
    assert raw["product_name_lenght"].to_list() == [" 3 ", ""]


def test_repr_of_a_frame_is_code_that_creates_it() -> None:
    frame = pl.DataFrame({"city": ["são paulo", None]})
    assert_frame_equal(eval(pretty(frame), {"pl": pl}), frame)  # noqa: S307 - this is the code that the test has just printed


def test_contracts_alone_do_not_need_hypothesis() -> None:
    code = (
        "import sys; sys.modules['hypothesis'] = None;"
        "import contracts.table_check, transforms.graph; transforms.graph.tables()"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_strategies_are_not_part_of_the_code_version() -> None:
    made_of = {each.module for table in TABLES.values() for each in _definitions(table)}
    assert not any("strategies" in module for module in made_of)


class Bands(Gold, key=("band",)):
    """One row per band, of which there are three."""

    band: str = column(isin=("low", "middle", "high"))
    began: Timestamp = column(le=datetime(2005, 1, 1))
    price_tag: str = column(str_matches=r"^R\$")
    weight: Annotated[Decimal, 20, 6] = column(ge=10**10)
    ratio: Annotated[Decimal, 4, 4] = column()


class Texts(Gold, key=("code",)):
    """One row per code."""

    code: str = column(str_contains=r"^[A-Z]{3}-\d")
    start: str = column(str_startswith="a.b")
    end: str = column(str_endswith="$")
    short: str = column(str_length={"min_value": 2, "max_value": 4})
    long: str = column(str_length={"min_value": 25})


class Free(Gold, key=("name",)):
    """One row per name, without rules."""

    name: str = column(nullable=True)


class Ranked(Gold, key=("name",)):
    """One row per name, with a rule that looks at all of them."""

    name: str = column()
    share: float = column(in_range=(0, 1))

    @rule
    def shares_are_all(cls) -> pl.Expr:
        """They add up."""
        return pl.col("share").sum() == 1


class Alone(Gold, key=("name",)):
    """One row per name, with a rule that compares it with equal rows only."""

    name: str = column()
    seat: int = column()

    @rule
    def seat_is_free(cls) -> pl.Expr:
        """Nobody else sits there."""
        return pl.col("seat").is_unique()


class Hidden(Gold, key=("code",)):
    """One row per code, of a form that no strategy can guess."""

    code: str = column()

    @rule
    def code_is_ours(cls) -> pl.Expr:
        """It begins with our name."""
        return pl.col("code").str.contains(r"^SKU-\d{6}$")


class Small(Gold, key=("name",)):
    """One row per name."""

    name: str = column()
    number: Int32 = column()


@pytest.mark.parametrize("contract", [Bands, Texts, Free])
@given(st.data())
def test_any_contract_is_drawn(contract: type[Contract], data: st.DataObject) -> None:
    rows = data.draw(valid(contract, min_size=1))
    check_table(rows, contract, {})
    data.draw(broken(contract))


@given(raw=valid(bronze.Orders, min_size=1))
def test_raw_records_are_drawn_too(raw: pl.DataFrame) -> None:
    assert raw.schema == bronze.Orders.fields()


@pytest.mark.parametrize("warned", [r.name for r in rules(Orders) if r.warning])
@given(st.data())
def test_rows_that_break_a_warning_are_exact(warned: str, data: st.DataObject) -> None:
    drawn = data.draw(broken(Orders, warned))
    (keeps,) = (each.expr for each in rules(Orders) if each.name == warned)
    broke = drawn.frame.with_row_index().filter(~keeps)["index"].to_list()
    assert broke == sorted(drawn.rows)


def test_frames_that_could_only_be_empty_prove_nothing() -> None:
    @settings(database=None, phases=[Phase.generate])
    @given(valid(Hidden))
    def every_code_is_null(rows: pl.DataFrame) -> None:
        assert rows["code"].is_null().all()

    with pytest.raises((Unsatisfiable, FailedHealthCheck)):
        every_code_is_null()


@pytest.mark.parametrize(
    ("drawn", "said"),
    [
        (valid(Ranked), "shares_are_all has another result for a row alone"),
        (broken(Alone, "seat_is_free"), "seat_is_free has another result for a row alone"),
        (valid(Small), "number: there is no strategy for a column of Int32"),
        (broken(Sellers, "seller_id_is_nice"), "Sellers has no rule seller_id_is_nice; it has"),
    ],
)
def test_error_says_why_a_contract_cannot_be_drawn(
    drawn: st.SearchStrategy[Any], said: str
) -> None:
    @settings(database=None, phases=[Phase.generate])
    @given(drawn)
    def draw(_: Any) -> None:
        """Draw."""

    with pytest.raises((TypeError, ValueError), match=said):
        draw()

"""The rules of a table: their kinds, and the lines that declare them."""

import json
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

import contracts
from contracts.contract import Gold, column, rule
from contracts.strategies import breakable
from flows.cli import app, main
from flows.cli.contract_rules import declared_rule, declared_rules, table_named
from flows.config.errors import UnknownRuleError, UnknownTableError
from transforms.graph import Table, tables

ROOT = Path(contracts.__file__).parents[1]


def line_of(table: str, name: str) -> str:
    """Return the source line that declares a rule."""
    found = declared_rule(tables()[table], name)
    return (ROOT / found.file).read_text().splitlines()[found.line - 1].strip()


@pytest.mark.parametrize(
    ("table", "name", "kind", "line"),
    [
        ("silver.order_items", "price_is_at_least_0", "column check", "price: Money = column("),
        ("silver.order_items", "price_is_a_number", "column check", "price: Money = column("),
        ("silver.products", "product_name_length_is_at_least_0", "column check", "product_name_l"),
        ("silver.orders", "delivered_with_a_date", "warning", "def delivered_with_a_date(cls)"),
        ("silver.geolocation_points", "inside_brazil", "rule", "def inside_brazil(cls)"),
        ("silver.orders", "order_id_is_unique", "key", "class Orders("),
        ("gold.fact_sales", "date_key_is_in_gold.dim_date", "foreign key", "date_key: int ="),
        (
            "silver.orders",
            "record_is_readable",
            "record check",
            'UNREADABLE = "record_is_readable"',
        ),
        ("silver.orders", "event_time_is_not_in_the_future", "record check", 'FUTURE = "event_'),
    ],
)
def test_a_rule_has_the_line_that_declares_it(table: str, name: str, kind: str, line: str) -> None:
    assert declared_rule(tables()[table], name).kind == kind
    assert line_of(table, name).startswith(line)


@pytest.mark.parametrize("table", tables().values(), ids=tables())
def test_every_rule_has_a_description_and_a_line(table: Table) -> None:
    found = {each.name: each for each in declared_rules(table)}
    assert {*breakable(table.contract), *breakable(table.contract, table.source)} <= {*found}
    # The class of the records declares the columns of their history, such as `valid_from`.
    declared_by_class = table.contract.__name__.removesuffix("History")
    for each in found.values():
        line = (ROOT / each.file).read_text().splitlines()[each.line - 1]
        words = line.replace("class ", "").strip().split("(")[0].split(":")[0].split()
        assert each.words.endswith(".")
        is_of_class = bool(table.versions_of) and words[-1] == declared_by_class
        assert (
            each.name.startswith(words[-1]) or each.kind in {"key", "record check"} or is_of_class
        )


class Base(Gold, key=("name",)):
    """One row per name."""

    name: str = column()

    @rule
    def name_is_short(cls) -> pl.Expr:
        """A name has less than nine letters.

        Longer ones do not fit.
        """
        return pl.col("name").str.len_chars() < 9


class Derived(Base, layer="gold", key=("name",)):
    """One row per name and age."""

    age: int = column(ge=0)


def test_an_inherited_rule_has_the_line_of_the_class_that_declares_it() -> None:
    table = Table("gold.derived", Derived, pl.LazyFrame, {})
    code = Path(__file__).read_text().splitlines()
    short, name, age = (
        declared_rule(table, rule)
        for rule in ("name_is_short", "name_is_present", "age_is_at_least_0")
    )
    assert code[short.line - 1].strip().startswith("def name_is_short")
    assert short.words == "A name has less than nine letters. Longer ones do not fit."
    assert code[name.line - 1] == "    name: str = column()"
    assert code[age.line - 1] == "    age: int = column(ge=0)"


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ("silver.orders", "silver.orders"),
        ("orders", "silver.orders"),
        ("fact_sales", "gold.fact_sales"),
        ("GOLD.Fact_Sales", "gold.fact_sales"),
        ("geolocation", "silver.geolocation"),
        ("quarantine.geolocation", "silver.geolocation_points"),
        ("bronze.orders", "silver.orders"),
    ],
)
def test_a_table_is_found_by_its_name_or_that_of_its_quarantine(asked: str, name: str) -> None:
    assert table_named(asked).name == name


@pytest.mark.parametrize("asked", ["silver.ordrs", "zzz", ""])
def test_an_unknown_table_lists_the_known_ones(asked: str) -> None:
    with pytest.raises(UnknownTableError, match=f"there is no table {asked}; .*silver.orders"):
        table_named(asked)


def test_an_unknown_rule_names_similar_ones() -> None:
    with pytest.raises(UnknownRuleError, match=r"has no rule price_is_0; nearest: .*price_is_at"):
        declared_rule(tables()["silver.order_items"], "price_is_0")


def test_an_unknown_rule_without_similar_names_suggests_the_list() -> None:
    with pytest.raises(
        UnknownRuleError, match=r"; `keystone contracts show silver\.orders` lists them"
    ):
        declared_rule(tables()["silver.orders"], "zzz")


def show(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["contracts", "show", *arguments], catch_exceptions=False)
    assert result.exit_code == 0
    return result.output


def test_the_command_lists_the_rules_of_a_table() -> None:
    lines = show("silver.order_items").splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith("price_is_at_least_0"))
    assert lines[at].startswith(
        "price_is_at_least_0 (column check, contracts/silver/order_items.py"
    )
    assert lines[at + 1] == "  `price` is at least 0."
    assert lines[-1] == "silver.order_items: 22 rules"


def test_the_command_shows_one_rule_with_the_columns_that_it_reads() -> None:
    first, *others = show("orders", "delivered_with_a_date").splitlines()
    assert first.startswith("delivered_with_a_date (warning, contracts/silver/orders.py:")
    assert others == [
        "  A delivered order has a delivery date.",
        "  It reads order_status, order_delivered_customer_date.",
    ]


def test_the_command_prints_json() -> None:
    (found,) = json.loads(show("order_items", "price_is_a_number", "--json"))
    assert found["reads"] == ["price", "raw.price"]
    assert found["file"] == "contracts/silver/order_items.py"
    assert found["line"] > 1


def test_an_unknown_rule_is_wrong_usage(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # main() sets it for its own process, which here is that of the tests.
    monkeypatch.setenv("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "CRITICAL")
    monkeypatch.setattr("sys.argv", ["keystone", "contracts", "show", "orders", "zzz"])
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: silver.orders has no rule zzz")

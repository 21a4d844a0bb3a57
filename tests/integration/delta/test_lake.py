"""The lake in Python: tables, SQL and runs, and how they print."""

import doctest
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest
from typer.testing import CliRunner

import flows
from contracts.gold.fact_sales import FactSales
from flows import Lake
from flows import lake as lake_module
from flows.cli import app
from flows.config.errors import NoLakeError, RunFailedError, UnknownTableError
from flows.config.grid import Listing
from flows.delta.commit_log import commits
from flows.delta.handles import open_existing
from flows.delta.versions import NoVersionError
from flows.ingest.landing_zone import NoFilesError
from flows.pipeline import restore
from flows.query import rows, table
from flows.query.values import QueryError
from tests.support.good_records import GOOD
from tests.support.landing import Land, write


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A lake of one order with one item, and another item without a price."""
    folder = tmp_path_factory.mktemp("built")
    records = {name: [row] for name, row in GOOD.items()}
    records["order_items"] += [{**GOOD["order_items"], "order_item_id": "2", "price": "?"}]
    write(folder / "landing", **records)
    lake = Lake(folder / "lake")
    lake.run(folder / "landing")
    return lake


@pytest.mark.parametrize("module", [lake_module, rows, table])
def test_examples_in_docstrings_run(built: Lake, module: object) -> None:
    done = doctest.testmod(module, extraglobs={"lake": built})  # type: ignore[arg-type]
    assert (done.failed, done.attempted > 1) == (0, True)


def test_import_loads_no_heavy_library() -> None:
    heavy = ("prefect", "pandera", "deltalake", "polars", "duckdb", "pandas", "typer")
    code = f"import sys; from flows import Lake; print([m for m in {heavy} if m in sys.modules])"
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "[]\n"


def test_run_and_query_need_no_prefect(land: Land, lake: str) -> None:
    landing = land(orders=[{}])
    code = (
        "import sys; sys.modules['prefect'] = None; from flows import Lake\n"
        f"lake = Lake({lake!r}); lake.run({str(landing)!r})\n"
        "print(lake['silver.orders'].polars().height)"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "1\n"


def test_flows_has_no_other_attribute() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'Lakes'"):
        flows.Lakes  # type: ignore[attr-defined]  # noqa: B018


def test_frames_have_the_columns_of_the_contract(built: Lake) -> None:
    sales = built["gold.fact_sales"]
    columns = FactSales.fields().names()
    assert sales.lazy().collect_schema().names() == columns
    assert sales.polars().columns == columns
    assert sales.arrow().column_names == columns
    assert list(sales.pandas().columns) == columns


def test_bronze_and_silver_lack_technical_columns_and_quarantine_has_them(built: Lake) -> None:
    for name in ("bronze.orders", "silver.orders"):
        assert not [c for c in built[name].polars().columns if c.startswith("_")]
    assert built["quarantine.order_items"].polars()["_broken_rules"].to_list() == [
        ["price_is_a_number"]
    ]


def test_money_is_exact_everywhere(built: Lake) -> None:
    sales = built["gold.fact_sales"]
    assert sales.polars()["price"].dtype == pl.Decimal(18, 2)
    assert sales.arrow()["price"].type == pa.decimal128(18, 2)
    assert str(sales.pandas()["price"].dtype) == "decimal128(18, 2)[pyarrow]"
    assert sales.pandas()["price"].sum() == Decimal("99.90")


def test_pandas_keeps_missing_integers(built: Lake) -> None:
    found = built.sql("SELECT unnest([1, NULL]) AS n").pandas()["n"]
    assert (found[0], found.isna().tolist()) == (1, [False, True])
    assert isinstance(int(found[0]), int)
    assert str(found.dtype) == "int32[pyarrow]"


def test_pandas_that_is_not_installed_is_a_clear_error(
    built: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ModuleNotFoundError, match="`pip install pandas` adds it"):
        built["gold.fact_sales"].pandas()


def test_sql_returns_rows_in_every_form(built: Lake) -> None:
    found = built.sql("SELECT price FROM gold.fact_sales")
    expected = [{"price": Decimal("99.90")}]
    assert found.polars().to_dicts() == found.lazy().collect().to_dicts() == expected
    assert found.arrow().to_pylist() == found.pandas().to_dict("records") == expected
    assert len(found) == 1
    assert "99.90" in repr(found)
    assert "99.90" in found._repr_html_()


def test_sql_errors_are_those_of_the_command_line(built: Lake) -> None:
    with pytest.raises(QueryError, match=r"no table gold\.fact_sale; nearest: gold\.fact_sales"):
        built.sql("FROM gold.fact_sale")
    with pytest.raises(QueryError, match="SQL reads a lake and never changes it"):
        built.sql("DROP VIEW gold.fact_sales")


def test_unknown_table_names_the_nearest(built: Lake) -> None:
    with pytest.raises(UnknownTableError, match=r"nearest: gold\.fact_sales"):
        built["gold.fact_sale"]
    with pytest.raises(UnknownTableError, match=r"no table fact_sales; nearest: gold\.fact_sales"):
        built["fact_sales"]


def test_names_of_tables(built: Lake) -> None:
    assert next(iter(built)) == "bronze.customers"
    assert "gold.fact_sales" in built
    assert "gold.fact_sale" not in built
    assert "gold.fact_sales" in built._ipython_key_completions_()


def test_lake_prints_its_tables(built: Lake) -> None:
    text, html = repr(built), built._repr_html_()
    (line,) = [line for line in text.splitlines() if line.startswith(" gold.fact_orders ")]
    assert line.split()[1:6] == ["1", "1", "One", "row", "per"]
    assert text.endswith(f"Lake({built.location!r}): 62 tables")
    assert html.count("<tr>") == 63
    assert ">gold.fact_orders</td>" in html


def test_table_prints_its_columns(built: Lake) -> None:
    text = repr(built["gold.fact_sales"])
    assert " price " in text
    assert "Price of the item in BRL, without freight." in text
    assert text.endswith(
        "gold.fact_sales, version 1, rows: 1. One row per order item, including items of orders "
        "called off."
    )
    assert "_broken_rules" in built["quarantine.orders"]._repr_html_()


def test_empty_lake_prints_a_hint_and_has_no_tables(lake: str) -> None:
    empty = Lake(lake)
    assert "no tables yet; lake.run(source=...) creates them" in repr(empty)
    assert "no tables yet" in empty._repr_html_()
    for read in (lambda: empty["gold.fact_sales"], empty.status, empty.refresh):
        with pytest.raises(NoLakeError, match="there is no lake here yet"):
            read()
    assert not Path(lake).exists()


def test_location_is_configured_by_the_environment(
    lake: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEYSTONE_LAKE", lake)
    assert Lake().location == lake


@pytest.fixture
def twice(land: Land, lake: str) -> Lake:
    """A lake whose order was shipped on one day, and delivered on the next."""
    found = Lake(lake)
    for status, day in (("shipped", 1), ("delivered", 2)):
        landing = land(status, orders=[{"order_status": status}])
        found.run(landing, as_of=datetime(2018, 1, day, tzinfo=UTC))
    return found


def test_at_version_reads_an_earlier_version(twice: Lake) -> None:
    orders = twice["silver.orders"]
    assert orders.version == 2
    assert orders.polars()["order_status"].to_list() == ["delivered"]
    earlier = orders.at(version=1)
    assert (earlier.version, earlier.polars()["order_status"].to_list()) == (1, ["shipped"])


def test_at_time_reads_the_version_of_that_time(twice: Lake) -> None:
    orders = twice["silver.orders"]
    made = {
        commit.version: commit.at
        for commit in commits(open_existing(twice.location, "silver.orders"))
    }
    naive = made[1].replace(tzinfo=None)
    assert orders.at(made[1]).version == orders.at(naive).version == 1
    assert orders.at(made[2] - timedelta(milliseconds=1)).version == 1
    assert orders.at(made[2] + timedelta(days=1)).version == 2
    with pytest.raises(NoVersionError, match=r"no version of .*; its oldest version is of 20"):
        orders.at(made[0] - timedelta(seconds=1))


@pytest.mark.parametrize("version", [-1, 9])
def test_at_unknown_version_is_an_error(built: Lake, version: int) -> None:
    with pytest.raises(NoVersionError, match=f"there is no version {version}; the newest is 1"):
        built["gold.fact_sales"].at(version=version)


def test_at_version_whose_files_are_deleted_is_an_error(twice: Lake) -> None:
    orders = twice["silver.orders"]
    earlier = orders.at(version=1)
    old = open_existing(twice.location, "silver.orders")
    old.load_as_version(1)
    for path in old.file_uris():
        Path(path).unlink()
    for read in (lambda: orders.at(version=1), earlier.polars):
        with pytest.raises(NoVersionError, match="has deleted 1 files of version 1"):
            read()


def test_at_needs_either_a_time_or_a_version(built: Lake) -> None:
    sales = built["gold.fact_sales"]
    with pytest.raises(TypeError, match="give a time or a version"):
        sales.at()
    with pytest.raises(TypeError, match="give a time or a version"):
        sales.at(datetime.now(UTC), version=1)


def test_contract_of_each_layer(built: Lake) -> None:
    assert built["gold.fact_sales"].contract is FactSales
    assert built["bronze.orders"].contract is built["quarantine.orders"].contract


def test_upstream_and_downstream_are_transitive(built: Lake) -> None:
    payments = built["silver.order_payments"]
    assert payments.upstream == ["bronze.order_payments"]
    assert {"gold.fact_payments", "gold.mart_payment_mix"} <= {*payments.downstream}
    assert built["bronze.orders"].upstream == []
    assert built["gold.mart_payment_mix"].downstream == []
    assert built["quarantine.orders"].upstream == ["bronze.orders"]


def test_quarantine_has_the_records_of_all_sources(built: Lake) -> None:
    for name in ("bronze.order_items", "silver.order_items", "gold.fact_sales"):
        found = built[name].quarantine().polars()
        assert found.select("quarantine", "price").rows() == [("quarantine.order_items", "?")]
    assert built["silver.sellers"].quarantine().polars().is_empty()


def test_history_prints_as_the_command_line(built: Lake) -> None:
    assert repr(built["silver.orders"].history()) == _printed("history", "silver.orders", built)


def test_trace_prints_as_the_command_line(built: Lake) -> None:
    found = built.trace("gold.fact_sales", order_id="a" * 32, order_item_id=1)
    words = ("gold.fact_sales", f"order_id={'a' * 32}", "order_item_id=1")
    assert repr(found) == _printed("trace", *words, built)
    assert "\n├── silver.orders v1" in found._repr_html_()
    assert {record.is_decisive for record in found.records} == {True}


def test_history_of_a_held_table_says_so(twice: Lake) -> None:
    restore("silver.orders", 1, twice.location)
    history = twice["silver.orders"].history()
    assert "silver.orders: held since " in repr(history)
    assert repr(history) == _printed("history", "silver.orders", twice)
    assert "held since" in repr(twice.status())


def test_status_prints_as_the_command_line(built: Lake) -> None:
    # The command line also counts the promises of the contracts.
    printed, _, promises = _printed("status", built).rpartition("\n")
    assert repr(built.status()) == printed
    assert promises.startswith("21 promises: ")


def test_outcomes_print_as_the_command_line(land: Land, tmp_path: Path) -> None:
    landing = land(sellers=[{}, {"seller_state": "??"}])
    printed = _printed(
        "run", "--source", str(landing), "--executor", "local", Lake(tmp_path / "other")
    )
    outcomes = Lake(tmp_path / "lake").run(landing)
    assert [o.table for o in outcomes][:2] == ["bronze.sellers", "silver.customers"]
    # The command line folds long lines, says how long each table took, and which executor it used.
    printed, _, promises = printed.rpartition("\n")
    assert _words(repr(outcomes)) == _words(printed.replace("run (local):", "run:"))
    assert "1 broken" in promises
    assert "quarantine.sellers: seller_state_is_known (1)" in outcomes._repr_html_()


def _printed(*arguments: str | Lake) -> str:
    *words, lake = arguments
    assert isinstance(lake, Lake)
    done = CliRunner().invoke(app, [*map(str, words), "--lake", lake.location])
    assert done.exit_code == 0, done.output
    return "\n".join(line.rstrip() for line in done.output.splitlines() if line.strip())


def _words(text: str) -> list[str]:
    return [
        word for word in text.split() if not word.replace(".", "").isdigit() and "─" not in word
    ]


def test_failed_run_keeps_the_outcomes(land: Land, lake: str) -> None:
    landing = land(orders=[{}])
    (landing / "olist_sellers_dataset.csv").write_text("wrong,header\n1,2\n")
    with pytest.raises(RunFailedError, match="olist_sellers_dataset") as failed:
        Lake(lake).run(landing)
    assert "bronze.orders" in [outcome.table for outcome in failed.value.outcomes]
    with pytest.raises(NoFilesError):
        Lake(lake).run(land("empty"))


def test_refresh_rebuilds_when_asked(twice: Lake) -> None:
    assert not any(outcome.changed for outcome in twice.refresh())
    assert all(outcome.changed for outcome in twice.refresh(rebuild=True))


def test_damaged_table_is_listed_with_its_damage(twice: Lake) -> None:
    log = Path(twice.location, "silver/orders/_delta_log", f"{1:020}.json")
    log.write_text("")
    assert "cannot be read: silver.orders: " in repr(twice)
    assert "silver.orders: " in repr(twice.status())


def test_listing_escapes_control_characters_and_html() -> None:
    listing = Listing(("a", "b"), [["<i>\x1b[2J", "1"]], ["<b>\x07"])
    assert "\x1b" not in str(listing) + listing.html()
    assert "&lt;i&gt;\\x1b[2J" in listing.html()
    assert "<b>" not in listing.html()
    assert str(Listing(("a",), [], ["only a line"])) == "only a line"

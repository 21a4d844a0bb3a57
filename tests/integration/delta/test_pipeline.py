"""A whole run on the local executor, on real data and on tiny files."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from flows import delta
from flows.config.errors import ConservationError, RunFailedError, SettingError, UnknownTableError
from flows.delta.outcome import Outcome
from flows.delta.status import status
from flows.ingest.landing_zone import NoFilesError
from flows.pipeline import ingest, refresh, replay, run, runs
from flows.query.sql import query
from flows.refresh.tables import refresh_table
from transforms.graph import Table, tables

Land = Callable[..., Path]


def answer(lake: str, statement: str) -> list[tuple[Any, ...]]:
    return query(lake, statement).rows()


def brl(amount: str) -> Decimal:
    return Decimal(amount.replace(",", ""))


def test_real_rows(real_lake: str) -> None:
    shown = status(real_lake)
    rows = {name: row["rows"] for name, row in shown.items() if name.startswith("silver.")}
    assert rows == {
        "silver.orders": 8135,
        "silver.order_items": 8365,
        "silver.order_payments": 8924,
        "silver.order_reviews": 8225,
        "silver.customers": 8135,
        "silver.customers_history": 8135,
        "silver.orders_history": 8135,
        "silver.products_history": 5460,
        "silver.sellers_history": 1610,
        "silver.products": 5460,
        "silver.sellers": 1610,
        "silver.geolocation_points": 36898,
        "silver.geolocation": 5816,
        "silver.product_category_name_translation": 71,
        "silver.monthly_targets": 0,
    }
    quarantined = {name: row["quarantined"] for name, row in shown.items() if row["quarantined"]}
    assert quarantined == {"silver.geolocation_points": 2}
    assert {row["lag"] for row in shown.values()} == {0}
    prefixes = "SELECT geolocation_zip_code_prefix FROM quarantine.geolocation ORDER BY 1"
    assert answer(real_lake, prefixes) == [("28333",), ("57319",)]


def test_real_warnings(real_lake: str) -> None:
    assert status(real_lake)["silver.orders"]["warnings"] == {
        "carrier_not_before_approval": 77,
        "delivered_not_before_carrier": 3,
        "delivered_with_a_date": 8,
    }


def test_real_sales(real_lake: str) -> None:
    sums = "SELECT count(*), sum(price), sum(freight_value) FROM gold.fact_sales"
    assert answer(real_lake, sums) == [(8365, brl("1,093,264.35"), brl("172,288.39"))]
    delivered = f"{sums} WHERE order_status = 'delivered'"
    assert answer(real_lake, delivered) == [(5912, brl("723,118.76"), brl("118,654.49"))]


def test_real_payments(real_lake: str) -> None:
    sums = "SELECT count(*), sum(payment_value) FROM gold.fact_payments"
    assert answer(real_lake, sums) == [(8924, brl("1,428,602.81"))]
    astray = """
        SELECT order_id FROM gold.fact_sales GROUP BY order_id
        HAVING sum(allocated_payment_value) <> (
            SELECT coalesce(sum(payment_value), 0) FROM gold.fact_payments AS p
            WHERE p.order_id = fact_sales.order_id
        )
    """
    assert answer(real_lake, astray) == []


def test_real_reviews(real_lake: str) -> None:
    sums = "SELECT count(*), count(DISTINCT review_id), avg(review_score) FROM gold.fact_reviews"
    count, ids, score = answer(real_lake, sums)[0]
    assert (count, ids, round(score, 5)) == (8225, 8191, 3.27161)


def test_real_delivery(real_lake: str) -> None:
    delivered = """
        SELECT count(*), 100 * avg(delivered_on_time::INT), avg(delivery_lag_days)
        FROM gold.fact_orders WHERE order_status = 'delivered' AND delivered_on_time IS NOT NULL
    """
    orders, on_time, lag = answer(real_lake, delivered)[0]
    assert (orders, round(on_time, 3), round(lag, 5)) == (5164, 93.377, 12.45178)


def test_real_categories_states_and_months(real_lake: str) -> None:
    categories = """
        SELECT product_category_name_english, sum(price)
        FROM gold.fact_sales JOIN gold.dim_product USING (product_id)
        GROUP BY 1 ORDER BY 2 DESC LIMIT 5
    """
    assert answer(real_lake, categories) == [
        ("watches_gifts", brl("103,296.67")),
        ("sports_leisure", brl("92,282.51")),
        ("health_beauty", brl("91,817.77")),
        ("computers_accessories", brl("69,627.14")),
        ("bed_bath_table", brl("67,468.14")),
    ]
    states = """
        SELECT customer_state, sum(price), count(DISTINCT order_id)
        FROM gold.fact_sales JOIN gold.dim_customer USING (customer_id)
        GROUP BY 1 ORDER BY 2 DESC LIMIT 3
    """
    assert answer(real_lake, states) == [
        ("SP", brl("419,351.92"), 3081),
        ("RJ", brl("160,294.86"), 1077),
        ("MG", brl("131,866.16"), 797),
    ]
    months = """
        SELECT purchase_month, count(*), sum(price) FROM gold.fact_sales
        WHERE purchase_month IN ('2017-11', '2018-03') GROUP BY 1 ORDER BY 1
    """
    assert answer(real_lake, months) == [
        ("2017-11", 691, brl("76,882.81")),
        ("2018-03", 650, brl("87,208.05")),
    ]


def test_a_second_run_changes_no_table(olist: Path, real_lake: str) -> None:
    before = status(real_lake)
    assert not any(outcome.changed for outcome in run(str(olist), real_lake))
    assert status(real_lake) == before


@pytest.mark.parametrize("first", [0, 1])
def test_two_halves_in_any_order_end_in_the_same_tables(
    olist: Path, real_lake: str, tmp_path: Path, first: int
) -> None:
    for half in (0, 1):
        (tmp_path / str(half)).mkdir()
    for path in olist.glob("*.csv"):
        header, *lines = _records(path.read_bytes())
        for half in (0, 1):
            text = header + b"".join(lines[half::2])
            (tmp_path / str(half) / path.name).write_bytes(text)
            os.utime(tmp_path / str(half) / path.name, (path.stat().st_mtime,) * 2)
    lake = str(tmp_path / "lake")
    run(str(tmp_path / str(first)), lake)
    run(str(tmp_path / str(1 - first)), lake)
    for name in tables():
        assert answer(lake, _digest(name)) == answer(real_lake, _digest(name)), name


def _records(text: bytes) -> Iterator[bytes]:
    record = b""
    for line in text.splitlines(keepends=True):
        record += line
        if record.count(b'"') % 2 == 0:
            yield record
            record = b""


def _digest(table: str) -> str:
    columns = ", ".join(tables()[table].contract.fields())
    return f"SELECT count(*), bit_xor(hash({columns})) FROM {table}"  # noqa: S608 - only names of our columns


def test_rejected_files_fail_the_run_and_the_others_are_ingested(land: Land, lake: str) -> None:
    landing = land(orders=[{}], customers=[{}])
    (landing / "strange.csv").write_text("a,b\n")
    (landing / "sellers.csv").write_text("seller_id\n")
    with pytest.raises(RunFailedError) as caught:
        run(str(landing), lake)
    assert len(caught.value.failures) == 2
    assert "sellers.csv" in str(caught.value)
    assert "strange.csv" in str(caught.value)
    assert answer(lake, "SELECT count(*) FROM gold.fact_orders") == [(1,)]


def test_refresh_skips_tables_downstream_of_a_failure(
    lake: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail_for_orders(lake: str, table: Table, **options: Any) -> Outcome:
        if table.name == "silver.orders":
            message = "silver.orders: the metrics do not add up"
            raise ConservationError(message)
        return refresh_table(lake, table, **options)

    monkeypatch.setattr(runs, "refresh_table", fail_for_orders)
    with pytest.raises(RunFailedError) as caught:
        refresh(lake)
    failed, skipped = caught.value.failures
    assert failed == "silver.orders: the metrics do not add up"
    assert "gold.fact_orders" in skipped
    undone = caught.value.undone
    assert (undone["silver.orders"], undone["gold.fact_orders"]) == ("failed", "skipped")
    assert not undone.keys() & {outcome.table for outcome in caught.value.outcomes}
    assert not delta.exists(lake, "gold.fact_sales")
    assert delta.exists(lake, "gold.dim_seller")


def test_the_landing_zone_cannot_be_the_archive(land: Land, lake: str) -> None:
    landing = str(land(orders=[{}]))
    with pytest.raises(SettingError, match=r"source .* is also the archive"):
        ingest(landing, lake, archive=landing)


def test_the_archive_can_be_set_in_the_environment(
    land: Land, lake: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEYSTONE_ARCHIVE", str(tmp_path / "archive"))
    landing = land(orders=[{}])
    ingest(str(landing), lake)
    assert [path.name for path in (tmp_path / "archive").iterdir()] == ["orders.csv"]
    assert not [*landing.iterdir()]


def test_a_lake_that_cannot_be_created_fails_the_run_at_once(land: Land) -> None:
    with pytest.raises(OSError, match=r"^/proc/x/lake: the lake cannot be created"):
        run(str(land(orders=[{}])), "/proc/x/lake")


def test_an_empty_landing_zone_fails_before_anything_is_created(lake: str, tmp_path: Path) -> None:
    (tmp_path / "landing").mkdir()
    with pytest.raises(NoFilesError, match=f"^0 files found in {tmp_path}/landing; "):
        run(str(tmp_path / "landing"), lake)
    (tmp_path / "landing" / "notes.txt").touch()
    with pytest.raises(NoFilesError) as caught:
        run(str(tmp_path / "landing"), lake)
    assert [line.partition(":")[0] for line in caught.value.failures[1:]] == ["notes.txt"]
    assert not Path(lake).exists()


def test_a_landing_zone_may_be_allowed_to_be_empty(lake: str, tmp_path: Path) -> None:
    (tmp_path / "landing").mkdir()
    done = keystone(
        "ingest", "--allow-empty", "--source", str(tmp_path / "landing"), "--lake", lake
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_an_as_of_time_in_the_future_is_wrong_usage(lake: str, tmp_path: Path) -> None:
    done = keystone("ingest", "--as-of", "2099-01-01", "--source", str(tmp_path), "--lake", lake)
    assert done.returncode == 2
    assert "in the future" in done.stderr


def test_replay_of_an_unknown_table_lists_the_known_ones(lake: str) -> None:
    with pytest.raises(UnknownTableError, match="order_items"):
        replay(lake, "nonsense")


def test_replay_of_one_table_refreshes_the_tables_downstream(land: Land, lake: str) -> None:
    run(str(land(orders=[{"order_status": "?"}])), lake)
    outcomes = {outcome.table: outcome for outcome in replay(lake, "orders")}
    assert outcomes["silver.orders"].in_quarantine == 1


def keystone(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "flows", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_rows_in_quarantine_are_not_a_failure(land: Land, lake: str) -> None:
    landing = land(orders=[{"order_status": "?"}])
    done = keystone("run", "--source", str(landing), "--lake", lake)
    assert (done.returncode, done.stderr) == (0, "")
    assert "quarantine.orders: order_status_is_known (1)" in done.stdout


def test_a_failure_is_one_line_without_traceback(land: Land, lake: str) -> None:
    landing = land(orders=[{}])
    (landing / "sellers.csv").touch()
    done = keystone("run", "--source", str(landing), "--lake", lake)
    assert done.returncode == 1
    assert done.stderr.startswith("error: sellers.csv: ")
    assert len(done.stderr.splitlines()) == 1

"""An entity that a guide adds takes part in files, stream, refresh and data docs."""

import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from shutil import copytree

import polars as pl

from flows.sample import write_sample
from tests.support.guides import apply_guide, copy_packages

COMMANDS = """
ingest --source {0}/landing --lake {0}/lake
refresh --lake {0}/lake
produce --source {0}/shop
drain --lake {0}/lake
refresh --lake {0}/lake
docs --lake {0}/lake --out {0}/docs
"""

# One process, because each start takes seconds.
RUN = """
import sys
from flows.cli import app
for line in sys.stdin:
    app(line.split(), standalone_mode=False)
"""

EARLIER, LATER = 1_700_000_000, 1_700_000_001
HEADER = "refund_id,order_id,refund_value,refunded_at\n"


def rows(lake: Path, table: str, *columns: str) -> list[tuple[object, ...]]:
    """Return columns of a table in order; the packages of this tree do not know the table."""
    return sorted(pl.scan_delta(lake / table).select(columns).collect().rows())


def test_an_added_entity_is_ingested_streamed_refreshed_and_documented(
    tmp_path: Path, mock_kafka: str
) -> None:
    tree = copy_packages(tmp_path / "tree")
    apply_guide("add-a-source.md", tree)
    landing, shop, lake = (tmp_path / name for name in ("landing", "shop", "lake"))
    write_sample(landing, 30, seed=1)
    order_id = pl.read_csv(landing / "olist_orders_dataset.csv")["order_id"][0]
    first = f"1,{order_id},12.50,2020-01-05 10:00:00\n"
    broken = f"2,{order_id},-3,2020-01-05 10:00:00\n"
    again = f"1,{order_id},13.50,2020-01-05 10:00:00\n"
    second = f"3,{order_id},7.00,2021-02-01 10:00:00\n"
    (landing / "refunds.csv").write_text(HEADER + first + broken)
    os.utime(landing / "refunds.csv", times=(EARLIER, EARLIER))
    copytree(landing, shop)
    (shop / "refunds_later.csv").write_text(HEADER + again + second)
    os.utime(shop / "refunds_later.csv", times=(LATER, LATER))

    done = subprocess.run(
        [sys.executable, "-c", RUN],
        cwd=tmp_path,
        env={
            **os.environ,
            "PYTHONPATH": str(tree),
            "KEYSTONE_EXECUTOR": "local",
            "KEYSTONE_KAFKA_BOOTSTRAP": mock_kafka,
            "KEYSTONE_KAFKA_BATCH_SECONDS": "0.5",
        },
        input=COMMANDS.strip().format(tmp_path),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr

    assert len(rows(lake, "bronze/refunds", "refund_id")) == 2 + 4
    assert rows(lake, "silver/refunds", "refund_id", "refund_value") == [
        (1, Decimal("13.50")),
        (3, Decimal("7.00")),
    ]
    rule = "refund_value_is_at_least_0"
    assert rows(lake, "quarantine/refunds", "refund_id", "_broken_rules") == [("2", [rule])] * 2
    assert rows(lake, "gold/fact_refunds", "refund_id", "date_key") == [
        (1, 20200105),
        (3, 20210201),
    ]
    assert "Refunded amount in BRL." in (tmp_path / "docs/silver.refunds.html").read_text()

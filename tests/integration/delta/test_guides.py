"""The code of the guides works in a copy of the tree."""

import re
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from shutil import copytree

import polars as pl
import pytest

from flows.sample import write_sample
from tests.support.project import ROOT

GUIDES = ROOT / "docs/guides"
FILE = re.compile(r"`((?:contracts|transforms)/[\w/]+\.py)`:\n\n```python\n(.*?)```", re.DOTALL)
BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the packages that a guide changes or runs."""
    for package in ("contracts", "transforms", "flows", "benchmarks"):
        copytree(ROOT / package, tmp_path / package)
    return tmp_path


@pytest.fixture
def landing(tmp_path: Path) -> Path:
    """A small marketplace."""
    folder = tmp_path / "landing"
    write_sample(folder, 50, seed=1)
    return folder


def _apply(guide: str, tree: Path) -> str:
    """Write the files of a guide, append to those that exist, and return its text."""
    text = (GUIDES / guide).read_text()
    for path, code in FILE.findall(text):
        file = tree / path
        file.write_text(f"{file.read_text()}\n\n{code}" if file.exists() else code)
    return text


def _build(tree: Path, landing: Path) -> str:
    """Build a lake with the code of the copy, and return its location."""
    lake = str(tree / "lake")
    command = [sys.executable, "-m", "benchmarks.without_prefect", str(landing), lake]
    subprocess.run(command, cwd=tree, check=True)
    return lake


def _table(lake: str, name: str) -> pl.DataFrame:
    # `query` would know only the tables of this tree.
    return pl.scan_delta(f"{lake}/{name.replace('.', '/')}").collect()


def test_guide_for_a_table_adds_it(tree: Path, landing: Path) -> None:
    _apply("add-a-table.md", tree)
    lake = _build(tree, landing)
    assert _table(lake, "gold.mart_weekday_sales")["orders"].sum() == 50


def test_guide_for_a_rule_adds_it(tree: Path, landing: Path) -> None:
    (method,) = BLOCK.findall(_apply("add-a-rule.md", tree))
    contract = tree / "contracts/silver/orders.py"
    contract.write_text(contract.read_text().replace("    @warning", f"{method}\n    @warning", 1))
    orders = landing / "olist_orders_dataset.csv"
    header, first, *others = orders.read_text().splitlines()
    cells = first.split(",")
    cells[header.replace('"', "").split(",").index("order_approved_at")] = "2016-01-02 00:00:00"
    orders.write_text("\n".join([header, ",".join(cells), *others, ""]))
    lake = _build(tree, landing)
    broken = _table(lake, "quarantine.orders")["_broken_rules"]
    assert broken.to_list() == [["approved_not_before_purchased"]]


def test_guide_for_a_source_adds_it(tree: Path, landing: Path) -> None:
    text = _apply("add-a-source.md", tree)
    dim_date = tree / "transforms/gold/dim_date.py"
    code = dim_date.read_text()
    (diff,) = re.findall(r"```diff\n(.*?)```", text, re.DOTALL)
    for before, added in re.findall(r"^ (.*\n)\+(.*\n)", diff, re.MULTILINE):
        assert before in code
        code = code.replace(before, before + added)
    dim_date.write_text(code)
    orders = (landing / "olist_orders_dataset.csv").read_text().splitlines()
    order_id = orders[1].split(",")[0]
    (landing / "refunds.csv").write_text(
        f"refund_id,order_id,refund_value,refunded_at\n1,{order_id},12.50,2020-01-05 10:00:00\n"
    )
    lake = _build(tree, landing)
    refunds = _table(lake, "gold.fact_refunds").select("date_key", "refund_value")
    assert refunds.rows() == [(20200105, Decimal("12.50"))]

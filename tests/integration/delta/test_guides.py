"""The code of the guides works in a copy of the tree."""

import re
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from flows.sample import write_sample
from tests.support.guides import apply_guide, copy_packages, read_guide
from tests.support.project import ROOT

BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the packages that a guide changes or runs."""
    return copy_packages(tmp_path)


@pytest.fixture
def landing(tmp_path: Path) -> Path:
    """A small marketplace."""
    folder = tmp_path / "landing"
    write_sample(folder, 50, seed=1)
    return folder


def _build(tree: Path, landing: Path) -> str:
    """Build a lake with the code of the copy, and return its location."""
    lake = str(tree / "lake")
    command = [sys.executable, "-m", "benchmarks.without_prefect", str(landing), lake]
    subprocess.run(command, cwd=tree, check=True)
    return lake


def _table(lake: str, name: str) -> pl.DataFrame:
    # `query` would know only the tables of this tree.
    return pl.scan_delta(f"{lake}/{name.replace('.', '/')}").collect()


def test_guide_of_a_table_makes_it(tree: Path, landing: Path) -> None:
    apply_guide("add-a-table.md", tree)
    lake = _build(tree, landing)
    assert _table(lake, "gold.mart_weekday_sales")["orders"].sum() == 50


def test_guide_of_a_rule_makes_it(tree: Path, landing: Path) -> None:
    (method,) = BLOCK.findall(read_guide("add-a-rule.md"))
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


def test_guide_of_a_source_declares_the_topic_like_the_others() -> None:
    (topic,) = re.findall(r"```yaml\n(.*?)```", read_guide("add-a-source.md"), re.DOTALL)
    template = (ROOT / "deployments/aws/streaming.yaml").read_text()
    assert topic.replace("Refunds", "Sellers").replace("refunds", "sellers") in template

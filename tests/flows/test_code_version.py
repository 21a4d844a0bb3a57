"""The number of the code that makes a table changes when the code does, and only then."""

import importlib
import sys
from pathlib import Path
from uuid import uuid4

import pytest

from flows.refresh import code_version as module
from flows.refresh.code_version import code_version
from transforms.graph import tables

SALES = tables()["gold.fact_sales"]


def test_each_table_has_a_number_of_its_own_that_fits_a_transaction() -> None:
    numbers = {code_version(table) for table in tables().values()}
    assert len(numbers) == len(tables())
    assert all(0 <= number < 2**63 for number in numbers)


def test_it_covers_what_the_function_imports() -> None:
    imported = module._modules(SALES)  # noqa: SLF001 - to see what goes into the number
    assert {
        "contracts.gold.fact_sales",
        "contracts.domain",
        "transforms.gold.allocation",
        "transforms.gold.fact_sales",
    } <= imported
    assert "transforms.gold.fact_reviews" not in imported


@pytest.mark.parametrize(
    ("code", "same"),
    [
        ('"""Another docstring."""\ndef made():\n    # why\n    return  1', True),
        ('def made():\n    "What it is."\n    return 1', True),
        ('def made():\n    return 1\n"""What is behind it."""', True),
        ("def made():\n    return 2", False),
    ],
)
def test_only_what_runs_counts(code: str, same: bool, tmp_path: Path) -> None:
    before = told(tmp_path, "def made():\n    return 1")
    assert (before == told(tmp_path, code)) is same


def told(folder: Path, code: str) -> str:
    name = f"made_{uuid4().hex}"  # a module is looked at once
    (folder / f"{name}.py").write_text(code)
    sys.path.insert(0, str(folder))
    try:
        importlib.import_module(name)
        return module._told(name)  # noqa: SLF001 - to see what goes into the number
    finally:
        sys.path.remove(str(folder))
        sys.modules.pop(name)

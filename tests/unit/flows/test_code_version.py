"""The code version of a table changes if and only if the code changes."""

import importlib
import sys
from pathlib import Path
from uuid import uuid4

import pytest

from flows.refresh import code_version as module
from flows.refresh.code_version import code_version
from transforms.graph import tables

SALES = tables()["gold.fact_sales"]


def test_code_versions_are_distinct_and_fit_a_transaction() -> None:
    numbers = {code_version(table) for table in tables().values()}
    assert len(numbers) == len(tables())
    assert all(0 <= number < 2**63 for number in numbers)


def test_code_version_covers_the_imports_of_the_function() -> None:
    imported = module._modules(SALES)  # noqa: SLF001 - to see what the hash covers
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
        ('"""Another docstring."""\ndef rows():\n    # why\n    return  1', True),
        ('def rows():\n    "A docstring."\n    return 1', True),
        ('def rows():\n    return 1\n"""A trailing docstring."""', True),
        ("def rows():\n    return 2", False),
    ],
)
def test_code_version_ignores_comments_and_docstrings(
    code: str, same: bool, tmp_path: Path
) -> None:
    before = code_of(tmp_path, "def rows():\n    return 1")
    assert (before == code_of(tmp_path, code)) is same


def code_of(folder: Path, code: str) -> str:
    name = f"module_{uuid4().hex}"  # modules are cached
    (folder / f"{name}.py").write_text(code)
    sys.path.insert(0, str(folder))
    try:
        importlib.import_module(name)
        return str(module._code(name))  # noqa: SLF001 - to see what the hash covers
    finally:
        sys.path.remove(str(folder))
        sys.modules.pop(name)

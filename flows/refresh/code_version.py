"""Whether a table was made by the code as it is now."""

import ast
import hashlib
import inspect
from collections.abc import Iterator
from functools import cache
from importlib import import_module

from contracts.syntax import is_docstring, parse
from transforms.graph import Table


def code_version(table: Table) -> int:
    """Return a number for the code that makes a table, the size of a Delta transaction's version.

    It covers the table's function and contract, the steps around them, every module of `contracts`
    and `transforms` that they import, and the flow that puts them together; but not comments,
    docstrings and layout, nor the libraries.
    """
    told = "".join(map(_told, sorted(_modules(table))))
    return int.from_bytes(hashlib.sha256(told.encode()).digest()[:8]) >> 1


_OURS = ("contracts", "transforms")
_OF_RECORDS = ("transforms.validation", "transforms.deduplication", "flows.refresh.deduplicate")
_DERIVED = ("contracts.table_check", "contracts.reconcile", "flows.refresh.derived_tables")


def _modules(table: Table) -> set[str]:
    around = _OF_RECORDS if table.source else _DERIVED
    modules = {table.function.__module__, *around}
    while more := {name for module in modules for name in _imported(module)} - modules:
        modules |= more
    return modules


@cache
def _tree(module: str) -> ast.Module:
    tree = parse(inspect.getsource(import_module(module)))
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            node.body = [line for line in node.body if not is_docstring(line)]
    return tree


@cache
def _told(module: str) -> str:
    return ast.dump(_tree(module))


@cache
def _imported(module: str) -> frozenset[str]:
    return frozenset(name for name in _imports(_tree(module)) if name.partition(".")[0] in _OURS)


def _imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            # `from contracts import x` may name a module, `from contracts.domain import x` a value.
            if node.module in _OURS:
                yield from (f"{node.module}.{alias.name}" for alias in node.names)

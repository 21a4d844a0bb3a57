"""The version of the code that computes a table."""

import ast
import hashlib
import inspect
from collections.abc import Iterator
from functools import cache
from importlib import import_module

from contracts.syntax import is_docstring, parse
from transforms.graph import Table


def code_version(table: Table) -> int:
    """Return a hash of the code that computes a table; it fits the version of a Delta transaction.

    It covers the table's function and contract, the steps before and after the function, and every
    module of `contracts` and `transforms` that these import. It ignores comments, docstrings,
    layout and the libraries.
    """
    code = "".join(map(_code, sorted(_modules(table))))
    return int.from_bytes(hashlib.sha256(code.encode()).digest()[:8]) >> 1


_PACKAGES = ("contracts", "transforms")
_SOURCE_STEPS = ("transforms.validation", "transforms.deduplication", "flows.refresh.deduplicate")
_DERIVED_STEPS = (
    *("contracts.table_check", "contracts.reconcile"),
    *("flows.refresh.derived_tables", "flows.refresh.affected_keys", "flows.refresh.compute"),
)


def _modules(table: Table) -> set[str]:
    steps = _SOURCE_STEPS if table.source else _DERIVED_STEPS
    modules = {table.function.__module__, *steps}
    while more := {name for module in modules for name in _imported(module)} - modules:
        modules |= more
    return modules


@cache
def _tree(module: str) -> ast.Module:
    tree = parse(inspect.getsource(import_module(module)))
    for node in (tree, *_statements(tree)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            node.body = [line for line in node.body if not is_docstring(line)]
    return tree


@cache
def _code(module: str) -> str:
    return ast.dump(_tree(module))


@cache
def _imported(module: str) -> frozenset[str]:
    return frozenset(
        name for name in _imports(_tree(module)) if name.partition(".")[0] in _PACKAGES
    )


def _imports(tree: ast.Module) -> Iterator[str]:
    for node in _statements(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            # `from contracts import x` may name a module, `from contracts.domain import x` a value.
            if node.module in _PACKAGES:
                yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _statements(block: ast.AST) -> Iterator[ast.AST]:
    """Yield the statements of a block and of its inner blocks; `ast.walk` visits every name."""
    for field in ("body", "orelse", "finalbody", "handlers", "cases"):
        for statement in getattr(block, field, ()):
            yield statement
            yield from _statements(statement)

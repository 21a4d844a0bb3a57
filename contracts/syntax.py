"""Python source code as a syntax tree."""

import ast
from threading import Lock


def parse(source: str) -> ast.Module:
    """Return the syntax tree of source code. Safe to call from several threads."""
    with _PARSER_LOCK:
        return ast.parse(source)


def is_docstring(statement: ast.stmt) -> bool:
    """Return whether a statement is a docstring, or the description below an attribute."""
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


_PARSER_LOCK = Lock()
"""CPython 3.11 counts the recursion depth of all threads' parsers together, and then raises."""

"""Python source as a syntax tree."""

import ast
from threading import Lock


def parse(source: str) -> ast.Module:
    """Return the syntax tree of some source, whatever other threads parse meanwhile."""
    with _ONE_AT_A_TIME:
        return ast.parse(source)


def is_docstring(line: ast.stmt) -> bool:
    """Tell whether a statement is but a text: the docstring of what it stands in or behind."""
    return (
        isinstance(line, ast.Expr)
        and isinstance(line.value, ast.Constant)
        and isinstance(line.value.value, str)
    )


_ONE_AT_A_TIME = Lock()
"""CPython 3.11 counts the depth of all trees in the making together, and finds it astray."""

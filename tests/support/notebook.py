"""Run a notebook without Jupyter."""

import ast
import json
from pathlib import Path
from typing import Any


def run_cells(notebook: Path) -> list[Any]:
    """Run the code cells one after the other; return what each shows, None for nothing."""
    names: dict[str, Any] = {}
    cells = json.loads(notebook.read_text())["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    return [_run(source, f"cell {n} of {notebook.name}", names) for n, source in enumerate(code, 1)]


def _run(source: str, title: str, names: dict[str, Any]) -> Any:
    """Run a cell; return the value of its last expression."""
    tree, shown = ast.parse(source, title), None
    if isinstance(tree.body[-1], ast.Expr):
        shown = ast.Expression(tree.body.pop().value)  # type: ignore[attr-defined]
    exec(compile(tree, title, "exec"), names)  # noqa: S102 - our own notebook
    return eval(compile(shown, title, "eval"), names) if shown else None  # noqa: S307 - likewise

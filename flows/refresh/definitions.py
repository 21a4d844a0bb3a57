"""The definitions of this project's modules: their code, and the definitions that they use.

A definition is a function, class or constant of a module, followed statically: through imports,
decorators, default values, class bodies and base classes. What cannot be followed counts as a
whole: statements of a module that define nothing, and a module that is used as a value, such as in
`getattr(domain, name)`.
"""

import ast
import inspect
import sys
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from importlib import import_module
from importlib.util import find_spec, resolve_name
from typing import NamedTuple

from contracts.contract import Contract
from contracts.syntax import is_docstring, parse

ALL = "*"
"""The name that stands for all definitions of a module."""

EFFECTS = ""
"""The name that stands for the statements of a module that have an effect on import."""


class Definition(NamedTuple):
    """A definition, by its module and name, or `ALL` or `EFFECTS` of a module."""

    module: str
    name: str


@cache
def contract_of(definition: Definition) -> type[Contract] | None:
    """Return the contract that a definition is, if it is one."""
    value = getattr(import_module(definition.module), definition.name, None)
    return value if isinstance(value, type) and issubclass(value, Contract) else None


@cache
def code(definition: Definition) -> str:
    """Return the code of a definition, and what its names refer to.

    Comments, docstrings, layout and descriptions are left out.
    """
    statements = _module(definition.module).definitions.get(definition.name, ())
    names = [] if definition.name == EFFECTS else sorted(used(definition))
    return " ".join([*definition, *map(ast.dump, statements), *map(".".join, names)])


@cache
def used(definition: Definition) -> frozenset[Definition]:
    """Return the definitions that a definition uses, also those of libraries."""
    module = _module(definition.module)
    if definition.name == ALL:
        return frozenset(Definition(definition.module, name) for name in module.definitions)
    found = {Definition(definition.module, EFFECTS)}
    if definition.name == EFFECTS:  # an import runs the effects of the other module
        found |= {Definition(_located(path).module, EFFECTS) for path in module.imports.values()}
    for name in {definition.name, ALL} & module.imports.keys():
        found.add(_located(module.imports[name]))
    for statement in module.definitions.get(definition.name, ()):
        for head, *rest in _mentioned(statement):
            if head in module.definitions:
                found.add(Definition(definition.module, head))
            if head in module.imports:
                found.add(_located(".".join([module.imports[head], *rest])))
            if head in _DYNAMIC:
                found.add(Definition(definition.module, ALL))
    return frozenset(found)


_DYNAMIC = {"eval", "exec", "globals", "locals", "import_module", "__import__"}
"""Functions that find a definition by a name made at run time."""


class _Module(NamedTuple):
    definitions: dict[str, list[ast.stmt]]
    """The statements that define each name; those with an effect have the name `EFFECTS`."""
    imports: dict[str, str]
    """By imported name, its module and name: `contracts.domain.REAIS`, or `contracts.domain`."""


@cache
def _module(name: str) -> _Module:
    imported = import_module(name)
    tree = parse(inspect.getsource(imported))
    found = _Module({EFFECTS: []}, dict(_imports(tree, imported.__package__ or "")))
    for statement in tree.body:
        if isinstance(statement, ast.Import | ast.ImportFrom) or is_docstring(statement):
            continue
        names = set(_defined(statement))
        if not names or isinstance(statement, ast.If | ast.Try | ast.For | ast.While | ast.With):
            names.add(EFFECTS)
        for each in names:
            found.definitions.setdefault(each, []).append(statement)
        _strip(statement, is_contract=any(contract_of(Definition(name, each)) for each in names))
    return found


def _imports(tree: ast.Module, package: str) -> Iterator[tuple[str, str]]:
    for node in _statements(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                whole = alias.name if alias.asname else alias.name.partition(".")[0]
                yield alias.asname or whole, whole
                yield alias.name, alias.name  # not a name of the code, but its effects count
        elif isinstance(node, ast.ImportFrom):
            source = resolve_name("." * node.level + (node.module or ""), package)
            for alias in node.names:
                yield alias.asname or alias.name, f"{source}.{alias.name}"


def _statements(block: ast.AST) -> Iterator[ast.AST]:
    """Yield the statements of a block and of its inner blocks; `ast.walk` visits every name."""
    for field in ("body", "orelse", "finalbody", "handlers", "cases"):
        for statement in getattr(block, field, ()):
            yield statement
            yield from _statements(statement)


def _defined(node: ast.AST) -> Iterator[str]:
    """Yield the names that a statement of a module defines."""
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.Name(id=name, ctx=ast.Store()):
            yield name
        case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp() | ast.Lambda():
            return
        case _:
            for child in ast.iter_child_nodes(node):
                yield from _defined(child)


def _strip(statement: ast.stmt, *, is_contract: bool) -> None:
    """Remove what has no influence on rows: docstrings, descriptions, promises, annotations."""
    for node in (statement, *_statements(statement)):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            node.body = [line for line in node.body if not is_docstring(line)]
        if is_contract and isinstance(node, ast.ClassDef):
            node.keywords = [each for each in node.keywords if each.arg not in _PROMISES]
        if is_contract and isinstance(node, ast.AnnAssign) and isinstance(node.value, ast.Call):
            keywords = node.value.keywords
            node.value.keywords = [each for each in keywords if each.arg != "description"]
    # A decorator could read the annotations.
    if isinstance(statement, ast.FunctionDef) and not statement.decorator_list:
        statement.returns = None
        for parameter in ast.walk(statement.args):
            if isinstance(parameter, ast.arg):
                parameter.annotation = None


_PROMISES = {"fresh", "volume", "quarantine_share", "max_share", "history"}
"""Class arguments of contracts that say nothing about rows. A history is another table."""


def _mentioned(statement: ast.stmt) -> Iterator[list[str]]:
    """Yield the names in a statement as `_paths`, without the parameters of a function."""
    if not isinstance(statement, ast.FunctionDef):
        yield from _paths(statement)
        return
    signature = [*ast.iter_child_nodes(statement.args), *statement.decorator_list]
    parameters = {each.arg for each in signature if isinstance(each, ast.arg)}
    for node in (*signature, *filter(None, [statement.returns])):
        yield from _paths(node)
    for node in statement.body:
        yield from (path for path in _paths(node) if path[0] not in parameters)


def _paths(node: ast.AST) -> Iterator[list[str]]:
    """Yield the names that a statement reads, with their attributes: `domain.REAIS` as two."""
    base, attributes = node, list[str]()
    while isinstance(base, ast.Attribute):
        attributes.insert(0, base.attr)
        base = base.value
    if isinstance(base, ast.Name):
        if not isinstance(base.ctx, ast.Store):
            yield [base.id, *attributes]
    else:
        for child in ast.iter_child_nodes(base):
            yield from _paths(child)


@cache
def _located(path: str) -> Definition:
    """Split a dotted path into a module and the name of one of its definitions."""
    parts = path.split(".")
    for length in range(len(parts), 0, -1):
        if _is_module(module := ".".join(parts[:length])):
            return Definition(module, parts[length] if length < len(parts) else ALL)
    return Definition(path, ALL)


@cache
def _is_module(name: str) -> bool:
    with suppress(ModuleNotFoundError):  # its parent is a module, not a package
        return name in sys.modules or find_spec(name) is not None
    return False

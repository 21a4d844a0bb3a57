"""The code version of a table changes if and only if a definition that it uses changes."""

import importlib
import inspect
from collections.abc import Iterator
from types import ModuleType

import pytest

from flows.refresh import code_version as module
from flows.refresh import definitions
from flows.refresh.code_version import code_version
from flows.refresh.definitions import Definition, used
from transforms.graph import tables

Sources = dict[ModuleType, str]

ALL = {*tables()}
GOLD = {name for name in ALL if name.startswith("gold.")}
RECORDS = {name for name, table in tables().items() if table.source}
HISTORIES = {name for name, table in tables().items() if table.versions_of}
ORDERS = {"silver.orders", "silver.orders_history"}
AMOUNTS = {"silver.order_items", "silver.order_payments", "silver.monthly_targets"}
NUMBERS = AMOUNTS | {"silver.order_reviews", "silver.products", "silver.products_history"}

INTEGER = "def integer(name: str)"
FIRST_RECORD = "class Orders(Bronze, fresh=DAILY, volume=Volume()):"
PARSED = '    """Parse a whole number."""\n'
SORTED = 'sort_by=("order_purchase_timestamp",)'

EDITS: dict[str, tuple[str, str, str, set[str]]] = {
    "a comment": ("transforms.parse", PARSED, f"{PARSED}    # why\n", set()),
    "a docstring": ("transforms.parse", PARSED, '    """Parse."""\n', set()),
    "layout": ("transforms.parse", "Int64, strict", "Int64,  strict", set()),
    "an annotation": ("transforms.parse", INTEGER, "def integer(name: object)", set()),
    "a function": ("transforms.parse", "Int64, strict", "Int32, strict", NUMBERS),
    "a default value": ("transforms.parse", INTEGER, "def integer(name: str = '')", NUMBERS),
    "a helper": (
        "transforms.parse",
        "str.strip_chars()",
        "str.strip_chars(' ')",
        RECORDS | HISTORIES,
    ),
    "an unused function": ("transforms.parse", INTEGER, f"def new():\n    0\n\n{INTEGER}", set()),
    "a constant": ("contracts.domain", "AMOUNT_DIGITS = 9", "AMOUNT_DIGITS = 8", AMOUNTS),
    "an unused constant": ("contracts.domain", "MONTH =", "UNUSED = 1\nMONTH =", set()),
    "a statement": ("contracts.domain", "MONTH =", "print()\nMONTH =", ALL),
    "one more source": (
        "contracts.bronze",
        FIRST_RECORD,
        f"class Coupons(Bronze):\n    code: str = raw()\n\n{FIRST_RECORD}",
        set(),
    ),
    "a rule": (
        "contracts.silver.orders",
        ">= col(purchased)",
        "> col(purchased)",
        ORDERS,
    ),
    "a description": ("contracts.gold.fact_orders", "Number of items.", "How many items.", set()),
    "a shared description": ("contracts.column_descriptions", "placeholder", "stand-in", set()),
    "the sort order": ("contracts.silver.orders", SORTED, "sort_by=()", ORDERS),
    "the columns of a history": (
        "contracts.silver.orders",
        'history=("order_status",)',
        'history=("order_status", "customer_id")',
        set(),
    ),
    "intervals": ("transforms.history", "is_last & ~deleted", "is_last", HISTORIES),
    "a promise": ("contracts.silver.orders", SORTED, f"quarantine_share=0.02, {SORTED}", set()),
    "a share": (
        "contracts.silver.orders",
        SORTED,
        f'max_share={{"delivered_with_a_date": Share(0.1, stop=True)}}, {SORTED}',
        set(),
    ),
    "a base class": ("contracts.contract", "class Gold(Contract", "class Gold(Any, Contract", GOLD),
    "validation": ("transforms.validation", "(~r.expr).sum()", "r.expr.sum()", RECORDS),
    "the check": ("contracts.table_check", "filter(~rules", "filter(rules", ALL - RECORDS),
}


@pytest.fixture
def sources(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sources]:
    """Give modules another source code, for the code version only."""
    edited: Sources = {}
    original = inspect.getsource
    monkeypatch.setattr(inspect, "getsource", lambda each: edited.get(each) or original(each))
    yield edited
    forget()


def forget() -> None:
    for cached in (definitions._module, definitions.code, definitions.used, module._followed):  # noqa: SLF001 - as in a new process
        cached.cache_clear()


def versions() -> dict[str, int]:
    return {name: code_version(table) for name, table in tables().items()}


def test_code_versions_are_distinct_and_fit_a_transaction() -> None:
    numbers = {*versions().values()}
    assert len(numbers) == len(tables())
    assert all(0 <= number < 2**63 for number in numbers)


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_changes_exactly_the_tables_that_use_the_definition(
    edit: str, sources: Sources
) -> None:
    name, old, new, due = EDITS[edit]
    edited, before = importlib.import_module(name), versions()
    source = inspect.getsource(edited)
    assert old in source
    sources[edited] = source.replace(old, new)
    forget()
    assert {each for each, version in versions().items() if version != before[each]} == due


STATES = Definition("contracts.domain", "STATES")
IMPORTED = "from contracts.domain import STATES\n"


@pytest.mark.parametrize(
    "code",
    [
        f"{IMPORTED}def f(): return STATES",
        "from contracts.domain import STATES as known\ndef f(): return known",
        "from contracts.domain import *\ndef f(): return STATES",
        "from contracts import domain\ndef f(): return domain.STATES",
        "from contracts import domain\ndef f(): return getattr(domain, 'STATES')",
        "import contracts.domain\ndef f(): return contracts.domain.STATES",
        "import contracts.domain as shop\ndef f(): return [shop.STATES.index]",
        "def f():\n    from contracts.domain import STATES\n    return STATES",
        "from contracts.silver.sellers import STATES\ndef f(): return STATES",
        f"{IMPORTED}KNOWN = [*STATES]\ndef f(): return KNOWN",
        f"{IMPORTED}KNOWN = STATES\ndef f(): return globals()['KNOWN']",
        f"{IMPORTED}def f(known=STATES): return known",
        f"{IMPORTED}def f(STATES=STATES): return STATES",
        f"{IMPORTED}def f(): return lambda: STATES",
        f"{IMPORTED}@among(STATES)\ndef f(): return 1",
        f"{IMPORTED}@checked\ndef f(known: STATES): return 1",
        f"{IMPORTED}class f(Base[STATES]): pass",
        f"{IMPORTED}class f:\n    known: Known(STATES)",
        f"{IMPORTED}class f:\n    def known(self): return STATES",
        f"{IMPORTED}register(STATES)\ndef f(): return 1",
        f"{IMPORTED}BY_NAME['states'] = STATES\ndef f(): return 1",
        f"{IMPORTED}if STATES:\n    KNOWN = 1\ndef f(): return 1",
    ],
)
def test_a_definition_is_followed_however_it_is_used(code: str, sources: Sources) -> None:
    sources[importlib.import_module("transforms.gold.dates")] = code
    forget()
    assert STATES in reachable(Definition("transforms.gold.dates", "f"))


@pytest.mark.parametrize(
    "code",
    [
        f"{IMPORTED}def f(): return 1",
        f"{IMPORTED}def f(known: STATES): return known",
        f"{IMPORTED}def f(STATES): return [STATES for _ in STATES]",
        f"{IMPORTED}def f(): return 1\ndef g(): return STATES",
        "from contracts import domain\ndef f(): return domain.MONTH",
        "def f(): return 'STATES'  # STATES",
    ],
)
def test_a_definition_that_is_not_used_is_not_followed(code: str, sources: Sources) -> None:
    sources[importlib.import_module("transforms.gold.dates")] = code
    forget()
    assert STATES not in reachable(Definition("transforms.gold.dates", "f"))


def reachable(definition: Definition) -> set[Definition]:
    found, new = set[Definition](), {definition}
    while new:
        found |= new
        ours = (each for each in new if each.module.startswith(("contracts", "transforms")))
        new = {other for each in ours for other in used(each)} - found
    return found

"""A lake under a changed contract: tables evolve or are rebuilt, and never mix contracts."""

import importlib
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from uuid import uuid4

import polars as pl
import pytest
from deltalake.exceptions import CommitFailedError
from polars.testing import assert_frame_equal

from contracts.technical_columns import stored_schema
from flows import delta
from flows.delta import schema_evolution
from flows.delta.contract_metadata import is_current, read_contract
from flows.delta.data_files import Written
from flows.delta.restore import restore_table
from flows.delta.versions import NoVersionError
from flows.ingest.load import ingest_table
from flows.ingest.local_files import LocalFile
from flows.refresh.derived_tables import refresh_derived_table
from flows.refresh.source_tables import refresh_source_table, replay_quarantine
from flows.refresh.tables import refresh_table
from transforms.graph import Table, tables

CODE = '''
from typing import Annotated
import polars as pl
from polars import LazyFrame, col
from contracts.contract import Bronze, Gold, Silver, column, rule

class Sellers(Bronze):
    """One row per seller record that a source delivered."""
    seller_id: str = column(nullable=True)
    size: str = column(nullable=True)
    city: str = column(nullable=True)
    state: str = column(nullable=True)

Raw = Sellers

class Sellers(Silver, key=("seller_id",)):
    """One row per seller."""
    seller_id: str = column(str_matches="^[0-9]+$")
    size: int = column(ge=1)
    city: str = column()
    state: str = column(nullable=True)

def sellers(raw: Annotated[LazyFrame, Raw]) -> Annotated[LazyFrame, Sellers]:
    """Type sellers."""
    size = col("size").cast(pl.Int64, strict=False)
    return raw.select("seller_id", "city", "state", size=size)

class Cities(Gold, key=("city",), incremental_key=("city",)):
    """One row per city."""
    city: str = column()

def cities(sellers: Annotated[LazyFrame, Sellers]) -> Annotated[LazyFrame, Cities]:
    """List the cities."""
    return sellers.select("city").unique()

class Shops(Gold, key=("seller_id",), incremental_key=("seller_id",)):
    """One row per seller."""
    seller_id: str = column()
    size: int = column()
    city: str = column()

def shops(sellers: Annotated[LazyFrame, Sellers]) -> Annotated[LazyFrame, Shops]:
    """Open the shops."""
    return sellers.select("seller_id", "size", "city")

class States(Gold, key=("state",)):
    """One row per state."""
    state: str = column()
    sellers: int = column()

def states(sellers: Annotated[LazyFrame, Sellers]) -> Annotated[LazyFrame, States]:
    """Count the sellers."""
    return sellers.group_by("state").agg(sellers=pl.len().cast(pl.Int64)).drop_nulls()
'''
FIRST = """seller_id,size,city,state
1,10,belem,PA
2,20,natal,RN
3,30,belem,PA
x,40,natal,RN
4,many,natal,RN
1,11,belem,PA
"""
CHANGED = "the contract changed"
LATER = """seller_id,size,city,state
2,21,belem,PA
5,50,olinda,PE
y,60,olinda,PE
"""

Edit = list[tuple[str, str]]
Deploy = Callable[[str], ModuleType]

SILVER_STATE = "    state: str = column(nullable=True)\n\ndef sellers("
SHOP_CITY = "    city: str = column()\n\ndef shops("
SHOPS = 'class Shops(Gold, key=("seller_id",), incremental_key=("seller_id",)):'
SELECTED = 'sellers.select("seller_id", "size", "city")'
CHANGES: dict[str, Edit] = {
    "a column that may be null": [
        (
            SILVER_STATE,
            SILVER_STATE.replace("\n\n", "\n    place: str = column(nullable=True)\n\n"),
        ),
        ('"state", size=size', '"state", size=size, place=col("city").str.strip_prefix("belem")'),
    ],
    "a column that is never null": [
        (SILVER_STATE, SILVER_STATE.replace("\n\n", "\n    place: str = column()\n\n")),
        ('"state", size=size', '"state", size=size, place="city"'),
        (SHOP_CITY, SHOP_CITY.replace("\n\n", "\n    place: str = column()\n\n")),
        (SELECTED, 'sellers.select("seller_id", "size", "city", "place")'),
    ],
    "a removed column in gold": [
        (SHOP_CITY, "\ndef shops("),
        (SELECTED, 'sellers.select("seller_id", "size")'),
    ],
    "another type": [("size: int", "size: float"), ("pl.Int64, strict", "pl.Float64, strict")],
    "a renamed column": [
        (SHOP_CITY, SHOP_CITY.replace("city", "town")),
        (SELECTED, 'sellers.select("seller_id", "size", town="city")'),
    ],
    "a new rule": [
        (SILVER_STATE, SILVER_STATE.replace("column(nullable=True)", 'column(isin=("PA",))'))
    ],
    "a row rule": [
        (
            SILVER_STATE,
            SILVER_STATE.replace(
                "\n\n",
                "\n\n    @rule\n    def big(cls) -> pl.Expr:\n        return col('size') > 15\n\n",
            ),
        )
    ],
    "a removed rule": [('column(str_matches="^[0-9]+$")', "column()")],
    "another key": [
        ('Silver, key=("seller_id",)', 'Silver, key=("city",)'),
        (SHOPS, SHOPS.replace("seller_id", "city")),
    ],
    "a foreign key": [(SHOP_CITY, SHOP_CITY.replace("column()", "column(references=Cities)"))],
    "no incremental key": [(SHOPS, 'class Shops(Gold, key=("seller_id",)):')],
    "partitions in gold": [(SHOPS, SHOPS.replace("):", ', partition_by=("city",)):'))],
    "partitions in silver": [
        ('Silver, key=("seller_id",)', 'Silver, key=("seller_id",), partition_by=("city",)')
    ],
    "partitions by two columns, one of them new": [
        (SHOPS, SHOPS.replace("):", ', partition_by=("place", "size")):')),
        (SHOP_CITY, SHOP_CITY.replace("\n\n", "\n    place: str = column()\n\n")),
        (SELECTED, 'sellers.select("seller_id", "size", "city", place="city")'),
    ],
    "partitions of a table without an incremental key": [
        ('Gold, key=("state",)', 'Gold, key=("state",), partition_by=("state",)')
    ],
    "a stricter rule": [("sellers: int = column()", "sellers: int = column(ge=1)")],
}


@pytest.fixture
def deploy(tmp_path: Path) -> Iterator[Deploy]:
    """Import code as a new module, as after a deployment."""
    names = []

    def imported(code: str) -> ModuleType:
        name = f"toy_{uuid4().hex}"
        (tmp_path / f"{name}.py").write_text(code)
        importlib.invalidate_caches()
        names.append(name)
        return importlib.import_module(name)

    sys.path.insert(0, str(tmp_path))
    yield imported
    sys.path.remove(str(tmp_path))
    for name in names:
        del sys.modules[name]


def edit(code: str, edits: Edit) -> str:
    for old, new in edits:
        assert old in code
        code = code.replace(old, new)
    return code


def arrive(lake: str, module: ModuleType, text: str, day: int = 1) -> None:
    path = Path(lake).with_name(f"sellers_{uuid4().hex}.csv")
    path.write_text(text)
    ingest_table(
        lake, module.Raw, [LocalFile(path, path.name)], as_of=datetime(2018, 1, day, tzinfo=UTC)
    )


def tables_of(module: ModuleType) -> dict[str, Table]:
    return tables(module.sellers, module.cities, module.shops, module.states)


def refresh(lake: str, module: ModuleType) -> dict[str, str]:
    """Refresh all tables; return the reason of each full refresh."""
    return {
        name: refresh_table(lake, table).full_refresh_reason
        for name, table in tables_of(module).items()
    }


def contents(lake: str, name: str) -> pl.DataFrame:
    rows = delta.scan(delta.open_existing(lake, name))
    rows = rows.drop("_version", "_ingested_at", "_source", strict=False)
    return rows.collect().sort(pl.exclude(pl.List))


def assert_same_lakes(one: str, other: str, module: ModuleType) -> None:
    for name in (*tables_of(module), "quarantine.sellers"):
        assert_frame_equal(contents(one, name), contents(other, name), check_column_order=False)
        here, there = (delta.open_existing(lake, name) for lake in (one, other))
        assert here.metadata().partition_columns == there.metadata().partition_columns
        assert read_contract(here) == read_contract(there)


@pytest.mark.parametrize("revert", [False, True], ids=["applied", "reverted"])
@pytest.mark.parametrize("change", CHANGES)
def test_a_lake_after_a_contract_change_equals_a_new_one(
    change: str, revert: bool, lake: str, deploy: Deploy
) -> None:
    codes = [CODE, edit(CODE, CHANGES[change])]
    old, new = map(deploy, reversed(codes) if revert else codes)
    arrive(lake, old, FIRST)
    refresh(lake, old)
    fresh = f"{lake}-fresh"
    arrive(fresh, new, FIRST)
    assert CHANGED in refresh(lake, new).values()
    refresh(fresh, new)
    assert_same_lakes(lake, fresh, new)
    for each in (lake, fresh):
        arrive(each, new, LATER, day=2)
        assert CHANGED not in refresh(each, new).values()
    assert_same_lakes(lake, fresh, new)


@pytest.mark.parametrize("change", ["a column that is never null", "a removed rule", "another key"])
def test_a_replay_under_a_changed_contract_equals_a_refresh(
    change: str, lake: str, deploy: Deploy
) -> None:
    old, new = deploy(CODE), deploy(edit(CODE, CHANGES[change]))
    fresh = f"{lake}-fresh"
    for each, code in ((lake, old), (fresh, new)):
        arrive(each, code, FIRST)
        refresh(each, code)
    replay_quarantine(lake, tables_of(new)["silver.sellers"])
    refresh(lake, new)
    assert_same_lakes(lake, fresh, new)


ANOTHER_NAME: Edit = [
    ("class Sellers(Silver", "class Vendors(Silver"),
    ("def sellers(raw", "def vendors(raw"),
    ("[LazyFrame, Sellers]", "[LazyFrame, Vendors]"),
    ("class Cities(", "sellers = vendors\n\nclass Cities("),
]


@pytest.mark.parametrize("meanwhile", [[], CHANGES["a removed rule"]], ids=["same", "fewer rules"])
@pytest.mark.parametrize("records", ["", LATER], ids=["no new records", "new records"])
def test_a_table_renamed_and_renamed_back_equals_a_new_one(
    meanwhile: Edit, records: str, lake: str, deploy: Deploy
) -> None:
    code, other = deploy(CODE), deploy(edit(CODE, [*ANOTHER_NAME, *meanwhile]))
    fresh = f"{lake}-fresh"
    for each in (lake, fresh):
        arrive(each, code, FIRST)
    refresh(lake, code)
    for each in (lake, fresh):
        if records:
            arrive(each, code, records, day=2)
    refresh(lake, other)
    assert "silver.vendors" in tables_of(other)
    for each in (lake, fresh):
        refresh(each, code)
    assert_same_lakes(lake, fresh, code)


def test_a_version_of_another_contract_is_not_restored(lake: str, deploy: Deploy) -> None:
    another = deploy(CODE)  # another contract than that of silver.sellers
    for day, text in enumerate((FIRST, LATER), start=1):
        arrive(lake, another, text, day)
        refresh(lake, another)
    with pytest.raises(NoVersionError, match="version 1 was written under another contract"):
        restore_table(lake, "silver.sellers", 1)


def test_a_changed_description_rebuilds_nothing(lake: str, deploy: Deploy) -> None:
    old = deploy(CODE)
    new = deploy(CODE.replace("One row per seller.", "One row for each seller."))
    arrive(lake, old, FIRST)
    refresh(lake, old)
    assert not any(refresh(lake, new).values())


NEW_COLUMN = edit(
    CODE,
    [
        ("\nRaw = ", "    name: str = column(nullable=True)\n\nRaw = "),
        (SILVER_STATE, SILVER_STATE.replace("\n\n", "\n    name: str = column(nullable=True)\n\n")),
        ('"state", size=size', '"state", "name", size=size'),
    ],
)
NAMED = """seller_id,size,city,state,name
2,21,belem,PA,Ana
y,60,olinda,PE,Rui
"""


def test_older_records_have_null_in_a_new_column(lake: str, deploy: Deploy) -> None:
    old, new = deploy(CODE), deploy(NEW_COLUMN)
    arrive(lake, old, FIRST)
    refresh(lake, old)
    arrive(lake, new, NAMED, day=2)
    refresh(lake, new)
    names = contents(lake, "silver.sellers").select("seller_id", "name").rows()
    assert names == [("1", None), ("2", "Ana"), ("3", None)]
    quarantined = contents(lake, "quarantine.sellers").sort("seller_id")
    assert quarantined.select("seller_id", "name").rows() == [
        ("4", None),
        ("x", None),
        ("y", "Rui"),
    ]


def test_replayed_records_have_null_in_a_new_column(lake: str, deploy: Deploy) -> None:
    old, new = deploy(CODE), deploy(NEW_COLUMN)
    arrive(lake, old, FIRST)
    refresh(lake, old)
    assert replay_quarantine(lake, tables_of(new)["silver.sellers"]).quarantined == 2


def test_a_column_dropped_from_a_bronze_contract_is_rescued(lake: str, deploy: Deploy) -> None:
    old = deploy(NEW_COLUMN)
    new = deploy(CODE)
    arrive(lake, old, NAMED)
    refresh(lake, old)
    arrive(lake, new, NAMED.replace("Ana", "Eva").replace("21", "22"), day=2)
    refresh(lake, new)
    bronze = contents(lake, "bronze.sellers").filter(pl.col("seller_id") == "2").sort("size")
    assert bronze.select("size", "name", "_rescued_data").rows() == [
        ("21", "Ana", None),
        ("22", None, '{"name":"Eva"}'),
    ]
    assert "name" not in contents(lake, "silver.sellers").columns
    assert contents(lake, "silver.sellers")["size"].to_list() == [22]


def test_one_of_two_concurrent_repartitions_wins(lake: str, deploy: Deploy) -> None:
    old, new = deploy(CODE), deploy(edit(CODE, CHANGES["partitions in gold"]))
    arrive(lake, old, FIRST)
    refresh(lake, old)
    late = delta.open_existing(lake, "gold.shops")
    version = delta.open_table(lake, new.Shops).version()
    schema_evolution.repartition(late, delta.scan(late), new.Shops)
    assert late.version() == version
    assert late.metadata().partition_columns == ["city"]


def test_a_repartitioned_table_keeps_its_rows_until_rebuilt(lake: str, deploy: Deploy) -> None:
    old, new = deploy(CODE), deploy(edit(CODE, CHANGES["partitions in gold"]))
    arrive(lake, old, FIRST)
    refresh(lake, old)
    before = contents(lake, "gold.shops")
    handle = delta.open_table(lake, new.Shops)
    assert_frame_equal(contents(lake, "gold.shops"), before, check_column_order=False)
    assert not is_current(handle, new.Shops)


def test_the_stored_contract_survives_maintenance(lake: str, deploy: Deploy) -> None:
    module = deploy(CODE)
    arrive(lake, module, FIRST)
    refresh(lake, module)
    arrive(lake, module, LATER, day=2)
    refresh(lake, module)
    handle = delta.open_existing(lake, "silver.sellers")
    note = read_contract(handle)
    handle.optimize.compact()
    handle.create_checkpoint()
    for commit in Path(lake, "silver", "sellers", "_delta_log").glob("*.json"):
        commit.unlink()
    again = delta.open_existing(lake, "silver.sellers")
    assert read_contract(again) == note is not None
    assert is_current(again, module.Sellers)


def test_a_losing_writer_stores_no_contract(lake: str, deploy: Deploy) -> None:
    old, new = deploy(CODE), deploy(edit(CODE, CHANGES["another type"]))
    arrive(lake, old, FIRST)
    refresh(lake, old)
    winner, late = (delta.open_existing(lake, "gold.shops") for _ in range(2))
    written = Written([], 0, stored_schema(new.Shops))
    delta.rebuild(winner, written, delta.commit_properties({"code": 1}, {}), new.Shops)
    with pytest.raises(CommitFailedError):
        delta.rebuild(late, written, delta.commit_properties({"code": 2}, {}), old.Shops)
    assert is_current(delta.open_existing(lake, "gold.shops"), new.Shops)


RULE = "    state: str = column(nullable=True)\n\ndef sellers("
INPUT = "the columns or the key of silver.sellers changed"
EDITED: dict[str, tuple[Edit, dict[str, str]]] = {
    "a rule that all rows satisfy": (
        [(RULE, RULE.replace("(nullable=True)", '(nullable=True, isin=("PA", "RN", "PE"))'))],
        {"silver.sellers": CHANGED},
    ),
    "a rule that a row breaks": (
        CHANGES["a new rule"],
        {
            "silver.sellers": CHANGED,
            "gold.cities": "silver.sellers was rebuilt",
            "gold.shops": "silver.sellers was rebuilt",
            "gold.states": "silver.sellers was rebuilt",
        },
    ),
    "a column": (
        CHANGES["a column that may be null"],
        {
            "silver.sellers": CHANGED,
            "gold.cities": INPUT,
            "gold.shops": INPUT,
            "gold.states": INPUT,
        },
    ),
    "a function": (
        [('sellers.select("city").unique()', 'sellers.select("city").unique().sort("city")')],
        {"gold.cities": "the code changed"},
    ),
    "a function of silver with the same result": (
        [("size = col", "size = 1 * col")],
        {"silver.sellers": "the code changed"},
    ),
    "a description": (
        [("size: int = column(ge=1)", 'size: int = column(ge=1, description="m²")')],
        {},
    ),
}


@pytest.mark.parametrize("change", EDITED)
def test_a_change_rebuilds_what_it_touches_and_says_why(
    change: str, lake: str, deploy: Deploy
) -> None:
    edits, reasons = EDITED[change]
    old, new = deploy(CODE), deploy(edit(CODE, edits))
    arrive(lake, old, FIRST)
    refresh(lake, old)
    assert {name: why for name, why in refresh(lake, new).items() if why} == reasons
    assert not any(refresh(lake, new).values())


def test_a_full_refresh_with_the_same_rows_keeps_files_and_readers(
    lake: str, deploy: Deploy
) -> None:
    old = deploy(CODE)
    new = deploy(edit(CODE, EDITED["a rule that all rows satisfy"][0]))
    arrive(lake, old, FIRST)
    refresh(lake, old)
    before = delta.open_existing(lake, "silver.sellers")
    outcome = refresh_source_table(lake, tables_of(new)["silver.sellers"])
    after = delta.open_existing(lake, "silver.sellers")
    assert (outcome.changed, outcome.written) == (True, 0)
    assert set(after.file_uris()) == set(before.file_uris())
    assert {*Path(lake, "silver", "sellers").glob("*.parquet")} == {*map(Path, after.file_uris())}
    assert is_current(after, new.Sellers)
    assert after.transaction_version(delta.REBUILT) == before.transaction_version(delta.REBUILT)
    assert refresh_derived_table(lake, tables_of(new)["gold.shops"]).written == 0


def test_a_requested_rebuild_writes_the_same_rows_again(lake: str, deploy: Deploy) -> None:
    module = deploy(CODE)
    arrive(lake, module, FIRST)
    refresh(lake, module)
    shops = tables_of(module)["gold.shops"]
    before = delta.open_existing(lake, "gold.shops").file_uris()
    assert refresh_derived_table(lake, shops, rebuild=True).written == 3
    assert delta.open_existing(lake, "gold.shops").file_uris() != before

"""The contract of a history table follows from the silver contract."""

import pickle
from datetime import UTC, datetime

import polars as pl
import pytest
from polars import col

from contracts.contract import Silver, Timestamp, column, rule
from contracts.describe import describe, described, version
from contracts.rules import rules
from contracts.silver.sellers import Sellers
from tests.support.single_row import holds


class Cashiers(Silver, key=("shop", "cashier_id"), history=("nickname", "till")):
    """One row per cashier."""

    shop: str = column()
    cashier_id: str = column(str_matches="^[a-z]$")
    nickname: str = column(personal=True)
    till: int = column(ge=1, description="Number of the till.", source="box")
    hired_at: Timestamp = column()

    @rule
    def is_hired(cls) -> pl.Expr:
        """The cashier is hired."""
        return col("hired_at").is_not_null()


class Untracked(Silver, key=("cashier_id",)):
    """One row per cashier."""

    cashier_id: str = column()


HISTORY = Cashiers.history()


def test_a_history_has_key_tracked_columns_and_interval() -> None:
    spec, instant = HISTORY.spec(), pl.Datetime("us", "UTC")
    assert spec.table == "silver.cashiers_history"
    assert spec.key == ("shop", "cashier_id", "valid_from")
    assert spec.incremental_key == ("shop", "cashier_id")
    assert list(HISTORY.fields().items()) == [
        *(("shop", pl.String()), ("cashier_id", pl.String())),
        *(("nickname", pl.String()), ("till", pl.Int64())),
        *(("valid_from", instant), ("valid_to", instant)),
        *(("is_current", pl.Boolean()), ("is_deleted", pl.Boolean())),
    ]


def test_tracked_columns_are_declared_as_in_silver_but_nullable() -> None:
    columns = HISTORY.to_schema().columns
    nullable = [name for name, declared in columns.items() if declared.nullable]
    assert nullable == ["nickname", "till", "valid_to"]
    assert HISTORY.personal() == ["nickname"]
    assert HISTORY.descriptions()["till"] == "Number of the till."
    assert {"till_is_at_least_1", "cashier_id_is_well_formed"} <= {r.name for r in rules(HISTORY)}
    assert not {"is_hired"} & {r.name for r in rules(HISTORY)}


def test_history_is_no_part_of_the_silver_contract() -> None:
    without = describe(Untracked)
    assert "history" not in without
    assert "history" not in describe(Cashiers)
    assert "silver.sellers_history" in described()
    tracked = describe(Sellers.history())["columns"].keys() - {*Sellers.spec().key}
    assert {*Sellers.spec().history} < tracked


def test_another_tracked_column_is_another_version_of_the_history_alone() -> None:
    class Cashiers(Silver, key=("shop", "cashier_id"), history=("nickname",)):
        """One row per cashier."""

        shop: str = column()
        cashier_id: str = column(str_matches="^[a-z]$")
        nickname: str = column(personal=True)

    assert version(describe(Cashiers.history())) != version(describe(HISTORY))


def test_other_processes_find_the_contract_by_its_name() -> None:
    assert pickle.loads(pickle.dumps(Sellers.history())) is Sellers.history()  # noqa: S301 - our own


@pytest.mark.parametrize(("names", "wrong"), [(("till", "tlil"), "tlil"), (("shop",), "shop")])
def test_a_history_of_no_column_or_of_the_key_is_refused(
    names: tuple[str, ...], wrong: str
) -> None:
    namespace = {"__annotations__": {"shop": str, "till": int}, "shop": column(), "till": column()}
    with pytest.raises(TypeError, match=f"Tills: history names {wrong}, which is not a column"):
        type("Tills", (Silver,), namespace, key=("shop",), history=names)


EARLY, LATE = datetime(2018, 1, 1, tzinfo=UTC), datetime(2018, 1, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("row", "kept"),
    [
        ({"valid_from": EARLY, "valid_to": LATE}, True),
        ({"valid_from": EARLY, "valid_to": None}, True),
        ({"valid_from": EARLY, "valid_to": EARLY}, False),
        ({"valid_from": LATE, "valid_to": EARLY}, False),
    ],
)
def test_an_interval_begins_before_it_ends(row: dict[str, object], *, kept: bool) -> None:
    assert holds(HISTORY, "begins_before_it_ends", **row) is kept


@pytest.mark.parametrize("end", [None, LATE])
@pytest.mark.parametrize("deleted", [True, False])
@pytest.mark.parametrize("current", [True, False])
def test_a_current_interval_is_open_and_not_deleted(
    end: datetime | None, *, deleted: bool, current: bool
) -> None:
    row = {"valid_to": end, "is_deleted": deleted, "is_current": current}
    is_current = end is None and not deleted
    assert holds(HISTORY, "current_is_last_and_not_deleted", **row) is (current is is_current)

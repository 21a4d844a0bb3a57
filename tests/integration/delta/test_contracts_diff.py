"""Changes of the contracts since a git revision, and since a lake was written."""

import os
import shutil
import subprocess
from functools import partial
from pathlib import Path

import polars as pl
import pytest
from deltalake import DeltaTable, Schema
from typer.testing import CliRunner

from contracts import bronze
from contracts.contract import Contract, Gold, Silver, column, rule
from contracts.describe import described
from contracts.silver import sellers
from contracts.technical_columns import stored_schema
from flows import delta
from flows.cli import app, contract_history
from flows.cli.contract_history import (
    LOCK,
    ContractHistoryError,
    contracts_at,
    lock_text,
    write_lock,
)
from flows.delta.data_files import Written


class Sellers(Silver, key=("seller_id",)):
    """One row per seller, under an earlier contract."""

    seller_id: str = column()
    nickname: str = column(nullable=True)

    @rule
    def has_a_name(cls) -> pl.Expr:
        """Each seller has one."""
        return pl.col("nickname").str.len_chars() > 0


@pytest.fixture
def lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The lock file of a clone with two commits; the first one has no lock file."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    lock = tmp_path / "clone" / LOCK.name
    lock.parent.mkdir()
    (lock.parent / "pyproject.toml").touch()
    git(lock, "init")
    commit(lock)
    write_lock(described(), lock)
    commit(lock)
    return lock


def commit(lock: Path) -> None:
    git(lock, "add", "--all")
    git(lock, "-c", "user.name=x", "-c", "user.email=x", "commit", "--message", "x")


def git(lock: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=lock.parent, check=True, capture_output=True)


def test_the_lock_file_is_written_where_it_differs(lock: Path) -> None:
    assert not write_lock(described(), lock)
    lock.write_text("{}")
    assert write_lock(described(), lock)
    assert lock.read_text(encoding="utf-8") == lock_text(described())


def test_the_lock_file_is_not_written_outside_a_clone(tmp_path: Path) -> None:
    with pytest.raises(ContractHistoryError, match="is not a clone of the repository"):
        write_lock(described(), tmp_path / LOCK.name)
    assert not (tmp_path / LOCK.name).exists()


def test_a_revision_has_the_contracts_of_its_lock_file(lock: Path) -> None:
    write_lock({"silver.sellers": {}}, lock)
    assert contracts_at("HEAD", lock) == described()
    commit(lock)
    assert contracts_at("HEAD", lock) == {"silver.sellers": {}}
    assert contracts_at("HEAD~1", lock) == described()


def test_the_clone_may_be_a_folder_of_a_larger_repository(lock: Path) -> None:
    inner = lock.parent / "inner" / lock.name
    inner.parent.mkdir()
    shutil.copy(lock.parent / "pyproject.toml", inner.parent)
    write_lock({}, inner)
    commit(lock)
    assert contracts_at("HEAD", inner) == {}


def test_a_revision_without_a_lock_file_is_refused(lock: Path) -> None:
    error = "revision HEAD~1 has no contracts.lock.json: it is older than the lock file"
    with pytest.raises(ContractHistoryError, match=error):
        contracts_at("HEAD~1", lock)


@pytest.mark.parametrize("revision", ["nothing-of-that-name", "--output=x", "HEAD~7", ""])
def test_an_unknown_revision_is_refused(revision: str, lock: Path) -> None:
    with pytest.raises(ContractHistoryError, match=f"git does not know the revision '{revision}'"):
        contracts_at(revision, lock)
    assert not (lock.parent / "x").exists()


def test_a_missing_clone_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ContractHistoryError, match="not a git repository"):
        contracts_at("HEAD", tmp_path / LOCK.name)


def test_missing_git_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ContractHistoryError, match="git is not installed"):
        contracts_at("HEAD", tmp_path / LOCK.name)


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["contracts", "diff", *arguments], catch_exceptions=False)
    return result.exit_code, " ".join(result.output.split())


def made(lake: str, contract: type[Contract]) -> DeltaTable:
    handle = delta.open_table(lake, contract)
    nothing = Written([], 0, stored_schema(contract))
    delta.rebuild(handle, nothing, delta.commit_properties({}, {}), contract)
    return handle


class MartFreightBand(Gold, key=("band",)):
    """One row per band of freight."""

    band: str = column()


def test_a_table_without_a_contract_was_removed(lake: str) -> None:
    made(lake, sellers.Sellers)
    made(lake, MartFreightBand)
    Path(lake, "gold", "notes.txt").touch()
    code, said = run("--lake", lake, "--check")
    assert code == 1
    assert "gold.mart_freight_band table removed breaking readers lose a guarantee" in said
    assert said.endswith("changes: 1, breaking: 1")


def test_a_new_lake_has_no_changes(lake: str) -> None:
    made(lake, sellers.Sellers)
    delta.open_table(lake, bronze.Sellers)
    assert run("--lake", lake, "--check") == (0, "changes: 0")


def test_a_table_is_compared_by_its_stored_contract(lake: str) -> None:
    made(lake, Sellers)
    code, said = run("--lake", lake)
    assert code == 0
    assert "silver.sellers column removed: nickname breaking readers lose a guarantee" in said
    assert "rule removed: has_a_name" in said
    assert "column added: seller_city compatible" in said
    assert "NOT NULL added: seller_city breaking producers must deliver more" in said
    assert "changes: 11, breaking: 8, compatible: 3" in said
    assert run("--lake", lake, "--check")[0] == 1


def test_a_bronze_table_is_compared_by_its_columns(lake: str) -> None:
    handle = delta.open_table(lake, bronze.Sellers)
    without = Schema([field for field in handle.schema().fields if field.name != "seller_city"])
    handle.create_write_transaction([], "overwrite", without)
    assert (
        "column added: seller_city breaking producers must deliver more" in run("--lake", lake)[1]
    )


def test_a_table_without_a_stored_contract_is_compared_by_its_schema(
    lake: str,
) -> None:
    schema = {**stored_schema(sellers.Sellers), "seller_city": pl.Int64(), "nickname": pl.String()}
    del schema["seller_state"]
    DeltaTable.create(
        delta.location(lake, "silver.sellers"),
        Schema.from_arrow(pl.Schema(schema)),
        partition_by=["nickname"],
    )
    said = run("--lake", lake)[1]
    assert "type changed: seller_city, Int64 to String" in said
    assert "column removed: nickname" in said
    assert "column added: seller_state" in said
    assert "partitioning changed: (nickname) to ()" in said
    assert "changes: 6, breaking: 4, compatible: 2" in said


@pytest.mark.parametrize(
    ("change", "line", "code"),
    [
        ({}, "changes: 0", 0),
        ({"key": ["seller_city"]}, "changes: 1, breaking: 1", 1),
        ({"partition_by": ["seller_city"]}, "changes: 1, compatible: 1", 0),
        ({"rules": {"x": {"asks": "1", "warning": False}}}, "changes: 1, review: 1", 3),
    ],
)
def test_the_exit_code_depends_on_the_worst_verdict(
    change: dict[str, object],
    line: str,
    code: int,
    lock: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    today = described()
    rules = {"x": {"asks": "2", "warning": False}}
    now = today["silver.sellers"] | {"rules": rules if "rules" in change else {}}
    write_lock({"silver.sellers": now | change}, lock)
    commit(lock)
    monkeypatch.setattr("contracts.describe.described", lambda: {"silver.sellers": now})
    monkeypatch.setattr(contract_history, "contracts_at", partial(contracts_at, lock=lock))
    assert run("HEAD")[0] == 0
    found, said = run("HEAD", "--check")
    assert found == code
    assert said.endswith(line)


def test_the_lock_command_renews_the_file(lock: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock.write_text("{}")
    monkeypatch.setattr(contract_history, "write_lock", partial(write_lock, lock=lock))
    says = [CliRunner().invoke(app, ["contracts", "lock"]).output for _ in range(2)]
    assert says == ["contracts.lock.json: renewed\n", "contracts.lock.json: is up to date\n"]
    assert lock.read_text(encoding="utf-8") == lock_text(described())

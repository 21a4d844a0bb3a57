"""What has changed in the contracts: since a revision, and since a lake was made."""

import os
import re
import shutil
import subprocess
from functools import partial
from pathlib import Path

import polars as pl
import pytest
from deltalake import DeltaTable, Schema
from typer.testing import CliRunner

from contracts import bronze
from contracts.changes import changes
from contracts.contract import Contract, Gold, Silver, column, rule
from contracts.describe import described
from contracts.silver import sellers
from contracts.technical_columns import stored_schema
from flows import delta
from flows.cli import app
from flows.delta.data_files import Written
from flows.revision import PACKAGE, RevisionError, contracts_at


class Sellers(Silver, key=("seller_id",)):
    """One row per seller, as it once was."""

    seller_id: str = column()
    nickname: str = column(nullable=True)

    @rule
    def has_a_name(cls) -> pl.Expr:
        """Each seller has one."""
        return pl.col("nickname").str.len_chars() > 0


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The contracts of today, committed in a clone of their own."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    package = tmp_path / "clone" / "contracts"
    shutil.copytree(PACKAGE, package, ignore=shutil.ignore_patterns("__pycache__"))
    git(package, "init")
    commit(package)
    return package


def commit(package: Path) -> None:
    git(package, "add", "--all")
    git(package, "-c", "user.name=x", "-c", "user.email=x", "commit", "--message", "x")


def git(package: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=package.parent, check=True, capture_output=True)


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["contracts", "diff", *arguments], catch_exceptions=False)
    return result.exit_code, " ".join(result.output.split())


def test_a_revision_says_what_was_promised_then(package: Path) -> None:
    edit(package / "domain.py", '"created",', '"created", "lost",')
    edit(package / "gold" / "dim_date.py", "    day: int = column(in_range=(1, 31))\n", "")
    commit(package)
    edit(package / "bronze.py", "seller_city: str = raw()", "seller_town: str = raw()")
    assert contracts_at("HEAD~1", package) == described()
    found = changes(contracts_at("HEAD", package), described())
    assert [(each.table, each.what) for each in found] == [
        ("gold.dim_date", "column with rules added: day"),
        ("gold.fact_orders", "fewer values allowed: order_status_is_known, lost"),
        ("gold.fact_payments", "fewer values allowed: order_status_is_known, lost"),
        ("gold.fact_sales", "fewer values allowed: order_status_is_known, lost"),
        ("silver.orders", "fewer values allowed: order_status_is_known, lost"),
    ]
    assert "seller_town" in (package / "bronze.py").read_text()


def test_a_revision_from_before_contracts_were_described_can_be_read(package: Path) -> None:
    (package / "describe.py").unlink()
    (package / "changes.py").unlink()
    edit(package / "rules.py", "rule_name", "rule_named")
    commit(package)
    assert contracts_at("HEAD", package) == described()


@pytest.mark.parametrize("revision", ["nothing-of-that-name", "--output=x", "HEAD~7", ""])
def test_a_revision_that_is_not_there_is_refused(revision: str, package: Path) -> None:
    with pytest.raises(RevisionError, match=f"{revision}: its contracts cannot be read in .*clone"):
        contracts_at(revision, package)
    assert not (package / "x").exists()


def test_without_a_clone_one_line_says_so(tmp_path: Path) -> None:
    with pytest.raises(RevisionError, match="not a git repository"):
        contracts_at("HEAD", tmp_path)


def test_without_git_one_line_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(RevisionError, match="git is not installed"):
        contracts_at("HEAD", tmp_path)


def test_contracts_that_cannot_be_described_say_why(package: Path) -> None:
    edit(package / "contract.py", "class Contract(", "class Promises(")
    commit(package)
    with pytest.raises(RevisionError, match=r"too old for this version to describe: .*Contract"):
        contracts_at("HEAD", package)


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
    assert "gold.mart_freight_band table removed readers" in said
    assert said.endswith("changes: 1, breaking: 1")


def test_a_lake_of_today_has_not_changed(lake: str) -> None:
    made(lake, sellers.Sellers)
    delta.open_table(lake, bronze.Sellers)
    assert run("--lake", lake, "--check") == (0, "changes: 0, breaking: 0")


def test_a_table_tells_what_it_was_made_under(lake: str) -> None:
    made(lake, Sellers)
    code, said = run("--lake", lake)
    assert code == 0
    assert "silver.sellers column removed: nickname readers queries that name it fail" in said
    assert "rule removed: has_a_name readers" in said
    assert "changes: 6, breaking: 6" in said
    assert run("--lake", lake, "--check")[0] == 1


def test_bronze_tells_its_columns(lake: str) -> None:
    handle = delta.open_table(lake, bronze.Sellers)
    without = Schema([field for field in handle.schema().fields if field.name != "seller_city"])
    handle.create_write_transaction([], "overwrite", without)
    assert "bronze.sellers column added: seller_city sources" in run("--lake", lake)[1]


def test_a_table_without_a_note_tells_its_columns_types_and_partitions(lake: str) -> None:
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
    assert "column with rules added: seller_state" in said
    assert "partitioning changed: (nickname) to ()" in said
    assert "changes: 4, breaking: 3" in said


def test_the_command_compares_with_a_revision(
    package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit(package / "silver" / "sellers.py", "key=(", 'partition_by=("seller_state",), key=(')
    commit(package)
    monkeypatch.setattr("flows.revision.contracts_at", partial(contracts_at, package=package))
    code, said = run("HEAD", "--check")
    assert code == 0
    assert "silver.sellers partitioning changed: (seller_state) to () nobody" in said
    assert re.search(r"silver\.sellers: version \w{8}, was \w{8}\b", said)
    assert run("HEAD~1")[1] == "changes: 0, breaking: 0"

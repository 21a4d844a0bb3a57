"""The command that writes contracts for other tools."""

import json
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from contracts import bronze
from contracts.describe import described
from contracts.message_schema import json_schema
from flows.cli import app, main
from tests.support.command import invoke


def written(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_export_writes_a_document_for_each_table(tmp_path: Path) -> None:
    assert invoke("contracts", "export", "--out", str(tmp_path / "new")) == (
        f"{len(described())} contracts in {tmp_path / 'new'}\n"
    )
    assert written(tmp_path / "new") == sorted(f"{table}.odcs.yaml" for table in described())


def test_export_writes_the_tables_that_are_named(tmp_path: Path) -> None:
    invoke("contracts", "export", "--out", str(tmp_path), "Orders", "gold.dim_date")
    assert written(tmp_path) == [
        "bronze.orders.odcs.yaml",
        "gold.dim_date.odcs.yaml",
        "silver.orders.odcs.yaml",
    ]


def test_export_names_release_and_owners(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEYSTONE_OWNERS", '["Vendas são nós"]')
    invoke("contracts", "export", "--out", str(tmp_path), "dim_date")
    text = (tmp_path / "gold.dim_date.odcs.yaml").read_text(encoding="utf-8")
    assert "username: Vendas são nós" in text
    release = invoke("--version").split()[1]
    assert yaml.safe_load(text)["version"].startswith(f"{release}+")


def test_export_writes_the_json_schema_of_bronze_only(tmp_path: Path) -> None:
    out = invoke("contracts", "export", "--format", "json-schema", "--out", str(tmp_path), "orders")
    assert out == f"1 contract in {tmp_path}\n"
    schema = json.loads((tmp_path / "bronze.orders.schema.json").read_text())
    assert schema == json_schema(bronze.Orders)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["gold.dim_dat"], "error: there is no table gold.dim_dat; nearest: gold.dim_date"),
        (
            ["--format", "json-schema", "gold.dim_date"],
            "error: no json-schema for gold.dim_date: only bronze tables have one; name bronze ",
        ),
    ],
)
def test_export_of_what_is_not_there_says_so_and_writes_nothing(
    arguments: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    # main() sets it for its own process, which here is that of the tests.
    monkeypatch.setenv("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "CRITICAL")
    command = ["keystone", "contracts", "export", "--out", str(tmp_path / "new"), *arguments]
    monkeypatch.setattr("sys.argv", command)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith(message)
    assert not (tmp_path / "new").exists()


def test_export_refuses_other_formats(tmp_path: Path) -> None:
    wrong = ["contracts", "export", "--out", str(tmp_path), "--format", "avro"]
    result = CliRunner().invoke(app, wrong)
    assert (result.exit_code, written(tmp_path)) == (2, [])
    assert "'odcs'" in result.stderr

"""A run on input full of contact data leaves none outside bronze and quarantine."""

import csv
import json
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl
import pytest
from prefect.client.orchestration import get_client

from flows import delta
from flows.config.errors import RunFailedError
from flows.lakehouse import lakehouse
from tests.support.contact_data import contact_data
from tests.support.entities import tables_of_other_entities
from tests.support.good_records import GOOD
from tests.support.landing import COLUMNS
from transforms.graph import tables

# Invented people, one text per line. None is all digits, which would be a valid number.
CONTACTS = (
    "ana.prado@example.com, (11) 98765-4321, CPF 123.456.789-09, CEP 12345-678",
    "12345678909 / 98765-4321",
    "CNPJ 11.222.333/0001-81 ou +55 11 98765-4321",
)


class Run(NamedTuple):
    """A run on input with contact data: its lake, its flow runs and its error message."""

    lake: str
    flow_runs: list[dict[str, Any]]
    failure: str


def dirty(landing: Path) -> None:
    """Write contact data into each column, into an unknown column and outside of records."""
    landing.mkdir()
    for entity, columns in COLUMNS.items():
        good = GOOD.get(entity, {})
        with (landing / f"{entity}.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, [*columns, "note"], lineterminator="\n")
            writer.writeheader()
            writer.writerow({**good, "note": CONTACTS[0]})
            for number, (column, contact) in enumerate(product(columns, CONTACTS)):
                # Each record has its own key. Otherwise only the latest would reach silver.
                own = {columns[0]: f"{number:032x}"} if columns[0].endswith("_id") else {}
                writer.writerow({**good, **own, column: contact})
            file.write(f"{CONTACTS[0]}\n")  # not a record
    (landing / "orders_without_header.csv").write_text(",".join(CONTACTS) + "\n" * 2)
    (landing / "orders_latin.csv").write_bytes(f"{CONTACTS[0]} não\n".encode("latin-1"))
    (landing / "sellers_cut.csv").write_text(f'"{CONTACTS[0]}\n')


@pytest.fixture(scope="module")
def run(prefect_server: str, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Run the lakehouse on dirty input, and wait for all states, logs and events."""
    assert prefect_server
    folder = tmp_path_factory.mktemp("dirty")
    dirty(folder / "landing")
    lake = str(folder / "lake")
    with pytest.raises(RunFailedError) as failed:
        lakehouse.with_options(flow_run_name=lake)(str(folder / "landing"), lake)
    runs = asked("/flow_runs/filter", flow_runs={"name": {"any_": [lake]}})
    runs += asked("/flow_runs/filter", flow_runs={"parent_flow_run_id": {"any_": [runs[0]["id"]]}})
    # Prefect delivers states, logs and events with a delay.
    next(filter(None, (all_ended(steps(runs)) for _ in range(2000))))
    last = "gold.fact_sales is now at"
    next(filter(None, (last in json.dumps(logs(runs)) for _ in range(2000))))
    assets = [name.replace(".", "/") for name in tables()]
    next(filter(None, (all(events(lake, asset) for asset in assets) for _ in range(2000))))
    return Run(lake, runs, str(failed.value))


def asked(path: Any, **body: Any) -> Any:
    with get_client(sync_client=True) as client:
        return client.request("POST", path, json=body).json()


def logs(runs: list[dict[str, Any]]) -> list[Any]:
    """Return the lines of each run; the server gives 200 at most."""
    wanted = [{"flow_run_id": {"any_": [run["id"]]}} for run in runs]
    return [line for each in wanted for line in asked("/logs/filter", logs=each)]


def steps(runs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the task runs of each run."""
    ids = {"any_": [run["id"] for run in runs]}
    found: list[dict[str, Any]] = asked("/task_runs/filter", task_runs={"flow_run_id": ids})
    return found


def all_ended(found: list[dict[str, Any]]) -> bool:
    """Return whether there is a task run per table, and none is running."""
    return len(found) >= len(tables()) and all(each["state_type"] != "RUNNING" for each in found)


def events(lake: str, table: str) -> list[Any]:
    resource = {"id_prefix": [f"file://{lake}/{table}"]}
    found: list[Any] = asked("/events/filter", filter={"any_resource": resource})["events"]
    return found


def texts(table: pl.DataFrame) -> Iterator[str]:
    for column in table.select(pl.col(pl.String)):
        yield from column.drop_nulls().unique()


def test_bronze_and_quarantine_hold_the_contact_data(run: Run) -> None:
    for layer, columns in (("bronze", 1), ("quarantine", 0)):
        raw = pl.concat(
            [
                delta.scan(delta.open_existing(run.lake, f"{layer}.{entity}")).collect()
                for entity in ("sellers", "order_items")
            ],
            how="diagonal",
        )
        assert len([text for text in texts(raw) if contact_data(text)]) > columns


@pytest.mark.parametrize("name", tables())
def test_no_text_of_silver_or_gold_holds_contact_data(run: Run, name: str) -> None:
    table = delta.scan(delta.open_existing(run.lake, name)).collect()
    assert len(table) or name in tables_of_other_entities(GOOD)
    assert not [found for text in texts(table) for found in contact_data(text)]


def test_contact_data_is_redacted_in_free_text_columns(run: Run) -> None:
    texts_of = {
        "silver.order_reviews": "review_comment_message",
        "gold.dim_product": "product_category_name",
        "gold.dim_seller": "seller_city",
        "gold.dim_customer": "customer_city",
    }
    for name, column in texts_of.items():
        table = delta.scan(delta.open_existing(run.lake, name)).collect()
        assert table[column].str.contains(r"\[(cpf|cnpj|email)\]").any(), name


@pytest.mark.parametrize("layer", ["silver", "gold"])
def test_delta_logs_of_silver_and_gold_hold_no_contact_data(run: Run, layer: str) -> None:
    commits = list(Path(run.lake, layer).rglob("_delta_log/*.json"))
    assert commits
    assert not [found for commit in commits for found in contact_data(commit.read_text())]


def test_commit_metrics_hold_no_contact_data(run: Run) -> None:
    for path in Path(run.lake).rglob("_delta_log/*.json"):
        actions = [json.loads(line) for line in path.read_text().splitlines()]
        infos = [action["commitInfo"] for action in actions if "commitInfo" in action]
        assert infos
        assert not contact_data(json.dumps(infos, ensure_ascii=False)), path.parts[-3]


def test_no_artifact_holds_contact_data_or_names_a_tagged_column(run: Run) -> None:
    runs = {"any_": [each["id"] for each in run.flow_runs]}
    artifacts = asked("/artifacts/filter", artifacts={"flow_run_id": runs})
    assert {artifact["key"] for artifact in artifacts} >= {"ingest-tables", "refresh-summary"}
    shown = json.dumps(artifacts, ensure_ascii=False)
    assert not contact_data(shown)
    assert "review_comment" not in shown


def test_log_lines_hold_no_contact_data(run: Run) -> None:
    lines = logs(run.flow_runs)
    assert len(lines) > len(tables())
    assert not contact_data(json.dumps(lines, ensure_ascii=False))


def test_no_asset_and_no_event_holds_contact_data(run: Run) -> None:
    for name in tables():
        found = events(run.lake, name.replace(".", "/"))
        assert "prefect.asset.materialization.succeeded" in {event["event"] for event in found}
        assert not contact_data(json.dumps(found, ensure_ascii=False)), name


def test_no_state_of_a_run_holds_contact_data(run: Run) -> None:
    named = [*run.flow_runs, *steps(run.flow_runs)]
    assert len(named) >= len(run.flow_runs) + len(tables())
    assert not contact_data(json.dumps(named, ensure_ascii=False))


def test_no_error_message_holds_contact_data(run: Run) -> None:
    assert "orders_without_header.csv: " in run.failure
    assert "orders_latin.csv: " in run.failure
    assert "sellers_cut.csv: " in run.failure
    assert not contact_data(run.failure)

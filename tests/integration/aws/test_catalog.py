"""Gold in the Glue Data Catalog, on moto, a simulated AWS."""

from typing import Any

import boto3
import pytest
from typer.testing import CliRunner

from contracts.gold.dim_date import DimDate
from contracts.gold.fact_sales import FactSales
from flows import delta
from flows.aws.glue_catalog import NoDatabaseError, register_tables
from flows.cli import app
from flows.config.errors import NoLakeError, SettingError
from flows.kafka.client import KafkaSettings
from flows.kafka.topics import topic_of
from tests.support.aws import REGION
from transforms.graph import sources, tables

LAKE = "s3://shop/lake"


@pytest.fixture(autouse=True)
def shop(aws_account: str) -> None:
    """An empty bucket and an empty database."""
    configuration = {"LocationConstraint": REGION}
    s3, glue = (boto3.client(name, endpoint_url=aws_account) for name in ("s3", "glue"))
    s3.create_bucket(Bucket="shop", CreateBucketConfiguration=configuration)
    glue.create_database(DatabaseInput={"Name": "keystone"})


def entry(table: str) -> dict[str, Any]:
    return dict(boto3.client("glue").get_table(DatabaseName="keystone", Name=table)["Table"])


def columns(table: str) -> dict[str, str]:
    return {each["Name"]: each["Type"] for each in entry(table)["StorageDescriptor"]["Columns"]}


def test_an_entry_is_a_delta_table_for_athena() -> None:
    delta.open_table(LAKE, FactSales)
    register_tables(LAKE, "keystone")
    found = entry("fact_sales")
    assert found["Parameters"]["table_type"] == "DELTA"
    assert found["Parameters"]["spark.sql.sources.provider"] == "delta"
    where = "s3://shop/lake/gold/fact_sales"
    assert found["StorageDescriptor"]["Location"] == where
    assert found["StorageDescriptor"]["SerdeInfo"]["Parameters"]["path"] == where
    assert not found.get("PartitionKeys")  # Athena reads them from the log


def test_columns_come_from_the_log_and_comments_from_the_contract() -> None:
    delta.open_table(LAKE, FactSales)
    register_tables(LAKE, "keystone")
    log = delta.open_existing(LAKE, "gold.fact_sales").schema()
    assert list(columns("fact_sales")) == [field.name for field in log.fields]
    assert (
        columns("fact_sales").items()
        >= {
            "order_id": "string",
            "order_item_id": "bigint",
            "price": "decimal(18,2)",
            "delivered_on_time": "boolean",
            "_version": "bigint",
        }.items()
    )
    descriptions = {
        each["Name"]: each["Comment"]
        for each in entry("fact_sales")["StorageDescriptor"]["Columns"]
    }
    assert descriptions["purchase_month"] == "Month of the purchase as yyyy-mm."
    assert entry("fact_sales")["Description"].startswith("One row per order item")


def test_every_column_of_gold_has_a_type_that_glue_knows() -> None:
    known = {"bigint", "boolean", "date", "decimal(18,2)", "double", "string", "timestamp"}
    gold = [table.contract for name, table in tables().items() if name.startswith("gold.")]
    for contract in gold:
        delta.open_table(LAKE, contract)
    entries = register_tables(LAKE, "keystone")
    assert len(entries) == len(gold)
    for contract in gold:
        name = contract.spec().table.removeprefix("gold.")
        assert set(columns(name).values()) <= known
        comments = [each["Comment"] for each in entry(name)["StorageDescriptor"]["Columns"]]
        assert all(len(comment) <= 255 and "\n" not in comment for comment in comments)


def test_second_registration_replaces_the_first() -> None:
    delta.open_table(LAKE, DimDate)
    first = register_tables(LAKE, "keystone")
    before = entry("dim_date")
    boto3.client("glue").update_table(
        DatabaseName="keystone", TableInput={"Name": "dim_date", "Description": "out of date"}
    )
    second = register_tables(LAKE, "keystone")
    assert ([each["new"] for each in first], [each["new"] for each in second]) == ([True], [False])
    assert entry("dim_date")["StorageDescriptor"] == before["StorageDescriptor"]
    assert entry("dim_date")["Description"] == before["Description"]


def test_catalog_command_prints_its_entries() -> None:
    delta.open_table(LAKE, DimDate)
    result = CliRunner().invoke(app, ["catalog", "--lake", LAKE], catch_exceptions=False)
    assert result.exit_code == 0
    assert "keystone.dim_date" in result.output
    assert "s3://shop/lake/gold/dim_date" in result.output


def test_missing_database_is_named() -> None:
    delta.open_table(LAKE, DimDate)
    with pytest.raises(NoDatabaseError, match="sa-east-1 has no database analytics"):
        register_tables(LAKE, "analytics")


def test_lake_without_gold_is_an_error() -> None:
    with pytest.raises(NoLakeError, match="no gold tables here yet"):
        register_tables(LAKE, "keystone")


@pytest.mark.parametrize("lake", ["", "lake", "/data/lake"])
def test_lake_that_is_not_on_s3_is_rejected(lake: str) -> None:
    with pytest.raises(SettingError, match="Athena reads S3"):
        register_tables(lake, "keystone")


def test_catalog_command_registers_message_schemas() -> None:
    delta.open_table(LAKE, DimDate)
    boto3.client("glue").create_registry(RegistryName="keystone")
    arguments = ["catalog", "--lake", LAKE, "--registry", "keystone"]
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    assert all(topic_of(KafkaSettings(), source) in result.output for source in sources())

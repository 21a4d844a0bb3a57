"""The gold tables in the AWS Glue Data Catalog, where Athena finds them."""

from textwrap import shorten
from typing import Any

from deltalake import DeltaTable

from contracts.contract import Contract
from flows import delta
from flows.config.errors import NoLakeError, SettingError
from flows.storage import s3
from flows.storage.filesystem import check_access
from transforms.graph import tables


class NoDatabaseError(Exception):
    """The Glue Data Catalog has no such database; says how to create it."""


def register_tables(lake: str, database: str) -> list[dict[str, Any]]:
    """Register the gold tables of a lake, one entry per table.

    An entry holds the location of the table and the descriptions of its columns. Athena reads the
    rest from the Delta log with each query, so new rows, columns and partitions need no second
    registration, but a changed description does. An existing entry is replaced. The entry of a
    table without a contract stays.

    Args:
        lake: the location of the tables, "s3://bucket/path".
        database: the database of the catalog.

    Returns:
        For each table its name (`table`), its `location`, the number of its `columns`, and whether
        the entry is `new`.

    Raises:
        SettingError: the lake is not on S3, or there are no credentials.
        NoLakeError: the lake has no gold tables.
        OSError: S3 does not answer.
        NoDatabaseError: the catalog has no such database.
        botocore.exceptions.BotoCoreError: AWS cannot be reached, or no region is set.
        botocore.exceptions.ClientError: AWS rejects a request.
    """
    if not lake.startswith("s3://"):
        message = f"{lake or 'no lake'}: Athena reads S3 only; use --lake s3://BUCKET/PATH"
        raise SettingError(message)
    check_access(lake)
    gold = [
        table.contract
        for name, table in tables().items()
        if name.startswith("gold.") and delta.exists(lake, name)
    ]
    if not gold:
        message = f"{lake}: there are no gold tables here yet; `keystone run` creates them"
        raise NoLakeError(message)
    glue = s3.client("glue")
    return [_register(glue, database, contract, lake) for contract in gold]


def _register(glue: Any, database: str, contract: type[Contract], lake: str) -> dict[str, Any]:
    handle = delta.open_existing(lake, contract.spec().table)
    entry = _entry(contract, handle, delta.location(lake, contract.spec().table))
    try:
        glue.create_table(DatabaseName=database, TableInput=entry)
    except glue.exceptions.AlreadyExistsException:
        glue.update_table(DatabaseName=database, TableInput=entry, SkipArchive=True)
        new = False
    except glue.exceptions.EntityNotFoundException as error:
        message = (
            f"the Glue Data Catalog in {glue.meta.region_name} has no database {database}; "
            "create it with deployments/aws/catalog.yaml"
        )
        raise NoDatabaseError(message) from error
    else:
        new = True
    storage = entry["StorageDescriptor"]
    return {
        "table": f"{database}.{entry['Name']}",
        "location": storage["Location"],
        "columns": len(storage["Columns"]),
        "new": new,
    }


def _entry(contract: type[Contract], handle: DeltaTable, location: str) -> dict[str, Any]:
    """Return the entry of a table: parameters that mark it as Delta, its location, its columns.

    Athena ignores the formats and the SerDe, but readers of Hive tables require them. Spark writes
    the same ones.
    """
    version = "Version of this table that last changed the row."
    descriptions = {**contract.descriptions(), "_version": version}
    return {
        "Name": contract.spec().name,
        "Description": contract.grain(),
        "TableType": "EXTERNAL_TABLE",
        "Parameters": {
            "EXTERNAL": "TRUE",
            "classification": "delta",
            "spark.sql.sources.provider": "delta",
            "table_type": "DELTA",
        },
        "StorageDescriptor": {
            "Columns": [
                {
                    "Name": field.name,
                    "Type": _glue_type(field.type.type),
                    "Comment": shorten(
                        descriptions.get(field.name, ""), _MAX_COMMENT, placeholder=" …"
                    ),
                }
                for field in handle.schema().fields
            ],
            "Location": location,
            "InputFormat": "org.apache.hadoop.mapred.SequenceFileInputFormat",
            "OutputFormat": "org.apache.hadoop.hive.ql.io.HiveSequenceFileOutputFormat",
            "SerdeInfo": {
                "SerializationLibrary": "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe",
                "Parameters": {"path": location, "serialization.format": "1"},
            },
        },
    }


_MAX_COMMENT = 255
"""Characters that Glue allows in a column's comment."""

_GLUE_TYPES = {"long": "bigint", "integer": "int", "timestamp_ntz": "timestamp"}
"""Types whose name in Glue differs from their name in Delta."""


def _glue_type(delta_type: str) -> str:
    return _GLUE_TYPES.get(delta_type, delta_type)

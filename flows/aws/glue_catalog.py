"""Gold in the AWS Glue Data Catalog, so that Athena finds its tables."""

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
    """The Glue Data Catalog has no such database; says where it is made."""


def catalog(lake: str, database: str) -> list[dict[str, Any]]:
    """Register each gold table that the lake has, one entry a table.

    An entry says where the table lies and what its columns mean. Athena reads the rest from the
    Delta log at each query: new rows, columns and partitions need no second call, a changed
    description does. What is registered already is replaced; a table whose contract is gone stays.

    Args:
        lake: where the tables lie, "s3://bucket/path".
        database: the database of the catalog.

    Returns:
        For each table its name (`table`), its `location`, the number of its `columns`, and whether
        the entry is `new`.

    Raises:
        SettingError: the lake is not on S3, or there are no credentials.
        NoLakeError: it has no gold tables.
        OSError: S3 does not answer.
        NoDatabaseError: the catalog has no such database.
        botocore.exceptions.BotoCoreError: AWS cannot be reached, or no region is set.
        botocore.exceptions.ClientError: AWS refuses.
    """
    if not lake.startswith("s3://"):
        message = f"{lake or 'no lake'}: Athena reads S3; say --lake s3://BUCKET/PATH"
        raise SettingError(message)
    check_access(lake)
    gold = [
        table.contract
        for name, table in tables().items()
        if name.startswith("gold.") and delta.exists(lake, name)
    ]
    if not gold:
        message = f"{lake}: there are no gold tables here yet; `keystone run` makes them"
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
        where = f"the Glue Data Catalog of {glue.meta.region_name}"
        made = "deployments/aws/catalog.yaml makes one"
        message = f"{where} has no database {database}; {made}"
        raise NoDatabaseError(message) from error
    else:
        new = True
    described = entry["StorageDescriptor"]
    return {
        "table": f"{database}.{entry['Name']}",
        "location": described["Location"],
        "columns": len(described["Columns"]),
        "new": new,
    }


def _entry(contract: type[Contract], handle: DeltaTable, location: str) -> dict[str, Any]:
    """Return a table as Athena wants to find it: the parameters that call it Delta, and a path.

    Formats and SerDe stand there for readers of Hive tables, and are those that Spark writes too.
    """
    last = "The version of this table that last changed the row."
    descriptions = {**contract.descriptions(), "_version": last}
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
                        descriptions.get(field.name, ""), _LONGEST, placeholder=" …"
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


_LONGEST = 255
"""Characters that Glue takes in a column's comment."""

_GLUE = {"long": "bigint", "integer": "int", "timestamp_ntz": "timestamp"}
"""Delta's names of types where Glue has another one."""


def _glue_type(delta_type: str) -> str:
    return _GLUE.get(delta_type, delta_type)

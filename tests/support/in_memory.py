"""All tables, computed in memory from raw records by the pure functions alone."""

from collections.abc import Mapping

import polars as pl

from transforms.deduplication import all_versions, latest_versions
from transforms.graph import tables
from transforms.validation import validate_records


def compute_tables(raw: Mapping[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """Return the rows of silver and gold that some records give, by table.

    Args:
        raw: the raw records by bronze table; a table may be missing.
    """
    versions, rows = dict[str, pl.DataFrame](), dict[str, pl.DataFrame]()
    for name, table in tables().items():
        fields = table.contract.fields().names()
        if table.source:
            records = raw[table.source.spec().table].lazy()
            found = validate_records(records, table.function, table.contract)
            versions[name] = all_versions(found.valid, found.deletes).collect()
            latest = latest_versions(versions[name].lazy(), table.contract.spec().key).collect()
            rows[name] = latest.filter(~pl.col("_is_delete")).select(fields)
        elif table.versions_of:
            computed = table.function(versions[table.versions_of.name].lazy())
            rows[name] = computed.select(fields).collect()
        else:
            inputs = {
                parameter: rows[contract.spec().table].lazy()
                for parameter, contract in table.inputs.items()
            }
            rows[name] = table.function(**inputs).select(fields).collect()
    return rows

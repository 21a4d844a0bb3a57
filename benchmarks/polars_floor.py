"""Our table functions alone: `python -m benchmarks.polars_floor SOURCE OUT [--contracts]`.

Polars computes the tables in memory and writes Parquet files, without bronze, Delta, verification
or Prefect. With `--contracts`, bad rows are filtered out and gold is checked as in a refresh;
otherwise nothing is checked. The difference is the cost of the contracts. The source files must be
regular.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from benchmarks.tables import PARTITIONED, folders
from contracts.contract import Bronze
from contracts.table_check import check_table
from contracts.technical_columns import SILVER_PROVENANCE, UPSERT
from flows.ingest.landing_zone import find_files
from transforms.deduplication import latest_versions
from transforms.graph import Table, tables
from transforms.validation import validate_records


def build(source: Path, out: Path, *, contracts: bool) -> None:
    """Read the CSV files; write silver and gold (with the contracts: bad rows too)."""
    folders(out)
    files, _ = find_files(str(source))
    done: dict[str, pl.DataFrame] = {}
    for name, table in tables().items():
        if table.source:
            raw = _raw(table.source, [source / file.name for file in files[table.source]])
            typed, bad = _validated(raw, table) if contracts else (table.function(raw), None)
            versions = typed if contracts else typed.with_columns(**_origin())
            rows = latest_versions(versions, table.contract.spec().key)
        else:
            rows, bad = table.function(**_inputs(table, done)), None
        columns = table.contract.fields().names()
        origin = SILVER_PROVENANCE.names() if table.contract.spec().history else []
        done[name] = rows.select(*columns, *origin).collect(engine="streaming")
        if contracts and not table.source:
            parents = table.contract.references().items()
            check_table(
                done[name],
                table.contract,
                {column: done[parent.spec().table].lazy() for column, parent in parents},
            )
        _write(out, name, done[name].select(columns))
        if bad is not None:
            _write(out, name.replace("silver", "bad"), bad)


def _raw(contract: type[Bronze], paths: list[Path]) -> pl.LazyFrame:
    nothing = pl.LazyFrame(schema=contract.fields())
    records = pl.scan_csv(paths, infer_schema=False) if paths else nothing
    return records.with_columns(_corrupt_record=pl.lit(None, pl.String), **_origin())


def _origin() -> dict[str, pl.Expr]:
    return {
        "_source": pl.lit("file"),
        "_position": pl.int_range(1, pl.len() + 1),
        "_event_time": pl.lit(datetime.now(UTC)),
        "_operation": pl.lit(UPSERT),
    }


def _validated(raw: pl.LazyFrame, table: Table) -> tuple[pl.LazyFrame, pl.DataFrame]:
    valid, _, invalid = pl.collect_all(
        validate_records(raw, table.function, table.contract), engine="streaming"
    )
    return valid.lazy(), invalid


def _inputs(table: Table, done: dict[str, pl.DataFrame]) -> dict[str, pl.LazyFrame]:
    return {name: done[read.spec().table].lazy() for name, read in table.inputs.items()}


def _write(out: Path, name: str, rows: pl.DataFrame) -> None:
    path = out / name.replace(".", "/")
    by = PARTITIONED.get(path.name)
    target = pl.PartitionBy(path, key=by) if by else path.with_suffix(".parquet")
    # The default compression of DuckDB, pandas and Delta.
    rows.lazy().sink_parquet(target, compression="uncompressed")


if __name__ == "__main__":
    build(Path(sys.argv[1]), Path(sys.argv[2]), contracts="--contracts" in sys.argv[3:])

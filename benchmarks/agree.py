"""Check that another build gives the same tables as ours: `python -m benchmarks.agree LAKE OUT`.

OUT is a folder of Parquet files, or a DuckDB database.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import polars as pl
from polars.testing import assert_frame_equal

from benchmarks.duckdb_build import write
from benchmarks.tables import FOR_INCREMENTS, GOLD, RECORDS, SILVER
from flows.delta.status import status
from transforms.graph import tables


def disagreements(lake: str, out: Path) -> list[str]:
    """Compare a build's tables with those of a lake; return a line for each difference.

    Gold has the same keys and values, with money to the cent and coordinates to nine digits. Silver
    has the same number of rows per table. The total number of bad rows is the same.
    """
    state = status(lake)
    found = [line for name in GOLD if (line := _difference(lake, out, name))]
    for name in SILVER:
        ours, theirs = state[f"silver.{name}"]["rows"], _rows(out / f"silver/{name}.parquet")
        if ours != theirs:
            found.append(f"silver.{name}: we have {ours:,} rows, they {theirs:,}")
    ours = sum(each["quarantined"] for each in state.values())
    theirs = sum(_rows(out / f"bad/{name}.parquet") for name in ("unreadable", *RECORDS))
    if ours != theirs:
        found.append(f"bad rows: we have {ours:,}, they {theirs:,}")
    return found


def export(database: Path, out: Path) -> Path:
    """Write the tables of a DuckDB database as Parquet files; return their folder."""
    with duckdb.connect(database, read_only=True) as connection:
        write(connection, out)
    return out


def _difference(lake: str, out: Path, name: str) -> str:
    contract = tables()[f"gold.{name}"].contract
    omitted, key = FOR_INCREMENTS.get(name, set()), list(contract.spec().key)
    schema = {name: dtype for name, dtype in contract.fields().items() if name not in omitted}
    ours = pl.scan_delta(f"{lake}/gold/{name}").select(*schema)
    path = out / "gold" / name
    files = path / "**/*.parquet" if path.is_dir() else path.with_suffix(".parquet")
    theirs = pl.scan_parquet(files, hive_partitioning=path.is_dir(), try_parse_hive_dates=False)
    try:
        assert_frame_equal(
            ours.sort(key).collect(),
            theirs.select(*schema).cast(pl.Schema(schema)).sort(key).collect(),
            rel_tol=1e-9,
        )
    except AssertionError as error:
        return f"gold.{name}: {' '.join(str(error).split())}"
    return ""


def _rows(path: Path) -> int:
    if not path.exists():  # a build without bad rows may omit the file
        return 0
    return int(pl.scan_parquet(path).select(pl.len()).collect().item())


if __name__ == "__main__":
    with TemporaryDirectory() as folder:
        given = Path(sys.argv[2])
        out = export(given, Path(folder)) if given.is_file() else given
        lines = disagreements(sys.argv[1], out)
    print("\n".join(lines) or "the same tables")
    sys.exit(bool(lines))

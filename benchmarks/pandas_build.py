"""The same work in pandas: `python -m benchmarks.pandas_build SOURCE OUT`."""

import sys
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet

from benchmarks.pandas_gold import gold
from benchmarks.pandas_marts import marts
from benchmarks.pandas_silver import silver
from benchmarks.tables import PARTITIONED, folders

MONEY = {
    *("price", "freight_value", "payment_value", "total_order_value", "payment_difference"),
    *("total_order_item_value", "allocated_payment_value"),
    *("gmv", "gmv_called_off", "average_order_value", "sales", "freight_per_order", "monetary"),
    "average_value",
}


def build(source: Path, out: Path) -> None:
    """Read nine CSV files; write silver, bad rows and gold as Parquet files."""
    folders(out)
    good, bad = silver(source)
    for name, rows in bad.items():
        _write(_arrow(rows), out / "bad" / f"{name}.parquet")
    for name, rows in good.items():
        _write(_reais(_arrow(rows)), out / "silver" / f"{name}.parquet")
    facts = gold(good)
    for name, rows in {**facts, **marts(facts)}.items():
        if by := PARTITIONED.get(name):
            for value, part in rows.groupby(by):
                folder = out / "gold" / name / f"{by}={value}"
                folder.mkdir(parents=True)
                _write(_reais(_arrow(part.drop(columns=by))), folder / "0.parquet")
        else:
            _write(_reais(_arrow(rows)), out / "gold" / f"{name}.parquet")


def _write(rows: pa.Table, path: Path) -> None:
    parquet.write_table(rows, path, compression="none")


def _arrow(rows: pd.DataFrame) -> pa.Table:
    return pa.Table.from_pandas(rows, preserve_index=False)


def _reais(table: pa.Table) -> pa.Table:
    """Convert integer centavos to decimals."""
    cent = pa.scalar(Decimal("0.01"), pa.decimal128(3, 2))
    for index, name in enumerate(table.column_names):
        if name in MONEY:
            amounts = pc.multiply(table[name].cast(pa.decimal128(19)), cent)
            table = table.set_column(index, name, amounts.cast(pa.decimal128(18, 2)))
    return table


if __name__ == "__main__":
    build(Path(sys.argv[1]), Path(sys.argv[2]))

"""Break a share of the records of a file, each in one known way."""

import numpy as np
import polars as pl
import polars.selectors as cs

from flows.sample.defects import DEFECTS


def corrupt(
    rng: np.random.Generator, entity: str, records: pl.DataFrame, before: int, share: float
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the records as text with a share of them broken, and one row per broken record.

    Shape: the records in their order; then `record` (its number in the file, from 1), `entity`,
    `column`, `rule` and `value`.

    Args:
        rng: chooses the records.
        entity: the entity of the records.
        records: some records of a file.
        before: the number of records before them in the file; the share then holds for the whole
            file, and the defects take turns across its parts.
        share: the share to break, from 0 to 1.
    """
    defects = DEFECTS[entity]
    done, due = round(share * before), round(share * (before + records.height))
    kind = np.full(records.height, -1)
    chosen = rng.choice(records.height, due - done, replace=False)
    kind[chosen] = np.arange(done, due) % len(defects)
    corrupted = records.with_columns(
        cs.temporal().dt.to_string("%Y-%m-%d %H:%M:%S"), cs.numeric().cast(pl.String)
    )
    broken = []
    for number, defect in enumerate(defects):
        hit = pl.Series(kind == number)
        target = defect.column or records.columns[-1]
        corrupted = corrupted.with_columns(
            pl.when(hit).then(defect.value).otherwise(target).alias(target)
        )
        broken.append(
            corrupted.with_row_index("record", before + 1)
            .filter(hit)
            .select(
                "record",
                entity=pl.lit(entity),
                column=pl.lit(defect.column, dtype=pl.String),
                rule=pl.lit(defect.rule),
                value=pl.col(target) if defect.column else pl.lit(None, dtype=pl.String),
            )
        )
    return corrupted, pl.concat(broken).sort("record")

"""Statistics of a quarantine table."""

import polars as pl
from deltalake import DeltaTable

from flows import delta


def broken_rules(quarantine: DeltaTable) -> dict[str, int]:
    """Count the rows in quarantine by the rule that they break, most frequent first."""
    counted = (
        delta.scan(quarantine)
        .select(rule=pl.col("_broken_rules").explode())
        .group_by("rule")
        .len()
        .sort("len", "rule", descending=[True, False])
        .collect()
    )
    return dict(counted.iter_rows())

"""The rules that records and rows break, counted."""

from collections.abc import Mapping

import polars as pl
from deltalake import DeltaTable

from flows import delta


def broken_rules(quarantine: DeltaTable) -> dict[str, int]:
    """Count the rows in quarantine by the rule that they break, most frequent first."""
    return count_rules(delta.scan(quarantine))


def count_rules(quarantined: pl.LazyFrame) -> dict[str, int]:
    """Count quarantined records by the rule that they break, most frequent first."""
    counted = (
        quarantined.select(rule=pl.col("_broken_rules").explode())
        .group_by("rule")
        .len()
        .sort("len", "rule", descending=[True, False])
        .collect()
    )
    return dict(counted.iter_rows())


def rule_lines(counts: Mapping[str, Mapping[str, int]]) -> list[str]:
    """Return a line for each table with broken rules: its name, and each rule with its count."""
    broken = {
        table: ", ".join(f"{rule} ({count:,})" for rule, count in rules.items() if count)
        for table, rules in counts.items()
    }
    return [f"{table}: {rules}" for table, rules in broken.items() if rules]

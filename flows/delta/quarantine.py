"""A quarantine: the version that belongs to silver, and the rules that records break, counted."""

from collections.abc import Mapping

import polars as pl
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from flows import delta


def of_silver(quarantine: DeltaTable, silver: DeltaTable, name: str) -> DeltaTable | None:
    """Return the newest version of a quarantine that belongs to a version of its silver table.

    A refresh writes the quarantine before silver, and a restore of silver leaves it as it is. So
    the newest version may belong to another one. Return None if the log has no such version.

    Args:
        quarantine: a handle on the newest version.
        silver: a handle on the version of silver.
        name: the name of the quarantine, such as `quarantine.orders`.
    """
    generation = delta.consumed(silver, name)
    while delta.consumed(quarantine, name) != generation:
        if not quarantine.version():
            return None
        try:
            quarantine = delta.as_of(quarantine, quarantine.version() - 1)
        except DeltaError:  # a clean-up has deleted the log of older versions
            return None
    return quarantine


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

"""A quarantine: the version that belongs to silver, and the rules that records break, counted."""

from collections.abc import Mapping

import polars as pl
from deltalake import DeltaTable

from flows import delta
from flows.delta.versions import NoVersionError, open_logged


def of_silver(quarantine: DeltaTable, silver: DeltaTable, name: str) -> DeltaTable:
    """Return the newest version of a quarantine that belongs to a version of its silver table.

    A refresh writes the quarantine before silver, and a restore of silver leaves it as it is. So
    the newest version may belong to another one.

    Args:
        quarantine: a handle on the newest version.
        silver: a handle on the version of silver.
        name: the name of the quarantine, such as `quarantine.orders`.

    Raises:
        NoVersionError: the log has no such version.
    """
    generation = delta.consumed(silver, name)
    while delta.consumed(quarantine, name) != generation:
        if not quarantine.version():
            message = f"no version of {name} belongs to silver"
            raise NoVersionError(message)
        quarantine = open_logged(quarantine, quarantine.version() - 1)
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

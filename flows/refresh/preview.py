"""What the current rules would do with stored records, before anything is written."""

from collections import Counter
from typing import NamedTuple

import polars as pl
from deltalake import DeltaTable

from flows import delta
from flows.delta import data_files
from flows.delta.damage import translates_damage
from flows.refresh.redacted_examples import redacted_examples
from transforms.graph import Table
from transforms.validation import validate_records

EXAMPLES = 5


class Preview(NamedTuple):
    """The effect of the current rules on the records that a table has consumed."""

    table: str
    records: int
    quarantined: Counter[str]
    """By rule, the accepted records that would go to quarantine."""
    released: Counter[str]
    """By rule that they broke, the quarantined records that would be accepted."""
    examples: list[str]
    """Some of the records that would go to quarantine, redacted."""

    @property
    def is_unchanged(self) -> bool:
        """Whether each record would stay where it is."""
        return not (self.quarantined or self.released)


@translates_damage
def preview_rules(lake: str, table: Table) -> Preview:
    """Validate the records that a silver table has consumed with the current code.

    Raises:
        deltalake.exceptions.TableNotFoundError: the lake does not have the table yet.
    """
    (source,) = table.inputs.values()
    name, columns = source.spec().table, [*_POSITION]
    silver = delta.open_existing(lake, table.name)
    bronze = delta.open_existing(lake, name)
    bronze.load_as_version(delta.consumed(silver, name) or 0)
    stored = _stored(delta.open_existing(lake, delta.quarantine_name(source)))
    quarantined, still, examples = Counter[str](), list[pl.DataFrame](), list[str]()
    for part in delta.scan(bronze).collect_batches(chunk_size=data_files.ROWS):
        invalid = validate_records(part.lazy(), table.function, table.contract).invalid.collect()
        new = invalid.join(stored, on=columns, how="anti", nulls_equal=True)
        quarantined.update(_by_rule(new))
        still.append(invalid.select(columns))
        examples += redacted_examples(new.head(EXAMPLES - len(examples)), table.contract)
    staying = pl.concat(still) if still else stored.select(columns).clear()
    released = stored.join(staying, on=columns, how="anti", nulls_equal=True)
    return Preview(
        table.name, delta.rows(bronze), quarantined, Counter(_by_rule(released)), examples
    )


_POSITION = ("_source", "_position")


def _stored(quarantine: DeltaTable) -> pl.DataFrame:
    return delta.scan(quarantine).select(*_POSITION, "_broken_rules").collect()


def _by_rule(records: pl.DataFrame) -> dict[str, int]:
    counts = records.select(pl.col("_broken_rules").explode().value_counts()).unnest(
        "_broken_rules"
    )
    return dict(counts.drop_nulls().iter_rows())

"""What the current rules would do with stored records, before anything is written."""

import re
from collections import Counter
from typing import NamedTuple

import polars as pl
from deltalake import DeltaTable

from contracts.contract import Contract
from contracts.rules import rules
from flows import delta
from flows.delta import data_files
from flows.delta.damage import translates_damage
from transforms.graph import Table
from transforms.redaction import redact
from transforms.validation import validate_records

EXAMPLES = 5

_DIGEST = re.compile("^file/[0-9a-f]{64}/")


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
        examples += _examples(new.head(EXAMPLES - len(examples)), table.contract)
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


def _examples(records: pl.DataFrame, contract: type[Contract]) -> list[str]:
    """Return a line per record: its origin, the broken rules, and the values that they look at."""
    raw, reads = (
        contract.parsed_from(),
        {
            rule.name: {rule.column} if rule.column else {*rule.expr.meta.root_names()}
            for rule in rules(contract)
        },
    )
    personal = {raw[name] for name in contract.personal()}
    texts = records.with_columns(redact(pl.col(pl.String)))
    lines = []
    for record in texts.iter_rows(named=True):
        broken = record["_broken_rules"]
        read = dict.fromkeys(raw[n] for rule in broken for n in sorted(reads.get(rule, ())))
        values = [f"{n}={record[n]!r}" for n in read if n in record and n not in personal]
        origin = f"{_DIGEST.sub('', record['_source'] or '')} record {record['_position']}"
        lines.append(" ".join([f"{origin}: {', '.join(broken)}", *values]))
    return lines

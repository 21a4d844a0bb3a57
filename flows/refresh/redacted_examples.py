"""Examples of records that break rules, without personal data."""

import re

import polars as pl

from contracts.contract import Contract
from contracts.rules import rules
from transforms.redaction import redact


def redacted_examples(records: pl.DataFrame, contract: type[Contract]) -> list[str]:
    """Return a line per record: its origin, the broken rules, and the values that they look at."""
    raw = contract.parsed_from()
    reads = {
        rule.name: {rule.column} if rule.column else {*rule.expr.meta.root_names()}
        for rule in rules(contract, typed_from_raw=True)
    }
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


_DIGEST = re.compile("^file/[0-9a-f]{64}/")

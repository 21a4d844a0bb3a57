"""The parts of a trace as text."""

import shlex
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from flows.config.plural import pluralize
from flows.trace.model import Key, Reason, Record, Row, Rows


def tree_lines(rows: Rows) -> Iterator[str]:
    """Yield the lines of the tree below rows."""
    yield from _drawn(_branches(rows))


def reason_line(reason: Reason) -> str:
    """Return why a table lacks a row, as one line."""
    lacks = f"{reason.table} has no row with {key_text(reason.key) or 'this key'}"
    records = "; ".join(f"{_state(record)}, {origin_text(record)}" for record in reason.records)
    why = {
        "waiting": f": it is waiting for {reason.because}",
        "not refreshed": f" yet: {reason.because} has it; run `keystone refresh`",
        "erased": f": it was erased by {reason.because}",
        "perhaps erased": ", or it was erased: this lake has erasures; set KEYSTONE_ERASURE_KEY to "
        "the lake's secret to find out",
    }
    have = "have" if ", " in reason.because else "has"
    known = f"{reason.because} {have} none" if reason.because else records
    return lacks + why.get(reason.state, f": {known or 'its inputs give none'}")


def key_text(key: Key) -> str:
    """Return values as `column=value, …`."""
    return ", ".join(f"{name}={_value(value)}" for name, value in key.items())


def values_text(values: Key) -> str:
    """Return values as `column=value, …`, with times to the second."""
    return key_text(
        {
            name: _time(value) if isinstance(value, datetime) else value
            for name, value in values.items()
        }
    )


def origin_text(record: Record) -> str:
    """Return where a record came from: a file and its record, or topic, partition and offset."""
    kind, _, rest = record.source.partition("/")
    if kind == "kafka":
        topic, partition, *_ = rest.split("/")
        return f"topic {topic}, partition {partition}, offset {record.position}"
    name = rest.partition("/")[2] if kind == "file" else record.source
    line = f", line {record.line}" if record.line else ""
    return f"{record.archived or name}{line or f', record {record.position}'}"


Branch = tuple[str, list["Branch"]]
"""A line of a tree, and the branches below it."""


def _branches(rows: Rows) -> list[Branch]:
    """Return what is below rows: their inputs, their records, or how to trace one of them."""
    if rows.inputs:
        return [(_title(each), _branches(each)) for each in rows.inputs]
    if not rows.is_followed:
        return [(_command(rows.table, row.key), []) for row in rows.rows]
    shown = [row for row in rows.rows if row.records]
    ordinary = [row for row in shown if _is_ordinary(row)]
    folded = list[Branch]()
    if len(ordinary) > _UNFOLDED:
        shown = [row for row in shown if not _is_ordinary(row)]
        folded = [(_FOLDED.format(pluralize(len(ordinary), "row")), [])]
    branches: list[Branch] = [
        (_row_title(row), [(_record_line(record), []) for record in row.records]) for row in shown
    ]
    return branches + folded


_UNFOLDED = 5
"""The most ordinary rows of a table that are shown."""
_FOLDED = "{} without a decisive or quarantined record (--json lists them)"


def _is_ordinary(row: Row) -> bool:
    """Return whether a row has only records that are not decisive, and none is in quarantine."""
    return all(
        record.is_decisive is False and record.state != "quarantined" for record in row.records
    )


def _drawn(branches: list[Branch], indent: str = "") -> Iterator[str]:
    for number, (line, below) in enumerate(branches, 1):
        is_last = number == len(branches)
        yield f"{indent}{'└── ' if is_last else '├── '}{line}"
        yield from _drawn(below, indent + ("    " if is_last else "│   "))


def _title(rows: Rows) -> str:
    sums = "".join(f", {name} {total:,}" for name, total in rows.sums.items())
    compared = f"; other rows also decide {', '.join(rows.compared)}" if rows.compared else ""
    stops = "" if rows.is_followed else "; too many to follow"
    counted = pluralize(rows.count, "row")
    return f"{rows.table} v{rows.version}: {counted} {_where(rows)}{sums}{compared}{stops}"


def _where(rows: Rows) -> str:
    if not rows.where:
        return "(all)"
    if len(rows.where) == 1:
        return f"with {key_text(rows.where[0])}"
    return f"with {len(rows.where):,} values of {', '.join(rows.where[0])}"


def _row_title(row: Row) -> str:
    changed = f"since v{row.version}" if row.version is not None else "no row"
    return f"{key_text(row.key)} ({changed})"


def _record_line(record: Record) -> str:
    decisive = ", decisive" if record.is_decisive else ""
    times = f"of {_time(record.event_time)}, ingested {_time(record.ingested_at)}"
    operation = record.operation or "record"
    return f"{_state(record)}{decisive}: {origin_text(record)}; {operation} {times}"


def _state(record: Record) -> str:
    if record.state == "quarantined":
        return f"quarantined for {', '.join(record.broken_rules)}"
    return record.state


def _command(table: str, key: Key) -> str:
    """Return the command that traces a row, to copy."""
    words = (f"{name}={_value(value)}" for name, value in key.items())
    return " ".join(["keystone", "trace", table, *map(shlex.quote, words)])


def _time(time: datetime | None) -> str:
    """Return a time to the second."""
    return f"{time:%Y-%m-%d %H:%M:%S}{' UTC' if time.tzinfo else ''}" if time else "an unknown time"


def _value(value: Any) -> str:
    """Return a value of a key, with which it can be traced."""
    return value.isoformat(" ") if isinstance(value, datetime) else str(value)

"""Check that bronze holds the records of topics exactly once, by its rows and its log."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import unquote

import polars as pl
from deltalake import DeltaTable

from contracts.contract import Bronze
from flows import delta

JOURNAL = pl.Schema(
    {
        "topic": pl.String(),
        "partition": pl.Int64(),
        "offset": pl.Int64(),
        "key": pl.String(),
        "record": pl.String(),
    }
)
"""One row per message that the broker has acknowledged; `record` says what it was."""

WATERMARK = pl.col("_source").str.extract("^(kafka/[^/]+/[0-9]+)").alias("_source")
"""The watermark that a row belongs to: its source without the topic's id."""

_COMMITTED = pl.Schema({"version": pl.Int64(), "source": pl.String(), "stored": pl.Int64()})


def faults(
    lake: str, contract: type[Bronze], ends: Mapping[str, int], journal: pl.DataFrame, key: pl.Expr
) -> list[str]:
    """Return the faults of a bronze table that has drained its topic.

    Args:
        lake: a local folder.
        contract: the table's.
        ends: by watermark (kafka/<topic>/<partition>), the end offset. Neither transactions nor
            compaction may have left gaps.
        journal: what was acknowledged, also of other topics.
        key: what the message's key was, computed from the table's columns.
    """
    handle = delta.open_table(lake, contract)
    mine = journal.with_columns(source=pl.format("kafka/{}/{}", "topic", "partition"))
    return [
        f"{contract.spec().table}: {fault}"
        for found in (
            _by_snapshot(handle, ends, mine.filter(pl.col("source").is_in(list(ends))), key),
            _by_commits(handle),
        )
        for fault in found
    ]


def read_journals(folder: Path) -> pl.DataFrame:
    """Return the messages of the journals, without an incomplete last line."""
    lines = [
        line.split("\t")
        for path in sorted(folder.glob("*.journal"))
        for line in path.read_text().split("\n")[:-1]
    ]
    text = pl.DataFrame(lines, dict.fromkeys(JOURNAL, pl.String), orient="row")
    return text.cast(JOURNAL)


def _by_snapshot(
    handle: DeltaTable, ends: Mapping[str, int], journal: pl.DataFrame, key: pl.Expr
) -> Iterator[str]:
    """Compare the current rows with the end offsets and the journal."""
    rows = delta.scan(handle).select(WATERMARK, "_position", key=key).collect()
    unknown = rows.filter(~pl.col("_source").is_in(list(ends)))
    if len(unknown):
        yield f"{len(unknown)} rows of unknown sources, such as {unknown['_source'][0]}"
    repeated = rows.filter(pl.struct("_source", "_position").is_duplicated())
    if len(repeated):
        yield f"{len(repeated)} rows share their offsets, such as {repeated.row(0)}"
    for source, end in ends.items():
        there = rows.filter(pl.col("_source") == source)["_position"].sort()
        missing = pl.int_range(end, eager=True).filter(
            ~pl.int_range(end, eager=True).is_in(there.implode())
        )
        if len(missing):
            yield f"{source}: {len(missing)} of {end} offsets are lost, such as {missing[0]}"
        if len(there) and there[-1] != end - 1:
            yield f"{source}: its highest row is {there[-1]}, its end offset {end}"
        stored = handle.transaction_version(source)
        if stored != (end - 1 if end else None):
            yield f"{source}: the stored offset is {stored}, the end offset {end}"
    acknowledged = journal.select("source", "offset", "key")
    lost = acknowledged.join(
        rows, left_on=list(acknowledged.columns), right_on=list(rows.columns), how="anti"
    )
    if len(lost):
        yield f"{len(lost)} acknowledged records are missing, such as {lost.row(0)}"


def _by_commits(handle: DeltaTable) -> Iterator[str]:
    """Check that each commit adds exactly the rows between the former watermark and its own."""
    root = Path(handle.table_uri.removeprefix("file://"))
    added: dict[str, int] = {}
    committed: list[tuple[int, str, int]] = []
    for version in range(handle.version() + 1):
        log = root / "_delta_log" / f"{version:020}.json"
        for action in map(json.loads, log.read_text().splitlines()):
            if "remove" in action:
                yield f"version {version} removes {action['remove']['path']}"
            if "add" in action:
                added[str(root / unquote(action["add"]["path"]))] = version
            # The other transactions say which topic an offset belongs to.
            if "txn" in action and not action["txn"]["appId"].endswith("/topic"):
                txn = action["txn"]
                committed.append((version, txn["appId"], txn["version"]))
    stored = pl.DataFrame(committed, _COMMITTED, orient="row").sort("version")
    progress = (
        stored.join(_spans(added), on=["version", "source"], how="full", coalesce=True)
        .sort("source", "version")
        .with_columns(
            pl.col("rows").fill_null(0),
            before=pl.col("stored").shift(1).over("source").fill_null(-1),
        )
    )
    right = (
        (pl.col("rows") == pl.col("stored") - pl.col("before"))
        & (pl.col("first") == pl.col("before") + 1)
        & (pl.col("last") == pl.col("stored"))
        & (pl.col("distinct") == pl.col("rows"))
    )
    for wrong in progress.filter(~right.fill_null(value=False)).iter_rows(named=True):
        yield (
            f"version {wrong['version']}, {wrong['source']}: offset {wrong['before']} becomes "
            f"{wrong['stored']} with {wrong['rows']} rows {wrong['first']} to {wrong['last']}"
        )


def _spans(added: Mapping[str, int]) -> pl.DataFrame:
    """One row per version and source: its rows, and the first and last of their offsets."""
    position = pl.col("_position")
    spans = {"rows": pl.len(), "first": position.min(), "last": position.max()}
    if not added:
        empty = {"rows": pl.UInt32, "first": pl.Int64, "last": pl.Int64, "distinct": pl.UInt32}
        return pl.DataFrame(schema={"version": pl.Int64, "source": pl.String, **empty})
    return (
        pl.scan_parquet(list(added), include_file_paths="path")
        .with_columns(version=pl.col("path").replace_strict(added, return_dtype=pl.Int64))
        .group_by("version", source=WATERMARK)
        .agg(**spans, distinct=position.n_unique())
        .collect()
    )

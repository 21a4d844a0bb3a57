"""The lake in Python: its tables, SQL over them, and the runs that build them.

    from flows import Lake

    lake = Lake("demo/lake")
    lake["gold.fact_sales"].polars()

Importing this module is cheap, and nothing here needs Prefect.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from flows.config.grid import Listing, Printed, titled
from flows.config.settings import resolve_location
from flows.query.rows import Result
from flows.query.table import Table

if TYPE_CHECKING:
    from flows.delta.outcome import Outcome
    from flows.delta.status import LakeStatus
    from flows.trace import Trace


class Lake(Printed):
    """A lake, in a folder or on S3; prints as a list of its tables.

    `lake["gold.fact_sales"]` is a table, `list(lake)` the names of all. The examples of this class
    are of a lake with one order.
    """

    def __init__(self, location: str | Path | None = None) -> None:
        """Refer to a lake, which need not exist yet.

        Args:
            location: a folder, or `s3://bucket/prefix`; KEYSTONE_LAKE when not given.

        Raises:
            SettingError: the location is missing or invalid.
        """
        self.location = resolve_location("lake", str(location) if location else None)

    def __getitem__(self, name: str) -> "Table":
        """Return a table by its name with the layer.

        >>> len(lake["gold.fact_sales"].polars())
        1

        Raises:
            NoLakeError: the lake has no tables.
            UnknownTableError: it has no table of that name; suggests others.
        """
        from flows import delta
        from flows.delta.table_names import all_tables, resolve_table
        from flows.storage.filesystem import check_access

        check_access(self.location)
        if not (name in all_tables() and delta.exists(self.location, name)):
            name = resolve_table(self.location, name)
        return Table(self.location, name)

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names of the tables, bronze first, quarantine last."""
        from flows.config.errors import NoLakeError
        from flows.delta.table_names import existing_tables

        try:
            return iter(existing_tables(self.location))
        except NoLakeError:
            return iter(())

    def __contains__(self, name: object) -> bool:
        return name in list(self)

    def _ipython_key_completions_(self) -> list[str]:
        return list(self)

    def sql(self, statement: str) -> Result:
        """Run SQL over the tables, in DuckDB's dialect; nothing can be changed by it.

        >>> lake.sql("SELECT category, sales FROM gold.mart_category").polars().row(0)
        ('books', Decimal('99.90'))

        Raises:
            NoLakeError: the lake has no tables.
            QueryError: the statement is invalid.
            TableError: a table that it names cannot be read.
        """
        from flows.query.sql import query

        return Result(query(self.location, statement))

    def run(
        self,
        source: str | Path | None = None,
        archive: str | Path | None = None,
        *,
        as_of: datetime | None = None,
        rebuild: bool = False,
        allow_empty: bool = False,
    ) -> "Outcomes":
        """Ingest the files of a landing zone, then refresh all tables, in this process.

        Takes the arguments of `flows.pipeline.run`, and raises as it does. A `RunFailedError` has
        the outcomes of the tables that were done.
        """
        from flows import pipeline

        outcomes = pipeline.run(
            str(source) if source else None,
            self.location,
            str(archive) if archive else None,
            as_of=as_of,
            rebuild=rebuild,
            allow_empty=allow_empty,
        )
        return Outcomes("run", outcomes)

    def refresh(self, *, rebuild: bool = False) -> "Outcomes":
        """Bring all silver and gold tables up to date with their inputs, in this process.

        >>> lake.refresh()
        refresh: 0 of 42 tables changed; 1 record in quarantine.

        Raises:
            NoLakeError: the lake has no tables.
            RunFailedError: a table failed, and those downstream of it were skipped.
        """
        from flows import pipeline
        from flows.delta.table_names import existing_tables

        existing_tables(self.location)
        return Outcomes("refresh", pipeline.refresh(self.location, rebuild=rebuild))

    def status(self) -> "LakeStatus":
        """Return version, rows, deletes, quarantined records and lag of every table.

        A table that cannot be read is in `unreadable`, with the reason.

        >>> lake.status().tables["gold.fact_sales"]["rows"]
        1

        Raises:
            NoLakeError: the lake has no tables.
        """
        from flows.delta.status import lake_status

        return lake_status(self.location)

    def trace(self, table: str, **key: object) -> "Trace":
        """Return which records a row was computed from, by its key; prints as a tree.

        >>> len(lake.trace("silver.sellers", seller_id="d" * 32).records)
        1

        Raises:
            InvalidKeyError: a column of the key is missing, unknown or of another type.
            NoRowError: there is no such row; says why.
            UnknownTableError: the lake has no such table.
        """
        from flows.trace import trace, traceable_table
        from flows.trace.key import parse_key

        found = traceable_table(self.location, table, None)
        words = [f"{name}={value}" for name, value in key.items()]
        return trace(self.location, found, parse_key(found.contract, words))

    def listing(self) -> Listing:
        """Return the tables with their versions, rows and grains."""
        from flows.config.concurrency import for_each_table

        rows = for_each_table(_summary, self.location, list(self))
        title = f"Lake({self.location!r}): {len(rows)} tables"
        empty = f"Lake({self.location!r}): no tables yet; lake.run(source=...) creates them"
        return Listing(
            ("table", "version", "rows", "grain"),
            [*rows.values()],
            [title if rows else empty],
            justify=("right", "right", "left"),
        )


class Outcomes(Printed, list["Outcome"]):
    """The outcomes of a run, one per table; print as the summary of the command line."""

    def __init__(self, command: str, outcomes: Sequence["Outcome"]) -> None:
        """Keep the outcomes."""
        super().__init__(outcomes)
        self.command = command

    def listing(self) -> Listing:
        """Return the tables that changed, and the remarks."""
        from flows.pipeline.summary import COLUMNS, headline, lines, remarks

        changed = [outcome for outcome in self if outcome.changed]
        below = [*titled(remarks(self)), f"{self.command}: {headline(self, {})}"]
        return Listing(COLUMNS, lines(changed, {}), below)


def _summary(lake: str, name: str) -> tuple[str, ...]:
    from flows.config.errors import TableError

    try:
        return Table(lake, name).summary()
    except TableError as error:
        return name, "", "", f"cannot be read: {error}"

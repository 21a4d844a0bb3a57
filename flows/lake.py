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

from flows.config.grid import Listing, Printed
from flows.config.settings import resolve_location
from flows.query.rows import Result, Rows

if TYPE_CHECKING:
    import polars as pl
    from deltalake import DeltaTable

    from contracts.contract import Contract
    from flows.delta.commit_log import CommitInfo
    from flows.delta.outcome import Outcome
    from flows.delta.status import LakeStatus


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
        refresh: 0 of 26 tables changed; 1 records in quarantine.
        In quarantine:
          quarantine.order_items: price_is_a_number (1)
        What a rule requires, and where it is declared:
          keystone contracts show quarantine.order_items price_is_a_number

        Raises:
            NoLakeError: the lake has no tables.
            RunFailedError: a table failed, and those downstream of it were skipped.
        """
        from flows import pipeline
        from flows.delta.table_names import existing_tables

        existing_tables(self.location)
        return Outcomes("refresh", pipeline.refresh(self.location, rebuild=rebuild))

    def status(self) -> "LakeStatus":
        """Return version, rows, quarantined records and lag of every table.

        A table that cannot be read is in `unreadable`, with the reason.

        >>> lake.status().tables["gold.fact_sales"]["rows"]
        1

        Raises:
            NoLakeError: the lake has no tables.
        """
        from flows.delta.status import lake_status

        return lake_status(self.location)

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


class Table(Rows, Printed):
    """A table of a lake, at its newest version or at an earlier one; prints as its columns.

    Technical columns, whose names begin with `_`, are left out, except from quarantine tables,
    where they say what is wrong with a record. `Lake.sql` has those of bronze and silver.
    """

    def __init__(self, lake: str, name: str, version: int | None = None) -> None:
        """Refer to a table; users call `lake[name]` instead."""
        self.lake, self.name, self._version = lake, name, version

    @property
    def version(self) -> int:
        """The version that is read: the newest one, unless it was chosen by `at`."""
        return self._open().version()

    def lazy(self) -> "pl.LazyFrame":
        """Return the rows as a lazy Polars frame.

        >>> lake["gold.dim_seller"].lazy().select("seller_city").collect().item()
        'rio de janeiro'

        Raises:
            NoVersionError: the files of the version have been deleted since.
            TableError: the table is damaged.
        """
        import polars.selectors as cs

        from flows import delta

        rows = delta.scan(self._open())
        return rows if self.name.startswith("quarantine.") else rows.drop(cs.starts_with("_"))

    def polars(self) -> "pl.DataFrame":
        """Return the rows as a Polars frame; raises as `lazy`."""
        from flows.delta.damage import translate_damage

        with translate_damage(self.lake, [self.name]):
            return self.lazy().collect()

    def at(self, time: datetime | None = None, *, version: int | None = None) -> "Table":
        """Return the table as it was: by a time (UTC if it names no zone) or by a version.

        >>> lake["gold.fact_sales"].at(version=0).polars().height
        0

        Raises:
            NoVersionError: there is no such version, or its files have been deleted.
            TypeError: both a time and a version are given, or neither.
        """
        from flows import delta
        from flows.delta.versions import open_version, version_at

        handle = delta.open_existing(self.lake, self.name)
        if version is None and time is not None:
            version = version_at(handle, time)
        elif version is None or time is not None:
            message = "at: give a time or a version, such as at(version=3)"
            raise TypeError(message)
        return Table(self.lake, self.name, open_version(handle, version).version())

    @property
    def contract(self) -> "type[Contract]":
        """The contract in the code; a quarantine table has that of its source.

        >>> lake["gold.fact_sales"].contract.spec().key
        ('order_id', 'order_item_id')
        """
        from transforms.graph import sources, tables

        if self.name in tables():
            return tables()[self.name].contract
        return {each.spec().name: each for each in sources()}[self.name.partition(".")[2]]

    @property
    def upstream(self) -> list[str]:
        """The names of the tables that it is computed from, directly or not.

        >>> lake["silver.geolocation"].upstream
        ['bronze.geolocation', 'silver.geolocation_points']
        """
        from flows.delta.table_names import all_tables, upstream_tables

        if self.name.startswith("quarantine."):
            return [self.contract.spec().table]
        found = upstream_tables(self.name)
        return [name for name in all_tables() if name in found]

    @property
    def downstream(self) -> list[str]:
        """The names of the tables that are computed from it, directly or not.

        >>> lake["gold.fact_payments"].downstream
        ['gold.mart_payment_mix']
        """
        from flows.delta.table_names import all_tables
        from transforms.graph import downstream_tables

        found = downstream_tables(self.name)
        return [name for name in all_tables() if name in found]

    def history(self) -> "History":
        """Return the versions and what each one changed, newest first.

        >>> lake["gold.fact_sales"].history()[-1].operation
        'create table'
        """
        from flows import delta
        from flows.delta.commit_log import commits

        return History(commits(delta.open_existing(self.lake, self.name)))

    def quarantine(self) -> Result:
        """Return the quarantined records of all sources that the table is computed from.

        Each record has its quarantine table, the rules that it breaks, its raw columns, and where
        it came from.

        >>> lake["gold.fact_sales"].quarantine().polars().row(0)[:2]
        ('quarantine.order_items', ['price_is_a_number'])
        """
        import polars as pl

        from flows import delta
        from flows.delta.damage import translate_damage

        names = [name for name in self._quarantines() if delta.exists(self.lake, name)]
        columns = {"quarantine": pl.String(), "_broken_rules": pl.List(pl.String())}
        with translate_damage(self.lake, names):
            frames = [
                delta.scan(delta.open_existing(self.lake, name)).select(
                    pl.lit(name).alias("quarantine"), "_broken_rules", pl.exclude("_broken_rules")
                )
                for name in names
            ]
            found = pl.concat([pl.LazyFrame(schema=columns), *frames], how="diagonal").collect()
        return Result(found)

    def listing(self) -> Listing:
        """Return the columns with their types and descriptions."""
        descriptions = self.contract.descriptions()
        schema = self.lazy().collect_schema()
        rows = [[name, str(kind), descriptions.get(name, "")] for name, kind in schema.items()]
        name, version, count, grain = self.summary()
        lines = [f"{name}, version {version}, rows: {count}. {grain}"]
        return Listing(("column", "type", "description"), rows, lines, justify="left")

    def summary(self) -> tuple[str, str, str, str]:
        """Return name, version, number of rows and grain, as text."""
        from flows import delta

        handle = self._open()
        is_quarantine = self.name.startswith("quarantine.")
        grain = "One row per record that breaks its contract." if is_quarantine else ""
        return (
            self.name,
            f"{handle.version()}",
            f"{delta.rows(handle):,}",
            grain or self.contract.grain(),
        )

    def _open(self) -> "DeltaTable":
        from flows import delta
        from flows.delta.versions import open_version

        handle = delta.open_existing(self.lake, self.name)
        return handle if self._version is None else open_version(handle, self._version)

    def _quarantines(self) -> list[str]:
        """Return the names of the quarantine tables of all sources."""
        _, _, name = self.name.partition(".")
        if self.name.startswith(("bronze.", "quarantine.")):
            return [f"quarantine.{name}"]
        bronze = (each for each in self.upstream if each.startswith("bronze."))
        return [each.replace("bronze.", "quarantine.") for each in bronze]


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
        below = [f"{self.command}: {headline(self, {})}"]
        for title, found in remarks(self).items():
            below += [f"{title}:", *(f"  {line}" for line in found)] if found else []
        return Listing(COLUMNS, lines(changed, {}), below)


class History(Printed, list["CommitInfo"]):
    """The versions of a table, newest first; print as the command line prints them."""

    def listing(self) -> Listing:
        """Return number, time and changes of each version."""
        rows = [
            [str(commit.version), f"{commit.at:%Y-%m-%d %H:%M:%S}", commit.changes]
            for commit in self
        ]
        return Listing(("version", "time (UTC)", "changes"), rows, justify="left")


def _summary(lake: str, name: str) -> tuple[str, ...]:
    from flows.config.errors import TableError

    try:
        return Table(lake, name).summary()
    except TableError as error:
        return name, "", "", f"cannot be read: {error}"

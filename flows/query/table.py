"""One table of a lake: its rows, its earlier versions, and where its rows come from."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from flows.config.grid import Listing, Printed
from flows.query.rows import Result, Rows

if TYPE_CHECKING:
    import polars as pl
    from deltalake import DeltaTable

    from contracts.contract import Contract
    from flows.delta.commit_log import CommitInfo


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
        ['gold.agg_monthly_payments', 'gold.mart_payment_mix']
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
        from flows.delta.holds import held_since, hold_message

        handle = delta.open_existing(self.lake, self.name)
        since = held_since(handle)
        return History(commits(handle), [hold_message(self.name, since)] if since else [])

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


class History(Printed, list["CommitInfo"]):
    """The versions of a table, newest first; print as the command line prints them."""

    def __init__(self, commits: Iterable["CommitInfo"], remarks: Sequence[str]) -> None:
        """Keep the commits, and remarks to print below them."""
        super().__init__(commits)
        self._remarks = remarks

    def listing(self) -> Listing:
        """Return when each version was committed, by what, and what it changed."""
        from flows.delta.commit_log import COLUMNS

        rows = [commit.cells() for commit in self]
        return Listing(COLUMNS, rows, self._remarks, justify="left")

"""The data map: which columns hold personal data, where it flows, and what erases it."""

from collections.abc import Iterator
from typing import NamedTuple

from contracts.contract import Contract
from transforms.erasure import ADDRESS, IDENTIFIERS
from transforms.graph import contracts, tables
from transforms.lineage import column_lineage, readers

RETENTION = {
    "bronze": "until erased: every record, also in quarantine, and its file in the archive",
    "silver": "until erased or deleted: the latest version, and earlier ones in history tables",
    "gold": "as long as silver has it",
}
"""By layer, how long the newest version of a table keeps what it has. `keystone maintain` decides
how long earlier versions of a table can be read."""


class Flow(NamedTuple):
    """A column that is computed from a column with personal data."""

    table: str
    column: str
    masked: bool
    """Whether it hides the value."""

    def __str__(self) -> str:
        """Return its name, and whether it hides the value."""
        return f"{self.table}.{self.column}{' (masked)' if self.masked else ''}"


class PersonalColumn(NamedTuple):
    """A column with personal data."""

    table: str
    column: str
    kind: str
    """`identifier`, `address`, or `text` in a person's own words."""
    redacted: bool
    """Whether contact data in it was redacted on the way here."""
    flows_to: list[Flow]
    """The columns computed from it directly."""
    kept: str
    """How long it is kept."""
    erased: str
    """What `keystone forget` puts in its place."""

    @property
    def layer(self) -> str:
        """The layer of its table."""
        return self.table.partition(".")[0]


def personal_columns() -> list[PersonalColumn]:
    """Return the columns that a contract tags as personal, and those that identify or locate one.

    Bronze comes first. Quarantine has the columns of bronze, with the records that break a rule.
    """
    return [
        PersonalColumn(
            name,
            column,
            kind,
            _is_redacted(name, column),
            [
                Flow(link.table, link.column, link.on.masked)
                for link in readers(name, column)
                if link.on.kind.is_direct
            ],
            RETENTION[contract.spec().layer],
            "a pseudonym" if kind == "identifier" else "null",
        )
        for name, contract in contracts().items()
        for column, kind in _kinds(contract)
    ]


def _kinds(contract: type[Contract]) -> Iterator[tuple[str, str]]:
    personal = contract.personal()
    for column in contract.fields():
        if column in IDENTIFIERS:
            yield column, "identifier"
        elif column in ADDRESS:
            yield column, "address"
        elif column in personal:
            yield column, "text"


def _is_redacted(name: str, column: str) -> bool:
    table = tables().get(name)
    return table is not None and any(edge.masked for edge in column_lineage(table).columns[column])

"""What a lake knows of a person: the identifiers, and the orders. Earlier versions count, too."""

from collections.abc import Collection, Iterator

import polars as pl
from polars import col
from polars.exceptions import PolarsError

from contracts.domain import ERASED, HEX_ID
from flows import delta
from flows.storage import filesystem
from transforms.erasure import beside
from transforms.graph import sources

_CUSTOMERS = (
    "bronze.customers",
    "quarantine.customers",
    "silver.customers",
    "silver.customers_history",
)
_CORRUPT = "_corrupt_record"
_ORDERS = ("bronze.orders", "quarantine.orders", "silver.orders")


def identifiers_of(lake: str, people: Collection[str]) -> set[str]:
    """Return the well-formed `customer_id`s of a person, also those that are pseudonyms.

    A `customer_id` that silver gives to another person is not among them.

    Args:
        lake: the location of the tables.
        people: the `customer_unique_id` of the person, and its pseudonym if it has been erased.
    """
    person, customer = _clean("customer_unique_id"), _clean("customer_id")
    is_person = person.is_in([*people])
    found = _beside(lake, _CUSTOMERS, people) | {
        each
        for rows in _files(lake, _CUSTOMERS)
        for each in _values(rows.filter(is_person).select(customer))
    }
    others = set[str]()
    if delta.exists(lake, "silver.customers"):
        rows = delta.scan(delta.open_existing(lake, "silver.customers"))
        others |= _values(rows.filter(~is_person & customer.is_in([*found])).select(customer))
    return found - others


def orders_of(lake: str, customers: Collection[str]) -> set[str]:
    """Return the well-formed identifiers of the orders of some customers.

    An order that only a corrupt record gives to them, and silver to another customer, is not among
    them.
    """
    order = _clean("order_id")
    is_theirs = _clean("customer_id").is_in([*customers])
    found = _beside(lake, _ORDERS, customers)
    if delta.exists(lake, "silver.orders"):
        rows = delta.scan(delta.open_existing(lake, "silver.orders"))
        found -= _values(rows.filter(~is_theirs & order.is_in([*found])).select(order))
    return found | {
        each
        for rows in _files(lake, _ORDERS)
        for each in _values(rows.filter(is_theirs).select(order))
    }


def has_order(lake: str, order: str) -> bool:
    """Return whether the lake has a record of an order, or a review of it."""
    return any(
        rows.filter(_clean("order_id") == order).head(1).collect().height
        for rows in _files(lake, (*_ORDERS, "bronze.order_reviews"))
    )


def other_name(lake: str, identifier: str) -> str | None:
    """Return the column of a source other than `customer_unique_id` that has an identifier."""
    for contract in sources():
        for name in contract.fields():
            if name.endswith("_id") and name != "customer_unique_id":
                for rows in _files(lake, [contract.spec().table]):
                    if rows.filter(_clean(name) == identifier).head(1).collect().height:
                        return name
    return None


def is_pseudonym(identifier: str) -> bool:
    """Return whether an identifier is the pseudonym of an erased person."""
    return identifier.startswith(ERASED)


def _clean(name: str) -> pl.Expr:
    return col(name).str.strip_chars().str.to_lowercase()


def _files(lake: str, names: Collection[str]) -> Iterator[pl.LazyFrame]:
    """Yield the data files of tables, also those of earlier versions, but none that is cut off."""
    for name in names:
        root = delta.location(lake, name)
        for path in filesystem.sizes(root, deep=True):
            if path.endswith(".parquet") and not path.startswith("_delta_log/"):
                options = filesystem.polars_options(root)
                rows = pl.scan_parquet(
                    f"{root}/{path}",
                    hive_partitioning=False,
                    glob=False,
                    storage_options=options,
                )
                if _is_readable(rows, f"{root}/{path}"):
                    yield rows


def _is_readable(rows: pl.LazyFrame, uri: str) -> bool:
    """Return whether a data file is whole; a writer that is killed leaves a part, in no version."""
    try:
        rows.collect_schema()
    except FileNotFoundError:  # another process has removed it since the listing
        return False
    except PolarsError:
        if filesystem.exists(uri) and filesystem.read(uri).endswith(b"PAR1"):
            raise
        return False
    return True


def _beside(lake: str, names: Collection[str], known: Collection[str]) -> set[str]:
    """Return the other identifiers in corrupt records that mention one of some values."""
    return {
        each
        for rows in _files(lake, names)
        if _CORRUPT in rows.collect_schema()
        for each in beside(rows.select(col(_CORRUPT).drop_nulls()).collect()[_CORRUPT], known)
    }


def _values(found: pl.LazyFrame) -> set[str]:
    (name,) = found.collect_schema()
    valid = found.filter(col(name).str.contains(HEX_ID)).unique()
    return set(valid.collect(engine="streaming")[name])

"""What is wrong with a table, in one line that names it."""


class TableError(Exception):
    """A table cannot be read or written as it is; the message names it and says what to do."""


def table_name(uri: str) -> str:
    """Return the name of the table that lies at a location: `gold.fact_sales`."""
    return ".".join(uri.rstrip("/").split("/")[-2:])

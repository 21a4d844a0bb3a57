"""The tables that the records of some entities do not fill."""

from collections.abc import Container

from transforms.graph import downstream_tables, sources


def tables_of_other_entities(entities: Container[str]) -> set[str]:
    """Return the tables that read, directly or indirectly, any entity but these.

    Tests with records of the Olist entities only do not expect rows in them.
    """
    return {
        table
        for contract in sources()
        if contract.spec().name not in entities
        for table in downstream_tables(contract.spec().table)
    }

"""The data docs: one page for each table, with its columns, rules and lineage, and an index."""

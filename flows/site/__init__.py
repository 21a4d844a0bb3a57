"""Static sites of the lake: a shell that all share, the data docs, and the report."""

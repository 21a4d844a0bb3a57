"""Column lineage: the input columns that each column of a table depends on.

It is read from the query plan that the function of the table builds.
"""

from transforms.lineage.columns import (
    ColumnLineage,
    Link,
    column_lineage,
    downstream,
    readers,
    unmasked_personal_data,
    upstream,
)
from transforms.lineage.edges import Edge, Edges, Kind
from transforms.lineage.expressions import UnknownStepWarning

__all__ = [
    "ColumnLineage",
    "Edge",
    "Edges",
    "Kind",
    "Link",
    "UnknownStepWarning",
    "column_lineage",
    "downstream",
    "readers",
    "unmasked_personal_data",
    "upstream",
]

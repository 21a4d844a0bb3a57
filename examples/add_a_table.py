"""Add gold.mart_weekday_sales to a lake, without a change to the packages: python add_a_table.py.

The table is one contract and one function, in tables/mart_weekday_sales.py. In a checkout of your
own, put them into contracts/gold and transforms/gold instead, as docs/guides/add-a-table.md shows:
there nothing has to be registered, and `keystone` knows the table too.
"""

import sys
from pathlib import Path

import transforms.gold
from flows import Lake


def main(location: str) -> None:
    """Build the table in the lake at a location, and print it."""
    # Tables are found in this package, before the first run or query.
    transforms.gold.__path__.append(str(Path(__file__).parent / "tables"))
    lake = Lake(location)
    print(lake.refresh())
    print(lake["gold.mart_weekday_sales"])
    print(lake.sql("FROM gold.mart_weekday_sales ORDER BY weekday"))


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "demo/lake")

"""Rows of a table or a query, as a Polars, pandas or Arrow table."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa


class Rows:
    """Base of what has rows. Money is decimal in every form, exact to the cent."""

    def polars(self) -> "pl.DataFrame":
        """Return the rows as a Polars frame; money is `Decimal(18, 2)`.

        >>> lake["gold.fact_sales"].polars()["price"].sum()
        Decimal('99.90')
        """
        raise NotImplementedError

    def lazy(self) -> "pl.LazyFrame":
        """Return the rows as a lazy Polars frame."""
        return self.polars().lazy()

    def arrow(self) -> "pa.Table":
        """Return the rows as an Arrow table; money is `decimal128(18, 2)`.

        >>> lake["gold.fact_sales"].arrow()["price"].type
        Decimal128Type(decimal128(18, 2))
        """
        import polars as pl

        # The oldest types of Arrow for text, which every reader of Arrow has.
        return self.polars().to_arrow(compat_level=pl.CompatLevel.oldest())

    def pandas(self) -> "pd.DataFrame":
        """Return the rows as a pandas frame of Arrow types.

        Money is exact and adds up as fast as a number, and an integer that is missing stays an
        integer. `astype(float)` makes money a float, for a library that knows no decimals.

        >>> lake["gold.fact_sales"].pandas()["price"].sum()
        Decimal('99.90')

        Raises:
            ModuleNotFoundError: pandas is not installed.
        """
        try:
            import pandas as pd
        except ModuleNotFoundError as error:
            message = (
                "pandas is not installed; `pip install pandas` adds it, .polars() and .arrow() "
                "work without it"
            )
            raise ModuleNotFoundError(message, name="pandas") from error
        return self.arrow().to_pandas(types_mapper=pd.ArrowDtype)


class Result(Rows):
    """The rows of a query; prints as a Polars frame."""

    def __init__(self, frame: "pl.DataFrame") -> None:
        """Keep the rows."""
        self._frame = frame

    def polars(self) -> "pl.DataFrame":
        """Return the rows as a Polars frame.

        >>> lake.sql("SELECT price FROM gold.fact_sales").polars().item()
        Decimal('99.90')
        """
        return self._frame

    def __len__(self) -> int:
        return self._frame.height

    def __repr__(self) -> str:
        return repr(self._frame)

    def _repr_html_(self) -> str:
        return self._frame._repr_html_()

"""The contract of gold.dim_date."""

from pandera.engines.polars_engine import Date

from contracts.contract import Gold, column


class DimDate(Gold, key=("date_key",)):
    """One row per day, without a gap, from the first year that a fact has a date in to the last."""

    date_key: int = column(description="The day as yyyymmdd.")
    date: Date = column()
    year: int = column()
    quarter: int = column(in_range=(1, 4))
    month: int = column(in_range=(1, 12))
    month_name: str = column(description="January to December.")
    day: int = column(in_range=(1, 31))
    weekday: int = column(in_range=(1, 7), description="Monday is 1 (ISO 8601).")
    weekday_name: str = column(description="Monday to Sunday.")
    is_weekend: bool = column(description="Saturday or Sunday.")

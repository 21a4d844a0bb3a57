"""The contract of gold.dim_date."""

from pandera.engines.polars_engine import Date

from contracts.contract import Gold, column


class DimDate(Gold, key=("date_key",)):
    """One row per calendar day, without gaps, over all years with a purchase or a review."""

    date_key: int = column(description="Calendar day as the integer yyyymmdd.")
    date: Date = column()
    year: int = column()
    quarter: int = column(in_range=(1, 4))
    month: int = column(in_range=(1, 12))
    month_name: str = column(description="English name of the month.")
    day: int = column(in_range=(1, 31))
    weekday: int = column(
        in_range=(1, 7), description="Day of the week, from 1 (Monday) to 7 (Sunday)."
    )
    weekday_name: str = column(description="English name of the day of the week.")
    is_weekend: bool = column(description="Whether the day is a Saturday or a Sunday.")

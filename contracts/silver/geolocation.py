"""The contract of silver.geolocation."""

from contracts.contract import Silver, column
from contracts.domain import STATES, ZIP_PREFIX


class Geolocation(Silver, key=("zip_code_prefix",), incremental_key=("zip_code_prefix",)):
    """One row per zip prefix: its middle, and the city and state that most of its points name.

    What counts is each distinct point of `silver.geolocation_points`: coordinates, city as it is
    spelled, and state. A point that is delivered again does not count again.
    """

    zip_code_prefix: str = column(str_matches=ZIP_PREFIX)
    latitude: float = column(description="Degrees north: the median of the prefix's points.")
    longitude: float = column(description="Degrees east: the median of the prefix's points.")
    city: str = column(
        description="The city that most of the prefix's distinct points name, whatever case, "
        "accents and spaces they spell it with; in lower case, without accents."
    )
    state: str = column(
        isin=STATES, description="The state (UF) that these points name with the city."
    )

"""silver.geolocation_points."""

import polars as pl
from polars.testing import assert_frame_equal

from transforms.silver.geolocation_points import geolocation_points


def test_a_point_is_typed_and_its_columns_lose_their_prefix() -> None:
    raw = pl.LazyFrame(
        {
            "geolocation_zip_code_prefix": ["01000", "01009"],
            "geolocation_lat": ["-23.123456789012345", "NaN"],
            "geolocation_lng": ["-46.98765432109876", "-46,6"],
            "geolocation_city": ["São Paulo", " SAO PAULO"],
            "geolocation_state": ["SP", "SP"],
        }
    )
    expected = pl.LazyFrame(
        {
            "zip_code_prefix": ["01000", "01009"],
            "latitude": [-23.123456789012345, None],
            "longitude": [-46.98765432109876, None],
            "city": ["são paulo", "sao paulo"],
            "state": ["SP", "SP"],
        }
    )
    assert_frame_equal(geolocation_points(raw), expected, check_exact=True)

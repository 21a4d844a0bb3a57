"""Zip code prefixes with their cities, and the geolocation file with points for them."""

import unicodedata
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from flows.sample.geography import CITIES, STATES, City, State
from flows.sample.random import Hashes, Ints, generator, random_flags

_MOST_PREFIXES = 19_000
_UNMAPPED = 250  # one prefix in this many has no point
_DEGREE = 10**15  # the source has fifteen decimals
_CITY_RADIUS = 3 * _DEGREE // 100


def zip_codes(seed: int, orders: int) -> pl.DataFrame:
    """Return one row per zip code prefix, in the order of `STATES`.

    `state_number` is a position in `STATES`; `lat` and `lng` are the centre of the city in degrees.
    """
    rng = generator(seed, "places")
    wanted = min(_MOST_PREFIXES, orders // 2)
    return pl.concat(
        _zip_codes_of(rng, number, state, max(1, wanted * state.customers // 10_000))
        for number, state in enumerate(STATES)
    )


def rows_by_share(zip_codes: pl.DataFrame, hashes: Hashes, shares: Sequence[int]) -> Ints:
    """Return a row number of `zip_codes` per hash, with the given share of each state."""
    bounds = np.cumsum(shares).astype(np.uint64)
    states = np.searchsorted(bounds, hashes % bounds[-1], side="right")
    starts = np.searchsorted(zip_codes["state_number"], np.arange(len(STATES) + 1))
    within = (hashes >> np.uint64(32)) % np.diff(starts).astype(np.uint64)[states]
    rows: Ints = starts[states] + within.astype(np.int64)
    return rows


def geolocation(seed: int, zip_codes: pl.DataFrame) -> pl.DataFrame:
    """Return the geolocation file: several points per prefix, some of them duplicates."""
    rng = generator(seed, "geolocation")
    known = zip_codes.filter(pl.int_range(pl.len()) % _UNMAPPED != _UNMAPPED - 1)
    row = np.repeat(np.arange(known.height), rng.integers(2, 14, known.height, endpoint=True))
    size = len(row)
    points = known[row].select(
        geolocation_zip_code_prefix="zip_code_prefix",
        geolocation_lat=_around(rng, known["lat"].to_numpy()[row]),
        geolocation_lng=_around(rng, known["lng"].to_numpy()[row]),
        geolocation_city=pl.when(pl.lit(pl.Series(random_flags(rng, size, 120))))
        .then("city_with_accents")
        .otherwise("city"),
        geolocation_state="state",
    )
    rows = np.arange(size)
    return points[np.where(random_flags(rng, size, 150), np.maximum(rows - 1, 0), rows)]


def _zip_codes_of(rng: np.random.Generator, number: int, state: State, count: int) -> pl.DataFrame:
    width = state.last_prefix - state.first_prefix + 1
    offsets = np.sort(rng.choice(width, count, replace=False))
    cities = [city for city in CITIES if city.state == state.code]
    # The capital has the lower half of the range, as in most states.
    city_number = np.maximum(0, offsets * 2 * len(cities) // width - len(cities))
    return pl.DataFrame(
        {
            "state_number": np.full(count, number),
            "zip_code_prefix": pl.Series(state.first_prefix + offsets).cast(pl.String).str.zfill(5),
            "state": [state.code] * count,
        }
    ).hstack(pl.DataFrame([_city_columns(city) for city in cities])[city_number])


def _city_columns(city: City) -> dict[str, str | float]:
    return {
        "city": unicodedata.normalize("NFKD", city.name).encode("ascii", "ignore").decode(),
        "city_with_accents": city.name,
        "lat": city.lat,
        "lng": city.lng,
    }


def _around(rng: np.random.Generator, degrees: npt.NDArray[np.float64]) -> pl.Series:
    scatter = rng.integers(-_CITY_RADIUS, _CITY_RADIUS, len(degrees))
    return pl.Series(
        (np.rint(degrees * 100).astype(np.int64) * (_DEGREE // 100) + scatter) / _DEGREE
    )

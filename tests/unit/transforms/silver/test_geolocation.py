"""silver.geolocation: many points of a zip prefix become one row."""

import unicodedata

import polars as pl
from polars.testing import assert_frame_equal

from contracts.silver.geolocation import Geolocation
from contracts.silver.geolocation_points import GeolocationPoints
from transforms.silver.geolocation import geolocation

Point = tuple[str, float, float, str, str]


def assert_places(points: list[Point], places: list[Point]) -> None:
    made = geolocation(pl.LazyFrame(points, schema=GeolocationPoints.fields(), orient="row"))
    expected = pl.LazyFrame(places, schema=Geolocation.fields(), orient="row")
    assert_frame_equal(made, expected, check_row_order=False)


def test_each_prefix_has_one_row() -> None:
    lone = ("99000", -28.0, -52.0, "passo fundo", "RS")
    pair = ("01001", -23.5, -46.6, "sao paulo", "SP")
    assert_places([lone, pair, pair], [lone, pair])


def test_coordinates_are_separate_medians() -> None:
    points = [
        ("01001", -23.5, -46.6, "são paulo", "SP"),
        ("01001", -23.4, -40.0, "são paulo", "SP"),
        ("01001", 5.0, -46.7, "são paulo", "SP"),
    ]
    assert_places(points, [("01001", -23.4, -46.6, "sao paulo", "SP")])


def test_two_points_give_their_mean() -> None:
    points = [
        ("01001", -20.0, -46.0, "são paulo", "SP"),
        ("01001", -21.0, -47.0, "são paulo", "SP"),
    ]
    assert_places(points, [("01001", -20.5, -46.5, "sao paulo", "SP")])


def test_a_point_under_two_spellings_of_its_city_moves_the_median_once() -> None:
    points = [
        ("01001", -20.0, -46.0, "são paulo", "SP"),
        ("01001", -20.0, -46.0, "sao paulo", "SP"),
        ("01001", -22.0, -48.0, "são paulo", "SP"),
    ]
    assert_places(points, [("01001", -21.0, -47.0, "sao paulo", "SP")])


def test_the_most_frequent_city_wins() -> None:
    points = [
        ("01001", -1.0, -1.0, "alfa", "AC"),
        ("01001", -1.0, -1.0, "são paulo", "SP"),
        ("01001", -1.0, -1.0, "são paulo", "SP"),
    ]
    assert_places(points, [("01001", -1.0, -1.0, "sao paulo", "SP")])
    assert_places(points[::-1], [("01001", -1.0, -1.0, "sao paulo", "SP")])


def test_spellings_of_a_city_count_together() -> None:
    spellings = ["são paulo", unicodedata.normalize("NFD", "são paulo"), "sao \u00a0paulo"]
    points = [
        *(("01000", -23.5, -46.5, spelling, "SP") for spelling in spellings),
        ("01000", -23.5, -46.5, "osasco", "SP"),
        ("01000", -23.5, -46.5, "osasco", "SP"),
    ]
    assert_places(points, [("01000", -23.5, -46.5, "sao paulo", "SP")])


def test_a_tie_goes_to_the_first_in_the_alphabet_with_its_own_state() -> None:
    points = [("01001", -1.0, -1.0, "beta", "AC"), ("01001", -1.0, -1.0, "alfa", "TO")]
    assert_places(points, [("01001", -1.0, -1.0, "alfa", "TO")])
    assert_places(points[::-1], [("01001", -1.0, -1.0, "alfa", "TO")])


def test_a_tie_between_states_goes_to_the_first_in_the_alphabet() -> None:
    points = [("01001", -1.0, -1.0, "alfa", "TO"), ("01001", -1.0, -1.0, "alfa", "AC")]
    assert_places(points, [("01001", -1.0, -1.0, "alfa", "AC")])
    assert_places(points[::-1], [("01001", -1.0, -1.0, "alfa", "AC")])


def test_names_are_counted_per_prefix() -> None:
    beta, alfa = ("01001", -1.0, -1.0, "beta", "SP"), ("02002", -1.0, -1.0, "alfa", "SP")
    assert_places([beta, alfa, alfa, alfa], [beta, alfa])

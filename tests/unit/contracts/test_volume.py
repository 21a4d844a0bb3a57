"""The band of usual numbers of records: no false alarm, and no missed one."""

from math import inf
from random import Random
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.volume import Band, Volume


@pytest.mark.parametrize("noise", [0.02, 0.1, 0.15])
@pytest.mark.parametrize("usual", [40, 150, 8_000])
def test_thirty_normal_months_never_alarm(usual: int, noise: float) -> None:
    random = Random(7)
    for _ in range(7):  # each weekday on its own
        counts = list[int]()
        for _ in range(30 * 30 // 7):
            count = round(usual * max(0.05, random.gauss(1, noise)))
            band = Volume().band(counts)
            assert band is None or band.low <= count <= band.high
            counts.append(count)


@given(st.lists(st.integers(500, 1_500), min_size=8, max_size=20))
def test_a_tenth_and_ten_times_of_the_usual_number_are_outside_the_band(counts: list[int]) -> None:
    band = Volume().band(counts)
    assert band
    usual = median(counts[-8:])
    assert usual / 10 < band.low < band.high < 10 * usual


@given(st.lists(st.integers(1, 10_000), min_size=8, max_size=12))
def test_the_middle_of_the_known_deliveries_is_usual(counts: list[int]) -> None:
    band = Volume().band(counts)
    assert band
    assert band.low <= median(counts[-8:]) <= band.high


def test_small_shop_alarms_neither_on_a_day_without_records_nor_on_a_busy_one() -> None:
    random = Random(7)
    for usual in (1, 2, 4, 8, 15):
        counts = [sum(random.random() < 0.01 for _ in range(100 * usual)) for _ in range(500)]
        bands = [Volume().band(counts[:number]) for number in range(3, 500)]
        for count, band in zip(counts[3:], bands, strict=True):
            assert band
            assert band.low <= count <= band.high


def test_few_deliveries_say_nothing() -> None:
    assert Volume().band([100] * 2) is None
    assert Volume().band([100] * 3) == Band(40, 300, 15, 400, 100)


def test_only_the_last_deliveries_count() -> None:
    assert Volume(deliveries=5).band([1] * 50 + [100] * 5) == Volume().band([100] * 8)


def test_plain_numbers_replace_the_learnt_ends() -> None:
    assert Volume(floor=1, ceiling=2).band([100] * 9) == Band(1, 2, 1, 2, 100)
    assert Volume(floor=10).band([]) == Band(10, inf, 10, inf, None)

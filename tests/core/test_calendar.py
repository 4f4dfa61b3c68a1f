from datetime import date, datetime, timedelta, timezone

import numpy as np
import pytest

from heatstream.core.calendar import AnnualSeason, Season, Windows, date_of, day_of, day_start_us, local_days

CHINA = timezone(timedelta(hours=8))
WEIFANG = AnnualSeason((11, 14, 720), (3, 15, 720))
CHANGCHUN = AnnualSeason((10, 20, 0), (4, 6, 1440))


def us(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=CHINA).timestamp()) * 1_000_000


def test_a_day_begins_at_local_midnight() -> None:
    assert day_start_us(day_of(date(2026, 1, 5))) == us("2026-01-05T00:00:00")


def test_midnight_belongs_to_the_day_it_begins() -> None:
    instants = np.array([us("2026-01-05T00:00:00") - 1, us("2026-01-05T00:00:00")])
    assert [date_of(day) for day in local_days(instants)] == [date(2026, 1, 4), date(2026, 1, 5)]


def test_night_ends_where_the_next_day_window_begins() -> None:
    assert Windows(360, 1320).night_to_min == 1440 + 360


@pytest.mark.parametrize("window", [(390, 1320), (360, 1441), (1320, 360), (-60, 600)])
def test_windows_are_whole_hours_in_order(window: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="whole hours"):
        Windows(*window)


@pytest.mark.parametrize(("starting", "days"), [(2024, 169), (2023, 170), (2025, 169)])
def test_the_changchun_season_has_169_days_and_170_in_a_leap_year(starting: int, days: int) -> None:
    assert CHANGCHUN.starting(starting).statutory_days == days


def test_a_season_from_noon_to_noon_has_121_days_and_touches_122_dates() -> None:
    season = WEIFANG.starting(2025)
    assert (season.seconds, season.statutory_days, season.dates) == (121 * 86_400, 121, 122)


def test_part_days_are_counted_by_their_seconds() -> None:
    season = WEIFANG.starting(2025)
    days = range(season.first_day, season.last_day + 1)
    seconds = [season.seconds_of(day) for day in days]
    assert (seconds[0], seconds[1], seconds[-1], sum(seconds)) == (43_200, 86_400, 43_200, season.seconds)


def test_a_first_day_counts_from_noon() -> None:
    season = WEIFANG.starting(2025)
    assert season.part_of(season.first_day, 1800) == (720, 1800)


def test_a_last_day_that_ends_at_24_has_no_night_after_midnight() -> None:
    season = CHANGCHUN.starting(2025)
    assert season.part_of(season.last_day, 1800) == (0, 1440)


def test_the_day_after_an_end_at_24_lies_outside() -> None:
    season = CHANGCHUN.starting(2025)
    assert date_of(season.last_day) == date(2026, 4, 6)
    assert CHANGCHUN.of(season.last_day + 1) is None


def test_january_belongs_to_the_season_of_the_year_before() -> None:
    assert CHANGCHUN.of(day_of(date(2026, 1, 5))) == CHANGCHUN.starting(2025)


def test_a_season_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(ValueError, match="start before the end"):
        Season(2, 1)

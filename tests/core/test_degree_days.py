"""Heat by degree days, as CJJ/T 223-2014 5.3 says: Q_G = Q_R × DD18_G / DD18_R."""

from heatstream.core.degree_days import Day, estimated, mean_of_others, reference


def day(number: int, energy_wh: int | None = 240_000, outdoor_centi: int | None = -200, uncounted_min: int = 0) -> Day:
    return Day(number, energy_wh, uncounted_min, outdoor_centi)


def lost(outdoor_centi: int | None = -700, minutes: int = 1440) -> Day:
    return day(0, None, outdoor_centi, minutes)


def test_a_day_is_estimated_by_its_degrees_against_those_of_ten_days() -> None:
    # Ten days of 240 kWh at -2 °C: 2400 kWh over 200 degree days. A day at -7 °C has 25: 2400 × 25 / 200 = 300 kWh.
    found = estimated(lost(), [day(number) for number in range(1, 11)])
    assert found is not None
    assert (found.wh, found.reference_wh) == (300_000, 2_400_000)
    assert (found.degrees_centi_min, found.reference_degrees_centi_min) == (2500 * 1440, 20_000 * 1440)


def test_a_part_of_a_day_has_its_part_of_the_degrees() -> None:
    found = estimated(lost(minutes=360), [day(number) for number in range(1, 11)])
    assert found is not None
    assert found.wh == 75_000


def test_the_one_rounding_is_to_the_nearest_and_a_half_to_the_even() -> None:
    assert [
        found.wh
        for energy in (1, 3, 5)
        if (found := estimated(lost(outdoor_centi=800), [day(1, energy, -200)])) is not None
    ] == [0, 2, 2]


def test_a_day_of_18_degrees_or_more_has_no_degree_days() -> None:
    warm = [day(number, outdoor_centi=1900) for number in range(1, 11)]
    found = estimated(lost(outdoor_centi=1800), [day(1)])
    assert found is not None
    assert found.wh == 0
    assert estimated(lost(), warm) is None


def test_without_an_outdoor_temperature_nothing_is_estimated() -> None:
    assert estimated(lost(outdoor_centi=None), [day(1)]) is None


def test_a_reference_is_the_first_ten_whole_days_after_the_repair() -> None:
    days = [day(number, None, uncounted_min=1440) for number in range(1, 5)]
    days += [day(5), day(6, uncounted_min=60), day(7, outdoor_centi=None), *(day(number) for number in range(8, 30))]
    found = reference(days, 1)
    assert found is not None
    assert [each.day for each in found] == [5, *range(8, 17)]


def test_nine_whole_days_are_no_reference() -> None:
    assert reference([day(number) for number in range(1, 10)], 1) is None
    assert reference([day(number) for number in range(1, 11)], 2) is None


def test_days_two_months_later_are_no_reference() -> None:
    assert reference([day(number) for number in range(52, 80)], 1) is None


def test_the_mean_of_the_building_stands_for_its_part_of_the_day() -> None:
    assert mean_of_others(1440, [30_000, 50_000]) == 40_000
    assert mean_of_others(720, [30_000, 50_000]) == 20_000
    assert mean_of_others(1440, []) is None

"""Fuel against its floor: exact shares, and how many days it lasts. Whole kilogrammes, shares as fractions.

A city has some dozens of heat sources, so these are functions of one source.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from fractions import Fraction
from typing import NamedTuple


class Colour(IntEnum):
    """红黄绿."""

    RED = 1
    YELLOW = 2
    GREEN = 3


@dataclass(frozen=True, slots=True)
class Reported:
    """What one report tells of one fuel at one source."""

    day: int
    """Local day [days since 1970-01-01]."""
    stock_kg: int
    """At the end of the day [kg]."""
    received_kg: int
    """During the day [kg]."""
    used_kg: int
    """During the day [kg]."""


class Use(NamedTuple):
    """What reports say of a day's use."""

    sum_kg: int
    """Over the days it rests on [kg]."""
    days: tuple[int, ...]
    """The days it rests on, the oldest first [days since 1970-01-01]."""

    @property
    def a_day(self) -> Fraction:
        """Mean [kg/day]."""
        return Fraction(self.sum_kg, len(self.days))


class Lasting(NamedTuple):
    """For how many whole days fuel lasts."""

    days: int
    beyond: bool
    """It lasts longer than there is a forecast; `days` is a lower bound."""


def differs_kg(before: Reported, report: Reported, tolerance_e4: int) -> int | None:
    """Hold a stock against the day before + received − used.

    Parameters
    ----------
    before, report : two days that follow each other
    tolerance_e4 : it may differ by this share of before + received [0.0001]; a difference exactly as large is within

    Returns
    -------
    by how much it differs [kg], above zero where more is there than expected; None = within the tolerance

    Raises
    ------
    ValueError
        The days do not follow each other.
    """
    if report.day != before.day + 1:
        raise ValueError(f"day {report.day} does not follow {before.day}")
    had = before.stock_kg + report.received_kg
    difference = report.stock_kg - (had - report.used_kg)
    return difference if abs(difference) * 10_000 > tolerance_e4 * had else None


def recent_use(reports: Sequence[Reported], days: int) -> Use | None:
    """Take the use of the newest reported days.

    Parameters
    ----------
    reports : the oldest first, one a day
    days : how many days it rests on

    Returns
    -------
    None where fewer days were reported: a mean of what there happens to be would be another figure
    """
    newest = reports[-days:]
    if len(newest) < days:
        return None
    return Use(sum(each.used_kg for each in newest), tuple(each.day for each in newest))


def boiler_floor(season_need_kg: int, share: Fraction) -> Fraction:
    """Give the stock a boiler company must hold before the season: a share of the season's need [kg].

    Source: 吉政办发〔2012〕52号, 三(七): 锅炉供热企业储煤不得低于采暖期用煤总量的50%.
    """
    return season_need_kg * share


def chp_floor(use: Use, days: int) -> Fraction | None:
    """Give the stock a CHP plant must hold in the season: so many days of use [kg]; None where nothing is used.

    Source: 吉政办发〔2012〕52号, 三(七): 热电厂在采暖期内的供热储煤不得低于15天的用量.
    """
    return use.a_day * days if use.sum_kg else None


def days_left(stock_kg: int, use: Use) -> Fraction | None:
    """Say how long a stock lasts at a day's recent use [days]; None where nothing is used."""
    return stock_kg / use.a_day if use.sum_kg else None


def degrees_centi(mean_centi: int, base_centi: int) -> int:
    """Give a day's degree days below a base [0.01 K·day]; none at or above it."""
    return max(0, base_centi - mean_centi)


def days_left_by_weather(
    stock_kg: int, use: Use, use_degrees_centi: int, forecast_degrees_centi: Sequence[int]
) -> Lasting | None:
    """Say for how many whole days a stock lasts, where use goes with the degree days.

    Parameters
    ----------
    use_degrees_centi : degree days of the days that `use` rests on, together [0.01 K·day]
    forecast_degrees_centi : of each day ahead, the nearest first [0.01 K·day]

    Returns
    -------
    None where nothing was used or no day was cold: use then goes with no weather
    """
    if not use.sum_kg or not use_degrees_centi:
        return None
    cold = 0
    for ahead, degrees in enumerate(forecast_degrees_centi):
        cold += degrees
        if use.sum_kg * cold > stock_kg * use_degrees_centi:
            return Lasting(ahead, beyond=False)
    return Lasting(len(forecast_degrees_centi), beyond=True)


def colour(share: Fraction, green_from: Fraction, yellow_from: Fraction) -> Colour:
    """Colour a stock by its share of the floor; a share exactly at a threshold has the better colour.

    The thresholds are the operator's choice (A39): no text that was read gives any.
    """
    if share >= green_from:
        return Colour.GREEN
    return Colour.YELLOW if share >= yellow_from else Colour.RED

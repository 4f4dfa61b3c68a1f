"""Which season a day belongs to, where companies are looked at by the season."""

import datetime as dt
from typing import NamedTuple

from heatstream.core.calendar import date_of, day_of
from heatstream.errors import Refused
from heatstream.rules.law import Law
from heatstream.supervision.matter import Ground


class Belongs(NamedTuple):
    """A season, and the days that belong to it: those since the season before it ended."""

    year: int
    """The year it begins in."""
    first: dt.date
    """The first day after the season before."""
    begins: dt.date
    """First day it touches."""
    last: dt.date
    """Last day it touches."""

    def touches(self, day: dt.date) -> bool:
        return self.begins <= day <= self.last


def of_day(ground: Ground, day: dt.date) -> Belongs:
    """Find the season a day lies in, or else the next to begin.

    Raises
    ------
    Refused
        No law is in force, so nobody knows when seasons are.
    """
    law = _law(ground)
    ended = law.season_starting(day.year - 1).last_day
    year = day.year - 1 if day_of(day) <= ended else day.year
    return starting(ground, year + (day_of(day) > law.season_starting(year).last_day))


def starting(ground: Ground, year: int) -> Belongs:
    """Give the season that begins in a year; `of_day` tells what is raised."""
    law = _law(ground)
    season = law.season_starting(year)
    before = law.season_starting(year - 1)
    return Belongs(year, date_of(before.last_day + 1), date_of(season.first_day), date_of(season.last_day))


def _law(ground: Ground) -> Law:
    if ground.law is None:
        raise Refused(
            "no law is in force, so no season is known: expected `heatstream evaluate` with "
            "HEATSTREAM_EVALUATE_CHOICES_FILE first",
            zh="没有现行的规则包与选项，采暖期未知；应先设定 HEATSTREAM_EVALUATE_CHOICES_FILE，"
            "再运行 `heatstream evaluate`",
        )
    return ground.law

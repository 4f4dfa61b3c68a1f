"""Days off as dated data: the State Council's yearly notice, a file a year, in `rules/holidays/`.

The last day of a period that falls on a day off moves to the next working day (Civil Code 203). A year without its
notice refuses: nobody knows its days off before the notice is out. A fictional place keeps Saturdays and Sundays
alone, so that no invented calendar stands among the real ones.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, ValidationError, model_validator

from heatstream.errors import BadInput, Refused
from heatstream.rules import exact_yaml
from heatstream.rules.pack import Conf, Part, faults

SCHEMA = "heatstream.holidays/1"
SHIPPED = Path(__file__).parent / "holidays"
SATURDAY = 5


class Spell(Part):
    """Days off in one piece."""

    name: str = Field(description="the holiday")
    first: date = Field(description="first day off")
    last: date = Field(description="last day off")
    quote: str = Field(description="the notice's words")

    @model_validator(mode="after")
    def _forward(self) -> Self:
        if self.last < self.first:
            raise ValueError(f"last: seen {self.last}, expected not before first {self.first}")
        return self

    def holds(self, day: date) -> bool:
        return self.first <= day <= self.last


class Notice(Part):
    """国务院办公厅关于某年部分节假日安排的通知."""

    schema_: Literal["heatstream.holidays/1"] = Field(alias="schema", description="form of this file")
    year: int = Field(ge=1949, le=9999, description="the year it arranges")
    title: str = Field(description="title of the notice")
    doc_no: str = Field(description="文号")
    issued_on: date = Field(description="when it was issued")
    source: str = Field(description="where its text was read")
    conf: Conf = Field(description="how it is known")
    note: str | None = Field(None, description="what the reader must know")
    days_off: tuple[Spell, ...] = Field(min_length=1, description="放假")
    working_weekends: tuple[date, ...] = Field((), description="上班: Saturdays and Sundays that are worked")

    @model_validator(mode="after")
    def _weekends(self) -> Self:
        for day in self.working_weekends:
            if day.weekday() < SATURDAY:
                raise ValueError(f"working_weekends: seen {day}, no Saturday and no Sunday")
            if any(spell.holds(day) for spell in self.days_off):
                raise ValueError(f"working_weekends: seen {day}, a day off by the same notice")
        return self


@dataclass(frozen=True, slots=True)
class DaysOff:
    """Which days are worked."""

    notices: Mapping[int, Notice] | None
    """By year; None = a fictional place, where Saturdays and Sundays alone are off."""

    def is_day_off(self, day: date) -> bool:
        """Say whether a day is 法定休假日. The next year's notice may take days of December; it counts where it is.

        Raises
        ------
        Refused
            The notice of that year is not there.
        """
        weekend = day.weekday() >= SATURDAY
        if self.notices is None:
            return weekend
        if day.year not in self.notices:
            raise Refused(
                f"the State Council's notice of holidays for {day.year} is not among {self._years()}; add"
                f" rules/holidays/{day.year}.yaml, or holidays/{day.year}.yaml in HEATSTREAM_EVALUATE_PACKS_DIR",
                zh=f"国务院 {day.year} 年节假日安排的通知不在已有的 {self._years()} 之中，应添加 "
                f"rules/holidays/{day.year}.yaml，或在 HEATSTREAM_EVALUATE_PACKS_DIR 中添加 holidays/{day.year}.yaml",
            )
        near = [notice for year in (day.year, day.year + 1) if (notice := self.notices.get(year))]
        if any(spell.holds(day) for notice in near for spell in notice.days_off):
            return True
        return weekend and not any(day in notice.working_weekends for notice in near)

    def next_working_day(self, day: date) -> date:
        """Give the day itself if it is worked, else the first one after it that is (Civil Code 203).

        Raises
        ------
        Refused
            The notice of a year on the way is not there.
        """
        while self.is_day_off(day):
            day += timedelta(days=1)
        return day

    def _years(self) -> str:
        return ", ".join(map(str, sorted(self.notices or ()))) or "any"


FICTIONAL = DaysOff(None)


def load(packs_dir: Path | None = None) -> DaysOff:
    """Read every notice there is: those shipped, and those of an operator, which go before them.

    Raises
    ------
    BadInput
        A file is no notice, or bears another year than its name.
    """
    folders = (SHIPPED,) if packs_dir is None else (SHIPPED, packs_dir / "holidays")
    paths = {path.stem: path for folder in folders for path in sorted(folder.glob("*.yaml"))}
    return DaysOff({notice.year: notice for notice in map(read, paths.values())})


def read(path: Path) -> Notice:
    """Read one notice; `load` tells what is raised."""
    try:
        notice = Notice.model_validate(exact_yaml.read(path))
    except ValidationError as error:
        raise BadInput(faults(path, error)) from error
    if path.stem != str(notice.year):
        raise BadInput(f"{path}: year: seen {notice.year}, expected {path.stem}, the name of the file")
    return notice

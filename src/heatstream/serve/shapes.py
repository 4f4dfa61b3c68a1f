"""What many answers share: the place filters, days, instants and temperatures."""

import datetime as dt
import re
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from fastapi import Depends
from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    SerializerFunctionWrapHandler,
    WrapSerializer,
)

from heatstream.access import fields
from heatstream.serve.paging import PagedQuery, Parameters
from heatstream.serve.problems import BadQuery
from heatstream.store.read import days
from heatstream.store.read.places import Place
from heatstream.store.timescale import LOCAL


class Shape(BaseModel):
    """A named answer; it reads the columns of a row."""

    model_config = ConfigDict(from_attributes=True)


def _degrees(centi: object) -> object:
    return centi / 100 if isinstance(centi, int) else centi


def _hex(digest: object) -> object:
    return digest.hex() if isinstance(digest, bytes) else digest


def _written(pattern: str, expected: str) -> BeforeValidator:
    """Take a date or an instant only as it is written: pydantic would read a bare number as one, too.

    Years 2000 to 2199: further away no reading is, and calendars end.
    """

    def check(text: object) -> object:
        if isinstance(text, str) and not re.match(pattern, text):
            raise ValueError(f"expected {expected}")
        return text

    return BeforeValidator(check)


_IN_REACH = Field(json_schema_extra={"pattern": "^2[01]"})
Day = Annotated[dt.date, _written(r"2[01]\d\d-\d\d-\d\d$", "a day as 2026-01-05"), _IN_REACH]
Moment = Annotated[
    AwareDatetime, _written(r"2[01]\d\d-\d\d-\d\d[Tt ]", "an instant as 2026-01-05T08:00:00+08:00"), _IN_REACH
]
Celsius = Annotated[float, BeforeValidator(_degrees)]
Digest = Annotated[str, BeforeValidator(_hex)]
Instant = Annotated[
    dt.datetime,
    PlainSerializer(lambda at: at.astimezone(LOCAL).isoformat(), return_type=str),
    Field(description="RFC 3339, at +08:00"),
]


def _seen_alone(kind: fields.Kind) -> WrapSerializer:
    """Write a field for roles that see its kind, and null for others."""

    def write(value: Any, written: SerializerFunctionWrapHandler) -> Any:
        return written(value) if fields.sees(kind) else None

    return WrapSerializer(write)


Address = Annotated[
    str | None, _seen_alone("address"), Field(description="标准地址; null for roles that see no addresses")
]
Door = Annotated[str | None, _seen_alone("address")]
Storey = Annotated[int | None, _seen_alone("address")]
Money = Annotated[int | None, _seen_alone("money")]
Amounts = Annotated[dict[str, Any] | None, _seen_alone("money")]
Said = Annotated[dict[str, Any] | None, _seen_alone("case")]


def centi(words: str, default: Any = ...) -> Any:
    """Describe an exact temperature."""
    return Field(default, description=f"{words} [0.01 °C]")


def celsius(column: str, words: str, default: Any = ...) -> Any:
    """Describe the same temperature as a decimal number; `column` holds its hundredths."""
    return Field(default, validation_alias=column, description=f"{words} [°C]")


class PlaceFilters(Parameters):
    """A part of the city, by codes of the registry; several narrow each other."""

    city: str | None = Field(None, description="code of the city; it must be this database's")
    district: str | None = Field(None, description="code of a 区县")
    community: str | None = Field(None, description="code of a 小区")
    company: str | None = Field(None, description="code of a 供热企业: the one whose station heats the building")
    heat_station: str | None = Field(None, description="code of a 换热站")
    building: str | None = Field(None, description="code of a 楼栋")
    household: str | None = Field(None, description="户号")

    def place(self) -> Place:
        """Give the part of the city that is asked for."""
        names = ("city", "district", "community", "company", "heat_station", "building", "household")
        return Place(**{name: getattr(self, name) for name in names})


class DayFilters(PlaceFilters, PagedQuery):
    """Local days (UTC+08:00), both ends included."""

    day_from: Day | None = Field(None, description="first day; without it since the first point was installed")
    day_to: Day | None = Field(None, description="last day; without it up to today")
    order: Literal["oldest", "newest"] = Field("oldest", description="which day comes first")

    def page(self, span: days.Span, after: Sequence[Any] | None) -> days.DayPage:
        """Ask the store for one row more than the page holds: it tells whether there is a next."""
        day, *key = after or (None,)
        newest_first = self.order == "newest"
        return days.DayPage(span, self.limit + 1, newest_first=newest_first, after_day=day, after_key=tuple(key))


class AsOf(Parameters):
    """What the store held at an instant, instead of what it holds now."""

    as_of: Moment | None = Field(
        None, description="as it stood at this instant, which has passed; without it as it stands now"
    )

    def instant(self, now: dt.datetime) -> dt.datetime | None:
        """Give the instant; None = now.

        Raises
        ------
        BadQuery
            It has not come yet: what will stand then, nobody knows.
        """
        if self.as_of is not None and self.as_of > now:
            raise BadQuery(f"as_of: seen {self.as_of.isoformat()}, expected an instant that has passed")
        return self.as_of


def check_days(day_from: dt.date | None, day_to: dt.date | None) -> None:
    """Refuse a period that ends before it begins."""
    if day_from and day_to and day_from > day_to:
        raise BadQuery(f"day_from: seen {day_from}, expected a day not after day_to ({day_to})")


def now() -> dt.datetime:
    """Tell the local time; a test may give another clock."""
    return dt.datetime.now(LOCAL)


Now = Annotated[dt.datetime, Depends(now)]

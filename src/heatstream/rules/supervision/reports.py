"""Which reports are made, of which periods, for whom, and with which tables: the operator's.

How often is law (`law.REPORTING`): half-monthly in the heating season, weekly in the key period, daily for key cities,
key companies and at key times. When those are, and what is reported how, it leaves to two departments of the province.
"""

import datetime as dt
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from heatstream.errors import Refused
from heatstream.rules.pack import Part

Kind = Literal["daily", "weekly", "half_monthly"]
KINDS_ZH: Final[Mapping[Kind, str]] = MappingProxyType({"daily": "日报", "weekly": "周报", "half_monthly": "半月报"})
Office = Literal["工信", "住建"]
TableName = Literal[
    "measuring",
    "failing",
    "failing_homes",
    "refunds",
    "rulings",
    "unpaid",
    "complaints",
    "outages",
    "fuel",
    "declarations",
]
TABLES: Final[Mapping[TableName, tuple[str, str]]] = MappingProxyType(
    {
        "measuring": ("测温户次", "Measuring"),
        "failing": ("不达标户·逐日", "Failing homes by day"),
        "failing_homes": ("不达标户·本期", "Failing homes"),
        "refunds": ("退费", "Refunds"),
        "rulings": ("裁定", "Rulings"),
        "unpaid": ("未退清单", "Unpaid"),
        "complaints": ("投诉", "Complaints"),
        "outages": ("停热", "Outages"),
        "fuel": ("储煤", "Fuel"),
        "declarations": ("零报告", "Zero reports"),
    }
)
SEASON: Final = "采暖期"
"""Stands for the heating season, as the law in force has it."""
Text = Annotated[str, Field(min_length=1, pattern=r"\S")]


class Period(Part):
    """关键期, 重点城市, 重要时段: when something is reported more often."""

    period: Text = Field(description="its name: 关键期, 重点城市 …; not 采暖期, which the law has")
    day_from: dt.date = Field(description="first day")
    day_to: dt.date = Field(description="last day")
    source: Text = Field(description="where it is written, or who decided it")

    @model_validator(mode="after")
    def _dated(self) -> Self:
        if self.day_to < self.day_from:
            raise ValueError(f"day_to: seen {self.day_to}, expected not before day_from {self.day_from}")
        if self.period == SEASON:
            raise ValueError(f"period: seen {SEASON}, expected another name: the law in force says when that is")
        return self


class Recipient(Part):
    """Who gets a part of a report."""

    to: Office = Field(description="工信: CHP plants; 住建: heating operation")
    name: Text = Field(description="name of the authority")
    tables: tuple[TableName, ...] = Field(min_length=1, description="what it gets; of `fuel` its own sources alone")

    @model_validator(mode="after")
    def _once(self) -> Self:
        if len(set(self.tables)) != len(self.tables):
            raise ValueError("tables: one stands twice")
        return self


class Form(Part):
    """One kind of report."""

    kind: Kind = Field(description="daily 日报, weekly 周报, half_monthly 半月报")
    title: Text = Field(description="as its cover says")
    within: tuple[Text, ...] = Field(
        min_length=1, description="due where its days touch one of these: 采暖期, or names of `periods`"
    )
    week_begins: Annotated[int, Field(ge=1, le=7, strict=True)] | None = Field(
        None, description="first day of a week, 1 = Monday; with weekly alone"
    )
    month_days: tuple[Annotated[int, Field(ge=1, le=28, strict=True)], ...] = Field(
        (), description="days of the month that a half begins on: two, rising; with half_monthly alone"
    )
    recipients: tuple[Recipient, ...] = Field(min_length=1, description="who gets which tables")

    @model_validator(mode="after")
    def _of_its_kind(self) -> Self:
        if (self.kind == "weekly") != (self.week_begins is not None):
            raise ValueError("week_begins: expected with weekly, and with it alone")
        days = 2 if self.kind == "half_monthly" else 0
        if len(self.month_days) != days or list(self.month_days) != sorted(set(self.month_days)):
            raise ValueError("month_days: expected two rising days with half_monthly, and with it alone")
        if len({each.to for each in self.recipients}) != len(self.recipients):
            raise ValueError("recipients: one stands twice")
        return self

    @property
    def tables(self) -> tuple[TableName, ...]:
        """Every table that anybody gets, in their order."""
        asked = {name for each in self.recipients for name in each.tables}
        return tuple(name for name in TABLES if name in asked)


class Reports(Part):
    """Every kind that is made."""

    periods: tuple[Period, ...] = Field((), description="关键期, 重点城市, … with their dates; a name may stand often")
    forms: tuple[Form, ...] = Field(min_length=1, description="each kind once")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        kinds = [each.kind for each in self.forms]
        if len(set(kinds)) != len(kinds):
            raise ValueError("forms: a kind stands twice")
        names = {SEASON, *(each.period for each in self.periods)}
        for form in self.forms:
            if unknown := sorted(set(form.within) - names):
                raise ValueError(f"forms: {form.kind}: within: seen {unknown[0]}, expected one of {sorted(names)}")
        return self

    def form(self, kind: Kind) -> Form:
        """Give the form of a kind.

        Raises
        ------
        Refused
            Nobody has said what is in it.
        """
        found = next((each for each in self.forms if each.kind == kind), None)
        if found is None:
            raise Refused(
                f"rules of supervision: section `reports` has no form `{kind}`, so its days, recipients and tables "
                "are unknown; expected it in the file that HEATSTREAM_SUPERVISION_RULES_FILE names"
            )
        return found

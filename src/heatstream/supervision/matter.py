"""What a kind of matter must say of itself, so that one desk records them all.

A matter (事项) is a file of events, added and hashed one over the other. Its kind says which events there are, who may
record them, what they fold into, and where the matter stands.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, NamedTuple, Protocol

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.claims.check import Officer
from heatstream.rules.choices import Choices
from heatstream.rules.holidays import DaysOff
from heatstream.rules.law import Law
from heatstream.rules.supervision.file import SupervisionRules
from heatstream.supervision.told import Event

CLOSED, ROUTINE, SOON, NOW = 0, 1, 2, 3
"""Urgency of a matter."""


@dataclass(frozen=True, slots=True)
class Place:
    """Whom a matter concerns: rows of the registry, None where it concerns none."""

    district_id: int | None = None
    company_id: int | None = None
    heat_source_id: int | None = None
    heat_station_id: int | None = None
    building_id: int | None = None
    household_id: int | None = None
    gateway_id: int | None = None

    def columns(self) -> dict[str, int | None]:
        """Give the columns of its row."""
        return {each.name: getattr(self, each.name) for each in fields(self)}


class Recorded(NamedTuple):
    """An event with who recorded it and when; numbers count from 1."""

    number: int
    event: Event
    officer: Officer
    at: dt.datetime


class Standing(NamedTuple):
    """Where a matter stands."""

    headline: str
    """What it is about, in one line."""
    step: str
    urgency: int
    next_due_at: dt.datetime | None = None
    closed_at: dt.datetime | None = None
    stands_until: dt.datetime | None = None
    """It stands so until then if nobody records anything; one that has passed says that it must be looked at each time.
    None = until somebody does."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What matters are handled by; what is None is unknown, and whatever needs it refuses."""

    rules: SupervisionRules | None
    choices: Choices | None
    """Of the policy in force."""
    days_off: DaysOff
    law: Law | None = None
    """In force today: the place's pack, its seasons as decided, and the same choices."""
    past: bool = False
    """The event is read back: it was allowed when it was recorded, and no rule of today undoes that."""


class MatterKind(Protocol):
    """One kind of matter."""

    @property
    def name(self) -> str:
        """As the column `kind` holds it."""

    @property
    def opening(self) -> tuple[type[Event], ...]:
        """Events that open one."""

    @property
    def later(self) -> tuple[type[Event], ...]:
        """Events within one."""

    @property
    def who(self) -> Mapping[str, frozenset[str]]:
        """Roles that may record each event, by its `kind`; `claims.way.ITSELF` = the software."""

    async def place(self, conn: AsyncConnection, event: Event) -> Place:
        """Find whom an opening event concerns; BadInput where it names what the registry has not."""

    def after(self, state: Any, recorded: Recorded, ground: Ground) -> BaseModel:
        """Fold an event into a state, None before the first.

        BadInput where it contradicts what was recorded, Refused where it may not be or a rule is unknown.
        """

    def standing(self, state: Any, ground: Ground, now: dt.datetime) -> Standing:
        """Say where it stands now; a rule that is unknown is said in the headline or left out, and raises nothing."""

    def coming(self, state: Any) -> tuple[str, ...]:
        """Kinds of event that may come next, whoever records them."""

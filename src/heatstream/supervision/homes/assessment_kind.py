"""The kind `assessment`, 停热影响评估: what one 报停 application does to its neighbours, and what an officer concludes.

The software computes and decides nothing. No text that was read says who concludes, so the company or the district may.
"""

import datetime as dt
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal, Self

from pydantic import Field, model_validator
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.claims.events import Celsius100, Count, Day, Instant, Part, Text, Truth, written
from heatstream.claims.way import ITSELF
from heatstream.errors import BadInput, FieldError
from heatstream.store.read import assessed as store
from heatstream.supervision.event_words import names_zh
from heatstream.supervision.matter import CLOSED, ROUTINE, SOON, Ground, Place, Recorded, Standing
from heatstream.supervision.told import Event

ZH: Final = names_zh("assessment")

Result = Literal["recommend", "refuse", "conditions"]
RESULTS_ZH: Final[Mapping[Result, str]] = MappingProxyType(
    {"recommend": "建议同意", "refuse": "建议不同意", "conditions": "附条件同意"}
)


class Sides(Part):
    """Neighbours by side, seen from a home."""

    above: Count
    below: Count
    beside: Count


class Effect(Part):
    """What the stop does to one neighbour."""

    household: Text = Field(description="户号 of the neighbour")
    lies: Literal["above", "below", "beside"] = Field(description="where the home that stops is, seen from it")
    heated: Truth = Field(description="the neighbour itself is heated on the day")
    neighbours: Sides = Field(description="its registered neighbours")
    stopped_before: Sides = Field(description="of those: without heat on the day, as if the application were not")
    stopped_after: Sides = Field(description="the same with it")
    surrounded_before: Truth = Field(description="悬空 as if the application were not")
    surrounded_after: Truth = Field(description="悬空 with it")
    days: Count = Field(description="of the last closed days: with a statistic of it")
    mean_centi: Celsius100 | None = Field(
        None, description="its mean over them, floored [0.01 °C]; null = not monitored"
    )
    lowest_centi: Celsius100 | None = Field(None, description="its lowest reading in them [0.01 °C]")

    @property
    def becomes_surrounded(self) -> bool:
        """It is 悬空 by this application."""
        return self.surrounded_after and not self.surrounded_before


class _Computed(Event):
    stop: Text = Field(description="报停申请号")
    household: Text = Field(description="户号 that stops")
    first_day: Day = Field(description="first day of the stop; the neighbours' surroundings are those of this day")
    through: Day | None = Field(
        None, description="last closed day: temperatures are of the days up to it; null = none is"
    )
    neighbours: tuple[Effect, ...] = Field(description="every registered neighbour")


class Assessed(_Computed):
    """What the software computed of an application."""

    kind: Literal["assessed"] = "assessed"


class Reassessed(_Computed):
    """The same, computed anew after the registry or the temperatures changed."""

    kind: Literal["reassessed"] = "reassessed"


class Concluded(Event):
    """What an officer concludes; it decides on the stop only where the contract or the law says so."""

    kind: Literal["concluded"] = "concluded"
    result: Result = Field(description="`recommend`, `refuse`, or `conditions`")
    conditions: Text | None = Field(None, description="which; with `conditions`, and with it alone")

    @model_validator(mode="after")
    def _conditions(self) -> Self:
        if (self.result == "conditions") != (self.conditions is not None):
            raise FieldError(
                "conditions: expected with result `conditions`, and with it alone",
                zh="结论为附条件的应填写，否则应不填",
            )
        return self


class Assessment(Part):
    """An assessment where it stands."""

    stop: Text
    household: Text
    first_day: Day
    through: Day | None
    neighbours: tuple[Effect, ...]
    result: Result | None = None
    concluded_at: Instant | None = None

    @property
    def newly_surrounded(self) -> tuple[str, ...]:
        """Who would be 悬空 by it."""
        return tuple(each.household for each in self.neighbours if each.becomes_surrounded)


class AssessmentKind:
    """停热影响评估."""

    name = "assessment"
    opening: tuple[type[Event], ...] = (Assessed,)
    later: tuple[type[Event], ...] = (Reassessed, Concluded)
    who: Mapping[str, frozenset[str]] = MappingProxyType(
        {
            **dict.fromkeys(("assessed", "reassessed"), frozenset({ITSELF})),
            "concluded": frozenset({"company", "district"}),
        }
    )

    async def place(self, conn: AsyncConnection, event: Event) -> Place:
        """Find the home that stops."""
        household = getattr(event, "household", "")
        found = await store.place_of(conn, household)
        if found is None:
            raise BadInput(
                f"{event.name}: household: seen {household!r}, expected a 户号 of the registry (household.csv)",
                zh=f"{ZH[event.name]}：户号为“{household}”，应为登记中的户号（household.csv）",
            )
        return Place(**found)

    def after(self, state: Assessment | None, recorded: Recorded, ground: Ground) -> Assessment:
        """Fold an event; no rule is asked."""
        del ground
        event = recorded.event
        if state is not None and state.concluded_at is not None:
            raise BadInput(
                f"{event.name}: concluded on {state.concluded_at.isoformat()}",
                zh=f"{ZH[event.name]}：已于 {written(state.concluded_at)} 作出结论",
            )
        match event:
            case Assessed() | Reassessed():
                if state is not None and event.stop != state.stop:
                    raise BadInput(
                        f"{event.name}: stop: seen {event.stop!r}, expected {state.stop!r}",
                        zh=f"{ZH[event.name]}：报停申请号为“{event.stop}”，应为“{state.stop}”",
                    )
                return Assessment(**{name: getattr(event, name) for name in _Computed.model_fields if name in _OWN})
            case Concluded() if state is not None:
                return state.model_copy(update={"result": event.result, "concluded_at": event.at})
        raise BadInput(f"{event.name}: expected `assessed` first", zh=f"{ZH[event.name]}：应先评估")

    def standing(self, state: Assessment, ground: Ground, now: dt.datetime) -> Standing:
        """Say where it stands: whoever would be 悬空 waits for an officer."""
        del ground, now
        if state.result is not None:
            return Standing(headline(state), "concluded", CLOSED, closed_at=state.concluded_at)
        return Standing(headline(state), "assessed", SOON if state.newly_surrounded else ROUTINE)

    def coming(self, state: Assessment) -> tuple[str, ...]:
        """Name what may be recorded next."""
        return () if state.result is not None else ("reassessed", "concluded")


_OWN: Final = frozenset(Assessment.model_fields)


def headline(state: Assessment) -> str:
    """Say in a line whose stop it is, and whom it leaves without heat around."""
    left = len(state.newly_surrounded)
    result = f" · {RESULTS_ZH[state.result]} {state.result}" if state.result else ""
    around = f"邻户 {len(state.neighbours)} neighbours, 新增悬空 {left}"
    return f"停热影响 {state.stop} · 户 {state.household} · {state.first_day} · {around}{result}"


ASSESSMENT: Final = AssessmentKind()

"""零报告 of days: who declared, who did not (未报), and where a declared zero stands against an incident.

The software declares nothing in anybody's place. A zero on a day with an incident is shown as contradicted, and stays.
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.store.read import companies
from heatstream.store.read.companies import Company, Declared
from heatstream.store.timescale import LOCAL
from heatstream.supervision.incident.incident_state import Incident


@dataclass(frozen=True, slots=True)
class Declaration:
    """One company and day."""

    company: str
    name: str
    day: dt.date
    declared: Declared | None
    """None = 未报."""
    incidents: tuple[str, ...]
    """Numbers of the company's incidents that stood on the day."""

    @property
    def reported(self) -> bool:
        """已报."""
        return self.declared is not None

    @property
    def zero(self) -> bool | None:
        """What it declares; None = 未报."""
        return None if self.declared is None else self.declared.zero

    @property
    def contradicted(self) -> bool:
        """It declares zero, and an incident stood on the day."""
        return bool(self.zero) and bool(self.incidents)


class Stood:
    """Incidents of companies by the days they stood on."""

    def __init__(self, found: Sequence[companies.Incident]) -> None:
        self._of: dict[str, list[tuple[str, Incident]]] = {}
        for each in found:
            state = Incident.model_validate(each.state)
            if is_one(state):
                self._of.setdefault(each.company, []).append((each.code, state))

    def on(self, company: str, day: dt.date) -> tuple[str, ...]:
        """Give the numbers of those that stood on some part of a local day."""
        begins, ends = midnight(day), midnight(day + dt.timedelta(days=1))
        those = self._of.get(company, ())
        return tuple(code for code, each in those if each.begins < ends and (each.ends is None or each.ends > begins))


def is_one(state: Incident) -> bool:
    """Say whether it is an incident: certain, and neither withdrawn, dismissed nor merged into another."""
    return state.certain and not (state.withdrawn or state.dismissed or state.merged_into)


async def of_day(conn: AsyncConnection, day: dt.date) -> list[Declaration]:
    """List every company of a day."""
    told = {each.company: each for each in await companies.declared(conn, day, day)}
    stood = Stood(await companies.incidents(conn, midnight(day)))
    return [_of(each, day, told.get(each.code), stood) for each in await companies.on_day(conn, day)]


async def of_company(conn: AsyncConnection, of: Company, first: dt.date, last: dt.date) -> list[Declaration]:
    """List the days of one company, both inside."""
    told: Mapping[Any, Declared] = {
        each.day: each for each in await companies.declared(conn, first, last) if each.company == of.code
    }
    stood = Stood(await companies.incidents(conn, midnight(first), of.id))
    return [_of(of, day, told.get(day), stood) for day in days(first, last)]


def _of(company: Company, day: dt.date, declared: Declared | None, stood: Stood) -> Declaration:
    return Declaration(company.code, company.name, day, declared, stood.on(company.code, day))


def days(first: dt.date, last: dt.date) -> Iterator[dt.date]:
    """Count days, both inside; none where the last lies before the first."""
    return (first + dt.timedelta(days=ahead) for ahead in range((last - first).days + 1))


def midnight(day: dt.date) -> dt.datetime:
    """Give the instant a local day begins at."""
    return dt.datetime.combine(day, dt.time(), LOCAL)

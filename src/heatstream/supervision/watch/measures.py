"""The measured figures of a scorecard: each a list of rows that it is the sum of.

A row that nobody can tell yet, a limit that runs or a rule that is not chosen, is in no figure.
"""

import datetime as dt
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.claims.assess import way_from
from heatstream.claims.clocks import Clock, clocks
from heatstream.claims.law import of_id
from heatstream.core.calendar import day_of
from heatstream.core.repair import RepairState
from heatstream.errors import Refused
from heatstream.rules.holidays import FICTIONAL
from heatstream.rules.supervision.scorecard import Measure, Stratum
from heatstream.store.accepted import after, midnight
from heatstream.store.read import companies, scores, work_orders
from heatstream.store.read.companies import Company
from heatstream.store.read.days import Span
from heatstream.store.read.places import Place
from heatstream.store.read.scores import ClaimLines, Row
from heatstream.store.timescale import LOCAL
from heatstream.supervision.company import declarations, fuel
from heatstream.supervision.homes import strata
from heatstream.supervision.incident.incident_state import Incident
from heatstream.supervision.incident.repairs import repair
from heatstream.supervision.matter import Ground


@dataclass(slots=True)
class Asked:
    """Whose figures, and of which days."""

    conn: AsyncConnection
    ground: Ground
    company: Company
    days: Span
    judged: strata.Judged | None = None
    """Read once for every stratum."""

    @property
    def until(self) -> dt.datetime:
        """The end of the last day: what stands then is what counts."""
        return midnight(after(self.days.last))


async def rows(asked: Asked, measure: Measure, stratum: Stratum | None) -> list[Row]:
    """Give the rows of a measure, a subject and day each.

    Raises
    ------
    Refused
        What it needs is not known, and what.
    """
    if measure == "pass_rate":
        return await _pass_rate(asked, stratum or "all")
    return await _MEASURES[measure](asked)


async def _pass_rate(asked: Asked, stratum: Stratum) -> list[Row]:
    if asked.judged is None:
        asked.judged = await strata.judged(asked.conn, Place(company=asked.company.code), asked.days)
    found = asked.judged.home_days(stratum)
    return [Row(each.household, None, each.compliant, each.compliant + each.failing) for each in found]


async def _complaints(asked: Asked) -> list[Row]:
    """Hold tickets against the area supplied on the last day.

    Raises
    ------
    Refused
        The area of a home is not registered: the rate of the rest would be another one.
    """
    area = (await work_orders.supplied_area(asked.conn, asked.days.last, by="company")).get(asked.company.code)
    if area is None:
        return []
    if area.homes_without_area:
        raise Refused(
            f"{area.homes_without_area} supplied users of heat have no area in the registry (contract.csv)",
            zh=f"{area.homes_without_area} 户在供热用户未登记面积（contract.csv）",
        )
    held = Row(asked.company.code, asked.days.last, 0, area.area_centi_m2)
    return [held, *await scores.complaints(asked.conn, asked.company.id, asked.days)]


async def _contact_kept(asked: Asked) -> list[Row]:
    return await _clock_kept(asked, "contact")


async def _measure_kept(asked: Asked) -> list[Row]:
    return await _clock_kept(asked, "measure")


async def _clock_kept(asked: Asked, name: str) -> list[Row]:
    found: list[Row] = []
    for claim in await scores.claims_opened(asked.conn, asked.company.id, asked.days):
        made = [_kept(each, asked.until) for each in await _clocks(asked, claim) if each.name == name]
        day = claim.opened_at.astimezone(LOCAL).date()
        found.extend(Row(claim.code, day, int(kept), 1) for kept in made if kept is not None)
    return found


async def _clocks(asked: Asked, claim: ClaimLines) -> tuple[Clock, ...]:
    policy = await of_id(asked.conn, claim.policy_id)
    law = policy.law_on(day_of(claim.opened_at.astimezone(LOCAL).date()))
    days_off = FICTIONAL if policy.watermark else asked.ground.days_off
    return clocks(way_from(claim.lines), law, days_off, None)


def _kept(clock: Clock, now: dt.datetime) -> bool | None:
    """Say whether a limit was kept; None while it runs, or where it cannot be said."""
    match clock.state(now):
        case "kept":
            return True
        case "breached":
            return False
        case "waived" if clock.end is not None:
            return True
    return None


async def _repair_kept(asked: Asked) -> list[Row]:
    first = midnight(asked.days.first)
    found = []
    for each in await companies.incidents(asked.conn, first, asked.company.id):
        state = Incident.model_validate(each.state)
        if declarations.is_one(state) and first <= state.begins < asked.until:
            kept = _repaired(state, asked)
            found += [] if kept is None else [Row(each.code, state.begins.astimezone(LOCAL).date(), int(kept), 1)]
    return sorted(found)


def _repaired(state: Incident, asked: Asked) -> bool | None:
    """Say whether the chosen repair limit was kept; None while it runs, and where no limit is known."""
    made = repair(state, asked.ground, asked.until)
    if made is None or made.alarm is None or made.alarm.state is None:
        return None
    if made.alarm.state == RepairState.BREACHED:
        return False
    return True if state.ends is not None else None


async def _points_complete(asked: Asked) -> list[Row]:
    return await scores.points_complete(asked.conn, asked.company.id, asked.days)


async def _meters_complete(asked: Asked) -> list[Row]:
    return await scores.meters_complete(asked.conn, asked.company.id, asked.days)


async def _undelivered(asked: Asked) -> list[Row]:
    return await scores.undelivered(asked.conn, asked.company.id, asked.days)


async def _fuel_kept(asked: Asked) -> list[Row]:
    basis = await fuel.load(asked.conn, asked.ground, asked.days.first, asked.days.last)
    return sorted(_fuel_rows(asked, basis))


def _fuel_rows(asked: Asked, basis: fuel.Basis) -> Iterator[Row]:
    for day in declarations.days(asked.days.first, asked.days.last):
        for row in fuel.table(basis, day).rows:
            own = row.source.company == asked.company.code
            if own and row.share is not None and row.report is not None and row.report.day == day:
                yield Row(f"{row.source.code} {row.fuel}", day, int(row.share >= 1), 1)


async def _zero_reports(asked: Asked) -> list[Row]:
    """Count a day as declared where something was declared that no incident contradicts."""
    told = await declarations.of_company(asked.conn, asked.company, asked.days.first, asked.days.last)
    return [Row(asked.company.code, each.day, int(each.reported and not each.contradicted), 1) for each in told]


_MEASURES: Final[Mapping[Measure, Callable[[Asked], Awaitable[list[Row]]]]] = MappingProxyType(
    {
        "complaints": _complaints,
        "contact_kept": _contact_kept,
        "measure_kept": _measure_kept,
        "repair_kept": _repair_kept,
        "points_complete": _points_complete,
        "meters_complete": _meters_complete,
        "undelivered": _undelivered,
        "fuel_kept": _fuel_kept,
        "zero_reports": _zero_reports,
    }
)

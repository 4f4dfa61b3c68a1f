"""The tables of a report, read by what the API reads by, so that both tell the same."""

import datetime as dt
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.claims.assess import way_from
from heatstream.rules.supervision.reports import TableName
from heatstream.store.read import city, companies, reports, scores, work_orders
from heatstream.store.read.city import Tally
from heatstream.store.read.companies import Company
from heatstream.store.read.days import Span
from heatstream.store.read.reports import Unsettled
from heatstream.store.read.work_orders import Area
from heatstream.store.timescale import LOCAL
from heatstream.supervision.company import company_shown, declarations, fuel
from heatstream.supervision.matter import Ground
from heatstream.supervision.reporting import report_figures as shape
from heatstream.supervision.reporting.report_figures import Share, Tables
from heatstream.supervision.reporting.report_outages import outages
from heatstream.supervision.watch import measures

NOBODY: Final = "未匹配 matched to nobody"


@dataclass(frozen=True, slots=True)
class Asked:
    """Of which days, and as of when."""

    conn: AsyncConnection
    ground: Ground
    days: Span
    now: dt.datetime
    companies: tuple[Company, ...]
    """Of the last day."""

    @property
    def names(self) -> Mapping[str, str]:
        return {each.code: each.name for each in self.companies}

    def of(self, company: str) -> dict[str, str]:
        """Name a company; one that is not registered on the last day has its code alone."""
        return {"company": company, "name": self.names.get(company, company)}

    def every(self, *also: str) -> list[str]:
        """List the companies of the last day, and others that something was told of."""
        return sorted({*self.names, *also})


async def read(
    conn: AsyncConnection, ground: Ground, days: Span, now: dt.datetime, names: Iterable[TableName]
) -> Tables:
    """Read some tables."""
    asked = Asked(conn, ground, days, now, tuple(await companies.on_day(conn, days.last)))
    told: dict[str, Any] = {}
    for name in names:
        told |= await _READ[name](asked)
    return Tables(**told)


# --- claims -----------------------------------------------------------------------------------------------------------


async def _measuring(asked: Asked) -> dict[str, Any]:
    found = {each.company: each for each in await reports.visits(asked.conn, asked.days)}
    rows = [
        await _measured(asked, code, found.get(code) or reports.Visits(code, 0, 0, 0, 0, 0))
        for code in asked.every(*found)
    ]
    return {"measuring": tuple(rows)}


async def _measured(asked: Asked, code: str, seen: reports.Visits) -> shape.Measured:
    of = measures.Asked(asked.conn, asked.ground, await companies.of_code(asked.conn, code), asked.days)
    clocks = await measures.rows(of, "measure_kept", None)
    opened = len(await scores.claims_opened(asked.conn, of.company.id, asked.days))
    kept = Share(numerator=sum(each.numerator for each in clocks), denominator=len(clocks))
    return shape.Measured(
        **asked.of(code),
        visits=seen.by_company + seen.by_authority + seen.by_third_party,
        by_company=seen.by_company,
        by_authority=seen.by_authority,
        by_third_party=seen.by_third_party,
        households=seen.households,
        not_measured=seen.not_measured,
        claims=opened,
        in_time=kept,
        undecided=opened - kept.denominator,
        undetermined=None if kept.denominator else "本期立案无已定测温时限 no 测温时限 of the period is decided",
    )


async def _refunds(asked: Asked) -> dict[str, Any]:
    found = {each.company: each for each in await reports.paid(asked.conn, asked.days)}
    told = [found.get(code) or reports.Paid(code, 0, 0, 0) for code in asked.every(*found)]
    return {"refunds": tuple(shape.Refunded(**{**each._asdict(), **asked.of(each.company)}) for each in told)}


async def _rulings(asked: Asked) -> dict[str, Any]:
    found = await reports.rulings(asked.conn, asked.days)
    told = [{**each._asdict(), **asked.of(each.company), "rulings": each.refund + each.no_refund} for each in found]
    return {"rulings": tuple(shape.Ruled(**each) for each in told)}


async def _unpaid(asked: Asked) -> dict[str, Any]:
    rows = [_left(asked, each) for each in await reports.unsettled(asked.conn)]
    return {"unpaid": tuple(each for each in rows if each is not None)}


def _left(asked: Asked, found: Unsettled) -> shape.Unpaid | None:
    """Say what is left to pay in a claim; None = nothing is."""
    way = way_from(found.lines)
    decided = way.owed_fen
    if decided is None or decided <= way.paid_fen:
        return None
    today = asked.now.astimezone(LOCAL).date()
    return shape.Unpaid(
        **asked.of(found.company),
        claim=found.code,
        household=found.household,
        district=found.district,
        by="offer" if way.ruling is None else "ruling",
        decided_fen=decided,
        paid_fen=way.paid_fen,
        left_fen=decided - way.paid_fen,
        pay_by=found.pay_by,
        overdue=None if found.pay_by is None else found.pay_by < today,
        undetermined=None if found.pay_by else "履行期限未知 no 履行期限 runs: it was not served, or no text gives one",
    )


# --- findings ---------------------------------------------------------------------------------------------------------


async def _failing(asked: Asked) -> dict[str, Any]:
    rows = []
    for day in declarations.days(asked.days.first, asked.days.last):
        rows += [_of_day(day, each) for each in await city.tallies(asked.conn, day, "company")]
    return {"failing": tuple(rows)}


def _of_day(day: dt.date, tally: Tally) -> shape.FailingDay:
    decided = tally.compliant + tally.failing
    return shape.FailingDay(
        day=day,
        company=tally.code,
        name=tally.name,
        homes=tally.homes,
        monitored=tally.monitored,
        compliant=tally.compliant,
        failing=tally.failing,
        undecided=tally.undetermined,
        waiting=tally.waiting,
        of_monitored=Share(numerator=tally.failing, denominator=tally.monitored),
        of_decided=Share(numerator=tally.failing, denominator=decided),
        computed_fen=tally.computed_fen,
        undetermined="; ".join(_untold(tally, decided)) or None,
    )


def _untold(tally: Tally, decided: int) -> Iterable[str]:
    if not tally.monitored:
        yield "无监测户 no home is monitored"
    elif not decided:
        yield "无已判定户 no home is found compliant or failing"
    if tally.waiting:
        yield f"{tally.waiting} 户待判定 monitored homes are not judged yet"


async def _failing_homes(asked: Asked) -> dict[str, Any]:
    found = {each.company: each for each in await reports.failing_homes(asked.conn, asked.days)}
    told = [found.get(code) or reports.Failing(code, 0, 0, 0) for code in asked.every(*found)]
    rows = (shape.FailingHomes(**{**each._asdict(), **asked.of(each.company)}) for each in told)
    return {"failing_homes": tuple(rows)}


# --- hotlines and outages ---------------------------------------------------------------------------------------------


async def _complaints(asked: Asked) -> dict[str, Any]:
    figures = await work_orders.figures(asked.conn, asked.days, by="company", now=asked.now)
    areas = await work_orders.supplied_area(asked.conn, asked.days.last, by="company")
    found = {each.key: each for each in figures}
    keys = sorted({*found, *areas}, key=lambda key: (key is None, key or ""))
    rows = [_complained(asked, found.get(key) or work_orders.nothing(key), areas.get(key)) for key in keys]
    return {"complaints": tuple(rows)}


def _complained(asked: Asked, told: work_orders.Figures, area: Area | None) -> shape.Complaints:
    whole = area is not None and not area.homes_without_area
    rate = work_orders.per_10000_m2(told.tickets, area) if area is not None and whole else None
    return shape.Complaints(
        company=told.key,
        name=NOBODY if told.key is None else asked.of(told.key)["name"],
        contact=_of(told.contact_in_time, told.contact_late),
        handled_in_time=_of(told.handled_in_time, told.handled_late),
        satisfied=_of(told.satisfied, told.dissatisfied),
        area_centi_m2=area.area_centi_m2 if area is not None else None,
        per_10000_m2=None if rate is None else Share(numerator=rate.numerator, denominator=rate.denominator),
        undetermined=None if rate is not None else _no_rate(told.key, area),
        **{name: getattr(told, name) for name in _AS_COUNTED},
    )


_AS_COUNTED: Final = (
    "tickets",
    "unmatched",
    "set_aside",
    "contact_waiting",
    "contact_unknown",
    "work_orders",
    "handled",
    "handled_unknown",
    "open",
    "open_over_limit",
    "called_back",
    "reached",
    "reopened",
    "in_groups",
)


def _of(kept: int, late: int) -> Share:
    return Share(numerator=kept, denominator=kept + late)


def _no_rate(key: str | None, area: Area | None) -> str | None:
    if key is None:
        return None
    if area is not None and area.homes_without_area:
        return f"{area.homes_without_area} 户面积未登记 supplied users of heat have no area in the registry"
    return "无供热面积 no area is supplied on the last day"


async def _outages(asked: Asked) -> dict[str, Any]:
    return {"outages": await outages(asked.conn, asked.days, asked.names, asked.now)}


# --- companies --------------------------------------------------------------------------------------------------------


async def _fuel(asked: Asked) -> dict[str, Any]:
    basis = await fuel.load(asked.conn, asked.ground, asked.days.first, asked.days.last)
    table = fuel.table(basis, asked.days.last)
    flagged = [each for each in basis.reports if each.flags and asked.days.first <= each.report.day]
    return {
        "fuel": tuple(_stock(asked, fuel.tree(each)) for each in table.rows),
        "fuel_flags": tuple(_flag(basis, fuel.flagged_tree(each)) for each in flagged),
    }


_OF_FUEL: Final = frozenset(shape.Fuel.model_fields)


def _stock(asked: Asked, told: dict[str, Any]) -> shape.Fuel:
    named = {"to": told["recipient"], "source_name": told["name"], **asked.of(told["company"])}
    return shape.Fuel.model_validate({**{name: told[name] for name in _OF_FUEL & told.keys()}, **named})


def _flag(basis: fuel.Basis, told: dict[str, Any]) -> shape.FuelFlag:
    source = basis.sources.get(told["source"])
    kept = {name: told[name] for name in shape.FuelFlag.model_fields.keys() & told.keys()}
    return shape.FuelFlag(to=source and fuel.recipient(source.kind), **kept)


async def _declarations(asked: Asked) -> dict[str, Any]:
    rows = []
    for day in declarations.days(asked.days.first, asked.days.last):
        told = [company_shown.declaration_tree(each) for each in await declarations.of_day(asked.conn, day)]
        rows += [shape.Declared(day=day, **{name: each[name] for name in each if name != "declared"}) for each in told]
    return {"declarations": tuple(rows)}


_READ: Final[Mapping[TableName, Callable[[Asked], Awaitable[dict[str, Any]]]]] = MappingProxyType(
    {
        "measuring": _measuring,
        "failing": _failing,
        "failing_homes": _failing_homes,
        "refunds": _refunds,
        "rulings": _rulings,
        "unpaid": _unpaid,
        "complaints": _complaints,
        "outages": _outages,
        "fuel": _fuel,
        "declarations": _declarations,
    }
)

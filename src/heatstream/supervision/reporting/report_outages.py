"""停热 of a period: households × minutes of each station, with its cause where an officer found one.

Told from the incidents: as verified, else as the meter shows, else as reported. A time that two incidents of a station
share counts with the first. A candidate that one side alone shows is listed and is in no sum.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple

from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.store.accepted import after, midnight
from heatstream.store.read import affected, companies, reports
from heatstream.store.read.affected import Counted
from heatstream.store.read.days import Span
from heatstream.store.read.reports import Station
from heatstream.store.timescale import LOCAL
from heatstream.supervision.company.declarations import is_one
from heatstream.supervision.incident.incident_state import Incident
from heatstream.supervision.reporting.report_figures import Outage

Interval = tuple[dt.datetime, dt.datetime]
"""From an instant to before another."""
MINUTE: Final = dt.timedelta(minutes=1)
NOT_VERIFIED: Final = "未核查 no officer has verified it, so the cause is open"
CANDIDATE: Final = "待核 a candidate that one side alone shows: in no sum"
SHARED: Final = "并计 its time is counted with another incident of the station"


class _Stop(NamedTuple):
    """An incident in which heat stopped."""

    code: str
    state: Incident

    @property
    def certain(self) -> bool:
        return is_one(self.state)

    def at(self, station: Station) -> bool:
        """Say whether it touches a station: its own, or every one of its source."""
        if self.state.station is not None:
            return self.state.station == station.code
        return self.state.source == station.heat_source


@dataclass
class _Period:
    """What is counted, and what is counted already."""

    conn: AsyncConnection
    begins: dt.datetime
    until: dt.datetime
    names: Mapping[str, str]
    """Of companies, by code."""
    taken: dict[int, list[Interval]] = field(default_factory=dict)
    """By station."""

    def within(self, begins: dt.datetime, ends: dt.datetime | None) -> Iterator[Interval]:
        """Cut a time to the period; none where it lies outside."""
        since, until = max(begins, self.begins), min(ends or self.until, self.until)
        if since < until:
            yield since, until

    def left(self, station: Station, told: Iterable[Interval]) -> list[Interval]:
        """Give what no row before has counted at a station, and take it."""
        taken = self.taken.setdefault(station.id, [])
        found: list[Interval] = []
        for each in told:
            pieces = [each]
            for other in taken:
                pieces = [part for piece in pieces for part in without(piece, other)]
            found += pieces
            taken += pieces
        return found


def without(one: Interval, other: Interval) -> list[Interval]:
    """Give what is left of a time without another."""
    parts = ((one[0], min(one[1], other[0])), (max(one[0], other[1]), one[1]))
    return [(begins, ends) for begins, ends in parts if begins < ends]


async def outages(conn: AsyncConnection, days: Span, names: Mapping[str, str], now: dt.datetime) -> tuple[Outage, ...]:
    """Count the outages of some days, up to now: by begin, then by station.

    Parameters
    ----------
    names : of companies, by code
    """
    begins = midnight(days.first)
    period = _Period(conn, begins, min(midnight(after(days.last)), now), names)
    stops = _stops(await companies.incidents(conn, begins), period)
    stations = await reports.stations(conn)
    # What is certain takes its time first: a candidate takes none from it.
    order = sorted(stops, key=lambda each: (not each.certain, each.state.begins, each.code))
    rows = [await _row(period, stop, station) for stop in order for station in stations if stop.at(station)]
    return tuple(sorted(rows, key=lambda each: (each.begins, each.station, each.incident)))


def _stops(found: Iterable[companies.Incident], period: _Period) -> list[_Stop]:
    """Choose those that stopped heat in the period; what was withdrawn, dismissed or merged stopped none."""
    told = [_Stop(each.code, Incident.model_validate(each.state)) for each in found]
    return [each for each in told if _stopped(each.state) and _intervals(each.state, period)]


def _stopped(state: Incident) -> bool:
    gone = state.withdrawn or state.dismissed or state.merged_into is not None
    return not gone and (state.what in {"late_start", "early_stop"} or state.is_accident)


def _intervals(state: Incident, period: _Period) -> list[Interval]:
    """Give the times without heat, cut to the period: several where the meter saw several."""
    spans = state.standing_spans
    if state.verified is not None or not spans:
        return list(period.within(state.begins, state.ends))
    shown = [each for each in spans if each.certain] or spans
    return [
        part for each in sorted(shown, key=lambda one: one.begins) for part in period.within(each.begins, each.ends)
    ]


async def _row(period: _Period, stop: _Stop, station: Station) -> Outage:
    state = stop.state
    left = period.left(station, _intervals(state, period)) if stop.certain else _intervals(state, period)
    minutes = sum((ends - begins for begins, ends in left), dt.timedelta()) // MINUTE
    homes = await affected.count(period.conn, [station.id], state.begins.astimezone(LOCAL).date())
    verified = state.verified
    return Outage.model_validate(
        {
            "company": station.company,
            "name": period.names.get(station.company, station.company),
            "incident": stop.code,
            "station": station.code,
            "station_name": station.name,
            "what": state.what,
            "begins": state.begins,
            "ends": state.ends,
            "basis": _basis(state),
            **_counted(homes, minutes),
            "counted": stop.certain,
            "cause": verified and verified.cause,
            "component": state.component,
            "undetermined": "; ".join(_open(stop, left)) or None,
        }
    )


def _counted(homes: Counted, minutes: int) -> dict[str, int]:
    return {
        "minutes": minutes,
        "residential": homes.residential,
        "others": homes.others,
        "household_minutes": homes.residential * minutes,
        "others_minutes": homes.others * minutes,
    }


def _basis(state: Incident) -> Literal["verified", "meter", "reported"]:
    if state.verified is not None:
        return "verified"
    return "meter" if state.standing_spans else "reported"


def _open(stop: _Stop, left: Sequence[Interval]) -> Iterator[str]:
    if not stop.certain:
        yield CANDIDATE
    elif not left:
        yield SHARED
    if stop.state.verified is None:
        yield NOT_VERIFIED

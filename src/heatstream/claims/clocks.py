"""The time limits of a claim (docs/claims.md, section 7): each with its start, its limit, its end and its state. Pure.

Limits in minutes end with their last instant, limits in days with the last instant of their day; both include it.
"""

import calendar
import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from heatstream.claims.events import PaymentMade, VisitRecorded
from heatstream.claims.way import Way
from heatstream.core.calendar import date_of, day_of
from heatstream.errors import Refused
from heatstream.rules.holidays import DaysOff
from heatstream.rules.law import Law
from heatstream.store.timescale import LOCAL

Name = Literal["contact", "arrival", "measure", "authority_visit", "perform", "refund_due"]
State = Literal["running", "kept", "breached", "waived", "unknown"]

FIRST_DAYS: Final = 10
"""The season's first ten days have a limit of their own in some packs."""
NAMES: Final[dict[Name, str]] = {
    "contact": "联系时限",
    "arrival": "上门时限",
    "measure": "测温时限",
    "authority_visit": "主管部门测温时限",
    "perform": "履行期限",
    "refund_due": "退费期限",
}
_MICROSECOND = dt.timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Clock:
    """One time limit."""

    name: Name
    start: dt.datetime
    limit: dt.datetime | None
    """The last instant within; None = it cannot be said, and `refusal` says why."""
    end: dt.datetime | None
    """When what it waits for came; None = not yet."""
    agreed: bool = False
    """另有约定 has replaced the law's limit."""
    refusal: Refused | None = None

    def state(self, now: dt.datetime) -> State:
        """Say how it stands.

        `waived`: the law's limit did not hold, and what was agreed is kept or still runs.
        """
        if self.limit is None:
            return "unknown"
        if (self.end or now) > self.limit:
            return "breached"
        if self.agreed:
            return "waived"
        return "running" if self.end is None else "kept"

    @property
    def runs(self) -> bool:
        """Say whether something is still waited for, within the limit or past it."""
        return self.end is None and self.limit is not None


def clocks(way: Way, law: Law, days_off: DaysOff, entitlement_fen: int | None) -> tuple[Clock, ...]:
    """Give the time limits of a claim that have begun.

    Parameters
    ----------
    law : in force on the day the claim was opened
    entitlement_fen : 应退热费 [fen]; None = undetermined
    """
    made = (*_after_a_complaint(way, law), *_measuring(way, law), *_paying(way, law, days_off, entitlement_fen))
    return made if not (way.closed or way.withdrawn) else tuple(clock for clock in made if clock.end is not None)


def next_due_at(made: tuple[Clock, ...]) -> dt.datetime | None:
    """Give the earliest limit of what is still waited for, passed or not."""
    return min((clock.limit for clock in made if clock.runs and clock.limit), default=None)


def measured_late(made: tuple[Clock, ...], now: dt.datetime) -> bool:
    """Say whether 测温时限 is breached."""
    return any(clock.name == "measure" and clock.state(now) == "breached" for clock in made)


# --- hours ------------------------------------------------------------------------------------------------------------


def _after_a_complaint(way: Way, law: Law) -> Iterator[Clock]:
    """联系时限 runs from a temperature complaint to the first contact."""
    asked = law.pack.complaint
    if asked is None or way.opened is None or not way.opened.temperature_complaint:
        return
    arrived = _first(visit.arrived_at for visit in way.visited if visit.by == "company")
    if asked.contact_min is not None:
        contacted = _first(at for at in (way.contacted_at, arrived) if at is not None)
        yield Clock("contact", way.opened_at, way.opened_at + _minutes(asked.contact_min), contacted)
    if asked.arrival_min is not None:
        early = asked.arrival_min_first_10_days
        limit = early if early is not None and _in_first_days(way.opened_at, law) else asked.arrival_min
        yield _waivable(
            way, "arrival", way.opened_at, _minutes(limit), arrived, waivable=bool(asked.waivable_by_agreement)
        )


def _measuring(way: Way, law: Law) -> Iterator[Clock]:
    """测温时限 runs from the request to what `sla_clock` names."""
    asked = law.pack.visit
    if asked is None:
        return
    if asked.deadline_min is not None and not way.opened_by_authority:
        yield _measure(way, law, asked.deadline_min)
    called = _first(each.event.at for each in (way.escalated, way.applied) if each is not None)
    if asked.authority_deadline_min is not None and called is not None:
        came = _first(visit.arrived_at for visit in way.visited if visit.by == "authority")
        yield Clock("authority_visit", called, called + _minutes(asked.authority_deadline_min), came)


def _measure(way: Way, law: Law, deadline_min: int) -> Clock:
    asked, clock = law.pack.visit, law.choices.sla_clock
    if clock is None:
        why = Refused(
            "choice sla_clock is not made: what ends 测温时限 is open",
            zh="选项 sla_clock 未选定：测温时限止于何时尚无定论",
        )
        return Clock("measure", way.opened_at, None, None, refusal=why)
    early = asked.deadline_min_first_10_days if asked else None
    limit = early if early is not None and _in_first_days(way.opened_at, law) else deadline_min
    end = _first(at for visit in way.visited if (at := _reached(visit, clock)) is not None)
    waivable = bool(asked and asked.deadline_waivable_by_agreement)
    return _waivable(way, "measure", way.opened_at, _minutes(limit), end, waivable=waivable)


def _reached(visit: VisitRecorded, clock: str) -> dt.datetime | None:
    """Give the instant that ends 测温时限; whoever was not let in has come."""
    if not visit.rooms and any(each.by == "household" for each in visit.refusals):
        return visit.arrived_at
    return {
        "arrival": visit.arrived_at,
        "measurement_start": visit.started_at,
        "measurement_end": visit.ended_at,
    }[clock]


def _waivable(
    way: Way, name: Name, start: dt.datetime, length: dt.timedelta, end: dt.datetime | None, *, waivable: bool
) -> Clock:
    """Let 另有约定 that was made within the limit replace it."""
    limit, agreed = start + length, way.appointment
    if waivable and agreed is not None and agreed.at <= limit:
        return Clock(name, start, agreed.appointment_at, end, agreed=True)
    return Clock(name, start, limit, end)


def _in_first_days(at: dt.datetime, law: Law) -> bool:
    day = day_of(at.astimezone(LOCAL).date())
    return day - law.season_until(day).first_day < FIRST_DAYS


def _minutes(count: int) -> dt.timedelta:
    return dt.timedelta(minutes=count)


def _first(instants: Iterator[dt.datetime]) -> dt.datetime | None:
    return min(instants, default=None)


# --- days -------------------------------------------------------------------------------------------------------------


def _paying(way: Way, law: Law, days_off: DaysOff, entitlement_fen: int | None) -> Iterator[Clock]:
    paid = _performed_at(way)
    ruling = way.ruling
    if ruling is not None and ruling.outcome == "refund":
        day = perform_day(way, law)
        if day is not None:
            yield _to_the_day("perform", ruling.issued_at, day, paid, days_off)
    owed = way.owed_fen if way.owed_fen is not None else entitlement_fen
    due = refund_day(way, law)
    if owed and due is not None:
        yield _to_the_day("refund_due", way.opened_at, due, paid, days_off)


def perform_day(way: Way, law: Law) -> dt.date | None:
    """Give the last day of 履行期限 before it is moved past days off: the ruling's, else days after it was served."""
    ruling = way.ruling
    if ruling is None:
        return None
    days = law.pack.ruling.perform_days if law.pack.ruling else None
    if days is None:
        return ruling.draft.perform_by
    if ruling.last_served_at is None:
        return None
    return ruling.last_served_at.astimezone(LOCAL).date() + dt.timedelta(days=days)


def refund_day(way: Way, law: Law) -> dt.date | None:
    """Give the last day on which the law lets the season's refunds be paid, before it is moved past days off."""
    due = law.pack.refund_due
    if due is None:
        return None
    season = law.season_until(day_of(way.opened_at.astimezone(LOCAL).date()))
    last = date_of(season.last_day)
    if due.not_after is not None:
        return dt.date.fromisoformat(f"{last.year}-{due.not_after}")
    return (
        None if due.rule is None else months_after(last, int(due.rule.removeprefix("season_end+").removesuffix("mo")))
    )


def months_after(day: dt.date, months: int) -> dt.date:
    """Give the same day some months later, or that month's last (Civil Code 202)."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _to_the_day(name: Name, start: dt.datetime, day: dt.date, end: dt.datetime | None, days_off: DaysOff) -> Clock:
    """Move a last day past days off (Civil Code 203)."""
    try:
        worked = days_off.next_working_day(day)
    except Refused as why:
        return Clock(name, start, None, end, refusal=why)
    return Clock(name, start, dt.datetime.combine(worked + dt.timedelta(days=1), dt.time(), LOCAL) - _MICROSECOND, end)


def _performed_at(way: Way) -> dt.datetime | None:
    """Give when what must be paid was paid: the beginning of the day of the payment that made it whole."""
    owed, paid = way.owed_fen, 0
    for each in way.recorded:
        if owed is not None and isinstance(each.event, PaymentMade):
            paid += each.event.fen
            if paid >= owed:
                return dt.datetime.combine(each.event.paid_on, dt.time(), LOCAL)
    return None

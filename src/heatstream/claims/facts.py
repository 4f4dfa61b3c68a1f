"""A claim's facts as plain JSON (docs/claims.md, section 8), from what persons recorded and what the store holds."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

import numpy as np

from heatstream.claims.events import RoomTest, VisitRecorded
from heatstream.claims.way import Allegation, Way
from heatstream.core import finding
from heatstream.core.calendar import EPOCH, Season, day_of
from heatstream.core.claim_rules import ClaimRules
from heatstream.core.finding import Outcome, Reason
from heatstream.core.standard import DayRules, Rooms, standards, tier_of
from heatstream.core.standard import Statistic as Daily
from heatstream.core.statistic import DayStatistics
from heatstream.errors import Refused
from heatstream.rules.choices import ExcludedHours
from heatstream.rules.law import Law
from heatstream.rules.pack import Pack, Statistic
from heatstream.rules.policy import Policy
from heatstream.store.claims import Claim, FoundDay, MeasuredDay, Terms
from heatstream.store.timescale import LOCAL

SCHEMA: Final = "heatstream.claim-facts/1"
SETTLED: Final = "settled_before"
"""The exclusion of days that an earlier claim of the household gave back: nobody is given back twice for one day."""
KINDS: Final = {"company": "company_visit", "authority": "authority_visit", "third_party": "third_party"}
STATES: Final = {None: "alleged", True: "proved", False: "rejected"}
# Room by room, what the store keeps of a day is exact for these; of hourly means it keeps the floor alone.
_EXACT_BY_ROOM: Final = frozenset({Daily.MIN, Daily.TIME_WEIGHTED_MEAN, Daily.SUSTAINED_BELOW})


@dataclass(frozen=True, slots=True)
class Registered:
    """What the store holds of the household and its days."""

    terms: Terms
    stopped: Sequence[tuple[dt.date, dt.date]]
    found: Sequence[FoundDay]
    measured: Sequence[MeasuredDay]
    closed_through: dt.date | None
    settled: Sequence[tuple[dt.date, dt.date]] = ()
    """Days that earlier claims of the household and season gave back, as ranges."""


def facts(claim: Claim, way: Way, policy: Policy, rules: ClaimRules | None, held: Registered) -> dict[str, Any]:
    """Write a claim's facts.

    Parameters
    ----------
    rules : of the claim by this policy; None = it computes no entitlement, and why stands elsewhere
    """
    opened = day_of(claim.opened_at.astimezone(LOCAL).date())
    law = policy.law_on(opened)
    season = law.season_until(opened)
    return {
        "schema": SCHEMA,
        "claim": claim.code,
        "household": claim.household,
        "policy": policy.hash.hex(),
        "pack": law.pack.id,
        "season": {"start": instant(_instant_of(season.start_us)), "end": instant(_instant_of(season.end_us))},
        "closed_through": held.closed_through and held.closed_through.isoformat(),
        "opening": {"at": instant(claim.opened_at), "way": claim.opened_way},
        **told_of(way, law, rules, held.settled),
        "series": series(policy, season, held),
        "standing": _standing(held),
    }


def instant(at: dt.datetime) -> str:
    """Write an instant at +08:00."""
    return at.astimezone(LOCAL).isoformat()


def _instant_of(us: int) -> dt.datetime:
    return dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=us)


def told_of(
    way: Way, law: Law, rules: ClaimRules | None, settled: Sequence[tuple[dt.date, dt.date]] = ()
) -> dict[str, Any]:
    """Write what persons recorded, and which days an earlier claim settled."""
    cause = way.cause
    return {
        "tests": tests(way, law),
        "handled_at": way.handled_at and instant(way.handled_at),
        "cause": cause and {"of": getattr(cause.event, "cause", None), "event": cause.number},
        "exclusions": [*map(_exclusion, way.allegations.values()), *(_settled(*days) for days in settled)],
        "conditions": _conditions(way),
        "presumptions": _presumptions(way, law, rules),
        "outages": _outages(way),
    }


# --- tests ------------------------------------------------------------------------------------------------------------


def tests(way: Way, law: Law) -> list[dict[str, Any]]:
    """Write every visit in which something was measured, by the instant of its last reading that counts."""
    found = [
        _test(each.number, each.event, law)
        for each in way.visits
        if isinstance(each.event, VisitRecorded) and each.event.rooms
    ]
    return sorted(joined(found, law.pack), key=lambda test: (dt.datetime.fromisoformat(test["at"]), test["event"]))


def _test(number: int, visit: VisitRecorded, law: Law) -> dict[str, Any]:
    whole = _faults_of_visit(visit, law)
    by_room = [_faults_of_room(room, law) for room in visit.rooms]
    kept = [room for room, faults in zip(visit.rooms, by_room, strict=True) if not faults]
    valid = not whole and bool(kept)
    rooms = kept if valid else visit.rooms
    return {
        "at": instant(max(room.readings[-1].at for room in rooms)),
        "kind": KINDS[visit.by],
        "valid": valid,
        "why_not": [*whole, *(f"rooms.{n}.{fault}" for n, faults in enumerate(by_room) for fault in faults)],
        "event": number,
        "rooms": [_room(room.kind, Fraction(room.temp_centi), room.area_centi_m2) for room in rooms],
    }


def _room(kind: str | None, centi: Fraction, area_centi_m2: int | None) -> dict[str, Any]:
    return {"kind": kind, "temp_centi": centi.numerator, "of": centi.denominator, "area_centi_m2": area_centi_m2}


def _faults_of_visit(visit: VisitRecorded, law: Law) -> list[str]:
    """Say why the whole test counts for nothing; a certificate is asked for by the pack, else by a choice (A34)."""
    faults = []
    pack, measurement = law.pack, law.pack.measurement
    certified = bool(measurement and measurement.certificate) or law.choices.uncertified_device == "not_evidence"
    day = (visit.started_at or visit.arrived_at).astimezone(LOCAL).date()
    if certified and not (visit.certificate_until and day <= visit.certificate_until):
        faults.append("certificate")
    if visit.by == "company" and pack.visit and pack.visit.both_sign and not _both_signed(visit):
        faults.append("unsigned")
    return faults


def _both_signed(visit: VisitRecorded) -> bool:
    return visit.signed_by("household") and visit.signed_by("tester", "company")


def _faults_of_room(room: RoomTest, law: Law) -> list[str]:
    """Say why a room's test counts for nothing; what the pack does not ask is not examined."""
    kinds, asked = law.rooms(), law.pack.measurement
    found = {
        "room": kinds is not None and room.kind not in kinds,
        "hour": not all(_permitted(reading.at, law) for reading in room.readings),
    }
    if asked is not None:
        found |= {
            "unstable": bool(asked.stable) and not room.stable,
            "closed_min": asked.closed_min is not None and room.closed_min < asked.closed_min,
            "height": asked.height_m is not None
            and not asked.height_m[0] * 100 <= room.height_cm <= asked.height_m[1] * 100,
            "position": asked.position is not None and room.position != asked.position,
        }
    return [code for code, there in found.items() if there]


def _permitted(at: dt.datetime, law: Law) -> bool:
    """Say whether a reading lies at a time of day that the pack, or where it is silent a choice (A28), permits."""
    visit, chosen = law.pack.visit, law.choices.visit_hours
    clock = f"{at.astimezone(LOCAL):%H:%M}"
    if isinstance(chosen, ExcludedHours):
        begin, _, end = chosen.exclude_local.partition("-")
        return not begin <= clock < end
    excluded, window = (visit.exclude_local, visit.window_local) if visit else (None, None)
    outside = excluded is None or not excluded[0] <= clock < excluded[1]
    return outside and (window is None or window[0] <= clock < window[1])


def company_measured_failing(told: Mapping[str, Any], rules: DayRules) -> bool:
    """Say whether a valid test of the company found a room below the household's standard.

    Parameters
    ----------
    told : the claim's facts
    rules : of the day of the request
    """
    agreed = told["standing"]["standard_centi"]
    standard = int(standards(rules, np.array([agreed or 0], np.int16), np.array([agreed is not None]))[0])
    rooms = [
        room for test in told["tests"] if test["valid"] and test["kind"] == "company_visit" for room in test["rooms"]
    ]
    return any(Fraction(room["temp_centi"], room["of"]) + rules.guard_centi < standard for room in rooms)


# --- joint values -----------------------------------------------------------------------------------------------------


def joined(found: list[dict[str, Any]], pack: Pack) -> list[dict[str, Any]]:
    """Add the joint values of tests, where the pack's `statistic` joins several of a day or of days in a row."""
    asked = pack.statistic
    if asked is None or asked.window == "month":
        return found
    per_day = asked.slots_per_day or (asked.n or 1 if asked.days is None else 1)
    days = asked.days or 1
    if per_day * days == 1:
        return found
    valid = [test for test in found if test["valid"]]
    made = [each for kind in KINDS.values() for each in _joint(_by_day(valid, kind, asked), per_day, days, asked.agg)]
    parts = [
        {**test, "valid": False, "why_not": [*test["why_not"], "part"]} if test["valid"] else test for test in found
    ]
    return [*parts, *made]


def _by_day(valid: list[dict[str, Any]], kind: str, asked: Statistic) -> dict[dt.date, list[dict[str, Any]]]:
    """Sort the tests of a kind that lie in the statistic's hours by their day."""
    by_day: dict[dt.date, list[dict[str, Any]]] = defaultdict(list)
    for test in valid:
        at = dt.datetime.fromisoformat(test["at"])
        inside = asked.window_local is None or asked.window_local[0] <= f"{at:%H:%M}" <= asked.window_local[1]
        if test["kind"] == kind and inside:
            by_day[at.date()].append(test)
    return by_day


def _joint(
    by_day: dict[dt.date, list[dict[str, Any]]], per_day: int, days: int, agg: str | None
) -> Iterator[dict[str, Any]]:
    """Join the first days in a row that have enough tests each, then go on behind them."""
    full = [day for day in sorted(by_day) if len(by_day[day]) >= per_day]
    while len(full) >= days:
        span, row = full[:days], full[0] + dt.timedelta(days=days - 1)
        if span[-1] != row:
            full = full[1:]
            continue
        yield _together([by_day[day] for day in span], agg)
        full = full[days:]


def _together(days: list[list[dict[str, Any]]], agg: str | None) -> dict[str, Any]:
    """Join tests: the mean of the days' means of the lowest rooms, or the lowest."""
    lowest = [[min(Fraction(room["temp_centi"], room["of"]) for room in test["rooms"]) for test in day] for day in days]
    means = [sum(day, Fraction(0)) / len(day) for day in lowest]
    value = min(map(min, lowest)) if agg == "min" else sum(means, Fraction(0)) / len(means)
    last = max((test for day in days for test in day), key=lambda test: dt.datetime.fromisoformat(test["at"]))
    return {**last, "rooms": [_room(None, value, None)]}


# --- what else persons recorded ---------------------------------------------------------------------------------------


def _exclusion(allegation: Allegation) -> dict[str, Any]:
    told = allegation.event
    return {
        "code": told.code,
        "from": told.day_from.isoformat(),
        "to": told.day_to and told.day_to.isoformat(),
        "state": STATES[allegation.proved],
    }


def _settled(first: dt.date, last: dt.date) -> dict[str, Any]:
    return {"code": SETTLED, "from": first.isoformat(), "to": last.isoformat(), "state": STATES[True]}


def _conditions(way: Way) -> list[dict[str, Any]]:
    """Write the conditions day by day; what was recorded last of a day stands."""
    by_day: dict[dt.date, bool] = {}
    for told in way.conditions:
        days = (told.day_to - told.day_from).days + 1
        by_day |= dict.fromkeys((told.day_from + dt.timedelta(days=n) for n in range(days)), told.met)
    return [{"day": day.isoformat(), "met": met} for day, met in sorted(by_day.items())]


def _presumptions(way: Way, law: Law, rules: ClaimRules | None) -> list[dict[str, Any]]:
    """Write the presumptions, one a day; what was recorded last of a day stands.

    Against a user nothing is presumed where that is the choice (A26).
    """
    failing = law.pack.presumption.failing_when if law.pack.presumption else ()
    by_law = rules.presumed_tier if rules else None
    against_users = law.choices.refusals != "no_presumption"
    by_day = {told.day: told for told in way.presumptions if told.lapse in failing or against_users}
    return [
        {"day": day.isoformat(), "outcome": "failing", "tier": told.tier if by_law is None else by_law}
        if told.lapse in failing
        else {"day": day.isoformat(), "outcome": "compliant", "tier": None}
        for day, told in sorted(by_day.items())
    ]


def _outages(way: Way) -> list[dict[str, Any]]:
    """Write the outages; one told again with the same beginning replaces what was told of it."""
    by_start = {told.begins: told for told in way.outages}
    return [
        {"start": instant(begins), "end": told.ends and instant(told.ends), "cause": told.cause}
        for begins, told in sorted(by_start.items())
    ]


# --- the series -------------------------------------------------------------------------------------------------------


def series(policy: Policy, season: Season, held: Registered) -> list[dict[str, Any]]:
    """Write the closed days of the season that have a finding, each by the pack in force on it."""
    by_day: dict[dt.date, list[MeasuredDay]] = defaultdict(list)
    for row in held.measured:
        by_day[row.day].append(row)
    closed = [each for each in held.found if held.closed_through and each.day <= held.closed_through]
    return [_day(each, by_day[each.day], policy) for each in closed if season.touches(day_of(each.day))]


def _day(found: FoundDay, every: list[MeasuredDay], policy: Policy) -> dict[str, Any]:
    law = policy.law_on(day_of(found.day))
    rules, kinds = law.day_rules(day_of(found.day)), law.rooms()
    rows = [row for row in every if kinds is None or row.room_kind is None or row.room_kind in kinds]
    outcome, tier = _as_if_conditions_were_met(found, rules)
    return {
        "day": found.day.isoformat(),
        "outcome": outcome.name.lower(),
        "conflict": any(row.conflicts for row in rows),
        "value_centi": found.value_centi,
        "tier": tier,
        "tier_at_least": found.tier_at_least,
        "complete": bool(rows) and all(row.slots_valid == row.slots_expected for row in rows),
        **_minutes(rows, rules),
        "rooms": _rooms(rows, rules) if law.choices.fee_scope == "failing_rooms_area" else [],
    }


def _as_if_conditions_were_met(found: FoundDay, rules: DayRules) -> tuple[Outcome, int | None]:
    """Take back what the choice of `conditions` left open: a claim examines them by itself."""
    waits = found.reason == Reason.CONDITIONS and rules.conditions_open and not rules.outdoor_variants
    if not waits or found.value_centi is None:
        return Outcome(found.outcome), found.tier
    shift = 2 * (found.limit_centi - rules.standard_centi) if rules.by_deviation else 0
    floor = 2 * (found.value_centi + rules.guard_centi) - shift
    # The finding keeps the floor of a mean: exactly there, or between it and the next hundredth.
    tier, held, _ = tier_of(np.array([floor, floor + 1], np.int64), rules.tiers, rules.overlap)
    return Outcome.FAILING, int(tier[0]) if held.all() and tier[0] == tier[1] else None


def _minutes(rows: list[MeasuredDay], rules: DayRules) -> dict[str, int]:
    """Write the minutes below of the room that was below longest; of a mean over rooms, the shortest."""
    pick = max if rules.rooms in (Rooms.MIN_ROOM, Rooms.EACH) else min
    names = ("below_at_start_min", "below_at_end_min", "longest_below_min")
    return {name: pick((getattr(row, name) for row in rows), default=0) for name in names}


def _rooms(rows: list[MeasuredDay], rules: DayRules) -> list[dict[str, Any]]:
    """Write each room's own outcome, where the fee is shared by the failing rooms' area."""
    if not rows:
        return []
    if rules.statistic not in _EXACT_BY_ROOM:
        raise Refused(
            f"day {EPOCH + dt.timedelta(days=rules.day)}: fee_scope failing_rooms_area with daily_statistic "
            f"{rules.statistic.name.lower()}: the statistics kept do not tell a room's hourly means exactly; expected "
            "min, time_weighted_mean or sustained_below_min",
            zh=f"{EPOCH + dt.timedelta(days=rules.day)}：退费所及的面积为 failing_rooms_area 而当日室温为 "
            f"{rules.statistic.name.lower()} 时，所存统计值不足以准确得出各房间的小时均值；"
            "当日室温应为 min、time_weighted_mean 或 sustained_below_min",
        )
    areas = np.array([row.area_centi_m2 or 0 for row in rows], np.int32)
    one = np.zeros(len(rows), np.int32)
    found = finding.judge(_statistics(rows), one, households=1, rules=rules, area=areas)
    return [
        {
            "outcome": Outcome(int(outcome)).name.lower(),
            "tier": int(tier) if tiered else None,
            "area_centi_m2": row.area_centi_m2,
        }
        for row, outcome, tiered, tier in zip(rows, found.room_outcome, found.room_tiered, found.room_tier, strict=True)
    ]


def _statistics(rows: list[MeasuredDay]) -> DayStatistics:
    """Lay kept statistics out as arrays; 昼, 夜 and hours are not looked at here."""
    none = np.zeros(len(rows), np.int64)
    kept = {name: np.array([getattr(row, name) or 0 for row in rows]) for name in MeasuredDay._fields[4:]}
    return DayStatistics(**{name: kept.get(name, none) for name in DayStatistics.__dataclass_fields__})


# --- the registry -----------------------------------------------------------------------------------------------------


def _standing(held: Registered) -> dict[str, Any]:
    stopped = [{"from": begin.isoformat(), "to": end.isoformat()} for begin, end in held.stopped]
    return {**held.terms._asdict(), "stopped": stopped}

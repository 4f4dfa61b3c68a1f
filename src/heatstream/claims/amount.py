"""What a claim comes to: its facts as arrays for the core, and the three amounts with what they rest on."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from heatstream.core import entitlement
from heatstream.core.calendar import EPOCH, OFFSET_US, date_of, day_of
from heatstream.core.claim_facts import (
    CONDITION_MET,
    CONDITION_NOT_MET,
    ClaimFacts,
    FailingRooms,
    Outages,
    Presumptions,
    RoomTests,
    Series,
    Tests,
)
from heatstream.core.claim_rules import Cause, ClaimRules, FeeNumerator, Kind, MeteredFee, Open, Opened
from heatstream.core.entitlement import Entitled, Right
from heatstream.core.finding import Outcome
from heatstream.core.standard import halves, standards
from heatstream.errors import Refused

Json = Mapping[str, Any]
MICROSECOND: Final = dt.timedelta(microseconds=1)
UNIX: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True)
class Amount:
    """What a claim comes to. 测算额 is never owed; 应退热费 is, where it is determined; 裁定额 a ruling says."""

    right: str
    """`entitled`, `not_entitled`, `undetermined`; the last too where the pack computes nothing."""
    entitlement_fen: int | None
    """应退热费 [fen]; None = undetermined."""
    computed_fen: int | None
    """测算额: the sum of the days from the request to the period's end, as readings found each [fen]; None = none."""
    if_alleged_proved_fen: int | None
    """What it would amount to if all that is alleged were proved [fen]."""
    counts_to_fen: int | None
    """What the counted days and outages amount to, whatever the right says [fen]."""
    at_least: bool
    """That is a lower bound."""
    open: tuple[str, ...]
    """Conditions of the right that are undetermined (docs/claims.md, section 6)."""
    denied: tuple[str, ...]
    """Conditions that are not met."""
    period: tuple[dt.date | None, dt.date | None]
    """Day that begins it, day that ends it; None = not yet."""
    days: tuple[dict[str, Any], ...]
    """Each day of the period: whether it counts, by which evidence, what it gives back, and if not, why."""
    refusal: Refused | None
    """Why nothing can be computed; None = it can."""

    def given_back(self) -> tuple[dt.date, ...]:
        """List the days that give something back."""
        return tuple(dt.date.fromisoformat(each["day"]) for each in self.days if each["share"] and each["share"][0])


def amount(facts: Json, rules: ClaimRules, found_fen: Sequence[tuple[dt.date, int | None]]) -> Amount:
    """Compute what a claim comes to.

    Parameters
    ----------
    facts : as `claims.facts` writes them
    rules : of the claim
    found_fen : the season's days with their 测算额 [fen]
    """
    whole = arrays(facts, rules)
    found = entitlement.entitle(whole, rules)
    right = Right(int(found.right[0]))
    begin = date_of(int(found.begin_day[0])) if found.begun[0] else None
    end = date_of(int(found.end_day[0])) if found.ended[0] else None
    return Amount(
        right=right.name.lower(),
        entitlement_fen=None if right is Right.UNDETERMINED else int(found.owed_fen()[0]),
        computed_fen=computed_fen(facts, found_fen, end),
        if_alleged_proved_fen=int(found.fen_if_alleged_proved[0]),
        counts_to_fen=int(found.fen[0]),
        at_least=bool(found.at_least[0]),
        open=_names(int(found.open[0])),
        denied=_names(int(found.denied[0])),
        period=(begin, end),
        days=tuple(_explained(whole, found, rules, begin)),
        refusal=None,
    )


def refused(facts: Json, why: Refused, found_fen: Sequence[tuple[dt.date, int | None]]) -> Amount:
    """Say that nothing can be computed, and why; the claim goes its way all the same."""
    return Amount(
        right="undetermined",
        entitlement_fen=None,
        computed_fen=computed_fen(facts, found_fen, None),
        if_alleged_proved_fen=None,
        counts_to_fen=None,
        at_least=False,
        open=(Open.ENTITLING_LAW.name or "",),
        denied=(),
        period=(None, None),
        days=(),
        refusal=why,
    )


def computed_fen(facts: Json, found_fen: Sequence[tuple[dt.date, int | None]], end: dt.date | None) -> int | None:
    """Add the 测算额 of the days from the request to the period's end [fen]; None where no day has one."""
    first = dt.datetime.fromisoformat(facts["opening"]["at"]).date()
    given = [fen for day, fen in found_fen if first <= day and fen is not None and (end is None or day <= end)]
    return sum(given) if given else None


def _names(bits: int) -> tuple[str, ...]:
    return tuple(each.name for each in Open if each & bits and each.name)


# --- facts as arrays --------------------------------------------------------------------------------------------------


def arrays(facts: Json, rules: ClaimRules) -> ClaimFacts:
    """Lay one claim's facts out as the core wants them."""
    standing = facts["standing"]
    fee, outage_fee = fee_fen(standing, rules), outage_fee_fen(standing, rules)
    due, paid = standing["fee_due_fen"], standing["fee_paid_fen"]
    handled, through = facts["handled_at"], facts["closed_through"]
    registered = None not in (fee, outage_fee, due, paid)
    return ClaimFacts(
        request_us=np.array([_us(facts["opening"]["at"])], np.int64),
        opened=np.array([Opened[facts["opening"]["way"].upper()]], np.int8),
        handled=np.array([handled is not None]),
        handled_us=np.array([_us(handled) if handled else 0], np.int64),
        through_day=np.array([_day(through) if through else rules.days[0].day - 1], np.int32),
        cause=np.array([_cause(facts["cause"] and facts["cause"]["of"])], np.int8),
        residential=np.array([standing["resident"]]),
        fee_registered=np.array([registered]),
        fee_fen=np.array([fee or 0], np.int64),
        outage_fee_fen=np.array([outage_fee or 0], np.int64),
        paid=np.array([registered and paid >= due]),
        standard_centi=_standard(standing, rules),
        billed_area=np.array([standing["billed_area_centi_m2"] or 0], np.int32),
        tests=_tests(facts["tests"]),
        presumptions=_presumptions(facts["presumptions"]),
        outages=_outages(facts["outages"]),
        series=_series(facts["series"], rules),
        condition=_conditions(facts["conditions"], rules),
        excluded_proved=_excluded(facts["exclusions"], "proved", rules),
        excluded_alleged=_excluded(facts["exclusions"], "alleged", rules),
        stopped=_marked([(each["from"], each["to"]) for each in standing["stopped"]], rules),
    )


def fee_fen(standing: Json, rules: ClaimRules) -> int | None:
    """Give the season's fee that a share is taken of [fen]; None = not registered (A21)."""
    billed: int | None = standing["fee_due_fen" if rules.numerator is FeeNumerator.DUE else "fee_paid_fen"]
    base: int | None = standing["base_fee_fen"]
    how = rules.metered_fee if standing["metered"] else None
    if how is MeteredFee.BASE_FEE:
        return base
    if how is MeteredFee.WITHOUT_BASE_FEE or (how is None and rules.net_of_base_fee):
        return None if billed is None or base is None else max(0, billed - base)
    return billed


def outage_fee_fen(standing: Json, rules: ClaimRules) -> int | None:
    """Give the season's fee that an outage's share is taken of [fen]; None = not registered (Weifang 38)."""
    if standing["metered"] and rules.outage is not None and rules.outage.metered_base_fee:
        base: int | None = standing["base_fee_fen"]
        return base
    return fee_fen(standing, rules)


def _us(instant: str) -> int:
    return (dt.datetime.fromisoformat(instant) - UNIX) // MICROSECOND


def _day(text: str) -> int:
    return day_of(dt.date.fromisoformat(text))


def _cause(name: str | None) -> Cause:
    return Cause[name.upper()] if name else Cause.UNKNOWN


def _standard(standing: Json, rules: ClaimRules) -> Any:
    """Give the standard that the household's tests are held against."""
    agreed = standing["standard_centi"]
    of_pack = next((day for day in rules.days if day.pack_id == rules.pack_id), rules.days[0])
    law = replace(of_pack, standard_centi=rules.standard_centi)
    return standards(law, np.array([agreed or 0], np.int16), np.array([agreed is not None])).astype(np.int32)


def _tests(told: Sequence[Json]) -> Tests:
    valid = [test for test in told if test["valid"]]
    by_test = [[(room["temp_centi"], room["of"]) for room in test["rooms"]] for test in valid]
    values = [halves(*(np.array(part, np.int64) for part in zip(*rooms, strict=True))) for rooms in by_test]
    rooms = [room for test in valid for room in test["rooms"]]
    return Tests(
        claim=np.zeros(len(valid), np.int32),
        at_us=np.array([_us(test["at"]) for test in valid], np.int64),
        kind=np.array([Kind[test["kind"].upper()] for test in valid], np.int8),
        value_halves=np.array([value.min() for value in values], np.int64),
        rooms=RoomTests(
            test=np.repeat(np.arange(len(valid), dtype=np.int32), np.array([len(value) for value in values], np.int64)),
            value_halves=np.concatenate([np.zeros(0, np.int64), *values]),
            area=np.array([room["area_centi_m2"] or 0 for room in rooms], np.int32),
        ),
    )


def _presumptions(told: Sequence[Json]) -> Presumptions:
    return Presumptions(
        claim=np.zeros(len(told), np.int32),
        local_day=np.array([_day(each["day"]) for each in told], np.int32),
        failing=np.array([each["outcome"] == "failing" for each in told], np.bool_),
        tier=np.array([each["tier"] or 0 for each in told], np.int8),
    )


def _outages(told: Sequence[Json]) -> Outages:
    return Outages(
        claim=np.zeros(len(told), np.int32),
        start_us=np.array([_us(each["start"]) for each in told], np.int64),
        end_us=np.array([_us(each["end"]) if each["end"] else 0 for each in told], np.int64),
        running=np.array([each["end"] is None for each in told], np.bool_),
        cause=np.array([_cause(each["cause"]) for each in told], np.int8),
    )


def _series(told: Sequence[Json], rules: ClaimRules) -> Series:
    days, first = len(rules.days), rules.days[0].day
    at = np.array([_day(each["day"]) - first for each in told], np.int64)

    def column(values: list[Any], kind: type[np.generic]) -> Any:
        laid = np.zeros((1, days), kind)
        laid[0, at] = values
        return laid

    return Series(
        outcome=column([Outcome[each["outcome"].upper()] for each in told], np.int8),
        tiered=column([each["tier"] is not None for each in told], np.bool_),
        tier=column([each["tier"] or 0 for each in told], np.int8),
        **{name: column([each[name] for each in told], np.bool_) for name in ("tier_at_least", "conflict", "complete")},
        **{
            name: column([each[name] for each in told], np.int32)
            for name in ("below_at_start_min", "below_at_end_min", "longest_below_min")
        },
        failing_rooms=_failing_rooms(told, first),
    )


def _failing_rooms(told: Sequence[Json], first: int) -> FailingRooms:
    rooms = [
        (_day(each["day"]) - first, room) for each in told for room in each["rooms"] if room["outcome"] == "failing"
    ]
    return FailingRooms(
        claim=np.zeros(len(rooms), np.int32),
        day=np.array([day for day, _ in rooms], np.int32),
        tiered=np.array([room["tier"] is not None for _, room in rooms], np.bool_),
        tier=np.array([room["tier"] or 0 for _, room in rooms], np.int8),
        area=np.array([room["area_centi_m2"] or 0 for _, room in rooms], np.int32),
    )


def _conditions(told: Sequence[Json], rules: ClaimRules) -> Any:
    condition = np.zeros((1, len(rules.days)), np.int8)
    for each in told:
        condition[0, _day(each["day"]) - rules.days[0].day] = CONDITION_MET if each["met"] else CONDITION_NOT_MET
    return condition


def _excluded(told: Sequence[Json], state: str, rules: ClaimRules) -> Any:
    return _marked([(each["from"], each["to"]) for each in told if each["state"] == state], rules)


def _marked(ranges: Sequence[tuple[str, str | None]], rules: ClaimRules) -> Any:
    """Mark the days of the season that lie in one of some ranges."""
    mask = np.zeros((1, len(rules.days)), np.bool_)
    first = rules.days[0].day
    for begin, end in ranges:
        mask[0, max(0, _day(begin) - first) : None if end is None else max(0, _day(end) - first + 1)] = True
    return mask


# --- why --------------------------------------------------------------------------------------------------------------


def _explained(
    facts: ClaimFacts, found: Entitled, rules: ClaimRules, begin: dt.date | None
) -> Iterator[dict[str, Any]]:
    """Tell of each day from the request to the newest closed day or the period's end, and of each without heat."""
    request = (int(facts.request_us[0]) + OFFSET_US) // (24 * 3600 * 1_000_000)
    first, last = rules.days[0].day, rules.days[-1].day
    end = int(found.end_day[0]) if found.ended[0] else min(int(facts.through_day[0]), last)
    begins = min(request, day_of(begin)) if begin else request
    without_heat = {first + int(place) for place in np.flatnonzero(found.outage_us[0])}
    for day in sorted(without_heat | set(range(max(first, begins), end + 1))):
        yield _explained_day(facts, found, rules, day)


def _explained_day(facts: ClaimFacts, found: Entitled, rules: ClaimRules, day: int) -> dict[str, Any]:
    place = day - rules.days[0].day
    counted, outage = bool(found.counted[0, place]), int(found.outage_us[0, place])
    known = bool(found.shares.known[0, place])
    kind, outcome = int(found.kind[0, place]), int(found.outcome[0, place])
    return {
        "day": (EPOCH + dt.timedelta(days=day)).isoformat(),
        "counted": counted,
        "why_not": None if counted else _why_not(facts, found, rules, place),
        "evidence": Kind(kind).name.lower() if kind else None,
        "outcome": Outcome(outcome).name.lower() if outcome else None,
        "share": [int(found.shares.num[0, place]), int(found.shares.den[0, place])] if known else None,
        "outage_s": outage // 1_000_000,
    }


def _why_not(facts: ClaimFacts, found: Entitled, rules: ClaimRules, place: int) -> str:
    """Say why a day does not count, the first reason that holds."""
    day, days = rules.days[0].day + place, len(rules.days)
    reasons = {
        "no_period": not found.begun[0],
        "before_the_period": bool(found.begun[0]) and day < int(found.begin_day[0]),
        "first_or_last_days": place < rules.exclude_first_days or place >= days - rules.exclude_last_days,
        "exclusion_proved": bool(facts.excluded_proved[0, place]),
        "stopped": bool(facts.stopped[0, place]),
        "condition_not_met": rules.has_conditions and facts.condition[0, place] == CONDITION_NOT_MET,
        "condition_unknown": bool(found.apart[0, place]),
        "ends_the_period": bool(found.ended[0]) and day == int(found.end_day[0]) and not rules.end_inclusive,
        "compliant": found.outcome[0, place] == Outcome.COMPLIANT,
        "conflict": bool(facts.series.conflict[0, place]),
        "unknown": found.outcome[0, place] == 0,
    }
    return next((reason for reason, holds in reasons.items() if holds), "outside_the_period")

"""Article 33, as information: between which amounts a fine for a late start or an early stop lies. Never one fine.

Which multiple is just, and whether there is a fine at all, is the authority's to say, on reviewed evidence
(Administrative Penalty Law 41).
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

import numpy as np

from heatstream.claims.event_words import choice
from heatstream.claims.facts import instant
from heatstream.claims.shown import yuan
from heatstream.core import penalty
from heatstream.core.calendar import Season, date_of, day_of
from heatstream.core.refund import rounded_exact
from heatstream.core.standard import Rounding
from heatstream.core.units import Micros
from heatstream.errors import Refused
from heatstream.rules.choices import Choices, PenaltyBase
from heatstream.rules.law import Law
from heatstream.rules.supervision.law import ARTICLE_33, PENALTY_LAW_41, borrowed, in_jilin
from heatstream.store.matters import Matter
from heatstream.store.read import supplied
from heatstream.store.timescale import LOCAL
from heatstream.supervision.act import Desk
from heatstream.supervision.incident.incident_kind import expect_incident
from heatstream.supervision.incident.incident_state import Incident
from heatstream.supervision.incident.incidents import Bounds

COVERED: Final = frozenset({"late_start", "early_stop"})
_DAY_US: Final = 86_400 * 1_000_000
_MICROSECOND: Final = dt.timedelta(microseconds=1)
_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True)
class Range:
    """What article 33 comes to, with everything it rests on."""

    incident: str
    verified: bool
    begins: dt.datetime
    ends: dt.datetime
    goes_on: bool
    """Heat is not back; it is told so far."""
    users: int
    without_fee: int
    """Users whose 应缴热费 is not registered: where there are some, the base is at least this."""
    fees_fen: int
    lost_us: int
    denominator_us: int
    base_fen: Fraction
    rounding: Rounding
    chosen: PenaltyBase
    watermark: str | None

    @property
    def day_fen(self) -> Fraction:
        """Fee of all users for one day of 24 hours [fen], exact."""
        return penalty.base_fen(self.fees_fen, _DAY_US, self.denominator_us)

    @property
    def least_fen(self) -> int:
        return rounded_exact(ARTICLE_33.least * self.base_fen, self.rounding)

    @property
    def most_fen(self) -> int:
        return rounded_exact(ARTICLE_33.most * self.base_fen, self.rounding)


async def between(desk: Desk, found: Matter) -> Range:
    """Compute the range for an incident.

    Raises
    ------
    BadInput
        It is no incident.
    Refused
        It is no late start or early stop, the place is not in Jilin, or a choice is not made.
    """
    state: Incident = await desk.state(expect_incident("penalty", found.code, found))
    law, chosen, rounding = _law(found.code, state, desk)
    ends = state.ends or desk.now()
    # By its end: what is found to begin before midnight of the first day is no matter of the season before.
    season = law.season_until(_day(ends - _MICROSECOND))
    partly = () if chosen.partial_heating == "not_heating" or state.verified is None else state.verified.partly_heated
    lost_us = penalty.undelivered_us(_us(state.begins), _us(ends), season, _periods(partly, ends))
    denominator_us = _denominator_us(law, season, chosen)
    stations = await supplied.station_ids(desk.conn, found.heat_station_id, found.heat_source_id)
    day, alone = state.begins.astimezone(LOCAL).date(), chosen.users == "residential"
    fees = await supplied.fees(desk.conn, stations, day, residential_alone=alone)
    return Range(
        incident=found.code,
        verified=state.verified is not None,
        begins=state.begins,
        ends=ends,
        goes_on=state.ends is None,
        users=fees.users,
        without_fee=fees.without_fee,
        fees_fen=fees.due_fen,
        lost_us=lost_us,
        denominator_us=denominator_us,
        base_fen=penalty.base_fen(fees.due_fen, lost_us, denominator_us),
        rounding=rounding,
        chosen=chosen,
        watermark=law.pack.watermark if borrowed(law.pack) else None,
    )


def _law(code: str, state: Incident, desk: Desk) -> tuple[Law, PenaltyBase, Rounding]:
    title, zh_title, law = f"{code}: article 33", f"{code}：第三十三条", desk.ground.law
    if state.what not in COVERED:
        raise Refused(
            f"{title}: seen {state.what}; it covers 推迟开始 late_start and 提前停止 early_stop alone",
            zh=f"{zh_title}：事件类型为{choice(state.what)}，该条只适用于推迟开始和提前停止供热",
        )
    if law is None or desk.ground.choices is None:
        raise Refused(
            f"{title}: no law is in force yet: expected `heatstream evaluate` with a choices file first",
            zh=f"{zh_title}：尚无现行的规则包与选项，应先设定选项文件并运行 `heatstream evaluate`",
        )
    if not in_jilin(law.pack):
        raise Refused(
            f"{title}: {ARTICLE_33.read.instrument} holds in Jilin; the law here is {law.pack.id}",
            zh=f"{zh_title}：{ARTICLE_33.read.instrument}适用于吉林省，此处的规则包为 {law.pack.id}",
        )
    return law, _chosen(code, desk.ground.choices), _rounding(code, desk.ground.choices)


def _chosen(code: str, choices: Choices) -> PenaltyBase:
    if choices.penalty_base is None:
        raise Refused(
            f"{code}: article 33: choice penalty_base (A16) is not made: users, denominator, partial_heating",
            zh=f"{code}：第三十三条：选项 penalty_base（A16，罚款基数）未定：users、denominator、partial_heating",
        )
    return choices.penalty_base


def _rounding(code: str, choices: Choices) -> Rounding:
    if choices.money_rounding is None:
        raise Refused(
            f"{code}: article 33: choice money_rounding (A7) is not made",
            zh=f"{code}：第三十三条：选项 money_rounding（A7，金额的进位）未定",
        )
    return Rounding[choices.money_rounding.upper()]


def _denominator_us(law: Law, season: Season, chosen: PenaltyBase) -> int:
    if chosen.denominator == "actual_season":
        return season.end_us - season.start_us
    year = date_of(season.first_day).year
    begun = next(each for each in (year, year - 1) if law.season_starting(each) == season)
    statutory = law.statutory_season(begun)
    return statutory.end_us - statutory.start_us


def _periods(parts: tuple[Bounds, ...], ends: dt.datetime) -> tuple[Micros, Micros]:
    begin = np.array([_us(each.begins) for each in parts], np.int64)
    return begin, np.array([_us(each.ends or ends) for each in parts], np.int64)


def _us(at: dt.datetime) -> int:
    return (at - _EPOCH) // _MICROSECOND


def _day(at: dt.datetime) -> int:
    return day_of(at.astimezone(LOCAL).date())


def tree(found: Range) -> dict[str, Any]:
    """Tell it to a program."""
    return {
        "incident": found.incident,
        "verified": found.verified,
        "begins": instant(found.begins),
        "ends": instant(found.ends),
        "goes_on": found.goes_on,
        "users": found.users,
        "users_without_fee": found.without_fee,
        "at_least": found.without_fee > 0,
        "season_fees_fen": found.fees_fen,
        "undelivered_us": found.lost_us,
        "denominator_us": found.denominator_us,
        "day_fen": _exact(found.day_fen),
        "base_fen": _exact(found.base_fen),
        "least_fen": found.least_fen,
        "most_fen": found.most_fen,
        "choices": {"penalty_base": found.chosen.model_dump(), "money_rounding": found.rounding.name.lower()},
        "law": {"doc_no": ARTICLE_33.read.doc_no, "article": ARTICLE_33.read.article, "quote": ARTICLE_33.read.quote},
        "remark": PENALTY_LAW_41,
        "watermark": found.watermark,
    }


def _exact(value: Fraction) -> list[int]:
    """Write a rational as numerator and denominator."""
    return [value.numerator, value.denominator]


def sentences(found: Range) -> Iterator[str]:
    """Tell it to a person, a line a fact; the range last."""
    finding = "已核查 verified" if found.verified else "未经核查 nobody has verified it"
    so_far = "，仍在继续 so far" if found.goes_on else ""
    yield f"{found.incident}: {instant(found.begins)} to {instant(found.ends)}{so_far} · {finding}"
    unknown = f"; {found.without_fee} 户未登记热费 have no fee registered, so what follows is at least"
    at_least = unknown if found.without_fee else ""
    yield f"用户 users ({found.chosen.users}): {found.users}{at_least}"
    days = Fraction(found.denominator_us, _DAY_US)
    yield f"分母 denominator ({found.chosen.denominator}): {_decimal(days)} days of 24 h"
    rounding = found.rounding
    yield f"日热费合计 fee of a day: {yuan(rounded_exact(found.day_fen, rounding))}"
    hours = Fraction(found.lost_us, 3_600_000_000)
    partly = found.chosen.partial_heating
    yield f"应供未供 not delivered: {_decimal(hours)} h (heating below the standard counts as {partly})"
    yield f"期间热费总额 base: {yuan(rounded_exact(found.base_fen, rounding))}"
    read = ARTICLE_33.read
    yield f"{read.doc_no} 第{read.article}条: {read.quote}"
    yield f"二倍至十倍 from {yuan(found.least_fen)} to {yuan(found.most_fen)}; information, never a fine"
    yield PENALTY_LAW_41
    if found.watermark:
        yield f"{found.watermark}: a fictional place borrows the article"


def _decimal(value: Fraction) -> str:
    """Write a number with two decimals at most, for a person; what is computed with stays exact."""
    return f"{float(value):.2f}".rstrip("0").rstrip(".")

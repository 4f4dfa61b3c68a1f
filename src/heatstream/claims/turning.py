"""What would have altered what a claim comes to: the deciding tests, one recorded fact, one choice. No advice.

Each change is applied to the claim's facts or rules alone and computed anew as the claim was; only those are told that
alter the right or the amount. The series of a day is explained with its finding (`claims.explained`).
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any, Final, NamedTuple

from heatstream.claims import amount as amounts
from heatstream.claims.amount import Amount, Json
from heatstream.claims.facts import SETTLED
from heatstream.core.claim_rules import (
    BothOnOneDay,
    ClaimRules,
    ContinuityBy,
    Ends,
    FixedPointOpens,
    GraceExceeded,
    Liability,
    SameDay,
    Tiering,
    Unpaid,
)
from heatstream.rules.sentences import Line, decimal

FARTHEST_CENTI: Final = 1000
"""A change of a test by more than 10 K is none."""


@dataclass(frozen=True, slots=True)
class Turned:
    """One change, and what the claim would come to then."""

    what: Line
    right: str
    """`entitled`, `not_entitled`, `undetermined`."""
    counts_to_fen: int | None
    """What the counted days and outages would amount to, whatever the right says [fen]."""


class _Result(NamedTuple):
    right: str
    counts_to_fen: int | None


def turned(facts: Json, rules: ClaimRules, made: Collection[str]) -> list[Turned]:
    """Find what would alter a claim.

    Parameters
    ----------
    facts : as `claims.facts` writes them
    rules : of the claim
    made : options that the operator chose; what the pack's text settles is no choice
    """
    now = _result(facts, rules)
    return [
        Turned(what, *then)
        for what, then in (*_by_degrees(facts, rules, now), *_by_facts(facts, rules), *_by_choices(facts, rules, made))
        if then != now
    ]


def told(each: Turned) -> Line:
    """Tell one change in a sentence."""
    right = _RIGHTS[each.right]
    yuan = "—" if each.counts_to_fen is None else decimal(each.counts_to_fen)
    return Line(
        f"{each.what.zh}：{right.zh}，计退合计 {yuan} 元", f"{each.what.en}: {right.en}, the days come to {yuan} CNY"
    )


_RIGHTS: Final = {
    "entitled": Line("应退热费成立", "entitled"),
    "not_entitled": Line("应退热费为零", "not entitled"),
    "undetermined": Line("应退热费未确定", "undetermined"),
}


def _result(facts: Json, rules: ClaimRules) -> _Result:
    found: Amount = amounts.amount(facts, rules, ())
    return _Result(found.right, found.counts_to_fen)


Change = tuple[Line, _Result]


# --- degrees ----------------------------------------------------------------------------------------------------------


def warmer(facts: Json, by_centi: int) -> dict[str, Any]:
    """Make every tested room warmer, or colder."""
    return {**facts, "tests": [_warmer_test(test, by_centi) for test in facts["tests"]]}


def _warmer_test(test: Json, by_centi: int) -> dict[str, Any]:
    rooms = [{**room, "temp_centi": room["temp_centi"] + by_centi * room["of"]} for room in test["rooms"]]
    return {**test, "rooms": rooms}


def _by_degrees(facts: Json, rules: ClaimRules, now: _Result) -> Iterator[Change]:
    """Find the least shift of the tests that alters the claim: warmer never gives more, so halving finds it."""
    for sign, zh, en in ((1, "升高", "warmer"), (-1, "降低", "colder")):
        by = _least(lambda centi: _result(warmer(facts, centi), rules) != now, sign)
        if by is not None:
            what = Line(
                f"最近的变化：若各次测温均{zh} {decimal(by)} K（少 0.01 K 则不变）",
                f"Nearest change: had every test been {decimal(by)} K {en} (0.01 K less alters nothing)",
            )
            yield what, _result(warmer(facts, sign * by), rules)


def _least(alters: Callable[[int], bool], sign: int) -> int | None:
    least, most = 0, FARTHEST_CENTI
    if not alters(sign * most):
        return None
    while most - least > 1:
        middle = (least + most) // 2
        least, most = (least, middle) if alters(sign * middle) else (middle, most)
    return most


# --- facts ------------------------------------------------------------------------------------------------------------


def _by_facts(facts: Json, rules: ClaimRules) -> Iterator[Change]:
    for what, changed in _other_facts(facts):
        yield what, _result(changed, rules)


def _other_facts(facts: Json) -> Iterator[tuple[Line, dict[str, Any]]]:
    event = facts["cause"]["event"] if facts["cause"] else 0
    for cause, zh in (("company", "供热企业"), ("user", "用户"), ("heat_source", "热源"), ("third_party", "第三方")):
        what = Line(f"若责任认定为{zh}", f"Were the cause found to be the {cause.replace('_', ' ')}'s")
        yield what, {**facts, "cause": {"of": cause, "event": event}}
    standing = facts["standing"]
    if standing["fee_due_fen"] is not None:
        paid = {**standing, "fee_paid_fen": standing["fee_due_fen"]}
        yield Line("若热费已缴清", "Were the fee paid"), {**facts, "standing": paid}
    for state, zh in (("proved", "成立"), ("rejected", "不成立")):
        for place, each in enumerate(facts["exclusions"]):
            if each["code"] == SETTLED:
                continue
            every = [{**other, "state": state} if n == place else other for n, other in enumerate(facts["exclusions"])]
            what = Line(f"若免责事由 {each['code']} {zh}", f"Were the exclusion {each['code']} {state}")
            yield what, {**facts, "exclusions": every}


# --- choices ----------------------------------------------------------------------------------------------------------


_ENUMERATED: Final[Mapping[str, tuple[str, type[IntEnum], str]]] = {
    "tests_same_day": ("same_day", SameDay, "同日多次测温"),
    "tier_between_tests": ("tiering", Tiering, "多次测温之间的档次"),
    "period_ends": ("ends", Ends, "期间的终止"),
    "outage_and_low": ("both", BothOnOneDay, "停供与低温同日"),
    "unpaid": ("unpaid", Unpaid, "欠费"),
    "fixed_point_opens": ("fixed_point_opens", FixedPointOpens, "固定监测点立案"),
    "liability": ("liability", Liability, "归责原则"),
}
_SWITCHED: Final = {
    "start_inclusive": ("begin_inclusive", "起算日计入"),
    "end_inclusive": ("end_inclusive", "终止日计入"),
}


def _by_choices(facts: Json, rules: ClaimRules, made: Collection[str]) -> Iterator[Change]:
    for option, name, value, changed in _other_rules(rules):
        if option in made:
            what = Line(
                f"选项变化（不是建议）：{name}（{option}: {value}）", f"Another choice (no advice): {option}: {value}"
            )
            yield what, _result(facts, changed)


def _other_rules(rules: ClaimRules) -> Iterator[tuple[str, str, str, ClaimRules]]:
    for option, (field, members, name) in _ENUMERATED.items():
        for other in members:
            if other != getattr(rules, field):
                yield option, name, other.name.lower(), _with(rules, field, other)
    for option, (field, name) in _SWITCHED.items():
        other_way = not getattr(rules, field)
        yield option, name, str(other_way).lower(), _with(rules, field, other_way)
    if rules.grace is not None:
        for exceeded in GraceExceeded:
            changed = replace(rules, grace=replace(rules.grace, exceeded=exceeded))
            yield "grace_exceeded", "超过整改时限", exceeded.name.lower(), changed
    if rules.continuity is not None:
        for by in ContinuityBy:
            changed = replace(rules, continuity=replace(rules.continuity, by=by))
            yield "continuity_by", "连续不达标的证明", by.name.lower(), changed


def _with(rules: ClaimRules, field: str, value: object) -> ClaimRules:
    changed: dict[str, Any] = {field: value}
    return replace(rules, **changed)

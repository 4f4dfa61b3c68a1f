"""A claim told to a person: its right, the three amounts, which days counted, why others not, what would alter it."""

import datetime as dt
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

from heatstream.claims.amount import Amount
from heatstream.claims.assess import Assessed
from heatstream.claims.documents import amount_words
from heatstream.claims.law import InForce
from heatstream.claims.turning import told, turned
from heatstream.core.calendar import day_of
from heatstream.rules.sentences import Line, decimal
from heatstream.store.timescale import LOCAL


def explain_claim(seen: Assessed, law: InForce) -> list[Line]:
    """Explain what a claim comes to, by the policy that it was assessed by."""
    return [
        _opened(seen),
        *(Line(each.zh, each.en) for each in amount_words.lines(seen.amount)),
        *_amounts(seen),
        *map(_test, seen.facts["tests"]),
        *_days(seen.amount),
        *changes(seen, law),
    ]


def changes(seen: Assessed, law: InForce) -> list[Line]:
    """Tell what would alter what a claim comes to; nothing where it computes nothing."""
    if seen.amount.refusal is not None:
        return []
    opened = day_of(seen.claim.opened_at.astimezone(LOCAL).date())
    chosen = law.policy.law_on(opened)
    made = chosen.choices.made().keys() - chosen.pack.settles.keys()
    return list(map(told, turned(seen.facts, law.policy.claim_rules(opened), made)))


def _opened(seen: Assessed) -> Line:
    claim, at = seen.claim, seen.claim.opened_at.astimezone(LOCAL)
    return Line(
        f"{claim.code}，户号 {claim.household}，{at:%Y-%m-%d %H:%M} 以 {claim.opened_way} 立案",
        f"{claim.code}, household {claim.household}, opened {at:%Y-%m-%d %H:%M} by {claim.opened_way}",
    )


def _amounts(seen: Assessed) -> Iterator[Line]:
    """Tell the three amounts, each for itself."""
    for zh, en, fen in (
        ("测算额（仅由读数测算，不是应退）", "Computed amount (from readings alone)", seen.amount.computed_fen),
        ("应退热费", "Entitlement", seen.amount.entitlement_fen),
        ("裁定额", "Ruled amount", seen.claim.ruled_fen),
    ):
        yield Line(f"{zh}：{_yuan(fen, '元', '无')}", f"{en}: {_yuan(fen, 'CNY', 'none')}")


def _yuan(fen: int | None, unit: str, none: str) -> str:
    return none if fen is None else f"{decimal(fen)} {unit}"


def _test(test: Mapping[str, Any]) -> Line:
    """Tell one test by its lowest room, and why it counts for nothing if it does not."""
    at = dt.datetime.fromisoformat(test["at"])
    lowest = min(room["temp_centi"] // room["of"] for room in test["rooms"])
    faults = ", ".join(test["why_not"])
    kind = amount_words.EVIDENCE[test["kind"]]
    return Line(
        f"证据：{at:%m-%d %H:%M} {kind}，最低 {decimal(lowest)} °C" + ("" if test["valid"] else f"，不计入：{faults}"),
        f"Evidence: {at:%m-%d %H:%M} {test['kind'].replace('_', ' ')}, lowest {decimal(lowest)} °C"
        + ("" if test["valid"] else f", counts for nothing: {faults}"),
    )


def _days(amount: Amount) -> Iterator[Line]:
    """Tell the days of the period, those alike together."""
    for (counted, why_not, evidence), days in groupby(
        amount.days, key=lambda day: (day["counted"], day["why_not"], day["evidence"])
    ):
        span = [day["day"] for day in days]
        dates = span[0] if len(span) == 1 else f"{span[0]}–{span[-1]}"
        by = amount_words.EVIDENCE[evidence] if evidence else "无证据"
        en_by = evidence.replace("_", " ") if evidence else "no evidence"
        if counted:
            yield Line(f"{dates}（{len(span)} 日）计入：{by}", f"{dates} ({len(span)} days) counted: {en_by}")
        else:
            why = amount_words.WHY_NOT[why_not]
            en_why = why_not.replace("_", " ")
            yield Line(
                f"{dates}（{len(span)} 日）不计：{why}（{by}）",
                f"{dates} ({len(span)} days) not counted: {en_why} ({en_by})",
            )

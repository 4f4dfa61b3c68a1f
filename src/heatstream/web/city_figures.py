"""The figures of the city's page in words: each with what it is of, and where its rows are."""

import datetime as dt
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import urlencode

from heatstream.claims.documents.words import figures as money
from heatstream.core.finding import Outcome
from heatstream.core.hysteresis import Level
from heatstream.store.read.city import Tally
from heatstream.store.read.words import OUTCOME_ZH, word
from heatstream.web.figures import Health, Today, Trend
from heatstream.web.words import Words

COLOURS = {
    Level.RED: ("红", "red", "hs-c2"),
    Level.YELLOW: ("黄", "yellow", "hs-c3"),
    Level.GREEN: ("绿", "green", "hs-c1"),
    Level.UNDETERMINED: ("未定", "undetermined", "hs-c4"),
}


class Figure(NamedTuple):
    """A figure; `key` finds it again when the page is refreshed."""

    key: str
    name: str
    value: str
    said: str
    href: str
    colour: str = ""


def share(part: int, whole: int, of: str) -> str:
    """Write a share with both its numbers."""
    return f"{part}/{whole} {of}" + (f" · {100 * part / whole:.1f}\N{NO-BREAK SPACE}%" if whole else "")


def outcomes(tally: Tally) -> dict[Outcome, int]:
    """Give the homes by outcome, the worst first."""
    return {
        Outcome.FAILING: tally.failing,
        Outcome.COMPLIANT: tally.compliant,
        Outcome.UNDETERMINED: tally.undetermined,
        Outcome.UNMONITORED: tally.unmonitored,
    }


def findings(day: dt.date | None, **filters: str) -> str:
    """Give the address of the findings of one day that the figures count: of residents."""
    return f"/findings?{urlencode({'kind': 'residential'} | filters | ({'day': day.isoformat()} if day else {}))}"


def of_day(today: Today, words: Words) -> Iterator[Figure]:
    """Tell homes by outcome, and who is cold now."""
    tally = today.tally
    for outcome, homes in outcomes(tally).items():
        monitored = outcome is not Outcome.UNMONITORED
        of = words("监测户", "monitored homes") if monitored else words("全部住户", "all homes")
        said = share(homes, tally.monitored if monitored else tally.homes, of)
        name, href = words(OUTCOME_ZH[outcome], word(outcome)), findings(today.day, outcome=word(outcome))
        yield Figure(word(outcome), name, f"{homes:,}", said, href, f"hs-c{outcome}")
    said = share(tally.below_now, tally.monitored, words("监测户", "monitored homes"))
    yield Figure("below", words("此刻低于标准", "below standard now"), f"{tally.below_now:,}", said, "#hs-below")


def of_season(today: Today, trend: Trend, words: Words) -> Iterator[Figure]:
    """Tell the amounts: what readings come to, what is due, what was ruled, what was paid. They are never added."""

    def said(zh: str, en: str, claims: int) -> str:
        return words(f"{zh} · {claims} 件案件", f"{en} · claims: {claims}")

    sums = today.amounts
    computed = words(
        "全部监测户（含非居民），仅由读数算出",
        "all monitored users of heat, other than residents too, from readings alone",
    )
    yield Figure(
        "computed",
        words("测算额（元）", "computed (yuan)"),
        money(trend.computed_fen),
        computed,
        "/findings?outcome=failing",
    )
    for key, name, (fen, claims), why in (
        (
            "entitlement",
            ("应退热费（元）", "entitlement (yuan)"),
            sums.entitlement,
            ("条件已查明", "conditions are met"),
        ),
        ("ruled", ("裁定额（元）", "ruled (yuan)"), sums.ruled, ("主管部门裁定", "by the authority")),
        ("paid", ("已支付（元）", "paid (yuan)"), sums.paid, ("凭证为据", "by voucher")),
    ):
        yield Figure(key, words(*name), money(fen), said(*why, claims), "/claims")


def of_warnings(today: Today, words: Words) -> Iterator[Figure]:
    """Tell warnings by colour."""
    watched = sum(today.warnings.values())
    for level, (zh, en, colour) in COLOURS.items():
        found = today.warnings.get(level, 0)
        said = share(found, watched, words("项预警指标", "watched figures"))
        yield Figure(en, words(zh, en), f"{found:,}", said, f"/warnings?colour={level.name.lower()}", colour)


def ago(at: dt.datetime | None, now: dt.datetime, words: Words) -> str:
    """Say how long ago something was, in the largest unit that gives two or more."""
    if at is None:
        return words("从未", "never")
    seconds = max(0, int((now - at).total_seconds()))
    for unit, zh, en in ((86_400, "天", "d"), (3600, "小时", "h"), (60, "分钟", "min")):
        if seconds >= 2 * unit:
            return words(f"{seconds // unit} {zh}", f"{seconds // unit} {en}")
    return words(f"{seconds} 秒", f"{seconds} s")


def of_ingest(health: Health, now: dt.datetime, words: Words) -> Iterator[Figure]:
    """Tell how ingest and evaluator do."""
    rows = health.conservation
    readings, stored = sum(row.readings for row in rows), sum(row.stored for row in rows)
    missing = sum(row.missing for row in health.gateways)
    refused = sum(row.refused for row in health.refused)
    for key, name, value, said in (
        ("stored", ("距最近入库", "since last stored"), ago(health.newest_batch, now, words), ("全市", "whole city")),
        (
            "readings",
            ("近一小时读数", "readings, last hour"),
            f"{readings:,}",
            (f"入库 {stored:,}", f"{stored:,} stored"),
        ),
        ("missing", ("缺失报文", "missing messages"), f"{missing:,}", ("按序号", "by sequence")),
        ("refused", ("未解决拒收", "open rejects"), f"{refused:,}", ("条报文", "messages")),
        ("waiting", ("待重判户日", "waiting days"), f"{health.waiting:,}", ("评估积压", "evaluator backlog")),
    ):
        yield Figure(key, words(*name), value, words(*said), "/ingest")


def heading(today: Today, words: Words) -> tuple[str, str]:
    """Tell which day it is, and of how many homes."""
    tally = today.tally
    title = words("最近一个已判定日", "The last closed day") + (f" · {today.day}" if today.day else "")
    note = words(
        f"全部住户 {tally.homes:,} 户 · 监测户 {tally.monitored:,} 户 · 监测点 {tally.points:,} 个",
        f"{tally.homes:,} homes · {tally.monitored:,} monitored · {tally.points:,} points",
    )
    return title, note

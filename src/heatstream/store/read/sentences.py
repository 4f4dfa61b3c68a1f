"""A finding told in sentences, for a person who must judge whether it is right."""

from collections.abc import Iterator
from dataclasses import dataclass

from heatstream.core.finding import Outcome, Reason
from heatstream.core.standard import Statistic
from heatstream.store.read.rows import AnyRow
from heatstream.store.read.words import OUTCOME_ZH, REASON_ZH, STATISTIC_ZH, word


@dataclass(frozen=True)
class Sentence:
    """One fact in Chinese and English."""

    zh: str
    en: str


def degrees(centi: int | None) -> str:
    """Write hundredths of a degree in full, without any rounding."""
    if centi is None:
        return "—"
    whole, hundredths = divmod(abs(centi), 100)
    return f"{'−' if centi < 0 else ''}{whole}.{hundredths:02d} °C"


def yuan(fen: int | None) -> str:
    """Write fen as yuan."""
    return "—" if fen is None else f"{fen // 100}.{fen % 100:02d}"


def _words(member: Outcome | Reason | Statistic) -> str:
    return word(member).replace("_", " ")


def of(finding: AnyRow) -> list[Sentence]:
    """Tell a finding as `read.findings` gives it."""
    return [*_verdict(finding), *_decided(finding), *_observed(finding), *_amount(finding), *_law(finding)]


def _verdict(finding: AnyRow) -> Iterator[Sentence]:
    outcome, reason = Outcome(finding.outcome), Reason(finding.reason)
    zh, en = OUTCOME_ZH[outcome], _words(outcome)
    if reason is not Reason.NONE:
        zh, en = f"{zh}（{REASON_ZH[reason]}）", f"{en} ({_words(reason)})"
    where, day = finding.household, finding.period_from
    yield Sentence(f"户 {where} 在 {day}（00:00–24:00）：{zh}。", f"Household {where} on {day} (00:00–24:00): {en}.")


def _decided(finding: AnyRow) -> Iterator[Sentence]:
    if finding.value_centi is None:
        return
    statistic = Statistic(finding.statistic)
    value, limit, margin = map(degrees, (finding.value_centi, finding.limit_centi, finding.margin_centi))
    zh = f"监测点 {finding.point}" if finding.point else "各房间合并"
    en = f"point {finding.point}" if finding.point else "the rooms together"
    yield Sentence(
        f"{zh} 当日{STATISTIC_ZH[statistic]} {value}，标准 {limit}，差值 {margin}。",
        f"Decided by {en}: {_words(statistic)} {value}, standard {limit}, margin {margin}.",
    )


def _observed(finding: AnyRow) -> Iterator[Sentence]:
    day, night = degrees(finding.day_value_centi), degrees(finding.night_value_centi)
    below, valid, expected = finding.below_min, finding.slots_valid, finding.slots_expected
    yield Sentence(
        f"昼最低 {day}，夜最低 {night}；低于标准 {below} 分钟；有效时段 {valid}/{expected}。",
        f"Lowest by day {day}, by night {night}; {below} min below the standard; {valid} of {expected} slots valid.",
    )


def _amount(finding: AnyRow) -> Iterator[Sentence]:
    if finding.tier is not None:
        zh = "（数据不全，为下限）" if finding.tier_at_least else ""
        en = " (a lower bound: coverage was partial)" if finding.tier_at_least else ""
        share = "—" if finding.ratio_e4 is None else f"{finding.ratio_e4 / 100:.2f} %"
        yield Sentence(
            f"规则第 {finding.tier + 1} 档{zh}，比例 {share}。",
            f"Tier {finding.tier + 1} of the rules{en}, share {share}.",
        )
    if finding.computed_fen is not None:
        amount = yuan(finding.computed_fen)
        yield Sentence(
            f"测算额 {amount} 元：仅由读数算出，不是应退热费，也不是裁定额。",
            f"Computed amount {amount} yuan: from readings alone; neither an entitlement nor a ruling.",
        )


def _law(finding: AnyRow) -> Iterator[Sentence]:
    policy, batch, code = finding.policy_hash.hex()[:16], finding.through_batch, finding.code_version
    mark = f"{finding.watermark}。" if finding.watermark else ""
    yield Sentence(
        f"{mark}规则与选择 {policy}，数据截至批次 {batch}，程序版本 {code}。",
        f"{mark}Policy {policy}, data through batch {batch}, code {code}.",
    )

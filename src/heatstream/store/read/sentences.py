"""A finding told in sentences, for a person who must judge whether it is right."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.core.finding import Outcome, Reason
from heatstream.core.standard import Statistic
from heatstream.rules.explain import Found, Line, Room, explain
from heatstream.store.read.rows import AnyRow
from heatstream.store.tables import policy

EVIDENCE = 1  # finding.grade


def yuan(fen: int | None) -> str:
    """Write fen as yuan."""
    return "—" if fen is None else f"{fen // 100}.{fen % 100:02d}"


def _found(finding: AnyRow) -> Found:
    return Found(
        day=finding.period_from,
        outcome=Outcome(finding.outcome),
        reason=Reason(finding.reason),
        statistic=Statistic(finding.statistic),
        value_centi=finding.value_centi,
        limit_centi=finding.limit_centi,
        margin_centi=finding.margin_centi,
        slots_valid=finding.slots_valid,
        slots_expected=finding.slots_expected,
        tier=finding.tier,
        tier_at_least=finding.tier_at_least,
        computed_fen=finding.computed_fen,
        evidence=finding.grade == EVIDENCE,
    )


def _room(room: AnyRow) -> Room:
    return Room(
        device=room.point,
        kind=room.room_kind,
        readings=room.readings,
        conflicts=room.conflicts,
        slots_valid=room.slots_valid,
        slots_expected=room.slots_expected,
        min_centi=room.min_centi,
        below_min=room.below_min,
        longest_below_min=room.longest_below_min,
    )


def _made_by(finding: AnyRow) -> Line:
    law, batch, code = finding.policy_hash.hex()[:16], finding.through_batch, finding.code_version
    return Line(
        f"规则与选择 {law}，数据截至批次 {batch}，程序版本 {code}",
        f"Policy {law}, data through batch {batch}, code {code}",
    )


async def of(conn: AsyncConnection, finding: AnyRow, rooms: Sequence[AnyRow]) -> list[Line]:
    """Tell a finding as `read.findings` gives it, and its rooms as `read.statistics.of_household` does."""
    canonical = await conn.scalar(select(policy.c.canonical).where(policy.c.id == finding.policy_id))
    return [*explain(_found(finding), [_room(room) for room in rooms], str(canonical)), _made_by(finding)]

"""What each warning rule last saw of each subject."""

import datetime as dt
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import literal, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.store.arrays import rows_of
from heatstream.store.tables import warning_level


class Kept(NamedTuple):
    """A row of `warning_level`, without its rules."""

    subject_id: int
    level: int
    since: dt.datetime | None
    known: bool
    numerator: int | None
    denominator: int
    yellow_past: dt.datetime | None
    red_past: dt.datetime | None
    yellow_back: dt.datetime | None
    red_back: dt.datetime | None
    matter_id: int | None


async def of_rule(
    conn: AsyncConnection, rule: str, subject: str, subject_ids: Sequence[int] | None = None
) -> dict[int, Kept]:
    """Read what a rule last saw of these subjects, or of all, and hold the rows until the transaction ends."""
    columns = [warning_level.c[name] for name in Kept._fields]
    query = select(*columns).where(warning_level.c.rule == rule, warning_level.c.subject == subject).with_for_update()
    if subject_ids is not None:
        query = query.where(warning_level.c.subject_id.in_(subject_ids))
    return {row.subject_id: Kept(*row) for row in await conn.execute(query)}


async def rules_seen(conn: AsyncConnection) -> Sequence[tuple[str, str]]:
    """Name the rules that saw something, each with its kind of subject."""
    query = select(warning_level.c.rule, warning_level.c.subject).distinct().order_by(warning_level.c.rule)
    return [(rule, subject) for rule, subject in await conn.execute(query)]


async def keep(
    conn: AsyncConnection, rule: str, subject: str, rows: Sequence[Kept], *, rules_id: int, looked_at: dt.datetime
) -> None:
    """Keep what a rule saw now."""
    columns = {name: (warning_level.c[name].type, [getattr(row, name) for row in rows]) for name in Kept._fields}
    seen = rows_of("seen", **columns)
    same = {"rule": rule, "subject": subject, "supervision_rules_id": rules_id, "looked_at": looked_at}
    values = [*(seen.c[name] for name in Kept._fields), *map(literal, same.values())]
    row = insert(warning_level).from_select([*Kept._fields, *same], select(*values))
    key = ("rule", "subject", "subject_id")
    new = {name: row.excluded[name] for name in (*Kept._fields, *same) if name not in key}
    await conn.execute(row.on_conflict_do_update(index_elements=key, set_=new))


async def forget(conn: AsyncConnection, rule: str, subject: str, subject_ids: Sequence[int]) -> None:
    """Forget what a rule saw of subjects that it watches no longer."""
    gone = warning_level.c.rule == rule, warning_level.c.subject == subject, warning_level.c.subject_id.in_(subject_ids)
    await conn.execute(warning_level.delete().where(*gone))

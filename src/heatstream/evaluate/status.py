"""`heatstream evaluate status`: what is closed, what waits, the last runs."""

import datetime as dt
import json
from typing import Any

from rich.console import Console
from rich.table import Table
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.store import closings, marks, runs
from heatstream.store.runs import Run


async def show(conn: AsyncConnection, *, as_json: bool = False) -> None:
    closed, waiting, newest = await closings.closed_through(conn), await marks.backlog(conn), await runs.newest(conn)
    if as_json:
        print(json.dumps(_tree(closed, waiting, newest), ensure_ascii=False))  # noqa: T201  (what was asked for)
        return
    out = Console()
    out.print(f"closed through: {closed or 'no day yet'}")
    oldest = f", the oldest since {waiting.oldest_marked_at.astimezone():%F %T}" if waiting.oldest_marked_at else ""
    out.print(f"waiting: {waiting.household_days} household-days of {waiting.days} days{oldest}")
    out.print(_table(newest))


def _tree(closed: dt.date | None, waiting: marks.Backlog, newest: list[Run]) -> dict[str, Any]:
    return {
        "closed_through": closed and closed.isoformat(),
        "waiting_household_days": waiting.household_days,
        "waiting_days": waiting.days,
        "oldest_marked_at": waiting.oldest_marked_at and waiting.oldest_marked_at.isoformat(),
        "runs": [_run(each) for each in newest],
    }


def _run(run: Run) -> dict[str, Any]:
    return {
        "id": run.id,
        "policy": run.policy_hash and run.policy_hash.hex(),
        "code_version": run.code_version,
        "through_batch": run.through_batch,
        "started_at": run.started_at.isoformat(),
        "ended_at": run.ended_at and run.ended_at.isoformat(),
        "counts": run.counts,
    }


def _table(newest: list[Run]) -> Table:
    table = Table("run", "policy", "through batch", "started", "seconds", "judged", "findings")
    for run in newest:
        counts = run.counts or {}
        seconds = f"{(run.ended_at - run.started_at).total_seconds():.1f}" if run.ended_at else "not ended"
        table.add_row(
            str(run.id),
            run.policy_hash.hex()[:12] if run.policy_hash else "statistics only",
            str(run.through_batch),
            f"{run.started_at.astimezone():%F %T}",
            seconds,
            str(counts.get("judged", "")),
            str(counts.get("findings", "")),
        )
    return table

"""`drain`: a million readings, 5 % repeats and 1 % bad, queued while ingest was off; each must be accounted for."""

import asyncio
from collections.abc import Iterator
from typing import Any

from benchmarks.rig import (
    Ingest,
    checkpoint_inside,
    figure,
    load_plan,
    make_session,
    publish,
    resident_mib,
    stage,
    tell,
    wal_bytes,
)
from benchmarks.scale import scaled
from simulators.load import LoadPlan, LoadResult

READINGS = scaled(1_000_000, 50_000)
A_MESSAGE = 10


def plan() -> LoadPlan:
    return load_plan(READINGS // A_MESSAGE, A_MESSAGE, "envelope", repeat_share=0.05, bad_share=0.01)


def run() -> Iterator[dict[str, Any]]:
    yield from asyncio.run(_run())


async def _run() -> list[dict[str, Any]]:
    async with stage() as here, here.database() as url:
        await make_session(here, url)
        sent = await publish(here, plan())
        before = await wal_bytes(url)
        async with checkpoint_inside(url, 3), Ingest(here, url, ingest_reject_quota=10_000_000) as ingest:
            seconds = await ingest.done(sent.messages)
            resident = round(resident_mib(ingest.pid))
        counts = await _counts(url)
        exact = _exact(sent, counts)
        assert exact, f"sent {sent}, found {counts}"
        conditions = here.conditions(
            messages=sent.messages,
            **counts,
            exact=exact,
            **{"wal bytes a row": round((await wal_bytes(url) - before) / sent.readings), "resident MiB": resident},
        )
        return [figure("drain", sent.readings / seconds, None, "readings/s", conditions)]


async def _counts(url: str) -> dict[str, int]:
    names = ("readings", "stored", "repeated", "conflicting", "rejected")
    ledger = {name: int(await tell(url, f"select coalesce(sum({name}), 0) from ledger")) for name in names}
    rows = int(await tell(url, "select count(*) from reading where batch_id > 0"))
    rejects = int(await tell(url, "select count(*) from reject_reading"))
    return {**ledger, "rows": rows, "reject rows": rejects}


def _exact(sent: LoadResult, counts: dict[str, int]) -> bool:
    """Every distinct reading stands once, as a row or as a reject; nothing is in conflict."""
    good = sent.readings - sent.bad
    return (
        counts["rows"] == counts["stored"] == good and counts["reject rows"] == sent.bad and not counts["conflicting"]
    )

"""`ingest-single`: a backlog of one-reading messages, drained and acknowledged after the commit.

Against the same client that only receives and acknowledges (in one write a batch, as ingest does, and one by one, as
the library offers it), and against mq-bridge, which does no checks at all.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from benchmarks import mq_bridge
from benchmarks.rig import (
    CITY,
    RUNS,
    SESSION,
    Ingest,
    Stage,
    checkpoint_inside,
    figure,
    forget,
    load_plan,
    make_session,
    median,
    publish,
    resident_mib,
    stage,
    tell,
    wal_bytes,
)
from benchmarks.scale import scaled
from heatstream import settings
from heatstream.ingest import broker
from simulators.load import LoadPlan

MESSAGES = scaled(200_000, 20_000)
FILTERS = [f"heat/v1/{CITY}/+/indoor"]
RECEIVER = "bench-receiver"


def plan() -> LoadPlan:
    return load_plan(MESSAGES)


def run() -> Iterator[dict[str, Any]]:
    yield from asyncio.run(_run())


async def _run() -> list[dict[str, Any]]:
    async with stage() as here:
        found = [await _ours(here) for _ in range(RUNS)]
        rates = [each["rate"] for each in found]
        more = {"messages": MESSAGES, "wal bytes a row": found[-1]["wal"], "resident MiB": found[-1]["resident"]}
        conditions = here.conditions(**more, runs=f"median of {RUNS}", checkpoint="one before, one inside")
        ours, unit = median(rates), "messages/s"
        figures = []
        for name, act in (("joined", _acknowledge_joined), ("one by one", _acknowledge_each)):
            against = median([await _receive_only(here, act) for _ in range(RUNS)])
            figures.append(
                figure(
                    "ingest-single", ours, against, unit, {"against": f"receive and acknowledge {name}", **conditions}
                )
            )
        for name, rate in await mq_bridge.rates(here, plan()):
            figures.append(
                figure("ingest-single", ours, rate, unit, {"against": f"mq-bridge 1.2.0, {name}", **conditions})
            )
        return figures


async def _ours(here: Stage) -> dict[str, Any]:
    async with here.database() as url:
        await make_session(here, url)
        await publish(here, plan())
        before = await wal_bytes(url)
        async with checkpoint_inside(url, 2.5), Ingest(here, url) as ingest:
            seconds = await ingest.done(MESSAGES)
            resident = round(resident_mib(ingest.pid))
        wal = round((await wal_bytes(url) - before) / MESSAGES)
        stored = await tell(url, "select sum(stored) from ledger")
        assert stored == MESSAGES, f"{stored} stored of {MESSAGES}"
    await forget(here, SESSION)
    return {"rate": MESSAGES / seconds, "wal": wal, "resident": resident}


# --- receive only -----------------------------------------------------------------------------------------------------

Acknowledge = Callable[[broker.Connection, broker.Batch], Awaitable[None]]


async def _acknowledge_joined(connection: broker.Connection, batch: broker.Batch) -> None:
    await connection.acknowledge(batch)


async def _acknowledge_each(connection: broker.Connection, batch: broker.Batch) -> None:
    for each in batch.packet_ids:
        await connection._client.puback(each)  # noqa: SLF001  (the library's own way, to compare with)


async def _receive_only(here: Stage, acknowledge: Acknowledge) -> float:
    at = settings.Broker(port=here.broker.port)
    wishes = settings.Ingest(client_id=RECEIVER)
    async with broker.connect(at, wishes, FILTERS):
        pass
    await publish(here, plan())
    began, came = time.perf_counter(), 0
    async with broker.connect(at, wishes, FILTERS) as connection:
        while came < MESSAGES:
            batch = await connection.take()
            assert batch is not None
            came += len(batch.received())
            await acknowledge(connection, batch)
        rate = MESSAGES / (time.perf_counter() - began)
    await forget(here, RECEIVER)
    return rate

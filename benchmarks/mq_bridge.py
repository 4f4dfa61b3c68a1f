"""mq-bridge 1.2.0 on the same backlog, in its four settings: batches of 1,000 or 5,000, by insert or by bulk_copy.

It stores the texts as they come: no registry, no check, no ledger, no conflict, no reject. `bulk_copy` knows no
ON CONFLICT, so a repeat would end it.
"""

import asyncio
import json
import sys
import time
from typing import Any

from benchmarks.rig import CITY, RUNS, Stage, forget, median, publish, tell
from simulators.load import LoadPlan

SESSION = "bench-mq-bridge"
INSERT = "insert into bridged (point, at, temp_c) values (${payload:point}, ${payload:at}, ${payload:temp_c})"
SETTINGS = [(batch, bulk) for batch in (1_000, 5_000) for bulk in (False, True)]
START = "import json, sys, mq_bridge; mq_bridge.Route.from_config(json.loads(sys.argv[1])).run()"


async def rates(here: Stage, plan: LoadPlan) -> list[tuple[str, float]]:
    """Messages a second of each setting, the median of the runs."""
    found = []
    for batch, bulk in SETTINGS:
        name = f"{batch:,} a batch by {'bulk_copy' if bulk else 'insert'}"
        found.append((name, median([await _drain(here, plan, batch, bulk=bulk) for _ in range(RUNS)])))
    return found


def _route(here: Stage, url: str, batch: int, *, bulk: bool) -> dict[str, Any]:
    conflict = "" if bulk else " on conflict do nothing"
    return {
        "input": {
            "mqtt": {
                "url": f"tcp://127.0.0.1:{here.broker.port}",
                "topic": f"heat/v1/{CITY}/+/indoor",
                "client_id": SESSION,
                "qos": 1,
                "clean_session": False,
                "session_expiry_interval": 3600,
                "max_inflight": 16_384,
                "queue_capacity": 20_000,
            }
        },
        "output": {"sqlx": {"url": url, "table": "bridged", "insert_query": INSERT + conflict, "bulk_copy": bulk}},
        "batch_size": batch,
        "concurrency": 2,
    }


async def _drain(here: Stage, plan: LoadPlan, batch: int, *, bulk: bool) -> float:
    async with here.empty_database() as url:
        await tell(
            url,
            "create table bridged (point text, at text, temp_c double precision, primary key (point, at))",
            "checkpoint",
        )
        route = json.dumps(_route(here, url, batch, bulk=bulk))
        await _leave_session(route)
        await publish(here, plan)
        bridge = await asyncio.create_subprocess_exec(sys.executable, "-c", START, route)
        try:
            return await _rate(url, plan.messages)
        finally:
            bridge.kill()
            await bridge.wait()
            await forget(here, SESSION)


async def _leave_session(route: str) -> None:
    bridge = await asyncio.create_subprocess_exec(sys.executable, "-c", START, route)
    await asyncio.sleep(2)
    bridge.terminate()
    await bridge.wait()


async def _rate(url: str, messages: int) -> float:
    """From the first row that can be seen to the last: in its favour, for its start does not count."""
    first, rows = 0.0, 0
    async with asyncio.timeout(300):
        while rows < messages:
            rows = int(await tell(url, "select count(*) from bridged"))
            if rows and not first:
                first, already = time.perf_counter(), rows
            await asyncio.sleep(0.1)
    return (messages - already) / max(time.perf_counter() - first, 1e-9)

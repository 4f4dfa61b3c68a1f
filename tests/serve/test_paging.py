"""A row that stood when the paging began is met once, whatever is written meanwhile."""

import base64
import datetime as dt
import json

import httpx
import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from heatstream.store import tables as t
from heatstream.store.timescale import ensure_partitions
from tests.serve import town


async def page(client: httpx.AsyncClient, path: str, **query: object) -> tuple[list[dict[str, object]], str | None]:
    response = await client.get(f"/api/v1/{path}", params={name: value for name, value in query.items() if value})
    assert response.status_code == 200, response.text
    told = response.json()
    return told["rows"], told["next"]


async def every_page(client: httpx.AsyncClient, path: str, **query: object) -> list[dict[str, object]]:
    rows, following = await page(client, path, **query)
    while following:
        more, following = await page(client, path, **query, next=following)
        rows += more
    return rows


@pytest.mark.every_edition
@pytest.mark.parametrize("limit", [1, 4])
@pytest.mark.parametrize(
    ("path", "query", "count"),
    [
        ("households", {}, 5),
        ("points", {}, 3),
        ("readings", {"household": "H1", "from": "2026-01-01T00:00:00Z", "to": "2026-02-01T00:00:00Z"}, 6),
        ("statistics", {}, 9),
        ("statistics", {"order": "newest"}, 9),
        ("findings", {}, 9),
        ("findings", {"order": "newest"}, 9),
        ("findings", {"history": "true"}, 10),
        ("findings", {"history": "true", "order": "newest"}, 10),
        ("findings", {"outcome": "compliant"}, 6),
    ],
)
async def test_small_pages_hold_what_one_page_holds(
    reader: httpx.AsyncClient, path: str, query: dict[str, str], count: int, limit: int
) -> None:
    whole, following = await page(reader, path, **query, limit=500)
    assert (len(whole), following) == (count, None)
    assert await every_page(reader, path, **query, limit=limit) == whole


async def test_the_last_full_page_has_no_next(reader: httpx.AsyncClient) -> None:
    rows, following = await page(reader, "households", limit=5)
    assert (len(rows), following) == (5, None)


@pytest.mark.every_edition
@pytest.mark.parametrize("order", ["oldest", "newest"])
async def test_findings_added_meanwhile_neither_hide_nor_repeat_one(
    client: httpx.AsyncClient, engine: AsyncEngine, order: str
) -> None:
    before = {(row["period_from"], row["household"]) for row in await every_page(client, "findings", order=order)}
    seen, following = await page(client, "findings", order=order, limit=2)
    while following:
        await add_findings(engine)
        more, following = await page(client, "findings", order=order, limit=2, next=following)
        seen += more
    met = [(row["period_from"], row["household"]) for row in seen]
    assert len(met) == len(set(met))
    assert before <= set(met)


async def add_findings(engine: AsyncEngine) -> None:
    """Judge everything again, and a home that had no finding."""
    async with engine.begin() as conn:
        run, policy = await conn.scalar(select(t.run.c.id)), await conn.scalar(select(t.policy.c.id))
        homes = list(await conn.scalars(select(t.household.c.id).order_by(t.household.c.id).limit(4)))
        for day in town.DAYS:
            for home in homes:
                row = town.finding(home, day, town.COMPLIANT, run_id=run, policy_id=policy, change=2)
                await town.record(conn, row)


@pytest.mark.every_edition
async def test_days_judged_meanwhile_come_at_the_end(client: httpx.AsyncClient, engine: AsyncEngine) -> None:
    _, following = await page(client, "findings", limit=8)
    day = town.DAYS[-1] + dt.timedelta(days=1)
    async with engine.begin() as conn:
        for table in (t.finding, t.finding_current):
            await ensure_partitions(conn, table, day, day)
        ids = (await conn.execute(select(t.run.c.id, t.run.c.policy_id))).one()
        home = await conn.scalar(select(t.household.c.id).where(t.household.c.code == "H1"))
        row = town.finding(int(home or 0), day, town.COMPLIANT, run_id=ids.id, policy_id=ids.policy_id)
        await town.record(conn, row)
    more, following = await page(client, "findings", limit=8, next=following)
    assert [(row["period_from"], row["household"]) for row in more] == [("2026-01-06", "H3"), ("2026-01-07", "H1")]


@pytest.mark.parametrize("bad", ["x", "AAAA", "W10=", "%%%", "WyJ4IixbMV1d", "é"])
async def test_a_next_that_no_page_gave_is_refused(reader: httpx.AsyncClient, bad: str) -> None:
    response = await reader.get("/api/v1/findings", params={"next": bad})
    assert (response.status_code, response.json()["type"]) == (400, "urn:heatstream:problem:bad-cursor")


async def test_a_next_with_an_impossible_key_is_bad_input(reader: httpx.AsyncClient) -> None:
    _, following = await page(reader, "households", limit=1)
    mark = json.loads(base64.urlsafe_b64decode(str(following)))
    forged = base64.urlsafe_b64encode(json.dumps([mark[0], [2**62]]).encode()).decode()
    with capture_logs():
        response = await reader.get("/api/v1/households", params={"limit": 1, "next": forged})
    assert (response.status_code, response.json()["type"]) == (400, "urn:heatstream:problem:bad-input")


async def test_a_next_of_another_query_is_refused(reader: httpx.AsyncClient) -> None:
    _, following = await page(reader, "findings", limit=1)
    for path, query in (("findings", {"district": "D1"}), ("households", {})):
        response = await reader.get(f"/api/v1/{path}", params={**query, "next": str(following)})
        assert (response.status_code, response.json()["type"]) == (400, "urn:heatstream:problem:bad-cursor")


async def test_the_size_of_a_page_may_change_on_the_way(reader: httpx.AsyncClient) -> None:
    first, following = await page(reader, "findings", limit=2)
    rest, last = await page(reader, "findings", limit=100, next=following)
    assert (len(first) + len(rest), last) == (9, None)

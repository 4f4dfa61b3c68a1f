"""What stood at an instant is still read after late readings and a judging anew."""

import datetime as dt

import httpx
import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from heatstream.store import tables as t
from heatstream.store.read import as_of
from tests.serve import town

FIRST = town.NOW - dt.timedelta(hours=3)
"""The town's own run and batch."""
LATER = town.NOW - dt.timedelta(hours=1)
BETWEEN = town.NOW - dt.timedelta(hours=2)
DAY = town.DAYS[-1]


@pytest.fixture
async def judged_anew(engine: AsyncEngine) -> None:
    """A late reading of P2, another value for an instant of P2 and its decision; H2 is judged 不达标, H3 合格."""
    async with engine.begin() as conn:
        await conn.execute(update(t.batch).values(written_at=FIRST))
        await conn.execute(update(t.run).values(started_at=FIRST))
        await conn.execute(update(t.policy).values(first_used_at=FIRST))
        points = {row.device: row for row in await conn.execute(select(t.point.c.device, t.point.c.id))}
        batch = await conn.scalar(insert(t.batch).values(writer="ingest", written_at=LATER).returning(t.batch.c.id))
        late = {"point_id": points["P2"].id, "received_at": LATER, "temp_centi": 1500, "batch_id": batch}
        await conn.execute(insert(t.reading).values(late | {"observed_at": town.at(DAY, 6)}))
        await conn.execute(insert(t.reading_conflict).values(late | {"observed_at": town.at(DAY, 1)}))
        await conn.execute(
            insert(t.conflict_decision).values(
                point_id=points["P2"].id,
                observed_at=town.at(DAY, 1),
                temp_centi=1500,
                officer="O1",
                reason="checked",
                decided_at=LATER,
                batch_id=batch,
            )
        )
        policy = await conn.scalar(select(t.policy.c.id))
        started = {"policy_id": policy, "code_version": "test", "through_batch": batch, "started_at": LATER}
        run = await conn.scalar(insert(t.run).values(started).returning(t.run.c.id))
        homes = {row.code: row.id for row in await conn.execute(select(t.household.c.code, t.household.c.id))}
        for home, outcome in (("H2", town.FAILING), ("H3", town.COMPLIANT)):
            row = town.finding(homes[home], DAY, outcome, run_id=run, policy_id=policy, change=2)
            await town.record(conn, row)


async def rows(
    client: httpx.AsyncClient, path: str, instant: dt.datetime | None, **query: str
) -> list[dict[str, object]]:
    asked = query | ({"as_of": instant.isoformat()} if instant else {})
    response = await client.get(f"/api/v1/{path}", params=asked)
    assert response.status_code == 200, response.text
    return list(response.json()["rows"])


async def outcomes(client: httpx.AsyncClient, instant: dt.datetime | None, **query: str) -> dict[object, object]:
    found = await rows(client, "findings", instant, day_from=str(DAY), **query)
    return {row["household"]: row["outcome"] for row in found}


THEN = {"H1": "failing", "H2": "compliant", "H3": "undetermined"}
NOW = {"H1": "failing", "H2": "failing", "H3": "compliant"}


@pytest.mark.every_edition
@pytest.mark.usefixtures("judged_anew")
async def test_findings_are_read_as_they_stood(client: httpx.AsyncClient) -> None:
    assert await outcomes(client, BETWEEN) == THEN
    assert await outcomes(client, town.NOW) == NOW
    assert await outcomes(client, None) == NOW
    assert await outcomes(client, FIRST - dt.timedelta(seconds=1)) == {}


@pytest.mark.usefixtures("judged_anew")
async def test_filters_are_of_what_stood(client: httpx.AsyncClient) -> None:
    assert await outcomes(client, BETWEEN, outcome="compliant") == {"H2": "compliant"}
    assert await outcomes(client, BETWEEN, district="D2") == {"H3": "undetermined"}


@pytest.mark.usefixtures("judged_anew")
async def test_the_history_of_then_says_what_stood_then(client: httpx.AsyncClient) -> None:
    async def told(instant: dt.datetime | None) -> list[tuple[object, object]]:
        found = await rows(client, "findings", instant, history="true", household="H2", day_from=str(DAY))
        return [(row["outcome"], row["current"]) for row in found]

    assert await told(BETWEEN) == [("compliant", True)]
    assert await told(None) == [("compliant", False), ("failing", True)]


@pytest.mark.usefixtures("judged_anew")
async def test_small_pages_of_then_hold_what_one_page_holds(client: httpx.AsyncClient) -> None:
    whole = await rows(client, "findings", BETWEEN)
    seen: list[dict[str, object]] = []
    query: dict[str, str] | None = {"limit": "2", "as_of": BETWEEN.isoformat()}
    while query:
        page = (await client.get("/api/v1/findings", params=query)).json()
        seen += page["rows"]
        query = query | {"next": page["next"]} if page["next"] else None
    assert (seen, len(seen)) == (whole, 9)


async def test_a_next_belongs_to_its_instant(reader: httpx.AsyncClient) -> None:
    page = (await reader.get("/api/v1/findings", params={"limit": "1"})).json()
    query = {"limit": "1", "next": page["next"], "as_of": BETWEEN.isoformat()}
    response = await reader.get("/api/v1/findings", params=query)
    assert (response.status_code, response.json()["type"]) == (400, "urn:heatstream:problem:bad-cursor")


@pytest.mark.every_edition
@pytest.mark.usefixtures("judged_anew")
async def test_readings_are_read_as_they_were_stored(client: httpx.AsyncClient) -> None:
    async def told(instant: dt.datetime | None) -> tuple[int, object]:
        found = await rows(client, "readings", instant, point="P2", to="2026-01-07T00:00:00+08:00")
        return len(found), (found[1]["other_centi"], found[1]["decided"])

    assert await told(BETWEEN) == (6, (None, False))
    assert await told(town.NOW) == await told(None) == (7, ([1500], True))


@pytest.mark.usefixtures("judged_anew")
async def test_homes_to_measure_are_those_of_then(client: httpx.AsyncClient) -> None:
    assert [row["household"] for row in await rows(client, "remeasure", BETWEEN, day_from=str(DAY))] == ["H3"]
    assert await rows(client, "remeasure", None, day_from=str(DAY)) == []


@pytest.mark.usefixtures("judged_anew")
async def test_the_city_is_counted_as_it_stood(client: httpx.AsyncClient) -> None:
    async def told(**query: str) -> tuple[object, ...]:
        found = (await client.get("/api/v1/summary", params={"day": str(DAY), **query})).json()
        names = ("compliant", "failing", "undetermined", "waiting", "closed", "closed_through", "below_now")
        return (*(found[name] for name in names), found["watermarks"])

    unknown = (None, None, None)
    assert await told(as_of=BETWEEN.isoformat()) == (1, 1, 1, 0, *unknown, [town.WATERMARK])
    before = (FIRST - dt.timedelta(seconds=1)).isoformat()
    assert await told(as_of=before) == (0, 0, 0, 3, *unknown, [])
    assert await told() == (1, 2, 0, 0, True, str(DAY), 1, [town.WATERMARK])


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        (
            "findings?as_of=2026-01-07T09:00:01%2B08:00",
            "as_of: seen 2026-01-07T09:00:01+08:00, expected an instant that has passed",
        ),
        (
            "summary?as_of=2026-01-07T00:00:00Z",
            "day: expected one with as_of, for nobody keeps which day was the last closed one then",
        ),
        (
            "statistics?as_of=2026-01-07T00:00:00Z",
            "as_of: seen '2026-01-07T00:00:00Z': no such parameter of this address",
        ),
    ],
)
async def test_what_nobody_can_know_is_refused(reader: httpx.AsyncClient, query: str, detail: str) -> None:
    response = await reader.get(f"/api/v1/{query}")
    assert (response.status_code, response.json()["detail"]) == (400, detail)


@pytest.mark.parametrize(("minute", "newest"), [(0, 0), (10, 1), (15, 1), (25, 2), (40, 4)])
async def test_a_batch_that_waited_for_the_lock_is_read_when_it_was_committed(
    engine: AsyncEngine, minute: int, newest: int
) -> None:
    """The third began before the second, and waited for it."""
    began = [town.NOW + dt.timedelta(minutes=each) for each in (5, 20, 12, 30)]
    async with engine.connect() as conn:
        await conn.execute(t.batch.delete())
        made = [
            await conn.scalar(insert(t.batch).values(writer="ingest", written_at=each).returning(t.batch.c.id))
            for each in began
        ]
        found = await as_of.newest_batch(conn, town.NOW + dt.timedelta(minutes=minute))
    assert found == ([0, *made][newest])

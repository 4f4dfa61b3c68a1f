"""Claims by the API: where they stand, and whole."""

import datetime as dt
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from heatstream.serve.app import create_app
from heatstream.serve.shapes import now
from heatstream.settings import Database, Settings
from heatstream.store import keys

from .rig import NOW, Office, given, opened, time


@asynccontextmanager
async def asking(office: Office, *scopes: str, at: dt.datetime = NOW) -> AsyncIterator[httpx.AsyncClient]:
    async with office.engine.begin() as conn:
        key = await keys.create(conn, "platform", scopes=("read", *scopes))
    app = create_app(Settings(database=Database(url=office.database)))
    app.dependency_overrides[now] = lambda: at
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with app.router.lifespan_context(app):
        async with httpx.AsyncClient(
            transport=transport, base_url="http://test", headers={"Authorization": f"Bearer {key}"}
        ) as client:
            yield client


async def test_claims_are_listed_page_by_page(office: Office) -> None:
    first = await office.open(opened())
    await office.record(given("withdrawn", time(9), by_name="户主"), "H1", first)
    second = await office.open(opened(time(10)))
    async with asking(office, "claims") as client:
        page = (await client.get("/api/v1/claims", params={"limit": 1})).json()
        rest = (await client.get("/api/v1/claims", params={"limit": 1, "next": page["next"]})).json()
    assert [row["claim"] for row in (*page["rows"], *rest["rows"])] == [first, second]
    assert rest["next"] is None


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"step": "opened"}, 1),
        ({"step": "ruled"}, 0),
        ({"district": "D"}, 1),
        ({"household": "H1"}, 1),
        ({"due_before": "2026-01-05T08:29:00+08:00"}, 0),
        ({"due_before": "2026-01-05T08:30:00+08:00"}, 1),
        ({"overdue": "true"}, 0),
        ({"batch_case": "批1"}, 0),
    ],
)
async def test_claims_are_filtered(office: Office, query: dict[str, str], found: int) -> None:
    await office.open()
    async with asking(office, "claims") as client:
        rows = (await client.get("/api/v1/claims", params=query)).json()["rows"]
    assert len(rows) == found


async def test_a_claim_is_given_whole(office: Office) -> None:
    await office.served()
    async with asking(office, "claims") as client:
        told = (await client.get("/api/v1/claims/C-1")).json()
    assert (told["claim"]["step"], told["claim"]["ruled_fen"], told["amount"]["right"]) == ("served", 1800, "entitled")
    assert [each["kind"] for each in told["events"]][-2:] == ["ruling_served", "ruling_served"]
    assert [(each["doc_no"], each["outcome"]) for each in told["rulings"]] == [("区供裁〔2026〕1号", "refund")]
    assert {each["name"]: each["state"] for each in told["clocks"]}["perform"] == "running"


async def test_a_claim_there_is_not_is_not_found(office: Office) -> None:
    async with asking(office, "claims") as client:
        answer = await client.get("/api/v1/claims/C-9")
    assert (answer.status_code, "no claim 'C-9'" in answer.json()["detail"]) == (404, True)


async def test_claims_need_their_scope(office: Office) -> None:
    async with asking(office) as client:
        assert (await client.get("/api/v1/claims")).status_code == 403


async def test_claims_are_read_as_they_stood(office: Office) -> None:
    await office.open()
    office.now = NOW + dt.timedelta(hours=1)
    await office.record(given("withdrawn", time(9), by_name="户主"), "H1")
    later = office.now
    async with asking(office, "claims", at=later) as client:

        async def told(instant: dt.datetime, **query: str) -> list[str]:
            found = await client.get("/api/v1/claims", params={"as_of": instant.isoformat(), **query})
            return [row["step"] for row in found.json()["rows"]]

        between = NOW + dt.timedelta(minutes=30)
        assert await told(NOW - dt.timedelta(seconds=1)) == []
        assert (await told(between), await told(later)) == (["opened"], ["withdrawn"])
        assert (await told(between, step="opened"), await told(later, step="opened")) == (["opened"], [])


async def test_a_claim_is_given_as_it_stood(office: Office) -> None:
    await office.open()
    office.now = NOW + dt.timedelta(hours=1)
    await office.record(given("withdrawn", time(9), by_name="户主"), "H1")
    async with asking(office, "claims", at=office.now) as client:

        async def told(instant: dt.datetime) -> httpx.Response:
            return await client.get("/api/v1/claims/C-1", params={"as_of": instant.isoformat()})

        then, now_ = (await told(NOW + dt.timedelta(minutes=30))).json(), (await told(office.now)).json()
        assert (await told(NOW - dt.timedelta(seconds=1))).status_code == 404
    assert [(each["claim"]["step"], len(each["events"])) for each in (then, now_)] == [("opened", 1), ("withdrawn", 2)]
    assert (then["amount"], then["clocks"]) == (None, None)

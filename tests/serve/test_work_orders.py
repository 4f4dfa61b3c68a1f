"""The hotlines by the API: whoever reads sees what became of a ticket, and who called only with the scope for it."""

import dataclasses
import datetime as dt
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI
from sqlalchemy import insert

from heatstream.rules import holidays
from heatstream.rules.supervision import file
from heatstream.serve.app import create_app
from heatstream.serve.shapes import now
from heatstream.settings import Database, Settings, Supervision
from heatstream.store import keys
from heatstream.store.pool import create_engine
from heatstream.store.tables import officer
from heatstream.supervision.act import Desk
from heatstream.supervision.hotline import ticket_file, tickets
from heatstream.supervision.hotline.work_orders import Contacted
from heatstream.supervision.matter import Ground
from tests.conftest import at_database, tell
from tests.serve import town

DAYS = {"day_from": "2026-01-05", "day_to": "2026-01-06"}
RULES = """\
schema: heatstream.supervision/1
place: 示例市
version: 测试-1
made_by: 测试
made_on: 2025-10-01
hotlines:
  topics: {"*": {室温: temperature, 热费: fee}}
  same_within_hours: 24
  group_households: 2
  contact: {temperature: {minutes: 30, source: 测试}}
"""
TICKETS = """\
line,ticket_no,received_at,category,address,content,caller
12345,T1,2026-01-05T08:00:00+08:00,室温,H1,家里冷,张女士 13800000000
96118,T2,2026-01-05T08:10:00+08:00,室温,H1,家里冷,张女士
12345,T3,2026-01-05T09:00:00+08:00,热费,H2,多收了,李先生
12345,T4,2026-01-06T09:00:00+08:00,室温,我家,冷,
12345,T5,2026-01-06T09:00:00+08:00,热费,H3,多收了,
"""


@dataclasses.dataclass
class Line:
    app: FastAPI
    url: str

    async def get(self, address: str, *scopes: str, **parameters: str | int) -> httpx.Response:
        engine = create_engine(self.url, size=1)
        async with engine.begin() as conn:
            key = await keys.create(conn, "platform", scopes=scopes or ("read",))
        await engine.dispose()
        transport = httpx.ASGITransport(self.app)
        headers = {"Authorization": f"Bearer {key}"}
        async with httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers) as client:
            return await client.get(f"/api/v1{address}", params=parameters)

    async def rows(self, address: str, **parameters: str | int) -> list[dict[str, Any]]:
        answer = await self.get(address, **parameters)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["rows"]
        return found


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def database(server_url: str, town_template: str, tmp_path_factory: Any) -> AsyncIterator[tuple[str, Path]]:
    """A town whose people called; nobody changes it."""
    name, folder = f"{town_template}_lines", tmp_path_factory.mktemp("lines")
    (folder / "rules.yaml").write_text(RULES, encoding="utf-8")
    (folder / "tickets.csv").write_text(TICKETS, encoding="utf-8")
    await tell(server_url, f"create database {name} template {town_template}")
    url = at_database(server_url, name)
    engine = create_engine(url, size=1)

    @asynccontextmanager
    async def desk() -> AsyncIterator[Desk]:
        async with engine.begin() as conn:
            yield Desk(conn, Ground(file.load(folder / "rules.yaml"), None, holidays.load()), lambda: town.NOW)

    async with engine.begin() as conn:
        hotline = {"code": "HOT", "name": "接线员", "organisation": "12345热线", "role": "hotline"}
        await conn.execute(insert(officer).values(**hotline, valid_from=town.SINCE))
    async with desk() as there:
        read = ticket_file.read(folder / "tickets.csv", tickets.hotlines(there.ground), town.NOW)
    await tickets.take(desk, read, by="测试")
    async with desk() as there:
        order = (await tickets.find(there, "12345", "T1")).work_order or ""
        contact = Contacted(at=town.at(dt.date(2026, 1, 5), 8, 20), why="回电", by_means="电话")
        await there.record(order, contact, by="HOT")
    await engine.dispose()
    yield url, folder / "rules.yaml"
    await tell(server_url, f"drop database {name} with (force)")


@asynccontextmanager
async def _running(url: str, rules: Path | None) -> AsyncIterator[Line]:
    app = create_app(Settings(database=Database(url=url), supervision=Supervision(rules_file=rules)))
    app.dependency_overrides[now] = lambda: town.NOW
    async with app.router.lifespan_context(app):
        yield Line(app, url)


@pytest.fixture
async def line(database: tuple[str, Path]) -> AsyncIterator[Line]:
    async with _running(*database) as line:
        yield line


async def test_tickets_are_listed_without_what_was_said_and_by_whom(line: Line) -> None:
    rows = await line.rows("/tickets")
    assert [each["ticket_no"] for each in rows] == ["T1", "T2", "T3", "T4", "T5"]
    assert not {"address", "content", "caller"} & set(rows[0])
    first = {name: rows[0][name] for name in ("line", "household", "building", "district", "company", "matched_by")}
    assert first == {
        "line": "12345",
        "household": "H1",
        "building": "B1",
        "district": "D1",
        "company": "E1",
        "matched_by": "exact",
    }
    assert (rows[3]["household"], rows[3]["matched_by"], rows[3]["work_order"]) == (None, None, None)
    assert rows[0]["work_order"] == rows[1]["work_order"]


async def test_tickets_are_told_apart_by_place_line_topic_time_and_work_order(line: Line) -> None:
    async def numbers(**asked: Any) -> list[str]:
        return [each["ticket_no"] for each in await line.rows("/tickets", **asked)]

    assert await numbers(company="E2") == ["T5"]
    assert await numbers(line="96118") == ["T2"]
    assert await numbers(topic="fee", district="D1") == ["T3"]
    assert await numbers(unmatched="true") == ["T4"]
    assert await numbers(received_from="2026-01-05T08:10:00+08:00", received_to="2026-01-06T00:00:00+08:00") == [
        "T2",
        "T3",
    ]
    order = (await line.rows("/tickets", line="96118"))[0]["work_order"]
    assert await numbers(work_order=order) == ["T1", "T2"]


async def test_a_page_of_tickets_goes_on_where_the_one_before_ended(line: Line) -> None:
    first = (await line.get("/tickets", limit=2)).json()
    second = (await line.get("/tickets", limit=2, next=first["next"])).json()
    assert [each["ticket_no"] for each in first["rows"] + second["rows"]] == ["T1", "T2", "T3", "T4"]


async def test_who_called_is_told_to_keys_with_the_scope_claims_alone(line: Line) -> None:
    assert (await line.get("/tickets/12345/T1")).status_code == 403
    whole = (await line.get("/tickets/12345/T1", "read", "claims")).json()
    assert (whole["caller"], whole["content"], whole["address"]) == ("张女士 13800000000", "家里冷", "H1")
    assert whole["versions"][0]["source"] == "tickets.csv:2"
    assert (await line.get("/tickets/12345/T9", "read", "claims")).status_code == 404


async def test_work_orders_are_listed_with_their_limits(line: Line) -> None:
    rows = await line.rows("/work-orders")
    assert [(each["topic"], each["household"], each["tickets"], each["step"]) for each in rows] == [
        ("temperature", "H1", 2, "contacted"),
        ("fee", "H2", 1, "opened"),
        ("fee", "H3", 1, "opened"),
    ]
    assert (rows[0]["in_group"], rows[0]["urgency"], rows[0]["handle_by"]) == (True, 3, None)
    assert len(await line.rows("/work-orders", topic="fee", company="E1", open="true")) == 1
    assert await line.rows("/work-orders", step="closed") == []


async def test_figures_have_their_denominators_and_a_row_for_who_had_no_complaint(line: Line) -> None:
    answer = (await line.get("/work-orders/figures", by="company", **DAYS)).json()
    rows = {each["key"]: each for each in answer["rows"]}
    assert {key: (each["tickets"], each["work_orders"]) for key, each in rows.items()} == {
        "E1": (3, 2),
        "E2": (1, 1),
        None: (1, 0),
    }
    assert (rows["E1"]["contact_in_time"], rows["E1"]["contact_unknown"], rows[None]["unmatched"]) == (2, 1, 1)
    before = {"day_from": "2026-01-01", "day_to": "2026-01-01"}
    quiet = (await line.get("/work-orders/figures", by="company", **before)).json()["rows"]
    assert [(each["key"], each["tickets"], each["area_centi_m2"]) for each in quiet] == [("E1", 0, 0), ("E2", 0, 0)]
    backward = {"day_from": "2026-01-02", "day_to": "2026-01-01", "by": "all"}
    assert (await line.get("/work-orders/figures", **backward)).status_code == 400


async def test_groups_are_listed_by_the_operator_s_number_of_households(line: Line, database: tuple[str, Path]) -> None:
    answer = (await line.get("/work-orders/groups", **DAYS)).json()
    assert answer["least_households"] == 2
    (group,) = answer["rows"]
    assert (group["building"], group["households"], group["topics"]) == ("B1", 2, {"temperature": 1, "fee": 1})
    async with _running(database[0], None) as without:
        refused = await without.get("/work-orders/groups", **DAYS)
    assert refused.status_code == 409
    assert "no section `hotlines`" in refused.json()["detail"]

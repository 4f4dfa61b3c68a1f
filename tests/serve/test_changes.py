"""Whoever follows the feed has what the listings have: nothing is missed, nothing comes twice, nothing is foreign."""

import asyncio
import base64
import contextlib
import datetime as dt
import re
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from heatstream.serve import access
from heatstream.serve.feed import BEGIN_AGAIN
from heatstream.store import changes, keys, matters, registry
from heatstream.store import tables as t
from heatstream.store.claims import Line
from tests.serve import town
from tests.serve.following import Event, events, listening

Row = dict[str, Any]


@pytest.fixture
async def numbered(engine: AsyncEngine) -> AsyncEngine:
    """The town, whose changes have their numbers."""
    await changes.sequence_all(engine)
    return engine


async def ask(client: httpx.AsyncClient, since: str | None = None, **asked: Any) -> Row:
    response = await client.get("/api/v1/changes", params=asked | ({"since": since} if since else {}))
    assert response.status_code == 200, response.text
    told: Row = response.json()
    return told


async def refusal(client: httpx.AsyncClient, since: str | None = None, path: str = "changes") -> tuple[int, str, str]:
    told = (await client.get(f"/api/v1/{path}", params={"since": since} if since else {})).json()
    return told["status"], told["type"].rpartition(":")[2], told["detail"]


async def judge_again(engine: AsyncEngine, code: str = "H2", outcome: int = town.FAILING) -> None:
    """A finding of the last day takes the place of the one that stood."""
    async with engine.begin() as conn:
        old = (
            await conn.execute(
                select(t.finding)
                .join(t.household, t.household.c.id == t.finding.c.household_id)
                .where(t.household.c.code == code, t.finding.c.period_from == town.DAYS[-1])
            )
        ).first()
        assert old is not None
        by = {name: getattr(old, name) for name in ("policy_id", "run_id", "point_id")}
        await town.record(conn, town.finding(old.household_id, town.DAYS[-1], outcome, change=2, **by))


# --- pages ------------------------------------------------------------------------------------------------------------


@pytest.mark.every_edition
@pytest.mark.usefixtures("numbered")
async def test_from_nothing_every_finding_comes_as_the_listing_has_it(client: httpx.AsyncClient) -> None:
    page = await ask(client, limit=500)
    listed = (await client.get("/api/v1/findings", params={"history": True, "limit": 500})).json()["rows"]
    assert {row["revision"]: row["data"] for row in page["rows"]} == {row["id"]: row for row in listed}
    assert ([row["seq"] for row in page["rows"]], page["more"]) == (list(range(1, 11)), False)
    assert {row["key"] for row in page["rows"] if row["data"]["household"] == "H1"} == {
        f"H1/day/2026-01-0{day}" for day in (4, 5, 6)
    }


@pytest.mark.every_edition
async def test_pages_of_any_size_give_the_same_rows(client: httpx.AsyncClient, numbered: AsyncEngine) -> None:
    async with numbered.begin() as conn:  # the days of all homes as one chunk, as the evaluator tells them
        ids = list(await conn.scalars(select(t.finding.c.id).where(t.finding.c.period_from == town.DAYS[-1])))
        await changes.tell(conn, "finding", ids, town.DAYS[-1])
    await changes.sequence_all(numbered)
    whole = (await ask(client, limit=500))["rows"]
    for limit in (1, 2, 7):
        rows, since, more = [], None, True
        while more:
            page = await ask(client, since, limit=limit)
            assert len(page["rows"]) <= limit
            rows, since, more = [*rows, *page["rows"]], page["next"], page["more"]
        assert rows == whole
    assert (await ask(client, since))["rows"] == []


@pytest.mark.usefixtures("numbered")
async def test_a_superseded_finding_comes_before_the_one_in_its_place(client: httpx.AsyncClient) -> None:
    rows = [row for row in (await ask(client))["rows"] if row["key"] == "H1/day/2026-01-05"]
    assert [(row["data"]["outcome"], row["data"]["current"]) for row in rows] == [
        ("undetermined", False),
        ("failing", True),
    ]
    assert rows[0]["revision"] < rows[1]["revision"]


async def test_from_the_head_only_what_came_after_it_is_told(client: httpx.AsyncClient, numbered: AsyncEngine) -> None:
    since = (await client.get("/api/v1/changes/head")).json()["next"]
    assert (await ask(client, since))["rows"] == []
    await judge_again(numbered)
    assert (await ask(client, since))["rows"] == []  # it has no number yet
    await changes.sequence_all(numbered)
    page = await ask(client, since)
    assert [(row["key"], row["data"]["outcome"]) for row in page["rows"]] == [("H2/day/2026-01-06", "failing")]
    assert (await ask(client, page["next"]))["rows"] == []


@pytest.mark.usefixtures("numbered")
async def test_it_says_how_much_of_the_last_closed_day_it_has_told(client: httpx.AsyncClient) -> None:
    assert (await ask(client))["complete_through"] == {"day": "2026-01-06", "expected": 3, "received": 3}


async def test_a_finding_without_a_number_is_not_counted_as_received(
    client: httpx.AsyncClient, numbered: AsyncEngine
) -> None:
    await judge_again(numbered)
    page = await ask(client)
    assert page["complete_through"] == {"day": "2026-01-06", "expected": 3, "received": 2}
    assert (page["lag"]["waiting"], page["lag"]["held_by"]) == (1, [])


async def test_what_holds_it_up_is_named_to_who_has_a_key(
    client: httpx.AsyncClient, numbered: AsyncEngine, database_url: str
) -> None:
    idle = await asyncpg.connect(database_url, server_settings={"application_name": "forgotten console"})
    try:
        await idle.execute("begin; select pg_current_xact_id()")
        await judge_again(numbered)
        await changes.sequence_all(numbered)
        lag = (await client.get("/api/v1/changes/head")).json()["lag"]
        checks = {each["name"]: each for each in (await client.get("/readyz")).json()["checks"]}
        [held] = lag["held_by"]
        assert (held["pid"], held["application"], held["state"]) == (
            idle.get_server_pid(),
            "forgotten console",
            "idle in transaction",
        )
        assert f"pid {idle.get_server_pid()} (forgotten console" in lag["told"]
        assert re.fullmatch(r"1 rows wait, the oldest for \d+ s", checks["feed"]["detail"])  # anybody may ask it
    finally:
        await idle.close()


# --- tokens -----------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("numbered")
async def test_a_token_that_was_tampered_with_is_refused(client: httpx.AsyncClient) -> None:
    token = (await client.get("/api/v1/changes/head")).json()["next"]
    other = {"A": "B"}
    forged = [
        *(f"{token[:at]}{other.get(token[at], 'A')}{token[at + 1 :]}" for at in range(0, len(token), 5)),
        token[:-4],
        f"{token}AAAA",
        "密",
        "",
        base64.urlsafe_b64encode(b"\0" * 30).decode(),
    ]
    answers = [await client.get("/api/v1/changes", params={"since": each}) for each in forged]
    assert {(each.status_code, each.json()["type"].rpartition(":")[2]) for each in answers} == {(400, "bad-cursor")}


async def test_a_token_of_before_a_restore_is_gone(client: httpx.AsyncClient, numbered: AsyncEngine) -> None:
    token = (await ask(client))["next"]
    async with numbered.begin() as conn:
        await conn.execute(update(t.feed).values(database="1/1/1"))
    assert (await refusal(client, token))[:2] == (410, "resync")
    assert (await refusal(client))[:2] == (503, "store-unready")
    await changes.sequence_all(numbered)
    status, kind, detail = await refusal(client, token)
    assert (status, kind) == (410, "resync")
    assert "take the token of GET /api/v1/changes/head, read the listings anew" in detail
    assert len((await ask(client))["rows"]) == 10


async def test_a_token_of_what_was_pruned_is_gone_and_so_is_the_beginning(
    client: httpx.AsyncClient, numbered: AsyncEngine
) -> None:
    first, last = (await ask(client, limit=1))["next"], (await ask(client))["next"]
    async with numbered.begin() as conn:
        assert await changes.prune(conn, dt.datetime.now(dt.UTC) + dt.timedelta(days=1)) == 10
    assert await refusal(client, first) == (
        410,
        "resync",
        f"the changes from 2 to 10 were pruned; {BEGIN_AGAIN}",
    )
    assert (await refusal(client))[:2] == (410, "resync")
    assert (await ask(client, last))["rows"] == []


# --- who sees what ----------------------------------------------------------------------------------------------------


async def _as_role(engine: AsyncEngine, client: httpx.AsyncClient, role: str, *scopes: str, **codes: str) -> None:
    async with engine.begin() as conn:
        key = await keys.create(conn, role, scopes=("read", *scopes), role=role, **codes)
    client.headers["Authorization"] = f"Bearer {key}"


@pytest.mark.every_edition
async def test_a_district_is_told_of_its_own_homes_and_the_numbers_have_gaps(
    stranger: httpx.AsyncClient, numbered: AsyncEngine
) -> None:
    await _as_role(numbered, stranger, "district", district_code="D2")
    rows: list[Row] = []
    since, more = None, True
    while more:
        page = await ask(stranger, since, limit=1)
        rows, since, more = [*rows, *page["rows"]], page["next"], page["more"]
    assert [(row["seq"], row["key"]) for row in rows] == [
        (3, "H3/day/2026-01-04"),
        (6, "H3/day/2026-01-05"),
        (9, "H3/day/2026-01-06"),
    ]
    assert page["complete_through"] == {"day": "2026-01-06", "expected": 1, "received": 1}


async def test_who_sees_a_part_begins_again_when_a_building_goes_over_and_then_has_what_the_listing_has(
    stranger: httpx.AsyncClient, numbered: AsyncEngine, tmp_path: Path
) -> None:
    await _as_role(numbered, stranger, "city")
    of_city, everything = (await ask(stranger))["next"], dict(stranger.headers)
    await _as_role(numbered, stranger, "district", district_code="D2")
    of_d2 = (await ask(stranger))["next"]
    file = tmp_path / "building.csv"
    file.write_text("code,name,community,heat_station,valid_from\nB1,1号楼,C2,T1,2025-10-01\n", encoding="utf-8")
    async with numbered.begin() as conn:
        await registry.import_files(conn, [file], "tests")
    await changes.sequence_all(numbered)
    assert (await refusal(stranger, of_d2))[:2] == (410, "resync")
    assert (await refusal(stranger, of_d2, path="stream"))[:2] == (410, "resync")
    anew = await ask(stranger, limit=500)
    listed = (await stranger.get("/api/v1/findings", params={"history": True, "limit": 500})).json()["rows"]
    assert {row["revision"] for row in anew["rows"] if row["noun"] == "finding"} == {row["id"] for row in listed}
    assert len(listed) == 10
    assert "building/B1" in [row["key"] for row in anew["rows"]]
    assert (await ask(stranger, anew["next"]))["rows"] == []
    stranger.headers.update(everything)
    assert [row["key"] for row in (await ask(stranger, of_city))["rows"]] == ["building/B1"]


async def test_what_a_role_does_not_see_of_a_finding_is_null_here_too(
    stranger: httpx.AsyncClient, numbered: AsyncEngine
) -> None:
    await _as_role(numbered, stranger, "auditor")
    assert {row["data"]["address"] for row in (await ask(stranger))["rows"]} == {None}


@pytest.mark.parametrize("path", ["changes", "changes/head", "stream"])
async def test_a_role_that_supervises_nobody_is_not_let_in(
    stranger: httpx.AsyncClient, engine: AsyncEngine, path: str
) -> None:
    await _as_role(engine, stranger, "province")
    assert (await refusal(stranger, path=path))[:2] == (403, "not-permitted")


@pytest.mark.usefixtures("numbered")
async def test_claims_are_for_the_scope_claims(client: httpx.AsyncClient) -> None:
    refused = await client.get("/api/v1/changes", params={"noun": ["ruling", "finding"]})
    assert (refused.status_code, refused.json()["type"]) == (403, "urn:heatstream:problem:scope-missing")
    assert "ruling needs claims" in refused.json()["detail"]


async def _register(engine: AsyncEngine) -> None:
    """The home H1 and its contract are registered, as an import tells it; then what is known of it is erased."""
    async with engine.begin() as conn:
        home, building = (
            await conn.execute(select(t.household.c.id, t.household.c.building_id).where(t.household.c.code == "H1"))
        ).one()
        rows = [
            {"noun": "household", "code": "H1", "after": {"code": "H1", "building_id": building, "address": "B1 H1室"}},
            {"noun": "contract", "code": "K1", "after": {"code": "K1", "household_id": home, "fee_due_fen": 100}},
        ]
        added = await conn.scalars(
            insert(t.registry_change).returning(t.registry_change.c.id), [row | {"by": "tests"} for row in rows]
        )
        await changes.tell(conn, "registry_change", list(added))
        erased = insert(t.erasure).values(household_id=home, officer="A", reason="申请", erased={})
        await changes.tell(conn, "erasure", list(await conn.scalars(erased.returning(t.erasure.c.id))))
    await changes.sequence_all(engine)


def told(rows: list[Row]) -> list[tuple[Any, ...]]:
    return [(row["key"], row["deleted"], row["data"] and row["data"]["row"]) for row in rows]


HOME = ("household/H1", False, {"code": "H1", "building": "B1", "address": "B1 H1室"})
CONTRACT = ("contract/K1", False, {"code": "K1", "household": "H1", "fee_due_fen": 100})
ERASED = ("household/H1", True, None)


async def test_the_registry_is_told_by_codes_and_an_erasure_leaves_a_tombstone(
    client: httpx.AsyncClient, numbered: AsyncEngine
) -> None:
    await _register(numbered)
    assert told((await ask(client, noun="registry"))["rows"]) == [HOME, ERASED]


async def test_contracts_are_told_with_the_scope_claims(stranger: httpx.AsyncClient, numbered: AsyncEngine) -> None:
    await _register(numbered)
    await _as_role(numbered, stranger, "city", "claims")
    assert told((await ask(stranger, noun="registry"))["rows"]) == [HOME, CONTRACT, ERASED]


async def test_an_import_of_the_registry_is_one_change_a_table(
    client: httpx.AsyncClient, numbered: AsyncEngine, tmp_path: Path
) -> None:
    file = tmp_path / "district.csv"
    file.write_text("code,name,valid_from\nD8,南区,2025-10-01\nD9,北区,2025-10-01\n", encoding="utf-8")
    async with numbered.begin() as conn:
        await registry.import_files(conn, [file], "tests")
        assert list(await conn.scalars(select(t.change.c.rows).where(t.change.c.noun == "registry_change"))) == [2]
    await changes.sequence_all(numbered)
    rows = (await ask(client, noun="registry"))["rows"]
    assert [(row["key"], row["data"]["row"]["name"]) for row in rows] == [
        ("district/D8", "南区"),
        ("district/D9", "北区"),
    ]


async def _matter(engine: AsyncEngine, kind: str, step: str) -> None:
    """A matter of a kind with one event, where it stands."""
    async with engine.begin() as conn:
        stands = {"headline": "一号站停热", "opened_at": town.NOW, "urgency": 1, "state": {}}
        made = await matters.add(conn, code=f"{kind}-{step}", kind=kind, step=step, **stands)
        await matters.append(conn, made, Line(1, "reported", town.NOW, town.NOW, "A", {}, b"\1" * 32))


async def test_incidents_and_warnings_are_told_and_one_that_was_none_is_a_tombstone(
    client: httpx.AsyncClient, numbered: AsyncEngine
) -> None:
    for kind, step in (("incident", "reported"), ("work_order", "open"), ("warning", "raised"), ("incident", "merged")):
        await _matter(numbered, kind, step)
    await changes.sequence_all(numbered)
    rows = (await ask(client, noun=["incident", "warning"]))["rows"]
    assert [(row["noun"], row["key"], row["deleted"], row["data"]["event"]["kind"]) for row in rows] == [
        ("incident", "incident-reported", False, "reported"),
        ("warning", "warning-raised", False, "reported"),
        ("incident", "incident-merged", True, "reported"),
    ]


# --- pushed -----------------------------------------------------------------------------------------------------------


async def take(client: httpx.AsyncClient, count: int, **asked: Any) -> list[Event]:
    """Read so many changes, then leave."""
    found: list[Event] = []
    async with client.stream("GET", "/api/v1/stream", **asked) as response:
        assert response.status_code == 200
        async for event in events(response):
            if event.name == "change":
                found.append(event)
            if len(found) == count:
                return found
    return found


async def test_a_stream_goes_on_where_its_last_event_was(
    app: FastAPI, client: httpx.AsyncClient, numbered: AsyncEngine
) -> None:
    async with asyncio.timeout(30), listening(app) as (_, address):
        async with httpx.AsyncClient(base_url=address, headers=client.headers, timeout=20) as live:
            first = await take(live, 4)
            more = asyncio.create_task(take(live, 7, headers={"Last-Event-ID": str(first[-1].id)}))
            await asyncio.sleep(0.2)
            await judge_again(numbered)
            await changes.sequence_all(numbered)
            pushed = [*first, *await more]
            while app.state.bell.streams:  # the places of those who left are free again
                await asyncio.sleep(0.05)
    polled = (await ask(client))["rows"]
    # A finding that was pushed while it stood is polled as one that stands no more; but for that they are the same.
    assert [event.data["key"] for event in pushed] == [row["key"] for row in polled]
    assert pushed[-1].data == polled[-1]
    assert (await ask(client, str(pushed[-1].id)))["rows"] == []


@pytest.mark.usefixtures("numbered")
async def test_a_bad_token_is_refused_before_anything_is_streamed(client: httpx.AsyncClient) -> None:
    assert (await refusal(client, "AAAA", "stream"))[:2] == (400, "bad-cursor")


@pytest.mark.usefixtures("numbered")
@pytest.mark.parametrize("setting", ["STREAMS", "STREAMS_PER_KEY"])
async def test_there_are_so_many_streams_and_no_more(app: FastAPI, client: httpx.AsyncClient, setting: str) -> None:
    most = getattr(app.state.settings.serve, setting.lower())
    async with app.state.engine.connect() as conn:
        who = (await access.holder(conn, client.headers["Authorization"].removeprefix("Bearer "))).who
    async with contextlib.AsyncExitStack() as places:
        for n in range(most):
            await places.enter_async_context(app.state.bell.heard(f"key {n}" if setting == "STREAMS" else who))
        refused = await client.get("/api/v1/stream")
    assert (refused.status_code, refused.json()["type"], refused.headers["Retry-After"]) == (
        503,
        "urn:heatstream:problem:busy",
        "60",
    )
    assert refused.json()["detail"].startswith(f"{most} streams" if setting == "STREAMS" else f"{who} holds {most} ")
    assert f"(HEATSTREAM_SERVE_{setting})" in refused.json()["detail"]
    assert app.state.bell.streams == 0


async def test_a_revoked_key_ends_its_stream_and_so_does_the_end_of_the_process(
    app: FastAPI, client: httpx.AsyncClient, numbered: AsyncEngine
) -> None:
    async with numbered.begin() as conn:
        [prefix] = await conn.scalars(select(t.api_key.c.prefix))
        other = await keys.create(conn, "another")
    async with asyncio.timeout(30), listening(app) as (server, address):
        async with httpx.AsyncClient(base_url=address, timeout=20) as live:
            revoked = asyncio.create_task(_until_it_ends(live, client.headers["Authorization"]))
            lasting = asyncio.create_task(_until_it_ends(live, f"Bearer {other}"))
            while app.state.bell.streams < 2:
                await asyncio.sleep(0.05)
            async with numbered.begin() as conn:
                await keys.revoke(conn, prefix)
            app.state.bell.ring()
            assert (await asyncio.wait_for(revoked, 10))[-1].data["type"] == "urn:heatstream:problem:key-refused"
            server.should_exit = True
            assert (await asyncio.wait_for(lasting, 10))[-1].name != "problem"


async def _until_it_ends(client: httpx.AsyncClient, authorization: str) -> list[Event]:
    async with client.stream("GET", "/api/v1/stream", headers={"Authorization": authorization}) as response:
        return [event async for event in events(response)]

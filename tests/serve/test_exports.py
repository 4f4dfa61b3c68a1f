"""An export is every page of a listing, of one moment, for who asked for it; it is done once, and can be cited."""

import asyncio
import hashlib
import io
import json
from typing import Any

import httpx
import pyarrow.parquet as pq
import pytest
from fastapi import FastAPI
from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from structlog.testing import capture_logs

import heatstream
from heatstream.jobs import exports as writing
from heatstream.probes import Health
from heatstream.serve import exporting
from heatstream.serve.formats import CSV, NDJSON, PARQUET
from heatstream.serve.routes import exports as reading
from heatstream.store import exports
from heatstream.store import tables as t
from tests.serve import town
from tests.serve.conftest import MakeKey
from tests.serve.test_paging import add_findings

EXPORTS = "/api/v1/exports"


async def ask(client: httpx.AsyncClient, key: str = "k1", **wanted: Any) -> httpx.Response:
    body = {"noun": "findings", "media_type": NDJSON, **wanted}
    return await client.post(EXPORTS, json=body, headers={"Idempotency-Key": key})


async def made(client: httpx.AsyncClient, app: FastAPI, engine: AsyncEngine, **wanted: Any) -> str:
    """Ask for an export and let the jobs write it; tell its address."""
    asked = await ask(client, **wanted)
    assert asked.status_code == 202, asked.text
    assert await writing.write_all(engine, app.state.listings) == 1
    return asked.headers["location"]


# --- asking -----------------------------------------------------------------------------------------------------------


async def test_what_is_asked_for_waits(client: httpx.AsyncClient) -> None:
    asked = await ask(client, parameters={"outcome": ["failing", "compliant"], "history": True})
    told = asked.json()
    assert (asked.status_code, asked.headers["location"]) == (202, f"{EXPORTS}/{told['export']}")
    assert (told["state"], told["manifest"]) == ("waiting", None)
    assert (await client.get(asked.headers["location"])).json() == told
    assert (await client.get(EXPORTS)).json()["rows"] == [told]
    assert (await client.get(asked.headers["location"] + "/file")).status_code == 404


REFUSED: list[tuple[dict[str, Any], int, str, str | None]] = [
    ({"noun": "nothing"}, 422, "bad-body", "/noun"),
    ({"noun": "summary"}, 422, "bad-body", "/noun"),
    ({"noun": "exports"}, 422, "bad-body", "/noun"),
    ({"noun": "meters/M1/days"}, 422, "bad-body", "/noun"),
    ({"media_type": "application/json"}, 422, "bad-body", "/media_type"),
    ({"parameters": {"distrcit": "D1"}}, 422, "bad-body", "/parameters/distrcit"),
    ({"parameters": {"day_from": "yesterday"}}, 422, "bad-body", "/parameters/day_from"),
    ({"parameters": {"limit": 5}}, 422, "bad-body", "/parameters/limit"),
    ({"parameters": {"next": "x"}}, 422, "bad-body", "/parameters/next"),
    ({"parameters": {"a/b~": "x"}}, 422, "bad-body", "/parameters/a~1b~0"),
    ({"more": 1}, 422, "bad-body", "/more"),
    ({"parameters": {"district": "D9"}}, 400, "unknown-code", None),
    ({"noun": "readings"}, 400, "bad-query", None),
    ({"noun": "claims"}, 403, "scope-missing", None),
    ({"noun": "rejects"}, 403, "scope-missing", None),
]


async def test_what_the_listing_would_refuse_is_refused_at_once(client: httpx.AsyncClient) -> None:
    for wanted, status, type_, pointer in REFUSED:
        told = (await ask(client, **wanted)).json()
        assert (told["status"], told["type"]) == (status, f"urn:heatstream:problem:{type_}"), wanted
        if type_ == "bad-body":
            assert [fault["pointer"] for fault in told["faults"]] == [pointer]
    assert (await client.get(EXPORTS)).json()["rows"] == []


BODIES: list[tuple[dict[str, str], bytes, int, str]] = [
    ({}, b"{}", 400, "bad-query"),
    ({"Idempotency-Key": "k"}, b"{not json", 400, "unreadable-body"),
    ({"Idempotency-Key": "k"}, b"\xff", 400, "unreadable-body"),
    ({"Idempotency-Key": "k"}, b"[]", 422, "bad-body"),
    ({"Idempotency-Key": "k"}, b"", 422, "bad-body"),
    ({"Idempotency-Key": "k", "Content-Type": "text/plain"}, b"{}", 415, "not-json"),
    ({"Idempotency-Key": "k" * 201}, b"{}", 400, "bad-query"),
    ({"Idempotency-Key": "k"}, b'"' + b"x" * 70_000 + b'"', 413, "too-large"),
]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (r'{"noun": "\ud800", "media_type": "text/csv"}', "/noun"),
        (
            r'{"noun": "findings", "media_type": "text/csv", "parameters": {"district": "\ud800"}}',
            "/parameters/district",
        ),
        (r'{"noun": "findings", "media_type": "text/csv", "parameters": {"\ud800": "D1"}}', "/parameters/"),
    ],
)
async def test_half_a_character_is_refused_and_told_as_it_came(
    client: httpx.AsyncClient, body: str, pointer: str
) -> None:
    sent = {"Idempotency-Key": "half", "Content-Type": "application/json"}
    told = await client.post(EXPORTS, content=body, headers=sent)
    assert (told.status_code, told.json()["type"]) == (422, "urn:heatstream:problem:bad-body")
    assert any(each["pointer"].startswith(pointer) for each in told.json()["faults"])


async def test_what_was_published_is_exported_to_everybody(
    stranger: httpx.AsyncClient, make_key: MakeKey, app: FastAPI, engine: AsyncEngine
) -> None:
    stranger.headers["Authorization"] = f"Bearer {await make_key('read', role='province')}"
    address = await made(stranger, app, engine, noun="publications")
    assert (await stranger.get(address)).json()["state"] == "done"
    assert (await stranger.get(f"{address}/file")).content == b""


async def test_a_body_that_cannot_be_used_is_told_apart(client: httpx.AsyncClient) -> None:
    for headers, content, status, type_ in BODIES:
        response = await client.post(EXPORTS, content=content, headers={"Content-Type": "application/json", **headers})
        told = (response.status_code, response.json()["type"])
        assert told == (status, f"urn:heatstream:problem:{type_}"), (headers, content[:10])


async def test_a_large_body_that_does_not_say_its_length_is_refused_as_it_comes(client: httpx.AsyncClient) -> None:
    async def pieces() -> Any:
        for _ in range(10):
            yield b"x" * 10_000

    headers = {"Idempotency-Key": "k", "Content-Type": "application/json"}
    response = await client.post(EXPORTS, content=pieces(), headers=headers)
    assert (response.status_code, response.json()["type"]) == (413, "urn:heatstream:problem:too-large")


# --- once -------------------------------------------------------------------------------------------------------------


async def test_the_same_request_with_the_same_key_is_answered_again(client: httpx.AsyncClient) -> None:
    first, again = await ask(client), await ask(client)
    assert (again.status_code, again.content, again.headers["location"]) == (
        202,
        first.content,
        first.headers["location"],
    )
    replayed = [each.headers.get("idempotency-replayed") for each in (first, again)]
    assert replayed == [None, "true"]
    assert len((await client.get(EXPORTS)).json()["rows"]) == 1


async def test_a_key_of_another_request_is_refused(client: httpx.AsyncClient) -> None:
    await ask(client)
    told = (await ask(client, media_type=CSV)).json()
    assert (told["status"], told["type"]) == (422, "urn:heatstream:problem:key-reused")


async def test_two_at_once_are_done_once(client: httpx.AsyncClient) -> None:
    both = await asyncio.gather(ask(client), ask(client))
    assert len({each.json()["export"] for each in both}) == 1
    assert sorted(each.headers.get("idempotency-replayed", "") for each in both) == ["", "true"]


async def test_what_was_refused_may_be_asked_again_with_its_key(client: httpx.AsyncClient) -> None:
    assert (await ask(client, parameters={"district": "D9"})).status_code == 400
    assert (await ask(client)).status_code == 202


async def test_a_key_may_have_so_many_unfinished_and_others_their_own(
    client: httpx.AsyncClient, make_key: MakeKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MOST_UNFINISHED", 2)
    answers = [await ask(client, key=key) for key in ("k1", "k2", "k3", "k1")]
    assert [each.status_code for each in answers] == [202, 202, 429, 202]
    assert answers[2].headers["Retry-After"] == "60"
    client.headers["Authorization"] = f"Bearer {await make_key('read')}"
    assert (await ask(client, key="k3")).status_code == 202


async def test_a_key_is_of_who_gave_it(client: httpx.AsyncClient, make_key: MakeKey) -> None:
    first = (await ask(client)).json()
    client.headers["Authorization"] = f"Bearer {await make_key('read')}"
    assert (await ask(client)).json()["export"] != first["export"]


# --- writing ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("media_type", [NDJSON, CSV, PARQUET])
async def test_the_file_holds_what_the_listing_gives(
    client: httpx.AsyncClient, app: FastAPI, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch, media_type: str
) -> None:
    monkeypatch.setattr(exporting, "PAGE_ROWS", 4)
    address = await made(client, app, engine, media_type=media_type, parameters={"history": True})
    listed = await client.get("/api/v1/findings?history=true", headers={"Accept": media_type})
    file = await client.get(f"{address}/file")
    if media_type == PARQUET:
        assert pq.read_table(io.BytesIO(file.content)).equals(pq.read_table(io.BytesIO(listed.content)))
    else:
        assert file.content == listed.content
    assert file.headers["content-type"].partition(";")[0] == media_type


async def test_the_manifest_says_what_the_file_is(client: httpx.AsyncClient, app: FastAPI, engine: AsyncEngine) -> None:
    address = await made(client, app, engine, parameters={"district": "D1"})
    told = (await client.get(address)).json()
    file = await client.get(f"{address}/file")
    rows = [json.loads(line) for line in file.text.splitlines()]
    digest = hashlib.sha256(file.content).hexdigest()
    as_of = told["manifest"].pop("as_of")
    assert told["asked_at"] <= as_of <= told["ended_at"]
    assert (told["state"], told["manifest"]) == (
        "done",
        {
            "rows": 6,
            "bytes": len(file.content),
            "sha256": digest,
            "media_type": NDJSON,
            "noun": "findings",
            "parameters": {"district": "D1"},
            "role": "city",
            "policy_hashes": [rows[0]["policy_hash"]],
            "watermarks": [town.WATERMARK],
            "code_version": heatstream.__version__,
        },
    )
    assert (file.headers["etag"], file.headers["content-length"]) == (f'"{digest}"', str(len(file.content)))


async def test_a_file_is_of_one_moment(app: FastAPI, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "PAGE_ROWS", 2)
    scope = {"role": "city", "who": "key:hs_x", "district": None, "company": None, "street": None, "household": None}
    rows = 0
    async with app.state.engine.connect() as conn:
        async for piece in app.state.listings.pieces(conn, scope, "findings", {"history": True}, NDJSON):
            rows += piece.rows
            if rows == 2:
                await add_findings(engine)
    assert rows == 10


async def test_a_file_holds_the_rows_and_fields_of_who_asked(
    client: httpx.AsyncClient, app: FastAPI, engine: AsyncEngine, make_key: MakeKey
) -> None:
    """An auditor sees every home and no address."""
    client.headers["Authorization"] = f"Bearer {await make_key('read', role='auditor')}"
    address = await made(client, app, engine, noun="households")
    rows = [json.loads(line) for line in (await client.get(f"{address}/file")).text.splitlines()]
    assert ([row["address"] for row in rows], len(rows)) == ([None] * 5, 5)


async def test_an_export_is_of_who_asked_alone(
    client: httpx.AsyncClient, app: FastAPI, engine: AsyncEngine, make_key: MakeKey
) -> None:
    address = await made(client, app, engine)
    client.headers["Authorization"] = f"Bearer {await make_key('read', 'admin')}"
    assert [(await client.get(path)).status_code for path in (address, f"{address}/file")] == [404, 404]
    assert (await client.get(EXPORTS)).json()["rows"] == []


async def test_an_export_of_a_process_that_was_killed_is_written_anew(
    client: httpx.AsyncClient, app: FastAPI, engine: AsyncEngine
) -> None:
    asked = await ask(client)
    async with engine.begin() as conn:
        begun = await exports.begin_next(conn)
        assert begun is not None
        await exports.keep_part(conn, begun, 1, b"half of i")
    assert (await client.get(asked.headers["location"])).json()["state"] == "running"
    assert await writing.write_all(engine, app.state.listings) == 1
    listed = await client.get("/api/v1/findings", headers={"Accept": NDJSON})
    assert (await client.get(asked.headers["location"] + "/file")).content == listed.content


async def test_two_processes_do_not_write_the_same_export(
    client: httpx.AsyncClient, app: FastAPI, engine: AsyncEngine
) -> None:
    await ask(client)
    async with engine.connect() as other:
        assert await exports.alone(other)
        assert await writing.write_all(engine, app.state.listings) == 0
        await exports.leave(other)
    assert await writing.write_all(engine, app.state.listings) == 1


async def test_a_process_that_lost_its_lock_leaves_an_export_to_the_one_that_began_it_anew(
    client: httpx.AsyncClient, app: FastAPI, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = (await ask(client)).headers["location"]
    finish, overtaken = exports.finish, list[exports.Export]()

    async def late(conn: AsyncConnection, begun: exports.Export, manifest: dict[str, Any]) -> None:
        if not overtaken:
            overtaken.append(begun)
            async with engine.begin() as other:
                assert await exports.begin_next(other) is not None
        await finish(conn, begun, manifest)

    monkeypatch.setattr(exports, "finish", late)
    with capture_logs() as logs:
        assert await writing.write_all(engine, app.state.listings) == 0
    assert "the lock of the exports was lost" in {each["event"] for each in logs}
    assert (await client.get(address)).json()["state"] == "running"
    assert await writing.write_all(engine, app.state.listings) == 1
    told, file = (await client.get(address)).json(), await client.get(f"{address}/file")
    assert hashlib.sha256(file.content).hexdigest() == told["manifest"]["sha256"]


async def test_an_export_that_fails_says_why_and_holds_up_no_other(
    client: httpx.AsyncClient, app: FastAPI, engine: AsyncEngine
) -> None:
    """Its district is registered no more."""
    first, second = await ask(client), await ask(client, key="k2")
    async with engine.begin() as conn:
        await conn.execute(update(t.export).where(t.export.c.id == 1).values(parameters={"district": "D9"}))
    with capture_logs():
        assert await writing.write_all(engine, app.state.listings) == 2
    told = [(await client.get(each.headers["location"])).json() for each in (first, second)]
    assert [(each["state"], each["detail"]) for each in told] == [
        ("failed", "district: seen 'D9', expected a code of the registry"),
        ("done", None),
    ]


async def test_an_export_expires_and_leaves_its_manifest(
    client: httpx.AsyncClient, app: FastAPI, engine: AsyncEngine
) -> None:
    address = await made(client, app, engine)
    async with engine.begin() as conn:
        later = (await conn.execute(select(func.now()))).scalar_one()
        assert await exports.expire(conn, later) == 1
        assert await conn.scalar(select(func.count()).select_from(t.export_part)) == 0
    told, file = (await client.get(address)).json(), await client.get(f"{address}/file")
    assert (told["state"], told["manifest"]["rows"]) == ("expired", 9)
    assert (file.status_code, file.json()["type"]) == (410, "urn:heatstream:problem:expired")


async def test_answers_are_kept_for_a_week(client: httpx.AsyncClient, engine: AsyncEngine) -> None:
    await ask(client)
    async with engine.begin() as conn:
        made_at = (await conn.execute(select(t.idempotent_answer.c.made_at))).scalar_one()
        assert await exports.forget_answers(conn, made_at + exports.REPEATED_FOR) == 0
        row = {"who": "key:x", "key": "old", "request_sha256": b"", "status": 202, "headers": {}, "body": b""}
        await conn.execute(insert(t.idempotent_answer).values(row | {"made_at": made_at - exports.REPEATED_FOR}))
        assert await exports.forget_answers(conn, made_at + exports.REPEATED_FOR) == 1


# --- the file ---------------------------------------------------------------------------------------------------------


@pytest.fixture
async def in_parts(
    client: httpx.AsyncClient, app: FastAPI, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> str:
    """A file in parts of a thousand bytes."""
    for module in (writing, reading):
        monkeypatch.setattr(module, "PART_BYTES", 1_000)
    return await made(client, app, engine) + "/file"


async def test_a_file_is_given_by_the_bytes_that_are_asked_for(client: httpx.AsyncClient, in_parts: str) -> None:
    whole = (await client.get(in_parts)).content
    size = len(whole)
    assert size > 3_000
    for asked, begin, end in (
        ("bytes=0-0", 0, 1),
        ("bytes=990-2010", 990, 2011),
        ("bytes=1000-1999", 1000, 2000),
        ("bytes=2500-", 2500, size),
        ("bytes=-10", size - 10, size),
        (f"bytes=0-{size + 5}", 0, size),
    ):
        part = await client.get(in_parts, headers={"Range": asked})
        assert (part.status_code, part.content) == (206, whole[begin:end]), asked
        assert part.headers["content-range"] == f"bytes {begin}-{end - 1}/{size}"
        assert part.headers["content-length"] == str(end - begin)


async def test_bytes_that_are_not_there_are_refused(client: httpx.AsyncClient, in_parts: str) -> None:
    size = (await client.get(in_parts)).headers["content-length"]
    for asked in ("bytes=9-3", "bytes=999999-", "bytes=-0"):
        response = await client.get(in_parts, headers={"Range": asked})
        assert (response.status_code, response.json()["type"]) == (416, "urn:heatstream:problem:bad-range"), asked
        assert response.headers["content-range"] == f"bytes */{size}"


async def test_a_range_that_is_none_gives_the_whole_file(client: httpx.AsyncClient, in_parts: str) -> None:
    for asked in ("bytes=-", "lines=0-5", "bytes=0-1,5-6", "bytes=x-y"):
        assert (await client.get(in_parts, headers={"Range": asked})).status_code == 200, asked


async def test_a_part_of_another_file_is_not_given(client: httpx.AsyncClient, in_parts: str) -> None:
    tag = (await client.get(in_parts)).headers["etag"]
    for if_range, status in ((tag, 206), ('"other"', 200)):
        asked = {"Range": "bytes=0-9", "If-Range": if_range}
        assert (await client.get(in_parts, headers=asked)).status_code == status


async def test_a_file_that_the_client_has_is_not_sent_again(client: httpx.AsyncClient, in_parts: str) -> None:
    tag = (await client.get(in_parts)).headers["etag"]
    again = await client.get(in_parts, headers={"If-None-Match": tag})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)


async def test_head_tells_how_long_a_file_is(client: httpx.AsyncClient, in_parts: str) -> None:
    head, get = await client.head(in_parts), await client.get(in_parts)
    assert (head.status_code, head.headers["content-length"], head.content) == (200, str(len(get.content)), b"")


async def test_the_loop_writes_what_is_asked_for_until_it_is_stopped(
    client: httpx.AsyncClient, app: FastAPI, database_url: str
) -> None:
    asked, stop, health = await ask(client), asyncio.Event(), Health()
    loop = asyncio.create_task(writing.run(database_url, app.state.listings, stop, health))
    async with asyncio.timeout(30):
        while (await client.get(asked.headers["location"])).json()["state"] != "done":
            await asyncio.sleep(0.05)
    stop.set()
    await asyncio.wait_for(loop, 5)

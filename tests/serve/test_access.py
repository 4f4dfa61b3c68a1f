"""Only a good key with the right scope gets an answer."""

import httpx
import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from heatstream.errors import BadInput
from heatstream.store import keys
from heatstream.store.tables import api_key
from tests.serve import town
from tests.serve.conftest import MakeKey


async def ask(client: httpx.AsyncClient, path: str = "households", **headers: str) -> tuple[int, str]:
    response = await client.get(f"/api/v1/{path}", headers=headers)
    return response.status_code, response.json().get("type", "")


REFUSED = (401, "urn:heatstream:problem:key-refused")


async def test_without_a_key_nothing_is_told(stranger: httpx.AsyncClient) -> None:
    assert await ask(stranger) == REFUSED


async def test_a_refused_key_is_told_how_to_sign_in(stranger: httpx.AsyncClient) -> None:
    response = await stranger.get("/api/v1/households")
    assert response.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("key", ["hs_000000000000_guess", "hs", "other_thing_here", "hs__", "hs_密_钥", "x" * 500])
async def test_a_guessed_key_is_refused(stranger: httpx.AsyncClient, key: str) -> None:
    headers = httpx.Headers([(b"X-API-Key", key.encode())])
    assert (await stranger.get("/api/v1/households", headers=headers)).status_code == 401


async def test_a_key_with_another_secret_is_refused(stranger: httpx.AsyncClient, make_key: MakeKey) -> None:
    good = await make_key("read")
    assert await ask(stranger, **{"X-API-Key": good[:-1] + ("a" if good[-1] != "a" else "b")}) == REFUSED


@pytest.mark.parametrize("header", ["Authorization", "X-API-Key"])
async def test_a_good_key_is_taken_from_either_header(
    stranger: httpx.AsyncClient, make_key: MakeKey, header: str
) -> None:
    key = await make_key("read")
    told = {"Authorization": f"Bearer {key}", "X-API-Key": key}
    assert await ask(stranger, **{header: told[header]}) == (200, "")


async def test_a_revoked_key_is_refused_at_once(
    stranger: httpx.AsyncClient, make_key: MakeKey, engine: AsyncEngine
) -> None:
    key = await make_key("read")
    async with engine.begin() as conn:
        await keys.revoke(conn, key.rsplit("_", 1)[0] if key.count("_") == 2 else "_".join(key.split("_")[:2]))
    assert await ask(stranger, **{"X-API-Key": key}) == REFUSED


async def test_a_key_past_its_end_is_refused(
    stranger: httpx.AsyncClient, make_key: MakeKey, engine: AsyncEngine
) -> None:
    key = await make_key("read", days=1)
    assert await ask(stranger, **{"X-API-Key": key}) == (200, "")
    async with engine.begin() as conn:
        await conn.execute(update(api_key).values(expires_at=town.at(town.SINCE, 0)))
    assert await ask(stranger, **{"X-API-Key": key}) == REFUSED


async def test_rejects_need_their_scope(client: httpx.AsyncClient) -> None:
    assert await ask(client, "rejects") == (403, "urn:heatstream:problem:scope-missing")


async def test_a_key_for_rejects_alone_reads_nothing_else(stranger: httpx.AsyncClient, make_key: MakeKey) -> None:
    assert (await ask(stranger, **{"X-API-Key": await make_key("rejects")}))[0] == 403


async def test_probes_need_no_key(stranger: httpx.AsyncClient) -> None:
    assert [(await stranger.get(path)).status_code for path in ("/livez", "/readyz", "/metrics")] == [200, 200, 200]


async def test_the_key_itself_is_not_kept(conn: AsyncConnection) -> None:
    key = await keys.create(conn, "platform")
    [row] = (await conn.execute(api_key.select())).all()
    assert key not in str(row)
    assert key.startswith(row.prefix + "_")


async def test_a_listed_key_tells_its_scopes_and_its_end(conn: AsyncConnection) -> None:
    await keys.create(conn, "platform", scopes=("rejects", "read", "read"), days=30)
    [(listed, _)] = await keys.listed(conn)
    assert (listed.name, listed.scopes, listed.revoked_at) == ("platform", ("read", "rejects"), None)
    assert listed.expires_at is not None
    assert (listed.expires_at - listed.created_at).days == 30


async def test_a_revoked_key_keeps_the_time_it_was_revoked_first(conn: AsyncConnection) -> None:
    await keys.create(conn, "platform")
    [(listed, _)] = await keys.listed(conn)
    await conn.execute(update(api_key).values(revoked_at=town.NOW))
    await keys.revoke(conn, listed.prefix)
    assert [key.revoked_at for key, _ in await keys.listed(conn)] == [town.NOW]


@pytest.mark.parametrize(
    ("name", "scopes", "days", "told"),
    [
        ("platform", ("write",), None, "scope: seen write, expected one or more of read, rejects, claims, admin"),
        ("platform", (), None, "scope: seen none, expected one or more of read, rejects, claims, admin"),
        (" ", ("read",), None, "a key needs the name of whoever uses it; seen an empty one"),
        ("platform", ("read",), 0, "days: seen 0, expected 1 or more"),
    ],
)
async def test_a_key_that_makes_no_sense_is_not_made(
    conn: AsyncConnection, name: str, scopes: tuple[str, ...], days: int | None, told: str
) -> None:
    with pytest.raises(BadInput) as error:
        await keys.create(conn, name, scopes=scopes, days=days)
    assert str(error.value) == told


async def test_revoking_what_is_not_there_is_an_error(conn: AsyncConnection) -> None:
    with pytest.raises(BadInput, match="no key begins with 'hs_nothing'"):
        await keys.revoke(conn, "hs_nothing")

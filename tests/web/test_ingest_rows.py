"""Where every reading went, and what waits for a person: exact, and each visitor's own."""

from typing import Any

import httpx
from sqlalchemy.ext.asyncio import AsyncEngine

from heatstream.web.shared import Source
from tests.signed import token_of
from tests.web.conftest import visitor


async def rows(browser: httpx.AsyncClient, name: str) -> list[dict[str, Any]]:
    answer = await browser.get(f"/rows/ingest/{name}")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()
    return found


async def test_a_gateway_is_told_with_its_gap_and_nothing_unaccounted_for(browser: httpx.AsyncClient) -> None:
    [gateway] = await rows(browser, "gateways")
    assert (gateway["gateway"], gateway["state"], gateway["missing"], gateway["lost"]) == ("gw-0001", "silent", 1, 0)


async def test_what_was_refused_is_told_with_its_reason(browser: httpx.AsyncClient) -> None:
    told = [(row["reason"], row["gateway"], row["detail"]) for row in await rows(browser, "rejects")]
    assert told == [("undecodable", "gw-0001", "byte 0"), ("out_of_range", "gw-0001", "99.9 °C")]
    assert {row["reason"]: row["refused"] for row in await rows(browser, "reasons")} == {
        "undecodable": 1,
        "out_of_range": 1,
    }


async def test_an_instant_with_two_values_waits_for_an_officer(browser: httpx.AsyncClient) -> None:
    [conflict] = await rows(browser, "conflicts")
    assert (conflict["point"], conflict["stored_centi"], conflict["other_centi"]) == ("P1", 1720, "18.10")


async def test_a_company_sees_its_own_conflicts_and_a_hotline_none_of_it(
    database_url: str, engine: AsyncEngine
) -> None:
    source = Source(database_url)
    async with visitor(source, await token_of(engine, "company", company="E1")) as of_e1:
        assert [row["point"] for row in await rows(of_e1, "conflicts")] == ["P1"]
    async with visitor(source, await token_of(engine, "company", company="E2")) as of_e2:
        assert await rows(of_e2, "conflicts") == []
    async with visitor(source, await token_of(engine, "hotline")) as of_hotline:
        assert (await of_hotline.get("/rows/ingest/gateways")).status_code == 403
    await source.close()

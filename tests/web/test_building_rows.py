"""One day of a façade is what the store holds of it, slot by slot, and nothing where nothing was measured."""

import datetime as dt
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from heatstream.core.strata import Side
from heatstream.store import tables as t
from heatstream.store.read import registry
from heatstream.store.timescale import ensure_partitions
from heatstream.web import home_place
from heatstream.web.home_place import Neighbour
from heatstream.web.shared import Reader, Source
from tests.serve import town
from tests.signed import token_of, visitor_at
from tests.web.conftest import SignIn, visitor

LAST = town.DAYS[-1]
SLOTS = 24 * 6


async def fetched(browser: httpx.AsyncClient, building: str, day: dt.date = LAST) -> dict[str, dict[str, object]]:
    answer = await browser.get(f"/rows/buildings/{building}/day", params={"day": day.isoformat()})
    assert answer.status_code == 200, answer.text
    return {home["code"]: home for home in answer.json()["homes"]}


def slots(**measured: int) -> list[int | None]:
    """A day of gaps, but for the named hours: `h3=1730`."""
    at = {int(name[1:]) * 6: centi for name, centi in measured.items()}
    return [at.get(slot) for slot in range(SLOTS)]


async def test_a_slot_holds_the_stored_hundredths_and_a_gap_holds_nothing(browser: httpx.AsyncClient) -> None:
    homes = await fetched(browser, "B1")
    assert homes["H2"]["centi"] == slots(h0=1900, h1=1910, h2=1920, h3=1930, h4=1940, h5=1950)
    assert homes["H2"]["limit_centi"] == 1800


async def test_an_instant_with_two_values_is_a_gap_that_says_why(browser: httpx.AsyncClient) -> None:
    home = (await fetched(browser, "B1"))["H1"]
    assert home["centi"] == slots(h0=1700, h1=1710, h3=1730, h4=1740, h5=1750)
    assert (home["conflicts"], home["excluded"]) == ([12], [])


async def test_an_unmonitored_home_has_no_slots(browser: httpx.AsyncClient) -> None:
    homes = await fetched(browser, "B2")
    assert {code: (home["rooms"], home["centi"] == []) for code, home in homes.items()} == {
        "H3": (1, False),
        "H4": (0, True),
        "S1": (0, True),
    }
    assert homes["S1"]["resident"] is False


async def test_what_the_registry_does_not_tell_is_neither_so_nor_not_so(browser: httpx.AsyncClient) -> None:
    home = (await fetched(browser, "B1"))["H1"]
    assert [home[name] for name in ("edge", "top", "bottom", "surrounded")] == [None] * 4


async def test_the_day_has_its_window_and_its_step(browser: httpx.AsyncClient) -> None:
    answer = (await browser.get("/rows/buildings/B1/day?day=2026-01-06")).json()
    assert (answer["day_from_min"], answer["day_to_min"], answer["step_min"]) == (360, 1320, 10)


@pytest.mark.parametrize(
    ("address", "status"),
    [("B9/day?day=2026-01-06", 404), ("B1/day?day=yesterday", 422), ("B1/day", 422)],
    ids=["no such building", "no such day", "no day"],
)
async def test_a_wrong_address_is_refused(browser: httpx.AsyncClient, address: str, status: int) -> None:
    assert (await browser.get(f"/rows/buildings/{address}")).status_code == status


async def test_the_list_has_every_building_with_its_last_closed_day(browser: httpx.AsyncClient) -> None:
    rows = (await browser.get("/rows/buildings")).json()
    told = ("code", "community", "district", "station_name", "homes", "monitored", "failing", "lowest_centi")
    assert [tuple(row[name] for name in told) for row in rows] == [
        ("B1", "朝阳小区", "东城区", "东一站", 2, 2, 1, 1700),
        ("B2", "夕照小区", "西城区", "西一站", 2, 1, 0, None),
    ]


@pytest.mark.parametrize(
    ("text", "found"),
    [("h4", ["H4"]), ("B2 H", ["H3", "H4"]), ("%%", []), ("__", [])],
    ids=["户号", "a part of the address", "a percent sign", "underscores"],
)
async def test_a_home_is_found_by_its_code_or_address(
    source: Source, sign_in: SignIn, text: str, found: list[str]
) -> None:
    async with visitor(source, await sign_in("district", district="D2")) as browser:
        answer = (await browser.get("/rows/search", params={"q": text})).json()
    assert ([row["household"] for row in answer["homes"]], answer["more"]) == (found, False)


# --- who sees what ----------------------------------------------------------------------------------------------------


async def test_a_company_sees_its_own_buildings_alone(source: Source, sign_in: SignIn) -> None:
    async with visitor(source, await sign_in("company", company="E1")) as browser:
        assert [row["code"] for row in (await browser.get("/rows/buildings")).json()] == ["B1"]
        assert sorted(await fetched(browser, "B1")) == ["H1", "H2"]
        assert (await browser.get("/rows/buildings/B2/day?day=2026-01-06")).status_code == 404
        assert (await browser.get("/rows/search?q=H3")).json()["homes"] == []


async def test_an_auditor_finds_homes_by_their_code_and_sees_no_address(source: Source, sign_in: SignIn) -> None:
    async with visitor(source, await sign_in("auditor")) as browser:
        assert {home["address"] for home in (await fetched(browser, "B1")).values()} == {None}
        by_code, by_address = [(await browser.get("/rows/search", params={"q": q})).json() for q in ("H1", "B1 H1")]
    assert [(row["household"], row["address"]) for row in by_code["homes"]] == [("H1", None)]
    assert by_address["homes"] == []


async def test_a_household_sees_no_facade(source: Source, sign_in: SignIn) -> None:
    async with visitor(source, await sign_in("household", household="H1")) as browser:
        addresses = ("buildings", "buildings/B1/day?day=2026-01-06", "search?q=H1")
        answers = [(await browser.get(f"/rows/{address}")).status_code for address in addresses]
    assert answers == [403, 403, 403]


# --- a town of its own, with storeys ----------------------------------------------------------------------------------

Storeys = Callable[[], Awaitable[dict[str, dict[str, object]]]]


@pytest.fixture
async def storeys(engine: AsyncEngine, database_url: str) -> AsyncIterator[Storeys]:
    """H1 lies above H2, who has stopped; P1 measures by 20 minutes, and an officer excluded what it said at 03:00."""
    async with engine.begin() as conn:
        home = {row.code: row.id for row in await conn.execute(select(t.household.c.code, t.household.c.id))}
        for code, floor in (("H1", 2), ("H2", 1)):
            lies = {"stair": 3, "floor": floor, "door": f"{floor}02"}
            await conn.execute(update(t.household).where(t.household.c.code == code).values(lies))
        await conn.execute(update(t.building).where(t.building.c.code == "B1").values(floors=2, stairs=3))
        pair = {"household_id": home["H1"], "neighbour_id": home["H2"], "side": "below", "valid_from": town.SINCE}
        await conn.execute(insert(t.neighbour).values(pair))
        await conn.execute(insert(t.stop_period).values(code="停1", household_id=home["H2"], valid_from=LAST))
        await conn.execute(update(t.point).where(t.point.c.device == "P1").values(interval_min=20))
        mark = await conn.scalar(select(t.quality_mark.c.id))
        batch = await conn.scalar(select(t.batch.c.id).limit(1))
        said = {"mark_id": mark, "excludes": True, "officer": "d1", "reason": "开窗", "batch_id": batch}
        await conn.execute(insert(t.quality_review).values(said))
        point = await conn.scalar(select(t.point.c.id).where(t.point.c.device == "P1"))
        await ensure_partitions(conn, t.reading, LAST, LAST)
        colder = {"point_id": point, "observed_at": town.at(LAST, 4, 10), "received_at": town.at(LAST, 4, 11)}
        await conn.execute(insert(t.reading).values(**colder, temp_centi=1605, batch_id=batch))
    source = Source(database_url)
    async with visitor(source, await token_of(engine)) as browser:

        async def read() -> dict[str, dict[str, object]]:
            answer = (await browser.get("/rows/buildings/B1/day?day=2026-01-06")).json()
            assert answer["step_min"] == 20
            return {home["code"]: home for home in answer["homes"]}

        yield read
    await source.close()


async def test_a_longer_interval_lengthens_the_step_and_the_coldest_of_a_slot_stands(storeys: Storeys) -> None:
    centi = (await storeys())["H1"]["centi"]
    assert isinstance(centi, list)
    assert {slot: each for slot, each in enumerate(centi) if each} == {0: 1700, 3: 1710, 12: 1605, 15: 1750}


async def test_what_an_officer_excluded_is_a_gap_that_says_why(storeys: Storeys) -> None:
    home = (await storeys())["H1"]
    assert (home["excluded"], home["conflicts"]) == ([6, 9], [])


async def test_a_home_says_where_it_lies_and_who_has_stopped(storeys: Storeys) -> None:
    homes = await storeys()
    told = ("stair", "floor", "door", "top", "bottom", "surrounded", "stopped")
    assert [homes["H1"][name] for name in told] == [3, 2, "202", True, False, True, False]
    assert [homes["H2"][name] for name in told] == [3, 1, "102", False, True, False, True]


@pytest.mark.usefixtures("storeys")
@pytest.mark.parametrize(
    ("role", "whose", "around"),
    [
        ("company", {"company": "E1"}, (("top",), True, (Neighbour(Side.BELOW, "H2", True),))),
        ("household", {"household": "H1"}, None),
    ],
    ids=["its company is told", "a household is not"],
)
async def test_who_sees_a_home_s_neighbours_is_told_who_of_them_has_stopped(
    database_url: str, role: str, whose: dict[str, str], around: tuple[object, ...] | None
) -> None:
    source = Source(database_url)
    reader = Reader(source, await visitor_at(database_url, role, **whose))
    async with reader.connection() as conn:
        home = await registry.household_by_code(conn, "H1")
        assert home is not None
        lies = await home_place.read(conn, home, LAST, reader.visitor)
    await source.close()
    seen = lies.around and (lies.around.strata, lies.around.surrounded, lies.around.neighbours)
    assert (lies.stopped, seen) == (False, around)

"""Pass rates by stratum count the right home-days, and 悬空 follows 报停 day by day."""

import datetime as dt

import pytest
from sqlalchemy import insert, update
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.core.finding import Outcome
from heatstream.store import tables as t
from heatstream.store.read.days import Span
from heatstream.store.read.places import Place
from heatstream.supervision.homes import strata
from heatstream.supervision.homes.strata import HomeDays, Tally

from . import watched
from .town import SINCE, Office, ids

FIRST, LAST = dt.date(2026, 1, 5), dt.date(2026, 1, 8)
DAYS = Span(FIRST, LAST)
COMPLIANT, FAILING, UNDETERMINED = Outcome.COMPLIANT, Outcome.FAILING, Outcome.UNDETERMINED


async def build(conn: AsyncConnection) -> None:
    """B1 has three storeys and three stairs: H1 above H2 above H3, all in the second stair; H4 of B2 is beside H2.

    H3 is 报停 all season, H1 on the seventh alone. Each home was found compliant on the fifth and failing after it.
    """
    await conn.execute(update(t.building).where(t.building.c.code == "B1").values(floors=3, stairs=3))
    for home, floor in (("H1", 3), ("H2", 2), ("H3", 1)):
        await conn.execute(update(t.household).where(t.household.c.code == home).values(floor=floor, stair=2))
    home = await ids(conn, t.household)
    for one, other, side in (("H2", "H1", "above"), ("H2", "H3", "below")):
        row = {"household_id": home[one], "neighbour_id": home[other], "side": side, "valid_from": SINCE}
        await conn.execute(insert(t.neighbour).values(row))
    seventh = {"valid_from": dt.date(2026, 1, 7), "valid_to": dt.date(2026, 1, 7)}
    await conn.execute(insert(t.stop_period).values(code="报停-2", household_id=home["H1"], **seventh))
    for code in ("H1", "H2"):
        await watched.point(conn, code)
        for ahead in range(4):
            outcome = COMPLIANT if ahead == 0 else FAILING
            await watched.found(conn, code, FIRST + dt.timedelta(days=ahead), outcome)


@pytest.mark.every_edition
async def test_home_days_are_counted_in_the_strata_they_lie_in(office: Office) -> None:
    async with office.engine.begin() as conn:
        await build(conn)
        await watched.found(conn, "H6", FIRST, UNDETERMINED)
        found = await strata.tallies(conn, Place(), DAYS)
    assert found["all"] == Tally(homes=3, compliant=2, failing=6, undetermined=1)
    assert found["all"].decided == 8
    assert found["top"] == Tally(1, 1, 3, 0)
    assert found["bottom"] == Tally(0, 0, 0, 0)
    assert found["edge"] == Tally(0, 0, 0, 0)
    assert found["middle"] == Tally(1, 1, 3, 0)
    assert found["unknown"] == Tally(1, 0, 0, 1)


async def test_a_home_is_surrounded_on_the_days_on_which_all_around_it_are_stopped(office: Office) -> None:
    """H2 lies between H1 and H3, and H1 has stopped on the seventh alone."""
    async with office.engine.begin() as conn:
        await build(conn)
        assert (await strata.judged(conn, Place(), DAYS)).home_days("surrounded") == [HomeDays("H2", 0, 1, 0)]


async def test_a_home_that_is_stopped_itself_is_not_surrounded_and_may_surround_another(office: Office) -> None:
    """H2 is now stopped between H1 and H3; H1 has no other neighbour, and stops itself on the seventh."""
    async with office.engine.begin() as conn:
        await build(conn)
        both = {"household_id": (await ids(conn, t.household))["H2"], "valid_from": FIRST, "code": "报停-3"}
        await conn.execute(insert(t.stop_period).values(both))
        found = (await strata.judged(conn, Place(), DAYS)).home_days("surrounded")
    assert found == [HomeDays("H1", 1, 2, 0)]


async def test_a_contract_that_supplies_nothing_is_as_good_as_a_stop_until_the_next(office: Office) -> None:
    async with office.engine.begin() as conn:
        await build(conn)
        home = (await ids(conn, t.household))["H1"]
        company = (await ids(conn, t.company))["CO1"]
        for code, since, supplied in (("K1", "2026-01-05", False), ("K2", "2026-01-06", True)):
            row = {"code": code, "household_id": home, "company_id": company, "supplied": supplied}
            await conn.execute(insert(t.contract).values(**row, valid_from=dt.date.fromisoformat(since)))
        found = (await strata.judged(conn, Place(), DAYS)).home_days("surrounded")
    assert found == [HomeDays("H2", 1, 1, 0)]


async def test_a_neighbour_in_a_building_of_another_place_counts(office: Office) -> None:
    async with office.engine.begin() as conn:
        await build(conn)
        home = await ids(conn, t.household)
        row = {"household_id": home["H5"], "neighbour_id": home["H2"], "side": "beside", "valid_from": SINCE}
        await conn.execute(insert(t.neighbour).values(row))
        assert (await strata.judged(conn, Place(building="B1"), DAYS)).home_days("surrounded") == []
        assert (await strata.tallies(conn, Place(building="B3"), DAYS))["all"].homes == 0

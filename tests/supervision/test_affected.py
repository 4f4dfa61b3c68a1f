"""Whom a station leaves without heat, by the registry of that day."""

import datetime as dt

from sqlalchemy import select, update

from heatstream.store import tables as t
from heatstream.store.read import affected
from heatstream.store.read.affected import Counted

from .town import Office, ids

WINTER, AUTUMN = dt.date(2026, 1, 15), dt.date(2025, 10, 25)


async def test_homes_that_are_stopped_on_the_day_are_not_affected(office: Office) -> None:
    async with office.engine.begin() as conn:
        station = (await ids(conn, t.heat_station))["X1"]
        assert await affected.count(conn, [station], WINTER) == Counted(residential=3, others=1, stopped=1)
        assert await affected.count(conn, [station], AUTUMN) == Counted(residential=4, others=1, stopped=0)
        listed = await affected.households(conn, [station], WINTER)
    assert [(each.household, each.residential, each.building) for each in listed] == [
        ("H1", True, "B1"), ("H2", True, "B1"), ("H4", True, "B2"), ("N1", False, "B2"),
    ]  # fmt: skip


async def test_a_home_whose_contract_supplies_nothing_is_not_affected_either(office: Office) -> None:
    async with office.engine.begin() as conn:
        station = (await ids(conn, t.heat_station))["X3"]
        home = await conn.scalar(select(t.household.c.id).where(t.household.c.code == "H6"))
        await conn.execute(update(t.contract).where(t.contract.c.household_id == home).values(supplied=False))
        assert await affected.count(conn, [station], WINTER) == Counted(residential=0, others=0, stopped=1)
        assert await affected.households(conn, [station], WINTER) == []


async def test_stations_together_are_counted_together(office: Office) -> None:
    async with office.engine.begin() as conn:
        stations = await ids(conn, t.heat_station)
        found = await affected.count(conn, [stations["X1"], stations["X2"]], WINTER)
    assert found == Counted(residential=4, others=1, stopped=1)

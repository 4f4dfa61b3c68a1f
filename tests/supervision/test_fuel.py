"""Fuel of a day against the floor that holds there, by hand: 储煤 50 % before the season, 15 days of use within it."""

import dataclasses
import datetime as dt
from fractions import Fraction
from typing import Any

import pytest
from sqlalchemy import insert, select

from heatstream.core.fuel import Colour, Lasting
from heatstream.rules.supervision.fuel import Fuel
from heatstream.store import outdoor
from heatstream.store import tables as t
from heatstream.store.outdoor import Mean
from heatstream.supervision.company import fuel
from heatstream.supervision.company.fuel import Row, Table

from .companies import handled_by, record, report
from .town import SINCE, Office, ids

IN_SEASON = dt.date(2026, 1, 19)
BEFORE = dt.date(2025, 9, 1)
RULES = Fuel(recent_days=3, tolerance_e4=300, holds_days=1, degree_base_centi=1800)


async def reported(office: Office, source: str, day: dt.date, **told: Any) -> None:
    company = {"S1": "CO1", "S2": "CO2"}[source]
    await record(
        office, report(day, **{"source": source, **told}), by={"CO1": "CO", "CO2": "CO2"}[company], company=company
    )


async def burning(office: Office, source: str, day: dt.date, stock_kg: int, used_kg: int = 100_000) -> None:
    """Three days up to this one, each with the same use, which the stock goes along with."""
    for ago in (2, 1, 0):
        stock = stock_kg + ago * used_kg
        at = day - dt.timedelta(days=ago)
        await reported(office, source, at, stock_kg=stock, used_kg=used_kg, received_kg=0)


async def planned(office: Office, source: str, year: int, need_kg: int, what: str = "coal") -> None:
    async with office.engine.begin() as conn:
        row = {"code": f"煤{source}{year}", "season_year": year, "fuel": what, "season_need_kg": need_kg}
        await conn.execute(insert(t.fuel_plan).values(heat_source_id=(await ids(conn, t.heat_source))[source], **row))


async def table(office: Office, day: dt.date, forecast: list[Mean] | None = None) -> Table:
    async with office.engine.connect() as conn:
        return await fuel.of_day(conn, await office.ground(conn), day, forecast or [])


async def row(office: Office, source: str, day: dt.date, forecast: list[Mean] | None = None) -> Row:
    [found] = [each for each in (await table(office, day, forecast)).rows if each.source.code == source]
    return found


# --- which floor ------------------------------------------------------------------------------------------------------


@pytest.mark.every_edition
async def test_a_plant_holds_fifteen_days_of_recent_use_in_the_season(office: Office) -> None:
    await handled_by(office, fuel=RULES)
    await burning(office, "S1", IN_SEASON, 1_650_000)
    found = await row(office, "S1", IN_SEASON)
    assert found.floor is not None
    assert (found.floor.kg, found.share, found.days_left) == (1_500_000, Fraction(11, 10), Fraction(33, 2))
    assert (found.recipient, found.colour) == ("工信", Colour.YELLOW)


async def test_a_boiler_holds_half_of_its_season_before_it(office: Office) -> None:
    await handled_by(office, fuel=RULES)
    await planned(office, "S2", 2025, 80_000_000)
    await reported(office, "S2", BEFORE, stock_kg=39_999_999, used_kg=0, received_kg=0)
    found = await row(office, "S2", BEFORE)
    assert found.floor is not None
    assert (found.floor.kg, found.share) == (40_000_000, Fraction(39_999_999, 40_000_000))
    assert (found.recipient, found.colour) == ("住建", Colour.RED)


async def test_a_companys_boilers_are_held_to_their_floor_together(office: Office) -> None:
    await handled_by(office, fuel=RULES)
    async with office.engine.begin() as conn:
        [company] = await conn.scalars(select(t.heat_source.c.company_id).where(t.heat_source.c.code == "S2"))
        another = {"code": "S3", "name": "二号锅炉房", "kind": "boiler", "company_id": company, "valid_from": SINCE}
        await conn.execute(insert(t.heat_source).values(another))
    for source, stock in (("S2", 40_000_000), ("S3", 60_000_000)):
        await planned(office, source, 2025, 100_000_000)
        assert (await table(office, BEFORE)).held[0].share is None
        await record(office, report(BEFORE, source=source, stock_kg=stock), by="CO2", company="CO2")
    found = await table(office, BEFORE)
    [held] = found.held
    assert (held.sources, held.stock_kg, held.floor_kg) == (("S2", "S3"), 100_000_000, 100_000_000)
    assert (held.share, held.colour) == (1, Colour.YELLOW)
    boilers = [each for each in found.rows if each.source.kind == "boiler"]
    assert [(each.share, each.colour) for each in boilers] == [
        (Fraction(4, 5), Colour.YELLOW),
        (Fraction(6, 5), Colour.YELLOW),
    ]


@pytest.mark.parametrize(
    ("source", "day", "why"), [("S2", IN_SEASON, "before the season alone"), ("S1", BEFORE, "within the season alone")]
)
async def test_a_floor_holds_in_its_time_alone(office: Office, source: str, day: dt.date, why: str) -> None:
    await handled_by(office, fuel=RULES)
    await planned(office, "S2", 2025, 80_000_000)
    await burning(office, source, day, 1_000_000)
    found = await row(office, source, day)
    assert (found.floor, found.share, found.colour) == (None, None, None)
    assert why in found.unknown["floor"]
    assert found.days_left == 10


async def test_other_fuels_and_other_sources_have_no_floor(office: Office) -> None:
    await handled_by(office, fuel=RULES)
    await reported(office, "S1", IN_SEASON, fuel="gas")
    assert "is of coal, this is gas" in (await row(office, "S1", IN_SEASON)).unknown["floor"]
    async with office.engine.begin() as conn:
        await conn.execute(t.heat_source.update().where(t.heat_source.c.code == "S1").values(kind="industrial"))
    await reported(office, "S1", IN_SEASON - dt.timedelta(days=1))
    [of_coal, _] = [each for each in (await table(office, IN_SEASON)).rows if each.source.code == "S1"]
    assert "names boilers and CHP plants, this is industrial" in of_coal.unknown["floor"]


async def test_jilins_floors_hold_in_jilin(office: Office) -> None:
    await handled_by(office, fuel=RULES)
    assert office.given is not None
    assert office.given.law is not None
    pack = office.given.law.pack.model_copy(update={"id": "cn-23-heilongjiang", "sources": ()})
    office.given = dataclasses.replace(office.given, law=dataclasses.replace(office.given.law, pack=pack))
    await burning(office, "S1", IN_SEASON, 1_650_000)
    assert "吉政办发〔2012〕52号 does not hold" in (await row(office, "S1", IN_SEASON)).unknown["floor"]


async def test_without_a_plan_a_boilers_floor_is_unknown(office: Office) -> None:
    await handled_by(office, fuel=RULES)
    await reported(office, "S2", BEFORE)
    assert "采暖期用煤总量 of the season is not registered" in (await row(office, "S2", BEFORE)).unknown["floor"]


# --- what nobody told -------------------------------------------------------------------------------------------------


async def test_a_source_that_burns_and_reports_nothing_is_listed(office: Office) -> None:
    await handled_by(office, fuel=RULES)
    found = await row(office, "S2", IN_SEASON)
    assert (found.fuel, found.stock_kg) == (None, None)
    assert found.unknown["stock"].startswith("未报")


async def test_a_report_holds_for_the_days_the_rules_say(office: Office) -> None:
    await handled_by(office, fuel=RULES)
    await burning(office, "S1", IN_SEASON, 1_650_000)
    assert (await row(office, "S1", IN_SEASON + dt.timedelta(days=1))).stock_kg == 1_650_000
    late = await row(office, "S1", IN_SEASON + dt.timedelta(days=2))
    assert (late.stock_kg, late.share, late.colour) == (None, None, None)
    assert "the newest report is of 2026-01-19" in late.unknown["stock"]


async def test_recent_use_asks_for_its_days(office: Office) -> None:
    await handled_by(office, fuel=RULES)
    for ago in (0, 1):
        await reported(office, "S1", IN_SEASON - dt.timedelta(days=ago))
    found = await row(office, "S1", IN_SEASON)
    assert (found.use, found.days_left, found.floor) == (None, None, None)
    assert "2 of 6 days were reported, and recent use rests on 3" in found.unknown["use"]


async def test_without_the_operators_section_use_is_unknown_and_names_it(office: Office) -> None:
    await burning(office, "S1", IN_SEASON, 1_650_000)
    found = await row(office, "S1", IN_SEASON)
    assert found.stock_kg == 1_650_000
    assert "HEATSTREAM_SUPERVISION_RULES_FILE" in found.unknown["use"]


async def test_without_thresholds_there_is_no_colour(office: Office) -> None:
    await handled_by(office, fuel=RULES)
    assert office.given is not None
    assert office.given.choices is not None
    undecided = office.given.choices.model_copy(update={"warning_thresholds": None})
    office.given = dataclasses.replace(office.given, choices=undecided)
    await burning(office, "S1", IN_SEASON, 1_650_000)
    found = await row(office, "S1", IN_SEASON)
    assert (found.share, found.colour) == (Fraction(11, 10), None)
    assert "A39" in found.unknown["colour"]


async def test_no_law_no_floor_and_no_season(office: Office) -> None:
    await handled_by(office, fuel=RULES)
    assert office.given is not None
    await burning(office, "S1", IN_SEASON, 1_650_000)
    office.given = dataclasses.replace(office.given, law=None)
    found = await table(office, IN_SEASON)
    assert (found.season_year, found.in_season) == (None, None)
    assert "no law is in force" in found.rows[0].unknown["floor"]


async def test_what_was_told_ahead_of_its_day_enters_no_figure(office: Office) -> None:
    await handled_by(office, fuel=RULES)
    tomorrow = office.now.date() + dt.timedelta(days=1)
    await reported(office, "S1", tomorrow)
    found = await table(office, tomorrow)
    assert [each.flags for each in found.flagged] == [("day_ahead",)]
    [plant] = [each for each in found.rows if each.source.code == "S1"]
    assert (plant.fuel, plant.report) == (None, None)


# --- weather ----------------------------------------------------------------------------------------------------------


async def test_days_left_go_with_the_degree_days_of_the_forecast(office: Office) -> None:
    await handled_by(office, fuel=RULES)
    await burning(office, "S1", IN_SEASON, 450_000)
    days = [IN_SEASON - dt.timedelta(days=ago) for ago in range(3)]
    async with office.engine.begin() as conn:
        await outdoor.record(conn, [Mean(day, -200, "气象台") for day in days], "test")
    # 100 t a day at 20 K below the base: 450 t are 90 K·days.
    ahead = [Mean(IN_SEASON + dt.timedelta(days=n), centi, "预报") for n, centi in ((1, -2200), (2, -2200), (3, -2200))]
    found = await row(office, "S1", IN_SEASON, ahead)
    assert found.by_weather == Lasting(2, beyond=False)
    assert (await row(office, "S1", IN_SEASON, ahead[:2])).by_weather == Lasting(2, beyond=True)
    assert (await row(office, "S1", IN_SEASON, ahead[1:])).by_weather is None
    assert (await table(office, IN_SEASON, ahead)).forecast == "2026-01-20 to 2026-01-22, 预报"


async def test_without_the_outdoor_means_of_the_use_no_weather_is_known(office: Office) -> None:
    await handled_by(office, fuel=RULES)
    await burning(office, "S1", IN_SEASON, 450_000)
    found = await row(office, "S1", IN_SEASON, [Mean(IN_SEASON + dt.timedelta(days=1), -200, "预报")])
    assert "the outdoor mean of 2026-01-17 is not known" in found.unknown["by_weather"]


# --- for others -------------------------------------------------------------------------------------------------------


async def test_the_lowest_share_is_rounded_down(office: Office) -> None:
    await handled_by(office, fuel=RULES)
    await burning(office, "S1", IN_SEASON, 1_499_999)
    assert fuel.least_share_e4((await table(office, IN_SEASON)).held) == 9_999
    assert fuel.least_share_e4([]) is None


async def test_the_tables_of_many_days_are_those_of_each(office: Office) -> None:
    await handled_by(office, fuel=RULES)
    await burning(office, "S1", IN_SEASON, 1_650_000)
    await record(office, report(IN_SEASON, source="S7"))
    days = [IN_SEASON + dt.timedelta(days=ahead) for ahead in (-3, -1, 0, 1)]
    async with office.engine.connect() as conn:
        basis = await fuel.load(conn, await office.ground(conn), days[0], days[-1])
    assert [fuel.table(basis, day) for day in days] == [await table(office, day) for day in days]


async def test_a_program_is_told_exact_fractions(office: Office) -> None:
    await handled_by(office, fuel=RULES)
    for ago, used in ((2, 100_000), (1, 100_000), (0, 100_001)):
        await reported(office, "S1", IN_SEASON - dt.timedelta(days=ago), used_kg=used, stock_kg=1_600_000)
    told = fuel.tree(await row(office, "S1", IN_SEASON))
    assert told["use_kg_a_day"] == {"numerator": 300_001, "denominator": 3}
    assert told["share"] == {"numerator": 320_000, "denominator": 300_001}

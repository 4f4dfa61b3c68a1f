"""Warnings are raised after their least time, one a rule and subject, and are cleared by figures, not by silence."""

import dataclasses
import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from sqlalchemy import insert, select, update

from heatstream.core.hysteresis import Level
from heatstream.errors import BadInput, Refused
from heatstream.rules.supervision import file
from heatstream.rules.supervision.file import SupervisionRules
from heatstream.rules.supervision.fuel import Fuel
from heatstream.rules.supervision.silence import Silence
from heatstream.rules.supervision.warnings import WarningRule, Warnings
from heatstream.store import matters
from heatstream.store import tables as t
from heatstream.store.matters import Matter
from heatstream.supervision import audit
from heatstream.supervision.company.company_file import FileOpened, FuelReported
from heatstream.supervision.watch import warnings
from heatstream.supervision.watch.warning_kind import Acknowledged, Answered, Assigned, Closed
from heatstream.supervision.watch.warnings import Passed

from . import watched
from .town import NOW, SINCE, Office, ids, time

RULE = {
    "rule": "station_cold",
    "title": "换热站低温户占比",
    "subject": "heat_station",
    "figure": "below_share_e4",
    "yellow": {"enter": 3000, "leave": 1000},
    "red": {"enter": 6000, "leave": 4000},
    "least_min": 60,
    "least_denominator": 2,
    "within_min": 120,
    "valid_from": SINCE,
}
FIGURE: Mapping[str, Any] = {
    "below_share_e4": {},
    "lowest_mean_centi": {"within_min": None, "least_valid_e4": 9000},
    "supply_deviation_centi": {"within_min": None},
    "fuel_share_e4": {"within_min": None, "subject": "company"},
    "incidents_over_limit": {"within_min": None},
    "complaints": {"within_min": 1440},
    "silent_share_e4": {"within_min": None},
}


def rules(*of: Mapping[str, Any], **sections: Any) -> SupervisionRules:
    given = Warnings(rules=tuple(WarningRule.model_validate({**RULE, **each}) for each in of))
    named = {
        "schema": "heatstream.supervision/1",
        "place": "示例市",
        "version": "演示-1",
        "made_by": "试",
        "made_on": SINCE,
    }
    return SupervisionRules(**named, watermark="演示·非法律依据", warnings=given, **sections)


async def look(office: Office, after_min: int = 0, *of: Mapping[str, Any], **sections: Any) -> Passed:
    """Let time pass, and make a pass."""
    office.now += dt.timedelta(minutes=after_min)
    async with office.engine.begin() as conn:
        law = await Office.ground(dataclasses.replace(office, given=None), conn)
        office.given = dataclasses.replace(law, rules=rules(*(of or ({},)), **sections))
    return await warnings.pass_over(office.engine, office.given, office.now)


async def homes(office: Office, *, cold: tuple[str, ...], told: tuple[str, ...] = ("H1", "H2", "H4")) -> None:
    """These homes tell now, and these of them are below the standard."""
    async with office.engine.begin() as conn:
        points = await _points(conn, ("H1", "H2", "H4", "H3"))
        await conn.execute(t.flag.delete())
        for home in told:
            await watched.reading(conn, points[home], office.now)
        for home in cold:
            await watched.cold(conn, points[home], office.now)


async def _points(conn: Any, codes: tuple[str, ...]) -> dict[str, int]:
    there = {row.device: row.id for row in await conn.execute(select(t.point.c.device, t.point.c.id))}
    return there | {code: await watched.point(conn, code) for code in codes if code not in there}


async def open_warnings(office: Office) -> list[Matter]:
    async with office.engine.connect() as conn:
        return list(await matters.listed(conn, t.matter.c.kind == "warning", t.matter.c.closed_at.is_(None)))


async def levels(office: Office, station: str = "X1") -> tuple[int, bool, int | None, int]:
    """Level, whether the last look told, numerator and denominator of one station."""
    async with office.engine.connect() as conn:
        kept = t.warning_level.c
        subject = (await ids(conn, t.heat_station))[station]
        query = select(kept.level, kept.known, kept.numerator, kept.denominator).where(kept.subject_id == subject)
        level, known, numerator, denominator = (await conn.execute(query)).one()
        return level, known, numerator, denominator


async def raised(office: Office) -> str:
    """Two of three homes of X1 are cold for an hour."""
    for after in (0, 60):
        office.now += dt.timedelta(minutes=after)
        await homes(office, cold=("H1", "H2"))
        await look(office)
    (found,) = await open_warnings(office)
    return found.code


@pytest.mark.every_edition
async def test_a_figure_past_red_for_the_least_time_raises_one_red_warning_with_its_evidence(office: Office) -> None:
    await homes(office, cold=("H1", "H2"))
    assert (await look(office)).raised == 0
    await homes(office, cold=("H1", "H2"), told=())
    passed = await look(office, 60)
    assert (passed.raised, passed.changed, passed.cleared) == (1, 0, 0)
    (found,) = await open_warnings(office)
    assert found.headline == "红 red · 换热站 X1 · 换热站低温户占比 2/3 · 演示·非法律依据"
    assert (found.heat_station, found.company, found.district, found.step) == ("X1", "CO1", "D1", "raised")
    seen = (await office.state(found.code)).seen
    assert (seen.numerator, seen.denominator, seen.red.enter, seen.least_denominator) == (2, 3, 6000, 2)
    assert seen.since == NOW
    assert seen.rules_sha256 == rules({}).hash.hex()
    assert str(await look(office, 10)) == "raised 0 warnings, changed 0, cleared 0; 2 figures told nothing"


async def test_a_home_that_stopped_its_heat_counts_for_nothing(office: Office) -> None:
    await homes(office, cold=("H1", "H3"), told=("H1", "H2", "H3", "H4"))
    await look(office)
    assert (await levels(office))[2:] == (1, 3)


async def test_fewer_homes_than_the_least_tell_nothing_and_are_never_green(office: Office) -> None:
    await homes(office, cold=(), told=("H1",))
    assert (await look(office)).undetermined == 3
    assert await levels(office) == (Level.UNDETERMINED, False, 0, 1)


async def test_a_warning_becomes_yellow_and_is_cleared_only_when_every_look_called_for_it(office: Office) -> None:
    code = await raised(office)
    for cold, after, step in ((("H1",), 30, "红"), (("H1",), 60, "黄"), ((), 30, "黄"), ((), 60, None)):
        office.now += dt.timedelta(minutes=after)
        await homes(office, cold=cold)
        await look(office)
        assert [each.headline[0] for each in await open_warnings(office)] == ([step] if step else [])
    assert (await office.matter(code)).step == "cleared"
    assert (await levels(office))[0] == Level.GREEN
    async with office.engine.connect() as conn:
        lines = await matters.lines(conn, (await office.matter(code)).id)
        assert [each.kind for each in lines] == ["raised", "changed", "cleared"]
        assert {each.officer for each in lines} == {"heatstream"}


async def test_silence_clears_no_warning(office: Office) -> None:
    code = await raised(office)
    for _ in range(3):
        assert (await look(office, 180)).cleared == 0
    assert (await office.matter(code)).closed_at is None
    assert (await levels(office))[:2] == (Level.RED, False)


async def test_persons_see_to_a_warning_step_by_step(office: Office) -> None:
    code = await raised(office)
    told = {"at": office.now, "why": "测试"}
    due = office.now + dt.timedelta(hours=2)
    with pytest.raises(Refused, match="another company"):
        await office.record(code, Acknowledged(**told), by="CO2")
    with pytest.raises(Refused, match="expected one of heatstream"):
        await office.record(code, warnings.Cleared(**told, because="figure"), by="CITY")
    await office.record(code, Acknowledged(**told), by="CO")
    await office.record(code, Assigned(**told, to="INS", task="查二次网", due=due), by="D1")
    found = await office.matter(code)
    assert (found.step, found.urgency, found.next_due_at) == ("assigned", 3, due)
    await office.record(code, Answered(**told, found="阀门未开", done="已开"), by="INS")
    assert (await office.matter(code)).urgency == 1
    await office.record(code, Closed(**told, conclusion="已处理"), by="D1")
    async with office.desk() as desk:
        assert [fault async for fault in audit.faults(desk)] == []
    with pytest.raises(BadInput, match="closed since"):
        await office.record(code, Acknowledged(**told), by="CO")


async def test_a_warning_that_a_person_closed_comes_again_only_after_green(office: Office) -> None:
    code = await raised(office)
    await office.record(code, Closed(at=office.now, why="测试", conclusion="误报"), by="D1")
    office.now += dt.timedelta(minutes=60)
    await homes(office, cold=("H1", "H2"))
    assert (await look(office)).raised == 0
    for cold, after in (((), 10), ((), 60), (("H1", "H2"), 10), (("H1", "H2"), 60)):
        office.now += dt.timedelta(minutes=after)
        await homes(office, cold=cold)
        await look(office)
    assert [each.code != code for each in await open_warnings(office)] == [True]


async def test_a_closed_yellow_that_becomes_red_is_raised_anew(office: Office) -> None:
    for after in (0, 60):
        office.now += dt.timedelta(minutes=after)
        await homes(office, cold=("H1",))
        await look(office)
    (yellow,) = await open_warnings(office)
    await office.record(yellow.code, Closed(at=office.now, why="测试", conclusion="已知"), by="CITY")
    for after in (10, 60):
        office.now += dt.timedelta(minutes=after)
        await homes(office, cold=("H1", "H2"))
        await look(office)
    assert [each.headline[0] for each in await open_warnings(office)] == ["红"]


async def test_a_rule_that_holds_no_longer_clears_its_warnings(office: Office) -> None:
    code = await raised(office)
    passed = await look(office, 10, {"rule": "another"})
    assert passed.cleared == 1
    assert (await office.state(code)).step == "cleared"


async def test_a_rule_that_cannot_be_told_is_named_and_the_others_are_looked_at(office: Office) -> None:
    fuel = {"rule": "fuel", "figure": "fuel_share_e4", "least_denominator": 1, **FIGURE["fuel_share_e4"]}
    falling = {"yellow": {"enter": 9000, "leave": 9500}, "red": {"enter": 5000, "leave": 6000}}
    await homes(office, cold=())
    passed = await look(office, 0, {**fuel, **falling}, {})
    (refused,) = passed.refused
    assert refused.startswith("fuel: yellow and red enter at 9000 and 5000; expected 12000 and 10000, as choice")
    assert (await levels(office))[0] == Level.GREEN


async def test_every_subject_is_looked_at_once_however_many_transactions_it_takes(office: Office) -> None:
    await raised(office)
    async with office.engine.begin() as conn:
        (like, *_) = (await conn.execute(select(t.heat_station).where(t.heat_station.c.code == "X1"))).mappings().all()
        placed = {"heat_source_id": like["heat_source_id"], "company_id": like["company_id"], "valid_from": SINCE}
        more = [{"code": f"Y{n}", "name": f"{n}站", **placed} for n in range(warnings.AT_ONCE)]
        await conn.execute(t.heat_station.insert(), more)
    passed = await look(office, 10)
    async with office.engine.connect() as conn:
        looked_at = list(await conn.scalars(select(t.warning_level.c.looked_at)))
        stations = await ids(conn, t.heat_station)
    assert looked_at == [office.now] * len(stations)
    assert (passed.raised, passed.cleared, len(await open_warnings(office))) == (0, 0, 1)


async def test_without_rules_nothing_is_looked_at(office: Office) -> None:
    async with office.engine.begin() as conn:
        there = await office.ground(conn)
    with pytest.raises(Refused, match="HEATSTREAM_SUPERVISION_RULES_FILE"):
        await warnings.pass_over(office.engine, there, office.now)


# --- figures ----------------------------------------------------------------------------------------------------------


async def told(office: Office, figure: str, least: int = 1, **of: Any) -> tuple[int | None, int]:
    """What X1 is told to have by one look."""
    falling = {"yellow": {"enter": 1, "leave": 2}, "red": {"enter": 0, "leave": 1}}
    rising = {"yellow": {"enter": 10, "leave": 1}, "red": {"enter": 20, "leave": 10}}
    more = figure in {"below_share_e4", "incidents_over_limit", "complaints", "silent_share_e4"}
    rule = {"figure": figure, "least_denominator": least, **(rising if more else falling), **FIGURE[figure], **of}
    passed = await look(office, 0, rule, silence=Silence(point_min=180, gateway_min=120))
    assert passed.refused == ()
    return (await levels(office))[2:]


async def test_the_lowest_mean_is_of_points_that_told_enough_of_the_day(office: Office) -> None:
    day = NOW.date() - dt.timedelta(days=1)
    async with office.engine.begin() as conn:
        points = await _points(conn, ("H1", "H2", "H4"))
        await watched.statistic(conn, points["H1"], "H1", day, 1750, sum_centi=1750 * 144 - 1)
        await watched.statistic(conn, points["H2"], "H2", day, 1900)
        await watched.statistic(conn, points["H4"], "H4", day, 1000, slots_valid=129)
        await watched.close(conn, day)
    assert await told(office, "lowest_mean_centi") == (1749, 2)


async def test_the_deviation_of_supply_is_of_yesterday(office: Office) -> None:
    async with office.engine.begin() as conn:
        meter = await watched.meter(conn, "M1", "X1")
        for back, supply in ((1, 3950), (2, 1000)):
            day = NOW.date() - dt.timedelta(days=back)
            await watched.meter_day(conn, meter, day, supply_mean_centi=supply, expected_mean_centi=4500)
    assert await told(office, "supply_deviation_centi") == (-550, 1)


async def test_complaints_are_homes_and_not_calls(office: Office) -> None:
    async with office.engine.begin() as conn:
        home, building = await ids(conn, t.household), await ids(conn, t.building)
        rows = [("1", "H1", "temperature", 1), ("2", "H1", "no_heat", 2), ("3", None, "no_heat", 3)]
        rows += [("4", "H2", "fee", 1), ("5", "H4", "no_heat", 25)]
        for number, code, topic, hours in rows:
            at = NOW - dt.timedelta(hours=hours)
            named = {"household_id": code and home[code], "building_id": building["B1"], "topic": topic}
            words = {"line": "12345", "ticket_no": number, "category": "供热", "address": "B1", "content": "冷"}
            await conn.execute(insert(t.ticket).values(**words, **named, received_at=at))
    assert await told(office, "complaints") == (2, 4)


async def test_incidents_count_once_their_limit_has_passed(office: Office) -> None:
    async with office.engine.begin() as conn:
        station = (await ids(conn, t.heat_station))["X1"]
        for code, due in (("I1", -1), ("I2", 1), ("I3", None)):
            values = {"code": code, "kind": "incident", "headline": "-", "step": "-", "urgency": 3, "state": {}}
            limit = None if due is None else NOW + dt.timedelta(hours=due)
            await conn.execute(
                insert(t.matter).values(**values, heat_station_id=station, opened_at=NOW, next_due_at=limit)
            )
    assert await told(office, "incidents_over_limit") == (1, 1)


async def test_the_share_of_silent_points_goes_by_the_law_of_the_place(office: Office) -> None:
    """示例市: uploaded every 60 min, and a sample every 10."""
    async with office.engine.begin() as conn:
        points = await _points(conn, ("H1", "H2", "H4"))
        await watched.reading(conn, points["H1"], NOW - dt.timedelta(minutes=70))
        await watched.reading(conn, points["H2"], NOW - dt.timedelta(minutes=71))
    assert await told(office, "silent_share_e4") == (2, 3)


async def test_fuel_is_the_lowest_share_of_a_floor_among_a_companys_sources(office: Office) -> None:
    """15,000 kg of coal last 10 days at 1,500 kg a day, and the plant must hold 15 days."""
    told = {"at": NOW, "why": "测试"}
    code = await office.open("company_file", FileOpened(**told, company="CO1", season_year=2025), by="CO")
    stock = {"day": NOW.date(), "stock_kg": 15_000, "received_kg": 0, "used_kg": 1_500, "method": "weighed"}
    await office.record(code, FuelReported(**told, source="S1", fuel="coal", **stock), by="CO")
    rule = {"figure": "fuel_share_e4", "least_denominator": 1, **FIGURE["fuel_share_e4"]}
    chosen = {"yellow": {"enter": 12_000, "leave": 13_000}, "red": {"enter": 10_000, "leave": 11_000}}
    passed = await look(office, 0, rule | chosen, fuel=Fuel(recent_days=1, tolerance_e4=200, holds_days=1))
    assert (passed.refused, passed.undetermined) == ((), 1)
    async with office.engine.connect() as conn:
        kept = t.warning_level.c
        rows = await conn.execute(select(kept.numerator, kept.denominator).order_by(kept.subject_id))
        assert [tuple(row) for row in rows] == [(6666, 1), (None, 0)]


async def test_a_subject_that_left_the_registry_is_cleared(office: Office) -> None:
    code = await raised(office)
    async with office.engine.begin() as conn:
        gone = update(t.heat_station).where(t.heat_station.c.code == "X1")
        await conn.execute(gone.values(valid_to=NOW.date() - dt.timedelta(days=1)))
    assert (await look(office, 10)).cleared == 1
    assert (await office.state(code)).cleared_at == office.now


# --- the rules --------------------------------------------------------------------------------------------------------


def test_the_demos_rules_are_watermarked_and_agree_with_its_choices() -> None:
    found = file.load(Path(file.__file__).parent / "demo-shili.yaml")
    assert found.watermark == "演示·非法律依据"
    assert found.warnings is not None
    fuel = next(rule for rule in found.warnings.rules if rule.figure == "fuel_share_e4")
    assert (fuel.yellow.enter, fuel.red.enter) == (12_000, 10_000)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"yellow": {"enter": 3000, "leave": 3000}}, "expected yellow.leave, yellow.enter, red.enter rising"),
        ({"red": {"enter": 3000, "leave": 2000}}, "expected yellow.leave, yellow.enter, red.enter rising"),
        ({"figure": "fuel_share_e4", "within_min": None}, "expected one of company"),
        ({"within_min": None}, "within_min: expected with"),
        ({"valid_to": "2019-01-01"}, "expected not before valid_from"),
    ],
)
def test_a_rule_that_contradicts_itself_is_refused(change: Mapping[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        WarningRule.model_validate({**RULE, **change})


def test_two_versions_of_a_rule_may_not_hold_on_one_day() -> None:
    later = {"valid_from": time(0).date()}
    with pytest.raises(ValidationError, match="two versions hold on one day"):
        rules({}, later)
    assert len(rules({"valid_to": dt.date(2026, 1, 4)}, later).warnings.on(dt.date(2026, 1, 5))) == 1  # type: ignore[union-attr]

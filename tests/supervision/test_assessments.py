"""What one 报停 application does to its neighbours is computed; what follows is a person's conclusion."""

import datetime as dt

import pytest
from pydantic import ValidationError
from sqlalchemy import insert, update

from heatstream.errors import BadInput, Refused
from heatstream.store import matters
from heatstream.store import tables as t
from heatstream.supervision import audit
from heatstream.supervision.homes import assessments
from heatstream.supervision.homes.assessment_kind import Assessment, Concluded, Effect, Sides

from . import watched
from .town import SINCE, Office, ids

CLOSED = dt.date(2026, 1, 19)


async def build(office: Office) -> None:
    """H2 lies above H1, H3 (报停 since November) below it, H4 beside; H1 applies to stop from February on."""
    async with office.engine.begin() as conn:
        home = await ids(conn, t.household)
        for one, other, side in (
            ("H1", "H2", "above"),
            ("H1", "H3", "below"),
            ("H1", "H4", "beside"),
            ("H4", "H5", "beside"),
        ):
            row = {"household_id": home[one], "neighbour_id": home[other], "side": side, "valid_from": SINCE}
            await conn.execute(insert(t.neighbour).values(row))
        row = {"code": "报停-9", "household_id": home["H1"], "valid_from": dt.date(2026, 2, 1)}
        await conn.execute(insert(t.stop_period).values(row))
        point = await watched.point(conn, "H2")
        for back, mean, lowest in ((0, 1850, 1700), (6, 1801, 1790), (7, 1000, 900)):
            day = CLOSED - dt.timedelta(days=back)
            await watched.statistic(conn, point, "H2", day, mean, min_centi=lowest)
        await watched.close(conn, CLOSED)


async def assess(office: Office, stop: str = "报停-9") -> str:
    async with office.desk() as desk:
        return await assessments.assess(desk, stop)


async def state(office: Office, code: str) -> Assessment:
    found: Assessment = await office.state(code)
    return found


async def kinds(office: Office, code: str) -> list[str]:
    found = await office.matter(code)
    async with office.engine.connect() as conn:
        return [each.kind for each in await matters.lines(conn, found.id)]


@pytest.mark.every_edition
async def test_each_neighbour_is_told_which_side_it_loses_and_how_warm_it_was(office: Office) -> None:
    await build(office)
    code = await assess(office)
    found = await state(office, code)
    nobody, above, below = Sides(above=0, below=0, beside=0), {"above": 1}, {"below": 1}
    assert (found.first_day, found.through) == (dt.date(2026, 2, 1), CLOSED)
    assert [each.household for each in found.neighbours] == ["H2", "H3", "H4"]
    assert found.neighbours[0] == Effect(
        household="H2",
        lies="below",
        heated=True,
        neighbours=nobody.model_copy(update=below),
        stopped_before=nobody,
        stopped_after=nobody.model_copy(update=below),
        surrounded_before=False,
        surrounded_after=True,
        days=2,
        mean_centi=1825,
        lowest_centi=1700,
    )
    stopped = found.neighbours[1]
    assert (stopped.heated, stopped.stopped_after, stopped.surrounded_after) == (
        False,
        nobody.model_copy(update=above),
        False,
    )
    assert (found.neighbours[2].neighbours.beside, found.neighbours[2].surrounded_after) == (2, False)
    assert found.newly_surrounded == ("H2",)
    matter = await office.matter(code)
    assert matter.headline == "停热影响 报停-9 · 户 H1 · 2026-02-01 · 邻户 3 neighbours, 新增悬空 1"
    assert (matter.company, matter.district, matter.heat_station, matter.urgency) == ("CO1", "D1", "X1", 2)


async def test_the_same_application_is_assessed_anew_only_where_something_changed(office: Office) -> None:
    await build(office)
    code = await assess(office)
    assert await assess(office) == code
    assert await kinds(office, code) == ["assessed"]
    async with office.engine.begin() as conn:
        await conn.execute(update(t.stop_period).where(t.stop_period.c.code == "报停-1").values(valid_to=CLOSED))
    assert await assess(office) == code
    assert await kinds(office, code) == ["assessed", "reassessed"]
    assert (await state(office, code)).neighbours[1].heated


async def test_the_software_concludes_nothing_and_an_officer_does_once(office: Office) -> None:
    await build(office)
    code = await assess(office)
    told = {"at": office.now, "why": "测试", "result": "conditions", "conditions": "邻户先做保温"}
    with pytest.raises(Refused, match="another company"):
        await office.record(code, Concluded.model_validate(told), by="CO2")
    with pytest.raises(Refused, match="expected one of company, district"):
        await office.record(code, Concluded.model_validate(told), by="CITY")
    await office.record(code, Concluded.model_validate(told), by="D1")
    assert (await office.matter(code)).headline.endswith("附条件同意 conditions")
    async with office.desk() as desk:
        assert [fault async for fault in audit.faults(desk)] == []
    with pytest.raises(BadInput, match="concluded on"):
        await assess(office)


async def test_an_unknown_application_is_named(office: Office) -> None:
    with pytest.raises(BadInput, match="seen '报停-0', expected a 报停申请号"):
        await assess(office, "报停-0")


def test_conditions_are_told_with_their_result_alone() -> None:
    told = {"at": "2026-01-20T12:00:00+08:00", "why": "测试"}
    for wrong in ({"result": "conditions"}, {"result": "refuse", "conditions": "保温"}):
        with pytest.raises(ValidationError, match="expected with result"):
            Concluded.model_validate({**told, **wrong})

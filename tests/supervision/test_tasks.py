"""Silence and stuck meters open one task a thing, and readings resolve it."""

import dataclasses
import datetime as dt
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from heatstream.errors import BadInput, Refused
from heatstream.jobs import run
from heatstream.settings import Database, Settings
from heatstream.store import matters
from heatstream.store import tables as t
from heatstream.store.matters import Matter
from heatstream.supervision import audit
from heatstream.supervision.watch import tasks
from heatstream.supervision.watch.task_kind import Acknowledged, Closed, Explained
from heatstream.supervision.watch.tasks import Passed

from . import watched
from .town import NOW, SINCE, Office, ids

HOUR = dt.timedelta(hours=1)


async def look(office: Office, later: dt.timedelta = dt.timedelta()) -> Passed:
    office.now += later
    async with office.engine.begin() as conn:
        return await tasks.pass_over(conn, await office.ground(conn), office.now)


async def gateways(office: Office, **last: dt.timedelta) -> dict[str, int]:
    """Gateways whose last message is so old."""
    async with office.engine.begin() as conn:
        for code, old in last.items():
            await conn.execute(insert(t.gateway).values(code=code, valid_from=SINCE))
            values = {"gateway": code, "contiguous": 1, "highest": 1, "beyond": []}
            await conn.execute(insert(t.gateway_progress).values(**values, last_received_at=NOW - old))
        return await ids(conn, t.gateway)


async def points(office: Office, *homes: tuple[str, dt.timedelta | None], **values: Any) -> dict[str, int]:
    """Points of homes whose last reading is so old; None = there never was one."""
    made = {}
    async with office.engine.begin() as conn:
        for home, old in homes:
            made[home] = await watched.point(conn, home, **values)
            if old is not None:
                await watched.reading(conn, made[home], NOW - old)
    return made


async def open_tasks(office: Office) -> list[Matter]:
    async with office.engine.connect() as conn:
        return list(await matters.listed(conn, t.matter.c.kind == "task", t.matter.c.closed_at.is_(None)))


async def kinds(office: Office, code: str) -> list[str]:
    found = await office.matter(code)
    async with office.engine.connect() as conn:
        return [each.kind for each in await matters.lines(conn, found.id)]


@pytest.mark.every_edition
async def test_a_silent_gateway_is_one_task_with_its_points_and_a_silent_building_another(office: Office) -> None:
    made = await gateways(office, silent=3 * HOUR, speaking=HOUR / 2)
    await points(office, ("H1", 3 * HOUR), ("H2", 3 * HOUR), gateway_id=made["silent"])
    await points(office, ("H4", 2 * HOUR), ("H5", HOUR), gateway_id=made["speaking"])
    await points(office, ("H6", None), gateway_id=made["speaking"])
    assert str(await look(office)) == "opened 3 tasks, saw 0 again, resolved 0"
    gateway, one, other = sorted(await open_tasks(office), key=lambda each: each.headline, reverse=True)
    assert gateway.headline == "网关失联 gateway silent · 2 点 points"
    assert (gateway.company, gateway.district, gateway.step) == ("CO1", "D1", "opened")
    assert (other.headline, other.company) == ("监测点失联 building B2 · 1 点 points", "CO1")
    assert (one.headline, one.company) == ("监测点失联 building B4 · 1 点 points", "CO2")
    told = (await office.state(gateway.code)).model_dump()
    assert (told["points"], told["since"]) == (("H1", "H2"), NOW - 3 * HOUR)
    assert (await office.state(other.code)).since == NOW - 2 * HOUR
    assert (await office.state(one.code)).since is None
    assert str(await look(office)) == "opened 0 tasks, saw 0 again, resolved 0"


async def test_a_point_may_be_silent_for_its_upload_and_one_sample_and_no_longer(office: Office) -> None:
    """示例市: uploaded every 60 min, sampled every 10."""
    await points(office, ("H1", 70 * HOUR / 60), ("H4", 70 * HOUR / 60 + dt.timedelta(seconds=1)))
    assert (await look(office)).opened == 1
    assert (await open_tasks(office))[0].headline == "监测点失联 building B2 · 1 点 points"


async def test_a_new_point_has_time_for_its_first_reading(office: Office) -> None:
    await points(office, ("H1", None), valid_from=NOW - HOUR)
    assert (await look(office)).opened == 0
    assert (await look(office, HOUR)).opened == 1


async def test_readings_resolve_a_task_and_silence_begins_it_anew(office: Office) -> None:
    made = await points(office, ("H1", 2 * HOUR))
    await look(office)
    (task,) = await open_tasks(office)
    told = {"at": office.now, "why": "测试"}
    await office.record(task.code, Explained(**told, cause="停电", back_by=office.now + HOUR), by="CO")
    with pytest.raises(BadInput, match="readings that return"):
        await office.record(task.code, Closed(**told, conclusion="-"), by="D1")
    async with office.engine.begin() as conn:
        await watched.reading(conn, made["H1"], office.now)
    assert (await look(office)).resolved == 1
    assert (await office.matter(task.code)).step == "resolved"
    assert (await look(office, 2 * HOUR)).again == 1
    assert (await office.matter(task.code)).step == "opened"
    assert await kinds(office, task.code) == ["silence_seen", "explained", "resolved", "seen_again"]
    async with office.desk() as desk:
        assert [fault async for fault in audit.faults(desk)] == []


async def test_an_officer_closes_what_is_resolved(office: Office) -> None:
    made = await points(office, ("H1", 2 * HOUR))
    await look(office)
    (task,) = await open_tasks(office)
    async with office.engine.begin() as conn:
        taken_away = update(t.point).where(t.point.c.id == made["H1"])
        await conn.execute(taken_away.values(valid_to=office.now - dt.timedelta(days=1)))
    await look(office)
    told = {"at": office.now, "why": "测试"}
    with pytest.raises(Refused, match="expected one of city, district"):
        await office.record(task.code, Closed(**told, conclusion="已拆除"), by="CO")
    with pytest.raises(Refused, match="another company"):
        await office.record(task.code, Acknowledged(**told), by="CO2")
    await office.record(task.code, Closed(**told, conclusion="已拆除"), by="D1")
    assert await open_tasks(office) == []


async def test_more_points_of_a_building_are_added_to_its_task(office: Office) -> None:
    await points(office, ("H1", 2 * HOUR), ("H2", HOUR))
    await look(office)
    assert (await look(office, HOUR)).again == 1
    (task,) = await open_tasks(office)
    assert task.headline == "监测点失联 building B1 · 2 点 points"


async def test_a_task_is_late_when_what_was_explained_has_not_come(office: Office) -> None:
    await points(office, ("H1", 2 * HOUR))
    await look(office)
    (task,) = await open_tasks(office)
    explained = Explained(at=office.now, why="测试", cause="停电", back_by=office.now + HOUR)
    await office.record(task.code, explained, by="CO")
    assert (await office.matter(task.code)).urgency == 1
    office.now += 2 * HOUR
    async with office.desk() as desk:
        await desk.refresh([await desk.find(task.code)])
    assert (await office.matter(task.code)).urgency == 2


async def test_a_stuck_meter_is_a_task_until_it_moves(office: Office) -> None:
    async with office.engine.begin() as conn:
        meter = await watched.meter(conn, "M1", "X1")
        span = {"begins": NOW - 10 * HOUR, "ends": NOW - 2 * HOUR}
        mark = {"meter_id": meter, "kind": "stuck", "algorithm": 1, "evidence": {}}
        await conn.execute(insert(t.meter_mark).values(**mark, **span))
    assert (await look(office)).opened == 1
    (task,) = await open_tasks(office)
    assert (task.headline, task.heat_station, task.company) == ("热表数值不变 meter M1", "X1", "CO1")
    async with office.engine.begin() as conn:
        await watched.meter_reading(conn, meter, NOW + 5 * HOUR)
    assert (await look(office, 5 * HOUR)).resolved == 1


async def test_a_mark_that_later_readings_withdrew_is_no_task(office: Office) -> None:
    async with office.engine.begin() as conn:
        meter = await watched.meter(conn, "M1", "X1")
        span = {"begins": NOW - 10 * HOUR, "ends": NOW - 2 * HOUR, "withdrawn_at": NOW}
        mark = {"meter_id": meter, "kind": "stuck", "algorithm": 1, "evidence": {}}
        await conn.execute(insert(t.meter_mark).values(**mark, **span))
    assert (await look(office)).opened == 0


async def test_the_job_opens_tasks_and_says_why_no_warning_is_raised(office: Office) -> None:
    await points(office, ("H1", 2 * HOUR))
    there = Settings(database=Database(url=office.url))
    for name in ("silence", "warnings"):
        assert await run.run_task(office.engine, there, name, now=lambda: NOW)
    async with office.engine.connect() as conn:
        details = [row.detail for row in await conn.execute(select(t.job_run.c.detail).order_by(t.job_run.c.id))]
    assert details[0] == "opened 1 tasks, saw 0 again, resolved 0"
    assert details[1].startswith("no warning is raised: rules of supervision: no section `warnings`")


async def test_where_nobody_says_what_silence_is_it_is_refused_and_meters_are_looked_at(office: Office) -> None:
    async with office.engine.connect() as conn:
        office.given = dataclasses.replace(await office.ground(conn), law=None)
    await points(office, ("H1", 5 * HOUR))
    passed = await look(office)
    assert passed.opened == 0
    assert "a section `silence` in the file that HEATSTREAM_SUPERVISION_RULES_FILE names" in str(passed)

"""The morning's list: true at the minute it is read, whether or not the jobs have been there."""

from heatstream.supervision import today
from heatstream.supervision.company import company_acts
from heatstream.supervision.incident import incident_shown
from heatstream.supervision.today import Morning

from .companies import ordered
from .told import reported
from .town import Office, time


async def morning(office: Office, limit: int | None = None) -> Morning:
    async with office.desk() as desk:
        return await today.places(desk, limit=limit)


async def test_a_limit_that_passed_a_minute_ago_is_shown_as_passed_without_any_job(office: Office) -> None:
    office.now = time(12, day=8)
    await office.open("order", ordered(), by="D1", code="督1")
    office.now = time(23, 59, day=15)
    before = (await morning(office)).places
    office.now = time(0, 1, day=16)
    after = (await morning(office)).places
    assert [(each.standing.step, each.standing.urgency) for each in (*before, *after)] == [
        ("issued", 1),
        ("overdue", 3),
    ]
    assert after[0].matter.step == "issued"


async def test_what_has_just_become_urgent_comes_before_what_was_kept(office: Office) -> None:
    office.now = time(12, day=8)
    await office.open("order", ordered(), by="D1", code="督1")
    later = ordered(doc_no="区供责〔2026〕2号", deadline=time(12, day=18).date(), reinspect_by=time(12, day=19).date())
    await office.open("order", later, by="D1", code="督2")
    office.now = time(12, day=17)
    found = await morning(office, limit=1)
    assert (found.total, [each.matter.code for each in found.places]) == (2, ["督1"])


async def test_the_file_of_a_company_asks_for_nothing(office: Office) -> None:
    async with office.desk() as desk:
        await company_acts.open_for(desk, "CO1", 2025, by="D1", why="测试")
    assert (await morning(office)).total == 0


async def test_the_homes_of_a_source_are_those_of_its_stations(office: Office) -> None:
    await office.open("incident", reported(source="S1", station=None), by="D2", code="事源")
    await office.open("incident", reported(station="X1"), by="D1", code="事1")
    await office.open("incident", reported(station="X2"), by="D2", code="事2")
    homes = {each.matter.code: each.households for each in (await morning(office)).places}
    async with office.desk() as desk:
        told = await incident_shown.look(desk, await desk.find("事源"))
    assert homes["事源"] == told.households > max(homes["事1"] or 0, homes["事2"] or 0)


async def test_a_limit_of_another_year_is_told_with_it(office: Office) -> None:
    office.now = time(12, day=8)
    await office.open("order", ordered(), by="D1")
    (line,) = (await morning(office)).places
    assert today.cells(line, office.now)[-1] == "01-16 00:00"
    assert today.cells(line, office.now.replace(year=2025))[-1] == "2026-01-16 00:00"

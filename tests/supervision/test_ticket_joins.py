"""Work orders beside others: 群体投诉, the claim and the incident they go on as, and what all of them come to."""

import datetime as dt
from fractions import Fraction
from pathlib import Path

import pytest

from heatstream.claims.act import Desk as ClaimDesk
from heatstream.claims.assess import find, way_of
from heatstream.errors import BadInput, Refused
from heatstream.store import matters
from heatstream.store.read import work_orders
from heatstream.store.read.days import Span
from heatstream.supervision.hotline import ticket_acts
from heatstream.supervision.hotline import work_orders as events
from heatstream.supervision.hotline.ticket_acts import Proposal
from heatstream.supervision.incident import incidents
from heatstream.supervision.matter import NOW

from .lines import Lines, told
from .town import Office, time

DAY = Span(dt.date(2026, 1, 5), dt.date(2026, 1, 5))
COLD = "松涛苑3号楼2单元302"
NEXT_DOOR = "松涛苑3号楼2单元301"
BELOW = "松涛苑3号楼1单元101"


@pytest.fixture
async def lines(office: Office, tmp_path: Path) -> Lines:
    return await Lines.found(office, tmp_path)


# --- 群体投诉 ---------------------------------------------------------------------------------------------------------


async def test_so_many_households_of_a_building_within_a_day_are_a_group_and_press(lines: Lines) -> None:
    taken = await lines.take(
        told(1),
        told(2, address=NEXT_DOOR, at=time(20)),
        told(3, address=NEXT_DOOR, at=time(21), category="停热"),
        told(4, address="槐荫9号楼901", at=time(21)),
        told(5, address="松涛苑3号楼", at=time(21)),
    )
    assert "groups" not in taken.counts
    taken = await lines.take(told(6, address=BELOW, at=time(8, day=6)))
    assert taken.counts["groups"] == 1
    grouped = [each.code for each in await lines.orders() if each.state["group"]]
    assert grouped == [(await lines.order(number))[0] for number in (1, 2, 3, 6)]
    assert {each.urgency for each in await lines.orders() if each.state["group"]} == {NOW}
    async with lines.office.engine.connect() as conn:
        (group,) = await work_orders.groups(conn, DAY, least=3)
        assert await work_orders.groups(conn, Span(dt.date(2026, 1, 6), dt.date(2026, 1, 6)), least=3) == []
    assert (group.building, group.company, group.households, group.topics) == (
        "E3",
        "CO1",
        3,
        {"temperature": 3, "no_heat": 1},
    )
    assert (group.begins, group.ends, set(group.work_orders)) == (time(8), time(8, day=6), set(grouped))


async def test_a_group_that_grows_marks_the_new_one_alone(lines: Lines) -> None:
    first = [told(1), told(2, address=NEXT_DOOR), told(3, address=BELOW)]
    await lines.take(*first)
    taken = await lines.take(told(4, address="松涛苑3号楼1单元102", at=time(9)))
    assert taken.counts["groups"] == 1
    for number in (1, 4):
        code, _ = await lines.order(number)
        async with lines.office.desk() as desk:
            found = await matters.by_code(desk.conn, code)
            assert found is not None
            marks = [each for each in await desk.history(found) if each.event.name == "group_complaint"]
        assert len(marks) == 1


# --- a claim, an incident ---------------------------------------------------------------------------------------------


async def test_a_temperature_work_order_opens_the_claim_of_its_home(lines: Lines) -> None:
    await lines.take(told(1))
    code, _ = await lines.order()
    async with lines.office.desk() as desk:
        assert await ticket_acts.proposals(desk) == [Proposal(code, "claim", None)]
        office = ClaimDesk(desk.conn, desk.ground.days_off, desk.now)
        claim = await ticket_acts.join_claim(desk, office, code, claim=None, by="HOT", why="室温投诉")
        assert await ticket_acts.proposals(desk) == []
    async with lines.office.engine.connect() as conn:
        found = await find(conn, claim)
        opened = (await way_of(conn, found)).opened
    assert opened is not None
    assert (found.household, opened.way, opened.channel, opened.ticket_no) == ("E302", "hotline", "12345", "T1")
    assert (opened.at, opened.temperature_complaint) == (time(8), True)
    assert (await lines.office.state(code)).claim == claim


async def test_the_claim_knows_of_the_contact_that_was_made(lines: Lines) -> None:
    await lines.take(told(1))
    code, _ = await lines.order()
    await lines.office.record(code, events.Contacted(at=time(8, 20), why="回电", by_means="电话"), by="CO")
    async with lines.office.desk() as desk:
        office = ClaimDesk(desk.conn, desk.ground.days_off, desk.now)
        claim = await ticket_acts.join_claim(desk, office, code, claim=None, by="HOT", why="室温投诉")
        assert (await way_of(desk.conn, await find(desk.conn, claim))).contacted_at == time(8, 20)


async def test_a_later_work_order_joins_the_claim_that_is_open(lines: Lines) -> None:
    await lines.take(told(1), told(2, at=time(8, day=8)), told(3, address=NEXT_DOOR))
    first, second, other = [(await lines.order(number))[0] for number in (1, 2, 3)]
    async with lines.office.desk() as desk:
        office = ClaimDesk(desk.conn, desk.ground.days_off, desk.now)
        claim = await ticket_acts.join_claim(desk, office, first, claim=None, by="HOT", why="室温投诉")
        assert Proposal(second, "claim", claim) in await ticket_acts.proposals(desk)
        await ticket_acts.join_claim(desk, office, second, claim=claim, by="HOT", why="同一户")
        with pytest.raises(BadInput, match="expected one of household E301"):
            await ticket_acts.join_claim(desk, office, other, claim=claim, by="HOT", why="x")
    assert (await lines.office.state(second)).claim == claim


async def test_a_building_or_another_topic_opens_no_claim(lines: Lines) -> None:
    await lines.take(told(1, address="松涛苑3号楼"), told(2, category="热费"))
    building, fee = [(await lines.order(number))[0] for number in (1, 2)]
    async with lines.office.desk() as desk:
        office = ClaimDesk(desk.conn, desk.ground.days_off, desk.now)
        with pytest.raises(BadInput, match="names a building alone"):
            await ticket_acts.join_claim(desk, office, building, claim=None, by="HOT", why="x")
        with pytest.raises(BadInput, match="is about fee; expected one about temperature"):
            await ticket_acts.join_claim(desk, office, fee, claim=None, by="HOT", why="x")


async def test_an_incident_that_began_long_after_the_calls_is_not_proposed(lines: Lines) -> None:
    await lines.take(told(1, category="停热"))
    for hour, day in ((8, 6), (9, 6)):
        at = time(hour, day=day)
        report = incidents.Reported(
            at=at, why="报告", what="breakdown", station="X1", begins=at, stops_heat=True, said="爆管"
        )
        await lines.office.open("incident", report, by="CO", code=f"INC-{hour}")
    code, _ = await lines.order(1)
    async with lines.office.desk() as desk:
        assert await ticket_acts.proposals(desk) == [Proposal(code, "incident", "INC-8")]
        with pytest.raises(BadInput, match=f"INC-9 was over before the calls of {code} or began more than 24 h after"):
            await ticket_acts.join_incident(desk, code, "INC-9", by="HOT", why="x")
        await ticket_acts.join_incident(desk, code, "INC-8", by="HOT", why="同一停热")


async def test_a_home_without_heat_joins_the_standing_incident_of_its_station_by_an_officer(lines: Lines) -> None:
    await lines.take(told(1, category="停热"), told(2, category="停热", address="槐荫9号楼901"))
    code, elsewhere = [(await lines.order(number))[0] for number in (1, 2)]
    report = incidents.Reported(
        at=time(9), why="报告", what="breakdown", station="X1", begins=time(7), stops_heat=True, said="爆管"
    )
    incident = await lines.office.open("incident", report, by="CO")
    async with lines.office.desk() as desk:
        assert await ticket_acts.proposals(desk) == [Proposal(code, "incident", incident)]
        with pytest.raises(BadInput, match="expected an incident of the building's station or heat source"):
            await ticket_acts.join_incident(desk, elsewhere, incident, by="HOT", why="x")
        await ticket_acts.join_incident(desk, code, incident, by="HOT", why="同一停热")
    assert (await lines.office.state(code)).incident == incident
    assert code in (await lines.office.state(incident)).links


# --- who, and where ---------------------------------------------------------------------------------------------------


async def test_a_company_acts_in_its_own_work_orders_and_a_district_in_its_own(lines: Lines) -> None:
    await lines.take(told(1))
    code, _ = await lines.order()
    contact = events.Contacted(at=time(8, 20), why="回电", by_means="电话")
    with pytest.raises(Refused, match="another company's"):
        await lines.office.record(code, contact, by="CO2")
    with pytest.raises(Refused, match="another district"):
        await lines.office.record(code, contact, by="D2")
    with pytest.raises(Refused, match="expected one of"):
        await lines.office.record(code, events.Satisfied(at=time(9), why="x"), by="CO")
    await lines.office.record(code, contact, by="CO")


# --- figures ----------------------------------------------------------------------------------------------------------


async def test_every_ticket_and_work_order_is_counted_once_and_the_denominators_add_up(lines: Lines) -> None:
    await lines.take(
        told(1),
        told(2, line="96118", at=time(8, 10)),
        told(3, address=NEXT_DOOR),
        told(4, address="槐荫9号楼901", category="热费"),
        told(5, address="我家"),
        told(6, address="外市"),
        told(7, at=time(8, day=4)),
    )
    first, _ = await lines.order(1)
    async with lines.office.desk() as desk:
        await ticket_acts.set_aside(desk, "12345", "T6", by="HOT", why="外市")
        for event, by in (
            (events.Contacted(at=time(8, 35), why="回电", by_means="电话"), "CO"),
            (events.Handled(at=time(12), why="办结", done="放气"), "CO"),
            (events.CalledBack(at=time(13), why="回访", reached=True), "HOT"),
            (events.Satisfied(at=time(13), why="满意"), "HOT"),
        ):
            await desk.record(first, event, by=by)
        (whole,) = await work_orders.figures(desk.conn, DAY, now=desk.now())
        companies = {each.key: each for each in await work_orders.figures(desk.conn, DAY, by="company", now=desk.now())}
        by_line = {each.key: each for each in await work_orders.figures(desk.conn, DAY, by="line", now=desk.now())}
        topics = {each.key: each for each in await work_orders.figures(desk.conn, DAY, by="topic", now=desk.now())}
    assert (whole.tickets, whole.unmatched, whole.set_aside, whole.work_orders) == (6, 1, 1, 2)
    contacts = (whole.contact_in_time, whole.contact_late, whole.contact_waiting, whole.contact_unknown)
    # The first call of this home was taken on the fourth; on the fifth the second was late and the third in time.
    assert contacts == (1, 2, 0, 1)
    assert sum(contacts) == whole.tickets - whole.unmatched - whole.set_aside
    assert (whole.handled, whole.open, whole.open_over_limit, whole.open_unknown) == (0, 2, 1, 1)
    assert {key: (each.tickets, each.work_orders) for key, each in companies.items()} == {
        "CO1": (3, 1),
        "CO2": (1, 1),
        None: (2, 0),
    }
    assert {key: (each.tickets, each.work_orders) for key, each in by_line.items()} == {
        "12345": (5, 2),
        "96118": (1, 0),
    }
    assert {key: each.tickets for key, each in topics.items()} == {"temperature": 5, "fee": 1}
    async with lines.office.engine.connect() as conn:
        (fourth,) = await work_orders.figures(
            conn, Span(dt.date(2026, 1, 4), dt.date(2026, 1, 4)), now=lines.office.now
        )
    done = (fourth.work_orders, fourth.handled, fourth.handled_in_time, fourth.handled_late, fourth.satisfied)
    assert done == (1, 1, 0, 1, 1)


async def test_complaints_are_told_by_the_area_that_is_supplied(office: Office) -> None:
    async with office.engine.connect() as conn:
        companies = await work_orders.supplied_area(conn, dt.date(2026, 1, 5), by="company")
        whole = await work_orders.supplied_area(conn, dt.date(2026, 1, 5), by="all")
    # H3 is 报停.
    assert companies == {
        "CO1": work_orders.Area(50_000, 5, 0),
        "CO2": work_orders.Area(10_000, 1, 0),
    }
    assert whole == {None: work_orders.Area(60_000, 6, 0)}
    assert work_orders.per_10000_m2(3, companies["CO1"]) == Fraction(60)
    assert work_orders.per_10000_m2(3, work_orders.Area(0, 0, 4)) is None

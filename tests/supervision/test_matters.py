"""Recording in matters: who may, what is cited, the chain, and two who record at once."""

import asyncio
import datetime as dt
import hashlib

import pytest
from pydantic import ValidationError
from sqlalchemy import text, update

from heatstream.claims.chain import first_break
from heatstream.errors import BadInput, Refused
from heatstream.store import matters
from heatstream.store.tables import matter
from heatstream.store.tables import officer as officers
from heatstream.supervision import act, audit, files
from heatstream.supervision.act import Desk, before_first
from heatstream.supervision.refresh import A_PASS, TURNS, refresh

from .companies import ordered
from .told import breakdown, estimated, linked, reported, restored, seen, verified
from .town import Office, time


async def opened(office: Office, code: str = "INC-1", **told: object) -> str:
    return await office.open("incident", seen(**told), by="heatstream", code=code)


async def faults(office: Office) -> list[str]:
    async with office.desk() as desk:
        return [each async for each in audit.faults(desk)]


# --- opening ----------------------------------------------------------------------------------------------------------


async def test_a_matter_has_a_number_of_its_kind_and_day_and_whom_it_concerns(office: Office) -> None:
    first = await office.open("incident", seen(), by="heatstream")
    second = await office.open("incident", reported(source="S1", station=None), by="D2")
    assert (first, second) == ("INC-20260105-0001", "INC-20260105-0002")
    of_station, of_source = await office.matter(first), await office.matter(second)
    places = [(each.district, each.company, each.heat_source, each.heat_station) for each in (of_station, of_source)]
    # The buildings of S1 lie in two districts.
    assert places == [("D1", "CO1", "S1", "X1"), (None, "CO1", "S1", None)]


async def test_a_station_that_nobody_registered_is_no_place(office: Office) -> None:
    with pytest.raises(BadInput, match=r"reported: station: seen 'X9', expected a code of the registry"):
        await office.open("incident", reported(station="X9"), by="D1")


async def test_an_instant_is_taken_as_it_is_written_alone(office: Office) -> None:
    del office
    for at in ("1767571200", "1767571200.5", 1767571200, "9999-12-31T00:00:00+08:00"):
        with pytest.raises(ValidationError, match=r"expected a (date like|year from)"):
            reported(at=at)


async def test_a_number_that_is_taken_is_refused(office: Office) -> None:
    await opened(office)
    with pytest.raises(BadInput, match="matter 'INC-1' is there already"):
        await opened(office)


async def test_an_event_that_opens_nothing_of_the_kind_is_refused(office: Office) -> None:
    with pytest.raises(BadInput, match="estimated: expected one of span_seen, reported, which open a matter"):
        await office.open("incident", estimated(time(9), time(10)), by="CO")
    with pytest.raises(BadInput, match="kind 'accident': there is none; expected one of "):
        await office.open("accident", seen(), by="heatstream")


async def test_papers_are_attached_before_they_are_cited(office: Office) -> None:
    digest = hashlib.sha256(b"log").hexdigest()
    with pytest.raises(BadInput, match="nothing is attached yet"):
        await office.open("incident", reported(files=(digest,)), by="D1")
    await opened(office)
    with pytest.raises(BadInput, match=f"files: {digest} is not attached to INC-1"):
        await office.record("INC-1", breakdown(time(9), files=(digest,)), by="CO")
    async with office.desk() as desk:
        assert await files.attach(desk, "INC-1", "log.csv", b"log", by="CO") == digest
        assert await files.attach(desk, "INC-1", "again.csv", b"log", by="CO") == digest
        assert len(await matters.files(desk.conn, (await desk.find("INC-1")).id)) == 1
    assert await office.record("INC-1", breakdown(time(9), files=(digest,)), by="CO") == 2


async def test_a_paper_of_another_company_or_of_nothing_is_refused(office: Office) -> None:
    await opened(office)
    async with office.desk() as desk:
        with pytest.raises(Refused, match="the matter is another company's"):
            await files.attach(desk, "INC-1", "log.csv", b"log", by="CO2")
        with pytest.raises(BadInput, match="seen an empty file"):
            await files.attach(desk, "INC-1", "log.csv", b"", by="CO")
        with pytest.raises(BadInput, match="which is the software"):
            await files.attach(desk, "INC-1", "log.csv", b"log", by="heatstream")


# --- who may ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("officer", "message"),
    [
        ("CO", r"verified by CO \(company\): expected one of city, district"),
        ("AUD", r"verified by AUD \(auditor\): expected one of city, district"),
        ("D2", r"verified by D2 \(district\): the matter lies in another district"),
    ],
)
async def test_an_officer_acts_in_his_own_role_and_place(office: Office, officer: str, message: str) -> None:
    await opened(office)
    with pytest.raises(Refused, match=message):
        await office.record("INC-1", verified(time(16), time(8), time(14)), by=officer)


async def test_a_company_acts_in_its_own_matters(office: Office) -> None:
    await opened(office)
    with pytest.raises(Refused, match="the matter is another company's"):
        await office.record("INC-1", estimated(time(9), time(10)), by="CO2")
    assert await office.record("INC-1", estimated(time(9), time(10)), by="CO") == 2


async def test_the_city_acts_everywhere(office: Office) -> None:
    await opened(office)
    assert await office.record("INC-1", verified(time(16), time(8), time(14)), by="CITY") == 2


async def test_an_officer_records_while_registered_whenever_it_happened(office: Office) -> None:
    await opened(office)
    today = office.now.date()
    async with office.engine.begin() as conn:
        for code, dates in (("CO", {"valid_from": today}), ("D1", {"valid_to": today - dt.timedelta(days=1)})):
            await conn.execute(update(officers).where(officers.c.code == code).values(**dates))
    # What happened on the fifth may be recorded by who came since, and not by who has left since.
    assert await office.record("INC-1", breakdown(time(9)), by="CO") == 2
    with pytest.raises(Refused, match="registration does not hold on 2026-01-20, when it is recorded"):
        await office.record("INC-1", breakdown(time(9)), by="D1")
    async with office.desk() as desk:
        with pytest.raises(Refused, match="registration does not hold on 2026-01-20"):
            await files.attach(desk, "INC-1", "log.csv", b"log", by="D1")


async def test_nobody_unknown_records_and_nobody_ahead_of_time(office: Office) -> None:
    await opened(office)
    with pytest.raises(BadInput, match="officer: seen 'X', expected a 工号"):
        await office.record("INC-1", restored(time(9)), by="X")
    with pytest.raises(BadInput, match="expected not later than now"):
        await office.record("INC-1", restored(office.now + dt.timedelta(minutes=6)), by="CO")


def test_a_person_does_not_speak_for_the_software_nor_by_parts_for_an_act() -> None:
    base = {"at": "2026-01-05T08:00:00+08:00", "why": "x"}
    with pytest.raises(BadInput, match="officer: seen 'heatstream', which is the software"):
        act.told("incident", {**base, "kind": "closed"}, "heatstream", "e.yaml")
    with pytest.raises(BadInput, match="kind: seen 'span_seen', expected one of reported, breakdown"):
        act.told("incident", {**base, "kind": "span_seen"}, "D1", "e.yaml")
    with pytest.raises(BadInput, match=r"merged_into is recorded by `heatstream supervise merge`"):
        act.told("incident", {**base, "kind": "merged_into", "incident": "INC-2"}, "D1", "e.yaml")


def test_every_fault_of_an_event_is_a_line_with_who_and_where() -> None:
    tree = {"kind": "estimated", "at": 5, "why": " ", "restored_bye": "x"}
    with pytest.raises(BadInput) as seen_:
        act.told("incident", tree, "CO", "e.yaml")
    lines = str(seen_.value).splitlines()
    assert all(line.startswith("CO, e.yaml: estimated: ") for line in lines)
    assert {line.split(": ")[2] for line in lines} == {"at", "why", "restored_by", "given_by", "restored_bye"}


# --- what is cited ----------------------------------------------------------------------------------------------------


async def test_what_is_linked_must_be_there_and_is_linked_once(office: Office) -> None:
    await opened(office)
    await opened(office, "INC-2", span=2, station="X2")
    with pytest.raises(BadInput, match="linked: matter 'INC-9' is not there"):
        await office.record("INC-1", linked(time(9), matter="INC-9"), by="D1")
    with pytest.raises(BadInput, match="linked: claim 'C-9' is not there"):
        await office.record("INC-1", linked(time(9), claim="C-9"), by="D1")
    await office.record("INC-1", linked(time(9), matter="INC-2"), by="D1")
    with pytest.raises(BadInput, match="INC-2 is linked already"):
        await office.record("INC-1", linked(time(9), matter="INC-2"), by="D1")


# --- whole and one after the other -----------------------------------------------------------------------------------


async def test_the_events_of_a_matter_prove_themselves(office: Office) -> None:
    await opened(office)
    await office.record("INC-1", estimated(time(9), time(10)), by="CO")
    assert await faults(office) == []
    async with office.engine.connect() as conn:
        found = await matters.by_code(conn, "INC-1")
        assert found is not None
        lines = await matters.lines(conn, found.id)
    assert first_break(before_first("INC-1", "incident"), lines) is None
    assert first_break(before_first("INC-2", "incident"), lines) == 1


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("update matter_event set officer = 'D1' where number = 2", "event 2 is not what was recorded"),
        ("delete from matter_event where number = 1", "event 1 is not what was recorded"),
        ("update matter_event set happened_at = happened_at - interval '1 hour' where number = 2", "event 2 is not"),
    ],
)
async def test_an_event_that_was_changed_or_taken_away_is_found(office: Office, statement: str, told: str) -> None:
    await opened(office)
    await office.record("INC-1", estimated(time(9), time(10)), by="CO")
    async with office.engine.begin() as conn:
        await conn.execute(text("alter table matter_event disable trigger matter_event_add_only"))
        await conn.execute(text(statement))
    assert [each for each in await faults(office) if told in each]


async def test_a_row_that_says_otherwise_than_its_events_is_found(office: Office) -> None:
    await opened(office)
    async with office.engine.begin() as conn:
        await conn.execute(update(matter).values(state={**(await office.matter("INC-1")).state, "stops_heat": False}))
    assert await faults(office) == ["matter INC-1: its row says otherwise than its events: stops_heat"]


async def test_a_row_that_was_closed_behind_its_events_is_found(office: Office) -> None:
    await opened(office)
    async with office.engine.begin() as conn:
        await conn.execute(update(matter).values(closed_at=office.now, step="closed"))
    assert await faults(office) == ["matter INC-1: its row says otherwise than its events: closed_at"]


async def test_a_row_of_another_shape_is_of_an_earlier_release_and_no_fault(office: Office) -> None:
    await opened(office)
    await office.record("INC-1", estimated(time(9), time(10)), by="CO")
    state = dict((await office.matter("INC-1")).state)
    state["estimates"] = [{**each, "told_by": "x"} for each in state["estimates"]]
    del state["stops_heat"]
    for changed, fault in ((state, None), ({**state, "what": "breakdown"}, "what")):
        async with office.engine.begin() as conn:
            await conn.execute(update(matter).values(state=changed))
        async with office.desk() as desk:
            [seen_] = [each async for each in audit.looked(desk)]
        said = fault and f"matter INC-1: its row says otherwise than its events: {fault}"
        assert seen_ == audit.Looked(said, earlier=fault is None)


async def test_an_event_is_added_and_never_changed(office: Office) -> None:
    await opened(office)
    with pytest.raises(Exception, match="rows are added, never changed"):
        async with office.engine.begin() as conn:
            await conn.execute(text("update matter_event set officer = 'D1'"))


async def test_two_who_record_at_once_record_one_after_the_other(office: Office) -> None:
    await opened(office)
    told = [estimated(time(9), time(10, minute), f"第{minute}人") for minute in range(6)]
    numbers = await asyncio.gather(*(office.record("INC-1", each, by="CO") for each in told))
    assert sorted(numbers) == [2, 3, 4, 5, 6, 7]
    assert await faults(office) == []
    assert len((await office.state("INC-1")).estimates) == 6


async def test_the_second_is_checked_against_what_the_first_recorded(office: Office) -> None:
    await opened(office)
    await opened(office, "INC-2", span=2, station="X2")
    both = (office.record("INC-1", linked(time(9), matter="INC-2"), by=by) for by in ("D1", "D1B"))
    done = await asyncio.gather(*both, return_exceptions=True)
    assert sorted(type(each).__name__ for each in done) == ["BadInput", "int"]


async def test_matters_that_are_opened_at_once_have_numbers_of_their_own(office: Office) -> None:
    codes = await asyncio.gather(*(office.open("incident", seen(span=n), by="heatstream") for n in range(1, 5)))
    assert sorted(codes) == [f"INC-20260105-000{n}" for n in range(1, 5)]


async def test_what_a_desk_refuses_leaves_nothing(office: Office) -> None:
    await opened(office)
    async with office.engine.connect() as conn:
        desk = Desk(conn, await office.ground(conn), lambda: office.now)
        with pytest.raises(BadInput):
            await desk.record("INC-1", linked(time(9), matter="INC-9"), by="D1")
    assert await faults(office) == []
    with pytest.raises(BadInput, match="matter: seen 'INC-9', expected one that"):
        await office.record("INC-9", restored(time(9)), by="CO")


# --- matters that several districts share ---------------------------------------------------------------------------


async def test_a_matter_without_a_district_is_shared_by_those_in_which_it_supplies(office: Office) -> None:
    await office.open("incident", reported(source="S1", station=None), by="HOT", code="INC-S1")
    await office.open("incident", reported(source="S2", station=None), by="HOT", code="INC-S2")
    for by in ("D1", "D2"):
        await office.record("INC-S1", breakdown(time(9)), by=by)
    await office.record("INC-S2", breakdown(time(9)), by="D2")
    with pytest.raises(Refused, match="the matter lies in another district"):
        await office.record("INC-S2", breakdown(time(9)), by="D1")
    async with office.desk() as desk:
        listed = {code: await matters.listed(desk.conn, matters.in_district(code)) for code in ("D1", "D2")}
    assert {code: [each.code for each in found] for code, found in listed.items()} == {
        "D1": ["INC-S1"],
        "D2": ["INC-S1", "INC-S2"],
    }


async def test_a_district_s_officer_without_a_district_acts_nowhere(office: Office) -> None:
    await opened(office)
    async with office.engine.begin() as conn:
        await conn.execute(update(officers).where(officers.c.code == "D1").values(district_id=None))
    with pytest.raises(Refused, match="this officer is registered for no district"):
        await office.record("INC-1", breakdown(time(9)), by="D1")


async def test_a_number_that_somebody_gave_by_hand_is_counted_past(office: Office) -> None:
    await opened(office, "INC-20260105-0002")
    assert await office.open("incident", seen(span=2), by="heatstream") == "INC-20260105-0003"


async def test_a_pass_writes_only_what_stands_otherwise(office: Office) -> None:
    office.now = time(12, day=8)
    await office.open("order", ordered(), by="D1", code="督1")
    await opened(office, begins=time(11, day=8), at=time(11, 40, day=8))
    written = []
    for office.now in (time(12, 10, day=8), time(12, 20, day=8), time(0, day=16)):
        async with office.engine.connect() as conn:
            ground = await office.ground(conn)
        await refresh(office.engine, ground, lambda: office.now)
        async with office.engine.connect() as conn:
            rows = await conn.execute(text("select code, xmin::text, step from matter order by code"))
            written.append({row.code: (row.xmin, row.step) for row in rows})
    assert written[0] == written[1]
    assert written[1]["督1"] != written[2]["督1"]
    assert written[2]["督1"][1] == "overdue"


async def test_a_row_that_another_release_or_rule_made_is_made_anew_within_a_day_of_passes(office: Office) -> None:
    office.now = time(12, day=8)
    await office.open("order", ordered(), by="D1", code="督1")
    right = (await office.matter("督1")).headline
    async with office.engine.begin() as conn:
        ground = await office.ground(conn)
        await conn.execute(update(matter).values(headline="before"))
    for _ in range(TURNS):
        await refresh(office.engine, ground, lambda: office.now)
        office.now += A_PASS
    assert (await office.matter("督1")).headline == right

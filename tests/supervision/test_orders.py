"""责令整改 and what follows: a deadline that passes, a 复查 that finds, a licence that three people revoke."""

import dataclasses
import datetime as dt
from typing import Any

import pytest
from pydantic import ValidationError

from heatstream.errors import BadInput, Refused
from heatstream.store.read import companies
from heatstream.supervision.company import orders
from heatstream.supervision.matter import CLOSED, NOW, ROUTINE, SOON

from .companies import ordered, reinspected
from .town import Office, time

CODE = "区责-1"


async def issued(office: Office, **told: Any) -> None:
    await office.open("order", ordered(**told), by="D1", code=CODE)


def done(at: dt.datetime) -> orders.DoneReported:
    return orders.DoneReported(at=at, why="报告", done="已更换")


async def at(office: Office, instant: dt.datetime) -> tuple[str, int, dt.datetime | None]:
    """Where the order stands at an instant."""
    later = dataclasses.replace(office, now=instant)
    async with later.desk() as desk:
        await desk.refresh([await desk.find(CODE)])
    found = await office.matter(CODE)
    return found.step, found.urgency, found.next_due_at


async def test_an_order_is_overdue_when_its_last_day_is_over(office: Office) -> None:
    await issued(office)
    over = time(0, day=16)
    assert await at(office, over - dt.timedelta(microseconds=1)) == ("issued", ROUTINE, over)
    assert await at(office, over) == ("overdue", NOW, over)


async def test_what_the_company_reports_waits_for_a_reinspection(office: Office) -> None:
    await issued(office)
    await office.record(CODE, done(time(9, day=14)), by="CO")
    assert await at(office, time(12, day=17)) == ("done_reported", SOON, time(0, day=19))
    assert await at(office, time(0, day=19)) == ("done_reported", NOW, time(0, day=19))


async def test_a_reinspection_that_passes_lets_the_order_be_closed(office: Office) -> None:
    await issued(office)
    with pytest.raises(BadInput, match="order_closed: 责令整改 stands at issued"):
        await office.record(CODE, orders.OrderClosed(at=time(9, day=9), why="结", outcome="已整改"), by="D1")
    await office.record(CODE, reinspected(time(9, day=15), passed=True), by="D1")
    await office.record(CODE, orders.OrderClosed(at=time(9, day=16), why="结", outcome="已整改"), by="D1")
    found = await office.matter(CODE)
    assert (found.step, found.urgency, found.closed_at) == ("closed", CLOSED, time(9, day=16))


async def test_no_act_lies_before_the_one_it_answers(office: Office) -> None:
    await issued(office)
    stated = orders.CompanyStated(at=time(8, day=8), why="陈述", text="厂家停产")
    with pytest.raises(
        BadInput, match=r"at: seen 2026-01-08T08:\S+, expected not before 2026-01-08T09:\S+ when it was op"
    ):
        await office.record(CODE, stated, by="CO")
    await office.record(CODE, done(time(9, day=14)), by="CO")
    # A statement answers the order, whatever was reported since.
    await office.record(CODE, stated.model_copy(update={"at": time(9, day=10)}), by="CO")
    with pytest.raises(BadInput, match=r"reinspected: at: seen 2026-01-13T\S+ expected not before 2026-01-14T"):
        await office.record(CODE, reinspected(time(9, day=13), passed=True), by="D1")
    await office.record(CODE, reinspected(time(9, day=14), passed=True), by="D1")
    with pytest.raises(BadInput, match=r"order_closed: at: .*, when it stood at passed"):
        await office.record(CODE, orders.OrderClosed(at=time(8, day=14), why="结", outcome="已整改"), by="D1")


async def test_an_order_that_was_not_kept_is_urgent_and_may_be_extended(office: Office) -> None:
    await issued(office)
    await office.record(CODE, reinspected(time(9, day=16), passed=False), by="D1")
    assert (await at(office, time(12, day=17)))[:2] == ("failed", NOW)
    shorter = orders.Extended(at=time(9, day=17), why="延期", deadline=dt.date(2026, 1, 15))
    with pytest.raises(BadInput, match="expected after 2026-01-15, which stands"):
        await office.record(CODE, shorter, by="D1")
    longer = orders.Extended(at=time(9, day=17), why="延期", deadline=dt.date(2026, 1, 30))
    await office.record(CODE, longer, by="D1")
    assert await at(office, time(12, day=17)) == ("issued", ROUTINE, time(0, day=31))


async def test_the_company_may_state_its_case_until_the_order_is_closed(office: Office) -> None:
    await issued(office)
    await office.record(CODE, orders.CompanyStated(at=time(9, day=9), why="陈述", text="厂家停产"), by="CO")
    [stated] = (await office.state(CODE)).statements
    assert stated.text == "厂家停产"
    with pytest.raises(Refused, match="another company"):
        await office.record(CODE, orders.CompanyStated(at=time(9, day=9), why="陈述", text="?"), by="CO2")


async def test_a_company_orders_nothing_and_inspects_nothing(office: Office) -> None:
    with pytest.raises(Refused, match="order_issued by CO"):
        await office.open("order", ordered(), by="CO")
    await issued(office)
    with pytest.raises(Refused, match="reinspected by CO"):
        await office.record(CODE, reinspected(time(9, day=15), passed=True), by="CO")


async def test_a_district_orders_in_its_own_district(office: Office) -> None:
    await issued(office, district="D1")
    with pytest.raises(Refused, match="another district"):
        await office.record(CODE, reinspected(time(9, day=15), passed=True), by="D2")


def test_a_deadline_lies_not_before_the_order() -> None:
    with pytest.raises(ValidationError, match="deadline: seen 2026-01-07, expected not before 2026-01-08"):
        ordered(deadline=dt.date(2026, 1, 7))


async def test_an_order_cites_matters_that_there_are(office: Office) -> None:
    with pytest.raises(BadInput, match="matter 'INC-9' is not there"):
        await issued(office, cites=("INC-9",))


async def test_a_letter_waits_for_its_answer(office: Office) -> None:
    letter = orders.LetterSent(
        at=time(9), why="提示", company="CO1", doc_no="提〔2026〕1号", text="投诉上升", answer_by=dt.date(2026, 1, 8)
    )
    await office.open("order", letter, by="CITY", code=CODE)
    assert await at(office, time(0, day=9)) == ("sent", NOW, time(0, day=9))
    await office.record(CODE, orders.CompanyStated(at=time(9, day=9), why="答复", text="已增派人员"), by="CO")
    assert await at(office, time(9, day=10)) == ("sent", ROUTINE, None)


async def test_an_interview_is_called_and_held(office: Office) -> None:
    called = orders.Summoned(
        at=time(9),
        why="约谈",
        company="CO1",
        people=("总经理",),
        meeting_at=time(14, day=7),
        place="市局",
        about="投诉",
    )
    await office.open("order", called, by="CITY", code=CODE)
    assert await at(office, time(9, day=6)) == ("summoned", ROUTINE, time(14, day=7))
    held = orders.InterviewHeld(at=time(16, day=7), why="约谈", came=("总经理",), agreed="三日内整改")
    await office.record(CODE, held, by="CITY")
    assert (await office.matter(CODE)).step == "interview_held"


# --- 取消经营资格 ----------------------------------------------------------------------------------------------------


def proposed(**told: Any) -> orders.RevocationProposed:
    values = {
        "at": time(9, day=17),
        "why": "整改不到位",
        "company": "CO1",
        "ground": "order_not_kept",
        "order": CODE,
        "licence_no": "吉供热-1",
        "facts": ("循环泵未更换",),
        **told,
    }
    return orders.RevocationProposed.model_validate(values)


def hearing() -> orders.HearingGiven:
    return orders.HearingGiven(at=time(10, day=18), why="听证", outcome="waived", record="书面放弃")


def revocation_reviewed() -> orders.RevocationReviewed:
    return orders.RevocationReviewed(at=time(11, day=18), why="复核", agrees=True, opinion="属实")


def decided() -> orders.RevocationDecided:
    return orders.RevocationDecided(
        at=time(12, day=18), why="审批", revoke=True, doc_no="市供撤〔2026〕1号", opinion="同意"
    )


async def test_a_licence_is_revoked_by_three_people_after_a_hearing(office: Office) -> None:
    await issued(office)
    await office.record(CODE, reinspected(time(9, day=16), passed=False), by="D1")
    await office.open("order", proposed(), by="D1", code="撤-1")
    with pytest.raises(BadInput, match="stands at proposed; expected hearing_given"):
        await office.record("撤-1", revocation_reviewed(), by="D1B")
    await office.record("撤-1", hearing(), by="D1")
    early = revocation_reviewed().model_copy(update={"at": time(9, day=18)})
    with pytest.raises(BadInput, match=r"revocation_reviewed: at: .* when it stood at heard"):
        await office.record("撤-1", early, by="D1B")
    with pytest.raises(Refused, match="expected another person than D1"):
        await office.record("撤-1", revocation_reviewed(), by="D1")
    await office.record("撤-1", revocation_reviewed(), by="D1B")
    for same in ("D1", "D1B"):
        with pytest.raises(Refused, match="expected another person than D1 and D1B"):
            await office.record("撤-1", decided(), by=same)
    with pytest.raises(BadInput, match=r"revocation_decided: at: .* when it stood at reviewed"):
        await office.record("撤-1", decided().model_copy(update={"at": time(10, day=18)}), by="D1C")
    await office.record("撤-1", decided(), by="D1C")
    state = await office.state("撤-1")
    assert (state.step, state.doc_no, state.decided_by) == ("revoked", "市供撤〔2026〕1号", "D1C")


async def test_an_order_that_was_kept_costs_nobody_his_licence(office: Office) -> None:
    await issued(office)
    with pytest.raises(Refused, match="整改后仍未达到要求的取消其经营资格"):
        await office.open("order", proposed(), by="D1")


async def test_an_order_that_was_kept_at_last_costs_nobody_his_licence(office: Office) -> None:
    await issued(office)
    await office.record(CODE, reinspected(time(9, day=16), passed=False), by="D1")
    await office.record(CODE, reinspected(time(9, day=18), passed=True), by="D1")
    with pytest.raises(Refused, match="expected an order to the same company"):
        await office.open("order", proposed(at=time(9, day=19)), by="D1")


async def test_another_companys_order_costs_nobody_his_licence(office: Office) -> None:
    await issued(office)
    await office.record(CODE, reinspected(time(9, day=16), passed=False), by="D1")
    with pytest.raises(Refused, match="expected an order to the same company"):
        await office.open("order", proposed(company="CO2"), by="D1")


def test_a_revocation_names_its_order_or_the_other_ground() -> None:
    with pytest.raises(ValidationError, match="order: expected with ground `order_not_kept`"):
        proposed(ground="grave_low_running")


# --- counted ----------------------------------------------------------------------------------------------------------


async def test_orders_are_counted_by_company_and_period(office: Office) -> None:
    await issued(office)
    await office.open(
        "order", ordered(company="CO2", deadline=dt.date(2026, 1, 20), reinspect_by=None), by="D2", code="区责-2"
    )
    counted = {}
    async with office.engine.connect() as conn:
        for first, last in ((8, 15), (16, 16), (16, 20)):
            found = await companies.orders(conn, dt.date(2026, 1, first), dt.date(2026, 1, last))
            counted[first, last] = [tuple(each) for each in found]
    assert counted == {
        (8, 15): [("CO1", 1, 0, 0), ("CO2", 1, 0, 0)],
        (16, 16): [("CO1", 0, 1, 0), ("CO2", 0, 0, 0)],
        (16, 20): [("CO1", 0, 1, 0), ("CO2", 0, 0, 0)],
    }


async def test_an_order_that_was_mended_is_overdue_no_longer(office: Office) -> None:
    await issued(office)
    await office.record(CODE, reinspected(time(9, day=17), passed=True), by="D1")
    await office.record(CODE, orders.OrderClosed(at=time(9, day=18), why="结", outcome="已整改"), by="D1")
    async with office.engine.connect() as conn:
        [before] = await companies.orders(conn, dt.date(2026, 1, 16), dt.date(2026, 1, 16))
        [after] = await companies.orders(conn, dt.date(2026, 1, 17), dt.date(2026, 1, 18))
    assert (before.overdue, before.closed) == (1, 0)
    assert (after.overdue, after.closed) == (0, 1)


@pytest.mark.parametrize(("passed", "overdue"), [(None, 0), (False, 1), (True, 0)])
async def test_what_was_reported_done_is_overdue_again_where_it_was_not(
    office: Office, passed: bool | None, overdue: int
) -> None:
    await issued(office)
    await office.record(CODE, done(time(9, day=15)), by="CO")
    if passed is not None:
        await office.record(CODE, reinspected(time(9, day=16), passed=passed), by="D1")
    async with office.engine.connect() as conn:
        [counted] = await companies.orders(conn, dt.date(2026, 1, 17), dt.date(2026, 1, 17))
    assert counted.overdue == overdue

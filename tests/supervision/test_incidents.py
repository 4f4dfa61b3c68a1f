"""Incidents in the store: escalated once, merged by an officer, refunded in one case, held against article 33."""

import asyncio
import dataclasses
import datetime as dt
from fractions import Fraction
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from heatstream.claims import batch
from heatstream.errors import BadInput, Refused, StoreError
from heatstream.jobs import run
from heatstream.rules.choices import PenaltyBase
from heatstream.rules.pack import find
from heatstream.settings import Database, Settings
from heatstream.store import claims
from heatstream.store import tables as t
from heatstream.supervision import today
from heatstream.supervision.incident import batch_case, merging, penalty
from heatstream.supervision.refresh import refresh

from .told import breakdown, closed, dismissed, ended, estimated, notice_given, reported, restored, seen, verified
from .town import Office, ids, time

NOON = time(12, day=20)
START = time(0, day=20, month=10, year=2025)
"""The season begins."""


async def opened(office: Office, code: str = "INC-1", **told: Any) -> str:
    return await office.open("incident", seen(**told), by="heatstream", code=code)


async def choose(office: Office, pack: str = "demo-shili", **chosen: Any) -> None:
    """Let other choices, or another place's pack, be in force."""
    async with office.engine.connect() as conn:
        office.given = None
        there = await office.ground(conn)
    assert there.law is not None
    choices = there.law.choices.model_copy(update=chosen)
    law = dataclasses.replace(there.law, choices=choices, pack=find(pack))
    office.given = dataclasses.replace(there, choices=choices, law=law)


# --- escalation -------------------------------------------------------------------------------------------------------


async def looked_at(office: Office) -> dict[str, int]:
    async with office.engine.connect() as conn:
        ground = await office.ground(conn)
    return await refresh(office.engine, ground, lambda: office.now)


async def test_each_limit_that_passes_is_escalated_once_by_the_software(office: Office) -> None:
    await opened(office)
    office.now = time(14)
    assert await looked_at(office) == {"open": 1, "escalated": 0}
    office.now = time(14, 1)
    assert await looked_at(office) == {"open": 1, "escalated": 1}
    assert await looked_at(office) == {"open": 1, "escalated": 0}
    office.now = time(8, 1, day=6)
    assert await looked_at(office) == {"open": 1, "escalated": 1}
    async with office.desk() as desk:
        history = await desk.history(await desk.find("INC-1"))
    told = [(each.event.accident_class, each.event.limit, each.officer.code) for each in history[1:]]
    assert told == [("ordinary", time(14), "heatstream"), ("larger", time(8, day=6), "heatstream")]
    assert (await office.matter("INC-1")).urgency == 3


async def test_two_passes_at_once_escalate_once(office: Office) -> None:
    await opened(office)
    office.now = time(14, 1)
    done = await asyncio.gather(looked_at(office), looked_at(office))
    assert sorted(each["escalated"] for each in done) == [0, 1]


async def test_a_matter_that_cannot_be_read_does_not_keep_others_from_being_seen(office: Office) -> None:
    await opened(office)
    await opened(office, "INC-2", span=2)
    async with office.engine.begin() as conn:
        await conn.execute(update(t.matter).where(t.matter.c.code == "INC-1").values(kind="task"))
    office.now = time(14, 1)
    with pytest.raises(StoreError, match="INC-1: "):
        await looked_at(office)
    assert (await office.state("INC-2")).passed[0].accident_class == "ordinary"


async def test_what_one_side_alone_shows_is_not_escalated_until_somebody_confirms_it(office: Office) -> None:
    await opened(office, certain=False)
    office.now = time(15)
    assert await looked_at(office) == {"open": 1, "escalated": 0}
    await office.record("INC-1", verified(time(15), time(8)), by="D1")
    assert await looked_at(office) == {"open": 1, "escalated": 1}


async def test_where_a_choice_is_not_made_nothing_is_escalated(office: Office) -> None:
    await opened(office)
    await choose(office, repair_limits=None)
    assert await looked_at(office) == {"open": 1, "escalated": 0}


async def test_the_jobs_look_at_every_open_matter_by_the_law_in_force(office: Office) -> None:
    await opened(office)
    there = Settings(database=Database(url=office.url))
    assert await run.run_task(office.engine, there, "matters", now=lambda: time(14, 1))
    async with office.engine.connect() as conn:
        detail = await conn.scalar(select(t.job_run.c.detail).where(t.job_run.c.job == "matters"))
    assert detail == "1 open matters stand as kept, escalated 1"


# --- the way of an incident -------------------------------------------------------------------------------------------


async def test_an_incident_goes_from_its_begin_to_its_closing(office: Office) -> None:
    await opened(office)
    steps = []
    for event, by in (
        (breakdown(time(9)), "CO"),
        (estimated(time(9), time(13)), "CO"),
        (notice_given(time(9)), "CO"),
        (restored(time(13)), "CO"),
        (ended(time(13)), "heatstream"),
        (verified(time(16), time(8), time(13)), "D1"),
        (closed(time(17)), "D1"),
    ):
        await office.record("INC-1", event, by=by)
        steps.append((await office.matter("INC-1")).step)
    assert steps == ["open", "open", "open", "open", "ended", "verified", "closed"]
    assert (await office.matter("INC-1")).closed_at == time(17)


async def test_an_incident_that_goes_on_is_not_closed_and_a_closed_one_takes_no_more(office: Office) -> None:
    await opened(office)
    with pytest.raises(BadInput, match="heat is not back"):
        await office.record("INC-1", closed(time(9)), by="D1")
    await office.record("INC-1", dismissed(time(9)), by="D1")
    with pytest.raises(BadInput, match="the incident is 不成立 dismissed; expected an open one"):
        await office.record("INC-1", estimated(time(9), time(10)), by="CO")
    # What the software sees later is kept, and says that it came later.
    await office.record("INC-1", ended(time(10)), by="heatstream")
    assert (await office.state("INC-1")).moved_since


@pytest.mark.parametrize(
    ("event", "by", "message"),
    [
        (estimated(time(9), time(8)), "CO", "restored_by: seen .*, expected after it began"),
        (restored(time(7)), "CO", "at: seen .*, expected after"),
        (ended(time(9), span=7), "heatstream", r"span: seen 7, expected one of this incident \(1\)"),
        (ended(time(8)), "heatstream", "ends: seen .*, expected after"),
        (reported(time(9)), "CO", "seen an event reported, expected one of span_changed"),
    ],
)
async def test_what_contradicts_the_incident_is_refused(office: Office, event: Any, by: str, message: str) -> None:
    await opened(office)
    with pytest.raises(BadInput, match=message):
        await office.record("INC-1", event, by=by)


# --- one matter or two ------------------------------------------------------------------------------------------------


async def both(office: Office) -> None:
    """The company reports a burst pipe at eight, and the meter of its station shows no heat from half past eight on."""
    await office.open("incident", reported(), by="CO", code="INC-R")
    await office.record("INC-R", estimated(time(8, 10), time(13)), by="CO")
    await opened(office, "INC-S", begins=time(8, 30))
    await opened(office, "INC-X2", span=2, station="X2")


async def proposed(office: Office, code: str) -> list[str]:
    async with office.desk() as desk:
        return [each.code for each in await merging.candidates(desk, await desk.find(code))]


async def merged(office: Office, code: str, into: str, by: str = "D1") -> None:
    async with office.desk() as desk:
        await merging.merge(desk, code, into, by=by, why="同一处爆管")


async def test_what_overlaps_at_one_station_is_proposed_and_not_merged(office: Office) -> None:
    await both(office)
    assert await proposed(office, "INC-S") == ["INC-R"]
    assert await proposed(office, "INC-X2") == []
    assert (await office.matter("INC-R")).step == "open"
    await office.record("INC-R", restored(time(8, 20)), by="CO")
    assert await proposed(office, "INC-S") == []


@pytest.mark.parametrize(("code", "into"), [("INC-R", "INC-S"), ("INC-S", "INC-R")])
async def test_an_officer_merges_and_what_the_one_held_goes_on_in_the_other(
    office: Office, code: str, into: str
) -> None:
    await both(office)
    async with office.engine.begin() as conn:
        seen_of = await ids(conn, t.matter)
        await _span(conn, matter_id=seen_of["INC-S"])
    await merged(office, code, into)
    gone, stays = await office.state(code), await office.state(into)
    assert (gone.step, gone.merged_into, stays.taken_in) == ("merged", into, (code,))
    assert [each.span for each in stays.spans] == [1]
    assert [each.restored_by for each in stays.estimates] == [time(13)]
    assert (stays.reported_begins, stays.begins, stays.ends) == (time(8), time(8, 30), None)
    async with office.engine.connect() as conn:
        assert await conn.scalar(select(t.station_span.c.matter_id)) == seen_of[into]
    with pytest.raises(BadInput, match=f"已并案 merged, everything goes on in {into}"):
        await office.record(code, estimated(time(9), time(14)), by="CO")


async def _span(conn: Any, **values: Any) -> None:
    rules = await conn.scalar(
        insert(t.supervision_rules)
        .values(hash=b"\1" * 32, version="1", canonical="{}")
        .returning(t.supervision_rules.c.id)
    )
    station = (await ids(conn, t.heat_station))["X1"]
    at = {"begins": time(8, 30), "known_at": time(9)}
    of = {"heat_station_id": station, "kind": "interruption", "supervision_rules_id": rules, "algorithm": 1}
    await conn.execute(insert(t.station_span).values(evidence={}, through_batch=1, **at, **of, **values))


async def test_only_what_is_one_thing_at_one_place_is_merged_and_by_the_authority_alone(office: Office) -> None:
    await both(office)
    await opened(office, "INC-L", span=3, what="low_running")
    for code, into, message in (
        ("INC-X2", "INC-S", "of different stations"),
        ("INC-L", "INC-S", "is low_running, INC-S is interruption"),
        ("INC-S", "INC-S", "into itself"),
        ("INC-S", "INC-9", "INC-9: expected the code of an incident"),
    ):
        with pytest.raises(BadInput, match=message):
            await merged(office, code, into)
    with pytest.raises(Refused, match=r"took_in by CO \(company\)"):
        await merged(office, "INC-R", "INC-S", by="CO")
    await office.record("INC-R", dismissed(time(9)), by="D1")
    with pytest.raises(BadInput, match="不成立 dismissed"):
        await merged(office, "INC-S", "INC-R")
    assert (await office.matter("INC-S")).step == "open"


# --- batch cases ------------------------------------------------------------------------------------------------------


async def late_start(office: Office, *, code: str = "INC-L", what: str = "late_start", **finding: Any) -> None:
    """X1 without heat in the season's first three days, verified by the district."""
    end = START + dt.timedelta(days=3)
    await opened(office, code, begins=START, what=what)
    await office.record(code, ended(end), by="heatstream")
    await office.record(code, verified(end + dt.timedelta(hours=9), START, end, **finding), by="D1")


async def drawn(office: Office, by: str = "D1", code: str = "INC-L") -> batch_case.Drawn:
    async with office.desk() as desk:
        return await batch_case.drawn(desk, await desk.find(code), by=by)


async def refund(office: Office, by: str = "D1", code: str = "INC-L") -> list[str]:
    async with office.desk() as desk:
        found = await desk.locked(code)
        return await batch_case.open_claims(desk, found, await batch_case.drawn(desk, found, by=by), by=by)


async def test_a_case_is_drawn_up_of_the_homes_that_should_have_had_heat(office: Office) -> None:
    await late_start(office)
    case, open_before = await drawn(office)
    # H3 stopped on the first of November, after the late start; N1 is a shop.
    assert (case.case, case.grounds, case.households) == ("INC-L", "late_start", ("H1", "H2", "H3", "H4"))
    assert (case.begins, case.ends, case.cause) == (START, START + dt.timedelta(days=3), "company")
    assert case.found == "供热侧：热表无流量；用户侧：3户下降（INC-L 第3项）"
    assert open_before == {}


async def test_a_home_that_had_stopped_is_in_no_case(office: Office) -> None:
    await opened(office, "INC-L", what="low_running")
    await office.record("INC-L", verified(time(9, day=9), time(8), time(8, day=8)), by="D1")
    assert (await drawn(office)).case.households == ("H1", "H2", "H4")


async def test_a_case_is_read_by_claims_as_it_is_written(office: Office, tmp_path: Any) -> None:
    await late_start(office)
    case = (await drawn(office)).case
    path = tmp_path / "case.yaml"
    path.write_text(batch_case.written(case), encoding="utf-8")
    assert batch.read(path) == case


async def test_claims_are_opened_and_the_incident_says_so_or_neither(office: Office) -> None:
    await late_start(office)
    codes = await refund(office)
    assert len(codes) == 4
    state = await office.state("INC-L")
    assert (state.cases, state.claims, state.step) == (("INC-L",), tuple(codes), "batch_opened")
    async with office.engine.connect() as conn:
        of_case = [await claims.by_code(conn, code) for code in codes]
    assert {each.batch_case for each in of_case if each} == {"INC-L"}
    with pytest.raises(BadInput, match="every home has an open claim"):
        await refund(office)


async def test_a_home_whose_claim_is_open_is_left_out_and_named(office: Office) -> None:
    await late_start(office)
    async with office.desk() as desk:
        claims_desk = batch_case.claim_act.Desk(desk.conn, desk.ground.days_off, desk.now)
        opened_ = batch_case.batch.events.Opened(
            at=time(8), why="x", household="H2", way="complaint", temperature_complaint=True
        )
        there = await claims_desk.open(opened_, by="HOT")
    case, open_before = await drawn(office)
    assert (case.households, open_before) == (("H1", "H3", "H4"), {"H2": there})
    await refund(office)
    assert (await office.state("INC-L")).links == (there,)


async def test_a_source_in_two_districts_has_a_case_in_each(office: Office) -> None:
    end = START + dt.timedelta(days=3)
    await office.open(
        "incident",
        reported(START, what="late_start", source="S1", station=None),
        by="CITY",
        code="INC-L",
    )
    await office.record("INC-L", verified(end + dt.timedelta(hours=9), START, end), by="CITY")
    of_first, of_second = await drawn(office, "D1"), await drawn(office, "D2")
    assert (of_first.case.case, of_second.case.case) == ("INC-L-D1", "INC-L-D2")
    assert (of_first.case.households, of_second.case.households) == (("H1", "H2", "H3", "H4"), ("H5",))
    await refund(office, "D1")
    await refund(office, "D2")
    assert (await office.state("INC-L")).cases == ("INC-L-D1", "INC-L-D2")


async def test_without_a_finding_of_an_officer_there_is_no_case(office: Office) -> None:
    await opened(office, "INC-L", begins=START, what="late_start")
    with pytest.raises(Refused, match="nobody has verified it"):
        await drawn(office)
    await office.record("INC-L", verified(START + dt.timedelta(days=1), START), by="D1")
    with pytest.raises(BadInput, match="as verified it goes on"):
        await drawn(office)


async def test_an_interruption_has_no_batch_case(office: Office) -> None:
    await opened(office, "INC-L")
    with pytest.raises(Refused, match="seen interruption; batch cases are for early_stop, late_start, low_running"):
        await drawn(office)


@pytest.mark.parametrize(("chosen", "grounds"), [("own_event", "low_running"), ("as_stop", "early_stop")])
async def test_whether_low_running_is_a_stop_is_chosen(office: Office, chosen: str, grounds: str) -> None:
    await late_start(office, what="low_running")
    await choose(office, low_temp_running=chosen)
    assert (await drawn(office)).case.grounds == grounds


async def test_low_running_without_the_choice_or_with_a_cause_is_refused(office: Office) -> None:
    await late_start(office, what="low_running")
    await choose(office, low_temp_running=None)
    with pytest.raises(Refused, match=r"choice low_temp_running \(A17\) is not made"):
        await drawn(office)
    await late_start(office, code="INC-C", what="low_running", without_cause=False)
    with pytest.raises(Refused, match="event 3 finds a cause for it"):
        await drawn(office, code="INC-C")


# --- article 33 -------------------------------------------------------------------------------------------------------


async def ranged(office: Office, code: str = "INC-L") -> penalty.Range:
    async with office.desk() as desk:
        return await penalty.between(desk, await desk.find(code))


async def test_article_33_is_a_range_of_two_to_ten_times_with_its_base_stated(office: Office) -> None:
    await late_start(office)
    found = await ranged(office)
    # H1 to H4, ten yuan a day, three of 169 days.
    assert (found.users, found.without_fee, found.day_fen, found.base_fen) == (4, 0, Fraction(4000), Fraction(12_000))
    assert (found.least_fen, found.most_fen) == (24_000, 120_000)
    assert found.verified
    text = "\n".join(penalty.sentences(found))
    assert "二倍至十倍 from 240.00 元 to 1200.00 元; information, never a fine" in text
    assert "行政处罚法第四十一条" in text
    assert "演示·非法律依据" in text
    told = penalty.tree(found)
    assert (told["base_fen"], told["least_fen"], told["most_fen"]) == ([12_000, 1], 24_000, 120_000)


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        ({"users": "all_affected"}, (5, 36_000)),
        ({"users": "residential"}, (4, 24_000)),
        ({"partial_heating": "not_heating"}, (4, 24_000)),
        ({"partial_heating": "heating"}, (4, 16_000)),
    ],
)
async def test_whose_fee_and_what_partial_heating_is_are_chosen(
    office: Office, base: dict[str, str], expected: tuple[int, int]
) -> None:
    partly = {"begins": START + dt.timedelta(days=2), "ends": START + dt.timedelta(days=3)}
    await late_start(office, partly_heated=(partly,) if "partial_heating" in base else ())
    whole = {"users": "residential", "denominator": "statutory_season", "partial_heating": "heating", **base}
    await choose(office, penalty_base=PenaltyBase.model_validate(whole))
    found = await ranged(office)
    assert (found.users, found.least_fen) == expected


async def test_an_early_stop_is_counted_to_the_season_s_end_and_without_homes_that_had_stopped(office: Office) -> None:
    begins, end = time(0, day=4, month=4), time(0, day=7, month=4)
    office.now = end + dt.timedelta(days=3)
    await opened(office, "INC-L", begins=begins, what="early_stop")
    found = await ranged(office)
    # H3 stopped in November; the season ends with the sixth of April.
    assert (found.users, found.base_fen, found.goes_on) == (3, Fraction(3 * 3 * 1000), True)


async def test_a_user_without_a_fee_makes_the_base_a_lower_bound(office: Office) -> None:
    await late_start(office)
    async with office.engine.begin() as conn:
        await conn.execute(update(t.contract).where(t.contract.c.code == "H1").values(fee_due_fen=None))
    found = await ranged(office)
    assert (found.users, found.without_fee, found.least_fen) == (4, 1, 18_000)
    assert penalty.tree(found)["at_least"] is True


async def test_what_begins_before_the_season_is_counted_from_its_first_instant(office: Office) -> None:
    await opened(office, "INC-L", begins=START - dt.timedelta(hours=5), what="late_start")
    await office.record("INC-L", ended(START + dt.timedelta(days=1)), by="heatstream")
    assert (await ranged(office)).base_fen == Fraction(4000)


async def test_what_goes_on_is_told_so_far_and_unverified(office: Office) -> None:
    await opened(office, "INC-L", begins=START, what="late_start")
    office.now = START + dt.timedelta(days=1)
    found = await ranged(office)
    assert (found.goes_on, found.verified, found.base_fen) == (True, False, Fraction(4000))


async def test_the_range_is_for_late_start_and_early_stop_in_jilin_with_its_choices_made(office: Office) -> None:
    await opened(office, "INC-1")
    await opened(office, "INC-2", what="low_running", span=2)
    await late_start(office)
    for code in ("INC-1", "INC-2"):
        with pytest.raises(Refused, match="covers 推迟开始 late_start and 提前停止 early_stop alone"):
            await ranged(office, code)
    for options, message in (
        ({"penalty_base": None}, r"choice penalty_base \(A16\) is not made"),
        ({"money_rounding": None}, r"choice money_rounding \(A7\) is not made"),
        ({"pack": "cn-37-weifang"}, "吉林省城市供热条例 holds in Jilin; the law here is cn-37-weifang"),
    ):
        await choose(office, **options)
        with pytest.raises(Refused, match=message):
            await ranged(office)


# --- the morning ------------------------------------------------------------------------------------------------------


async def test_the_morning_s_list_says_where_to_go_and_why_the_most_urgent_first(office: Office) -> None:
    await late_start(office)
    await opened(office, "INC-1", span=2, begins=time(8, day=19))
    await opened(office, "INC-2", span=3, station="X3", begins=time(10, day=20))
    await opened(office, "INC-3", span=4, station="X2", begins=time(9, day=20))
    await office.record("INC-3", estimated(time(10, day=20), time(14, day=20)), by="CO")
    async with office.desk() as desk:
        every = (await today.places(desk)).places
        of_company = (await today.places(desk, *today.conditions(company_code="CO2"))).places
        of_district = (await today.places(desk, *today.conditions(district_code="D1"))).places
    assert [each.matter.code for each in every] == ["INC-1", "INC-3", "INC-2", "INC-L"]
    assert [(each.where, each.households) for each in every] == [("X1", 3), ("X2", 1), ("X3", 1), ("X1", 4)]
    assert [each.standing.next_due_at for each in every[1:3]] == [time(15, day=20), time(16, day=20)]
    assert "past the repair limit" in every[0].standing.headline
    assert [each.matter.code for each in of_company] == ["INC-2"]
    assert [each.matter.code for each in of_district] == ["INC-1", "INC-L"]

"""公示: after the season, with the company heard, by three people; and what was published is never another."""

import datetime as dt
import hashlib
import json
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from heatstream.errors import BadInput, Refused
from heatstream.rules.supervision.publications import Publications
from heatstream.store.read import companies
from heatstream.supervision.company import publications
from heatstream.supervision.company.publications import last_day_to_object

from .companies import CARD, OVER, approved, drafted, handled_by, notified, published, reviewed
from .town import Office, time

CODE = "公示-1"
PERIOD_OVER = OVER + dt.timedelta(days=10)


async def set_up(office: Office) -> None:
    """In the summer, under the demo's rules."""
    office.now = time(12, day=1, month=7)
    await handled_by(office)


async def opened(office: Office, **told: Any) -> None:
    await set_up(office)
    await office.open("publication", drafted(**told), by="CITY", code=CODE)


async def out(office: Office, **told: Any) -> None:
    """Drafted, told, reviewed, approved, published; each by who may."""
    await opened(office, **told)
    await office.record(CODE, notified(), by="CITY")
    await on(office, PERIOD_OVER)


async def on(office: Office, since: dt.datetime) -> None:
    """From the end of the period to the publication."""
    hour = dt.timedelta(hours=1)
    await office.record(CODE, reviewed(since), by="CITYB")
    await office.record(CODE, approved(since + hour), by="D1")
    await office.record(CODE, published(since + 2 * hour), by="CITY")


async def served(office: Office) -> list[publications.Out]:
    async with office.engine.connect() as conn:
        return [publications.out(each) for each in await companies.published(conn)]


def objected(at: dt.datetime, **told: Any) -> publications.CompanyObjected:
    values = {"company": "CO1", "against": "名次", "grounds": "投诉已办结", **told}
    return publications.CompanyObjected.model_validate({"at": at, "why": "异议", **values})


def answered(at: dt.datetime, objection: int, *, upheld: bool) -> publications.ObjectionAnswered:
    return publications.ObjectionAnswered(at=at, why="答复", objection=objection, upheld=upheld, answer="已核")


def corrected(at: dt.datetime, content: Any = None) -> publications.PublicationCorrected:
    values = {"content": content or {"CO1": {"total_e2": 8_230}}, "changed": "投诉扣分更正"}
    return publications.PublicationCorrected.model_validate({"at": at, "why": "更正", **values})


# --- when and by whom -------------------------------------------------------------------------------------------------


async def test_scores_are_published_after_the_season_alone(office: Office) -> None:
    await set_up(office)
    end = time(0, day=7, month=4)
    with pytest.raises(Refused, match="每年度供热期结束后向社会公布考核结果"):
        await office.open("publication", drafted(at=end - dt.timedelta(minutes=1)), by="CITY")
    await office.open("publication", drafted(at=end), by="CITY")


async def test_a_credit_grade_may_be_published_in_the_season(office: Office) -> None:
    await handled_by(office)
    grade = drafted(at=time(9), subject="credit_grade", season_year=None, content={"CO1": "B"})
    code = await office.open("publication", grade, by="CITY")
    assert (await office.matter(code)).step == "drafted"


async def test_nobody_approves_what_he_drafted_or_reviewed(office: Office) -> None:
    await opened(office)
    await office.record(CODE, notified(), by="CITY")
    with pytest.raises(Refused, match="publication_reviewed by CITY: expected another person than CITY"):
        await office.record(CODE, reviewed(PERIOD_OVER), by="CITY")
    await office.record(CODE, reviewed(PERIOD_OVER), by="CITYB")
    for same in ("CITY", "CITYB"):
        with pytest.raises(Refused, match="expected another person than CITY and CITYB"):
            await office.record(CODE, approved(PERIOD_OVER), by=same)
    await office.record(CODE, approved(PERIOD_OVER), by="D1")


async def test_nothing_is_published_that_was_not_approved(office: Office) -> None:
    await opened(office)
    with pytest.raises(BadInput, match="version 1 stands at drafted; expected company_notified"):
        await office.record(CODE, published(PERIOD_OVER), by="CITY")
    assert await served(office) == []


async def test_nothing_is_out_before_it_was_approved_nor_approved_before_it_was_reviewed(office: Office) -> None:
    await opened(office)
    await office.record(CODE, notified(), by="CITY")
    await office.record(CODE, reviewed(PERIOD_OVER), by="CITYB")
    with pytest.raises(BadInput, match=r"publication_approved: at: seen .*, expected not before 2026-04-20T09:00"):
        await office.record(CODE, approved(OVER), by="D1")
    await office.record(CODE, approved(PERIOD_OVER), by="D1")
    with pytest.raises(BadInput, match=r"published: at: seen .*, expected not before 2026-04-20T09:00"):
        await office.record(CODE, published(OVER), by="CITY")


async def test_what_is_not_agreed_to_must_be_corrected(office: Office) -> None:
    await opened(office)
    await office.record(CODE, notified(), by="CITY")
    await office.record(CODE, reviewed(PERIOD_OVER, agrees=False), by="CITYB")
    with pytest.raises(BadInput, match="stands at to_be_corrected"):
        await office.record(CODE, approved(PERIOD_OVER), by="D1")


# --- 异议 -------------------------------------------------------------------------------------------------------------


async def test_a_company_is_shown_what_will_be_said_of_it(office: Office) -> None:
    await opened(office)
    with pytest.raises(BadInput, match="CO1 was not shown the version"):
        await office.record(CODE, reviewed(PERIOD_OVER), by="CITYB")


async def test_silence_means_nothing_before_the_period_is_over(office: Office) -> None:
    await opened(office)
    await office.record(CODE, notified(), by="CITY")
    last = OVER.date() + dt.timedelta(days=9)
    midnight = dt.datetime.combine(last + dt.timedelta(days=1), dt.time(), OVER.tzinfo)
    with pytest.raises(BadInput, match=f"expected after {last}, the last day for CO1 to object"):
        await office.record(CODE, reviewed(midnight - dt.timedelta(microseconds=1)), by="CITYB")
    await office.record(CODE, reviewed(midnight), by="CITYB")


async def test_a_notice_gives_the_period_of_the_rules(office: Office) -> None:
    await opened(office)
    # Told on Friday, 10 April 2026: seven days are the 17th.
    with pytest.raises(BadInput, match="expected 2026-04-17 or later"):
        await office.record(CODE, notified(objections_until=dt.date(2026, 4, 16)), by="CITY")
    await office.record(CODE, notified(objections_until=dt.date(2026, 4, 17)), by="CITY")


async def test_without_the_operators_period_no_notice_can_be_given(office: Office) -> None:
    office.now = time(12, day=1, month=7)
    await office.open("publication", drafted(), by="CITY", code=CODE)
    with pytest.raises(Refused, match="section `publications` in the file that HEATSTREAM_SUPERVISION_RULES_FILE"):
        await office.record(CODE, notified(), by="CITY")


async def test_a_longer_period_tomorrow_does_not_undo_todays_notice(office: Office) -> None:
    await opened(office)
    await office.record(CODE, notified(), by="CITY")
    await handled_by(office, publications=Publications(objection_days=60, counted="calendar"))
    await on(office, PERIOD_OVER)
    assert len(await served(office)) == 1


async def test_an_objection_waits_for_its_answer(office: Office) -> None:
    await opened(office)
    await office.record(CODE, notified(), by="CITY")
    number = await office.record(CODE, objected(OVER + dt.timedelta(days=1)), by="CO")
    with pytest.raises(BadInput, match="stands at objected"):
        await office.record(CODE, reviewed(PERIOD_OVER), by="CITYB")
    with pytest.raises(BadInput, match=f"expected one that waits: {number}"):
        await office.record(CODE, answered(PERIOD_OVER, 1, upheld=False), by="CITY")
    await office.record(CODE, answered(PERIOD_OVER, number, upheld=False), by="CITY")
    await on(office, PERIOD_OVER)
    assert len(await served(office)) == 1


async def test_an_objection_that_is_right_asks_for_another_content(office: Office) -> None:
    await opened(office)
    await office.record(CODE, notified(), by="CITY")
    number = await office.record(CODE, objected(OVER + dt.timedelta(days=1)), by="CO")
    await office.record(CODE, answered(PERIOD_OVER, number, upheld=True), by="CITY")
    with pytest.raises(BadInput, match="stands at to_be_corrected"):
        await office.record(CODE, reviewed(PERIOD_OVER), by="CITYB")
    with pytest.raises(BadInput, match="the content is that of version 1"):
        await office.record(CODE, corrected(PERIOD_OVER, CARD), by="CITY")
    await office.record(CODE, corrected(PERIOD_OVER), by="CITY")
    with pytest.raises(BadInput, match="CO1 was not shown the version"):
        await office.record(CODE, reviewed(PERIOD_OVER), by="CITYB")


async def test_an_objection_after_the_period_is_kept_as_late(office: Office) -> None:
    await opened(office)
    await office.record(CODE, notified(), by="CITY")
    await office.record(CODE, reviewed(PERIOD_OVER), by="CITYB")
    await office.record(CODE, objected(PERIOD_OVER), by="CO")
    [objection] = (await office.state(CODE)).newest.objections
    assert objection.late
    assert (await office.matter(CODE)).step == "objected"


async def test_each_company_it_names_has_its_period(office: Office) -> None:
    await opened(office, companies=("CO1", "CO2"))
    await office.record(CODE, notified(), by="CITY")
    with pytest.raises(BadInput, match="CO2 was not shown the version"):
        await office.record(CODE, reviewed(PERIOD_OVER), by="CITYB")
    with pytest.raises(BadInput, match="company: seen 'CO3', expected one it names: CO1, CO2"):
        await office.record(CODE, notified(company="CO3"), by="CITY")
    await office.record(CODE, notified(company="CO2"), by="CITY")
    await office.record(CODE, objected(OVER + dt.timedelta(days=1), company="CO2"), by="CITY")
    assert (await office.matter(CODE)).step == "objected"


@pytest.mark.parametrize(
    ("told_on", "counted", "last"),
    [
        # The seventh day after Thursday, 9 April 2026 is a Thursday; after the 11th it is a Saturday.
        (dt.date(2026, 4, 9), "calendar", dt.date(2026, 4, 16)),
        (dt.date(2026, 4, 11), "calendar", dt.date(2026, 4, 20)),
        (dt.date(2026, 4, 9), "working", dt.date(2026, 4, 20)),
    ],
)
async def test_the_day_of_the_notice_is_not_counted(
    office: Office, told_on: dt.date, counted: Any, last: dt.date
) -> None:
    await handled_by(office)
    assert office.given is not None
    rules = Publications(objection_days=7, counted=counted)
    assert last_day_to_object(told_on, rules, office.given.days_off) == last


# --- what was published -----------------------------------------------------------------------------------------------


async def test_what_was_published_is_served_whole_and_unchanged(office: Office) -> None:
    content = {**CARD, "null": None, "深": [{"b": 1, "a": "甲"}, [], {}]}
    await out(office, content=content)
    [found] = await served(office)
    assert found.content == content
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert found.content_sha256 == hashlib.sha256(text.encode()).hexdigest()
    assert (found.version, found.doc_no, found.where) == (1, "市供公〔2026〕1号", "市城管局网站")
    assert found.published_at == PERIOD_OVER + dt.timedelta(hours=2)


async def test_a_correction_is_a_new_version_and_the_old_one_stays(office: Office) -> None:
    await out(office)
    later = PERIOD_OVER + dt.timedelta(days=1)
    await office.record(CODE, corrected(later), by="D2")
    assert [each.version for each in await served(office)] == [1]
    await office.record(CODE, notified(later), by="CITY")
    await on(office, later + dt.timedelta(days=10))
    first, second = await served(office)
    assert (first.content, first.superseded_at) == (CARD, later + dt.timedelta(days=10, hours=2))
    assert (second.version, second.content, second.superseded_at) == (2, {"CO1": {"total_e2": 8_230}}, None)


async def test_what_was_withdrawn_is_served_as_withdrawn(office: Office) -> None:
    await out(office)
    gone = publications.Withdrawn(at=PERIOD_OVER + dt.timedelta(days=1), why="撤回", reason="计算有误")
    await office.record(CODE, gone, by="CITY")
    [found] = await served(office)
    assert (found.content, found.withdrawn_because) == (CARD, "计算有误")


def test_a_content_has_its_own_hash() -> None:
    with pytest.raises(ValidationError, match=r"expected [0-9a-f]{64}, which the content has"):
        drafted(content_sha256="ab" * 32)


@pytest.mark.parametrize("inexact", [1.5, Decimal("1.5"), dt.date(2026, 1, 1), "\0", "\ud800"])
def test_a_content_holds_what_json_gives_back(inexact: object) -> None:
    with pytest.raises(ValidationError, match=r"content\.CO1\.1: seen"):
        drafted(content={"CO1": [1, inexact]})

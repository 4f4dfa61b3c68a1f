"""Matters by the API: the morning's list, pages of matters, and one whole."""

from heatstream.supervision.homes import assessments

from . import test_work_orders as calls
from .companies import OVER, drafted, handled_by
from .test_companies_api import asking
from .told import estimated, restored, seen
from .town import Office, time


async def opened(office: Office) -> None:
    """Two incidents: the one of X1 is old, the one of X3 has just begun."""
    office.now = time(12)
    await office.open("incident", seen(), by="heatstream", code="INC-1")
    await office.open(
        "incident", seen(begins=time(11), station="X3", span=2, at=time(11, 40)), by="heatstream", code="INC-2"
    )
    await office.record("INC-1", estimated(time(9), time(13)), by="CO")


async def test_the_morning_says_where_to_go_why_and_by_when(office: Office) -> None:
    await opened(office)
    async with asking(office) as client:
        told = (await client.get("/today")).json()
        ours = (await client.get("/today", params={"company": "CO2"})).json()
        first = (await client.get("/today", params={"limit": 1})).json()
    assert [(each["where"], each["households"], each["matter"]["matter"]) for each in told["rows"]] == [
        ("X1", 3, "INC-1"),
        ("X3", 1, "INC-2"),
    ]
    assert [each["matter"]["matter"] for each in ours["rows"]] == ["INC-2"]
    assert (told["total"], ours["total"], first["total"], first["rows"]) == (2, 1, 2, told["rows"][:1])
    assert told["rows"][0]["next_due_at"] == "2026-01-05T14:00:00+08:00"


async def test_matters_are_paged_in_the_order_they_were_opened_in(office: Office) -> None:
    await opened(office)
    async with asking(office) as client:
        first = (await client.get("/matters", params={"limit": 1, "open": True})).json()
        second = (await client.get("/matters", params={"limit": 1, "open": True, "next": first["next"]})).json()
        tasks = (await client.get("/matters", params={"kind": "task"})).json()
    assert [each["matter"] for page in (first, second) for each in page["rows"]] == ["INC-1", "INC-2"]
    assert (second["next"], tasks["rows"]) == (None, [])


async def test_a_matter_is_told_whole_with_both_repair_rules_side_by_side(office: Office) -> None:
    await opened(office)
    async with asking(office) as client:
        told = (await client.get("/matters/INC-1")).json()
        nothing = await client.get("/matters/INC-9")
    assert [(each["number"], each["kind"], each["officer"]) for each in told["events"]] == [
        (1, "span_seen", "heatstream"),
        (2, "estimated", "CO"),
    ]
    assert {each["rule"] for each in told["incident"]["repair"]["clocks"]} == {"jilin_2012", "jilin_2024"}
    assert "restored" in told["coming"]
    assert nothing.status_code == 404
    assert "INC-9" in nothing.json()["detail"]


async def test_a_draft_that_nobody_approved_needs_the_scope_claims(office: Office) -> None:
    await handled_by(office)
    office.now = OVER
    draft = await office.open("publication", drafted(), by="CITY")
    bodies = []
    for scopes in ((), ("claims",)):
        async with asking(office, *scopes) as client:
            bodies.append((await client.get(f"/matters/{draft}")).json()["events"][0]["body"])
    assert bodies[0] is None
    assert bodies[1]["title"] == "2025-2026 采暖期考核结果"


async def test_a_filter_that_names_nobody_is_refused(office: Office) -> None:
    async with asking(office) as client:
        answers = [await client.get("/today", params={"company": "CO9"}), await client.get("/matters?kind=rumour")]
    assert [each.status_code for each in answers] == [400, 400]


async def test_what_residents_said_and_how_warm_homes_are_needs_the_scope_claims(office: Office) -> None:
    called = calls.opened(building="B1", household="H1")
    order = await office.open("work_order", called, by="heatstream")
    await office.open("incident", seen(), by="heatstream", code="INC-1")
    async with office.desk() as desk:
        assessment = await assessments.assess(desk, "报停-1")
    bodies = {}
    for scopes in ((), ("claims",)):
        async with asking(office, *scopes) as client:
            told = [(await client.get(f"/matters/{code}")).json()["events"][0] for code in (order, assessment, "INC-1")]
        assert all(len(each["hash"]) == 64 and each["officer"] == "heatstream" for each in told)
        bodies[scopes] = [each["body"] for each in told]
    assert [each is None for each in bodies[()]] == [True, True, False]
    assert bodies["claims",][0]["household"] == "H1"
    assert bodies["claims",][1] is not None


async def test_a_matter_is_told_as_it_stood(office: Office) -> None:
    office.now = time(12)
    await office.open("incident", seen(), by="heatstream", code="INC-1")
    office.now = time(13)
    await office.record("INC-1", restored(time(13)), by="CO")
    async with asking(office) as client:
        before, then, now = [
            await client.get("/matters/INC-1", params={"as_of": time(hour).isoformat()}) for hour in (11, 12, 13)
        ]
    assert before.status_code == 404
    assert [len(each.json()["events"]) for each in (then, now)] == [1, 2]
    assert [each.json()["incident"] for each in (then, now)] == [None, None]
    told = ["company says restored" in each.json()["matter"]["headline"] for each in (then, now)]
    assert told == [False, True]

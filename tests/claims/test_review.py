"""What comes after a ruling opens a 复核; the ruling stands."""

import datetime as dt
from collections import Counter
from pathlib import Path

from sqlalchemy import select

from heatstream.claims import review
from heatstream.rules import holidays
from heatstream.store.tables import review_task
from tests.evaluate.town import at, folder_of_choices

from .rig import NOW, Office, given


async def refresh(office: Office) -> Counter[str]:
    return await review.refresh(office.engine, holidays.load(), lambda: office.now)


async def tasks(office: Office) -> list[tuple[str, str | None]]:
    async with office.engine.connect() as conn:
        rows = await conn.execute(select(review_task.c.kind, review_task.c.outcome).order_by(review_task.c.id))
        return [(kind, outcome) for kind, outcome in rows]


async def late_readings(office: Office) -> None:
    """A second point of the home is read late: it was colder still on the sixth."""
    await office.town.point("P2", "H1", room_kind="living_room")
    day = dt.date(2026, 1, 6)
    await office.town.write({"P2": [(at(day, minute), 1500) for minute in range(0, 24 * 60, 10)]})
    await office.judge()


async def test_nothing_new_opens_no_review(office: Office) -> None:
    await office.served()
    assert await refresh(office) == Counter(ruled=1)


async def test_late_data_opens_one_review_and_the_ruling_stands(office: Office) -> None:
    await office.served()
    ruled = await office.claim()
    await late_readings(office)
    counts = [await refresh(office), await refresh(office)]
    assert counts == [Counter(ruled=1, reviews=1), Counter(ruled=1)]
    assert await tasks(office) == [("late_data", None)]
    after = await office.claim()
    assert (after.ruled_fen, after.entitlement_fen, after.step) == (ruled.ruled_fen, ruled.entitlement_fen, "served")


async def test_a_review_that_found_the_ruling_to_stand_is_not_opened_again(office: Office) -> None:
    await office.served()
    await late_readings(office)
    await refresh(office)
    number = len((await office.way()).recorded)
    closed = {"review": number, "outcome": "ruling_stands", "grounds": "裁定时已知"}
    await office.record(given("review_closed", NOW, **closed), "D2")
    assert await refresh(office) == Counter(ruled=1)
    assert await tasks(office) == [("late_data", "ruling_stands")]


async def test_an_open_claim_is_computed_anew(office: Office) -> None:
    await office.applied()
    before = (await office.claim()).entitlement_fen
    await late_readings(office)
    assert await refresh(office) == Counter(open=1)
    assert (before, (await office.claim()).entitlement_fen) == (6 * 300, 5 * 300 + 600)


async def test_another_fee_in_the_registry_opens_a_review(office: Office) -> None:
    await office.served()
    await office.town.change("contract", "code", "H1", fee_due_fen=338_000, fee_paid_fen=338_000)
    await office.judge()
    await refresh(office)
    assert await tasks(office) == [("registry", None)]


async def test_a_decided_conflict_opens_a_review(office: Office) -> None:
    await office.served()
    instant = at(dt.date(2026, 1, 6), 600)
    await office.town.conflict("P1", instant, 1300)
    await office.judge()
    await office.town.decide("P1", instant, 1300)
    await office.judge()
    await refresh(office)
    assert await tasks(office) == [("conflict_decided", None)]


async def test_another_policy_opens_a_review(office: Office, tmp_path: Path) -> None:
    await office.served()
    await office.judge(choices_file=folder_of_choices(tmp_path, max_ratio_per_day="0.2"))
    await refresh(office)
    assert await tasks(office) == [("policy", None)]


async def test_time_that_passes_opens_no_review(office: Office) -> None:
    await office.served()
    day = dt.date(2026, 1, 13)
    await office.town.write({"P1": [(at(day, minute), 1650) for minute in range(0, 24 * 60, 10)]})
    await office.judge(through=day)
    assert await refresh(office) == Counter(ruled=1)

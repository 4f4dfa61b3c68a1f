"""A claim in the town: H3 complained in the morning, was measured, and disputes it: the authority is to measure."""

import datetime as dt

from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.claims import events
from heatstream.claims.act import Desk
from heatstream.rules import holidays
from tests.claims.rig import given, visit
from tests.serve import town
from tests.signed import officer_of

CLAIM = "C-H3"
AT = town.at(town.DAYS[-1], 8)


async def build(conn: AsyncConnection) -> None:
    desk = Desk(conn, holidays.load(), lambda: town.NOW)
    clerk, hotline = await officer_of(conn, "company", company="E2"), await officer_of(conn, "hotline")
    request = given("opened", AT, household="H3", way="complaint", temperature_complaint=True)
    assert isinstance(request, events.Opened)
    await desk.open(request, by=clerk, code=CLAIM)
    await desk.record(CLAIM, given("contacted", AT + dt.timedelta(minutes=9), by_means="电话"), by=clerk)
    await desk.record(CLAIM, visit(AT + dt.timedelta(minutes=20)), by=clerk)
    await desk.record(CLAIM, given("escalated", AT + dt.timedelta(hours=1), trigger="disputed"), by=hotline)

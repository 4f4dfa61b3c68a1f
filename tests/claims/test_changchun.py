"""Changchun, whose tiers nobody could read: its clocks run, its escalation works, and a 不退费 ruling can be issued."""

from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from heatstream.errors import BadInput

from .rig import Office, drafted, given, time

CHOICES = Path(__file__).parent / "changchun.choices.yaml"


@pytest.fixture
async def office(engine: AsyncEngine) -> Office:
    return await Office.found(engine, CHOICES)


async def test_a_ruling_not_to_refund_is_issued_where_nothing_can_be_computed(office: Office) -> None:
    await office.ruled(outcome="no_refund", ruled_fen=0)
    claim = await office.claim()
    assert (claim.step, claim.ruled_fen, claim.entitlement_fen) == ("ruled", 0, None)


async def test_a_refund_needs_a_reason_where_no_entitlement_is_determined(office: Office) -> None:
    bundle = await office.heard()
    with pytest.raises(BadInput, match="应退热费 is undetermined; expected other_amount_because"):
        await office.record(drafted(time(9, day=13), bundle, perform_by="2026-02-10"), "D1")


async def test_its_clocks_run(office: Office) -> None:
    await office.open()
    await office.record(given("contacted", time(8, 31), by_means="电话"), "CO")
    seen = await office.assessed()
    stands = {clock.name: clock.state(office.now) for clock in seen.clocks}
    assert stands == {"contact": "breached", "measure": "breached"}


async def test_the_authority_is_called_where_nobody_measured_in_time(office: Office) -> None:
    await office.open()
    number = await office.record(given("escalated", time(9), trigger="not_measured_in_time"), "HOT")
    assert number == 2

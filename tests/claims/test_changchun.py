"""Changchun, whose tiers nobody could read: its clocks run, its escalation works, and a 不退费 ruling can be issued."""

import pytest

from heatstream.claims import shown
from heatstream.errors import BadInput

from .rig import Office, drafted, given, time


async def test_a_ruling_not_to_refund_is_issued_where_nothing_can_be_computed(changchun: Office) -> None:
    await changchun.ruled(outcome="no_refund", ruled_fen=0)
    claim = await changchun.claim()
    assert (claim.step, claim.ruled_fen, claim.entitlement_fen) == ("ruled", 0, None)


async def test_a_refund_needs_a_reason_where_no_entitlement_is_determined(changchun: Office) -> None:
    bundle = await changchun.heard()
    with pytest.raises(BadInput, match="应退热费 is undetermined; expected other_amount_because"):
        await changchun.record(drafted(time(9, day=13), bundle, perform_by="2026-02-10"), "D1")


async def test_its_clocks_run_and_its_amount_says_why_there_is_none(changchun: Office) -> None:
    await changchun.open()
    await changchun.record(given("contacted", time(8, 31), by_means="电话"), "CO")
    seen = await changchun.assessed()
    stands = {clock.name: clock.state(changchun.now) for clock in seen.clocks}
    assert stands == {"contact": "breached", "measure": "breached"}
    told = shown.tree(seen, [], [], changchun.now)["amount"]["refusal"]
    assert told.endswith("cn-22-changchun judges no claim: nobody could read its tiers (tiers: null)")
    assert seen.amount.refusal is not None
    assert seen.amount.refusal.zh.endswith("不能依 cn-22-changchun 判定退费案件：尚未查到其档次（tiers: null）")


async def test_the_authority_is_called_where_nobody_measured_in_time(changchun: Office) -> None:
    await changchun.open()
    number = await changchun.record(given("escalated", time(9), trigger="not_measured_in_time"), "HOT")
    assert number == 2

"""The whole way of a cold home on the fictional law, from its application to a paid ruling."""

from .rig import Office, given, time


async def test_a_cold_homes_claim_goes_from_application_to_a_paid_ruling(office: Office) -> None:
    await office.served()
    owed = (await office.claim()).entitlement_fen
    paid = {"fen": owed, "paid_on": "2026-01-15", "voucher_no": "退-1", "payee": "户主"}
    await office.record(given("payment_made", time(9, day=15), **paid), "CO")
    await office.record(given("closed", time(10, day=15)), "D1")
    claim = await office.claim()
    assert (claim.step, claim.ruled_fen, claim.paid_fen, claim.next_due_at) == ("closed", owed, owed, None)
    assert owed == 6 * 300

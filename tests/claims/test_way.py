"""The whole way of a cold home on the fictional law, from its application to a paid ruling."""

from .rig import Office, given, opened, time


async def test_a_cold_homes_claim_goes_from_application_to_a_paid_ruling(office: Office) -> None:
    await office.served()
    owed = (await office.claim()).entitlement_fen
    paid = {"fen": owed, "paid_on": "2026-01-15", "voucher_no": "退-1", "payee": "户主"}
    await office.record(given("payment_made", time(9, day=15), **paid), "CO")
    await office.record(given("closed", time(10, day=15)), "D1")
    claim = await office.claim()
    assert (claim.step, claim.ruled_fen, claim.paid_fen, claim.next_due_at) == ("closed", owed, owed, None)
    assert owed == 6 * 300


async def test_an_accepted_self_refund_ends_the_claim_without_the_authority(office: Office) -> None:
    await office.measured()
    offer = {"fen": 300, "day_from": "2026-01-05", "day_to": "2026-01-05"}
    await office.record(given("self_refund_offered", time(9, day=6), **offer), "CO")
    await office.record(given("self_refund_accepted", time(10, day=6), by_name="户主"), "H1")
    steps = [(await office.claim()).step]
    paid = {"fen": 300, "paid_on": "2026-01-07", "voucher_no": "退-1", "payee": "户主"}
    await office.record(given("payment_made", time(9, day=7), **paid), "CO")
    steps.append((await office.claim()).step)
    await office.record(given("closed", time(10, day=7)), "CO")
    claim = await office.claim()
    assert (steps, claim.step, claim.paid_fen, claim.ruled_fen) == (["accepted", "performed"], "closed", 300, None)


async def test_what_the_company_offered_and_the_household_refused_goes_to_the_authority(office: Office) -> None:
    await office.measured()
    offer = {"fen": 1, "day_from": "2026-01-05", "day_to": "2026-01-05"}
    await office.record(given("self_refund_offered", time(9, day=6), **offer), "CO")
    await office.record(given("self_refund_refused", time(10, day=6), by="household"), "H1")
    await office.record(given("authority_applied", time(11, day=6), asks="退费"), "H1")
    assert (await office.claim()).step == "applied"


async def test_a_day_that_was_given_back_is_not_given_back_again(office: Office) -> None:
    await office.served()
    paid = {"fen": 1800, "paid_on": "2026-01-15", "voucher_no": "退-1", "payee": "户主"}
    await office.record(given("payment_made", time(9, day=15), **paid), "CO")
    await office.record(given("closed", time(10, day=15)), "D1")
    code = await office.open(opened(time(8, day=8)))
    seen = await office.assessed(code)
    assert [each["from"] for each in seen.facts["exclusions"]] == [f"2026-01-{day:02d}" for day in range(5, 11)]
    assert (seen.amount.counts_to_fen, seen.amount.given_back()) == (0, ())


async def test_a_day_of_an_accepted_self_refund_is_not_given_back_again(office: Office) -> None:
    await office.measured()
    offer = {"fen": 600, "day_from": "2026-01-05", "day_to": "2026-01-08"}
    await office.record(given("self_refund_offered", time(9, day=9), **offer), "CO")
    await office.record(given("self_refund_accepted", time(10, day=9), by_name="户主"), "H1")
    paid = {"fen": 600, "paid_on": "2026-01-09", "voucher_no": "退-1", "payee": "户主"}
    await office.record(given("payment_made", time(11, day=9), **paid), "CO")
    await office.record(given("closed", time(12, day=9)), "CO")
    code = await office.open(opened(time(8, day=8)))
    assert [f"{day}" for day in (await office.assessed(code)).amount.given_back()] == ["2026-01-09", "2026-01-10"]

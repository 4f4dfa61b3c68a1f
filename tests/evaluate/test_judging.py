"""What comes of stored readings, on both editions: outcomes, reasons, amounts, and when they are found anew."""

import datetime as dt
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from heatstream.core.finding import Change, Outcome, Reason
from heatstream.rules.pack import SHIPPED
from heatstream.store import tables

from .town import CHOICES, DAY, FEE_FEN, NEXT, Town, at, evaluator, folder_of_choices, whole_day

COLD_HOUR = dict.fromkeys(range(600, 670, 10), 1700)
"""From 10:00 to 11:10 below the standard: longer than the demo's 60 minutes."""


@pytest.mark.every_edition
async def test_a_day_at_exactly_the_standard_complies(town: Town, engine: AsyncEngine) -> None:
    await town.monitored("a")
    await town.write({"a": whole_day(1800)})
    await evaluator(engine).once(through=DAY)
    found = await town.current("a")
    assert (found.outcome, found.value_centi, found.margin_centi, found.computed_fen) == (Outcome.COMPLIANT, 1800, 0, 0)


async def test_a_cold_hour_fails_the_day_and_computes_its_tier(town: Town, engine: AsyncEngine) -> None:
    await town.monitored("a")
    await town.write({"a": whole_day(but=COLD_HOUR)})
    await evaluator(engine).once(through=DAY)
    found = await town.current("a")
    assert (found.outcome, found.value_centi, found.below_min, found.tier) == (Outcome.FAILING, 1700, 70, 0)
    assert (found.ratio_e4, found.computed_fen) == (3000, FEE_FEN * 3 // 10 // 169)
    assert (found.entitlement_fen, found.ruled_fen, found.point_id) == (None, None, town.points["a"])


async def test_the_statistic_of_a_day_keeps_day_and_night_apart(town: Town, engine: AsyncEngine) -> None:
    await town.monitored("a")
    await town.write({"a": whole_day(but={12 * 60: 1750, 25 * 60: 1650})})
    await evaluator(engine).once(through=DAY)
    row = await town.statistics("a")
    assert (row.min_centi, row.day_min_centi, row.night_min_centi) == (1750, 1750, 1650)
    assert (row.slots_valid, row.day_slots_valid, row.night_slots_valid) == (144, 96, 48)
    assert (row.readings, row.below_min, row.limit_centi) == (144, 10, 1800)


async def test_a_gap_leaves_the_day_undetermined(town: Town, engine: AsyncEngine) -> None:
    await town.monitored("a")
    await town.write({"a": whole_day()[:100]})
    await evaluator(engine).once(through=DAY)
    found = await town.current("a")
    assert (found.outcome, found.reason, found.computed_fen) == (Outcome.UNDETERMINED, Reason.COVERAGE, None)


async def test_an_accepted_point_without_a_reading_is_undetermined(town: Town, engine: AsyncEngine) -> None:
    await town.monitored("a", "silent")
    await town.write({"a": whole_day()})
    await evaluator(engine).once(through=DAY)
    assert (await town.current("silent")).outcome == Outcome.UNDETERMINED


async def test_a_home_without_any_point_gets_no_row(town: Town, engine: AsyncEngine) -> None:
    await town.monitored("a")
    await town.home("bare")
    await town.write({"a": whole_day()})
    await evaluator(engine).once(through=DAY)
    assert await town.findings("bare") == []


@pytest.mark.every_edition
async def test_a_home_that_lost_its_point_is_unmonitored_from_then_on(town: Town, engine: AsyncEngine) -> None:
    await town.home("a")
    await town.point("a", "a", valid_to=at(NEXT))
    await town.write({"a": whole_day()[:144]})
    late = at(DAY + dt.timedelta(days=4), 12 * 60)
    await evaluator(engine, late).once(through=DAY + dt.timedelta(days=2))
    outcomes = [(each.period_from, each.outcome) for each in await town.findings("a", None)]
    assert outcomes == [
        (DAY, Outcome.COMPLIANT),
        (NEXT, Outcome.UNMONITORED),
        (DAY + dt.timedelta(days=2), Outcome.UNMONITORED),
    ]


async def test_readings_before_the_acceptance_are_no_evidence(town: Town, engine: AsyncEngine) -> None:
    await town.home("a")
    await town.point("a", "a", accepted_on=NEXT)
    await town.point("b", "a")
    await town.write({"a": whole_day(1500), "b": whole_day(2000)})
    await evaluator(engine).once(through=DAY)
    assert (await town.current("a")).outcome == Outcome.COMPLIANT
    assert len(await town.rows(select(tables.day_statistic.c.point_id))) == 1


async def test_a_stopped_household_is_undetermined_for_that_reason(town: Town, engine: AsyncEngine) -> None:
    await town.monitored("a")
    async with engine.begin() as conn:
        row = {"code": "S1", "household_id": town.homes["a"], "valid_from": DAY}
        await conn.execute(tables.stop_period.insert().values(row))
    await town.write({"a": whole_day(1500)})
    await evaluator(engine).once(through=DAY)
    found = await town.current("a")
    assert (found.outcome, found.reason, found.computed_fen) == (Outcome.UNDETERMINED, Reason.STOPPED, None)


async def test_a_contract_that_supplies_nothing_is_a_stop(town: Town, engine: AsyncEngine) -> None:
    await town.home("a", supplied=False)
    await town.point("a", "a")
    await town.write({"a": whole_day(1500)})
    await evaluator(engine).once(through=DAY)
    assert (await town.current("a")).reason == Reason.STOPPED


async def test_a_contract_may_promise_more_than_the_law(town: Town, engine: AsyncEngine) -> None:
    await town.home("a", standard_centi=2000)
    await town.point("a", "a")
    await town.monitored("b")
    await town.write({"a": whole_day(1990), "b": whole_day(1990)})
    await evaluator(engine).once(through=DAY)
    found = [await town.current(home) for home in "ab"]
    assert [(each.outcome, each.limit_centi) for each in found] == [
        (Outcome.FAILING, 2000),
        (Outcome.COMPLIANT, 1800),
    ]


async def test_the_tiers_of_residents_say_nothing_of_a_shop(town: Town, engine: AsyncEngine) -> None:
    await town.home("shop", kind="other")
    await town.point("shop", "shop")
    await town.write({"shop": whole_day(1500)})
    await evaluator(engine).once(through=DAY)
    found = await town.current("shop")
    assert (found.outcome, found.tier, found.computed_fen) == (Outcome.FAILING, None, None)


async def test_without_a_registered_fee_no_amount_is_computed(town: Town, engine: AsyncEngine) -> None:
    await town.home("a", fee_fen=None)
    await town.point("a", "a")
    await town.write({"a": whole_day(1500)})
    await evaluator(engine).once(through=DAY)
    found = await town.current("a")
    assert (found.outcome, found.tier, found.computed_fen) == (Outcome.FAILING, 1, None)


@pytest.mark.every_edition
async def test_the_coldest_room_decides_and_is_named(town: Town, engine: AsyncEngine) -> None:
    await town.home("a")
    await town.point("living", "a", room_kind="living_room")
    await town.point("bed", "a", room_kind="bedroom")
    await town.write({"living": whole_day(2100), "bed": whole_day(1750)})
    await evaluator(engine).once(through=DAY)
    found = await town.current("a")
    assert (found.outcome, found.value_centi, found.point_id) == (Outcome.FAILING, 1750, town.points["bed"])


async def test_a_cold_kitchen_fails_nothing_where_the_law_speaks_of_bedrooms(town: Town, engine: AsyncEngine) -> None:
    await town.home("a")
    await town.point("kitchen", "a", room_kind="kitchen")
    await town.point("bed", "a", room_kind="bedroom")
    await town.write({"kitchen": whole_day(1200), "bed": whole_day(2000)})
    await evaluator(engine).once(through=DAY)
    assert (await town.current("a")).outcome == Outcome.COMPLIANT
    assert (await town.statistics("kitchen")).min_centi == 1200


async def test_points_of_unlike_intervals_are_judged_together(town: Town, engine: AsyncEngine) -> None:
    await town.home("a")
    await town.point("ten", "a")
    await town.point("hour", "a", interval_min=60)
    await town.point("five", "a", interval_min=5)
    hourly = [(at(DAY, minute), 1900) for minute in range(0, 30 * 60, 60)]
    often = [(at(DAY, minute), 1950) for minute in range(0, 30 * 60, 5)]
    await town.write({"ten": whole_day(), "hour": hourly, "five": often})
    await evaluator(engine).once(through=DAY)
    assert (await town.current("a")).value_centi == 1900
    slots = [(await town.statistics(device)).slots_valid for device in ("ten", "hour", "five")]
    assert slots == [144, 24, 288]


@pytest.mark.every_edition
async def test_a_conflict_blocks_compliance_until_it_is_decided(town: Town, engine: AsyncEngine) -> None:
    await town.monitored("a")
    await town.write({"a": whole_day()})
    await town.conflict("a", at(DAY, 600), 1500)
    work = evaluator(engine, settle_s=0)
    await work.once(through=DAY)
    before = await town.current("a")
    assert (before.outcome, before.reason, before.slots_valid) == (Outcome.UNDETERMINED, Reason.CONFLICT, 143)
    await town.decide("a", at(DAY, 600), 2000)
    await work.once(settle=False, through=DAY)
    after = await town.current("a")
    assert (after.outcome, after.change, after.supersedes) == (Outcome.COMPLIANT, Change.CONFLICT_DECIDED, before.id)
    assert after.slots_valid == 144


@pytest.mark.parametrize(("chosen", "minimum", "valid"), [(1650, 1650, 144), (None, 2000, 143), (2000, 2000, 144)])
async def test_the_officer_may_choose_either_value_or_neither(
    town: Town, engine: AsyncEngine, chosen: int | None, minimum: int, valid: int
) -> None:
    await town.monitored("a")
    await town.write({"a": whole_day()})
    await town.conflict("a", at(DAY, 600), 1650)
    await town.decide("a", at(DAY, 600), chosen)
    await evaluator(engine).once(through=DAY)
    row = await town.statistics("a")
    assert (row.min_centi, row.slots_valid, row.conflicts) == (minimum, valid, 0)


@pytest.mark.every_edition
async def test_the_last_decision_stands(town: Town, engine: AsyncEngine) -> None:
    await town.monitored("a")
    await town.write({"a": whole_day()})
    await town.conflict("a", at(DAY, 600), 1650)
    await town.decide("a", at(DAY, 600), 1650)
    await town.decide("a", at(DAY, 600), 2000)
    await evaluator(engine).once(through=DAY)
    assert (await town.statistics("a")).min_centi == 2000


@pytest.mark.every_edition
async def test_a_late_reading_that_changes_the_result_makes_a_new_finding(town: Town, engine: AsyncEngine) -> None:
    await town.monitored("a")
    await town.write({"a": whole_day()[:100]})
    work = evaluator(engine)
    await work.once(through=DAY)
    first = await town.current("a")
    await town.write({"a": whole_day()[100:]})
    await work.once(settle=False, through=DAY)
    second = await town.current("a")
    assert (second.outcome, second.change, second.supersedes) == (Outcome.COMPLIANT, Change.LATE_READINGS, first.id)
    assert [each.id for each in await town.findings("a")] == [first.id, second.id]


@pytest.mark.every_edition
async def test_a_late_day_waits_until_its_backlog_has_settled(town: Town, engine: AsyncEngine) -> None:
    await town.monitored("a")
    await town.write({"a": whole_day()[:100]})
    now = dt.datetime.now(dt.UTC)
    await evaluator(engine, now).once(through=DAY)
    await town.write({"a": whole_day()[100:]})
    assert (await evaluator(engine, now).once(through=DAY))["judged"] == 0
    assert (await evaluator(engine, now + dt.timedelta(minutes=6)).once(through=DAY))["judged"] == 1


@pytest.mark.every_edition
async def test_a_day_judged_again_with_the_same_result_makes_no_row(town: Town, engine: AsyncEngine) -> None:
    await town.monitored("a")
    await town.write({"a": whole_day()})
    work = evaluator(engine)
    await work.once(through=DAY)
    await town.change("household", "code", "a", door="101")
    counts = await work.once(settle=False, through=DAY)
    assert (counts["judged"], counts["unchanged"], counts["findings"]) == (1, 1, 0)
    assert len(await town.findings("a")) == 1


@pytest.mark.every_edition
async def test_a_changed_fee_is_judged_again(town: Town, engine: AsyncEngine) -> None:
    await town.monitored("a")
    await town.write({"a": whole_day(1500)})
    work = evaluator(engine)
    await work.once(through=DAY)
    await town.change("contract", "code", "a", fee_due_fen=2 * FEE_FEN)
    await work.once(settle=False, through=DAY)
    found = await town.current("a")
    assert (found.change, found.computed_fen) == (Change.REGISTRY, 2 * FEE_FEN * 6 // 10 // 169)


@pytest.mark.every_edition
async def test_a_point_accepted_afterwards_brings_its_closed_days(town: Town, engine: AsyncEngine) -> None:
    await town.home("a")
    await town.point("a", "a", accepted_on=None)
    await town.write({"a": whole_day()})
    work = evaluator(engine)
    await work.once(through=DAY)
    assert await town.findings("a") == []
    await town.change("point", "device", "a", accepted_on=DAY)
    await work.once(settle=False, through=DAY)
    assert (await town.current("a")).outcome == Outcome.COMPLIANT


@pytest.mark.every_edition
async def test_another_policy_judges_the_season_again(town: Town, engine: AsyncEngine, tmp_path: Path) -> None:
    await town.monitored("a", "b")
    await town.write({"a": whole_day(but=COLD_HOUR), "b": whole_day()})
    await evaluator(engine).once(through=DAY)
    choices = folder_of_choices(tmp_path, daily_statistic="{sustained_below_min: 120}")
    await evaluator(engine, choices_file=choices).once(settle=False, through=DAY)
    changed, same = await town.findings("a"), await town.findings("b")
    assert [(each.outcome, each.change) for each in changed] == [
        (Outcome.FAILING, Change.CLOSED),
        (Outcome.COMPLIANT, Change.POLICY),
    ]
    assert changed[0].policy_id != changed[1].policy_id
    assert len(same) == 1


@pytest.mark.parametrize(("percentile", "outcome"), [(4, Outcome.FAILING), (5, Outcome.COMPLIANT)])
async def test_seven_cold_slots_reach_four_per_cent_of_a_day_and_not_five(
    town: Town, engine: AsyncEngine, tmp_path: Path, percentile: int, outcome: Outcome
) -> None:
    await town.monitored("a")
    await town.write({"a": whole_day(but=COLD_HOUR)})
    choices = folder_of_choices(tmp_path, daily_statistic=f"{{percentile: {percentile}}}")
    await evaluator(engine, choices_file=choices).once(settle=False, through=DAY)
    assert (await town.current("a")).outcome == outcome


async def test_days_that_another_policy_leaves_out_of_its_season_are_found_so(
    town: Town, engine: AsyncEngine, tmp_path: Path
) -> None:
    await town.monitored("a")
    await town.write({"a": whole_day(1500)})
    await evaluator(engine).once(through=DAY)
    law = (SHIPPED / "demo-shili.yaml").read_text(encoding="utf-8").replace("10-20T00:00", "01-06T00:00")
    (tmp_path / "later.yaml").write_text(law.replace("id: demo-shili", "id: later"), encoding="utf-8")
    choices = tmp_path / "choices.txt"
    choices.write_text(CHOICES.read_text(encoding="utf-8").replace("[demo-shili]", "[later]"), encoding="utf-8")
    await evaluator(engine, choices_file=choices, packs_dir=tmp_path).once(settle=False, through=DAY)
    found = await town.current("a")
    assert (found.outcome, found.reason, found.computed_fen) == (Outcome.UNDETERMINED, Reason.OUTSIDE_SEASON, None)


async def test_the_same_policy_again_judges_nothing(town: Town, engine: AsyncEngine) -> None:
    await town.monitored("a")
    await town.write({"a": whole_day()})
    await evaluator(engine).once(through=DAY)
    assert (await evaluator(engine).once(settle=False, through=DAY))["judged"] == 0


async def test_without_choices_there_are_statistics_and_no_findings(town: Town, engine: AsyncEngine) -> None:
    await town.monitored("a")
    await town.write({"a": whole_day(1700)})
    work = evaluator(engine, choices_file=None)
    await work.once(through=DAY)
    assert "HEATSTREAM_EVALUATE_CHOICES_FILE" in (work.rulebook.refusal or "")
    assert (await town.statistics("a")).below_min == 24 * 60
    assert await town.findings("a") == []


async def test_choices_made_later_bring_the_findings_of_the_season(town: Town, engine: AsyncEngine) -> None:
    await town.monitored("a")
    await town.write({"a": whole_day()})
    await evaluator(engine, choices_file=None).once(through=DAY)
    await evaluator(engine).once(settle=False, through=DAY)
    found = await town.current("a")
    assert (found.outcome, found.change) == (Outcome.COMPLIANT, Change.CLOSED)


async def test_a_missing_choice_refuses_findings_and_is_named(town: Town, engine: AsyncEngine, tmp_path: Path) -> None:
    await town.monitored("a")
    await town.write({"a": whole_day()})
    choices = folder_of_choices(tmp_path, daily_statistic="null")
    work = evaluator(engine, choices_file=choices)
    await work.once(through=DAY)
    assert "daily_statistic" in (work.rulebook.refusal or "")
    assert len(await town.rows(select(tables.day_statistic.c.point_id))) == 1
    assert await town.findings("a") == []


async def test_outside_the_season_there_are_statistics_and_no_findings(town: Town, engine: AsyncEngine) -> None:
    summer = dt.date(2025, 7, 1)
    await town.monitored("a")
    await town.write({"a": whole_day(2600, summer)})
    await evaluator(engine, at(summer, 3 * 1440)).once(through=summer)
    assert (await town.statistics("a", summer)).slots_valid == 144
    assert await town.findings("a", None) == []


@pytest.mark.every_edition
async def test_a_day_whose_readings_were_deleted_stays_as_it_was_found(town: Town, engine: AsyncEngine) -> None:
    await town.monitored("a")
    await town.write({"a": whole_day(1500)})
    work = evaluator(engine)
    await work.once(through=DAY)
    async with engine.begin() as conn:
        await conn.execute(tables.reading.delete().where(tables.reading.c.observed_at < at(DAY, 600)))
    await town.change("contract", "code", "a", fee_due_fen=1)
    counts = await work.once(settle=False, through=DAY)
    assert (counts["readings_deleted"], counts["findings"]) == (1, 0)
    assert (await town.statistics("a")).readings == 144
    assert await town.marks() == 0


@pytest.mark.every_edition
async def test_a_run_keeps_its_policy_its_cut_off_and_its_counts(town: Town, engine: AsyncEngine) -> None:
    await town.monitored("a")
    batch = await town.write({"a": whole_day()})
    await evaluator(engine).once(through=DAY)
    [run] = await town.rows(select(tables.run))
    [policy] = await town.rows(select(tables.policy))
    assert (run.policy_id, run.through_batch, run.counts["compliant"]) == (policy.id, batch, 1)
    assert run.ended_at is not None
    assert policy.watermark == "演示·非法律依据"


@pytest.mark.every_edition
async def test_every_home_of_a_town_is_judged_once_whatever_the_chunk(town: Town, engine: AsyncEngine) -> None:
    codes = [f"h{number}" for number in range(23)]
    await town.monitored(*codes)
    await town.write({code: whole_day() for code in codes})
    await evaluator(engine, chunk_households=2).once(through=DAY)
    count = await town.rows(
        select(func.count(), func.count(tables.finding.c.household_id.distinct())).select_from(tables.finding)
    )
    assert tuple(count[0]) == (23, 23)

"""The arrays say what the literal rules say, and both keep the laws of the law."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heatstream.core.finding import Outcome
from heatstream.core.refund import Shares, fen_of_seasons
from heatstream.core.standard import ContractStandard, OutdoorVariant, law_standards, standards
from heatstream.evidence import twin
from tests.core.rules import RULES
from tests.literal.arrays import judged, policy_of, statistics_of
from tests.literal.depth import tried
from tests.literal.strategies import FIRST, LAST, SEASON, days, homes, laws, rooms


@tried(60)
@given(st.data())
def test_statistics_say_what_the_literal_rules_say(data: st.DataObject) -> None:
    law, day = data.draw(laws()), data.draw(days)
    room = data.draw(rooms(law, day))
    rules = policy_of(law, SEASON).day_rules(day)
    if not rules.in_season:
        law = replace(law, season_us=(0, 1 << 62))
    said = statistics_of([room], rules)
    for prefix, name in (("", "whole"), ("day_", "day"), ("night_", "night")):
        temps = twin.series(room, day)
        slots = twin.window(law, day, name, room.slot_min)
        valid = [int(temps[slot] * 100) for slot in slots if slot in temps]
        assert getattr(said, f"{prefix}slots_expected")[0] == len(slots)
        assert getattr(said, f"{prefix}slots_valid")[0] == len(valid)
        assert getattr(said, f"{prefix}sum_centi")[0] == sum(valid)
        assert getattr(said, f"{prefix}min_centi")[0] == min(valid, default=0)
        assert getattr(said, f"{prefix}below_min")[0] == twin.minutes_below(room, law, day, name)
    assert said.longest_below_min[0] == twin.longest_below(room, law, day)
    assert said.below_at_start_min[0] == twin.below_at_start(room, law, day)
    assert said.below_at_end_min[0] == twin.below_at_end(room, law, day)
    hours = twin.hourly(room, law, day)
    if hours:
        assert Fraction(int(said.hourly_lowest_weighted[0]), int(said.hourly_weight[0])) == min(hours) * 100
        assert said.hourly_lowest_centi[0] == min(hours) * 100 // 1
        assert said.hourly_mean_centi[0] == twin.mean(hours) * 100 // 1
    within = [r for r in room.readings if r.at_us < twin.midnight_us(day + 1)]
    assert said.readings[0] == len(within)
    assert said.conflicts[0] == sum(r.in_conflict for r in within)


@tried(60)
@given(law=laws(), day=days.filter(lambda day: FIRST <= day <= LAST))
def test_the_law_is_read_out_of_the_policy_s_own_text(law: twin.Law, day: int) -> None:
    assert twin.law_of(policy_of(law, SEASON).canonical, day) == law


CENTI = Fraction(1, 100)
LITERAL = twin.measuring_law(Fraction(18), (0, 1), 360, 1320)
COLD = twin.Band(Fraction(-9), True, Fraction(-7), False, Fraction(0))


@pytest.mark.parametrize("agreed", [None, 1700, 1850])
@pytest.mark.parametrize("renovated", [None, True, False])
@pytest.mark.parametrize("outdoor", [None, -901, -900, -701, -700])
@pytest.mark.parametrize("stands", ["law", "contract", "higher"])
def test_the_weather_s_standard_is_the_literal_one(
    stands: str, outdoor: int | None, renovated: bool | None, agreed: int | None
) -> None:
    rules = replace(
        RULES, contract_standard=ContractStandard[stands.upper()], outdoor_variants=(OutdoorVariant(-900, -701, 1600),)
    )
    law = replace(LITERAL, contract_standard=stands, variants=(twin.Variant(COLD, Fraction(16)),))
    told = twin.for_home(law, agreed and Fraction(agreed, 100), renovated, outdoor and Fraction(outdoor, 100))
    home = np.array([agreed or 0], np.int16), np.array([agreed is not None])
    known = law_standards(rules, np.array([bool(renovated)]), np.array([renovated is not None]), outdoor)
    least, most = (standards(rules, *home, law_centi=law_centi) for law_centi in known)
    assert (told.least_standard, told.standard) == (Fraction(int(least[0]), 100), Fraction(int(most[0]), 100))


@tried(60)
@given(st.data())
def test_findings_say_what_the_literal_rules_say(data: st.DataObject) -> None:
    law, day = data.draw(laws()), data.draw(days)
    law = replace(law, least_standard=data.draw(st.sampled_from([None, None, law.standard - 2, law.standard - CENTI])))
    found = data.draw(homes(law, day))
    stopped = [data.draw(st.sampled_from([False, False, True])) for _ in found]
    billed = [data.draw(st.sampled_from([0, 3000, 9000])) for _ in found]
    rules = policy_of(law, SEASON).day_rules(day)
    said = judged(found, rules, stopped=stopped, billed=billed, least=law.least_standard)
    rows = np.cumsum([0, *map(len, found)])
    for place, home in enumerate(found):
        literal = twin.judge(home, law, day, stopped=stopped[place])
        findings = said.findings
        assert findings.outcome[place] == twin.NUMBER[literal.outcome]
        assert findings.reason[place] == literal.reason
        decided_by = findings.decided_by[place] - rows[place] if findings.one_room[place] else None
        assert decided_by == literal.decided_by
        assert findings.valued[place] == (literal.value is not None)
        if literal.value is not None:
            assert findings.value_centi[place] == literal.value * 100 // 1
            assert findings.margin_centi[place] == (literal.value + law.guard - law.standard) * 100 // 1
        assert (findings.tier[place] if findings.tiered[place] else None) == literal.tier
        assert findings.tier_at_least[place] == literal.at_least
        each = [twin.NUMBER[room.outcome] for room in literal.rooms]
        assert findings.room_outcome[rows[place] : rows[place + 1]].tolist() == each
        if said.shares is not None:
            share = twin.share(literal, home, law, day, billed[place])
            assert said.shares.known[place] == (share is not None)
            if share is not None:
                assert Fraction(int(said.shares.num[place]), int(said.shares.den[place])) == share


shares = st.lists(
    st.none() | st.builds(Fraction, st.integers(0, 40), st.sampled_from([12100, 121, 24200, 7 * 121])),
    min_size=1,
    max_size=8,
)


@tried(60)
@given(
    law=laws().filter(lambda law: law.money is not None),
    days=shares,
    fee=st.sampled_from([0, 1, 99, 200_001, 270_000, 10**13]),
)
def test_season_amounts_say_what_the_literal_rules_say(law: twin.Law, days: list[Fraction | None], fee: int) -> None:
    below = (twin.Band(None, False, law.standard, False, Fraction(1)),)
    refund = policy_of(replace(law, bands=below, deviation=False, overlap=None), SEASON).day_rules(20_458).refund
    assert refund is not None
    exact = Shares(
        np.array([each is not None for each in days]),
        np.array([0 if each is None else each.numerator for each in days]),
        np.array([1 if each is None else each.denominator for each in days]),
    )
    said = fen_of_seasons(exact, np.array([fee]), np.zeros(len(days), np.int32), households=1, refund=refund)
    assert said[0] == twin.season_fen(days, fee, law.money)
    assert 0 <= said[0] <= fee


def _outcomes(found: list[list[twin.Room]], law: twin.Law, day: int) -> list[int]:
    return judged(found, policy_of(law, SEASON).day_rules(day)).findings.outcome.tolist()


@tried(60)
@given(st.data())
def test_warmer_is_never_worse(data: st.DataObject) -> None:
    law, day = data.draw(laws()), data.draw(days)
    home = data.draw(st.lists(rooms(law, day), min_size=1, max_size=2))
    warmer = [
        replace(room, readings=tuple(replace(r, celsius=r.celsius + data.draw(RISES)) for r in room.readings))
        if len(room.readings) < 80
        else replace(room, readings=tuple(replace(r, celsius=r.celsius + Fraction(1, 100)) for r in room.readings))
        for room in home
    ]
    before, after = (twin.judge(each, law, day) for each in (home, warmer))
    rank = {twin.FAILING: 0, twin.UNDETERMINED: 1, twin.COMPLIANT: 2}
    assert rank[after.outcome] >= rank[before.outcome]
    said = _outcomes([home, warmer], law, day)
    assert said == [twin.NUMBER[before.outcome], twin.NUMBER[after.outcome]]


RISES = st.sampled_from([Fraction(0), Fraction(0), Fraction(1, 100), Fraction(2)])


@tried(60)
@given(st.data())
def test_losing_a_reading_never_turns_undetermined_into_compliant(data: st.DataObject) -> None:
    law, day = data.draw(laws().filter(lambda law: not law.conditions_open)), data.draw(days)
    home = data.draw(st.lists(rooms(law, day), min_size=1, max_size=2))
    place = data.draw(st.integers(0, len(home) - 1))
    kept = [r for r in home[place].readings if r.in_conflict or data.draw(st.booleans())][:400]
    poorer = [*home[:place], replace(home[place], readings=tuple(kept)), *home[place + 1 :]]
    before, after = _outcomes([home, poorer], law, day)
    assert (before, after) != (Outcome.UNDETERMINED, Outcome.COMPLIANT)


@tried(60)
@given(st.data())
def test_losing_a_reading_never_decides_a_minimum_or_a_time_below(data: st.DataObject) -> None:
    law, day = data.draw(laws().filter(lambda law: law.statistic in ("min", "sustained_below"))), data.draw(days)
    room = data.draw(rooms(law, day))
    law = replace(law, rooms="min_room", conditions_open=False)
    cut = data.draw(st.integers(0, len(room.readings)))
    poorer = replace(room, readings=tuple(r for i, r in enumerate(room.readings) if i < cut or r.in_conflict))
    before, after = _outcomes([[room], [poorer]], law, day)
    assert before != Outcome.UNDETERMINED or after == Outcome.UNDETERMINED


@tried(60)
@given(st.data())
def test_a_share_lies_between_nothing_and_the_day_s_fee(data: st.DataObject) -> None:
    law, day = data.draw(laws().filter(lambda law: bool(law.bands))), data.draw(days)
    found = data.draw(homes(law, day))
    shares = judged(found, policy_of(law, SEASON).day_rules(day), billed=[3000] * len(found)).shares
    assert shares is not None
    assert law.money is not None
    days_fee = Fraction(twin.seconds_in_season(law, day), law.money.denominator_s)
    for known, num, den in zip(shares.known, shares.num, shares.den, strict=True):
        assert not known or 0 <= Fraction(int(num), int(den)) <= days_fee


@tried(60)
@given(st.data())
def test_permuting_households_permutes_findings(data: st.DataObject) -> None:
    law, day = data.draw(laws()), data.draw(days)
    found = data.draw(homes(law, day))
    order = data.draw(st.permutations(range(len(found))))
    said = _outcomes(found, law, day)
    assert _outcomes([found[place] for place in order], law, day) == [said[place] for place in order]

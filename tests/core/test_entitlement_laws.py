"""Laws of the law of claims: what must hold whatever the facts and whatever the rules."""

from collections.abc import Sequence
from dataclasses import fields, replace
from fractions import Fraction
from typing import Any

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

from heatstream.core.claim_facts import ClaimFacts
from heatstream.core.claim_rules import (
    Begin,
    BothOnOneDay,
    Cause,
    ClaimRules,
    Continuity,
    ContinuityBy,
    Covers,
    Ends,
    FixedPointOpens,
    Grace,
    GraceExceeded,
    Liability,
    MonthBasis,
    MonthRules,
    Opened,
    OutageRules,
    SameDay,
    Tiering,
    Unpaid,
)
from heatstream.core.entitlement import Entitled, Right, entitle
from heatstream.core.finding import Outcome
from heatstream.core.standard import Ratio, RefundRules, RoundedAt, Rounding
from tests.core.claims import (
    CLAIM_RULES,
    DAYS,
    FEE,
    FIRST,
    KINDS,
    Test,
    at,
    facts,
    measured,
    outages,
    presumptions,
    series,
)
from tests.literal import depth

tried = depth.tried(30)

SHORT = 14
"""Most happens in the first days, so that things meet."""
CENTI = [1799, 1800, 1801, 1599, 1600, 1601, 1500, 1900]
ratios = st.sampled_from([Ratio(1, 2), Ratio(1), Ratio(2)])
maybe = st.booleans()


@st.composite
def refunds(draw: st.DrawFn) -> RefundRules:
    return replace(
        CLAIM_RULES.refund,
        denominator_s=draw(st.sampled_from([DAYS, 30, 33])) * 86_400,
        rounding=draw(st.sampled_from(Rounding)),
        rounded_at=draw(st.sampled_from(RoundedAt)),
        day_cap=draw(ratios),
        season_cap=draw(ratios),
    )


@st.composite
def outage_rules(draw: st.DrawFn) -> OutageRules:
    return OutageRules(
        min_h=draw(st.sampled_from([12, 24])),
        strictly=draw(maybe),
        cumulative_days=draw(st.sampled_from([None, 1, 2])),
        ratio=draw(ratios),
        covers=draw(st.sampled_from(Covers)),
        liability=draw(st.sampled_from(Liability)),
        metered_base_fee=False,
    )


@st.composite
def rules_of_claims(draw: st.DrawFn) -> ClaimRules:
    hours = st.sampled_from([24, 48])
    grace = st.builds(Grace, hours, st.sampled_from(GraceExceeded))
    row = st.builds(Continuity, hours, st.sampled_from(ContinuityBy), st.sampled_from([0, 60]))
    return replace(
        CLAIM_RULES,
        precedence=tuple(draw(st.permutations(KINDS))[: draw(st.integers(1, 5))]),
        same_day=draw(st.sampled_from(SameDay)),
        tiering=draw(st.sampled_from(Tiering)),
        begin=draw(st.sampled_from(Begin)),
        begin_inclusive=draw(maybe),
        ends=draw(st.sampled_from(Ends)),
        end_inclusive=draw(maybe),
        grace=draw(st.none() | grace),
        continuity=draw(st.none() | row),
        exclude_first_days=draw(st.sampled_from([0, 5])),
        has_conditions=draw(maybe),
        outage=draw(st.none() | outage_rules()),
        both=draw(st.sampled_from(BothOnOneDay)),
        refund=draw(refunds()),
        month=draw(st.none() | st.builds(MonthRules, st.sampled_from(MonthBasis), st.sampled_from([1, 3]))),
        liability=draw(st.sampled_from(Liability)),
        unpaid=draw(st.sampled_from(Unpaid)),
        fixed_point_opens=draw(st.sampled_from(FixedPointOpens)),
        entitling=draw(st.sampled_from([True, True, True, False])),
    )


instants = st.builds(at, st.integers(0, SHORT), st.sampled_from([0, 600, 601, 720, 1439]))
a_test = st.builds(Test, instants, st.sampled_from(CENTI), st.sampled_from(KINDS[:3]))
spans = st.tuples(instants, st.integers(1, 60)).map(lambda given: (given[0], given[0] + given[1] * 3_600_000_000))
presumed = st.dictionaries(st.integers(0, SHORT), st.sampled_from([None, 0, 1]), max_size=2)


def rows(letters: str, values: dict[str, Any], dtype: type) -> st.SearchStrategy[Any]:
    """Matrices of one claim, a letter a day; a text draws faster than a list of values."""

    def laid(text: str) -> Any:
        row = np.zeros((1, DAYS), dtype)
        row[0, :SHORT] = [values[letter] for letter in text]
        return row

    return st.text(letters, min_size=SHORT, max_size=SHORT).map(laid)


rare = rows("...x", {".": False, "x": True}, np.bool_)
minutes = rows("0hd1", {"0": 0, "h": 300, "d": 720, "1": 1440}, np.int32)
conditions = rows("mm?n", {"m": 1, "?": 0, "n": 2}, np.int8)


@st.composite
def claims(draw: st.DrawFn) -> ClaimFacts:
    letters = draw(st.text("FfC?.", min_size=SHORT, max_size=SHORT))
    end = draw(minutes)
    low = series(
        letters,
        tier_at_least=draw(rare),
        conflict=draw(rare),
        complete=draw(rare),
        below_at_start_min=np.where(end == 1440, 1440, draw(minutes) % 1440),
        below_at_end_min=end,
        longest_below_min=end,
    )
    return facts(
        request_us=np.array([draw(instants)]),
        opened=np.array([draw(st.sampled_from(Opened))], np.int8),
        handled=np.array([draw(maybe)]),
        handled_us=np.array([draw(instants)]),
        through_day=np.array([FIRST + draw(st.sampled_from([-1, SHORT, DAYS - 1, DAYS]))], np.int32),
        cause=np.array([draw(st.sampled_from(Cause))], np.int8),
        residential=np.array([draw(st.sampled_from([True, True, False]))]),
        fee_fen=np.array([draw(st.sampled_from([0, FEE, 270_001]))]),
        outage_fee_fen=np.array([draw(st.sampled_from([0, FEE, 270_001]))]),
        paid=np.array([draw(maybe)]),
        tests=measured(*draw(st.lists(a_test, max_size=4))),
        presumptions=presumptions(*draw(presumed).items()),
        outages=outages(*draw(st.lists(spans, max_size=3))),
        series=low,
        condition=draw(conditions),
        excluded_proved=draw(rare),
        excluded_alleged=draw(rare),
        stopped=draw(rare),
    )


FLAT = ("tests", "presumptions", "outages")


def together(parts: Sequence[ClaimFacts]) -> ClaimFacts:
    """Put claims of one household each beside each other."""
    shift = [np.full(1, place, np.int32) for place in range(len(parts))]
    whole = {
        field.name: np.concatenate([getattr(part, field.name) for part in parts])
        for field in fields(ClaimFacts)
        if field.name not in (*FLAT, "series")
    }
    rows = {name: _joined([getattr(part, name) for part in parts], shift) for name in FLAT}
    return ClaimFacts(**whole, **rows, series=_joined([part.series for part in parts], shift))


def _joined(parts: Sequence[Any], shift: Sequence[Any]) -> Any:
    """Join flat rows or matrices; rows move to their claim's place, rooms to their test's."""
    made: dict[str, Any] = {}
    for field in fields(parts[0]):
        columns = [getattr(part, field.name) for part in parts]
        if field.name == "claim":
            columns = [column + place for column, place in zip(columns, shift, strict=True)]
        if field.name == "test":
            columns = [column + before for column, before in zip(columns, _rows_before(parts), strict=True)]
        nested = field.name in ("rooms", "failing_rooms")
        made[field.name] = _joined(columns, shift) if nested else np.concatenate(columns)
    return type(parts[0])(**made)


def _rows_before(rooms: Sequence[Any]) -> list[int]:
    """One room a test here: as many rooms as tests stand before."""
    return np.cumsum([0, *(len(each.test) for each in rooms[:-1])]).astype(np.int32).tolist()


PER_CLAIM = tuple(field.name for field in fields(Entitled) if field.name != "shares")


def said_of(found: Entitled, place: int) -> dict[str, Any]:
    told = {name: getattr(found, name)[place].tolist() for name in PER_CLAIM}
    shares = zip(found.shares.known[place], found.shares.num[place], found.shares.den[place], strict=True)
    return told | {"shares": [Fraction(int(num), int(den)) if known else None for known, num, den in shares]}


@tried
@given(rules_of_claims(), claims())
def test_the_amount_lies_between_nothing_and_the_cap(rules: ClaimRules, claim: ClaimFacts) -> None:
    fen, cap = int(entitle(claim, rules).fen[0]), rules.refund.season_cap
    assert 0 <= fen <= max(claim.fee_fen[0], claim.outage_fee_fen[0]) * Fraction(cap.num, cap.den)


@tried
@given(rules_of_claims(), claims())
def test_no_day_gives_back_more_than_its_cap(rules: ClaimRules, claim: ClaimFacts) -> None:
    found, cap = entitle(claim, rules).shares, rules.refund.day_cap
    most = Fraction(cap.num, cap.den) * Fraction(86_400, rules.refund.denominator_s)
    for num, den in zip(found.num[0], found.den[0], strict=True):
        assert 0 <= Fraction(int(num), int(den)) <= most


@tried
@given(rules_of_claims(), claims())
def test_an_entitlement_never_stands_while_something_is_open_or_denied(rules: ClaimRules, claim: ClaimFacts) -> None:
    found = entitle(claim, rules)
    right = Right(int(found.right[0]))
    assert (right is Right.NOT_ENTITLED) == (found.denied[0] != 0)
    assert (right is Right.ENTITLED) == (found.denied[0] == 0 and found.open[0] == 0)
    assert found.owed_fen()[0] == (found.fen[0] if right is Right.ENTITLED else 0)
    assert found.open[0] & found.denied[0] == 0


def by_the_company(claim: ClaimFacts) -> ClaimFacts:
    """Of another's cause what was cold counts for nothing beside an outage, so an outage more or less changes all."""
    return replace(claim, cause=np.array([Cause.COMPANY], np.int8))


@tried
@given(rules_of_claims(), claims().map(by_the_company))
def test_what_is_alleged_never_raises_the_amount(rules: ClaimRules, claim: ClaimFacts) -> None:
    found = entitle(claim, rules)
    assert found.fen_if_alleged_proved[0] <= found.fen[0]
    as_proved = replace(claim, excluded_proved=claim.excluded_proved | claim.excluded_alleged)
    assert found.fen_if_alleged_proved[0] == entitle(as_proved, rules).fen[0]


@tried
@given(rules_of_claims(), claims().map(by_the_company), rare, rare)
def test_leaving_days_out_never_raises_the_amount(
    rules: ClaimRules, claim: ClaimFacts, proved: Any, stopped: Any
) -> None:
    fewer = replace(claim, excluded_proved=claim.excluded_proved | proved, stopped=claim.stopped | stopped)
    assert entitle(fewer, rules).fen[0] <= entitle(claim, rules).fen[0]


@tried
@given(rules_of_claims(), claims())
def test_conditions_that_become_known_as_met_never_lower_the_amount(rules: ClaimRules, claim: ClaimFacts) -> None:
    met = replace(claim, condition=np.where(claim.condition == 0, np.int8(1), claim.condition))
    assert entitle(met, rules).fen[0] >= entitle(claim, rules).fen[0]


@tried
@given(rules_of_claims(), claims().map(by_the_company), spans)
def test_another_outage_never_lowers_the_amount(rules: ClaimRules, claim: ClaimFacts, more: tuple[int, int]) -> None:
    assume(rules.both is BothOnOneDay.MAX or claim.fee_fen[0] == claim.outage_fee_fen[0])
    before = list(zip(claim.outages.start_us.tolist(), claim.outages.end_us.tolist(), strict=True))
    longer = replace(claim, outages=outages(*before, more))
    assert entitle(longer, rules).fen[0] >= entitle(claim, rules).fen[0]


@tried
@given(rules_of_claims(), claims(), st.integers(1, 500))
def test_colder_failing_tests_never_lower_the_amount(rules: ClaimRules, claim: ClaimFacts, by_centi: int) -> None:
    """Tests that fail and get colder; a passing one that began to fail may end a period earlier."""
    failing = claim.tests.value_halves < 3600
    values = claim.tests.value_halves - np.where(failing, 2 * by_centi, 0)
    colder = replace(claim, tests=replace(claim.tests, value_halves=values))
    assume(rules.same_day is SameDay.LAST or rules.tiering is not Tiering.DAILY_SERIES or not claim.tests.claim.size)
    assert entitle(colder, rules).fen[0] >= entitle(claim, rules).fen[0]


@tried
@given(rules_of_claims(), claims(), rare)
def test_days_that_the_series_finds_colder_never_lower_the_amount(
    rules: ClaimRules, claim: ClaimFacts, colder: Any
) -> None:
    """Days that fail, of a colder tier."""
    failing = claim.series.outcome == Outcome.FAILING
    tier = np.where(colder & failing, np.int8(1), claim.series.tier)
    assert (
        entitle(replace(claim, series=replace(claim.series, tier=tier)), rules).fen[0] >= entitle(claim, rules).fen[0]
    )


@tried
@given(rules_of_claims(), claims())
def test_a_colder_month_never_lowers_the_amount(rules: ClaimRules, claim: ClaimFacts) -> None:
    by_month = replace(rules, month=MonthRules(MonthBasis.SEASON, 1))
    colder = replace(claim, tests=replace(claim.tests, value_halves=claim.tests.value_halves - 200))
    assert entitle(colder, by_month).fen[0] >= entitle(claim, by_month).fen[0]


def by_series_alone(rules: ClaimRules) -> ClaimRules:
    """Leave the period where it is, whatever the series shows: from the request to a day that no reading moves."""
    return replace(
        rules,
        tiering=Tiering.DAILY_SERIES,
        begin=Begin.REQUEST_DAY,
        ends=Ends.RETEST,
        grace=None,
        continuity=None,
        month=None,
    )


@tried
@given(rules_of_claims(), claims(), rare)
def test_losing_readings_never_entitles_and_never_raises_the_amount(
    rules: ClaimRules, claim: ClaimFacts, lost: Any
) -> None:
    """Where the period is fixed: a compliant day that is lost may end it later, and then more days count."""
    rules = by_series_alone(rules)
    claim = replace(claim, tests=measured(), presumptions=presumptions())
    blind = np.where(lost, np.int8(Outcome.UNDETERMINED), claim.series.outcome)
    poorer = replace(claim, series=replace(claim.series, outcome=blind))
    before, after = entitle(claim, rules), entitle(poorer, rules)
    assert after.fen[0] <= before.fen[0]
    if after.right[0] == Right.ENTITLED:
        assert before.right[0] == Right.ENTITLED or before.apart.any()


@tried
@given(rules_of_claims(), st.lists(claims(), min_size=2, max_size=5), st.randoms())
def test_permuting_claims_permutes_what_they_come_to(
    rules: ClaimRules, given_claims: list[ClaimFacts], random: Any
) -> None:
    order = list(range(len(given_claims)))
    random.shuffle(order)
    found, moved = entitle(together(given_claims), rules), entitle(together([given_claims[p] for p in order]), rules)
    for place, before in enumerate(order):
        assert said_of(moved, place) == said_of(found, before)


@tried
@given(rules_of_claims(), st.lists(claims(), min_size=2, max_size=5))
def test_claims_in_one_run_or_in_several_come_to_the_same(rules: ClaimRules, given_claims: list[ClaimFacts]) -> None:
    found = entitle(together(given_claims), rules)
    for place, claim in enumerate(given_claims):
        assert said_of(entitle(claim, rules), 0) == said_of(found, place)

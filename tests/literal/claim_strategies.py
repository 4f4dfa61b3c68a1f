"""Laws and facts of claims to try: temperatures crowded at every bound of the packs, instants at edges and limits."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

from hypothesis import strategies as st

from heatstream.core.calendar import EPOCH
from heatstream.core.claim_rules import ClaimRules
from heatstream.core.standard import FeeScope, Tier
from heatstream.rules import exact_yaml
from heatstream.rules.choices import Choices, ChoicesFile
from heatstream.rules.needs import claims_are_absent, is_asked
from heatstream.rules.pack import SHIPPED, Pack, find, ids
from heatstream.rules.policy import Policy, made
from heatstream.rules.tiers import NO_UPPER_END

LOCAL = dt.timezone(dt.timedelta(hours=8))
US = dt.timedelta(microseconds=1)
DAY = dt.timedelta(days=1)
HOUR = dt.timedelta(hours=1)
TESTS = ["third_party", "authority_visit", "company_visit"]
KINDS = [*TESTS, "fixed_point_series", "presumption"]
SEASON_YEAR = 2025


@cache
def places() -> list[str]:
    """Packs that judge a claim once their questions are answered."""
    return [each for each in ids((SHIPPED,)) if claims_are_absent(find(each, (SHIPPED,))) is None]


# --- laws -------------------------------------------------------------------------------------------------------------


def _maybe(draw: st.DrawFn, strategy: st.SearchStrategy[Any]) -> Any:
    return draw(st.none() | strategy)


@st.composite
def packs(draw: st.DrawFn) -> dict[str, Any]:
    """A shipped pack, as it is or with other rules of counting, outages and evidence in the place of its own."""
    tree: dict[str, Any] = exact_yaml.read(SHIPPED / f"{draw(st.sampled_from(places()))}.yaml")
    tree = {name: value for name, value in tree.items() if name != "effective_to"} | {"effective_from": "2000-01-01"}
    if draw(st.sampled_from([True, False, False, False])):
        return tree
    known = {"conf": "read"}
    tree = {
        name: value | known if isinstance(value, dict) and "conf" in value else value for name, value in tree.items()
    }
    counting = {
        "start": draw(st.sampled_from([None, "application_day", "application_time", "test_day", "first_failing_day"])),
        "end": draw(st.sampled_from([None, "compliant_day", "passing_retest_day"])),
        "grace_h": _maybe(draw, st.sampled_from([24, 48])),
        "must_fail_continuously_h": _maybe(draw, st.sampled_from([24, 48])),
        "exclude_first_days": _maybe(draw, st.sampled_from([0, 3])),
        "exclude_last_days": _maybe(draw, st.sampled_from([0, 3])),
    }
    outage = {
        "min_h": _maybe(draw, st.sampled_from([12, 24, 48])),
        "strictly": draw(st.booleans()),
        "or_cumulative_days": _maybe(draw, st.sampled_from([2, 7])),
        "ratio": _maybe(draw, st.sampled_from([Decimal(1), Decimal(2), Decimal("0.5")])),
        "cause": _maybe(draw, st.sampled_from(["company_cause", "not_user_cause", "none"])),
        "metered": draw(st.sampled_from([None, None, "base_fee_only"])),
    }
    tree |= {
        "counting": counting | known,
        "outage": _maybe(draw, st.just(outage | known)),
        "evidence_accepted": _maybe(
            draw, st.lists(st.sampled_from(KINDS), min_size=3, unique=True).map(lambda kinds: {"kinds": kinds} | known)
        ),
        "fee": {"net_of_base_fee": draw(st.booleans())} | known,
        "liability": {"heat_source_fault": draw(st.sampled_from([None, "company_pays_then_recovers"]))} | known,
    }
    tree["settles"] = {name: value | known for name, value in tree.get("settles", {}).items() if name in KEPT}
    return tree


KEPT = ("household_temperature", "fee_scope", "fee_denominator", "contract_standard")


SHARES = [Decimal(1), Decimal("0.5"), Decimal(2), Decimal("0.3")]
OPTIONS: dict[str, list[Any]] = {
    "season": ["pack", {"start": "11-14T12:00", "end": "03-15T12:00"}, {"start": "10-20T00:00", "end": "04-06T24:00"}],
    "season_dates": ["both_included", "end_excluded"],
    "contract_standard": ["law", "contract", "higher"],
    "daily_statistic": ["min", "time_weighted_mean", {"sustained_below_min": 60}],
    "day_window": ["06:00-22:00"],
    "rooms": ["all"],
    "household_temperature": ["min_room", "min_room", "each"],
    "guard_band": [
        "none",
        {"band_c": Decimal("0.3"), "direction": "favour_user"},
        {"band_c": Decimal("0.2"), "direction": "favour_company"},
    ],
    "min_completeness": [Decimal("0.9")],
    "gap_bounds": ["none"],
    "conditions": ["not_examined", "undetermined", "undetermined"],
    "overlap": ["highest_ratio", "lowest_ratio", "refer_to_authority"],
    "computed_amount": ["compute", "leave"],
    "fee_numerator": ["due", "paid"],
    "fee_denominator": ["statutory_season", "actual_season", {"fixed_days": 120}],
    "fee_scope": ["whole_dwelling", "failing_rooms_area"],
    "money_rounding": ["half_up", "half_even", "floor"],
    "money_rounding_at": ["day", "total"],
    "max_ratio_per_day": SHARES,
    "max_ratio_per_season": SHARES,
    "temperature_rounding": ["none"],
    "time_source": ["device"],
    "fixed_point_scope": ["own_household"],
    "metered_fee": ["as_billed", "base_fee", "without_base_fee"],
    "precedence": [KINDS, KINDS[::-1], [*KINDS[3:], *KINDS[:3]], [KINDS[1], KINDS[2], KINDS[0]], [KINDS[3]]],
    "tests_same_day": ["last", "lowest"],
    "tier_between_tests": ["daily_series", "daily_series", "first_test", "lowest"],
    "counting_start": ["application_day", "notice_day", "application_time", "test_day", "first_failing_day"],
    "start_inclusive": [True, False],
    "period_ends": ["retest", "fixed_point", "either"],
    "end_inclusive": [True, False],
    "grace_exceeded": ["retroactive", "forgiven"],
    "continuity_by": ["series", "tests", "either"],
    "break_after_min": [0, 60, 120],
    "alleged_exclusions": ["do_not_reduce"],
    "outage": ["none", {"min_h": 24, "strictly": True}, {"min_h": 12, "strictly": False}],
    "outage_covers": ["whole", "excess"],
    "outage_and_low": ["max", "sum"],
    "month_basis": ["calendar", "season"],
    "min_visits": [1, 2, 3],
    "unpaid": ["deny", "offset", "hold"],
    "fixed_point_opens": ["yes", "after_handling", "only_as_evidence", "no"],
    "liability": ["company_cause", "not_user_cause", "none"],
    "presumption_band": ["officer_names_it"],
    "refusals": ["officer_decides"],
    "sla_clock": ["arrival"],
    "visit_hours": ["any"],
    "reopen": ["review_task"],
    "uncertified_device": ["counts_marked"],
    "measurement_standard_id": ["DB22/T 428"],
    "contract_refunds": ["none_agreed"],
    "retention": [{"readings_days": "keep", "evidence_years": 3, "metering_years": 5}],
}
PLAIN = {name: values[0] for name, values in OPTIONS.items()}


def choices() -> st.SearchStrategy[dict[str, Any]]:
    """Every option with one of its values."""
    return st.fixed_dictionaries({name: st.sampled_from(values) for name, values in OPTIONS.items()})


_DECIDED = {"season": 2025, "doc_no": "试〔2026〕1号", "source": "试", "decided_on": "2026-03-01"}
DECISIONS = [
    (),
    (),
    (_DECIDED | {"end": "2026-04-10T12:00"},),
    (_DECIDED | {"start": "2025-10-15T08:00", "end": "2026-03-01T00:00"},),
]
"""Seasons begun or ended otherwise than the text."""


def policy_of(tree: dict[str, Any], every: dict[str, Any], decisions: tuple[dict[str, Any], ...] = ()) -> Policy:
    """Make a policy of a pack and of those choices that it leaves open and that go together."""
    pack = Pack.model_validate(tree)
    chosen = {name: every[name] for name in OPTIONS if name not in pack.settles}
    if pack.season is None and chosen["season"] == "pack":
        chosen["season"] = {"start": "11-14T12:00", "end": "03-15T12:00"}
    if pack.unit == "month":
        chosen["fee_scope"] = "whole_dwelling"
    if isinstance(chosen["daily_statistic"], dict):
        chosen["guard_band"] = "none"
    settled = {name: value.value for name, value in pack.settles.items()}
    while idle := [name for name in chosen if not is_asked(pack, Choices.model_validate(settled | chosen), name)]:
        del chosen[idle[0]]
    file = {"schema": "heatstream.choices/1", "place": pack.place, "packs": [pack.id], "made_by": "试"}
    file |= {"made_on": "2025-01-01", "season_decisions": decisions, "choices": chosen}
    return made(ChoicesFile.model_validate(file), [pack])


# --- facts ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, repr=False)
class Around:
    """What values and instants of a claim are crowded at."""

    rules: ClaimRules
    request: dt.datetime
    days: list[dt.date]
    """The days that something happens on."""

    def centis(self) -> st.SearchStrategy[int]:
        """Hundredths at the bounds of the tiers and of the standard, and one beside."""
        bounds = {1850, *(each // 2 for tier in self.rules.tiers for each in ends(tier) if each < NO_UPPER_END)}
        moved = {bound + guard for bound in bounds for guard in (0, self.rules.guard_centi, -self.rules.guard_centi)}
        beside = sorted({bound + step for bound in moved for step in (-1, 0, 1)})
        return st.sampled_from([*beside, self.rules.standard_centi, *(1300, 1500, 1700) * 3, 2100])

    def instants(self) -> st.SearchStrategy[dt.datetime]:
        """Instants at the edges of days, at the request and at the end of the time to mend, and one µs beside."""
        midnights = [dt.datetime.combine(day, dt.time(), LOCAL) for day in self.days]
        grace = self.rules.grace.hours if self.rules.grace else 24
        row = self.rules.continuity.hours if self.rules.continuity else 48
        limits = [self.request, self.request + grace * HOUR, self.request + row * HOUR]
        crowded = [at + beside * US for at in (*midnights, *limits) for beside in (-1, 0, 1)]
        return st.sampled_from(crowded + 2 * [at + 10 * HOUR for at in midnights[1:]])


def ends(tier: Tier) -> list[int]:
    return [tier.most] if tier.least is None else [tier.least, tier.most]


def written(instant: dt.datetime) -> str:
    return instant.isoformat()


@dataclass(frozen=True)
class Under:
    """Rules that show themselves by their pack alone: a whole season of them would hide what fails."""

    rules: ClaimRules

    def __repr__(self) -> str:
        return self.rules.pack_id


@st.composite
def facts(draw: st.DrawFn, under: Under) -> dict[str, Any]:
    """The facts of a claim as JSON; what happens lies close to the request."""
    rules = under.rules
    start, end = (dt.datetime.fromtimestamp(us // 1_000_000, LOCAL) for us in rules.season_us)
    first, last = start.date(), (end - US).date()
    day = draw(st.sampled_from([first + 60 * DAY] * 4 + [first, last - DAY, first - DAY]))
    clock = draw(st.sampled_from([dt.time(8, 12), dt.time(), dt.time(23, 59, 59, 999999), dt.time(14)]))
    request = dt.datetime.combine(day, clock, LOCAL)
    around = Around(rules, request, [day + n * DAY for n in range(-1, draw(st.sampled_from([2, 4, 6, 6])))])
    closed = [None, day - DAY, around.days[-1], around.days[-1], last, last]
    return {
        "schema": "heatstream.claim-facts/1",
        "claim": "试",
        "household": "试",
        "policy": None,
        "pack": rules.pack_id,
        "season": {"start": written(start), "end": written(end)},
        "closed_through": (through := draw(st.sampled_from(closed))) and through.isoformat(),
        "opening": {
            "at": written(request),
            "way": draw(st.sampled_from(["application", "hotline", "officer", "fixed_point"])),
        },
        "tests": draw(st.lists(tests(around), min_size=draw(st.sampled_from([1, 2, 2, 0])), max_size=4)),
        "handled_at": (at := draw(st.none() | around.instants())) and written(at),
        "cause": (cause := draw(st.sampled_from([None, *CAUSES]))) and {"of": cause, "event": 1},
        "exclusions": draw(st.lists(ranges(around).flatmap(exclusions), max_size=1)),
        "conditions": draw(
            st.lists(
                conditions(around),
                min_size=draw(st.sampled_from([0, 5])),
                max_size=8,
                unique_by=lambda each: each["day"],
            )
        ),
        "presumptions": draw(st.lists(presumptions(around), max_size=2, unique_by=lambda each: each["day"])),
        "outages": draw(st.lists(outages(around), max_size=2)),
        "series": [
            draw(series_day(around, each)) for each in _within(around) if draw(st.sampled_from([True, True, False]))
        ],
        "standing": draw(standings(around)),
    }


CAUSES = ["company"] * 5 + ["user", "heat_source", "third_party"]


@st.composite
def tests(draw: st.DrawFn, around: Around) -> dict[str, Any]:
    room = st.fixed_dictionaries(
        {
            "kind": st.just("bedroom"),
            "temp_centi": around.centis(),
            "of": st.just(1),
            "area_centi_m2": st.sampled_from([None, 1000, 1480]),
        }
    )
    return {
        "at": written(draw(around.instants())),
        "kind": draw(st.sampled_from(TESTS)),
        "valid": draw(st.sampled_from([True, True, True, False])),
        "why_not": [],
        "event": 1,
        "rooms": draw(st.lists(room, min_size=1, max_size=2)),
    }


@st.composite
def ranges(draw: st.DrawFn, around: Around) -> dict[str, Any]:
    first = draw(st.sampled_from(around.days))
    last = draw(st.none() | st.sampled_from([day for day in around.days if day >= first]))
    return {"from": first.isoformat(), "to": last and last.isoformat()}


def exclusions(told: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    states = st.sampled_from(["alleged", "proved", "rejected"])
    return states.map(lambda state: told | {"code": "user_blocked_radiator", "state": state})


def _within(around: Around) -> list[dt.date]:
    first = around.rules.days[0].day
    return [day for day in around.days if 0 <= (day - EPOCH).days - first < len(around.rules.days)]


def conditions(around: Around) -> st.SearchStrategy[dict[str, Any]]:
    return st.builds(
        lambda day, met: {"day": day.isoformat(), "met": met},
        st.sampled_from(_within(around)),
        st.sampled_from([True, True, True, False]),
    )


@st.composite
def presumptions(draw: st.DrawFn, around: Around) -> dict[str, Any]:
    failing = draw(st.booleans())
    tier = draw(st.integers(0, len(around.rules.tiers) - 1)) if failing else None
    day = draw(st.sampled_from(around.days))
    return {"day": day.isoformat(), "outcome": "failing" if failing else "compliant", "tier": tier}


@st.composite
def outages(draw: st.DrawFn, around: Around) -> dict[str, Any]:
    begins = draw(around.instants())
    hours = around.rules.outage.min_h if around.rules.outage else 24
    lasted = draw(
        st.sampled_from([hours * HOUR, hours * HOUR - US, hours * HOUR + US, 2 * DAY, 7 * DAY + US, 5 * HOUR])
    )
    cause = draw(st.none() | st.sampled_from(CAUSES))
    ended = draw(st.sampled_from([True, True, True, False]))
    return {"start": written(begins), "end": written(begins + lasted) if ended else None, "cause": cause}


@st.composite
def series_day(draw: st.DrawFn, around: Around, day: dt.date) -> dict[str, Any]:
    outcome = draw(st.sampled_from(["failing", "failing", "failing", "compliant", "compliant", "undetermined"]))
    rules = around.rules.days[(day - EPOCH).days - around.rules.days[0].day]
    length = rules.season_s // 60
    start, end = draw(
        st.sampled_from([(0, 0), (0, 240), (600, 600), (length, length), (length - 60, 30), (30, length - 60)])
    )
    pieces = [min(start, length), min(end, length)] if start + end <= length else [length, length]
    tiers = st.none() | st.integers(0, max(0, len(rules.tiers) - 1))
    failing = outcome == "failing"
    rooms = draw(rooms_of(tiers)) if failing and around.rules.scope is FeeScope.FAILING_ROOMS_AREA else []
    return {
        "day": day.isoformat(),
        "outcome": outcome,
        "conflict": draw(st.sampled_from([False, False, False, True])),
        "value_centi": None,
        "tier": rooms[0]["tier"] if rooms else draw(tiers) if failing else None,
        "tier_at_least": failing and draw(st.booleans()),
        "complete": draw(st.booleans()),
        "below_at_start_min": pieces[0],
        "below_at_end_min": pieces[1],
        "longest_below_min": max(pieces),
        "rooms": rooms,
    }


def rooms_of(tiers: st.SearchStrategy[int | None]) -> st.SearchStrategy[list[dict[str, Any]]]:
    areas = st.sampled_from([None, 1000, 2411])
    room = {"outcome": st.just("failing"), "tier": tiers, "area_centi_m2": areas}
    return st.lists(st.fixed_dictionaries(room), min_size=1, max_size=2)


@st.composite
def standings(draw: st.DrawFn, around: Around) -> dict[str, Any]:
    due = draw(st.sampled_from([270_000, 169_001, 99, 10**9, 10**9, 270_000, 169_001, None]))
    stopped = draw(st.sampled_from([None] * 9 + around.days))
    return {
        "resident": draw(st.sampled_from([True] * 9 + [False])),
        "metered": draw(st.sampled_from([False, False, True])),
        "fee_due_fen": due,
        "fee_paid_fen": draw(st.sampled_from([due] * 9 + [0, 150_000, None])),
        "base_fee_fen": draw(st.sampled_from([100_000, 81_003, 0, 100_000, 81_003, 100_000, None])),
        "billed_area_centi_m2": draw(st.sampled_from([10_000, 10_000, 1500, None])),
        "standard_centi": draw(st.sampled_from([None, None, 1850, 2000, 1700])),
        "stopped": [{"from": stopped.isoformat(), "to": stopped.isoformat()}] if stopped else [],
    }

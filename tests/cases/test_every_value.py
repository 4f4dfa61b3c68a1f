"""Every value of every pack is reached: changed a little, it changes some case; or it is said here why none can tell.

The literal twin answers, from a policy's own text; a case that expects a refusal is refused by production.
"""

import copy
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import cache
from typing import Any

import pytest

from heatstream.errors import HeatstreamError
from heatstream.evidence import twin
from heatstream.rules.pack import Pack, ids
from heatstream.rules.policy import canonical
from tests.cases.law_cases import Case, cases, facts_json, pack_of
from tests.cases.said import day_by_law, opened_day, said_by_twin

Tree = dict[str, Any]
Change = tuple[str, Tree]
HUNDREDTH = Decimal("0.01")

# What no case of a claim or a day can tell apart, and why.
NO_CASE: dict[str, str] = {
    "complaint": "a claim's clocks read it; no amount depends on it",
    "visit": "a claim's clocks and the check of a test read it before facts are written",
    "measurement": "the check of a test reads it before facts are written",
    "statistic": "by day: claims.facts joins measurements before facts are written",
    "opening": "people read it: by which ways the text lets a claim begin",
    "presumption.compliant_when": "an officer's record says that it was so",
    "presumption.failing_when": "an officer's record says that it was so",
    "exclusions": "an officer's decision says that it was so, by the code",
    "escalation": "the way of a claim reads it; no amount depends on it",
    "ruling": "the way of a claim reads it; no amount depends on it",
    "remedy": "papers bear it",
    "terms": "papers bear it",
    "third_party": "people read it",
    "non_residential": "people read it: what is no resident's is never determined, whatever the text",
    "tiers_by_contract": "it asks for `contract_refunds`; binzhou.yaml and taian.yaml hold the refusal",
    "refund_due": "a claim's dates read it; no amount depends on it",
    "late_refund_penalty": "read once a refund is late; no amount depends on it",
    "outage.per": "people read it: parts of a day count by their time",
    "outage.due": "people read it",
    "fixed_point": "people and supervision read it, but for refund_if",
    "price": "people read it: the fee is registered as billed",
    "stop_fee_max_ratio": "people read it",
    "stop_fee_ratio": "people read it",
    "fee.formula": "people read it; `settles` bears what follows from it",
    "fee.area": "people read it: the billed area is registered",
    "counting.days": "people read it",
    "counting.per_room": "people read it; `settles` bears what follows from it",
    "settles.sla_clock": "a claim's clocks read it; no amount depends on it",
    "standard.hours": "people read it: a day is judged whole",
    "standard.rooms": "other rooms are left out before facts are written",
    "standard.other_rooms": "a room with its own temperature is left out before facts are written",
    "standard.variants": "read with the official weather of a day, which a case does not tell",
    "season.stated_days": "read under fee_denominator: stated_days alone",
    "season.extend_by": "people read it; decisions are the operator's dated data",
    "season.place": "it asks for `season`, which every case of its pack chooses",
    "effective_from": "which pack holds on a day: test_policy.py",
    "effective_to": "which pack holds on a day: test_policy.py",
    **dict.fromkeys(
        (
            "schema",
            "id",
            "place",
            "watermark",
            "timezone",
            "sources",
            "effective_note",
            "in_force_checked_on",
            "tiers_note",
        ),
        "people read it",
    ),
}
KNOWN_BY = {"conf", "article", "quote", "note"}
INSTEAD: dict[str, dict[Any, Any]] = {
    "counting.start": {"application_day": "test_day", "notice_day": "test_day", "report_day": "test_day"},
    "liability.rule": {"company_cause": "not_user_cause", "not_user_cause": "company_cause"},
    "outage.cause": {"none": "company_cause", "company_cause": "none"},
    "settles.contract_standard": {"contract": "law", "higher": "contract"},
    "settles.end_inclusive": {False: True},
    "settles.fee_denominator": {"statutory_season": {"fixed_days": 100}},
    "settles.fee_numerator": {"due": "paid"},
    "settles.fee_scope": {"whole_dwelling": "failing_rooms_area", "failing_rooms_area": "whole_dwelling"},
    "settles.grace_exceeded": {"retroactive": "forgiven"},
    "settles.household_temperature": {"each": "min_room"},
    "settles.outage_covers": {"whole": "excess"},
    "settles.tier_between_tests": {"lowest": "first_test"},
}
BY_ONE = (
    "counting.grace_h",
    "counting.must_fail_continuously_h",
    "counting.exclude_first_days",
    "counting.exclude_last_days",
    "outage.min_h",
    "outage.or_cumulative_days",
    "statistic.n",
)
A_HUNDREDTH_LESS = ("outage.ratio", "unheated_day_ratio.value")
TURNED = ("outage.strictly", "fee.net_of_base_fee")
TAKEN_AWAY = (
    "counting.end",
    "liability.heat_source_fault",
    "outage.metered",
    "metered.same_ratio_on",
    "fixed_point.refund_if",
    "standard.conditions",
    "unit",
)


def put(tree: Tree, path: str, value: Any) -> Tree:
    """Copy a pack with one value changed; None takes it away."""
    changed = copy.deepcopy(tree)
    *groups, last = path.split(".")
    part = changed
    for group in groups:
        part = part[group]
    if value is None:
        del part[last]
    else:
        part[last] = value
    return changed


def leaves(tree: Tree, where: str = "") -> Iterator[tuple[str, Any]]:
    """List the values of a pack with their places; lists are values."""
    for name, value in tree.items():
        path = f"{where}{name}"
        if isinstance(value, dict):
            yield from leaves(value, f"{path}.")
        elif name not in KNOWN_BY and value not in ((), []):
            yield path, value


def excused(path: str) -> bool:
    return any(path == each or path.startswith(f"{each}.") for each in NO_CASE)


def changes(tree: Tree) -> Iterator[Change]:
    """Change each value that a case can tell apart, one at a time."""
    for path, value in leaves(tree):
        if path.startswith("tiers.") or path == "standard.min_c" or is_idle(tree, path):
            continue
        if path in ("season.start", "season.end"):
            yield path, put(tree, path, next_day(value))
        else:
            yield from changes_of(tree, path, value)
    yield from temperatures(tree)


def is_idle(tree: Tree, path: str) -> bool:
    """Say whether nothing is computed that a value could change: no claim without tiers, no outage without a share."""
    if "tiers" not in tree:
        return not path.startswith(("standard.", "season."))
    shares = {"ratio"} & tree.get("outage", {}).keys() | {"unheated_day_ratio"} & tree.keys()
    replaced = path == "unheated_day_ratio.value" and "ratio" in tree.get("outage", {})
    return replaced or (path.startswith("outage.") and not shares)


def changes_of(tree: Tree, path: str, value: Any) -> Iterator[Change]:
    option = path.removesuffix(".value")
    if option in INSTEAD:
        yield path, put(tree, path, INSTEAD[option][value])
    elif path in BY_ONE and not (path == "statistic.n" and tree["unit"] == "day"):
        yield f"{path} + 1", put(tree, path, value + 1)
        yield f"{path} - 1", put(tree, path, value - 1)
    elif path in A_HUNDREDTH_LESS:
        yield path, put(tree, path, value - HUNDREDTH)
    elif path in TURNED:
        yield path, put(tree, path, not value)
    elif path in TAKEN_AWAY:
        yield path, put(tree, path, None)
    elif path == "evidence_accepted.kinds":
        for kind in value:
            yield f"{path}: {kind}", put(tree, path, tuple(each for each in value if each != kind))
    elif path == "presumption.below_c":
        yield path, put(tree, path, value + 2)
    elif not excused(path):
        raise AssertionError(f"{tree['id']}: {path} is neither changed nor excused")


def next_day(bound: str) -> str:
    return f"{bound[:3]}{int(bound[3:5]) + 1:02}{bound[5:]}"


def temperatures(tree: Tree) -> Iterator[Change]:
    """Move the standard with the band at it, each bound between two bands, what is inside, and each share."""
    standard = tree.get("standard", {}).get("min_c")
    if "tiers" not in tree:
        yield "standard.min_c", put(tree, "standard.min_c", standard + HUNDREDTH)
        return
    bands, deviating = tree["tiers"]["bands"], tree["tiers"]["basis"] == "deviation"
    ends = {end for band in bands for end in (band.get("lo"), band.get("hi")) if end is not None}
    top = Decimal(0) if deviating else standard
    yield (
        "standard.min_c",
        put(moved(tree, top, top if deviating else top + HUNDREDTH), "standard.min_c", standard + HUNDREDTH),
    )
    for end in sorted(ends - {top}):
        yield f"tiers at {end} + 0.01", moved(tree, end, end + HUNDREDTH)
        yield f"tiers at {end} - 0.01", moved(tree, end, end - HUNDREDTH)
        yield f"tiers at {end}, what is inside", turned(tree, end)
    for place, band in enumerate(bands):
        shared = copy.deepcopy(tree)
        shared["tiers"]["bands"][place]["ratio"] = band["ratio"] - HUNDREDTH
        yield f"tiers.bands.{place}.ratio", shared


def moved(tree: Tree, end: Decimal, to: Decimal) -> Tree:
    changed = copy.deepcopy(tree)
    for band in changed["tiers"]["bands"]:
        for name in ("lo", "hi"):
            if band.get(name) == end:
                band[name] = to
    return changed


def turned(tree: Tree, end: Decimal) -> Tree:
    """Give what stands exactly at a bound to the other band."""
    changed = copy.deepcopy(tree)
    for band in changed["tiers"]["bands"]:
        for name, inside in (("lo", "li"), ("hi", "hi_i")):
            if band.get(name) == end:
                band[inside] = not band[inside]
    return changed


# --- what the cases say ----------------------------------------------------------------------------------------------


@cache
def cases_of(pack_id: str) -> list[Case]:
    named = [case for _, case in cases() if case.packs == [pack_id] and "asked_by" not in case.told]
    return [each for case in named for each in answered(case)]


def answered(case: Case) -> list[Case]:
    """Give a case of an open question once for each answer."""
    if "each" not in case.told:
        return [case] if "expect" in case.told else []
    table = {name: value for name, value in case.told.items() if name not in ("each", "choices")}
    return [
        Case(
            {**case.table, **table},
            {
                "choices": {**case.told.get("choices", {}), case.told["option"]: answer["value"]},
                "expect": answer["expect"],
                **{name: table[name] for name in ("rooms", "day", "claim") if name in table},
            },
        )
        for answer in case.told["each"]
    ]


Answer = Callable[[Pack], Any]


@cache
def answers_of(pack_id: str) -> list[Answer]:
    return [answer_of(case) for case in cases_of(pack_id)]


def answer_of(case: Case) -> Answer:
    """Prepare a case so that it can be asked under a pack that was changed: facts and choices stay as they are."""
    if "refuses" in case.expect:
        return lambda pack: _refusal(case, lambda: case.policy(pack).claim_rules(opened_day(case)))
    file = case.choices_file(*map(pack_of, case.packs))
    if "rooms" in case.told:
        return lambda pack: _answer(lambda: day_by_law(case, canonical(file, [pack])))
    policy, day = case.policy(), opened_day(case)
    facts = twin.facts_of(facts_json(case.claim, policy.claim_rules(day), twin.claim_law_of(policy.canonical, day)))
    return lambda pack: _answer(lambda: said_by_twin(twin.claim_law_of(canonical(file, [pack]), day), facts))


def _refusal(case: Case, rules: Callable[[], Any]) -> bool:
    try:
        rules()
    except HeatstreamError as refused:
        return case.expect["refuses"] in str(refused)
    return False


def _answer(said: Callable[[], Any]) -> Any:
    try:
        return said()
    except twin.Unreadable as refused:
        return str(refused)


@pytest.mark.parametrize("pack_id", ids())
def test_a_value_changed_changes_some_case(pack_id: str) -> None:
    pack = pack_of(pack_id)
    answers = answers_of(pack_id)
    usual = [answer(pack) for answer in answers]
    untold = []
    for name, tree in changes(pack.model_dump(by_alias=True, exclude_none=True)):
        try:
            changed = Pack.model_validate(tree)
        except ValueError:
            continue  # It is no pack: the model itself tells it apart.
        if all(answer(changed) == before for answer, before in zip(answers, usual, strict=True)):
            untold.append(name)
    assert untold == []


def test_every_excuse_is_used() -> None:
    """An excuse for a field that no pack has any more is a slip."""
    paths = {
        path for pack_id in ids() for path, _ in leaves(pack_of(pack_id).model_dump(by_alias=True, exclude_none=True))
    }
    assert {each for each in NO_CASE if not any(path == each or path.startswith(f"{each}.") for path in paths)} == set()

"""Cases a lawyer can read: how a table of `tests/cases/*.yaml` becomes a policy and a claim's facts.

A table names its pack, and what its cases have in common; a case changes what it says. What nobody says was not
recorded, but for the statutory conditions, which are met.
What a pack leaves open and neither table nor case chooses is chosen by `base.yaml`; `unchosen` leaves options open.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

from heatstream.core.calendar import date_of, day_of
from heatstream.core.claim_rules import ClaimRules
from heatstream.evidence import twin
from heatstream.rules import exact_yaml
from heatstream.rules.choices import Choices, ChoicesFile
from heatstream.rules.needs import ASKED, needs
from heatstream.rules.pack import Pack, find
from heatstream.rules.policy import Policy, made, settled

HERE = Path(__file__).parent
BASE = exact_yaml.read(HERE / "base.yaml")
VISITS = ("company_visit", "authority_visit", "third_party")
UTC8 = dt.timezone(dt.timedelta(hours=8))
Told = Mapping[str, Any]


@cache
def pack_of(pack_id: str) -> Pack:
    """Read a shipped pack once for all its cases."""
    return find(pack_id)


@dataclass(frozen=True)
class Case:
    """One situation: a table's common part with a case's own."""

    table: Told
    told: Told

    @property
    def packs(self) -> list[str]:
        named = self.told.get("pack", self.table.get("pack"))
        return named if isinstance(named, list) else [named]

    @property
    def claim(self) -> dict[str, Any]:
        return {**self.table.get("claim", {}), **self.told.get("claim", {})}

    @property
    def expect(self) -> Told:
        expected: Told = self.told["expect"]
        return expected

    def policy(self, *packs: Pack) -> Policy:
        """Make the policy of the case's packs as shipped, or of other packs in their place."""
        found = list(packs) or [pack_of(pack) for pack in self.packs]
        return made(self.choices_file(*found), found)

    def choices_file(self, *packs: Pack) -> ChoicesFile:
        """Choose as the case says, then as the table does, then by `base.yaml` what is still asked for."""
        chosen = {**self.table.get("choices", {}), **self.told.get("choices", {})}
        for pack in packs:
            chosen = self._filled(pack, chosen)
        file = {
            "schema": "heatstream.choices/1",
            "place": "试",
            "packs": self.packs,
            "made_by": "试",
            "made_on": "2025-01-01",
            "season_decisions": self.told.get("season_decisions", []),
            "choices": chosen,
        }
        return ChoicesFile.model_validate(file)

    def _filled(self, pack: Pack, chosen: dict[str, Any]) -> dict[str, Any]:
        unchosen = self.told.get("unchosen", ())
        while missing := [
            need.option
            for need in needs(pack, settled(pack, Choices.model_validate(chosen)), *ASKED)
            if need.option not in unchosen and not _is_chosen(need.option, chosen, pack.id)
        ]:
            chosen = chosen | {option: _base(option, pack, chosen) for option in missing}
        return chosen


def _is_chosen(option: str, chosen: Told, pack_id: str) -> bool:
    return option in chosen and (option != "effective_from" or pack_id in chosen[option])


def _base(option: str, pack: Pack, chosen: Told) -> Any:
    if option == "effective_from":
        return {**chosen.get(option, {}), pack.id: BASE[option]}
    if option == "season" and pack.season is not None:
        return "pack"
    return BASE[option]


def cases(*names: str) -> Iterator[tuple[str, Case]]:
    """List the cases of every file of claims, with the sentence that names each."""
    for path in sorted(HERE.glob("*.yaml")):
        if path.stem != "base" and (not names or path.stem in names):
            table = exact_yaml.read(path)
            for told in table["cases"]:
                yield f"{path.stem}: {told['case']}", Case(table, told)


# --- a claim's facts, in the JSON of docs/claims.md section 8 ---------------------------------------------------------


def facts_json(claim: Told, rules: ClaimRules, law: twin.ClaimLaw) -> dict[str, Any]:
    """Write out what a case tells of a claim."""
    days = [date_of(each.day) for each in rules.days]
    opening = claim["opening"]
    told = opening if isinstance(opening, Mapping) else {"at": opening, "way": "application"}
    return {
        "schema": "heatstream.claim-facts/1",
        "claim": "试-1",
        "household": "H-1",
        "policy": "0" * 64,
        "pack": rules.pack_id,
        "season": {name: _instant_of(us) for name, us in zip(("start", "end"), rules.season_us, strict=True)},
        "closed_through": str(claim.get("closed_through", days[-1])),
        "opening": {"at": _instant(told["at"]), "way": told["way"]},
        "tests": sorted(_tests(claim), key=lambda test: test["at"]),
        "handled_at": _instant(claim["handled_at"]) if claim.get("handled_at") else None,
        "cause": {"of": claim["cause"], "event": 1} if claim.get("cause") else None,
        "exclusions": [{"to": None} | _plain(each) for each in claim.get("exclusions", ())],
        "conditions": list(_conditions(claim.get("conditions", "met"), days)),
        "presumptions": [_presumption(day, told, rules) for day, told in claim.get("presumptions", {}).items()],
        "outages": [_outage(each) for each in claim.get("outages", ())],
        "series": sorted(_series(claim.get("series", {}), law), key=lambda day: day["day"]),
        "standing": {
            "resident": True,
            "metered": False,
            "fee_due_fen": claim.get("fee_fen"),
            "fee_paid_fen": claim.get("fee_fen"),
            "base_fee_fen": None,
            "billed_area_centi_m2": 10000,
            "standard_centi": None,
            "stopped": [],
        }
        | _plain(claim.get("standing", {})),
    }


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value.isoformat() if isinstance(value, dt.date) else value


def _instant(text: str) -> str:
    return dt.datetime.fromisoformat(str(text)).replace(tzinfo=UTC8).isoformat()


def _instant_of(us: int) -> str:
    return (dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=us)).astimezone(UTC8).isoformat()


def _days(text: Any) -> list[dt.date]:
    """Read `2026-01-05` or `2026-01-05..2026-01-08`, both ends inside."""
    first, _, last = str(text).partition("..")
    begin, end = day_of(dt.date.fromisoformat(first)), day_of(dt.date.fromisoformat(last or first))
    return [date_of(day) for day in range(begin, end + 1)]


def _tests(claim: Told) -> Iterator[dict[str, Any]]:
    """Read `kind: {instant: °C}`; a list is a room each, `{c, m2}` a room with its area, `invalid` why it is none."""
    for kind in VISITS:
        for at, told in claim.get(kind, {}).items():
            why_not = [told["invalid"]] if isinstance(told, Mapping) and "invalid" in told else []
            rooms = told if isinstance(told, list) else [told]
            yield {
                "at": _instant(at),
                "kind": kind,
                "valid": not why_not,
                "why_not": why_not,
                "event": 1,
                "rooms": [_tested(room) for room in rooms],
            }


def _tested(told: Any) -> dict[str, Any]:
    room = told if isinstance(told, Mapping) else {"c": told}
    exact = Fraction(room["c"]) * 100
    area = int(room["m2"] * 100) if "m2" in room else None
    return {"kind": "bedroom", "temp_centi": exact.numerator, "of": exact.denominator, "area_centi_m2": area}


def _conditions(told: Any, days: list[dt.date]) -> Iterator[dict[str, Any]]:
    """Read `met` of every day of the season, or the days that are otherwise, `met` else."""
    other = {} if isinstance(told, str) else {day: how for span, how in told.items() for day in _days(span)}
    usual = told if isinstance(told, str) else "met"
    for day in days:
        how = other.get(day, usual)
        if how != "unknown":
            yield {"day": day.isoformat(), "met": how == "met"}


def _presumption(day: dt.date, told: Any, rules: ClaimRules) -> dict[str, Any]:
    """Read `compliant`; `failing` in the band that text or choice presumes; or the place of the band."""
    tier = {"compliant": None, "failing": rules.presumed_tier}.get(told, told)
    return {"day": day.isoformat(), "outcome": "compliant" if tier is None else "failing", "tier": tier}


def _outage(told: Told) -> dict[str, Any]:
    end = told.get("end")
    return {"start": _instant(told["start"]), "end": _instant(end) if end else None, "cause": told.get("cause")}


def _series(told: Told, law: twin.ClaimLaw) -> Iterator[dict[str, Any]]:
    for span, seen in told.items():
        for day in _days(span):
            yield _series_day(day, seen, law)


def _series_day(day: dt.date, seen: Any, law: twin.ClaimLaw) -> dict[str, Any]:
    """Read a day's temperature, held all day; `{c, start, end, longest}` for its times below; or its outcome."""
    told: Told = {"outcome": seen} if isinstance(seen, str) else seen if isinstance(seen, Mapping) else {"c": seen}
    celsius = Fraction(told["c"]) if "c" in told else None
    failing = celsius is not None and celsius < law.law.standard
    below = 1440 if failing else 0
    tier = twin.tier(celsius, law.law) if failing else None
    return {
        "day": day.isoformat(),
        "outcome": told.get("outcome") or ("failing" if failing else "compliant"),
        "conflict": told.get("conflict", False),
        "value_centi": int(celsius * 100) if celsius is not None else None,
        "tier": tier,
        "tier_at_least": told.get("at_least", False),
        "complete": told.get("complete", True),
        "below_at_start_min": told.get("start", below),
        "below_at_end_min": told.get("end", below),
        "longest_below_min": told.get("longest", below),
        "rooms": [_room(each, law) for each in told.get("rooms", ())],
    }


def _room(told: Told, law: twin.ClaimLaw) -> dict[str, Any]:
    celsius = Fraction(told["c"])
    failing = celsius < law.law.standard
    return {
        "outcome": "failing" if failing else "compliant",
        "tier": twin.tier(celsius, law.law) if failing else None,
        "area_centi_m2": int(told["m2"] * 100),
    }

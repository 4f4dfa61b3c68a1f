"""Frozen algorithms give what they gave: arrays and literal twin alike.

A vector is never changed. Where one no longer comes out, the algorithm is another one and needs another id, with its
own vectors; the old ones stay, for what was stored under the old id must be told as it was.
"""

import json
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from heatstream.claims.amount import arrays
from heatstream.claims.law import restored
from heatstream.core import entitlement, merkle, refund
from heatstream.core.calendar import Season, Windows
from heatstream.core.claim_rules import Open
from heatstream.core.digest import point_day_digests
from heatstream.core.entitlement import Right
from heatstream.core.grid import lay
from heatstream.core.statistic import ALGORITHM_NAME, day_statistics
from heatstream.evidence import twin
from tests.literal.arrays import judged

GOLDEN = Path(__file__).parent / "golden"


def cases(name: str) -> Iterable[Any]:
    told = json.loads((GOLDEN / f"{name}.json").read_text())
    return [pytest.param(case, id=f"{told['id']} {case['case']}") for case in told["cases"]]


# --- heatstream-point-day/1, heatstream-merkle/1 ----------------------------------------------------------------------


@pytest.mark.parametrize("case", cases("point-day-1"))
def test_the_digest_of_a_point_day_is_frozen(case: Any) -> None:
    rows = [(at_us, centi) for at_us, centi in case["rows"]]
    assert twin.point_day_digest(case["device"], case["day"], rows).hex() == case["digest"]
    at, centi = np.array([row[0] for row in rows], np.int64), np.array([row[1] for row in rows], np.int16)
    [digest] = point_day_digests([case["device"]], case["day"], np.zeros(len(rows), np.int32), at, centi)
    assert digest.hex() == case["digest"]


@pytest.mark.parametrize("case", cases("merkle-1"))
def test_the_root_of_a_tree_is_frozen(case: Any) -> None:
    digests = [bytes.fromhex(digest) for digest in case["digests"]]
    assert twin.root_of([twin.leaf_of(digest) for digest in digests]).hex() == case["root"]
    assert merkle.root([merkle.leaf(digest) for digest in digests]).hex() == case["root"]


# --- slot-lowest/1 day-statistic/1 ------------------------------------------------------------------------------------


def readings_of(told: Any) -> list[twin.Reading]:
    return [twin.Reading(at_us, Fraction(centi, 100), conflict) for at_us, centi, conflict in told]


def statistic_by_arrays(case: Any) -> dict[str, Any]:
    windows = Windows(case["day_from_min"], case["day_to_min"])
    at, centi, conflict = zip(*case["readings"], strict=True)
    grid = lay(
        np.zeros(len(at), np.int32),
        np.array(at, np.int64),
        np.array(centi, np.int16),
        points=1,
        day=case["day"],
        slot_min=case["slot_min"],
        windows=windows,
        excluded=np.array(conflict),
    )
    counted = Season(*case["season"]).part_of(case["day"], windows.night_to_min)
    found = day_statistics(grid, limit_centi=case["limit_centi"], counted_min=counted)
    names = [name for name in case["statistic"] if not name.endswith("min_centi")]
    columns = {name: int(getattr(found, name)[0]) for name in names}
    for prefix in ("", "day_", "night_"):
        stands = getattr(found, f"{prefix}slots_valid")[0] > 0
        columns[f"{prefix}min_centi"] = int(getattr(found, f"{prefix}min_centi")[0]) if stands else None
    return columns


def statistic_literally(case: Any) -> dict[str, Any]:
    point = twin.Installation("P", "P", case["slot_min"], None, 0, None, None, tuple(readings_of(case["readings"])), ())
    row = case | {"day": twin.date_of(case["day"]).isoformat()}
    columns = twin.statistic(point, row, tuple(case["season"]))
    return {name: value for name, value in columns.items() if name != "digest"}


@pytest.mark.parametrize("case", cases("statistic-1"))
def test_the_statistic_of_a_day_is_frozen(case: Any) -> None:
    assert statistic_literally(case) == case["statistic"]
    assert statistic_by_arrays(case) == case["statistic"]
    assert ALGORITHM_NAME == "slot-lowest/1 day-statistic/1"


# --- a finding --------------------------------------------------------------------------------------------------------


def policy(name: str) -> str:
    return (GOLDEN / f"{name}.policy.json").read_text()


def rooms_of(case: Any) -> list[twin.Room]:
    """Rooms of hourly slots; null = no reading."""
    start = twin.midnight_us(case["day"])
    return [
        twin.Room(
            60,
            tuple(
                twin.Reading(start + hour * twin.HOUR_US, Fraction(centi, 100), hour in room["in_conflict"])
                for hour, centi in enumerate(room["hours"])
                if centi is not None
            ),
            room["area_centi_m2"],
        )
        for room in case["rooms"]
    ]


def finding_literally(case: Any) -> dict[str, Any]:
    law = twin.law_of(policy(case["policy"]), case["day"])
    found = twin.judge(rooms_of(case), law, case["day"])
    part = twin.share(found, rooms_of(case), law, case["day"], case["billed_area_centi_m2"])
    assert law.money is not None
    return {
        "outcome": twin.NUMBER[found.outcome],
        "reason": found.reason,
        "value_centi": twin.hundredths_below(found.value),
        "tier": found.tier,
        "tier_at_least": found.at_least,
        "fen": None if part is None else twin.whole_fen(case["fee_fen"] * part, law.money),
    }


def finding_by_arrays(case: Any) -> dict[str, Any]:
    rules = restored(policy(case["policy"])).day_rules(case["day"])
    said = judged([rooms_of(case)], rules, billed=[case["billed_area_centi_m2"]])
    found, shares = said.findings, said.shares
    assert shares is not None
    assert rules.refund is not None
    fen = refund.fen_of_days(shares, np.array([case["fee_fen"]]), rules.refund)
    return {
        "outcome": int(found.outcome[0]),
        "reason": int(found.reason[0]),
        "value_centi": int(found.value_centi[0]) if found.valued[0] else None,
        "tier": int(found.tier[0]) if found.tiered[0] else None,
        "tier_at_least": bool(found.tier_at_least[0]),
        "fen": int(fen[0]) if shares.known[0] else None,
    }


@pytest.mark.parametrize("case", cases("finding-1"))
def test_a_finding_is_frozen(case: Any) -> None:
    assert finding_literally(case) == case["finding"]
    assert finding_by_arrays(case) == case["finding"]


# --- entitlement/1 ----------------------------------------------------------------------------------------------------


def entitlement_literally(case: Any) -> dict[str, Any]:
    facts = twin.facts_of(case["facts"])
    found = twin.claim(twin.claim_law_of(policy(case["policy"]), facts.request_day), facts)
    return {
        "right": {twin.MET: 1, twin.NOT_MET: 2, twin.OPEN: 3}[found.right],
        "denied": list(found.denied),
        "open": list(found.open),
        "days": len(found.days),
        "fen": found.fen,
        "fen_if_alleged_proved": found.fen_if_alleged_proved,
        "lower_bound": found.lower_bound,
    }


def entitlement_by_arrays(case: Any) -> dict[str, Any]:
    rules = restored(policy(case["policy"])).claim_rules(twin.facts_of(case["facts"]).request_day)
    found = entitlement.entitle(arrays(case["facts"], rules), rules)
    return {
        "right": int(Right(int(found.right[0]))),
        "denied": [each.name for each in Open if int(found.denied[0]) & each],
        "open": [each.name for each in Open if int(found.open[0]) & each],
        "days": int(found.counted.sum()),
        "fen": int(found.fen[0]),
        "fen_if_alleged_proved": int(found.fen_if_alleged_proved[0]),
        "lower_bound": bool(found.at_least[0]),
    }


@pytest.mark.parametrize("case", cases("entitlement-1"))
def test_an_entitlement_is_frozen(case: Any) -> None:
    assert entitlement_literally(case) == case["entitlement"]
    assert entitlement_by_arrays(case) == case["entitlement"]
    assert entitlement.ALGORITHM_NAME == "entitlement/1"

"""The batch refund case of a verified incident: whom it touched, from when to when, and the claims that it opens."""

import datetime as dt
from typing import NamedTuple

import yaml

from heatstream.claims import act as claim_act
from heatstream.claims import batch
from heatstream.claims.batch import BatchCase, Grounds
from heatstream.errors import BadInput, Refused
from heatstream.store import claims
from heatstream.store.matters import Matter
from heatstream.store.read import affected, supplied
from heatstream.store.timescale import LOCAL
from heatstream.supervision.act import Desk
from heatstream.supervision.incident import incidents as told
from heatstream.supervision.incident.incident_kind import REFUNDED, WHAT_ZH, expect_incident
from heatstream.supervision.incident.incident_state import Finding, Incident


class Drawn(NamedTuple):
    """A case, and the homes that it leaves out because their claim is open already."""

    case: BatchCase
    open_before: dict[str, str]
    """案号 by 户号; the incident is to be recorded there."""


async def drawn(desk: Desk, found: Matter, *, by: str) -> Drawn:
    """Draw up the case for the officer's district; an officer without one takes every home.

    Raises
    ------
    BadInput
        It is no incident, touched no home there, or every one has an open claim.
    Refused
        Nobody has verified it, it is none that is refunded so, or choice A17 is not made.
    """
    state: Incident = await desk.state(expect_incident("batch", found.code, found))
    finding, grounds = _verified(found.code, state), _grounds(found.code, state, desk)
    if finding.ends is None:
        raise BadInput(
            f"{found.code}: as verified it goes on; expected a `verified` with its end",
            zh=f"{found.code}：经核查尚未结束，应有写明结束时间的经核查记录",
        )
    homes, code = await _homes(desk, found, finding, by)
    if not homes:
        raise BadInput(
            f"{found.code}: it touched no residential home that is this officer's to act for",
            zh=f"{found.code}：未涉及办理人所辖的居民热用户",
        )
    open_before = {home: claim for home in homes if (claim := await _open_claim(desk, homes[home])) is not None}
    rest = tuple(home for home in homes if home not in open_before)
    if not rest:
        raise BadInput(
            f"{found.code}: every home has an open claim: {', '.join(sorted(open_before.values()))}",
            zh=f"{found.code}：所涉各户均有未办结的案件：{'、'.join(sorted(open_before.values()))}",
        )
    case = BatchCase(
        schema="heatstream.batch-case/1",
        case=code,
        at=desk.now(),
        why=f"{WHAT_ZH[state.what]}，{found.code}",
        grounds=grounds,
        begins=finding.begins,
        ends=finding.ends,
        found=f"供热侧：{finding.supply}；用户侧：{finding.homes}（{found.code} 第{finding.number}项）",
        cause=finding.cause,
        names=finding.names,
        households=rest,
    )
    return Drawn(case, open_before)


async def open_claims(desk: Desk, found: Matter, drawn_up: Drawn, *, by: str) -> list[str]:
    """Open the claims of a case and record it in the incident, all or nothing; tell their 案号."""
    claims_desk = claim_act.Desk(desk.conn, desk.ground.days_off, desk.now)
    opened = await batch.open_all(claims_desk, drawn_up.case, by=by)
    event = told.BatchOpened(
        at=desk.now(),
        why=drawn_up.case.why,
        case=drawn_up.case.case,
        claims=tuple(opened),
        open_before=tuple(drawn_up.open_before.values()),
    )
    await desk.record(found.code, event, by=by)
    return opened


def written(case: BatchCase) -> str:
    """Write a case as `claims batch` reads it."""
    tree = case.model_dump(mode="json", by_alias=True)
    return yaml.safe_dump(tree, allow_unicode=True, sort_keys=False)


def _verified(code: str, state: Incident) -> Finding:
    if state.what not in REFUNDED:
        raise Refused(
            f"{code}: seen {state.what}; batch cases are for {', '.join(sorted(REFUNDED))}",
            zh=f"{code}：事件类型为{WHAT_ZH[state.what]}，批量退费适用于"
            f"{'、'.join(WHAT_ZH[each] for each in sorted(REFUNDED))}",
        )
    if state.verified is None:
        raise Refused(
            f"{code}: nobody has verified it; a batch case needs an officer's `verified` 经核查",
            zh=f"{code}：尚未核查，批量退费应先有经核查记录",
        )
    if state.what == "low_running" and not state.verified.without_cause:
        raise Refused(
            f"{code}: event {state.verified.number} finds a cause for it; 无故低温运行 alone is refunded so",
            zh=f"{code}：第 {state.verified.number} 号记录查明其有原因，只有无故低温运行适用批量退费",
        )
    return state.verified


def _grounds(code: str, state: Incident, desk: Desk) -> Grounds:
    """Name the grounds; whether low running is a stop is choice A17."""
    match state.what:
        case "late_start" | "early_stop" as stop:
            return stop
    chosen = desk.ground.choices and desk.ground.choices.low_temp_running
    if chosen is None:
        raise Refused(
            f"{code}: choice low_temp_running (A17) is not made: own_event or as_stop",
            zh=f"{code}：选项 low_temp_running（A17，低温运行）未定，应为 own_event 或 as_stop",
        )
    return "low_running" if chosen == "own_event" else "early_stop"


async def _homes(desk: Desk, found: Matter, finding: Finding, by: str) -> tuple[dict[str, int], str]:
    """Give the residential homes of the officer's district, ids by 户号, and the number of their case."""
    day: dt.date = finding.begins.astimezone(LOCAL).date()
    stations = await supplied.station_ids(desk.conn, found.heat_station_id, found.heat_source_id)
    homes = [each for each in await affected.households(desk.conn, stations, day) if each.residential]
    officer = await desk.officer(by)
    if officer.district_id is None or officer.district_id == found.district_id:
        return {each.household: each.household_id for each in homes}, found.code
    mine = [
        each for each in await supplied.by_building(desk.conn, stations, day) if each.district_id == officer.district_id
    ]
    codes, district = {each.code for each in mine}, {each.district for each in mine}
    of_district = {each.household: each.household_id for each in homes if each.building in codes}
    return of_district, "-".join([found.code, *district])


async def _open_claim(desk: Desk, household_id: int) -> str | None:
    """Give the 案号 of a home's open claim, if there is one."""
    of_home = await claims.of_household(desk.conn, household_id)
    return next((each.code for each in of_home if each.step not in {"closed", "withdrawn"}), None)

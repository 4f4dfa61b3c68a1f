"""Every address answers from a real database what the town's table says."""

import datetime as dt

import httpx
import pytest
from sqlalchemy import delete, insert, update
from sqlalchemy.ext.asyncio import AsyncEngine

from heatstream.store import tables as t
from tests.serve import town
from tests.serve.conftest import MakeKey


async def rows(client: httpx.AsyncClient, path: str, **query: object) -> list[dict[str, object]]:
    response = await client.get(f"/api/v1/{path}", params=query)
    assert response.status_code == 200, response.text
    return response.json()["rows"]


async def test_households_are_listed_with_their_place(reader: httpx.AsyncClient) -> None:
    found = await rows(reader, "households")
    assert [(home["household"], home["district"], home["company"], home["points"]) for home in found] == [
        ("H1", "D1", "E1", 1),
        ("H2", "D1", "E1", 1),
        ("H3", "D2", "E2", 1),
        ("H4", "D2", "E2", 0),
        ("S1", "D2", "E2", 0),
    ]


async def test_homes_without_a_point_are_listed_on_request(reader: httpx.AsyncClient) -> None:
    assert [home["household"] for home in await rows(reader, "households", monitored="false")] == ["H4", "S1"]


@pytest.mark.parametrize(
    ("place", "homes"),
    [
        ({"city": "shili"}, ["H1", "H2", "H3", "H4", "S1"]),
        ({"district": "D1"}, ["H1", "H2"]),
        ({"community": "C2"}, ["H3", "H4", "S1"]),
        ({"company": "E2"}, ["H3", "H4", "S1"]),
        ({"heat_station": "T1"}, ["H1", "H2"]),
        ({"building": "B2"}, ["H3", "H4", "S1"]),
        ({"household": "H3"}, ["H3"]),
        ({"district": "D1", "building": "B2"}, []),
    ],
)
async def test_a_place_narrows_a_listing(reader: httpx.AsyncClient, place: dict[str, str], homes: list[str]) -> None:
    assert [home["household"] for home in await rows(reader, "households", **place)] == homes


async def test_points_are_listed_with_their_installation(reader: httpx.AsyncClient) -> None:
    [point] = await rows(reader, "points", household="H1")
    assert (point["point"], point["room_kind"], point["gateway"], point["interval_min"], point["valid_from"]) == (
        "P1",
        "bedroom",
        "gw-0001",
        10,
        "2025-10-01T00:00:00+08:00",
    )


@pytest.mark.every_edition
async def test_readings_stand_as_degrees_and_exactly(reader: httpx.AsyncClient) -> None:
    found = await rows(reader, "readings", point="P1", to=town.at(town.DAYS[-1], 24 - 1).isoformat())
    assert [(each["temp_c"], each["temp_centi"]) for each in found[:3]] == [(17.0, 1700), (17.1, 1710), (17.2, 1720)]


@pytest.mark.every_edition
async def test_a_range_of_instants_holds_its_first_and_not_its_last(reader: httpx.AsyncClient) -> None:
    start, end = town.at(town.DAYS[-1], 1).isoformat(), town.at(town.DAYS[-1], 3).isoformat()
    found = await rows(reader, "readings", point="P1", **{"from": start, "to": end})
    assert [each["observed_at"] for each in found] == ["2026-01-06T01:00:00+08:00", "2026-01-06T02:00:00+08:00"]


@pytest.mark.every_edition
async def test_a_reading_tells_the_other_value_of_its_instant(reader: httpx.AsyncClient) -> None:
    found = await rows(
        reader, "readings", household="H1", to=town.NOW.isoformat(), **{"from": "2026-01-06T00:00+08:00"}
    )
    assert [(each["other_centi"], each["decided"]) for each in found[1:3]] == [(None, False), ([1810], False)]


@pytest.mark.every_edition
async def test_statistics_are_listed_by_day_and_point(reader: httpx.AsyncClient) -> None:
    found = await rows(reader, "statistics", day_from="2026-01-05")
    assert [(each["day"], each["point"]) for each in found] == [
        (day, point) for day in ("2026-01-05", "2026-01-06") for point in ("P1", "P2", "P3")
    ]


@pytest.mark.every_edition
async def test_statistics_of_one_point_hold_what_was_computed(reader: httpx.AsyncClient) -> None:
    [found] = await rows(reader, "statistics", point="P2", day_from="2026-01-06")
    assert (found["min_c"], found["min_centi"], found["limit_c"], found["digest"]) == (17.0, 1700, 18.0, "01" * 32)


async def test_flags_tell_who_is_below_the_standard_now(reader: httpx.AsyncClient) -> None:
    [flag] = await rows(reader, "flags")
    assert (flag["household"], flag["temp_c"], flag["lowest_centi"], flag["since"]) == (
        "H1",
        17.5,
        1700,
        "2026-01-06T00:00:00+08:00",
    )


async def test_a_flag_that_ended_is_not_listed(client: httpx.AsyncClient, engine: AsyncEngine) -> None:
    async with engine.begin() as conn:
        await conn.execute(t.flag.update().values(until=town.NOW))
    assert await rows(client, "flags") == []


def outcomes(found: list[dict[str, object]]) -> list[tuple[object, ...]]:
    return [(each["period_from"], each["household"], each["outcome"]) for each in found]


@pytest.mark.every_edition
async def test_findings_are_listed_by_day_and_household(reader: httpx.AsyncClient) -> None:
    assert outcomes(await rows(reader, "findings", day_from="2026-01-05")) == [
        ("2026-01-05", "H1", "failing"),
        ("2026-01-05", "H2", "compliant"),
        ("2026-01-05", "H3", "compliant"),
        ("2026-01-06", "H1", "failing"),
        ("2026-01-06", "H2", "compliant"),
        ("2026-01-06", "H3", "undetermined"),
    ]


@pytest.mark.every_edition
async def test_the_newest_day_can_come_first(reader: httpx.AsyncClient) -> None:
    assert outcomes(await rows(reader, "findings", order="newest", limit=4))[2:] == [
        ("2026-01-06", "H3", "undetermined"),
        ("2026-01-05", "H1", "failing"),
    ]


@pytest.mark.every_edition
async def test_history_holds_what_was_superseded(reader: httpx.AsyncClient) -> None:
    found = await rows(reader, "findings", household="H1", history="true", day_from="2026-01-05", day_to="2026-01-05")
    assert [(each["outcome"], each["current"], each["change"]) for each in found] == [
        ("undetermined", False, "closed"),
        ("failing", True, "late_readings"),
    ]
    assert found[1]["supersedes"] == found[0]["id"]


@pytest.mark.every_edition
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"outcome": "failing"}, ["H1", "H1"]),
        ({"outcome": ["failing", "undetermined"]}, ["H1", "H1", "H3"]),
        ({"district": "D2", "day_to": "2026-01-04"}, ["H3"]),
        ({"company": "E1", "outcome": "failing", "day_from": "2026-01-06"}, ["H1"]),
        ({"building": "B2", "outcome": "undetermined"}, ["H3"]),
        ({"day_from": "2026-02-01"}, []),
    ],
)
async def test_filters_of_findings_narrow_each_other(
    reader: httpx.AsyncClient, query: dict[str, object], expected: list[str]
) -> None:
    assert [each["household"] for each in await rows(reader, "findings", **query)] == expected


async def test_a_finding_says_what_decided_and_by_which_policy(reader: httpx.AsyncClient) -> None:
    [found] = await rows(reader, "findings", household="H1", day_from="2026-01-06")
    expected = {
        "outcome_zh": "不达标",
        "statistic": "min",
        "statistic_zh": "最低值",
        "point": "P1",
        "value_c": 17.0,
        "margin_c": -1.0,
        "computed_fen": 300,
        "entitlement_fen": None,
        "ruled_fen": None,
        "grade": "evidence",
        "policy_hash": "04" * 32,
        "watermark": town.WATERMARK,
        "through_batch": 1,
    }
    assert {name: found[name] for name in expected} == expected


async def test_a_page_of_findings_tells_how_far_the_judging_came(reader: httpx.AsyncClient) -> None:
    response = await reader.get("/api/v1/findings", params={"limit": 1})
    assert response.json()["closed_through"] == "2026-01-06"


@pytest.mark.every_edition
async def test_a_finding_is_explained_by_its_rooms_and_its_past(reader: httpx.AsyncClient) -> None:
    [finding] = await rows(reader, "findings", household="H1", day_from="2026-01-05", day_to="2026-01-05")
    told = (await reader.get(f"/api/v1/findings/{finding['id']}/explain")).json()
    assert told["finding"] == finding
    assert [(room["point"], room["room"], room["min_centi"]) for room in told["rooms"]] == [("P1", "R1", 1700)]
    assert [version["outcome"] for version in told["versions"]] == ["undetermined", "failing"]


async def sentences_of(reader: httpx.AsyncClient, household: str) -> list[dict[str, str]]:
    [finding] = await rows(reader, "findings", household=household, day_from="2026-01-06")
    return (await reader.get(f"/api/v1/findings/{finding['id']}/explain")).json()["sentences"]


async def test_a_finding_is_told_in_sentences(reader: httpx.AsyncClient) -> None:
    told = [sentence["zh"] for sentence in await sentences_of(reader, "H1")]
    assert told[0] == "2026-01-06：不达标"
    assert told[1].startswith("测点 P1（卧室）：读数 0 条，有效时段 144/144，最低 17.00 ℃")
    assert "测算额：3.00 元，仅由读数测算；应退热费与裁定额另行认定" in told
    assert told[-2:] == [town.WATERMARK, f"规则与选择 {'04' * 8}，数据截至批次 1，程序版本 0.1.0"]


async def test_an_undetermined_finding_tells_why(reader: httpx.AsyncClient) -> None:
    told = await sentences_of(reader, "H3")
    assert {
        "zh": "原因：有效时段不足以认定合格，读数亦未证明不达标",
        "en": "Reason: too few valid slots to find compliance, and no failure is shown",
    } in told


async def test_a_superseded_finding_stays_explainable(reader: httpx.AsyncClient) -> None:
    first, _ = await rows(
        reader, "findings", household="H1", history="true", day_from="2026-01-05", day_to="2026-01-05"
    )
    told = (await reader.get(f"/api/v1/findings/{first['id']}/explain")).json()
    assert (told["finding"]["outcome"], told["finding"]["current"]) == ("undetermined", False)


@pytest.mark.every_edition
async def test_the_summary_adds_up_to_all_homes(reader: httpx.AsyncClient) -> None:
    told = (await reader.get("/api/v1/summary")).json()
    expected = {
        "day": "2026-01-06",
        "closed": True,
        "all_homes": 4,
        "monitored_homes": 3,
        "points": 3,
        "compliant": 1,
        "failing": 1,
        "undetermined": 1,
        "waiting": 0,
        "unmonitored": 1,
        "below_now": 1,
        "lowest_c": 17.0,
        "computed_fen": 300,
        "watermarks": [town.WATERMARK],
    }
    assert {name: told[name] for name in expected} == expected


async def test_every_rate_names_its_denominator(reader: httpx.AsyncClient) -> None:
    told = (await reader.get("/api/v1/summary")).json()["rates"]
    assert [(rate["name"], rate["of"], rate["numerator"], rate["denominator"]) for rate in told] == [
        ("failing", "monitored_homes", 1, 3),
        ("failing", "compliant_and_failing", 1, 2),
        ("compliant", "monitored_homes", 1, 3),
        ("undetermined", "monitored_homes", 1, 3),
        ("monitored", "all_homes", 3, 4),
        ("unmonitored", "all_homes", 1, 4),
    ]


async def test_a_monitored_home_that_is_not_judged_yet_waits(reader: httpx.AsyncClient) -> None:
    told = (await reader.get("/api/v1/summary", params={"day": "2026-01-07"})).json()
    assert (told["closed"], told["waiting"], told["unmonitored"], told["compliant"]) == (False, 3, 1, 0)


async def test_a_summary_of_a_district_counts_its_homes_alone(reader: httpx.AsyncClient) -> None:
    told = (await reader.get("/api/v1/summary", params={"district": "D2"})).json()
    assert (told["all_homes"], told["undetermined"], told["failing"], told["below_now"]) == (2, 1, 0, 0)


async def test_policies_are_listed_whole(reader: httpx.AsyncClient) -> None:
    [policy] = (await reader.get("/api/v1/policies")).json()
    assert (policy["place"], policy["watermark"], policy["hash"]) == ("示例市", town.WATERMARK, "04" * 32)


async def test_rejects_are_given_with_payload_and_readings(reader: httpx.AsyncClient) -> None:
    whole, partly = await rows(reader, "rejects")
    assert (whole["reason"], whole["payload_base64"], whole["rejected_readings"]) == ("undecodable", "/3s=", [])
    assert [each["reason"] for each in partly["rejected_readings"]] == ["out_of_range"]


async def test_rejects_are_found_by_the_reason_of_a_reading(reader: httpx.AsyncClient) -> None:
    assert [reject["reason"] for reject in await rows(reader, "rejects", reason="out_of_range")] == [None]
    assert await rows(reader, "rejects", reason="too_old", gateway="gw-0001") == []


async def test_resolved_rejects_are_left_out_unless_asked_for(
    stranger: httpx.AsyncClient, make_key: MakeKey, engine: AsyncEngine
) -> None:
    stranger.headers["X-API-Key"] = await make_key("admin")
    async with engine.begin() as conn:
        await conn.execute(t.reject.update().values(resolved_at=town.NOW))
    assert await rows(stranger, "rejects") == []
    assert len(await rows(stranger, "rejects", resolved="true")) == 2


async def test_incidents_are_listed(reader: httpx.AsyncClient) -> None:
    [incident] = await rows(reader, "incidents", kind="session_lost")
    assert incident["detail"] == {"client": "heatstream-ingest"}


async def test_an_empty_registry_has_no_summary(client: httpx.AsyncClient, engine: AsyncEngine) -> None:
    async with engine.begin() as conn:
        await conn.execute(delete(t.closing))
        assert await conn.scalar(insert(t.closing).values(closed_through=dt.date(2026, 1, 1)).returning(t.closing.c.id))
        await conn.execute(delete(t.city))
    response = await client.get("/api/v1/summary")
    assert (response.status_code, response.json()["detail"]) == (404, "no city is registered yet")


async def test_packs_are_listed_with_their_sources(reader: httpx.AsyncClient) -> None:
    packs = {pack["id"]: pack for pack in (await reader.get("/api/v1/packs")).json()}
    assert packs["demo-shili"]["watermark"] == town.WATERMARK
    assert packs["cn-22-changchun"]["text"]["tiers"] is None
    assert all(pack["text"]["sources"] for pack in packs.values())
    assert {each["name"]: each["state"] for each in packs["cn-22-changchun"]["capabilities"]} == {
        "standard": "choices",
        "clocks": "ready",
        "escalation": "ready",
        "ruling": "ready",
        "amount": "absent",
        "entitlement": "absent",
        "supervision": "choices",
    }


async def test_the_findings_of_residents_are_those_that_the_summary_counts(
    client: httpx.AsyncClient, engine: AsyncEngine
) -> None:
    async with engine.begin() as conn:
        await conn.execute(update(t.household).where(t.household.c.code == "H1").values(kind="other"))
    asked = {"day_from": "2026-01-05", "day_to": "2026-01-05"}
    found = {kind: await rows(client, "findings", kind=kind, **asked) for kind in ("residential", "other")}
    assert {kind: [each["household"] for each in listed] for kind, listed in found.items()} == {
        "residential": ["H2", "H3"],
        "other": ["H1"],
    }
    told = (await client.get("/api/v1/summary", params={"day": "2026-01-05"})).json()
    assert told["compliant"] + told["failing"] + told["undetermined"] == len(found["residential"])

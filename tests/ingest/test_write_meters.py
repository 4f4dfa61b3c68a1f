"""Meter readings: any subset of quantities, stored, repeated, conflicting or refused as a whole."""

import json
from typing import Any

import pytest
from sqlalchemy import func, select

from heatstream.store.tables import meter_conflict, meter_reading
from tests.ingest.desk import Desk, at

pytestmark = pytest.mark.every_edition


async def say(desk: Desk, *readings: dict[str, Any], minute: int = 0) -> Any:
    numbered = [{"meter": "M-1", "at": at(minute), **each} for each in readings]
    payload = json.dumps({"gateway": "gw-1", "readings": numbered})
    return (await desk.send(("heat/v1/shili/gw-1/meters", payload.encode()))).totals


async def test_every_quantity_is_stored_in_its_unit(desk: Desk) -> None:
    await say(
        desk,
        {
            "supply_c": 60.5,
            "return_c": 40.25,
            "flow_m3_h": 1.5,
            "power_kw": 35.2,
            "energy_kwh": 11050.5,
            "volume_m3": 245.49,
            "supply_mpa": 0.6,
            "return_mpa": 0.4,
            "outdoor_c": -12.3,
            "fault": "E07",
        },
    )
    c = meter_reading.c
    quantities = (c.supply_centi, c.return_centi, c.flow_l_h, c.power_w, c.energy_wh, c.volume_l)
    others = (c.supply_kpa, c.return_kpa, c.outdoor_centi, c.fault)
    assert await desk.rows(select(*quantities, *others)) == [
        (6050, 4025, 1500, 35200, 11050500, 245490, 600, 400, -1230, "E07")
    ]


async def test_what_was_not_sent_is_null(desk: Desk) -> None:
    await say(desk, {"supply_c": 60})
    assert await desk.rows(
        select(meter_reading.c.supply_centi, meter_reading.c.return_centi, meter_reading.c.fault)
    ) == [(6000, None, None)]


async def test_readings_with_different_quantities_go_in_one_batch(desk: Desk) -> None:
    totals = await say(
        desk, {"supply_c": 60}, {"meter": "M-2", "energy_kwh": 1}, {"meter": "M-1", "at": at(60), "fault": "E1"}
    )
    assert totals.stored == 3


async def test_a_repeat_is_stored_once(desk: Desk) -> None:
    await say(desk, {"supply_c": 60, "fault": "E1"})
    assert (await say(desk, {"supply_c": 60, "fault": "E1"})).repeated == 1


@pytest.mark.parametrize("other", [{"supply_c": 61}, {"supply_c": 60, "return_c": 40}, {"supply_c": 60, "fault": "E1"}])
async def test_another_value_is_a_conflict(desk: Desk, other: dict[str, Any]) -> None:
    await say(desk, {"supply_c": 60})
    assert (await say(desk, other)).conflicting == 1
    assert await desk.count(meter_conflict) == 1


async def test_a_conflicting_value_that_comes_again_is_a_repeat(desk: Desk) -> None:
    await say(desk, {"supply_c": 60})
    await say(desk, {"supply_c": 61})
    assert (await say(desk, {"supply_c": 61})).repeated == 1
    assert await desk.count(meter_conflict) == 1


async def test_repeats_and_conflicts_within_a_message_are_told_apart(desk: Desk) -> None:
    totals = await say(desk, {"supply_c": 60}, {"supply_c": 61}, {"supply_c": 60}, {"supply_c": 61})
    assert (totals.stored, totals.conflicting, totals.repeated) == (1, 1, 2)


@pytest.mark.parametrize(
    "odd",
    [{"supply_c": 151}, {"return_c": 111}, {"supply_mpa": 2.6}, {"flow_m3_h": -1}, {"outdoor_c": 50}, {"power_kw": -1}],
)
async def test_an_impossible_quantity_refuses_the_whole_reading(desk: Desk, odd: dict[str, Any]) -> None:
    totals = await say(desk, {"energy_kwh": 5, **odd})
    assert (totals.stored, totals.rejected) == (0, 1)
    assert await desk.refused() == [("out_of_range", 0)]


async def test_an_unknown_meter_is_refused(desk: Desk) -> None:
    await say(desk, {"meter": "M-9", "supply_c": 60})
    assert await desk.refused() == [("unknown_meter", 0)]


async def test_a_meter_and_a_point_of_one_batch_are_both_stored(desk: Desk) -> None:
    meter = b'{"meter": "M-1", "at": "2026-01-05T08:00:00+08:00", "supply_c": 60}'
    point = b'{"point": "P-1", "at": "2026-01-05T08:00:00+08:00", "temp_c": 20}'
    written = await desk.send(("heat/v1/shili/gw-1/meters", meter), ("heat/v1/shili/gw-1/indoor", point))
    assert written.totals.stored == 2
    assert await desk.rows(select(func.count()).select_from(meter_reading)) == [(1,)]

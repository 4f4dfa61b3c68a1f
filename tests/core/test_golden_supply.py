"""`supply-spans/1` gives what it gave: a vector is never changed. Another result is another algorithm, and needs an id.

Six stations over ten days of a season that begins with the second and ends with the ninth; noise is counted, not drawn.
"""

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np

from heatstream.core.calendar import DAY_US, Season
from heatstream.core.curve import Curve, expected_supply
from heatstream.core.supply import ALGORITHM_NAME, Duty, Limits, Span, StationSeries, detect

GOLDEN = Path(__file__).parent / "golden" / "supply-spans-1.json"
SHAPE = (6, 10 * 144)
BEGIN = 1_760_000_400_000_000 // DAY_US * DAY_US - 8 * 3_600_000_000
HOUR = 6


def made() -> tuple[StationSeries, Duty]:
    station, slot = np.indices(SHAPE)
    noise = (station * 7919 + slot * 104_729) % 41 - 20
    outdoor = (-600 + np.abs(slot % 144 - 72) * 4 + noise).astype(np.int32)
    supply = 4400 - outdoor // 2 + noise
    power, flow = np.full(SHAPE, 200_000) + 500 * noise, np.full(SHAPE, 21_000)
    back = supply - 800
    indoor = 2100 + noise // 4
    valid = (station * 31 + slot * 17) % 29 != 0

    def off(row: int, start: int, end: int, *, pump: bool = False) -> None:
        when = slice(start * HOUR, end * HOUR)
        power[row, when], supply[row, when], back[row, when] = 0, 2600, 2600
        flow[row, when] *= pump
        indoor[row, when] -= np.arange((end - start) * HOUR) * 20 // HOUR

    off(0, 0, 70)  # late start
    off(1, 100, 130)  # failure
    valid[1, 110 * HOUR : 116 * HOUR] = False
    off(2, 130, 136, pump=True)
    off(3, 150, 240)  # early stop
    supply[4, 60 * HOUR : 90 * HOUR] -= 1500  # low
    indoor[4, 60 * HOUR : 90 * HOUR] -= np.arange(30 * HOUR) * 15 // HOUR
    valid[5, 48 * HOUR : 90 * HOUR] = False  # silent, and homes fall
    indoor[5, 60 * HOUR : 80 * HOUR] -= np.arange(20 * HOUR) * 30 // HOUR
    off(5, 168, 178)  # announced for eight hours of ten
    announced, scheduled = np.zeros(SHAPE, np.bool_), np.ones(SHAPE, np.bool_)
    announced[5, 168 * HOUR : 176 * HOUR] = True
    scheduled[2, slot[2] % 144 < 30] = False
    series = StationSeries(
        begin_us=BEGIN,
        slot_min=10,
        supply_centi=supply.astype(np.int32),
        return_centi=back.astype(np.int32),
        flow_l_h=flow.astype(np.int32),
        power_w=power.astype(np.int64),
        valid=valid,
        outdoor_centi=outdoor,
        outdoor_known=valid,
        indoor_centi=indoor.astype(np.int32),
        indoor_valid=np.ones(SHAPE, np.bool_),
        area_centi_m2=np.full(6, 1_000_000, np.int64),
        interval_min=np.full(6, 10, np.int32),
    )
    return series, Duty(Season(BEGIN + DAY_US, BEGIN + 9 * DAY_US), announced, scheduled)


def told(span: Span) -> list[Any]:
    return [span.station, span.kind.name, *span[2:11], span.homes.name, *span[12:]]


def test_the_spans_of_supply_are_frozen() -> None:
    golden = json.loads(GOLDEN.read_text())
    series, duty = made()
    curve = Curve(*np.array(golden["curve"], np.int32).T)
    expected = expected_supply([curve], np.zeros((6, 1), np.int64), series.outdoor_centi, series.outdoor_known, 10)
    limits = Limits(**golden["limits"])
    assert golden["id"] == ALGORITHM_NAME
    assert [told(each) for each in detect(series, duty, expected, limits)] == golden["spans"]


def test_every_limit_is_told_with_the_frozen_spans() -> None:
    assert set(json.loads(GOLDEN.read_text())["limits"]) == {each.name for each in dataclasses.fields(Limits)}

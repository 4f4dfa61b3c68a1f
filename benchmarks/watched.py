"""A simulated season as the passes over the database see it: slots of meters and homes, what is owed, and counters."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from heatstream.core.calendar import Season
from heatstream.core.counter import NEAR, Mark
from heatstream.core.curve import Curve, Expected, expected_supply
from heatstream.core.metered import MetersDay, Thresholds, Told, day_of_meters
from heatstream.core.supply import Duty, StationSeries
from heatstream.rules.supervision.detection import Detection
from simulators import clocks, plan
from simulators.known import Known, known
from simulators.layout import Town, lay_out
from simulators.meters import MeterBoard, MeterRows
from simulators.registry import CURVE_OUTDOOR_C
from simulators.scenario import Intermittent, Maintenance, Scenario
from simulators.sensors import SensorField
from simulators.thermal import Heating, supply_curve_c

BLOCK_HOURS = 24
AROUND_US = 5 * clocks.DAY_US
"""so far back and ahead the readings around a day are looked for"""
MISSING_DAYS = 400
"""a season without a start, or an end, lies so far around the period"""


@dataclass(frozen=True, slots=True)
class Watched:
    """What was told of one town, and what is known of it."""

    scenario: Scenario
    town: Town
    start_us: int
    at_us: np.ndarray[Any, np.dtype[np.int64]]
    """(steps,)"""
    meters: dict[str, np.ndarray[Any, Any]]
    """by quantity, and `sent`: (steps, meters), stations first"""
    outdoor_centi: np.ndarray[Any, Any]
    """(steps,)"""
    indoor_centi: np.ndarray[Any, Any]
    """(stations, steps): mean of the hour that each step lies in, floored"""
    indoor_points: np.ndarray[Any, Any]
    """(stations, steps): points that told something within that hour"""

    @property
    def truth(self) -> list[Known]:
        return known(self.scenario, self.town.stations, self.start_us)

    @property
    def season(self) -> Season:
        """As decided; where the scenario leaves it open, far around the period."""
        begin_us, end_us = plan.season_time(self.scenario)
        return Season(
            max(begin_us, int(self.at_us[0]) - MISSING_DAYS * clocks.DAY_US),
            min(end_us, int(self.at_us[-1]) + MISSING_DAYS * clocks.DAY_US),
        )

    @property
    def slot_us(self) -> int:
        return self.scenario.sample_minutes * clocks.MINUTE_US


def watch(scenario: Scenario) -> Watched:
    """Play a scenario into arrays."""
    town = lay_out(scenario.town, scenario.seed)
    start_us = scenario.period.start_us(0)
    steps = scenario.period.days * 24 * 60 // scenario.sample_minutes
    board, field = MeterBoard(town, scenario, start_us), SensorField(town, scenario, start_us)
    hours: list[tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]] = []
    rows: list[MeterRows] = []
    instants = []
    for block in Heating(town, scenario, start_us, steps).blocks(BLOCK_HOURS * 60 // scenario.sample_minutes):
        rows.append(board.read(block))
        samples = field.read(block)
        hours.append(_by_hour(town, samples.centi, samples.sent, 60 // scenario.sample_minutes))
        instants.append(block.at_us)
    names = ("supply_centi", "return_centi", "flow_l_h", "power_w", "energy_wh", "volume_l", "sent")
    return Watched(
        scenario=scenario,
        town=town,
        start_us=start_us,
        at_us=np.concatenate(instants),
        meters={name: np.concatenate([getattr(row, name) for row in rows]) for name in names},
        outdoor_centi=np.concatenate([row.outdoor_centi for row in rows]),
        indoor_centi=np.concatenate([mean for mean, _ in hours], axis=1),
        indoor_points=np.concatenate([points for _, points in hours], axis=1),
    )


def _by_hour(
    town: Town, centi: np.ndarray[Any, Any], sent: np.ndarray[Any, Any], steps_an_hour: int
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Mean of each station's heated homes by hour, and how many points stand behind it, spread over the steps."""
    heated = ~town.homes.stopped[town.points.home]
    station = town.home_station[town.points.home]
    readings = (sent & heated).reshape(len(sent) // steps_an_hour, steps_an_hour, sent.shape[1])
    total, count = (centi.reshape(readings.shape) * readings).sum(axis=1), readings.sum(axis=1)
    sums, counts, points = (_by_station(each, station, town.stations) for each in (total, count, count > 0))
    mean = sums // np.maximum(counts, 1)
    return np.repeat(mean, steps_an_hour, axis=0).T, np.repeat(points, steps_an_hour, axis=0).T


def _by_station(
    values: np.ndarray[Any, Any], station: np.ndarray[Any, Any], stations: int
) -> np.ndarray[Any, np.dtype[np.int64]]:
    found = np.zeros((len(values), stations), np.int64)
    np.add.at(found, (slice(None), station), values)
    return found


# --- for the detection of spans ---------------------------------------------------------------------------------------


def series_of(watched: Watched, detection: Detection) -> StationSeries:
    town, stations = watched.town, watched.town.stations
    of = {name: values[:, :stations].T for name, values in watched.meters.items()}
    heated = ~town.homes.stopped
    area_m2 = np.bincount(town.home_station[heated], weights=town.homes.area_m2[heated], minlength=stations)
    return StationSeries(
        begin_us=int(watched.at_us[0]),
        slot_min=watched.scenario.sample_minutes,
        supply_centi=of["supply_centi"].astype(np.int32),
        return_centi=of["return_centi"].astype(np.int32),
        flow_l_h=of["flow_l_h"].astype(np.int32),
        power_w=of["power_w"],
        valid=of["sent"],
        outdoor_centi=watched.outdoor_centi[None, :].astype(np.int32),
        outdoor_known=watched.meters["sent"][:, stations:].any(axis=1)[None, :],
        indoor_centi=watched.indoor_centi.astype(np.int32),
        indoor_valid=watched.indoor_points >= detection.least_points,
        area_centi_m2=(area_m2 * 100).astype(np.int64),
        interval_min=np.full(stations, watched.scenario.sample_minutes, np.int32),
    )


def duty_of(watched: Watched) -> Duty:
    shape = (watched.town.stations, watched.at_us.size)
    announced, scheduled = np.zeros(shape, np.bool_), np.ones(shape, np.bool_)
    for fault in watched.scenario.faults:
        if isinstance(fault, Maintenance) and fault.announced:
            time = plan.whole_time(fault, watched.scenario, watched.start_us)
            touched = plan.Time(time.begin_us - watched.slot_us + 1, time.end_us)
            announced[fault.station % len(announced)] |= touched.holds(watched.at_us)
    for station, mask in _schedules(watched):
        scheduled[station] &= mask
    return Duty(watched.season, announced, scheduled)


def _schedules(watched: Watched) -> Iterator[tuple[int, np.ndarray[Any, Any]]]:
    for fault in watched.scenario.faults:
        if isinstance(fault, Intermittent):
            time = plan.whole_time(fault, watched.scenario, watched.start_us).holds(watched.at_us)
            yield fault.station % watched.town.stations, ~time | plan.in_windows(fault, watched.at_us)


def expected_of(watched: Watched, series: StationSeries) -> Expected:
    """By the curve that the registry holds of every station."""
    outdoor_c = np.array(CURVE_OUTDOOR_C, np.float64)
    supply = np.rint(supply_curve_c(outdoor_c) * 100).astype(np.int32)
    curve = Curve((outdoor_c * 100).astype(np.int32), supply)
    which = np.zeros((watched.town.stations, 1), np.int32)
    return expected_supply([curve], which, series.outdoor_centi, series.outdoor_known, series.slot_min)


# --- for the marks of meters ------------------------------------------------------------------------------------------


def marks_of(watched: Watched, detection: Detection) -> list[Mark]:
    """Make every day of every meter with the readings around it, as the pass does; marks by meter and begin."""
    thresholds = Thresholds(**{each.name: getattr(detection, each.name) for each in fields(Thresholds)})
    day, around = clocks.DAY_US // watched.slot_us, AROUND_US // watched.slot_us
    found: list[Mark] = []
    for first in range(0, watched.at_us.size, day):
        steps = slice(max(first - around, 0), first + day + around)
        within = slice(first - steps.start, first - steps.start + day)
        near = _near(watched.meters["sent"][steps].T, within)
        found += day_of_meters(_meters_day(watched, int(watched.at_us[first]), steps, near), thresholds).marks
    return sorted(found, key=lambda mark: (mark.meter, mark.begins_us))


def _near(sent: np.ndarray[Any, Any], day: slice) -> np.ndarray[Any, Any]:
    """Of what each meter told, the day's and `2 x NEAR` readings before it and after it: (meters, steps)."""
    number = np.cumsum(sent, axis=1)
    before = number[:, day.start - 1, None] if day.start else 0
    upto = number[:, min(day.stop, number.shape[1]) - 1, None]
    return sent & (number > before - 2 * NEAR) & (number <= upto + 2 * NEAR)


def _meters_day(watched: Watched, midnight_us: int, steps: slice, sent: np.ndarray[Any, Any]) -> MetersDay:
    of = {name: values[steps].T for name, values in watched.meters.items()}
    meters = len(sent)
    meter, step = np.nonzero(sent)
    all_told = np.ones(meter.size, np.bool_)
    outdoor = np.broadcast_to(watched.outdoor_centi[steps], sent.shape)[sent]
    told = {name: Told(of[name][sent].astype(np.int64), all_told) for name in _COLUMNS}
    return MetersDay(
        day=(midnight_us + clocks.TOWN_OFFSET_US) // clocks.DAY_US,
        from_us=np.full(meters, midnight_us, np.int64),
        to_us=np.full(meters, midnight_us + clocks.DAY_US, np.int64),
        interval_min=np.full(meters, watched.scenario.sample_minutes, np.int32),
        meter=meter.astype(np.int32),
        at_us=watched.at_us[steps][step],
        **told,
        outdoor_centi=Told(outdoor.astype(np.int64), meter >= watched.town.stations),
        expected_centi=Told.nothing(meter.size),
    )


_COLUMNS = ("supply_centi", "return_centi", "flow_l_h", "power_w", "energy_wh", "volume_l")

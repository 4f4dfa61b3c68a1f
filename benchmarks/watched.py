"""A simulated season as the passes over the database see it: laid by the same functions, from the same kind of rows."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heatstream.core.calendar import Season
from heatstream.core.counter import NEAR, Mark
from heatstream.core.curve import Curve, Expected, expected_supply
from heatstream.core.metered import MetersDay, Thresholds, day_of_meters
from heatstream.core.metered import Told as Quantity
from heatstream.core.supply import Duty, StationSeries
from heatstream.rules.supervision.detection import Detection
from heatstream.store import stations as store
from heatstream.store.stations import SLOT_MIN, SLOT_US, Meter, Station, Window
from simulators import clocks, plan
from simulators.gateway import wall_clock_us
from simulators.known import Known, known
from simulators.layout import Town, lay_out
from simulators.meters import MeterBoard
from simulators.registry import CURVE_OUTDOOR_C
from simulators.scenario import Intermittent, Maintenance, Scenario
from simulators.sensors import Samples, SensorField
from simulators.thermal import Heating, supply_curve_c

MISSING_DAYS = 400
"""a season without a start, or an end, lies so far around the period"""
AROUND_US = 5 * clocks.DAY_US
"""so far back and ahead the readings around a day are looked for"""
TOLD = ("supply_centi", "return_centi", "flow_l_h", "power_w", "energy_wh", "volume_l")

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Watched:
    """What was told of one town, and what is known of it."""

    scenario: Scenario
    town: Town
    start_us: int
    at_us: Array
    """(steps,)"""
    sent: Array
    """(steps, meters), stations first"""
    told: dict[str, Array]
    """by quantity: (steps, meters)"""
    outdoor_centi: Array
    """(steps,)"""
    homes: Array
    """A row an hour of a point that told something: heat_station_id, point_id, hour, mean_centi."""

    @property
    def truth(self) -> list[Known]:
        return known(self.scenario, self.town.stations, self.start_us)

    @property
    def season(self) -> Season:
        """As decided; where the scenario leaves it open, far around the period."""
        begin_us, end_us = plan.season_time(self.scenario)
        return Season(
            max(begin_us, self.start_us - MISSING_DAYS * clocks.DAY_US),
            min(end_us, int(self.at_us[-1]) + MISSING_DAYS * clocks.DAY_US),
        )

    @property
    def step_us(self) -> int:
        return self.scenario.sample_minutes * clocks.MINUTE_US

    @property
    def window(self) -> Window:
        return Window(self.start_us, self.at_us.size * self.step_us // SLOT_US)

    @property
    def slots_us(self) -> Array:
        """(slots,) where each begins."""
        found: Array = self.start_us + np.arange(self.window.slots, dtype=np.int64) * SLOT_US
        return found


def watch(scenario: Scenario) -> Watched:
    """Play a scenario into arrays."""
    town = lay_out(scenario.town, scenario.seed)
    start_us = scenario.period.start_us(wall_clock_us())
    a_day = 24 * 60 // scenario.sample_minutes
    board, field = MeterBoard(town, scenario, start_us), SensorField(town, scenario, start_us)
    blocks = Heating(town, scenario, start_us, scenario.period.days * a_day).blocks(a_day)
    days = [(block.at_us, board.read(block), _hourly(town, field.read(block))) for block in blocks]
    return Watched(
        scenario=scenario,
        town=town,
        start_us=start_us,
        at_us=np.concatenate([at_us for at_us, _, _ in days]),
        sent=np.concatenate([rows.sent for _, rows, _ in days]),
        told={name: np.concatenate([getattr(rows, name) for _, rows, _ in days]) for name in TOLD},
        outdoor_centi=np.concatenate([rows.outdoor_centi for _, rows, _ in days]),
        homes=np.concatenate([homes for _, _, homes in days]),
    )


def _hourly(town: Town, samples: Samples) -> Array:
    """Floored hourly means of the points of heated homes, over one day."""
    points, heated = len(town.points), ~town.homes.stopped[town.points.home]
    hour, point = samples.at_us // clocks.HOUR_US, np.broadcast_to(np.arange(points), samples.at_us.shape)
    counts = samples.sent & heated
    first = int(hour.min())
    place = (hour[counts] - first) * points + point[counts]
    count = np.bincount(place)
    total = np.bincount(place, weights=samples.centi[counts]).astype(np.int64)
    told = np.flatnonzero(count)
    rows = np.zeros(told.size, [("heat_station_id", "i8"), ("point_id", "i8"), ("hour", "i8"), ("mean_centi", "i8")])
    rows["point_id"], rows["hour"] = told % points, (told // points + first) * clocks.HOUR_US
    rows["heat_station_id"] = town.home_station[town.points.home[rows["point_id"]]] + 1
    rows["mean_centi"] = total[told] // count[told]
    return rows


# --- for the detection of spans ---------------------------------------------------------------------------------------


def series_of(watched: Watched, detection: Detection) -> StationSeries:
    """Lay meters and homes on slots; the homes of all stations, not of the suspect ones alone."""
    town, window = watched.town, watched.window
    sources = (town.station_source + 1).tolist()
    stations = [Station(*each) for each in zip(range(1, town.stations + 1), town.station_codes, sources, strict=True)]
    told = store.laid(stations, list(_meters(watched)), _slot_rows(watched), {}, window)
    within = (watched.homes["hour"] - window.begin_us) // clocks.HOUR_US < window.slots * SLOT_MIN // 60
    rows = watched.homes[within]
    ids = [each.id for each in stations]
    indoor, valid = store.indoor_laid(ids, rows, window, least_points=detection.least_points)
    heated = ~town.homes.stopped
    area_m2 = np.bincount(town.home_station[heated], weights=town.homes.area_m2[heated], minlength=town.stations)
    return StationSeries(
        begin_us=window.begin_us,
        slot_min=SLOT_MIN,
        **{each.name: getattr(told, each.name) for each in fields(StationSeries) if hasattr(told, each.name)},
        indoor_centi=indoor,
        indoor_valid=valid,
        area_centi_m2=(area_m2 * 100).astype(np.int64),
    )


def _meters(watched: Watched) -> Iterator[Meter]:
    """Ids of meters, stations and sources count from 1."""
    since, interval, stations = watched.window.begin, watched.scenario.sample_minutes, watched.town.stations
    for number in range(1, watched.sent.shape[1] + 1):
        station, source = (number, None) if number <= stations else (None, number - stations)
        yield Meter(number, station, source, interval, since, None)


def _slot_rows(watched: Watched) -> Array:
    """Mean of each meter's readings in each slot, as `store.slot_means` gives them."""
    steps = SLOT_US // watched.step_us or 1
    shape = (-1, steps, watched.sent.shape[1])
    sent = watched.sent.reshape(shape)
    count = sent.sum(axis=1)
    slot, meter = np.nonzero(count)
    names = ("supply_centi", "return_centi", "flow_l_h", "power_w", "outdoor_centi")
    kinds = [(name, "i8") for name in ("meter_id", "slot", "readings", "outdoors", *names)]
    rows = np.zeros(slot.size, kinds)
    rows["meter_id"], rows["slot"] = meter + 1, watched.at_us[::steps][slot]
    rows["readings"] = count[slot, meter]
    rows["outdoors"] = np.where(meter >= watched.town.stations, rows["readings"], 0)
    outdoor = np.broadcast_to(watched.outdoor_centi[:, None], watched.sent.shape)
    for name, values in {**{each: watched.told[each] for each in names[:-1]}, "outdoor_centi": outdoor}.items():
        total = (values.reshape(shape) * sent).sum(axis=1)[slot, meter]
        rows[name] = np.rint(total / rows["readings"])
    return rows


def duty_of(watched: Watched) -> Duty:
    shape = (watched.town.stations, watched.window.slots)
    announced, scheduled = np.zeros(shape, np.bool_), np.ones(shape, np.bool_)
    for fault in watched.scenario.faults:
        if isinstance(fault, Maintenance) and fault.announced:
            time = plan.whole_time(fault, watched.scenario, watched.start_us)
            touched = plan.Time(time.begin_us - SLOT_US + 1, time.end_us)
            announced[fault.station % len(announced)] |= touched.holds(watched.slots_us)
    for station, mask in _schedules(watched):
        scheduled[station] &= mask
    return Duty(watched.season, announced, scheduled)


def _schedules(watched: Watched) -> Iterator[tuple[int, Array]]:
    """A slot is within a schedule if it is so from its first minute to its last."""
    begins, last = watched.slots_us, watched.slots_us + SLOT_US - clocks.MINUTE_US
    for fault in watched.scenario.faults:
        if isinstance(fault, Intermittent):
            time = plan.whole_time(fault, watched.scenario, watched.start_us).holds(begins)
            heats = plan.in_windows(fault, begins) & plan.in_windows(fault, last)
            yield fault.station % watched.town.stations, ~time | heats


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
    day, around = clocks.DAY_US // watched.step_us, AROUND_US // watched.step_us
    found: list[Mark] = []
    for first in range(0, watched.at_us.size, day):
        steps = slice(max(first - around, 0), first + day + around)
        within = slice(first - steps.start, first - steps.start + day)
        near = _near(watched.sent[steps].T, within)
        found += day_of_meters(_meters_day(watched, int(watched.at_us[first]), steps, near), thresholds).marks
    return sorted(found, key=lambda mark: (mark.meter, mark.begins_us))


def _near(sent: Array, day: slice) -> Array:
    """Of what each meter told, the day's and `2 x NEAR` readings before it and after it: (meters, steps)."""
    number = np.cumsum(sent, axis=1)
    before = number[:, day.start - 1, None] if day.start else 0
    upto = number[:, min(day.stop, number.shape[1]) - 1, None]
    near: Array = sent & (number > before - 2 * NEAR) & (number <= upto + 2 * NEAR)
    return near


def _meters_day(watched: Watched, midnight_us: int, steps: slice, sent: Array) -> MetersDay:
    meters = len(sent)
    meter, step = np.nonzero(sent)
    always = np.ones(meter.size, np.bool_)
    outdoor = watched.outdoor_centi[steps][step]
    return MetersDay(
        day=(midnight_us + clocks.TOWN_OFFSET_US) // clocks.DAY_US,
        from_us=np.full(meters, midnight_us, np.int64),
        to_us=np.full(meters, midnight_us + clocks.DAY_US, np.int64),
        interval_min=np.full(meters, watched.scenario.sample_minutes, np.int32),
        meter=meter.astype(np.int32),
        at_us=watched.at_us[steps][step],
        **{name: Quantity(watched.told[name][steps][step, meter], always) for name in TOLD},
        outdoor_centi=Quantity(outdoor, meter >= watched.town.stations),
        expected_centi=Quantity.nothing(meter.size),
    )

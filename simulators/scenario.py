"""What a scenario file may say, as models; `scenario.schema.json` beside this file is generated from them.

A scenario and its seed fix every byte that the town sends, apart from the day its period begins on where the file
leaves that open.
"""

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from simulators import clocks
from simulators.errors import ScenarioError

Share = Annotated[float, Field(ge=0, le=1)]
Hours = Annotated[float, Field(ge=0)]
Station = Annotated[int, Field(ge=0, description="which station, from 0")]
ClockTime = Annotated[str, Field(pattern=r"^(([01]\d|2[0-3]):[0-5]\d|24:00)$", description="local, quoted: '05:30'")]
SampleMinutes = Literal[5, 10, 15, 20, 30, 60]
Shape = Literal["single", "envelope", "columnar"]
JunkKind = Literal[
    "undecodable",
    "unknown_gateway",
    "unknown_point",
    "out_of_range",
    "no_time_zone",
    "time_unreadable",
    "value_unreadable",
    "too_far_ahead",
    "too_old",
    "repeated_time_backlog",
]
UNFIT: dict[str, frozenset[str]] = {
    "columnar": frozenset({"value_unreadable"}),  # a text among the numbers of a column
    "single": frozenset({"repeated_time_backlog"}),  # needs readings together in one message
}
"""Junk that a shape cannot carry."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TownSize(_Strict):
    homes: int = Field(300, ge=2, description="homes in the town, exactly")
    point_share: Share = Field(0.4, description="share of homes with a monitoring point; some 4 % in real cities")
    two_room_share: Share = Field(0.2, description="share of the monitored homes with points in two rooms")
    stopped_share: Share = Field(0.03, description="share of homes whose heating is stopped (报停)")
    districts: int = Field(2, ge=1)
    companies: int = Field(2, ge=1)
    homes_per_station: int = Field(
        120, ge=1, description="a station takes whole buildings until it has this many homes"
    )
    fee_fen_per_m2: int = Field(2700, ge=0, description="heating fee of a season [fen/m²]")


class Period(_Strict):
    start: date | None = Field(None, description="first local day; absent = the period ends with yesterday")
    days: int = Field(30, ge=1, le=366)

    def start_us(self, now_us: int) -> int:
        """Give the first instant; without a date it is the whole days before the one of `now_us`."""
        day = self.start or clocks.local_day(now_us) - timedelta(days=self.days)
        return clocks.midnight_us(day)


class Season(_Strict):
    """When heat is given; outside of it every station stands."""

    start: date | None = Field(None, description="first day with heat; absent = there is heat when the period begins")
    end: date | None = Field(None, description="last day with heat; absent = there is heat when the period ends")


class ColdSpell(_Strict):
    start_day: float = Field(ge=0, description="days after the period's start")
    days: float = Field(gt=0)
    depth_k: float = Field(gt=0, description="how far it falls below the season's course at its deepest [K]")


class Weather(_Strict):
    mean_c: float = Field(-6.0, description="mean outdoor temperature of the coldest month [°C]")
    daily_amplitude_k: float = Field(4.5, ge=0)
    follows_calendar: bool = Field(True, description="false = the coldest month all the year, for a demo in July")
    cold_spells: tuple[ColdSpell, ...] | None = Field(
        None, description="absent = drawn from the seed, one in nine days"
    )


class _Timed(_Strict):
    after_hours: Hours = Field(0, description="begins this long after the period's start [h]")
    hours: float | None = Field(None, gt=0, description="lasts this long [h]; absent = to the end")


class StationFails(_Timed):
    fault: Literal["station_fails"]
    station: Station = 0
    hours: float = Field(30, gt=0)
    pump_runs: bool = Field(False, description="water moves on, but no heat comes into it: the source's side failed")


class LateStart(_Strict):
    fault: Literal["late_start"]
    station: Station
    days: float = Field(gt=0, description="the station gives its first heat so long after the season's start")


class EarlyStop(_Strict):
    fault: Literal["early_stop"]
    station: Station
    days: float = Field(gt=0, description="the station gives its last heat so long before the season's end")


class LowSupply(_Timed):
    fault: Literal["low_supply"]
    station: Station
    amount: float = Field(
        gt=0,
        description="mean of supply and return is so far below the curve [K]; the station still gives 3 W/m²",
    )
    only_at_night: bool = Field(False, description="22:00 to 06:00 alone")


class HeatWindow(_Strict):
    begin: ClockTime
    end: ClockTime

    @property
    def begin_min(self) -> int:
        return _minutes(self.begin)

    @property
    def end_min(self) -> int:
        return _minutes(self.end)

    @model_validator(mode="after")
    def _forward(self) -> "HeatWindow":
        if self.begin_min >= self.end_min:
            raise ValueError(f"heat from {self.begin} to {self.end}: expected a begin before the end, on one day")
        return self


class Intermittent(_Timed):
    """间歇供热: heat within its windows alone, every day, as filed in the registry."""

    fault: Literal["intermittent"]
    station: Station
    windows: tuple[HeatWindow, ...] = Field(min_length=1)


class Maintenance(_Timed):
    fault: Literal["maintenance"]
    station: Station
    hours: float = Field(gt=0)
    announced: bool = Field(True, description="the registry holds it, announced 48 h before; else nobody was told")


class MeterSticks(_Timed):
    fault: Literal["meter_sticks"]
    station: Station


class MeterSwapped(_Strict):
    """Another meter goes on where the old one was, and nobody tells the registry."""

    fault: Literal["meter_swapped"]
    station: Station
    after_hours: Hours = 0
    level: float = Field(0.3, ge=0, description="what the new one's counters show, as a share of the old one's")


class MeterDropouts(_Timed):
    fault: Literal["meter_dropouts"]
    share: Share = Field(description="share of a meter's readings that are never sent")
    station: Station | None = Field(None, description="of this station's meter; absent = of every meter")


class MeterNoise(_Timed):
    """Temperatures are shown as of a moment, power and counters as of the whole step."""

    fault: Literal["meter_noise"]
    temperature_centi: float = Field(5, ge=0, description="standard deviation of what is shown [0.01 K]")
    power_step_w: int = Field(1, ge=1, description="power is shown in whole steps of so much [W]")


class WindowsOpened(_Timed):
    fault: Literal["windows_opened"]
    share: Share = Field(description="share of homes that leave a window ajar all through this time")


class Sensors(_Timed):
    fault: Literal["sensor_sticks", "sensor_drifts", "sensor_jumps", "sensor_runs_ahead", "sensor_silent"]
    share: Share = Field(description="share of the points")
    amount: float = Field(
        1.0, description="drift [K/day], jump [K], minutes ahead [min]; not used by sensors that stick or are silent"
    )


class GatewayOffline(_Timed):
    fault: Literal["gateway_offline"]
    share: Share | None = Field(
        None, description="share of the gateways; they keep their messages and come back with a backlog"
    )
    station: Station | None = Field(None, description="instead: the gateway of this station's meter")
    hours: float = Field(gt=0)

    @model_validator(mode="after")
    def _one_choice(self) -> "GatewayOffline":
        if (self.share is None) == (self.station is None):
            raise ValueError(f"share {self.share} and station {self.station}: expected one of the two")
        return self


class Late(_Timed):
    fault: Literal["late"]
    share: Share = Field(description="share of the messages")
    days: float = Field(3, gt=0)


class Repeats(_Timed):
    fault: Literal["repeats"]
    share: Share = Field(description="share of the messages that are sent twice, same bytes")


class Junk(_Timed):
    fault: Literal["junk"]
    share: Share = Field(description="junk readings added, as a share of the good ones")
    kinds: tuple[JunkKind, ...] = Field(
        ("undecodable", "unknown_point", "out_of_range", "no_time_zone", "too_far_ahead"), min_length=1
    )


class Conflicts(_Timed):
    fault: Literal["conflicts"]
    share: Share = Field(description="readings sent again with another value, as a share of the good ones")


Fault = Annotated[
    StationFails
    | LateStart
    | EarlyStop
    | LowSupply
    | Intermittent
    | Maintenance
    | MeterSticks
    | MeterSwapped
    | MeterDropouts
    | MeterNoise
    | WindowsOpened
    | Sensors
    | GatewayOffline
    | Late
    | Repeats
    | Junk
    | Conflicts,
    Field(discriminator="fault"),
]


class Scenario(_Strict):
    """A town, a time and what goes wrong in it."""

    name: str = Field(pattern=r"^[a-z0-9-]+$")
    seed: int = Field(ge=0)
    town: TownSize = TownSize()
    period: Period = Period()
    season: Season = Season()
    weather: Weather = Weather()
    speed: float | None = Field(
        None, gt=0, description="simulated seconds a second; 1 = real time; absent = no waiting"
    )
    sample_minutes: SampleMinutes = 10
    upload_minutes: int = Field(
        60, ge=5, le=1440, description="gateways upload this often; a multiple of sample_minutes"
    )
    readings_per_message: int = Field(50, ge=1, le=1000)
    shape: Shape = Field("envelope", description="payload shape of the indoor readings")
    faults: tuple[Fault, ...] = ()

    @model_validator(mode="after")
    def _upload_whole_samples(self) -> "Scenario":
        if self.upload_minutes % self.sample_minutes or 1440 % self.upload_minutes:
            raise ValueError(
                f"upload_minutes is {self.upload_minutes}: expected a divisor of 1440 that is a multiple of "
                f"sample_minutes ({self.sample_minutes})"
            )
        return self

    @model_validator(mode="after")
    def _ahead_between_samples(self) -> "Scenario":
        for fault in self.faults:
            if (
                isinstance(fault, Sensors)
                and fault.fault == "sensor_runs_ahead"
                and not fault.amount % self.sample_minutes
            ):
                raise ValueError(
                    f"sensor_runs_ahead by {fault.amount} min meets the next samples' instants: expected no multiple "
                    f"of sample_minutes ({self.sample_minutes})"
                )
        return self

    @model_validator(mode="after")
    def _season_within_period(self) -> "Scenario":
        """What is late or early must have something to be late or early against."""
        first = self.period.start
        bounds = {"season.start": self.season.start, "season.end": self.season.end}
        for bound, day in bounds.items():
            if day and (first is None or not first <= day < first + timedelta(days=self.period.days)):
                raise ValueError(f"{bound} is {day}: expected a day of the period, whose start must be given")
        against = {"late_start": "season.start", "early_stop": "season.end"}
        for fault in self.faults:
            if (name := against.get(fault.fault)) and bounds[name] is None:
                raise ValueError(f"{fault.fault} without {name}: expected the day it is held against")
        return self

    @model_validator(mode="after")
    def _junk_fits_shape(self) -> "Scenario":
        unfit = UNFIT.get(self.shape, frozenset())
        seen = {kind for fault in self.faults if isinstance(fault, Junk) for kind in fault.kinds if kind in unfit}
        if seen:
            raise ValueError(f"shape {self.shape} cannot carry junk of kind {sorted(seen)}: choose others")
        return self


def _minutes(clock: str) -> int:
    """After local midnight [min]."""
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)


def load_scenario(path: Path) -> Scenario:
    try:
        return Scenario.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        raise ScenarioError(f"{path}: {describe(error)}") from error
    except (OSError, yaml.YAMLError) as error:
        raise ScenarioError(f"{path} cannot be read as a scenario: {error}") from error


def describe(error: ValidationError) -> str:
    """Say where each thing stands, what was seen and what was expected."""
    return "; ".join(
        f"{'.'.join(map(str, one['loc'])) or 'the file'}: {one['msg']} (seen: {one['input']!r:.80})"
        for one in error.errors()
    )


def schema() -> dict[str, Any]:
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "heatstream scenario",
        **Scenario.model_json_schema(),
    }


def schema_text() -> str:
    return json.dumps(schema(), ensure_ascii=False, indent=2, sort_keys=True) + "\n"

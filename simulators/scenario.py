"""What a scenario file may say, as models; `scenario.schema.json` beside this file is generated from them.

A scenario and its seed fix every byte that the town sends, apart from the day its period begins on where the file
leaves that open.
"""

import json
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from simulators.errors import ScenarioError

Share = Annotated[float, Field(ge=0, le=1)]
Hours = Annotated[float, Field(ge=0)]
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
    station: int = Field(0, ge=0, description="which station, from 0")
    hours: float = Field(30, gt=0)


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
    share: Share = Field(description="share of the gateways; they keep their messages and come back with a backlog")
    hours: float = Field(gt=0)


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
    StationFails | WindowsOpened | Sensors | GatewayOffline | Late | Repeats | Junk | Conflicts,
    Field(discriminator="fault"),
]


class Scenario(_Strict):
    """A town, a time and what goes wrong in it."""

    name: str = Field(pattern=r"^[a-z0-9-]+$")
    seed: int = Field(ge=0)
    town: TownSize = TownSize()
    period: Period = Period()
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
    def _junk_fits_shape(self) -> "Scenario":
        unfit = UNFIT.get(self.shape, frozenset())
        seen = {kind for fault in self.faults if isinstance(fault, Junk) for kind in fault.kinds if kind in unfit}
        if seen:
            raise ValueError(f"shape {self.shape} cannot carry junk of kind {sorted(seen)}: choose others")
        return self


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

"""Mapping profiles: what a foreign payload means, declared, so that no device needs code of its own.

A path names fields between dots: `metrics.t1`. It starts at the reading's own entry; `$.` starts it at the message,
`^.` at the entry that encloses the reading's.
"""

from datetime import timedelta, timezone
from enum import StrEnum
from fractions import Fraction
from typing import Annotated, Final, Literal, Self, TypeAlias

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from heatstream.ingest.columns import Kind

Scalar: TypeAlias = int | float | str

RFC3339: Final = "rfc3339"
EPOCHS: Final = {"epoch_s": 1_000_000, "epoch_ms": 1_000, "epoch_us": 1}
"""Time format -> microseconds of one unit."""

QUANTITY_OF: Final = {
    "supply": "supply_centi",
    "return": "return_centi",
    "flow": "flow_l_h",
    "power": "power_w",
    "energy": "energy_wh",
    "volume": "volume_l",
    "supply_pressure": "supply_kpa",
    "return_pressure": "return_kpa",
    "outdoor": "outdoor_centi",
}
"""Name in a profile -> storage quantity of a meter reading; an indoor reading has `temp` alone."""

_CELSIUS: Final = (Fraction(1), Fraction(0))
_TEMPERATURE: Final = {
    "C": _CELSIUS,
    "Cel": _CELSIUS,
    "°C": _CELSIUS,
    "℃": _CELSIUS,
    "K": (Fraction(1), Fraction("-273.15")),
    "F": (Fraction(5, 9), Fraction(-160, 9)),
    "°F": (Fraction(5, 9), Fraction(-160, 9)),
}
_PRESSURE: Final = {"Pa": "1/1000", "kPa": "1", "bar": "100", "mbar": "1/10", "MPa": "1000"}
_FACTORS: Final = {
    "flow": {"l/h": "1", "l/min": "60", "l/s": "3600", "m3/h": "1000", "m³/h": "1000"},
    "power": {"W": "1", "kW": "1000", "MW": "1000000", "GJ/h": "2500000/9"},
    "energy": {"Wh": "1", "kWh": "1000", "MWh": "1000000", "GWh": "1000000000", "MJ": "2500/9", "GJ": "2500000/9"},
    "volume": {"l": "1", "m3": "1000", "m³": "1000"},
    "supply_pressure": _PRESSURE,
    "return_pressure": _PRESSURE,
}
UNITS: Final = dict.fromkeys(("temp", "supply", "return", "outdoor"), _TEMPERATURE) | {
    name: {unit: (Fraction(factor), Fraction(0)) for unit, factor in factors.items()}
    for name, factors in _FACTORS.items()
}
"""Quantity -> unit -> (factor, offset) that lead to °C or to the storage unit, exactly."""

_DATE_PARTS: Final = (("%Y", "%y"), ("%m", "%b"), ("%d",), ("%H",), ("%M",))


class Form(StrEnum):
    """How the payload is written."""

    JSON = "json"
    PAIRS = "pairs"


class Start(StrEnum):
    """Where a path begins."""

    ENTRY = "entry"
    MESSAGE = "message"
    ENCLOSING = "enclosing"


class Path(BaseModel):
    """A way to a field of the payload."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    start: Start
    fields: tuple[str, ...]

    @classmethod
    def read(cls, text: object) -> "Path":
        if not isinstance(text, str):
            raise ValueError("expected a path like metrics.t1 or $.header.id")  # noqa: TRY004 pydantic collects these
        start = {"$": Start.MESSAGE, "^": Start.ENCLOSING}.get(text.split(".")[0], Start.ENTRY)
        fields = tuple(text.split(".")[0 if start is Start.ENTRY else 1 :])
        if not all(fields) or not fields:
            raise ValueError(f"{text!r} is no path; expected fields between dots, like metrics.t1 or $.header.id")
        return cls(start=start, fields=fields)

    def __str__(self) -> str:
        prefix = {Start.ENTRY: "", Start.MESSAGE: "$.", Start.ENCLOSING: "^."}[self.start]
        return prefix + ".".join(self.fields)


def _exact(number: object) -> Fraction:
    """Read a scale as written: 0.1 is a tenth, not the float beside it."""
    try:
        scale = Fraction(str(number))
    except (ValueError, ZeroDivisionError):
        raise ValueError(f"{number!r} is no scale; expected a number like 0.1 or 1/100") from None
    if not scale:
        raise ValueError("a scale of 0 leaves nothing")
    return scale


def zone_of(text: str) -> timezone:
    """Read an offset like +08:00."""
    sign, hours, colon, minutes = text[:1], text[1:3], text[3:4], text[4:]
    if sign not in {"+", "-"} or colon != ":" or len(minutes) != 2 or not (hours + minutes).isdecimal():  # noqa: PLR2004
        raise ValueError(f"{text!r} is no zone; expected an offset like +08:00")
    offset = timedelta(hours=int(hours), minutes=int(minutes))
    return timezone(offset if sign == "+" else -offset)


def _checked_zone(text: str) -> str:
    zone_of(text)
    return text


PathText = Annotated[Path, BeforeValidator(Path.read), WithJsonSchema({"type": "string", "examples": ["$.header.id"]})]
Scale = Annotated[
    Fraction,
    BeforeValidator(_exact),
    WithJsonSchema({"type": ["number", "string"], "examples": ["1/10", 0.01]}),
]


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class DeviceName(Part):
    """Where the point's or meter's device is named."""

    path: PathText | None = None
    topic_level: int | None = Field(None, ge=0, description="level of the topic, from 0")
    constant: str | None = Field(None, min_length=1)

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if sum(place is not None for place in (self.path, self.topic_level, self.constant)) != 1:
            raise ValueError("say where the device is named: path, topic_level or constant, one of them")
        return self


class ObservedTime(Part):
    """Where the time of observation stands, and how it is spelled."""

    path: PathText | None = None
    topic_level: int | None = Field(None, ge=0)
    received: Literal[True] | None = Field(
        None, description="the device sends none: the instant of receipt stands for it"
    )
    format: str = Field(RFC3339, description="rfc3339, epoch_s, epoch_ms, epoch_us, or a pattern like %Y%m%d%H%M%S%f")
    zone: Annotated[str, AfterValidator(_checked_zone)] | None = Field(
        None, description="offset of a pattern without %z"
    )

    @model_validator(mode="after")
    def _told_whole(self) -> Self:
        if sum(place is not None for place in (self.path, self.topic_level, self.received)) != 1:
            raise ValueError("say where the time stands: path, topic_level or received, one of them")
        if self.format == RFC3339 or self.format in EPOCHS:
            if self.zone is not None:
                raise ValueError(f"{self.format} carries its zone; expected no zone beside it")
            return self
        self._check_pattern()
        return self

    def _check_pattern(self) -> None:
        if not all(any(part in self.format for part in parts) for parts in _DATE_PARTS):
            raise ValueError(f"{self.format!r}: expected rfc3339, epoch_s, epoch_ms, or a pattern of year to minute")
        if ("%z" in self.format) == (self.zone is not None):
            raise ValueError(f"{self.format!r}: expected a zone like +08:00, or %z in the pattern, one of them")


class Measured(Part):
    """Where one value stands, in which unit, and what says that there is none."""

    path: PathText
    unit: str | None = None
    unit_path: PathText | None = None
    unit_in_value: Literal[True] | None = Field(None, description="the unit follows the number: `25.00 C`")
    scale: Scale = Field(Fraction(1), description="the number as sent × scale is in the unit: 0.1 for tenths")
    as_text: bool = Field(default=False, description="the number is sent as text")
    missing: tuple[Scalar, ...] = Field((), description="marks that stand for no value, such as 127")

    @model_validator(mode="after")
    def _one_unit(self) -> Self:
        if sum(place is not None for place in (self.unit, self.unit_path, self.unit_in_value)) != 1:
            raise ValueError("say the unit: unit, unit_path or unit_in_value, one of them")
        return self


class FaultReport(Part):
    """Where a meter reports its own faults."""

    path: PathText
    fine: tuple[Scalar, ...] = Field((), description="reports that mean no fault, such as OK")


class Profile(Part):
    """What one make of device sends."""

    about: str = Field(description="which device, which firmware")
    source: str = Field(description="where its format was read")
    kind: Literal[Kind.INDOOR, Kind.METERS]
    form: Form = Form.JSON
    separator: str = Field("&", min_length=1, description="between the pairs of form `pairs`")
    equals: str = Field("=", min_length=1, description="within a pair")
    each: PathText | None = Field(
        None, description="the list whose entries are readings; lists on the way are opened too"
    )
    device: DeviceName
    at: ObservedTime
    quantities: dict[str, Measured]
    fault: FaultReport | None = None

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        wanted = {"temp"} if self.kind is Kind.INDOOR else set(QUANTITY_OF)
        if not self.quantities or not wanted >= self.quantities.keys():
            raise ValueError(f"quantities are {sorted(self.quantities)}, expected some of {sorted(wanted)}")
        for name, measured in self.quantities.items():
            if measured.unit is not None and measured.unit not in UNITS[name]:
                raise ValueError(f"{name}: unit is {measured.unit!r}, expected one of {', '.join(UNITS[name])}")
        if self.fault is not None and self.kind is Kind.INDOOR:
            raise ValueError("an indoor reading has no fault report")
        return self

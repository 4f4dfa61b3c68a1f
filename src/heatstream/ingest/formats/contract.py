"""The payloads of the wire contract: the models that the fast way decodes into and the JSON Schemas are made from.

A field that is not named here is ignored, so that a gateway may send more than this version knows. `null` says the
same as an absent field.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from heatstream.ingest.columns import WHOLE_MAX

GatewayName = Annotated[str, Meta(description="The gateway's name, as in the topic.", examples=["gw-0001"])]
SequenceNumber = Annotated[
    int,
    Meta(ge=1, le=WHOLE_MAX, description="Per gateway, one a message: starts at 1, grows by 1, is never used again."),
]
Instant = Annotated[
    str,
    Meta(
        description="RFC 3339 with its zone; a fraction finer than a microsecond is cut off.",
        examples=["2026-01-05T08:00:00+08:00"],
        extra_json_schema={"format": "date-time"},
    ),
]
PointName = Annotated[str, Meta(description="The fixed monitoring point's device.", examples=["P-000123"])]
Celsius = Annotated[float, Meta(description="[°C] rounded toward minus infinity to hundredths.", examples=[18.42])]


class Reading(Struct, gc=False):
    """One measured room temperature."""

    point: PointName
    at: Instant
    temp_c: Celsius


class SingleReading(Struct, gc=False):
    """A message that is one reading."""

    point: PointName
    at: Instant
    temp_c: Celsius
    gateway: GatewayName | None = None
    sequence: SequenceNumber | None = None
    sent_at: Instant | None = None
    readings: None = None
    points: None = None


class Envelope(Struct, gc=False):
    """A message of readings, one object each."""

    readings: list[Reading]
    gateway: GatewayName | None = None
    sequence: SequenceNumber | None = None
    sent_at: Instant | None = None
    point: None = None
    points: None = None


class ColumnarReadings(Struct, gc=False):
    """A message of readings in columns of one length; one `at` stands for all."""

    points: list[PointName]
    at: Instant | list[Instant]
    temp_c: list[Celsius]
    gateway: GatewayName | None = None
    sequence: SequenceNumber | None = None
    sent_at: Instant | None = None
    point: None = None
    readings: None = None


class MeterReading(Struct):
    """One reading of a heat source's or heat station's meter; a quantity that was not measured is absent."""

    meter: Annotated[str, Meta(description="The meter's device.", examples=["M-0007"])]
    at: Instant
    supply_c: Annotated[float, Meta(description="[°C] supply temperature, floored to hundredths")] | None = None
    return_c: Annotated[float, Meta(description="[°C] return temperature, floored to hundredths")] | None = None
    flow_m3_h: Annotated[float, Meta(description="[m³/h] flow, stored in whole l/h")] | None = None
    power_kw: Annotated[float, Meta(description="[kW] heat output, stored in whole W")] | None = None
    energy_kwh: Annotated[float, Meta(description="[kWh] cumulated heat, stored in whole Wh")] | None = None
    volume_m3: Annotated[float, Meta(description="[m³] cumulated volume, stored in whole l")] | None = None
    supply_mpa: Annotated[float, Meta(description="[MPa] supply pressure, stored in whole kPa")] | None = None
    return_mpa: Annotated[float, Meta(description="[MPa] return pressure, stored in whole kPa")] | None = None
    outdoor_c: Annotated[float, Meta(description="[°C] outdoor temperature, floored to hundredths")] | None = None
    fault: Annotated[str | int, Meta(description="The device's own fault report, kept as text.")] | None = None


class SingleMeterReading(MeterReading):
    """A message that is one meter reading."""

    gateway: GatewayName | None = None
    sequence: SequenceNumber | None = None
    sent_at: Instant | None = None


class MeterEnvelope(Struct):
    """A message of meter readings."""

    readings: list[MeterReading]
    gateway: GatewayName | None = None
    sequence: SequenceNumber | None = None
    sent_at: Instant | None = None


class SenmlRecord(Struct):
    """A record of a SenML pack (RFC 8428); fields that start with b hold for the records that follow, too."""

    bn: Annotated[str, Meta(description="Base name, put before `n`.")] | None = None
    bt: Annotated[float, Meta(description="[s] base time, added to `t`")] | None = None
    bu: Annotated[str, Meta(description="Unit where `u` is absent.")] | None = None
    bv: Annotated[float, Meta(description="Base value, added to `v`.")] | None = None
    n: Annotated[str, Meta(description="Name; base name and name together are the point's device.")] | None = None
    u: Annotated[str, Meta(description="`Cel`; anything else is passed over or refused.")] | None = None
    v: Annotated[float, Meta(description="[°C] rounded toward minus infinity to hundredths")] | None = None
    t: Annotated[float, Meta(description="[s] since 1970 from 2^28 on, else relative to the receipt")] | None = None


class GatewayStatus(Struct):
    """Whether a gateway is there; the last will is the same with `offline` and no time."""

    state: Literal["online", "offline"]
    gateway: GatewayName | None = None
    at: Instant | None = None


class Receipt(Struct):
    """What ingest publishes, retained: everything up to `sequence` is stored, or kept as a reject."""

    gateway: GatewayName
    sequence: Annotated[int, Meta(ge=0, description="The highest sequence below which none is missing.")]
    at: Instant

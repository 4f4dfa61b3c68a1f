"""What some stations are looked at by: their meters, what is filed of them, and the homes of those that are suspect."""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Final

import numpy as np
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.core.calendar import Season
from heatstream.core.curve import Expected, expected_supply
from heatstream.core.stretch import run_lengths
from heatstream.core.supply import Duty, Homes, Kind, Limits, Sight, Span, StationSeries, detect, look
from heatstream.core.units import Count, Mask
from heatstream.rules.supervision.detection import Detection
from heatstream.store import spans, stations
from heatstream.store.arrays import instants
from heatstream.store.spans import Seen, SpanRow
from heatstream.store.stations import SLOT_MIN, Filed, Station, Supplied, Told, Window

SILENT_SLOTS: Final = 6
"""A meter that is silent so long makes one ask the homes."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What some stations are looked at by, in one window."""

    stations: Sequence[Station]
    window: Window
    series: StationSeries
    filed: Filed
    supplied: Supplied
    metered: Mask
    """(stations,): a meter is installed."""
    carried: list[Span]

    def duty(self, season: Season) -> Duty:
        return Duty(season, self.filed.announced, self.filed.scheduled)

    def found(self, season: Season, limits: Limits) -> list[Span]:
        return detect(self.series, self.duty(season), self.expected(), limits, self.carried)

    def looked(self, season: Season, limits: Limits) -> Sight:
        return look(self.series, self.duty(season), self.expected(), limits)

    def expected(self) -> Expected:
        return expected_supply(
            self.filed.curves, self.filed.curve, self.series.outdoor_centi, self.series.outdoor_known, SLOT_MIN
        )


async def load(
    conn: AsyncConnection,
    group: Sequence[Station],
    window: Window,
    *,
    season: Season,
    detection: Detection,
    supplied: Supplied,
) -> Loaded:
    """Read what stations told, and of the homes of those that may be without heat, what they told."""
    ids, limits = [each.id for each in group], detection.limits()
    told, filed = await stations.told(conn, group, window), await stations.filed(conn, group, window)
    standing = await spans.standing(conn, ids, window.begin)
    carried = [_span_of(each, ids.index(each.heat_station_id)) for each in standing if each.begins < window.begin]
    alone = Loaded(group, window, _series(window, told, supplied), filed, supplied, told.metered, carried)
    suspects = await asyncio.to_thread(_suspects, alone, season, limits)
    centi, valid = await _homes(conn, ids, suspects, window, detection.least_points)
    return replace(alone, series=replace(alone.series, indoor_centi=centi, indoor_valid=valid))


def _series(window: Window, told: Told, supplied: Supplied) -> StationSeries:
    return StationSeries(
        begin_us=window.begin_us,
        slot_min=SLOT_MIN,
        **{name: getattr(told, name) for name in Told.__slots__ if name != "metered"},
        indoor_centi=np.zeros(told.valid.shape, np.int32),
        indoor_valid=np.zeros(told.valid.shape, np.bool_),
        area_centi_m2=supplied.area_centi_m2,
    )


def _suspects(loaded: Loaded, season: Season, limits: Limits) -> list[int]:
    """Tell the rows whose homes must be asked: the meter shows no heat, low supply, or nothing for a while."""
    seen = loaded.looked(season, limits)
    silent = run_lengths(seen.due & ~seen.known, seen.known | ~seen.due) >= SILENT_SLOTS
    shown = np.count_nonzero(seen.due & (seen.weak | seen.low), axis=1) >= limits.off_for_min // SLOT_MIN
    carried = {each.station for each in loaded.carried}
    return sorted({*np.flatnonzero(loaded.metered & (shown | silent.any(axis=1))).tolist(), *carried})


async def _homes(
    conn: AsyncConnection, ids: Sequence[int], suspects: Sequence[int], window: Window, least_points: int
) -> tuple[Count, Mask]:
    centi, valid = np.zeros((len(ids), window.slots), np.int32), np.zeros((len(ids), window.slots), np.bool_)
    if suspects:
        rows = [ids[each] for each in suspects]
        centi[suspects], valid[suspects] = await stations.indoor(conn, rows, window, least_points=least_points)
    return centi, valid


# --- spans to rows and back -------------------------------------------------------------------------------------------


def seen_of(span: Span, loaded: Loaded, limits: Limits) -> Seen:
    begins, known, seen_from = instants(np.array([span.begins_us, span.known_us, span.seen_from_us]))
    supply = {
        "lowest_centi": span.lowest_supply_centi,
        "mean_deviation_centi": span.mean_deviation_centi,
        "known_min": span.known_min,
        "silent_min": span.silent_min,
        "silent_before_min": span.silent_before_min,
    }
    evidence = {
        "supply": supply,
        "homes": {"said": span.homes.name.lower(), "fell_centi": span.homes_fell_centi},
        "from_homes": span.from_homes,
        "seen_from": seen_from.isoformat(),
        "limits": asdict(limits),
    }
    ends = None if span.ends_us is None else instants(np.array([span.ends_us]))[0]
    return Seen(loaded.stations[span.station].id, span.kind.name.lower(), begins, known, ends, evidence)


def _span_of(row: SpanRow, station: int) -> Span:
    """Read a span back, for a window that begins after it."""
    supply, homes = row.evidence["supply"], row.evidence["homes"]
    begins, known = (int(each.timestamp() * 1_000_000) for each in (row.begins, row.known_at))
    return Span(
        station=station,
        kind=Kind[row.kind.upper()],
        begins_us=begins,
        known_us=known,
        ends_us=None,
        seen_from_us=begins,
        known_min=supply["known_min"],
        silent_min=supply["silent_min"],
        silent_before_min=supply["silent_before_min"],
        lowest_supply_centi=supply["lowest_centi"],
        mean_deviation_centi=supply["mean_deviation_centi"],
        homes=Homes[homes["said"].upper()],
        homes_fell_centi=homes["fell_centi"],
        from_homes=row.evidence["from_homes"],
    )

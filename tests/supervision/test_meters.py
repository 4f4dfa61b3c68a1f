"""The pass over the meters makes the days that readings bear upon, and makes them once."""

import dataclasses
import datetime as dt
import json
from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest
from sqlalchemy import delete, insert, select, update

from heatstream.core.units import Exact, Mask
from heatstream.rules.supervision.detection import Detection
from heatstream.store import tables as t
from heatstream.store.copy import Rows
from heatstream.store.timescale import LOCAL, ensure_partitions
from heatstream.supervision.station import meters
from heatstream.supervision.station.meters import Passed, pass_over
from tests.test_cli import heatstream

from .town import Office, ids, time

JANUARY_5 = dt.date(2026, 1, 5)
WARM = {"supply_centi": 7000, "return_centi": 4000, "flow_l_h": 1000, "power_w": 34_571}
WH_H = 34_571
HOUR = dt.timedelta(hours=1)


def counter(at: dt.datetime) -> int:
    """What a counter shows that counts from the year's begin, in whole Wh."""
    return 10_000_000 + int((at - time(0, day=1)) / HOUR * WH_H)


def day(number: int, month: int = 1) -> dt.date:
    return dt.date(2026, month, number)


@dataclasses.dataclass
class Meters:
    """Meters of the town, each read once an hour: M1 of station X1, M2 to M4 of the homes H1, H2 and H4."""

    office: Office
    id: dict[str, int] = dataclasses.field(default_factory=dict)

    async def register(self, **since: dt.datetime) -> None:
        async with self.office.engine.begin() as conn:
            station, home = await ids(conn, t.heat_station), await ids(conn, t.household)
            places: dict[str, dict[str, int]] = {"M1": {"heat_station_id": station["X1"]}}
            places |= {f"M{n}": {"household_id": home[code]} for n, code in ((2, "H1"), (3, "H2"), (4, "H4"))}
            for device, place in places.items():
                values = {
                    "device": device,
                    "interval_min": 60,
                    "valid_from": since.get(device, time(0, day=1)),
                    **place,
                }
                self.id[device] = int(
                    (await conn.execute(insert(t.meter).values(values).returning(t.meter.c.id))).scalar_one()
                )
            await ensure_partitions(conn, t.meter_reading, dt.date(2025, 1, 1), dt.date(2025, 1, 31))
            await ensure_partitions(conn, t.meter_reading, dt.date(2025, 12, 25), dt.date(2026, 3, 5))

    async def tell(self, device: str, at: Iterable[dt.datetime], **changes: Any) -> None:
        """Store readings in a batch of their own; a change may be a function of the instant."""
        values = WARM | {"energy_wh": counter} | changes
        async with self.office.engine.begin() as conn:
            batch = await conn.scalar(insert(t.batch).values(writer="ingest").returning(t.batch.c.id))
            rows = [
                {"meter_id": self.id[device], "observed_at": each, "received_at": each, "batch_id": batch}
                | {name: value(each) if callable(value) else value for name, value in values.items()}
                for each in at
            ]
            await conn.execute(insert(t.meter_reading), rows)

    async def run(self, now: dt.datetime, **options: Any) -> Passed:
        return await pass_over(self.office.engine, Detection(), now, **options)

    async def days(self, device: str = "M1", *columns: str) -> dict[dt.date, Any]:
        """Of each day its column, or its columns."""
        names = columns or ("energy_wh",)
        query = select(t.meter_day.c.day, *(t.meter_day.c[name] for name in names))
        async with self.office.engine.connect() as conn:
            found = await conn.execute(
                query.where(t.meter_day.c.meter_id == self.id[device]).order_by(t.meter_day.c.day)
            )
            return {row[0]: row[1] if len(names) == 1 else tuple(row[1:]) for row in found}

    async def marks(self, device: str = "M1") -> list[tuple[str, dt.datetime, dt.datetime]]:
        """Those that stand."""
        mark = t.meter_mark.c
        query = select(mark.kind, mark.begins, mark.ends).where(
            mark.meter_id == self.id[device], mark.withdrawn_at.is_(None)
        )
        async with self.office.engine.connect() as conn:
            rows = await conn.execute(query.order_by(mark.begins, mark.kind))
            return [(row.kind, row.begins.astimezone(LOCAL), row.ends.astimezone(LOCAL)) for row in rows]

    async def everything(self) -> list[Any]:
        """All that passes have made, but for when and from which batch."""
        apart = {"through_batch", "id", "made_at", "withdrawn_at"}
        async with self.office.engine.connect() as conn:
            made = []
            for table, order in ((t.meter_day, t.meter_day.c.day), (t.meter_mark, t.meter_mark.c.begins)):
                columns = [column for column in table.c if column.name not in apart]
                query = select(*columns).order_by(order, table.c.meter_id)
                if table is t.meter_mark:
                    query = query.where(table.c.withdrawn_at.is_(None)).order_by(table.c.kind)
                made += [tuple(row) for row in await conn.execute(query)]
            return made


@pytest.fixture
async def at(office: Office) -> Meters:
    found = Meters(office)
    await found.register()
    return found


def hours(first: dt.datetime, last: dt.datetime) -> list[dt.datetime]:
    return [first + n * HOUR for n in range(int((last - first) / HOUR) + 1)]


async def test_days_hold_what_the_counter_gave_and_are_made_once(at: Meters) -> None:
    await at.tell("M1", hours(time(0, day=1), time(12, day=4)))
    first = await at.run(time(12, 30, day=4))
    assert await at.days() == {day(n): 24 * WH_H for n in (1, 2, 3)} | {day(4): 12 * WH_H}
    assert (await at.days("M2"))[day(4)] is None
    again = await at.run(time(12, 30, day=4))
    assert (again.through_batch, again.meter_days, again.marks) == (first.through_batch, 0, 0)


async def test_a_new_reading_makes_its_own_meter_anew_and_no_other(at: Meters) -> None:
    for device in ("M1", "M2"):
        await at.tell(device, hours(time(0, day=1), time(12, day=4)))
    await at.run(time(12, 30, day=4))
    await at.tell("M1", [time(13, day=4)])
    passed = await at.run(time(12, 30, day=4))
    assert (passed.meter_days, (await at.days())[day(4)], (await at.days("M2"))[day(4)]) == (1, 13 * WH_H, 12 * WH_H)


async def test_a_day_that_closes_is_made_without_a_new_reading(at: Meters) -> None:
    await at.tell("M1", hours(time(0, day=1), time(12, day=4)))
    await at.run(time(12, 30, day=4))
    await at.run(time(1, day=6))
    assert await at.days("M1", "gap_min", "energy_wh") == {
        **dict.fromkeys((day(1), day(2), day(3)), (0, 24 * WH_H)),
        day(4): (12 * 60, 12 * WH_H),
        day(5): (24 * 60, None),
        day(6): (60, None),
    }


async def test_a_meter_that_comes_back_spreads_what_it_counted_over_its_silence(at: Meters) -> None:
    await at.tell("M1", hours(time(0, day=1), time(12, day=2)))
    await at.run(time(13, day=5))
    await at.tell("M1", hours(time(12, day=5), time(13, day=5)))
    await at.run(time(13, day=5))
    assert await at.days() == {day(n): 24 * WH_H for n in (1, 2, 3, 4)} | {day(5): 13 * WH_H}
    assert await at.marks() == [("gap", time(12, day=2), time(12, day=5))]


async def test_late_readings_take_a_mark_back_and_the_day_is_as_if_they_had_come_in_time(at: Meters) -> None:
    all_hours = hours(time(0, day=1), time(12, day=4))
    silent = hours(time(9, day=2), time(14, day=3))
    await at.tell("M1", [each for each in all_hours if each not in silent])
    await at.run(time(12, 30, day=4))
    assert [kind for kind, *_ in await at.marks()] == ["gap"]
    await at.tell("M1", silent[:3])
    await at.run(time(12, 30, day=4))
    assert await at.marks() == [("gap", silent[2], time(15, day=3))]
    await at.tell("M1", silent[3:])
    await at.run(time(12, 30, day=4))
    assert (await at.marks(), await at.days("M1", "gap_min")) == ([], dict.fromkeys(map(day, (1, 2, 3, 4)), 0))
    in_parts = await at.everything()
    async with at.office.engine.begin() as conn:
        for table in (t.meter_day, t.meter_mark, t.meter_pass):
            await conn.execute(delete(table))
    await at.run(time(12, 30, day=4))
    assert in_parts == await at.everything()


async def test_days_are_the_same_whether_readings_come_at_once_or_in_parts(at: Meters) -> None:
    def strange(each: dt.datetime) -> int:
        """It resets on the second, falls back for an hour at the third's midnight, and jumps on the fourth."""
        value = counter(each) - (counter(time(5, day=2)) if each > time(5, day=2) else 0)
        value += 50_000_000 * (each > time(20, day=4))
        return 3 if time(23, day=2) <= each <= time(0, day=3) else value

    readings = hours(time(0, day=1), time(12, day=5))
    for place in range(0, len(readings), 7):
        part = readings[place : place + 7]
        await at.tell("M1", part, energy_wh=strange)
        await at.run(part[-1] + dt.timedelta(minutes=30))
    await at.run(time(12, 30, day=5))
    assert [kind for kind, *_ in await at.marks()] == ["reset", "fall", "jump"]
    in_parts = await at.everything()
    async with at.office.engine.begin() as conn:
        for table in (t.meter_day, t.meter_mark, t.meter_pass):
            await conn.execute(delete(table))
    await at.run(time(12, 30, day=5))
    assert [row for row in await at.everything() if row[0] == at.id["M1"]] == [
        row for row in in_parts if row[0] == at.id["M1"]
    ]


async def test_a_meter_that_was_put_in_later_has_no_day_before(at: Meters) -> None:
    async with at.office.engine.begin() as conn:
        begins = update(t.meter).where(t.meter.c.id == at.id["M1"]).values(valid_from=time(18, day=3))
        await conn.execute(begins)
    await at.tell("M1", hours(time(18, day=3), time(12, day=4)))
    await at.tell("M2", hours(time(0, day=1), time(12, day=4)))
    await at.run(time(12, 30, day=4))
    assert await at.days("M1", "energy_wh", "gap_min", "slots_expected") == {
        day(3): (6 * WH_H, 0, 6),
        day(4): (12 * WH_H, 0, 13),
    }


async def test_a_counter_that_other_values_outlive_is_counted_across(at: Meters) -> None:
    await at.tell("M1", hours(time(0, day=1), time(12, day=2)))
    await at.tell("M1", hours(time(13, day=2), time(12, day=12)), energy_wh=None)
    await at.run(time(12, 30, day=12))
    assert (await at.days("M1", "energy_wh", "gap_min", "uncounted_min"))[day(7)] == (None, 0, 1440)
    await at.tell("M1", [time(13, day=12)])
    await at.run(time(13, 30, day=12))
    assert await at.days() == {day(n): 24 * WH_H for n in range(1, 12)} | {day(12): 13 * WH_H}


async def test_what_a_curve_expects_is_held_against_the_supply(at: Meters) -> None:
    asked: list[tuple[dt.date, bool]] = []

    async def expected(_conn: Any, today: dt.date, readings: Rows) -> tuple[Exact, Mask]:
        asked.append((today, bool((readings["outdoor_centi"][readings["outdoor_known"]] == -500).all())))
        cold = readings["observed_at"] < int(time(6, day=2).timestamp() * 1e6)
        return np.where(cold, 8000, 7400).astype(np.int64), np.ones(len(readings), np.bool_)

    await at.tell("M1", hours(time(0, day=1), time(0, day=3)), outdoor_centi=-500)
    await at.run(time(0, 30, day=3), expected=expected)
    assert await at.days("M1", "below_curve_min", "expected_mean_centi", "outdoor_mean_centi") == {
        day(1): (1440, 8000, -500),
        day(2): (360, 7550, -500),
        day(3): (None, None, None),
    }
    assert {each for each, _ in asked} == {day(1), day(2), day(3)}
    assert all(as_told for _, as_told in asked)


async def test_many_meters_and_days_are_made_in_groups(at: Meters, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meters, "GROUP_METERS", 1)
    monkeypatch.setattr(meters, "GROUP_READINGS", 48)
    for device in ("M1", "M2"):
        await at.tell(device, hours(time(0, day=1), time(12, day=6)))
    await at.run(time(12, 30, day=6))
    whole = {day(n): 24 * WH_H for n in range(1, 6)} | {day(6): 12 * WH_H}
    assert (await at.days("M1"), await at.days("M2")) == (whole, whole)


# --- estimates --------------------------------------------------------------------------------------------------------


async def published(at: Meters, means: dict[dt.date, int]) -> None:
    rows = [{"day": each, "mean_centi": centi, "source": "气象台"} for each, centi in means.items()]
    async with at.office.engine.begin() as conn:
        await conn.execute(insert(t.outdoor_day), rows)


def on(first: dt.date, days: int, centi: int) -> dict[dt.date, int]:
    return {first + dt.timedelta(days=n): centi for n in range(days)}


async def swapped(at: Meters) -> None:
    """M1 is silent from noon of the third, and from noon of the fifth another meter stands in its place."""
    await at.tell("M1", hours(time(0, day=1), time(12, day=3)))
    await at.tell("M1", hours(time(12, day=5), time(12, day=5)), energy_wh=lambda each: counter(each) - 9_000_000)


async def test_ten_days_after_the_repair_say_what_the_meter_did_not(at: Meters) -> None:
    await published(at, on(day(1), 3, -2 * 100) | on(day(4), 2, -7 * 100) | on(day(6), 20, -2 * 100))
    await swapped(at)
    await at.tell("M1", hours(time(13, day=5), time(0, day=15)), energy_wh=lambda each: counter(each) - 9_000_000)
    await at.run(time(0, 30, day=15))
    assert (await at.days("M1", "estimated_wh"))[day(4)] is None
    await at.tell("M1", hours(time(1, day=15), time(0, day=17)), energy_wh=lambda each: counter(each) - 9_000_000)
    await at.run(time(0, 30, day=17))
    seen = await at.days("M1", "energy_wh", "uncounted_min", "estimated_wh")
    assert [kind for kind, *_ in await at.marks()] == ["gap", "swap"]
    # A day at -2 °C has 20 degree days and took 24 × 34,571 Wh; one at -7 °C has 25.
    assert seen[day(3)] == (12 * WH_H, 720, 12 * WH_H)
    assert seen[day(4)] == (None, 1440, 24 * WH_H * 25 // 20)
    assert seen[day(5)] == (12 * WH_H, 720, 12 * WH_H * 25 // 20)
    assert seen[day(6)] == (24 * WH_H, 0, None)
    evidence = (await at.days("M1", "estimate"))[day(4)]
    assert evidence["reference_days"] == [day(n).isoformat() for n in range(6, 16)]
    del evidence["reference_days"]
    assert evidence == {
        "source": "CJJ/T 223-2014 5.3",
        "algorithm": 1,
        "missing_min": 1440,
        "reference": "after_repair",
        "reference_wh": 240 * WH_H,
        "reference_degrees_centi_min": 10 * 2000 * 1440,
        "degrees_centi_min": 2500 * 1440,
        "outdoor": ["气象台"],
    }


async def test_the_days_of_the_year_before_say_it_until_ten_days_have_passed(at: Meters) -> None:
    async with at.office.engine.begin() as conn:
        before = update(t.meter).where(t.meter.c.id == at.id["M1"]).values(valid_from=time(0, day=1, year=2025))
        await conn.execute(before)
    await published(at, on(dt.date(2025, 1, 1), 31, 0) | on(day(1), 20, -900))
    await at.tell(
        "M1",
        hours(time(0, day=1, year=2025), time(0, day=31, year=2025)),
        energy_wh=lambda each: counter(each) + 400_000_000,
    )
    await swapped(at)
    await at.run(time(12, 30, day=5))
    found = (await at.days("M1", "estimated_wh", "estimate"))[day(4)]
    assert (found[0], found[1]["reference"]) == (24 * WH_H * 27 // 18, "year_before")
    await at.tell("M1", hours(time(13, day=5), time(0, day=17)), energy_wh=lambda each: counter(each) - 9_000_000)
    await at.run(time(0, 30, day=17))
    found = (await at.days("M1", "estimated_wh", "estimate"))[day(4)]
    assert (found[0], found[1]["reference"]) == (24 * WH_H, "after_repair")


async def test_other_meters_of_the_building_say_it_last(at: Meters) -> None:
    await at.tell("M2", hours(time(0, day=1), time(12, day=3)))
    await at.tell("M3", hours(time(0, day=1), time(12, day=6)))
    await at.tell("M4", hours(time(0, day=1), time(12, day=6)), energy_wh=lambda each: 3 * counter(each))
    await at.run(time(12, 30, day=6))
    found = await at.days("M2", "energy_wh", "estimated_wh", "estimate")
    assert found[day(4)][:2] == (None, 24 * WH_H)
    assert found[day(3)][:2] == (12 * WH_H, 12 * WH_H)
    assert found[day(4)][2] | {} == {
        "source": "CJJ/T 223-2014 5.3",
        "algorithm": 1,
        "missing_min": 1440,
        "reference": "building_mean",
        "reference_meters": 1,
        "reference_wh": 24 * WH_H,
    }


async def test_what_comes_late_takes_an_estimate_away(at: Meters) -> None:
    for device in ("M2", "M3"):
        silent = device == "M2"
        await at.tell(
            device, [each for each in hours(time(0, day=1), time(12, day=6)) if not silent or each < time(12, day=3)]
        )
    await at.run(time(12, 30, day=6))
    assert (await at.days("M2", "estimated_wh"))[day(4)] == 24 * WH_H
    await at.tell("M2", hours(time(12, day=3), time(12, day=6)))
    await at.run(time(12, 30, day=6))
    async with at.office.engine.connect() as conn:
        estimates = select(t.meter_day).where((t.meter_day.c.estimate.is_not(None)) | (t.meter_day.c.estimated_wh >= 0))
        assert (await conn.execute(estimates)).all() == []


async def test_what_nothing_can_be_compared_with_is_not_estimated(at: Meters) -> None:
    await at.tell("M1", hours(time(0, day=1), time(12, day=3)))
    await at.run(time(12, 30, day=6))
    assert set((await at.days("M1", "estimated_wh", "estimate")).values()) == {(None, None)}


# --- shown ------------------------------------------------------------------------------------------------------------


async def test_days_and_marks_are_shown_to_a_person_and_to_a_program(at: Meters) -> None:
    await at.tell("M1", [each for each in hours(time(0, day=1), time(12, day=3)) if each.hour not in {5, 6, 7}])
    await at.run(time(12, 30, day=3))
    asked = ("supervise", "meters", "M1", "--from", "2026-01-02", "--days", "2")
    printed = heatstream(*asked, url=at.office.url, COLUMNS="200").stdout
    assert [line.split()[1] for line in printed.splitlines() if "829,704" in line] == ["2026-01-02"]
    lines = heatstream(*asked, "--json", url=at.office.url).stdout.splitlines()
    first, second = map(json.loads, lines)
    assert (first["day"], first["meter"], first["station"], first["energy_wh"]) == ("2026-01-02", "M1", "X1", 829_704)
    assert [mark["kind"] for mark in first["marks"] + second["marks"]] == ["gap", "gap"]
    assert first["marks"][0]["evidence"] == {"without_min": 240, "gap_from_min": 90, "counted_wh": 4 * WH_H}
    assert second["energy_wh"] == 12 * WH_H


def test_a_meter_that_is_not_registered_is_told(office: Office) -> None:
    refused = heatstream("supervise", "meters", "M9", url=office.url)
    assert refused.returncode != 0
    assert "meter: seen 'M9', expected a device of the registry" in refused.stderr

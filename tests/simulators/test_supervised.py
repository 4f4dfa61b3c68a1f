"""A scenario through the real broker and database: the passes find what is known of it, and no more."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import simulators
from heatstream.core.calendar import day_of
from heatstream.rules import holidays, policy
from heatstream.rules.pack import SHIPPED
from heatstream.rules.supervision.detection import Detection
from heatstream.store.pool import create_engine
from heatstream.supervision.matter import Ground
from heatstream.supervision.station import meters, stations
from simulators import clocks
from simulators.known import Known, known
from simulators.layout import lay_out
from simulators.run import simulate
from simulators.scenario import EarlyStop, Scenario, Season, load_scenario
from simulators.town import write_registry
from tests.acceptance.rig import CITY
from tests.simulators.test_stored import fetch, ingest, register

SUPERVISION = load_scenario(Path(simulators.__file__).parent / "scenarios" / "supervision.yaml")
DAYS = 10
SUPPLY = ("late_start", "interruption", "low_running")


def first_days() -> Scenario:
    """The shipped season up to when every fault of its begin has been."""
    faults = tuple(fault for fault in SUPERVISION.faults if not isinstance(fault, EarlyStop))
    season, period = Season(start=SUPERVISION.season.start), SUPERVISION.period.model_copy(update={"days": DAYS})
    changes = {"period": period, "season": season, "faults": faults, "upload_minutes": 480}  # fewer messages
    return SUPERVISION.model_copy(update=changes)


def ground(now: datetime) -> Ground:
    law = policy.load(SHIPPED / "demo-shili.choices.yaml").law_on(day_of(now.date()))
    return Ground(rules=None, choices=law.choices, days_off=holidays.load(), law=law)


def hours_of(of: Scenario, row: Known) -> tuple[str, int, int]:
    """Kind, begin and end [h after the period's start]."""
    begin, end = (round((at_us - of.period.start_us(0)) / clocks.HOUR_US) for at_us in (row.begin_us, row.end_us or 0))
    return row.kind, begin, end


@pytest.mark.every_edition
async def test_the_passes_find_what_is_known_of_a_scenario(database_url: str, mosquitto: Any, tmp_path: Path) -> None:
    of = first_days()
    town = lay_out(of.town, of.seed)
    write_registry(tmp_path / "registry", of, CITY)
    await register(database_url, tmp_path / "registry")
    async with ingest(database_url, mosquitto.port, tmp_path):
        summary = await simulate(of, mosquitto.url, CITY, tmp_path / "truth.csv")
    assert summary.unreceipted == 0
    now = datetime.fromtimestamp(of.period.start_us(0) / 1e6, UTC) + timedelta(days=DAYS)
    engine = create_engine(database_url)
    await meters.pass_over(engine, Detection(), now)
    await stations.pass_over(engine, ground(now), now)
    await engine.dispose()

    truth = [row for row in known(of, town.stations, of.period.start_us(0)) if not row.lawful]
    start = clocks.instant_text(of.period.start_us(0))
    after = f"round(extract(epoch from {{}} - '{start}'::timestamptz) / 3600)::int"
    spans = await fetch(
        database_url,
        f"select h.code, s.kind, {after.format('s.begins')} as begins, {after.format('s.ends')} as ends "
        "from station_span s join heat_station h on h.id = s.heat_station_id where withdrawn_at is null "
        "order by h.code, s.begins",
    )
    expected = [(town.station_codes[row.station], *hours_of(of, row)) for row in truth if row.kind in SUPPLY]
    assert [tuple(row)[:3] for row in spans] == [row[:3] for row in expected]
    ends = [(row["ends"], end) for row, (*_, end) in zip(spans, expected, strict=True)]
    assert all(abs(found - true) <= 1 for found, true in ends), ends  # a reading that dropped out at an end moves it
    marks = await fetch(
        database_url,
        "select distinct m.device, k.kind from meter_mark k join meter m on m.id = k.meter_id "
        "where k.kind in ('stuck', 'swap') order by 1",
    )
    assert [tuple(row) for row in marks] == [("M-hs004", "stuck"), ("M-hs005", "swap")]

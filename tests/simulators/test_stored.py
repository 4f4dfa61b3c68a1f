"""What the truth says of a scenario or a real file is what the store holds, reading by reading."""

import os
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from decimal import ROUND_FLOOR, Decimal
from pathlib import Path
from typing import Any

import asyncpg
import pytest

import simulators
from heatstream.rules.supervision.detection import Detection
from heatstream.store import registry
from heatstream.store.pool import create_engine
from heatstream.supervision.station.meters import pass_over
from simulators.clocks import instant_us
from simulators.replay import load_mapping, replay_csv
from simulators.run import simulate
from simulators.scenario import load_scenario
from simulators.town import write_registry
from simulators.truth import TruthRow, read_truth
from tests.acceptance.rig import CITY, IngestProcess

FOLDER = Path(simulators.__file__).parent
FAULTS = load_scenario(FOLDER / "scenarios/faults.yaml")
REAL = Path(os.environ.get("HEATSTREAM_DATA", FOLDER.parents[1] / "shared" / "data"))
NO_DATA = pytest.mark.skipif(not REAL.is_dir(), reason=f"no real measurements in {REAL}")
FAR_BACK = {"ingest_past_days": 9_000}  # takes 2016, refuses 1996


async def register(url: str, folder: Path) -> None:
    engine = create_engine(url, size=1)
    async with engine.begin() as conn:
        await registry.import_files(conn, [folder], "tester")
    await engine.dispose()


@asynccontextmanager
async def ingest(url: str, port: int, folder: Path, **settings: str | int) -> AsyncIterator[IngestProcess]:
    async with IngestProcess(url, port, folder, **FAR_BACK, **settings) as running:
        yield running


async def fetch(url: str, query: str) -> list[Any]:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetch(query)
    finally:
        await connection.close()


def centi(value: str) -> int:
    return int((Decimal(value) * 100).to_integral_value(ROUND_FLOOR))


def key(row: TruthRow) -> tuple[str, int, int]:
    return row.subject, instant_us(datetime.fromisoformat(row.at)), centi(row.value)


async def stored(url: str, table: str) -> Counter[tuple[str, int, int]]:
    rows = await fetch(
        url,
        "select p.device, extract(epoch from r.observed_at) * 1000000 as at, r.temp_centi "
        f"from {table} r join point p on p.id = r.point_id",
    )
    return Counter((device, int(at), value) for device, at, value in rows)


@pytest.fixture
async def played(database_url: str, mosquitto: Any, tmp_path: Path) -> list[TruthRow]:
    """The scenario of all faults, played into the store to the last receipt."""
    write_registry(tmp_path / "registry", FAULTS, CITY)
    await register(database_url, tmp_path / "registry")
    async with ingest(database_url, mosquitto.port, tmp_path):
        summary = await simulate(FAULTS, mosquitto.url, CITY, tmp_path / "truth.csv")
    assert summary.unreceipted == 0
    return list(read_truth(tmp_path / "truth.csv"))


@pytest.mark.every_edition
async def test_every_reading_of_a_scenario_is_where_the_truth_says(played: list[TruthRow], database_url: str) -> None:
    indoor = [row for row in played if row.topic.endswith("indoor")]
    good = Counter(key(row) for row in indoor if row.kind == "good")
    conflicts = Counter(key(row) for row in indoor if row.kind == "conflict")
    assert await stored(database_url, "reading") == good
    assert await stored(database_url, "reading_conflict") == conflicts
    refused = await fetch(database_url, "select reason, count(*) as n from reject_reading group by reason")
    alone = {"undecodable", "good", "conflict"}
    assert {row["reason"]: row["n"] for row in refused} == Counter(row.kind for row in indoor if row.kind not in alone)
    whole = await fetch(
        database_url, "select reason, count(*) as n from reject where reason is not null group by reason"
    )
    assert {row["reason"]: row["n"] for row in whole} == Counter(
        row.kind for row in indoor if row.kind in {"undecodable", "unknown_gateway"}
    )
    meters = await fetch(database_url, "select count(*) as n from meter_reading")
    assert meters[0]["n"] == sum(row.topic.endswith("meters") for row in played)


async def replayed(name: str, mapping: str, url: str, broker: Any, folder: Path) -> None:
    papers = folder / "registry"
    papers.mkdir()
    for path in (FOLDER / "registries/real").glob("*.csv"):
        text = path.read_text(encoding="utf-8")
        (papers / path.name).write_text(text.replace("\nreal,", f"\n{CITY},"), encoding="utf-8")
    await register(url, papers)
    of = load_mapping(FOLDER / "mappings" / f"{mapping}.yaml")
    async with ingest(url, broker.port, folder):
        report = await replay_csv(REAL / name, of, broker.url, CITY)
    assert (report.problems, report.unreceipted) == ([], 0)


@NO_DATA
async def test_the_belgian_house_is_stored_with_the_shares_it_is_known_for(
    database_url: str, mosquitto: Any, tmp_path: Path
) -> None:
    await replayed("indoor_belgium_2016.csv", "belgium", database_url, mosquitto, tmp_path)
    rows = await fetch(
        database_url,
        "select p.device, count(*) as n, count(*) filter (where temp_centi < 1800) as below, min(temp_centi) as lowest "
        "from reading r join point p on p.id = r.point_id group by p.device",
    )
    rooms = {row["device"]: row for row in rows}
    assert {row["n"] for row in rows} == {4932}
    shares = {name: round(100 * rooms[name]["below"] / 4932, 2) for name in rooms}
    assert (shares["BE-parents-bedroom"], shares["BE-living-room"], shares["BE-kitchen"]) == (23.26, 11.03, 1.18)
    assert (rooms["BE-living-room"]["below"], rooms["BE-living-room"]["lowest"]) == (544, 1610)


@NO_DATA
async def test_the_tartu_meter_is_stored_once_an_hour_and_never_falls(
    database_url: str, mosquitto: Any, tmp_path: Path
) -> None:
    await replayed("heat_meter_tartu_2019.csv", "tartu", database_url, mosquitto, tmp_path)
    energy = [
        row["energy_wh"]
        for row in await fetch(database_url, "select energy_wh from meter_reading order by observed_at")
    ]
    assert (len(energy), energy[0], energy[-1]) == (8760, 11_050_000, 128_305_000)
    assert energy == sorted(energy)
    ledger = (await fetch(database_url, "select sum(readings) as all, sum(repeated) as repeated from ledger"))[0]
    assert (ledger["all"], ledger["repeated"]) == (9023, 263)
    await the_meter_is_conserved(database_url)


async def the_meter_is_conserved(url: str) -> None:
    """Its days hold its counters to the Wh and the litre, and its power against its flow; its gaps are listed."""
    engine = create_engine(url)
    passed = await pass_over(engine, Detection(), datetime(2020, 1, 1, tzinfo=UTC))
    again = await pass_over(engine, Detection(), datetime(2020, 1, 1, tzinfo=UTC))
    await engine.dispose()
    assert (passed.meter_days, again.meter_days, again.marks) == (366, 0, 0)
    sums = (
        "sum(energy_wh) as energy, sum(volume_l) as volume, sum(power_energy_wh) as power, sum(flow_energy_wh) as flow"
    )
    [found] = await fetch(url, f"select {sums} from meter_day")
    assert (found["energy"], found["volume"]) == (128_305_000 - 11_050_000, 3_306_490 - 245_490)
    assert (found["power"], found["flow"]) == (116_867_000, 117_161_535)  # 0.3 and 0.1 % less than the counter
    marks = await fetch(
        url, "select kind, begins at time zone interval '8 hours' as begins, evidence from meter_mark order by begins"
    )
    assert [(row["kind"], str(row["begins"].date())) for row in marks] == [
        ("power_mismatch", "2019-05-19"),
        ("power_mismatch", "2019-05-20"),
        ("power_mismatch", "2019-05-21"),
    ]
    silent = await fetch(url, "select day::text, gap_min from meter_day where gap_min > 0 order by day")
    assert [tuple(row) for row in silent] == [("2019-01-01", 360), ("2020-01-01", 180)]

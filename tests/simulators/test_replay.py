"""Real files through the broker: digit for digit, and what cannot be read is told."""

import json
import os
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

import simulators
from simulators.errors import MappingError
from simulators.replay import Mapping, ReplayReport, load_mapping, replay_csv
from simulators.truth import read_truth

FOLDER = Path(simulators.__file__).parent
REAL = Path(os.environ.get("HEATSTREAM_DATA", FOLDER.parents[1] / "shared" / "data"))
NO_DATA = pytest.mark.skipif(not REAL.is_dir(), reason=f"no real measurements in {REAL}")
MAPPING = {
    "gateway": "gw-real",
    "time": {"column": "at", "format": "%Y-%m-%d %H:%M", "zone": "Europe/Tallinn"},
    "points": {"room": {"point": "P-1"}},
    "meters": [{"meter": "M-1", "columns": {"mwh": {"quantity": "energy_kwh", "unit": "mwh"}}}],
}


async def replayed(
    text: str, tmp_path: Path, url: str, city: str, **changes: Any
) -> tuple[ReplayReport, list[tuple[str, str, str]]]:
    file, truth = tmp_path / "real.csv", tmp_path / "truth.csv"
    file.write_text(text, encoding="utf-8")
    report = await replay_csv(file, Mapping.model_validate(MAPPING | changes), url, city, truth=truth, receipts=False)
    return report, [(row.subject, row.at, row.value) for row in read_truth(truth)] if truth.exists() else []


async def test_values_keep_their_digits(mosquitto: Any, city: str, tmp_path: Path) -> None:
    _, rows = await replayed("at,room,mwh\n2019-01-01 00:00,17.9980,11.05\n", tmp_path, mosquitto.url, city)
    assert rows == [
        ("P-1", "2019-01-01T00:00:00+02:00", "17.9980"),
        ("M-1", "2019-01-01T00:00:00+02:00", '"energy_kwh":11050.00'),
    ]


async def test_a_missing_cell_is_not_sent(mosquitto: Any, city: str, tmp_path: Path) -> None:
    report, rows = await replayed("at,room,mwh\n2019-01-01 00:00,,11.05\n", tmp_path, mosquitto.url, city)
    assert ([subject for subject, *_ in rows], report.problems) == (["M-1"], [])


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("2019-01-01 00:00,warm,1", "line 2, column room: seen 'warm', expected a number"),
        ("1.1.2019,18,1", "line 2, column at: seen '1.1.2019', expected a time like %Y-%m-%d %H:%M"),
        (
            "2019-03-31 03:30,18,1",
            "line 2, column at: seen '2019-03-31 03:30', expected a local time that Europe/Tallinn has",
        ),
        ("2019-10-27 03:30,18,1", "expected a local time that Europe/Tallinn has once"),
    ],
)
async def test_what_cannot_be_read_is_told_and_not_guessed(
    mosquitto: Any, city: str, tmp_path: Path, line: str, told: str
) -> None:
    report, rows = await replayed(f"at,room,mwh\n{line}\n", tmp_path, mosquitto.url, city)
    assert told in str(report.problems[0])
    assert "P-1" not in [subject for subject, *_ in rows]


async def test_a_time_that_stands_twice_is_settled_by_order_where_the_mapping_says_so(
    mosquitto: Any, city: str, tmp_path: Path
) -> None:
    text = "at,room,mwh\n2019-10-27 03:00,18,1\n2019-10-27 03:00,19,1\n"
    time = MAPPING["time"] | {"ambiguous": "in_file_order"}
    report, rows = await replayed(text, tmp_path, mosquitto.url, city, time=time)
    assert [at for subject, at, _ in rows if subject == "P-1"] == [
        "2019-10-27T03:00:00+03:00",
        "2019-10-27T03:00:00+02:00",
    ]
    assert report.settled_by_order == 2


async def test_a_column_that_nobody_mapped_is_refused(mosquitto: Any, city: str, tmp_path: Path) -> None:
    with pytest.raises(MappingError, match=r"columns of it that are not mapped: \['kitchen'\]"):
        await replayed("at,room,mwh,kitchen\n", tmp_path, mosquitto.url, city)


async def test_a_torn_row_is_refused_with_its_line(mosquitto: Any, city: str, tmp_path: Path) -> None:
    with pytest.raises(MappingError, match="line 3: it has not as many cells"):
        await replayed("at,room,mwh\n2019-01-01 00:00,18,1\n2019-01-01 01:00,18\n", tmp_path, mosquitto.url, city)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("zone: '+25:00'", "expected an offset like"),
        ("zone: Mars/Olympus", "expected an offset like"),
        ("unit: furlong", "unit 'furlong'; expected one of"),
        ("unit: kwh", r"unit 'kwh'; expected one of \['c', 'hundredths_c', 'tenths_c'\]"),
    ],
)
def test_a_wrong_mapping_is_told(tmp_path: Path, change: str, told: str) -> None:
    path = tmp_path / "mapping.yaml"
    zone, unit = (change, "unit: c") if change.startswith("zone") else ("zone: '+01:00'", change)
    path.write_text(
        f"{{gateway: g, time: {{column: at, format: '%Y', {zone}}}, points: {{room: {{point: P, {unit}}}}}}}",
        encoding="utf-8",
    )
    with pytest.raises(MappingError, match=told):
        load_mapping(path)


@pytest.mark.parametrize("path", sorted((FOLDER / "mappings").glob("*.yaml")), ids=lambda path: path.stem)
def test_a_shipped_mapping_is_one(path: Path) -> None:
    assert load_mapping(path).gateway == f"gw-{path.stem}"


async def real(name: str, mapping: str, url: str, city: str, tmp_path: Path) -> tuple[ReplayReport, list[Any]]:
    of = load_mapping(FOLDER / "mappings" / f"{mapping}.yaml")
    report = await replay_csv(REAL / name, of, url, city, truth=tmp_path / "truth.csv", receipts=False)
    return report, list(read_truth(tmp_path / "truth.csv"))


@NO_DATA
async def test_the_belgian_house_is_sent_whole(mosquitto: Any, city: str, tmp_path: Path) -> None:
    report, rows = await real("indoor_belgium_2016.csv", "belgium", mosquitto.url, city, tmp_path)
    assert (report.rows, report.problems, report.readings) == (4932, [], 8 * 4932)
    below = Counter(row.subject for row in rows if float(row.value) < 18)
    assert (below["BE-living-room"], round(below["BE-kitchen"] / 49.32, 2)) == (544, 1.18)
    assert min(float(row.value) for row in rows if row.subject == "BE-living-room") == 16.1


@NO_DATA
async def test_the_tartu_meter_is_sent_with_its_repeats(
    mosquitto: Any, recording: Any, city: str, tmp_path: Path
) -> None:
    async with recording(receipts=False) as recorder:
        report, _ = await real("heat_meter_tartu_2019.csv", "tartu", mosquitto.url, city, tmp_path)
        while len(recorder.received) < report.messages:
            await recorder.more()
    readings = [one for _, payload in recorder.received for one in json.loads(payload)["readings"]]
    assert (report.rows, report.problems, report.settled_by_order) == (9023, [], 2)
    assert len(readings) == 9023
    instants = Counter(datetime.fromisoformat(one["at"]) for one in readings)
    assert (len(instants), Counter(instants.values())) == (8760, {1: 8497, 2: 263})
    energy = [one["energy_kwh"] for one in readings]
    assert (energy[0], energy[-1], energy == sorted(energy)) == (11050, 128305, True)

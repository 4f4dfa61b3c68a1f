"""The town on paper is what the registry import reads."""

import csv
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

import simulators
from heatstream.store import registry, registry_csv
from simulators.layout import lay_out
from simulators.scenario import load_scenario
from simulators.town import write_load_registry, write_registry

FOLDER = Path(simulators.__file__).parent
DEMO = load_scenario(FOLDER / "scenarios/demo.yaml")


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_registry_reads_without_a_fault(tmp_path: Path) -> None:
    counts = write_registry(tmp_path, DEMO, "demo")
    read = registry_csv.read([tmp_path])
    assert {name: len(lines) for name, lines in read.items() if lines} == {name: n for name, n in counts.items() if n}


def test_the_load_registry_reads_without_a_fault(tmp_path: Path) -> None:
    counts = write_load_registry(tmp_path, "load", points=200, gateways=10)
    read = registry_csv.read([tmp_path])
    assert {name: len(lines) for name, lines in read.items() if lines} == counts


def test_the_registry_of_the_real_files_reads_without_a_fault() -> None:
    assert len(registry_csv.read([FOLDER / "registries/real"])["point"]) == 8


@pytest.mark.parametrize("name", ["demo", "faults", "calm", "supervision"])
async def test_a_real_database_takes_the_registry(conn: AsyncConnection, tmp_path: Path, name: str) -> None:
    counts = write_registry(tmp_path, load_scenario(FOLDER / f"scenarios/{name}.yaml"), name)
    taken = await registry.import_files(conn, [tmp_path], "tester")
    assert {table: count["new"] for table, count in taken.items()} == {t: count for t, count in counts.items() if count}


async def test_a_real_database_takes_the_registry_of_the_real_files(conn: AsyncConnection) -> None:
    taken = await registry.import_files(conn, [FOLDER / "registries/real"], "tester")
    assert (taken["point"]["new"], taken["meter"]["new"]) == (8, 1)


def test_points_and_meters_are_those_that_talk(tmp_path: Path) -> None:
    write_registry(tmp_path, DEMO, "demo")
    town = lay_out(DEMO.town, DEMO.seed)
    assert [row["device"] for row in rows(tmp_path / "point.csv")] == town.point_names
    assert [row["device"] for row in rows(tmp_path / "meter.csv")] == town.meter_names
    assert [row["code"] for row in rows(tmp_path / "gateway.csv")] == town.gateway_names


def test_each_code_is_given_once(tmp_path: Path) -> None:
    write_registry(tmp_path, DEMO, "demo")
    for path in tmp_path.glob("*.csv"):
        codes = [row["code"] for row in rows(path) if "code" in row]
        assert len(codes) == len(set(codes)), path.name


def test_every_code_that_is_named_is_there(tmp_path: Path) -> None:
    write_registry(tmp_path, DEMO, "demo")
    files = {path.stem: rows(path) for path in tmp_path.glob("*.csv")}
    codes = {name: {row.get("code", "") for row in lines} | {""} for name, lines in files.items()}
    for name, lines in files.items():
        for column in (set(lines[0] if lines else ()) & set(codes)) - {"neighbour"}:
            assert {row[column] for row in lines} <= codes[column], (name, column)
    assert {row["neighbour"] for row in files["neighbour"]} <= codes["household"]


def test_a_fee_is_the_billed_area_times_the_price(tmp_path: Path) -> None:
    write_registry(tmp_path, DEMO, "demo")
    supplied = [row for row in rows(tmp_path / "contract.csv") if row["supplied"] == "true"]
    assert all(int(row["fee_due_fen"]) == int(row["billed_area_centi_m2"]) * 27 for row in supplied)


def test_stopped_homes_have_a_stop_period(tmp_path: Path) -> None:
    write_registry(tmp_path, DEMO, "demo")
    unsupplied = {row["household"] for row in rows(tmp_path / "contract.csv") if row["supplied"] == "false"}
    assert {row["household"] for row in rows(tmp_path / "stop_period.csv")} == unsupplied


def test_every_district_has_three_people_for_a_ruling_and_every_company_who_measures(tmp_path: Path) -> None:
    write_registry(tmp_path, DEMO, "demo")
    officers = rows(tmp_path / "officer.csv")
    posts = Counter((row["role"], row["district"] or row["company"]) for row in officers)
    assert posts == {
        ("district", "D01"): 3,
        ("district", "D02"): 3,
        ("inspector", "E01"): 1,
        ("company", "E01"): 1,
        ("inspector", "E02"): 1,
        ("company", "E02"): 1,
        ("hotline", ""): 1,
        ("city", ""): 1,
    }
    assert len({row["name"] for row in officers}) == len(officers)


@pytest.mark.parametrize("name", ["household", "room", "building"])
def test_the_same_scenario_gives_the_same_file_twice(tmp_path: Path, name: str) -> None:
    for folder in ("a", "b"):
        write_registry(tmp_path / folder, DEMO, "demo")
    assert (tmp_path / "a" / f"{name}.csv").read_bytes() == (tmp_path / "b" / f"{name}.csv").read_bytes()

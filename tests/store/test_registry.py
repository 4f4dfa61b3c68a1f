# ruff: noqa: E501  (rows of CSV files)
"""The registry is imported whole or not at all, and every fault is told with its line."""

import datetime as dt
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.errors import RegistryError
from heatstream.store import registry, registry_csv, timescale
from heatstream.store.tables import closing, contract, day_dirty, day_statistic, household, point, registry_change

TOWN = {
    "city": "code,name,division_code,valid_from\nshili,示例市,229900,2020-01-01\n",
    "district": "code,name,valid_from\nD1,一区,2020-01-01\n",
    "community": "code,name,district,street_office,residents_committee,valid_from\nC1,阳光小区,D1,南街街道,第一社区,2020-01-01\n",
    "company": "code,name,credit_code,licence_no,licence_expires,valid_from\nE1,示例热力,91220000X,热证1号,2028-01-01,2020-01-01\n",
    "heat_source": "code,name,company,kind,valid_from\nS1,东热源,E1,chp,2020-01-01\n",
    "heat_station": "code,name,heat_source,company,valid_from\nT1,一号站,S1,E1,2020-01-01\n",
    "building": "code,name,community,heat_station,floors,stairs,open_ground_floor,valid_from\nB1,1号楼,C1,T1,6,2,false,2020-01-01\n",
    "household": "code,building,kind,address,stair,floor,door,valid_from\nH1,B1,residential,阳光小区1号楼101,1,1,101,2020-01-01\nH2,B1,residential,阳光小区1号楼201,1,2,201,2020-01-01\n",
    "neighbour": "household,neighbour,side,valid_from\nH1,H2,above,2020-01-01\n",
    "room": "code,household,kind,area_centi_m2,orientation,valid_from\nR1,H1,bedroom,1200,north,2020-01-01\n",
    "gateway": "code,company,valid_from\ngw-0001,E1,2020-01-01\n",
    "point": "device,household,room,gateway,interval_min,accepted_on,valid_from\nP-000001,H1,R1,gw-0001,10,2025-10-01,2025-09-01T00:00:00+08:00\n",
    "contract": "code,household,company,billed_area_centi_m2,fee_due_fen,fee_paid_fen,valid_from,valid_to\nK1,H1,E1,9000,243000,243000,2025-10-01,2026-09-30\n",
}


def write(folder: Path, town: dict[str, str]) -> Path:
    folder.mkdir(exist_ok=True)
    for name, text in town.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


async def test_a_town_is_imported_and_exported_as_it_was(conn: AsyncConnection, tmp_path: Path) -> None:
    await registry.import_files(conn, [write(tmp_path / "in", TOWN)], "tester")
    await registry.export_files(conn, tmp_path / "out")
    again = registry_csv.read([tmp_path / "out"])
    first = registry_csv.read([tmp_path / "in"])
    assert {
        name: [{k: v for k, v in line.values.items() if v is not None} for line in lines]
        for name, lines in first.items()
    } == {
        name: [{k: v for k, v in line.values.items() if k in first[name][0].values and v is not None} for line in lines]
        for name, lines in again.items()
    }


SUPERVISED = {
    "weather_curve": "code,heat_station,valid_from\nQ1,T1,2025-10-01\n",
    "weather_curve_point": "weather_curve,outdoor_centi,supply_centi\nQ1,-2000,6500\nQ1,500,4000\n",
    "heating_schedule": "code,heat_station,weekdays,from_min,to_min,filed_on,valid_from\nJ1,T1,1234567,300,540,2025-10-01,2025-10-01\n",
    "maintenance": "code,heat_station,begins,ends,announced_at,announced_by\nG1,T1,2026-01-06T08:00:00+08:00,2026-01-06T12:00:00+08:00,2026-01-03T08:00:00+08:00,公告\n",
    "fuel_plan": "code,heat_source,season_year,fuel,season_need_kg\nF1,S1,2025,coal,50000000\n",
}


async def test_what_supervision_asks_is_imported_and_imported_again(conn: AsyncConnection, tmp_path: Path) -> None:
    folder = write(tmp_path / "in", TOWN | SUPERVISED)
    first = await registry.import_files(conn, [folder], "tester")
    again = await registry.import_files(conn, [folder], "tester")
    assert {name: first[name]["new"] for name in SUPERVISED} == dict.fromkeys(SUPERVISED, 1) | {
        "weather_curve_point": 2
    }
    assert {again[name]["same"] for name in SUPERVISED} == {1, 2}


@pytest.mark.parametrize(
    ("name", "seen", "fault"),
    [
        ("weather_curve_point", ("Q1,500", "Q1,-2000"), "weather_curve_point.csv:3: .*a row once; it stands in line 2"),
        ("weather_curve", ("Q1,T1", "Q1,"), "weather_curve.csv:2: heat_source, heat_station: seen .*, expected one of"),
        ("heating_schedule", ("300,540", "540,300"), "heating_schedule.csv:2: to_min: seen '300', expected after"),
        ("heating_schedule", ("1234567", "Mo-Su"), "heating_schedule.csv:2: weekdays: seen 'Mo-Su', expected days as"),
        ("fuel_plan", ("50000000", "0"), "fuel_plan.csv:2: season_need_kg: seen '0', expected a whole number above 0"),
        ("maintenance", ("06T12", "06T06"), "maintenance.csv:2: ends: seen .*, expected after begins"),
    ],
)
async def test_what_supervision_asks_is_told_with_its_line_where_it_is_wrong(
    conn: AsyncConnection, tmp_path: Path, name: str, seen: tuple[str, str], fault: str
) -> None:
    files = TOWN | SUPERVISED
    folder = write(tmp_path / "in", files | {name: files[name].replace(*seen)})
    with pytest.raises(RegistryError, match=fault):
        await registry.import_files(conn, [folder], "tester")


async def test_files_of_another_city_are_refused_with_that_alone(conn: AsyncConnection, tmp_path: Path) -> None:
    await registry.import_files(conn, [write(tmp_path / "in", TOWN)], "tester")
    other = TOWN | {"city": TOWN["city"].replace("shili", "other"), "building": TOWN["building"].replace("C1", "C9")}
    with pytest.raises(RegistryError) as refused:
        await registry.import_files(conn, [write(tmp_path / "other", other)], "tester")
    assert refused.value.faults == ["city.csv:2: code: seen other, shili, expected one city a database"]


async def test_a_second_import_of_the_same_files_changes_nothing(conn: AsyncConnection, tmp_path: Path) -> None:
    folder = write(tmp_path / "in", TOWN)
    await registry.import_files(conn, [folder], "tester")
    changes = await conn.scalar(select(func.count()).select_from(registry_change))
    counts = await registry.import_files(conn, [folder], "tester")
    assert {(count["new"], count["changed"]) for count in counts.values()} == {(0, 0)}
    assert await conn.scalar(select(func.count()).select_from(registry_change)) == changes


async def test_a_change_keeps_what_stood_before(conn: AsyncConnection, tmp_path: Path) -> None:
    await registry.import_files(conn, [write(tmp_path / "in", TOWN)], "tester")
    changed = tmp_path / "contract.csv"
    changed.write_text(TOWN["contract"].replace("243000,243000", "243000,0"), encoding="utf-8")
    counts = await registry.import_files(conn, [changed], "official")
    assert counts["contract"]["changed"] == 1
    row = (await conn.execute(select(registry_change).where(registry_change.c.by == "official"))).one()
    assert (row.code, row.before["fee_paid_fen"], row.after["fee_paid_fen"]) == ("K1", 243000, 0)
    assert await conn.scalar(select(contract.c.fee_paid_fen)) == 0


async def test_every_fault_is_told_with_file_and_line_and_nothing_is_taken(
    conn: AsyncConnection, tmp_path: Path
) -> None:
    town = TOWN | {
        "building": TOWN["building"].replace("C1,T1", "C9,T1"),
        "household": TOWN["household"].replace("H2,B1,residential", "H2,B1,house"),
        "room": TOWN["room"].replace("1200", "12.5"),
    }
    with pytest.raises(RegistryError) as seen:
        await registry.import_files(conn, [write(tmp_path / "in", town)], "tester")
    assert seen.value.faults == [
        "household.csv:3: kind: seen 'house', expected one of residential, other",
        "room.csv:2: area_centi_m2: seen '12.5', expected a whole number",
    ]
    town |= {"household": TOWN["household"], "room": TOWN["room"]}
    with pytest.raises(RegistryError) as seen:
        await registry.import_files(conn, [write(tmp_path / "in", town)], "tester")
    assert seen.value.faults == [
        "building.csv:2: community: seen 'C9', expected a code of community, here or imported before"
    ]


async def test_a_device_measures_in_one_place_at_a_time(conn: AsyncConnection, tmp_path: Path) -> None:
    town = TOWN | {"point": TOWN["point"] + "P-000001,H2,,gw-0001,10,2025-11-01,2025-11-01T00:00:00+08:00\n"}
    with pytest.raises(
        RegistryError, match=r"point.csv:3: valid_from: .*P-000001's installation before it has ended \(None\)"
    ):
        await registry.import_files(conn, [write(tmp_path / "in", town)], "tester")


async def test_an_ended_installation_makes_room_for_the_next(conn: AsyncConnection, tmp_path: Path) -> None:
    await registry.import_files(conn, [write(tmp_path / "in", TOWN)], "tester")
    moved = tmp_path / "point.csv"
    moved.write_text(
        "device,household,gateway,interval_min,valid_from,valid_to\n"
        "P-000001,H1,gw-0001,10,2025-09-01T00:00:00+08:00,2025-11-01T00:00:00+08:00\n"
        "P-000001,H2,gw-0001,10,2025-11-01T00:00:00+08:00,\n",
        encoding="utf-8",
    )
    counts = await registry.import_files(conn, [moved], "tester")
    assert (counts["point"]["new"], counts["point"]["changed"]) == (1, 1)
    assert (await conn.execute(select(point.c.room_id).order_by(point.c.valid_from))).scalars().all()[0] is not None


async def test_a_second_city_is_refused(conn: AsyncConnection, tmp_path: Path) -> None:
    await registry.import_files(conn, [write(tmp_path / "in", TOWN)], "tester")
    other = write(tmp_path / "other", {"city": TOWN["city"].replace("shili", "other")})
    with pytest.raises(RegistryError, match="expected one city a database"):
        await registry.import_files(conn, [other], "tester")


async def test_a_setting_for_another_city_is_refused(conn: AsyncConnection, tmp_path: Path) -> None:
    await registry.import_files(conn, [write(tmp_path / "in", TOWN)], "tester")
    with pytest.raises(RegistryError, match="'changchun', this database is of 'shili'"):
        await registry.require_city(conn, "changchun")


async def test_a_changed_contract_has_its_closed_days_judged_again(conn: AsyncConnection, tmp_path: Path) -> None:
    await registry.import_files(conn, [write(tmp_path / "in", TOWN)], "tester")
    await conn.execute(insert(closing).values(closed_through=dt.date(2026, 1, 6)))
    home = await conn.scalar(select(household.c.id).where(household.c.code == "H1"))
    await timescale.ensure_partitions(conn, day_statistic, dt.date(2026, 1, 5), dt.date(2026, 1, 6))
    await conn.execute(insert(day_statistic), [statistic(home, dt.date(2026, 1, day)) for day in (5, 6)])
    changed = tmp_path / "contract.csv"
    changed.write_text(TOWN["contract"].replace("9000", "9500"), encoding="utf-8")
    await registry.import_files(conn, [changed], "official")
    marks = (await conn.execute(select(day_dirty.c.household_id, day_dirty.c.day).order_by(day_dirty.c.day))).all()
    assert [tuple(mark) for mark in marks] == [(home, dt.date(2026, 1, 5)), (home, dt.date(2026, 1, 6))]


def statistic(household_id: int, day: dt.date) -> dict[str, object]:
    zero = {c.name: 0 for c in day_statistic.columns if not c.nullable}
    return zero | {"point_id": 1, "household_id": household_id, "day": day, "digest": b"\0" * 32}


MANUAL = (Path(__file__).parents[2] / "docs" / "registry.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", registry_csv.TABLES)
def test_the_manual_tells_every_column(name: str) -> None:
    section = MANUAL.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
    missing = [
        field.name for field in registry_csv.fields(registry_csv.TABLES[name]) if f"`{field.name}`" not in section
    ]
    assert missing == []

"""Hotlines for the tests: rules of the operator, an estate with stairs and doors, and files of tickets.

| building | home | stair, floor, door | |
| --- | --- | --- | --- |
| E3 松涛苑3号楼 (D1, X1, 甲公司), 2 stairs | E301, E302 | 2, 3, 301 and 302 | |
| | E101, E102 | 1, 1, 101 and 102 | |
| E5, E6: both 松涛苑5号楼 | E501, E601 | 1, 1, 101 | the registry tells two of them apart by code alone |
| E9 槐荫小区9号楼 (D2, X3, 乙公司), 1 stair | E901 | 1, 9, 901 | |
"""

import csv
import dataclasses
import datetime as dt
from pathlib import Path
from typing import Any

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.rules.supervision.file import SupervisionRules
from heatstream.store import tables as t
from heatstream.store import tickets as kept
from heatstream.store.matters import Matter, listed
from heatstream.store.tickets import Ticket
from heatstream.supervision.hotline import ticket_file, tickets
from heatstream.supervision.hotline.tickets import Taken
from heatstream.supervision.hotline.work_orders import WorkOrder

from .town import SINCE, Office, ids, time

COLUMNS = ("line", "ticket_no", "received_at", "category", "address", "content", "caller")
HOTLINES: dict[str, Any] = {
    "topics": {"*": {"室温": "temperature", "停热": "no_heat", "热费": "fee"}, "12345": {"供热不足": "temperature"}},
    "same_within_hours": 24,
    "group_households": 3,
    "contact": {"no_heat": {"minutes": 60, "source": "测试"}},
    "handle": {"temperature": {"minutes": 1440, "source": "测试"}},
    "aliases": {"松涛花苑": "C松"},
    "around": ["示例省"],
}
ESTATE = {"E3": ("C松", "X1", "3号楼", 2), "E5": ("C松", "X1", "5号楼", 1), "E6": ("C松", "X1", "5号楼", 1)}
ELSEWHERE = {"E9": ("C槐", "X3", "9号楼", 1)}
FLATS = {
    "E301": ("E3", 2, 3, "301"),
    "E302": ("E3", 2, 3, "302"),
    "E101": ("E3", 1, 1, "101"),
    "E102": ("E3", 1, 1, "102"),
    "E501": ("E5", 1, 1, "101"),
    "E601": ("E6", 1, 1, "101"),
    "E901": ("E9", 1, 9, "901"),
}


def rules(**changes: Any) -> SupervisionRules:
    """The operator's rules, with some of the hotlines' changed."""
    head = {"schema": "heatstream.supervision/1", "place": "示例市", "version": "1", "made_by": "测试"}
    return SupervisionRules.model_validate({**head, "made_on": "2025-10-01", "hotlines": {**HOTLINES, **changes}})


async def register(conn: AsyncConnection) -> None:
    """Register the estate."""
    district = await ids(conn, t.district)
    estates = [("C松", "松涛苑", "D1", "新民街道"), ("C槐", "槐荫小区", "D2", "和平街道")]
    await conn.execute(
        insert(t.community),
        [
            {"code": code, "name": name, "district_id": district[of], "street_office": street, "valid_from": SINCE}
            for code, name, of, street in estates
        ],
    )
    community, station = await ids(conn, t.community), await ids(conn, t.heat_station)
    await conn.execute(
        insert(t.building),
        [
            {
                "code": code,
                "name": name,
                "community_id": community[of],
                "heat_station_id": station[by],
                "stairs": stairs,
                "valid_from": SINCE,
            }
            for code, (of, by, name, stairs) in (ESTATE | ELSEWHERE).items()
        ],
    )
    building = await ids(conn, t.building)
    await conn.execute(
        insert(t.household),
        [
            {
                "code": code,
                "building_id": building[of],
                "kind": "residential",
                "address": f"{of}-{stair}-{door}",
                "stair": stair,
                "floor": floor,
                "door": door,
                "valid_from": SINCE,
            }
            for code, (of, stair, floor, door) in FLATS.items()
        ],
    )


def told(number: int | str = 1, **cells: Any) -> dict[str, str]:
    """A ticket as a line writes it: 302 of stair 2 is cold, at eight."""
    at = cells.pop("at", time(8))
    values = {
        "line": "12345",
        "ticket_no": f"T{number}",
        "received_at": at.isoformat(),
        "category": "室温",
        "address": "松涛苑3号楼2单元302",
        "content": "家里冷",
        "caller": "张女士 13800000000",
        **cells,
    }
    return {name: str(value) for name, value in values.items()}


def write(folder: Path, *rows: dict[str, str], name: str = "tickets.csv") -> Path:
    """Write a file of tickets."""
    path = folder / name
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.DictWriter(file, list(dict.fromkeys([*COLUMNS, *(each for row in rows for each in row)])))
        out.writeheader()
        out.writerows(rows)
    return path


@dataclasses.dataclass
class Lines:
    """The hotlines' desk in the office."""

    office: Office
    folder: Path

    @classmethod
    async def found(cls, office: Office, folder: Path) -> "Lines":
        async with office.engine.begin() as conn:
            await register(conn)
            office.given = dataclasses.replace(await office.ground(conn), rules=rules())
        return cls(office, folder)

    def clock(self, at: dt.datetime) -> None:
        self.office.now = at

    async def take(self, *rows: dict[str, str]) -> Taken:
        return await self.take_file(write(self.folder, *rows))

    async def take_file(self, path: Path) -> Taken:
        async with self.office.desk() as desk:
            read = ticket_file.read(path, tickets.hotlines(desk.ground), desk.now())
        return await tickets.take(self.office.desk, read, by="测试")

    async def ticket(self, number: int | str = 1, line: str = "12345") -> Ticket:
        async with self.office.desk() as desk:
            return await tickets.find(desk, line, f"T{number}")

    async def orders(self) -> list[Matter]:
        """Every work order, in the order they were opened in."""
        async with self.office.engine.connect() as conn:
            return sorted(await listed(conn, t.matter.c.kind == "work_order"), key=lambda each: each.id)

    async def order(self, number: int | str = 1, line: str = "12345") -> tuple[str, WorkOrder]:
        """The work order of a ticket: its number, and where it stands."""
        code = (await self.ticket(number, line)).work_order
        assert code is not None
        return code, await self.office.state(code)

    async def versions(self, number: int | str = 1) -> list[kept.Version]:
        found = await self.ticket(number)
        async with self.office.engine.connect() as conn:
            return (await kept.versions(conn, [found.id]))[found.id]

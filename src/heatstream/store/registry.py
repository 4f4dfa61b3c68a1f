"""The registry: who lives where, who heats it, what measures it. Imported whole or not at all, every change kept."""

import csv
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Table, bindparam, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.errors import RegistryError
from heatstream.store import changes, day_outcomes, marks
from heatstream.store.registry_csv import TABLES, Line, cell, fields, key_columns, read
from heatstream.store.tables import building, city, household, registry_change

CHANNEL = "heatstream_registry"
# A change in one of these can change a finding of the household it names.
_JUDGED = {"household", "room", "point", "contract", "stop_period"}
# A change in this one can change the findings of every household in it: some standards ask whether it is renovated.
_HOUSING = "building"

_WHOSE: Final[Mapping[str, tuple[str, ...]]] = {
    "community": ("district_id", "street_office"),
    "heat_source": ("company_id",),
    "heat_station": ("company_id", "heat_source_id"),
    "building": ("community_id", "heat_station_id"),
    "household": ("building_id",),
}
"""Columns that say whose homes these are: a change moves them out of one sight into another."""

Row = dict[str, Any]
Key = tuple[Any, ...]


def _key(table: Table, values: Mapping[str, Any]) -> Key:
    return tuple(values[name] for name in key_columns(table))


async def _rows(conn: AsyncConnection, table: Table) -> dict[Key, Row]:
    rows = [dict(row) for row in (await conn.execute(select(table))).mappings()]
    return {_key(table, row): row for row in rows}


def _codes(table: Table, rows: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    return {row["code"]: row["id"] for row in rows} if "code" in table.c else {}


def _check_repeats(table: Table, lines: list[Line], faults: list[str]) -> None:
    seen: dict[Key, Line] = {}
    for line in lines:
        key = _key(table, line.values)
        if key in seen:
            faults.append(
                line.fault(" ".join(key_columns(table)), key, f"a row once; it stands in line {seen[key].number} too")
            )
        seen[key] = line


def _check_installations(table: Table, lines: list[Line], there: Mapping[Key, Row], faults: list[str]) -> None:
    """One device measures in one place at a time."""
    periods: dict[str, dict[Key, tuple[Any, Any, Line | None]]] = defaultdict(dict)
    for key, row in there.items():
        periods[row["device"]][key] = (row["valid_from"], row["valid_to"], None)
    for line in lines:
        values = line.values
        periods[str(values["device"])][_key(table, values)] = (values["valid_from"], values.get("valid_to"), line)
    for device, rows in periods.items():
        ordered = sorted(rows.values(), key=lambda period: period[0])
        for (_, end, one), (start, _, other) in pairwise(ordered):
            late = other or one
            if late is not None and (end is None or end > start):
                faults.append(
                    late.fault(
                        "valid_from",
                        str(start),
                        f"an instant after {device}'s installation before it has ended ({end})",
                    )
                )


def _check_city(lines: list[Line], there: Mapping[Key, Row], faults: list[str]) -> None:
    codes = {str(line.values["code"]) for line in lines} | {key[0] for key in there}
    if len(codes) > 1:
        faults.append(
            f"{lines[0].file}:{lines[0].number}: code: seen {', '.join(sorted(codes))}, expected one city a database"
        )


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    """Make a row fit for the change log."""
    return {
        name: value if isinstance(value, int | bool | dict | list | None) else str(value)
        for name, value in row.items()
        if name != "id"
    }


def _same(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    return all(before[name] == value for name, value in after.items())


async def _insert_new(conn: AsyncConnection, table: Table, new: list[Row]) -> None:
    groups: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in new:  # a cell left to its default is absent from the row
        groups[tuple(row)].append(row)
    for rows in groups.values():
        await conn.execute(insert(table), rows)


async def _update_changed(conn: AsyncConnection, table: Table, changed: list[tuple[Row, Row]]) -> None:
    keys = key_columns(table)
    for before, after in changed:
        values = {name: value for name, value in after.items() if name not in keys}
        matches = [table.c[name] == bindparam(f"key_{name}") for name in keys]
        await conn.execute(update(table).where(*matches).values(values), {f"key_{name}": before[name] for name in keys})


async def _log_changes(
    conn: AsyncConnection, table: Table, by: str, new: list[Row], changed: list[tuple[Row, Row]]
) -> None:
    pairs: list[tuple[Row | None, Row]] = [*((None, row) for row in new), *changed]
    if pairs:
        rows = [
            {
                "by": by,
                "noun": table.name,
                "code": " ".join(str(part) for part in _key(table, after)),
                "before": before and _plain(before),
                "after": _plain(after),
            }
            for before, after in pairs
        ]
        added = await conn.scalars(insert(registry_change).returning(registry_change.c.id), rows)
        await changes.tell(conn, "registry_change", list(added))


@dataclass(slots=True)
class _Import:
    """One import under way: what is known so far, and every fault found."""

    conn: AsyncConnection
    by: str
    ids: dict[str, dict[str, int]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    touched: set[int] = field(default_factory=set)
    moved: set[int] = field(default_factory=set)
    """Buildings that a home went out of or into."""

    def resolve(self, table: Table, line: Line) -> None:
        """Put the ids in the place of the codes a line refers to."""
        for cell_ in fields(table):
            code = line.values.get(cell_.column.name)
            if cell_.refers_to is None or code is None:
                continue
            found = self.ids[cell_.refers_to].get(str(code))
            if found is None:
                expected = f"a code of {cell_.refers_to}, here or imported before"
                self.faults.append(line.fault(cell_.name, code, expected))
            else:
                line.values[cell_.column.name] = found

    def check(self, table: Table, lines: list[Line], there: Mapping[Key, Row]) -> bool:
        """Look for what a line alone does not show; tell whether this table is without fault."""
        before = len(self.faults)
        for line in lines:
            self.resolve(table, line)
        _check_repeats(table, lines, self.faults)
        if table.name in {"point", "meter"}:
            _check_installations(table, lines, there, self.faults)
        if table is city and lines:
            _check_city(lines, there, self.faults)
        return len(self.faults) == before

    async def take(self, table: Table, lines: list[Line]) -> Counter[str]:
        """Take one table's lines; while there is a fault anywhere, only look for more."""
        there = await _rows(self.conn, table)
        self.ids[table.name] = _codes(table, there.values())
        if not self.check(table, lines, there) or self.faults:
            self.ids[table.name] |= {str(line.values["code"]): 0 for line in lines if "code" in line.values}
            return Counter()
        new = [line.values for line in lines if _key(table, line.values) not in there]
        old = [(there[_key(table, line.values)], line.values) for line in lines if _key(table, line.values) in there]
        changed = [(before, after) for before, after in old if not _same(before, after)]
        await self.save(table, new, changed)
        return Counter(new=len(new), changed=len(changed), same=len(old) - len(changed))

    def refuse(self) -> None:
        if self.faults:
            raise RegistryError(self.faults)

    async def save(self, table: Table, new: list[Row], changed: list[tuple[Row, Row]]) -> None:
        await _insert_new(self.conn, table, new)
        await _update_changed(self.conn, table, changed)
        await _log_changes(self.conn, table, self.by, new, changed)
        whose = _WHOSE.get(table.name, ())
        if any(before[name] != after[name] for before, after in changed for name in whose if name in after):
            await changes.move(self.conn)
        if table is household:
            gone_over = (pair for pair in changed if len({row["building_id"] for row in pair}) > 1)
            self.moved |= {row["building_id"] for pair in gone_over for row in pair}
        if new:
            self.ids[table.name] = _codes(table, (await _rows(self.conn, table)).values())
        self.touched |= await _households(self.conn, table, [*new, *(row for pair in changed for row in pair)])


async def _households(conn: AsyncConnection, table: Table, rows: list[Row]) -> set[int]:
    """Tell whose findings these rows can change."""
    if table.name == _HOUSING:
        inside = select(household.c.id).join(building, household.c.building_id == building.c.id)
        return set(await conn.scalars(inside.where(building.c.code.in_([row["code"] for row in rows]))))
    if table.name not in _JUDGED:
        return set()
    if table.name != "household":
        return {row["household_id"] for row in rows}
    codes = {row["code"] for row in rows}
    return {row["id"] for key, row in (await _rows(conn, table)).items() if key[0] in codes}


async def import_files(conn: AsyncConnection, paths: Iterable[Path], by: str) -> dict[str, Counter[str]]:
    """Import registry files, all or nothing; the caller's transaction is rolled back when this raises.

    Returns
    -------
    counts of new, changed and same rows by table

    Raises
    ------
    RegistryError
        All faults of all files, each with its file and line.
    """
    files = read(paths)
    await conn.execute(text("select pg_advisory_xact_lock(hashtext('heatstream.registry'))"))
    importing = _Import(conn, by)
    counts = {city.name: await importing.take(city, files[city.name])}
    importing.refuse()  # of another city's files every line would be a fault, and none would say why
    counts |= {name: await importing.take(table, files[name]) for name, table in TABLES.items() if table is not city}
    importing.refuse()
    if importing.touched:
        await marks.mark_registry_changed(conn, importing.touched)
    if importing.moved:
        await day_outcomes.recount(conn, importing.moved)
    await conn.execute(text(f"select pg_notify('{CHANNEL}', '')"))
    return {name: count for name, count in counts.items() if files[name]}


async def export_files(conn: AsyncConnection, folder: Path) -> dict[str, int]:
    """Write the registry as the files that `import_files` reads."""
    folder.mkdir(parents=True, exist_ok=True)  # noqa: ASYNC240  (a command of its own: nobody waits)
    codes: dict[str, dict[int, str]] = {}
    written = {}
    for name, table in TABLES.items():
        rows = [
            dict(row)
            for row in (
                await conn.execute(select(table).order_by(*(table.c[k] for k in key_columns(table))))
            ).mappings()
        ]
        if "code" in table.c:
            codes[name] = {row["id"]: row["code"] for row in rows}
        _write(table, rows, codes, folder / f"{name}.csv")
        written[name] = len(rows)
    return written


def _write(table: Table, rows: list[Row], codes: Mapping[str, Mapping[int, str]], path: Path) -> None:
    columns = fields(table)
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow([each.name for each in columns])
        for row in rows:
            values = [row[each.column.name] for each in columns]
            out.writerow(
                cell(codes[each.refers_to][value] if each.refers_to and value is not None else value)
                for each, value in zip(columns, values, strict=True)
            )


async def the_city(conn: AsyncConnection) -> str | None:
    """Tell which city this database is of; None before its registry is imported."""
    found: str | None = await conn.scalar(select(city.c.code))
    return found


async def require_city(conn: AsyncConnection, code: str | None) -> str:
    """Refuse to mix two cities: the setting and the database must agree.

    Raises
    ------
    RegistryError
        The database has no city yet, or another one than the settings name.
    """
    found = await the_city(conn)
    if found is None:
        raise RegistryError(["the database has no city yet: run `heatstream registry import` with a city.csv"])
    if code is not None and code != found:
        raise RegistryError([f"HEATSTREAM_CITY is {code!r}, this database is of {found!r}: one city a database"])
    return found

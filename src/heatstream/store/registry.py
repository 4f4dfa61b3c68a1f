"""The registry: who lives where, who heats it, what measures it. Imported whole or not at all, every change kept."""

import csv
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import Table, bindparam, func, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.errors import RegistryError
from heatstream.store.registry_csv import TABLES, Line, cell, fields, key_columns, read
from heatstream.store.tables import batch, city, closing, day_dirty, day_statistic, registry_change

CHANNEL = "heatstream_registry"
REGISTRY_CHANGED = 4  # core.finding.Change.REGISTRY_CHANGED
# A change in one of these can change a finding of the household it names.
_JUDGED = {"household", "room", "point", "contract", "stop_period"}

Row = dict[str, Any]
Key = tuple[Any, ...]


def _key(table: Table, values: Mapping[str, Any]) -> Key:
    return tuple(values[name] for name in key_columns(table))


async def _rows(conn: AsyncConnection, table: Table) -> dict[Key, Row]:
    return {_key(table, row): dict(row) for row in (await conn.execute(select(table))).mappings()}


def _codes(table: Table, rows: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    return {row["code"]: row["id"] for row in rows} if "code" in table.c else {}


def _resolve(table: Table, line: Line, ids: Mapping[str, Mapping[str, int]], faults: list[str]) -> None:
    for field in fields(table):
        code = line.values.get(field.column.name)
        if field.refers_to is None or code is None:
            continue
        found = ids[field.refers_to].get(str(code))
        if found is None:
            faults.append(line.fault(field.name, code, f"a code of {field.refers_to}, here or imported before"))
        else:
            line.values[field.column.name] = found


def _check_repeats(table: Table, lines: list[Line], faults: list[str]) -> None:
    seen: dict[Key, Line] = {}
    for line in lines:
        key = _key(table, line.values)
        if key in seen:
            faults.append(line.fault(" ".join(key_columns(table)), key, f"a row once; it stands in line {seen[key].number} too"))
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
        for (_, end, one), (start, _, other) in zip(ordered, ordered[1:], strict=False):
            line = other or one
            if line is not None and (end is None or end > start):
                faults.append(line.fault("valid_from", str(start), f"an instant after {device}'s installation before it has ended ({end})"))


def _check_city(lines: list[Line], there: Mapping[Key, Row], faults: list[str]) -> None:
    codes = {str(line.values["code"]) for line in lines} | {key[0] for key in there}
    if len(codes) > 1:
        faults.append(f"{lines[0].file}:{lines[0].number}: code: seen {', '.join(sorted(codes))}, expected one city a database")


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    """Make a row fit for the change log."""
    return {name: value if isinstance(value, int | bool | dict | list | None) else str(value) for name, value in row.items() if name != "id"}


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


async def _log_changes(conn: AsyncConnection, table: Table, by: str, new: list[Row], changed: list[tuple[Row, Row]]) -> None:
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
        await conn.execute(insert(registry_change), rows)


async def _import_table(
    conn: AsyncConnection, table: Table, lines: list[Line], by: str, ids: dict[str, dict[str, int]], faults: list[str]
) -> tuple[Counter[str], set[int]]:
    there = await _rows(conn, table)
    before_faults = len(faults)
    for line in lines:
        _resolve(table, line, ids, faults)
    _check_repeats(table, lines, faults)
    if table.name in {"point", "meter"}:
        _check_installations(table, lines, there, faults)
    if table is city and lines:
        _check_city(lines, there, faults)
    ids[table.name] = _codes(table, there.values())
    if len(faults) > before_faults:
        # The rest of the files is still looked at, so that one import tells every fault.
        ids[table.name] |= {str(line.values["code"]): 0 for line in lines if "code" in line.values}
        return Counter(), set()
    new = [line.values for line in lines if _key(table, line.values) not in there]
    old = [(there[_key(table, line.values)], line.values) for line in lines if _key(table, line.values) in there]
    changed = [(before, after) for before, after in old if not _same(before, after)]
    if not faults:
        await _insert_new(conn, table, new)
        await _update_changed(conn, table, changed)
        await _log_changes(conn, table, by, new, changed)
        if "code" in table.c and new:
            ids[table.name] = _codes(table, (await _rows(conn, table)).values())
    else:
        ids[table.name] |= {str(row["code"]): 0 for row in new if "code" in row}
    touched = await _households(conn, table, [*new, *(row for pair in changed for row in pair)])
    return Counter(new=len(new), changed=len(changed), same=len(old) - len(changed)), touched


async def _households(conn: AsyncConnection, table: Table, rows: list[Row]) -> set[int]:
    """Tell whose findings these rows can change."""
    if table.name not in _JUDGED:
        return set()
    if table.name != "household":
        return {row["household_id"] for row in rows}
    codes = {row["code"] for row in rows}
    return {row["id"] for key, row in (await _rows(conn, table)).items() if key[0] in codes}


async def mark_registry_changed(conn: AsyncConnection, households: set[int]) -> None:
    """Have every closed, judged day of these households judged again."""
    days = (
        select(
            day_statistic.c.household_id,
            day_statistic.c.day,
            select(func.coalesce(func.max(batch.c.id), 0)).scalar_subquery(),
            text(str(REGISTRY_CHANGED)),
        )
        .where(
            day_statistic.c.household_id == func.any(bindparam("households", list(households))),
            day_statistic.c.day <= select(closing.c.closed_through).scalar_subquery(),
        )
        .distinct()
    )
    marks = upsert(day_dirty).from_select(["household_id", "day", "batch_id", "reason"], days)
    await conn.execute(
        marks.on_conflict_do_update(
            index_elements=["household_id", "day"],
            set_={"batch_id": func.greatest(day_dirty.c.batch_id, marks.excluded.batch_id), "marked_at": func.now()},
        )
    )


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
    faults: list[str] = []
    ids: dict[str, dict[str, int]] = {}
    counts, touched = {}, set()
    for name, table in TABLES.items():
        counts[name], households = await _import_table(conn, table, files[name], by, ids, faults)
        touched |= households
    if faults:
        raise RegistryError(faults)
    if touched:
        await mark_registry_changed(conn, touched)
    await conn.execute(text(f"select pg_notify('{CHANNEL}', '')"))
    return {name: count for name, count in counts.items() if files[name]}


async def export_files(conn: AsyncConnection, folder: Path) -> dict[str, int]:
    """Write the registry as the files that `import_files` reads."""
    folder.mkdir(parents=True, exist_ok=True)
    codes: dict[str, dict[int, str]] = {}
    written = {}
    for name, table in TABLES.items():
        rows = [dict(row) for row in (await conn.execute(select(table).order_by(*(table.c[k] for k in key_columns(table))))).mappings()]
        if "code" in table.c:
            codes[name] = {row["id"]: row["code"] for row in rows}
        _write(table, rows, codes, folder / f"{name}.csv")
        written[name] = len(rows)
    return written


def _write(table: Table, rows: list[Row], codes: Mapping[str, Mapping[int, str]], path: Path) -> None:
    columns = fields(table)
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow([field.name for field in columns])
        for row in rows:
            values = [row[field.column.name] for field in columns]
            out.writerow(
                cell(codes[field.refers_to][value] if field.refers_to and value is not None else value)
                for field, value in zip(columns, values, strict=True)
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



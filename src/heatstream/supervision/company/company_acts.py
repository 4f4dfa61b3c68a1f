"""Acts in a company's file: the first opens it; reports of fuel come one by one or as a file.

A file of reports is a CSV `company,source,fuel,day,stock_kg,received_kg,used_kg,method`. It is taken whole or not at
all: a cell that is not what its column takes is told with its line, and so is a company that nobody registered. A
report that was recorded before is the same, another of the same day is recorded beside it and stands in its place.
"""

import csv
import datetime as dt
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from pydantic import ValidationError

from heatstream.errors import BadInput, RegistryError
from heatstream.store import matters
from heatstream.store.read import companies
from heatstream.store.read.companies import FuelReport
from heatstream.supervision import seasons
from heatstream.supervision.act import Desk
from heatstream.supervision.company import fuel
from heatstream.supervision.company.company_file import NAME, FileOpened, FuelReported
from heatstream.supervision.company.fuel import Flagged
from heatstream.supervision.told import Event

_OF_A_REPORT: Final = ("source", "fuel", "day", "stock_kg", "received_kg", "used_kg", "method")
COLUMNS: Final = ("company", *_OF_A_REPORT)
_WHOLE: Final = re.compile(r"-?[0-9]{1,18}")


class Line(NamedTuple):
    """One line of a file of reports."""

    where: str
    """Its file and line."""
    company: str
    told: FuelReported


class Taken(NamedTuple):
    """What came of a file of reports."""

    recorded: int
    same: int
    flagged: tuple[Flagged, ...]
    """Of those recorded."""


async def open_for(desk: Desk, company: str, season_year: int, *, by: str, why: str) -> str:
    """Give the number of a company's file of a season, C-{company}-{year}; the first act opens it.

    Raises
    ------
    BadInput
        The registry holds no such company.
    Refused
        The officer may not open it.
    """
    company_id = await companies.id_of(desk.conn, company)
    if (there := await companies.file_of(desk.conn, company_id, season_year)) is not None:
        return there
    # Of two first acts at once the second waits here, and finds the file that the first opened.
    await matters.hold_openings(desk.conn)
    if (there := await companies.file_of(desk.conn, company_id, season_year)) is not None:
        return there
    opened = FileOpened(at=desk.now(), why=why, company=company, season_year=season_year)
    return await desk.open(NAME, opened, by=by, code=f"C-{company}-{season_year}")


async def record_of_day(desk: Desk, company: str, day: dt.date, event: Event, *, by: str) -> str:
    """Record an event in the file of the season a day belongs to; give the file's number. `Desk` tells what is raised.

    Raises
    ------
    Refused
        No law is in force, so nobody knows to which season the day belongs.
    """
    code = await open_for(desk, company, seasons.of_day(desk.ground, day).year, by=by, why=event.why)
    await desk.record(code, event, by=by)
    return code


# --- a file of reports ------------------------------------------------------------------------------------------------


def read_fuel(path: Path, *, at: dt.datetime, why: str) -> list[Line]:
    """Read a file of reports.

    Raises
    ------
    RegistryError
        Every fault with its file and line.
    """
    faults: list[str] = []
    lines: dict[tuple[str, ...], Line] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file, restkey="", strict=True)
            if tuple(rows.fieldnames or ()) != COLUMNS:
                raise RegistryError(
                    [f"{path.name}:1: seen {rows.fieldnames}, expected the columns {', '.join(COLUMNS)}"]
                )
            for row in rows:
                _take(f"{path.name}:{rows.line_num}", row, {"at": at, "why": why}, lines, faults)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise RegistryError([f"{path.name}: cannot be read as a CSV file in UTF-8: {error}"]) from error
    if faults:
        raise RegistryError(faults)
    return list(lines.values())


def _take(
    where: str, row: dict[str, Any], told: dict[str, Any], lines: dict[tuple[str, ...], Line], faults: list[str]
) -> None:
    if "" in row or None in row.values():
        faults.append(f"{where}: seen too many cells or too few, expected {len(COLUMNS)}")
        return
    cells = {name: text.strip() for name, text in row.items()}
    key = tuple(cells[name] for name in ("company", "source", "fuel", "day"))
    if key in lines:
        faults.append(f"{where}: seen {' '.join(key)} again, expected each once; it stands in {lines[key].where} too")
    elif not cells["company"] or "\0" in cells["company"]:
        faults.append(f"{where}: company: seen {cells['company']!r}, expected a code")
    else:
        try:
            report = FuelReported.model_validate(told | {name: _cell(name, cells[name]) for name in _OF_A_REPORT})
            lines[key] = Line(where, cells["company"], report)
        except ValidationError as error:
            faults.extend(_faults(where, error))


def _cell(name: str, text: str) -> object:
    return int(text) if name.endswith("_kg") and _WHOLE.fullmatch(text) else text


def _faults(where: str, error: ValidationError) -> Iterator[str]:
    for each in error.errors(include_url=False):
        said = each["msg"].removeprefix("Value error, ")
        yield f"{where}: {each['loc'][0]}: seen {str(each['input'])!r}: {said}"


async def take_fuel(desk: Desk, lines: Sequence[Line], *, by: str) -> Taken:
    """Record a file of reports, all or none.

    Raises
    ------
    RegistryError
        A company is not registered; every such line.
    Refused
        The officer may not, or no season is known.
    """
    if not lines:
        return Taken(0, 0, ())
    await _expect_companies(desk, lines)
    days = [each.told.day for each in lines]
    there = {_key(each): each for each in await companies.fuel_reports(desk.conn, min(days), max(days))}
    recorded = []
    for line in lines:
        if not _is_same(there.get((line.company, line.told.source, line.told.fuel, line.told.day)), line.told):
            code = await _recorded(desk, line, by)
            recorded.append((code, line.told))
    basis = await fuel.load(desk.conn, desk.ground, min(days), max(days))
    new = {(code, told.source, told.fuel, told.day) for code, told in recorded}
    flagged = [
        each
        for each in basis.reports
        if each.flags and (each.report.matter, each.report.source, each.report.fuel, each.report.day) in new
    ]
    return Taken(len(recorded), len(lines) - len(recorded), tuple(flagged))


async def _expect_companies(desk: Desk, lines: Sequence[Line]) -> None:
    faults = []
    known: dict[str, str | None] = {}
    for line in lines:
        if line.company not in known:
            known[line.company] = await _why_unknown(desk, line.company)
        if known[line.company] is not None:
            faults.append(f"{line.where}: {known[line.company]}")
    if faults:
        raise RegistryError(faults)


async def _why_unknown(desk: Desk, company: str) -> str | None:
    try:
        await companies.id_of(desk.conn, company)
    except BadInput as error:
        return str(error)
    return None


async def _recorded(desk: Desk, line: Line, by: str) -> str:
    try:
        return await record_of_day(desk, line.company, line.told.day, line.told, by=by)
    except BadInput as error:
        raise RegistryError([f"{line.where}: {error}"]) from error


def _key(report: FuelReport) -> tuple[str, str, str, dt.date]:
    return (report.company, report.source, report.fuel, report.day)


def _is_same(report: FuelReport | None, told: FuelReported) -> bool:
    names = ("stock_kg", "received_kg", "used_kg", "method")
    return report is not None and all(getattr(report, name) == getattr(told, name) for name in names)

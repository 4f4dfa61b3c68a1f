"""The town on paper: one CSV file a table, as the registry import reads them. All names are invented."""

import csv
import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path

import numpy as np

from simulators import clocks, plan
from simulators.layout import BEDROOM, DOORS_A_STAIR, Town, lay_out
from simulators.scenario import Intermittent, Maintenance, Scenario
from simulators.thermal import source_curve_c, supply_curve_c

SINCE = date(2019, 10, 1)
INSTALLED = "2019-10-01T00:00:00+08:00"
DISTRICTS = ("东湖区", "西山区", "北苑区", "南塘区", "新城区", "河口区")
COMMUNITIES = (
    "松涛苑",
    "桦林里",
    "枫和家园",
    "柳岸花园",
    "银杏庄",
    "槐荫小区",
    "梧桐院",
    "云杉新村",
    "白杨里",
    "丁香园",
)
STREETS = ("新民街道", "和平街道", "胜利街道", "建设街道")
COMPANIES = ("示例第一热力有限公司", "示例第二热力有限公司", "示例第三热力有限公司", "示例第四热力有限公司")
OFFICERS = (
    "安宁",
    "白桦",
    "陈路",
    "丁一",
    "方圆",
    "高原",
    "何苗",
    "江帆",
    "林森",
    "马驰",
    "宁静",
    "秦川",
    "石磊",
    "田野",
    "文海",
    "叶青",
)
RULING = ("承办", "复核", "审批")
SOURCES = (("东部热电厂", "chp"), ("西郊锅炉房", "boiler"), ("江北热泵站", "heat_pump"), ("钢厂余热站", "industrial"))
CONTRACT_COLUMNS = (
    "code household company building_area_centi_m2 inner_area_centi_m2 usable_area_centi_m2 billed_area_centi_m2 "
    "supplied metered fee_due_fen fee_paid_fen valid_from valid_to"
)
NEW_SEASON_MONTH = 7
EXAMPLE_SEASON = 2025
"""of the claim in docs/examples/claim: a home can be billed for it whenever the demo is begun"""
STOPPED_FEE_PERCENT = 20
ARREARS_SHARE = 0.04
SHOP_SHARE = 0.1
"""of the homes on ground floors"""

CURVE_OUTDOOR_C = range(-35, 25, 5)
ANNOUNCED_BEFORE_US = 48 * clocks.HOUR_US

Row = Sequence[object]


def write_registry(folder: Path, scenario: Scenario, city: str, *, season_year: int | None = None) -> dict[str, int]:
    """Write the registry of a scenario's town; give the rows of each table.

    Parameters
    ----------
    season_year : the year in which the contracts' season begins; absent = the one of the scenario's period, or today's
    """
    town = lay_out(scenario.town, scenario.seed)
    paper = _Paper(town, scenario, city, season_year or _season_year(scenario))
    folder.mkdir(parents=True, exist_ok=True)
    return {name: _write(folder / f"{name}.csv", columns, rows) for name, columns, rows in paper.tables()}


def write_load_registry(folder: Path, city: str, points: int, gateways: int) -> dict[str, int]:
    """Write the least registry that load mode needs: a household and a point each, a building and a gateway each."""
    folder.mkdir(parents=True, exist_ok=True)
    tables = _load_tables(city, points, gateways)
    return {name: _write(folder / f"{name}.csv", columns, rows) for name, columns, rows in tables}


def _season_year(scenario: Scenario) -> int:
    day = scenario.period.start or clocks.local_day(time.time_ns() // 1000)
    return day.year if day.month >= NEW_SEASON_MONTH else day.year - 1


def _write(path: Path, columns: str, rows: Iterable[Row]) -> int:
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(columns.split())
        count = 0
        for count, row in enumerate(rows, start=1):  # noqa: B007  (the last one is the number of rows)
            out.writerow(row)
        return count


def gateway_names(gateways: int) -> list[str]:
    width = max(4, len(str(gateways)))
    return [f"gw-{gateway + 1:0{width}d}" for gateway in range(gateways)]


def point_names(points: int) -> list[str]:
    width = max(6, len(str(points)))
    return [f"P-{point + 1:0{width}d}" for point in range(points)]


def _load_tables(city: str, points: int, gateways: int) -> Iterator[tuple[str, str, Iterable[Row]]]:
    gateway, point = gateway_names(gateways), point_names(points)
    of_point = [place * gateways // points for place in range(points)]
    yield "city", "code name valid_from", [(city, "示例市", SINCE)]
    yield "district", "code name valid_from", [("D01", DISTRICTS[0], SINCE)]
    yield "community", "code name district valid_from", [("C001", COMMUNITIES[0], "D01", SINCE)]
    yield "company", "code name valid_from", [("E01", COMPANIES[0], SINCE)]
    yield "heat_source", "code name company kind valid_from", [("S01", *SOURCES[0][:1], "E01", SOURCES[0][1], SINCE)]
    yield "heat_station", "code name heat_source company valid_from", [("T001", "负荷换热站", "S01", "E01", SINCE)]
    yield (
        "building",
        "code name community heat_station valid_from",
        ((f"B-{name}", f"{name}楼", "C001", "T001", SINCE) for name in gateway),
    )
    yield (
        "household",
        "code building kind address valid_from",
        (
            (f"H-{name}", f"B-{gateway[at]}", "residential", name, SINCE)
            for name, at in zip(point, of_point, strict=True)
        ),
    )
    yield "gateway", "code company valid_from", ((name, "E01", SINCE) for name in gateway)
    yield (
        "point",
        "device household gateway interval_min valid_from",
        ((name, f"H-{name}", gateway[at], 10, INSTALLED) for name, at in zip(point, of_point, strict=True)),
    )


class _Paper:
    """All rows of a town."""

    def __init__(self, town: Town, scenario: Scenario, city: str, season_year: int) -> None:
        self._town, self._scenario, self._city = town, scenario, city
        self._start_us = scenario.period.start_us(time.time_ns() // 1000)
        # a period without a date ends yesterday, and may reach into the season before
        open_end = sorted({EXAMPLE_SEASON, season_year - 1, season_year})
        years = (season_year,) if scenario.period.start else open_end
        self._seasons = [(date(year, NEW_SEASON_MONTH, 1), date(year + 1, NEW_SEASON_MONTH - 1, 30)) for year in years]
        rng = np.random.default_rng([scenario.seed, 11])
        homes = town.homes
        self._shop = homes.bottom & (rng.random(len(homes)) < SHOP_SHARE)
        self._in_arrears = rng.random(len(homes)) < ARREARS_SHARE
        self._household = [f"{1_000_000_001 + home}" for home in range(len(homes))]
        self._building = [f"B{building + 1:04d}" for building in range(town.buildings.floors.size)]
        self._stair = (homes.column // DOORS_A_STAIR + 1).tolist()
        self._door = [
            f"{floor}{column % DOORS_A_STAIR + 1:02d}"
            for floor, column in zip(homes.floor.tolist(), homes.column.tolist(), strict=True)
        ]

    def tables(self) -> Iterator[tuple[str, str, Iterable[Row]]]:
        yield "city", "code name division_code valid_from", [(self._city, "示例市", "999900", SINCE)]
        yield "district", "code name division_code valid_from", self._districts()
        yield "community", "code name district street_office residents_committee valid_from", self._communities()
        yield (
            "company",
            "code name credit_code licence_no licence_scope licence_expires valid_from",
            self._companies(),
        )
        yield "heat_source", "code name company kind valid_from", self._sources()
        yield "heat_station", "code name heat_source company valid_from", self._stations()
        yield (
            "building",
            "code name community heat_station address floors stairs built_year open_ground_floor valid_from",
            self._buildings(),
        )
        yield "household", "code building kind address stair floor door valid_from", self._households()
        yield "neighbour", "household neighbour side valid_from", self._neighbours()
        yield "room", "code household kind area_centi_m2 orientation valid_from", self._rooms()
        yield "gateway", "code name company owner valid_from", self._gateways()
        yield (
            "point",
            "device household room gateway interval_min height_cm accepted_on filed_on owner certificate_no valid_from",
            self._points(),
        )
        yield "meter", "device heat_source heat_station gateway interval_min certificate_no valid_from", self._meters()
        yield (
            "contract",
            CONTRACT_COLUMNS,
            self._contracts(),
        )
        yield "stop_period", "code household valid_from valid_to", self._stops()
        yield "weather_curve", "code heat_source heat_station filed_with valid_from", self._curves()
        yield "weather_curve_point", "weather_curve outdoor_centi supply_centi", self._curve_points()
        yield (
            "heating_schedule",
            "code heat_station weekdays from_min to_min filed_on filed_with valid_from valid_to",
            self._schedules(),
        )
        yield "maintenance", "code heat_station begins ends announced_at announced_by", self._maintenance()
        yield "officer", "code name organisation role district company valid_from", self._officers()

    def _district_of(self, community: int) -> int:
        return community % self._scenario.town.districts

    def _community_name(self, community: int) -> str:
        turn, place = divmod(community, len(COMMUNITIES))
        return COMMUNITIES[place] + (f"{turn + 1}期" if turn else "")

    def _company_of_station(self, station: int) -> int:
        return int(self._town.station_source[station])

    def _address(self, building: int) -> str:
        community = int(self._town.buildings.community[building])
        district = _turn(DISTRICTS, self._district_of(community))
        return f"示例市{district}{self._community_name(community)}{building % 4 + 1}号楼"

    def _districts(self) -> Iterator[Row]:
        for district in range(self._scenario.town.districts):
            yield f"D{district + 1:02d}", _turn(DISTRICTS, district), f"{999901 + district}", SINCE

    def _communities(self) -> Iterator[Row]:
        for community in range(self._town.communities):
            name = self._community_name(community)
            district = f"D{self._district_of(community) + 1:02d}"
            yield f"C{community + 1:03d}", name, district, _turn(STREETS, community), f"{name}社区", SINCE

    def _companies(self) -> Iterator[Row]:
        for company in range(self._scenario.town.companies):
            number = company + 1
            credit = f"9199999900DEMO{number:04d}"
            licence = f"示供热许〔2019〕{number:03d}号"
            yield (
                f"E{number:02d}",
                _turn(COMPANIES, company),
                credit,
                licence,
                "热力生产和供应",
                date(2029, 9, 30),
                SINCE,
            )

    def _sources(self) -> Iterator[Row]:
        for source in range(self._town.sources):
            name, kind = SOURCES[source % len(SOURCES)]
            suffix = "" if source < len(SOURCES) else f"{source // len(SOURCES) + 1}号"
            yield f"S{source + 1:02d}", name + suffix, f"E{source + 1:02d}", kind, SINCE

    def _stations(self) -> Iterator[Row]:
        for station, code in enumerate(self._town.station_codes):
            owner = self._company_of_station(station) + 1
            yield code, f"{station + 1}号换热站", f"S{owner:02d}", f"E{owner:02d}", SINCE

    def _buildings(self) -> Iterator[Row]:
        buildings = self._town.buildings
        columns = (buildings.community, buildings.station, buildings.floors, buildings.stairs, buildings.built_year)
        for building, (community, station, floors, stairs, year) in enumerate(zip(*columns, strict=True)):
            yield (
                self._building[building],
                f"{building % 4 + 1}号楼",
                f"C{community + 1:03d}",
                f"T{station + 1:03d}",
                self._address(building),
                floors,
                stairs,
                year,
                "false",
                SINCE,
            )

    def _households(self) -> Iterator[Row]:
        homes = self._town.homes
        for home, (building, floor) in enumerate(zip(homes.building.tolist(), homes.floor.tolist(), strict=True)):
            stair, door = self._stair[home], self._door[home]
            kind = "other" if self._shop[home] else "residential"
            address = f"{self._address(building)}{stair}单元{door}室"
            yield self._household[home], self._building[building], kind, address, stair, floor, door, SINCE

    def _neighbours(self) -> Iterator[Row]:
        homes = self._town.homes
        sides = ((homes.above, "above"), (homes.below, "below"), (homes.left, "beside"), (homes.right, "beside"))
        for places, side in sides:
            for home, neighbour in enumerate(places.tolist()):
                if neighbour != home:
                    yield self._household[home], self._household[neighbour], side, SINCE

    def _rooms(self) -> Iterator[Row]:
        for home, area in enumerate(self._town.homes.area_m2.tolist()):
            code = self._household[home]
            yield f"{code}-1", code, "living_room", area * 24, "south", SINCE
            yield f"{code}-2", code, "bedroom", area * 15, "north", SINCE

    def _gateways(self) -> Iterator[Row]:
        town = self._town
        stations = [*town.buildings.station.tolist(), *range(town.stations)]
        companies = [self._company_of_station(station) for station in stations] + list(range(town.sources))
        for name, company in zip(town.gateway_names, companies, strict=True):
            yield name, f"{name} 采集器", f"E{company + 1:02d}", _turn(COMPANIES, company), SINCE

    def _points(self) -> Iterator[Row]:
        town, gateways = self._town, self._town.gateway_names
        columns = (town.point_names, town.points.home.tolist(), town.points.room.tolist())
        for name, home, room in zip(*columns, strict=True):
            building = int(town.homes.building[home])
            owner = _turn(COMPANIES, self._company_of_station(int(town.buildings.station[building])))
            code = f"{self._household[home]}-{2 if room == BEDROOM else 1}"
            sampling = self._scenario.sample_minutes
            paper = (date(2019, 10, 8), date(2019, 10, 15), owner, f"JD-{name[2:]}")
            yield name, self._household[home], code, gateways[building], sampling, 140, *paper, INSTALLED

    def _meters(self) -> Iterator[Row]:
        town = self._town
        gateways = town.gateway_names[town.buildings.floors.size :]
        for meter, (name, gateway) in enumerate(zip(town.meter_names, gateways, strict=True)):
            station = f"T{meter + 1:03d}" if meter < town.stations else ""
            source = "" if station else f"S{meter - town.stations + 1:02d}"
            yield name, source, station, gateway, self._scenario.sample_minutes, f"RL-{name[2:]}", INSTALLED

    def _contracts(self) -> Iterator[Row]:
        town = self._town
        company = town.station_source[town.home_station].tolist()
        for home, area in enumerate(town.homes.area_m2.tolist()):
            code = self._household[home]
            stopped = bool(town.homes.stopped[home])
            fee = area * self._scenario.town.fee_fen_per_m2
            due = fee * STOPPED_FEE_PERCENT // 100 if stopped else fee
            paid = 0 if self._in_arrears[home] else due
            areas = (area * 100, area * 82, area * 76, area * 100)
            terms = (code, f"E{company[home] + 1:02d}", *areas, "false" if stopped else "true", "false", due, paid)
            yield from ((f"HT{first.year}-{code}", *terms, first, last) for first, last in self._seasons)

    def _stops(self) -> Iterator[Row]:
        for home in np.flatnonzero(self._town.homes.stopped).tolist():
            code = self._household[home]
            yield from ((f"BT{first.year}-{code}", code, first, last) for first, last in self._seasons)

    def _curves(self) -> Iterator[Row]:
        filed = "示例市供热主管部门"
        yield from (
            (f"QX-S{source + 1:02d}", f"S{source + 1:02d}", "", filed, SINCE) for source in range(self._town.sources)
        )
        yield from ((f"QX-{code}", "", code, filed, SINCE) for code in self._town.station_codes)

    def _curve_points(self) -> Iterator[Row]:
        outdoor = np.array(CURVE_OUTDOOR_C, np.float64)
        curves = (source_curve_c(outdoor), supply_curve_c(outdoor))
        of_source, of_station = (np.rint(curve * 100).astype(int).tolist() for curve in curves)
        for code, source, *_ in self._curves():
            for outdoor_c, supply in zip(CURVE_OUTDOOR_C, of_source if source else of_station, strict=True):
                yield code, outdoor_c * 100, supply

    def _schedules(self) -> Iterator[Row]:
        for fault in self._scenario.faults:
            if isinstance(fault, Intermittent):
                code = self._town.station_codes[fault.station % self._town.stations]
                begin_us, end_us = plan.whole_time(fault, self._scenario, self._start_us)
                last = "" if end_us == plan.FOREVER_US else clocks.local_day(end_us - 1)
                for number, window in enumerate(fault.windows, start=1):
                    heat = (window.begin_min, window.end_min, SINCE, "示例市供热主管部门")
                    yield f"JX-{code}-{number}", code, "1234567", *heat, clocks.local_day(begin_us), last

    def _maintenance(self) -> Iterator[Row]:
        announced = [one for one in self._scenario.faults if isinstance(one, Maintenance) and one.announced]
        for number, fault in enumerate(announced, start=1):
            begin_us, end_us = plan.whole_time(fault, self._scenario, self._start_us)
            times = (begin_us, end_us, begin_us - ANNOUNCED_BEFORE_US)
            code = self._town.station_codes[fault.station % self._town.stations]
            yield f"TG-{number:03d}", code, *map(clocks.instant_text, times), "公告、短信"

    def _officers(self) -> Iterator[Row]:
        """Who acts in claims; each district has the three people that a ruling takes."""
        for place, post in enumerate(self._posts()):
            code, *of = post
            yield code, _turn(OFFICERS, place), *of, SINCE

    def _posts(self) -> Iterator[Row]:
        for code, name, *_ in self._districts():
            for place, does in enumerate(RULING, start=1):
                yield f"{code}-{place}", f"{name}供热管理办公室（{does}）", "district", code, ""
        for code, name, *_ in self._companies():
            yield f"{code}-1", f"{name}测温班", "inspector", "", code
            yield f"{code}-2", f"{name}客服部", "company", "", code
        yield "HOT-1", "12345热线", "hotline", "", ""
        yield "CITY-1", "示例市供热主管部门", "city", "", ""


def _turn(names: Sequence[str], place: int) -> str:
    """Give a name out of a short list, numbered from the second turn on."""
    turn, place = divmod(place, len(names))
    return names[place] + (f"({turn + 1})" if turn else "")

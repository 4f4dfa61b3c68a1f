"""Who stands where in the town: homes in buildings, buildings on stations, points in homes, gateways on buildings.

Everything is columns, one place a home (or building, or point), so that a town of 200,000 points is a few arrays.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulators.scenario import TownSize

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

DOORS_A_STAIR = 2
STOREYS = (6, 6, 7, 9, 11, 18)
LIVING_ROOM, BEDROOM = 0, 1


@dataclass(frozen=True, slots=True)
class Buildings:
    floors: Ints
    stairs: Ints
    built_year: Ints
    community: Ints
    station: Ints
    first_home: Ints
    """place of its first home; homes stand in order of buildings, floors, columns"""

    @property
    def columns(self) -> Ints:
        """Homes side by side on one floor."""
        return self.stairs * DOORS_A_STAIR


@dataclass(frozen=True, slots=True)
class Homes:
    building: Ints
    floor: Ints
    """from 1"""
    column: Ints
    """place on the floor, from 0; a stair has two"""
    area_m2: Ints
    edge: Mask
    top: Mask
    bottom: Mask
    stopped: Mask
    above: Ints
    """place of the neighbour; its own place where there is none"""
    below: Ints
    left: Ints
    right: Ints

    def __len__(self) -> int:
        return self.building.size


@dataclass(frozen=True, slots=True)
class Points:
    home: Ints
    room: Ints
    """LIVING_ROOM or BEDROOM"""

    def __len__(self) -> int:
        return self.home.size


@dataclass(frozen=True, slots=True)
class Town:
    size: TownSize
    homes: Homes
    buildings: Buildings
    points: Points
    station_source: Ints
    communities: int

    @property
    def stations(self) -> int:
        return self.station_source.size

    @property
    def sources(self) -> int:
        return self.size.companies

    @property
    def home_station(self) -> Ints:
        return self.buildings.station[self.homes.building]

    @property
    def gateway_of_point(self) -> Ints:
        """One gateway a building."""
        return self.homes.building[self.points.home]

    @property
    def gateway_names(self) -> list[str]:
        """Of the buildings first, then of the stations, then of the heat sources."""
        indoor = [f"gw-{building + 1:04d}" for building in range(self.buildings.floors.size)]
        return indoor + [f"gw-{place}" for place in self.meter_places]

    @property
    def station_codes(self) -> list[str]:
        """As the registry names them."""
        return [f"T{station + 1:03d}" for station in range(self.stations)]

    @property
    def meter_places(self) -> list[str]:
        stations = [f"hs{station + 1:03d}" for station in range(self.stations)]
        return stations + [f"src{source + 1:02d}" for source in range(self.sources)]

    @property
    def meter_names(self) -> list[str]:
        return [f"M-{place}" for place in self.meter_places]

    @property
    def point_names(self) -> list[str]:
        return [f"P-{point + 1:06d}" for point in range(len(self.points))]


def lay_out(size: TownSize, seed: int) -> Town:
    rng = np.random.default_rng([seed, 1])
    floors, stairs = _draw_buildings(size.homes, rng)
    station = _share_out(floors * stairs * DOORS_A_STAIR, size.homes_per_station)
    buildings = Buildings(
        floors=floors,
        stairs=stairs,
        built_year=rng.integers(1992, 2020, floors.size),
        community=np.arange(floors.size) // 4,
        station=station,
        first_home=_first_places(floors * stairs * DOORS_A_STAIR),
    )
    homes = _fill(buildings, size, rng)
    stations = int(station[-1]) + 1
    return Town(
        size=size,
        homes=homes,
        buildings=buildings,
        points=_place_points(homes, size, rng),
        station_source=np.arange(stations) % size.companies,
        communities=int(buildings.community[-1]) + 1,
    )


def _draw_buildings(homes: int, rng: np.random.Generator) -> tuple[Ints, Ints]:
    most = homes // (min(STOREYS) * DOORS_A_STAIR) + 1
    floors, stairs = rng.choice(STOREYS, most).astype(np.int64), rng.integers(1, 5, most)
    needed = int(np.searchsorted(np.cumsum(floors * stairs * DOORS_A_STAIR), homes)) + 1
    return floors[:needed], stairs[:needed]


def _first_places(sizes: Ints) -> Ints:
    return np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64)


def _share_out(sizes: Ints, target: int) -> Ints:
    """Give a station to whole buildings, in order, a new one whenever the last has its homes."""
    station, load = np.zeros(sizes.size, np.int64), 0
    for place in range(1, sizes.size):
        load += int(sizes[place - 1])
        full = load >= target
        station[place] = station[place - 1] + full
        load = 0 if full else load
    return station


def _fill(buildings: Buildings, size: TownSize, rng: np.random.Generator) -> Homes:
    """Place exactly `size.homes` homes; the last building's uppermost homes are left out where they are too many."""
    capacity = buildings.floors * buildings.columns
    building = np.repeat(np.arange(capacity.size), capacity)[: size.homes]
    within = np.arange(size.homes) - buildings.first_home[building]
    columns = buildings.columns[building]
    floor, column = within // columns, within % columns
    place = np.arange(size.homes)
    above_exists = (floor < buildings.floors[building] - 1) & (place + columns < size.homes)
    right_exists = (column < columns - 1) & (place + 1 < size.homes)
    return Homes(
        building=building,
        floor=floor + 1,
        column=column,
        area_m2=rng.integers(56, 132, size.homes),
        edge=(column == 0) | (column == columns - 1),
        top=~above_exists,
        bottom=floor == 0,
        stopped=rng.random(size.homes) < size.stopped_share,
        above=np.where(above_exists, place + columns, place),
        below=np.where(floor > 0, place - columns, place),
        left=np.where(column > 0, place - 1, place),
        right=np.where(right_exists, place + 1, place),
    )


def _place_points(homes: Homes, size: TownSize, rng: np.random.Generator) -> Points:
    count = max(1, round(len(homes) * size.point_share)) if size.point_share else 0
    monitored = np.sort(rng.choice(len(homes), count, replace=False))
    two_rooms = rng.random(count) < size.two_room_share
    home = np.repeat(monitored, 1 + two_rooms)
    second = np.concatenate([[False], home[1:] == home[:-1]]) if home.size else np.zeros(0, np.bool_)
    return Points(home=home, room=np.where(second, BEDROOM, LIVING_ROOM))

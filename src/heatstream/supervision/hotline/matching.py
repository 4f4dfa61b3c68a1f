"""Which home or building an address names: exactly one, or nobody's until a person has said which."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, Self

from rapidfuzz import fuzz, process
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.core import addresses
from heatstream.core.addresses import Address, Building, Community, Home, plain
from heatstream.errors import BadInput
from heatstream.rules.supervision.hotlines import Hotlines
from heatstream.store import tickets
from heatstream.store.tickets import Estate, Flat, House

BUILDINGS_LOOKED_INTO: Final = 3
"""So many of the likeliest buildings are searched for the likeliest homes."""


class Match(NamedTuple):
    """Whom an address names."""

    household_id: int | None
    building_id: int | None
    why: str
    """By which way, or why nobody."""


class Candidate(NamedTuple):
    """A home or a building that an address may mean, for a person to choose."""

    household: str | None
    """户号; None = the building"""
    building: str
    """楼栋"""
    address: str
    score: int
    """How alike the texts are, 0 to 100; it decides nothing."""


@dataclass(frozen=True)
class Places:
    """The communities and buildings of the registry, as addresses name them."""

    conn: AsyncConnection
    on: dt.date
    communities: Sequence[Community]
    houses: Mapping[int, House]
    buildings: Mapping[int, Building]
    by_number: Mapping[tuple[int, str | None], Sequence[int]]
    by_address: Mapping[str, Sequence[int]]
    labels: Mapping[int, str]
    """Of each building: community and name."""
    plain_labels: Mapping[int, str]

    @classmethod
    async def read(cls, conn: AsyncConnection, rules: Hotlines, on: dt.date) -> Self:
        """Read them once for many addresses.

        Raises
        ------
        BadInput
            An alias is of no community.
        """
        estates = await tickets.estates(conn)
        communities = _communities(estates, rules)
        names = {each.id: each.names for each in communities}
        houses = {each.id: each for each in await tickets.houses(conn, on)}
        buildings = {each.id: _building(each, names[each.community_id]) for each in houses.values()}
        by_number: dict[tuple[int, str | None], list[int]] = defaultdict(list)
        by_address: dict[str, list[int]] = defaultdict(list)
        for each in buildings.values():
            by_number[each.community_id, each.number].append(each.id)
            if each.address:
                by_address[each.address].append(each.id)
        community = {each.id: each.name for each in estates}
        labels = {each.id: f"{community[each.community_id]}{each.name}" for each in houses.values()}
        plained = {each: plain(label) for each, label in labels.items()}
        return cls(conn, on, communities, houses, buildings, by_number, by_address, labels, plained)

    async def match(self, texts: Iterable[str]) -> dict[str, Match]:
        """Say of each text whom it names."""
        asked = {text: _Asked.of(text, self.communities) for text in texts}
        words = {each.code for each in asked.values() if each.code} | {text.strip() for text in asked}
        flats = await tickets.flats_named(self.conn, words, self.on)
        named, addressed = {each.code: each for each in flats}, {each.address: each.building_id for each in flats}
        near = {text: self._near(each, addressed.get(text.strip())) for text, each in asked.items()}
        homes = await self._homes({building for some in near.values() for building in some})
        return {text: self._decide(each, near[text], homes, named) for text, each in asked.items()}

    async def _homes(self, building_ids: Iterable[int]) -> dict[int, list[Home]]:
        homes: dict[int, list[Home]] = defaultdict(list)
        for flat in await tickets.flats(self.conn, building_ids, self.on):
            homes[flat.building_id].append(_home(flat))
        return homes

    def _near(self, asked: "_Asked", of_home: int | None) -> list[int]:
        """Buildings that the address can lie in: by community and number, or by a standard address it begins with.

        `of_home` is the building of a home whose standard address it is.
        """
        numbered = [
            each for place in asked.communities for each in self.by_number.get((place, asked.address.building), ())
        ]
        begins = (asked.whole[:length] for length in range(1, len(asked.whole) + 1))
        addressed = [each for text in begins for each in self.by_address.get(text, ())]
        return sorted({*(numbered if asked.address.building else []), *addressed, *([of_home] if of_home else [])})

    def _decide(
        self, asked: "_Asked", near: list[int], homes: Mapping[int, Sequence[Home]], named: Mapping[str, Flat]
    ) -> Match:
        by_code = named.get(asked.code or asked.text.strip())
        if asked.code and by_code is None:
            return Match(None, None, f"户号 {asked.code} is not in the registry")
        found = {each.id: each for each in self._homes_of(asked, near, homes)}
        if by_code is not None:
            alone = not asked.whole or not asked.code
            agrees = alone or set(found) == {by_code.id}
            told = "户号" if agrees else "户号 and address do not name one home"
            return Match(by_code.id, by_code.building_id, told) if agrees else Match(None, None, told)
        if len(found) == 1:
            (home,) = found.values()
            return Match(home.id, home.building_id, "address of one home")
        return Match(None, None, f"{len(found)} homes fit") if found else self._building_alone(asked, near)

    def _homes_of(self, asked: "_Asked", near: list[int], homes: Mapping[int, Sequence[Home]]) -> Iterable[Home]:
        for building in near:
            placed = addresses.is_building(asked.address, self.buildings[building], asked.communities)
            for home in homes.get(building, ()):
                same = placed and addresses.is_home(asked.address, home, self.buildings[building])
                if same or home.address == asked.whole:
                    yield home

    def _building_alone(self, asked: "_Asked", near: list[int]) -> Match:
        found = [
            each
            for each in near
            if self.buildings[each].address == asked.whole
            or (
                addresses.is_building(asked.address, self.buildings[each], asked.communities)
                and addresses.names_building(asked.address, self.buildings[each])
            )
        ]
        if len(found) == 1:
            return Match(None, found[0], "address of one building")
        if found:
            return Match(None, None, f"{len(found)} buildings fit")
        return Match(None, None, "no home of that building fits" if near else "no building fits")

    async def candidates(self, text: str, *, limit: int) -> list[Candidate]:
        """Rank what an address may mean by how alike the texts are."""
        whole = plain(text)
        likely = process.extract(whole, self.plain_labels, scorer=fuzz.WRatio, limit=BUILDINGS_LOOKED_INTO)
        scores = {building: score for _, score, building in likely}
        flats = await tickets.flats(self.conn, scores, self.on)
        homes = [self._candidate(whole, each.building_id, each) for each in flats]
        buildings = [
            Candidate(None, self.houses[each].code, self.labels[each], round(score)) for each, score in scores.items()
        ]
        ranked = sorted([*homes, *buildings], key=lambda each: (-each.score, each.household or "", each.building))
        return ranked[:limit]

    def _candidate(self, whole: str, building: int, flat: Flat) -> Candidate:
        label = f"{self.labels[building]}{f'{flat.stair}单元' if flat.stair is not None else ''}{flat.door or ''}"
        score = fuzz.WRatio(whole, plain(label))
        return Candidate(flat.code, self.houses[building].code, flat.address, round(score))


@dataclass(frozen=True, slots=True)
class _Asked:
    """An address that somebody wrote."""

    text: str
    code: str | None
    """户号, where it says that it is one."""
    whole: str
    """The rest in plain form."""
    address: Address
    communities: frozenset[int]
    """Those that its place names."""

    @classmethod
    def of(cls, text: str, among: Sequence[Community]) -> Self:
        code, rest = addresses.without_code(text)
        address = addresses.parse(rest)
        return cls(text, code, plain(rest), address, frozenset(addresses.communities_named(address.place, among)))


def _communities(estates: Sequence[Estate], rules: Hotlines) -> list[Community]:
    codes = {each.code for each in estates}
    if unknown := sorted(set(rules.aliases.values()) - codes):
        raise BadInput(f"hotlines.aliases: seen {unknown[0]!r}, expected a code of a community (community.csv)")
    aliases: dict[str, list[str]] = defaultdict(list)
    for name, code in rules.aliases.items():
        aliases[code].append(name)
    return [_community(each, aliases[each.code], rules.around) for each in estates]


def _community(estate: Estate, aliases: Iterable[str], around: Iterable[str]) -> Community:
    names = frozenset().union(*(addresses.names_of(each) for each in (estate.name, *aliases)))
    before = (estate.city, estate.district, estate.street_office, estate.residents_committee, *around)
    return Community(estate.id, names, frozenset(plain(each) for each in before if each))


def _building(house: House, community: frozenset[str]) -> Building:
    number = addresses.building_of(house.name, community)
    return Building(house.id, house.community_id, number, plain(house.address) if house.address else None, house.stairs)


def _home(flat: Flat) -> Home:
    door = addresses.door_of(flat.door) if flat.door else None
    return Home(flat.id, flat.building_id, plain(flat.address), flat.stair, flat.floor, door)

"""Addresses as people write them, brought to one form, so that the same home is the same text. Nothing is guessed.

An address is read from its building on: 3号楼, 3栋, 3幢, 3座, 3#, then 2单元 or 2门, 4层 or 4楼, 302室; or 3-2-302.
What stands before is the place; what stands after is the rest, and an address with a rest is not understood whole.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple

_ONES: Final = {sign: value for value, sign in enumerate("一二三四五六七八九", start=1)}
_DIGITS: Final = {"〇": 0, "零": 0, **_ONES}
_SAID: Final = re.compile(
    r"(?:(?P<hundreds>[一二两三四五六七八九])百)?(?:(?P<zero>[零〇])|(?P<tens>[一二三四五六七八九]?)(?P<ten>十))?"
    r"(?P<ones>[一二两三四五六七八九])?"
)
_SIGNS: Final = "〇零一二两三四五六七八九十百"
_UNIT: Final = r"(?:号楼|号院|号栋|栋|幢|座|#|单元|门|层|楼|室|号|期)"
_COUNTED: Final = re.compile(rf"[{_SIGNS}]+(?={_UNIT})")
_ROMAN: Final = re.compile(r"[ⅠⅡⅢⅣⅤⅥ](?=期)")
_DASH: Final = re.compile(r"[‐‑‒–—―−~～]")
# A sign that is neither letter nor digit says nothing, but for # after a building's number and - between numbers.
_SILENT: Final = re.compile(r"[^\w#/-]|_")
# Between two numbers it says that they are two: 1、3号楼 is not 13号楼.
_APART: Final = re.compile(rf"(?<=[0-9{_SIGNS}])(?:[^\w#-]|_)+(?=[0-9{_SIGNS}])")
_NUMBER: Final = r"(?P<building>[0-9]+[A-Z甲乙丙丁]?|[A-Z][0-9]*)"
_NAMED: Final = re.compile(rf"{_NUMBER}(?:号楼|号栋|栋|幢|座|#楼|#)(?P<tail>.*)$")
# 3楼 is a building only where a stair follows: before a door it is the third floor.
_STOREY_NAMED: Final = re.compile(r"(?P<building>[0-9]+[A-Z]?)楼(?P<tail>[0-9]{1,2}(?:单元|门(?=[0-9左中右])|-).*)$")
_DASHED: Final = re.compile(r"(?P<building>[0-9]+[A-Z]?)-(?P<tail>[0-9]{1,2}-[0-9]+.*)$")
_STAIR: Final = re.compile(r"-?(?P<stair>[0-9]{1,2})(?:单元|门洞|门(?=[0-9左中右])|-)-?")
_FLOOR: Final = re.compile(r"(?P<floor>[0-9]{1,2})(?:层|楼)")
_DOOR: Final = re.compile(r"-?(?P<door>[0-9]+[A-Z]?|[左中右东西南北])(?:室|号|户|门)?(?P<rest>.*)$")
_BUILDING: Final = re.compile(rf"{_NUMBER}(?:号楼|号栋|号|栋|幢|座|#楼|#|楼)?$")
_HOUSEHOLD_CODE: Final = re.compile(r"(?:用户编号|户号)[:\s]*(?P<code>[0-9A-Za-z-]+)")
_ESTATE: Final = "小区"


@dataclass(frozen=True, slots=True)
class Address:
    """An address in parts; None where it does not say."""

    place: str
    """What stands before the building, in `plain` form: city, district, street, community."""
    building: str | None = None
    """Its number or letter alone: 3, 3A, B."""
    stair: int | None = None
    """单元"""
    floor: int | None = None
    door: str | None = None
    """房号: 302, 3A, 左"""
    rest: str = ""
    """What follows and was not understood."""


class Community(NamedTuple):
    """A community as an address may name it; every text in `plain` form."""

    id: int
    names: frozenset[str]
    around: frozenset[str]
    """What may stand before the name: province, city, district, 街道, 社区."""


class Building(NamedTuple):
    """A building of the registry."""

    id: int
    community_id: int
    number: str | None
    """As `building_of` reads it out of its name."""
    address: str | None
    """标准地址 in `plain` form."""
    stairs: int | None


class Home(NamedTuple):
    """A household of the registry."""

    id: int
    building_id: int
    address: str
    """标准地址 in `plain` form."""
    stair: int | None
    floor: int | None
    door: str | None
    """As `door_of` reads it."""


def numeral(text: str) -> int | None:
    """Read a Chinese numeral up to 999, or digits said one by one: 二十三 = 23, 三〇二 = 302; None if it is neither."""
    if all(sign in _DIGITS for sign in text):
        return int("".join(str(_DIGITS[sign]) for sign in text))
    found = _SAID.fullmatch(text)
    if found is None or _leaves_open(found):
        return None
    hundreds, ten, ones = found["hundreds"], found["ten"], found["ones"]
    tens = _DIGITS[found["tens"] or "一"] if ten else 0
    return 100 * _digit(hundreds) + 10 * tens + _digit(ones)


def _digit(sign: str | None) -> int:
    return 2 if sign == "两" else _DIGITS[sign or "零"]


def _leaves_open(found: re.Match[str]) -> bool:
    """Say whether it may be read in two ways: 二百五 is 205 to one and 250 to another."""
    exact = found["zero"] or found["ten"]
    return bool(found["hundreds"] and found["ones"] and not exact) or bool(found["zero"] and not found["hundreds"])


def _counted(found: re.Match[str]) -> str:
    value = numeral(found[0])
    return found[0] if value is None else str(value)


def plain(text: str) -> str:
    """Bring a text to one form: half width, capitals, no spaces or signs, numerals before a unit as digits.

    The registry's texts and the lines' are held against each other in this form alone.
    """
    roman = _ROMAN.sub(lambda found: str(ord(found[0]) - ord("Ⅰ") + 1), text.replace("○", "〇"))
    half = _DASH.sub("-", unicodedata.normalize("NFKC", roman).upper())
    return _COUNTED.sub(_counted, _SILENT.sub("", _APART.sub("/", half))).strip("-/")


def names_of(community: str) -> frozenset[str]:
    """Give the forms of a community's name: 松涛苑 and 松涛苑小区 are one."""
    name = plain(community).removesuffix(_ESTATE)
    return frozenset({name, name + _ESTATE}) if name else frozenset({plain(community)})


def without_code(text: str) -> tuple[str | None, str]:
    """Find 户号 where the text says that it is one, and give what is left of the text."""
    half = unicodedata.normalize("NFKC", text)
    found = _HOUSEHOLD_CODE.search(half)
    return (found["code"], half[: found.start()] + half[found.end() :]) if found else (None, text)


def door_of(text: str) -> str:
    """Bring 房号 of the registry to the form that `parse` gives."""
    found = _DOOR.match(plain(text))
    return found["door"] if found and not found["rest"] else plain(text)


def building_of(name: str, community: Iterable[str] = ()) -> str | None:
    """Read the number or letter out of a building's name, which may begin with the community's; None without one."""
    whole = plain(name)
    rests = [whole, *(whole.removeprefix(each) for each in community)]
    found = next((found for rest in rests if (found := _BUILDING.match(rest))), None)
    return found["building"] if found else None


def parse(text: str) -> Address:
    """Take an address apart; what is not written stays None."""
    whole = plain(text)
    for form in (_NAMED, _STOREY_NAMED, _DASHED):
        if found := form.search(whole):
            return _within(whole[: found.start()], found["building"], found["tail"])
    return Address(whole)


def _within(place: str, building: str, tail: str) -> Address:
    """Read stair, floor and door behind the building."""
    stair = floor = None
    if found := _STAIR.match(tail):
        stair, tail = int(found["stair"]), tail[found.end() :]
    if found := _FLOOR.match(tail):
        floor, tail = int(found["floor"]), tail[found.end() :]
    if found := _DOOR.match(tail):
        return Address(place, building, stair, floor, found["door"], found["rest"])
    return Address(place, building, stair, floor, None, tail)


def communities_named(place: str, among: Iterable[Community]) -> list[int]:
    """Find the communities that a place names, with nothing before the name but what the registry knows around it.

    Parameters
    ----------
    place : in `plain` form, as `Address.place` is

    Returns
    -------
    ids; two where the text fits two
    """
    return [each.id for each in among if any(_fits(place, name, each.around) for name in each.names)]


def _fits(place: str, name: str, around: frozenset[str]) -> bool:
    return bool(name) and place.endswith(name) and _made_of(place[: len(place) - len(name)], around)


def _made_of(text: str, parts: frozenset[str]) -> bool:
    """Say whether a text is nothing but these parts, each at most once."""
    return not text or any(
        part and text.startswith(part) and _made_of(text[len(part) :], parts - {part}) for part in parts
    )


def is_building(address: Address, building: Building, communities: Iterable[int]) -> bool:
    """Say whether an address lies in a building: the same community and the same number."""
    return address.building is not None and building.number == address.building and building.community_id in communities


def names_building(address: Address, building: Building) -> bool:
    """Say whether an address that lies in a building names it and no home of it."""
    there = address.stair is None or (building.stairs is not None and address.stair <= building.stairs)
    return there and address.floor is None and address.door is None and not address.rest


def is_home(address: Address, home: Home, building: Building) -> bool:
    """Say whether an address that lies in the home's building is the home's: the same stair and door, no other floor.

    Without a stair it is, where the building has one alone. What the registry does not know cannot be the same.
    """
    if address.door is None or address.rest or home.door != address.door:
        return False
    if address.floor is not None and home.floor is not None and address.floor != home.floor:
        return False
    if address.stair is None:
        return home.stair is None or building.stairs == 1
    return home.stair == address.stair

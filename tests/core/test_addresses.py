"""Addresses of one home are one, however they are written; what is not the same is never taken for it."""

import pytest

from heatstream.core.addresses import (
    Address,
    Building,
    Community,
    Home,
    building_of,
    communities_named,
    door_of,
    is_building,
    is_home,
    names_building,
    names_of,
    numeral,
    parse,
    plain,
    without_code,
)

HOME = Address("松涛苑", "3", 2, None, "302")
BUILDING = Building(1, 7, "3", None, 4)
OF_STAIR_2 = Home(9, 1, plain("松涛苑3号楼2单元302室"), 2, 3, "302")


@pytest.mark.parametrize(
    "text",
    [
        "松涛苑3号楼2单元302室",
        "松涛苑3号楼2单元302",
        "松涛苑３号楼２单元３０２室",
        "松涛苑 3 栋 2 单元 302 室",
        "松涛苑3幢2门302",
        "松涛苑3#楼2单元302",
        "松涛苑3＃2-302",
        "松涛苑3#-2-302",
        "松涛苑三号楼二单元三〇二室",
        "松涛苑三号楼二单元三○二室",
        "松涛苑三号楼二单元三百零二室",
        "松涛苑3楼2单元302",
        "松涛苑3-2-302",
        "松涛苑3—2—302号",
        "松涛苑，3号楼，2单元，302户。",
    ],
)
def test_the_same_home_written_in_another_way_is_the_same_home(text: str) -> None:
    assert parse(text) == HOME


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("吉林市船营区五一小区51号楼3单元5楼中门", Address("吉林市船营区五一小区", "51", 3, 5, "中")),
        ("长春市朝阳区银座花园十二幢一单元4层402", Address("长春市朝阳区银座花园", "12", 1, 4, "402")),
        ("天茂湖B座1203", Address("天茂湖", "B", None, None, "1203")),
        ("中海A区3A栋", Address("中海A区", "3A")),
        ("云杉新村Ⅱ期3号楼", Address("云杉新村2期", "3")),
        ("云杉新村二期3号楼", Address("云杉新村2期", "3")),
        ("松涛苑3号楼2单元", Address("松涛苑", "3", 2)),
        ("松涛苑3号楼2单元302室张先生家", Address("松涛苑", "3", 2, None, "302", "张先生家")),
        ("松涛苑3号楼附近", Address("松涛苑", "3", rest="附近")),
    ],
)
def test_an_address_is_taken_apart_and_what_is_not_understood_stays_as_its_rest(text: str, address: Address) -> None:
    assert parse(text) == address


@pytest.mark.parametrize("text", ["松涛苑3楼302", "松涛苑302", "松涛苑1、3号", "松涛苑 3 2 302", "松涛苑二百五号楼"])
def test_what_can_be_read_in_two_ways_names_no_building(text: str) -> None:
    assert parse(text).building is None


@pytest.mark.parametrize("text", ["松涛苑1、3号楼", "松涛苑一、三号楼", "松涛苑1 3号楼", "松涛苑1-3号楼"])
def test_two_buildings_are_not_one_of_both_digits(text: str) -> None:
    assert parse(text).building == "3"
    assert communities_named(parse(text).place, [Community(7, names_of("松涛苑"), frozenset())]) == []


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("十", 10),
        ("十二", 12),
        ("二十", 20),
        ("二十三", 23),
        ("一百零二", 102),
        ("一百二十", 120),
        ("三〇二", 302),
        ("两", 2),
        ("二百五", None),
        ("零百", None),
    ],
)
def test_numerals_are_read_and_one_with_two_readings_is_not(text: str, value: int | None) -> None:
    assert numeral(text) == value


def test_a_place_is_a_community_with_nothing_unknown_before_it() -> None:
    around = frozenset({"示例市", "东湖区", "新民街道"})
    here = Community(7, names_of("松涛苑"), around)
    there = Community(8, names_of("松涛苑"), frozenset({"示例市", "西山区"}))
    assert communities_named("示例市东湖区新民街道松涛苑", [here, there]) == [7]
    assert communities_named("东湖区松涛苑小区", [here, there]) == [7]
    assert communities_named("松涛苑", [here, there]) == [7, 8]
    assert communities_named("南塘区松涛苑", [here, there]) == []
    assert communities_named("东湖区西山区松涛苑", [here, there]) == []
    assert communities_named("人民大街1234号松涛苑", [here, there]) == []


def test_a_home_is_the_address_s_by_the_same_stair_and_door() -> None:
    assert is_building(HOME, BUILDING, [7])
    assert not is_building(HOME, BUILDING, [8])
    assert is_home(HOME, OF_STAIR_2, BUILDING)
    assert not is_home(HOME, OF_STAIR_2._replace(stair=1), BUILDING)
    assert not is_home(HOME, OF_STAIR_2._replace(stair=None), BUILDING)
    assert not is_home(parse("松涛苑3号楼2单元4层302"), OF_STAIR_2, BUILDING)
    assert not is_home(parse("松涛苑3号楼2单元302室对门"), OF_STAIR_2, BUILDING)


def test_without_a_stair_a_home_is_the_address_s_where_the_building_has_one_stair_alone() -> None:
    without = parse("松涛苑3号楼302室")
    assert not is_home(without, OF_STAIR_2, BUILDING)
    assert is_home(without, OF_STAIR_2._replace(stair=1), BUILDING._replace(stairs=1))


def test_an_address_without_a_door_names_the_building() -> None:
    assert names_building(parse("松涛苑3号楼"), BUILDING)
    assert names_building(parse("松涛苑3号楼2单元"), BUILDING)
    assert not names_building(parse("松涛苑3号楼5单元"), BUILDING)
    assert not names_building(parse("松涛苑3号楼2单元302"), BUILDING)
    assert not names_building(parse("松涛苑3号楼附近"), BUILDING)


def test_the_registry_s_names_are_read_like_addresses() -> None:
    assert [building_of(name) for name in ("3号楼", "三栋", "B座", "12#", "楼", "东区3号楼")] == [
        "3",
        "3",
        "B",
        "12",
        None,
        None,
    ]
    assert building_of("松涛苑3号楼", names_of("松涛苑")) == "3"
    assert [door_of(door) for door in ("302", "302室", "３０２", "左门", "地下室")] == [
        "302",
        "302",
        "302",
        "左",
        "地下室",
    ]


def test_a_household_code_counts_where_the_text_says_that_it_is_one() -> None:
    assert without_code("户号：1000000123") == ("1000000123", "")
    assert without_code("松涛苑3号楼 用户编号 1000000123，家里冷") == ("1000000123", "松涛苑3号楼 ,家里冷")
    assert without_code("电话13800000000") == (None, "电话13800000000")

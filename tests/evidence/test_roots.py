"""What was judged is sealed once a day; what came later is sealed anew, and nothing is taken out."""

import datetime as dt

import numpy as np
import pytest
from sqlalchemy import insert

from heatstream.core import merkle
from heatstream.core.calendar import day_of, day_start_us
from heatstream.core.digest import point_day_digests
from heatstream.evidence import roots
from heatstream.store import evidence, tables
from heatstream.store.timescale import ensure_partitions
from tests.evaluate.town import DAY, NEXT, Town, at, evaluator, whole_day
from tests.evidence.opened import judged, sealed


async def judge(town: Town) -> None:
    await evaluator(town.engine).once(settle=False, through=DAY)


async def proved(town: Town, *devices: str, first: dt.date = DAY, last: dt.date = DAY) -> list[roots.Proof]:
    async with town.engine.begin() as conn:
        return await roots.proofs(conn, [town.points[device] for device in devices], first, last)


async def assert_proved(town: Town, proof: roots.Proof) -> None:
    async with town.engine.begin() as conn:
        [root] = await evidence.roots(conn, [proof.root_id])
    assert merkle.proves(proof.digest, proof.index, root.leaves, proof.path, root.root)


@pytest.mark.every_edition
async def test_every_judged_point_day_is_sealed_and_has_a_proof(town: Town) -> None:
    await town.monitored("a", "b", "c")
    await judged(town, a=whole_day(1850), b=whole_day(1700), c=whole_day(1850))
    [root] = await sealed(town)
    assert root.leaves == 3
    [proof] = await proved(town, "b")
    assert (proof.point_id, proof.day, proof.root_id) == (town.points["b"], DAY, root.id)
    await assert_proved(town, proof)


@pytest.mark.every_edition
async def test_a_leaf_is_the_digest_of_the_readings(town: Town) -> None:
    await town.monitored("a")
    await judged(town, a=whole_day(1850))
    await sealed(town)
    [proof] = await proved(town, "a")
    times = np.array([day_start_us(day_of(DAY)) + slot * 600_000_000 for slot in range(144)])
    same = point_day_digests(["a"], day_of(DAY), np.zeros(144, np.int32), times, np.full(144, 1850, np.int16))
    assert proof.digest == same[0]


async def test_what_has_not_changed_is_not_sealed_again(town: Town) -> None:
    await town.monitored("a")
    await judged(town, a=whole_day(1850))
    assert len(await sealed(town)) == 1
    assert await sealed(town) == []
    await town.change("household", "code", "a", floor=3)
    await judge(town)
    assert await sealed(town) == []


@pytest.mark.every_edition
async def test_late_readings_make_a_second_root_and_the_first_still_stands(town: Town) -> None:
    await town.monitored("a", "b")
    await judged(town, a=whole_day(1850)[:100], b=whole_day(1850))
    [first] = await sealed(town)
    await judged(town, a=whole_day(1850)[100:])
    [second] = await sealed(town)
    assert (first.leaves, second.leaves) == (2, 1)
    proofs = await proved(town, "a")
    assert [proof.root_id for proof in proofs] == [first.id, second.id]
    assert proofs[0].digest != proofs[1].digest
    for proof in proofs:
        await assert_proved(town, proof)
    assert [proof.root_id for proof in await proved(town, "b")] == [first.id]


async def test_a_change_without_a_new_batch_is_sealed_too(town: Town) -> None:
    await town.monitored("a")
    await judged(town, a=whole_day(1850))
    [first] = await sealed(town)
    await town.change("point", "device", "a", accepted_on=DAY - dt.timedelta(days=1), valid_from=at(DAY, 60))
    await judge(town)
    [second] = await sealed(town)
    assert [proof.root_id for proof in await proved(town, "a")] == [first.id, second.id]


async def test_what_goes_back_to_what_it_was_is_sealed_a_third_time(town: Town) -> None:
    await town.monitored("a")
    await judged(town, a=whole_day(1850))
    found = [*await sealed(town)]
    for valid_from in (at(DAY, 60), at(DAY, -60)):
        await town.change("point", "device", "a", valid_from=valid_from)
        await judge(town)
        found += await sealed(town)
    digests = [proof.digest for proof in await proved(town, "a")]
    assert len(found) == 3
    assert digests[0] == digests[2] != digests[1]


@pytest.mark.every_edition
async def test_proofs_keep_to_the_days_and_points_asked_for(town: Town) -> None:
    await town.monitored("a", "b")
    await judged(town, NEXT, a=whole_day(1850) + whole_day(1850, NEXT)[36:], b=whole_day(1850))
    await sealed(town)
    assert {(proof.point_id, proof.day) for proof in await proved(town, "a", last=NEXT)} == {
        (town.points["a"], DAY),
        (town.points["a"], NEXT),
    }
    assert await proved(town, "a", first=NEXT + dt.timedelta(days=1), last=NEXT + dt.timedelta(days=9)) == []


async def test_before_anything_is_judged_no_root_is_made(town: Town) -> None:
    assert await sealed(town) == []


@pytest.mark.parametrize("points", [merkle.PART_LEAVES, 2 * merkle.PART_LEAVES + 5])
async def test_a_tree_of_several_parts_proves_its_first_last_and_middle_leaf(town: Town, points: int) -> None:
    await store_statistics(town, points)
    [root] = await sealed(town)
    assert root.leaves == points
    for point in (1, points // 2, points):
        async with town.engine.begin() as conn:
            [proof] = await roots.proofs(conn, [point], DAY, DAY)
        assert proof.index == point - 1
        await assert_proved(town, proof)


async def store_statistics(town: Town, points: int) -> None:
    """As an evaluator of a larger town would have left them."""
    zero = {column.name: 0 for column in tables.day_statistic.columns if not column.nullable}
    async with town.engine.begin() as conn:
        await ensure_partitions(conn, tables.day_statistic, DAY, DAY)
        rows = [
            zero | {"point_id": point, "day": DAY, "digest": point.to_bytes(32), "through_batch": 1}
            for point in range(1, points + 1)
        ]
        await conn.execute(insert(tables.day_statistic), rows)

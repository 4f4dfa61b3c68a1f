from hashlib import sha256
from struct import pack

import numpy as np
import pytest

from heatstream.core.calendar import day_start_us
from heatstream.core.digest import combined, point_day_digests

DAY = 20_458
START = day_start_us(DAY)


def digests(devices: list[str], rows: list[tuple[int, int, int]]) -> list[bytes]:
    point, at, centi = (
        np.array(column, kind) for column, kind in zip(zip(*rows, strict=True), ("i4", "i8", "i2"), strict=True)
    )
    return point_day_digests(devices, DAY, point, at, centi)


def test_a_digest_is_sha_256_of_the_form_written_in_its_manual() -> None:
    head = b"heatstream-point-day/1\x00" + pack(">H", 8) + b"P-000123" + pack(">ii", DAY, 2)
    rows = pack(">qh", START, 1842) + pack(">qh", START + 5, -50)
    assert digests(["P-000123"], [(0, START, 1842), (0, START + 5, -50)]) == [sha256(head + rows).digest()]


def test_the_first_digest_ever_made_stays_the_same() -> None:
    assert digests(["P-000123"], [(0, START, 1842)])[0].hex() == GOLDEN


GOLDEN = "d9b69c68df8f22d170b7b25c3f4d8600687651cffe848538d4d4c86a2f65865d"


def test_a_point_without_rows_has_a_digest_of_none() -> None:
    said = digests(["a", "b"], [(1, START, 1800)])
    assert said[0] == sha256(b"heatstream-point-day/1\x00" + pack(">H", 1) + b"a" + pack(">ii", DAY, 0)).digest()


def test_rows_of_the_night_after_midnight_are_the_next_day_s() -> None:
    assert digests(["a"], [(0, START, 1), (0, START + 86_400_000_000, 2)]) == digests(["a"], [(0, START, 1)])


def test_one_hundredth_changes_the_digest() -> None:
    assert digests(["a"], [(0, START, 1800)]) != digests(["a"], [(0, START, 1799)])


@pytest.mark.parametrize("rows", [[(1, START, 1), (0, START, 1)], [(0, START, 1), (0, START, 2)]])
def test_unsorted_rows_are_refused(rows: list[tuple[int, int, int]]) -> None:
    with pytest.raises(ValueError, match="not sorted"):
        digests(["a", "b"], rows)


def test_several_digests_are_combined_in_their_order() -> None:
    assert combined([b"a", b"b"]) == sha256(b"ab").digest()

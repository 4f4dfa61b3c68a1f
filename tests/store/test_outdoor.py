"""Official outdoor means: read whole or not at all, kept with their source, and what they change is judged again."""

import datetime as dt
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.errors import RegistryError
from heatstream.store.outdoor import Mean, read, record
from heatstream.store.tables import outdoor_day, registry_change

DAY = dt.date(2026, 1, 5)


def written(folder: Path, *lines: str) -> Path:
    path = folder / "outdoor.csv"
    path.write_text("\n".join(["day,mean_c,source", *lines]), encoding="utf-8")
    return path


def test_a_file_of_means_is_read_exactly(tmp_path: Path) -> None:
    path = written(tmp_path, "2026-01-05,-7.01,气象局", "2026-01-06,-9,气象局")
    assert read(path) == [Mean(DAY, -701, "气象局"), Mean(dt.date(2026, 1, 6), -900, "气象局")]


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("2026-13-05,-7,气象局", "outdoor.csv:2: day: seen '2026-13-05', expected a date like 2026-01-05"),
        ("2026-01-05,-7.001,气象局", "outdoor.csv:2: mean_c: seen '-7.001', expected °C with at most two decimals"),
        ("2026-01-05,cold,气象局", "outdoor.csv:2: mean_c: seen 'cold'"),
        ("2026-01-05,-99,气象局", "outdoor.csv:2: mean_c: seen '-99'"),
        ("2026-01-05,-7,", "outdoor.csv:2: source: seen nothing"),
        ("2026-01-05,-7,气象局\n2026-01-05,-8,气象局", "outdoor.csv:3: day: seen 2026-01-05 again"),
    ],
)
def test_a_fault_is_told_with_file_and_line(tmp_path: Path, line: str, fault: str) -> None:
    with pytest.raises(RegistryError) as refused:
        read(written(tmp_path, line))
    assert fault in str(refused.value)


def test_other_columns_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "outdoor.csv"
    path.write_text("date,temperature\n", encoding="utf-8")
    with pytest.raises(RegistryError, match="expected the columns day, mean_c, source"):
        read(path)


async def test_a_mean_published_anew_replaces_the_old_one_which_stays_on_record(conn: AsyncConnection) -> None:
    assert await record(conn, [Mean(DAY, -701, "日报")], "王") == Counter(new=1, changed=0, same=0)
    assert await record(conn, [Mean(DAY, -700, "月报")], "王") == Counter(new=0, changed=1, same=0)
    assert await record(conn, [Mean(DAY, -700, "月报")], "王") == Counter(new=0, changed=0, same=1)
    assert [row.mean_centi for row in await conn.execute(select(outdoor_day))] == [-700]
    changes = (await conn.execute(select(registry_change).order_by(registry_change.c.id))).all()
    assert [(each.noun, each.code, each.before and each.before["mean_centi"]) for each in changes] == [
        ("outdoor_day", "2026-01-05", None),
        ("outdoor_day", "2026-01-05", -701),
    ]

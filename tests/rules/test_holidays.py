"""Days off are dated data; a year without its notice refuses."""

import re
import shutil
from datetime import date, timedelta
from pathlib import Path

import pytest
from pydantic import BaseModel

from heatstream.errors import BadInput, Refused
from heatstream.rules.holidays import FICTIONAL, SHIPPED, Notice, Spell, load

DAYS_OFF = load()
YEARS = sorted(DAYS_OFF.notices or ())


@pytest.mark.parametrize(
    ("day", "off"),
    [
        ("2026-02-13", False),
        ("2026-02-14", False),
        ("2026-02-15", True),
        ("2026-02-23", True),
        ("2026-02-24", False),
        ("2026-02-28", False),
        ("2026-03-01", True),
        ("2025-05-31", True),
        ("2025-06-02", True),
        ("2025-06-03", False),
        ("2024-02-09", False),
        ("2020-02-01", True),
        ("2020-02-02", True),
    ],
)
def test_a_day_is_off_as_the_notice_says(day: str, off: bool) -> None:
    assert DAYS_OFF.is_day_off(date.fromisoformat(day)) is off


def test_a_due_date_on_a_holiday_moves_to_the_next_working_day() -> None:
    assert DAYS_OFF.next_working_day(date(2025, 5, 31)) == date(2025, 6, 3)


def test_a_due_date_on_a_worked_sunday_stays() -> None:
    assert DAYS_OFF.next_working_day(date(2025, 4, 27)) == date(2025, 4, 27)


def test_a_due_date_on_a_working_day_stays() -> None:
    assert DAYS_OFF.next_working_day(date(2026, 6, 30)) == date(2026, 6, 30)


def test_a_year_without_its_notice_refuses_and_says_where_one_belongs() -> None:
    with pytest.raises(Refused, match=r"for 2027 is not among .*2026; add rules/holidays/2027.yaml, or holidays/2027"):
        DAYS_OFF.is_day_off(date(2027, 6, 6))


def test_a_day_of_december_may_be_off_by_the_next_year_s_notice() -> None:
    assert DAYS_OFF.is_day_off(date(2022, 12, 31))


def test_a_fictional_place_keeps_weekends_alone_in_any_year() -> None:
    assert FICTIONAL.next_working_day(date(2027, 6, 5)) == date(2027, 6, 7)
    assert not FICTIONAL.is_day_off(date(2026, 10, 1))


@pytest.mark.parametrize("model", [Notice, Spell])
def test_every_field_of_a_notice_stands_in_the_manual(model: type[BaseModel]) -> None:
    page = (Path(__file__).parents[2] / "docs" / "rules.md").read_text(encoding="utf-8").partition("## Days off")[2]
    fields = [(field.alias or name, field.description) for name, field in model.model_fields.items()]
    assert [row for row in fields if f"| `{row[0]}` | {row[1]} |" not in page] == []


@pytest.mark.parametrize("year", YEARS)
def test_every_notice_says_in_its_words_how_many_days_it_gives(year: int) -> None:
    """共N天 of each holiday is the length of its spell: a slip of the pen shows."""
    assert DAYS_OFF.notices is not None
    for spell in DAYS_OFF.notices[year].days_off:
        told = [int(text[0]) for text in spell.quote.split("共")[1:]]
        days = (spell.last - spell.first).days + 1
        extended = 3 if "延长" in spell.quote else 0
        assert told in ([], [days - extended]), spell.name


@pytest.mark.parametrize("year", YEARS)
def test_every_notice_s_worked_days_are_those_of_its_words(year: int) -> None:
    assert DAYS_OFF.notices is not None
    notice = DAYS_OFF.notices[year]
    words = "".join(spell.quote for spell in notice.days_off)
    told = {date(year, int(m), int(d)) for m, d in re.findall(r"(\d+)月(\d+)日（[星期周]+[六日]）(?=、|上班)", words)}
    taken_back = {date(2020, 2, 1)}  # 国办发明电〔2020〕1号
    assert set(notice.working_weekends) == told - taken_back


def test_an_operator_s_notice_goes_before_the_shipped_one_and_adds_its_year(tmp_path: Path) -> None:
    folder = tmp_path / "holidays"
    folder.mkdir()
    text = (SHIPPED / "2026.yaml").read_text(encoding="utf-8")
    moved = text.replace("2026", "2027").partition("working_weekends")[0]
    (folder / "2027.yaml").write_text(moved, encoding="utf-8")
    shutil.copy(SHIPPED / "2025.yaml", folder)
    own = load(tmp_path)
    assert own.is_day_off(date(2027, 10, 1))
    assert sorted(own.notices or ()) == [*YEARS, 2027]


@pytest.mark.parametrize(
    ("change", "to", "words"),
    [
        ("year: 2026", "year: 2025", "year: seen 2025, expected 2026, the name of the file"),
        ("2026-01-04", "2026-01-05", "seen 2026-01-05, no Saturday and no Sunday"),
        ("2026-01-04", "2026-01-03", "a day off by the same notice"),
        ("last: 2026-01-03", "last: 2025-01-03", "expected not before first"),
        ("doc_no:", "number:", "line 4: number: seen"),
    ],
)
def test_a_fault_in_a_notice_names_file_and_field(tmp_path: Path, change: str, to: str, words: str) -> None:
    folder = tmp_path / "holidays"
    folder.mkdir()
    path = folder / "2026.yaml"
    path.write_text((SHIPPED / "2026.yaml").read_text(encoding="utf-8").replace(change, to, 1), encoding="utf-8")
    with pytest.raises(BadInput) as refused:
        load(tmp_path)
    assert str(path) in str(refused.value)
    assert words in str(refused.value)


def test_weekends_of_a_year_are_off_unless_they_are_worked() -> None:
    assert DAYS_OFF.notices is not None
    first = date(2026, 1, 1)
    weekends = [day for n in range(365) if (day := first + timedelta(days=n)).weekday() >= 5]
    worked = {day for day in weekends if not DAYS_OFF.is_day_off(day)}
    assert worked == set(DAYS_OFF.notices[2026].working_weekends)

"""A company's file: fuel as it is reported, zero reports as they are signed, scores as they are given."""

import asyncio
import datetime as dt
from pathlib import Path

import pytest
from pydantic import ValidationError

from heatstream.errors import BadInput, Refused, RegistryError
from heatstream.store.read import companies
from heatstream.supervision.company import company_acts, company_shown, declarations
from heatstream.supervision.company.company_file import FileOpened, HandScored

from .companies import LAST_DAY, declared, ground, handled_by, record, report
from .told import reported as incident
from .told import restored
from .town import NOW, Office, time

HEAD = "company,source,fuel,day,stock_kg,received_kg,used_kg,method\n"


async def test_the_first_act_opens_the_file_of_its_season(office: Office) -> None:
    assert await record(office, report()) == "C-CO1-2025"
    assert await record(office, report(dt.date(2025, 9, 1))) == "C-CO1-2025"
    found = await office.matter("C-CO1-2025")
    assert (found.company, found.step, found.headline) == ("CO1", "open", "CO1 诚信档案 2025-2026")


async def test_two_first_acts_at_once_are_in_one_file(office: Office) -> None:
    codes = await asyncio.gather(*(record(office, report(LAST_DAY - dt.timedelta(days=ago))) for ago in (0, 1)))
    assert codes == ["C-CO1-2025", "C-CO1-2025"]
    assert len((await office.state("C-CO1-2025")).fuel) == 2


async def test_a_season_has_one_file(office: Office) -> None:
    await record(office, report())
    again = FileOpened(at=NOW, why="再开", company="CO1", season_year=2025)
    with pytest.raises(BadInput, match="CO1 has C-CO1-2025 for 2025"):
        await office.open("company_file", again, by="CITY")


async def test_a_company_records_in_its_own_file_alone(office: Office) -> None:
    with pytest.raises(Refused, match="another company"):
        await record(office, report(), by="CO2")


async def test_a_company_that_nobody_registered_has_no_file(office: Office) -> None:
    with pytest.raises(BadInput, match="company: seen 'CO9', expected a code of the registry"):
        await record(office, report(), by="CITY", company="CO9")


async def test_a_day_stands_in_the_file_of_its_season_alone(office: Office) -> None:
    code = await record(office, report())
    with pytest.raises(BadInput, match="seen 2025-02-01, which belongs to the file of 2024; expected a day of 2025"):
        await office.record(code, report(day=dt.date(2025, 2, 1)), by="CO")


def test_less_than_nothing_is_no_stock() -> None:
    with pytest.raises(ValidationError, match="stock_kg"):
        report(stock_kg=-1)


async def test_a_later_report_stands_and_the_earlier_stays(office: Office) -> None:
    code = await record(office, report(stock_kg=1))
    await record(office, report(stock_kg=2))
    state = await office.state(code)
    assert [(each.number, each.told.stock_kg) for each in state.fuel] == [(3, 2)]
    async with office.engine.connect() as conn:
        [stands] = await companies.fuel_reports(conn, LAST_DAY, LAST_DAY)
    assert (stands.matter, stands.number, stands.stock_kg) == (code, 3, 2)


# --- zero reports -----------------------------------------------------------------------------------------------------


async def test_a_day_without_a_declaration_is_not_reported(office: Office) -> None:
    await record(office, declared())
    async with office.engine.connect() as conn:
        found = {each.company: each for each in await declarations.of_day(conn, LAST_DAY)}
    assert (found["CO1"].reported, found["CO1"].zero) == (True, True)
    assert (found["CO2"].reported, found["CO2"].zero) == (False, None)


@pytest.mark.parametrize("who", ["CITY", "D1", "INS"])
async def test_nobody_declares_in_a_companys_place(office: Office, who: str) -> None:
    await record(office, report())
    with pytest.raises(Refused, match="declared by"):
        await office.record("C-CO1-2025", declared(signature=f"{who}某"), by=who)


async def test_the_software_declares_nothing(office: Office) -> None:
    await record(office, report())
    with pytest.raises(Refused, match="declared by heatstream"):
        await office.record("C-CO1-2025", declared(signature="heatstream"), by="heatstream")


async def test_who_signed_is_who_records(office: Office) -> None:
    with pytest.raises(BadInput, match="signature: seen '张三', expected the name of who records it, 'CO某'"):
        await record(office, declared(signature="张三"))


async def test_tomorrow_is_not_declared_today(office: Office) -> None:
    with pytest.raises(BadInput, match="day: seen 2026-01-21, expected not after 2026-01-20"):
        await record(office, declared(dt.date(2026, 1, 21)))


def test_zero_names_no_incident_and_none_is_not_zero() -> None:
    with pytest.raises(ValidationError, match="expected none with zero true"):
        declared(zero=False)


async def test_a_second_declaration_says_which_it_corrects_and_both_stay(office: Office) -> None:
    code = await record(office, declared())
    happened = {"zero": False, "incidents": [{"what": "爆管", "place": "东站", "since": time(8, day=19)}]}
    with pytest.raises(BadInput, match="expected corrects: 2, which stands"):
        await record(office, declared(**happened))
    await record(office, declared(corrects=2, **happened))
    [stands] = (await office.state(code)).declarations
    assert (stands.number, stands.told.zero, [each.zero for each in stands.earlier]) == (3, False, [True])
    async with office.engine.connect() as conn:
        [found, _] = await declarations.of_day(conn, LAST_DAY)
    assert (found.zero, found.declared and found.declared.number) == (False, 3)


async def test_a_zero_against_an_incident_is_shown_and_not_changed(office: Office) -> None:
    code = await office.open("incident", incident(time(8, day=19)), by="CO")
    await record(office, declared())
    await record(office, declared(dt.date(2026, 1, 18)))
    async with office.engine.connect() as conn:
        [on_it, _] = await declarations.of_day(conn, LAST_DAY)
        [before, _] = await declarations.of_day(conn, dt.date(2026, 1, 18))
    assert (on_it.zero, on_it.contradicted, on_it.incidents) == (True, True, (code,))
    assert (before.contradicted, before.incidents) == (False, ())


async def test_an_incident_that_is_over_stands_against_no_later_day(office: Office) -> None:
    code = await office.open("incident", incident(time(8, day=17)), by="CO")
    await office.record(code, restored(time(20, day=17)), by="CO")
    await record(office, declared(dt.date(2026, 1, 18)))
    async with office.engine.connect() as conn:
        [found, _] = await declarations.of_day(conn, dt.date(2026, 1, 18))
    assert found.incidents == ()


# --- scores -----------------------------------------------------------------------------------------------------------


def scored(score: int, **told: object) -> HandScored:
    values = {"category": "equipment", "indicator": "equipment_state", "score_e2": score, "of_e2": 1000, **told}
    return HandScored.model_validate({"at": NOW, "why": "现场评分", "reason": "二号泵漏水", **values})


async def test_the_newest_score_of_an_indicator_stands(office: Office) -> None:
    code = await record(office, report())
    for score in (850, 900):
        await office.record(code, scored(score), by="CITY")
    [stands] = (await office.state(code)).hand_scores
    assert (stands.officer, stands.told.score_e2) == ("CITY", 900)


async def test_a_score_of_what_no_scorecard_names_is_refused_and_told_where_it_came_before(office: Office) -> None:
    code = await record(office, report())
    await office.record(code, scored(850, indicator="pumps"), by="CITY")
    await handled_by(office)
    expected = "seen equipment pumps, expected one .* by hand: environment emissions, equipment equipment_state"
    with pytest.raises(BadInput, match=expected):
        await office.record(code, scored(850, indicator="pumps"), by="CITY")
    with pytest.raises(BadInput, match="seen service complaints"):
        await office.record(code, scored(850, category="service", indicator="complaints"), by="CITY")
    await office.record(code, scored(850), by="CITY")
    async with office.engine.connect() as conn:
        seen = await company_shown.whole(conn, await ground(office), "CO1", None, NOW)
    assert [(each["indicator"], each["counts"]) for each in company_shown.tree(seen)["hand_scores"]] == [
        ("equipment_state", True),
        ("pumps", False),
    ]
    flags = [line for line in company_shown.sentences(seen) if "counts nowhere" in line]
    assert flags == ["  ! pumps: no scorecard scores it by hand, so it counts nowhere"]


async def test_a_company_does_not_score_itself(office: Office) -> None:
    code = await record(office, report())
    with pytest.raises(Refused, match="hand_scored by CO"):
        await office.record(code, scored(1000), by="CO")


def test_no_score_is_above_its_most() -> None:
    with pytest.raises(ValidationError, match="expected at most of_e2"):
        scored(1001)


# --- a file of reports ------------------------------------------------------------------------------------------------


async def take(office: Office, folder: Path, text: str, by: str = "CITY") -> company_acts.Taken:
    path = folder / "fuel.csv"
    path.write_text(HEAD + text, encoding="utf-8")
    lines = company_acts.read_fuel(path, at=NOW, why="日报")
    async with office.desk() as desk:
        return await company_acts.take_fuel(desk, lines, by=by)


async def test_faults_of_a_file_are_told_with_their_lines(office: Office, tmp_path: Path) -> None:
    rows = (
        "CO1,S1,coal,2026-01-19,-5,0,0,weighed\n"
        "CO1,S1,coal,2026-01-32,5,0,0,weighed\n"
        "CO1,S1,peat,2026-01-18,5.5,0,0,guessed\n"
        "CO1,S1,coal,2026-01-17,5,0\n"
        "CO1,S1,coal,2026-01-19,5,0,0,weighed\n"
        "CO1,S1,coal,2026-01-19,6,0,0,weighed\n"
        "CO\0,S1,coal,2026-01-19,6,0,0,weighed\n"
    )
    with pytest.raises(RegistryError) as raised:
        await take(office, tmp_path, rows)
    told = "\n".join(raised.value.faults)
    for expected in (
        "fuel.csv:2: stock_kg: seen '-5'",
        "fuel.csv:3: day: seen '2026-01-32'",
        "fuel.csv:4: fuel: seen 'peat'",
        "fuel.csv:4: stock_kg: seen '5.5'",
        "fuel.csv:4: method: seen 'guessed'",
        "fuel.csv:5: seen too many cells or too few, expected 8",
        "fuel.csv:7: seen CO1 S1 coal 2026-01-19 again, expected each once; it stands in fuel.csv:6 too",
        r"fuel.csv:8: company: seen 'CO\x00', expected a code",
    ):
        assert expected in told


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (f"S1,coal,2026-01-19,{'9' * 5_000}", "stock_kg: seen '9999"),
        ("S1,coal,1767571200,5", "day: seen '1767571200': expected a date like 2026-01-05"),
        ("S1,coal,9999-12-31,5", "day: seen .*: expected a year from 1900 to 2199"),
        ("S\0,coal,2026-01-19,5", "source: seen .*: seen a NUL character"),
    ],
)
def test_a_cell_that_is_no_number_no_date_or_no_text_is_told(cells: str, expected: str, tmp_path: Path) -> None:
    path = tmp_path / "fuel.csv"
    path.write_text(f"{HEAD}CO1,{cells},0,0,weighed\n", encoding="utf-8")
    with pytest.raises(RegistryError, match=rf"fuel\.csv:2: {expected}"):
        company_acts.read_fuel(path, at=NOW, why="日报")


async def test_a_file_with_an_unknown_company_is_not_taken_at_all(office: Office, tmp_path: Path) -> None:
    rows = "CO1,S1,coal,2026-01-19,5,0,0,weighed\nCO9,S1,coal,2026-01-19,5,0,0,weighed\n"
    with pytest.raises(RegistryError, match=r"fuel\.csv:3: company: seen 'CO9'"):
        await take(office, tmp_path, rows)
    async with office.engine.connect() as conn:
        assert await companies.fuel_reports(conn, LAST_DAY, LAST_DAY) == []


async def test_what_contradicts_is_taken_and_flagged_and_the_same_is_taken_once(office: Office, tmp_path: Path) -> None:
    await handled_by(office)
    rows = (
        "CO1,S1,coal,2026-01-18,1000000,0,0,weighed\n"
        "CO1,S1,coal,2026-01-19,500000,0,100000,weighed\n"
        "CO1,S7,coal,2026-01-19,5,0,0,book\n"
        "CO1,S2,coal,2026-01-19,5,0,0,book\n"
        "CO1,S1,coal,2026-01-21,5,0,0,book\n"
    )
    taken = await take(office, tmp_path, rows)
    flags = {(each.report.source, each.report.day.day): (each.flags, each.differs_kg) for each in taken.flagged}
    assert (taken.recorded, taken.same) == (5, 0)
    assert flags == {
        ("S1", 19): (("stock_differs",), -400_000),
        ("S7", 19): (("unknown_source",), None),
        ("S2", 19): (("other_company",), None),
        ("S1", 21): (("day_ahead",), None),
    }
    again = await take(office, tmp_path, rows)
    assert (again.recorded, again.same, again.flagged) == (0, 5, ())


# --- the whole --------------------------------------------------------------------------------------------------------


async def test_a_file_shows_everything_of_a_company_and_season(office: Office) -> None:
    await handled_by(office)
    code = await record(office, report())
    await office.record(code, scored(850), by="CITY")
    for day in (17, 19):
        await record(office, declared(dt.date(2026, 1, day)))
    event = await office.open("incident", incident(time(8, day=19)), by="CO")
    async with office.engine.connect() as conn:
        seen = await company_shown.whole(conn, await ground(office), "CO1", None, NOW)
    told = company_shown.tree(seen)
    assert told["file"] == "C-CO1-2025"
    assert told["incidents"]["codes"] == [event]
    assert told["incidents"]["minutes"] == 28 * 60
    # 2025-10-20 to 2026-01-19 are 92 days; today is not over.
    assert told["declarations"] == {
        "days": 92,
        "reported": 2,
        "zero": 2,
        "unreported": [f"{LAST_DAY - dt.timedelta(days=ahead)}" for ahead in range(91, 0, -1) if ahead != 2],
        "contradicted": ["2026-01-19"],
    }
    assert [each["score_e2"] for each in told["hand_scores"]] == [850]
    lines = "\n".join(company_shown.sentences(seen))
    assert "零报告 declarations: 2 of 92 days, 2 zero, 90 未报" in lines
    assert "未报 not reported: 2025-10-20 to 2026-01-16, 2026-01-18" in lines
    assert "评分 设备设施 equipment_state: 8.50 of 10.00 · CITY · 二号泵漏水" in lines
    assert "演示·非法律依据" in lines.splitlines()[0]


async def test_another_season_is_another_file(office: Office) -> None:
    await record(office, report())
    async with office.engine.connect() as conn:
        seen = await company_shown.whole(conn, await ground(office), "CO1", 2024, NOW)
    assert (seen.file, seen.fuel_day, seen.recorded) == (None, dt.date(2025, 4, 6), None)

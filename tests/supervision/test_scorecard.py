"""Every figure of a scorecard is the sum of its rows, worked out here by hand; what is missing is never nothing."""

import datetime as dt
from collections.abc import AsyncIterator, Mapping
from fractions import Fraction
from typing import Any

import pytest
import pytest_asyncio
from pydantic import ValidationError
from sqlalchemy import insert, update

from heatstream.claims import events
from heatstream.claims.act import Desk as ClaimDesk
from heatstream.core.finding import Outcome
from heatstream.errors import BadInput, Refused
from heatstream.rules import holidays
from heatstream.rules.supervision.fuel import Fuel
from heatstream.rules.supervision.scorecard import CATEGORIES, Indicator, Measure, Scorecards
from heatstream.store import supervision_rules
from heatstream.store import tables as t
from heatstream.store.pool import create_engine
from heatstream.supervision.company.company_file import HandScored
from heatstream.supervision.watch import scorecard
from heatstream.supervision.watch.scorecard import Scorecard
from tests.conftest import clone, template_of

from . import told, watched
from .companies import DEMO, declared, drafted, handled_by, record, report
from .town import Office, ids, time

SEASON = 2025
DAYS = [dt.date(2025, 10, day) for day in (20, 21, 22, 23)]
STEPS = {"linear": False, "least_denominator": 1, "knots": [{"figure": 0, "points": 0}, {"figure": 0.5, "points": 90}]}

FUEL = Fuel(recent_days=1, tolerance_e4=300, holds_days=1)

FIGURES: Mapping[Measure, tuple[int, int]] = {
    "pass_rate": (3, 4),
    "complaints": (2, 60_000),
    "contact_kept": (1, 2),
    "measure_kept": (0, 2),
    "repair_kept": (1, 2),
    "points_complete": (244, 288),
    "meters_complete": (130, 144),
    "undelivered": (180, 5640),
    "fuel_kept": (1, 2),
    "zero_reports": (1, 4),
}


def rules(*measured: Mapping[str, Any], by_hand: bool = False) -> Scorecards:
    """The first category has these lines, weights alike; the others one line each that earns 60 of the pass rate."""
    plain = {"measure": "pass_rate", "stratum": "all", **STEPS, "knots": [{"figure": 0, "points": 60}]}
    named = [
        {"indicator": f"line_{place}", "title": f"第{place}项", "weight": 1, **each}
        for place, each in enumerate(measured)
    ]
    hand = [{"indicator": "state", "title": "设备完好", "weight": 1}] if by_hand else []
    others = [{"indicator": name, "title": name, "weight": 1, **plain} for name in list(CATEGORIES)[1:]]
    lines = [
        [*named, *hand] or [{"indicator": "first", "title": "-", "weight": 1, **plain}],
        *([each] for each in others),
    ]
    categories = [
        {"category": name, "weight": 5 if place == 0 else 1, "indicators": line}
        for place, (name, line) in enumerate(zip(CATEGORIES, lines, strict=True))
    ]
    return Scorecards.model_validate(
        {"versions": [{"version": "演示-1", "valid_from": dt.date(2020, 1, 1), "categories": categories}]}
    )


def october(hour: int, minute: int = 0, day: int = 21) -> dt.datetime:
    return time(hour, minute, day=day, month=10, year=2025)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def season_template(server_url: str, town_template: str, edition: str) -> AsyncIterator[str]:
    """Name of a database with the season in it, to clone."""

    async def build(url: str) -> None:
        engine = create_engine(url, size=3)
        await season(Office(engine, url))
        await engine.dispose()

    async with template_of(server_url, edition, town_template, build) as name:
        yield name


@pytest.fixture
async def office(server_url: str, season_template: str) -> AsyncIterator[Office]:
    """The town with its season, this test's alone."""
    async with clone(server_url, season_template) as url:
        engine = create_engine(url, size=3)
        yield Office(engine, url, october(20, day=23))
        await engine.dispose()


async def season(office: Office) -> None:
    """Four closed days of the season, in which the first company did something of everything."""
    await handled_by(office)
    async with office.engine.begin() as conn:
        await _found_and_measured(conn)
        await _stations(conn)
        await _tickets(conn)
        await watched.close(conn, DAYS[-1])
    await _claims(office)
    office.now = october(20, day=23)
    await _incidents(office)
    for day, stock in ((DAYS[0], 1_600_000), (DAYS[1], 1_400_000)):
        await record(office, report(day, at=office.now, stock_kg=stock, received_kg=0), company="CO1")
    # An incident stood on the first day, so its zero is contradicted.
    for day in (DAYS[0], DAYS[3]):
        await record(office, declared(day, at=office.now))


async def _found_and_measured(conn: Any) -> None:
    outcomes = {"H1": (1, 1, 2, 3), "H5": (1,), "H6": (1, 1, 1, 1)}
    for home, of in outcomes.items():
        for day, outcome in zip(DAYS, of, strict=False):
            await watched.found(conn, home, day, Outcome(outcome))
    point, *_ = [await watched.point(conn, home) for home in ("H1", "H5", "H6")]
    await watched.statistic(conn, point, "H1", DAYS[0], 2000)
    await watched.statistic(conn, point, "H1", DAYS[1], 2000, slots_valid=100)
    await watched.statistic(conn, point, "H1", dt.date(2025, 10, 24), 2000)


async def _stations(conn: Any) -> None:
    meter = await watched.meter(conn, "M1", "X1")
    await watched.meter_day(conn, meter, DAYS[0], slots_expected=144, slots_valid=130)
    station = await ids(conn, t.heat_station)
    by = {"supervision_rules_id": await supervision_rules.keep(conn, DEMO)}
    for code, without, known, homes in (("X1", 60, 1400, 3), ("X2", 0, 1440, 1)):
        told = {"without_min": without, "known_min": known, "homes": homes, "due_min": 1440}
        row = {**watched.zeros(t.station_day), **by, **told, "heat_station_id": station[code], "day": DAYS[0]}
        await conn.execute(insert(t.station_day).values(row))


async def _tickets(conn: Any) -> None:
    building = await ids(conn, t.building)
    for number, where, at in (
        ("1", "B1", october(8)),
        ("2", "B3", october(23, 59, day=23)),
        ("3", "B1", october(0, day=24)),
        ("4", "B4", october(8)),
    ):
        words = {"line": "12345", "ticket_no": number, "category": "供热", "address": where, "content": "冷"}
        row = {**words, "building_id": building[where], "topic": "temperature", "received_at": at}
        await conn.execute(insert(t.ticket).values(row))


async def _claims(office: Office) -> None:
    """Two temperature complaints at eight: the one was contacted within 30 minutes, neither was measured."""
    for home, contacted in (("H1", october(8, 30)), ("H2", october(8, 31))):
        async with office.engine.begin() as conn:
            desk = ClaimDesk(conn, holidays.load(), lambda: october(12))
            opened = {"household": home, "way": "application", "temperature_complaint": True}
            event = {"kind": "opened", "at": october(8), "why": "测试", **opened}
            code = await desk.open(events.read(event, "测试"), by="HOT")  # type: ignore[arg-type]
            reached = {"kind": "contacted", "at": contacted, "why": "测试", "by_means": "电话"}
            await desk.record(code, events.read(reached, "测试"), by="CO")


async def _incidents(office: Office) -> None:
    """Heat was away for 5 h at the one station, and for 30 h at the other; the demo's law allows 24."""
    for station, begins, hours in (("X1", october(8, day=20), 5), ("X2", october(8, day=21), 30)):
        given = told.reported(begins, station=station)
        code = await office.open("incident", given, by="CO")
        await office.record(code, told.restored(begins + dt.timedelta(hours=hours)), by="CO")


async def score(office: Office, cards: Scorecards, company: str = "CO1", **asked: Any) -> Scorecard:
    await handled_by(office, scorecards=cards, fuel=FUEL)
    async with office.engine.connect() as conn:
        return await scorecard.scorecard(conn, await office.ground(conn), company, SEASON, **asked)


@pytest.mark.every_edition
async def test_every_measured_figure_is_what_was_worked_out_by_hand_and_the_sum_of_its_rows(office: Office) -> None:
    lines = [{"measure": name, "stratum": "all" if name == "pass_rate" else None, **STEPS} for name in FIGURES]
    card = await score(office, rules(*lines))
    figures = {line.figure.measure: line.figure for line in card.categories[0].lines if line.figure}
    assert {name: (each.numerator, each.denominator) for name, each in figures.items()} == FIGURES
    assert card.undetermined == ()
    async with office.engine.connect() as conn:
        ground = await office.ground(conn)
        for name, (numerator, denominator) in FIGURES.items():
            stratum = figures[name].stratum
            rows = await scorecard.rows_of(conn, ground, "CO1", SEASON, name, stratum=stratum)
            assert (sum(each.numerator for each in rows), sum(each.denominator for each in rows)) == (
                numerator,
                denominator,
            ), name


async def test_a_figure_names_the_address_of_its_rows(office: Office) -> None:
    card = await score(office, rules({"measure": "pass_rate", "stratum": "top", **STEPS}))
    figure = card.categories[0].lines[0].figure
    assert figure is not None
    expected = "season=2025&through=2025-10-23&measure=pass_rate&stratum=top"
    assert figure.rows == f"/api/v1/scorecards/CO1/rows?{expected}"


async def test_points_are_weighed_exactly_and_rounded_once(office: Office) -> None:
    """The first category: 3/4 on a line from 0.6 to 1 is 37.5 of 100, and a hand score of 2/3; it weighs 5 of 10."""
    knots = [{"figure": 0.6, "points": 0}, {"figure": 1, "points": 100}]
    line = {"measure": "pass_rate", "stratum": "all", **STEPS, "linear": True, "knots": knots}
    scored = {"category": "equipment", "indicator": "state", "score_e2": 200, "of_e2": 300, "reason": "看过"}
    given = HandScored(at=office.now, why="考评", **scored)
    await record(office, given, by="CITY", day=DAYS[0])
    card = await score(office, rules(line, by_hand=True))
    first = (Fraction(75, 2) + Fraction(200, 3)) / 2
    total = (5 * first + 5 * 60) / 10
    assert card.points is not None
    assert Fraction(card.points.numerator, card.points.denominator) == total == Fraction(1345, 24)
    assert card.points_e2 == 5604
    hand = card.categories[0].lines[1].hand
    assert hand is not None
    assert (hand.score_e2, hand.of_e2, hand.officer) == (200, 300, "CITY")
    assert card.watermarks == ("演示·非法律依据",)


async def test_a_scorecard_is_the_same_whenever_it_is_made_and_may_be_the_content_of_a_publication(
    office: Office,
) -> None:
    cards = rules({"measure": "pass_rate", "stratum": "all", **STEPS}, {"measure": "repair_kept", **STEPS})
    one, other = await score(office, cards), await score(office, cards)
    content = one.model_dump(mode="json")
    assert content == other.model_dump(mode="json")
    assert drafted(content={"CO1": content}).content["CO1"] == content


async def test_a_score_that_nobody_gave_leaves_the_total_undetermined_with_the_reason(office: Office) -> None:
    card = await score(office, rules(by_hand=True))
    assert (card.points, card.points_e2) == (None, None)
    assert card.undetermined == (
        "设备设施 设备完好: nobody has scored it; expected `hand_scored` in the company's file",
    )
    assert card.undetermined_zh == ("设备设施 设备完好：尚无人在诚信档案中评分",)
    assert [each.points is None for each in card.categories] == [True, False, False, False, False, False]


async def test_a_figure_of_too_little_is_undetermined(office: Office) -> None:
    line = {"measure": "pass_rate", "stratum": "all", **STEPS, "least_denominator": 5}
    card = await score(office, rules(line))
    assert card.points is None
    assert card.undetermined == ("设备设施 第0项: 4 compliant and failing home-days, expected 5 or more",)
    assert card.undetermined_zh == ("设备设施 第0项：合格与不达标户日为 4，应不少于 5",)


async def test_complaints_are_held_against_no_area_that_is_only_half_known(office: Office) -> None:
    async with office.engine.begin() as conn:
        await conn.execute(update(t.contract).where(t.contract.c.code == "H1").values(billed_area_centi_m2=None))
    card = await score(office, rules({"measure": "complaints", **STEPS}))
    assert "1 supplied users of heat have no area in the registry" in card.undetermined[0]
    assert "1 户在供热用户未登记面积" in card.undetermined_zh[0]


async def test_an_earlier_day_scores_what_was_so_by_its_end(office: Office) -> None:
    line = {"measure": "zero_reports", **STEPS}
    card = await score(office, rules(line), through=DAYS[1])
    figure = card.categories[0].lines[0].figure
    assert figure is not None
    assert (figure.numerator, figure.denominator) == (0, 2)


async def test_equals_share_a_rank_and_who_is_undetermined_has_none(office: Office) -> None:
    await handled_by(office, scorecards=rules())
    async with office.engine.connect() as conn:
        alike = await scorecard.ranking(conn, await office.ground(conn), SEASON)
    assert [(each.rank, each.company) for each in alike.rows] == [(1, "CO1"), (1, "CO2")]
    assert "内部" in alike.internal
    await handled_by(office, scorecards=rules({"measure": "repair_kept", **STEPS}))
    async with office.engine.connect() as conn:
        found = await scorecard.ranking(conn, await office.ground(conn), SEASON)
    assert [(each.rank, each.company) for each in found.rows] == [(1, "CO1"), (None, "CO2")]


async def test_nothing_is_scored_without_rules_or_before_the_season(office: Office) -> None:
    later = rules().versions[0].model_copy(update={"valid_from": dt.date(2026, 1, 1)})
    with pytest.raises(Refused, match="its first day is 2025-10-20, and the scorecard's rules begin on 2026-01-01"):
        await score(office, Scorecards(versions=(later,)))
    with pytest.raises(BadInput, match="expected a closed day of the season, 2025-10-20 to 2025-10-23"):
        await score(office, rules(), through=dt.date(2025, 10, 24))
    with pytest.raises(BadInput, match="expected a code of the registry"):
        await score(office, rules(), company="CO9")
    office.given = None
    async with office.engine.begin() as conn:
        with pytest.raises(Refused, match="section `scorecards`"):
            await scorecard.scorecard(conn, await office.ground(conn), "CO1", SEASON)
        await conn.execute(t.closing.delete())
    with pytest.raises(Refused, match="it begins on 2025-10-20, and days are closed through none"):
        await score(office, rules())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"knots": [{"figure": 0.5, "points": 0}, {"figure": 0.5, "points": 1}]}, "by rising figure"),
        ({"stratum": None}, "expected with pass_rate"),
        ({"measure": None}, "expected together, or none for a hand score"),
        ({"weight": 0}, "greater than 0"),
    ],
)
def test_a_line_that_contradicts_itself_is_refused(change: Mapping[str, Any], said: str) -> None:
    line = {"indicator": "a", "title": "甲", "weight": 1, "measure": "pass_rate", "stratum": "all", **STEPS}
    with pytest.raises(ValidationError, match=said):
        Indicator.model_validate({**line, **change})


def test_a_scorecard_has_each_of_the_six_categories_once() -> None:
    version = rules().versions[0]
    with pytest.raises(ValidationError, match="once"):
        Scorecards.model_validate(
            {"versions": [{**version.model_dump(), "categories": version.model_dump()["categories"][1:]}]}
        )

"""The commands of `heatstream supervise` that score companies and assess stops."""

import asyncio
import datetime as dt
from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Annotated, Any

import typer
from rich.table import Table

from heatstream.terminal import DAY, JsonOption, Season, desk, out

scores_app = typer.Typer()

Through = Annotated[
    dt.datetime | None,
    typer.Option("--through", help="Last day that counts; without it the season's, or closed.", **DAY),
]


async def _asked(season: int | None, through: dt.datetime | None, company: str | None) -> Any:
    """Score one company, or rank them all."""
    from heatstream.store.timescale import LOCAL
    from heatstream.supervision import seasons
    from heatstream.supervision.watch import scorecard

    async with desk(snapshot=True) as at:
        today = at.now().astimezone(LOCAL).date()
        year = seasons.of_day(at.ground, today).year if season is None else season
        last = None if through is None else through.date()
        if company is None:
            return await scorecard.ranking(at.conn, at.ground, year, through=last)
        return await scorecard.scorecard(at.conn, at.ground, company, year, through=last)


@scores_app.command("score")
def supervise_score(
    company: Annotated[str, typer.Argument(metavar="COMPANY", help="Code of the 供热企业.")],
    season: Season = None,
    through: Through = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Score a company's season: six categories, exact points, or why they are undetermined."""
    card = asyncio.run(_asked(season, through, company))
    if as_json:
        typer.echo(card.model_dump_json())
        return
    _say([*card.watermarks, f"{card.company} {card.name} · {card.season_year} · {card.first_day} to {card.through}"])
    table = Table("category", "indicator", "weight", "figure", "points")
    for category in card.categories:
        table.add_row(category.name, "", category.weight, "", _points(category.points))
        for line in category.lines:
            table.add_row("", line.title, line.weight, _figure(line), _points(line.points))
    out.print(table)
    total = "undetermined" if card.points_e2 is None else f"{card.points_e2 / 100:.2f}"
    _say([f"总分 total: {total}", *(f"undetermined: {why}" for why in card.undetermined)])


@scores_app.command("ranking")
def supervise_ranking(season: Season = None, through: Through = None, *, as_json: JsonOption = False) -> None:
    """Rank the companies against each other: 赛马, internal, never a 公示."""
    found = asyncio.run(_asked(season, through, None))
    if as_json:
        typer.echo(found.model_dump_json())
        return
    _say([*found.watermarks, f"{found.internal} · {found.season_year} · through {found.through}"])
    table = Table("rank", "company", "name", "points", "undetermined")
    for row in found.rows:
        points = "" if row.points_e2 is None else f"{row.points_e2 / 100:.2f}"
        table.add_row(str(row.rank or ""), row.company, row.name, points, "; ".join(row.undetermined))
    out.print(table)


@scores_app.command("assess")
def supervise_assess(stop: Annotated[str, typer.Argument(metavar="STOP", help="报停申请号.")]) -> None:
    """Assess what a 报停 application does to the neighbours; tell the number of its matter. An officer concludes."""
    from heatstream.supervision.homes import assessments

    async def run() -> tuple[str, Any]:
        async with desk() as at:
            code = await assessments.assess(at, stop)
            return code, await at.state(await at.find(code))

    code, state = asyncio.run(run())
    _say([code, *_neighbours(state)])


def _neighbours(state: Any) -> Iterator[str]:
    from heatstream.supervision.homes.assessment_kind import headline

    yield headline(state)
    for each in state.neighbours:
        cold, around = (sum(getattr(sides, side) for side in ("above", "below", "beside")) for sides in _both(each))
        left = " · 悬空 surrounded by it" if each.becomes_surrounded else ""
        warm = "unmonitored" if each.mean_centi is None else f"mean {each.mean_centi / 100:.2f} °C of {each.days} days"
        where = f"{each.household}: the home {each.lies} it stops"
        yield f"{where}; {cold} of {around} neighbours without heat{left}; {warm}"


def _both(effect: Any) -> tuple[Any, Any]:
    return effect.stopped_after, effect.neighbours


def _say(lines: Iterable[str]) -> None:
    for line in lines:
        out.print(line, markup=False, highlight=False, soft_wrap=True)


def _points(exact: Any) -> str:
    return "" if exact is None else f"{float(Fraction(exact.numerator, exact.denominator)):.2f}"


def _figure(line: Any) -> str:
    if line.hand is not None:
        return f"{line.hand.score_e2 / 100:.2f} of {line.hand.of_e2 / 100:.2f} by {line.hand.officer}"
    return "" if line.figure is None else f"{line.figure.numerator}/{line.figure.denominator}"

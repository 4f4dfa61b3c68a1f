"""The city on one day, every rate with its denominator."""

import datetime as dt
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from heatstream.serve.access import Aggregated, Asking, Smallest, require_whole
from heatstream.serve.formats import Route
from heatstream.serve.problems import BadQuery, NotFound
from heatstream.serve.shapes import AsOf, Celsius, Day, Now, PlaceFilters, Shape, celsius, centi
from heatstream.store.closings import closed_through
from heatstream.store.read import as_of, city, places, registry

router = APIRouter(tags=["city"], route_class=Route)


class Rate(Shape):
    """A share of homes: which homes of which."""

    name: str = Field(description="what is counted")
    of: str = Field(description="what it is counted of")
    numerator: int
    denominator: int
    percent: float | None = Field(description="100 × numerator / denominator; null where the denominator is 0")


class Summary(Shape):
    """Homes of one place on one local day. A home is a residential household."""

    day: dt.date = Field(description="the local day")
    closed: bool | None = Field(description="the day is closed; an open day has no findings yet; null with as_of")
    closed_through: dt.date | None = Field(description="the last closed day; null with as_of")
    city: str = Field(description="code of the city")
    city_name: str
    all_homes: int | None = Field(description="homes registered on the day = monitored + unmonitored")
    monitored_homes: int | None = Field(
        description="with an accepted point = compliant + failing + undetermined + waiting"
    )
    points: int | None = Field(description="accepted points installed on the day")
    compliant: int | None = Field(description="合格")
    failing: int | None = Field(description="不达标")
    undetermined: int | None = Field(description="无法判定")
    waiting: int | None = Field(description="monitored and not judged yet")
    unmonitored: int | None = Field(description="未监测")
    below_now: int | None = Field(
        description="homes with a point below the standard now, without those 报停; null with as_of"
    )
    lowest_c: Celsius | None = celsius("lowest_centi", "lowest deciding value of the compliant and failing homes")
    lowest_centi: int | None = centi("lowest deciding value, exactly")
    computed_fen: int | None = Field(description="sum of 测算额: computed from readings alone [fen]")
    rates: list[Rate] = Field(description="each with its denominator")
    watermarks: list[str] = Field(description="must stand wherever this is shown")
    withheld: str | None = Field(None, description="why figures are null: homes could be told apart by them")


class SummaryQuery(PlaceFilters, AsOf):
    """Where and when."""

    day: Day | None = Field(None, description="local day; without it the last closed one; needed with as_of")


def _rate(name: str, of: str, numerator: int, denominator: int) -> Rate:
    percent = round(100 * numerator / denominator, 2) if denominator else None
    return Rate(name=name, of=of, numerator=numerator, denominator=denominator, percent=percent)


def rates(tally: city.Tally) -> list[Rate]:
    """Give the shares that an office states, and of which homes."""
    decided = tally.compliant + tally.failing
    return [
        _rate("failing", "monitored_homes", tally.failing, tally.monitored),
        _rate("failing", "compliant_and_failing", tally.failing, decided),
        _rate("compliant", "monitored_homes", tally.compliant, tally.monitored),
        _rate("undetermined", "monitored_homes", tally.undetermined, tally.monitored),
        _rate("monitored", "all_homes", tally.monitored, tally.homes),
        _rate("unmonitored", "all_homes", tally.unmonitored, tally.homes),
    ]


@router.get("/summary", responses={404: {"description": "the registry is empty, or no day is closed"}})
async def summary(
    conn: Aggregated, now: Now, query: Annotated[SummaryQuery, Query()], asking: Asking, least: Smallest
) -> Summary:
    """Count the homes of one day by outcome: of the city, or of the place that the filters name.

    With `as_of` by the runs that had begun by then. A province is told how many homes of the whole city, if there are
    enough, and neither what was measured nor money.
    """
    require_whole(asking, query)
    await places.check(conn, query.place())
    instant = query.instant(now)
    if instant is not None and query.day is None:
        raise BadQuery("day: expected one with as_of, for nobody keeps which day was the last closed one then")
    here, closed = await registry.the_city(conn), await closed_through(conn)
    day = query.day or closed
    if here is None or day is None:
        raise NotFound("no city is registered yet" if here is None else "no day is closed yet; name one by `day`")
    if day > max(now.date(), closed or day):
        raise BadQuery(f"day: seen {day}, expected one that has begun")
    through = None if instant is None else await as_of.newest_run(conn, instant)
    tally = await city.tally(conn, day, query.place(), through_run=through)
    now_alone = instant is None
    told = Summary(
        day=day,
        closed=closed is not None and day <= closed if now_alone else None,
        closed_through=closed if now_alone else None,
        city=here.code,
        city_name=here.name,
        all_homes=tally.homes,
        monitored_homes=tally.monitored,
        points=tally.points,
        compliant=tally.compliant,
        failing=tally.failing,
        undetermined=tally.undetermined,
        waiting=tally.waiting,
        unmonitored=tally.unmonitored,
        below_now=tally.below_now if now_alone else None,
        lowest_centi=tally.lowest_centi,
        computed_fen=tally.computed_fen,
        rates=rates(tally),
        watermarks=await city.watermarks(conn, instant),
    )
    return _counts_alone(told, tally, least) if least else told


COUNTS = ("all_homes", "monitored_homes", "points", "compliant", "failing", "undetermined", "waiting", "unmonitored")


def _counts_alone(told: Summary, tally: city.Tally, least: int) -> Summary:
    """Leave out what is no count of the day, and the counts, too, where fewer homes than `least` are monitored."""
    hidden: dict[str, object] = dict.fromkeys(("below_now", "lowest_c", "lowest_centi", "computed_fen"))
    withheld = "a province is told how many homes"
    if tally.monitored < least:
        hidden |= dict.fromkeys(COUNTS) | {"rates": []}
        withheld = f"fewer than {least} homes are monitored"
    return told.model_copy(update=hidden | {"withheld": withheld})

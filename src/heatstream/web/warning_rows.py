"""Rows of warnings that the browser fetches by itself: what each rule last saw of each subject, and its thresholds."""

import datetime as dt
from collections.abc import Mapping
from typing import Literal

from fastapi import APIRouter, Request

from heatstream.core.hysteresis import Level
from heatstream.rules.supervision.warnings import FIGURES, Subject, WarningRule
from heatstream.store.read import warnings
from heatstream.store.read.rows import AnyRow
from heatstream.store.timescale import LOCAL
from heatstream.supervision.matter import Ground
from heatstream.web.matter_rows import PAGE, After, Row, desk, iso, paged, settings_of
from heatstream.web.signed_in import Reading

router = APIRouter(prefix="/rows", include_in_schema=False)

_KEPT = ("rule", "subject", "code", "name", "level", "numerator", "denominator", "known", "matter", "version")
E4 = 10_000


@router.get("/warnings")
async def levels(
    request: Request,
    reader: Reading,
    *,
    subject: Subject | None = None,
    colour: Literal["undetermined", "green", "yellow", "red"] | None = None,
    after: After = 0,
) -> Row:
    """Give every subject that a rule watches with its colour, its figure and how far it is from the next threshold."""
    level = None if colour is None else int(Level[colour.upper()])
    now = reader.source.now()
    async with reader.connection() as conn:
        there = await desk(conn, settings_of(request), reader.source.now)
        found = await warnings.worst(conn, subject=subject, level=level, limit=after + PAGE + 1)
    rules = _rules(there.ground, now.astimezone(LOCAL).date())
    return paged([_level(each, rules.get(each.rule)) for each in found[after:]], after)


def _rules(ground: Ground, day: dt.date) -> Mapping[str, WarningRule]:
    section = ground.rules.warnings if ground.rules else None
    return {} if section is None else {each.rule: each for each in section.on(day)}


def _level(row: AnyRow, rule: WarningRule | None) -> Row:
    return {
        **{name: getattr(row, name) for name in _KEPT},
        "since": iso(row.since),
        "looked_at": iso(row.looked_at),
        **(_held_to(row, rule) if rule is not None else {"title": row.rule}),
    }


def _held_to(row: AnyRow, rule: WarningRule) -> Row:
    """Hold a figure against the thresholds of its rule; the distance is to where the next colour is called for."""
    meaning = FIGURES[rule.figure]
    share = meaning.share and row.denominator
    value = None
    if row.known and row.numerator is not None:
        value = row.numerator * E4 // row.denominator if share else row.numerator
    sign = 1 if meaning.more_is_worse else -1
    nearest = rule.yellow.enter if row.level < Level.YELLOW else rule.red.enter
    return {
        "title": rule.title,
        "figure": rule.figure,
        "share": meaning.share,
        "value": value,
        "yellow": rule.yellow.enter,
        "red": rule.red.enter,
        "distance": None if value is None else sign * (nearest - value),
    }

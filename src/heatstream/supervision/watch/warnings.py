"""One pass over every warning rule: look at each subject, and raise, change or clear its warning.

There is at most one open warning a rule and subject. What a rule saw of each subject stands in `warning_level`, green
and undetermined too.
"""

import datetime as dt
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Literal, NamedTuple

import numpy as np
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from heatstream.claims.way import ITSELF
from heatstream.core.calendar import MINUTE_US
from heatstream.core.hysteresis import NEVER_US, Level, Watch, look
from heatstream.core.units import Mask
from heatstream.errors import Refused
from heatstream.rules.supervision.file import SupervisionRules, required
from heatstream.rules.supervision.warnings import FIGURES, Figure, WarningRule
from heatstream.store import closings, matters, supervision_rules, warnings
from heatstream.store.matters import Matter
from heatstream.store.read import subjects
from heatstream.store.read import warnings as figures
from heatstream.store.read.subjects import Subject
from heatstream.store.read.warnings import Figures, Told
from heatstream.store.tables import matter
from heatstream.store.timescale import LOCAL
from heatstream.store.warnings import Kept
from heatstream.supervision.act import Desk
from heatstream.supervision.company import fuel
from heatstream.supervision.matter import Ground
from heatstream.supervision.told import Event
from heatstream.supervision.watch.silence import limits
from heatstream.supervision.watch.warning_kind import Changed, Cleared, Colour, Raised, Seen, figure

COLOURS: Final[Mapping[Level, Colour]] = MappingProxyType({Level.YELLOW: "yellow", Level.RED: "red"})
SHARE: Final = 10_000
AT_ONCE: Final = 100
"""Subjects of one transaction."""
_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND: Final = dt.timedelta(microseconds=1)


@dataclass
class Passed:
    """What one pass did."""

    raised: int = 0
    changed: int = 0
    cleared: int = 0
    undetermined: int = 0
    """Subjects of which a figure told nothing."""
    refused: tuple[str, ...] = ()
    """Rules that could not be looked at, and why."""

    def __str__(self) -> str:
        done = f"raised {self.raised} warnings, changed {self.changed}, cleared {self.cleared}"
        left = f"{done}; {self.undetermined} figures told nothing"
        return left + "".join(f"; refused: {each}" for each in self.refused)


class Ask(NamedTuple):
    """What a figure is asked with."""

    conn: AsyncConnection
    ground: Ground
    rule: WarningRule
    now: dt.datetime


async def pass_over(engine: AsyncEngine, ground: Ground, now: dt.datetime) -> Passed:
    """Look at every rule that holds today.

    A rule whose figure cannot be told is named in the answer, and the others are looked at all the same. Some subjects
    are looked at in each transaction, so that nobody who opens a matter waits for the whole pass.

    Raises
    ------
    Refused
        There are no rules of warnings.
    """
    rules = required(ground.rules, "warnings")
    held = required(rules.warnings, "warnings").on(now.astimezone(LOCAL).date())
    async with engine.begin() as conn:
        rules_id = await supervision_rules.keep(conn, rules)
    done = Passed()

    @asynccontextmanager
    async def desk() -> AsyncIterator[Desk]:
        async with engine.begin() as conn:
            yield Desk(conn, ground, lambda: now)

    for rule in held:
        await _over_rule(desk, rule, rules, rules_id, done)
    names = {rule.rule for rule in held}
    async with desk() as at:
        for name, subject in await warnings.rules_seen(at.conn):
            if name not in names:
                rows = (await warnings.of_rule(at.conn, name, subject)).values()
                await _end(at, name, subject, tuple(rows), because="rule_ended", done=done)
    return done


async def _over_rule(
    desk: Callable[[], AbstractAsyncContextManager[Desk]],
    rule: WarningRule,
    rules: SupervisionRules,
    rules_id: int,
    done: Passed,
) -> None:
    try:
        async with desk() as at:
            told = await _FIGURES[rule.figure](Ask(at.conn, at.ground, rule, at.now()))
            watched = await subjects.listed(at.conn, rule.subject, at.now().astimezone(LOCAL).date())
    except Refused as why:
        done.refused += (f"{rule.rule}: {why}",)
        return
    for first in range(0, len(watched), AT_ONCE):
        async with desk() as at:
            await _Pass(at, rules, rule, done).over(watched[first : first + AT_ONCE], told, rules_id)
    async with desk() as at:
        seen = await warnings.of_rule(at.conn, rule.rule, rule.subject)
        gone = [seen[each] for each in sorted(seen.keys() - {each.id for each in watched})]
        await _end(at, rule.rule, rule.subject, gone, because="subject_ended", done=done)


# --- figures ----------------------------------------------------------------------------------------------------------


async def _below_share(ask: Ask) -> Figures:
    return await figures.below_share(ask.conn, ask.rule.subject, ask.now, _within(ask.rule))


async def _complaints(ask: Ask) -> Figures:
    return await figures.complaints(ask.conn, ask.rule.subject, ask.now, _within(ask.rule))


def _within(rule: WarningRule) -> int:
    if rule.within_min is None:
        raise Refused(f"{rule.rule}: expected within_min", zh=f"{rule.rule}：应载明 within_min")
    return rule.within_min


async def _lowest_mean(ask: Ask) -> Figures:
    day = await closings.closed_through(ask.conn)
    if day is None or ask.rule.least_valid_e4 is None:
        return {}
    return await figures.lowest_mean(ask.conn, ask.rule.subject, day, ask.rule.least_valid_e4)


async def _supply_deviation(ask: Ask) -> Figures:
    yesterday = ask.now.astimezone(LOCAL).date() - dt.timedelta(days=1)
    return await figures.supply_deviation(ask.conn, ask.rule.subject, yesterday)


async def _incidents_over_limit(ask: Ask) -> Figures:
    return await figures.incidents_over_limit(ask.conn, ask.rule.subject, ask.now)


async def _silent_share(ask: Ask) -> Figures:
    return await figures.silent_share(ask.conn, ask.rule.subject, ask.now, limits(ask.ground))


async def _fuel_share(ask: Ask) -> Figures:
    """Give the lowest share of a floor among what each company is held to, of how many."""
    _refuse_two_answers(ask)
    day = ask.now.astimezone(LOCAL).date()
    shares: dict[str, list[fuel.Held]] = {}
    for each in (await fuel.of_day(ask.conn, ask.ground, day)).held:
        if each.share is not None:
            shares.setdefault(each.company, []).append(each)
    ids = {each.code: each.id for each in await subjects.listed(ask.conn, "company", day)}
    return {
        ids[code]: Told(least, len(held))
        for code, held in shares.items()
        if code in ids and (least := fuel.least_share_e4(held)) is not None
    }


def _refuse_two_answers(ask: Ask) -> None:
    """Refuse colours of fuel that begin elsewhere than the choice of the policy says."""
    chosen = None if ask.ground.choices is None else ask.ground.choices.warning_thresholds
    if chosen is None:
        raise Refused(
            "choice warning_thresholds (A39) is not made; no text that was read gives thresholds",
            zh="选项 warning_thresholds（A39，预警阈值）未定，所查阅的文本均未载阈值",
        )
    expected = (int(chosen.green_from * SHARE), int(chosen.yellow_from * SHARE))
    seen = (ask.rule.yellow.enter, ask.rule.red.enter)
    if seen != expected:
        raise Refused(
            f"yellow and red enter at {seen[0]} and {seen[1]}; expected {expected[0]} and {expected[1]}, "
            "as choice warning_thresholds (A39) says",
            zh=f"黄色和红色分别自 {seen[0]} 和 {seen[1]} 起，"
            f"应依选项 warning_thresholds（A39）为 {expected[0]} 和 {expected[1]}",
        )


_FIGURES: Final[Mapping[Figure, Callable[[Ask], Awaitable[Figures]]]] = MappingProxyType(
    {
        "below_share_e4": _below_share,
        "lowest_mean_centi": _lowest_mean,
        "supply_deviation_centi": _supply_deviation,
        "incidents_over_limit": _incidents_over_limit,
        "complaints": _complaints,
        "fuel_share_e4": _fuel_share,
        "silent_share_e4": _silent_share,
    }
)


# --- one rule ---------------------------------------------------------------------------------------------------------


def crossed(rule: WarningRule, told: Sequence[Told | None]) -> tuple[Mask, Mask]:
    """Hold figures against thresholds, exactly.

    Returns
    -------
    enters, leaves : (THRESHOLDS, subjects); nothing is crossed where nothing was told
    """
    bounds = (rule.yellow, rule.red)
    enters = [[each is not None and _enters(rule, each, bound.enter) for each in told] for bound in bounds]
    leaves = [[each is not None and _leaves(rule, each, bound.leave) for each in told] for bound in bounds]
    return np.array(enters, np.bool_).reshape(2, -1), np.array(leaves, np.bool_).reshape(2, -1)


def _enters(rule: WarningRule, told: Told, threshold: int) -> bool:
    value, limit = _sides(rule, told, threshold)
    return value >= limit if FIGURES[rule.figure].more_is_worse else value < limit


def _leaves(rule: WarningRule, told: Told, threshold: int) -> bool:
    value, limit = _sides(rule, told, threshold)
    return value <= limit if FIGURES[rule.figure].more_is_worse else value >= limit


def _sides(rule: WarningRule, told: Told, threshold: int) -> tuple[int, int]:
    """Write figure ≷ threshold without a division."""
    if FIGURES[rule.figure].share:
        return told.numerator * SHARE, threshold * told.denominator
    return told.numerator, threshold


@dataclass(frozen=True)
class _Pass:
    """One rule's pass."""

    desk: Desk
    rules: SupervisionRules
    rule: WarningRule
    done: Passed

    async def over(self, watched: Sequence[Subject], figures_told: Figures, rules_id: int) -> None:
        """Look at subjects, keep what was seen, and bring the warnings to it."""
        conn, now, rule = self.desk.conn, self.desk.now(), self.rule
        before = await warnings.of_rule(conn, rule.rule, rule.subject, [each.id for each in watched])
        told = [figures_told.get(each.id) for each in watched]
        known = np.array([each is not None and each.denominator >= rule.least_denominator for each in told], np.bool_)
        enters, leaves = crossed(rule, told)
        watch = _watch([before.get(each.id) for each in watched])
        watch = look(watch, _us(now), enters=enters, leaves=leaves, known=known, least_us=rule.least_min * MINUTE_US)
        self.done.undetermined += int(np.count_nonzero(~known))
        rows = []
        for place, subject in enumerate(watched):
            kept = _row(watch, place, subject.id, told[place], known=bool(known[place]))
            rows.append(kept._replace(matter_id=await self._brought(subject, before.get(subject.id), kept)))
        await warnings.keep(conn, rule.rule, rule.subject, rows, rules_id=rules_id, looked_at=now)

    async def _brought(self, subject: Subject, before: Kept | None, kept: Kept) -> int | None:
        """Bring a subject's warning to its colour; tell the matter that stands for it."""
        was, colour = before and before.matter_id, COLOURS.get(Level(kept.level))
        if was is None or before is None:
            return None if colour is None else await self._raise(subject, colour, kept)
        if before.level == kept.level:
            return was
        found = await _matter(self.desk, was)
        if colour is None:
            if found.closed_at is None:
                await self._record(found, Cleared(because="figure", **self._told(before, kept)))
                self.done.cleared += 1
            return None
        if found.closed_at is None:
            await self._record(found, Changed(colour=colour, **self._told(before, kept)))
            self.done.changed += 1
            return was
        # A person has closed it: only a worse colour is new.
        return await self._raise(subject, colour, kept) if kept.level > before.level else was

    async def _raise(self, subject: Subject, colour: Colour, kept: Kept) -> int:
        rule = self.rule
        named = {"rule": rule.rule, "title": rule.title, "subject": rule.subject, "code": subject.code}
        code = await self.desk.open("warning", Raised(colour=colour, **named, **self._told(None, kept)), by=ITSELF)
        self.done.raised += 1
        return (await _matter_named(self.desk, code)).id

    async def _record(self, found: Matter, event: Event) -> None:
        await self.desk.record(found.code, event, by=ITSELF)

    def _told(self, before: Kept | None, kept: Kept) -> dict[str, Any]:
        rule, risen = self.rule, before is None or kept.level > before.level
        since = {
            (Level.RED, True): kept.red_past,
            (Level.YELLOW, True): kept.yellow_past,
            (Level.YELLOW, False): kept.red_back,
            (Level.GREEN, False): kept.yellow_back,
        }[Level(kept.level), risen]
        seen = Seen(
            figure=rule.figure,
            numerator=kept.numerator,
            denominator=kept.denominator,
            yellow=rule.yellow,
            red=rule.red,
            least_min=rule.least_min,
            least_denominator=rule.least_denominator,
            since=since or self.desk.now(),
            rules=self.rules.version,
            rules_sha256=self.rules.hash.hex(),
            watermark=self.rules.watermark,
        )
        why = f"{rule.title}: {figure(seen)} for {rule.least_min} min or longer"
        return {"at": self.desk.now(), "why": why, "seen": seen}


async def _end(
    desk: Desk,
    rule: str,
    subject: str,
    rows: Sequence[Kept],
    *,
    because: Literal["rule_ended", "subject_ended"],
    done: Passed,
) -> None:
    """Clear the warnings of what is watched no longer, and forget what was seen of it."""
    for each in rows:
        found = None if each.matter_id is None else await _matter(desk, each.matter_id)
        if found is not None and found.closed_at is None:
            await desk.record(found.code, Cleared(at=desk.now(), why=_ENDED[because], because=because), by=ITSELF)
            done.cleared += 1
    await warnings.forget(desk.conn, rule, subject, [each.subject_id for each in rows])


_ENDED: Final = MappingProxyType(
    {"rule_ended": "no rule of this name holds today", "subject_ended": "the registry has it no longer"}
)


async def _matter(desk: Desk, matter_id: int) -> Matter:
    (found,) = await matters.listed(desk.conn, matter.c.id == matter_id)
    return found


async def _matter_named(desk: Desk, code: str) -> Matter:
    (found,) = await matters.listed(desk.conn, matter.c.code == code)
    return found


# --- what is kept -----------------------------------------------------------------------------------------------------


def _watch(rows: Sequence[Kept | None]) -> Watch:
    new = Watch.new(len(rows))
    for place, each in enumerate(rows):
        if each is not None:
            new.level[place] = each.level
            new.since_us[place] = _us(each.since)
            new.past_us[:, place] = _us(each.yellow_past), _us(each.red_past)
            new.back_us[:, place] = _us(each.yellow_back), _us(each.red_back)
    return new


def _row(watch: Watch, place: int, subject_id: int, told: Told | None, *, known: bool) -> Kept:
    return Kept(
        subject_id=subject_id,
        level=int(watch.level[place]),
        since=_instant(watch.since_us[place]),
        known=known,
        numerator=None if told is None else told.numerator,
        denominator=0 if told is None else told.denominator,
        yellow_past=_instant(watch.past_us[0, place]),
        red_past=_instant(watch.past_us[1, place]),
        yellow_back=_instant(watch.back_us[0, place]),
        red_back=_instant(watch.back_us[1, place]),
        matter_id=None,
    )


def _us(at: dt.datetime | None) -> int:
    return NEVER_US if at is None else (at - _EPOCH) // _MICROSECOND


def _instant(us: np.int64) -> dt.datetime | None:
    return None if us == NEVER_US else _EPOCH + int(us) * _MICROSECOND

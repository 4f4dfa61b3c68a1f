"""The clocks of an incident: 抢修时限 under every rule there is, side by side, and periods of notice. Pure.

Where Jilin's instruments do not hold, or a choice is not made, a clock is unknown and says what is missing; the
incident stands all the same.
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np

from heatstream.core.repair import AccidentClass, RepairState, classes, states
from heatstream.rules.choices import Choices
from heatstream.rules.pack import Pack
from heatstream.rules.supervision.incidents import NoticeRule
from heatstream.rules.supervision.law import (
    CLASS_BOUNDS_S,
    NOTICES,
    REPAIR_RULES,
    Limit,
    Read,
    RepairRule,
    borrowed,
    in_jilin,
)
from heatstream.supervision.incident.incident_state import Incident
from heatstream.supervision.incident.incidents import ClassName
from heatstream.supervision.matter import Ground

CLASSES_ZH: Final = {AccidentClass.ORDINARY: "一般", AccidentClass.LARGER: "较大", AccidentClass.MAJOR: "重大"}
CLASS_NAMES: Final[dict[AccidentClass, ClassName]] = {
    AccidentClass.ORDINARY: "ordinary",
    AccidentClass.LARGER: "larger",
    AccidentClass.MAJOR: "major",
}
_MICROSECOND: Final = dt.timedelta(microseconds=1)
_BOUNDS_US: Final = (CLASS_BOUNDS_S[0] * 1_000_000, CLASS_BOUNDS_S[1] * 1_000_000)
NoticeState = Literal["running", "kept", "breached", "not_asked", "unknown"]


@dataclass(frozen=True, slots=True)
class Clock:
    """One rule's limit, for the class as one way tells it."""

    rule: str
    doc_no: str
    told_by: Literal["estimate", "actual"]
    """By the latest 可恢复时间, or by how long it took or has taken so far."""
    accident_class: AccidentClass
    warning: dt.datetime | None
    """After it the rule's range has begun; None = the rule gives no range."""
    limit: dt.datetime | None
    """The last instant within; None = the rule says nothing of this class."""
    state: RepairState | None


@dataclass(frozen=True, slots=True)
class Alarm:
    """What the inspectors' list goes by: the chosen rule's limit of the class it stands in now (A14, A15)."""

    accident_class: AccidentClass
    warning: dt.datetime | None
    limit: dt.datetime | None
    state: RepairState | None


@dataclass(frozen=True, slots=True)
class Passed:
    """A limit that passed while the incident stood in that class and heat was away."""

    accident_class: AccidentClass
    limit: dt.datetime
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Repair:
    """抢修 of one accident."""

    begins: dt.datetime
    ends: dt.datetime | None
    clocks: tuple[Clock, ...]
    alarm: Alarm | None
    unknown: tuple[str, ...]
    """Why something above is missing: what must be chosen, or that the place has no such rule."""
    watermark: str | None
    """Where a fictional place borrows the rules."""


def repair(state: Incident, ground: Ground, now: dt.datetime) -> Repair | None:
    """Hold an accident against the repair limits; None where heat was not stopped by one: they are for those alone."""
    if not state.is_accident:
        return None
    pack = _pack(ground)
    asked, unknown = _asked(ground), tuple(_unknown(ground))
    clocks = () if asked is None else tuple(asked.clocks(state, now))
    alarm = None if asked is None else asked.alarm(state, now)
    mark = pack.watermark if pack and borrowed(pack) else None
    return Repair(state.begins, state.ends, clocks, alarm, unknown, mark)


def passed(state: Incident, ground: Ground, now: dt.datetime) -> tuple[Passed, ...]:
    """List the limits that have passed, each of the class the accident stood in just before (A15); none if unknown."""
    asked = _asked(ground)
    return () if asked is None or not state.is_accident else tuple(asked.passed(state, now))


def _pack(ground: Ground) -> Pack | None:
    return None if ground.law is None else ground.law.pack


def _unknown(ground: Ground) -> Iterator[str]:
    here = in_jilin(_pack(ground))
    if here is None:
        yield "no law is in force yet: expected `heatstream evaluate` with HEATSTREAM_EVALUATE_CHOICES_FILE first"
    elif not here:
        yield "no repair limit is known for this place: 吉政办发〔2012〕52号 and 吉建议〔2024〕12号 hold in Jilin"
    elif ground.choices is not None:
        for option, question in (("exact_class_bounds", "A43"), ("repair_class", "A15"), ("repair_limits", "A14")):
            if getattr(ground.choices, option) is None:
                yield f"choice {option} ({question}) is not made"


def _asked(ground: Ground) -> "_Asked | None":
    if ground.choices is None or ground.choices.exact_class_bounds is None:
        return None
    return _Asked(ground.choices) if in_jilin(_pack(ground)) else None


@dataclass(frozen=True, slots=True)
class _Asked:
    """The rules as chosen, A43 at least."""

    chosen: Choices

    def clocks(self, state: Incident, now: dt.datetime) -> Iterator[Clock]:
        for rule in REPAIR_RULES:
            if state.estimates:
                of = self._class(state.estimates[-1].restored_by - state.begins)
                yield Clock(rule.name, rule.read.doc_no, "estimate", of, *_limits(rule.limits.get(of), state, now))
            of = self._class((state.ends or now) - state.begins)
            yield Clock(rule.name, rule.read.doc_no, "actual", of, *_limits(rule.limits.get(of), state, now))

    def alarm(self, state: Incident, now: dt.datetime) -> Alarm | None:
        of = self._present(state, now)
        if of is None or self.chosen.repair_limits is None:
            return None
        limit = self._alarming(of)
        return Alarm(of, *_limits(limit, state, now))

    def passed(self, state: Incident, now: dt.datetime) -> Iterator[Passed]:
        for of in AccidentClass:
            limit = self._alarming(of)
            if limit is None:
                continue
            last = state.begins + dt.timedelta(seconds=limit.breached_after_s)
            if now > last and (state.ends is None or state.ends > last) and self._stood_in(state, last) == of:
                yield Passed(of, last, tuple(rule.name for rule in self._rules() if of in rule.limits))

    def _stood_in(self, state: Incident, at: dt.datetime) -> AccidentClass | None:
        """Tell the class just before an instant, by the estimates that were recorded by then."""
        if self.chosen.repair_class == "first_estimate":
            return self._first(state)
        if self.chosen.repair_class is None:
            return None
        known = [each for each in state.estimates if each.recorded_at <= at]
        so_far = self._class(at - _MICROSECOND - state.begins)
        return max(so_far, self._class(known[-1].restored_by - state.begins)) if known else so_far

    def _present(self, state: Incident, now: dt.datetime) -> AccidentClass | None:
        """Tell the class by the choice: as time passes, or by the first estimate (A15)."""
        if self.chosen.repair_class == "first_estimate":
            return self._first(state)
        if self.chosen.repair_class is None:
            return None
        so_far = self._class((state.ends or now) - state.begins)
        if state.ends is not None or not state.estimates:
            return so_far
        return max(so_far, self._class(state.estimates[-1].restored_by - state.begins))

    def _first(self, state: Incident) -> AccidentClass | None:
        return self._class(state.estimates[0].restored_by - state.begins) if state.estimates else None

    def _class(self, length: dt.timedelta) -> AccidentClass:
        higher = self.chosen.exact_class_bounds == "higher_class"
        return AccidentClass(int(classes(np.array(max(_us(length), 0)), _BOUNDS_US, exact_is_higher=higher)))

    def _rules(self) -> tuple[RepairRule, ...]:
        wanted = self.chosen.repair_limits
        return tuple(rule for rule in REPAIR_RULES if wanted in {rule.name, "stricter"})

    def _alarming(self, of: AccidentClass) -> Limit | None:
        """Give the strictest limit of a class among the chosen rules; None where they say nothing of it."""
        limits = [rule.limits[of] for rule in self._rules() if of in rule.limits]
        return min(limits, key=lambda each: each.breached_after_s, default=None)


def _limits(
    limit: Limit | None, state: Incident, now: dt.datetime
) -> tuple[dt.datetime | None, dt.datetime | None, RepairState | None]:
    """Give where a warning begins, the last instant within, and how it stands."""
    if limit is None:
        return None, None, None
    warned_s = limit.warned_after_s if limit.warned_after_s is not None else limit.breached_after_s
    elapsed = np.array(max(_us((state.ends or now) - state.begins), 0))
    stands = states(
        elapsed,
        np.array(state.ends is not None),
        np.array(limit.breached_after_s * 1_000_000),
        np.array(warned_s * 1_000_000),
    )
    warning = None if limit.warned_after_s is None else state.begins + dt.timedelta(seconds=limit.warned_after_s)
    return warning, state.begins + dt.timedelta(seconds=limit.breached_after_s), RepairState(int(stands))


def _us(length: dt.timedelta) -> int:
    return length // _MICROSECOND


# --- notice -----------------------------------------------------------------------------------------------------------

NOTICES_ZH: Final[dict[NoticeState, str]] = {
    "running": "待告知",
    "kept": "已按时告知",
    "breached": "未按时告知",
    "not_asked": "无需告知",
    "unknown": "无规定",
}


@dataclass(frozen=True, slots=True)
class Notice:
    """Whether users were told in time."""

    planned: bool
    given_at: dt.datetime | None
    limit: dt.datetime | None
    """The last instant in time; None = no rule says."""
    state: NoticeState
    source: str | None
    """Where the period is written."""
    law: Read | None = None
    """What the pack's own text says of it."""


def notice(state: Incident, ground: Ground, now: dt.datetime) -> Notice | None:
    """Hold the first notice against the operator's period; None where heat was not stopped."""
    if not state.is_accident:
        return None
    planned = any(each.planned for each in state.notices)
    given = min((each.at for each in state.notices if each.planned == planned), default=None)
    section = ground.rules.incidents if ground.rules else None
    rule = section and (section.planned if planned else section.sudden)
    pack = _pack(ground)
    law = None if pack is None else NOTICES.get(pack.id)
    if not rule:
        return Notice(planned, given, None, "unknown", None, law)
    lasts = max(state.ends or now, *(each.restored_by for each in state.estimates[-1:]), state.begins) - state.begins
    held = told_in_time(rule, planned=planned, begins=state.begins, lasts=lasts, given_at=given, now=now)
    return replace(held, law=law)


def told_in_time(
    rule: NoticeRule,
    *,
    planned: bool,
    begins: dt.datetime,
    lasts: dt.timedelta,
    given_at: dt.datetime | None,
    now: dt.datetime,
) -> Notice:
    """Hold a notice against a period; exactly the period keeps it.

    Parameters
    ----------
    lasts : how long the stop lasts, as it was, is estimated or has been so far
    """
    period = dt.timedelta(minutes=rule.minutes)
    limit = begins - period if planned else begins + period
    if lasts <= dt.timedelta(minutes=rule.longer_than_min):
        return Notice(planned, given_at, limit, "not_asked", rule.source)
    stands: NoticeState = "breached" if (given_at or now) > limit else "running" if given_at is None else "kept"
    return Notice(planned, given_at, limit, stands, rule.source)

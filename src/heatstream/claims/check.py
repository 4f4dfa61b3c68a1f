"""Who may record what next in a claim, and what is missing for it. Pure: what it asks for is handed in.

BadInput where something was recorded wrongly or too early, Refused where the law or the pack forbids it. Every message
names the step, the person and the person's role first.
"""

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import singledispatch
from typing import Any, Final

from heatstream.claims import events
from heatstream.claims.events import Event
from heatstream.claims.way import BY_AUTHORITY, ITSELF, Ruling, Way
from heatstream.errors import BadInput, Refused
from heatstream.rules.pack import Escalation, Pack, Presumption
from heatstream.store.timescale import LOCAL

AHEAD: Final = dt.timedelta(minutes=5)
"""How far ahead of our clock an event may be told."""

_COMPANY: Final = frozenset({"company", "inspector"})
_OF_BOTH: Final = frozenset({"household", "company", "hotline", "district"})
_RULING: Final = frozenset({"ruling_drafted", "ruling_reviewed", "ruling_approved"})
_BESIDE_THE_TEXT: Final = frozenset({"fixed_point", "batch"})
"""Ways that stand beside those the text names: A12 says what a fixed point may, and a batch case is supervision."""
_RULED_BY: Final = {"district_authority": "district"}
"""The pack's `ruling.by`, and the role of its officers."""

ROLES: Final[dict[str, frozenset[str]]] = {
    "opened": frozenset({"household", "hotline", "street", "company", "inspector", "district"}),
    "contacted": _COMPANY | {"hotline"},
    "appointment_made": _COMPANY | {"hotline", "household"},
    "urged": frozenset({"street", "hotline", "city"}),
    "visit_recorded": frozenset({"inspector", "company", "district", "third_party"}),
    "site_recorded": frozenset({"district"}),
    "operating_parameters_recorded": frozenset({"company", "district"}),
    "escalated": frozenset({"household", "hotline", "district"}),
    "handling_reported": _COMPANY,
    "cause_determined": frozenset({"district"}),
    "cause_contested": frozenset({"household", "company", "district"}),
    "exclusion_alleged": frozenset({"company"}),
    "exclusion_decided": frozenset({"district"}),
    "condition_recorded": frozenset({"district"}),
    "presumption_recorded": frozenset({"district"}),
    "outage_recorded": frozenset({"company", "district"}),
    "self_refund_offered": frozenset({"company"}),
    "self_refund_accepted": _OF_BOTH,
    "self_refund_refused": _OF_BOTH,
    "authority_applied": frozenset({"household", "hotline", "district"}),
    "statement_given": frozenset({"household", "company", "district"}),
    "ruling_drafted": frozenset({"district"}),
    "ruling_reviewed": frozenset({"district"}),
    "ruling_approved": frozenset({"district"}),
    "ruling_served": frozenset({"district"}),
    "payment_made": frozenset({"company", "district"}),
    "ruling_revoked": frozenset({"district"}),
    "review_opened": frozenset({"district", "city"}),
    "review_closed": frozenset({"district"}),
    "closed": frozenset({"company", "district"}),
    "withdrawn": frozenset({"household", "hotline", "district"}),
}
"""Which roles may record an event of each kind; the city supervises and does not rule, a 街道 never proves."""

STEPS: Final[dict[str, str]] = {
    "opened": "受理",
    "contacted": "联系",
    "appointment_made": "另有约定",
    "urged": "催办",
    "visit_recorded": "入户测温",
    "site_recorded": "现场检查",
    "operating_parameters_recorded": "供热参数",
    "escalated": "转主管部门测温",
    "handling_reported": "报修处理",
    "cause_determined": "责任认定",
    "cause_contested": "责任异议",
    "exclusion_alleged": "免责主张",
    "exclusion_decided": "免责认定",
    "condition_recorded": "法定条件",
    "presumption_recorded": "推定",
    "outage_recorded": "停供",
    "self_refund_offered": "自行退费",
    "self_refund_accepted": "接受退费",
    "self_refund_refused": "未自行退费",
    "authority_applied": "申请裁定",
    "statement_given": "陈述",
    "ruling_drafted": "承办",
    "ruling_reviewed": "复核",
    "ruling_approved": "审批",
    "ruling_served": "送达",
    "payment_made": "履行",
    "ruling_revoked": "撤销裁定",
    "review_opened": "复核任务",
    "review_closed": "复核结论",
    "closed": "办结",
    "withdrawn": "撤回",
}
"""What each kind of event is called."""


@dataclass(frozen=True, slots=True)
class Officer:
    """Who records, as registered."""

    code: str
    name: str
    role: str
    district_id: int | None
    company_id: int | None
    valid_from: dt.date
    valid_to: dt.date | None

    def holds_on(self, day: dt.date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True, slots=True)
class Home:
    """The household of the claim, and whose it is."""

    code: str
    """户号"""
    district_id: int
    district: str
    company_id: int
    company: str


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Everything but the event and who records it."""

    home: Home
    pack: Pack
    season: tuple[dt.date, dt.date]
    """First and last day of the claim's season."""
    now: dt.datetime
    files: frozenset[str] = frozenset()
    """SHA-256 of the papers that were attached to the claim."""
    bundles: frozenset[str] = frozenset()
    """Those of them that are evidence bundles."""
    entitlement_fen: int | None = None
    """应退热费 as it stands [fen]; None = undetermined."""
    measured_late: bool = False
    """测温时限 has passed, or had passed when the company measured."""
    measured_failing: bool = False
    """A valid test of the company found a room below the standard."""
    monitored: bool = False
    """A fixed point's series has found something in the season."""
    names_band: bool = False
    """The band of a presumption is named by the officer: neither the pack nor a choice does."""


def title(kind: str, officer: Officer) -> str:
    """Name step, person and role, for a message."""
    return f"{STEPS[kind]} by {officer.name} ({officer.role})"


@dataclass(frozen=True, slots=True)
class _Turn:
    """Somebody's turn to record an event of a kind, whatever it will say."""

    kind: str
    way: Way
    officer: Officer
    around: Circumstances

    def _says(self, text: str) -> str:
        return f"{title(self.kind, self.officer)}: {text}"

    def wrong(self, text: str) -> BadInput:
        return BadInput(self._says(text))

    def forbidden(self, text: str) -> Refused:
        return Refused(self._says(text))

    def expect(self, met: object, text: str) -> None:
        """Raise BadInput unless the way has come so far."""
        if not met:
            raise self.wrong(text)

    def cites(self, numbers: Iterable[int]) -> None:
        """Raise BadInput where an event is cited that there is not."""
        known = len(self.way.recorded)
        for number in numbers:
            self.expect(number <= known, f"cites event {number}, the claim has {known}")

    def kind_of(self, number: int) -> str:
        """Tell the kind of an event that is cited."""
        self.cites([number])
        return self.way.recorded[number - 1].event.kind


@dataclass(frozen=True, slots=True)
class _Act(_Turn):
    """One event that somebody wants to record."""

    event: Event


def check(way: Way, event: Event, officer: Officer, around: Circumstances) -> None:
    """Say whether this person may record this event now.

    Raises
    ------
    BadInput
        It contradicts what is recorded, or comes too early or too late; the text names step, person, what was seen and
        what was expected.
    Refused
        The person's role or jurisdiction, or the pack, does not allow it.
    """
    act = _Act(event.kind, way, officer, around, event)
    if officer.role != ITSELF:
        _check_person(act)
    _check_time(act)
    _check_turn(act)
    _check_files(act)
    _check(event, act)


def may_come_next(way: Way, around: Circumstances) -> dict[str, tuple[str, ...]]:
    """Tell the kinds of events that the way has come far enough for, and the roles that may record each.

    What an event says is checked when it is there. Whoever rules is taken to be another person than those before.
    """

    def is_ready(kind: str, role: str) -> bool:
        return _why_not(_Turn(kind, way, _anybody(role), around)) is None

    ready = {kind: tuple(role for role in sorted(ROLES[kind]) if is_ready(kind, role)) for kind in ROLES}
    return {kind: roles for kind, roles in ready.items() if roles}


def turns(way: Way, officer: Officer, around: Circumstances) -> dict[str, str | None]:
    """Tell of each kind of event that an officer's role records why this officer cannot record it now; None = can.

    What an event says is checked when it is there.
    """
    kinds = [kind for kind, roles in ROLES.items() if officer.role in roles]
    return {kind: _why_not(_Turn(kind, way, officer, around)) for kind in kinds}


def _why_not(turn: _Turn) -> str | None:
    try:
        _check_turn(turn)
    except (BadInput, Refused) as why:
        return str(why)
    return None


def _anybody(role: str) -> Officer:
    return Officer("", "", role, None, None, dt.date.min, None)


# --- who, when --------------------------------------------------------------------------------------------------------


def _check_person(act: _Act) -> None:
    officer, kind = act.officer, act.event.kind
    if officer.role not in ROLES[kind]:
        raise act.forbidden(f"role {officer.role} may not record {kind}; expected {', '.join(sorted(ROLES[kind]))}")
    days = {act.around.now.astimezone(LOCAL).date()}
    if kind in _RULING:
        days.add(act.event.at.astimezone(LOCAL).date())
    for day in sorted(days):
        if not officer.holds_on(day):
            held = f"{officer.valid_from} to {officer.valid_to or 'now'}"
            raise act.forbidden(f"holds the office from {held}, not on {day}")
    _check_jurisdiction(act)


def _check_jurisdiction(act: _Act) -> None:
    outside = outside_jurisdiction(act.officer, act.around.home)
    if outside is not None:
        raise act.forbidden(outside)


def outside_jurisdiction(officer: Officer, home: Home) -> str | None:
    """Say why this home is not this officer's to act for; None = it is."""
    if officer.role == "household" and officer.code != home.code:
        return f"a household acts in its own claims; {officer.code} is not {home.code}"
    if officer.role in _COMPANY and officer.company_id != home.company_id:
        return f"the home is heated by {home.company}, and this is another company's officer"
    if officer.role == "district" and officer.district_id != home.district_id:
        return f"the home is in {home.district}, outside this officer's district"
    if officer.role == "street" and officer.district_id not in {None, home.district_id}:
        return f"the home is in {home.district}, outside this 街道's district"
    return None


def _check_time(act: _Act) -> None:
    at, now = act.event.at, act.around.now
    act.expect(at <= now + AHEAD, f"at: seen {at.isoformat()}, expected not after now ({now.isoformat()})")
    if act.way.opened is not None:
        opened = act.way.opened_at
        act.expect(
            at >= opened, f"at: seen {at.isoformat()}, expected not before the claim was opened ({opened.isoformat()})"
        )


def _check_turn(turn: _Turn) -> None:
    """Expect the way to have come so far, whatever the event says."""
    kind, way = turn.kind, turn.way
    turn.expect((way.opened is None) == (kind == "opened"), "expected `opened` first, and once")
    turn.expect(not way.withdrawn, "the claim was withdrawn")
    still = {"review_opened", "review_closed", "ruling_revoked"}
    turn.expect(not way.closed or kind in still, "the claim is closed; a ruling can only be reviewed or revoked")
    if kind in _NEEDS:
        _NEEDS[kind](turn)


def _check_files(act: _Act) -> None:
    unknown = [each for each in act.event.files if each not in act.around.files]
    act.expect(not unknown, f"files: {', '.join(unknown)} not attached; expected `heatstream claims attach` first")


# --- what each kind needs ---------------------------------------------------------------------------------------------


@singledispatch
def _check(event: Any, act: _Act) -> None:
    """Most events need no more than who and when."""
    del event, act


@_check.register
def _(event: events.Opened, act: _Act) -> None:
    home, pack = act.around.home, act.around.pack
    act.expect(event.household == home.code, f"household: seen {event.household}, expected {home.code}")
    if event.way in BY_AUTHORITY and act.officer.role != "district":
        raise act.forbidden(f"way {event.way}: the district alone opens by its own watch, not {act.officer.role}")
    named = event.way in _BESIDE_THE_TEXT or pack.opening is None or event.way in pack.opening.ways
    if not named:
        raise act.forbidden(
            f"way {event.way}: pack {pack.id} opens by {', '.join(pack.opening.ways if pack.opening else ())}"
        )


@_check.register
def _(event: events.VisitRecorded, act: _Act) -> None:
    roles = {"company": _COMPANY, "authority": {"district"}, "third_party": {"third_party", "district"}}[event.by]
    if act.officer.role not in roles:
        raise act.forbidden(f"a visit by {event.by} is recorded by {', '.join(sorted(roles))}")
    opened = act.way.opened_at
    act.expect(
        event.arrived_at >= opened,
        f"arrived_at: seen {event.arrived_at.isoformat()}, expected not before the request {opened.isoformat()}",
    )
    _check_signers(event, act)
    if event.by == "authority":
        act.expect(
            act.way.called_on_authority,
            "the authority measures after `escalated`, `authority_applied` or `urged` of it; the claim has none",
        )
        _check_copies(event, act)


def _check_signers(event: events.VisitRecorded, act: _Act) -> None:
    """Expect each side's signature, or its refusal."""
    if not event.rooms:
        return
    refused = {each.by for each in event.refusals if each.code == "refused_signature"}
    measured_by = event.signed_by("tester", "authority", "third_party", "company")
    act.expect(
        measured_by or (event.by == "company" and "company" in refused),
        "people: nobody who measured has signed; expected a signature, or 拒签 of the company",
    )
    act.expect(
        event.signed_by("household") or "household" in refused,
        "people: the household has not signed; expected its signature, or 拒签 with who refused",
    )


def _check_copies(event: events.VisitRecorded, act: _Act) -> None:
    wanted = act.around.pack.escalation.copies if act.around.pack.escalation else None
    if wanted is None or not event.rooms:
        return
    made = event.copies
    if made is None:
        raise act.wrong(f"copies: seen none, expected {wanted.archived} for the archive and one each")
    for name in ("inspector", "household", "archived"):
        seen, least = getattr(made, name), getattr(wanted, name)
        act.expect(seen >= least, f"copies.{name}: seen {seen}, expected {least}")
    act.expect(
        len(event.archive_nos) == made.archived,
        f"archive_nos: seen {len(event.archive_nos)} 档号, expected one for each of {made.archived} archived copies",
    )


def _escalation(turn: _Turn) -> Escalation:
    pack = turn.around.pack
    if pack.escalation is None:
        raise turn.forbidden(f"pack {pack.id} has no escalation: nobody could read when the authority measures")
    return pack.escalation


@_check.register
def _(event: events.Escalated, act: _Act) -> None:
    known = _escalation(act).when
    if event.trigger not in known:
        raise act.forbidden(f"trigger {event.trigger}: pack {act.around.pack.id} knows {', '.join(known)}")
    if event.on is not None:
        act.cites([event.on])
    shown = {
        "not_measured_in_time": act.around.measured_late,
        "measured_failing": act.around.measured_failing,
        "company_did_not_sign": any(_unsigned_by_company(each) for each in act.way.visited),
    }
    act.expect(shown.get(event.trigger, True), f"trigger {event.trigger}: nothing recorded shows it")


def _unsigned_by_company(visit: events.VisitRecorded) -> bool:
    return visit.by == "company" and bool(visit.rooms) and not visit.signed_by("tester", "company")


@_check.register
def _(event: events.CauseDetermined, act: _Act) -> None:
    act.cites(event.on)


def _check_contest(turn: _Turn) -> None:
    turn.expect(turn.way.cause, "no cause is determined; expected `cause_determined` first")


@_check.register
def _(event: events.CauseContested, act: _Act) -> None:
    _check_speaks_for(event.by, act)
    act.expect(act.kind_of(event.against) == "cause_determined", f"event {event.against} determines no cause")


def _check_speaks_for(party: str, act: _Act) -> None:
    """A party speaks for itself; the district takes down either."""
    if act.officer.role not in {party, "district", "hotline"}:
        raise act.forbidden(f"{act.officer.role} does not speak for the {party}")


@_check.register
def _(event: events.ExclusionAlleged, act: _Act) -> None:
    pack = act.around.pack
    known = [each.code for each in pack.exclusions.reasons] if pack.exclusions else []
    if event.code not in known:
        raise act.forbidden(f"code {event.code}: pack {pack.id} knows {', '.join(known) or 'no exclusions'}")
    _check_days(act, event.day_from, event.day_to)


def _check_days(act: _Act, *days: dt.date | None) -> None:
    first, last = act.around.season
    for day in days:
        act.expect(day is None or first <= day <= last, f"day {day}: expected within the season {first} to {last}")


def _check_decision(turn: _Turn) -> None:
    turn.expect(turn.way.allegations, "no exclusion is alleged; expected `exclusion_alleged` first")


@_check.register
def _(event: events.ExclusionDecided, act: _Act) -> None:
    act.expect(event.allegation in act.way.allegations, f"event {event.allegation} alleges no exclusion")


def _check_conditions(turn: _Turn) -> None:
    pack = turn.around.pack
    if pack.standard is None or not pack.standard.conditions:
        raise turn.forbidden(f"pack {pack.id}: its standard holds under no conditions")


@_check.register
def _(event: events.ConditionRecorded, act: _Act) -> None:
    _check_days(act, event.day_from, event.day_to)


def _presumption(turn: _Turn) -> Presumption:
    pack = turn.around.pack
    if pack.presumption is None:
        raise turn.forbidden(f"pack {pack.id} presumes nothing")
    return pack.presumption


@_check.register
def _(event: events.PresumptionRecorded, act: _Act) -> None:
    _check_presumption_is_law(event, act)
    if not (event.no_good_reason and event.no_other_agreement):
        raise act.forbidden("presumes nothing: expected that there was no 正当理由 and no 另有约定 (office 14)")
    act.cites(event.on)
    _check_days(act, event.day)
    agreed = act.way.appointment
    if event.lapse == "not_measured_in_time" and agreed is not None:
        until = agreed.appointment_at.astimezone(LOCAL).date()
        act.expect(event.day >= until, f"day {event.day}: 另有约定 is recorded for {until}")


def _check_presumption_is_law(event: events.PresumptionRecorded, act: _Act) -> None:
    pack, presumption = act.around.pack, _presumption(act)
    known = (*presumption.compliant_when, *presumption.failing_when)
    if event.lapse not in known:
        raise act.forbidden(f"lapse {event.lapse}: pack {pack.id} presumes on {', '.join(known) or 'none'}")
    bands = len(pack.tiers.bands) if pack.tiers else 0
    failing = event.lapse in presumption.failing_when
    named = event.tier is not None or not (failing and act.around.names_band)
    act.expect(named, "tier: seen none; neither the pack nor a choice names the presumed band, expected the officer to")
    act.expect(event.tier is None or event.tier < bands, f"tier: seen {event.tier}, the pack has {bands} from 0")


# --- 企业自行退费, 申请 -----------------------------------------------------------------------------------------------


def _check_offer(turn: _Turn) -> None:
    way = turn.way
    _check_unruled(turn)
    turn.expect(way.measured or way.presumptions or way.outages or way.opened_by_authority, "expected 测温 first")
    turn.expect(way.accepted is None, "an offer was accepted already")


@_check.register
def _(event: events.SelfRefundOffered, act: _Act) -> None:
    _check_days(act, event.day_from, event.day_to)


def _check_unruled(turn: _Turn) -> None:
    ruling = turn.way.ruling
    if ruling is not None:
        raise turn.wrong(f"ruling {ruling.doc_no} stands; expected none, or 撤销 of it first")


def _check_acceptance(turn: _Turn) -> None:
    _check_unruled(turn)
    turn.expect(turn.way.offered, "nothing is offered; expected `self_refund_offered` first")
    turn.expect(turn.way.accepted is None, "the offer was accepted already")


def _check_refusal(turn: _Turn) -> None:
    _check_unruled(turn)
    turn.expect(turn.way.accepted is None, "the offer was accepted already")


@_check.register
def _(event: events.SelfRefundRefused, act: _Act) -> None:
    _check_speaks_for(event.by, act)
    act.expect(event.by == "company" or act.way.offered, "the household can refuse what was offered; nothing was")


def _check_application(turn: _Turn) -> None:
    way = turn.way
    _check_unruled(turn)
    turn.expect(way.applied is None, "applied already")
    turn.expect(not (way.accepted and way.performed), "the self-refund was accepted and paid")
    turn.expect(
        way.measured or way.refused or way.escalated or turn.around.measured_late or way.opened_by_authority,
        "the order is 测温, then 企业自行退费, and only if not 申请区主管部门; expected a measurement, "
        "`self_refund_refused`, or 测温时限 passed",
    )


@_check.register
def _(event: events.StatementGiven, act: _Act) -> None:
    _check_speaks_for(event.by, act)


# --- 裁定 -------------------------------------------------------------------------------------------------------------


def _check_draft(turn: _Turn) -> None:
    _check_rules(turn)
    _check_unruled(turn)
    way = turn.way
    turn.expect(way.applied or way.opened_by_authority, "expected `authority_applied` first")
    retested = any(each.by == "authority" for each in way.visited)
    monitored = turn.around.monitored
    turn.expect(retested or monitored, "expected 复测 first: the authority's visit, or a fixed point's series")
    unheard = {"household", "company"} - way.heard
    turn.expect(not unheard, f"陈述 is missing of: {', '.join(sorted(unheard))}")


@_check.register
def _(event: events.RulingDrafted, act: _Act) -> None:
    _check_outcome_is_law(event, act)
    act.expect(
        event.bundle_sha256 in act.around.bundles,
        f"bundle_sha256 {event.bundle_sha256}: no evidence bundle of the claim; expected one attached as `bundle`",
    )
    _check_amount(event, act)


def _check_rules(turn: _Turn) -> None:
    """Rulings only where the pack has them, by whom it says."""
    pack = turn.around.pack
    if pack.ruling is None:
        raise turn.forbidden(f"pack {pack.id} has no ruling: nobody could read who rules")
    role = _RULED_BY.get(pack.ruling.by)
    if role != turn.officer.role:
        raise turn.forbidden(f"pack {pack.id}: {pack.ruling.by} rules, not {turn.officer.role}")


def _check_outcome_is_law(event: events.RulingDrafted, act: _Act) -> None:
    pack = act.around.pack
    outcomes = pack.ruling.outcomes if pack.ruling else ()
    if event.outcome not in outcomes:
        raise act.forbidden(f"outcome {event.outcome}: pack {pack.id} has {', '.join(outcomes)}")


def _check_amount(event: events.RulingDrafted, act: _Act) -> None:
    day = event.at.astimezone(LOCAL).date()
    by_law = act.around.pack.ruling and act.around.pack.ruling.perform_days
    if event.perform_by is not None:
        act.expect(not by_law, f"perform_by: the pack says {by_law} days after service; expected none")
        act.expect(event.perform_by > day, f"perform_by: seen {event.perform_by}, expected after {day}")
    act.expect(
        by_law or event.perform_by or event.outcome == "no_refund",
        "perform_by: the pack sets no 履行期限; expected the ruling to set it",
    )
    entitled = act.around.entitlement_fen
    same = event.ruled_fen == entitled or (entitled is None and event.outcome == "no_refund")
    known = "undetermined" if entitled is None else f"{entitled} fen"
    act.expect(
        same or event.other_amount_because,
        f"ruled_fen: seen {event.ruled_fen}, 应退热费 is {known}; expected other_amount_because to say why they differ",
    )


def _check_review(turn: _Turn) -> None:
    _check_rules(turn)
    draft = turn.way.draft
    if draft is None:
        raise turn.wrong("nothing is drafted; expected `ruling_drafted` first")
    turn.expect(turn.way.review is None, "the draft was reviewed already")
    if draft.officer == turn.officer.code:
        raise turn.forbidden("the ruling was drafted by the same person; 承办, 复核 and 审批 are three people")


def _check_approval(turn: _Turn) -> None:
    _check_rules(turn)
    draft, review = turn.way.draft, turn.way.review
    if draft is None or review is None:
        raise turn.wrong("the draft is not reviewed; expected 承办, then 复核, then 审批")
    for did, before in (("drafted", draft), ("reviewed", review)):
        if before.officer == turn.officer.code:
            raise turn.forbidden(f"the ruling was {did} by the same person; 承办, 复核 and 审批 are three people")


def _ruling_to_serve(turn: _Turn) -> Ruling:
    ruling = turn.way.ruling
    if ruling is None:
        raise turn.wrong("no ruling stands; expected 审批 first")
    return ruling


def _check_service(turn: _Turn) -> None:
    turn.expect(not _ruling_to_serve(turn).served_to_both, "both parties were served already")


@_check.register
def _(event: events.RulingServed, act: _Act) -> None:
    ruling = _ruling_to_serve(act)
    act.expect(event.recipient not in ruling.served, f"the {event.recipient} was served already")
    act.expect(event.at >= ruling.issued_at, f"at: seen {event.at.isoformat()}, expected not before it was issued")


def _owed_fen(turn: _Turn) -> int:
    owed = turn.way.owed_fen
    if owed is None:
        raise turn.wrong("nothing is to be paid; expected a ruling, or a self-refund accepted")
    return owed


@_check.register
def _(event: events.PaymentMade, act: _Act) -> None:
    owed = _owed_fen(act)
    first, last = act.way.opened_at.astimezone(LOCAL).date(), act.around.now.astimezone(LOCAL).date()
    act.expect(first <= event.paid_on <= last, f"paid_on: seen {event.paid_on}, expected from {first} to {last}")
    total = act.way.paid_fen + event.fen
    act.expect(
        total <= owed or event.more_because,
        f"fen: seen {event.fen}, together {total} paid of {owed}; expected more_because to say why it is more",
    )


def _check_revocation(turn: _Turn) -> None:
    turn.expect(turn.way.ruling, "no ruling stands")


def _check_opening_of_review(turn: _Turn) -> None:
    turn.expect(turn.way.ruling, "no ruling stands; 复核 is of a ruled claim")


@_check.register
def _(event: events.ReviewOpened, act: _Act) -> None:
    if act.officer.role != ITSELF:
        act.expect(event.because == "officer", f"because: seen {event.because}, expected officer: the rest is found")


def _check_closing_of_review(turn: _Turn) -> None:
    turn.expect(turn.way.reviews, "no 复核 is open; expected `review_opened` first")


@_check.register
def _(event: events.ReviewClosed, act: _Act) -> None:
    act.expect(event.review in act.way.reviews, f"event {event.review} opened no 复核 that is open")


def _check_closing(turn: _Turn) -> None:
    way = turn.way
    if turn.officer.role == "company" and way.applied:
        raise turn.forbidden("the district closes what was applied for")
    turn.expect(way.owed_fen is None or way.performed, f"{way.paid_fen} fen are paid of {way.owed_fen}")
    turn.expect(not way.applied or way.owed_fen is not None, "applied for and not ruled; expected 裁定 or 撤回")
    turn.expect(way.ruling is None or way.ruling.served_to_both, "the ruling is not served to both parties")
    turn.expect(not way.reviews, f"复核 is open: {', '.join(map(str, sorted(way.reviews)))}")


def _check_withdrawal(turn: _Turn) -> None:
    _check_unruled(turn)
    turn.expect(turn.way.paid_fen == 0, "a payment was made; expected 办结")


_NEEDS: Final[dict[str, Callable[[_Turn], object]]] = {
    "escalated": _escalation,
    "cause_contested": _check_contest,
    "exclusion_decided": _check_decision,
    "condition_recorded": _check_conditions,
    "presumption_recorded": _presumption,
    "self_refund_offered": _check_offer,
    "self_refund_accepted": _check_acceptance,
    "self_refund_refused": _check_refusal,
    "authority_applied": _check_application,
    "ruling_drafted": _check_draft,
    "ruling_reviewed": _check_review,
    "ruling_approved": _check_approval,
    "ruling_served": _check_service,
    "payment_made": _owed_fen,
    "ruling_revoked": _check_revocation,
    "review_opened": _check_opening_of_review,
    "review_closed": _check_closing_of_review,
    "closed": _check_closing,
    "withdrawn": _check_withdrawal,
}
"""How far the way must have come for an event of a kind, whatever it says."""

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
from heatstream.claims.documents.words import instant, yuan
from heatstream.claims.event_words import STEPS, choice, choices, field, role, roles
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


def title_zh(kind: str, officer: Officer) -> str:
    """Name them for the same message in Chinese."""
    return f"{STEPS[kind]}（{officer.name}，{role(officer.role)}）"


@dataclass(frozen=True, slots=True)
class _Turn:
    """Somebody's turn to record an event of a kind, whatever it will say."""

    kind: str
    way: Way
    officer: Officer
    around: Circumstances

    def _says(self, text: str) -> str:
        return f"{title(self.kind, self.officer)}: {text}"

    def _says_zh(self, zh: str) -> str:
        return f"{title_zh(self.kind, self.officer)}：{zh}"

    def wrong(self, text: str, *, zh: str) -> BadInput:
        return BadInput(self._says(text), zh=self._says_zh(zh))

    def forbidden(self, text: str, *, zh: str) -> Refused:
        return Refused(self._says(text), zh=self._says_zh(zh))

    def expect(self, met: object, text: str, *, zh: str) -> None:
        """Raise BadInput unless the way has come so far."""
        if not met:
            raise self.wrong(text, zh=zh)

    def cites(self, numbers: Iterable[int]) -> None:
        """Raise BadInput where an event is cited that there is not."""
        known = len(self.way.recorded)
        for number in numbers:
            self.expect(
                number <= known,
                f"cites event {number}, the claim has {known}",
                zh=f"引用了第 {number} 号记录，而本案只有 {known} 条记录",
            )

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


def turns(way: Way, officer: Officer, around: Circumstances) -> dict[str, BadInput | Refused | None]:
    """Tell of each kind of event that an officer's role records why this officer cannot record it now; None = can.

    What an event says is checked when it is there.
    """
    kinds = [kind for kind, roles in ROLES.items() if officer.role in roles]
    return {kind: _why_not(_Turn(kind, way, officer, around)) for kind in kinds}


def _why_not(turn: _Turn) -> BadInput | Refused | None:
    try:
        _check_turn(turn)
    except (BadInput, Refused) as why:
        return why
    return None


def _anybody(role: str) -> Officer:
    return Officer("", "", role, None, None, dt.date.min, None)


# --- who, when --------------------------------------------------------------------------------------------------------


def _check_person(act: _Act) -> None:
    officer, kind = act.officer, act.event.kind
    if officer.role not in ROLES[kind]:
        raise act.forbidden(
            f"role {officer.role} may not record {kind}; expected {', '.join(sorted(ROLES[kind]))}",
            zh=f"{role(officer.role)}不得记录“{STEPS[kind]}”，应由{roles(ROLES[kind])}记录",
        )
    days = {act.around.now.astimezone(LOCAL).date()}
    if kind in _RULING:
        days.add(act.event.at.astimezone(LOCAL).date())
    for day in sorted(days):
        if not officer.holds_on(day):
            first, last = officer.valid_from, officer.valid_to
            raise act.forbidden(
                f"holds the office from {first} to {last or 'now'}, not on {day}",
                zh=f"任职期间为 {first} 至 {last or '今'}，不含 {day}",
            )
    _check_jurisdiction(act)


def _check_jurisdiction(act: _Act) -> None:
    outside = outside_jurisdiction(act.officer, act.around.home)
    if outside is not None:
        raise act.forbidden(str(outside), zh=outside.zh)


def outside_jurisdiction(officer: Officer, home: Home) -> Refused | None:
    """Say why this home is not this officer's to act for; None = it is."""
    if officer.role == "household" and officer.code != home.code:
        return Refused(
            f"a household acts in its own claims; {officer.code} is not {home.code}",
            zh=f"热用户只能办理本户的案件，{officer.code} 不是 {home.code}",
        )
    if officer.role in _COMPANY and officer.company_id != home.company_id:
        return Refused(
            f"the home is heated by {home.company}, and this is another company's officer",
            zh=f"该户由{home.company}供热，而办理人属于另一供热企业",
        )
    if officer.role == "district" and officer.district_id != home.district_id:
        return Refused(
            f"the home is in {home.district}, outside this officer's district",
            zh=f"该户位于{home.district}，不在办理人所辖区县",
        )
    if officer.role == "street" and officer.district_id not in {None, home.district_id}:
        return Refused(
            f"the home is in {home.district}, outside this 街道's district",
            zh=f"该户位于{home.district}，不在该街道所属区县",
        )
    return None


def _check_time(act: _Act) -> None:
    at, now = act.event.at, act.around.now
    act.expect(
        at <= now + AHEAD,
        f"at: seen {at.isoformat()}, expected not after now ({now.isoformat()})",
        zh=f"发生时间为 {instant(at)}，不应晚于现在（{instant(now)}）",
    )
    if act.way.opened is not None:
        opened = act.way.opened_at
        act.expect(
            at >= opened,
            f"at: seen {at.isoformat()}, expected not before the claim was opened ({opened.isoformat()})",
            zh=f"发生时间为 {instant(at)}，不应早于立案时间（{instant(opened)}）",
        )


def _check_turn(turn: _Turn) -> None:
    """Expect the way to have come so far, whatever the event says."""
    kind, way = turn.kind, turn.way
    turn.expect(
        (way.opened is None) == (kind == "opened"),
        "expected `opened` first, and once",
        zh="应先受理，且只受理一次",
    )
    turn.expect(not way.withdrawn, "the claim was withdrawn", zh="本案已撤回")
    still = {"review_opened", "review_closed", "ruling_revoked"}
    turn.expect(
        not way.closed or kind in still,
        "the claim is closed; a ruling can only be reviewed or revoked",
        zh="本案已办结，只能对裁定复核或撤销裁定",
    )
    if kind in _NEEDS:
        _NEEDS[kind](turn)


def _check_files(act: _Act) -> None:
    unknown = [each for each in act.event.files if each not in act.around.files]
    act.expect(
        not unknown,
        f"files: {', '.join(unknown)} not attached; expected `heatstream claims attach` first",
        zh=f"所依据的附件 {'、'.join(unknown)} 未附入本案，应先添加附件",
    )


# --- what each kind needs ---------------------------------------------------------------------------------------------


@singledispatch
def _check(event: Any, act: _Act) -> None:
    """Most events need no more than who and when."""
    del event, act


@_check.register
def _(event: events.Opened, act: _Act) -> None:
    home, pack = act.around.home, act.around.pack
    act.expect(
        event.household == home.code,
        f"household: seen {event.household}, expected {home.code}",
        zh=f"户号为 {event.household}，应为 {home.code}",
    )
    if event.way in BY_AUTHORITY and act.officer.role != "district":
        raise act.forbidden(
            f"way {event.way}: the district alone opens by its own watch, not {act.officer.role}",
            zh=f"立案方式“{choice(event.way)}”：依职权立案只能由区主管部门办理，{role(act.officer.role)}不得办理",
        )
    ways = pack.opening.ways if pack.opening else ()
    if pack.opening and event.way not in {*_BESIDE_THE_TEXT, *ways}:
        raise act.forbidden(
            f"way {event.way}: pack {pack.id} opens by {', '.join(ways)}",
            zh=f"立案方式“{choice(event.way)}”：规则包 {pack.id} 所列的立案方式为{choices(ways)}",
        )


@_check.register
def _(event: events.VisitRecorded, act: _Act) -> None:
    may = {"company": _COMPANY, "authority": {"district"}, "third_party": {"third_party", "district"}}[event.by]
    if act.officer.role not in may:
        raise act.forbidden(
            f"a visit by {event.by} is recorded by {', '.join(sorted(may))}",
            zh=f"{choice(event.by)}的入户测温应由{roles(may)}记录",
        )
    opened = act.way.opened_at
    act.expect(
        event.arrived_at >= opened,
        f"arrived_at: seen {event.arrived_at.isoformat()}, expected not before the request {opened.isoformat()}",
        zh=f"到达时间为 {instant(event.arrived_at)}，不应早于申请时间 {instant(opened)}",
    )
    _check_signers(event, act)
    if event.by == "authority":
        act.expect(
            act.way.called_on_authority,
            "the authority measures after `escalated`, `authority_applied` or `urged` of it; the claim has none",
            zh="主管部门测温应在转主管部门测温、申请裁定或请主管部门现场查看的催办之后，本案均无",
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
        zh="参加人员：测温方无人签字，应有签字，或供热企业拒签的记录",
    )
    act.expect(
        event.signed_by("household") or "household" in refused,
        "people: the household has not signed; expected its signature, or 拒签 with who refused",
        zh="参加人员：用户未签字，应有用户签字，或写明由谁拒签的记录",
    )


def _check_copies(event: events.VisitRecorded, act: _Act) -> None:
    wanted = act.around.pack.escalation.copies if act.around.pack.escalation else None
    if wanted is None or not event.rooms:
        return
    made = event.copies
    if made is None:
        raise act.wrong(
            f"copies: seen none, expected {wanted.archived} for the archive and one each",
            zh=f"未填记录单份数，应存档 {wanted.archived} 份，双方各执一份",
        )
    for name in ("inspector", "household", "archived"):
        seen, least = getattr(made, name), getattr(wanted, name)
        act.expect(
            seen >= least,
            f"copies.{name}: seen {seen}, expected {least}",
            zh=f"{field('copies', name)}为 {seen}，应不少于 {least}",
        )
    numbers = len(event.archive_nos)
    act.expect(
        numbers == made.archived,
        f"archive_nos: seen {numbers} 档号, expected one for each of {made.archived} archived copies",
        zh=f"档号有 {numbers} 个，存档 {made.archived} 份，应每份一个",
    )


def _escalation(turn: _Turn) -> Escalation:
    pack = turn.around.pack
    if pack.escalation is None:
        raise turn.forbidden(
            f"pack {pack.id} has no escalation: nobody could read when the authority measures",
            zh=f"规则包 {pack.id} 未载转主管部门测温的情形：尚未查到主管部门何时测温的规定",
        )
    return pack.escalation


@_check.register
def _(event: events.Escalated, act: _Act) -> None:
    known = _escalation(act).when
    if event.trigger not in known:
        raise act.forbidden(
            f"trigger {event.trigger}: pack {act.around.pack.id} knows {', '.join(known)}",
            zh=f"启动事由“{choice(event.trigger)}”：规则包 {act.around.pack.id} 所列的事由为{choices(known)}",
        )
    if event.on is not None:
        act.cites([event.on])
    shown = {
        "not_measured_in_time": act.around.measured_late,
        "measured_failing": act.around.measured_failing,
        "company_did_not_sign": any(_unsigned_by_company(each) for each in act.way.visited),
    }
    act.expect(
        shown.get(event.trigger, True),
        f"trigger {event.trigger}: nothing recorded shows it",
        zh=f"启动事由“{choice(event.trigger)}”：案件记录中没有任何记录能够证明",
    )


def _unsigned_by_company(visit: events.VisitRecorded) -> bool:
    return visit.by == "company" and bool(visit.rooms) and not visit.signed_by("tester", "company")


@_check.register
def _(event: events.CauseDetermined, act: _Act) -> None:
    act.cites(event.on)


def _check_contest(turn: _Turn) -> None:
    turn.expect(
        turn.way.cause,
        "no cause is determined; expected `cause_determined` first",
        zh="尚未认定责任，应先记录责任认定",
    )


@_check.register
def _(event: events.CauseContested, act: _Act) -> None:
    _check_speaks_for(event.by, act)
    act.expect(
        act.kind_of(event.against) == "cause_determined",
        f"event {event.against} determines no cause",
        zh=f"第 {event.against} 号记录不是责任认定",
    )


def _check_speaks_for(party: str, act: _Act) -> None:
    """A party speaks for itself; the district takes down either."""
    if act.officer.role not in {party, "district", "hotline"}:
        raise act.forbidden(
            f"{act.officer.role} does not speak for the {party}",
            zh=f"{role(act.officer.role)}不能代表{choice(party)}",
        )


@_check.register
def _(event: events.ExclusionAlleged, act: _Act) -> None:
    pack = act.around.pack
    known = [each.code for each in pack.exclusions.reasons] if pack.exclusions else []
    if event.code not in known:
        raise act.forbidden(
            f"code {event.code}: pack {pack.id} knows {', '.join(known) or 'no exclusions'}",
            zh=f"免责事由代码 {event.code}：规则包 {pack.id} 所列的为 {'、'.join(known) or '无'}",
        )
    _check_days(act, event.day_from, event.day_to)


def _check_days(act: _Act, *days: dt.date | None) -> None:
    first, last = act.around.season
    for day in days:
        act.expect(
            day is None or first <= day <= last,
            f"day {day}: expected within the season {first} to {last}",
            zh=f"日期 {day} 应在采暖期 {first} 至 {last} 之内",
        )


def _check_decision(turn: _Turn) -> None:
    turn.expect(
        turn.way.allegations,
        "no exclusion is alleged; expected `exclusion_alleged` first",
        zh="无人主张免责，应先记录免责主张",
    )


@_check.register
def _(event: events.ExclusionDecided, act: _Act) -> None:
    act.expect(
        event.allegation in act.way.allegations,
        f"event {event.allegation} alleges no exclusion",
        zh=f"第 {event.allegation} 号记录不是免责主张",
    )


def _check_conditions(turn: _Turn) -> None:
    pack = turn.around.pack
    if pack.standard is None or not pack.standard.conditions:
        raise turn.forbidden(
            f"pack {pack.id}: its standard holds under no conditions",
            zh=f"规则包 {pack.id} 的室温标准不附条件",
        )


@_check.register
def _(event: events.ConditionRecorded, act: _Act) -> None:
    _check_days(act, event.day_from, event.day_to)


def _presumption(turn: _Turn) -> Presumption:
    pack = turn.around.pack
    if pack.presumption is None:
        raise turn.forbidden(f"pack {pack.id} presumes nothing", zh=f"规则包 {pack.id} 未设推定")
    return pack.presumption


@_check.register
def _(event: events.PresumptionRecorded, act: _Act) -> None:
    _check_presumption_is_law(event, act)
    if not (event.no_good_reason and event.no_other_agreement):
        raise act.forbidden(
            "presumes nothing: expected that there was no 正当理由 and no 另有约定 (office 14)",
            zh="不能推定：应既无正当理由，又无另有约定",
        )
    act.cites(event.on)
    _check_days(act, event.day)
    agreed = act.way.appointment
    if event.lapse == "not_measured_in_time" and agreed is not None:
        until = agreed.appointment_at.astimezone(LOCAL).date()
        act.expect(
            event.day >= until,
            f"day {event.day}: 另有约定 is recorded for {until}",
            zh=f"日期 {event.day} 应不早于 {until}：记录中另有约定，约定在该日",
        )


def _check_presumption_is_law(event: events.PresumptionRecorded, act: _Act) -> None:
    pack, presumption = act.around.pack, _presumption(act)
    known = (*presumption.compliant_when, *presumption.failing_when)
    if event.lapse not in known:
        raise act.forbidden(
            f"lapse {event.lapse}: pack {pack.id} presumes on {', '.join(known) or 'none'}",
            zh=f"未成情形“{choice(event.lapse)}”：规则包 {pack.id} 据以推定的情形为{choices(known) or '无'}",
        )
    bands = len(pack.tiers.bands) if pack.tiers else 0
    failing = event.lapse in presumption.failing_when
    named = event.tier is not None or not (failing and act.around.names_band)
    act.expect(
        named,
        "tier: seen none; neither the pack nor a choice names the presumed band, expected the officer to",
        zh="未填档次：规则包和选项均未定明推定所适用的档次，应由办理人填明",
    )
    act.expect(
        event.tier is None or event.tier < bands,
        f"tier: seen {event.tier}, the pack has {bands} from 0",
        zh=f"档次为 {event.tier}，规则包共有 {bands} 档，从 0 数起",
    )


# --- 企业自行退费, 申请 -----------------------------------------------------------------------------------------------


def _check_offer(turn: _Turn) -> None:
    way = turn.way
    _check_unruled(turn)
    turn.expect(
        way.measured or way.presumptions or way.outages or way.opened_by_authority,
        "expected 测温 first",
        zh="应先测温",
    )
    turn.expect(way.accepted is None, "an offer was accepted already", zh="自行退费已被接受")


@_check.register
def _(event: events.SelfRefundOffered, act: _Act) -> None:
    _check_days(act, event.day_from, event.day_to)


def _check_unruled(turn: _Turn) -> None:
    ruling = turn.way.ruling
    if ruling is not None:
        raise turn.wrong(
            f"ruling {ruling.doc_no} stands; expected none, or 撤销 of it first",
            zh=f"裁定 {ruling.doc_no} 有效，应尚无裁定，或先撤销该裁定",
        )


def _check_acceptance(turn: _Turn) -> None:
    _check_unruled(turn)
    turn.expect(
        turn.way.offered,
        "nothing is offered; expected `self_refund_offered` first",
        zh="企业尚未提出自行退费，应先提出",
    )
    _check_not_accepted(turn)


def _check_refusal(turn: _Turn) -> None:
    _check_unruled(turn)
    _check_not_accepted(turn)


def _check_not_accepted(turn: _Turn) -> None:
    turn.expect(turn.way.accepted is None, "the offer was accepted already", zh="该项自行退费已被接受")


@_check.register
def _(event: events.SelfRefundRefused, act: _Act) -> None:
    _check_speaks_for(event.by, act)
    act.expect(
        event.by == "company" or act.way.offered,
        "the household can refuse what was offered; nothing was",
        zh="用户只能拒绝已提出的自行退费，而企业尚未提出",
    )


def _check_application(turn: _Turn) -> None:
    way = turn.way
    _check_unruled(turn)
    turn.expect(way.applied is None, "applied already", zh="已申请裁定")
    turn.expect(
        not (way.accepted and way.performed),
        "the self-refund was accepted and paid",
        zh="自行退费已被接受并已支付",
    )
    turn.expect(
        way.measured or way.refused or way.escalated or turn.around.measured_late or way.opened_by_authority,
        "the order is 测温, then 企业自行退费, and only if not 申请区主管部门; expected a measurement, "
        "`self_refund_refused`, or 测温时限 passed",
        zh="次序为先测温，后企业自行退费，企业未自行退费的方可申请区主管部门；应有测温、未自行退费的记录，或测温时限已过",
    )


@_check.register
def _(event: events.StatementGiven, act: _Act) -> None:
    _check_speaks_for(event.by, act)


# --- 裁定 -------------------------------------------------------------------------------------------------------------


def _check_draft(turn: _Turn) -> None:
    _check_rules(turn)
    _check_unruled(turn)
    way = turn.way
    turn.expect(way.applied or way.opened_by_authority, "expected `authority_applied` first", zh="应先申请裁定")
    retested = any(each.by == "authority" for each in way.visited)
    monitored = turn.around.monitored
    turn.expect(
        retested or monitored,
        "expected 复测 first: the authority's visit, or a fixed point's series",
        zh="应先复测：主管部门入户测温，或有固定监测点的连续数据",
    )
    unheard = {"household", "company"} - way.heard
    turn.expect(
        not unheard,
        f"陈述 is missing of: {', '.join(sorted(unheard))}",
        zh=f"尚缺陈述：{choices(sorted(unheard))}",
    )


@_check.register
def _(event: events.RulingDrafted, act: _Act) -> None:
    _check_outcome_is_law(event, act)
    act.expect(
        event.bundle_sha256 in act.around.bundles,
        f"bundle_sha256 {event.bundle_sha256}: no evidence bundle of the claim; expected one attached as `bundle`",
        zh=f"证据包 SHA-256 {event.bundle_sha256} 不是本案的证据包，应为作为证据包附入本案的文件",
    )
    _check_amount(event, act)


def _check_rules(turn: _Turn) -> None:
    """Rulings only where the pack has them, by whom it says."""
    pack = turn.around.pack
    if pack.ruling is None:
        raise turn.forbidden(
            f"pack {pack.id} has no ruling: nobody could read who rules",
            zh=f"规则包 {pack.id} 未载裁定：尚未查到由谁裁定的规定",
        )
    rules = _RULED_BY.get(pack.ruling.by)
    if rules != turn.officer.role:
        raise turn.forbidden(
            f"pack {pack.id}: {pack.ruling.by} rules, not {turn.officer.role}",
            zh=f"规则包 {pack.id}：由{role(pack.ruling.by.removesuffix('_authority'))}裁定，"
            f"{role(turn.officer.role)}不得裁定",
        )


def _check_outcome_is_law(event: events.RulingDrafted, act: _Act) -> None:
    pack = act.around.pack
    outcomes = pack.ruling.outcomes if pack.ruling else ()
    if event.outcome not in outcomes:
        raise act.forbidden(
            f"outcome {event.outcome}: pack {pack.id} has {', '.join(outcomes)}",
            zh=f"裁定结果“{choice(event.outcome)}”：规则包 {pack.id} 所列的为{choices(outcomes)}",
        )


def _check_amount(event: events.RulingDrafted, act: _Act) -> None:
    day = event.at.astimezone(LOCAL).date()
    by_law = act.around.pack.ruling and act.around.pack.ruling.perform_days
    if event.perform_by is not None:
        act.expect(
            not by_law,
            f"perform_by: the pack says {by_law} days after service; expected none",
            zh=f"履行期限：规则包已定为送达后 {by_law} 日，此处应不填",
        )
        act.expect(
            event.perform_by > day,
            f"perform_by: seen {event.perform_by}, expected after {day}",
            zh=f"履行期限为 {event.perform_by}，应在 {day} 之后",
        )
    act.expect(
        by_law or event.perform_by or event.outcome == "no_refund",
        "perform_by: the pack sets no 履行期限; expected the ruling to set it",
        zh="未填履行期限：规则包未定履行期限，应由裁定定明",
    )
    entitled = act.around.entitlement_fen
    same = event.ruled_fen == entitled or (entitled is None and event.outcome == "no_refund")
    act.expect(
        same or event.other_amount_because,
        f"ruled_fen: seen {event.ruled_fen}, 应退热费 is {'undetermined' if entitled is None else f'{entitled} fen'}; "
        "expected other_amount_because to say why they differ",
        zh=f"裁定额为 {yuan(event.ruled_fen)}，应退热费{'未定' if entitled is None else f'为 {yuan(entitled)}'}，"
        "应填写与应退热费不一致的理由",
    )


def _check_review(turn: _Turn) -> None:
    _check_rules(turn)
    draft = turn.way.draft
    if draft is None:
        raise turn.wrong("nothing is drafted; expected `ruling_drafted` first", zh="尚无裁定拟稿，应先承办")
    turn.expect(turn.way.review is None, "the draft was reviewed already", zh="该拟稿已复核")
    if draft.officer == turn.officer.code:
        raise turn.forbidden(
            "the ruling was drafted by the same person; 承办, 复核 and 审批 are three people",
            zh="该裁定由同一人承办；承办、复核、审批应为三人",
        )


def _check_approval(turn: _Turn) -> None:
    _check_rules(turn)
    draft, review = turn.way.draft, turn.way.review
    if draft is None or review is None:
        raise turn.wrong(
            "the draft is not reviewed; expected 承办, then 复核, then 审批",
            zh="拟稿未经复核，次序应为承办、复核、审批",
        )
    for did, before in (("drafted", draft), ("reviewed", review)):
        if before.officer == turn.officer.code:
            raise turn.forbidden(
                f"the ruling was {did} by the same person; 承办, 复核 and 审批 are three people",
                zh=f"该裁定由同一人{STEPS[f'ruling_{did}']}；承办、复核、审批应为三人",
            )


def _ruling_to_serve(turn: _Turn) -> Ruling:
    ruling = turn.way.ruling
    if ruling is None:
        raise turn.wrong("no ruling stands; expected 审批 first", zh="没有有效的裁定，应先审批")
    return ruling


def _check_service(turn: _Turn) -> None:
    turn.expect(not _ruling_to_serve(turn).served_to_both, "both parties were served already", zh="已送达双方当事人")


@_check.register
def _(event: events.RulingServed, act: _Act) -> None:
    ruling = _ruling_to_serve(act)
    act.expect(
        event.recipient not in ruling.served,
        f"the {event.recipient} was served already",
        zh=f"已送达{choice(event.recipient)}",
    )
    act.expect(
        event.at >= ruling.issued_at,
        f"at: seen {event.at.isoformat()}, expected not before it was issued",
        zh=f"发生时间为 {instant(event.at)}，不应早于裁定作出之时",
    )


def _owed_fen(turn: _Turn) -> int:
    owed = turn.way.owed_fen
    if owed is None:
        raise turn.wrong(
            "nothing is to be paid; expected a ruling, or a self-refund accepted",
            zh="没有应付的款项，应先有裁定，或自行退费已被接受",
        )
    return owed


@_check.register
def _(event: events.PaymentMade, act: _Act) -> None:
    owed = _owed_fen(act)
    first, last = act.way.opened_at.astimezone(LOCAL).date(), act.around.now.astimezone(LOCAL).date()
    act.expect(
        first <= event.paid_on <= last,
        f"paid_on: seen {event.paid_on}, expected from {first} to {last}",
        zh=f"支付日期为 {event.paid_on}，应在 {first} 至 {last} 之间",
    )
    total = act.way.paid_fen + event.fen
    act.expect(
        total <= owed or event.more_because,
        f"fen: seen {event.fen}, together {total} paid of {owed}; expected more_because to say why it is more",
        zh=f"金额为 {yuan(event.fen)}，合计支付 {yuan(total)}，应付 {yuan(owed)}，应填写超额支付的原因",
    )


def _check_revocation(turn: _Turn) -> None:
    turn.expect(turn.way.ruling, "no ruling stands", zh="没有有效的裁定")


def _check_opening_of_review(turn: _Turn) -> None:
    turn.expect(
        turn.way.ruling,
        "no ruling stands; 复核 is of a ruled claim",
        zh="没有有效的裁定，复核只对已裁定的案件提出",
    )


@_check.register
def _(event: events.ReviewOpened, act: _Act) -> None:
    if act.officer.role != ITSELF:
        act.expect(
            event.because == "officer",
            f"because: seen {event.because}, expected officer: the rest is found",
            zh=f"事由为“{choice(event.because)}”，由人提出的应为“{choice('officer')}”，其余由系统发现",
        )


def _check_closing_of_review(turn: _Turn) -> None:
    turn.expect(
        turn.way.reviews,
        "no 复核 is open; expected `review_opened` first",
        zh="没有未办结的复核，应先提出复核",
    )


@_check.register
def _(event: events.ReviewClosed, act: _Act) -> None:
    act.expect(
        event.review in act.way.reviews,
        f"event {event.review} opened no 复核 that is open",
        zh=f"第 {event.review} 号记录所提复核不存在或已办结",
    )


def _check_closing(turn: _Turn) -> None:
    way = turn.way
    if turn.officer.role == "company" and way.applied:
        raise turn.forbidden("the district closes what was applied for", zh="已申请裁定的案件由区主管部门办结")
    turn.expect(
        way.owed_fen is None or way.performed,
        f"{way.paid_fen} fen are paid of {way.owed_fen}",
        zh=f"已支付 {yuan(way.paid_fen)}，应付 {yuan(way.owed_fen or 0)}",
    )
    turn.expect(
        not way.applied or way.owed_fen is not None,
        "applied for and not ruled; expected 裁定 or 撤回",
        zh="已申请裁定而尚未裁定，应先裁定或撤回",
    )
    turn.expect(
        way.ruling is None or way.ruling.served_to_both,
        "the ruling is not served to both parties",
        zh="裁定尚未送达双方当事人",
    )
    turn.expect(
        not way.reviews,
        f"复核 is open: {', '.join(map(str, sorted(way.reviews)))}",
        zh=f"复核尚未办结：第 {'、'.join(map(str, sorted(way.reviews)))} 号记录",
    )


def _check_withdrawal(turn: _Turn) -> None:
    _check_unruled(turn)
    turn.expect(turn.way.paid_fen == 0, "a payment was made; expected 办结", zh="已有支付，应予办结")


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

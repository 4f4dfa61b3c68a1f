"""公示 as an act: draft, the company's 异议, 复核 and 审批 by other people, published, versioned.

What is published is a snapshot: its content stands in the event that drafted it, with the SHA-256 of its canonical
form, and is served as it was. Another content is another version, with a notice, a period and approvals of its own.
"""

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from types import MappingProxyType
from typing import Any, Final, Literal, Self

from pydantic import Field, JsonValue, model_validator
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.claims.events import Day, EventNumber, Instant, Part, Sha256, Text, Truth, written
from heatstream.errors import BadInput, FieldError, Refused
from heatstream.rules.holidays import DaysOff
from heatstream.rules.supervision.law import PUBLISHED_AFTER_SEASON
from heatstream.rules.supervision.publications import Publications
from heatstream.store.read import companies
from heatstream.store.timescale import LOCAL
from heatstream.supervision.company.company_file import Year
from heatstream.supervision.event_words import listed, names_zh, step
from heatstream.supervision.matter import CLOSED, ROUTINE, SOON, Ground, Place, Recorded, Standing
from heatstream.supervision.told import Event

ZH: Final = names_zh("publication")

NAME: Final = "publication"
AUTHORITY: Final = frozenset({"district", "city"})
Subject = Literal["scorecard", "credit_grade", "order", "other"]
SUBJECTS: Final[Mapping[Subject, str]] = MappingProxyType(
    {"scorecard": "考核结果", "credit_grade": "诚信等级", "order": "处理决定", "other": "其他"}
)


def canonical(content: Mapping[str, Any]) -> bytes:
    """Write a content as the one text its hash is of: JSON, keys sorted, no blanks, UTF-8."""
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def hash_of(content: Mapping[str, Any]) -> str:
    """Give the SHA-256 of a content [hexadecimal]."""
    return sha256(canonical(content)).hexdigest()


# --- events -----------------------------------------------------------------------------------------------------------


class _Content(Event):
    """A snapshot of what is to be published."""

    content: dict[str, JsonValue] = Field(
        description="what is to be published: JSON of texts, whole numbers, true, false, null, lists and mappings"
    )
    content_sha256: Sha256 = Field(
        description="SHA-256 of the content as JSON with sorted keys, no blanks, UTF-8; made where it is left out"
    )

    @model_validator(mode="before")
    @classmethod
    def _hashed(cls, told: Any) -> Any:
        content = told.get("content") if isinstance(told, dict) else None
        if not isinstance(content, dict):
            return told
        inexact = next(_inexact(content, "content"), None)
        if inexact is not None:
            raise FieldError(inexact, zh=f"公示内容不能准确保存：{inexact}")
        return {"content_sha256": hash_of(content), **told}

    @model_validator(mode="after")
    def _is_its_hash(self) -> Self:
        made = hash_of(self.content)
        if self.content_sha256 != made:
            raise FieldError(
                f"content_sha256: seen {self.content_sha256}, expected {made}, which the content has",
                zh=f"公示内容 SHA-256 为 {self.content_sha256}，应与内容一致，为 {made}",
            )
        return self


class PublicationDrafted(_Content):
    """承办 drafts it."""

    kind: Literal["publication_drafted"] = "publication_drafted"
    subject: Subject = Field(description="`scorecard` 考核结果, `credit_grade` 诚信等级, `order` 处理决定, `other`")
    title: Text = Field(description="as it will be read")
    season_year: Year | None = Field(None, description="the year its season begins in; with `scorecard`")
    companies: tuple[Text, ...] = Field((), description="codes of the companies it names: each may object")

    @model_validator(mode="after")
    def _of_a_season(self) -> Self:
        if self.subject == "scorecard" and (self.season_year is None or not self.companies):
            raise FieldError(
                "season_year, companies: expected with subject `scorecard`",
                zh="公示类别为考核评分的，应填写采暖期起始年和涉及企业",
            )
        if len(set(self.companies)) < len(self.companies):
            raise FieldError("companies: expected each once", zh="每个企业只应填写一次")
        return self


class PublicationCorrected(_Content):
    """Another content: a new version, which stands in the old one's place when it is published."""

    kind: Literal["publication_corrected"] = "publication_corrected"
    changed: Text = Field(description="what is another than before, and why")


class CompanyNotified(Event):
    """A company was shown the version; `at` is when it received it."""

    kind: Literal["company_notified"] = "company_notified"
    company: Text = Field(description="code of the company")
    how: Text = Field(description="by which way it was shown")
    objections_until: Day = Field(description="the last day to object, as the notice says")


class CompanyObjected(Event):
    """异议."""

    kind: Literal["company_objected"] = "company_objected"
    company: Text = Field(description="code of the company")
    against: Text = Field(description="what it objects to")
    grounds: Text = Field(description="why, in its own words")


class ObjectionAnswered(Event):
    """The authority answers an objection."""

    kind: Literal["objection_answered"] = "objection_answered"
    objection: EventNumber = Field(description="number of the event that objected")
    upheld: Truth = Field(description="true: the content must be corrected")
    answer: Text = Field(description="why")


class PublicationReviewed(Event):
    """复核, by another person than who drafted."""

    kind: Literal["publication_reviewed"] = "publication_reviewed"
    agrees: Truth = Field(description="the reviewer agrees")
    opinion: Text = Field(description="why")


class PublicationApproved(Event):
    """审批, by a third person."""

    kind: Literal["publication_approved"] = "publication_approved"
    agrees: Truth = Field(description="the approver agrees")
    opinion: Text = Field(description="why")
    doc_no: Text | None = Field(None, description="文号; with agrees true")

    @model_validator(mode="after")
    def _numbered(self) -> Self:
        if self.agrees != (self.doc_no is not None):
            raise FieldError("doc_no: expected with agrees true, and with it alone", zh="同意的应填写，不同意的应不填")
        return self


class Published(Event):
    """It is out; `at` is when."""

    kind: Literal["published"] = "published"
    where: Text = Field(description="where: website, newspaper, board")


class Withdrawn(Event):
    """撤回: the draft goes no further, or what was published holds no longer."""

    kind: Literal["withdrawn"] = "withdrawn"
    reason: Text = Field(description="why, as it will be read")


def _inexact(value: Any, where: str) -> Iterator[str]:
    """Find what JSON does not give back as it was."""
    if isinstance(value, dict):
        for name, each in value.items():
            if not isinstance(name, str):
                yield f"{where}: seen the key {name!r}, expected a text"
            yield from _inexact(each, f"{where}.{name}")
    elif isinstance(value, list | tuple):
        for place, each in enumerate(value):
            yield from _inexact(each, f"{where}.{place}")
    elif isinstance(value, str) and ("\0" in value or any("\ud800" <= each <= "\udfff" for each in value)):
        yield f"{where}: seen a NUL character or half of one, which no text of the store holds"
    elif value is not None and not isinstance(value, bool | int | str):
        yield f"{where}: seen {value!r}, expected a whole number, or a text in quotes"


# --- what they fold into ----------------------------------------------------------------------------------------------


class Notice(Part):
    """A company was shown the version."""

    company: Text
    at: Instant
    until: Day


class Objection(Part):
    """What a company objects to, and the answer to it."""

    event: EventNumber
    company: Text
    at: Instant
    late: bool
    """After the period of its notice."""
    answered: bool = False
    upheld: bool = False


class Version(Part):
    """One content, and how far it has come."""

    number: EventNumber
    event: EventNumber
    """The event that holds its content."""
    content_sha256: Sha256
    drafted_by: Text
    drafted_at: Instant
    notices: tuple[Notice, ...] = ()
    objections: tuple[Objection, ...] = ()
    reviewed_by: Text | None = None
    reviewed_at: Instant | None = None
    approved_by: Text | None = None
    approved_at: Instant | None = None
    doc_no: Text | None = None
    sent_back: bool = False
    """复核 or 审批 does not agree: another content is expected."""
    published_at: Instant | None = None
    where: Text | None = None
    superseded_at: Instant | None = None

    @property
    def must_be_corrected(self) -> bool:
        """An objection was upheld, or it was sent back."""
        return self.sent_back or any(each.upheld for each in self.objections)

    @property
    def step(self) -> str:
        """How far it has come."""
        if self.published_at is not None:
            return "published"
        if self.must_be_corrected:
            return "to_be_corrected"
        if self.approved_by is not None:
            return "approved"
        if self.reviewed_by is not None:
            return "reviewed"
        if any(not each.answered for each in self.objections):
            return "objected"
        return "notified" if self.notices else "drafted"


class Publication(Part):
    """A publication with all its versions, the oldest first."""

    subject: Subject
    title: Text
    season_year: Year | None
    companies: tuple[Text, ...]
    versions: tuple[Version, ...]
    withdrawn_at: Instant | None = None
    withdrawn_because: Text | None = None

    @property
    def newest(self) -> Version:
        """The version that is worked on, or stands."""
        return self.versions[-1]


FOLLOWS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "drafted": ("company_notified", "publication_corrected", "publication_reviewed", "withdrawn"),
        "notified": (
            "company_notified",
            "company_objected",
            "publication_corrected",
            "publication_reviewed",
            "withdrawn",
        ),
        "objected": (
            "company_notified",
            "company_objected",
            "objection_answered",
            "publication_corrected",
            "withdrawn",
        ),
        "to_be_corrected": ("company_objected", "objection_answered", "publication_corrected", "withdrawn"),
        "reviewed": ("company_objected", "publication_approved", "publication_corrected", "withdrawn"),
        "approved": ("published", "publication_corrected", "withdrawn"),
        "published": ("publication_corrected", "withdrawn"),
        "withdrawn": (),
    }
)
"""What may come next, by how far the newest version has come."""


class PublicationKind:
    """公示 as a matter."""

    name = NAME
    opening = (PublicationDrafted,)
    later = (
        CompanyNotified,
        CompanyObjected,
        ObjectionAnswered,
        PublicationReviewed,
        PublicationApproved,
        Published,
        PublicationCorrected,
        Withdrawn,
    )
    who: Mapping[str, frozenset[str]] = MappingProxyType(
        {
            "publication_drafted": AUTHORITY,
            "company_notified": AUTHORITY,
            "company_objected": AUTHORITY | {"company"},
            "objection_answered": AUTHORITY,
            "publication_reviewed": AUTHORITY,
            "publication_approved": AUTHORITY,
            "published": AUTHORITY,
            "publication_corrected": AUTHORITY,
            "withdrawn": AUTHORITY,
        }
    )

    async def place(self, conn: AsyncConnection, event: Event) -> Place:
        """Find the companies; a publication of one alone is that company's matter, where it may object by itself."""
        drafted = _drafted(event)
        found = [await companies.id_of(conn, each) for each in drafted.companies]
        return Place(company_id=found[0] if len(found) == 1 else None)

    def after(self, state: Publication | None, recorded: Recorded, ground: Ground) -> Publication:
        """Fold an event."""
        event = recorded.event
        if state is None:
            return _opened(_drafted(event), recorded, ground)
        if event.name not in self.coming(state):
            raise BadInput(
                f"{event.name}: version {state.newest.number} stands at {_step(state)}; "
                f"expected {', '.join(self.coming(state)) or 'nothing'}",
                zh=f"{ZH[event.name]}：第 {state.newest.number} 版现为“{step(_step(state))}”，"
                f"接下来可记录：{listed(self.coming(state), zh=ZH)}",
            )
        since = _since(state.newest, event, ground)
        if event.at < since:
            raise BadInput(
                f"{event.name}: at: seen {event.at.isoformat()}, expected not before {since.isoformat()}",
                zh=f"{ZH[event.name]}：发生时间为 {written(event.at)}，不应早于 {written(since)}",
            )
        match event:
            case PublicationCorrected():
                return state.model_copy(update={"versions": (*state.versions, _next_version(state, event, recorded))})
            case Withdrawn(at=at, reason=reason):
                return state.model_copy(update={"withdrawn_at": at, "withdrawn_because": reason})
            case Published():
                return state.model_copy(update={"versions": _published(state, event)})
            case _:
                newest = state.newest.model_copy(update=_changes(state, recorded, ground))
                return state.model_copy(update={"versions": (*state.versions[:-1], newest)})

    def standing(self, state: Publication, ground: Ground, now: dt.datetime) -> Standing:
        """Say how far its newest version has come, and which period runs."""
        del ground
        step, newest = _step(state), state.newest
        headline = f"公示 {SUBJECTS[state.subject]} {state.title} 第{newest.number}版"
        if step == "withdrawn":
            return Standing(headline, step, CLOSED, closed_at=state.withdrawn_at)
        if step == "published":
            return Standing(headline, step, CLOSED, closed_at=newest.published_at)
        ends = [_end_of(each.until) for each in newest.notices]
        running = min((each for each in ends if each > now), default=None)
        return Standing(headline, step, ROUTINE if running else SOON, next_due_at=running, stands_until=running)

    def coming(self, state: Publication) -> tuple[str, ...]:
        """Tell what may come next."""
        return FOLLOWS[_step(state)]


PUBLICATION = PublicationKind()


def _since(version: Version, event: Event, ground: Ground) -> dt.datetime:
    """Say what an event of a version comes after: 审批 after 复核, publishing after 审批."""
    after = {"publication_approved": version.reviewed_at, "published": version.approved_at}
    return version.drafted_at if ground.past else after.get(event.name) or version.drafted_at


def _drafted(event: Event) -> PublicationDrafted:
    if not isinstance(event, PublicationDrafted):
        raise TypeError(f"seen {event.name}, expected publication_drafted: the desk sees to it")
    return event


def _step(state: Publication) -> str:
    return "withdrawn" if state.withdrawn_at is not None else state.newest.step


def _opened(event: PublicationDrafted, recorded: Recorded, ground: Ground) -> Publication:
    if event.subject == "scorecard" and not ground.past:
        _expect_season_over(event, ground)
    return Publication(
        subject=event.subject,
        title=event.title,
        season_year=event.season_year,
        companies=event.companies,
        versions=(_version(1, event, recorded),),
    )


def _expect_season_over(event: PublicationDrafted, ground: Ground) -> None:
    law = f"{PUBLISHED_AFTER_SEASON.doc_no}: {PUBLISHED_AFTER_SEASON.quote}"
    if ground.law is None or event.season_year is None:
        raise Refused(
            f"publication_drafted: when the season of {event.season_year} ends is unknown, for no policy is in force; "
            f"expected `heatstream evaluate` with HEATSTREAM_EVALUATE_CHOICES_FILE first. {law}",
            zh=f"拟稿：没有现行的规则包与选项，{event.season_year} 年起的采暖期何时结束未知；应先设定 "
            f"HEATSTREAM_EVALUATE_CHOICES_FILE，再运行 `heatstream evaluate`。{law}",
        )
    end = dt.datetime.fromtimestamp(ground.law.season_starting(event.season_year).end_us / 1_000_000, LOCAL)
    if event.at < end:
        raise Refused(
            f"publication_drafted: at: seen {event.at.isoformat()}, expected after the season of {event.season_year} "
            f"has ended ({end.isoformat()}). {law}",
            zh=f"拟稿：发生时间为 {written(event.at)}，应在 {event.season_year} 年起的采暖期结束"
            f"（{written(end)}）之后。{law}",
        )


def _version(number: int, event: PublicationDrafted | PublicationCorrected, recorded: Recorded) -> Version:
    return Version(
        number=number,
        event=recorded.number,
        content_sha256=event.content_sha256,
        drafted_by=recorded.officer.code,
        drafted_at=event.at,
    )


def _next_version(state: Publication, event: PublicationCorrected, recorded: Recorded) -> Version:
    if event.content_sha256 == state.newest.content_sha256:
        raise BadInput(
            f"publication_corrected: the content is that of version {state.newest.number}; expected another",
            zh=f"更正为新一版：内容与第 {state.newest.number} 版相同，应有不同",
        )
    return _version(state.newest.number + 1, event, recorded)


def _published(state: Publication, event: Published) -> tuple[Version, ...]:
    """The newest version is out, and stands in the place of those that were out before."""
    newest = state.newest.model_copy(update={"published_at": event.at, "where": event.where})
    return (*(_superseded(each, event.at) for each in state.versions[:-1]), newest)


def _superseded(version: Version, at: dt.datetime) -> Version:
    stood = version.published_at is not None and version.superseded_at is None
    return version.model_copy(update={"superseded_at": at}) if stood else version


def _changes(state: Publication, recorded: Recorded, ground: Ground) -> dict[str, Any]:
    event, version = recorded.event, state.newest
    match event:
        case CompanyNotified():
            changed: dict[str, Any] = {"notices": (*version.notices, _notice(state, event, ground))}
        case CompanyObjected():
            objection = _objection(version, event, recorded)
            # Who reviewed had not seen it.
            changed = {"objections": (*version.objections, objection), "reviewed_by": None}
        case ObjectionAnswered():
            changed = {"objections": _answered(version, event)}
        case PublicationReviewed(agrees=agrees):
            _expect_another_person(event, recorded, version.drafted_by)
            _expect_periods_over(state, event)
            changed = {"reviewed_by": recorded.officer.code, "reviewed_at": event.at, "sent_back": not agrees}
        case PublicationApproved(agrees=agrees, doc_no=doc_no):
            _expect_another_person(event, recorded, version.drafted_by, version.reviewed_by)
            changed = {
                "approved_by": recorded.officer.code if agrees else None,
                "approved_at": event.at if agrees else None,
                "doc_no": doc_no,
                "sent_back": not agrees,
            }
        case _:
            raise TypeError(f"seen {event.name}: `later` and this differ")
    return changed


def _expect_another_person(event: Event, recorded: Recorded, *before: str | None) -> None:
    if recorded.officer.code in before:
        others = [each for each in before if each]
        raise Refused(
            f"{event.name} by {recorded.officer.code}: expected another person than {' and '.join(others)}: "
            "承办, 复核 and 审批 are three",
            zh=f"{ZH[event.name]}（{recorded.officer.code}）：应为 {'、'.join(others)} 以外的人；"
            "承办、复核、审批应为三人",
        )


def _expect_periods_over(state: Publication, event: Event) -> None:
    """Each company it names was told, and its period is over: silence before that means nothing."""
    until = {each.company: each.until for each in state.newest.notices}
    untold = [each for each in state.companies if each not in until]
    if untold:
        raise BadInput(
            f"{event.name}: {', '.join(untold)} was not shown the version; expected company_notified first",
            zh=f"{ZH[event.name]}：企业 {'、'.join(untold)} 未被告知此版，应先告知企业",
        )
    running = [company for company, day in until.items() if event.at < _end_of(day)]
    if running:
        raise BadInput(
            f"{event.name}: at: seen {event.at.isoformat()}, expected after {until[running[0]]}, "
            f"the last day for {running[0]} to object",
            zh=f"{ZH[event.name]}：发生时间为 {written(event.at)}，应晚于 {until[running[0]]}，"
            f"即企业 {running[0]} 的异议截止日",
        )


# --- 异议 -------------------------------------------------------------------------------------------------------------


def _notice(state: Publication, event: CompanyNotified, ground: Ground) -> Notice:
    _expect_named(state, event.name, event.company)
    if event.company in {each.company for each in state.newest.notices}:
        raise BadInput(
            f"company_notified: {event.company} was shown version {state.newest.number} already",
            zh=f"告知企业：企业 {event.company} 已被告知第 {state.newest.number} 版",
        )
    if not ground.past:
        rules = ground.rules.publications if ground.rules else None
        if rules is None:
            raise Refused(
                "company_notified: how long a company may object is in no text that was read; expected section "
                "`publications` in the file that HEATSTREAM_SUPERVISION_RULES_FILE names",
                zh="告知企业：异议期限长短未见于所查阅的文本，应在 HEATSTREAM_SUPERVISION_RULES_FILE 所指文件中"
                "载明 `publications` 一节",
            )
        least = last_day_to_object(event.at.astimezone(LOCAL).date(), rules, ground.days_off)
        if event.objections_until < least:
            raise BadInput(
                f"company_notified: objections_until: seen {event.objections_until}, expected {least} or later: "
                f"{rules.objection_days} {rules.counted} days after the day it was told",
                zh=f"告知企业：异议截止日为 {event.objections_until}，应为 {least} 或以后，即告知之日后 "
                f"{rules.objection_days} {'日' if rules.counted == 'calendar' else '个工作日'}",
            )
    return Notice(company=event.company, at=event.at, until=event.objections_until)


def last_day_to_object(told_on: dt.date, rules: Publications, days_off: DaysOff) -> dt.date:
    """Count the period: the day it was told is not in it, and the last day moves past days off (Civil Code 201, 203).

    Raises
    ------
    Refused
        The notice of a year's days off is not there.
    """
    if rules.counted == "calendar":
        return days_off.next_working_day(told_on + dt.timedelta(days=rules.objection_days))
    day = told_on
    for _ in range(rules.objection_days):
        day = days_off.next_working_day(day + dt.timedelta(days=1))
    return day


def _objection(version: Version, event: CompanyObjected, recorded: Recorded) -> Objection:
    told = next((each for each in version.notices if each.company == event.company), None)
    if told is None:
        raise BadInput(
            f"company_objected: {event.company} was not shown version {version.number}",
            zh=f"企业异议：企业 {event.company} 未被告知第 {version.number} 版",
        )
    late = event.at >= _end_of(told.until)
    return Objection(event=recorded.number, company=event.company, at=event.at, late=late)


def _answered(version: Version, event: ObjectionAnswered) -> tuple[Objection, ...]:
    if event.objection not in {each.event for each in version.objections if not each.answered}:
        waiting = [str(each.event) for each in version.objections if not each.answered]
        raise BadInput(
            f"objection_answered: objection: seen {event.objection}, expected one that waits: "
            f"{', '.join(waiting) or 'none'}",
            zh=f"答复异议：所答复的异议为第 {event.objection} 号记录，应为待答复的异议：{'、'.join(waiting) or '无'}",
        )
    return tuple(
        each.model_copy(update={"answered": True, "upheld": event.upheld}) if each.event == event.objection else each
        for each in version.objections
    )


def _expect_named(state: Publication, name: str, company: str) -> None:
    if company not in state.companies:
        raise BadInput(
            f"{name}: company: seen {company!r}, expected one it names: {', '.join(state.companies)}",
            zh=f"{ZH[name]}：企业为“{company}”，应为公示所列企业：{'、'.join(state.companies)}",
        )


def _end_of(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), LOCAL)


# --- what was published -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Out:
    """A version that was published: its content as it was, and what came of it."""

    id: int
    publication: str
    version: int
    subject: Subject
    title: str
    season_year: int | None
    companies: tuple[str, ...]
    content: Mapping[str, Any]
    content_sha256: str
    doc_no: str | None
    published_at: dt.datetime | None
    where: str | None
    superseded_at: dt.datetime | None
    withdrawn_at: dt.datetime | None
    withdrawn_because: str | None


def out(found: companies.Published) -> Out:
    """Tell a published version."""
    state = Publication.model_validate(found.state)
    version = next(each for each in state.versions if each.event == found.number)
    return Out(
        id=found.id,
        publication=found.publication,
        version=version.number,
        subject=state.subject,
        title=state.title,
        season_year=state.season_year,
        companies=state.companies,
        content=found.content,
        content_sha256=version.content_sha256,
        doc_no=version.doc_no,
        published_at=version.published_at,
        where=version.where,
        superseded_at=version.superseded_at,
        withdrawn_at=state.withdrawn_at,
        withdrawn_because=state.withdrawn_because,
    )

"""What persons record in a claim: every event, with each of its fields. docs/procedure.md tells the same.

An event is as somebody told it: when it happened (`at`), why it is recorded, and what it says. Who recorded it and when
stands beside it, in the table. Nothing here asks whether it may be recorded: `claims.way` does.
"""

import datetime as dt
import re
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from heatstream.claims.documents.words import day, hundredths, instant, yuan
from heatstream.claims.event_words import FIELDS, STEPS, choice
from heatstream.claims.faults import NOT_BLANK, SHA256, unfit
from heatstream.errors import BadInput, FieldError

NUMBER = re.compile(r"\s*[-+]?[0-9_]*\.?[0-9_]+(?:[eE][-+]?[0-9]+)?\s*")
FIRST_YEAR, LAST_YEAR = 1900, 2199


def _written(value: object) -> object:
    """Take a date or an instant only as it is written: pydantic would read a number, also in quotes, as one, too."""
    if isinstance(value, int | float | Decimal) or (isinstance(value, str) and NUMBER.fullmatch(value)):
        raise FieldError(
            "expected a date like 2026-01-05, or an instant like 2026-01-05T08:00:00+08:00",
            zh="应为日期，例如 2026-01-05，或时间，例如 2026-01-05T08:00:00+08:00",
        )
    return value


def _in_a_calendar(day: dt.date) -> dt.date:
    """Refuse a year that is a slip of the pen: limits are counted on from here."""
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise FieldError(
            f"expected a year from {FIRST_YEAR} to {LAST_YEAR}", zh=f"年份应在 {FIRST_YEAR} 至 {LAST_YEAR} 之间"
        )
    return day


def _storable(text: str) -> str:
    if "\0" in text:
        raise FieldError("seen a NUL character, which no text of the store holds", zh="含有空字符（NUL），不能保存")
    return text


Sha256 = Annotated[str, Field(pattern=SHA256)]
Text = Annotated[str, Field(min_length=1, pattern=NOT_BLANK), AfterValidator(_storable)]


class Personal:
    """Marks words about a person: `claims.personal` erases them when the law no longer keeps them."""


Said = Annotated[str, Field(min_length=1, pattern=NOT_BLANK), AfterValidator(_storable), Personal()]
Fen = Annotated[int, Field(ge=0, le=10**15, strict=True)]
Count = Annotated[int, Field(ge=0, le=10_000, strict=True)]
EventNumber = Annotated[int, Field(ge=1, strict=True)]
Truth = Annotated[bool, Field(strict=True)]
Instant = Annotated[AwareDatetime, BeforeValidator(_written), AfterValidator(_in_a_calendar)]
Day = Annotated[dt.date, BeforeValidator(_written), AfterValidator(_in_a_calendar)]
Celsius100 = Annotated[int, Field(ge=-5000, le=6000, strict=True)]

OpeningWay = Literal["application", "complaint", "hotline", "fixed_point", "officer", "batch"]
Measurer = Literal["company", "authority", "third_party"]
Party = Literal["household", "company"]
Cause = Literal["company", "user", "heat_source", "third_party"]
Trigger = Literal[
    "not_measured_in_time", "measured_failing", "company_did_not_sign", "company_kept_no_record", "disputed"
]
Lapse = Literal[
    "user_refused",
    "user_did_not_sign",
    "not_measured_in_time",
    "company_refused",
    "company_did_not_sign",
    "company_kept_no_record",
]
RoomKind = Literal["bedroom", "living_room", "kitchen", "bathroom", "other"]
Outcome = Literal["refund", "no_refund"]


class Part(BaseModel):
    """A piece of an event: frozen, and nothing unknown."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class _Event(Part):
    """What every event says."""

    at: Instant = Field(description="when it happened, with its zone")
    why: Said = Field(description="why it is recorded, in a sentence; kept for good")
    files: tuple[Sha256, ...] = Field((), description="SHA-256 of the papers it rests on, as `claims attach` told them")


def written(when: dt.date | dt.datetime) -> str:
    """Write a day or an instant in Chinese."""
    return instant(when) if isinstance(when, dt.datetime) else day(when)


def _rising(event: Part, *names: str) -> None:
    """Refuse instants or days that run backward."""
    told = [(name, value) for name in names if (value := getattr(event, name)) is not None]
    for (before, first), (after, then) in pairwise(told):
        if then < first:
            raise FieldError(
                f"{after}: seen {then.isoformat()}, expected not before {before} {first.isoformat()}",
                zh=f"{FIELDS[after][0]}为 {written(then)}，不应早于{FIELDS[before][0]} {written(first)}",
            )


# --- the request ------------------------------------------------------------------------------------------------------


class Opened(_Event):
    """The claim is opened; `at` is the request."""

    kind: Literal["opened"] = "opened"
    household: Text = Field(description="户号")
    way: OpeningWay = Field(description="by which way it was opened")
    applicant: Said | None = Field(None, description="who asked, by name")
    channel: Text | None = Field(None, description="hotline or counter it came by: 96118, 12345, 12319, 窗口")
    ticket_no: Text | None = Field(None, description="工单号 of the hotline")
    category: Text | None = Field(None, description="诉求类别")
    temperature_complaint: Truth = Field(description="true: it complains of the temperature, and 联系时限 runs")
    batch_case: Text | None = Field(None, description="批量退费: number of the case; with way `batch` alone")

    @model_validator(mode="after")
    def _batch(self) -> Self:
        if (self.way == "batch") != (self.batch_case is not None):
            raise FieldError(
                "batch_case: expected with way `batch`, and with it alone", zh="立案方式为“批量”时应填写，否则应不填"
            )
        return self


class Contacted(_Event):
    """The company reached the household; ends 联系时限."""

    kind: Literal["contacted"] = "contacted"
    by_means: Text = Field(description="telephone, in person, …")
    visit_booked_for: Instant | None = Field(None, description="the visit that was booked; no 另有约定 by itself")


class AppointmentMade(_Event):
    """另有约定: both parties agreed on another time; where the pack lets it, it replaces the end of 测温时限."""

    kind: Literal["appointment_made"] = "appointment_made"
    appointment_at: Instant = Field(description="the time agreed on")
    agreed_by: Said = Field(description="who agreed for the household")
    evidence: Said = Field(description="what shows it: recording, message, signature")

    @model_validator(mode="after")
    def _later(self) -> Self:
        _rising(self, "at", "appointment_at")
        return self


class Urged(_Event):
    """催办: a 街道 or 社区 reports; it urges the company or triggers an inspection and proves nothing."""

    kind: Literal["urged"] = "urged"
    office: Text = Field(description="which 街道 or 社区")
    asks: Literal["company", "authority"] = Field(
        description="who is asked to act: the company, or the authority to look"
    )
    report: Said = Field(description="what it says")


# --- measuring --------------------------------------------------------------------------------------------------------


class Person(Part):
    """Somebody who took part in a visit."""

    name: Said = Field(description="name")
    role: Literal["tester", "company", "authority", "third_party", "household", "witness"] = Field(
        description="`tester` 测温人员, `company`, `authority`, `third_party`, `household`, `witness` 见证人"
    )
    signed: Truth = Field(description="this person signed the record")


class StableReading(Part):
    """One of three readings after the display stood still."""

    centi: Celsius100 = Field(description="as the display showed it [0.01 °C]")
    at: Instant = Field(description="when, with its zone")


class RoomTest(Part):
    """The test of one room."""

    kind: RoomKind = Field(description="kind of the room")
    name: Text | None = Field(None, description="which one, where there are several: 北卧室")
    area_centi_m2: int | None = Field(None, gt=0, strict=True, description="its area, above zero [0.01 m²]")
    position: Literal["room_center", "half_depth_from_door", "other"] = Field(description="where the instrument stood")
    height_cm: int = Field(ge=0, le=400, strict=True, description="its height above the floor [cm]")
    closed_min: Count = Field(description="doors and windows were closed so long before [min]")
    readings: tuple[StableReading, StableReading, StableReading] = Field(description="the three stable readings")
    stable: Truth = Field(description="the tester found them stable, by the method that holds")
    temp_centi: Celsius100 = Field(description="the room's temperature as the record states it [0.01 °C]")

    @model_validator(mode="after")
    def _of_its_readings(self) -> Self:
        seen = [each.centi for each in self.readings]
        if not min(seen) <= self.temp_centi <= max(seen):
            raise FieldError(
                f"temp_centi: seen {self.temp_centi}, expected within its readings {seen}",
                zh=f"认定室温为 {hundredths(self.temp_centi)} °C，应在稳定读数之间，"
                f"稳定读数为 {'、'.join(map(hundredths, seen))} °C",
            )
        instants = [each.at for each in self.readings]
        if sorted(instants) != instants:
            raise FieldError("readings: expected in the order in which they were read", zh="应按读取的先后顺序填写")
        return self


class Refusal(Part):
    """Why a visit or a signature did not come about."""

    code: Literal["refused_signature", "not_home", "refused_entry"] = Field(
        description="`refused_signature` 拒签, `not_home` 不在家, `refused_entry` 拒绝入户"
    )
    by: Party = Field(description="which party")
    reason: Said | None = Field(None, description="the reason given, if any")


class Copies(Part):
    """Who keeps how many copies of the record."""

    inspector: Count = Field(description="for who measured")
    household: Count = Field(description="for the household")
    archived: Count = Field(description="in the district's archive")


class VisitRecorded(_Event):
    """入户测温记录单; `at` is when it was signed. The scan of the paper is the original, and this cites its hash."""

    kind: Literal["visit_recorded"] = "visit_recorded"
    by: Measurer = Field(description="whose visit: `company`, `authority` (复测) or `third_party`")
    arrived_at: Instant = Field(description="arrival at the door")
    started_at: Instant | None = Field(None, description="measuring began; null = nothing was measured")
    ended_at: Instant | None = Field(None, description="measuring ended; null = nothing was measured")
    people: tuple[Person, ...] = Field(min_length=1, description="who took part, and who signed")
    instrument_no: Text | None = Field(None, description="number of the instrument")
    certificate_no: Text | None = Field(None, description="its 检定 or 校准 certificate")
    certificate_until: Day | None = Field(None, description="last day the certificate holds")
    rooms: tuple[RoomTest, ...] = Field((), description="the rooms tested; none = nothing was measured")
    refusals: tuple[Refusal, ...] = Field((), description="拒签, 不在家, 拒绝入户")
    copies: Copies | None = Field(None, description="copies of the record")
    archive_nos: tuple[Text, ...] = Field((), description="档号 of the archived copies")
    scan_sha256: Sha256 | None = Field(
        None, description="SHA-256 of the scan of the signed paper; null = not scanned yet"
    )
    test_fee_fen: Fen | None = Field(None, description="检测费 of a third party [fen]")
    test_fee_advanced_by: Party | None = Field(None, description="who advanced it")

    @model_validator(mode="after")
    def _times(self) -> Self:
        _rising(self, "arrived_at", "started_at", "ended_at", "at")
        return self

    @model_validator(mode="after")
    def _measured_or_why_not(self) -> Self:
        measured = (self.started_at, self.ended_at, self.instrument_no)
        if self.rooms and None in measured:
            raise FieldError(
                "rooms: where rooms were tested, started_at, ended_at and instrument_no are expected",
                zh="有所测房间的，应填写测温开始、测温结束和仪器编号",
            )
        if not self.rooms and not any(each.code != "refused_signature" for each in self.refusals):
            raise FieldError(
                "rooms: seen none, expected the rooms tested, or a refusal not_home or refused_entry",
                zh="未填，应填写所测房间，或不在家、拒绝入户的记录",
            )
        return self

    @model_validator(mode="after")
    def _readings_within(self) -> Self:
        for place, room in enumerate(self.rooms):
            first, last = room.readings[0].at, room.readings[-1].at
            if self.started_at and self.ended_at and not self.started_at <= first <= last <= self.ended_at:
                raise FieldError(
                    f"rooms.{place}.readings: expected between started_at and ended_at",
                    zh=f"第 {place + 1} 个房间的读数时间应在测温开始与测温结束之间",
                )
        return self

    def signed_by(self, *roles: str) -> bool:
        """Say whether somebody in one of these roles signed."""
        return any(each.signed and each.role in roles for each in self.people)


class SiteRecorded(_Event):
    """现场检查记录 of the authority, beside a visit: at the station, in the building."""

    kind: Literal["site_recorded"] = "site_recorded"
    place: Text = Field(description="where it looked")
    found: Said = Field(description="what it found")


class OperatingParametersRecorded(_Event):
    """日常供热参数 of the company's routine management, cited by their digest."""

    kind: Literal["operating_parameters_recorded"] = "operating_parameters_recorded"
    source: Text = Field(description="system or logbook they come from")
    heat_station: Text = Field(description="code of the 换热站")
    begins: Instant = Field(description="first instant they cover")
    ends: Instant = Field(description="first instant after it")
    digest: Sha256 = Field(description="SHA-256 of the file that holds them")
    shows: Text = Field(description="what they show, in a sentence")

    @model_validator(mode="after")
    def _period(self) -> Self:
        if self.ends <= self.begins:
            raise FieldError(
                f"ends: seen {self.ends.isoformat()}, expected after begins {self.begins.isoformat()}",
                zh=f"结束时间为 {instant(self.ends)}，应晚于开始时间 {instant(self.begins)}",
            )
        return self


class Escalated(_Event):
    """The authority is to measure by itself (复测), on one of five events."""

    kind: Literal["escalated"] = "escalated"
    trigger: Trigger = Field(description="on which of the pack's events")
    on: EventNumber | None = Field(None, description="number of the event that shows it, where one does")


class HandlingReported(_Event):
    """The company says that it has mended the cause; `at` is when it was mended."""

    kind: Literal["handling_reported"] = "handling_reported"
    done: Text = Field(description="what was done")


# --- cause, exclusions, conditions, presumptions ---------------------------------------------------------------------


class CauseDetermined(_Event):
    """责任认定. Contestable; the newest stands."""

    kind: Literal["cause_determined"] = "cause_determined"
    cause: Cause = Field(description="whose cause it was")
    by: Literal["authority", "experts"] = Field(description="who found it")
    names: tuple[Text, ...] = Field(min_length=1, description="who they are")
    analysis: Text = Field(description="the analysis it rests on")
    on: tuple[EventNumber, ...] = Field(min_length=1, description="numbers of the events it cites")
    test_fee_borne_by: Party | None = Field(None, description="who bears the 检测费, where one was advanced")


class CauseContested(_Event):
    """A party contests the 责任认定."""

    kind: Literal["cause_contested"] = "cause_contested"
    by: Party = Field(description="which party")
    against: EventNumber = Field(description="number of the determination")
    grounds: Said = Field(description="why it is wrong, in the party's words")


class ExclusionAlleged(_Event):
    """The company alleges what takes the right away; it reduces nothing until it is proved."""

    kind: Literal["exclusion_alleged"] = "exclusion_alleged"
    code: Text = Field(description="code of the pack's exclusion")
    day_from: Day = Field(description="first day it is for")
    day_to: Day | None = Field(None, description="last day; null = to the season's end")
    evidence: Said = Field(description="what is offered for it")

    @model_validator(mode="after")
    def _days(self) -> Self:
        _rising(self, "day_from", "day_to")
        return self


class ExclusionDecided(_Event):
    """The authority finds an alleged exclusion proved or not."""

    kind: Literal["exclusion_decided"] = "exclusion_decided"
    allegation: EventNumber = Field(description="number of the allegation")
    proved: Truth = Field(description="true: proved | false: rejected")
    grounds: Text = Field(description="by what")


class ConditionRecorded(_Event):
    """The standard's statutory conditions of some days were examined (A24)."""

    kind: Literal["condition_recorded"] = "condition_recorded"
    day_from: Day = Field(description="first day")
    day_to: Day = Field(description="last day")
    met: Truth = Field(description="true: all were met | false: one was not, and the days do not count")
    grounds: Text = Field(description="which conditions, by what source")

    @model_validator(mode="after")
    def _days(self) -> Self:
        _rising(self, "day_from", "day_to")
        return self


class PresumptionRecorded(_Event):
    """An officer records that the pack's presumption holds on a day."""

    kind: Literal["presumption_recorded"] = "presumption_recorded"
    day: Day = Field(description="the day it is for")
    lapse: Lapse = Field(description="whose lapse it rests on, as the pack names it: the user's presumes compliant")
    tier: Annotated[int, Field(ge=0, strict=True)] | None = Field(
        None, description="place of the presumed band in the pack's tiers, from 0, where the officer names it"
    )
    no_good_reason: Truth = Field(description="there was no 正当理由; expected true")
    no_other_agreement: Truth = Field(description="there was no 另有约定; expected true")
    on: tuple[EventNumber, ...] = Field(min_length=1, description="numbers of the events that show it")
    grounds: Text = Field(description="how this was examined")


class OutageRecorded(_Event):
    """停供: heat did not come at all. An outage told again with the same beginning replaces what was told of it."""

    kind: Literal["outage_recorded"] = "outage_recorded"
    begins: Instant = Field(description="heat stopped")
    ends: Instant | None = Field(None, description="heat came again; null = not yet")
    cause: Cause | None = Field(None, description="whose cause; null = not known")
    source: Text = Field(description="what shows it")

    @model_validator(mode="after")
    def _period(self) -> Self:
        if self.ends is not None and self.ends <= self.begins:
            raise FieldError(
                f"ends: seen {self.ends.isoformat()}, expected after begins {self.begins.isoformat()}",
                zh=f"结束时间为 {instant(self.ends)}，应晚于开始时间 {instant(self.begins)}",
            )
        return self


# --- 企业自行退费 -----------------------------------------------------------------------------------------------------


class SelfRefundOffered(_Event):
    """The company offers to refund by itself."""

    kind: Literal["self_refund_offered"] = "self_refund_offered"
    fen: Annotated[Fen, Field(gt=0)] = Field(description="what it offers [fen]")
    day_from: Day = Field(description="first day it is for")
    day_to: Day = Field(description="last day it is for")

    @model_validator(mode="after")
    def _days(self) -> Self:
        _rising(self, "day_from", "day_to")
        return self


class SelfRefundAccepted(_Event):
    """The household accepts; payment follows by `payment_made`."""

    kind: Literal["self_refund_accepted"] = "self_refund_accepted"
    by_name: Said = Field(description="who accepted")


class SelfRefundRefused(_Event):
    """There is no self-refund: the household refuses what is offered, or the company offers nothing."""

    kind: Literal["self_refund_refused"] = "self_refund_refused"
    by: Party = Field(description="`household`: refuses the offer | `company`: offers nothing")


# --- before the authority ---------------------------------------------------------------------------------------------


class AuthorityApplied(_Event):
    """The household applies to the district: the company does not refund by itself."""

    kind: Literal["authority_applied"] = "authority_applied"
    asks: Said = Field(description="what is asked for")


class StatementGiven(_Event):
    """陈述申辩 of a party; a party that was heard and said nothing is recorded so."""

    kind: Literal["statement_given"] = "statement_given"
    by: Party = Field(description="which party")
    text: Said = Field(description="what it said, or that it said nothing when heard")


class RulingDrafted(_Event):
    """承办: the draft of a ruling."""

    kind: Literal["ruling_drafted"] = "ruling_drafted"
    outcome: Outcome = Field(description="`refund` 退费 | `no_refund` 不退费")
    ruled_fen: Fen = Field(description="裁定额 [fen]; 0 with `no_refund`, above 0 with `refund`")
    other_amount_because: Text | None = Field(None, description="why 裁定额 is not 应退热费, where it is not")
    facts: tuple[Text, ...] = Field(min_length=1, description="what was found, a paragraph each")
    reasoning: tuple[Text, ...] = Field(min_length=1, description="why, a paragraph each, by article")
    perform_by: Day | None = Field(None, description="履行期限 of a `refund`, where the pack does not say it in days")
    bundle_sha256: Sha256 = Field(description="SHA-256 of the evidence bundle it cites")

    @model_validator(mode="after")
    def _amount(self) -> Self:
        if (self.outcome == "refund") != (self.ruled_fen > 0):
            raise FieldError(
                f"ruled_fen: seen {self.ruled_fen} with outcome {self.outcome}, expected 0 or above 0",
                zh=f"裁定额为 {yuan(self.ruled_fen)}，结果为“{choice(self.outcome)}”，不予退费的应为 0，"
                "予以退费的应大于 0",
            )
        if self.perform_by is not None and self.outcome == "no_refund":
            raise FieldError(
                "perform_by: seen with no_refund; nothing is to be performed", zh="不予退费的没有履行，应不填"
            )
        return self


class RulingReviewed(_Event):
    """复核 of the draft, by another person."""

    kind: Literal["ruling_reviewed"] = "ruling_reviewed"
    agrees: Truth = Field(description="true: it goes to 审批 | false: it goes back to be drafted anew")
    opinion: Text = Field(description="what the reviewer found")


class RulingApproved(_Event):
    """审批, by a third person: the ruling is issued."""

    kind: Literal["ruling_approved"] = "ruling_approved"
    agrees: Truth = Field(description="true: issued under its 文号 | false: it goes back to be drafted anew")
    opinion: Text = Field(description="what the approver found")
    doc_no: Text | None = Field(None, description="文号, where it is issued")

    @model_validator(mode="after")
    def _numbered(self) -> Self:
        if self.agrees != (self.doc_no is not None):
            raise FieldError(
                "doc_no: expected where the ruling is issued, and there alone",
                zh="同意作出裁定的应填写，不同意的应不填",
            )
        return self


class RulingServed(_Event):
    """送达回证 of one party."""

    kind: Literal["ruling_served"] = "ruling_served"
    recipient: Party = Field(description="which party")
    address: Said | None = Field(None, description="where")
    method: Literal["direct", "lien", "mail", "electronic", "announcement"] = Field(
        description="`direct` 直接送达, `lien` 留置送达, `mail` 邮寄送达, `electronic` 电子送达, `announcement` 公告"
    )
    received_by: Said | None = Field(None, description="who signed for it")
    refusal: Said | None = Field(None, description="拒收事由")
    witness: Said | None = Field(None, description="见证人")
    receipt_sha256: Sha256 | None = Field(None, description="SHA-256 of the scan of the signed 送达回证")


class PaymentMade(_Event):
    """A payment to the household, by the ruling or by an accepted self-refund."""

    kind: Literal["payment_made"] = "payment_made"
    fen: Annotated[Fen, Field(gt=0)] = Field(description="how much [fen]")
    paid_on: Day = Field(description="the day it was paid")
    voucher_no: Text = Field(description="退费凭证")
    payee: Said = Field(description="who received it")
    more_because: Text | None = Field(None, description="why more is paid than was ruled or accepted, where it is")


class RulingRevoked(_Event):
    """撤销 of the ruling by a named decision: 行政复议, a court, the authority. Only then may another be made."""

    kind: Literal["ruling_revoked"] = "ruling_revoked"
    by: Text = Field(description="who revoked it")
    decision_no: Text = Field(description="文号 of the decision")


class ReviewOpened(_Event):
    """复核 of a ruled claim: something came after the ruling, which stands. Mostly recorded by heatstream itself."""

    kind: Literal["review_opened"] = "review_opened"
    because: Literal["late_data", "conflict_decided", "quality_reviewed", "registry", "policy", "officer"] = Field(
        description="late readings, a decided conflict, reviewed readings, the registry, the policy, an officer's doubt"
    )
    found: Text = Field(description="what differs from the day of the ruling")
    computed_fen: Fen | None = Field(None, description="测算额 that it would have now [fen]")
    entitlement_fen: Fen | None = Field(None, description="应退热费 that it would have now [fen]; null = undetermined")


class ReviewClosed(_Event):
    """A person looked, and says what follows; a ruling is changed by `ruling_revoked` alone."""

    kind: Literal["review_closed"] = "review_closed"
    review: EventNumber = Field(description="number of the event that opened it")
    outcome: Literal["ruling_stands", "ruling_to_be_revoked"] = Field(description="what the reviewer found")
    grounds: Text = Field(description="by what")


class Closed(_Event):
    """办结."""

    kind: Literal["closed"] = "closed"


class Withdrawn(_Event):
    """The household withdraws."""

    kind: Literal["withdrawn"] = "withdrawn"
    by_name: Said = Field(description="who withdrew")


Event = Annotated[
    Opened
    | Contacted
    | AppointmentMade
    | Urged
    | VisitRecorded
    | SiteRecorded
    | OperatingParametersRecorded
    | Escalated
    | HandlingReported
    | CauseDetermined
    | CauseContested
    | ExclusionAlleged
    | ExclusionDecided
    | ConditionRecorded
    | PresumptionRecorded
    | OutageRecorded
    | SelfRefundOffered
    | SelfRefundAccepted
    | SelfRefundRefused
    | AuthorityApplied
    | StatementGiven
    | RulingDrafted
    | RulingReviewed
    | RulingApproved
    | RulingServed
    | PaymentMade
    | RulingRevoked
    | ReviewOpened
    | ReviewClosed
    | Closed
    | Withdrawn,
    Field(discriminator="kind"),
]
MODELS: tuple[type[_Event], ...] = get_args(get_args(Event)[0])
KINDS: tuple[str, ...] = tuple(model.model_fields["kind"].default for model in MODELS)
_ADAPTER: TypeAdapter[Event] = TypeAdapter(Event)


def read(tree: Any, where: str) -> Event:
    """Read an event as it was given.

    Parameters
    ----------
    where : who gives it and in what, for the message

    Raises
    ------
    BadInput
        A field is unknown, missing or not what it takes; every fault is a line.
    """
    kind = tree.get("kind") if isinstance(tree, dict) else None
    if kind not in KINDS:
        raise BadInput(
            f"{where}: kind: seen {kind!r}, expected one of {', '.join(KINDS)}",
            zh=f"{where}：记录类型为“{kind}”，应为以下之一：{'、'.join(STEPS[each] for each in KINDS)}",
        )
    try:
        return _ADAPTER.validate_python(tree)
    except ValidationError as error:
        raise unfit(where, kind, error, zh_title=f"{where}：{STEPS[kind]}") from error


def body(event: Event) -> dict[str, Any]:
    """Write an event for the table: everything but when and what, which have columns of their own."""
    tree: dict[str, Any] = event.model_dump(mode="json", exclude={"at", "kind"}, exclude_none=True)
    return tree


def stored(kind: str, at: dt.datetime, told: dict[str, Any]) -> Event:
    """Read an event back from the table."""
    return _ADAPTER.validate_python({"kind": kind, "at": at, **told})

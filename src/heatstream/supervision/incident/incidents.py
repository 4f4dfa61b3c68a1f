"""What is recorded of an incident: what the software saw, what persons reported, found and did. docs/supervision.md.

`span_*` and `escalated` are the software's; everything else is a person's.
"""

from typing import ClassVar, Literal, Self

from pydantic import Field, JsonValue, model_validator

from heatstream.claims.event_words import choice
from heatstream.claims.events import Cause, Count, Instant, Part, Text, Truth, written
from heatstream.errors import FieldError
from heatstream.supervision.told import Event

SpanKind = Literal["late_start", "early_stop", "interruption", "low_running"]
What = Literal["late_start", "early_stop", "interruption", "low_running", "breakdown"]
ClassName = Literal["ordinary", "larger", "major"]
Evidence = dict[str, JsonValue]


class Bounds(Part):
    """A period that may go on."""

    begins: Instant = Field(description="its first instant")
    ends: Instant | None = Field(None, description="first instant after it; null = it goes on")

    @model_validator(mode="after")
    def _forward(self) -> Self:
        if self.ends is not None and self.ends <= self.begins:
            raise FieldError(
                f"ends: seen {self.ends.isoformat()}, expected after begins {self.begins.isoformat()}",
                zh=f"结束时间为 {written(self.ends)}，应晚于开始时间 {written(self.begins)}",
            )
        return self


# --- by the software --------------------------------------------------------------------------------------------------


class SpanSeen(Event, Bounds):
    """A station's meter and its homes show something: opens an incident."""

    kind: Literal["span_seen"] = "span_seen"
    span: int = Field(gt=0, description="its row, `station_span.id`")
    what: SpanKind = Field(description="`late_start`, `early_stop`, `interruption`, `low_running`")
    station: Text = Field(description="code of the 换热站")
    known_at: Instant = Field(description="the reading by which it was known")
    certain: Truth = Field(True, description="false: a candidate, for one side alone shows it")
    evidence: Evidence = Field(description="of the supply, of the homes, and the limits they were held to")


class SpanChanged(Event, Bounds):
    """Later data moved its bounds, or what shows it."""

    kind: Literal["span_changed"] = "span_changed"
    span: int = Field(gt=0, description="its row, `station_span.id`")
    known_at: Instant = Field(description="the reading by which it is known now")
    certain: Truth = Field(True, description="false: a candidate")
    evidence: Evidence = Field(description="as it is now")


class SpanEnded(Event):
    """It ended: the meter shows heat again, or the season is over."""

    kind: Literal["span_ended"] = "span_ended"
    span: int = Field(gt=0, description="its row, `station_span.id`")
    ends: Instant = Field(description="first instant after it")
    evidence: Evidence = Field(description="as it is now")


class SpanWithdrawn(Event):
    """Later data shows that it was none."""

    kind: Literal["span_withdrawn"] = "span_withdrawn"
    span: int = Field(gt=0, description="its row, `station_span.id`")
    found: Text = Field(description="what later data shows")


class Escalated(Event):
    """The repair limit of the class it stood in has passed, and heat is not back; `at` is when that was seen."""

    kind: Literal["escalated"] = "escalated"
    accident_class: ClassName = Field(description="`ordinary` 一般, `larger` 较大, `major` 重大")
    limit: Instant = Field(description="the last instant within the limit")
    rules: tuple[Text, ...] = Field(min_length=1, description="by which rules")


# --- by persons -------------------------------------------------------------------------------------------------------


class Reported(Event):
    """Somebody reports it: opens an incident; `at` is when it was reported."""

    kind: Literal["reported"] = "reported"
    what: What = Field(description="`late_start`, `early_stop`, `interruption`, `low_running`, `breakdown`")
    station: Text | None = Field(None, description="code of the 换热站, or")
    source: Text | None = Field(None, description="code of the 热源")
    begins: Instant = Field(description="since when, as reported")
    stops_heat: Truth = Field(description="true: homes are without heat")
    said: Text = Field(description="what was reported")
    channel: Text | None = Field(None, description="by which way: telephone, 96118, 现场检查, …")

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.station is None) == (self.source is None):
            raise FieldError("station, source: expected one of them", zh="换热站代码与热源代码应只填其一")
        return self

    @model_validator(mode="after")
    def _no_heat(self) -> Self:
        if not self.stops_heat and self.what not in {"breakdown", "low_running"}:
            raise FieldError(
                f"stops_heat: seen false with {self.what}, expected true",
                zh=f"事件类型为“{choice(self.what)}”而所填为否，应为是",
            )
        return self


class Breakdown(Event):
    """What failed, and where."""

    kind: Literal["breakdown"] = "breakdown"
    component: Text = Field(description="what failed: 一次网管道, 循环泵, 锅炉, …")
    place: Text = Field(description="where")
    found: Text | None = Field(None, description="what is known of why")


class Estimated(Event):
    """可恢复时间: when heat will be back, as estimated; every estimate is kept, with who gave it and when."""

    kind: Literal["estimated"] = "estimated"
    restored_by: Instant = Field(description="heat will be back by then")
    given_by: Text = Field(description="who estimates it, by name")


class NoticeGiven(Event):
    """Users were told; `at` is when."""

    kind: Literal["notice_given"] = "notice_given"
    to: Text = Field(description="who was told: which buildings, which 小区")
    how: Text = Field(description="公告, 短信, 电话, …")
    planned: Truth = Field(description="true: ahead of a planned stop | false: of a sudden one")
    households: Count | None = Field(None, description="how many households were told")


class Restored(Event):
    """The company says that heat is back; `at` is since when."""

    kind: Literal["restored"] = "restored"
    done: Text = Field(description="what was mended")


class Verified(Event, Bounds):
    """经核查: the finding of an officer, on the evidence of both sides. The newest stands."""

    kind: Literal["verified"] = "verified"
    supply: Text = Field(description="what the supply side shows: meter, logbook, site")
    homes: Text = Field(description="what the homes' side shows: points, visits, complaints")
    without_cause: Truth = Field(description="true: 无故")
    cause: Cause = Field(description="whose cause: `company`, `user`, `heat_source`, `third_party`")
    names: tuple[Text, ...] = Field(min_length=1, description="who found it")
    partly_heated: tuple[Bounds, ...] = Field((), description="within it: heat came, below the standard")

    @model_validator(mode="after")
    def _within(self) -> Self:
        for place, part in enumerate(self.partly_heated):
            if part.begins < self.begins or (self.ends and (part.ends is None or part.ends > self.ends)):
                raise FieldError(
                    f"partly_heated.{place}: expected within begins and ends",
                    zh=f"第 {place + 1} 个部分供热时段应在开始时间与结束时间之内",
                )
        return self


class Dismissed(Event):
    """An officer finds that there was nothing; closes it."""

    kind: Literal["dismissed"] = "dismissed"
    found: Text = Field(description="what was found")


class BatchOpened(Event):
    """批量退费: a claim was opened for every home it touched that had none open."""

    by_act: ClassVar[str | None] = "heatstream supervise batch --open"
    kind: Literal["batch_opened"] = "batch_opened"
    case: Text = Field(description="number of the case, as its claims bear it")
    claims: tuple[Text, ...] = Field(description="案号 of those opened")
    open_before: tuple[Text, ...] = Field((), description="案号 of homes it touched whose claim was open already")

    @property
    def cited_claims(self) -> tuple[str, ...]:
        return self.claims + self.open_before


class Linked(Event):
    """Another matter or a claim is about the same thing."""

    kind: Literal["linked"] = "linked"
    matter: Text | None = Field(None, description="code of a matter: incident, work_order, …, or")
    claim: Text | None = Field(None, description="案号 of a claim")

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.matter is None) == (self.claim is None):
            raise FieldError("matter, claim: expected one of them", zh="事项编号与案号应只填其一")
        return self

    @property
    def cited_matters(self) -> tuple[str, ...]:
        return (self.matter,) if self.matter else ()

    @property
    def cited_claims(self) -> tuple[str, ...]:
        return (self.claim,) if self.claim else ()


class TakenSpan(Bounds):
    """A span as another incident held it."""

    span: int = Field(gt=0, description="its row, `station_span.id`")
    what: SpanKind = Field(description="what it is")
    station: Text = Field(description="code of the 换热站")
    known_at: Instant = Field(description="the reading by which it was known")
    certain: Truth = Field(description="false: a candidate")


class TakenEstimate(Part):
    """An estimate as another incident held it."""

    at: Instant = Field(description="when it was given")
    recorded_at: Instant = Field(description="when it was recorded")
    given_by: Text = Field(description="who gave it")
    restored_by: Instant = Field(description="heat will be back by then")


class TakenNotice(Part):
    """A notice as another incident held it."""

    at: Instant = Field(description="when it was given")
    to: Text = Field(description="who was told")
    how: Text = Field(description="公告, 短信, 电话, …")
    planned: Truth = Field(description="true: ahead of a planned stop | false: of a sudden one")


class TookIn(Event):
    """Another incident of the same thing was merged into this one: what it held goes on here."""

    by_act: ClassVar[str | None] = "heatstream supervise merge"
    kind: Literal["took_in"] = "took_in"
    incident: Text = Field(description="code of the other")
    reported_at: Instant | None = Field(None, description="when that was reported")
    begins: Instant = Field(description="since when, as that had it")
    stops_heat: Truth = Field(description="true: homes are without heat")
    spans: tuple[TakenSpan, ...] = Field((), description="spans that it held")
    estimates: tuple[TakenEstimate, ...] = Field((), description="estimates that it held")
    notices: tuple[TakenNotice, ...] = Field((), description="notices that it held")
    restored_at: Instant | None = Field(None, description="since when heat is back, as the company said there")

    @property
    def cited_matters(self) -> tuple[str, ...]:
        return (self.incident,)


class MergedInto(Event):
    """An officer finds that it is the same matter as another, where everything goes on; closes it."""

    by_act: ClassVar[str | None] = "heatstream supervise merge"
    kind: Literal["merged_into"] = "merged_into"
    incident: Text = Field(description="code of the other")

    @property
    def cited_matters(self) -> tuple[str, ...]:
        return (self.incident,)


class Closed(Event):
    """办结."""

    kind: Literal["closed"] = "closed"

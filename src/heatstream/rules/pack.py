"""A rule pack: one place's law as values with dates and sources. It says what the law says and decides nothing.

What an option of the choices asks and the text answers stands in one place: in the group that has a field for it
(`ANSWERED_IN`), else under `settles`, by the option's name, with its own article and its own words.

What nobody could read is absent (`null`), and the policy refuses where it needs it. `conf` tells how a group is known:
read = the instrument's own text · read2 = a secondary page · inferred · memory · not_found · operator_attested ·
fictional. Temperatures are °C and K, shares are fractions of one, money is yuan; all of them decimals.
"""

import re
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from heatstream.errors import BadInput
from heatstream.rules import exact_yaml

SCHEMA = "heatstream.pack/1"
CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d|24:00")
INFINITE = Decimal("Infinity")
# So much of a faulty value is shown; its line says where the rest is.
SHOWN = 100
SHIPPED = Path(__file__).parent / "packs"

Conf = Literal["read", "read2", "inferred", "memory", "not_found", "operator_attested", "fictional"]
# Told to a person, in Chinese and English.
KNOWN: Final = {
    "read": ("读自原文", "read in the text"),
    "read2": ("读自转载", "read in a reprint"),
    "inferred": ("推断", "inferred"),
    "memory": ("凭记忆", "from memory"),
    "not_found": ("未找到", "not found"),
    "operator_attested": ("本地规则补录", "added by the operator"),
    "fictional": ("虚构（演示）", "fictional"),
}
# Known well enough to write an entitlement; a fictional pack's results are watermarked instead.
ATTESTED: frozenset[Conf] = frozenset({"read", "operator_attested", "fictional"})
Room = Literal["bedroom", "living_room", "kitchen", "bathroom", "other"]
Condition = Literal["outdoor_ge_design", "envelope_to_code", "indoor_system_normal", "room_to_code"]
Way = Literal["application", "complaint", "hotline", "fixed_point", "officer", "batch"]
Trigger = Literal[
    "not_measured_in_time", "measured_failing", "company_did_not_sign", "company_kept_no_record", "disputed"
]
CompanyLapse = Literal["not_measured_in_time", "company_refused", "company_did_not_sign", "company_kept_no_record"]
UserLapse = Literal["user_refused", "user_did_not_sign"]
EvidenceKind = Literal[
    "third_party", "authority_visit", "company_visit", "fixed_point_series", "operating_parameters", "presumption"
]
ExclusionCode = Literal[
    "user_altered_structure",
    "user_altered_facilities",
    "user_enlarged_area",
    "user_changed_use",
    "user_blocked_radiator",
    "user_drained_water",
    "user_installed_device",
    "user_opened_supply",
    "user_refused_entry",
    "user_did_not_collect",
    "insulation_or_decoration",
    "room_over_height",
    "self_designed_system",
    "poor_envelope",
    "no_normal_insulation",
    "unpaid_fee",
    "rationing",
    "outdoor_daily_mean_below",
    "announced_maintenance",
    "other",
]
CountingStart = Literal[
    "application_day", "notice_day", "report_day", "application_time", "test_day", "first_failing_day"
]
Liable = Literal["company_cause", "not_user_cause", "none"]
Authority = Literal["district_authority", "city_authority"]

# Options that a group can answer; `settles` does not repeat it.
ANSWERED_IN = {
    "counting_start": ("counting", "start"),
    "liability": ("liability", "rule"),
    "fixed_point_opens": ("fixed_point", "refund_if"),
}


def _hundredths(value: Decimal) -> Decimal:
    if value * 100 != int(value * 100):
        raise ValueError("expected at most two decimals: temperatures are whole hundredths")
    return value


def _clock(text: str) -> str:
    if not CLOCK.fullmatch(text):
        raise ValueError("expected a time of day as HH:MM, up to 24:00")
    return text


def _month_day(text: str) -> str:
    try:
        date.fromisoformat(f"2001-{text}")
    except ValueError:
        raise ValueError("expected MM-DD") from None
    return text


def _season_bound(text: str) -> str:
    month_day, _, clock = text.partition("T")
    try:
        date.fromisoformat(f"2001-{month_day}")
    except ValueError:
        raise ValueError("expected MM-DD or MM-DDTHH:MM") from None
    if clock:
        _clock(clock)
    return text


Celsius = Annotated[Decimal, Field(ge=-50, le=50), AfterValidator(_hundredths)]
Share = Annotated[Decimal, Field(ge=0, le=2)]
Clock = Annotated[str, AfterValidator(_clock)]
SeasonBound = Annotated[str, AfterValidator(_season_bound)]
MonthDay = Annotated[str, AfterValidator(_month_day)]
# Some months after the season's last day.
SeasonEndPlus = Annotated[str, Field(pattern=r"^season_end\+[1-9]mo$")]
Minutes = Annotated[int, Field(gt=0)]
Hours = Annotated[int, Field(gt=0)]


class Part(BaseModel):
    """A piece of a pack: frozen, and nothing unknown."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Group(Part):
    """Values of one kind and how they are known."""

    conf: Conf = Field(description="how this group is known")
    article: str | None = Field(None, description="where it stands in the instrument")
    quote: str | None = Field(None, description="the words of the instrument, verbatim; … where some are left out")
    note: str | None = Field(None, description="what the reader of the source must know")


class Source(Part):
    key: str | None = Field(None, description="short name")
    title: str | None = Field(None, description="title of the instrument or page")
    doc_no: str | None = Field(None, description="文号")
    url: str | None = Field(None, description="address it was seen at")
    repo: str | None = Field(None, description="public repository that holds the text")
    articles: tuple[int, ...] = Field((), description="articles that were read")
    note: str | None = Field(None, description="what is special about this reading")
    conf: Conf = Field(description="how the source is known")


class Outdoor(Part):
    lo: Celsius | None = Field(None, description="lower end of the outdoor daily mean [°C]")
    li: bool = Field(description="the lower end is inside")
    hi: Celsius | None = Field(None, description="upper end [°C]")
    hi_i: bool = Field(description="the upper end is inside")


class Variant(Part):
    building: str = Field(description="buildings it holds for")
    outdoor_daily_mean: Outdoor = Field(description="weather it holds for")
    min_c: Celsius = Field(description="the standard there [°C]")


class Standard(Group):
    """The temperature promised."""

    min_c: Celsius = Field(description="not lower than this [°C]; exactly it complies")
    hours: Literal["all_day"] | None = Field(None, description="昼夜: all day")
    rooms: tuple[Room, ...] | None = Field(None, description="rooms it holds for")
    other_rooms: dict[Room, Celsius] = Field(default_factory=dict, description="other rooms' own standards [°C]")
    conditions: tuple[Condition, ...] = Field((), description="statutory conditions it holds under")
    variants: tuple[Variant, ...] = Field((), description="other standards for some buildings and weather")


class Season(Group):
    """The heating season."""

    start: SeasonBound = Field(description="MM-DD or MM-DDTHH:MM")
    end: SeasonBound = Field(description="the same in the next year; 24:00 is the end of its date")
    stated_days: int | None = Field(None, gt=0, description="days the text itself states")
    extend_by: str | None = Field(None, description="who may begin it earlier or end it later")
    place: str | None = Field(None, description="the place it holds for, where the pack is wider")


class Band(Part):
    lo: Celsius | None = Field(description="lower end [°C or K]; null = none")
    li: bool | None = Field(None, description="the lower end is inside; null where there is none")
    hi: Celsius | None = Field(description="upper end [°C or K]; null = none")
    hi_i: bool | None = Field(None, description="the upper end is inside; null where there is none")
    ratio: Annotated[Decimal, Field(ge=0, le=1)] = Field(description="share of the fee of the counted unit")

    @model_validator(mode="after")
    def _ends(self) -> Self:
        if (self.lo is None) != (self.li is None) or (self.hi is None) != (self.hi_i is None):
            raise ValueError("an end and whether it is inside stand together")
        return self


class Tiers(Group):
    """Bands of temperature and their share of the fee."""

    basis: Literal["absolute", "deviation"] = Field(description="bands of T, or of standard − T")
    bands: tuple[Band, ...] = Field(min_length=1, description="in the order of the text")
    gap_note: str | None = Field(None, description="why some temperatures below the standard are in no band")


def _halves(band: Band) -> tuple[Decimal, Decimal]:
    """Write a band as [least, most + 1) in halves of a hundredth, which tell < from ≤."""
    least = -INFINITE if band.lo is None else 200 * band.lo + (not band.li)
    return least, INFINITE if band.hi is None else 200 * band.hi + bool(band.hi_i)


def _gap(tiers: Tiers, standard_c: Decimal) -> tuple[Decimal, Decimal] | None:
    """Find the lowest [from, to) below the standard that no band holds, in halves of a hundredth."""
    reached, top = (-INFINITE, 200 * standard_c) if tiers.basis == "absolute" else (Decimal(1), INFINITE)
    for least, end in sorted(map(_halves, tiers.bands)):
        if least > reached:
            return reached, min(least, top)
        reached = max(reached, end)
    return (reached, top) if reached < top else None


def _between(least: Decimal, end: Decimal, letter: str) -> str:
    """Write [least, end) of halves of a hundredth as people do: 15.00 ≤ T < 16.00."""
    low = f"{least // 2 / 100:.2f} {'<' if least % 2 else '≤'} " if least.is_finite() else ""
    high = f" {'≤' if end % 2 else '<'} {end // 2 / 100:.2f}" if end.is_finite() else ""
    return low + letter + high


class TiersByContract(Group):
    """What the contract's own rule of refunds does to the bands."""

    value: Literal["first", "only"] = Field(
        description="`first`: it goes before the bands; `only`: the text has no bands"
    )


class Statistic(Group):
    """How the text turns measurements into one temperature; visits, not a continuous series."""

    of: Literal["visits"] | None = Field(None, description="what is measured")
    n: int | None = Field(None, gt=0, description="how many measurements")
    agg: Literal["mean", "min"] | None = Field(None, description="how they are joined")
    window: Literal["day", "month"] | None = Field(None, description="the period they lie in")
    days: int | None = Field(None, gt=0, description="on how many days, one after the other")
    slots_per_day: int | None = Field(None, gt=0, description="how many a day")
    window_local: tuple[Clock, Clock] | None = Field(None, description="between these times of day")


class Fee(Group):
    """The fee a share is taken of."""

    formula: str | None = Field(None, description="the daily fee as the text gives it")
    area: str | None = Field(None, description="the area it is billed by")
    net_of_base_fee: bool | None = Field(None, description="the base heat fee is taken off first")


class Opening(Group):
    """How a claim begins."""

    ways: tuple[Way, ...] = Field(min_length=1, description="ways the text names")


class Counting(Group):
    """From when to when days count."""

    start: CountingStart | None = Field(None, description="first day that counts; answers `counting_start`")
    end: Literal["compliant_day", "passing_retest_day"] | None = Field(
        None, description="last day that counts; by a retest it answers `period_ends`, by whatever shows it it does not"
    )
    days: str | None = Field(None, description="which days count, in the text's words")
    per_room: bool | None = Field(None, description="counted per measured room")
    grace_h: Hours | None = Field(None, description="time to mend [h]")
    must_fail_continuously_h: Hours | None = Field(None, description="failing so long in a row is needed [h]")
    exclude_first_days: int | None = Field(None, ge=0, description="first days of the season that never count")
    exclude_last_days: int | None = Field(None, ge=0, description="last days of the season that never count")


class Liability(Group):
    """Whose fault obliges to give back (A40)."""

    rule: Liable | None = Field(None, description="whose cause the text asks for; answers `liability`")
    heat_source_fault: Literal["company_pays_then_recovers"] | None = Field(
        None, description="who pays where the heat source failed"
    )


class NonResidential(Group):
    """Users who are no residents."""

    value: Literal["by_contract"] = Field(description="their standard and their refunds are by contract")


class Complaint(Group):
    """What a complaint of the temperature obliges the company to."""

    contact_min: Minutes | None = Field(None, description="联系时限: contact after the complaint [min]")
    arrival_min: Minutes | None = Field(None, description="arrival after the complaint [min]")
    arrival_min_first_10_days: Minutes | None = Field(None, description="the same in the season's first ten days [min]")
    waivable_by_agreement: bool | None = Field(None, description="双方另有约定的，从其约定")


class Visit(Group):
    """入户测温."""

    deadline_min: Minutes | None = Field(None, description="测温时限: time limit after the request [min]")
    deadline_min_first_10_days: Minutes | None = Field(
        None, description="测温时限 in the season's first ten days [min]"
    )
    deadline_waivable_by_agreement: bool | None = Field(None, description="另有约定的除外")
    authority_deadline_min: Minutes | None = Field(None, description="time limit of the authority's visit [min]")
    both_sign: bool | None = Field(None, description="both parties sign")
    record_copies: int | None = Field(None, gt=0, description="copies of the record")
    exclude_local: tuple[Clock, Clock] | None = Field(None, description="no measuring between these times")
    window_local: tuple[Clock, Clock] | None = Field(None, description="measuring between these times")


class Copies(Part):
    inspector: int = Field(description="for the inspector")
    household: int = Field(description="for the household")
    archived: int = Field(description="kept by the district")


class Escalation(Group):
    """When the authority is called upon."""

    to: Authority = Field(description="which authority")
    when: tuple[Trigger, ...] = Field(min_length=1, description="on which events")
    copies: Copies | None = Field(None, description="copies of the authority's record")


class EvidenceAccepted(Group):
    """What may be the basis of a refund or a ruling."""

    kinds: tuple[EvidenceKind, ...] = Field(min_length=1, description="kinds of evidence; others are left out")


class Ruling(Group):
    """裁定."""

    by: Authority = Field(description="who rules")
    form: Literal["written"] = Field(description="in which form")
    outcomes: tuple[Literal["refund", "no_refund"], ...] = Field(min_length=1, description="what it may say")
    after: Literal["company_did_not_refund"] | None = Field(None, description="what must have come before")
    perform_days: int | None = Field(None, gt=0, description="履行期限: days after service; null = the ruling sets it")


class Terms(Group):
    """The text's own words for who takes part; papers use them."""

    company: str = Field(description="who heats")
    household: str = Field(description="who is heated")
    authority: str | None = Field(None, description="who supervises, and rules where the pack has a ruling")


class Presumption(Group):
    """What is taken as shown when one side does not take part (A25, A26); an officer must record it."""

    compliant_when: tuple[UserLapse, ...] = Field((), description="the day is taken as compliant when")
    failing_when: tuple[CompanyLapse, ...] = Field((), description="the day is taken as failing when")
    below_c: Celsius | None = Field(
        None, description="a failing day is taken as colder than this [°C]; null = the text names no band"
    )


class Measurement(Group):
    """How a spot temperature is measured."""

    closed_min: int | None = Field(None, ge=0, description="doors and windows closed so long before [min]")
    height_m: tuple[Decimal, Decimal] | None = Field(None, description="height, lowest and highest [m]")
    position: Literal["room_center", "half_depth_from_door"] | None = Field(None, description="where in the room")
    room: Room | None = Field(None, description="in which room")
    windows: Literal["closed"] | None = Field(None, description="state of the windows")
    stable: bool | None = Field(None, description="the reading must have become stable")
    certificate: bool | None = Field(None, description="the instrument must be verified 检定合格")
    instrument: str | None = Field(None, description="what instrument")
    instrument_tol_c: Celsius | None = Field(None, description="its tolerance [K]")
    hand_held: bool | None = Field(None, description="it may be held in the hand")
    people_distance_m: Decimal | None = Field(None, description="people stay so far away [m]")


class FixedPoint(Group):
    """固定监测点."""

    refund_if: Literal["below_standard_and_not_improved_after_handling"] | None = Field(
        None, description="when a point alone leads to a refund; answers `fixed_point_opens` with `after_handling`"
    )
    handling_h: Hours | None = Field(None, description="time to handle a cold point before it opens a claim [h]")
    coverage: str | None = Field(None, description="where points must be")
    strata: tuple[str, ...] = Field((), description="floors to cover")
    orientations: str | None = Field(None, description="orientations to cover")
    continuous: bool | None = Field(None, description="measured all the time")
    realtime_upload: bool | None = Field(None, description="实时上传")
    sample_min: int | None = Field(None, description="sampling interval [min]")
    upload_min: int | None = Field(None, description="upload interval [min]")
    sample_conf: Conf | None = Field(None, description="how the intervals are known")


class Outage(Group):
    """停供."""

    min_h: Hours | None = Field(None, description="shortest outage in one piece that counts [h]")
    strictly: bool | None = Field(None, description="longer than it, not as long")
    or_cumulative_days: int | None = Field(None, gt=0, description="or more than so many days together")
    ratio: Share | None = Field(None, description="share of the fee of the time without heat")
    per: Literal["time", "day"] | None = Field(None, description="counted by time or by days, in the text's words")
    cause: Liable | None = Field(
        None, description="whose cause an outage asks for; null = the text does not say, and `liability` stands"
    )
    due: SeasonEndPlus | None = Field(None, description="paid by")
    metered: Literal["base_fee_only"] | None = Field(None, description="what metered users get back")


class LatePenalty(Group):
    """What a company owes for refunding late."""

    per_day: Annotated[Decimal, Field(gt=0, lt=1)] | None = Field(
        None, description="share of the late amount, a day; null = the contract's rate for late fees"
    )
    excused_by_user: bool | None = Field(None, description="nothing is owed where the user is why")


class RefundDue(Group):
    """When it must be paid."""

    rule: SeasonEndPlus | None = Field(None, description="months after the season's last day")
    not_after: MonthDay | None = Field(None, description="latest date of the year the season ends in, MM-DD")
    waivable_by_agreement: bool | None = Field(None, description="双方另有约定的除外")

    @model_validator(mode="after")
    def _once(self) -> Self:
        if self.rule and self.not_after:
            raise ValueError("rule and not_after: expected one of the two, a text has one last day")
        return self


class Price(Group):
    """热价."""

    residential: Decimal = Field(ge=0, description="居民 [unit]")
    other: Decimal | None = Field(None, ge=0, description="非居民 [unit]")
    unit: Literal["CNY_per_m2_season", "CNY_per_m2_month"] | None = Field(None, description="unit of both")
    area: str | None = Field(None, description="the area it is for")
    area_conf: Conf | None = Field(None, description="how that area is known")


class ThirdParty(Group):
    """Measuring by a third party."""

    body: str | None = Field(None, description="which body may measure")
    fee: str | None = Field(None, description="who pays")
    conflict: str | None = Field(None, description="which result stands")


class Exclusion(Part):
    code: ExclusionCode = Field(description="what excludes")
    words: str | None = Field(None, description="in the text's words")
    c: Celsius | None = Field(None, description="its temperature [°C]")
    max_h: int | None = Field(None, description="up to so long [h]")
    max_per_season: int | None = Field(None, description="up to so often")


class Exclusions(Group):
    """What takes the right away, the user's own doing above all."""

    reasons: tuple[Exclusion, ...] = Field(description="each a recorded claim with evidence")
    burden_of_proof: Literal["company", "user"] | None = Field(None, description="who proves")


class Metered(Group):
    """Users billed by meter."""

    same_ratio_on: Literal["meter_reading"] | None = Field(None, description="what the ratio is taken of")


class Quantity(Group):
    """One number."""

    value: Decimal = Field(ge=0, description="the number")


class Words(Group):
    """One rule in words."""

    value: str = Field(description="the rule")


class Settled(Group):
    """A question of the law's openness that this place's own text answers; the operator cannot choose otherwise."""

    value: str | Decimal | StrictBool | dict[str, str | Decimal | StrictBool] | tuple[str, ...] = Field(
        description="as in a choices file"
    )


class Pack(Part):
    """One place's law between two dates."""

    schema_: Literal["heatstream.pack/1"] = Field(alias="schema", description="form of this file")
    id: str = Field(pattern=r"^[a-z0-9-]+$", description="name of the pack")
    place: str = Field(description="where it holds")
    watermark: str | None = Field(None, description="stands on every result of it")
    timezone: Literal["+08:00"] = Field(description="its days are days there")
    effective_from: date | None = Field(None, description="first day it holds; null = not known")
    effective_to: date | None = Field(None, description="first day it holds no longer; null = no end is known")
    effective_note: str | None = Field(None, description="what is known of these dates")
    in_force_checked_on: date | None = Field(None, description="when somebody last checked that it is in force")
    sources: tuple[Source, ...] = Field(min_length=1, description="what was read")
    standard: Standard | None = Field(None, description="the temperature promised")
    season: Season | None = Field(None, description="the heating season")
    tiers: Tiers | None = Field(None, description="shares by temperature; null = nobody could read them")
    tiers_note: str | None = Field(None, description="why there are none")
    tiers_by_contract: TiersByContract | None = Field(None, description="the contract's own rule of refunds")
    unit: Literal["day", "month"] | None = Field(None, description="the period judged and refunded")
    statistic: Statistic | None = Field(None, description="how the text joins measurements")
    fee: Fee | None = Field(None, description="the fee a share is taken of")
    opening: Opening | None = Field(None, description="how a claim begins")
    counting: Counting | None = Field(None, description="from when to when days count")
    liability: Liability | None = Field(None, description="whose cause obliges")
    non_residential: NonResidential | None = Field(None, description="users who are no residents")
    terms: Terms | None = Field(None, description="the text's own words for who takes part")
    complaint: Complaint | None = Field(None, description="complaints of the temperature")
    visit: Visit | None = Field(None, description="入户测温")
    escalation: Escalation | None = Field(None, description="when the authority measures")
    evidence_accepted: EvidenceAccepted | None = Field(None, description="basis of a ruling")
    ruling: Ruling | None = Field(None, description="裁定")
    remedy: Words | None = Field(None, description="where who disagrees may turn; stands on every ruling")
    presumption: Presumption | None = Field(None, description="what is taken as shown")
    measurement: Measurement | None = Field(None, description="how to measure")
    fixed_point: FixedPoint | None = Field(None, description="固定监测点")
    outage: Outage | None = Field(None, description="停供")
    unheated_day_ratio: Quantity | None = Field(None, description="share for a day without heat")
    late_refund_penalty: LatePenalty | None = Field(None, description="for paying late")
    refund_due: RefundDue | None = Field(None, description="when it must be paid")
    price: Price | None = Field(None, description="热价")
    stop_fee_max_ratio: Quantity | None = Field(None, description="报停: most of the fee that stays due")
    stop_fee_ratio: Quantity | None = Field(None, description="报停: the share that stays due")
    third_party: ThirdParty | None = Field(None, description="measuring by a third party")
    exclusions: Exclusions | None = Field(None, description="what takes the right away")
    metered: Metered | None = Field(None, description="users billed by meter")
    settles: dict[str, Settled] = Field(default_factory=dict, description="options this place's text answers")

    @field_validator("tiers")
    @classmethod
    def _no_gap(cls, tiers: Tiers | None, told: ValidationInfo) -> Tiers | None:
        standard = told.data.get("standard")
        if tiers and standard and tiers.gap_note is None and (gap := _gap(tiers, standard.min_c)):
            letter = "T" if tiers.basis == "absolute" else "d"
            raise ValueError(f"no band holds {_between(*gap, letter)}; expected none left out, or gap_note saying why")
        return tiers

    @model_validator(mode="after")
    def _dates(self) -> Self:
        if self.effective_from and self.effective_to and self.effective_from >= self.effective_to:
            raise ValueError("effective_to must come after effective_from")
        return self

    @model_validator(mode="after")
    def _one_place_for_an_answer(self) -> Self:
        for option, (group, field) in ANSWERED_IN.items():
            if option in self.settles and getattr(getattr(self, group), field, None) is not None:
                raise ValueError(f"settles.{option}: {group}.{field} answers it too; expected one of the two")
        return self

    @model_validator(mode="after")
    def _fictional_is_marked(self) -> Self:
        if any(source.conf == "fictional" for source in self.sources) and not self.watermark:
            raise ValueError("a fictional pack needs a watermark")
        return self


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def faults(path: Path, error: ValidationError) -> str:
    """Write each fault of a file on a line: file, line, field, what was seen, what was expected."""
    lines = exact_yaml.Lines(path)
    return "\n".join(
        f"{path}:{lines.of(fault['loc'])} {'.'.join(map(str, fault['loc'])) or 'the file'}: seen"
        f" {_short(fault['input'])}: {fault['msg']}"
        for fault in error.errors(include_url=False)
    )


def load(path: Path) -> Pack:
    """Read one pack.

    Raises
    ------
    BadInput
        The file is not there, is not YAML, or is no pack; each fault says where, what was seen, what was expected.
    """
    try:
        return Pack.model_validate(exact_yaml.read(path))
    except ValidationError as error:
        raise BadInput(faults(path, error)) from error


def find(pack_id: str, folders: tuple[Path, ...] = (SHIPPED,)) -> Pack:
    """Read the pack of that id, from the first folder that holds it."""
    for folder in folders:
        path = folder / f"{pack_id}.yaml"
        if path.is_file():
            pack = load(path)
            if pack.id != pack_id:
                raise BadInput(f"{path}: id: seen {pack.id!r}, expected {pack_id!r}, the name of the file")
            return pack
    raise BadInput(f"no pack {pack_id!r} in {', '.join(map(str, folders))}; expected one of {', '.join(ids(folders))}")


def ids(folders: tuple[Path, ...] = (SHIPPED,)) -> list[str]:
    """List the packs there are."""
    return sorted({path.stem for folder in folders for path in folder.glob("*.yaml") if "." not in path.stem})

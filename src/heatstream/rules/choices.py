"""The operator's choices: what the law leaves open, each under its name. Nothing is ever chosen by itself.

`question` is the option's number in the list of open questions, `law` says where the law leaves it open, `advice` is
what the engineers would think about first: `rules explain` prints it and nothing applies it. An option with one value
is said aloud all the same: the value stands on every result that rests on it.
"""

import re
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, ValidationError, field_validator, model_validator
from pydantic.config import JsonDict

from heatstream.core.calendar import Windows
from heatstream.errors import BadInput
from heatstream.rules import exact_yaml
from heatstream.rules.pack import CLOCK, Celsius, Part, Room, SeasonBound, faults

SCHEMA = "heatstream.choices/1"
HOURS = re.compile(r"([01]\d|2[0-3]):[0-5]\d-(([01]\d|2[0-3]):[0-5]\d|24:00)")
Evidence = Literal["third_party", "authority_visit", "company_visit", "fixed_point_series", "presumption"]


def _season_instant(text: str) -> str:
    day, _, clock = text.partition("T")
    try:
        date.fromisoformat(day)
    except ValueError:
        raise ValueError("expected YYYY-MM-DDTHH:MM") from None
    if not CLOCK.fullmatch(clock):
        raise ValueError("expected YYYY-MM-DDTHH:MM, up to 24:00")
    return text


SeasonInstant = Annotated[str, AfterValidator(_season_instant)]


class SustainedBelow(Part):
    sustained_below_min: int = Field(gt=0, le=1440, description="so long without a break fails the day [min]")


class Percentile(Part):
    percentile: int = Field(gt=0, lt=100, description="the slot at or below which so many per cent of them lie [%]")


class GuardBand(Part):
    band_c: Annotated[Celsius, Field(gt=0, le=2)] = Field(description="added to or taken off a value [K]")
    direction: Literal["favour_user", "favour_company"] = Field(description="who has the benefit of the doubt")


class GapBounds(Part):
    low_c: Celsius = Field(description="coldest a missing slot may have been [°C]")
    high_c: Celsius = Field(description="warmest a missing slot may have been [°C]")

    @model_validator(mode="after")
    def _rising(self) -> Self:
        if self.low_c >= self.high_c:
            raise ValueError("low_c must lie below high_c")
        return self


class SeasonChoice(Part):
    start: SeasonBound = Field(description="MM-DDTHH:MM")
    end: SeasonBound = Field(description="MM-DDTHH:MM in the next year")

    @model_validator(mode="after")
    def _to_the_minute(self) -> Self:
        if "T" not in self.start or "T" not in self.end:
            raise ValueError("expected MM-DDTHH:MM for both: a season is bounded by instants")
        return self


class FixedDays(Part):
    fixed_days: int = Field(gt=0, le=366, description="the season's fee is divided by so many days")


class OutageThreshold(Part):
    min_h: int = Field(gt=0, le=720, description="shortest outage that counts [h]")
    strictly: bool = Field(description="longer than it, not as long")


class ExcludedHours(Part):
    exclude_local: str = Field(description="a test between these times counts for nothing: HH:MM-HH:MM")

    @field_validator("exclude_local")
    @classmethod
    def _hours(cls, text: str) -> str:
        if not HOURS.fullmatch(text) or text[:5] >= text[6:]:
            raise ValueError("expected a span like 10:00-14:00, the begin before the end")
        return text


class Retention(Part):
    readings_days: Literal["keep"] | Annotated[int, Field(gt=0)] = Field(
        description="raw indoor readings, or `keep` them [days]"
    )
    evidence_years: int = Field(gt=0, description="statistics, findings, claims, bundles after settlement [years]")
    metering_years: int = Field(gt=0, description="readings of heat meters [years]")


class PenaltyBase(Part):
    users: Literal["all_affected", "residential"] = Field(description="whose fee")
    denominator: Literal["statutory_season", "actual_season"] = Field(description="what the fee is divided by")
    partial_heating: Literal["not_heating", "heating"] = Field(description="what heating below the standard is")


class WarningThresholds(Part):
    version: str = Field(min_length=1, description="under which they are published")
    green_from: Annotated[Decimal, Field(ge=0)] = Field(description="green from this share of the coal floor")
    yellow_from: Annotated[Decimal, Field(ge=0)] = Field(description="yellow from this share; red below")

    @model_validator(mode="after")
    def _falling(self) -> Self:
        if self.yellow_from >= self.green_from:
            raise ValueError("yellow_from must lie below green_from")
        return self


def _option(question: str, law: str, values: str, advice: str | None = None) -> Any:
    told: JsonDict = {"question": question, "law": law}
    if advice:
        told["advice"] = advice
    return Field(None, description=values, json_schema_extra=told)


class Choices(Part):
    """Every option there is; absent = not chosen."""

    effective_from: dict[str, date] | None = _option(
        "A33",
        "the pack's source does not tell when it came into force; each day is judged by the pack of that day",
        "pack id: first day it holds, for each pack without one",
    )
    season: Literal["pack"] | SeasonChoice | None = _option(
        "A20",
        "the pack's text gives no heating season, or one of a single town",
        "`pack` (that town's), or `start` and `end` as MM-DDTHH:MM",
    )
    season_dates: Literal["both_included", "end_excluded"] | None = _option(
        "A20",
        "the season is given by dates without hours",
        "`both_included`: 00:00 of the first to 24:00 of the last; `end_excluded`: to 00:00 of the last",
    )
    contract_standard: Literal["law", "contract", "higher"] | None = _option(
        "office 5",
        "contracts may name another temperature, and the pack's text does not say which stands",
        "`law`, `contract`, or the `higher` of the two",
    )
    daily_statistic: (
        Literal["min", "time_weighted_mean", "mean_of_hourly", "min_of_hourly"] | SustainedBelow | Percentile | None
    ) = _option(
        "A1",
        "昼夜不得低于: no text read defines how a continuous series becomes the temperature of a day",
        "`min`, `time_weighted_mean`, `mean_of_hourly`, `min_of_hourly`, `percentile: N` or `sustained_below_min: N`",
    )
    day_window: str | None = _option(
        "A2",
        "昼 and 夜 are not defined in any text read; 夜 is the rest, labelled by the date it begins on",
        "`HH:00-HH:00`, whole hours",
    )
    rooms: Literal["all"] | Annotated[tuple[Room, ...], Field(min_length=1)] | None = _option(
        "A4",
        "the pack's text promises a temperature and does not say in which rooms",
        "`all` that have no temperature of their own, or a list of `bedroom`, `living_room`, `kitchen`, `bathroom`,"
        " `other`",
        "[bedroom, living_room], as most texts have it",
    )
    household_temperature: Literal["min_room", "mean", "area_weighted", "each"] | None = _option(
        "A3",
        "the texts promise a temperature to rooms and refund a dwelling",
        "`min_room`, `mean`, `area_weighted` of the rooms' daily values, or `each` room for itself",
    )
    guard_band: Literal["none"] | GuardBand | None = _option(
        "A6",
        "no text says what a reading within the instrument's tolerance of the standard means",
        "`none`, or `band_c` and `direction`: `favour_user` | `favour_company`",
    )
    min_completeness: Annotated[Decimal, Field(ge=0, le=1, decimal_places=4)] | None = _option(
        "A30",
        "no text says how much of a day must be measured to find it compliant; a failure shown stands at any coverage",
        "share of the day's slots, 0 to 1",
    )
    gap_bounds: Literal["none"] | GapBounds | None = _option(
        "A30",
        "whether gaps may be bounded so that a mean without coverage is decided",
        "`none`, or `low_c` and `high_c`; asked for means",
    )
    conditions: Literal["not_examined", "undetermined"] | None = _option(
        "A24",
        "the standard holds under conditions (weather, envelope, indoor system) that readings do not show",
        "`not_examined`: judged by temperature alone, what-if only; `undetermined`: failing days stay undetermined;"
        " where the standard goes by the weather, those whose weather or building is not known",
    )
    overlap: Literal["highest_ratio", "lowest_ratio", "refer_to_authority"] | None = _option(
        "A5",
        "two tiers of the text claim the same temperature",
        "`highest_ratio`, `lowest_ratio` or `refer_to_authority`",
    )
    computed_amount: Literal["compute", "leave"] | None = _option(
        "office 1",
        "测算额 is computed from readings alone and is never what is owed",
        "`compute` or `leave`",
    )
    fee_numerator: Literal["due", "paid"] | None = _option(
        "A21",
        "热费总额 may be the fee due or the fee paid",
        "`due` 应缴 or `paid` 实缴",
    )
    fee_denominator: Literal["statutory_season", "actual_season", "stated_days"] | FixedDays | None = _option(
        "A20",
        "采暖期天数 may be the season's length by statute or as it was, the days the text states, or a fixed number",
        "`statutory_season` (the instants of the text), `actual_season` (with its decisions), `stated_days`, or"
        " `fixed_days: N`",
        "statutory_season: the instants of that season",
    )
    fee_scope: Literal["whole_dwelling", "failing_rooms_area"] | None = _option(
        "A3",
        "the share may be taken of the whole dwelling's fee or of the failing rooms' area",
        "`whole_dwelling` or `failing_rooms_area`",
    )
    money_rounding: Literal["half_up", "half_even", "floor"] | None = _option(
        "A7",
        "no text says how fen are rounded",
        "`half_up`, `half_even` or `floor`",
    )
    money_rounding_at: Literal["day", "total"] | None = _option(
        "A7",
        "no text says whether each day or the sum is rounded; it happens once",
        "`day` or `total`",
    )
    max_ratio_per_day: Annotated[Decimal, Field(ge=0, le=2)] | None = _option(
        "A37",
        "no text read caps a day's refund in so many words",
        "share of the day's fee, e.g. 1",
    )
    max_ratio_per_season: Annotated[Decimal, Field(ge=0, le=2)] | None = _option(
        "A37",
        "no text read caps a season's refund in so many words",
        "share of the season's fee, e.g. 1",
    )

    # --- what a claim needs besides -----------------------------------------------------------------------------------

    temperature_rounding: Literal["none"] | None = _option(
        "A7",
        "no text says that a measured value may be rounded before it is compared",
        "`none`: a value is compared as it was measured",
        "none: of 17.96 °C, one decimal would make a compliant home",
    )
    time_source: Literal["device"] | None = _option(
        "A31",
        "no text says whose clock tells when a reading was taken",
        "`device`: the instant in the message; gateway and receive time are kept, a clock ahead is refused on arrival",
    )
    fixed_point_scope: Literal["own_household"] | None = _option(
        "A13",
        "no text says whether a point speaks for dwellings like its own",
        "`own_household`: for its own and for no other",
        "own_household",
    )
    metered_fee: Literal["as_billed", "base_fee", "without_base_fee"] | None = _option(
        "A21",
        "热费 of a metered user may be the bill, its base part or the rest (Luoyang: the meter's; Weifang: the base)",
        "`as_billed` by the meter, the `base_fee` 基本热费 alone, or the bill `without_base_fee`",
    )
    precedence: Annotated[tuple[Evidence, ...], Field(min_length=1)] | None = _option(
        "A29",
        "no text orders a visit, the authority's record, a third party's test and a fixed point that disagree",
        "a list, the strongest first, of `third_party`, `authority_visit`, `company_visit`, `fixed_point_series`,"
        " `presumption`; a kind that is not in it never decides",
        "[third_party, authority_visit, company_visit, fixed_point_series, presumption]",
    )
    tests_same_day: Literal["last", "lowest"] | None = _option(
        "A29",
        "no text says which of several tests of one kind on one day stands",
        "the `last` or the `lowest` of the day",
    )
    tier_between_tests: Literal["daily_series", "first_test", "lowest"] | None = _option(
        "A41",
        "the texts count days between tests and do not say by which temperature (Linyi 32: the lowest measured)",
        "`daily_series`: each day by its own evidence; the `first_test` that failed; the `lowest` of the period",
    )
    counting_start: (
        Literal["application_day", "notice_day", "report_day", "application_time", "test_day", "first_failing_day"]
        | None
    ) = _option(
        "A8",
        "the pack's text does not say from when days count",
        "`application_day`, `notice_day`, `report_day`, `application_time`, `test_day` or `first_failing_day`",
    )
    start_inclusive: bool | None = _option(
        "A8",
        "自…之日起 counts the day itself; Civil Code 201 does not count the first day of a period",
        "`true`: the first day counts, or `false`: from the next",
        "true, as 之日起 reads; let a lawyer confirm it",
    )
    period_ends: Literal["retest", "fixed_point", "either"] | None = _option(
        "A42",
        "the text ends the period with the compliant day and does not say what shows it (Tai'an, Heze: a retest)",
        "`retest`, `fixed_point`, or `either`, whichever comes first",
    )
    end_inclusive: bool | None = _option(
        "A9",
        "no text says whether the day of the passing test or value counts",
        "`true`: it counts, or `false`",
    )
    grace_exceeded: Literal["retroactive", "forgiven"] | None = _option(
        "A10",
        "the text gives time to mend and does not say whether it is paid back once it has passed",
        "`retroactive`: from the begin, or `forgiven`: from the day that holds request and grace",
        "retroactive: Beijing and Heilongjiang count from the report",
    )
    continuity_by: Literal["series", "tests", "either"] | None = _option(
        "A11",
        "the text asks for failing so long in a row and does not say what shows it",
        "the `series` of the points, two `tests` so far apart, or `either`",
    )
    break_after_min: Annotated[int, Field(ge=0, le=1440)] | None = _option(
        "A11",
        "no text says whether a short recovery breaks failing in a row",
        "minutes; a shorter recovery breaks nothing, 0 = any breaks",
        "60",
    )
    alleged_exclusions: Literal["do_not_reduce"] | None = _option(
        "A23",
        "the texts exclude by the user's own doing and mostly do not say who proves it (Beijing: the company)",
        "`do_not_reduce`: what is alleged and not proved takes nothing away; the amount as if it were stands beside it",
        "do_not_reduce",
    )
    outage: Literal["none"] | OutageThreshold | None = _option(
        "A18",
        "the text gives a share for days without heat and not from how long an outage on",
        "`none`: outages give nothing back, or `min_h: N` and `strictly`: `true` | `false`",
    )
    outage_covers: Literal["whole", "excess"] | None = _option(
        "A18",
        "no text says whether the whole outage gives back or what lies above the threshold",
        "the `whole` outage, or the `excess`",
        "whole",
    )
    outage_and_low: Literal["max", "sum"] | None = _option(
        "A19",
        "no text says what an outage and a low temperature on one day give together",
        "`max`: the higher, or the `sum` up to the day's cap",
        "max",
    )
    month_basis: Literal["calendar", "season"] | None = _option(
        "A35",
        "当月 may be the month of the calendar or of the season",
        "`calendar`, or `season`: 30 days each from the season's first day",
    )
    min_visits: Annotated[int, Field(gt=0, le=31)] | None = _option(
        "A35",
        "the text judges the month by its visits and does not say by how many",
        "how many tests; fewer leave the month undetermined",
    )
    unpaid: Literal["deny", "offset", "hold"] | None = _option(
        "A22",
        "no text says whether arrears suspend the right, are set off, or take it away",
        "`deny`, `offset` or `hold`",
        "hold, and report it",
    )
    fixed_point_opens: Literal["yes", "after_handling", "only_as_evidence", "no"] | None = _option(
        "A12",
        "whether a fixed point may open a claim without an application (Jilin City 5: after handling failed)",
        "`yes`, `after_handling`, `only_as_evidence` or `no`",
        "only_as_evidence",
    )
    liability: Literal["company_cause", "not_user_cause", "none"] | None = _option(
        "A40",
        "the pack's text does not say whose cause obliges to give back",
        "`company_cause`, `not_user_cause`, or `none`: whatever the cause",
    )
    presumption_band: Literal["lowest_ratio", "highest_ratio", "officer_names_it"] | None = _option(
        "A25",
        "the text takes a day as failing where the company does not measure, and names no band",
        "the band of the `lowest_ratio`, of the `highest_ratio`, or `officer_names_it` in the record",
    )
    refusals: Literal["officer_decides", "no_presumption"] | None = _option(
        "A26",
        "无正当理由 conditions what is presumed of a user who is absent or refuses; no text says what a good reason is",
        "`officer_decides` on a record of both sides, or `no_presumption` against a user at all",
        "officer_decides",
    )
    sla_clock: Literal["arrival", "measurement_start", "measurement_end"] | None = _option(
        "A27",
        "the text gives 测温时限 and does not say what must have happened by then",
        "`arrival`, `measurement_start` or `measurement_end`",
        "arrival",
    )
    visit_hours: Literal["any"] | ExcludedHours | None = _option(
        "A28",
        "the text does not say at which hours a test may be made (Heilongjiang: not between 10:00 and 14:00)",
        "`any`, or `exclude_local: HH:MM-HH:MM`: a test between counts for nothing",
        "any, and look twice at a test between 10:00 and 14:00",
    )
    reopen: Literal["review_task"] | None = _option(
        "A32",
        "no text says what evidence does that comes after a ruling",
        "`review_task`: it opens a 复核 task and supersedes nothing by itself",
        "review_task",
    )
    uncertified_device: Literal["counts_marked", "not_evidence"] | None = _option(
        "A34",
        "Metrology Law 9 asks for verification; no text says what a value of an unverified device is worth",
        "`counts_marked`, or `not_evidence`",
        "counts_marked",
    )
    measurement_standard_id: Annotated[str, Field(min_length=1, max_length=100)] | None = _option(
        "A36",
        "two standards bear one title (DB22/T 428-2005, 429-2005); it stands on every record of a test",
        "the number of the standard that tests are made by",
    )
    retention: Retention | None = _option(
        "A38",
        "personal data must be few (PIPL 19), claims lapse after three years (Civil Code 188), metering records stay"
        " for more than five (CJJ/T 223)",
        "`readings_days: N` or `keep`, `evidence_years: N`, `metering_years: N`; declared here, the settings of `jobs`"
        " apply it",
    )

    contract_refunds: Literal["none_agreed"] | None = _option(
        "office 5",
        "the contract's own rule of refunds goes before the text's bands (Binzhou 42); the registry does not hold it",
        "`none_agreed`: no contract of the place has one, so the bands stand; without it no claim is computed",
    )

    # --- supervision: asked for by nothing that judges or pays -------------------------------------------------------

    repair_limits: Literal["jilin_2012", "jilin_2024", "stricter"] | None = _option(
        "A14",
        "重大事故: 48 to 72 h (吉政办发〔2012〕52号), or 24 h in principle (吉建议〔2024〕12号)",
        "`jilin_2012`, `jilin_2024`, or both with the `stricter` as alarm",
        "stricter",
    )
    repair_class: Literal["reclassified", "first_estimate"] | None = _option(
        "A15",
        "an accident's class is told by how long its repair takes, which nobody knows at the start",
        "`reclassified` as time passes, the clock from the fault, or by the `first_estimate`",
        "reclassified",
    )
    exact_class_bounds: Literal["lower_class", "higher_class"] | None = _option(
        "A43",
        "exactly 6 h and exactly 24 h stand in two classes of accidents",
        "`lower_class` or `higher_class`",
    )
    penalty_base: PenaltyBase | None = _option(
        "A16",
        "应当供热而未供热期间热费总额 (Jilin 33): whose fee, divided by what, and whether partial heating is heating",
        "`users`, `denominator`, `partial_heating`; shown as a range, never as one fine",
    )
    low_temp_running: Literal["own_event", "as_stop"] | None = _option(
        "A17",
        "无故低温运行 is treated beside 提前停止供热; whether it is the same is not said",
        "`own_event`, or `as_stop`",
        "own_event",
    )
    warning_thresholds: WarningThresholds | None = _option(
        "A39",
        "红黄绿 thresholds are named and published nowhere",
        "`version`, `green_from`, `yellow_from`",
    )

    @field_validator("precedence")
    @classmethod
    def _each_once(cls, order: tuple[str, ...] | None) -> tuple[str, ...] | None:
        if order is not None and len(set(order)) < len(order):
            raise ValueError("expected each kind of evidence once")
        return order

    @field_validator("day_window")
    @classmethod
    def _window(cls, text: str | None) -> str | None:
        if text is not None:
            windows(text)
        return text

    def made(self) -> dict[str, Any]:
        """Give the options that are chosen."""
        return {name: value for name in type(self).model_fields if (value := getattr(self, name)) is not None}


class SeasonDecision(Part):
    """A dated decision that begins one season earlier or later, or ends it so."""

    season: int = Field(ge=2000, le=2100, description="the year that season begins in")
    start: SeasonInstant | None = Field(
        None, description="its start, YYYY-MM-DDTHH:MM local; null = as the text has it"
    )
    end: SeasonInstant | None = Field(None, description="its end; null = as the text has it")
    doc_no: str = Field(min_length=1, description="文号")
    source: str = Field(min_length=1, description="who decided, and where it was published")
    decided_on: date = Field(description="when")

    @model_validator(mode="after")
    def _moves_its_own_season(self) -> Self:
        if self.start is None and self.end is None:
            raise ValueError("expected a start, an end, or both")
        for bound, years in ((self.start, {self.season}), (self.end, {self.season, self.season + 1})):
            if bound is not None and int(bound[:4]) not in years:
                raise ValueError(f"expected an instant of the season that begins in {self.season}, seen {bound}")
        return self


class ChoicesFile(Part):
    """One place's choices: which packs, what was chosen, by whom."""

    schema_: Literal["heatstream.choices/1"] = Field(alias="schema", description="form of this file")
    place: str = Field(description="the city they are for")
    packs: tuple[str, ...] = Field(min_length=1, description="ids of its packs, one after the other in time")
    made_by: str = Field(description="who chose")
    made_on: date = Field(description="when")
    supplements: tuple[str, ...] = Field((), description="files of 本地规则补录, beside this one")
    season_decisions: tuple[SeasonDecision, ...] = Field(
        (), description="seasons begun or ended otherwise than the text"
    )
    choices: Choices = Field(Choices(), description="the options")

    @model_validator(mode="after")
    def _one_decision_a_season(self) -> Self:
        seasons = [each.season for each in self.season_decisions]
        if len(set(seasons)) < len(seasons):
            raise ValueError("season_decisions: expected one decision a season; the last one alone, with its 文号")
        return self


def windows(text: str) -> Windows:
    """Read `06:00-22:00` as 昼; the rest is 夜.

    Raises
    ------
    ValueError
        It is no window of whole hours.
    """
    try:
        begin, end = ((int(part[:2]) * 60 + int(part[3:])) for part in text.split("-"))
    except ValueError:
        raise ValueError("expected a window like 06:00-22:00") from None
    return Windows(begin, end)


def load(path: Path) -> ChoicesFile:
    """Read a choices file.

    Raises
    ------
    BadInput
        The file is not there, is not YAML, or names an option or a value there is not.
    """
    try:
        return ChoicesFile.model_validate(exact_yaml.read(path))
    except ValidationError as error:
        raise BadInput(faults(path, error)) from error

"""The operator's choices: what the law leaves open, each under its name. Nothing is ever chosen by itself.

`question` is the option's number in the list of open questions, `law` says where the law leaves it open, `advice` is
what the engineers would think about first: `rules explain` prints it and nothing applies it. `zh` says the same in
Chinese, for the pages. An option with one value is said aloud all the same: the value stands on every result that rests
on it.
"""

import re
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, Self

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


class Told(NamedTuple):
    """What is told of an option, in one language."""

    law: str
    """Where the law leaves it open."""
    values: str
    """What may be chosen."""
    advice: str = ""
    """What the engineers would think about first; empty where they say nothing."""


class Option(NamedTuple):
    """What an option asks."""

    question: str
    """Its number in the list of open questions."""
    en: Told
    zh: Told

    @classmethod
    def of(cls, name: str) -> Self:
        """Read it from where the option is declared."""
        field = Choices.model_fields[name]
        told: Any = field.json_schema_extra
        en = Told(told["law"], field.description or "", told.get("advice", ""))
        return cls(told["question"], en, Told(**told["zh"]))


def _option(question: str, law: str, values: str, advice: str = "", *, zh: Told) -> Any:
    told: JsonDict = {"question": question, "law": law}
    if advice:
        told["advice"] = advice
    told["zh"] = {name: text for name, text in zh._asdict().items() if text}
    return Field(None, description=values, json_schema_extra=told)


class Choices(Part):
    """Every option there is; absent = not chosen."""

    effective_from: dict[str, date] | None = _option(
        "A33",
        "the pack's source does not tell when it came into force; each day is judged by the pack of that day",
        "pack id: first day it holds, for each pack without one",
        zh=Told(
            "规则包的来源未载明施行日期；每日依当日施行的规则包判定",
            "规则包编号：施行首日，每个未载明施行日期的规则包各一项",
        ),
    )
    season: Literal["pack"] | SeasonChoice | None = _option(
        "A20",
        "the pack's text gives no heating season, or one of a single town",
        "`pack` (that town's), or `start` and `end` as MM-DDTHH:MM",
        zh=Told(
            "规则包的文本未规定采暖期，或只规定了某一城镇的采暖期",
            "`pack`（该城镇的采暖期），或 `start` 与 `end`，格式为 MM-DDTHH:MM",
        ),
    )
    season_dates: Literal["both_included", "end_excluded"] | None = _option(
        "A20",
        "the season is given by dates without hours",
        "`both_included`: 00:00 of the first to 24:00 of the last; `end_excluded`: to 00:00 of the last",
        zh=Told(
            "采暖期只有起止日期，没有时刻",
            "`both_included`：首日 00:00 至末日 24:00；`end_excluded`：至末日 00:00",
        ),
    )
    contract_standard: Literal["law", "contract", "higher"] | None = _option(
        "office 5",
        "contracts may name another temperature, and the pack's text does not say which stands",
        "`law`, `contract`, or the `higher` of the two",
        zh=Told(
            "合同可以另定室温，规则包的文本未规定以何者为准",
            "`law`（以法定为准）、`contract`（以合同为准），或取两者中较高的 `higher`",
        ),
    )
    daily_statistic: (
        Literal["min", "time_weighted_mean", "mean_of_hourly", "min_of_hourly"] | SustainedBelow | Percentile | None
    ) = _option(
        "A1",
        "昼夜不得低于: no text read defines how a continuous series becomes the temperature of a day",
        "`min`, `time_weighted_mean`, `mean_of_hourly`, `min_of_hourly`, `percentile: N` or `sustained_below_min: N`",
        zh=Told(
            "昼夜不得低于：所读文本均未规定连续数据如何成为当日室温",
            "`min`（当日最低值）、`time_weighted_mean`（时间加权平均值）、`mean_of_hourly`（小时均值的平均值）、"
            "`min_of_hourly`（最低小时均值）、"
            "`percentile: N`（第 N 百分位值）或 `sustained_below_min: N`（连续低于标准 N 分钟）",
        ),
    )
    day_window: str | None = _option(
        "A2",
        "昼 and 夜 are not defined in any text read; 夜 is the rest, labelled by the date it begins on",
        "`HH:00-HH:00`, whole hours",
        zh=Told(
            "所读文本均未界定昼与夜；夜为其余时间，以其开始之日标记",
            "`HH:00-HH:00`，须为整点",
        ),
    )
    rooms: Literal["all"] | Annotated[tuple[Room, ...], Field(min_length=1)] | None = _option(
        "A4",
        "the pack's text promises a temperature and does not say in which rooms",
        "`all` that have no temperature of their own, or a list of `bedroom`, `living_room`, `kitchen`, `bathroom`,"
        " `other`",
        "[bedroom, living_room], as most texts have it",
        zh=Told(
            "规则包的文本规定应达到的室温，未规定适用于哪些房间",
            "`all`（未另定温度的全部房间），或列出 `bedroom`（卧室）、`living_room`（起居室）、`kitchen`（厨房）、"
            "`bathroom`（卫生间）、`other`（其他）",
            "[bedroom, living_room]，多数文本如此",
        ),
    )
    household_temperature: Literal["min_room", "mean", "area_weighted", "each"] | None = _option(
        "A3",
        "the texts promise a temperature to rooms and refund a dwelling",
        "`min_room`, `mean`, `area_weighted` of the rooms' daily values, or `each` room for itself",
        zh=Told(
            "文本按房间规定室温，按户退费",
            "各房间当日数值的 `min_room`（最低房间）、`mean`（平均）、`area_weighted`（按面积加权平均），"
            "或 `each`（各房间分别认定）",
        ),
    )
    guard_band: Literal["none"] | GuardBand | None = _option(
        "A6",
        "no text says what a reading within the instrument's tolerance of the standard means",
        "`none`, or `band_c` and `direction`: `favour_user` | `favour_company`",
        zh=Told(
            "各文本均未规定读数与标准相差在仪器允差之内时如何认定",
            "`none`（不设），或 `band_c`（允差）与 `direction`（方向）："
            "`favour_user`（有利于用户） | `favour_company`（有利于供热企业）",
        ),
    )
    min_completeness: Annotated[Decimal, Field(ge=0, le=1, decimal_places=4)] | None = _option(
        "A30",
        "no text says how much of a day must be measured to find it compliant; a failure shown stands at any coverage",
        "share of the day's slots, 0 to 1",
        zh=Told(
            "各文本均未规定一日须测得多少方可认定合格；已证明的不达标，不论完整率多少均成立",
            "占当日时段的比例，0 至 1",
        ),
    )
    gap_bounds: Literal["none"] | GapBounds | None = _option(
        "A30",
        "whether gaps may be bounded so that a mean without coverage is decided",
        "`none`, or `low_c` and `high_c`; asked for means",
        zh=Told(
            "缺失数据可否设定界限，使完整率不足的平均值得以认定",
            "`none`（不设），或 `low_c`（下限）与 `high_c`（上限）；采用平均值时须选",
        ),
    )
    conditions: Literal["not_examined", "undetermined"] | None = _option(
        "A24",
        "the standard holds under conditions (weather, envelope, indoor system) that readings do not show",
        "`not_examined`: judged by temperature alone, what-if only; `undetermined`: failing days stay undetermined;"
        " where the standard goes by the weather, those whose weather or building is not known",
        zh=Told(
            "室温标准附有条件（天气、围护结构、室内供热系统），读数不能显示是否具备",
            "`not_examined`（不核查）：仅依室温判定，仅供假设测算；`undetermined`：不达标日保持无法判定；"
            "标准随天气而定的，为天气或建筑情况不明的不达标日",
        ),
    )
    overlap: Literal["highest_ratio", "lowest_ratio", "refer_to_authority"] | None = _option(
        "A5",
        "two tiers of the text claim the same temperature",
        "`highest_ratio`, `lowest_ratio` or `refer_to_authority`",
        zh=Told(
            "文本中有两档均涵盖同一温度",
            "`highest_ratio`（取比例较高的一档）、"
            "`lowest_ratio`（取比例较低的一档）或 `refer_to_authority`（由主管部门认定）",
        ),
    )
    computed_amount: Literal["compute", "leave"] | None = _option(
        "office 1",
        "测算额 is computed from readings alone and is never what is owed",
        "`compute` or `leave`",
        zh=Told(
            "测算额仅由读数测算，绝非应退的数额",
            "`compute`（测算）或 `leave`（不测算）",
        ),
    )
    fee_numerator: Literal["due", "paid"] | None = _option(
        "A21",
        "热费总额 may be the fee due or the fee paid",
        "`due` 应缴 or `paid` 实缴",
        zh=Told(
            "热费总额可以指应缴的热费，也可以指实缴的热费",
            "`due` 应缴或 `paid` 实缴",
        ),
    )
    fee_denominator: Literal["statutory_season", "actual_season", "stated_days"] | FixedDays | None = _option(
        "A20",
        "采暖期天数 may be the season's length by statute or as it was, the days the text states, or a fixed number",
        "`statutory_season` (the instants of the text), `actual_season` (with its decisions), `stated_days`, or"
        " `fixed_days: N`",
        "statutory_season: the instants of that season",
        zh=Told(
            "采暖期天数可以指采暖期的法定长度、实际长度、文本所载天数或固定天数",
            "`statutory_season`（文本所定的起止时刻）、`actual_season`（连同调整采暖期的决定）、"
            "`stated_days`（文本所载天数）或 `fixed_days: N`（固定 N 天）",
            "statutory_season：该采暖期的起止时刻",
        ),
    )
    fee_scope: Literal["whole_dwelling", "failing_rooms_area"] | None = _option(
        "A3",
        "the share may be taken of the whole dwelling's fee or of the failing rooms' area",
        "`whole_dwelling` or `failing_rooms_area`",
        zh=Told(
            "退费比例可以就整套住宅的热费计算，也可以就不达标房间的面积计算",
            "`whole_dwelling`（整套住宅）或 `failing_rooms_area`（不达标房间的面积）",
        ),
    )
    money_rounding: Literal["half_up", "half_even", "floor"] | None = _option(
        "A7",
        "no text says how fen are rounded",
        "`half_up`, `half_even` or `floor`",
        zh=Told(
            "各文本均未规定金额如何进位至分",
            "`half_up`（四舍五入）、`half_even`（四舍六入五成双）或 `floor`（舍去不足一分的部分）",
        ),
    )
    money_rounding_at: Literal["day", "total"] | None = _option(
        "A7",
        "no text says whether each day or the sum is rounded; it happens once",
        "`day` or `total`",
        zh=Told(
            "各文本均未规定逐日进位还是合计后进位；只进位一次",
            "`day`（每日）或 `total`（合计）",
        ),
    )
    max_ratio_per_day: Annotated[Decimal, Field(ge=0, le=2)] | None = _option(
        "A37",
        "no text read caps a day's refund in so many words",
        "share of the day's fee, e.g. 1",
        zh=Told(
            "所读文本均未明文规定单日退费的上限",
            "占当日热费的比例，如 1",
        ),
    )
    max_ratio_per_season: Annotated[Decimal, Field(ge=0, le=2)] | None = _option(
        "A37",
        "no text read caps a season's refund in so many words",
        "share of the season's fee, e.g. 1",
        zh=Told(
            "所读文本均未明文规定一个采暖期退费的上限",
            "占采暖期热费的比例，如 1",
        ),
    )

    # --- what a claim needs besides -----------------------------------------------------------------------------------

    temperature_rounding: Literal["none"] | None = _option(
        "A7",
        "no text says that a measured value may be rounded before it is compared",
        "`none`: a value is compared as it was measured",
        "none: of 17.96 °C, one decimal would make a compliant home",
        zh=Told(
            "各文本均未规定实测值在比较之前可以修约",
            "`none`（不修约）：按实测值比较",
            "none（不修约）：17.96 °C 保留一位小数，该户即成合格",
        ),
    )
    time_source: Literal["device"] | None = _option(
        "A31",
        "no text says whose clock tells when a reading was taken",
        "`device`: the instant in the message; gateway and receive time are kept, a clock ahead is refused on arrival",
        zh=Told(
            "各文本均未规定读数的时间以谁的时钟为准",
            "`device`（设备）：报文中的时刻；网关时间与接收时间一并保存，时钟超前的在到达时拒收",
        ),
    )
    fixed_point_scope: Literal["own_household"] | None = _option(
        "A13",
        "no text says whether a point speaks for dwellings like its own",
        "`own_household`: for its own and for no other",
        "own_household",
        zh=Told(
            "各文本均未规定监测点可否代表与其所在户相似的住户",
            "`own_household`：只代表其所在的一户，不代表其他户",
            "own_household（其所在的一户）",
        ),
    )
    metered_fee: Literal["as_billed", "base_fee", "without_base_fee"] | None = _option(
        "A21",
        "热费 of a metered user may be the bill, its base part or the rest (Luoyang: the meter's; Weifang: the base)",
        "`as_billed` by the meter, the `base_fee` 基本热费 alone, or the bill `without_base_fee`",
        zh=Told(
            "计量用户的热费可以指账单全额、其中的基本热费或其余部分（洛阳：按表计的部分；潍坊：基本热费）",
            "`as_billed`（按表计收的账单）、`base_fee`（仅基本热费）或 `without_base_fee`（账单扣除基本热费）",
        ),
    )
    precedence: Annotated[tuple[Evidence, ...], Field(min_length=1)] | None = _option(
        "A29",
        "no text orders a visit, the authority's record, a third party's test and a fixed point that disagree",
        "a list, the strongest first, of `third_party`, `authority_visit`, `company_visit`, `fixed_point_series`,"
        " `presumption`; a kind that is not in it never decides",
        "[third_party, authority_visit, company_visit, fixed_point_series, presumption]",
        zh=Told(
            "入户测温、主管部门的记录、第三方检测与固定监测点不一致时，各文本均未规定其先后",
            "列表，效力最强的在先，由 `third_party`（第三方检测）、`authority_visit`（主管部门测温）、"
            "`company_visit`（企业测温）、`fixed_point_series`（固定监测点数据）、`presumption`（推定）组成；"
            "未列入的种类一概不作认定依据",
            "[third_party, authority_visit, company_visit, fixed_point_series, presumption]",
        ),
    )
    tests_same_day: Literal["last", "lowest"] | None = _option(
        "A29",
        "no text says which of several tests of one kind on one day stands",
        "the `last` or the `lowest` of the day",
        zh=Told(
            "同日有数次同种测温的，各文本均未规定以何次为准",
            "当日的 `last`（最后一次）或 `lowest`（最低一次）",
        ),
    )
    tier_between_tests: Literal["daily_series", "first_test", "lowest"] | None = _option(
        "A41",
        "the texts count days between tests and do not say by which temperature (Linyi 32: the lowest measured)",
        "`daily_series`: each day by its own evidence; the `first_test` that failed; the `lowest` of the period",
        zh=Told(
            "文本计算两次测温之间的天数，未规定依何温度（临沂第 32 条：所测温度中最低的）",
            "`daily_series`：每日各依当日证据；`first_test`：首次不达标的测温；`lowest`：期间最低的测温",
        ),
    )
    counting_start: (
        Literal["application_day", "notice_day", "report_day", "application_time", "test_day", "first_failing_day"]
        | None
    ) = _option(
        "A8",
        "the pack's text does not say from when days count",
        "`application_day`, `notice_day`, `report_day`, `application_time`, `test_day` or `first_failing_day`",
        zh=Told(
            "规则包的文本未规定天数自何时起算",
            "`application_day`（申请之日）、`notice_day`（通知之日）、`report_day`（报告之日）、"
            "`application_time`（申请之时）、`test_day`（测温之日）或 `first_failing_day`（首个不达标之日）",
        ),
    )
    start_inclusive: bool | None = _option(
        "A8",
        "自…之日起 counts the day itself; Civil Code 201 does not count the first day of a period",
        "`true`: the first day counts, or `false`: from the next",
        "true, as 之日起 reads; let a lawyer confirm it",
        zh=Told(
            "“自…之日起”包括当日；《民法典》第 201 条，期间开始的当日不计入",
            "`true`：首日计入，或 `false`：自次日起",
            "true，按“之日起”的文义；请律师确认",
        ),
    )
    period_ends: Literal["retest", "fixed_point", "either"] | None = _option(
        "A42",
        "the text ends the period with the compliant day and does not say what shows it (Tai'an, Heze: a retest)",
        "`retest`, `fixed_point`, or `either`, whichever comes first",
        zh=Told(
            "文本规定期间止于达标之日，未规定由何证明（泰安、菏泽：复测）",
            "`retest`（复测）、`fixed_point`（固定监测点），或 `either`（两者以先到者为准）",
        ),
    )
    end_inclusive: bool | None = _option(
        "A9",
        "no text says whether the day of the passing test or value counts",
        "`true`: it counts, or `false`",
        zh=Told(
            "各文本均未规定测温或数值达标的当日是否计入",
            "`true`：计入，或 `false`：不计入",
        ),
    )
    grace_exceeded: Literal["retroactive", "forgiven"] | None = _option(
        "A10",
        "the text gives time to mend and does not say whether it is paid back once it has passed",
        "`retroactive`: from the begin, or `forgiven`: from the day that holds request and grace",
        "retroactive: Beijing and Heilongjiang count from the report",
        zh=Told(
            "文本给予修复的时间，未规定逾期后该段时间是否退费",
            "`retroactive`：自始计算，或 `forgiven`：自申请时间加修复时间所在之日起计算",
            "retroactive（自始计算）：北京、黑龙江自报告起算",
        ),
    )
    continuity_by: Literal["series", "tests", "either"] | None = _option(
        "A11",
        "the text asks for failing so long in a row and does not say what shows it",
        "the `series` of the points, two `tests` so far apart, or `either`",
        zh=Told(
            "文本要求连续不达标达到一定时间，未规定由何证明",
            "监测点的 `series`（连续数据）、相隔该段时间的两次 `tests`（测温），或 `either`（两者之一）",
        ),
    )
    break_after_min: Annotated[int, Field(ge=0, le=1440)] | None = _option(
        "A11",
        "no text says whether a short recovery breaks failing in a row",
        "minutes; a shorter recovery breaks nothing, 0 = any breaks",
        "60",
        zh=Told(
            "各文本均未规定短时恢复是否中断连续不达标",
            "分钟数；更短的恢复不中断，0 = 任何恢复均中断",
            "60",
        ),
    )
    alleged_exclusions: Literal["do_not_reduce"] | None = _option(
        "A23",
        "the texts exclude by the user's own doing and mostly do not say who proves it (Beijing: the company)",
        "`do_not_reduce`: what is alleged and not proved takes nothing away; the amount as if it were stands beside it",
        "do_not_reduce",
        zh=Told(
            "文本因用户自身的行为而免责，大多未规定由谁证明（北京：供热企业）",
            "`do_not_reduce`：仅被主张而未经证明的，不减少退费；假设成立时的金额并列写明",
            "do_not_reduce（不减少退费）",
        ),
    )
    outage: Literal["none"] | OutageThreshold | None = _option(
        "A18",
        "the text gives a share for days without heat and not from how long an outage on",
        "`none`: outages give nothing back, or `min_h: N` and `strictly`: `true` | `false`",
        zh=Told(
            "文本规定了未供热各日的退费比例，未规定停供多久起计",
            "`none`：停供不计退，或 `min_h: N`（停供小时数）与 `strictly`（是否须超过）：`true` | `false`",
        ),
    )
    outage_covers: Literal["whole", "excess"] | None = _option(
        "A18",
        "no text says whether the whole outage gives back or what lies above the threshold",
        "the `whole` outage, or the `excess`",
        "whole",
        zh=Told(
            "各文本均未规定退全部停供时间，还是只退超过起计时间的部分",
            "`whole`（全部停供时间）或 `excess`（超过起计时间的部分）",
            "whole（全部停供时间）",
        ),
    )
    outage_and_low: Literal["max", "sum"] | None = _option(
        "A19",
        "no text says what an outage and a low temperature on one day give together",
        "`max`: the higher, or the `sum` up to the day's cap",
        "max",
        zh=Told(
            "各文本均未规定同日停供与低温合计如何退费",
            "`max`：取较高者，或 `sum`：相加，以单日上限为限",
            "max（取较高者）",
        ),
    )
    month_basis: Literal["calendar", "season"] | None = _option(
        "A35",
        "当月 may be the month of the calendar or of the season",
        "`calendar`, or `season`: 30 days each from the season's first day",
        zh=Told(
            "当月可以指自然月，也可以指采暖期的月",
            "`calendar`（自然月），或 `season`：自采暖期首日起每 30 日",
        ),
    )
    min_visits: Annotated[int, Field(gt=0, le=31)] | None = _option(
        "A35",
        "the text judges the month by its visits and does not say by how many",
        "how many tests; fewer leave the month undetermined",
        zh=Told(
            "文本以入户测温判定当月，未规定须有几次",
            "测温次数；不足的，当月无法判定",
        ),
    )
    unpaid: Literal["deny", "offset", "hold"] | None = _option(
        "A22",
        "no text says whether arrears suspend the right, are set off, or take it away",
        "`deny`, `offset` or `hold`",
        "hold, and report it",
        zh=Told(
            "各文本均未规定欠费是使退费的权利中止、予以抵扣，还是使其丧失",
            "`deny`（不予退费）、`offset`（抵扣）或 `hold`（暂缓）",
            "hold（暂缓），并予报告",
        ),
    )
    fixed_point_opens: Literal["yes", "after_handling", "only_as_evidence", "no"] | None = _option(
        "A12",
        "whether a fixed point may open a claim without an application (Jilin City 5: after handling failed)",
        "`yes`, `after_handling`, `only_as_evidence` or `no`",
        "only_as_evidence",
        zh=Told(
            "固定监测点可否不经申请立案（吉林市第 5 条：处理无效之后）",
            "`yes`（可以）、`after_handling`（处理之后可以）、`only_as_evidence`（只作证据）或 `no`（不可以）",
            "only_as_evidence（只作证据）",
        ),
    )
    liability: Literal["company_cause", "not_user_cause", "none"] | None = _option(
        "A40",
        "the pack's text does not say whose cause obliges to give back",
        "`company_cause`, `not_user_cause`, or `none`: whatever the cause",
        zh=Told(
            "规则包的文本未规定何人的原因须予退费",
            "`company_cause`（供热企业原因）、`not_user_cause`（非用户原因），或 `none`：不论原因",
        ),
    )
    presumption_band: Literal["lowest_ratio", "highest_ratio", "officer_names_it"] | None = _option(
        "A25",
        "the text takes a day as failing where the company does not measure, and names no band",
        "the band of the `lowest_ratio`, of the `highest_ratio`, or `officer_names_it` in the record",
        zh=Told(
            "供热企业未测温的，文本视当日为不达标，未指明档次",
            "`lowest_ratio`（比例最低）或 `highest_ratio`（比例最高）的一档，"
            "或 `officer_names_it`（由认定人员在记录中载明）",
        ),
    )
    refusals: Literal["officer_decides", "no_presumption"] | None = _option(
        "A26",
        "无正当理由 conditions what is presumed of a user who is absent or refuses; no text says what a good reason is",
        "`officer_decides` on a record of both sides, or `no_presumption` against a user at all",
        "officer_decides",
        zh=Told(
            "对不在家或拒绝的用户，以无正当理由为推定的条件；各文本均未规定何为正当理由",
            "`officer_decides`（由工作人员依双方的记录认定），或 `no_presumption`（一概不作不利于用户的推定）",
            "officer_decides（由工作人员认定）",
        ),
    )
    sla_clock: Literal["arrival", "measurement_start", "measurement_end"] | None = _option(
        "A27",
        "the text gives 测温时限 and does not say what must have happened by then",
        "`arrival`, `measurement_start` or `measurement_end`",
        "arrival",
        zh=Told(
            "文本规定了测温时限，未规定届时须已做到何事",
            "`arrival`（到达）、`measurement_start`（开始测温）或 `measurement_end`（结束测温）",
            "arrival（到达）",
        ),
    )
    visit_hours: Literal["any"] | ExcludedHours | None = _option(
        "A28",
        "the text does not say at which hours a test may be made (Heilongjiang: not between 10:00 and 14:00)",
        "`any`, or `exclude_local: HH:MM-HH:MM`: a test between counts for nothing",
        "any, and look twice at a test between 10:00 and 14:00",
        zh=Told(
            "文本未规定何时可以测温（黑龙江：10:00 至 14:00 之间不可）",
            "`any`（不限），或 `exclude_local: HH:MM-HH:MM`：其间的测温不计入",
            "any（不限），10:00 至 14:00 之间的测温应再行查看",
        ),
    )
    reopen: Literal["review_task"] | None = _option(
        "A32",
        "no text says what evidence does that comes after a ruling",
        "`review_task`: it opens a 复核 task and supersedes nothing by itself",
        "review_task",
        zh=Told(
            "各文本均未规定裁定之后出现的证据有何作用",
            "`review_task`：启动复核任务，其本身不取代任何结论",
            "review_task（启动复核任务）",
        ),
    )
    uncertified_device: Literal["counts_marked", "not_evidence"] | None = _option(
        "A34",
        "Metrology Law 9 asks for verification; no text says what a value of an unverified device is worth",
        "`counts_marked`, or `not_evidence`",
        "counts_marked",
        zh=Told(
            "《计量法》第 9 条要求检定；各文本均未规定未检定设备的数值有何效力",
            "`counts_marked`（计入并注明）或 `not_evidence`（不作证据）",
            "counts_marked（计入并注明）",
        ),
    )
    measurement_standard_id: Annotated[str, Field(min_length=1, max_length=100)] | None = _option(
        "A36",
        "two standards bear one title (DB22/T 428-2005, 429-2005); it stands on every record of a test",
        "the number of the standard that tests are made by",
        zh=Told(
            "两部标准同名（DB22/T 428-2005、429-2005）；每份测温记录均载明所依标准",
            "测温所依标准的编号",
        ),
    )
    retention: Retention | None = _option(
        "A38",
        "personal data must be few (PIPL 19), claims lapse after three years (Civil Code 188), metering records stay"
        " for more than five (CJJ/T 223)",
        "`readings_days: N` or `keep`, `evidence_years: N`, `metering_years: N`; declared here, the settings of `jobs`"
        " apply it",
        zh=Told(
            "个人信息应当从少（《个人信息保护法》第 19 条），请求权的诉讼时效为三年（《民法典》第 188 条），"
            "计量记录保存超过五年（CJJ/T 223）",
            "`readings_days: N`（天数）或 `keep`（保留）、`evidence_years: N`（年数）、"
            "`metering_years: N`（年数）；在此写明，由 `jobs` 的设置执行",
        ),
    )

    contract_refunds: Literal["none_agreed"] | None = _option(
        "office 5",
        "the contract's own rule of refunds goes before the text's bands (Binzhou 42); the registry does not hold it",
        "`none_agreed`: no contract of the place has one, so the bands stand; without it no claim is computed",
        zh=Told(
            "合同自定的退费办法优先于文本的档次（滨州第 42 条）；登记中没有该办法",
            "`none_agreed`：当地合同均未另行约定，故适用文本的档次；未选则不计算任何退费案件",
        ),
    )

    # --- supervision: asked for by nothing that judges or pays -------------------------------------------------------

    repair_limits: Literal["jilin_2012", "jilin_2024", "stricter"] | None = _option(
        "A14",
        "重大事故: 48 to 72 h (吉政办发〔2012〕52号), or 24 h in principle (吉建议〔2024〕12号)",
        "`jilin_2012`, `jilin_2024`, or both with the `stricter` as alarm",
        "stricter",
        zh=Told(
            "重大事故：48 至 72 小时（吉政办发〔2012〕52号），或原则上 24 小时（吉建议〔2024〕12号）",
            "`jilin_2012`、`jilin_2024`，或两者并用，以 `stricter`（较严者）告警",
            "stricter（较严者）",
        ),
    )
    repair_class: Literal["reclassified", "first_estimate"] | None = _option(
        "A15",
        "an accident's class is told by how long its repair takes, which nobody knows at the start",
        "`reclassified` as time passes, the clock from the fault, or by the `first_estimate`",
        "reclassified",
        zh=Told(
            "事故等级依修复所需时间而定，事故之初无人知道",
            "`reclassified`（随时间推移重新定级，时限自故障起算），或依 `first_estimate`（首次估计）",
            "reclassified（重新定级）",
        ),
    )
    exact_class_bounds: Literal["lower_class", "higher_class"] | None = _option(
        "A43",
        "exactly 6 h and exactly 24 h stand in two classes of accidents",
        "`lower_class` or `higher_class`",
        zh=Told(
            "恰为 6 小时的、恰为 24 小时的，均列入两个事故等级",
            "`lower_class`（较低等级）或 `higher_class`（较高等级）",
        ),
    )
    penalty_base: PenaltyBase | None = _option(
        "A16",
        "应当供热而未供热期间热费总额 (Jilin 33): whose fee, divided by what, and whether partial heating is heating",
        "`users`, `denominator`, `partial_heating`; shown as a range, never as one fine",
        zh=Told(
            "应当供热而未供热期间热费总额（吉林省第 33 条）：谁的热费，除以何数，部分供热是否属于供热",
            "`users`（用户）、`denominator`（除数）、`partial_heating`（部分供热）；以区间列明，从不列为单一的罚款",
        ),
    )
    low_temp_running: Literal["own_event", "as_stop"] | None = _option(
        "A17",
        "无故低温运行 is treated beside 提前停止供热; whether it is the same is not said",
        "`own_event`, or `as_stop`",
        "own_event",
        zh=Told(
            "无故低温运行与提前停止供热并列；二者是否相同未予写明",
            "`own_event`（独立的事件）或 `as_stop`（视同停止供热）",
            "own_event（独立的事件）",
        ),
    )
    warning_thresholds: WarningThresholds | None = _option(
        "A39",
        "红黄绿 thresholds are named and published nowhere",
        "`version`, `green_from`, `yellow_from`",
        zh=Told(
            "红黄绿的界限未见载明和公布",
            "`version`（版本）、`green_from`（绿色起点）、`yellow_from`（黄色起点）",
        ),
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

"""The operator's choices: what the law leaves open, each under its name. Nothing is ever chosen by itself.

`question` is the option's number in the list of open questions, `law` says where the law leaves it open.
"""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, field_validator, model_validator

from heatstream.core.calendar import Windows
from heatstream.errors import BadInput
from heatstream.rules import exact_yaml
from heatstream.rules.pack import Celsius, Part, SeasonBound, faults

SCHEMA = "heatstream.choices/1"


class SustainedBelow(Part):
    sustained_below_min: int = Field(gt=0, le=1440, description="so long without a break fails the day [min]")


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


def _option(question: str, law: str, values: str) -> Any:
    return Field(None, description=values, json_schema_extra={"question": question, "law": law})


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
    daily_statistic: Literal["min", "time_weighted_mean", "mean_of_hourly", "min_of_hourly"] | SustainedBelow | None = (
        _option(
            "A1",
            "昼夜不得低于: no text read defines how a continuous series becomes the temperature of a day",
            "`min`, `time_weighted_mean`, `mean_of_hourly`, `min_of_hourly`, or `sustained_below_min: N`",
        )
    )
    day_window: str | None = _option(
        "A2",
        "昼 and 夜 are not defined in any text read; 夜 is the rest, labelled by the date it begins on",
        "`HH:00-HH:00`, whole hours",
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
        "`not_examined`: judged by temperature alone, what-if only; `undetermined`: failing days stay undetermined",
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
    fee_denominator: Literal["statutory_season", "stated_days"] | FixedDays | None = _option(
        "A20",
        "采暖期天数 may be the season's own length, the days the text states, or a fixed number",
        "`statutory_season` (that season's instants), `stated_days`, or `fixed_days: N`",
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

    @field_validator("day_window")
    @classmethod
    def _window(cls, text: str | None) -> str | None:
        if text is not None:
            windows(text)
        return text

    def made(self) -> dict[str, Any]:
        """Give the options that are chosen."""
        return {name: value for name in type(self).model_fields if (value := getattr(self, name)) is not None}


class ChoicesFile(Part):
    """One place's choices: which packs, what was chosen, by whom."""

    schema_: Literal["heatstream.choices/1"] = Field(alias="schema", description="form of this file")
    place: str = Field(description="the city they are for")
    packs: tuple[str, ...] = Field(min_length=1, description="ids of its packs, one after the other in time")
    made_by: str = Field(description="who chose")
    made_on: date = Field(description="when")
    choices: Choices = Field(Choices(), description="the options")


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

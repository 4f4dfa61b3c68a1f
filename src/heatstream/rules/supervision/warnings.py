"""红黄绿 warnings: which figure of which subject, from where on, for how long.

Thresholds are published nowhere (A39), so none is shipped but the demo's. A figure's unit closes its name: `_e4` shares
in 0.0001, `_centi` hundredths of a degree; the others count.
"""

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Annotated, Literal, NamedTuple, Self

from pydantic import Field, model_validator

from heatstream.rules.pack import Part

Subject = Literal["building", "heat_station", "company", "district"]
Figure = Literal[
    "below_share_e4",
    "lowest_mean_centi",
    "supply_deviation_centi",
    "fuel_share_e4",
    "incidents_over_limit",
    "complaints",
    "silent_share_e4",
]
Threshold = Annotated[int, Field(ge=-(10**9), le=10**9, strict=True)]
Count = Annotated[int, Field(gt=0, le=10**9, strict=True)]


class Meaning(NamedTuple):
    """What a figure is."""

    title: str
    more_is_worse: bool
    subjects: frozenset[Subject]
    """Whose figure it can be."""
    share: bool = False
    """Held as numerator over denominator, against thresholds in 0.0001; others as they are."""


_ALL: frozenset[Subject] = frozenset({"building", "heat_station", "company", "district"})
_OF_SUPPLY: frozenset[Subject] = frozenset({"heat_station", "company"})
LOOKS_BACK: frozenset[Figure] = frozenset({"below_share_e4", "complaints"})

FIGURES: Mapping[Figure, Meaning] = MappingProxyType(
    {
        "below_share_e4": Meaning("低于标准的监测户占比", more_is_worse=True, subjects=_ALL, share=True),
        "lowest_mean_centi": Meaning("最低户日均温", more_is_worse=False, subjects=_ALL),
        "supply_deviation_centi": Meaning("供水温度与曲线偏差", more_is_worse=False, subjects=_OF_SUPPLY),
        "fuel_share_e4": Meaning("储煤占下限比例", more_is_worse=False, subjects=frozenset({"company"})),
        "incidents_over_limit": Meaning("超时未修复事故", more_is_worse=True, subjects=_OF_SUPPLY),
        "complaints": Meaning("投诉受冷户数", more_is_worse=True, subjects=_ALL),
        "silent_share_e4": Meaning("失联监测点占比", more_is_worse=True, subjects=_ALL, share=True),
    }
)


class Bounds(Part):
    """Where a colour begins and ends, in the figure's unit.

    Where more is worse, the colour is called for at `enter` and above, and called off at `leave` and below. Where less
    is worse, it is called for below `enter`, for what keeps a limit exactly keeps it, and called off at `leave` and
    above.
    """

    enter: Threshold = Field(description="from where on the figure calls for the colour")
    leave: Threshold = Field(description="from where on it calls it off")


class WarningRule(Part):
    """One figure of one kind of subject."""

    rule: str = Field(min_length=1, pattern=r"^[a-z0-9_]+$", description="its name, the same in every version")
    title: str = Field(min_length=1, description="what it says to an inspector")
    subject: Subject = Field(description="`building` a cluster of homes, `heat_station`, `company`, `district`")
    figure: Figure = Field(description="what is watched")
    yellow: Bounds = Field(description="yellow")
    red: Bounds = Field(description="red")
    least_min: Count = Field(description="a colour is called for so long before it changes, and stays so long [min]")
    least_denominator: Count = Field(
        description="of fewer homes, points or stations the figure tells nothing: undetermined, never green"
    )
    least_valid_e4: Annotated[int, Field(gt=0, le=10_000, strict=True)] | None = Field(
        None, description="a home's day counts from this share of valid slots on; lowest_mean_centi alone [0.0001]"
    )
    within_min: Count | None = Field(
        None,
        description="homes that told, complaints that came within so long; below_share_e4 and complaints alone [min]",
    )
    valid_from: date = Field(description="first day it holds")
    valid_to: date | None = Field(None, description="last day it holds; null = still")

    def holds_on(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)

    @model_validator(mode="after")
    def _subject(self) -> Self:
        allowed = FIGURES[self.figure].subjects
        if self.subject not in allowed:
            raise ValueError(
                f"{self.figure}: seen subject {self.subject}, expected one of {', '.join(sorted(allowed))}"
            )
        return self

    @model_validator(mode="after")
    def _worsening(self) -> Self:
        sign = 1 if FIGURES[self.figure].more_is_worse else -1
        order = [self.yellow.leave, self.yellow.enter, self.red.leave, self.red.enter]
        leave, enter, red_leave, red_enter = (sign * each for each in order)
        if not (leave < enter < red_enter and leave <= red_leave < red_enter):
            way = "rising" if sign > 0 else "falling"
            raise ValueError(f"{self.rule}: expected yellow.leave, yellow.enter, red.enter {way}, red.leave between")
        return self

    @model_validator(mode="after")
    def _own_fields(self) -> Self:
        if (self.figure in LOOKS_BACK) != (self.within_min is not None):
            raise ValueError(f"within_min: expected with {', '.join(sorted(LOOKS_BACK))}, and with them alone")
        if (self.figure == "lowest_mean_centi") != (self.least_valid_e4 is not None):
            raise ValueError("least_valid_e4: expected with lowest_mean_centi, and with it alone")
        if self.valid_to is not None and self.valid_to < self.valid_from:
            raise ValueError(f"valid_to: seen {self.valid_to}, expected not before valid_from {self.valid_from}")
        return self


class Warnings(Part):
    """Every rule of warnings, in every version."""

    rules: tuple[WarningRule, ...] = Field(min_length=1, description="a row a rule and version")

    def on(self, day: date) -> tuple[WarningRule, ...]:
        """Give the rules that hold on a day."""
        return tuple(rule for rule in self.rules if rule.holds_on(day))

    @model_validator(mode="after")
    def _one_at_a_time(self) -> Self:
        for place, later in enumerate(self.rules):
            for earlier in self.rules[:place]:
                together = earlier.holds_on(later.valid_from) or later.holds_on(earlier.valid_from)
                if earlier.rule == later.rule and together:
                    raise ValueError(f"{later.rule}: two versions hold on one day; expected valid_to of the earlier")
                if earlier.rule == later.rule and earlier.subject != later.subject:
                    raise ValueError(f"{later.rule}: its versions have two kinds of subject; expected another name")
        return self

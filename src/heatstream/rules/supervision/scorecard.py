"""The scorecard of a company: the six categories of DB22/T 5064-2021, their indicators, weights and points.

The standard names the categories; its indicators and weights could not be read (domain.md 0.2), so all of them are the
operator's. A figure is a share or a rate as an exact fraction; points run from 0 to 100.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from itertools import pairwise
from types import MappingProxyType
from typing import Annotated, Literal, NamedTuple, Self, get_args

from pydantic import Field, model_validator

from heatstream.rules.pack import Part

Category = Literal["equipment", "operation", "service", "smart_control", "safety", "environment"]
Stratum = Literal["all", "edge", "top", "bottom", "middle", "surrounded"]
Measure = Literal[
    "pass_rate",
    "complaints",
    "contact_kept",
    "measure_kept",
    "repair_kept",
    "points_complete",
    "meters_complete",
    "undelivered",
    "fuel_kept",
    "zero_reports",
]
CATEGORIES: Mapping[Category, str] = MappingProxyType(
    {
        "equipment": "设备设施",
        "operation": "生产运行",
        "service": "服务管理",
        "smart_control": "智能管控",
        "safety": "安全管理",
        "environment": "环境保护",
    }
)
STRATA: Mapping[Stratum, str] = MappingProxyType(
    {"all": "全部", "edge": "边", "top": "顶", "bottom": "底", "middle": "中间", "surrounded": "悬空"}
)


class Meaning(NamedTuple):
    """What a measured figure is: numerator over denominator, times `scale`."""

    title: str
    numerator: str
    denominator: str
    numerator_zh: str
    denominator_zh: str
    scale: int = 1


MEASURES: Mapping[Measure, Meaning] = MappingProxyType(
    {
        "pass_rate": Meaning(
            "固定监测点合格率", "compliant home-days", "compliant and failing home-days", "合格户日", "合格与不达标户日"
        ),
        "complaints": Meaning(
            "每万平方米投诉",
            "tickets of the hotlines",
            "area supplied [0.01 m²]",
            "热线来件",
            "供热面积（0.01 m²）",
            1_000_000,
        ),
        "contact_kept": Meaning("联系时限履行率", "kept", "kept and breached", "按时", "按时与超时"),
        "measure_kept": Meaning("测温时限履行率", "kept", "kept and breached", "按时", "按时与超时"),
        "repair_kept": Meaning("抢修时限履行率", "kept", "kept and breached", "按时", "按时与超时"),
        "points_complete": Meaning(
            "室温数据完整率", "slots with a reading", "slots expected", "有读数的时段", "应有时段"
        ),
        "meters_complete": Meaning(
            "热表数据完整率", "slots with a reading", "slots expected", "有读数的时段", "应有时段"
        ),
        "undelivered": Meaning(
            "停供户时占比",
            "home-minutes without heat",
            "home-minutes due that a meter told",
            "无热户分钟",
            "热表有数的应供户分钟",
        ),
        "fuel_kept": Meaning(
            "储煤达标率",
            "fuel reports at or above the floor",
            "fuel reports held against it",
            "达到下限的日报",
            "可与下限比较的日报",
        ),
        "zero_reports": Meaning("零报告率", "days declared", "days of the season", "已申报天数", "采暖期天数"),
    }
)
Weight = Annotated[Decimal, Field(gt=0, le=1000)]


class Knot(Part):
    """What a figure earns."""

    figure: Annotated[Decimal, Field(ge=0, le=10**9)] = Field(description="the figure as a fraction or rate")
    points: Annotated[Decimal, Field(ge=0, le=100)] = Field(description="points it earns")


class Indicator(Part):
    """One line of the scorecard."""

    indicator: str = Field(min_length=1, pattern=r"^[a-z0-9_]+$", description="its name")
    title: str = Field(min_length=1, description="as the scorecard shows it")
    weight: Weight = Field(description="against the other indicators of its category")
    measure: Measure | None = Field(None, description="what is measured; null = scored by hand")
    stratum: Stratum | None = Field(None, description="homes it is measured of; with pass_rate alone")
    least_denominator: Annotated[int, Field(gt=0, strict=True)] | None = Field(
        None, description="of less the figure is undetermined; with a measure alone"
    )
    linear: bool | None = Field(None, description="straight lines between the knots, or steps; with a measure alone")
    knots: tuple[Knot, ...] = Field((), description="figure to points, by rising figure; with a measure alone")

    @model_validator(mode="after")
    def _measured_or_by_hand(self) -> Self:
        by_hand = self.measure is None
        if (
            by_hand != (not self.knots)
            or by_hand != (self.linear is None)
            or by_hand != (self.least_denominator is None)
        ):
            raise ValueError(
                "measure, least_denominator, linear and knots: expected together, or none for a hand score"
            )
        if (self.measure == "pass_rate") != (self.stratum is not None):
            raise ValueError("stratum: expected with pass_rate, and with it alone")
        if any(later.figure <= before.figure for before, later in pairwise(self.knots)):
            raise ValueError("knots: expected by rising figure, each once")
        return self


class CategoryRule(Part):
    """One of the six categories."""

    category: Category = Field(description="which")
    weight: Weight = Field(description="against the other categories")
    indicators: tuple[Indicator, ...] = Field(min_length=1, description="its lines")


class Scorecard(Part):
    """One version."""

    version: str = Field(min_length=1, description="under which it is published")
    valid_from: date = Field(description="a season that begins on this day or later is scored by it")
    categories: tuple[CategoryRule, ...] = Field(description="each of the six once")

    @model_validator(mode="after")
    def _six(self) -> Self:
        seen = [each.category for each in self.categories]
        if sorted(seen) != sorted(get_args(Category)):
            raise ValueError(
                f"categories: seen {', '.join(seen)}, expected each of {', '.join(get_args(Category))} once"
            )
        names = [line.indicator for each in self.categories for line in each.indicators]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"indicators: {', '.join(twice)} stand twice")
        return self

    def indicators(self) -> tuple[Indicator, ...]:
        """List every line."""
        return tuple(line for each in self.categories for line in each.indicators)


class Scorecards(Part):
    """Every version."""

    versions: tuple[Scorecard, ...] = Field(min_length=1, description="by rising valid_from")

    @model_validator(mode="after")
    def _rising(self) -> Self:
        if any(later.valid_from <= before.valid_from for before, later in pairwise(self.versions)):
            raise ValueError("versions: expected by rising valid_from, each once")
        return self

    def by_hand(self) -> frozenset[tuple[Category, str]]:
        """List category and name of every indicator that some version scores by hand."""
        return frozenset(
            (each.category, line.indicator)
            for version in self.versions
            for each in version.categories
            for line in each.indicators
            if line.measure is None
        )

    def of_season(self, first_day: date) -> Scorecard | None:
        """Give the version that a season is scored by: the newest valid on its first day."""
        return next((each for each in reversed(self.versions) if each.valid_from <= first_day), None)

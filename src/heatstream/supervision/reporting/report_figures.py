"""What a report shows: whole numbers and fen, each share with its denominator, what is undetermined with its reason."""

import datetime as dt
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer

from heatstream.rules.supervision.reports import Kind, Office, TableName
from heatstream.store.timescale import LOCAL

FORM: Final = "heatstream.report/1"
Instant = Annotated[dt.datetime, PlainSerializer(lambda at: at.astimezone(LOCAL).isoformat(), return_type=str)]


class _Shape(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", from_attributes=True)


class Share(_Shape):
    """An exact share; of nothing there is none."""

    numerator: int
    denominator: int


class _OfCompany(_Shape):
    company: str = Field(description="code of the 供热企业")
    name: str


class Measured(_OfCompany):
    """测温户次 of a company, and whether 测温时限 was kept."""

    visits: int = Field(description="测温户次: visits in which something was measured")
    by_company: int = Field(description="of those: the company's")
    by_authority: int = Field(description="of those: the authority's, 复测")
    by_third_party: int = Field(description="of those: a third party's")
    households: int = Field(description="homes measured, each once")
    not_measured: int = Field(description="visits in which nothing was: 不在家, 拒绝入户")
    claims: int = Field(description="claims opened in the period")
    in_time: Share = Field(description="及时率: of claims opened in the period whose 测温时限 is decided, those kept")
    undecided: int = Field(description="claims whose 测温时限 runs, is unknown, or does not exist")
    undetermined: str | None = Field(description="why there is no 及时率")


class FailingDay(_OfCompany):
    """Homes of a company on one day; the outcomes and those waiting add up to those monitored."""

    day: dt.date
    homes: int = Field(description="registered residential homes")
    monitored: int = Field(description="with an accepted point")
    compliant: int = Field(description="合格")
    failing: int = Field(description="不达标")
    undecided: int = Field(description="无法判定")
    waiting: int = Field(description="monitored and not judged yet")
    of_monitored: Share = Field(description="failing of the homes monitored")
    of_decided: Share = Field(description="failing of those compliant or failing")
    computed_fen: int = Field(description="测算额: computed from readings alone [fen]")
    undetermined: str | None = Field(description="why a share is not told, or not whole")


class FailingHomes(_OfCompany):
    """Homes of a company that failed on some day of the period."""

    homes: int = Field(description="不达标户, each once")
    home_days: int = Field(description="their days 不达标")
    computed_fen: int = Field(description="测算额 of those days: computed from readings alone [fen]")


class Refunded(_OfCompany):
    """退费 paid in the period."""

    households: int = Field(description="退费户数, each once")
    payments: int
    paid_fen: int = Field(description="退费金额, as paid [fen]")


class Ruled(_OfCompany):
    """裁定 issued in the period by a district, about a company's homes."""

    district: str = Field(description="code of the 区县")
    rulings: int = Field(description="裁定件数")
    refund: int = Field(description="of those: 退费")
    no_refund: int = Field(description="of those: 不退费")
    ruled_fen: int = Field(description="裁定额 [fen]")
    revoked: int = Field(description="撤销 in the period, whenever they were issued")


class Unpaid(_OfCompany):
    """What was ruled or accepted and is not paid, as it stood when the report was made."""

    claim: str = Field(description="案号")
    household: str = Field(description="户号")
    district: str = Field(description="code of the 区县")
    by: Literal["ruling", "offer"] = Field(description="the ruling that stands, or the accepted 企业自行退费")
    decided_fen: int = Field(description="裁定额, or what was offered and accepted [fen]")
    paid_fen: int = Field(description="paid so far [fen]")
    left_fen: int = Field(description="未退 [fen]")
    pay_by: dt.date | None = Field(description="履行期限; null = none runs, or it cannot be said")
    overdue: bool | None = Field(description="履行期限 has passed; null = it is unknown")
    undetermined: str | None = Field(description="why nobody can say whether it is overdue")


class Complaints(_Shape):
    """投诉 of a company's homes: tickets received in the period, and the work orders they began."""

    company: str | None = Field(description="code of the 供热企业; null = matched to nobody")
    name: str
    tickets: int = Field(description="投诉量")
    unmatched: int = Field(description="of those: nobody has said yet whom they concern")
    set_aside: int = Field(description="of those: about no building of the registry")
    contact: Share = Field(description="联系时限 kept, of those kept or late")
    contact_waiting: int = Field(description="none yet, and it runs")
    contact_unknown: int = Field(description="no limit is known")
    work_orders: int = Field(description="begun by a ticket of the period")
    handled: int = Field(description="办结 stands")
    handled_in_time: Share = Field(description="办结时限 kept, of those handled within it or late")
    handled_unknown: int = Field(description="of those handled: no limit is known")
    open: int = Field(description="办结 does not stand")
    open_over_limit: int = Field(description="of those: 办结时限 has passed")
    called_back: int = Field(description="回访")
    reached: int = Field(description="of those: somebody answered")
    satisfied: Share = Field(description="满意, of those satisfied or not")
    reopened: int
    in_groups: int = Field(description="in a 群体投诉")
    area_centi_m2: int | None = Field(description="supplied on the last day [0.01 m²]")
    per_10000_m2: Share | None = Field(description="tickets per 10,000 m², exactly; null = undetermined")
    undetermined: str | None = Field(description="why something is not told")


class Outage(_OfCompany):
    """停热 of one station within the period; a time that two incidents share counts once."""

    incident: str = Field(description="number of the incident")
    station: str = Field(description="code of the 换热站")
    station_name: str
    what: Literal["late_start", "early_stop", "interruption", "breakdown"]
    begins: Instant = Field(description="heat went away")
    ends: Instant | None = Field(description="heat was back; null = it goes on")
    basis: Literal["verified", "meter", "reported"] = Field(description="经核查, else the meter, else as reported")
    minutes: int = Field(description="within the period and not counted in a row before, whole minutes [min]")
    residential: int = Field(description="居民 of the station on the day it began, without 报停")
    others: int = Field(description="非居民")
    household_minutes: int = Field(description="停热户时 of 居民: households × minutes [min]")
    others_minutes: int = Field(description="the same of 非居民 [min]")
    counted: bool = Field(description="false: a candidate that one side alone shows, in no sum")
    cause: str | None = Field(
        description="company, user, heat_source or third_party, as an officer found; null = nobody did"
    )
    component: str | None = Field(description="what failed, as recorded")
    undetermined: str | None = Field(description="why the cause is not told, or the row is in no sum")


class Fuel(_OfCompany):
    """储煤 of one fuel at one source on the last day."""

    to: Office = Field(description="to whom it goes: CHP plants to 工信")
    source: str = Field(description="code of the 热源")
    source_name: str
    kind: str = Field(description="chp, boiler, heat_pump, industrial or other")
    fuel: str | None = Field(description="coal, gas, oil, biomass or other; null = nothing planned or reported")
    reported_on: dt.date | None = Field(description="day of the newest report")
    stock_kg: int | None = Field(description="储量 that holds on the last day [kg]")
    floor_kg: Share | None = Field(description="the floor that holds there, exactly [kg]")
    floor_rule: str | None
    share: Share | None = Field(description="stock as a share of the floor")
    use_kg_a_day: Share | None = Field(description="recent use, exactly [kg/day]")
    days_left: Share | None = Field(description="at recent use, exactly [days]")
    colour: Literal["red", "yellow", "green"] | None
    unknown: dict[str, str] = Field(description="why a figure is null, by its name")


class FuelFlag(_Shape):
    """A report of fuel that contradicts the registry, the calendar or the day before."""

    to: Office | None = Field(description="to whom its source goes; null = no such source")
    company: str
    source: str = Field(description="as reported")
    fuel: str
    day: dt.date
    flags: tuple[str, ...]
    differs_kg: int | None = Field(description="how much more is there than expected [kg]")


class Declared(_OfCompany):
    """零报告 of a company and day; heatstream declares nothing in anybody's place."""

    day: dt.date
    state: Literal["已报", "未报"]
    zero: bool | None = Field(description="true: nothing happened; null = 未报")
    contradicted: bool = Field(description="zero is declared, and an incident of the company stood on the day")
    incidents: tuple[str, ...] = Field(description="numbers of those incidents")
    signature: str | None = Field(description="who signed")
    recorded_at: Instant | None
    matter: str | None = Field(description="number of the company's file that holds it")
    event: int | None = Field(description="number of its event")


class Tables(_Shape):
    """The tables; null = nobody gets it."""

    measuring: tuple[Measured, ...] | None = None
    failing: tuple[FailingDay, ...] | None = None
    failing_homes: tuple[FailingHomes, ...] | None = None
    refunds: tuple[Refunded, ...] | None = None
    rulings: tuple[Ruled, ...] | None = None
    unpaid: tuple[Unpaid, ...] | None = None
    complaints: tuple[Complaints, ...] | None = None
    outages: tuple[Outage, ...] | None = None
    fuel: tuple[Fuel, ...] | None = None
    fuel_flags: tuple[FuelFlag, ...] | None = Field(None, description="goes with `fuel`")
    declarations: tuple[Declared, ...] | None = None


class Part(_Shape):
    """What one authority gets."""

    to: Office
    name: str
    tables: tuple[TableName, ...]


class Figures(_Shape):
    """A report, whole."""

    form: Literal["heatstream.report/1"] = FORM
    kind: Kind
    title: str
    place: str = Field(description="the city, as the operator's rules name it")
    period_from: dt.date
    period_to: dt.date = Field(description="last day")
    within: tuple[str, ...] = Field(description="why it is due: 采暖期, 关键期, …; none = made by hand at another time")
    version: int = Field(description="from 1, among the reports of the same kind and days")
    made_at: Instant = Field(description="what is open is told as it stood then")
    made_by: str = Field(description="heatstream = on schedule, else who asked for it")
    closed_through: dt.date = Field(description="the last closed day")
    rules: str = Field(description="version of the operator's rules")
    rules_sha256: str
    watermarks: tuple[str, ...] = Field(description="must stand wherever this is shown")
    recipients: tuple[Part, ...]
    tables: Tables

    def rows(self, name: str, to: Office | None = None) -> tuple[Any, ...]:
        """Give the rows of a table, of `fuel` those alone that go to one authority."""
        rows: tuple[Any, ...] = getattr(self.tables, name) or ()
        return rows if to is None else tuple(each for each in rows if getattr(each, "to", to) in {to, None})

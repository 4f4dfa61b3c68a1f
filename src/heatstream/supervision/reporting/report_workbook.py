"""A report as XLSX: a cover, and a sheet for each authority and table. The same figures give the same bytes.

Chinese headings stand first, English under them. Fen are shown as yuan with two decimals; what is not known is a dash,
and the last column says why.
"""

import datetime as dt
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Literal

import xlsxwriter
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from heatstream.rules.supervision.law import REPORTED_TO, REPORTING
from heatstream.rules.supervision.reports import KINDS_ZH, TABLES, TableName
from heatstream.store.timescale import LOCAL
from heatstream.supervision.reporting.report_figures import Figures, Part, Share

Look = Literal["text", "number", "yuan", "percent", "hours", "ratio"]
CREATED: Final = dt.datetime(2000, 1, 1)  # noqa: DTZ001 - XLSX knows no zone; fixed, so that bytes are the same
DASH: Final = "–"
WHY: Final = ("未定原因", "Why undetermined")
NONE: Final = "本期无 none in this period"
GOES_ON: Final = "未恢复 goes on"
_LOOKS: Final[Mapping[Look, Mapping[str, Any]]] = MappingProxyType(
    {
        "text": {"text_wrap": True, "valign": "top"},
        "number": {"num_format": "#,##0", "valign": "top"},
        "yuan": {"num_format": "#,##0.00", "valign": "top"},
        "percent": {"num_format": "0.00%", "valign": "top"},
        "hours": {"num_format": "#,##0.00", "valign": "top"},
        "ratio": {"num_format": "#,##0.0000", "valign": "top"},
    }
)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table."""

    zh: str
    en: str
    field: str
    """Of the row; a share is shown as two whole numbers and what they come to."""
    look: Look = "text"
    summed: bool = False
    """Its sum over the rows that count stands under it."""


@dataclass(frozen=True, slots=True)
class _Cells:
    """One column of a sheet."""

    zh: str
    en: str
    look: Look
    of: Callable[[Any], Any]
    summed: bool


def _text(zh: str, en: str, field: str) -> Column:
    return Column(zh, en, field)


def _count(zh: str, en: str, field: str) -> Column:
    return Column(zh, en, field, "number", summed=True)


def _yuan(zh: str, en: str, field: str) -> Column:
    return Column(f"{zh}（元）", f"{en} [yuan]", field, "yuan", summed=True)


def _share(zh: str, en: str, field: str) -> Column:
    return Column(zh, en, field, "percent", summed=True)


def _ratio(zh: str, en: str, field: str) -> Column:
    return Column(zh, en, field, "ratio")


_COMPANY: Final = (_text("企业编码", "Company", "company"), _text("企业", "Name", "name"))
_WHY: Final = Column(*WHY, "undetermined")

COLUMNS: Final[Mapping[str, tuple[Column, ...]]] = MappingProxyType(
    {
        "measuring": (
            *_COMPANY,
            _count("测温户次", "Visits measured", "visits"),
            _count("企业测温", "By the company", "by_company"),
            _count("主管部门复测", "By the authority", "by_authority"),
            _count("第三方检测", "By a third party", "by_third_party"),
            _count("测温户数", "Homes measured", "households"),
            _count("未测成", "Nothing measured", "not_measured"),
            _count("立案", "Claims opened", "claims"),
            _share("及时率", "In time", "in_time"),
            _count("时限未定", "Limit undecided", "undecided"),
            _WHY,
        ),
        "failing": (
            _text("日期", "Day", "day"),
            *_COMPANY,
            Column("居民户", "Homes", "homes", "number"),
            Column("监测户", "Monitored", "monitored", "number"),
            Column("合格", "Compliant", "compliant", "number"),
            Column("不达标", "Failing", "failing", "number"),
            Column("无法判定", "Undetermined", "undecided", "number"),
            Column("待判定", "Waiting", "waiting", "number"),
            Column("不达标占监测户", "Failing of monitored", "of_monitored", "percent"),
            Column("不达标占已判定户", "Failing of decided", "of_decided", "percent"),
            _yuan("测算额", "Computed from readings", "computed_fen"),
            _WHY,
        ),
        "failing_homes": (
            *_COMPANY,
            _count("不达标户", "Failing homes", "homes"),
            _count("不达标户日", "Failing home-days", "home_days"),
            _yuan("测算额", "Computed from readings", "computed_fen"),
        ),
        "refunds": (
            *_COMPANY,
            _count("退费户数", "Homes refunded", "households"),
            _count("退费笔数", "Payments", "payments"),
            _yuan("退费金额", "Paid", "paid_fen"),
        ),
        "rulings": (
            _text("区县", "District", "district"),
            *_COMPANY,
            _count("裁定件数", "Rulings", "rulings"),
            _count("退费", "Refund", "refund"),
            _count("不退费", "No refund", "no_refund"),
            _yuan("裁定额", "Ruled", "ruled_fen"),
            _count("撤销", "Revoked", "revoked"),
        ),
        "unpaid": (
            _text("案号", "Claim", "claim"),
            _text("户号", "Household", "household"),
            _text("区县", "District", "district"),
            *_COMPANY,
            _text("依据", "By", "by"),
            _yuan("应付", "Decided", "decided_fen"),
            _yuan("已付", "Paid", "paid_fen"),
            _yuan("未退", "Left", "left_fen"),
            _text("履行期限", "Pay by", "pay_by"),
            _text("逾期", "Overdue", "overdue"),
            _WHY,
        ),
        "complaints": (
            *_COMPANY,
            _count("投诉量", "Tickets", "tickets"),
            _count("未匹配", "Unmatched", "unmatched"),
            _count("非登记楼栋", "Set aside", "set_aside"),
            _share("联系及时", "Contact in time", "contact"),
            _count("待联系", "Contact waiting", "contact_waiting"),
            _count("联系时限未知", "No contact limit", "contact_unknown"),
            _count("工单", "Work orders", "work_orders"),
            _count("办结", "Handled", "handled"),
            _share("按时办结", "Handled in time", "handled_in_time"),
            _count("办结时限未知", "No handling limit", "handled_unknown"),
            _count("未办结", "Open", "open"),
            _count("超时未办结", "Open over limit", "open_over_limit"),
            _count("回访", "Called back", "called_back"),
            _count("回访接通", "Reached", "reached"),
            _share("满意", "Satisfied", "satisfied"),
            _count("重新打开", "Reopened", "reopened"),
            _count("群体投诉", "In groups", "in_groups"),
            _ratio("每万平方米投诉", "Per 10,000 m²", "per_10000_m2"),
            _WHY,
        ),
        "outages": (
            _text("事项", "Incident", "incident"),
            _text("换热站编码", "Station", "station"),
            _text("换热站", "Station name", "station_name"),
            *_COMPANY,
            _text("类别", "What", "what"),
            _text("起", "Begins", "begins"),
            _text("止", "Ends", "ends"),
            _text("依据", "Basis", "basis"),
            Column("本期停热（小时）", "Within the period [h]", "minutes", "hours"),
            Column("居民户", "Homes", "residential", "number"),
            Column("非居民", "Others", "others", "number"),
            Column("停热户时", "Household-hours", "household_minutes", "hours", summed=True),
            Column("非居民户时", "Others' hours", "others_minutes", "hours", summed=True),
            _text("计入", "Counted", "counted"),
            _text("原因", "Cause", "cause"),
            _text("部位", "Component", "component"),
            _WHY,
        ),
        "fuel": (
            *_COMPANY,
            _text("热源编码", "Source", "source"),
            _text("热源", "Source name", "source_name"),
            _text("类型", "Kind", "kind"),
            _text("燃料", "Fuel", "fuel"),
            _text("填报日", "Reported on", "reported_on"),
            Column("储量（kg）", "Stock [kg]", "stock_kg", "number"),
            _ratio("下限（kg）", "Floor [kg]", "floor_kg"),
            _text("下限依据", "Floor by", "floor_rule"),
            Column("储量占下限", "Stock of the floor", "share", "percent"),
            _ratio("日耗（kg/日）", "Recent use [kg/day]", "use_kg_a_day"),
            _ratio("可用天数", "Days left", "days_left"),
            _text("预警", "Colour", "colour"),
            Column(*WHY, "unknown"),
        ),
        "fuel_flags": (
            _text("企业编码", "Company", "company"),
            _text("热源编码", "Source", "source"),
            _text("燃料", "Fuel", "fuel"),
            _text("日期", "Day", "day"),
            _text("存疑", "Flags", "flags"),
            Column("相差（kg）", "Differs [kg]", "differs_kg", "number"),
        ),
        "declarations": (
            _text("日期", "Day", "day"),
            *_COMPANY,
            _text("状态", "State", "state"),
            _text("零报告", "Zero", "zero"),
            _text("与事故相悖", "Contradicted", "contradicted"),
            _text("事故", "Incidents", "incidents"),
            _text("签署人", "Signed by", "signature"),
            _text("录入时间", "Recorded at", "recorded_at"),
            _text("案卷", "File", "matter"),
            Column("事件", "Event", "event", "number"),
        ),
    }
)
WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "ruling": "裁定 ruling",
        "offer": "企业自行退费 offer",
        "late_start": "推迟开始 late start",
        "early_stop": "提前停止 early stop",
        "interruption": "中断 interruption",
        "breakdown": "故障 breakdown",
        "verified": "经核查 verified",
        "meter": "热表 meter",
        "reported": "报告 reported",
        "company": "供热企业 company",
        "user": "用户 user",
        "heat_source": "热源单位 heat source",
        "third_party": "第三方 third party",
        "red": "红 red",
        "yellow": "黄 yellow",
        "green": "绿 green",
    }
)
_WORDED: Final = frozenset({"by", "what", "basis", "cause", "colour"})
"""Fields whose value is one of `WORDS`."""


def written(figures: Figures) -> bytes:
    """Write a report's workbook."""
    out = io.BytesIO()
    plain = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(out, plain)
    book.set_properties({"title": figures.title, "comments": " ".join(figures.watermarks), "created": CREATED})
    pen = _Pen(book, figures)
    pen.cover()
    for part in figures.recipients:
        for name in part.tables:
            pen.sheet(part, name)
    book.close()
    return out.getvalue()


def period(figures: Figures) -> str:
    """Tell its days."""
    return f"{figures.period_from} 至 to {figures.period_to}"


class _Pen:
    """Writes one workbook."""

    def __init__(self, book: Workbook, figures: Figures) -> None:
        self._book, self._figures = book, figures
        self._looks = {look: book.add_format(dict(how)) for look, how in _LOOKS.items()}
        self._sums = {look: book.add_format({**how, "bold": True, "top": 1}) for look, how in _LOOKS.items()}
        self._title = book.add_format({"bold": True, "font_size": 14})
        self._mark = book.add_format({"bold": True, "font_color": "#C00000"})
        self._zh = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bg_color": "#E7E6E6"})
        self._en = book.add_format({"italic": True, "text_wrap": True, "valign": "top", "bottom": 1})

    def cover(self) -> None:
        sheet = self._named("封面 Cover", landscape=False)
        sheet.set_column(0, 0, 34)
        sheet.set_column(1, 1, 90)
        sheet.write_string(0, 0, self._figures.title, self._title)
        sheet.write_string(1, 0, " ".join(self._figures.watermarks), self._mark)
        for place, (head, said) in enumerate(_cover(self._figures), start=3):
            sheet.write_string(place, 0, head, self._zh)
            sheet.write_string(place, 1, said, self._looks["text"])

    def sheet(self, part: Part, name: TableName) -> None:
        zh, en = TABLES[name]
        sheet = self._named(f"{part.to}·{zh}", landscape=True)
        sheet.write_string(0, 0, f"{part.name} · {zh} {en} · {period(self._figures)}", self._title)
        sheet.write_string(1, 0, " ".join(self._figures.watermarks), self._mark)
        row = self._table(sheet, 3, COLUMNS[name], self._figures.rows(name, part.to))
        if name == "fuel" and (flags := self._figures.rows("fuel_flags", part.to)):
            sheet.write_string(row + 1, 0, "存疑的填报 Reports that contradict", self._title)
            self._table(sheet, row + 2, COLUMNS["fuel_flags"], flags)

    def _named(self, name: str, *, landscape: bool) -> Worksheet:
        sheet = self._book.add_worksheet(name)
        sheet.set_header(f"&C{' '.join(self._figures.watermarks)}")
        sheet.set_footer("&C&P / &N")
        if landscape:
            sheet.set_landscape()
            sheet.fit_to_pages(1, 0)
        return sheet

    def _table(self, sheet: Worksheet, top: int, columns: Sequence[Column], rows: Sequence[Any]) -> int:
        """Write a table from a row of the sheet on; give the row after it."""
        cells = [each for column in columns for each in _cells(column)]
        for place, each in enumerate(cells):
            sheet.set_column(place, place, 22 if each.look == "text" else 14)
            sheet.write_string(top, place, each.zh, self._zh)
            sheet.write_string(top + 1, place, each.en, self._en)
        for number, row in enumerate(rows, start=top + 2):
            for place, each in enumerate(cells):
                self._write(sheet, (number, place), each.look, each.of(row), self._looks)
        end = top + 2 + len(rows)
        if not rows:
            sheet.write_string(end, 0, NONE, self._looks["text"])
            return end + 1
        return self._sum(sheet, end, cells, [each for each in rows if getattr(each, "counted", True)])

    def _sum(self, sheet: Worksheet, end: int, cells: Sequence[_Cells], rows: Sequence[Any]) -> int:
        if not any(each.summed for each in cells):
            return end
        sheet.write_string(end, 0, "合计 Total", self._sums["text"])
        for place, each in enumerate(cells[1:], start=1):
            if each.summed:
                self._write(sheet, (end, place), each.look, _total(each, rows), self._sums)
        return end + 1

    def _write(self, sheet: Worksheet, at: tuple[int, int], look: Look, value: Any, looks: Mapping[Look, Any]) -> None:
        if value is None or (isinstance(value, Share) and not value.denominator):
            sheet.write_string(*at, DASH, looks["text"])
        elif look == "text":
            sheet.write_string(*at, value, looks[look])
        else:
            sheet.write_number(*at, _shown(look, value), looks[look])


def _cover(figures: Figures) -> Iterator[tuple[str, str]]:
    yield "报告 Report", f"{KINDS_ZH[figures.kind]} {figures.kind}, 第 {figures.version} 版 version {figures.version}"
    yield "城市 Place", figures.place
    yield "期间 Period", period(figures)
    yield "所属时段 Due within", "、".join(figures.within) or "按需制作 made by hand, at no time it is due"
    yield "制作时间 Made at", figures.made_at.astimezone(LOCAL).isoformat(timespec="seconds")
    yield "制作 Made by", figures.made_by
    yield "已关账至 Days closed through", figures.closed_through.isoformat()
    yield "监管规则版本 Rules", figures.rules
    yield "规则 SHA-256 Rules' hash", figures.rules_sha256
    for part in figures.recipients:
        names = "、".join(TABLES[name][0] for name in part.tables)
        yield f"报送 To {part.to}", f"{part.name}: {names}"
    yield "报送周期 How often", f"{REPORTING.doc_no} {REPORTING.article}: {REPORTING.quote}"
    yield "报送部门 To whom", f"{REPORTED_TO.doc_no} {REPORTED_TO.article}: {REPORTED_TO.quote}"
    yield (
        "三种金额 Three amounts",
        "测算额由读数算出，裁定额经裁定，退费金额为实付 computed from readings, ruled, paid: never mixed",
    )
    yield "未结事项 What is open", "以制作时间为准 as it stood when the report was made"


# --- cells ------------------------------------------------------------------------------------------------------------


def _cells(column: Column) -> Iterator[_Cells]:
    """Give the columns of the sheet that one of a table takes: three for a share."""
    if column.look not in {"percent", "ratio"}:
        yield _Cells(column.zh, column.en, column.look, lambda row: _value(column, row), column.summed)
        return
    if column.look == "percent":
        yield _Cells(f"{column.zh}·分子", f"{column.en}: of these", "number", _part(column, "numerator"), column.summed)
        yield _Cells(f"{column.zh}·分母", f"{column.en}: of", "number", _part(column, "denominator"), column.summed)
    yield _Cells(column.zh, column.en, column.look, lambda row: getattr(row, column.field), column.summed)


def _part(column: Column, name: str) -> Callable[[Any], Any]:
    def of(row: Any) -> Any:
        share = getattr(row, column.field)
        return None if share is None else getattr(share, name)

    return of


def _total(cells: _Cells, rows: Sequence[Any]) -> Any:
    values = [cells.of(row) for row in rows]
    if cells.look == "percent":
        shares = [each for each in values if each is not None]
        return Share(
            numerator=sum(each.numerator for each in shares), denominator=sum(each.denominator for each in shares)
        )
    return sum(each for each in values if each is not None)


def _value(column: Column, row: Any) -> Any:
    """Give what a cell holds; a share of nothing and whatever is null are None."""
    value = getattr(row, column.field)
    if value is None:
        return GOES_ON if column.field == "ends" else None
    return _said(column.field, value) if column.look == "text" else value


def _said(name: str, value: Any) -> str | None:
    match value:
        case bool():
            return "是 yes" if value else "否 no"
        case dt.datetime():
            return value.astimezone(LOCAL).strftime("%Y-%m-%d %H:%M")
        case dt.date():
            return value.isoformat()
        case dict():
            return "; ".join(f"{key}: {why}" for key, why in value.items()) or None
        case tuple():
            return ", ".join(value) or None
    return WORDS.get(value, value) if name in _WORDED else str(value)


def _shown(look: Look, value: Any) -> float:
    """Bring whole numbers to what a cell shows; the figures keep them whole."""
    match look:
        case "yuan":
            return float(value / 100)
        case "hours":
            return float(value / 60)
        case "percent" | "ratio":
            return float(value.numerator / value.denominator)
    return float(value)

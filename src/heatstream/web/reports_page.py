"""日报, 周报, 半月报 with their workbooks; and for a company, its 零报告 of today."""

from fastapi import Request
from nicegui import ui

from heatstream.access.permits import PAGES, may
from heatstream.rules.supervision.reports import KINDS_ZH
from heatstream.settings import Settings
from heatstream.store.read import city, companies
from heatstream.store.timescale import LOCAL
from heatstream.supervision import act
from heatstream.supervision.company import company_acts
from heatstream.supervision.company.company_file import COMPANY_FILE, Declared
from heatstream.web import grids, matter_columns, matter_rows, matter_words
from heatstream.web import words as languages
from heatstream.web.forms import form
from heatstream.web.frame import box, card, frame
from heatstream.web.matter_acts import Recording, Tree
from heatstream.web.matter_forms import given_of_file, written
from heatstream.web.parts import link, note
from heatstream.web.signed_in import Reading
from heatstream.web.today_page import HEAD, watermarked
from heatstream.web.words import Words


def _reports(words: Words) -> None:
    kinds = {kind: words(zh, kind.replace("_", " ")) for kind, zh in KINDS_ZH.items()}
    workbook = (
        f"hsv.file(`/rows/reports/${{p.data?.report}}/workbook`, {matter_columns.literal(words('下载', 'download'))})"
    )
    columns = [
        grids.figure(words("编号", "number"), "report", width=76),
        matter_columns.named(words("类别", "kind"), "kind", kinds, 84),
        grids.column(words("起", "from"), "period_from", 108),
        grids.column(words("止", "to"), "period_to", 108),
        grids.figure(words("版次", "version"), "version", width=72),
        grids.column(words("标题", "title"), "title", 180, flex=2),
        matter_columns.at(words("生成", "made"), "made_at"),
        matter_columns.named(words("生成者", "made by"), "made_by", {"heatstream": words("软件", "the software")}, 110),
        matter_columns.drawn(words("工作簿", "workbook"), "sha256", workbook, 96, sortable=False, filter=False),
    ]
    with card(words("报表", "reports"), words("只增不改，每版都在", "only added: every version stands")):
        grids.table("reports", "/rows/reports", columns, words, rows=12, title=words("报表", "reports"), key="report")
        note(
            words(
                "未退清单点名住户，下载仅限有权角色。报表由定时任务生成，也可由命令生成新版。",
                "The unpaid list names homes. Reports are made on schedule, or by command as another version.",
            )
        )


def add(settings: Settings) -> None:
    """Add the page."""

    @ui.page("/reports", title="heatstream", dark=None)
    async def reports(request: Request, reader: Reading) -> None:
        words, now = languages.of_request(request), reader.source.now()
        async with reader.connection() as conn:
            desk = await matter_rows.desk(conn, settings, reader.source.now)
            watermarks = watermarked(desk.ground.rules, await city.watermarks(conn))
            mine = await companies.on_day(conn, now.astimezone(LOCAL).date())
            officer = await desk.officer(reader.visitor.officer) if reader.visitor.officer else None
        with frame(request, words("报表与零报告", "reports and declarations"), watermarks, reader.visitor):
            ui.add_head_html(HEAD)
            if may(reader.visitor, "/rows/reports", PAGES):
                _reports(words)
            if officer is None or officer.role not in COMPANY_FILE.who["declared"]:
                return
            recording = Recording(request, reader, settings)
            for each in mine:
                _declare(each.code, each.name, given_of_file("declared", officer, now), recording, words)


def _declare(company: str, name: str, given: dict[str, str], recording: Recording, words: Words) -> None:
    """Let a company sign its 零报告: nobody else may, and no software does."""

    async def record(tree: Tree) -> None:
        async with recording.desk() as (desk, by):
            event = act.told(COMPANY_FILE.name, tree, by, company)
            if not isinstance(event, Declared):
                raise TypeError(f"seen {event.name}: this form is of declarations")
            await company_acts.record_of_day(desk, company, event.day, event, by=by)
        ui.navigate.to(f"/companies/{company}#declarations")

    title = matter_words.event(COMPANY_FILE.name, "declared", words)
    with card(
        f"{title} · {name}", words("签字即为企业对当日的申报", "what is signed is the company's statement of the day")
    ):
        with box("p", "hs-note hs-links"):
            link(words("已报与未报的日子", "days reported and not"), f"/companies/{company}#declarations")
        at = written(recording.reader.source.now())
        form(Declared, words, recording.once("declared", record), given={"at": at, **given}, button=title)

"""采集: gateways on- and offline, where every reading went, what was refused and why, and what the doctor says."""

import datetime as dt
import json
from collections import Counter
from http import HTTPStatus
from typing import Any, Final

from fastapi import Request
from nicegui import ui
from pydantic import AwareDatetime, Field

from heatstream.access import permits
from heatstream.claims.events import Part, Text
from heatstream.errors import HeatstreamError, Refused
from heatstream.settings import Settings, window_minutes
from heatstream.store import conflicts
from heatstream.store.conflicts import Conflict
from heatstream.store.read import city
from heatstream.store.timescale import LOCAL
from heatstream.web import again, commands, grids
from heatstream.web import words as languages
from heatstream.web.forms import form
from heatstream.web.frame import box, card, frame, tag
from heatstream.web.ingest_rows import of_gateways
from heatstream.web.parts import alert, empty, facts, figure, figures, link, note, table
from heatstream.web.shared import Reader
from heatstream.web.signed_in import Reading, still
from heatstream.web.words import Words

REASONS: Final = {
    "undecodable": ("无法解码", "cannot be read"),
    "unknown_gateway": ("网关未登记", "gateway not registered"),
    "no_time_zone": ("时间无时区", "time without a zone"),
    "time_unreadable": ("时间有误", "no instant"),
    "value_unreadable": ("数值有误", "no number"),
    "too_far_ahead": ("时间超前", "too far ahead"),
    "too_old": ("时间过旧", "too old"),
    "unknown_point": ("监测点未登记", "point not registered"),
    "unknown_meter": ("热量表未登记", "meter not registered"),
    "out_of_range": ("超出物理范围", "not physical"),
    "repeated_time_backlog": ("补传时间重复", "a backlog with one time"),
    "store_refused": ("库拒收", "refused by the database"),
}
"""docs/formats.md tells each."""
STATES: Final = {
    "online": ("在线", "online"),
    "silent": ("无消息", "silent"),
    "offline": ("离线", "offline"),
    "never": ("从未上线", "never heard"),
}
VERDICTS: Final = {"ok": ("正常", "ok"), "warn": ("注意", "watch"), "fail": ("会丢数据", "loses data")}
REFRESH_S = 20
NEITHER: Final = "neither"


def _figures(rows: list[dict[str, Any]], words: Words) -> None:
    states = Counter(row["state"] for row in rows)
    total = Counter({name: sum(row[name] for row in rows) for name in ("readings", "stored", "missing", "lost")})
    heard = words(f"共 {len(rows):,} 台网关", f"of {len(rows):,} gateways")
    with figures():
        for name in STATES:
            figure(words(*STATES[name]), f"{states[name]:,}", heard)
        of = words(f"入库 {total['stored']:,}", f"{total['stored']:,} stored")
        figure(words("一天内读数", "readings, last day"), f"{total['readings']:,}", of)
        figure(words("缺失报文", "missing messages"), f"{total['missing']:,}", words("按序号", "by sequence"))
        said = words("应为 0：入库+重复+冲突+拒收", "must be 0: stored + repeated + conflicting + rejected")
        figure(words("守恒差", "unaccounted for"), f"{total['lost']:,}", said)


def _gateways(words: Words) -> None:
    names = {name: words(*said) for name, said in STATES.items()}
    columns = [
        grids.column(words("网关", "gateway"), "gateway", 120),
        grids.column(words("状态", "state"), "state", 100, **{":valueFormatter": f"p => ({names})[p.value]"}),
        grids.column(
            words("最近报文", "last message"), "last_received_at", 124, **{":valueFormatter": "p => hs.local(p.value)"}
        ),
        grids.column(words("企业", "company"), "company", 120),
        grids.figure(words("缺失报文", "missing"), "missing"),
        grids.figure(words("读数", "readings"), "readings"),
        grids.figure(words("= 入库", "= stored"), "stored"),
        grids.figure(words("+ 重复", "+ repeated"), "repeated"),
        grids.figure(words("+ 冲突", "+ conflicting"), "conflicting", width=110),
        grids.figure(words("+ 拒收", "+ rejected"), "rejected"),
        grids.figure(words("其中迟到", "of them late"), "late"),
        grids.figure(words("无法解码报文", "undecodable"), "undecodable", width=124),
        grids.figure(words("只计数报文", "only counted"), "over_quota", width=124),
    ]
    with card(
        words("网关", "gateways"), words("近一天守恒：读数 = 入库 + 重复 + 冲突 + 拒收", "conservation of a day")
    ):
        grids.table("gateways", "/rows/ingest/gateways", columns, words, rows=8)


def _rejects(request: Request, reader: Reader, words: Words) -> None:
    names = {code: words(*said) for code, said in REASONS.items()}
    reason = grids.column(
        words("原因", "reason"), "reason", 150, **{":valueFormatter": f"p => ({names})[p.value] || p.value"}
    )
    columns = [
        reason,
        grids.column(words("网关", "gateway"), "gateway", 110),
        grids.column(words("所见与所需", "seen and expected"), "detail", 300, flex=4),
        grids.figure(words("读数", "readings"), "readings"),
        grids.figure(words("收到次数", "times seen"), "seen"),
        grids.column(words("最近", "last"), "last_received_at", 116, **{":valueFormatter": "p => hs.local(p.value)"}),
    ]
    with card(words("拒收与重放", "refused, and fed again"), words("原文保留，原因排除后可重放", "kept whole")):
        grids.table(
            "reasons", "/rows/ingest/reasons", [reason, grids.figure(words("待处理", "wait"), "refused")], words, rows=5
        )
        if permits.may(reader.visitor, "/ingest/replay", permits.PAGES):
            _replay(request, words)
        grids.table("rejects", "/rows/ingest/rejects", columns, words, rows=8)


def _replay(request: Request, words: Words) -> None:
    """Feed what was refused again: by the command, which writes under the lock that ingest writes under."""
    with box("div", "hs-choices hs-between"):
        tag("span", words("只重放原因", "only of the reason"))
        chosen = box("select", aria_label=words("只重放原因", "only of the reason"))
        with chosen:
            tag("option", words("全部", "all"), value="")
            for code, said in REASONS.items():
                tag("option", words(*said), value=code)
        button = tag("button", words("重放", "feed again"), "hs-act", type="button")
    answer = box("div", role="status")

    async def replay(event: Any) -> None:
        reason = str(event.args or "")
        answer.clear()
        with answer:
            note(words("正在重放…", "being fed again…"))
        try:
            who = await still(request)
            permits.check(who, "/ingest/replay", permits.PAGES)
            ran = await commands.run("replay", "rejects", *(["--reason", reason] if reason in REASONS else []))
            said = (ran.out if ran.code == 0 else ran.err).strip()
        except HeatstreamError as error:
            said = words.why(error)
        answer.clear()
        with answer:
            tag("pre", said, "hs-sentence")

    button.on("click", replay, js_handler=f"() => emit(document.getElementById('{chosen.html_id}').value)")


class Decision(Part):
    """Which value of an instant counts."""

    counts: Text = Field(description="哪个数值有效 which value counts")
    reason: Text = Field(description="依据 why, kept for good")


def _conflicts(words: Words) -> None:
    columns = [
        grids.column(words("监测点", "point"), "point", 130, **{":cellRenderer": _CONFLICT}),
        grids.column(words("时刻", "instant"), "at", 130, **{":valueFormatter": "p => hs.local(p.value)"}),
        grids.figure(words("先到 °C", "first °C"), "stored_centi", "hs.degrees"),
        grids.column(words("另有 °C", "others °C"), "other_centi", 120),
    ]
    said = words(
        "未裁定前两值都不计，且该日不得判合格", "until somebody decides neither counts, and the day is not 合格"
    )
    with card(words("同一时刻两个数值", "instants with two values"), said):
        grids.table("conflicts", "/rows/ingest/conflicts", columns, words, rows=6)


_CONFLICT: Final = (
    "p => { const a = document.createElement('a'); a.textContent = p.value; "
    "a.href = '/ingest/conflict?' + new URLSearchParams({point: p.data.point, at: p.data.at}); return a; }"
)


def _doctor(request: Request, words: Words) -> None:
    with card(
        words("自检", "doctor"), words("时钟、磁盘、消息代理、数据库与已知隐患", "clock, disk, broker, database")
    ):
        button = tag("button", words("现在检查", "examine now"), "hs-act", type="button")
        answer = box("div", role="status")

    async def examine() -> None:
        answer.clear()
        with answer:
            note(words("检查中…", "examining…"))
        try:
            permits.check(await still(request), "/ingest/doctor", permits.PAGES)
            ran = await commands.run("doctor", "--json")
        except HeatstreamError as error:
            answer.clear()
            with answer:
                alert(words.why(error))
            return
        answer.clear()
        with answer:
            _verdicts(ran, words)

    button.on("click", examine)


def _verdicts(ran: commands.Ran, words: Words) -> None:
    lines = [json.loads(line) for line in ran.out.splitlines() if line.startswith("{")]
    if not lines:
        alert(ran.err.strip() or words("没有结果。", "It said nothing."))
        return
    names = (words("项目", "check"), words("结论", "verdict"), words("所见", "seen"), words("所需", "expected"))
    with table((*names, words("如何处置", "how to mend"))):
        for line in sorted(lines, key=lambda each: list(VERDICTS).index(each["verdict"]), reverse=True):
            with box("tr"):
                tag("td", line["check"])
                tag("td", words(*VERDICTS[line["verdict"]]), f"hs-verdict-{line['verdict']}")
                tag("td", line["seen"])
                tag("td", line["expected"])
                tag("td", "" if line["verdict"] == "ok" else line["mend"])


def _incidents(words: Words) -> None:
    columns = [
        grids.column(words("时间", "at"), "at", 116, **{":valueFormatter": "p => hs.local(p.value)"}),
        grids.column(words("类别", "kind"), "kind", 140),
        grids.column(words("网关", "gateway"), "gateway", 110),
        grids.column(words("说明", "detail"), "detail", 260, flex=4),
    ]
    with card(words("采集事件", "what happened to ingest")):
        grids.table("incidents", "/rows/ingest/incidents", columns, words, rows=6)


async def _conflict(reader: Reader, point: str, at: dt.datetime) -> Conflict | None:
    async with reader.connection() as conn:
        return next(iter(await conflicts.undecided(conn, of=(point, at))), None)


def add(settings: Settings) -> None:
    """Add the pages."""

    @ui.page("/ingest", title="heatstream", dark=None)
    async def ingest(request: Request, reader: Reading) -> None:
        words = languages.of_request(request)
        async with reader.connection() as conn:
            watermarks = await city.watermarks(conn)
        with frame(request, words("采集", "ingest"), watermarks, reader.visitor):

            @ui.refreshable
            async def told() -> None:
                _figures(await of_gateways(reader), words)

            await told()
            _gateways(words)
            _rejects(request, reader, words)
            _conflicts(words)
            if permits.may(reader.visitor, "/ingest/doctor", permits.PAGES):
                _doctor(request, words)
                _incidents(words)
            again.every(REFRESH_S, request, reader, told.refresh)

    @ui.page("/ingest/conflict", title="heatstream", dark=None)
    async def conflict(request: Request, reader: Reading, point: str, at: AwareDatetime) -> None:
        words = languages.of_request(request)
        found = await _conflict(reader, point, at)
        with frame(request, words("同一时刻两个数值", "an instant with two values"), [], reader.visitor):
            if found is None:
                ui.context.client.status_code = HTTPStatus.NOT_FOUND
                empty(words("此处没有未裁定的冲突。", "No undecided conflict stands here."))
                link(words("返回采集", "back to ingest"), "/ingest")
                return
            with card(f"{found.device} · {found.observed_at.astimezone(LOCAL):%Y-%m-%d %H:%M:%S}"):
                _decide(request, reader, found, words)

    def _decide(request: Request, reader: Reader, found: Conflict, words: Words) -> None:
        values = {f"{centi / 100:.2f}": f"{centi / 100:.2f} °C" for centi in (found.stored_centi, *found.other_centi)}
        first, *others = values.values()
        facts({words("先到", "came first"): first, words("另有", "others"): "、".join(others)})
        note(
            words(
                "裁定人与依据永久保留；该户该日重新判定。",
                "Who decides and why is kept for good; the day is judged again.",
            )
        )

        async def record(tree: dict[str, Any]) -> None:
            who = await still(request)
            permits.check(who, "/ingest/conflict", permits.PAGES)
            if await _conflict(reader, found.device, found.observed_at) is None:
                raise Refused(
                    "nobody has to decide here any more: look at the list again",
                    zh="此处已无须裁定，请重新查看列表",
                )
            value = None if tree["counts"] == NEITHER else str(tree["counts"])
            async with reader.source.writing() as conn:
                await conflicts.decide(
                    conn,
                    found.device,
                    found.observed_at,
                    value,
                    officer=str(who.officer),
                    reason=str(tree["reason"]),
                    day_from_min=window_minutes(settings.evaluate.day_window)[0],
                )
            ui.navigate.to("/ingest")

        choices = {"counts": {**values, NEITHER: words("都无效", "neither counts")}}
        form(Decision, words, record, choices=choices)

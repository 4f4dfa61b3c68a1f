"""规则: what each place's law says and how it is known, what the operator chose, what another choice would change."""

import asyncio
import datetime as dt
import json
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from fastapi import APIRouter, Request
from nicegui import ui

from heatstream.access import permits
from heatstream.errors import BadInput, HeatstreamError
from heatstream.rules import options, pack, policy
from heatstream.rules.capability import NAMES, Capability, capabilities
from heatstream.rules.choices import Choices, Option
from heatstream.rules.needs import ASKED, needs
from heatstream.rules.pack import ATTESTED, KNOWN, Pack
from heatstream.rules.policy import settled
from heatstream.rules.show import groups
from heatstream.settings import Settings
from heatstream.store import policies
from heatstream.store.read import city
from heatstream.store.read.words import yuan
from heatstream.web import commands, grids
from heatstream.web import words as languages
from heatstream.web.frame import box, card, frame, tag
from heatstream.web.parts import alert, empty, facts, link, note, table
from heatstream.web.shared import Reader
from heatstream.web.signed_in import Reading, still
from heatstream.web.words import Words

router = APIRouter(prefix="/rows/rules", include_in_schema=False)

Row = dict[str, Any]
CAPABILITIES: Final = {
    "standard": ("室温标准", "standard"),
    "clocks": ("时限", "clocks"),
    "escalation": ("转办", "escalation"),
    "ruling": ("裁定", "ruling"),
    "amount": ("测算额", "computed amount"),
    "entitlement": ("应退热费", "entitlement"),
    "supervision": ("监管", "supervision"),
}
STATES: Final = {
    "ready": ("● 可用", "● ready"),
    "choices": ("○ 待选择", "○ to be chosen"),
    "absent": ("– 无文本", "– not read"),
}
COMPARED: Final = {
    "company": ("企业", "company"),
    "district": ("区县", "district"),
    "homes": ("户", "homes"),
    "homes_changed": ("有变化的户", "homes changed"),
    "days_changed": ("有变化的户日", "days changed"),
    "failing_before": ("不达标户日 旧", "failing days before"),
    "failing_after": ("不达标户日 新", "failing days after"),
    "computed_fen_before": ("测算额 旧（元）", "computed before (yuan)"),
    "computed_fen_after": ("测算额 新（元）", "computed after (yuan)"),
    "homes_computed_changed": ("测算额有变化的户", "homes with another computed amount"),
    "if_applied_fen_before": ("假设申请计入 旧（元）", "if applied, before (yuan)"),
    "if_applied_fen_after": ("假设申请计入 新（元）", "if applied, after (yuan)"),
    "homes_if_applied_changed": ("假设申请有变化的户", "homes changed if applied"),
}
"""Columns of a comparison, as `rules simulate --json` names them."""
SHORT: Final = 16
SENT: Final = "e => { e.preventDefault(); emit(Object.fromEntries(new FormData(e.currentTarget))) }"


@cache
def _packs(folders: tuple[Path, ...]) -> dict[str, Pack]:
    """Read the packs once; an operator who adds one restarts the process."""
    return {name: pack.find(name, folders) for name in pack.ids(folders)}


def packs_of(settings: Settings) -> dict[str, Pack]:
    """Give every pack by its id, those of the operator's folder too."""
    return _packs(policy.folders(settings.evaluate.packs_dir))


def _state(of: Capability, words: Words) -> str:
    return words(*STATES[of.state]) + ("?" if of.what_if else "")


def _known(conf: str | None, words: Words) -> str:
    return words(*KNOWN[conf]) if conf in KNOWN else conf or ""


@router.get("")
def rows_packs(request: Request, reader: Reading) -> list[Row]:
    """Give every pack with what it can be used for."""
    del reader  # who is signed in may look; the law is nobody's secret
    words = languages.of_request(request)
    return [
        {
            "id": each.id,
            "place": each.place,
            "begins": each.effective_from and each.effective_from.isoformat(),
            "ends": each.effective_to and each.effective_to.isoformat(),
            "checked": each.in_force_checked_on and each.in_force_checked_on.isoformat(),
        }
        | {one.name: _state(one, words) for one in capabilities(each)}
        for each in packs_of(request.app.state.settings).values()
    ]


@router.get("/in-force")
async def rows_in_force(request: Request, reader: Reading) -> list[Row]:
    """Give the choices of the newest policy, option by option, with the law that leaves each open."""
    async with reader.connection() as conn:
        found = await policies.listed(conn)
    words = languages.of_request(request)
    return [] if not found else list(_choices(json.loads(found[0].canonical), words))


def _choices(kept: Row, words: Words) -> Iterator[Row]:
    for option, value in kept["choices"]["choices"].items():
        asks = Option.of(option) if option in Choices.model_fields else None
        yield {
            "option": option,
            "value": value if isinstance(value, str) else json.dumps(value, ensure_ascii=False),
            "question": asks.question if asks else "",
            "law": words(asks.zh.law, asks.en.law) if asks else "",
        }


def _list(words: Words) -> None:
    columns = [
        grids.column(words("规则包", "pack"), "id", 190, **{":cellRenderer": _LINK.format("/rules/")}),
        grids.column(words("地区", "place"), "place", 120),
        *(grids.column(words(*CAPABILITIES[name]), name, 112) for name in NAMES),
        grids.column(words("施行", "from"), "begins", 104),
        grids.column(words("现行有效核对日", "in force checked"), "checked", 130),
    ]
    said = words("? 依据非原文，仅供假设测算", "? not read in the text: what-if only")
    with card(words("规则包", "rule packs"), said):
        grids.table("packs", "/rows/rules", columns, words, rows=14)


_LINK: Final = (
    "p => {{ const a = document.createElement('a'); a.textContent = p.value; "
    "a.href = '{}' + encodeURIComponent(p.value); return a; }}"
)


def _in_force(kept: list[policies.StoredPolicy], words: Words) -> None:
    with card(
        words("现行政策与选择", "the policy in force, and its choices"), words("规则包＋运营方选择", "pack + choices")
    ):
        if not kept:
            empty(words("尚未判定，没有政策。", "Nothing was judged yet: there is no policy."))
            return
        newest = kept[0]
        facts(
            {
                words("地区", "place"): newest.place,
                words("哈希", "hash"): newest.hash.hex()[:SHORT],
                words("首次使用", "first used"): f"{newest.first_used_at:%Y-%m-%d}",
                words("政策数", "policies ever used"): str(len(kept)),
            }
        )
        columns = [
            grids.column(words("选项", "option"), "option", 200, **{":cellRenderer": _LINK.format("/rules/options/")}),
            grids.column(words("选择", "chosen"), "value", 160),
            grids.column(words("问题", "question"), "question", 80),
            grids.column(words("法律何处留白", "what the law leaves open"), "law", 300, flex=4),
        ]
        grids.table("choices", "/rows/rules/in-force", columns, words, rows=12)


def _uses(of: Pack, words: Words) -> None:
    with card(words("可用于", "what it serves")), box("dl", "hs-facts"):
        for one in capabilities(of):
            with box("div"):
                tag("dt", words(*CAPABILITIES[one.name]), "hs-fact-name")
                tag("dd", _state(one, words), "hs-fact-value")
                if one.why:
                    tag("dd", words(one.zh, one.why), "hs-note")


def _sources(of: Pack, words: Words) -> None:
    checked = words("现行有效核对：", "in force checked: ")
    with card(words("来源", "sources"), checked + str(of.in_force_checked_on or words("无人核对", "nobody did"))):
        for source in of.sources:
            told = " ".join(filter(None, (source.title, source.doc_no)))
            tag("p", f"{told}（{_known(source.conf, words)}）", "hs-sentence")
            if source.url:
                tag("p", source.url, "hs-note hs-sentence")


def _values(of: Pack, words: Words) -> None:
    """Show each group of values with its article, how it is known, and its words."""
    with card(
        words("条文数值", "what it says"), words("每组标条文与依据", "each with its article, and how it is known")
    ):
        for each in groups(of):
            article = each.article and words(f"第{each.article}条", f"article {each.article}")
            stands = " · ".join(filter(None, (each.group, article, _known(each.conf, words))))
            mark = "" if each.conf is None or each.conf in ATTESTED else words("（仅供假设测算）", " (what-if only)")
            with box("section", "hs-group"):
                tag("h3", stands + mark)
                facts({name or each.group: value for name, value in each.fields.items()})
                for text in filter(None, (each.quote and f"“{each.quote}”", each.note)):
                    tag("p", text, "hs-note hs-sentence")


def _open(of: Pack, words: Words) -> None:
    with card(words("留待选择", "what it leaves open"), words("没有默认值", "nothing is chosen by default")):
        left = list(dict.fromkeys(needs(of, settled(of, Choices()), *ASKED)))
        if not left:
            empty(words("没有留白。", "It leaves nothing open."))
        with box("ul"):
            for each in left:
                with box("li", "hs-sentence"):
                    link(each.option, f"/rules/options/{each.option}")
                    tag("span", f" — {words(each.zh, str(each))}")


def _what_if(request: Request, settings: Settings, words: Words) -> None:
    """Let another set of choices be tried on a season; nothing is written."""
    file = settings.evaluate.choices_file
    if file is None:
        empty(
            words("未设置选择文件（HEATSTREAM_EVALUATE_CHOICES_FILE）。", "No HEATSTREAM_EVALUATE_CHOICES_FILE is set.")
        )
        return
    note(
        words(
            "改动下面的选择，看一个采暖期会有何不同；不写入任何结果。",
            "Change the choices and see what a season would be; nothing is written.",
        )
    )
    with box("form", "hs-form", novalidate="") as asked:
        with box("label", "hs-field"):
            tag("span", words("选择文件", "choices file"))
            typed = file.read_text(encoding="utf-8")
            tag("textarea", typed, "hs-code", name_="choices", rows="18", spellcheck="false")
        with box("label", "hs-field"):
            tag("span", words("采暖期起始年", "the year the season begins in"))
            # `^`: as it stands at first; as a property it would be written over what was typed.
            box("input", name_="season", type="text", inputmode="numeric", **{"^value": str(_season())})
        with box("label", "hs-choices hs-between"):
            box("input", name_="assume", type="checkbox", value="yes")
            tag(
                "span",
                words("假设每户在首个不达标日申请", "as if each failing home had applied on its first failing day"),
            )
        tag("button", words("测算", "compare"), "hs-act", type="submit")
    answer = box("div", role="status")

    async def compare(event: Any) -> None:
        answer.clear()
        with answer:
            note(words("测算中，可能需要几分钟…", "comparing; it may take some minutes…"))
        try:
            permits.check(await still(request), "/rules/what-if", permits.PAGES)
            found = await _compared(settings, file, event.args if isinstance(event.args, dict) else {})
        except HeatstreamError as error:
            answer.clear()
            with answer:
                alert(words.why(error))
            return
        answer.clear()
        with answer:
            _compared_table(found, words)

    asked.on("submit", compare, js_handler=SENT)


def _season() -> int:
    today = dt.datetime.now(dt.UTC).date()
    return today.year if today.month > 6 else today.year - 1  # noqa: PLR2004  (a season begins in autumn)


async def _compared(settings: Settings, before: Path, told: Row) -> list[Row]:
    """Run the comparison as the command does, on a file of what was typed."""
    with tempfile.TemporaryDirectory(prefix="heatstream-what-if-") as folder:
        after = Path(folder) / before.name
        after.write_text(str(told.get("choices", "")), encoding="utf-8")
        with suppress(BadInput):  # the command tells it
            await asyncio.to_thread(policy.load, after, settings.evaluate.packs_dir)
        assume = ["--assume-application", "first_failing_day"] if told.get("assume") else []
        words = ("--policy", str(after), "--against", str(before), "--season", str(told.get("season", "")), "--json")
        ran = await commands.run("rules", "simulate", *words, *assume)
        if ran.code != 0:
            said = ran.err.strip().replace(str(after), "choices") or f"it ended with {ran.code}"
            raise BadInput(said, zh=f"未能测算，命令的说明为：{said}")
        return [json.loads(line) for line in ran.out.splitlines() if line.startswith("{")]


def _compared_table(found: list[Row], words: Words) -> None:
    if not found:
        empty(words("没有可比的户。", "There is no home to compare."))
        return
    first = found[0]
    note(words(f"{first['first']} 至 {first['last']}", f"{first['first']} to {first['last']}"))
    note(words("仅由读数测算，不是应退热费。", "Computed from readings alone; not what is owed."))
    if deleted := first["readings_deleted"]:
        note(words(f"读数已删除的户日未计：{deleted}。", f"Household-days left out, readings deleted: {deleted}."))
    asked = [name for name in COMPARED if first[name] is not None or not name.startswith(("if_", "homes_if_"))]
    with table(words(*COMPARED[name]) for name in asked):
        for row in found:
            with box("tr"):
                for name in asked:
                    tag("td", _cell(name, row[name]))


def _cell(name: str, value: Any) -> str:
    if value is None:
        return "—"
    return yuan(value) if name.endswith("_fen") else str(value)


def add(settings: Settings) -> None:
    """Add the pages."""

    async def watermarks(reader: Reader) -> list[str]:
        async with reader.connection() as conn:
            return await city.watermarks(conn)

    @ui.page("/rules", title="heatstream", dark=None)
    async def rules(request: Request, reader: Reading) -> None:
        words = languages.of_request(request)
        async with reader.connection() as conn:
            kept = await policies.listed(conn)
        with frame(request, words("规则", "rules"), await watermarks(reader), reader.visitor):
            _in_force(list(kept), words)
            if permits.may(reader.visitor, "/rules/what-if", permits.PAGES):
                link(words("假设测算：换一种选择会怎样", "what-if: another choice"), "/rules/what-if")
            _list(words)

    @ui.page("/rules/what-if", title="heatstream", dark=None)
    async def what_if(request: Request, reader: Reading) -> None:
        words = languages.of_request(request)
        with (
            frame(request, words("假设测算", "what-if"), await watermarks(reader), reader.visitor),
            card(words("另一种选择", "another choice"), words("仅由读数测算，不是应退热费", "from readings alone")),
        ):
            _what_if(request, settings, words)

    @ui.page("/rules/options/{option}", title="heatstream", dark=None)
    async def option(request: Request, option: str, reader: Reading) -> None:
        words = languages.of_request(request)
        with frame(request, option, await watermarks(reader), reader.visitor):
            with card(words("选项", "an option of the operator"), words("没有默认值", "nothing is chosen by default")):
                try:
                    for line in options.explained(option, settings.evaluate.packs_dir):
                        tag("p", words(*line), "hs-sentence")
                except BadInput as error:
                    empty(words.why(error))
            link(words("返回规则", "back to the rules"), "/rules")

    @ui.page("/rules/{name}", title="heatstream", dark=None)
    async def one(request: Request, name: str, reader: Reading) -> None:
        words = languages.of_request(request)
        found = (await asyncio.to_thread(packs_of, settings)).get(name)
        if found is None:
            ui.context.client.status_code = HTTPStatus.NOT_FOUND
            with frame(request, words("规则", "rules"), [], reader.visitor):
                empty(words(f"没有规则包 {name}。", f"There is no rule pack {name}."))
                link(words("返回规则", "back to the rules"), "/rules")
            return
        marks = list(dict.fromkeys([*await watermarks(reader), *([found.watermark] if found.watermark else [])]))
        with frame(request, f"{found.place} · {found.id}", marks, reader.visitor):
            _uses(found, words)
            _open(found, words)
            _values(found, words)
            _sources(found, words)

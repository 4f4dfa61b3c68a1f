"""One claim: where it stands, its limits and amounts, what may be recorded now, and everything that was recorded."""

import json
from collections.abc import Callable
from typing import Any, Final

from fastapi import Request
from nicegui import ui

from heatstream.claims.awaited import awaited
from heatstream.claims.documents import amount_words
from heatstream.claims.event_words import CHOICES, ROLES
from heatstream.claims.shown import yuan
from heatstream.errors import BadInput
from heatstream.store.read import city
from heatstream.store.timescale import LOCAL
from heatstream.web import claim_dossier, claim_forms, claim_seen, claim_words
from heatstream.web import words as languages
from heatstream.web.claim_forms import MODELS, PAPER_OF
from heatstream.web.claim_record import BundleDays, Sheet
from heatstream.web.claim_seen import Page, local
from heatstream.web.claims_page import HEAD, PATIENCE_S
from heatstream.web.forms import Papers, Tree, form
from heatstream.web.frame import box, card, frame, tag
from heatstream.web.parts import alert, empty, facts, link
from heatstream.web.signed_in import Reading
from heatstream.web.words import Words

BUNDLE: Final = "bundle"
"""In place of a kind of event: a bundle is attached, not recorded."""


def _standing(page: Page, words: Words) -> None:
    claim, way = page.it.seen.claim, page.it.seen.way
    with card(words("进展", "where it stands"), words("案卷只增不改", "events are only ever added")):
        facts(
            {
                words("步骤", "step"): claim_words.steps(words)[claim.step],
                words("等待", "waits for"): "；".join(_waits(page, words)),
                words("户号", "household"): claim.household,
                words("地址", "address"): page.address if "address" in page.sees else "",
                words("供热企业", "company"): claim.company,
                words("区县", "district"): claim.district,
                words("立案", "opened"): f"{local(way.opened_at)} · {words(*CHOICES[claim.opened_way])}",
                words("批量案号", "batch case"): claim.batch_case or "",
                words("采暖期", "season"): f"{claim.season_from} – {claim.season_to}",
            }
        )
        with box("p", "hs-note"):
            link(
                words("用户页：读数、判定、证据", "the home: readings, findings, evidence"),
                f"/household/{claim.household}",
            )


def _waits(page: Page, words: Words) -> list[str]:
    """Tell what is waited for, and on whose desk it lies."""
    return [
        f"{claim_words.kind(each.kind, words)}（{'、'.join(words(*ROLES[role]) for role in sorted(each.roles))}）"
        for each in awaited(page.it.seen.way)
    ]


def _clocks(page: Page, words: Words) -> None:
    with card(words("时限", "time limits")):
        if not page.it.seen.clocks:
            empty(words("没有在走的时限。", "No time limit has begun."))
            return
        with box("ul", "hs-clocks"):
            for clock in page.it.seen.clocks:
                state = clock.state(page.now)
                with box("li", f"hs-clock hs-clock-{state}"):
                    tag("strong", claim_words.clocks(words)[clock.name])
                    tag("span", words(*claim_words.STATES[state]), "hs-clock-state")
                    if clock.limit is None:
                        tag("span", words.why(clock.refusal) if clock.refusal else "", "hs-note")
                        continue
                    tag("span", words(f"截至 {local(clock.limit)}", f"until {local(clock.limit)}"))
                    if clock.end is not None:
                        tag("span", words(f"{local(clock.end)} 已到", f"came {local(clock.end)}"), "hs-note")
                    else:
                        tag("span", "", "hs-clock-left", data_due=clock.limit.isoformat())


def _amounts(page: Page, words: Words) -> None:
    seen = page.it.seen
    shown = (
        (words("测算额", "computed"), seen.claim.computed_fen, words("仅由读数算出", "from readings alone")),
        (
            words("应退热费", "entitlement"),
            seen.claim.entitlement_fen,
            words("申请、责任、证据均符合时", "once all is met"),
        ),
        (words("裁定额", "ruled"), seen.claim.ruled_fen, words("以裁定书为准", "by the written ruling")),
        (words("已付", "paid"), seen.claim.paid_fen, _owed(page, words)),
    )
    with card(words("三个金额", "three amounts"), words("各自独立，不可混称", "apart, never one for another")):
        with box("div", "hs-figures hs-amounts"):
            for name, fen, said in shown:
                with box("div", "hs-figure"):
                    tag("span", name, "hs-figure-name")
                    told = yuan(fen).removesuffix(" 元") if fen is not None else words("未确定", "undetermined")
                    tag("span", told, "hs-figure-value")
                    tag("span", said, "hs-figure-note")
        for line in amount_words.lines(seen.amount):
            tag("p", words(line.zh, line.en).replace("℃", "°C"), "hs-sentence")
        with box("p", "hs-note"):
            link(
                words("逐日说明，及怎样会有不同", "day by day, and what would alter it"),
                f"/rows/claims/{page.code}/papers/explanation?html=true",
            )


def _owed(page: Page, words: Words) -> str:
    owed = page.it.seen.way.owed_fen
    return words(f"应付 {yuan(owed)}", f"of {yuan(owed)}") if owed is not None else words("元", "yuan")


# --- what may be recorded now -----------------------------------------------------------------------------------------


def _ordered(page: Page) -> tuple[list[str], list[str]]:
    """Give the kinds that may be recorded now: those that lie on the visitor's desk, and the rest."""
    ready, role = page.it.ready, page.it.officer.role if page.it.officer else ""
    first = [each.kind for each in awaited(page.it.seen.way) if each.kind in ready and role in each.roles]
    if role == "district" and ready:
        (ready if claim_forms.papers(page.it.files, "bundle") else first).append(BUNDLE)
    return first, [kind for kind in ready if kind not in first]


def _name(kind: str, words: Words) -> str:
    if kind == BUNDLE:
        return words("生成并附上证据包", "make and attach an evidence bundle")
    return claim_words.kind(kind, words)


def _acts(page: Page, request: Request, words: Words) -> None:
    first, rest = _ordered(page)
    with card(words("办理", "to do"), words("此刻可由您记录的", "what you may record now")):
        if not first and not rest:
            empty(words("此刻没有可由您记录的事项。", "There is nothing for you to record now."))
        choices = box("div", "hs-acts")
        holder = box("div", "hs-act-form")

        def show(kind: str) -> None:
            holder.clear()
            with holder:
                _form(page, request, kind, words)
            ui.run_javascript(f"hsClaims.opened('{holder.html_id}')")

        with choices:
            _buttons(first, "hs-act hs-act-first", show, words)
            if rest:
                with box("details", "hs-act-more", **({} if first else {"open": ""})):
                    tag("summary", words("其他可记录的事项", "what else may be recorded"))
                    with box("div", "hs-choices"):
                        _buttons(rest, "hs-choice", show, words)
        _not_now(page, words)


def _buttons(kinds: list[str], classes: str, show: Callable[[str], None], words: Words) -> None:
    for kind in kinds:
        button = tag("button", _name(kind, words), classes, type="button", data_kind=kind)
        button.on("click", lambda kind=kind: show(kind))


def _not_now(page: Page, words: Words) -> None:
    """Say why the rest cannot be recorded now, so that whoever waits for it knows what for."""
    refused = {kind: why for kind, why in page.it.turns.items() if why is not None}
    if not refused:
        return
    with box("details", "hs-not-now"):
        tag("summary", words("此刻不能记录的，及原因", "what cannot be recorded now, and why"))
        with box("ul"):
            for kind, why in refused.items():
                with box("li", data_kind=kind):
                    tag("strong", claim_words.kind(kind, words))
                    tag("span", f" {words.why(why)}", "hs-note")


def _form(page: Page, request: Request, kind: str, words: Words) -> None:
    tag("h3", _name(kind, words), tabindex="-1")
    sheet = Sheet.of(request)
    if kind == BUNDLE:
        _bundle_form(page, sheet, words)
        return

    async def record(tree: Tree) -> None:
        number = await sheet.record(page.code, tree)
        ui.run_javascript(f"location.hash = 'e{int(number)}'; location.reload()")

    async def attach(name: str, content: bytes) -> str:
        return await sheet.attach(page.code, name, content, PAPER_OF.get(kind, "other"))

    role = page.it.officer.role if page.it.officer else ""
    form(
        MODELS[kind],
        words,
        record,
        fixed=claim_forms.fixed(kind, role),
        given=claim_forms.given(kind, page.it.seen),
        choices=claim_forms.choices(kind, page.it, words),
        papers=Papers(claim_forms.papers(page.it.files), attach),
    )


def _bundle_form(page: Page, sheet: Sheet, words: Words) -> None:
    claim = page.it.seen.claim
    opened = claim.opened_at.astimezone(LOCAL).date()
    last = max(opened, min(page.closed or opened, claim.season_to))

    async def make(tree: Tree) -> None:
        await sheet.attach_bundle(page.code, BundleDays.model_validate(tree))
        ui.run_javascript("location.reload()")

    days = {"day_from": opened.isoformat(), "day_to": last.isoformat()}
    form(BundleDays, words, make, given=days, button=words("生成并附上", "make and attach"))


def add() -> None:
    """Add the page."""

    @ui.page("/claims/{code}", title="heatstream", dark=None, response_timeout=PATIENCE_S)
    async def claim(request: Request, code: str, reader: Reading) -> None:
        words = languages.of_request(request)
        try:
            page = await claim_seen.read(request, reader, code)
        except BadInput:
            await _missing(request, reader, code, words)
            return
        with frame(request, f"{words('退费案件', 'claim')} {code}", page.watermarks, reader.visitor):
            ui.add_head_html(HEAD)
            alert("").classes("hs-news").props("hidden")
            _standing(page, words)
            with box("div", "hs-two"):
                if "money" in page.sees:
                    _amounts(page, words)
                _clocks(page, words)
            _acts(page, request, words)
            claim_dossier.rulings(page, words)
            claim_dossier.reviews(page, words)
            with box("div", "hs-two"):
                claim_dossier.timeline(page, words)
                claim_dossier.files(page, words)
            _watch(page, words)


async def _missing(request: Request, reader: Reading, code: str, words: Words) -> None:
    async with reader.connection() as conn:
        watermarks = await city.watermarks(conn)
    ui.context.client.status_code = 404
    with frame(request, words("退费案件", "claim"), watermarks, reader.visitor):
        empty(words(f"没有案件 {code}，或不在您的范围内。", f"There is no claim {code}, or not in your sight."))


def _watch(page: Page, words: Words) -> None:
    """Let the browser count the limits down, and say when somebody else has recorded something."""
    told: dict[str, Any] = {
        "events": len(page.it.lines),
        "news": words("案卷有新的记录，请刷新后再办理。", "Somebody recorded something: load the page again."),
        **claim_words.left(words),
    }
    script = json.dumps(told, ensure_ascii=False)
    ui.timer(0.1, lambda: ui.run_javascript(f"hsClaims.watch({script}); 0"), once=True)

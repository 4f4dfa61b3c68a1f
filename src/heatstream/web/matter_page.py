"""One matter: where it stands, its limits under every rule, its supply, what was recorded, and what may be recorded."""

import datetime as dt
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from fastapi import Request
from nicegui import ui

from heatstream.access.fields import reads
from heatstream.claims.event_words import CHOICES, FIELDS
from heatstream.errors import BadInput
from heatstream.settings import Settings
from heatstream.store.claims import Line
from heatstream.store.read import city
from heatstream.supervision import shown
from heatstream.supervision.company.publications import PUBLICATION
from heatstream.supervision.incident.incident_shown import Seen
from heatstream.supervision.incident.incident_shown import sentences as of_incident
from heatstream.supervision.shown import Shown
from heatstream.web import again, charts, matter_acts, matter_rows, matter_words, publication_part
from heatstream.web import words as languages
from heatstream.web.folds import fold
from heatstream.web.forms import Papers, form
from heatstream.web.frame import box, card, frame, tag
from heatstream.web.matter_acts import Recording
from heatstream.web.matter_columns import literal
from heatstream.web.matter_forms import Offer, Offers, offers
from heatstream.web.parts import empty, facts, link, note
from heatstream.web.shared import Reader
from heatstream.web.signed_in import Reading
from heatstream.web.today_page import HEAD, local, watermarked
from heatstream.web.words import Words

REFRESH_S = 20
_AROUND = frozenset({"kind", "at", "why", "files", "content"})
"""Fields of an event that stand in its head, or that are shown in a way of their own."""
_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d.*")
_WITHIN: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+08:00")
"""An instant in a sentence, as `claims.facts.instant` writes it."""


@dataclass(frozen=True)
class Looked:
    """A matter as it was read at one moment."""

    seen: Shown | None
    offers: Offers
    watermarks: list[str]


async def look(reader: Reader, settings: Settings, code: str) -> Looked:
    """Read a matter and what the visitor may record in it; None where they see no such matter."""
    async with reader.connection() as conn:
        desk = await matter_rows.desk(conn, settings, reader.source.now)
        watermarks = watermarked(desk.ground.rules, await city.watermarks(conn))
        try:
            seen = await shown.look(desk, code)
        except BadInput:
            return Looked(None, Offers(), watermarks)
        return Looked(seen, await offers(desk, seen, reader.visitor.officer), watermarks)


# --- where it stands --------------------------------------------------------------------------------------------------


def _facts(seen: Shown, words: Words) -> None:
    found = seen.matter
    steps = matter_words.steps(words)
    told = {
        words("类别", "kind"): matter_words.kinds(words)[found.kind],
        words("缓急", "urgency"): matter_words.urgencies(words)[found.urgency],
        words("步骤", "step"): steps.get(found.step, found.step),
        words("区县", "district"): found.district,
        words("楼栋", "building"): found.building_name,
        words("发生", "opened"): local(found.opened_at),
        words("下一时限", "next limit"): local(found.next_due_at),
        words("办结", "closed"): local(found.closed_at),
    }
    facts({name: value for name, value in told.items() if value})
    places = {
        "/companies": (words("供热企业", "company"), found.company),
        "/sources": (words("热源", "heat source"), found.heat_source),
        "/stations": (words("换热站", "station"), found.heat_station),
        "/buildings": (words("楼栋", "building"), found.building),
    }
    with box("p", "hs-note hs-links"):
        for address, (name, place) in places.items():
            if place:
                link(f"{name} {place}", f"{address}/{place}")


def _incident(seen: Seen, words: Words) -> None:
    with card(
        words("期间、时限与户数", "period, limits, homes"), words("两套抢修时限并列", "both repair rules side by side")
    ):
        for line in of_incident(seen):
            tag("p", _WITHIN.sub(lambda found: local(dt.datetime.fromisoformat(found[0])), line), "hs-sentence")


def _supply(words: Words) -> None:
    """Draw a station's supply against its curve; the browser fetches the lines."""
    shaded = words("底色为本事项的期间", "shaded: the period of this matter")
    with card(words("供水温度与运行曲线", "supply against the curve"), shaded):
        chart = charts.drawn(charts.supply(words), words("供水温度与运行曲线", "supply against the curve"), words)
        draw = f"hs.supply(getElement({chart.id}).chart, './supply', {literal(matter_words.lines(words))}); 0"
        ui.timer(0.2, lambda: ui.run_javascript(draw), once=True)


# --- what was recorded ------------------------------------------------------------------------------------------------


def _value(value: Any, words: Words) -> str:
    """Write a value of an event for people; parts as they were kept."""
    if isinstance(value, bool):
        return words("是", "yes") if value else words("否", "no")
    if isinstance(value, list):
        return "\n".join(_value(each, words) for each in value)
    if not isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if _INSTANT.fullmatch(value):
        return local(dt.datetime.fromisoformat(value))
    return words(*CHOICES[value]) if value in CHOICES else value


def _name(kind: str, field: str, words: Words) -> str:
    names = FIELDS.get(f"{kind}.{field}") or FIELDS.get(field)
    return words(*names) if names else field.replace("_", " ")


def _body(line: Line, words: Words) -> None:
    told = {
        _name(line.kind, name, words): _value(value, words) for name, value in line.body.items() if name not in _AROUND
    }
    if not told:
        return
    with box("details"):
        tag("summary", words("内容", "content"))
        facts(told)
        if "content" in line.body:
            publication_part.content(line.body["content"], words)


def _said(line: Line, papers: Mapping[str, str], words: Words) -> None:
    tag("p", str(line.body["why"]), "hs-sentence")
    _body(line, words)
    cited = [papers.get(each, each) for each in line.body.get("files", ())]
    if cited:
        note(f"{words('依据', 'rests on')} {', '.join(cited)}")


def _event(line: Line, kind: str, papers: Mapping[str, str], words: Words, *, whole: bool) -> None:
    by = words("软件", "the software") if line.officer == "heatstream" else line.officer
    with box("li", "hs-event"):
        with box("div", "hs-event-head"):
            tag("strong", f"{line.number} · {matter_words.event(kind, line.kind, words)}")
            tag("span", f"{local(line.happened_at)} · {by}", "hs-note")
        if whole:
            _said(line, papers, words)
        else:
            note(words("内容不对您的角色公开。", "What it says is not for your role."))
        recorded = f"{words('记录于', 'recorded')} {local(line.recorded_at)} · SHA-256 {line.hash.hex()[:16]}…"
        tag("p", recorded, "hs-note hs-hash", title=line.hash.hex())


def _events(seen: Shown, words: Words, *, whole: bool) -> None:
    papers = {each.sha256.hex(): each.name for each in seen.files}
    with card(words("案卷", "what was recorded"), words("只增不改，逐条哈希", "only added, hashed one over the other")):
        with box("ol", "hs-events"):
            for line in reversed(seen.lines):
                _event(line, seen.matter.kind, papers, words, whole=whole)
        if seen.files:
            tag("h3", words("附件", "papers"))
        for each in seen.files:
            with box("p", "hs-sentence"):
                if whole:
                    link(each.name, f"/rows/matters/{seen.matter.code}/papers/{each.sha256.hex()}")
                else:
                    tag("span", each.name)
                tag(
                    "span",
                    f" · {each.officer} · {local(each.added_at)} · SHA-256 {each.sha256.hex()}",
                    "hs-note hs-hash",
                )


# --- what may be recorded ---------------------------------------------------------------------------------------------


@dataclass
class _Desk:
    """The forms of a page that is open, and what its visitor saw of the matter last."""

    recording: Recording
    looked: Shown
    words: Words

    def forms(self, its: Offers) -> None:
        """Show a form a kind of event, folded: it is made when somebody opens it."""
        with card(self.words("可记录", "what you may record"), self.words("按角色与步骤", "by role and step")):
            if its.barred:
                note(
                    self.words("您不能在此事项中记录：", "You cannot record in this matter: ")
                    + self.words.why(its.barred)
                )
            elif not its.forms:
                empty(self.words("此刻没有您可记录的内容。", "There is nothing for you to record now."))
            for each in its.forms:
                title = matter_words.event(self.looked.matter.kind, each.name, self.words)
                fold(title, partial(self.fields, each))

    def fields(self, offer: Offer) -> None:
        """Make the fields of a form."""
        code = self.looked.matter.code

        async def record(tree: matter_acts.Tree) -> None:
            async with self.recording.desk(code) as (desk, by):
                await matter_acts.record(desk, code, len(self.looked.lines), offer.name, tree, by=by)
            ui.navigate.to(f"/matters/{code}")

        async def attach(name: str, content: bytes) -> str:
            return await self.recording.attach(code, name, content)

        form(
            offer.model,
            self.words,
            self.recording.once(offer.name, record),
            fixed=offer.fixed,
            given=offer.given,
            choices=offer.choices,
            papers=Papers({each.sha256.hex(): each.name for each in self.looked.files}, attach),
            button=matter_words.event(self.looked.matter.kind, offer.name, self.words),
        )


def _told(seen: Shown) -> tuple[Any, ...]:
    """Say what a reader would see changed by."""
    found = seen.matter
    incident = list(of_incident(seen.incident)) if seen.incident else []
    return found.step, found.urgency, found.headline, len(seen.lines), len(seen.files), incident


def add(settings: Settings) -> None:
    """Add the page."""

    @ui.page("/matters/{code}", title="heatstream", dark=None)
    async def matter(request: Request, code: str, reader: Reading) -> None:
        words = languages.of_request(request)
        looked = await look(reader, settings, code)
        with frame(request, words("事项", "matter") + f" {code}", looked.watermarks, reader.visitor):
            ui.add_head_html(HEAD)
            if looked.seen is None:
                empty(words(f"没有您可见的事项 {code}。", f"There is no matter {code} that you may see."))
                return
            desk = _Desk(Recording(request, reader, settings), looked.seen, words)
            whole = reads(reader.visitor.role, looked.seen.matter.kind)

            @ui.refreshable
            def told() -> None:
                seen = desk.looked
                with card(seen.matter.headline):
                    _facts(seen, words)
                if seen.incident is not None:
                    _incident(seen.incident, words)
                if whole and seen.matter.kind == PUBLICATION.name:
                    publication_part.publication(seen, words)

            @ui.refreshable
            def recorded() -> None:
                _events(desk.looked, words, whole=whole)

            told()
            if looked.seen.incident is not None and looked.seen.matter.heat_station is not None:
                _supply(words)
            desk.forms(looked.offers)
            recorded()

            async def refresh() -> None:
                now = (await look(reader, settings, code)).seen
                if now is not None and _told(now) != _told(desk.looked):
                    desk.looked = now
                    told.refresh()
                    recorded.refresh()

            again.every(REFRESH_S, request, reader, refresh)

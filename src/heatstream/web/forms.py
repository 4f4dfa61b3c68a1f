"""Forms for the events that people record, made of the events' own types: what a field takes is said once.

    form(RulingReviewed, words, record, papers=Papers(kept, attach))

`record(tree)` gets the tree that `claims.events.read` and `supervision.act.told` take, checked by the type already;
what it raises of `HeatstreamError` is told whole above the form, and nothing that was typed is lost. When it returns,
the form says so; mostly it has led to another page by then.

The browser keeps what is typed and sends it once, as text by path: `rooms.0.readings.2.centi`. `web.form_fields` reads
it. Fields are plain ones of the browser's, so that a keyboard and a screen reader know them.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final

from nicegui import events, ui
from nicegui.elements.mixins.text_element import TextElement
from pydantic import BaseModel

from heatstream.errors import HeatstreamError
from heatstream.web import failures
from heatstream.web.form_fields import Asked, Fault, Papers, asked, check, kind_of, told
from heatstream.web.frame import attributed, box, tag
from heatstream.web.signed_in import NotSignedIn
from heatstream.web.words import Words

__all__ = ["Papers", "form"]

Tree = dict[str, Any]
Record = Callable[[Tree], Awaitable[None]]
LARGEST_PAPER: Final = 20_000_000
"""Bytes."""
_INPUTS: Final[Mapping[str, Mapping[str, str]]] = {
    "text": {"type": "text"},
    "whole": {"type": "text", "inputmode": "numeric"},
    "hundredths": {"type": "text", "inputmode": "decimal"},
    "instant": {"type": "datetime-local", "step": "1"},
    "day": {"type": "date"},
}


@dataclass
class _Control:
    """A field that stands in the form, and where its faults are told."""

    element: ui.element
    told: TextElement

    def tell(self, said: str) -> None:
        """Tell what is wrong with it; nothing where it is well."""
        self.told.set_text(said)
        attributed(self.element, aria_invalid="true" if said else "false")


@dataclass
class _Form:
    """A form that stands in a page: its fields by path, and its papers' lists, which grow."""

    words: Words
    papers: Papers
    controls: dict[str, _Control] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    lists: list[Callable[[str, str], None]] = field(default_factory=list)

    def fields(self, asked_of: Sequence[Asked], at: str, given: Mapping[str, Any]) -> None:
        """Make the fields of one part, which stands `at` in the form."""
        for its in asked_of:
            if its.kind == "parts":
                self.parts(its, f"{at}{its.name}", given.get(its.name))
            else:
                self.one(its, f"{at}{its.name}", given.get(its.name))

    def one(self, its: Asked, at: str, given: Any) -> None:
        """Make one field, with its name, whether it must be filled in, and a place for its faults."""
        self.names[at] = its.label
        several = its.kind == "picks"
        with box("fieldset" if several else "div", "hs-field"):
            name = tag("legend" if several else "label", its.label)
            if its.required:
                with name:
                    tag("span", self.words("必填", "required"), "hs-required")
            element = self.element(its, at, given)
            if not several:
                attributed(name, for_=element.html_id)
                attributed(element, name=at, aria_required="true" if its.required else "false")
            fault = tag("p", "", "hs-fault")
            attributed(element, aria_describedby=fault.html_id)
            self.controls[at] = _Control(element, fault)

    def element(self, its: Asked, at: str, given: Any) -> ui.element:
        """Make what is typed into."""
        if its.kind == "picks":
            return self.picks(its, at, given or ())
        if its.kind in ("pick", "truth"):
            return self.pick(its, given)
        if its.kind in ("long", "lines"):
            text = "\n".join(map(str, given or ())) if its.kind == "lines" else str(given or "")
            area = tag("textarea", text, rows="3" if its.kind == "long" else "2")
            return attributed(area, placeholder=self.words("每行一项", "one a line")) if its.kind == "lines" else area
        # `^`: as it stands in the page at first; as a property it would be written over what was typed.
        first = {} if given is None else {"^value": _written(its, given)}
        return attributed(ui.element("input"), autocomplete="off", **_INPUTS[its.kind], **first)

    def pick(self, its: Asked, given: Any) -> ui.element:
        """Let one be picked; at first none is, for a choice that nobody made is a guess."""
        truth = {"yes": self.words("是", "yes"), "no": self.words("否", "no")}
        chosen = {True: "yes", False: "no"}.get(given, given) if its.kind == "truth" else given
        with box("select") as made:
            tag("option", self.words("请选择", "choose"), value="")
            for value, name in (truth if its.kind == "truth" else its.options).items():
                option = tag("option", name, value=value)
                if str(chosen) == value:
                    option.props["selected"] = True

        def add(sha256: str, name: str) -> None:
            with made:
                tag("option", name, value=sha256)

        if its.paper:
            self.lists.append(add)
        return made

    def picks(self, its: Asked, at: str, given: Sequence[Any]) -> ui.element:
        """Let several be picked."""
        made = box("div", "hs-picks")

        def add(value: str, name: str, *, ticked: bool = True) -> None:
            with made, box("label"):
                tick = attributed(ui.element("input"), type="checkbox", name=at, value=value)
                tick.props["checked"] = ticked
                tag("span", name)

        for value, name in its.options.items():
            add(value, name, ticked=value in map(str, given))
        if its.paper:
            self.lists.append(add)
            self.attaching()
        return made

    def parts(self, its: Asked, at: str, given: Any) -> None:
        """Make a field that is made of others, as often as it is needed."""
        self.names[at] = its.label
        numbers = count()
        with box("fieldset", "hs-parts"):
            tag("legend", its.label)
            fault = tag("p", "", "hs-fault")
            holder = box("div", "hs-parts-all")
            self.controls[at] = _Control(holder, fault)

            def add(first: Mapping[str, Any]) -> None:
                self.part(its, holder, f"{at}.{next(numbers)}", first)

            there = [given] if its.single and given else list(given or ())
            for first in [*there, *({} for _ in range(its.least - len(there)))]:
                add(first)
            if its.most is None or its.least < its.most:
                self.adding(its, holder, add)

    def part(self, its: Asked, holder: ui.element, at: str, first: Mapping[str, Any]) -> None:
        """Make one part; one that need not be there can be taken away."""
        number = len(holder.default_slot.children) + 1
        with holder, box("fieldset", "hs-part") as made:
            tag("legend", its.label if its.single else f"{its.label} {number}")
            self.fields(its.parts, f"{at}.", first)
            if number > its.least:
                away = tag("button", self.words("移除", "take away"), "hs-choice", type="button")
                away.on("click", lambda: self.take_away(made, f"{at}."))

    def take_away(self, made: ui.element, at: str) -> None:
        """Take a part out of the form."""
        self.controls = {path: each for path, each in self.controls.items() if not path.startswith(at)}
        made.delete()

    def adding(self, its: Asked, holder: ui.element, add: Callable[[Mapping[str, Any]], None]) -> None:
        """Let one more be added."""
        more = tag("button", f"+ {its.label}", "hs-choice", type="button")

        def one_more() -> None:
            if its.most is None or len(holder.default_slot.children) < its.most:
                add({})

        more.on("click", one_more)

    def attaching(self) -> None:
        """Let a paper be added, once for the whole form."""
        attach = self.papers.attach
        if attach is None:
            return
        status = tag("p", "", "hs-note", role="status")

        async def keep(event: events.UploadEventArguments) -> None:
            try:
                sha256 = await attach(event.file.name, await event.file.read())
            except Exception as error:  # noqa: BLE001  (whoever waits for it is told)
                status.set_text(_why(error, self.words))
                return
            for add in self.lists:
                add(sha256, event.file.name)
            kept = self.words(f"已存 {event.file.name} · {sha256}", f"kept {event.file.name} · {sha256}")
            status.set_text(kept)

        def refused() -> None:
            most = LARGEST_PAPER // 1_000_000
            status.set_text(self.words(f"文件超过 {most} MB", f"expected {most} MB at most"))

        upload = ui.upload(auto_upload=True, max_file_size=LARGEST_PAPER, on_upload=keep, on_rejected=refused)
        upload.style("display: none")
        button = tag("button", self.words("添加附件…", "add a paper…"), "hs-choice", type="button")
        button.on("click", js_handler=f"() => getElement({upload.id}).pickFiles()")

    def tell(self, faults: Sequence[Fault]) -> None:
        """Tell each field's faults beside it."""
        for at, control in self.controls.items():
            control.tell("；".join(each.said for each in faults if each.at == at))


def _written(its: Asked, given: Any) -> str:
    if its.kind == "hundredths":
        return f"{'-' * (given < 0)}{abs(given) // 100}.{abs(given) % 100:02d}"
    return str(given)[:19] if its.kind == "instant" else str(given)


def _why(error: Exception, words: Words) -> str:
    """Tell why something was not recorded: refusals whole, of the rest that it failed."""
    if isinstance(error, NotSignedIn):
        over = "登录已失效，未保存。请先抄下所填内容，再重新登录。"
        return words(over, "The session is over and nothing was saved: copy what you typed, then sign in again.")
    if isinstance(error, HeatstreamError):
        return words.why(error)
    failures.record(error)
    return words(*failures.told(error))


def form(
    model: type[BaseModel],
    words: Words,
    record: Record,
    *,
    fixed: Mapping[str, Any] | None = None,
    given: Mapping[str, Any] | None = None,
    choices: Mapping[str, Mapping[str, str]] | None = None,
    papers: Papers | None = None,
    button: str = "",
) -> ui.element:
    """Make a form of a type.

    Parameters
    ----------
    model : an event's type; a `kind` that can be one thing alone is not asked
    fixed : what the page knows and nobody is asked, by field
    given : what stands in the fields at first, by field, as `record` would get it
    choices : names by value, of text fields and numbers that take one of a few here: codes, numbers of events
    button : what it says; without it 保存 / record
    """
    kind = kind_of(model)
    known = {**({"kind": kind} if kind else {}), **(fixed or {})}
    stands = _Form(words, papers or Papers())
    questions = asked(model, words, choices=choices, papers=stands.papers, without=frozenset(known))
    with attributed(ui.element("form").classes("hs-form"), novalidate="") as made:
        alert = box("div", "hs-alert", role="alert", tabindex="-1")
        alert.set_visibility(False)
        stands.fields(questions, "", given or {})
        tag("button", button or words("保存", "record"), "hs-act", type="submit")

    async def submit(event: events.GenericEventArguments) -> None:
        read = told(questions, event.args if isinstance(event.args, dict) else {}, words)
        faults = check(model, read, known, words)
        stands.tell(faults)
        if not faults:
            try:
                await record({**read.tree, **known})
            except Exception as error:  # noqa: BLE001  (whoever typed it is told)
                faults = [Fault("", _why(error, words))]
        if faults:
            _above(stands, made, alert, faults)
        else:
            made.clear()
            with made:
                tag("p", words("已保存。", "Recorded."), "hs-note", role="status")

    made.on("submit", submit, js_handler="event => { event.preventDefault(); hs.submit(event.currentTarget, emit) }")
    return made


def _above(stands: _Form, made: ui.element, alert: ui.element, faults: Sequence[Fault]) -> None:
    """Tell above the form what is wrong, each with a way to its field, and go there."""
    words = stands.words
    alert.clear()
    with alert:
        tag("strong", words("未保存，请更正：", "Nothing was recorded; please mend:"))
        with box("ul"):
            for each in faults:
                with box("li"):
                    control = stands.controls.get(each.at)
                    name = stands.names.get(each.at, each.at)
                    if control is None:
                        tag("span", each.said)
                    else:
                        tag("a", f"{name}：{each.said}", href=f"#{control.element.html_id}")
    alert.set_visibility(True)
    ui.run_javascript(f"hs.released('{made.html_id}', '{alert.html_id}')")

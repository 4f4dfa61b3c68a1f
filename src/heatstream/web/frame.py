"""What stands around every page: the way to the others, who looks, the choices, the watermark.

`with frame(request, title, watermarks, reader.visitor) as words:` puts what follows into the page; `title` is its
heading. `card` is a part of a page, `tag` and `choice` are the smallest things in it; `web.parts` has more.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, NamedTuple, TypeVar

from fastapi import Request
from nicegui import ui
from nicegui.elements.mixins.text_element import TextElement

from heatstream.access import permits
from heatstream.access.principal import Principal
from heatstream.claims.event_words import ROLES
from heatstream.web import words as languages
from heatstream.web.plain import THEME
from heatstream.web.words import Words

E = TypeVar("E", bound=ui.element)
HEAD = '<link rel="stylesheet" href="/static/page.css"><script src="/static/page.js"></script>'


class Entry(NamedTuple):
    """A page that the others lead to."""

    path: str
    zh: str
    en: str
    within: tuple[str, ...] = ()
    """Beginnings of other addresses that belong to it."""


NAV: Final = (
    Entry("/", "全市", "city", ("/findings",)),
    Entry("/today", "巡查", "today", ("/matters", "/tickets")),
    Entry("/buildings", "楼栋", "buildings", ("/household",)),
    Entry("/claims", "退费", "refunds"),
    Entry("/companies", "企业", "companies", ("/stations", "/sources", "/scores", "/reports")),
    Entry("/warnings", "预警", "warnings"),
    Entry("/rules", "规则", "rules"),
    Entry("/ingest", "采集", "ingest"),
)
"""In the order in which they stand; each is shown to the roles that `access.permits` lets in."""


def attributed(element: E, **attributes: str) -> E:
    """Give an element its attributes: `aria_label` is aria-label, `for_` is for.

    By name and not as NiceGUI's line of props: what a visitor or the registry wrote could end a value in that, and
    begin another that the browser runs.
    """
    for name, value in attributes.items():
        element.props[name.rstrip("_").replace("_", "-")] = value
    return element


def tag(name: str, text: str, classes: str = "", **attributes: str) -> TextElement:
    """Text in a tag of its own."""
    return attributed(TextElement(tag=name, text=text).classes(classes), **attributes)


def box(name: str, classes: str = "", **attributes: str) -> ui.element:
    """A tag that holds others: `with box("ul"):`."""
    return attributed(ui.element(name).classes(classes), **attributes)


def choice(text: str, script: str, *, pressed: bool = False) -> TextElement:
    """A button that runs a script of ours in the browser; `event.currentTarget` is the button."""
    button = tag("button", text, "hs-choice", type="button", aria_pressed="true" if pressed else "false")
    return button.on("click", js_handler=f"event => {{ {script} }}")


def _is_in(path: str, entry: Entry) -> bool:
    beginnings = (entry.path, *entry.within) if entry.path != "/" else entry.within
    return path == entry.path or any(path == each or path.startswith(f"{each}/") for each in beginnings)


def _nav(path: str, visitor: Principal, words: Words) -> None:
    with box("nav", "hs-nav", aria_label=words("页面", "pages")):
        for entry in NAV:
            if permits.may(visitor, entry.path, permits.PAGES):
                link = tag("a", words(entry.zh, entry.en), href=entry.path)
                if _is_in(path, entry):
                    attributed(link, aria_current="page" if path == entry.path else "true")


def _account(visitor: Principal, words: Words, theme: str | None) -> None:
    """Say who is signed in; what they may choose is folded beneath it, which needs no script."""
    with box("details", "hs-account"):
        with box("summary"):
            tag("span", visitor.name, "hs-account-name")
            tag("span", words(*ROLES[visitor.role]), "hs-note")
        with box("div", "hs-account-menu"):
            with box("div", "hs-choices", role="group", aria_label=words("明暗", "theme")):
                for name, text in (("light", words("浅色", "light")), ("dark", words("深色", "dark"))):
                    choice(text, f"hs.choose('{THEME}', '{name}')", pressed=theme == name)
            tag("a", words("修改口令", "change password"), "hs-choice", href="/password")
            with box("form", method="post", action="/sign-out"):
                tag("button", words("退出登录", "sign out"), "hs-choice", type="submit")


def _top(request: Request, visitor: Principal, words: Words, theme: str | None) -> None:
    tag("a", words("跳到正文", "skip to the content"), "hs-skip", href="#hs-main")
    with box("header", "hs-top"):
        tag("a", words("供热监管", "heatstream"), "hs-brand", href="/")
        _nav(request.url.path, visitor, words)
        with box("div", "hs-choices"):
            other = ("en", "English") if words.language == "zh" else ("zh", "中文")
            attributed(choice(other[1], f"hs.choose('{languages.COOKIE}', '{other[0]}')"), lang=other[0])
            _account(visitor, words, theme)


def dress(request: Request, title: str) -> Words:
    """Give a page its style, name and language; without a choice it is as dark as the visitor's system.

    NiceGUI takes a page's language when the page is registered, before there is a visitor, so a script says it here.
    """
    words, theme = languages.of_request(request), request.cookies.get(THEME)
    lang = "zh-CN" if words.language == "zh" else "en"
    ui.add_head_html(f"{HEAD}<script>document.documentElement.lang = '{lang}'</script>")
    ui.page_title(f"{title} · heatstream")
    if theme in ("light", "dark"):
        ui.dark_mode(value=theme == "dark")
    return words


@contextmanager
def frame(request: Request, title: str, watermarks: list[str], visitor: Principal) -> Iterator[Words]:
    """Put a page into its frame.

    Parameters
    ----------
    title : the page's heading and its name in the browser
    watermarks : what must stand on whatever is shown, `store.read.city.watermarks`
    visitor : who looks, `Reader.visitor`
    """
    words = dress(request, title)
    _top(request, visitor, words, request.cookies.get(THEME))
    for watermark in watermarks:
        tag("div", watermark, "hs-watermark", role="note")
    with box("main", "hs-main", id="hs-main", tabindex="-1"):
        tag("h1", title, "hs-title")
        yield words


@contextmanager
def card(title: str, note: str = "", **attributes: str) -> Iterator[None]:
    """A part of a page with its title; `attributes` are those of the whole part."""
    with box("section", "hs-card", **attributes):
        with box("div", "hs-head"):
            tag("h2", title)
            if note:
                tag("span", note, "hs-note")
        yield

"""What stands around every page: title, choices, watermark."""

from collections.abc import Iterator
from contextlib import contextmanager

from fastapi import Request
from nicegui import ui
from nicegui.elements.mixins.text_element import TextElement

from heatstream.web import words as languages
from heatstream.web.words import Words

THEME = "hs_theme"
HEAD = '<link rel="stylesheet" href="/static/page.css"><script src="/static/page.js"></script>'


def tag(name: str, text: str, classes: str = "") -> ui.element:
    """Text in a tag of its own."""
    return TextElement(tag=name, text=text).classes(classes)


def choice(text: str, script: str, *, pressed: bool = False) -> ui.element:
    """A button that runs a script of ours in the browser; `event.currentTarget` is the button."""
    button = tag("button", text, "hs-choice").props(f"type=button aria-pressed={'true' if pressed else 'false'}")
    return button.on("click", js_handler=f"event => {{ {script} }}")


def _choices(request: Request, words: Words, theme: str | None) -> None:
    other = ("en", "English") if words.language == "zh" else ("zh", "中文")
    with ui.element("nav").classes("hs-choices"):
        for path, text in (("/", words("全市", "city")), ("/today", words("巡查", "today"))):
            if request.url.path != path:
                tag("a", text, "hs-choice").props(f'href="{path}"')
        choice(other[1], f"hs.choose('{languages.COOKIE}', '{other[0]}')")
        for name, text in (("light", words("浅色", "light")), ("dark", words("深色", "dark"))):
            choice(text, f"hs.choose('{THEME}', '{name}')", pressed=theme == name)


@contextmanager
def frame(request: Request, title: str, watermarks: list[str]) -> Iterator[Words]:
    """Put a page into its frame; without a choice it is as dark as the visitor's system."""
    words, theme = languages.of_request(request), request.cookies.get(THEME)
    ui.add_head_html(HEAD)
    if theme in ("light", "dark"):
        ui.dark_mode(value=theme == "dark")
    with ui.element("header").classes("hs-top"):
        with ui.element("h1"):
            tag("a", title).props('href="/"')
        _choices(request, words, theme)
    for watermark in watermarks:
        tag("div", watermark, "hs-watermark").props("role=note")
    with ui.element("main").classes("hs-main"):
        yield words


@contextmanager
def card(title: str, note: str = "") -> Iterator[None]:
    """A part of a page with its title."""
    with ui.element("section").classes("hs-card"):
        with ui.element("div").classes("hs-head"):
            tag("h2", title)
            if note:
                tag("span", note, "hs-note")
        yield

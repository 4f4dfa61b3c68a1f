"""Small things that pages are made of: a figure that opens its rows, facts with their names, a remark, a state."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from nicegui import ui

from heatstream.web.frame import box, tag
from heatstream.web.words import Words


def figure(name: str, value: str, said: str = "", *, href: str = "", colour: str = "", key: str = "") -> ui.element:
    """A figure with its name and what it is of; with `href` all of it is a link to the rows it counts.

    Parameters
    ----------
    key : by which the page's script finds it again and writes a newer value into it
    colour : a class of page.css that says what it means: hs-c1 … hs-c4 for outcomes, hs-red, hs-yellow, hs-green
    """
    leads = {"href": href} if href else {}
    made = box("a" if href else "div", f"hs-figure {colour}", data_figure=key, **leads)
    with made:
        tag("span", name, "hs-figure-name")
        tag("span", value, "hs-figure-value")
        if said:
            tag("span", said, "hs-figure-note")
    return made


def figures() -> ui.element:
    """Where figures stand side by side."""
    return box("div", "hs-figures")


def facts(told: Mapping[str, str]) -> ui.element:
    """Facts by their names; nobody said an empty one, so it is a dash."""
    with box("dl", "hs-facts") as made:
        for name, value in told.items():
            with box("div"):
                tag("dt", name, "hs-fact-name")
                tag("dd", value or "—", "hs-fact-value")
    return made


@contextmanager
def table(headings: Iterable[str], classes: str = "") -> Iterator[None]:
    """Put rows under headings: `with table(names):`, then a `tr` each; on a phone it is scrolled within itself."""
    with box("div", "hs-scroll", tabindex="0"), box("table", f"hs-table {classes}"):
        with box("thead"), box("tr"):
            for heading in headings:
                tag("th", heading, scope="col")
        with box("tbody"):
            yield


def note(text: str) -> ui.element:
    """A remark."""
    return tag("p", text, "hs-note")


def link(text: str, href: str) -> ui.element:
    """A link to another page of ours."""
    return tag("a", text, "hs-link", href=href)


def empty(text: str) -> ui.element:
    """Say that there is nothing, and why or what would make something."""
    return tag("p", text, "hs-empty")


def alert(text: str) -> ui.element:
    """Say what went wrong; it is read out at once."""
    return tag("p", text, "hs-alert", role="alert")


def reading(words: Words) -> ui.element:
    """Say that rows are being read."""
    return tag("p", words("读取中…", "loading…"), "hs-note", role="status")

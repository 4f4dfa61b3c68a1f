"""What the city's page shows until the page itself stands: scripts, tables and chart take a browser a second and more.

Written into the page as it is sent, without script, and taken away by page.js; a screen reader is not told it twice.
"""

from html import escape

from heatstream.web import city_figures
from heatstream.web.city_figures import Figure
from heatstream.web.figures import Today
from heatstream.web.words import Words

_DARK = (
    '<script>if (matchMedia("(prefers-color-scheme: dark)").matches) document.body.classList.add("body--dark")</script>'
)


def _line(name: str, classes: str, text: str) -> str:
    return f'<{name} class="{classes}">{escape(text)}</{name}>'


def _figure(told: Figure) -> str:
    texts = (("name", told.name), ("value", told.value), ("note", told.said))
    spans = "".join(_line("span", f"hs-figure-{part}", text) for part, text in texts if text)
    return f'<div class="hs-figure {told.colour}">{spans}</div>'


def first_view(title: str, today: Today, words: Words, theme: str | None) -> str:
    """Write the day's figures as HTML.

    Parameters
    ----------
    title : the page's heading
    theme : light or dark, as the visitor chose; else as dark as their system
    """
    top = "".join(_line("div", "hs-watermark", each) for each in today.watermarks)
    of_day, of_homes = city_figures.heading(today, words)
    head = _line("strong", "", of_day) + _line("span", "hs-note", of_homes)
    figures = "".join(map(_figure, city_figures.of_day(today, words) if today.day else ()))
    day = f'<div class="hs-head">{head}</div><div class="hs-figures">{figures}</div>'
    dark = '<script>document.body.classList.add("body--dark")</script>' if theme == "dark" else _DARK
    return (
        f'<div id="hs-sent" aria-hidden="true">{"" if theme == "light" else dark}'
        f'<div class="hs-top">{_line("span", "hs-brand", words("供热监管", "heatstream"))}</div>{top}'
        f'<div class="hs-main">{_line("div", "hs-title", title)}<div class="hs-card">{day}</div></div></div>'
    )

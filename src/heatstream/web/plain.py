"""Pages without the page: what must be readable when the database is away or a visitor is not let in. No script."""

from html import escape

from fastapi import Request, Response
from fastapi.responses import HTMLResponse

from heatstream.web import words as languages

THEME = "hs_theme"
"""The cookie that holds a visitor's choice of light or dark."""
_PAGE = """<!doctype html><html lang="{lang}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title} · heatstream</title>
<link rel="stylesheet" href="/static/page.css"></head><body class="hs-plain {theme}"><main class="hs-sheet">
<p class="hs-brand">{brand}</p><h1>{title}</h1>{body}</main></body></html>"""


def plain(request: Request, title: str, body: str, status: int) -> Response:
    """Write a page; `body` is HTML of ours, in which whatever came from elsewhere is escaped."""
    words, theme = languages.of_request(request), request.cookies.get(THEME)
    page = _PAGE.format(
        lang=words("zh-CN", "en"),
        title=escape(title),
        theme=f"body--{theme}" if theme in ("light", "dark") else "",
        brand=words("供热监管", "heatstream"),
        body=body,
    )
    return HTMLResponse(page, status, headers={"Cache-Control": "no-store"})


def refusal(request: Request, title: str, told: str, status: int, *, back: str = "/") -> Response:
    """Write a page that says why there is none, and leads on: back, or to the same page once more."""
    words = languages.of_request(request)
    go = words("再试一次", "try again") if back == request.url.path else words("返回", "back")
    alert = f'<p role="alert" class="hs-alert">{escape(told)}</p>'
    return plain(request, title, f'{alert}<p><a class="hs-link" href="{escape(back)}">{go}</a></p>', status)

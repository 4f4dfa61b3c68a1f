"""Signing in and out, and changing a password: plain forms, that work before any script is loaded."""

import datetime as dt
from html import escape
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, FastAPI, Form, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse

from heatstream.access import people
from heatstream.access.people import SignInRefused
from heatstream.access.permits import NotPermitted
from heatstream.errors import BadInput, HeatstreamError
from heatstream.web import words as languages
from heatstream.web.signed_in import COOKIE, NotSignedIn, PasswordDue, source_of
from heatstream.web.words import Words

router = APIRouter(include_in_schema=False)

SEE_OTHER, UNAUTHORIZED, FORBIDDEN = 303, 401, 403
PAGE = """<!doctype html><html lang="{lang}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>heatstream</title>
<link rel="stylesheet" href="/static/page.css"></head><body class="hs-plain"><main class="hs-sign-in">
<h1>heatstream</h1><p class="hs-note">{note}</p>{told}<form method="post">{fields}
<button type="submit">{button}</button></form></main></body></html>"""
REFUSED = """<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>heatstream</title>
<link rel="stylesheet" href="/static/page.css"></head><body class="hs-plain"><main class="hs-sign-in">
<h1>heatstream</h1><p role="alert" class="hs-alert">{told}</p><p><a href="/today">{home}</a></p></main></body></html>"""
FIELD = '<label>{label}<input name="{name}" type="{kind}" autocomplete="{complete}" required maxlength="200"></label>'


def _page(request: Request, names: list[tuple[str, str, str, str]], note: str, told: str, status: int) -> Response:
    words = languages.of_request(request)
    fields = "".join(
        FIELD.format(label=escape(label), name=name, kind=kind, complete=complete)
        for label, name, kind, complete in names
    )
    alert = f'<p role="alert" class="hs-alert">{escape(told)}</p>' if told else ""
    button = words("确定", "go on") if len(names) > 2 else words("登录", "sign in")  # noqa: PLR2004  (fields)
    lang = "zh-CN" if words.language == "zh" else "en"
    page = PAGE.format(lang=lang, note=escape(note), told=alert, fields=fields, button=button)
    return HTMLResponse(page, status, headers={"Cache-Control": "no-store"})


def _sign_in(request: Request, told: str = "", status: int = 200) -> Response:
    words = languages.of_request(request)
    names = [
        (words("登录名", "login"), "login", "text", "username"),
        (words("口令", "password"), "password", "password", "current-password"),
    ]
    return _page(request, names, words("供热室温监管", "room temperatures of a city"), told, status)


def _password(request: Request, told: str = "", status: int = 200) -> Response:
    words = languages.of_request(request)
    names = [
        (words("登录名", "login"), "login", "text", "username"),
        (words("旧口令", "old password"), "old", "password", "current-password"),
        (words("新口令（至少 12 个字符）", "new password (12 characters or more)"), "new", "password", "new-password"),
    ]
    note = words("口令由他人设定，须先修改。", "Somebody else set the password: change it first.")
    return _page(request, names, note, told, status)


def _inside(path: str) -> str:
    """Go on to a page of ours alone."""
    parts = urlsplit(path)
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) and not parts.netloc else "/"


def _told(error: HeatstreamError, words: Words) -> str:
    if isinstance(error, SignInRefused) and words.language == "zh":
        return "登录失败：登录名或口令有误，或账号已锁定、停用。"
    return str(error)


@router.get("/sign-in")
async def sign_in_form(request: Request) -> Response:
    """Ask for login and password."""
    return _sign_in(request)


@router.post("/sign-in")
async def sign_in(
    request: Request, login: Annotated[str, Form(max_length=200)], password: Annotated[str, Form(max_length=200)]
) -> Response:
    """Begin a session."""
    refused, token = None, ""
    async with source_of(request).writing() as conn:
        try:
            address = request.client.host if request.client else ""
            token = await people.sign_in(conn, login, password, now=dt.datetime.now(dt.UTC), address=address)
        except SignInRefused as error:  # not out of the transaction: the failure is counted
            refused = error
    if refused is not None:
        return _sign_in(request, _told(refused, languages.of_request(request)), UNAUTHORIZED)
    response = RedirectResponse(_inside(request.query_params.get("next", "/")), SEE_OTHER)
    secure = request.url.scheme == "https"
    response.set_cookie(COOKIE, token, httponly=True, samesite="lax", secure=secure, path="/")
    return response


@router.post("/sign-out")
async def sign_out(request: Request) -> Response:
    """End the session."""
    if token := request.cookies.get(COOKIE):
        async with source_of(request).writing() as conn:
            await people.sign_out(conn, token)
    response = RedirectResponse("/sign-in", SEE_OTHER)
    response.delete_cookie(COOKIE, path="/")
    return response


@router.get("/password")
async def password_form(request: Request) -> Response:
    """Ask for the old and the new password."""
    return _password(request)


@router.post("/password")
async def password(
    request: Request,
    login: Annotated[str, Form(max_length=200)],
    old: Annotated[str, Form(max_length=200)],
    new: Annotated[str, Form(max_length=200)],
) -> Response:
    """Change the password; every session ends, and one signs in anew."""
    try:
        async with source_of(request).writing() as conn:
            await people.change_password(conn, login, old, new)
    except (SignInRefused, BadInput) as error:
        return _password(request, _told(error, languages.of_request(request)), UNAUTHORIZED)
    return RedirectResponse("/sign-in", SEE_OTHER)


async def _forbid(request: Request, error: Exception) -> Response:
    if request.url.path.startswith("/rows/"):
        return JSONResponse({"detail": str(error)}, FORBIDDEN)
    words = languages.of_request(request)
    told = words("您的角色无权查看此页。", "Your role may not see this page.")
    return HTMLResponse(REFUSED.format(told=escape(told), home=words("返回", "back")), FORBIDDEN)


async def _lead(request: Request, error: Exception) -> Response:
    """Send a browser to the page that mends it; rows get an answer of their own."""
    if request.url.path.startswith("/rows/"):
        return JSONResponse({"detail": str(error)}, UNAUTHORIZED)
    if isinstance(error, PasswordDue):
        return RedirectResponse("/password", SEE_OTHER)
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse(f"/sign-in?next={here}" if here != "/" else "/sign-in", SEE_OTHER)


def lead_strangers(app: FastAPI) -> None:
    """Lead whoever is not signed in to where one does."""
    for kind in (NotSignedIn, PasswordDue):
        app.add_exception_handler(kind, _lead)
    app.add_exception_handler(NotPermitted, _forbid)

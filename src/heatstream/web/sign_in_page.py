"""Signing in and out, and changing a password: plain forms, that work before any script is loaded."""

import datetime as dt
import re
from html import escape
from typing import Annotated, NamedTuple
from urllib.parse import quote

from fastapi import APIRouter, FastAPI, Form, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse

from heatstream.access import people
from heatstream.access.limits import Limit
from heatstream.access.people import SignInRefused
from heatstream.access.permits import NotPermitted
from heatstream.access.recorded import client
from heatstream.errors import BadInput, HeatstreamError
from heatstream.web import words as languages
from heatstream.web.plain import plain, refusal
from heatstream.web.signed_in import COOKIE, NotSignedIn, PasswordDue, source_of

router = APIRouter(include_in_schema=False)

SEE_OTHER, UNAUTHORIZED, FORBIDDEN, TOO_MANY = 303, 401, 403, 429
_PATH = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f]*")
FIELD = (
    '<div class="hs-field"><label>{label}<input name="{name}" type="{kind}" autocomplete="{complete}" '
    'required maxlength="200"></label></div>'
)


class _Asks(NamedTuple):
    """What a form asks: of each field its label, name, kind, and what a browser may fill in."""

    title: str
    note: str
    fields: list[tuple[str, str, str, str]]


def _page(request: Request, asks: _Asks, told: str, status: int) -> Response:
    fields = "".join(
        FIELD.format(label=escape(label), name=name, kind=kind, complete=complete)
        for label, name, kind, complete in asks.fields
    )
    alert = f'<p role="alert" class="hs-alert">{escape(told)}</p>' if told else ""
    body = (
        f'<p class="hs-note">{escape(asks.note)}</p>{alert}<form method="post" class="hs-form">{fields}'
        f'<button type="submit" class="hs-act">{escape(asks.title)}</button></form>'
    )
    return plain(request, asks.title, body, status)


def _sign_in(request: Request, told: str = "", status: int = 200) -> Response:
    words = languages.of_request(request)
    names = [
        (words("登录名", "login"), "login", "text", "username"),
        (words("口令", "password"), "password", "password", "current-password"),
    ]
    note = words("城市供热室温监管与退费平台", "room temperatures and heating refunds of a city")
    return _page(request, _Asks(words("登录", "sign in"), note, names), told, status)


def _password(request: Request, told: str = "", status: int = 200) -> Response:
    words = languages.of_request(request)
    names = [
        (words("登录名", "login"), "login", "text", "username"),
        (words("旧口令", "old password"), "old", "password", "current-password"),
        (words("新口令（至少 12 个字符）", "new password (12 characters or more)"), "new", "password", "new-password"),
    ]
    note = words(
        "修改后所有会话都会结束，须重新登录。由他人设定的口令须先修改。",
        "Every session ends with it, and one signs in anew. A password that somebody else set must be changed first.",
    )
    return _page(request, _Asks(words("修改口令", "change password"), note, names), told, status)


def _inside(path: str) -> str:
    r"""Go on to a page of ours alone: browsers read `//` and `/\`, also with a tab between, as another's address."""
    return path if _PATH.fullmatch(path) else "/"


@router.get("/sign-in")
async def sign_in_form(request: Request) -> Response:
    """Ask for login and password."""
    return _sign_in(request)


@router.post("/sign-in")
async def sign_in(
    request: Request, login: Annotated[str, Form(max_length=200)], password: Annotated[str, Form(max_length=200)]
) -> Response:
    """Begin a session."""
    if wait := _too_many(request):
        return wait
    refused, token = None, ""
    async with source_of(request).writing() as conn:
        if before := request.cookies.get(COOKIE):
            await people.sign_out(conn, before)
        try:
            address = request.client.host if request.client else ""
            token = await people.sign_in(conn, login, password, now=dt.datetime.now(dt.UTC), address=address)
        except SignInRefused as error:  # not out of the transaction: the failure is counted
            refused = error
    if refused is not None:
        return _sign_in(request, languages.of_request(request).why(refused), UNAUTHORIZED)
    response = RedirectResponse(_inside(request.query_params.get("next", "/")), SEE_OTHER)
    public: str | None = request.app.state.settings.web.public_url
    secure = request.url.scheme == "https" or (public or "").startswith("https:")
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
    if wait := _too_many(request):
        return wait
    refused: HeatstreamError | None = None
    async with source_of(request).writing() as conn:
        try:
            await people.change_password(conn, login, old, new, now=dt.datetime.now(dt.UTC))
        except (SignInRefused, BadInput) as error:  # not out of the transaction: the failure is counted
            refused = error
    if refused is not None:
        return _password(request, languages.of_request(request).why(refused), UNAUTHORIZED)
    return RedirectResponse("/sign-in", SEE_OTHER)


def _too_many(request: Request) -> Response | None:
    """Refuse one try more than an address has; changing a password is one, too."""
    sign_ins: Limit = request.app.state.sign_ins
    quota = sign_ins.take(client(request))
    if quota.granted:
        return None
    words = languages.of_request(request)
    told = words(
        f"尝试次数过多，请 {quota.reset_s} 秒后再试。", f"Too many tries from your address: wait {quota.reset_s} s."
    )
    response = refusal(request, words("请稍候", "please wait"), told, TOO_MANY, back=request.url.path)
    response.headers.update(quota.headers() | {"Retry-After": str(quota.reset_s)})
    return response


async def _forbid(request: Request, error: NotPermitted) -> Response:
    if request.url.path.startswith("/rows/"):
        return JSONResponse({"detail": languages.of_request(request).why(error)}, FORBIDDEN)
    words = languages.of_request(request)
    told = words("您的角色无权查看此页。", "Your role may not see this page.")
    return refusal(request, words("无权访问", "not permitted"), told, FORBIDDEN, back="/today")


async def _lead(request: Request, error: NotSignedIn | PasswordDue) -> Response:
    """Send a browser to the page that mends it; rows get an answer of their own."""
    if request.url.path.startswith("/rows/"):
        return JSONResponse({"detail": languages.of_request(request).why(error)}, UNAUTHORIZED)
    if isinstance(error, PasswordDue):
        return RedirectResponse("/password", SEE_OTHER)
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse(f"/sign-in?next={quote(here)}" if here != "/" else "/sign-in", SEE_OTHER)


def lead_strangers(app: FastAPI) -> None:
    """Lead whoever is not signed in to where one does."""
    for kind in (NotSignedIn, PasswordDue):
        app.add_exception_handler(kind, _lead)  # type: ignore[arg-type]
    app.add_exception_handler(NotPermitted, _forbid)  # type: ignore[arg-type]

"""What an attacker tries at the API: nothing of it is an internal error, and nothing shows more than it should."""

from urllib.parse import quote

import pytest

from tests.access.conftest import Asked

pytestmark = pytest.mark.asyncio(loop_scope="session")

PREFIX = "/api/v1"
INJECTIONS = {
    "or": "' or 1=1 --",
    "drop": '"; drop table household; --',
    "union": "H1' union select hash from api_key --",
    "json": '{"$ne": null}',
    "like": "%",
    "path": "../../livez",
    "template": "{{7*7}}",
    "turned": "\u202eH1",
    "long": "x" * 3000,
}
FILTERS = (
    "households?household",
    "findings?building",
    "claims?batch_case",
    "rejects?gateway",
    "publications?publication",
)
PATHS = ("claims/{}", "matters/{}", "meters/{}/days", "stations/{}/days", "scorecards/{}", "companies/{}/file")


@pytest.mark.parametrize("text", INJECTIONS.values(), ids=INJECTIONS)
async def test_what_is_injected_finds_nothing_and_breaks_nothing(api: Asked, text: str) -> None:
    for each in FILTERS:
        path, name = each.split("?")
        response = await api("city", f"{PREFIX}/{path}", params={name: text})
        assert response.status_code in {200, 400}, (each, response.text)
        assert response.status_code == 400 or response.json()["rows"] == []
    for path in PATHS:
        response = await api("city", f"{PREFIX}/{path.format(quote(text, safe=''))}")
        assert response.status_code in {400, 404}, (path, response.text)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/v1//households", 404),
        ("//api/v1/households", 404),
        ("/API/v1/households", 404),
        ("/api/v1/Households", 404),
        ("/api/v1/households/", 404),
        ("/api/v1/%2e%2e/v1/households", 404),
        ("/api/v1/claims/%00", 400),
        ("/api/v1/claims/CL-H1%2f..%2fCL-H3", 404),
        ("/api/v1/households?household=%00", 400),
        ("/api/v1/households?household=H1&household=H2", 400),
        ("/api/v1/households?%68ousehold=H1&role=city", 400),
    ],
)
async def test_no_way_of_writing_an_address_goes_round_its_checks(api: Asked, path: str, status: int) -> None:
    for who in ("west", "nobody"):
        response = await api(who, path)
        assert response.status_code in {status, 307, 401, 404}, response.text
        assert "H1室" not in response.text


HEADERS = {
    "method": {"X-HTTP-Method-Override": "DELETE", "X-Method-Override": "POST"},
    "url": {"X-Original-URL": "/api/v1/access-log", "X-Rewrite-URL": "/api/v1/access-log"},
    "address": {"X-Forwarded-For": "10.0.0.1, 127.0.0.1", "X-Real-IP": "127.0.0.1", "Forwarded": "for=127.0.0.1"},
    "who": {"X-Forwarded-User": "admin", "X-Role": "city", "Cookie": "role=city; hs_session=x"},
    "host": {"Host": "evil.example"},
}


@pytest.mark.parametrize("headers", HEADERS.values(), ids=HEADERS)
async def test_no_header_makes_somebody_else_of_who_asks(api: Asked, headers: dict[str, str]) -> None:
    plain = await api("west", f"{PREFIX}/households")
    tricked = await api("west", f"{PREFIX}/households", headers=headers)
    assert tricked.json()["rows"] == plain.json()["rows"]
    assert (await api("nobody", f"{PREFIX}/households", headers=headers)).status_code == 401
    log = (await api("auditor", f"{PREFIX}/access-log", params={"limit": 1000})).json()["rows"]
    assert {row["address"] for row in log} == {"127.0.0.1"}


async def test_two_keys_in_one_request_are_one_of_them(api: Asked) -> None:
    other = api.clients["city"].headers["Authorization"].removeprefix("Bearer ")
    both = await api("west", f"{PREFIX}/households", headers={"X-API-Key": other})
    assert "H1" not in {row["household"] for row in both.json()["rows"]}


@pytest.mark.parametrize("change", ["cut", "longer", "case", "prefix"])
async def test_a_key_that_was_tampered_with_is_none(api: Asked, change: str) -> None:
    key = api.clients["city"].headers["Authorization"].removeprefix("Bearer ")
    west = api.clients["west"].headers["Authorization"].removeprefix("Bearer ")
    tampered = {
        "cut": key[:-1],
        "longer": key + "a",
        "case": key.swapcase(),
        "prefix": "_".join([*key.split("_")[:2], west.split("_", 2)[2]]),
    }[change]
    response = await api("nobody", f"{PREFIX}/households", headers={"X-API-Key": tampered})
    assert response.status_code == 401


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
async def test_a_method_that_an_address_does_not_take_is_refused(api: Asked, method: str) -> None:
    response = await api("city", f"{PREFIX}/households", method)
    assert response.status_code == 405
    assert "H1" not in response.text


async def test_a_head_is_the_get_without_its_body(api: Asked) -> None:
    assert (await api("west", f"{PREFIX}/households", "HEAD")).content == b""
    assert (await api("nobody", f"{PREFIX}/households", "HEAD")).status_code == 401


async def test_no_foreign_page_may_read_an_answer(api: Asked) -> None:
    asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "GET"}
    for method in ("GET", "OPTIONS"):
        response = await api("city", f"{PREFIX}/households", method, headers=asked)
        assert not [name for name in response.headers if name.startswith("access-control")]


async def test_a_body_that_is_too_large_is_refused_before_it_is_read(api: Asked) -> None:
    response = await api("city", f"{PREFIX}/exports", "POST", content=b"x" * 1_000_000)
    assert response.status_code == 413


async def test_every_answer_forbids_a_browser_to_guess_and_to_frame(api: Asked) -> None:
    for who, path in (("city", "/households"), ("nobody", "/households"), ("city", "/none")):
        headers = (await api(who, PREFIX + path)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]


async def test_whoever_looks_at_a_claim_is_logged_with_its_household(api: Asked) -> None:
    await api("company", f"{PREFIX}/claims/CL-H1")
    log = (await api("auditor", f"{PREFIX}/access-log", params={"household": "H1", "limit": 1000})).json()["rows"]
    assert f"{PREFIX}/claims/{{claim}}" in {row["route"] for row in log}

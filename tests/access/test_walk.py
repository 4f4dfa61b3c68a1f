"""Every address as every role: what is answered is what docs/access.md says, and nothing of a home next door."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from heatstream.access import permits
from heatstream.store.keys import ROLES as KEYS
from heatstream.store.tables import ROLES
from tests.access.conftest import OF_KEYS, OF_PEOPLE, Asked

MANUAL = (Path(__file__).parents[2] / "docs" / "access.md").read_text()
PREFIX = "/api/v1"
PROBES = {"/livez", "/readyz", "/metrics"}
OPEN_TO_STRANGERS = {"/sign-in", "/sign-out", "/password", "/livez", "/readyz"}
ACTS = {"/ingest/replay", "/ingest/doctor", "/rules/in-force", "/rows/rules/in-force"}
"""What is done on a page of another address."""
DAYS = {"params": {"day_from": "2026-01-04", "day_to": "2026-01-06"}}
NEEDS: dict[str, dict[str, Any]] = {
    f"{PREFIX}/exports": {
        "json": {"noun": "publications", "media_type": "text/csv"},
        "headers": {"Idempotency-Key": "walk"},
    },
    f"{PREFIX}/readings": {"params": {"household": "H1"}},
    f"{PREFIX}/work-orders/figures": DAYS,
    f"{PREFIX}/work-orders/groups": DAYS,
    f"{PREFIX}/scorecards/{{company}}/rows": {"params": {"measure": "pass_rate"}},
    "/rows/buildings/{code}/day": {"params": {"day": "2026-01-06"}},
    "/rows/household/{code}/curve": {"params": {"until": "2026-01-07T00:00:00+08:00"}},
    "/rows/household/{code}/statistics": {"params": {"day": "2026-01-06"}},
    "/rows/scorecards/{code}": {"params": {"measure": "pass_rate"}},
    "/rows/search": {"params": {"q": "H1"}},
    "/ingest/conflict": {"params": {"point": "P1", "at": "2026-01-06T02:00:00+08:00"}},
    "/rows/evidence/verify": {"content": b""},
}
"""What an address does not answer without."""
WEST = re.compile(r"(?<![\w-])(H3|H4|S1|B2|P3|CL-H3|INC-T2|R3)(?![\w-])")
"""Codes of the west of the town: neither E1 nor D1 has to do with them."""
EAST = re.compile(r"(?<![\w-])(H1|H2|B1|P1|P2|CL-H1|INC-T1|M-T1|R1|R2)(?![\w-])")

pytestmark = pytest.mark.asyncio(loop_scope="session")


# --- the table that people read ---------------------------------------------------------------------------------------


def written(heading: str, roles: tuple[str, ...]) -> dict[str, set[str]]:
    """Read a table of the manual."""
    part = MANUAL.split(f"## {heading}")[1].split("\n## ")[0]
    lines = [line for line in part.splitlines() if line.startswith("| `/")]
    cells = ([cell.strip() for cell in line.strip("|").split("|")] for line in lines)
    return {
        row[0].strip("`"): {role for role, cell in zip(roles, row[1:], strict=True) if cell == "●"} for row in cells
    }


API = written("Addresses of the API", KEYS)
PAGES = written("Pages, and the rows they fetch", ROLES)


def of(table: Mapping[str, permits.Roles], roles: tuple[str, ...]) -> dict[str, set[str]]:
    return {address: set(may) & set(roles) for address, may in table.items()}


async def test_the_manual_says_what_the_table_of_permits_says() -> None:
    assert of(permits.API, KEYS) == API
    assert of(permits.PAGES, ROLES) == PAGES


# --- the walk ---------------------------------------------------------------------------------------------------------

SAMPLES = {
    "matters": "INC-T1",
    "claims": "CL-H1",
    "companies": "E1",
    "stations": "T1",
    "sources": "HS1",
    "buildings": "B1",
    "household": "H1",
    "scorecards": "E1",
}
VALUES = {
    "finding_id": "1",
    "claim": "CL-H1",
    "company": "E1",
    "device": "M-T1",
    "day": "2026-01-06",
    "level": "district",
    "line": "12345",
    "ticket_no": "none",
    "report": "1",
    "sha256": "0" * 64,
    "paper": "none",
    "option": "none",
    "name": "cn-22-jilin",
}
NOT_THERE = re.compile(r"/tickets/|/reports/|/papers/|/files/|/options/|/exports/")
"""There are none of these in the town."""


def filled(route: str) -> str:
    """Put things of the east into an address."""
    before = [*re.findall(r"(\w+)/\{code\}", route), ""][0]
    values = VALUES | {"code": SAMPLES.get(before, "none")}
    return re.sub(r"\{(\w+)\}", lambda found: values[found[1]], route)


def needs(path: str, method: str) -> dict[str, Any]:
    """Give what an address does not answer without; a GET takes no body."""
    return {name: value for name, value in NEEDS.get(path, {}).items() if method == "POST" or name == "params"}


def routes_of(routes: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Tell every address and method of an app, through routers and apps that it holds."""
    for each in routes:
        inner = getattr(each, "original_router", None) or (None if hasattr(each, "methods") else each)
        if (inner is not each and inner is not None) or not hasattr(each, "methods"):
            before = getattr(getattr(each, "include_context", None), "prefix", None) or getattr(each, "path", "")
            yield from routes_of(getattr(inner, "routes", None) or (), prefix + before)
        else:
            yield from (
                (prefix + each.path, method) for method in each.methods or () if method not in {"HEAD", "OPTIONS"}
            )


def fits(status: int, route: str, *, permitted: bool) -> bool:
    if not permitted:
        return status == 403
    return status in (
        {200, 201, 202, 404, 409, 422} if NOT_THERE.search(route) or "evidence" in route else {200, 202, 409}
    )


async def test_the_api_answers_every_role_as_written(api: Asked) -> None:
    documented = {
        (path, method.upper())
        for path, methods in api.app.openapi()["paths"].items()
        for method in methods
        if path not in PROBES
    }
    assert {path.removeprefix(PREFIX) for path, _ in documented} == set(API)
    wrong = []
    for path, method in sorted(documented - {(f"{PREFIX}/stream", "GET")}):
        for role in OF_KEYS:
            response = await api(role, filled(path), method, **needs(path, method))
            if not fits(response.status_code, path, permitted=role in API[path.removeprefix(PREFIX)]):
                wrong.append((role, method, path, response.status_code, response.text[:200]))
        stranger = await api("nobody", filled(path), method, **needs(path, method))
        wrong += [("nobody", method, path, stranger.status_code)] if stranger.status_code != 401 else []
    assert not wrong, "\n".join(map(str, wrong))


async def test_the_page_answers_every_role_as_written(web: Asked) -> None:
    found = {
        (path, method)
        for path, method in routes_of(web.app.routes)
        if not path.startswith(("/_nicegui", "/static", "/favicon")) and path not in OPEN_TO_STRANGERS
    }
    assert {path for path, _ in found} | ACTS == set(PAGES)
    wrong = []
    for path, method in sorted(found):
        for role in OF_PEOPLE:
            response = await web(role, filled(path), method, **needs(path, method))
            if not fits(response.status_code, path, permitted=role in PAGES[path]):
                wrong.append((role, method, path, response.status_code, response.text[:150]))
        stranger = await web("nobody", filled(path), method, **needs(path, method))
        expected = 401 if path.startswith("/rows/") else 303
        wrong += [("nobody", method, path, stranger.status_code)] if stranger.status_code != expected else []
    assert not wrong, "\n".join(map(str, wrong))


# --- nothing of next door ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("who", "foreign"), [("company", WEST), ("district", WEST), ("west", EAST)])
async def test_no_answer_of_the_api_names_what_is_next_door(api: Asked, who: str, foreign: re.Pattern[str]) -> None:
    seen, own = {}, WEST if foreign is EAST else EAST
    assert own.search((await api(who, f"{PREFIX}/households")).text)
    for path in sorted({filled(f"{PREFIX}{route}") for route in API if route != "/stream"}):
        response = await api(who, path)
        if response.status_code == 200 and (found := set(foreign.findall(response.text))):
            seen[path] = found
    assert seen == {}


@pytest.mark.parametrize(
    ("who", "foreign"),
    [("household", re.compile(r"(?<![\w-])(H2|P2|R2|CL-H3|H3|H4)(?![\w-])")), ("district", WEST), ("west", EAST)],
)
async def test_no_rows_of_a_page_name_what_is_next_door(web: Asked, who: str, foreign: re.Pattern[str]) -> None:
    seen = {}
    for path in sorted({filled(route) for route in PAGES if route.startswith("/rows/") and route not in ACTS}):
        response = await web(who, path)
        if response.status_code == 200 and (found := set(foreign.findall(response.text))):
            seen[path] = found
    assert seen == {}


async def test_who_takes_calls_and_a_street_learn_what_happened_in_a_matter_and_not_what_was_said(
    api: Asked, web: Asked
) -> None:
    said, happened = "热表连续三个时段无热", "案卷"
    pages = {role: (await web(role, "/matters/INC-T1")).text for role in ("district", "hotline", "street")}
    assert {role for role, page in pages.items() if said in page} == {"district"}
    assert {role for role, page in pages.items() if happened in page} == {*pages}
    told = [(await api(role, f"{PREFIX}/matters/INC-T1")).json()["events"] for role in ("district", "hotline")]
    assert [each | {"body": None} for each in told[0]] == told[1]
    assert told[0] != told[1]


WHAT_IS_NEXT_DOOR = [
    *(
        f"/{noun}?{name}={code}"
        for noun in ("households", "findings", "readings", "statistics", "flags", "claims")
        for name, code in (("household", "H1"), ("building", "B1"), ("heat_station", "T1"), ("company", "E1"))
    ),
    "/claims/CL-H1",
    "/matters/INC-T1",
    "/findings/1/explain",
    "/stations/T1/days",
    "/meters/M-T1/days",
    "/companies/E1/file",
    "/scorecards/E1",
]


@pytest.mark.parametrize("address", WHAT_IS_NEXT_DOOR)
async def test_what_is_next_door_is_answered_as_what_is_not_there(api: Asked, address: str) -> None:
    theirs = await api("west", PREFIX + address)
    absent = await api("west", PREFIX + re.sub(r"\b(CL-H1|INC-T1|M-T1|H1|B1|T1|E1)\b|(?<=/)1(?=/)", "909090", address))
    assert theirs.status_code == absent.status_code in {400, 404}
    assert theirs.json()["type"] == absent.json()["type"]

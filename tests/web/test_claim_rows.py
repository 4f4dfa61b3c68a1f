"""Claims on the page: whose desk they lie on, who sees which, and that nobody records what is not theirs to record."""

import datetime as dt
import hashlib
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request
from sqlalchemy import insert, select, update

from heatstream.access import people
from heatstream.access.permits import NotPermitted
from heatstream.claims import events
from heatstream.errors import BadInput, Refused
from heatstream.settings import Database, Settings
from heatstream.store import accounts
from heatstream.store.read import inbox
from heatstream.store.tables import account, company, household, officer
from heatstream.web import claim_inbox, claim_rows, claim_words, sign_in_page
from heatstream.web.claim_inbox import By, Ways, visit_by
from heatstream.web.claim_record import BundleDays, Sheet
from heatstream.web.shared import Source
from heatstream.web.signed_in import COOKIE
from heatstream.web.words import Words
from tests.claims.conftest import judged, office
from tests.claims.rig import DAYS_OFF, NOW, Office, given, time
from tests.evaluate.town import LONG_AGO

__all__ = ["judged", "office"]

FOREIGN = "X2"
"""The clerk of another company."""


@dataclass
class Desk:
    """Somebody at a page, by 工号."""

    client: httpx.AsyncClient
    request: Request

    async def rows(self, show: str = "open") -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = (await self.client.get("/rows/claims", params={"show": show})).json()["rows"]
        return rows

    async def row(self) -> dict[str, Any]:
        [found] = await self.rows()
        return found

    async def status(self, address: str) -> int:
        return (await self.client.get(f"/rows/claims/{address}")).status_code

    async def record(self, kind: str, code: str = "C-1", **told: Any) -> str:
        return await Sheet.of(self.request).record(code, typed(kind, **told))


def typed(kind: str, **told: Any) -> dict[str, Any]:
    return {"kind": kind, "at": time(9, day=13).isoformat(), "why": "测试", **told}


class Desks:
    """The page of an office's database, and whoever comes to it."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.app, settings = FastAPI(), Settings(database=Database(url=office.database))
        self.app.state.source, self.app.state.settings = (
            Source(office.database, count(0, 10).__next__, lambda: NOW),
            settings,
        )
        sign_in_page.lead_strangers(self.app)
        self.app.include_router(claim_rows.router)

    async def __call__(self, code: str) -> Desk:
        """Let somebody in by 工号; how they sign in is tested elsewhere."""
        token = secrets.token_urlsafe()
        async with self.office.engine.begin() as conn:
            made = {"login": code, "password_hash": "", "must_change": False, "created_by": "tests"}
            person = select(officer.c.id).where(officer.c.code == code).scalar_subquery()
            query = insert(account).values(officer_id=person, **made).returning(account.c.id)
            found = (await conn.execute(query)).scalar_one()
            await accounts.begin(conn, found, hashlib.sha256(token.encode()).digest(), people.LASTS, "")
        transport = httpx.ASGITransport(self.app)
        client = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", cookies={COOKIE: token})
        cookie = f"{COOKIE}={token}".encode()
        scope = {"type": "http", "app": self.app, "path": "/", "query_string": b"", "headers": [(b"cookie", cookie)]}
        request = Request(scope)
        return Desk(client, request)


@asynccontextmanager
async def opened_to(office: Office) -> AsyncIterator[Desks]:
    """Let people in: the household acts for its own home, and there is a clerk of another company."""
    async with office.engine.begin() as conn:
        home = await conn.scalar(select(household.c.id).where(household.c.code == "H1"))
        await conn.execute(update(officer).where(officer.c.code == "H1").values(household_id=home))
        other = {"code": "E2", "name": "另一热力公司", "valid_from": LONG_AGO}
        foreign = (await conn.execute(insert(company).values(**other).returning(company.c.id))).scalar_one()
        clerk = {
            "code": FOREIGN,
            "name": "外人",
            "organisation": "另一热力公司",
            "role": "company",
            "company_id": foreign,
        }
        await conn.execute(insert(officer).values(**clerk, valid_from=LONG_AGO))
    desks = Desks(office)
    yield desks
    await desks.app.state.source.close()


@pytest.fixture
async def desks(office: Office) -> AsyncIterator[Desks]:
    async with opened_to(office) as found:
        yield found


def _draft(bundle: str, fen: int | None) -> dict[str, Any]:
    return {"outcome": "refund", "ruled_fen": fen, "facts": ["冷"], "reasoning": ["依"], "bundle_sha256": bundle}


# --- the inbox --------------------------------------------------------------------------------------------------------


async def test_a_claim_lies_on_the_desk_of_whoever_it_waits_for(office: Office, desks: Desks) -> None:
    await office.measured()
    mine = {code: (await (await desks(code)).row())["mine"] for code in ("CO", "INS", "D1", "H1", "CITY")}
    assert mine == {"CO": ["self_refund_offered"], "INS": [], "D1": [], "H1": [], "CITY": []}


async def test_a_claim_tells_which_limit_ends_first_and_that_it_has_passed(office: Office, desks: Desks) -> None:
    await office.open()
    row = await (await desks("INS")).row()
    assert (row["clock"], dt.datetime.fromisoformat(row["due_at"])) == ("contact", time(8, 30))
    assert row["mine"] == ["contacted", "visit_recorded"]
    assert row["address"] == "H1"


async def test_the_inbox_follows_what_is_recorded(office: Office, desks: Desks) -> None:
    await office.open()
    inspector = await desks("INS")
    assert (await inspector.row())["mine"] == ["contacted", "visit_recorded"]
    await office.record(given("contacted", time(8, 10), by_means="电话"), "CO")
    assert (await inspector.row())["mine"] == ["visit_recorded"]


async def test_a_draft_lies_on_no_desk_of_whoever_made_it(office: Office, desks: Desks) -> None:
    bundle = await office.heard()
    entitled = (await office.claim()).entitlement_fen
    await office.record(given("ruling_drafted", time(9, day=13), **_draft(bundle, entitled)), "D1")
    assert [(await (await desks(code)).row())["mine"] for code in ("D1", "D2")] == [[], ["ruling_reviewed"]]


async def test_claims_that_are_over_are_counted_apart(office: Office, desks: Desks) -> None:
    await office.open()
    await office.record(given("withdrawn", time(9), by_name="户主"), "H1")
    city = await desks("CITY")
    answer = (await city.client.get("/rows/claims")).json()
    assert (answer["rows"], answer["counts"]) == ([], {"mine": 0, "overdue": 0, "open": 0, "over": 1})
    assert [row["step"] for row in await city.rows("over")] == ["withdrawn"]


@pytest.mark.parametrize(
    ("code", "address", "computed"), [("HOT", "H1", None), ("AUD", None, 1800), ("CO", "H1", 1800)]
)
async def test_a_role_sees_the_cells_it_needs(
    office: Office, desks: Desks, code: str, address: str | None, computed: int | None
) -> None:
    await office.measured()
    row = await (await desks(code)).row()
    assert (row["address"], row["computed_fen"]) == (address, computed)


async def test_a_visit_that_is_booked_for_a_later_day_is_not_on_the_day_s_list(office: Office) -> None:
    await office.open()
    booked = given("contacted", time(8, 10), by_means="电话", visit_booked_for=time(9, day=6).isoformat())
    await office.record(booked, "CO")
    async with office.engine.connect() as conn:
        found = await claim_inbox.read(conn, inbox.still_open(), 9, By(Ways(), DAYS_OFF, NOW))
    lists = {
        (role, day): [each.claim.code for each in claim_inbox.visits(found, role, time(0, day=day).date())]
        for role, day in (("inspector", 5), ("inspector", 6), ("city", 6), ("district", 6))
    }
    assert lists == {("inspector", 5): [], ("inspector", 6): ["C-1"], ("city", 6): ["C-1"], ("district", 6): []}
    assert [(clock.name, clock.limit) for each in found if (clock := visit_by(each))] == [("measure", time(8, 30))]


# --- whose claims, whose papers ---------------------------------------------------------------------------------------


async def test_another_companys_claim_is_not_there(office: Office, desks: Desks) -> None:
    await office.measured()
    foreign = await desks(FOREIGN)
    assert (await foreign.rows(), await foreign.status("C-1")) == ([], 404)
    assert await foreign.status("C-1/papers/explanation") == 404
    with pytest.raises(BadInput, match="no claim 'C-1'"):
        await foreign.record("contacted", by_means="电话")
    with pytest.raises(BadInput, match="no claim 'C-1'"):
        await Sheet.of(foreign.request).attach("C-1", "f.pdf", b"f", "scan")


async def test_a_paper_is_for_whoever_sees_the_claim(office: Office, desks: Desks) -> None:
    await office.measured()
    sha256 = await office.attach(b"<script>", kind="scan")
    company_clerk = await desks("CO")
    answer = await company_clerk.client.get(f"/rows/claims/C-1/files/{sha256}")
    assert (answer.content, answer.headers["content-type"]) == (b"<script>", "application/octet-stream")
    assert answer.headers["content-disposition"].startswith("attachment; ")
    assert await (await desks(FOREIGN)).status(f"C-1/files/{sha256}") == 404
    assert await (await desks("HOT")).status(f"C-1/files/{sha256}") == 403
    assert await company_clerk.status(f"C-1/files/{'0' * 64}") == 404


async def test_papers_are_printed_as_the_command_line_prints_them(office: Office, desks: Desks) -> None:
    await office.ruled()
    clerk = await desks("CO")
    ruling = await clerk.client.get("/rows/claims/C-1/papers/ruling")
    assert ruling.content.startswith(b"%PDF")
    page = await clerk.client.get("/rows/claims/C-1/papers/visit-form", params={"blank": "true", "html": "true"})
    assert "入户测温记录单" in page.text
    anywhere = await clerk.client.get("/rows/claims/-/papers/visit-form", params={"blank": "true", "by": "company"})
    assert anywhere.content.startswith(b"%PDF")
    wrong = await clerk.client.get("/rows/claims/C-1/papers/receipt")
    assert (wrong.status_code, "expected household or company" in wrong.text) == (422, True)
    assert await clerk.status("C-1/papers/leaflet") == 422


async def test_how_a_ruling_is_made_is_for_the_authority_alone(office: Office, desks: Desks) -> None:
    await office.ruled()
    statuses = [await (await desks(code)).status("C-1/papers/approval") for code in ("CO", "H1", "D2")]
    assert statuses == [403, 403, 200]


# --- recording --------------------------------------------------------------------------------------------------------


async def test_what_a_role_may_not_record_is_refused_when_it_is_sent_by_hand(office: Office, desks: Desks) -> None:
    await office.measured()
    clerk = await desks("CO")
    with pytest.raises(Refused, match="role company may not record cause_determined"):
        await clerk.record("cause_determined", cause="user", by="authority", names=["x"], analysis="x", on=[1])
    with pytest.raises(NotPermitted, match="/claims/open is for"):
        await Sheet.of((await desks("AUD")).request).open(typed("opened", household="H1"))


async def test_the_same_person_is_refused_by_name_and_step(office: Office, desks: Desks) -> None:
    bundle = await office.heard()
    entitled = (await office.claim()).entitlement_fen
    first = await desks("D1")
    await first.record("ruling_drafted", **_draft(bundle, entitled))
    with pytest.raises(Refused, match=r"复核 by 王某.*drafted by the same person"):
        await first.record("ruling_reviewed", agrees=True, opinion="同意")


async def test_a_form_that_is_sent_twice_is_recorded_once(office: Office, desks: Desks) -> None:
    await office.open()
    sheet, told = Sheet.of((await desks("CO")).request), typed("contacted", by_means="电话")
    assert [await sheet.record("C-1", told) for _ in range(2)] == ["2", "2"]
    assert len((await office.way()).recorded) == 2
    with pytest.raises(BadInput, match="this form was recorded already"):
        await sheet.record("C-1", {**told, "by_means": "短信"})


async def test_what_was_refused_can_be_sent_again_from_the_same_form(office: Office, desks: Desks) -> None:
    await office.open()
    sheet = Sheet.of((await desks("CO")).request)
    late = typed("contacted", by_means="电话", at=time(9, day=25).isoformat())
    with pytest.raises(BadInput, match="expected not after now"):
        await sheet.record("C-1", late)
    assert await sheet.record("C-1", {**late, "at": time(9).isoformat()}) == "2"


async def test_whoever_signed_out_records_nothing(office: Office, desks: Desks) -> None:
    await office.open()
    clerk = await desks("CO")
    async with office.engine.begin() as conn:
        await people.sign_out(conn, clerk.client.cookies[COOKIE])
    with pytest.raises(Exception, match="the session is over"):
        await clerk.record("contacted", by_means="电话")


async def test_a_claim_is_opened_for_a_home_in_sight(desks: Desks) -> None:
    told = typed("opened", household="H1", way="complaint", temperature_complaint=True)
    assert await Sheet.of((await desks("HOT")).request).open(told) == "H1-20260113-1"
    with pytest.raises(BadInput, match="expected a 户号 of the registry"):
        await Sheet.of((await desks(FOREIGN)).request).open(told)


async def test_a_bundle_is_made_of_what_is_seen_and_kept_under_its_digest(office: Office, desks: Desks) -> None:
    await office.measured()
    district = await desks("D1")
    days = BundleDays(day_from=time(0).date(), day_to=time(0, day=6).date())
    sha256 = await Sheet.of(district.request).attach_bundle("C-1", days)
    content = (await district.client.get(f"/rows/claims/C-1/files/{sha256}")).content
    assert hashlib.sha256(content).hexdigest() == sha256


def test_every_kind_of_event_is_named() -> None:
    assert list(claim_words.kinds(Words())) == list(events.KINDS)

"""Four people lead a cold home from the city's figure to a served ruling and verified evidence, in a real browser."""

import datetime as dt
import hashlib
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, expect

from heatstream.access import people
from heatstream.store.migrate import upgrade
from heatstream.store.pool import create_engine
from heatstream.web.words import COOKIE
from tests.browser.conftest import serving
from tests.claims.rig import Office
from tests.conftest import at_database, tell
from tests.signed import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

CLERK, DRAFTS, REVIEWS, APPROVES = "CO", "D1", "D2", "D3"
JUDGED = dt.date(2026, 1, 10)
"""The last day that is judged: the home is cold on it; on the next the authority finds it warm."""
OWED = "18.00"
"""Six days at 30 % of 1,690 yuan over 169 days [yuan]."""
DATABASE = "four_people"
PATIENCE_MS = 30_000


def at(day: int, hour: int, minute: int = 0) -> str:
    """Write an instant of January 2026 as a browser's field takes it."""
    return f"2026-01-{day:02d}T{hour:02d}:{minute:02d}:00"


def measured(day: int, hour: int, celsius: str) -> dict[str, str]:
    """What is typed of a visit that begins on the hour: one bedroom, three readings, both signed."""
    readings = {
        f"rooms.0.readings.{n}.{name}": value
        for n in range(3)
        for name, value in (("centi", celsius), ("at", at(day, hour, 12 + 2 * n)))
    }
    return {
        "at": at(day, hour, 25),
        "why": "入户测温，双方签字",
        "arrived_at": at(day, hour),
        "started_at": at(day, hour, 5),
        "ended_at": at(day, hour, 20),
        "instrument_no": "CW-0017",
        "certificate_no": "检2025-0412",
        "certificate_until": "2026-10-31",
        "people.0.name": "何苗",
        "people.0.signed": "yes",
        "people.1.name": "户主",
        "people.1.role": "household",
        "people.1.signed": "yes",
        "rooms.0.kind": "bedroom",
        "rooms.0.area_centi_m2": "15.00",
        "rooms.0.position": "room_center",
        "rooms.0.height_cm": "100",
        "rooms.0.closed_min": "60",
        "rooms.0.stable": "yes",
        "rooms.0.temp_centi": celsius,
        **readings,
    }


TOO_EARLY = {
    "en": "at: seen 2026-01-01T09:00:00+08:00, expected not before the claim was opened (2026-01-04T23:40:00+00:00)",
    "zh": "发生时间为 2026年1月1日 09:00，不应早于立案时间（2026年1月5日 07:40）",
}
"""Why a review is refused that is told of a day before the request."""


async def see(what: Locator) -> None:
    await expect(what).to_be_visible(timeout=PATIENCE_MS)


async def read(what: Locator, text: str) -> None:
    await expect(what).to_contain_text(text, timeout=PATIENCE_MS)


class Officer:
    """One of the four, in a browser of their own."""

    def __init__(self, page: Page, address: str, code: str) -> None:
        self.page, self.address, self.code = page, address, code
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda line: self.errors.append(line.text) if line.type == "error" else None)

    async def go(self, path: str) -> None:
        """Open a page; whoever is not signed in yet is led to the form first, and from it to the page."""
        await self.page.goto(self.address + path)
        if "/sign-in" in self.page.url:
            await self.page.get_by_label("登录名").fill(f"person-{self.code}")
            await self.page.get_by_label("口令").fill(PASSWORD)
            await self.page.get_by_role("button", name="登录").click()
        await see(self.page.locator(".hs-account-name"))

    async def form(self, kind: str) -> Locator:
        """Choose what is to be recorded, wherever the page offers it."""
        button = self.page.locator(f".hs-acts [data-kind={kind}]")
        if not await button.is_visible():
            await self.page.locator(".hs-act-more > summary").click()
        await button.click()
        form = self.page.locator(".hs-act-form form")
        await see(form)
        return form

    async def fill(self, form: Locator, told: Mapping[str, str]) -> None:
        """Type into the fields by their paths; boxes to tick are named `path=value`."""
        for path, value in told.items():
            if path.endswith("[]"):
                await form.locator(f"[name='{path[:-2]}'][value='{value}']").check()
                continue
            field = form.locator(f"[name='{path}']")
            if await field.evaluate("each => each.tagName") == "SELECT":
                await field.select_option(value)
            else:
                await field.fill(value)

    async def send(self, form: Locator) -> None:
        await form.locator("[type=submit]").click()

    async def record(self, kind: str, number: int, told: Mapping[str, str], *, parts: tuple[str, ...] = ()) -> None:
        """Record an event; it stands in the file under its number."""
        form = await self.form(kind)
        for part in parts:
            await form.get_by_role("button", name=f"+ {part}", exact=True).click()
            await see(form.get_by_role("button", name="移除").last)
        await self.fill(form, told)
        await self.send(form)
        await see(self.page.locator(f"#e{number}"))


@asynccontextmanager
async def judged(server: str) -> AsyncIterator[str]:
    """A database with the cold home, judged, and accounts of its officers."""
    await tell(server, f"create database {DATABASE}")
    url = at_database(server, DATABASE)
    await upgrade(url)
    engine = create_engine(url, size=2)
    await Office.found(engine, through=JUDGED)
    async with engine.begin() as conn:
        for code in (CLERK, DRAFTS, REVIEWS, APPROVES):
            await people.create(conn, f"person-{code}", code, by="tests", password=PASSWORD)
    await engine.dispose()
    yield url
    await tell(server, f"drop database {DATABASE} with (force)")


@pytest_asyncio.fixture(loop_scope="session")
async def office(town_url: str, unused_tcp_port_factory: Callable[[], int]) -> AsyncIterator[str]:
    """Where the office's page is."""
    async with judged(town_url) as url, serving(url, unused_tcp_port_factory()) as address:
        yield address


@pytest_asyncio.fixture(loop_scope="session")
async def four(chromium: Browser, office: str) -> AsyncIterator[dict[str, Officer]]:
    """Each in a browser of their own."""
    async with AsyncExitStack() as stack:
        found = {}
        for code in (CLERK, DRAFTS, REVIEWS, APPROVES):
            context = await chromium.new_context(viewport={"width": 1440, "height": 900})
            stack.push_async_callback(context.close)
            context.set_default_timeout(PATIENCE_MS)
            found[code] = Officer(await context.new_page(), office, code)
        yield found


async def test_four_people_lead_a_cold_home_to_a_served_ruling_and_verified_evidence(
    four: dict[str, Officer], tmp_path: Path
) -> None:
    clerk, drafts, reviews, approves = (four[code] for code in (CLERK, DRAFTS, REVIEWS, APPROVES))
    claim = await _the_company_measures(clerk)
    await _the_district_hears(drafts, clerk, claim)
    await _three_people_rule(drafts, reviews, approves, claim)
    await _it_is_served_and_paid(drafts, clerk, claim)
    await _the_evidence_is_verified(drafts, claim, tmp_path)
    assert [officer.errors for officer in four.values()] == [[], [], [], []]


async def _the_company_measures(clerk: Officer) -> str:
    """From the city's figure to the home, and its claim; contact and a visit with values."""
    page = clerk.page
    await clerk.go("/")
    await page.locator("a.hs-figure", has_text="不达标").click()
    await page.locator(".ag-row a", has_text="H1").first.click()
    await page.locator("a[href='/claims/open?household=H1']").click()
    form = page.locator(".hs-form")
    request = {"at": at(5, 7, 40), "why": "用户来电反映室温不足", "applicant": "户主", "way": "complaint"}
    await clerk.fill(form, request)
    await clerk.send(form)
    await see(page.locator(".hs-alert", has_text="是否反映室温"))
    await clerk.fill(form, {"temperature_complaint": "yes"})
    await clerk.send(form)
    await page.wait_for_url("**/claims/H1-20260105-1")
    booked = {"at": at(5, 7, 48), "why": "回电约定上门", "by_means": "电话", "visit_booked_for": at(5, 8)}
    await clerk.record("contacted", 2, booked)
    visit = measured(5, 8, "16.50") | {"people.0.role": "tester"}
    await clerk.record("visit_recorded", 3, visit, parts=("参加人员", "所测房间"))
    await clerk.record("self_refund_refused", 4, {"at": at(5, 15), "why": "不自行退费"})
    return page.url.split("#")[0].removeprefix(clerk.address)


async def _the_district_hears(drafts: Officer, clerk: Officer, claim: str) -> None:
    """The application, the retest by the authority, the cause, both statements."""
    await drafts.go("/claims")
    await drafts.page.get_by_role("button", name="全部未办结").click()
    await drafts.page.locator(".ag-row a", has_text="H1-20260105-1").click()
    await drafts.record("authority_applied", 5, {"at": at(6, 9), "why": "用户申请裁定", "asks": "退还热费"})
    copies = {"copies.0.inspector": "1", "copies.0.household": "1", "copies.0.archived": "2", "archive_nos": "档1\n档2"}
    retest = measured(11, 15, "20.00") | {"by": "authority", "people.0.role": "authority"} | copies
    await drafts.record("visit_recorded", 6, retest, parts=("参加人员", "所测房间", "记录单份数"))
    cause = {"cause": "company", "by": "authority", "names": "王某", "analysis": "循环泵停运", "on[]": "3"}
    await drafts.record("cause_determined", 7, {"at": at(11, 16), "why": "查明原因", **cause})
    heard = {"at": at(12, 9), "why": "听取陈述"}
    await drafts.record("statement_given", 8, {**heard, "by": "household", "text": "卧室只有16度多"})
    await clerk.go(claim)
    await clerk.record("statement_given", 9, {**heard, "text": "对测温记录无异议"})


async def _three_people_rule(drafts: Officer, reviews: Officer, approves: Officer, claim: str) -> None:
    """The bundle, the draft, and two other people; whoever drafted is told why not."""
    await drafts.go(claim)
    await drafts.send(await drafts.form("bundle"))
    await see(drafts.page.locator(".hs-papers", has_text="证据包"))
    form = await drafts.form("ruling_drafted")
    await expect(form.locator("[name=ruled_fen]")).to_have_value(OWED)
    bundle = await form.locator("[name=bundle_sha256] option").nth(1).get_attribute("value")
    reasons = {"facts": "企业测温16.50 °C\n主管部门复测20.00 °C", "reasoning": "依第五条、第六条"}
    draft = {"at": at(13, 9), "why": "拟定裁定", "outcome": "refund", "bundle_sha256": str(bundle), **reasons}
    await drafts.fill(form, draft)
    await drafts.send(form)
    await see(drafts.page.locator("#e10"))
    await drafts.page.locator(".hs-not-now > summary").click()
    refused = drafts.page.locator(".hs-not-now [data-kind=ruling_reviewed]")
    await read(refused, "承办、复核、审批应为三人")
    await expect(drafts.page.locator(".hs-acts [data-kind=ruling_reviewed]")).to_have_count(0)
    agreed = {"agrees": "yes", "opinion": "同意"}
    await reviews.go(claim)
    for language, said in TOO_EARLY.items():
        form = await _refused(reviews, {"at": at(1, 9), "why": "复核草案", **agreed}, language, said)
    await reviews.fill(form, {"at": at(13, 10)})
    await reviews.send(form)
    await see(reviews.page.locator("#e11"))
    await approves.go(claim)
    issued = {"at": at(13, 11), "why": "签发", **agreed, "doc_no": "区供裁〔2026〕1号"}
    await approves.record("ruling_approved", 12, issued)


async def _refused(officer: Officer, told: Mapping[str, str], language: str, said: str) -> Locator:
    """Send what the law refuses, and read why above the form, in the language of the page; nothing typed is lost."""
    await officer.page.context.add_cookies([{"name": COOKIE, "value": language, "url": officer.address}])
    await officer.page.reload()
    form = await officer.form("ruling_reviewed")
    await officer.fill(form, told)
    await officer.send(form)
    await read(form.locator("[role=alert]"), said)
    return form


async def _it_is_served_and_paid(drafts: Officer, clerk: Officer, claim: str) -> None:
    await drafts.go(claim)
    for number, party in ((13, "household"), (14, "company")):
        served = {"recipient": party, "method": "direct", "received_by": "本人"}
        await drafts.record("ruling_served", number, {"at": at(13, 14), "why": "送达裁定书", **served})
    await clerk.go(claim)
    form = await clerk.form("payment_made")
    await expect(form.locator("[name=fen]")).to_have_value(OWED)
    paid = {"at": at(15, 9), "why": "按裁定退费", "paid_on": "2026-01-15", "voucher_no": "退-1", "payee": "户主"}
    await clerk.record("payment_made", 15, paid)
    await read(clerk.page.locator(".hs-amounts"), OWED)
    async with clerk.page.expect_download() as download:
        await clerk.page.locator(".hs-prints a[href$='/papers/ruling']").click()
    assert Path(await (await download.value).path()).read_bytes().startswith(b"%PDF")


async def _the_evidence_is_verified(drafts: Officer, claim: str, folder: Path) -> None:
    """The bundle that the ruling cites, taken from the claim's file, is judged again on the page of the home."""
    await drafts.go(claim)
    paper = drafts.page.locator(".hs-papers li", has_text="证据包")
    sha256 = await paper.locator("code").inner_text()
    await read(drafts.page.locator("#e10"), sha256)
    async with drafts.page.expect_download() as download:
        await paper.get_by_role("link").click()
    file = folder / "bundle.zip"
    await (await download.value).save_as(file)
    assert hashlib.sha256(file.read_bytes()).hexdigest() == sha256
    await drafts.go("/household/H1")
    await drafts.page.locator("#hs-file").set_input_files(file)
    await drafts.page.locator("#hs-verify [type=submit]").click()
    await read(drafts.page.locator("#hs-verdict"), sha256)
    await read(drafts.page.locator("#hs-verdict"), "一致")

"""What an official sees and does on the city's pages, in a real browser.

That a page can be used by everybody, on a desk and on a phone, is in `test_accessibility`.
"""

import datetime as dt
import hashlib
import re

import pytest
from playwright.async_api import Page, Route, expect
from sqlalchemy import select, update

from heatstream.access import people
from heatstream.store.pool import create_engine
from heatstream.store.tables import session
from tests.browser.conftest import Open
from tests.serve import town

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

CITY, HOME = "/", "/household/H1"


async def settled(page: Page) -> None:
    """Wait until the tables have their rows and the charts are drawn."""
    await expect(page.locator(".hs-grid .ag-row").first).to_be_visible(timeout=15_000)
    await expect(page.locator(".hs-chart canvas").first).to_be_visible()


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "zh",
            [
                *("示例市", "不达标", "合格", "无法判定", "未监测", "此刻低于标准", "1/3 监测户", "1/4 全部住户"),
                *("测算额", "仅由读数算出", "应退热费", "裁定额", "已支付", "红", "黄", "绿"),
            ],
        ),
        (
            "en",
            [
                *("failing", "compliant", "undetermined", "unmonitored", "1/3 monitored homes", "1/4 all homes"),
                *("from readings alone", "entitlement", "ruled", "paid", "red", "yellow", "green"),
            ],
        ),
    ],
)
async def test_the_city_says_its_figures_with_what_they_are_of(visit: Open, language: str, words: list[str]) -> None:
    found = await visit(CITY, language=language)
    await settled(found.page)
    text = (await found.page.locator("body").inner_text()).lower()
    assert [word for word in words if word not in text] == []
    assert "owed" not in text


async def test_a_visitor_chooses_the_light_and_the_language_and_signs_out(visit: Open) -> None:
    page = (await visit("/sign-in", token=None, dark=True)).page
    await expect(page.get_by_role("heading", name="登录")).to_be_visible()
    page = (await visit(CITY, dark=True)).page
    await expect(page.locator("body.body--dark")).to_have_count(1)
    await page.locator(".hs-account summary").click()
    await expect(page.locator(".hs-account")).to_contain_text("市主管部门")
    await page.get_by_role("button", name="浅色").click()
    await expect(page.locator("body.body--light")).to_have_count(1)
    await page.get_by_role("button", name="English").click()
    await page.locator(".hs-account summary").click()
    await expect(page.get_by_role("button", name="sign out")).to_be_visible()
    await expect(page.locator(".hs-account")).to_contain_text("city authority")


async def test_a_figure_opens_its_rows_and_a_place_its_own(visit: Open) -> None:
    page = (await visit(CITY)).page
    await settled(page)
    await expect(page.locator("#hs-sent")).to_have_count(0)
    await page.get_by_role("button", name="换热站").click()
    await expect(page.get_by_role("link", name="东一站")).to_have_attribute("href", "/stations/T1")
    failing = page.locator(".ag-row", has_text="东一站").get_by_role("link", name="1", exact=True).first
    await expect(failing).to_have_attribute(
        "href", "/findings?kind=residential&outcome=failing&day=2026-01-06&heat_station=T1"
    )
    await page.get_by_role("link", name="不达标").click()
    await expect(page).to_have_url(re.compile(r"/findings\?kind=residential&outcome=failing&day=2026-01-06$"))
    await expect(page.locator(".ag-row")).to_have_count(1, timeout=15_000)
    await expect(page.locator(".ag-row").get_by_role("link")).to_have_attribute("href", HOME)


async def test_findings_are_asked_for_by_a_form_and_taken_away_as_a_file(visit: Open) -> None:
    page = (await visit("/findings")).page
    await page.get_by_label("判定").first.select_option("failing")
    await page.get_by_label("供热企业").select_option("东热公司")
    await page.get_by_role("button", name="查询").click()
    await expect(page.locator("#hs-tally-findings")).to_have_text("2 行", timeout=15_000)
    await page.get_by_label("在表中查找").fill("2026-01-05")
    await expect(page.locator("#hs-tally-findings")).to_have_text("1 / 2 行")
    async with page.expect_download() as download:
        await page.get_by_role("link", name="导出 CSV").click()
    path = await (await download.value).path()
    assert path.read_text(encoding="utf-8-sig").count("H1") == 2 * 2  # 户号 and address
    await page.goto(page.url.split("?")[0] + "?district=D9")
    await expect(page.get_by_role("alert")).to_contain_text("D9")


async def test_figures_change_where_they_stand_and_a_lost_connection_is_told(visit: Open) -> None:
    page = (await visit(CITY)).page
    await settled(page)
    figure = page.locator("[data-figure=failing]")
    await figure.focus()
    now = await page.evaluate("fetch('/rows/city').then(answer => answer.json())")
    now["figures"][0][1] = "4,711"

    async def newer(route: Route) -> None:
        await route.fulfill(json=now)

    await page.route("**/rows/city", newer)
    await page.evaluate("scrollTo(0, 50); hs.refresh()")
    await expect(figure.locator(".hs-figure-value")).to_have_text("4,711")
    assert await figure.evaluate("each => document.activeElement === each && scrollY === 50")
    await page.route("**/rows/**", lambda route: route.abort())
    await page.unroute("**/rows/city")
    await page.evaluate("hs.refresh()")
    await expect(page.locator("#hs-stale")).to_contain_text("连接中断，自动重试中")
    await page.unroute("**/rows/**")
    await page.evaluate("hs.refresh()")
    await expect(page.locator("#hs-stale")).to_be_empty()


async def test_a_page_that_nobody_touches_keeps_no_session_alive_and_says_when_it_is_over(
    visit: Open, town_url: str, session_token: str
) -> None:
    page = (await visit(CITY)).page
    await settled(page)
    of_token = session.c.token_sha256 == hashlib.sha256(session_token.encode()).digest()
    engine = create_engine(town_url, size=1)

    async def used(idle: dt.timedelta, *, key: str | None = None) -> bool:
        """Let the session lie idle and the page read again; tell whether that was a use of it."""
        at = dt.datetime.now(dt.UTC) - idle
        async with engine.begin() as conn:
            await conn.execute(update(session).where(of_token).values(used_at=at))
        if key:
            await page.keyboard.press(key)
        await page.evaluate("hs.fetched('/rows/city')")
        async with engine.begin() as conn:
            return bool(await conn.scalar(select(session.c.used_at > at).where(of_token)))

    assert not await used(people.IDLE / 2)
    assert await used(people.IDLE / 2, key="Shift")
    assert not await used(people.IDLE / 2)
    assert not await used(people.IDLE, key="Shift")
    await expect(page.locator("#hs-stale")).to_contain_text("登录已失效")
    await expect(page.get_by_role("link", name="重新登录")).to_have_attribute("href", "/sign-in?next=%2F")
    async with engine.begin() as conn:  # other tests go on with it
        await conn.execute(update(session).where(of_token).values(used_at=dt.datetime.now(dt.UTC)))
    await engine.dispose()


async def test_the_numbers_of_a_chart_can_be_read_as_a_table(visit: Open) -> None:
    page = (await visit(CITY)).page
    await settled(page)
    await page.locator(".hs-numbers summary").click()
    last = page.locator(".hs-numbers tbody tr").last
    await expect(last).to_contain_text(f"{town.DAYS[-1]:%m-%d}")
    await expect(last).to_contain_text("17.00")


async def test_a_finding_tells_its_reasons_on_a_click(visit: Open) -> None:
    found = await visit(HOME)
    await settled(found.page)
    await found.page.locator(".ag-row").first.click()
    await expect(found.page.get_by_text("数值 17.00 °C，标准 18.00 °C")).to_be_visible()
    row = found.page.locator(".ag-row", has_text="疑似开窗")
    await expect(row).to_contain_text("骤降 2.03 K")
    await expect(row).to_contain_text("未复核")
    assert found.errors == []


async def test_an_unknown_household_is_told(visit: Open) -> None:
    found = await visit("/household/<b>H9")
    await expect(found.page.get_by_text("登记中没有户号 <b>H9。")).to_be_visible()


async def test_another_name_for_this_machine_is_refused(visit: Open) -> None:
    found = await visit("/sign-in", token=None)
    answer = await found.page.request.get(found.page.url, headers={"Host": "evil.example"})
    assert answer.status == 400

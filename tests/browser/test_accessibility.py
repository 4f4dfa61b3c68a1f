"""Every page works for who cannot see it, has no mouse or a narrow screen, by day and by night, without the internet.

A visit is dear, so one of them looks at all of it.
"""

import re

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, ViewportSize, expect

from heatstream.access import permits
from tests.browser.conftest import Open
from tests.browser.pages import ACTS, PAGES
from tests.serve import town
from tests.signed import token_at

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

GRAVE = ("serious", "critical")
ROWS = frozenset(route for route in permits.PAGES if route.startswith("/rows/"))
PHONE = ViewportSize(width=390, height=844)


async def violations(page: Page, *rules: str) -> list[str]:
    """What an accessibility checker holds for grave: its rule, and the first element that breaks it; no rules: all."""
    found = (await Axe().run(page, options={"runOnly": list(rules)} if rules else None)).response["violations"]
    return [f"{each['id']}: {each['nodes'][0]['html'][:200]}" for each in found if each["impact"] in GRAVE]


async def overflow(page: Page) -> int:
    """How many pixels a page is wider than its window."""
    return await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


@pytest.mark.parametrize("route", PAGES)
async def test_a_page_can_be_used_by_everybody(visit: Open, route: str, town_url: str, session_token: str) -> None:
    its = PAGES[route]
    token = session_token if its.role == "city" else await token_at(town_url, its.role)
    found = await visit(its.path, token=token)
    await expect(found.page.locator(its.ready).first).to_be_visible(timeout=15_000)
    await found.page.wait_for_timeout(500)
    await expect(found.page.locator("main h1")).to_have_count(1)
    await expect(found.page.locator(".hs-watermark").first).to_have_text(town.WATERMARK)
    seen = {"light": await violations(found.page)}
    await found.page.emulate_media(color_scheme="dark")
    await expect(found.page.locator("body.body--dark")).to_have_count(1)
    seen["dark"] = await violations(found.page, "color-contrast")  # what else there is, is the same by night
    wide = await overflow(found.page)
    await found.page.set_viewport_size(PHONE)
    assert seen == {"light": [], "dark": []}
    assert (wide, await overflow(found.page), found.foreign, found.errors) == (0, 0, [], [])


@pytest.mark.parametrize("route", ["/", "/findings"])
async def test_a_page_in_english_can_be_used_by_everybody(visit: Open, route: str) -> None:
    found = await visit(PAGES[route].path, language="en", dark=True)
    await expect(found.page.locator(PAGES[route].ready).first).to_be_visible(timeout=15_000)
    assert await found.page.locator("html").get_attribute("lang") == "en"
    assert (await violations(found.page), found.errors) == ([], [])


async def test_the_plain_pages_can_be_used_by_everybody(visit: Open) -> None:
    for path, dark in (("/sign-in", False), ("/sign-in?next=/claims", True), ("/nowhere", True)):
        found = await visit(path, token=None, dark=dark, width=390)
        assert (await violations(found.page), await overflow(found.page)) == ([], 0)
    await expect(found.page.get_by_role("alert")).to_have_text("没有地址为 /nowhere 的页面。")


async def test_a_keyboard_walks_past_the_navigation_and_into_a_table(visit: Open) -> None:
    found = await visit("/findings?outcome=failing")
    page = found.page
    await expect(page.locator(".hs-grid .ag-row").first).to_be_visible(timeout=15_000)
    await page.keyboard.press("Tab")
    await expect(page.locator(":focus")).to_have_text("跳到正文")
    await page.keyboard.press("Tab")
    names = []
    for _ in range(4):
        await page.keyboard.press("Tab")
        names.append(await page.locator(":focus").inner_text())
    assert names == ["全市", "巡查", "楼栋", "退费"]
    await page.locator(".hs-tools .hs-choice:visible").last.focus()
    await page.keyboard.press("Tab")
    for key in ("ArrowDown", "ArrowRight"):
        await page.keyboard.press(key)
    await expect(page.locator(":focus")).to_have_text("H1")
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(re.compile("/household/H1$"))


async def test_every_page_is_looked_at() -> None:
    assert set(permits.PAGES) - ROWS - ACTS == set(PAGES)

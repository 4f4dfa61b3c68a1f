"""A building through a day and a night, and a home with its evidence: by keyboard, on a desk and on a phone."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect
from sqlalchemy import update

from heatstream.store import tables as t
from heatstream.store.pool import create_engine
from tests.browser.conftest import Open, Visit

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

BUILDING = "/buildings/B1?day=2026-01-06"


@pytest_asyncio.fixture(scope="session", loop_scope="session", autouse=True)
async def storeys(town_url: str) -> AsyncIterator[None]:
    """H1 lies above H2; of the homes of B2 the registry tells no floor."""
    engine = create_engine(town_url, size=1)
    async with engine.begin() as conn:
        for code, floor in (("H1", 2), ("H2", 1)):
            lies = {"stair": 3, "floor": floor, "door": f"{floor}02"}
            await conn.execute(update(t.household).where(t.household.c.code == code).values(lies))
        await conn.execute(update(t.building).where(t.building.c.code == "B1").values(floors=2, stairs=3))
    await engine.dispose()
    yield


async def stays_within_itself(found: Visit) -> None:
    assert (found.foreign, found.errors) == ([], [])
    wide, room = await found.page.evaluate(
        "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    )
    assert wide <= room


async def curve_options(page: Page) -> Any:
    await expect(page.locator("#hs-curve-said")).to_contain_text("+08:00", timeout=15_000)
    return await page.evaluate("getElement(Number(document.querySelector('.hs-chart').id.slice(1))).chart.getOption()")


async def test_the_slider_colours_and_names_each_home_again_from_one_fetch(visit: Open) -> None:
    found = await visit(BUILDING)
    fetched: list[str] = []
    found.page.on("request", lambda request: fetched.append(request.url))
    home = found.page.locator(".hs-home[href^='/household/H1']")
    slider = found.page.get_by_role("slider", name="时刻")
    await expect(home).to_have_attribute("aria-label", "3单元 202 17.50 °C 低于标准 顶", timeout=15_000)
    await expect(slider).to_have_attribute(
        "aria-valuetext",
        "05:00–05:10 夜 低于标准 1 户 · 有读数 2 户 · 监测户 2 户 · 在册 2 户 · 最低 17.50 °C 3单元 202",
    )
    await slider.focus()
    await slider.press("Home")
    await expect(home).to_have_attribute("aria-label", "3单元 202 17.00 °C 低于标准 顶")
    await expect(home).to_contain_text("17.00 ▼")
    await slider.press("ArrowRight")
    await expect(home).to_have_attribute("aria-label", "3单元 202 无读数 顶")
    for _ in range(11):
        await slider.press("ArrowRight")
    await expect(home).to_have_attribute("aria-label", "3单元 202 两个数值，待认定 顶")
    await expect(found.page.locator(".hs-home[href^='/household/H2']")).to_have_attribute(
        "aria-label", "3单元 102 19.20 °C 底"
    )
    await slider.press("End")
    await expect(slider).to_have_attribute(
        "aria-valuetext", "23:50–24:00 夜 低于标准 0 户 · 有读数 0 户 · 监测户 2 户 · 在册 2 户"
    )
    assert [address for address in fetched if "/rows/" in address] == [
        f"{found.page.url.split('/buildings')[0]}/rows/buildings/B1/day?day=2026-01-06"
    ]
    floors = await found.page.locator(".hs-stair th").all_inner_texts()
    assert floors == ["2层", "1层"]
    await found.page.get_by_role("button", name="前一日").click()
    await expect(found.page.get_by_text("当日没有读数。")).to_be_visible()
    assert found.page.url.endswith("?day=2026-01-05")
    await stays_within_itself(found)


async def test_homes_without_a_floor_stand_beside_the_facade_on_a_phone_too(visit: Open) -> None:
    found = await visit("/buildings/B2?day=2026-01-06", width=390, dark=True)
    homes = found.page.locator(".hs-elsewhere .hs-home")
    await expect(homes).to_have_count(3, timeout=15_000)
    labels = [await home.get_attribute("aria-label") for home in await homes.all()]
    assert labels == ["B2 H3室 无读数", "B2 H4室 未监测", "B2 S1室 非居民 未监测"]
    await stays_within_itself(found)
    await homes.first.click()
    await expect(found.page.get_by_role("heading", name="户 H3")).to_be_visible()
    case = found.page.locator(".hs-card", has=found.page.get_by_role("heading", name="退费案件"))
    await expect(case.get_by_role("link", name="C-H3").first).to_have_attribute("href", "/claims/C-H3")
    await expect(case).to_contain_text("卧室 16.50 °C")
    heads = await case.locator("table").first.locator("th").all_inner_texts()
    assert heads[4:] == ["测算额", "应退热费", "裁定额", "已付"]
    await stays_within_itself(found)


async def test_a_home_is_found_and_a_building_leads_to_its_facade(visit: Open) -> None:
    found = await visit("/buildings", width=390)
    await expect(found.page.locator(".hs-grid .ag-row")).to_have_count(2, timeout=15_000)
    await expect(found.page.get_by_role("button", name="查找", exact=True)).to_be_enabled()
    await found.page.get_by_label("按户号或地址查找住户").fill("H3")
    await found.page.keyboard.press("Enter")
    await expect(found.page.locator("#hs-found a").first).to_have_attribute("href", "/household/H3")
    await stays_within_itself(found)
    await found.page.locator(".hs-grid").get_by_role("link", name="1号楼").click()
    await expect(found.page.locator(".hs-stair caption")).to_have_text("3单元", timeout=15_000)


async def test_a_curve_is_of_local_days_with_their_nights_wherever_the_browser_is(visit: Open) -> None:
    found = await visit("/household/H1?day=2026-01-06", width=390)
    options = await curve_options(found.page)
    [axis], [standard, *lines] = options["xAxis"], options["series"]
    local = await found.page.evaluate("[Date.UTC(2025, 11, 31), Date.UTC(2026, 0, 7)]")
    assert (options["useUTC"], [axis["min"], axis["max"]]) == (True, local)
    nights = [[edge["xAxis"] for edge in band] for band in standard["markArea"]["data"]]
    hour = 3_600_000
    assert (len(nights), nights[:2]) == (
        8,
        [[local[0], local[0] + 6 * hour], [local[0] + 22 * hour, local[0] + 30 * hour]],
    )
    conflict = next(line for line in lines if line["name"] == "冲突：两个数值")
    assert [each["value"][1] for each in conflict["data"]] == [17.2, 18.1]
    await expect(found.page.locator("#hs-statistics")).to_contain_text("卧室")
    await found.page.get_by_role("button", name="2026-01-05").click()
    await expect(found.page.locator("#hs-reasons .hs-versions li")).to_have_count(2)
    await expect(found.page.locator("#hs-reasons")).to_contain_text("现行")
    await stays_within_itself(found)


async def test_evidence_is_downloaded_and_verified_on_the_page(visit: Open) -> None:
    said = {}
    for home in ("H4", "H1"):
        found = await visit(f"/household/{home}?day=2026-01-06")
        async with found.page.expect_download() as downloading:
            await found.page.get_by_role("button", name="导出", exact=True).click()
        assert (await downloading.value).suggested_filename == f"evidence-{home}-2026-01-06-2026-01-06.zip"
        await found.page.get_by_role("button", name="核验", exact=True).click()
        verdict = found.page.locator("#hs-verdict")
        await expect(verdict.locator("pre")).to_contain_text("结论", timeout=15_000)
        said[home] = (await verdict.locator("p").first.inner_text()).split("：")[0]
        await stays_within_itself(found)
    # The town's readings of H1 were never judged: its findings are made up, and the verifier says so.
    assert said == {"H4": "相同", "H1": "不同"}
